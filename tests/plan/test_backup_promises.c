/* Bugs that users reported in backup controllers, each as a promise that must hold instead: log backups, Jobs and
 * deletion. */
#include "planned.h"

#include "timestamp.h"

#include <stdio.h>

#define NOON "2026-01-05T12:00:00Z"
#define LOG  ", backupMode: log"
#define STARTED(more)                                                                                        \
    "{phase: Running, commitTs: '2026-01-05T01:00:00Z', backupPath: 's3://b/x', logSubCommandStatuses: "     \
    "{log-start: {command: log-start, phase: Complete}" more "}}"
#define PAUSED(at)                                                                                           \
    "{phase: Paused, commitTs: '2026-01-05T01:00:00Z', logSubCommandStatuses: {log-start: {phase: "          \
    "Complete}, "                                                                                            \
    "log-pause: {phase: Complete, timeCompleted: '" at "'}}}"

static int64_t moment(const char *text)
{
    struct timestamp t;
    assert_true(timestamp_parse(slice_of(text), &t, NULL));
    return t.ms / 1000;
}

static struct log_task running(const char *checkpoint)
{
    return (struct log_task){
        .known = true, .found = true, .checkpoint = timestamp_tso(moment(checkpoint) * 1000)};
}

static struct log_task missing_since(const char *since)
{
    return (struct log_task){.known = true, .missing_since = moment(since)};
}

/* ---- the task ---- */

static void test_observed_task_wins_over_the_status(void **state)
{
    struct planned p = {.task = missing_since("2026-01-05T11:00:00Z")};
    (void)state;
    assert_planned(&p, NOON, BACKUP(HELD, LOG, STARTED("")) CLUSTER, "status Backup x");
    assert_says(p.objects, "LogBackupTaskNotFound");
}

static void test_missing_task_is_terminal(void **state)
{
    struct planned p = {.task = missing_since("2026-01-05T11:00:00Z")};
    (void)state;
    assert_planned(&p, NOON,
                   BACKUP(HELD, LOG,
                          "{phase: Failed, commitTs: '2026-01-05T01:00:00Z', logSubCommandStatuses: "
                          "{log-start: {phase: Failed}}}") CLUSTER,
                   "");
    assert_int_equal(p.again, 0);
}

static void test_failed_query_changes_nothing(void **state)
{
    struct planned p = {0};
    (void)state;
    assert_planned(&p, NOON, BACKUP(HELD, LOG, STARTED("")) CLUSTER, "ask");
    p.task = missing_since("2026-01-05T11:59:30Z"); /* not for long enough to be trusted */
    assert_planned(&p, NOON, BACKUP(HELD, LOG, STARTED("")) CLUSTER, "");
}

static void test_start_waits_after_a_stop_of_the_same_name(void **state)
{
    struct planned p = {.task = missing_since("2026-01-05T11:59:30Z")};
    (void)state;
    assert_planned(&p, NOON, BACKUP(HELD, LOG, "{}") CLUSTER, "");
    assert_says(p.why, "stopped a moment ago");
    assert_int_equal(p.again, moment("2026-01-05T12:00:30Z"));
    assert_planned(&p, "2026-01-05T12:00:30Z", BACKUP(HELD, LOG, "{}") CLUSTER,
                   "status Backup x; create Job backup-x-log-start");
}

static void test_checkpoint_that_does_not_advance_is_shown(void **state)
{
    struct planned p = {.task = running("2026-01-05T11:00:00Z")};
    (void)state;
    planned_at(&p, NOON, BACKUP(HELD, LOG, STARTED("")) CLUSTER);
    assert_says(p.objects, "\"reason\":\"NoProgress\"");
    p.task = running("2026-01-05T11:58:00Z");
    planned_at(&p, NOON, BACKUP(HELD, LOG, STARTED("")) CLUSTER);
    assert_null(strstr(p.objects, "NoProgress"));
}

