/* The log backup's state machine, exhausted against tables that were written without the code. */
#include "tsv.h"

#include "log_backup.h"

enum { MOST_ROWS = 100, MOST_KEYS = 5 };

static const char *const phases[LOGBACKUP_PHASE_COUNT] = {"none",    "Scheduled",  "Prepare", "Running",
                                                          "Paused",  "Stopped",    "Failed",  "RetryFailed",
                                                          "Invalid", "CleanFailed"};
static const char *const requests[LOGBACKUP_REQUEST_COUNT] = {"nothing", "start",    "pause", "stop",
                                                              "resume",  "truncate", "other"};
static const char *const commands[] = {"start", "resume", "pause", "stop", "truncate", "unknown"};
static const char *const operators[] = {"v2", "v1"};

static char *rows[MOST_ROWS][TSV_COLUMNS];
static size_t row_count;

static void keep_row(const struct tsv_row *row)
{
    assert_true(row_count < MOST_ROWS);
    for (size_t i = 0; i < row->columns; i++)
        rows[row_count][i] = strndup(row->column[i].p, row->column[i].n);
    row_count++;
}

static void load(const char *path)
{
    for (; row_count > 0; row_count--)
        for (size_t i = 0; i < TSV_COLUMNS; i++) {
            free(rows[row_count - 1][i]);
            rows[row_count - 1][i] = NULL;
        }
    if (path)
        tsv_each(path, keep_row);
}

/* The last column of the first row that fits the keys. */
static const char *look_up(const char *const *keys, size_t count)
{
    for (size_t i = 0; i < row_count; i++) {
        size_t k = 0;
        while (k < count && (strcmp(rows[i][k], "*") == 0 || strcmp(rows[i][k], keys[k]) == 0))
            k++;
        if (k == count)
            return rows[i][count];
    }
    print_error("no row for %s %s %s\n", keys[0], keys[1], count > 2 ? keys[2] : "");
    fail();
    return "";
}

static struct logbackup_spec spec_of(enum logbackup_request request)
{
    static const slice texts[LOGBACKUP_REQUEST_COUNT] = {
        SLICE(""),           SLICE("log-start"),    SLICE("log-pause"), SLICE("log-stop"),
        SLICE("log-resume"), SLICE("log-truncate"), SLICE("log-begin")};
    return (struct logbackup_spec){.subcommand = texts[request]};
}

static void every_request_in_every_phase(void **state)
{
    (void)state;
    static const char *const reasons[LOGBACKUP_REASON_COUNT] = {
        [LOGBACKUP_FINE] = "allow",
        [LOGBACKUP_NOT_STARTED_YET] = "deny: not started",
        [LOGBACKUP_NO_COMMAND] = "deny: no command",
        [LOGBACKUP_PAUSE_EXPIRES] = "warn: expires after 24 hours",
        [LOGBACKUP_STOP_IS_FINAL] = "warn: final",
        [LOGBACKUP_STAYS_PAUSED] = "warn: stays paused",
        [LOGBACKUP_STOPPED_FOR_GOOD] = "deny: stopped for good",
        [LOGBACKUP_NOTHING_TO_PAUSE] = "deny: nothing to pause",
        [LOGBACKUP_START_FAILED] = "warn: never tried again",
        [LOGBACKUP_PAUSE_AFTER_FAILURE] = "warn: the task may be gone",
        [LOGBACKUP_INVALID_FOR_GOOD] = "warn: the operator never looks at it again",
        [LOGBACKUP_PAUSE_STUCK] = "warn: a failed pause",
        [LOGBACKUP_STOP_STUCK] = "warn: a failed stop",
    };
    static const char *const words[] = {"allow", "warn", "deny"};
    load("tests/domain/log_backup.tsv");
    for (int phase = 0; phase < LOGBACKUP_PHASE_COUNT; phase++)
        for (int request = 0; request < LOGBACKUP_REQUEST_COUNT; request++)
            for (int op = 0; op < 2; op++)
                for (int started = 0; started < 2; started++) {
                    const char *keys[] = {phases[phase], requests[request], operators[op],
                                          started ? "yes" : "no"};
                    const char *want = look_up(keys, 4);
                    struct logbackup_status s = {.phase = (enum logbackup_phase)phase, .started = started};
                    enum logbackup_reason got =
                        logbackup_judge((enum logbackup_operator)op, &s, (enum logbackup_request)request);
                    assert_slice(keys[0], slice_of(reasons[got]), slice_of(want));
                    assert_row(want,
                               slice_starts(slice_of(want), slice_of(words[logbackup_verdict_of(got)])));
                }
    load(NULL);
}

static void a_failed_pause_or_stop_sticks(void **state)
{
    (void)state;
    struct logbackup_status s = {.phase = LOGBACKUP_RUNNING, .started = true, .pause_failed = true};
    assert_int_equal(logbackup_judge(LOGBACKUP_OPERATOR_V2, &s, LOGBACKUP_ASK_PAUSE), LOGBACKUP_PAUSE_STUCK);
    assert_int_equal(logbackup_judge(LOGBACKUP_OPERATOR_V2, &s, LOGBACKUP_ASK_STOP), LOGBACKUP_STOP_IS_FINAL);
    s = (struct logbackup_status){.phase = LOGBACKUP_RUNNING, .started = true, .stop_failed = true};
    assert_int_equal(logbackup_judge(LOGBACKUP_OPERATOR_V2, &s, LOGBACKUP_ASK_STOP), LOGBACKUP_STOP_STUCK);
    assert_int_equal(logbackup_judge(LOGBACKUP_OPERATOR_V2, &s, LOGBACKUP_ASK_START), LOGBACKUP_FINE);
    assert_int_equal(logbackup_verdict_of(LOGBACKUP_PAUSE_STUCK), LOGBACKUP_WARN);
    assert_int_equal(logbackup_verdict_of(LOGBACKUP_STOP_STUCK), LOGBACKUP_WARN);
}

