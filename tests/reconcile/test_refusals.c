/* What the machine does when the gate or the API server refuses something, or nothing answers. */
#include "rig.h"

#include "tree.h"

enum { HOURS = 3600, UNTIL_RUN = 4 * HOURS }; /* a's first run is three hours away */

/* ---- the gate ---- */

/* Nothing else says for how long it is denied, and an Event lives for an hour. */
static void a_denied_schedule_has_one_event_all_the_time(void **state)
{
    enum { NAME_BYTES = 64 };
    struct rig r;
    char name[NAME_BYTES];
    (void)state;
    rig_open(&r, &rig_usual);
    rig_take_away(&r, rig_schedule(&r, "b"));
    rig_take_away(&r, rig_schedule(&r, "c"));
    tree_set_text(r.s.world.arena, node_get(rig_schedule(&r, "a"), LIT("spec")), "schedule",
                  LIT("0 25 * * *"));
    world_touch(&r.s.world, rig_schedule(&r, "a"));
    api_poll(&r.api);
    rig_run(&r, 60);
    assert_int_equal(count_lines(r.writes, r.write_count, "POST events"), 1);
    assert_non_null(strstr(r.event, "\"reason\":\"Denied\""));
    assert_non_null(strstr(r.event, "spec.schedule: "));
    assert_non_null(
        strstr(r.event, " [cron-syntax]; `brgate explain cron-syntax` has the reason and the fix\""));
    const char *begin = strstr(r.event, "\"name\":\"a.");
    assert_non_null(begin);
    snprintf(name, sizeof name, "%.*s", (int)strcspn(begin, ","), begin);
    /* A person touches it just before the Event expires. */
    rig_run(&r, HOURS - 120);
    world_touch(&r.s.world, rig_schedule(&r, "a"));
    api_poll(&r.api);
    rig_run(&r, 900);
    assert_int_equal(count_lines(r.writes, r.write_count, "POST events"), 2);
    rig_run(&r, 4 * HOURS);
    assert_in_range(count_lines(r.writes, r.write_count, "POST events"), 5, 6);
    assert_non_null(strstr(r.event, name));
    assert_int_equal(count_lines(r.notes, r.note_count, "BackupSchedule a: is denied: "), 1);
    assert_int_equal(machine_denied(r.m, GROUP_BR, KIND_BACKUP_SCHEDULE), 1);
    assert_int_equal(machine_denied(r.m, GROUP_PINGCAP, KIND_BACKUP_SCHEDULE), 0);
    rig_close(&r);
}

static void a_denied_schedule_gets_an_event_and_no_run(void **state)
{
    struct rig r;
    (void)state;
    rig_open(&r, &rig_usual);
    struct node *spec = node_get(rig_schedule(&r, "a"), LIT("spec"));
    tree_set_text(r.s.world.arena, spec, "maxReservedTime", LIT("7 days"));
    world_touch(&r.s.world, rig_schedule(&r, "a"));
    api_poll(&r.api);
    rig_run(&r, UNTIL_RUN);
    assert_int_equal(machine_denied(r.m, GROUP_BR, KIND_BACKUP_SCHEDULE), 1);
    assert_true(has_line(r.writes, r.write_count, "POST events"));
    assert_false(has_line(r.writes, r.write_count, "PATCH backupschedules/status a"));
    assert_true(has_line(r.notes, r.note_count, "BackupSchedule a: is denied: spec.maxReservedTime"));
    /* Repaired, it is planned for. */
    tree_set_text(r.s.world.arena, node_get(rig_schedule(&r, "a"), LIT("spec")), "maxReservedTime",
                  LIT("168h"));
    tree_unset(node_get(rig_schedule(&r, "a"), LIT("spec")), "maxBackups");
    world_touch(&r.s.world, rig_schedule(&r, "a"));
    api_poll(&r.api);
    rig_run(&r, HOURS);
    assert_int_equal(machine_denied(r.m, GROUP_BR, KIND_BACKUP_SCHEDULE), 0);
    assert_true(has_line(r.writes, r.write_count, "PATCH backupschedules/status a"));
    rig_close(&r);
}

