/* Bugs that users reported in schedule controllers, each as a promise that must hold instead: runs and retention. */
#include "planned.h"

#include "civil.h"
#include "timestamp.h"
#include "zone.h"

#include <stdio.h>

/* "KEY":"TSO", as JSON has it. */
static const char *tso_member(const char *key, const char *moment)
{
    static char text[100];
    struct timestamp t;
    assert_true(timestamp_parse(slice_of(moment), &t, NULL));
    snprintf(text, sizeof text, "\"%s\":\"%llu\"", key, (unsigned long long)timestamp_tso(t.ms));
    return text;
}

#define TODAY "2026-01-06T01:00:00Z" /* the run of the 5th is made, the next one is due at 02:00 */

static void test_object_without_commit_ts_is_never_older(void **state)
{
    struct planned p = {0};
    (void)state;
    assert_planned(&p, TODAY, DAILY("maxReservedTime: 24h") GOOD("04") SNAPSHOT("05", RUNNING),
                   "status BackupSchedule s");
}

static void test_failed_snapshots_stay_as_evidence(void **state)
{
    struct planned p = {0};
    (void)state;
    assert_planned(&p, TODAY, DAILY("maxReservedTime: 24h") BAD("02") BAD("03") BAD("04") GOOD("05"),
                   "status BackupSchedule s");
    assert_planned(&p, TODAY,
                   DAILY("maxReservedTime: 24h") BAD("01") BAD("02") BAD("03") BAD("04") GOOD("05"),
                   "delete Backup s-2026-01-01t02-00-00; status BackupSchedule s");
}

static void test_unfinished_snapshot_does_not_stop_retention(void **state)
{
    struct planned p = {0};
    (void)state;
    assert_planned(&p, TODAY, DAILY("maxBackups: 1") SNAPSHOT("02", RUNNING) GOOD("03") GOOD("04") GOOD("05"),
                   "delete Backup s-2026-01-03t02-00-00; delete Backup s-2026-01-04t02-00-00; status "
                   "BackupSchedule s");
}

static void test_failures_never_rotate_complete_snapshots_out(void **state)
{
    struct planned p = {0};
    (void)state;
    assert_planned(&p, TODAY, DAILY("maxBackups: 2") GOOD("01") GOOD("02") BAD("03") BAD("04") BAD("05"),
                   "status BackupSchedule s");
}

/* After a crash between a creation and the status. */
static void test_lost_status_gets_the_end_of_the_compacted_range(void **state)
{
    struct planned p = {0};
    (void)state;
    assert_planned(&p, TODAY,
                   DAILY("maxBackups: 9")
                       GOOD("05") "---\n{apiVersion: br.pingcap.com/v1alpha1, kind: CompactBackup, metadata: "
                                  "{name: compact-s-2026-01-05t09-00-00, namespace: prod, uid: c-1, "
                                  "creationTimestamp: '2026-01-05T09:00:00Z', " OWNED(
                                      "u-1") "}, spec: {startTs: '2026-01-04T09:00:00Z', endTs: "
                                             "'2026-01-05T08:30:00Z'}, status: {state: Running}}\n",
                   "status BackupSchedule s");
    assert_says(p.objects, "\"nextCompactEndTs\":\"2026-01-05T08:30:00Z\"");
}

/* A host plans again at the time that the plan gave: until then, time alone must change nothing. */
static void test_time_changes_nothing_before_again(void **state)
{
    enum { MINUTE = 60, MOST_MINUTES = 26 * 60 };
    static const char *const yaml[] = {
        DAILY("maxReservedTime: 71h30m") GOOD("02") GOOD("03") GOOD("04") GOOD("05"),
        DAILY("maxReservedTime: 71h30m") BAD("02") BAD("03") BAD("04") BAD("05"),
        DAILY("maxReservedTime: 70h30m") BAD("01") BAD("02") BAD("03") BAD("04") GOOD("05"),
        DAILY("maxReservedTime: 47h") GOOD("03") SNAPSHOT("04", COMPLETE("2026-01-04T02:20:00Z")) GOOD("05"),
        DAILY("maxBackups: 2") GOOD("04") GOOD("05"),
    };
    (void)state;
    for (size_t i = 0; i < COUNT(yaml); i++) {
        struct planned first = {0};
        struct timestamp t;
        assert_true(timestamp_parse(LIT("2026-01-05T03:00:00Z"), &t, NULL));
        int64_t now = t.ms / 1000, end = now + MOST_MINUTES * MINUTE;
        char text[40];
        for (planned_at(&first, "2026-01-05T03:00:00Z", yaml[i]); now < end; now += MINUTE) {
            struct planned p = {0};
            struct civil c = civil_of(now);
            snprintf(text, sizeof text, "%04d-%02d-%02dT%02d:%02d:%02dZ", c.year, c.month, c.day, c.hour,
                     c.minute, c.second);
            planned_at(&p, text, yaml[i]);
            if (first.again && now >= first.again)
                first = p;
            else if (strcmp(p.actions, first.actions) != 0)
                fail_msg("at %s, before the host plans again: %s", text, p.actions);
        }
    }
}

