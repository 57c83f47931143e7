/* The machine alone, with a server that answers at once: what simulations reach only by chance, or not at all. */
#include "check.h"

#include "api.h"
#include "brgate_limits.h"
#include "builtin_schemas.h"
#include "civil.h"
#include "timestamp.h"
#include "tree.h"

#include <stdlib.h>

enum { MOST_WRITES = 64, MOST_OPEN = 16, LINE_BYTES = 200 };

struct rig {
    struct simulation s;
    struct api api;
    struct machine *m;
    struct machine_moment now;
    struct {
        uint64_t id;
        const char *resource;
        size_t cursor;
    } watches[MOST_OPEN];
    char writes[MOST_WRITES][LINE_BYTES]; /* "POST backups", "PATCH backupschedules/status a" */
    char notes[MOST_WRITES][LINE_BYTES];
    size_t write_count, note_count, list_count, lists_before_write, lists_elsewhere;
    const char *refused_resource; /* answers 403 to every request of it */
    const char *refused_verb;     /* only of that; NULL: all */
    const char *refusal;          /* the body */
    bool silent;                  /* the lease is never answered */
    const char *deaf_to;          /* watches of this resource show nothing */
};

static struct arena *own;
static const struct schema_set *schemas;
static struct gate *gate;

static void load(void *context)
{
    (void)context;
    schemas = schema_set_new(own, &builtin_schemas);
}

static int set_up(void **state)
{
    const struct policy policy = {0};
    (void)state;
    own = arena_new(LIMIT_ARENA_BYTES);
    gate = gate_open(&policy, &builtin_schemas);
    return own && gate && arena_run(own, load, NULL) ? 0 : -1;
}

static int tear_down(void **state)
{
    (void)state;
    gate_close(gate);
    arena_free(own);
    return 0;
}

/* ---- the rig ---- */

static const struct machine_settings usual = {.kinds = MACHINE_DEFAULT_KINDS,
                                              .plan = {.time_zone = SLICE("UTC")},
                                              .identity = SLICE("me"),
                                              .lease_namespace = SLICE("brgate"),
                                              .lease_name = SLICE("brgate-reconcile")};

static void rig_open(struct rig *r, const struct machine_settings *settings)
{
    struct machine_settings own_settings = *settings;
    *r = (struct rig){.refusal = "{\"kind\":\"Status\",\"reason\":\"Forbidden\",\"message\":\"no\"}"};
    assert_true(simulation_open(&r->s, schemas, 1));
    r->s.faults = false;
    api_open(&r->api, &r->s);
    own_settings.gate = gate;
    r->m = machine_new(&own_settings);
    assert_non_null(r->m);
    r->now = (struct machine_moment){1000000, r->s.world.now};
}

static void rig_close(struct rig *r)
{
    machine_free(r->m);
    api_close(&r->api);
    simulation_close(&r->s);
}

static const char *verb_word(enum machine_verb v)
{
    static const char *const words[] = {"LIST", "WATCH", "GET", "POST", "PUT", "PATCH", "DELETE", "ASK"};
    return words[v];
}

static bool is_read(enum machine_verb v)
{
    return v == MACHINE_LIST || v == MACHINE_WATCH || v == MACHINE_GET || v == MACHINE_ASK;
}

static void tell(struct rig *r, const struct machine_event *e)
{
    machine_event(r->m, r->now, e);
}

static void open_watch(struct rig *r, const struct machine_request *q)
{
    for (size_t i = 0; i < MOST_OPEN; i++)
        if (!r->watches[i].id) {
            r->watches[i].id = q->id;
            r->watches[i].resource = q->resource;
            r->watches[i].cursor = api_watch(&r->api, query_value(q->query, "resourceVersion"));
            return;
        }
    fail();
}