static void test_unasked_pause_is_shown(void **state)
{
    struct planned p = {.task = running("2026-01-05T11:58:00Z")};
    (void)state;
    p.task.paused = true;
    p.task.error = LIT("lags 48h");
    planned_at(&p, NOON, BACKUP(HELD, LOG, STARTED("")) CLUSTER);
    assert_says(p.objects, "\"reason\":\"PausedUnasked\"");
    assert_says(p.objects, "lags 48h");
    assert_says(p.objects, "\"phase\":\"Running\"");
}

static void test_pause_is_warned_about_before_it_expires(void **state)
{
    struct planned p = {.task = running("2026-01-05T11:58:00Z")};
    (void)state;
    p.task.paused = true;
    planned_at(&p, NOON,
               BACKUP(HELD, LOG ", logSubcommand: log-pause", PAUSED("2026-01-05T06:00:00Z")) CLUSTER);
    assert_null(strstr(p.objects, "PauseExpires"));
    planned_at(&p, "2026-01-06T01:00:00Z",
               BACKUP(HELD, LOG ", logSubcommand: log-pause", PAUSED("2026-01-05T06:00:00Z")) CLUSTER);
    assert_says(p.objects, "\"reason\":\"PauseExpires\"");
    assert_says(p.objects, "2026-01-06T06:00:00Z");
    planned_at(&p, "2026-01-06T06:00:00Z",
               BACKUP(HELD, LOG ", logSubcommand: log-pause", PAUSED("2026-01-05T06:00:00Z")) CLUSTER);
    assert_says(p.objects, "\"reason\":\"PauseExpired\"");
    assert_says(p.why, "only stop is possible");
}

static void test_expired_pause_is_not_resumed(void **state)
{
    struct planned p = {.task = running("2026-01-05T11:58:00Z")};
    (void)state;
    p.task.paused = true;
    assert_planned(&p, NOON,
                   BACKUP(HELD, LOG ", logSubcommand: log-start", PAUSED("2026-01-05T06:00:00Z")) CLUSTER,
                   "status Backup x; create Job backup-x-log-resume");
    assert_planned(&p, "2026-01-06T06:00:00Z",
                   BACKUP(HELD, LOG ", logSubcommand: log-start", PAUSED("2026-01-05T06:00:00Z")) CLUSTER,
                   "status Backup x");
    assert_says(p.objects, "only stop is possible");
    assert_says(p.objects, "\"phase\":\"Paused\"");
    /* Once it is written down there is nothing more to do. */
    assert_planned(
        &p, "2026-01-06T06:00:00Z",
        BACKUP(HELD, LOG ", logSubcommand: log-start",
               "{phase: Paused, commitTs: '2026-01-05T01:00:00Z', logSubCommandStatuses: {log-start: {phase: "
               "Complete}, log-pause: {phase: Complete, timeCompleted: '2026-01-05T06:00:00Z'}, log-resume: "
               "{phase: Failed}}}") CLUSTER,
        "");
}

/* ---- deletion ---- */

static void test_finalizer_stays_until_the_stop_is_confirmed(void **state)
{
    struct planned p = {.task = running("2026-01-05T11:58:00Z")};
    (void)state;
    assert_planned(&p, NOON, BACKUP(DELETED, LOG, STARTED("")) CLUSTER JOB("stop-x", "u-2", ENDED("Failed")),
                   "delete Job stop-x");
    p.task = missing_since("2026-01-05T11:00:00Z");
    assert_planned(&p, NOON, BACKUP(DELETED, LOG, STARTED("")) CLUSTER JOB("stop-x", "u-2", ENDED("Failed")),
                   "status Backup x; patch Backup x");
}

static void test_deletion_ends_from_every_phase(void **state)
{
    static const char *const statuses[] = {
        "{}",
        "{phase: Scheduled, conditions: [{type: Scheduled, status: 'True'}]}",
        "{phase: Prepare}",
        "{phase: Invalid}",
        "{phase: RetryFailed}",
        "{phase: Other}",
        FAILED,
        RUNNING};
    (void)state;
    for (size_t i = 0; i < COUNT(statuses); i++) {
        char yaml[8192];
        struct planned p = {.task = missing_since("2026-01-05T11:00:00Z")};
        snprintf(yaml, sizeof yaml, BACKUP(DELETED, ", cleanPolicy: Delete", "%s") CLUSTER, statuses[i]);
        planned_at(&p, NOON, yaml);
        assert_says(p.actions, "patch Backup x");
    }
}