static void test_base_of_the_window_stays(void **state)
{
    struct planned p = {0};
    (void)state;
    assert_planned(&p, TODAY, DAILY("maxReservedTime: 36h") GOOD("02") GOOD("03") BAD("04") GOOD("05"),
                   "delete Backup s-2026-01-02t02-00-00; status BackupSchedule s");
}

static void test_log_backup_is_no_candidate(void **state)
{
    struct planned p = {0};
    (void)state;
    planned_at(&p, TODAY,
               DAILY("maxBackups: 1, " LOG_TEMPLATE) LOG_CHILD("2026-01-06T00:59:00Z", "") GOOD("04")
                   GOOD("05"));
    assert_null(strstr(p.actions, "delete Backup log-s"));
    assert_says(p.actions, "delete Backup s-2026-01-04t02-00-00");
}

static void test_log_is_truncated_to_the_oldest_kept_snapshot(void **state)
{
    struct planned p = {0};
    (void)state;
    planned_at(&p, TODAY,
               DAILY("maxBackups: 2, " LOG_TEMPLATE) LOG_CHILD("2026-01-06T00:59:00Z", "") GOOD("04")
                   GOOD("05"));
    assert_says(p.actions, "patch Backup log-s");
    assert_says(p.objects, tso_member("logTruncateUntil", "2026-01-04T02:00:00Z"));
}

static void test_truncation_never_goes_back(void **state)
{
    struct planned p = {0};
    (void)state;
    assert_planned(&p, TODAY,
                   DAILY("maxBackups: 2, " LOG_TEMPLATE)
                       LOG_CHILD("2026-01-06T00:59:00Z", ", logSuccessTruncateUntil: '2026-01-04T12:00:00Z'")
                           GOOD("04") GOOD("05"),
                   "status BackupSchedule s");
}

static void test_one_run_after_a_long_pause(void **state)
{
    struct planned p = {0};
    (void)state;
    assert_planned(&p, "2026-09-01T12:00:00Z", DAILY("maxBackups: 2, pause: true"), "");
    assert_planned(&p, "2026-09-01T12:00:00Z", DAILY("maxBackups: 2"),
                   "create Backup s-2026-09-01t02-00-00; status BackupSchedule s");
    assert_says(p.why, "earlier runs");
}

static void test_any_pause_length_fires_the_next_due_time(void **state)
{
    static const struct {
        const char *now, *made;
    } rows[] = {{"2026-01-01T00:30:30Z", ""},
                {"2026-01-01T00:31:00Z", "create Backup s-2026-01-01t00-31-00; status BackupSchedule s"},
                {"2026-01-03T12:00:59Z", "create Backup s-2026-01-03t12-00-00; status BackupSchedule s"},
                {"2029-02-28T23:59:30Z", "create Backup s-2029-02-28t23-59-00; status BackupSchedule s"}};
    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct planned p = {0};
        planned_at(&p, rows[i].now, SCHEDULE("maxBackups: 2, schedule: '* * * * *'"));
        if (*rows[i].made)
            assert_string_equal(p.actions, rows[i].made);
    }
}

static void test_nothing_younger_than_max_reserved_time_is_deleted(void **state)
{
    static const char *const clocks[] = {"2026-01-05T03:00:00Z", "2026-01-01T00:00:00Z",
                                         "2026-01-06T01:59:59Z"};
    (void)state;
    for (size_t i = 0; i < COUNT(clocks); i++) {
        struct planned p = {0};
        planned_at(&p, clocks[i], DAILY("maxReservedTime: 24h") GOOD("05") GOOD("07") GOOD("08"));
        assert_null(strstr(p.actions, "delete"));
    }
}

