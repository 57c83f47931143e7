/* The log backup's state machine, exhausted against tables that were written without the code. */
#include "tsv.h"

#include "log_backup.h"

enum { MOST_ROWS = 100, MOST_KEYS = 5 };

static const char *const phases[LOG_PHASE_COUNT] = {"none",    "Scheduled",  "Prepare", "Running",
                                                    "Paused",  "Stopped",    "Failed",  "RetryFailed",
                                                    "Invalid", "CleanFailed"};
static const char *const requests[LOG_REQUEST_COUNT] = {"nothing", "start",    "pause", "stop",
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

static struct log_spec spec_of(enum log_request request)
{
    static const slice texts[LOG_REQUEST_COUNT] = {
        SLICE(""),           SLICE("log-start"),    SLICE("log-pause"), SLICE("log-stop"),
        SLICE("log-resume"), SLICE("log-truncate"), SLICE("log-begin")};
    return (struct log_spec){.subcommand = texts[request]};
}

static void every_request_in_every_phase(void **state)
{
    (void)state;
    static const char *const reasons[LOG_REASON_COUNT] = {
        [LOG_FINE] = "allow",
        [LOG_NOT_STARTED_YET] = "deny: not started",
        [LOG_NO_COMMAND] = "deny: no command",
        [LOG_PAUSE_EXPIRES] = "warn: expires after 24 hours",
        [LOG_STOP_IS_FINAL] = "warn: final",
        [LOG_STAYS_PAUSED] = "warn: stays paused",
        [LOG_STOPPED_FOR_GOOD] = "deny: stopped for good",
        [LOG_NOTHING_TO_PAUSE] = "deny: nothing to pause",
        [LOG_START_FAILED] = "warn: never tried again",
        [LOG_PAUSE_AFTER_FAILURE] = "warn: the task may be gone",
        [LOG_INVALID_FOR_GOOD] = "warn: the operator never looks at it again",
        [LOG_PAUSE_STUCK] = "warn: a failed pause",
        [LOG_STOP_STUCK] = "warn: a failed stop",
    };
    static const char *const words[] = {"allow", "warn", "deny"};
    load("tests/domain/log_backup.tsv");
    for (int phase = 0; phase < LOG_PHASE_COUNT; phase++)
        for (int request = 0; request < LOG_REQUEST_COUNT; request++)
            for (int op = 0; op < 2; op++)
                for (int started = 0; started < 2; started++) {
                    const char *keys[] = {phases[phase], requests[request], operators[op],
                                          started ? "yes" : "no"};
                    const char *want = look_up(keys, 4);
                    struct log_status s = {.phase = (enum log_phase)phase, .started = started};
                    enum log_reason got = log_judge((enum log_operator)op, &s, (enum log_request)request);
                    assert_slice(keys[0], slice_of(reasons[got]), slice_of(want));
                    assert_row(want, slice_starts(slice_of(want), slice_of(words[log_verdict_of(got)])));
                }
    load(NULL);
}

static void a_failed_pause_or_stop_sticks(void **state)
{
    (void)state;
    struct log_status s = {.phase = LOG_RUNNING, .started = true, .pause_failed = true};
    assert_int_equal(log_judge(LOG_OPERATOR_V2, &s, LOG_ASK_PAUSE), LOG_PAUSE_STUCK);
    assert_int_equal(log_judge(LOG_OPERATOR_V2, &s, LOG_ASK_STOP), LOG_STOP_IS_FINAL);
    s = (struct log_status){.phase = LOG_RUNNING, .started = true, .stop_failed = true};
    assert_int_equal(log_judge(LOG_OPERATOR_V2, &s, LOG_ASK_STOP), LOG_STOP_STUCK);
    assert_int_equal(log_judge(LOG_OPERATOR_V2, &s, LOG_ASK_START), LOG_FINE);
    assert_int_equal(log_verdict_of(LOG_PAUSE_STUCK), LOG_WARN);
    assert_int_equal(log_verdict_of(LOG_STOP_STUCK), LOG_WARN);
}

static void every_effective_command(void **state)
{
    (void)state;
    static const char *const truncations[] = {"no", "done", "new"};
    load("tests/domain/log_command.tsv");
    for (int request = 0; request < LOG_REQUEST_COUNT; request++)
        for (int phase = 0; phase < LOG_PHASE_COUNT; phase++)
            for (int op = 0; op < 2; op++)
                for (int started = 0; started < 2; started++)
                    for (int t = 0; t < 3; t++) {
                        struct log_spec spec = spec_of((enum log_request)request);
                        struct log_status s = {.phase = (enum log_phase)phase, .started = started};
                        if (t)
                            spec.truncate_until = LIT("2022-10-10T15:21:00Z");
                        if (t == 1)
                            s.truncated_until = spec.truncate_until;
                        const char *keys[] = {requests[request], phases[phase], operators[op],
                                              started ? "yes" : "no", truncations[t]};
                        enum log_command got = log_effective_command((enum log_operator)op, &spec, &s);
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
    load("tests/domain/log_phase.tsv");
    for (int command = 0; command <= LOG_UNKNOWN; command++)
        for (size_t i = 0; i < COUNT(conditions); i++)
            for (int phase = 0; phase < LOG_PHASE_COUNT; phase++) {
                const char *keys[] = {commands[command], conditions[i]};
                const char *want = look_up(keys, 2);
                enum log_phase got = log_phase_after((enum log_command)command, slice_of(conditions[i]),
                                                     (enum log_phase)phase);
                assert_slice(keys[1], slice_of(phases[got]),
                             slice_of(strcmp(want, "=") == 0 ? phases[phase] : want));
            }
    load(NULL);
}

static void requests_and_phases_by_name(void **state)
{
    (void)state;
    for (int i = 0; i < LOG_REQUEST_COUNT; i++) {
        struct log_spec spec = spec_of((enum log_request)i);
        assert_int_equal(log_request_of(&spec), i);
    }
    assert_int_equal(log_request_of(&(struct log_spec){.stop = true}), LOG_ASK_STOP);
    assert_int_equal(log_request_of(&(struct log_spec){.stop = true, .subcommand = LIT("log-start")}),
                     LOG_ASK_START);
    for (int i = 0; i < LOG_OTHER; i++)
        assert_int_equal(log_phase_of(slice_of(log_phase_text((enum log_phase)i))), i);
    assert_int_equal(log_phase_of(LIT("CleanFailed")), LOG_OTHER);
    assert_int_equal(log_phase_of(LIT("running")), LOG_OTHER);
}

static void truncation_has_bounds(void **state)
{
    (void)state;
    struct log_bounds all = {.start = 100, .checkpoint = 500, .truncated_until = 200, .now = 600};
    static const struct {
        uint64_t until;
        enum log_truncation want;
        enum log_verdict verdict;
    } table[] = {
        {601, TRUNCATION_IN_FUTURE, LOG_DENY},
        {600, TRUNCATION_BEYOND_CHECKPOINT, LOG_DENY},
        {501, TRUNCATION_BEYOND_CHECKPOINT, LOG_DENY},
        {500, TRUNCATION_FINE, LOG_ALLOW},
        {201, TRUNCATION_FINE, LOG_ALLOW},
        {200, TRUNCATION_BACKWARDS, LOG_WARN},
        {101, TRUNCATION_BACKWARDS, LOG_WARN},
        {100, TRUNCATION_BEFORE_START, LOG_WARN},
        {1, TRUNCATION_BEFORE_START, LOG_WARN},
    };
    for (size_t i = 0; i < COUNT(table); i++) {
        assert_int_equal(log_truncation(table[i].until, &all), table[i].want);
        assert_int_equal(log_truncation_verdict(table[i].want), table[i].verdict);
    }
    assert_int_equal(log_truncation(300, &(struct log_bounds){.now = 600}), TRUNCATION_WAITS);
    assert_int_equal(log_truncation_verdict(TRUNCATION_WAITS), LOG_WARN);
    assert_int_equal(log_truncation(700, &(struct log_bounds){.start = 1}), TRUNCATION_FINE);
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
