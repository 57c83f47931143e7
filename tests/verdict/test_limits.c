/* Where a limit ends judging, the object is refused and told so; and what is suppressed, or was wrong before an
 * update, takes no place from what is wrong now. */
#include "reviewing.h"

#include "brgate_limits.h"

enum { TEXT_BYTES = 16 << 20 };

#define STATUS                                                                                               \
    "{\"phase\":\"Complete\",\"commitTs\":\"450000000000000000\",\"backupPath\":\"s3://my-bucket/p\","       \
    "\"timeStarted\":\"2026-05-20T07:31:36Z\",\"timeCompleted\":\"2026-05-20T08:31:36Z\"}"
#define ALLOW_FILTER "\"annotations\":{\"brgate.io/allow.table-filter-syntax\":\"legacy names\"},"

/* A backup with `count` elements in tableFilter, each after `format` (# is its number). */
static slice backup(struct arena *a, const char *metadata, const char *bucket, const char *each,
                    unsigned count)
{
    struct buf b = buf_new(a, TEXT_BYTES);
    buf_fmt(&b,
            "{\"apiVersion\":\"br.pingcap.com/v1alpha1\",\"kind\":\"Backup\",\"metadata\":{%s\"name\":\"b\","
            "\"namespace\":\"tidb\"},\"spec\":{\"br\":{\"cluster\":\"demo1\"},\"s3\":{\"provider\":\"aws\","
            "\"region\":\"us-west-1\",\"bucket\":\"%s\",\"prefix\":\"p\",\"secretName\":\"s\"},"
            "\"tableFilter\":[",
            metadata, bucket);
    for (unsigned i = 0; i < count; i++) {
        buf_put(&b, i ? LIT(",") : (slice){0});
        for (const char *p = each; *p; p++)
            if (*p == '#')
                buf_fmt(&b, "%u", i);
            else
                buf_char(&b, *p);
    }
    buf_put(&b, LIT("]},\"status\":" STATUS "}"));
    assert_false(b.failed);
    return buf_slice(&b);
}

static struct answer ask(const struct gate *g, struct arena *a, slice object, slice old)
{
    const struct ask ask = {old.n ? "UPDATE" : "CREATE", "", "br.pingcap.com", "Backup", object, old};
    return ask_gate(g, a, ENDPOINT_VALIDATE, ask_text(a, &ask), TEST_NOW);
}

static size_t count_words(slice s)
{
    size_t count = s.n > 0;
    for (size_t i = 0; i < s.n; i++)
        count += s.p[i] == ' ';
    return count;
}

#define BAD "\"a b#\""

/* Errors that an annotation suppresses. */
static void suppressed_errors_take_no_place(void **state)
{
    static const unsigned counts[] = {0, 1, 199, 200, 201, 500, LIMIT_ERRORS - 1};
    struct arena *a = *state;
    struct gate *g = gate_by(a, "overridable: [table-filter-syntax]\n");
    for (size_t i = 0; i < sizeof counts / sizeof *counts; i++) {
        slice old = backup(a, "", "my-bucket", BAD, counts[i]);
        slice kept = backup(a, ALLOW_FILTER, "my-bucket", BAD "," BAD, counts[i] / 2);
        slice moved = backup(a, ALLOW_FILTER, "other-bucket", BAD, counts[i]);
        struct answer answer = ask(g, a, moved, old);
        assert_slice("moved", answer_causes(a, &answer), LIT("storage-immutable"));
        answer = ask(g, a, kept, old);
        assert_slice("kept", answer_causes(a, &answer), (slice){0});
    }
    gate_close(g);
}

/* Errors that the object had before. */
static void old_errors_take_no_place(void **state)
{
    static const unsigned counts[] = {0, 1, 199, 200, 201, 500, LIMIT_ERRORS - 1};
    struct arena *a = *state;
    for (size_t i = 0; i < sizeof counts / sizeof *counts; i++) {
        slice old = backup(a, "", "my-bucket", BAD, counts[i]);
        struct answer answer = ask(plain_gate(), a, backup(a, "", "other-bucket", BAD, counts[i]), old);
        assert_slice("moved", answer_causes(a, &answer), LIT("storage-immutable"));
        size_t shown = counts[i] < LIMIT_FINDINGS ? counts[i] : LIMIT_FINDINGS;
        assert_int_equal(count_words(answer_warnings(a, &answer)), shown);
        answer = ask(plain_gate(), a, backup(a, "", "my-bucket/", BAD, counts[i]), old);
        assert_slice("kept", answer_causes(a, &answer), (slice){0});
    }
}

/* What is beyond the limit may be anything: nothing that an object or a policy says allows it. */
static void errors_beyond_the_limit_deny(void **state)
{
    static const char *const configs[] = {
        "{}",
        "overridable: [table-filter-syntax, too-many-findings]\n",
        "rules: { too-many-findings: off }\noverridable: [table-filter-syntax]\n",
    };
    struct arena *a = *state;
    for (size_t i = 0; i < sizeof configs / sizeof *configs; i++) {
        struct gate *g = gate_by(a, configs[i]);
        const char *metadata = "\"annotations\":{\"brgate.io/allow.table-filter-syntax\":\"legacy\","
                               "\"brgate.io/allow.too-many-findings\":\"so what\"},";
        slice many = backup(a, metadata, "my-bucket", "5", LIMIT_ERRORS + 1);
        struct answer answer = ask(g, a, many, (slice){0});
        assert_row(configs[i], slice_find(answer.body, LIT("[too-many-findings]")) != SLICE_NONE);
        assert_row(configs[i], !answer.allowed);
        slice old = backup(a, metadata, "my-bucket/", "5", LIMIT_ERRORS + 1);
        answer = ask(g, a, many, old);
        assert_row(configs[i], !answer.allowed);
        gate_close(g);
    }
    struct gate *g = gate_by(a, "rules: { all: warn }\n"); /* where nothing is an error, nothing is dropped */
    assert_true(ask(g, a, backup(a, "", "my-bucket", "5", LIMIT_ERRORS + 1), (slice){0}).allowed);
    gate_close(g);
}