static void take_down(struct rig *r, const struct machine_request *q)
{
    if (q->verb == MACHINE_LIST || q->verb == MACHINE_WATCH)
        r->lists_elsewhere += !slice_eq(q->namespace, LIT("prod"));
    r->list_count += q->verb == MACHINE_LIST;
    if (is_read(q->verb) || !strcmp(q->resource, "leases"))
        return;
    if (!r->write_count)
        r->lists_before_write = r->list_count;
    assert_true(r->write_count < MOST_WRITES);
    snprintf(r->writes[r->write_count++], LINE_BYTES, "%s %s%s%s%s%.*s", verb_word(q->verb), q->resource,
             q->subresource ? "/" : "", q->subresource ? q->subresource : "", q->name.n ? " " : "",
             FMT(q->name));
}

static void serve(struct rig *r, const struct machine_request *q)
{
    struct machine_event e = {.kind = MACHINE_ANSWER, .id = q->id};
    take_down(r, q);
    bool refused = r->refused_resource && q->resource && !strcmp(q->resource, r->refused_resource) &&
                   (!r->refused_verb || !strcmp(r->refused_verb, verb_word(q->verb)));
    if (q->resource && r->silent && !strcmp(q->resource, "leases"))
        return;
    if (refused) {
        e.status = 403;
        e.body = slice_of(r->refusal);
        e.error = LIT("forbidden");
    } else if (q->verb == MACHINE_WATCH) {
        open_watch(r, q);
        return;
    } else if (q->verb == MACHINE_ASK) {
        const struct log_task task = cluster_log_answer(&r->s.log);
        e.kind = MACHINE_TASK;
        e.task = &task;
        tell(r, &e);
        return;
    } else {
        struct api_answer a = api_do(&r->api, q);
        e.status = a.status;
        e.body = a.body;
    }
    tell(r, &e);
}

static bool pump_watches(struct rig *r)
{
    bool any = false;
    for (size_t i = 0; i < MOST_OPEN; i++) {
        if (!r->watches[i].id || !machine_awaits(r->m, r->watches[i].id)) {
            r->watches[i].id = 0;
            continue;
        }
        if (r->deaf_to && !strcmp(r->watches[i].resource, r->deaf_to))
            continue;
        for (; r->watches[i].id && r->watches[i].cursor < api_changes(&r->api); r->watches[i].cursor++) {
            const struct api_change *c = api_change_at(&r->api, r->watches[i].cursor, r->watches[i].resource);
            any = any || c;
            if (c)
                tell(r, &(struct machine_event){
                            .kind = MACHINE_WATCH_LINE, .id = r->watches[i].id, .body = {c->line, c->n}});
        }
    }
    return any;
}

static void take_notes(struct rig *r)
{
    struct machine_note n;
    while (machine_note(r->m, &n))
        if (r->note_count < MOST_WRITES)
            snprintf(r->notes[r->note_count++], LINE_BYTES, "%.*s %.*s: %.*s", FMT(n.kind), FMT(n.name),
                     FMT(n.text));
}

/* Everything that happens at this moment. */
static void rig_settle(struct rig *r)
{
    struct machine_request q;
    do {
        arena_reset(r->s.scratch);
        while (machine_next(r->m, r->now, &q))
            serve(r, &q);
        take_notes(r);
    } while (machine_state(r->m) < MACHINE_ENDED && (pump_watches(r) || machine_wake(r->m) <= r->now.ms));
}

static void pass(struct rig *r, int64_t ms)
{
    int64_t before = r->now.ms / 1000;
    r->now.ms = ms;
    r->now.wall += ms / 1000 - before;
    r->s.world.now = r->now.wall;
}

struct run {
    struct rig *r;
    int64_t seconds;
};

static void run_in_arena(void *context)
{
    struct run *x = context;
    struct rig *r = x->r;
    int64_t end = r->now.ms + x->seconds * 1000;
    for (;;) {
        if (machine_state(r->m) >= MACHINE_ENDED)
            return;
        rig_settle(r);
        int64_t wake = machine_wake(r->m);
        if (wake >= end)
            break;
        pass(r, wake);
    }
    pass(r, end);
}

static void rig_run(struct rig *r, int64_t seconds)
{
    struct run x = {r, seconds};
    assert_true(arena_run(r->s.arenas[0], run_in_arena, &x));
}

static bool has_line(char (*lines)[LINE_BYTES], size_t count, const char *start)
{
    for (size_t i = 0; i < count; i++)
        if (!strncmp(lines[i], start, strlen(start)))
            return true;
    return false;
}

