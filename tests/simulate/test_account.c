/* What the rows say of plays that go wrong in one way each. */
#include "trial.h"

static const char daily[] = "schedule: '0 2 * * *', maxReservedTime: 336h";
static const char paused[] = "schedule: '0 2 * * *', maxReservedTime: 336h, pause: true";

static void each_fault_is_in_its_row_with_a_reason(void **state)
{
    static const struct {
        const char *spec, *scenario;
        unsigned hours;
        enum mark mark;
        const char *label, *text; /* the row, and a part of it */
    } rows[] = {
        {daily, "events: [{at: 3d, edit: {spec: {schedule: '0 25 * * *'}}}]", 240, MARK_WRONG, "scenario",
         "1 edit denied on 2026-01-04 00:00: spec.schedule: "},
        {daily, "events: [{at: 3d, edit: {spec: {schedule: '0 25 * * *'}}}]", 240, MARK_FINE, "runs",
         "10 due, 10 made"},
        {daily, "events: [{at: 3d, edit: {spec: {maxBackup: 3}}}]", 240, MARK_WRONG, "scenario",
         "did you mean maxBackups?"},
        {daily, "events: [{at: 3d, edit: {spec: {maxReservedTime: 336h}}}]", 240, MARK_NOTE, "scenario",
         "edit: the schedule is like that already"},
        {daily, "events: [{at: 3d, delete: absent}, {at: 4d, delete: absent}]", 240, MARK_NOTE, "scenario",
         "2 events without effect, the first on 2026-01-04 00:00: delete of \"absent\": there is no such "
         "object"},
        {daily, "events: [{at: 3d, delete: schedule}, {at: 4d, pause: 1d}]", 240, MARK_NOTE, "scenario",
         "pause: the schedule is deleted"},
        {daily, "", 1, MARK_WRONG, "restorable", "the first is due at 2026-01-01 02:00"},
        {daily, "", 1, MARK_WRONG, "PITR window", "no snapshot is complete"},
        {daily, "", 1, MARK_FINE, "kept", "no Backup and about"},
        {paused, "", 120, MARK_WRONG, "restorable", "was missed: 4 while the schedule was paused"},
        {paused, "", 120, MARK_WRONG, "log", "no task runs at the end: the schedule is paused"},
        {paused, "", 120, MARK_NOTE, "runs", "1 is due and waits at the end"},
        {paused, "", 120, MARK_FINE, "kept", "no Backup, and no data"},
        {daily, "", 72, MARK_FINE, "PITR window",
         "that is 2d 22h at most, as the play is too short for the last 14d"},
        {daily, "events: [{at: 3d, edit: {spec: {maxReservedTime: 48h}}}]", 240, MARK_FINE, "PITR window",
         "the last 14d (2d from 2026-01-04 00:00 on) could be restored"},
        {daily, "events: [{at: 3d, logStalls: 5d}]", 240, MARK_NOTE, "log",
         "the checkpoint stalled for 5d, from 2026-01-04 00:00 on"},
        {daily, "events: [{at: 3d, logPaused: 5h}, {at: 5d, logPaused: 5h}]", 240, MARK_WRONG, "log",
         "no task ran for 10h in 2 stretches, the first from 2026-01-04 00:00 on: the cluster paused it"},
        {daily, "events: [{at: 3d, logPaused: 5h}]", 240, MARK_NOTE, "PITR window", "(it did not for 5h)"},
        {daily, "events: [{at: 3d, logLost: true}]", 240, MARK_WRONG, "log",
         "on, and none runs at the end: somebody stopped it with br"},
        {daily, "events: [{at: 3d, delete: log}]", 240, MARK_WRONG, "log", "somebody deleted its Backup"},
        {daily, "events: [{at: 3d, delete: log}]", 240, MARK_WRONG, "PITR window",
         "the log began anew on 2026-01-04 00:01"},
        {daily, "events: [{at: 3d, delete: schedule}]", 240, MARK_WRONG, "restorable",
         "nothing could be restored any more for 7d, from 2026-01-04 00:00 on: somebody deleted the "
         "schedule"},
        {daily, "events: [{at: 3d, delete: schedule}]", 240, MARK_NOTE, "PITR window",
         "on 2026-01-04 00:00 somebody deleted the schedule"},
        {daily, "events: [{at: 3d, delete: schedule}]", 240, MARK_NOTE, "log",
         "the log ended when somebody deleted the schedule"},
        {daily, "failures: {snapshotEvery: 1}", 120, MARK_WRONG, "restorable",
         "no snapshot is complete, 5 failed"},
        {daily, "durations: {snapshot: 50h}", 100, MARK_NOTE, "kept", "are the output of compactions"},
        {daily, "durations: {snapshot: 90h}", 100, MARK_FINE, "log", "32 compactions"},
        {daily, "events: [{at: 26h, durations: {snapshot: 30h}}]", 50, MARK_FINE, "runs", "1 unfinished"},
    };
    (void)state;
    struct trial t = trial_open();
    for (size_t i = 0; i < COUNT(rows); i++) {
        arena_reset(t.arena);
        trial_play(&t, rows[i].spec, true, slice_of(rows[i].scenario), rows[i].hours * INT64_C(3600));
        struct account s = account_of(t.arena, t.played);
        size_t k = 0;
        while (k < s.count && strcmp(s.rows[k].label, rows[i].label) != 0)
            k++;
        const char *text = k < s.count ? arena_cstr(t.arena, s.rows[k].text) : "there is no such row";
        if (!strstr(text, rows[i].text) || s.rows[k].mark != rows[i].mark)
            fail_msg("row %zu, %s: %s", i, rows[i].label, text);
    }
    trial_close(&t);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(each_fault_is_in_its_row_with_a_reason)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
