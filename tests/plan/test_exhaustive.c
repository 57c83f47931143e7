/* Small worlds: a snapshot Backup and a compaction, searched to the end, a log Backup, and a schedule with retention. */
#include "check.h"

#include "brgate_limits.h"
#include "builtin_schemas.h"
#include "explore.h"
#include "timestamp.h"
#include "tree.h"

#include <stdlib.h>

enum { BEGIN = 1795694400 /* 2026-11-26T12:00:00Z */ };

#define CLUSTER                                                                                              \
    "{\"apiVersion\":\"core.pingcap.com/v1alpha1\",\"kind\":\"Cluster\",\"metadata\":{\"name\":\"c\","       \
    "\"namespace\":\"prod\"}},{\"kind\":\"PDGroup\",\"metadata\":{\"name\":\"pd\",\"namespace\":\"prod\"},"  \
    "\"spec\":{\"cluster\":{\"name\":\"c\"}}},{\"kind\":\"TiKVGroup\",\"metadata\":{\"name\":\"kv\","        \
    "\"namespace\":\"prod\"},\"spec\":{\"cluster\":{\"name\":\"c\"},\"template\":{\"spec\":{\"version\":"    \
    "\"v8.5.3\"}}}},"
#define STORE "\"br\":{\"cluster\":\"c\"},\"s3\":{\"provider\":\"minio\",\"bucket\":\"x\"}"

static bool is_kind(const struct node *n, const char *kind)
{
    return slice_eq(tree_text(n, "kind"), slice_of(kind));
}

static struct node *find(struct explorer *e, const char *kind, const char *name)
{
    return world_find(&e->world, kind, LIT("prod"), slice_of(name));
}

/* ---- what always holds ---- */

static void one_job_at_a_time(struct explorer *e)
{
    for (size_t i = 0; i < e->world.count; i++)
        for (size_t k = 0; k < i; k++) {
            const struct node *a = e->world.items[i], *b = e->world.items[k];
            if (is_kind(a, "Job") && is_kind(b, "Job") && !job_has_ended(a) && !job_has_ended(b) &&
                slice_eq(e->world.keys[i].owner_uid, e->world.keys[k].owner_uid))
                explore_broken(e, "Jobs %.*s and %.*s run at once", FMT(e->world.keys[i].name),
                               FMT(e->world.keys[k].name));
        }
}

static void no_release_while_a_task_runs(struct explorer *e, const struct plan_action *x)
{
    const struct node *list = node_at(x->object, "metadata.finalizers");
    if (x->verb == PLAN_PATCH && list && tree_empty(list) && e->log.found &&
        slice_eq(tree_text_at(x->object, "metadata.name"), LIT("log")))
        explore_broken(e, "the object may be deleted while its task runs");
}

/* ---- a log Backup ---- */

static void log_before(struct explorer *e, const struct plan_action *x)
{
    const struct node *log = find(e, "Backup", "log");
    no_release_while_a_task_runs(e, x);
    bool starts = x->verb == PLAN_CREATE && is_kind(x->object, "Job");
    slice command = starts ? job_log_command(x->object) : (slice){0};
    bool stopped = slice_eq(tree_text_at(log, "status.phase"), LIT("Stopped"));
    if (stopped && (slice_eq(command, LIT("log-start")) || slice_eq(command, LIT("log-pause")) ||
                    slice_eq(command, LIT("log-resume"))))
        explore_broken(e, "%.*s after the stop", FMT(command));
}

static bool log_person(struct explorer *e, unsigned number, bool *ret_done)
{
    static const char *const commands[] = {"log-start", "log-pause", "log-stop"};
    struct node *log = find(e, "Backup", "log"), *spec = node_get(log, LIT("spec"));
    if (number > 4)
        return false;
    if (!log || node_at(log, "metadata.deletionTimestamp"))
        return true;
    if (number == 4) {
        *ret_done = world_delete(&e->world, log);
        return true;
    }
    if (number == 3) {
        if (!e->log.checkpoint || node_get(spec, LIT("logTruncateUntil")))
            return true;
        uint64_t until = e->log.start + (timestamp_tso(300000) - timestamp_tso(0));
        tree_set_text(e->arena, spec, "logTruncateUntil",
                      arena_fmt(e->arena, "%llu", (unsigned long long)until));
    } else {
        slice command = slice_of(commands[number]);
        if (slice_eq(tree_text(spec, "logSubcommand"), command))
            return true;
        tree_set_text(e->arena, spec, "logSubcommand", command);
    }
    world_touch(&e->world, log);
    *ret_done = true;
    return true;
}