static size_t count_lines(char (*lines)[LINE_BYTES], size_t count, const char *start)
{
    size_t n = 0;
    for (size_t i = 0; i < count; i++)
        n += !strncmp(lines[i], start, strlen(start));
    return n;
}

/* Somebody creates that object. */
static struct node *add(struct rig *r, slice json)
{
    struct arena *a = r->s.world.arena;
    struct findings f = findings_new(a);
    struct node *o = world_create(&r->s.world, json_read(a, json, &f));
    assert_non_null(o);
    api_poll(&r->api);
    return o;
}

/* Somebody deletes it. */
static void take_away(struct rig *r, struct node *o)
{
    world_delete(&r->s.world, o);
    api_poll(&r->api);
}

static struct node *schedule(struct rig *r, const char *name)
{
    return world_find(&r->s.world, "BackupSchedule", LIT("prod"), slice_of(name));
}

enum { HOURS = 3600, UNTIL_RUN = 4 * HOURS }; /* a's first run is three hours away */

/* ---- tests ---- */

static void lists_everything_before_it_writes(void **state)
{
    struct rig r;
    (void)state;
    rig_open(&r, &usual);
    rig_run(&r, UNTIL_RUN);
    assert_true(machine_state(r.m) == MACHINE_LEADING);
    assert_true(r.lists_before_write >= 8); /* a page or more for each of the kinds */
    assert_true(has_line(r.writes, r.write_count, "POST backups"));
    assert_true(has_line(r.writes, r.write_count, "PATCH backupschedules/status a"));
    assert_true(machine_count(r.m, MACHINE_OBJECTS) > 0);
    rig_close(&r);
}

static void a_run_takes_two_writes_at_rest(void **state)
{
    struct rig r;
    (void)state;
    rig_open(&r, &usual);
    rig_run(&r, HOURS);
    r.write_count = 0;
    take_away(&r, schedule(&r, "b"));
    take_away(&r, schedule(&r, "c"));
    rig_run(&r, 3 * HOURS);
    assert_int_equal(r.write_count, 2);
    assert_string_equal(r.writes[0], "POST backups");
    assert_string_equal(r.writes[1], "PATCH backupschedules/status a");
    rig_close(&r);
}

static void a_denied_schedule_gets_an_event_and_no_run(void **state)
{
    struct rig r;
    (void)state;
    rig_open(&r, &usual);
    struct node *spec = node_get(schedule(&r, "a"), LIT("spec"));
    tree_set_text(r.s.world.arena, spec, "maxReservedTime", LIT("7 days"));
    world_touch(&r.s.world, schedule(&r, "a"));
    api_poll(&r.api);
    rig_run(&r, UNTIL_RUN);
    assert_int_equal(machine_count(r.m, MACHINE_DENIED), 1);
    assert_int_equal(count_lines(r.writes, r.write_count, "POST events"), 1);
    assert_false(has_line(r.writes, r.write_count, "PATCH backupschedules/status a"));
    assert_true(has_line(r.notes, r.note_count, "BackupSchedule a: is denied: spec.maxReservedTime"));
    /* Repaired, it is planned for. */
    tree_set_text(r.s.world.arena, node_get(schedule(&r, "a"), LIT("spec")), "maxReservedTime", LIT("168h"));
    tree_unset(node_get(schedule(&r, "a"), LIT("spec")), "maxBackups");
    world_touch(&r.s.world, schedule(&r, "a"));
    api_poll(&r.api);
    rig_run(&r, HOURS);
    assert_int_equal(machine_count(r.m, MACHINE_DENIED), 0);
    assert_true(has_line(r.writes, r.write_count, "PATCH backupschedules/status a"));
    rig_close(&r);
}