static void a_denied_backup_says_so(void **state)
{
    struct machine_settings all = rig_usual;
    struct rig r;
    (void)state;
    all.kinds |= MACHINE_KIND(GROUP_BR, KIND_BACKUP);
    rig_open(&r, &all);
    rig_add(&r, LIT("{\"apiVersion\":\"br.pingcap.com/v1alpha1\",\"kind\":\"Backup\",\"metadata\":{"
                    "\"name\":\"x\",\"namespace\":\"prod\"},\"spec\":{\"cleanPolicy\":\"Sometimes\","
                    "\"br\":{\"cluster\":\"main\",\"timeAgo\":\"7 days\"},\"s3\":{\"provider\":"
                    "\"minio\",\"bucket\":\"x\"}}}"));
    rig_take_away(&r, rig_schedule(&r, "c")); /* its log backup would have a Job */
    rig_run(&r, 60);
    const struct node *x = world_find(&r.s.world, "Backup", LIT("prod"), LIT("x"));
    assert_slice("phase", tree_text_at(x, "status.phase"), LIT("Invalid"));
    assert_int_equal(count_lines(r.writes, r.write_count, "PATCH backups/status x"), 1);
    assert_int_equal(count_lines(r.writes, r.write_count, "POST jobs"), 0);
    rig_close(&r);
}

static void a_denied_compaction_says_so_until_it_is_corrected(void **state)
{
    struct rig r;
    (void)state;
    rig_open(&r, &rig_usual);
    struct node *x = rig_add(
        &r, LIT("{\"apiVersion\":\"br.pingcap.com/v1alpha1\",\"kind\":\"CompactBackup\",\"metadata\":{"
                "\"name\":\"x\",\"namespace\":\"prod\"},\"spec\":{\"startTs\":\"yesterday\",\"endTs\":"
                "\"2026-01-02T00:00:00Z\",\"concurrency\":4,\"br\":{\"cluster\":\"main\"},\"s3\":{"
                "\"provider\":\"minio\",\"endpoint\":\"http://"
                "minio:9000\",\"bucket\":\"x\",\"prefix\":\"p\"}}}"));
    rig_run(&r, 60);
    x = world_find(&r.s.world, "CompactBackup", LIT("prod"), LIT("x"));
    assert_slice("state", tree_text_at(x, "status.state"), LIT("Invalid"));
    assert_true(slice_find(tree_text_at(x, "status.message"), LIT("spec.startTs")) != SLICE_NONE);
    assert_int_equal(count_lines(r.writes, r.write_count, "PATCH compactbackups/status x"), 1);
    assert_int_equal(count_lines(r.writes, r.write_count, "POST jobs"), 0);
    tree_set_text(r.s.world.arena, node_get(x, LIT("spec")), "startTs", LIT("2026-01-01T00:00:00Z"));
    world_touch(&r.s.world, x);
    api_poll(&r.api);
    rig_run(&r, 60);
    x = world_find(&r.s.world, "CompactBackup", LIT("prod"), LIT("x"));
    assert_int_equal(count_lines(r.writes, r.write_count, "POST jobs"), 1);
    assert_false(slice_eq(tree_text_at(x, "status.state"), LIT("Invalid")));
    assert_slice("message", tree_text_at(x, "status.message"), (slice){0});
    rig_close(&r);
}

/* ---- a server that does not answer, or refuses ---- */

enum { MINUTES = 10 };

/* What the machine says in ten minutes when every answer has this status (0: none). */
static void refuse_all(struct rig *r, const struct machine_settings *settings, int status)
{
    rig_open(r, settings);
    r->refused_status = status;
    r->refuses_all = true;
    rig_run(r, MINUTES * 60);
}

