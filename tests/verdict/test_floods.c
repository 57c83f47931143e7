/* Objects with far more of something than any user writes: nothing is hidden by the rest, and nothing takes work that
 * grows with the square of it. */
#include "reviewing.h"

#include "across.h"
#include "brgate_limits.h"

enum { TEXT_BYTES = 16 << 20, MANY = 100000 };

#define HEAD                                                                                                 \
    "{\"apiVersion\":\"br.pingcap.com/v1alpha1\",\"kind\":\"Backup\",\"metadata\":{\"name\":\"nightly\","    \
    "\"namespace\":\"tidb\"},\"spec\":{\"backupMode\":\"snapshot\",\"br\":{\"cluster\":\"basic\"},\"s3\":{"  \
    "\"provider\":\"aws\",\"region\":\"eu-west-1\",\"bucket\":\"backups\",\"secretName\":\"keys\","          \
    "\"prefix\":\""

static void put_many(struct buf *b, const char *format, unsigned count)
{
    for (unsigned i = 0; i < count; i++) {
        buf_put(b, i ? LIT(",") : (slice){0});
        for (const char *p = format; *p; p++) {
            if (*p == '#')
                buf_fmt(b, "%u", i);
            else
                buf_char(b, *p);
        }
    }
}

static struct answer ask(struct arena *a, enum endpoint endpoint, slice object)
{
    const struct ask ask = {"CREATE", "", "br.pingcap.com", "Backup", object, {0}};
    return ask_gate(plain_gate(), a, endpoint, ask_text(a, &ask), TEST_NOW);
}

/* `count` times `each` (# is its number) in the spec of a Backup, and what is denied of it. */
static const struct {
    const char *label, *before, *each, *behind;
    unsigned count;
    const char *causes;
} floods[] = {
    {"an error behind warnings", "\"env\":[", "{\"name\":\"AWS_REGION\",\"value\":\"x\"}",
     "],\"tableFilter\":[\"no-dot\"]", 300, "table-filter-syntax"},
    {"an error behind unknown fields", "", "\"nobody#\":0", ",\"tableFilter\":[\"no-dot\"]", 300,
     "table-filter-syntax"},
    {"volumes", "\"additionalVolumes\":[", "{\"name\":\"v#\",\"rbd\":{\"image\":\"i\",\"monitors\":[]}}", "]",
     MANY, ""},
    {"image pull secrets without a name", "\"imagePullSecrets\":[", "{}", "]", MANY, ""},
};

static slice flood_text(struct arena *a, size_t row)
{
    struct buf b = buf_new(a, TEXT_BYTES);
    buf_fmt(&b, HEAD "p\"},%s", floods[row].before);
    put_many(&b, floods[row].each, floods[row].count);
    buf_fmt(&b, "%s}}", floods[row].behind);
    assert_false(b.failed);
    return buf_slice(&b);
}

static void floods_hide_nothing(void **state)
{
    struct arena *a = *state;
    for (size_t i = 0; i < COUNT(floods); i++) {
        slice object = flood_text(a, i);
        struct answer answer = ask(a, ENDPOINT_VALIDATE, object);
        assert_slice(floods[i].label, answer_causes(a, &answer), slice_of(floods[i].causes));
        ask(a, ENDPOINT_MUTATE, object);
    }
}

/* Openings of a placeholder that never close. */
static void openings_without_end_are_no_placeholder(void **state)
{
    struct arena *a = *state;
    static const char *const openings[] = {"${", "{{", "<", "<a"};
    for (size_t i = 0; i < COUNT(openings); i++) {
        struct buf b = buf_new(a, TEXT_BYTES);
        buf_put(&b, LIT(HEAD));
        for (unsigned k = 0; k < 5 * MANY; k++)
            buf_put(&b, slice_of(openings[i]));
        buf_put(&b, LIT("\"}}}"));
        struct answer answer = ask(a, ENDPOINT_VALIDATE, buf_slice(&b));
        assert_slice(openings[i], answer_causes(a, &answer), (slice){0});
        assert_int_equal(slice_find(answer.body, LIT("is a placeholder")), SLICE_NONE);
    }
}