static void test_status_of_any_age_is_read(void **state)
{
    static const char *const statuses[] = {
        "",
        "status: {}",
        "status: null",
        "status: {lastBackup: '', lastBackupTime: null}",
        "status: {lastBackup: s-20260105, lastBackupTime: '2026-01-05 02:00:00'}",
        "status: {lastBackup: 7, allBackupCleanTime: soon}"};
    (void)state;
    for (size_t i = 0; i < COUNT(statuses); i++) {
        char yaml[4096];
        struct planned p = {0};
        snprintf(
            yaml, sizeof yaml,
            "{apiVersion: br.pingcap.com/v1alpha1, kind: BackupSchedule, metadata: {name: s, namespace: "
            "prod, "
            "uid: "
            "u-1, creationTimestamp: '2026-01-01T00:30:00Z'}, spec: {schedule: '0 2 * * *', maxBackups: 2, "
            "backupTemplate: {br: {cluster: c}}}, %s}\n",
            *statuses[i] ? statuses[i] : "x: 1");
        planned_at(&p, "2026-01-06T02:00:01Z", yaml);
        assert_says(p.actions, "create Backup s-2026-01-06t02-00-00");
    }
}

#define COMPACTING                                                                                           \
    "maxReservedTime: 240h, compactSpan: 6h, " LOG_TEMPLATE                                                  \
    ", compactBackupTemplate: {br: {cluster: c}, s3: {provider: minio, bucket: b}}"
#define COMPACTED(until)                                                                                     \
    "---\n{apiVersion: br.pingcap.com/v1alpha1, kind: CompactBackup, metadata: {name: "                      \
    "compact-s-2026-01-05t13-00-00, namespace: prod, annotations: {brgate.io/compacted-until: '" until       \
    "'}, " OWNED(                                                                                            \
        "u-1") "}, spec: {startTs: '2026-01-05T07:00:00Z', endTs: '2026-01-05T13:00:00Z'}, status: "         \
               "{state: Complete}}\n"

static void test_compactions_are_contiguous(void **state)
{
    struct planned p = {0};
    (void)state;
    /* It was to reach 13:00, and came to 2026-01-05T12:00:00Z. */
    planned_at(&p, TODAY,
               DAILY(COMPACTING) LOG_CHILD("2026-01-06T00:59:00Z", "") COMPACTED("463369509273600000")
                   GOOD("05"));
    assert_says(p.actions, "create CompactBackup compact-s-2026-01-06t01-00-00");
    assert_says(p.objects, tso_member("startTs", "2026-01-05T12:00:00Z"));
}

static void test_equal_input_plans_the_same(void **state)
{
    static struct planned first, second;
    (void)state;
    planned_at(&first, "2026-01-06T02:00:00Z",
               DAILY("maxReservedTime: 24h, " LOG_TEMPLATE) GOOD("03") GOOD("04") GOOD("05"));
    planned_at(&second, "2026-01-06T02:00:00Z",
               DAILY("maxReservedTime: 24h, " LOG_TEMPLATE) GOOD("03") GOOD("04") GOOD("05"));
    assert_memory_equal(&first, &second, sizeof first);
}

static void test_schedules_keep_off_each_others_children(void **state)
{
    struct planned p = {0};
    (void)state;
    assert_planned(&p, TODAY,
                   DAILY("maxBackups: 1")
                       CHILD("s-2026-01-03t02-00-00", "u-9", "", COMPLETE("2026-01-03T02:00:00Z")) GOOD("05"),
                   "status BackupSchedule s");
}