static const struct space log_space = {
    .objects =
        "[" CLUSTER "{\"apiVersion\":\"br.pingcap.com/v1alpha1\",\"kind\":\"Backup\",\"metadata\":{\"name\":"
        "\"log\",\"namespace\":\"prod\"},\"spec\":{\"backupMode\":\"log\",\"cleanPolicy\":\"Delete\"," STORE
        "}}]",
    .begin = BEGIN,
    .end = BEGIN + 86400,
    .step = 600,
    .most = 1500,
    .person = log_person,
    .before = log_before,
    .after = one_job_at_a_time,
};

/* ---- a schedule ---- */

static size_t complete_ones(struct explorer *e, const struct node *but)
{
    size_t count = 0;
    for (size_t i = 0; i < e->world.count; i++) {
        const struct node *n = e->world.items[i];
        count += n != but && is_kind(n, "Backup") &&
                 slice_eq(tree_text_at(n, "status.phase"), LIT("Complete")) &&
                 !node_at(n, "metadata.deletionTimestamp");
    }
    return count;
}

static void schedule_before(struct explorer *e, const struct plan_action *x)
{
    slice name = tree_text_at(x->object, "metadata.name");
    const struct node *there = world_find(&e->world, "Backup", LIT("prod"), name);
    if (x->verb == PLAN_DELETE && is_kind(x->object, "Backup") &&
        slice_eq(tree_text_at(there, "status.phase"), LIT("Complete")) && complete_ones(e, there) == 0)
        explore_broken(e, "the last complete snapshot %.*s is deleted", FMT(name));
}

/* One run for a due time, one run at a time. */
static void schedule_after(struct explorer *e)
{
    size_t active = 0;
    one_job_at_a_time(e);
    for (size_t i = 0; i < e->world.count; i++) {
        slice phase = tree_text_at(e->world.items[i], "status.phase");
        active += is_kind(e->world.items[i], "Backup") && !slice_eq(phase, LIT("Complete")) &&
                  !slice_eq(phase, LIT("Failed")) &&
                  !node_at(e->world.items[i], "metadata.deletionTimestamp");
    }
    if (active > 1)
        explore_broken(e, "%zu runs at once", active);
}

static bool schedule_person(struct explorer *e, unsigned number, bool *ret_done)
{
    struct node *schedule = find(e, "BackupSchedule", "s");
    if (number > 1)
        return false;
    if (!schedule)
        return true;
    struct node *spec = node_get(schedule, LIT("spec"));
    if (number == 0) {
        const struct node *pause = node_get(spec, LIT("pause"));
        bool paused = pause && pause->boolean;
        tree_unset(spec, "pause");
        if (!paused)
            tree_put_bool(e->arena, spec, "pause", true);
        world_touch(&e->world, schedule);
        *ret_done = true;
        return true;
    }
    for (size_t i = 0; i < e->world.count; i++)
        if (is_kind(e->world.items[i], "Backup")) {
            *ret_done = world_delete(&e->world, e->world.items[i]);
            return true;
        }
    return true;
}

static const struct space schedule_space = {
    .objects =
        "[" CLUSTER
        "{\"apiVersion\":\"br.pingcap.com/v1alpha1\",\"kind\":\"BackupSchedule\",\"metadata\":{\"name\":"
        "\"s\",\"namespace\":\"prod\"},\"spec\":{\"schedule\":\"@every "
        "1h\",\"maxBackups\":1,\"backupTemplate\":{"
        "\"cleanPolicy\":\"Delete\"," STORE "}}}]",
    .begin = BEGIN,
    .end = BEGIN + 7200,
    .step = 3600,
    .most = 1500,
    .person = schedule_person,
    .before = schedule_before,
    .after = schedule_after,
    .clock_held = true,
};

