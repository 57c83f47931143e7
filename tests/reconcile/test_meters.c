/* What /metrics says of more objects than it has room for. */
#include "check.h"

#include "builtin_schemas.h"
#include "meters.h"

#include <stdlib.h>

enum { ARENA_BYTES = 64 << 20, NOW = 1767225600 };

struct setting {
    struct arena *arena;
    struct gate *gate;
    struct machine *machine;
    struct meters meters;
    size_t schedules;
    struct buf text;
};

static const struct machine_moment now = {.ms = 1000, .wall = NOW};

static void put_schedules(struct buf *b, size_t count)
{
    for (size_t i = 0; i < count; i++)
        buf_fmt(
            b,
            "%s{\"apiVersion\":\"br.pingcap.com/v1alpha1\",\"kind\":\"BackupSchedule\",\"metadata\":{"
            "\"name\":\"schedule-%05zu\",\"namespace\":\"team\",\"uid\":\"u%zu\",\"resourceVersion\":\"%zu\","
            "\"creationTimestamp\":\"2025-01-01T00:00:00Z\"},\"spec\":{\"schedule\":\"0 * * * *\","
            "\"maxBackups\":3,\"backupTemplate\":{\"br\":{\"cluster\":\"c%zu\"},\"s3\":{"
            "\"provider\":\"minio\",\"endpoint\":\"http://"
            "m:9000\",\"bucket\":\"backups\",\"prefix\":\"p%zu\"}}}}",
            i ? "," : "", i, i, i + 1, i, i);
}

/* Answers the lists; watches stay open. */
static void serve(struct setting *s, const struct machine_request *q)
{
    struct buf b = buf_new(s->arena, SIZE_MAX);
    buf_put(&b, LIT("{\"metadata\":{\"resourceVersion\":\"100000\"},\"items\":["));
    if (!strcmp(q->resource, "backupschedules"))
        put_schedules(&b, s->schedules);
    buf_put(&b, LIT("]}"));
    if (q->verb == MACHINE_LIST)
        machine_event(s->machine, now,
                      &(struct machine_event){
                          .kind = MACHINE_ANSWER, .id = q->id, .status = 200, .body = buf_slice(&b)});
}

static void run(void *context)
{
    struct setting *s = context;
    struct machine_request q;
    struct machine_note ignored;
    do {
        while (machine_next(s->machine, now, &q))
            serve(s, &q);
        while (machine_note(s->machine, &ignored))
            ;
    } while (machine_wake(s->machine) <= now.ms);
    meters_look(&s->meters, s->machine, 0, 0);
    s->text = buf_new(s->arena, SIZE_MAX);
    meters_put(&s->meters, &s->text);
}

static size_t count(const struct setting *s, const char *what)
{
    size_t n = 0;
    for (slice rest = buf_slice(&s->text);; n++) {
        size_t at = slice_find(rest, slice_of(what));
        if (at == SLICE_NONE)
            return n;
        rest = slice_from(rest, at + strlen(what));
    }
}

static void samples_without_room_are_counted(void **state)
{
    (void)state;
    static const size_t numbers[] = {3, 4500, 9000};
    for (size_t i = 0; i < COUNT(numbers); i++) {
        struct policy policy = {0};
        struct setting s = {.arena = arena_new(ARENA_BYTES),
                            .gate = gate_open(&policy, &builtin_schemas),
                            .schedules = numbers[i]};
        s.machine =
            machine_new(&(struct machine_settings){.gate = s.gate,
                                                   .kinds = MACHINE_KIND(GROUP_BR, KIND_BACKUP_SCHEDULE),
                                                   .plan.time_zone = LIT("UTC"),
                                                   .dry_run = true});
        meters_open(&s.meters);
        assert_true(s.arena && s.gate && s.machine && arena_run(s.arena, run, &s));
        assert_true(machine_state(s.machine) == MACHINE_LEADING);
        size_t shown = count(&s, "schedule_overdue_timestamp_seconds{"), dropped;
        char line[96];
        dropped = numbers[i] - shown;
        snprintf(line, sizeof line, "\nbrgate_reconcile_lag_samples_dropped %zu\n", dropped);
        if (count(&s, line) != 1)
            print_error("%zu of %zu shown\n", shown, numbers[i]);
        assert_int_equal(count(&s, line), 1);
        assert_true(numbers[i] < 9000 ? !dropped : dropped > 0);
        assert_int_equal(count(&s, "# TYPE brgate_reconcile_log_paused_timestamp_seconds gauge"), 1);
        meters_close(&s.meters);
        machine_free(s.machine);
        gate_close(s.gate);
        arena_free(s.arena);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(samples_without_room_are_counted)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
