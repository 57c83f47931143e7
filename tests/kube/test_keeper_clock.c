/* The keeper when the API server's clock and ours disagree. */
#include "check.h"

#include "keepers.h"

#include <string.h>

/* The API server's clock is wrong, or ours is: the keeper cannot tell, and leaves everything as it is. What is due,
 * missing or long expired stays so. */
static void while_clocks_disagree_nothing_is_written(void **state)
{
    (void)state;
    static const struct {
        int64_t server_ahead;
        const char *said;
    } rows[] = {{-100 * DAY, "this machine's clock is 100 days ahead of the API server's"},
                {200 * DAY, "this machine's clock is 200 days behind the API server's"},
                {-2 * 3600, "this machine's clock is 2 hours ahead of the API server's"}};
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct setting *s = setting_new();
        struct replica *r = &s->replicas[0];
        api_set_clock(rows[i].server_ahead);
        int64_t days = -rows[i].server_ahead / DAY; /* the API server has the true time */
        struct issue made = issued(s, days + 1), old = issued(s, days + 30);
        secret_put(s, arena_fmt(s->arena, "%.*s%.*s", FMT(old.ca), FMT(made.ca)), made.leaf.certificate,
                   made.leaf.key);
        hooks_put(s, VALIDATING, encoded(s, arena_fmt(s->arena, "%.*s%.*s", FMT(old.ca), FMT(made.ca))));
        hooks_put(s, MUTATING, encoded(s, made.ca)); /* something is missing */
        slice before = everything(s);
        struct keeper_result result = {0};
        for (unsigned looks = 0; looks < 5; looks++)
            result = keeper_step(r->keeper);
        assert_int_equal(result.action, ROTATION_HOLD);
        assert_false(result.failed);
        assert_slice("nothing was written", everything(s), before);
        assert_slice("but the Secret's is served", slice_of(r->served),
                     fingerprint(s, made.leaf.certificate));
        assert_string_equal(r->why_not, "the webhook configurations do not trust the certificate yet");
        if (!strstr(r->said, rows[i].said))
            print_error("%s\n", r->said);
        assert_non_null(strstr(r->said, rows[i].said));
        assert_null(strstr(strstr(r->said, "TROUBLE ") + 1, "TROUBLE "));
        /* A deleted Secret is not made again either, and the message says why. */
        api_delete(s->api, SECRET);
        assert_int_equal(keeper_step(s->replicas[1].keeper).action, ROTATION_HOLD);
        assert_string_equal(api_text(s->api, SECRET, "type"), "");
        assert_non_null(
            strstr(s->replicas[1].why_not, "the clocks of this server and of the API server disagree"));
        api_set_clock(0);
        settle(s);
        assert_all_serve_the_secret(s);
        assert_non_null(strstr(r->said, "the certificate can be kept again"));
        setting_free(s);
    }
}

/* Whichever clock goes wrong, a server that is ready stays so, with what it serves. */
static void who_is_ready_stays_so_when_a_clock_goes_wrong(void **state)
{
    (void)state;
    static const int64_t ahead[] = {-100 * DAY, 200 * DAY};
    struct setting *s = setting_new();
    settle(s);
    slice before = everything(s);
    for (size_t i = 0; i < 2; i++) {
        api_set_clock(ahead[i]);
        for (size_t r = 0; r < REPLICAS; r++)
            assert_int_equal(keeper_step(s->replicas[r].keeper).action, ROTATION_HOLD);
        assert_all_serve_the_secret(s);
        api_fail(s->api, "GET", 500, NULL, 3); /* without an answer as well */
        keeper_step(s->replicas[0].keeper);
        assert_string_equal(s->replicas[0].why_not, "");
    }
    assert_slice("nothing was written", everything(s), before);
    setting_free(s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(while_clocks_disagree_nothing_is_written),
        cmocka_unit_test(who_is_ready_stays_so_when_a_clock_goes_wrong),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