static void a_denied_backup_says_so(void **state)
{
    struct machine_settings all = usual;
    struct rig r;
    (void)state;
    all.kinds |= MACHINE_KIND(GROUP_BR, KIND_BACKUP);
    rig_open(&r, &all);
    add(&r, LIT("{\"apiVersion\":\"br.pingcap.com/v1alpha1\",\"kind\":\"Backup\",\"metadata\":{"
                "\"name\":\"x\",\"namespace\":\"prod\"},\"spec\":{\"cleanPolicy\":\"Sometimes\","
                "\"br\":{\"cluster\":\"main\",\"timeAgo\":\"7 days\"},\"s3\":{\"provider\":"
                "\"minio\",\"bucket\":\"x\"}}}"));
    take_away(&r, schedule(&r, "c")); /* its log backup would have a Job */
    rig_run(&r, 60);
    const struct node *x = world_find(&r.s.world, "Backup", LIT("prod"), LIT("x"));
    assert_slice("phase", tree_text_at(x, "status.phase"), LIT("Invalid"));
    assert_int_equal(count_lines(r.writes, r.write_count, "PATCH backups/status x"), 1);
    assert_int_equal(count_lines(r.writes, r.write_count, "POST jobs"), 0);
    rig_close(&r);
}

static void kinds_of_an_operator_are_left_to_it(void **state)
{
    struct machine_settings all = usual;
    struct rig r;
    (void)state;
    all.kinds |= MACHINE_KIND(GROUP_BR, KIND_BACKUP);
    rig_open(&r, &all);
    struct node *deployment =
        add(&r, LIT("{\"apiVersion\":\"apps/v1\",\"kind\":\"Deployment\",\"metadata\":{\"name\":"
                    "\"tidb-operator\",\"namespace\":\"tidb-admin\",\"labels\":{"
                    "\"app.kubernetes.io/component\":\"tidb-operator\"}},\"status\":{"
                    "\"replicas\":1}}"));
    rig_run(&r, HOURS);
    assert_true(has_line(r.writes, r.write_count, "POST backups"));
    assert_int_equal(count_lines(r.writes, r.write_count, "POST jobs"), 0);
    assert_true(has_line(r.notes, r.note_count, " : Deployment tidb-admin/tidb-operator is TiDB Operator"));
    /* It has gone: what it left is taken up. */
    take_away(&r, deployment);
    rig_run(&r, 60);
    assert_true(has_line(r.writes, r.write_count, "POST jobs"));
    rig_close(&r);
}

static void one_namespace_is_looked_at(void **state)
{
    struct machine_settings one = usual;
    struct rig r;
    (void)state;
    one.namespace = LIT("prod");
    rig_open(&r, &one);
    rig_run(&r, UNTIL_RUN);
    assert_true(has_line(r.writes, r.write_count, "POST backups"));
    assert_int_equal(r.lists_elsewhere, 0);
    rig_close(&r);
}

static void a_dry_run_writes_nothing(void **state)
{
    struct machine_settings dry = usual;
    struct rig r;
    (void)state;
    dry.dry_run = true;
    rig_open(&r, &dry);
    r.silent = true;
    rig_run(&r, UNTIL_RUN);
    assert_int_equal(r.write_count, 0);
    assert_int_equal(count_lines(r.notes, r.note_count, "BackupSchedule a: would create Backup a-"), 1);
    rig_close(&r);
}

static void unknown_children_mean_no_run(void **state)
{
    struct rig r;
    (void)state;
    rig_open(&r, &usual);
    r.refused_resource = "compactbackups";
    rig_run(&r, UNTIL_RUN);
    assert_true(machine_state(r.m) == MACHINE_LEADING);
    assert_int_equal(r.write_count, 0);
    assert_true(has_line(r.notes, r.note_count, " : compactbackups cannot be listed: 403"));
    /* The right to list them is granted. */
    r.refused_resource = NULL;
    rig_run(&r, 120);
    assert_true(has_line(r.writes, r.write_count, "POST backups"));
    rig_close(&r);
}

