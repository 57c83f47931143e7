/* The machine alone, with a server that answers at once: cases that simulations reach only by chance, or not at all. */
#include "rig.h"

#include "civil.h"
#include "timestamp.h"
#include "tree.h"

enum { HOURS = 3600, UNTIL_RUN = 4 * HOURS }; /* a's first run is three hours away */

/* ---- tests ---- */

static void lists_everything_before_it_writes(void **state)
{
    struct rig r;
    (void)state;
    rig_open(&r, &rig_usual);
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
    rig_open(&r, &rig_usual);
    rig_run(&r, HOURS);
    r.write_count = 0;
    rig_take_away(&r, rig_schedule(&r, "b"));
    rig_take_away(&r, rig_schedule(&r, "c"));
    rig_run(&r, 3 * HOURS);
    assert_int_equal(r.write_count, 2);
    assert_string_equal(r.writes[0], "POST backups");
    assert_string_equal(r.writes[1], "PATCH backupschedules/status a");
    rig_close(&r);
}

static void kinds_of_an_operator_are_left_to_it(void **state)
{
    struct machine_settings all = rig_usual;
    struct rig r;
    (void)state;
    all.kinds |= MACHINE_KIND(GROUP_BR, KIND_BACKUP);
    rig_open(&r, &all);
    struct node *deployment =
        rig_add(&r, LIT("{\"apiVersion\":\"apps/v1\",\"kind\":\"Deployment\",\"metadata\":{\"name\":"
                        "\"tidb-operator\",\"namespace\":\"tidb-admin\",\"labels\":{"
                        "\"app.kubernetes.io/component\":\"tidb-operator\"}},\"status\":{"
                        "\"replicas\":1}}"));
    rig_run(&r, HOURS);
    assert_true(has_line(r.writes, r.write_count, "POST backups"));
    assert_int_equal(count_lines(r.writes, r.write_count, "POST jobs"), 0);
    assert_true(has_line(r.notes, r.note_count, " : Deployment tidb-admin/tidb-operator is TiDB Operator"));
    /* The operator was deleted: the machine takes over its objects. */
    rig_take_away(&r, deployment);
    rig_run(&r, 60);
    assert_true(has_line(r.writes, r.write_count, "POST jobs"));
    rig_close(&r);
}

static void one_namespace_is_looked_at(void **state)
{
    struct machine_settings one = rig_usual;
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
    struct machine_settings dry = rig_usual;
    struct rig r;
    (void)state;
    dry.dry_run = true;
    rig_open(&r, &dry);
    r.silent = true;
    rig_run(&r, UNTIL_RUN);
    assert_int_equal(r.write_count, 0);
    assert_int_equal(count_lines(r.notes, r.note_count, "BackupSchedule a: would create Backup a-"), 1);
    assert_int_equal(count_lines(r.notes, r.note_count, " : has listed 3 backupschedules.br.pingcap.com, "),
                     1);
    rig_tell(&r, &(struct machine_event){.kind = MACHINE_STOP});
    rig_run(&r, 10);
    for (size_t i = 0; i < r.note_count; i++)
        assert_null(strcasestr(r.notes[i], "lease"));
    rig_close(&r);
}

static void a_dry_run_of_an_empty_cluster_says_so(void **state)
{
    struct machine_settings dry = rig_usual;
    struct rig r;
    (void)state;
    dry.dry_run = true;
    rig_open(&r, &dry);
    static const char *const names[] = {"a", "b", "c"};
    for (size_t i = 0; i < COUNT(names); i++)
        rig_take_away(&r, rig_schedule(&r, names[i]));
    rig_run(&r, HOURS);
    assert_int_equal(r.note_count, 1);
    assert_string_equal(r.notes[0], " : has listed 0 backupschedules.br.pingcap.com, 0 "
                                    "compactbackups.br.pingcap.com; there is nothing to do now");
    rig_close(&r);
}

static void unknown_children_mean_no_run(void **state)
{
    struct rig r;
    (void)state;
    rig_open(&r, &rig_usual);
    r.refused_resource = "compactbackups";
    rig_run(&r, UNTIL_RUN);
    assert_true(machine_state(r.m) == MACHINE_LEADING);
    assert_int_equal(r.write_count, 0);
    assert_true(has_line(r.notes, r.note_count,
                         " : cannot list compactbackups.br.pingcap.com, trying again: forbidden"));
    /* The right to list them is granted. */
    r.refused_resource = NULL;
    rig_run(&r, 120);
    assert_true(has_line(r.writes, r.write_count, "POST backups"));
    rig_close(&r);
}