static void every_effective_command(void **state)
{
    (void)state;
    static const char *const truncations[] = {"no", "done", "new"};
    load("tests/domain/logbackup_command.tsv");
    for (int request = 0; request < LOGBACKUP_REQUEST_COUNT; request++)
        for (int phase = 0; phase < LOGBACKUP_PHASE_COUNT; phase++)
            for (int op = 0; op < 2; op++)
                for (int started = 0; started < 2; started++)
                    for (int t = 0; t < 3; t++) {
                        struct logbackup_spec spec = spec_of((enum logbackup_request)request);
                        struct logbackup_status s = {.phase = (enum logbackup_phase)phase,
                                                     .started = started};
                        if (t)
                            spec.truncate_until = LIT("2022-10-10T15:21:00Z");
                        if (t == 1)
                            s.truncated_until = spec.truncate_until;
                        const char *keys[] = {requests[request], phases[phase], operators[op],
                                              started ? "yes" : "no", truncations[t]};
                        enum logbackup_command got =
                            logbackup_effective_command((enum logbackup_operator)op, &spec, &s);
                        if (strcmp(commands[got], look_up(keys, 5)) != 0)
                            print_error("%s in %s, %s, started %s, truncation %s\n", keys[0], keys[1],
                                        keys[2], keys[3], keys[4]);
                        assert_slice(keys[0], slice_of(commands[got]), slice_of(look_up(keys, 5)));
                    }
    load(NULL);
}

static void every_condition_of_every_job(void **state)
{
    (void)state;
    static const char *const conditions[] = {"Scheduled",   "Prepare", "Running",    "Complete", "Failed",
                                             "RetryFailed", "Invalid", "Repeatable", ""};
    load("tests/domain/logbackup_phase.tsv");
    for (int command = 0; command <= LOGBACKUP_UNKNOWN; command++)
        for (size_t i = 0; i < COUNT(conditions); i++)
            for (int phase = 0; phase < LOGBACKUP_PHASE_COUNT; phase++) {
                const char *keys[] = {commands[command], conditions[i]};
                const char *want = look_up(keys, 2);
                enum logbackup_phase got = logbackup_phase_after(
                    (enum logbackup_command)command, slice_of(conditions[i]), (enum logbackup_phase)phase);
                assert_slice(keys[1], slice_of(phases[got]),
                             slice_of(strcmp(want, "=") == 0 ? phases[phase] : want));
            }
    load(NULL);
}

static void requests_and_phases_by_name(void **state)
{
    (void)state;
    for (int i = 0; i < LOGBACKUP_REQUEST_COUNT; i++) {
        struct logbackup_spec spec = spec_of((enum logbackup_request)i);
        assert_int_equal(logbackup_request_of(&spec), i);
    }
    assert_int_equal(logbackup_request_of(&(struct logbackup_spec){.stop = true}), LOGBACKUP_ASK_STOP);
    assert_int_equal(
        logbackup_request_of(&(struct logbackup_spec){.stop = true, .subcommand = LIT("log-start")}),
        LOGBACKUP_ASK_START);
    for (int i = 0; i < LOGBACKUP_OTHER; i++)
        assert_int_equal(logbackup_phase_of(slice_of(logbackup_phase_text((enum logbackup_phase)i))), i);
    assert_int_equal(logbackup_phase_of(LIT("CleanFailed")), LOGBACKUP_OTHER);
    assert_int_equal(logbackup_phase_of(LIT("running")), LOGBACKUP_OTHER);
}

static void truncation_has_bounds(void **state)
{
    (void)state;
    struct logbackup_bounds all = {.start = 100, .checkpoint = 500, .truncated_until = 200, .now = 600};
    static const struct {
        uint64_t until;
        enum logbackup_truncation want;
    } table[] = {
        {601, TRUNCATION_IN_FUTURE},
        {600, TRUNCATION_BEYOND_CHECKPOINT},
        {501, TRUNCATION_BEYOND_CHECKPOINT},
        {500, TRUNCATION_FINE},
        {201, TRUNCATION_FINE},
        {200, TRUNCATION_BACKWARDS},
        {101, TRUNCATION_BACKWARDS},
        {100, TRUNCATION_BEFORE_START},
        {1, TRUNCATION_BEFORE_START},
    };
    for (size_t i = 0; i < COUNT(table); i++)
        assert_int_equal(logbackup_truncation(table[i].until, &all), table[i].want);
    assert_int_equal(logbackup_truncation(300, &(struct logbackup_bounds){.now = 600}), TRUNCATION_WAITS);
    assert_int_equal(logbackup_truncation(700, &(struct logbackup_bounds){.start = 1}), TRUNCATION_FINE);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_request_in_every_phase), cmocka_unit_test(a_failed_pause_or_stop_sticks),
        cmocka_unit_test(every_effective_command),      cmocka_unit_test(every_condition_of_every_job),
        cmocka_unit_test(requests_and_phases_by_name),  cmocka_unit_test(truncation_has_bounds),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