/* The stream was interrupted, and what was deleted meanwhile is only missing in the next list. */
static void what_a_list_lacks_is_gone(void **state)
{
    struct rig r;
    (void)state;
    rig_open(&r, &usual);
    rig_run(&r, 60);
    uint64_t objects = machine_count(r.m, MACHINE_OBJECTS);
    r.deaf_to = "backupschedules";
    take_away(&r, schedule(&r, "b"));
    rig_run(&r, 60);
    assert_int_equal(machine_count(r.m, MACHINE_OBJECTS), objects);
    for (size_t i = 0; i < MOST_OPEN; i++)
        if (r.watches[i].id && !strcmp(r.watches[i].resource, "backupschedules"))
            tell(&r, &(struct machine_event){.kind = MACHINE_WATCH_LINE,
                                             .id = r.watches[i].id,
                                             .body = LIT("{\"type\":\"ERROR\",\"object\":{\"code\":410}}")});
    rig_run(&r, 60);
    assert_int_equal(machine_count(r.m, MACHINE_OBJECTS), objects - 1);
    rig_close(&r);
}

/* A complete snapshot of schedule c that was due so long ago. */
static struct node *add_snapshot(struct rig *r, int64_t ago)
{
    struct arena *a = r->s.world.arena;
    struct civil t = civil_of(r->now.wall - ago);
    slice text = arena_fmt(a,
                           "{\"apiVersion\":\"br.pingcap.com/"
                           "v1alpha1\",\"kind\":\"Backup\",\"metadata\":{\"namespace\":\"prod\",\"name\":"
                           "\"c-%04d-%02d-%02dt%02d-%02d-%02d\",\"ownerReferences\":[{\"apiVersion\":\"br."
                           "pingcap.com/v1alpha1\",\"kind\":"
                           "\"BackupSchedule\",\"name\":\"c\",\"uid\":\"%.*s\",\"controller\":true}]},"
                           "\"spec\":{\"br\":{\"cluster\":\"other\"},"
                           "\"s3\":{\"provider\":\"minio\",\"bucket\":\"z\"}},\"status\":{\"phase\":"
                           "\"Complete\",\"commitTs\":\"%llu\","
                           "\"conditions\":[{\"type\":\"Complete\",\"status\":\"True\"}]}}",
                           t.year, t.month, t.day, t.hour, t.minute, t.second,
                           FMT(tree_text_at(schedule(r, "c"), "metadata.uid")),
                           (unsigned long long)timestamp_tso((r->now.wall - ago) * 1000));
    return add(r, text);
}

/* Schedule c keeps 48 hours and the snapshot before them. In an hour the younger snapshot becomes that one, and the older
 * may go; but somebody has deleted the younger, and the watch says nothing. */
static void retention_does_not_trust_a_silent_watch(void **state)
{
    (void)state;
    for (int deleted = 0; deleted < 2; deleted++) {
        struct rig r;
        rig_open(&r, &usual);
        struct node *spec = node_get(schedule(&r, "c"), LIT("spec"));
        tree_unset(spec, "logBackupTemplate");
        tree_unset(spec, "compactBackupTemplate");
        tree_unset(spec, "compactSpan");
        world_touch(&r.s.world, schedule(&r, "c"));
        add_snapshot(&r, 72 * HOURS);
        struct node *younger = add_snapshot(&r, 47 * HOURS);
        api_poll(&r.api);
        rig_run(&r, 60);
        assert_int_equal(count_lines(r.writes, r.write_count, "DELETE backups"), 0);
        r.deaf_to = "backups";
        if (deleted)
            world_delete(&r.s.world, younger);
        api_poll(&r.api);
        rig_run(&r, UNTIL_RUN);
        assert_int_equal(count_lines(r.writes, r.write_count, "DELETE backups c-"), !deleted);
        rig_close(&r);
    }
}

static void a_refused_creation_is_told_and_tried_again_with_patience(void **state)
{
    struct rig r;
    (void)state;
    rig_open(&r, &usual);
    rig_run(&r, HOURS);
    take_away(&r, schedule(&r, "b"));
    take_away(&r, schedule(&r, "c"));
    r.write_count = 0;
    r.refused_resource = "backups";
    r.refused_verb = "POST";
    rig_run(&r, 2 * HOURS + 3000); /* the run has been due for 50 minutes */
    size_t tries = count_lines(r.writes, r.write_count, "POST backups");
    assert_int_equal(count_lines(r.writes, r.write_count, "POST events"), 1);
    assert_true(tries >= 5 && tries <= 20);
    r.refused_resource = NULL;
    rig_run(&r, 600);
    assert_true(has_line(r.writes, r.write_count, "PATCH backupschedules/status a"));
    rig_close(&r);
}