static void a_server_that_does_not_answer_is_reported(void **state)
{
    struct rig r;
    (void)state;
    refuse_all(&r, &rig_usual, 0);
    static const char read[] = " : cannot read the Lease brgate/brgate-reconcile, trying again: forbidden";
    static const char write[] = " : cannot write the Lease brgate/brgate-reconcile, trying again: forbidden";
    assert_string_equal(r.notes[0], read);
    assert_in_range(r.note_count, MINUTES - 1, MINUTES);
    assert_true(machine_state(r.m) == MACHINE_STARTING);
    /* What is wrong changes: that is said at once. */
    r.refused_status = 403;
    r.note_count = 0;
    rig_run(&r, 10);
    assert_int_equal(r.note_count, 1);
    assert_true(machine_state(r.m) == MACHINE_STARTING);
    /* It can be read and not written. */
    r.refuses_all = false;
    r.refused_resource = "leases";
    r.refused_verb = "POST";
    r.note_count = 0;
    rig_run(&r, MINUTES * 60);
    assert_string_equal(r.notes[0], " : can read the Lease brgate/brgate-reconcile again");
    assert_string_equal(r.notes[1], write);
    assert_in_range(r.note_count, MINUTES - 2, MINUTES + 1);
    assert_true(machine_state(r.m) == MACHINE_STARTING);
    r.refused_resource = NULL;
    rig_run(&r, 60);
    assert_true(machine_state(r.m) == MACHINE_LEADING);
    rig_close(&r);
}

/* What every two seconds would be 1,800 requests an hour to a server that refuses them all. */
static void a_refused_lease_is_asked_for_less_and_less(void **state)
{
    (void)state;
    static const struct {
        int status;
        const char *verb;
    } refusals[] = {{403, NULL}, {404, "POST"}, {401, NULL}, {403, "POST"}};
    for (size_t i = 0; i < COUNT(refusals); i++) {
        struct rig r;
        rig_open(&r, &rig_usual);
        r.refused_resource = "leases";
        r.refused_status = refusals[i].status;
        r.refused_verb = refusals[i].verb;
        rig_run(&r, HOURS);
        assert_in_range(r.request_count, 60, 300);
        assert_in_range(r.note_count, 50, 61);
        bool missing = refusals[i].status == 404;
        assert_int_equal(
            strstr(r.notes[0], "; create the namespace, or name another one with --lease") != NULL, missing);
        rig_close(&r);
    }
}

static void what_cannot_be_listed_is_named_without_a_bare_status(void **state)
{
    struct machine_settings dry = rig_usual;
    struct rig r;
    (void)state;
    dry.dry_run = true;
    refuse_all(&r, &dry, 0);
    assert_string_equal(r.notes[0], " : cannot list backups.br.pingcap.com, trying again: forbidden");
    assert_in_range(r.note_count, MINUTES - 2, MINUTES);
    assert_true(machine_state(r.m) == MACHINE_SYNCING);
    rig_close(&r);
    refuse_all(&r, &dry, 404);
    assert_true(has_line(
        r.notes, r.note_count,
        " : the cluster does not have backupschedules.br.pingcap.com, looking again: install it (brgate"));
    assert_true(has_line(r.notes, r.note_count, " : the cluster does not have clusters.core.pingcap.com"));
    assert_int_equal(machine_count(r.m, MACHINE_UNLISTED), 2);
    rig_close(&r);
}

/* The definition is installed while the controller runs, or soon after its start. */
static void a_kind_that_was_missing_is_found(void **state)
{
    (void)state;
    static const int statuses[] = {404, 403};
    for (size_t i = 0; i < COUNT(statuses); i++) {
        struct rig r;
        rig_open(&r, &rig_usual);
        r.refused_resource = "backupschedules";
        r.refused_status = statuses[i];
        rig_run(&r, 8);
        assert_int_equal(machine_count(r.m, MACHINE_UNLISTED), 1);
        r.refused_resource = NULL;
        rig_run(&r, 10); /* as long again as it was missing */
        assert_true(has_line(r.notes, r.note_count, " : can list backupschedules.br.pingcap.com now"));
        assert_int_equal(machine_count(r.m, MACHINE_UNLISTED), 0);
        rig_close(&r);
    }
}

