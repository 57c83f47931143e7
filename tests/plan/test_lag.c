/* The monitoring values of schedules and log backups. */
#include "check.h"

#include "document.h"
#include "plan.h"
#include "timestamp.h"

enum { ARENA_BYTES = 8 << 20 };

#define SCHEDULE                                                                                             \
    "apiVersion: br.pingcap.com/v1alpha1\nkind: BackupSchedule\n"                                            \
    "metadata: {name: s, namespace: n, uid: u-1, creationTimestamp: '2026-01-01T00:30:00Z'}\n"               \
    "spec: {schedule: '0 2 * * *', backupTemplate: {br: {cluster: c}}, pause: %s}\n"
#define CHILD(name, spec, status)                                                                            \
    "---\napiVersion: br.pingcap.com/v1alpha1\nkind: Backup\nmetadata: {name: " name                         \
    ", namespace: n, creationTimestamp: '2026-01-03T02:00:01Z', ownerReferences: [{apiVersion: "             \
    "br.pingcap.com/v1alpha1, kind: BackupSchedule, name: s, uid: u-1, controller: true}]}\nspec: {" spec    \
    "}\nstatus: " status "\n"
#define COMPLETE                                                                                             \
    "{phase: Complete, commitTs: '463000000000000000', conditions: [{type: Complete, status: 'True'}]}"
#define FAILED "{phase: Failed, conditions: [{type: Failed, status: 'True'}]}"
#define LOG(phase)                                                                                           \
    "{phase: " phase ", logCheckpointTs: '2026-01-03T01:00:00Z', logSubCommandStatuses: {log-pause: "        \
    "{timeCompleted: '2026-01-03T01:30:00Z'}}}"

struct measuring {
    struct arena *arena;
    slice text;
    struct plan_lag lag;
};

static void measure(void *context)
{
    struct measuring *f = context;
    struct findings findings = findings_new(f->arena);
    const struct document *d = stream_read(f->arena, f->text, &findings)->first;
    bool schedule = slice_eq(node_text_at(d->root, "kind"), LIT("BackupSchedule"));
    struct node *items[4];
    struct observed seen = {.items = items};
    const struct resource *o =
        resource_decode(f->arena, GROUP_BR, schedule ? KIND_BACKUP_SCHEDULE : KIND_BACKUP, d->root);
    while ((d = d->next))
        items[seen.count++] = d->root;
    struct plan_settings settings = {0};
    f->lag = plan_lag(f->arena, o, &seen, 1767400000, &settings); /* 2026-01-03 */
}

static int64_t at(const char *text)
{
    struct timestamp t;
    if (!text)
        return 0;
    assert_true(timestamp_parse(slice_of(text), &t, NULL));
    return t.ms / 1000;
}

static void lags(void **state)
{
    (void)state;
    static const struct {
        const char *label, *pause, *objects, *overdue, *checkpoint, *paused;
    } rows[] = {
        {"new", "false", "", "2026-01-02T02:00:00Z", NULL, NULL},
        {"paused by its spec", "true", "", NULL, NULL, NULL},
        {"a run", "false", CHILD("s-2026-01-02t02-00-00", "br: {cluster: c}", COMPLETE),
         "2026-01-04T02:00:00Z", NULL, NULL},
        {"a failed one does not count", "false",
         CHILD("s-2026-01-02t02-00-00", "br: {cluster: c}", COMPLETE)
             CHILD("s-2026-01-03t02-00-00", "br: {cluster: c}", FAILED),
         "2026-01-04T02:00:00Z", NULL, NULL},
        {"a log", "false", CHILD("log-s", "backupMode: log, br: {cluster: c}", LOG("Running")),
         "2026-01-02T02:00:00Z", "2026-01-03T01:00:00Z", NULL},
        {"a paused log", "false", CHILD("log-s", "backupMode: log, br: {cluster: c}", LOG("Paused")),
         "2026-01-02T02:00:00Z", "2026-01-03T01:00:00Z", "2026-01-03T01:30:00Z"},
        {"a stopped log", "false", CHILD("log-s", "backupMode: log, br: {cluster: c}", LOG("Stopped")),
         "2026-01-02T02:00:00Z", NULL, NULL},
    };
    for (size_t i = 0; i < COUNT(rows); i++) {
        char text[4096];
        snprintf(text, sizeof text, SCHEDULE "%s", rows[i].pause, rows[i].objects);
        struct measuring f = {.arena = arena_new(ARENA_BYTES), .text = slice_of(text)};
        assert_true(arena_run(f.arena, measure, &f));
        assert_row(rows[i].label, f.lag.overdue == at(rows[i].overdue));
        assert_row(rows[i].label, f.lag.checkpoint == at(rows[i].checkpoint));
        assert_row(rows[i].label, f.lag.paused == at(rows[i].paused));
        arena_free(f.arena);
    }
}

/* The schedule reports for a log Backup that it owns. */
static void a_log_backup_speaks_for_itself_when_nothing_owns_it(void **state)
{
    (void)state;
    static const char own[] =
        "apiVersion: br.pingcap.com/v1alpha1\nkind: Backup\nmetadata: {name: l, namespace: n}\n"
        "spec: {backupMode: log, br: {cluster: c}}\nstatus: " LOG("Paused") "\n";
    static const char owned[] = CHILD("log-s", "backupMode: log, br: {cluster: c}", LOG("Paused"));
    struct measuring f = {.arena = arena_new(ARENA_BYTES), .text = slice_of(own)};
    assert_true(arena_run(f.arena, measure, &f));
    assert_int_equal(f.lag.paused, at("2026-01-03T01:30:00Z"));
    f.text = slice_of(owned);
    assert_true(arena_run(f.arena, measure, &f));
    assert_int_equal(f.lag.paused, 0);
    arena_free(f.arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(lags),
        cmocka_unit_test(a_log_backup_speaks_for_itself_when_nothing_owns_it),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
