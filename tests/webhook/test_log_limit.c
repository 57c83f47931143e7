/* The limit of log lines under a simulated clock. */
#include "check.h"

#include "log_limit.h"

enum { BURST = 20, PER_SECOND = 2, SECOND = 1000 };

static const struct log_rate rate = {BURST, PER_SECOND};

/* How many of `count` lines, one every `step` milliseconds from `*now` on, are written. */
static size_t offer(struct log_limit *l, uint64_t *now, size_t count, uint64_t step)
{
    size_t written = 0;
    for (size_t i = 0; i < count; i++, *now += step)
        written += log_limit_allows(l, &rate, *now);
    return written;
}

static void a_burst_is_written_and_the_rest_counted(void **state)
{
    (void)state;
    struct log_limit l = {0};
    uint64_t now = 123456789;
    assert_int_equal(offer(&l, &now, 1000, 0), BURST);
    assert_int_equal(log_limit_due(&l), now + LOG_LIMIT_TELL_MS);
    assert_int_equal(log_limit_tell(&l, now + LOG_LIMIT_TELL_MS - 1, false), 0);
    assert_int_equal(log_limit_tell(&l, now + LOG_LIMIT_TELL_MS, false), 1000 - BURST);
    assert_int_equal(log_limit_tell(&l, now + LOG_LIMIT_TELL_MS, true), 0);
    assert_true(log_limit_due(&l) == UINT64_MAX);
}

static void what_is_rare_is_always_written(void **state)
{
    (void)state;
    struct log_limit l = {0};
    uint64_t now = 1;
    assert_int_equal(offer(&l, &now, 100000, SECOND / PER_SECOND), 100000);
    now += (uint64_t)1 << 40; /* 34 years of silence earn no more than a burst */
    assert_int_equal(offer(&l, &now, 1000, 0), BURST);
}

static void the_end_tells_at_once(void **state)
{
    (void)state;
    struct log_limit l = {0};
    uint64_t now = 1;
    offer(&l, &now, BURST + 3, 0);
    assert_int_equal(log_limit_tell(&l, now, true), 3);
}

/* At any arrival times, no more lines than the rate allows are written, and each line is either written or counted as
 * omitted. */
static void no_line_is_lost_and_none_is_too_many(void **state)
{
    (void)state;
    for (uint64_t seed = 1; seed <= 100; seed++) {
        struct log_limit l = {0};
        uint64_t random = seed, now = 5000, begin = now, written = 0, told = 0, offered = 0;
        for (size_t i = 0; i < 3000; i++) {
            random = random * 6364136223846793005U + 1442695040888963407U;
            now += (random >> 33) % (seed * 5);
            written += log_limit_allows(&l, &rate, now);
            offered++;
            told += log_limit_tell(&l, now, false);
            assert_true(written <= BURST + (now - begin) * PER_SECOND / SECOND);
        }
        told += log_limit_tell(&l, now, true);
        assert_int_equal(written + told, offered);
        assert_true(written >= (now - begin) * PER_SECOND / SECOND || told == 0);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_burst_is_written_and_the_rest_counted),
        cmocka_unit_test(what_is_rare_is_always_written),
        cmocka_unit_test(the_end_tells_at_once),
        cmocka_unit_test(no_line_is_lost_and_none_is_too_many),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