static void a_refused_creation_is_told_and_tried_again_with_patience(void **state)
{
    struct rig r;
    (void)state;
    rig_open(&r, &rig_usual);
    rig_run(&r, HOURS);
    rig_take_away(&r, rig_schedule(&r, "b"));
    rig_take_away(&r, rig_schedule(&r, "c"));
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

/* ---- deletion ---- */

/* A complete Backup whose data goes with it, and which is being deleted. Its storage has the Secret "own". */
static void add_deleted_backup(struct rig *r)
{
    struct node *x = rig_add(
        r, LIT("{\"apiVersion\":\"br.pingcap.com/v1alpha1\",\"kind\":\"Backup\",\"metadata\":{\"name\":\"x\","
               "\"namespace\":\"prod\",\"finalizers\":[\"pingcap.com/finalizer\"]},\"spec\":{\"cleanPolicy\":"
               "\"Delete\",\"br\":{\"cluster\":\"main\"},\"s3\":{\"provider\":\"minio\",\"bucket\":\"x\","
               "\"secretName\":\"own\"}},\"status\":{\"phase\":\"Complete\",\"backupPath\":\"s3://x/y\","
               "\"conditions\":[{\"type\":\"Complete\",\"status\":\"True\"}]}}"));
    rig_take_away(r, x);
}

static void add_secret(struct rig *r)
{
    rig_add(r, LIT("{\"apiVersion\":\"v1\",\"kind\":\"Secret\",\"metadata\":{\"name\":\"own\",\"namespace\":"
                   "\"prod\"},\"data\":{\"access_key\":\"eA==\",\"secret_key\":\"eA==\"}}"));
}

static void add_password(struct rig *r)
{
    rig_add(r, LIT("{\"apiVersion\":\"v1\",\"kind\":\"Secret\",\"metadata\":{\"name\":\"db\",\"namespace\":"
                   "\"prod\"},\"data\":{\"password\":\"eA==\"}}"));
}

static void open_with_backups(struct rig *r)
{
    struct machine_settings all = rig_usual;
    all.kinds |= MACHINE_KIND(GROUP_BR, KIND_BACKUP);
    rig_open(r, &all);
    rig_take_away(r, rig_schedule(r, "c")); /* its log backup would have a Job */
    add_deleted_backup(r);
}

/* It has never read the Secret: the Job for the deletion is the first to need it. */
static void a_new_leader_cleans_what_is_being_deleted(void **state)
{
    struct rig r;
    (void)state;
    open_with_backups(&r);
    add_secret(&r);
    rig_run(&r, 5);
    assert_int_equal(count_lines(r.writes, r.write_count, "POST jobs"), 1);
    rig_close(&r);
}

/* Its storage has the Secret "own", the database has "db". */
static void add_export(struct rig *r)
{
    rig_add(r,
            LIT("{\"apiVersion\":\"pingcap.com/v1alpha1\",\"kind\":\"Backup\",\"metadata\":{\"name\":\"x\","
                "\"namespace\":\"prod\"},\"spec\":{\"from\":{\"host\":\"main-tidb\",\"port\":4000,"
                "\"user\":\"root\",\"secretName\":\"db\"},\"storageSize\":\"10Gi\",\"s3\":{\"provider\":"
                "\"minio\",\"endpoint\":\"http://minio:9000\",\"bucket\":\"x\",\"secretName\":\"own\"}}}"));
}

static void each_secret_that_a_backup_names_is_read(void **state)
{
    struct machine_settings older = rig_usual;
    (void)state;
    older.kinds |= MACHINE_KIND(GROUP_PINGCAP, KIND_BACKUP);
    for (int late = 0; late < 2; late++) {
        struct rig r;
        rig_open(&r, &older);
        rig_take_away(&r, rig_schedule(&r, "c"));
        add_export(&r);
        add_secret(&r);
        if (!late)
            add_password(&r);
        rig_run(&r, 10);
        assert_int_equal(count_lines(r.writes, r.write_count, "POST jobs"), !late);
        rig_close(&r);
    }
}

static void a_secret_that_comes_back_is_read(void **state)
{
    struct rig r;
    (void)state;
    open_with_backups(&r);
    rig_run(&r, 300);
    assert_int_equal(count_lines(r.notes, r.note_count, "Backup x: the data cannot be cleaned: "), 1);
    assert_int_equal(count_lines(r.writes, r.write_count, "POST jobs"), 0);
    add_secret(&r);
    rig_run(&r, 90);
    assert_int_equal(count_lines(r.writes, r.write_count, "POST jobs"), 1);
    rig_close(&r);
}

/* The namespace is being deleted, and the Secret was deleted first. */
static void a_deletion_ends_with_its_namespace(void **state)
{
    struct rig r;
    (void)state;
    open_with_backups(&r);
    r.refused_resource = "jobs";
    r.refused_verb = "POST";
    r.refusal =
        "{\"kind\":\"Status\",\"reason\":\"Forbidden\",\"message\":\"it is being terminated\",\"details\":{"
        "\"causes\":[{\"reason\":\"NamespaceTerminating\"}]}}";
    rig_run(&r, 5);
    assert_int_equal(count_lines(r.writes, r.write_count, "PATCH backups x"), 1);
    assert_null(world_find(&r.s.world, "Backup", LIT("prod"), LIT("x")));
    rig_close(&r);
}

/* The namespace is being deleted, and the RoleBinding was deleted first: nothing says so but the refusals. */
static void a_deletion_without_rights_says_what_it_waits_for(void **state)
{
    (void)state;
#define GONE "; if the namespace is being deleted, its RoleBinding is gone already: "
    static const struct {
        const char *resource, *verb, *note;
        bool secret;
    } rows[] = {
        {"jobs", "POST", "Backup x: cannot ask whether the namespace still takes Jobs: forbidden" GONE,
         false},
        {"jobs", "POST", "Backup x: the API server refuses Job clean-x: 403 no" GONE, true},
        {"backups", "PATCH", "Backup x: cannot write Backup x: forbidden" GONE, true},
    };
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct rig r;
        open_with_backups(&r);
        if (rows[i].secret)
            add_secret(&r);
        r.refused_resource = rows[i].resource;
        r.refused_verb = rows[i].verb;
        rig_run(&r, 300);
        size_t said = count_lines(r.notes, r.note_count, rows[i].note);
        for (size_t n = 0; !said && n < r.note_count; n++)
            print_error("%s\n", r.notes[n]);
        assert_in_range(said, 1, rows[i].secret ? 12 : 1);
        rig_close(&r);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_denied_schedule_gets_an_event_and_no_run),
        cmocka_unit_test(a_denied_schedule_has_one_event_all_the_time),
        cmocka_unit_test(a_denied_backup_says_so),
        cmocka_unit_test(a_denied_compaction_says_so_until_it_is_corrected),
        cmocka_unit_test(a_server_that_does_not_answer_is_reported),
        cmocka_unit_test(a_refused_lease_is_asked_for_less_and_less),
        cmocka_unit_test(what_cannot_be_listed_is_named_without_a_bare_status),
        cmocka_unit_test(a_kind_that_was_missing_is_found),
        cmocka_unit_test(a_refused_creation_is_told_and_tried_again_with_patience),
        cmocka_unit_test(a_new_leader_cleans_what_is_being_deleted),
        cmocka_unit_test(each_secret_that_a_backup_names_is_read),
        cmocka_unit_test(a_secret_that_comes_back_is_read),
        cmocka_unit_test(a_deletion_ends_with_its_namespace),
        cmocka_unit_test(a_deletion_without_rights_says_what_it_waits_for),
    };
    return cmocka_run_group_tests(tests, rig_set_up, rig_tear_down);
}