static void a_stopped_machine_gives_the_lease_back(void **state)
{
    struct rig r;
    (void)state;
    rig_open(&r, &usual);
    rig_run(&r, 60);
    tell(&r, &(struct machine_event){.kind = MACHINE_STOP});
    rig_run(&r, 10);
    assert_true(machine_state(r.m) == MACHINE_ENDED);
    const struct node *lease = world_find(&r.s.world, "Lease", LIT("brgate"), LIT("brgate-reconcile"));
    assert_slice("holder", tree_text_at(lease, "spec.holderIdentity"), LIT(""));
    rig_close(&r);
}

static void a_machine_that_cannot_renew_stops_writing(void **state)
{
    struct rig r;
    (void)state;
    rig_open(&r, &usual);
    rig_run(&r, HOURS);
    r.write_count = 0;
    uint64_t watch = r.watches[0].id;
    assert_true(machine_awaits(r.m, watch));
    r.silent = true;
    rig_run(&r, 7); /* the last renewal is at most 2 s old */
    assert_true(machine_state(r.m) == MACHINE_LEADING);
    rig_run(&r, 4 * HOURS);
    assert_true(machine_state(r.m) == MACHINE_STANDBY);
    assert_false(machine_awaits(r.m, watch));
    assert_int_equal(machine_count(r.m, MACHINE_OBJECTS), 0);
    assert_int_equal(r.write_count, 0);
    rig_close(&r);
}

static void a_clock_that_is_set_back_delays_nothing(void **state)
{
    struct rig r;
    (void)state;
    rig_open(&r, &usual);
    rig_run(&r, 60);
    r.now.wall -= 2 * HOURS; /* and the schedules look again */
    rig_run(&r, 10);
    r.now.wall += 2 * HOURS;
    uint64_t turns = machine_count(r.m, MACHINE_TURNS);
    rig_run(&r, 10);
    assert_true(machine_count(r.m, MACHINE_TURNS) > turns);
    rig_close(&r);
}

/* Every allocation of a life fails once: the machine is broken then, and stays so, and gives all memory back. */
static void every_allocation_may_fail(void **state)
{
    enum { STEP = 7 };
    struct machine_settings calm = usual;
    size_t broken = 0;
    (void)state;
    calm.kinds |= MACHINE_KIND(GROUP_BR, KIND_BACKUP);
    calm.lease_duration = 4000000;
    calm.lease_renew_deadline = 3000000;
    calm.lease_retry = 1000000;
    for (uint64_t n = 1;; n += n < 200 ? 1 : STEP) {
        struct rig r;
        rig_open(&r, &calm);
        machine_fail_at(r.m, n);
        rig_run(&r, UNTIL_RUN);
        bool ended = machine_state(r.m) != MACHINE_BROKEN;
        if (!ended) {
            struct machine_request q;
            assert_false(machine_next(r.m, r.now, &q));
            broken++;
        }
        rig_close(&r);
        if (ended)
            break;
    }
    print_message("%zu allocations failed\n", broken);
    assert_true(broken > 200);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(lists_everything_before_it_writes),
        cmocka_unit_test(a_run_takes_two_writes_at_rest),
        cmocka_unit_test(a_denied_schedule_gets_an_event_and_no_run),
        cmocka_unit_test(a_denied_backup_says_so),
        cmocka_unit_test(kinds_of_an_operator_are_left_to_it),
        cmocka_unit_test(one_namespace_is_looked_at),
        cmocka_unit_test(a_dry_run_writes_nothing),
        cmocka_unit_test(unknown_children_mean_no_run),
        cmocka_unit_test(what_a_list_lacks_is_gone),
        cmocka_unit_test(retention_does_not_trust_a_silent_watch),
        cmocka_unit_test(a_refused_creation_is_told_and_tried_again_with_patience),
        cmocka_unit_test(a_stopped_machine_gives_the_lease_back),
        cmocka_unit_test(a_machine_that_cannot_renew_stops_writing),
        cmocka_unit_test(a_clock_that_is_set_back_delays_nothing),
        cmocka_unit_test(every_allocation_may_fail),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