static void test_terminating_namespace_lets_go(void **state)
{
    struct planned p = {.task = running("2026-01-05T11:58:00Z"),
                        .refused = {LIT("Job"), LIT("stop-x"), LIT("namespace n is being terminated"), true}};
    (void)state;
    assert_planned(&p, NOON, BACKUP(DELETED, LOG, STARTED("")) CLUSTER, "patch Backup x");
    assert_says(p.why, "the namespace is being deleted");
}

static void test_clean_job_waits_for_running_jobs(void **state)
{
    struct planned p = {0};
    (void)state;
    assert_planned(&p, NOON,
                   BACKUP(DELETED, ", cleanPolicy: Delete", "{phase: Running, backupPath: 's3://b/x'}")
                       CLUSTER JOB("backup-x", "u-2", "{active: 1}"),
                   "delete Job backup-x");
    assert_planned(&p, NOON,
                   BACKUP(DELETED, ", cleanPolicy: Delete", "{phase: Running, backupPath: 's3://b/x'}")
                       CLUSTER POD("backup-x"),
                   "");
}

static void test_failed_backup_with_data_is_cleaned(void **state)
{
    struct planned p = {0};
    (void)state;
    assert_planned(
        &p, NOON,
        BACKUP(DELETED, ", cleanPolicy: OnFailure",
               "{phase: Failed, backupPath: 's3://b/x', conditions: [{type: Failed, status: 'True'}]}")
            CLUSTER,
        "status Backup x; create Job clean-x");
}

/* ---- Jobs ---- */

static void test_second_pod_waits_for_the_first(void **state)
{
    struct planned p = {0};
    (void)state;
    assert_planned(&p, NOON, BACKUP("", "", "{}") CLUSTER POD("backup-x"), "");
    p.unknown = UNKNOWN_PODS;
    assert_planned(&p, NOON, BACKUP("", "", "{}") CLUSTER, "");
}

static void test_own_job_is_adopted_and_a_foreign_one_told(void **state)
{
    struct planned p = {0};
    (void)state;
    assert_planned(&p, NOON, BACKUP("", "", "{}") CLUSTER JOB("backup-x", "u-2", "{}"), "");
    assert_planned(&p, NOON, BACKUP("", "", "{}") CLUSTER JOB("backup-x", "u-9", "{}"), "");
    assert_says(p.why, "belongs to another object");
}

static void test_invalid_is_judged_again(void **state)
{
    struct planned p = {0};
    (void)state;
    assert_planned(&p, NOON,
                   BACKUP("", "", "{phase: Invalid, conditions: [{type: Invalid, status: 'True'}]}") CLUSTER,
                   "status Backup x; create Job backup-x");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_observed_task_wins_over_the_status),
        cmocka_unit_test(test_missing_task_is_terminal),
        cmocka_unit_test(test_failed_query_changes_nothing),
        cmocka_unit_test(test_start_waits_after_a_stop_of_the_same_name),
        cmocka_unit_test(test_checkpoint_that_does_not_advance_is_shown),
        cmocka_unit_test(test_unasked_pause_is_shown),
        cmocka_unit_test(test_pause_is_warned_about_before_it_expires),
        cmocka_unit_test(test_expired_pause_is_not_resumed),
        cmocka_unit_test(test_finalizer_stays_until_the_stop_is_confirmed),
        cmocka_unit_test(test_deletion_ends_from_every_phase),
        cmocka_unit_test(test_terminating_namespace_lets_go),
        cmocka_unit_test(test_clean_job_waits_for_running_jobs),
        cmocka_unit_test(test_failed_backup_with_data_is_cleaned),
        cmocka_unit_test(test_second_pod_waits_for_the_first),
        cmocka_unit_test(test_own_job_is_adopted_and_a_foreign_one_told),
        cmocka_unit_test(test_invalid_is_judged_again),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