/* ask_gate() reads the answer back, as UTF-8. */
static void messages_end_with_a_whole_character(void **state)
{
    struct arena *a = *state;
    for (unsigned lead = 0; lead < 3; lead++) {
        struct buf b = buf_new(a, TEXT_BYTES);
        buf_fmt(&b, HEAD "p\"},\"cleanPolicy\":\"%.*s", (int)lead, "aaa");
        for (unsigned i = 0; i < LIMIT_MESSAGE_BYTES; i++)
            buf_put(&b, LIT("\xe2\x82\xac"));
        buf_put(&b, LIT("\"}}"));
        struct answer answer = ask(a, ENDPOINT_VALIDATE, buf_slice(&b));
        assert_slice("long text", answer_causes(a, &answer), LIT("schema-enum"));
    }
}

/* An answer that is too long is none. */
static void megabytes_of_keys_are_answered(void **state)
{
    struct arena *a = *state;
    struct buf b = buf_new(a, TEXT_BYTES);
    buf_put(&b, LIT(HEAD "p\"},\"resources\":{\"limits\":{"));
    for (unsigned i = 0; i < 3; i++) {
        buf_fmt(&b, "%s\"%u", i ? "," : "", i);
        for (unsigned k = 0; k < 5 * MANY; k++)
            buf_put(&b, LIT("\xe2\x82\xac"));
        buf_put(&b, LIT("\":\"much\""));
    }
    buf_put(&b, LIT("}}}}"));
    struct answer answer = ask(a, ENDPOINT_VALIDATE, buf_slice(&b));
    assert_slice(
        "long keys", answer_causes(a, &answer),
        LIT("pod-resources schema-pattern pod-resources schema-pattern pod-resources schema-pattern"));
}

static const struct stream_verdict *lint(struct arena *a, slice text)
{
    const struct stream_verdict *v = verdict_manifest(plain_gate(), a, text, TEST_NOW);
    assert_non_null(v);
    return v;
}

/* Comments in one block, and documents with a few comments each. */
static void comments_cost_what_they_are(void **state)
{
    struct arena *a = *state;
    struct buf b = buf_new(a, TEXT_BYTES);
    for (unsigned i = 0; i < MANY; i++)
        buf_put(&b, LIT("# brgate: allow log-type: because\n"));
    buf_put(&b, LIT("a: 1\n"));
    assert_int_equal(lint(a, buf_slice(&b))->count, 1);
    b = buf_new(a, TEXT_BYTES);
    buf_put(&b, LIT("a: "));
    for (unsigned i = 0; i < 10 * MANY; i++)
        buf_put(&b, LIT("brgate:"));
    assert_int_equal(lint(a, buf_slice(&b))->count, 1);
    b = buf_new(a, TEXT_BYTES);
    for (unsigned i = 0; i < 4000; i++)
        buf_fmt(&b,
                "---\napiVersion: br.pingcap.com/v1alpha1\nkind: Backup\nmetadata: {name: b%u}\n"
                "spec: {}\n# brgate: allow log-type: because\n# brgate: allow log-type: because\n",
                i);
    assert_int_equal(lint(a, buf_slice(&b))->count, 4000);
}

/* Every object of a file is in the company of all the others. */
static void a_file_of_neighbours_is_compared(void **state)
{
    struct arena *a = *state, *kept = arena_new(LIMIT_ARENA_BYTES);
    struct buf b = buf_new(a, TEXT_BYTES);
    for (unsigned i = 0; i < 4000; i++)
        buf_fmt(
            &b,
            "---\napiVersion: br.pingcap.com/v1alpha1\nkind: Backup\nmetadata: {name: b%u, namespace: tidb}\n"
            "spec: {br: {cluster: basic}, s3: {provider: aws, region: r, bucket: backups, prefix: all}}\n",
            i);
    const struct stream_verdict *stream = lint(a, buf_slice(&b));
    struct object_summaries *list = object_summaries_new(kept);
    assert_true(object_summaries_note(list, 0, LIT("all.yaml"), stream));
    struct across across;
    assert_true(across_judge(plain_gate(), kept, &list, 1, &across));
    assert_int_equal(across.count, 3999);
    arena_free(kept);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(floods_hide_nothing, arena_setup, arena_teardown),
        cmocka_unit_test_setup_teardown(openings_without_end_are_no_placeholder, arena_setup, arena_teardown),
        cmocka_unit_test_setup_teardown(messages_end_with_a_whole_character, arena_setup, arena_teardown),
        cmocka_unit_test_setup_teardown(megabytes_of_keys_are_answered, arena_setup, arena_teardown),
        cmocka_unit_test_setup_teardown(comments_cost_what_they_are, arena_setup, arena_teardown),
        cmocka_unit_test_setup_teardown(a_file_of_neighbours_is_compared, arena_setup, arena_teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