/* The stream was interrupted, and an object that was deleted meanwhile is only missing in the next list. */
static void what_a_list_lacks_is_gone(void **state)
{
    struct rig r;
    (void)state;
    rig_open(&r, &rig_usual);
    rig_run(&r, 60);
    uint64_t objects = machine_count(r.m, MACHINE_OBJECTS);
    r.deaf_to = "backupschedules";
    rig_take_away(&r, rig_schedule(&r, "b"));
    rig_run(&r, 60);
    assert_int_equal(machine_count(r.m, MACHINE_OBJECTS), objects);
    for (size_t i = 0; i < MOST_OPEN; i++)
        if (r.watches[i].id && !strcmp(r.watches[i].resource, "backupschedules"))
            rig_tell(&r,
                     &(struct machine_event){.kind = MACHINE_WATCH_LINE,
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
                           FMT(tree_text_at(rig_schedule(r, "c"), "metadata.uid")),
                           (unsigned long long)timestamp_tso((r->now.wall - ago) * 1000));
    return rig_add(r, text);
}

/* Schedule c keeps 48 hours and the snapshot before them. In an hour the younger snapshot becomes that one, and the older
 * may be deleted; but a person has deleted the younger, and the watch does not report it. */
static void retention_does_not_trust_a_silent_watch(void **state)
{
    (void)state;
    for (int deleted = 0; deleted < 2; deleted++) {
        struct rig r;
        rig_open(&r, &rig_usual);
        struct node *spec = node_get(rig_schedule(&r, "c"), LIT("spec"));
        tree_unset(spec, "logBackupTemplate");
        tree_unset(spec, "compactBackupTemplate");
        tree_unset(spec, "compactSpan");
        world_touch(&r.s.world, rig_schedule(&r, "c"));
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

/* ---- two schedules of one cluster ---- */

/* The newest Backup of that schedule; NULL: it has none. */
static struct node *newest_run(struct rig *r, const char *schedule)
{
    struct node *newest = NULL;
    for (size_t i = 0; i < r->s.world.count; i++) {
        struct node *o = r->s.world.items[i];
        const struct node *owner = node_first(node_at(o, "metadata.ownerReferences"));
        if (slice_eq(tree_text(o, "kind"), LIT("Backup")) &&
            slice_eq(tree_text(owner, "name"), slice_of(schedule)) &&
            (!newest ||
             slice_cmp(tree_text_at(o, "metadata.name"), tree_text_at(newest, "metadata.name")) > 0))
            newest = o;
    }
    return newest;
}

static void say_phase(struct rig *r, struct node *backup, const char *phase)
{
    struct findings f = findings_new(r->s.world.arena);
    slice status =
        arena_fmt(r->s.world.arena,
                  "{\"phase\":\"%s\",\"conditions\":[{\"type\":\"%s\",\"status\":\"True\"}]}", phase, phase);
    assert_non_null(backup);
    tree_set(backup, "status", json_read(r->s.world.arena, status, &f));
    world_touch(&r->s.world, backup);
    api_poll(&r->api);
}

/* Schedule a is due every third hour and b every fifth; a's first run takes so long that both wait for its end. Both have
 * been due before then, b first. */
static void the_schedule_that_waits_longest_goes_first(void **state)
{
    struct rig r;
    (void)state;
    rig_open(&r, &rig_usual);
    rig_run(&r, 3 * HOURS + 60);
    struct node *first = newest_run(&r, "a");
    say_phase(&r, first, "Running");
    rig_run(&r, 3 * HOURS + 1800 + 30);
    assert_ptr_equal(newest_run(&r, "a"), first);
    assert_null(newest_run(&r, "b"));
    world_touch(&r.s.world, rig_schedule(&r, "a")); /* so that a is the one that has looked last */
    api_poll(&r.api);
    rig_run(&r, 1);
    say_phase(&r, first, "Complete");
    rig_run(&r, 12); /* the first line after hours of silence may be old */
    assert_ptr_equal(newest_run(&r, "a"), first);
    assert_non_null(newest_run(&r, "b"));
    say_phase(&r, newest_run(&r, "b"), "Complete");
    rig_run(&r, 2);
    assert_ptr_not_equal(newest_run(&r, "a"), first);
    rig_close(&r);
}

/* Another Backup of the cluster may have begun meanwhile: the machine lists before it makes a run. */
static void a_run_does_not_trust_a_silent_watch(void **state)
{
    struct rig r;
    (void)state;
    rig_open(&r, &rig_usual);
    rig_run(&r, 60);
    size_t lists = r.list_count;
    r.deaf_to = "backups";
    rig_run(&r, 3 * HOURS);
    assert_non_null(newest_run(&r, "a"));
    assert_true(r.list_count > lists);
    rig_close(&r);
}

static void a_stopped_machine_gives_the_lease_back(void **state)
{
    struct rig r;
    (void)state;
    rig_open(&r, &rig_usual);
    rig_run(&r, 60);
    rig_tell(&r, &(struct machine_event){.kind = MACHINE_STOP});
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
    rig_open(&r, &rig_usual);
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
    rig_open(&r, &rig_usual);
    rig_run(&r, 60);
    r.now.wall -= 2 * HOURS; /* and the schedules look again */
    rig_run(&r, 10);
    r.now.wall += 2 * HOURS;
    uint64_t turns = machine_count(r.m, MACHINE_TURNS);
    rig_run(&r, 10);
    assert_true(machine_count(r.m, MACHINE_TURNS) > turns);
    rig_close(&r);
}

/* Every allocation of a life fails once: the machine is then broken, stays broken, and gives all its memory back. */
static void every_allocation_may_fail(void **state)
{
    enum { STEP = 7 };
    struct machine_settings calm = rig_usual;
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
        cmocka_unit_test(kinds_of_an_operator_are_left_to_it),
        cmocka_unit_test(one_namespace_is_looked_at),
        cmocka_unit_test(a_dry_run_writes_nothing),
        cmocka_unit_test(a_dry_run_of_an_empty_cluster_says_so),
        cmocka_unit_test(unknown_children_mean_no_run),
        cmocka_unit_test(what_a_list_lacks_is_gone),
        cmocka_unit_test(retention_does_not_trust_a_silent_watch),
        cmocka_unit_test(the_schedule_that_waits_longest_goes_first),
        cmocka_unit_test(a_run_does_not_trust_a_silent_watch),
        cmocka_unit_test(a_stopped_machine_gives_the_lease_back),
        cmocka_unit_test(a_machine_that_cannot_renew_stops_writing),
        cmocka_unit_test(a_clock_that_is_set_back_delays_nothing),
        cmocka_unit_test(every_allocation_may_fail),
    };
    return cmocka_run_group_tests(tests, rig_set_up, rig_tear_down);
}