/* What is said has a limit too: a denial that would not fit into an answer is one all the same. */
static void long_denials_are_shortened(void **state)
{
    struct arena *a = *state;
    struct buf b = buf_new(a, TEXT_BYTES);
    buf_put(&b, LIT("\"*.*\"],\"resources\":{\"limits\":{"));
    for (unsigned i = 0; i < LIMIT_FINDINGS; i++) {
        buf_fmt(&b, "%s\"%u", i ? "," : "", i);
        for (unsigned k = 0; k < LIMIT_MESSAGE_BYTES; k++)
            buf_put(&b, LIT("\\u0001"));
        buf_put(&b, LIT("\":\"much\""));
    }
    buf_put(&b, LIT("}},\"imagePullSecrets\":["));
    struct answer answer =
        ask(plain_gate(), a, backup(a, "", "my-bucket", arena_cstr(a, buf_slice(&b)), 1), (slice){0});
    assert_true(answer.log.answered && !answer.allowed);
    assert_true(slice_find(answer.body, LIT(" more findings are not shown")) != SLICE_NONE);
}

/* What takes more memory than a review may use is denied: an answer that fails would pass it under failurePolicy
 * Ignore. A deletion is not held up. */
static void what_memory_is_too_small_for_is_denied(void **state)
{
    struct arena *a = *state, *small = arena_new(300 << 10);
    slice object = backup(a, "", "my-bucket", "\"db#.*\"", LIMIT_FILTER_RULES),
          old = backup(a, "", "b", "", 0);
    const struct {
        const char *operation;
        slice object, old_object;
        enum endpoint endpoint;
        bool denied;
    } rows[] = {
        {"CREATE", object, {0}, ENDPOINT_VALIDATE, true},
        {"UPDATE", object, old, ENDPOINT_VALIDATE, true},
        {"CREATE", object, {0}, ENDPOINT_MUTATE, false},
        {"DELETE", {0}, object, ENDPOINT_VALIDATE, false},
    };
    for (size_t i = 0; i < COUNT(rows); i++) {
        const struct ask ask = {rows[i].operation, "", "br.pingcap.com", "Backup", rows[i].object,
                                rows[i].old_object};
        struct review_facts log;
        arena_reset(small);
        slice answer =
            review_answer(plain_gate(), small, rows[i].endpoint, ask_text(a, &ask), TEST_NOW, &log);
        assert_false(log.allowed && !answer.n);
        assert_row(rows[i].operation, rows[i].denied == (log.answered && !log.allowed));
        assert_row(rows[i].operation,
                   !rows[i].denied || slice_find(answer, LIT("\"allowed\":false")) != SLICE_NONE);
    }
    arena_free(small);
}

/* ---- table filters ---- */

static void filters_beyond_the_limits_deny(void **state)
{
    struct arena *a = *state;
    struct answer answer =
        ask(plain_gate(), a, backup(a, "", "my-bucket", "\"db#.*\"", LIMIT_FILTER_RULES), (slice){0});
    assert_slice("as many as are read", answer_causes(a, &answer), (slice){0});
    answer =
        ask(plain_gate(), a, backup(a, "", "my-bucket", "\"db#.*\"", LIMIT_FILTER_RULES + 1), (slice){0});
    assert_slice("one more", answer_causes(a, &answer), LIT("table-filter-too-large"));
    struct buf long_one = buf_new(a, TEXT_BYTES), nested = buf_new(a, TEXT_BYTES);
    buf_put(&long_one, LIT("\"/"));
    buf_put(&nested, LIT("\"/"));
    for (int i = 0; i <= LIMIT_PATTERN_BYTES; i++)
        buf_char(&long_one, 'a');
    for (int i = 0; i <= LIMIT_PATTERN_DEPTH; i++)
        buf_char(&nested, '(');
    for (int i = 0; i <= LIMIT_PATTERN_DEPTH; i++)
        buf_char(&nested, ')');
    buf_put(&long_one, LIT("/.*\""));
    buf_put(&nested, LIT("/.*\""));
    const slice texts[] = {buf_slice(&long_one), buf_slice(&nested)};
    for (size_t i = 0; i < 2; i++) {
        answer = ask(plain_gate(), a, backup(a, "", "my-bucket", arena_cstr(a, texts[i]), 1), (slice){0});
        assert_slice("regular expression", answer_causes(a, &answer), LIT("table-filter-too-large"));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(suppressed_errors_take_no_place, arena_setup, arena_teardown),
        cmocka_unit_test_setup_teardown(old_errors_take_no_place, arena_setup, arena_teardown),
        cmocka_unit_test_setup_teardown(errors_beyond_the_limit_deny, arena_setup, arena_teardown),
        cmocka_unit_test_setup_teardown(long_denials_are_shortened, arena_setup, arena_teardown),
        cmocka_unit_test_setup_teardown(what_memory_is_too_small_for_is_denied, arena_setup, arena_teardown),
        cmocka_unit_test_setup_teardown(filters_beyond_the_limits_deny, arena_setup, arena_teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