/* ---- a snapshot Backup, and a compaction ---- */

/* It can only be deleted. */
static bool deleting_person(struct explorer *e, unsigned number, bool *ret_done)
{
    struct node *object = find(e, "Backup", "x");
    if (!object)
        object = find(e, "CompactBackup", "x");
    if (object && !number && !node_at(object, "metadata.deletionTimestamp"))
        *ret_done = world_delete(&e->world, object);
    return !number;
}

static void nothing_before(struct explorer *e, const struct plan_action *x)
{
    (void)e;
    (void)x;
}

static const struct space snapshot_space = {
    .objects =
        "[" CLUSTER "{\"apiVersion\":\"br.pingcap.com/v1alpha1\",\"kind\":\"Backup\",\"metadata\":{\"name\":"
        "\"x\",\"namespace\":\"prod\"},\"spec\":{\"cleanPolicy\":\"Delete\"," STORE "}}]",
    .begin = BEGIN,
    .end = BEGIN + 86400,
    .step = 600,
    .most = 1500,
    .person = deleting_person,
    .before = nothing_before,
    .after = one_job_at_a_time,
};

static const struct space compaction_space = {
    .objects =
        "[" CLUSTER
        "{\"apiVersion\":\"br.pingcap.com/v1alpha1\",\"kind\":\"CompactBackup\",\"metadata\":{\"name\":\"x\","
        "\"namespace\":\"prod\"},\"spec\":{\"startTs\":\"450000000000000000\",\"endTs\":"
        "\"450100000000000000\",\"maxRetryTimes\":2," STORE "}}]",
    .begin = BEGIN,
    .end = BEGIN + 86400,
    .step = 600,
    .most = 1500,
    .person = deleting_person,
    .before = nothing_before,
    .after = one_job_at_a_time,
};

/* ---- the search ---- */

static void run(void *context)
{
    explore(context);
}

static void run_in_scratch(void *context)
{
    struct explorer *e = context;
    assert_true(arena_run(e->scratch, run, e));
}

static void run_in_kept(void *context)
{
    struct explorer *e = context;
    e->schemas = schema_set_new(e->kept, &builtin_schemas);
    assert_true(arena_run(e->arena, run_in_scratch, e));
}

/* BRGATE_STATES sets the number of states to search, for a run by hand. */
static void search(const struct space *space)
{
    struct space own = *space;
    const char *most = getenv("BRGATE_STATES");
    if (most)
        own.most = (size_t)strtoul(most, NULL, 10);
    struct explorer e = {.space = &own,
                         .arena = arena_new(LIMIT_ARENA_BYTES),
                         .scratch = arena_new(LIMIT_ARENA_BYTES),
                         .kept = arena_new((size_t)2 << 30)};
    assert_true(e.arena && e.scratch && e.kept);
    assert_true(arena_run(e.kept, run_in_kept, &e));
    print_message("%zu states%s, %zu changes, all %zu settle\n", e.states,
                  e.whole ? ", which are all" : ", the bound", e.changes, e.settled);
    if (*e.broken)
        print_error("%s\n", e.broken);
    assert_string_equal(e.broken, "");
    arena_free(e.kept);
    arena_free(e.scratch);
    arena_free(e.arena);
}

static void every_state_of_a_log_backup(void **state)
{
    (void)state;
    search(&log_space);
}

static void every_state_of_a_schedule(void **state)
{
    (void)state;
    search(&schedule_space);
}

static void every_state_of_a_snapshot_backup(void **state)
{
    (void)state;
    search(&snapshot_space);
}

static void every_state_of_a_compaction(void **state)
{
    (void)state;
    search(&compaction_space);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_state_of_a_snapshot_backup), cmocka_unit_test(every_state_of_a_compaction),
        cmocka_unit_test(every_state_of_a_log_backup), cmocka_unit_test(every_state_of_a_schedule)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