static void test_clock_changes_run_each_local_time_once(void **state)
{
    /* At 01:00 UTC of 2026-03-29 the clock skips 02:00-03:00; on 2026-10-25 the hour from 02:00 comes twice. */
    static const int64_t at[] = {1774746000, 1792890000};
    static const int32_t offset[] = {7200, 3600};
    static const struct zone berlin = {2, at, offset, 3600};
    struct planned p = {.zone = &berlin};
    (void)state;
    assert_planned(&p, "2026-03-29T00:59:59Z",
                   DAILY("maxBackups: 9")
                       CHILD("s-2026-03-28t01-00-00", "u-1", "", COMPLETE("2026-03-28T01:00:00Z")),
                   "status BackupSchedule s");
    assert_planned(&p, "2026-03-29T01:00:00Z",
                   DAILY("maxBackups: 9")
                       CHILD("s-2026-03-28t01-00-00", "u-1", "", COMPLETE("2026-03-28T01:00:00Z")),
                   "create Backup s-2026-03-29t01-00-00; status BackupSchedule s");
    assert_planned(&p, "2026-10-25T00:00:00Z",
                   DAILY("maxBackups: 9")
                       CHILD("s-2026-10-24t00-00-00", "u-1", "", COMPLETE("2026-10-24T00:00:00Z")),
                   "create Backup s-2026-10-25t00-00-00; status BackupSchedule s");
    assert_planned(&p, "2026-10-25T01:30:00Z",
                   DAILY("maxBackups: 9")
                       CHILD("s-2026-10-25t00-00-00", "u-1", "", COMPLETE("2026-10-25T00:00:00Z")),
                   "status BackupSchedule s");
}

static void test_names_of_children_fit_for_any_schedule_name(void **state)
{
    static const char yaml[] = "{apiVersion: br.pingcap.com/v1alpha1, kind: BackupSchedule, metadata: {name: "
                               "a123456789b123456789c123456789d123456789e123456789f123456789abc, namespace: "
                               "n, uid: u-1, creationTimestamp: "
                               "'2026-01-01T00:30:00Z'}, spec: {schedule: '0 2 * * *', maxBackups: 2, "
                               "backupTemplate: {br: {cluster: c}}, " LOG_TEMPLATE "}}\n";
    struct planned p = {0};
    (void)state;
    planned_at(&p, "2026-01-06T02:00:00Z", yaml);
    for (const char *name = p.actions; (name = strstr(name, "create Backup "));) {
        name += strlen("create Backup ");
        assert_true(strlen("backup--log-truncate") + strcspn(name, ";") <= 63 ||
                    strlen("backup-") + strcspn(name, ";") <= 63);
    }
    assert_says(p.actions, "create Backup log-");
}

static void test_stuck_run_does_not_block_the_schedule(void **state)
{
    struct planned p = {0};
    (void)state;
    assert_planned(&p, "2026-01-06T02:00:00Z", DAILY("maxBackups: 2") SNAPSHOT("05", "{phase: Scheduled}"),
                   "create Backup s-2026-01-06t02-00-00; status BackupSchedule s");
    planned_at(&p, "2026-01-06T02:00:00Z", DAILY("maxBackups: 2") SNAPSHOT("05", RUNNING));
    assert_null(strstr(p.actions, "create"));
    assert_says(p.why, "waits for Backup prod/s-2026-01-05t02-00-00");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_object_without_commit_ts_is_never_older),
        cmocka_unit_test(test_failed_snapshots_stay_as_evidence),
        cmocka_unit_test(test_unfinished_snapshot_does_not_stop_retention),
        cmocka_unit_test(test_failures_never_rotate_complete_snapshots_out),
        cmocka_unit_test(test_lost_status_gets_the_end_of_the_compacted_range),
        cmocka_unit_test(test_time_changes_nothing_before_again),
        cmocka_unit_test(test_base_of_the_window_stays),
        cmocka_unit_test(test_log_backup_is_no_candidate),
        cmocka_unit_test(test_log_is_truncated_to_the_oldest_kept_snapshot),
        cmocka_unit_test(test_truncation_never_goes_back),
        cmocka_unit_test(test_one_run_after_a_long_pause),
        cmocka_unit_test(test_any_pause_length_fires_the_next_due_time),
        cmocka_unit_test(test_nothing_younger_than_max_reserved_time_is_deleted),
        cmocka_unit_test(test_status_of_any_age_is_read),
        cmocka_unit_test(test_compactions_are_contiguous),
        cmocka_unit_test(test_equal_input_plans_the_same),
        cmocka_unit_test(test_schedules_keep_off_each_others_children),
        cmocka_unit_test(test_clock_changes_run_each_local_time_once),
        cmocka_unit_test(test_names_of_children_fit_for_any_schedule_name),
        cmocka_unit_test(test_stuck_run_does_not_block_the_schedule),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
