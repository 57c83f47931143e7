/* What the verdict layer does with findings: ratcheting, policy, annotations. */
#include "reviewing.h"

static slice backup(struct arena *a, const char *metadata, const char *spec)
{
    return arena_fmt(
        a,
        "{\"apiVersion\":\"br.pingcap.com/"
        "v1alpha1\",\"kind\":\"Backup\",\"metadata\":{%s\"name\":\"nightly\","
        "\"namespace\":\"tidb\"},\"spec\":{\"cleanPolicy\":\"Retain\",%s\"br\":{\"cluster\":\"demo1\"},"
        "\"s3\":{\"provider\":\"aws\",\"region\":\"us-west-1\",\"bucket\":\"my-bucket\","
        "\"prefix\":\"nightly\",\"secretName\":\"s3-secret\"}}}",
        metadata, spec);
}

static struct answer create(const struct gate *g, struct arena *a, slice object)
{
    const struct ask ask = {"CREATE", "", "br.pingcap.com", "Backup", object, {0}};
    return ask_gate(g, a, ENDPOINT_VALIDATE, ask_text(a, &ask), TEST_NOW);
}

static struct answer update(const struct gate *g, struct arena *a, slice object, slice old)
{
    const struct ask ask = {"UPDATE", "", "br.pingcap.com", "Backup", object, old};
    return ask_gate(g, a, ENDPOINT_VALIDATE, ask_text(a, &ask), TEST_NOW);
}

static void expect(struct arena *a, const char *label, struct answer answer, const char *causes,
                   const char *warnings)
{
    assert_slice(label, answer_causes(a, &answer), slice_of(causes));
    assert_slice(label, answer_warnings(a, &answer), slice_of(warnings));
    assert_row(label, answer.allowed == !*causes);
}

struct backup_update {
    const char *label, *metadata, *spec, *old_metadata, *old_spec, *causes, *warnings;
};

static void expect_updates(struct arena *a, const struct backup_update *rows, size_t count)
{
    for (size_t i = 0; i < count; i++)
        expect(a, rows[i].label,
               update(plain_gate(), a, backup(a, rows[i].metadata, rows[i].spec),
                      backup(a, rows[i].old_metadata, rows[i].old_spec)),
               rows[i].causes, rows[i].warnings);
}

/* ---- ratcheting ---- */

#define BAD_RETRY   "\"backoffRetryPolicy\":{\"minRetryDuration\":\"5 minutes\"},"
#define WORSE_RETRY "\"backoffRetryPolicy\":{\"minRetryDuration\":\"6 minutes\"},"
#define BAD_TYPE    "\"backupType\":\"fully\","
#define LABELS      "\"labels\":{\"team\":\"shop\"},"
#define ACCOUNT     "\"serviceAccount\":\"backup\","
#define BAD_ENV     "{\"name\":\"1=2\"}"
#define PAIR_ENV                                                                                             \
    "{\"name\":\"A\",\"value\":\"a\",\"valueFrom\":{\"fieldRef\":{\"fieldPath\":\"metadata.name\"}}}"
#define GOOD_ENV              "{\"name\":\"B\",\"value\":\"b\"}"
#define LIST(field, elements) "\"" field "\":[" elements "],"
#define TWO_SOURCES(name)     "{\"name\":\"" name "\",\"emptyDir\":{},\"nfs\":{\"server\":\"s\",\"path\":\"/d\"}}"
#define TYPED                 "\"resources\":{},\"tolerations\":[],"
#define CLEAN                 "\"cleanPolicy\":\"Delete\","
#define DELETED               "\"deletionTimestamp\":\"2026-05-31T00:00:00Z\","
#define FINALIZER             "\"finalizers\":[\"pingcap.com/finalizer\"],"

static void test_ratcheting(void **state)
{
    static const struct backup_update rows[] = {
        {"a bad field that was there", "", ACCOUNT BAD_RETRY, "", BAD_RETRY, "", "retry-duration"},
        {"another bad value", "", WORSE_RETRY, "", BAD_RETRY, "retry-duration", ""},
        {"bad only now", "", BAD_RETRY, "", "", "retry-duration", ""},
        {"fixed", "", "", "", BAD_RETRY, "", ""},
        {"one bad as before, one new", "", BAD_RETRY BAD_TYPE, "", BAD_RETRY, "schema-enum",
         "retry-duration"},
        {"schema faults as well", "", ACCOUNT BAD_TYPE, "", BAD_TYPE, "", "schema-enum"},
        {"the same fault at another element", "", "\"tableFilter\":[\"db.*\",\"shop\"],", "",
         "\"tableFilter\":[\"shop\"],", "table-filter-syntax", ""},
        {"the same fault twice where it was once", "", "\"tableFilter\":[\"shop\",\"shop\"],", "",
         "\"tableFilter\":[\"shop\"],", "table-filter-syntax", "table-filter-syntax"},
    };
    struct arena *a = *state;
    expect_updates(a, rows, COUNT(rows));
}

/* An element of a list with keys keeps its old faults wherever it goes. */
static void test_elements_that_move(void **state)
{
    static const struct backup_update rows[] = {
        {"another order", "", LIST("env", BAD_ENV "," GOOD_ENV "," PAIR_ENV), "",
         LIST("env", PAIR_ENV "," BAD_ENV "," GOOD_ENV), "", "pod-env pod-env"},
        {"one more, between", "", LIST("env", BAD_ENV "," GOOD_ENV "," PAIR_ENV), "",
         LIST("env", BAD_ENV "," PAIR_ENV), "", "pod-env pod-env"},
        {"one less, another order", "", LIST("env", PAIR_ENV "," BAD_ENV), "",
         LIST("env", BAD_ENV "," GOOD_ENV "," PAIR_ENV), "", "pod-env pod-env"},
        {"moved, and wrong only now", "", LIST("env", PAIR_ENV "," GOOD_ENV), "",
         LIST("env", GOOD_ENV ","
                              "{\"name\":\"A\",\"value\":\"a\"}"),
         "pod-env", ""},
        {"another one is as wrong", "", LIST("env", GOOD_ENV "," PAIR_ENV), "",
         LIST("env", "{\"name\":\"C\",\"value\":\"a\",\"valueFrom\":{\"fieldRef\":{\"fieldPath\":\"metadata."
                     "name\"}}},"
                     "{\"name\":\"A\",\"value\":\"a\"}," GOOD_ENV),
         "pod-env", ""},
        {"volumes", "", LIST("additionalVolumes", TWO_SOURCES("w") "," TWO_SOURCES("v")), "",
         LIST("additionalVolumes", TWO_SOURCES("v") "," TWO_SOURCES("w")), "", "pod-volume pod-volume"},
        {"tolerations", "", LIST("tolerations", "{\"key\":\"b\"},{\"key\":\"a\",\"operator\":\"No\"}"), "",
         LIST("tolerations", "{\"key\":\"a\",\"operator\":\"No\"},{\"key\":\"b\"}"), "", "pod-toleration"},
        {"no keys: the order is the value", "", LIST("tableFilter", "\"db.*\",\"shop\""), "",
         LIST("tableFilter", "\"shop\",\"db.*\""), "table-filter-syntax", ""},
    };
    expect_updates(*state, rows, COUNT(rows));
}

/* ---- policy ---- */

static void test_policy(void **state)
{
    static const struct {
        const char *config, *spec, *causes, *warnings;
    } rows[] = {
        {"rules: { retry-duration: warn }", BAD_RETRY, "", "retry-duration"},
        {"rules: { retry-duration: off }", BAD_RETRY, "", ""},
        {"rules: { retry-policy-absent: error }", "", "retry-policy-absent", ""},
        {"rules: { all: off, retry-duration: error }", BAD_RETRY BAD_TYPE, "retry-duration", ""},
        {"rules: { schema-enum: warn }", BAD_TYPE, "", "schema-enum"},
    };
    struct arena *a = *state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct gate *g = gate_by(a, rows[i].config);
        expect(a, rows[i].config, create(g, a, backup(a, "", rows[i].spec)), rows[i].causes,
               rows[i].warnings);
        gate_close(g);
    }
}

/* A deletion is never refused, whatever the policy says. */
static void test_no_policy_refuses_a_deletion(void **state)
{
    struct arena *a = *state;
    struct gate *g = gate_by(a, "rules: { all: error }");
    const char *running = "\"backupMode\":\"log\",\"logSubcommand\":\"log-start\",";
    slice object = backup(a, "", running);
    object =
        arena_fmt(a, "%.*s,\"status\":{\"phase\":\"Running\"}}", FMT(slice_cut(object, 0, object.n - 1)));
    const struct ask ask = {"DELETE", "", "br.pingcap.com", "Backup", {0}, object};
    expect(a, "delete", ask_gate(g, a, ENDPOINT_VALIDATE, ask_text(a, &ask), TEST_NOW), "", "delete-order");
    gate_close(g);
}

/* Nor is what leaves the spec alone: labels, and the finalizer of an object that is being deleted. */
static void test_no_policy_refuses_what_leaves_the_spec_alone(void **state)
{
    static const char *const metadata[] = {"", LABELS, DELETED, DELETED LABELS, FINALIZER, DELETED FINALIZER};
    struct arena *a = *state;
    struct gate *g = gate_by(a, "rules: { all: error }");
    for (size_t i = 0; i < COUNT(metadata); i++)
        for (size_t k = 0; k < COUNT(metadata); k++)
            expect(a, metadata[k],
                   update(g, a, backup(a, metadata[k], BAD_TYPE BAD_RETRY),
                          backup(a, metadata[i], BAD_TYPE BAD_RETRY)),
                   "", "");
    gate_close(g);
}

/* What looks like a deletion exempts nothing, and what helps one along is allowed. */
static void test_deletion_exempts_nothing(void **state)
{
    static const struct backup_update rows[] = {
        {"bad while it is deleted", DELETED, BAD_TYPE, DELETED, "", "schema-enum", ""},
        {"bad as before", DELETED, ACCOUNT BAD_RETRY, DELETED, BAD_RETRY, "", "retry-duration"},
        {"mended", DELETED, "", DELETED, BAD_TYPE, "", ""},
        {"kept after all", DELETED FINALIZER, "", DELETED FINALIZER, CLEAN, "", "cleanpolicy-edit"},
        {"other credentials", DELETED, ACCOUNT, DELETED, "", "", ""},
        {"a typed client takes its finalizer off", DELETED, TYPED, DELETED FINALIZER, "", "", ""},
        {"a date that comes with the update", DELETED, BAD_TYPE, "", "", "schema-enum", ""},
    };
    static const char *const born[] = {DELETED,
                                       DELETED FINALIZER,
                                       "\"deletionTimestamp\":null,",
                                       "\"deletionTimestamp\":\"\",",
                                       "\"deletionTimestamp\":false,",
                                       "\"deletionTimestamp\":{},"};
    struct arena *a = *state;
    expect_updates(a, rows, COUNT(rows));
    for (size_t i = 0; i < COUNT(born); i++) {
        struct answer answer = create(plain_gate(), a, backup(a, born[i], BAD_RETRY));
        assert_row(born[i], slice_find(answer_causes(a, &answer), LIT("retry-duration")) != SLICE_NONE);
    }
}

/* ---- annotations ---- */

#define ALLOW(rule, reason) "\"annotations\":{\"brgate.io/allow." rule "\":\"" reason "\"},"

static void test_annotations(void **state)
{
    static const struct {
        const char *label, *config, *metadata, *spec, *causes, *warnings, *audit;
    } rows[] = {
        {"none may be lowered by default", "{}", ALLOW("retry-duration", "a test"), BAD_RETRY,
         "retry-duration", "", ""},
        {"one that the policy names", "overridable: [retry-duration]", ALLOW("retry-duration", "a test"),
         BAD_RETRY, "", "", "1 at \"spec.backoffRetryPolicy.minRetryDuration\": \"a test\""},
        {"another than the policy names", "overridable: [log-type]", ALLOW("retry-duration", "a test"),
         BAD_RETRY, "retry-duration", "", ""},
        {"without a reason", "overridable: [retry-duration]", ALLOW("retry-duration", ""), BAD_RETRY,
         "retry-duration", "", ""},
        {"of no use any more", "overridable: [retry-duration]", ALLOW("retry-duration", "a test"), "", "", "",
         ""},
        {"of no rule", "{}", ALLOW("retry", "a test"), "", "", "", ""},
    };
    struct arena *a = *state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct gate *g = gate_by(a, rows[i].config);
        struct answer answer = create(g, a, backup(a, rows[i].metadata, rows[i].spec));
        const struct node *audit =
            node_get(node_at(answer.root, "response.auditAnnotations"), LIT("allow.retry-duration"));
        expect(a, rows[i].label, answer, rows[i].causes, rows[i].warnings);
        assert_slice(rows[i].label, audit ? audit->text : (slice){0}, slice_of(rows[i].audit));
        gate_close(g);
    }
}

/* Without something to read it is none. */
static void test_reasons(void **state)
{
    static const struct {
        const char *reason;
        bool counts;
    } rows[] = {
        {"x", true},       {"7", true},        {" ticket 12 ", true}, {"\u4f8b\u5916", true},
        {"\u00e9", true},  {"", false},        {" ", false},          {"\\t\\n", false},
        {".", false},      {"---", false},     {"\u00a0", false},     {"\u200b", false},
        {"\u3000", false}, {"\u3164", false},  {"\u2800", false},     {"\u2026", false},
        {"\u0301", false}, {"\ufeff", false},  {"\u00ad", false},     {"\u115f", false},
        {"\ufe0f", false}, {"\u2060.", false},
    };
    struct arena *a = *state;
    struct gate *g = gate_by(a, "overridable: [retry-duration]");
    for (size_t i = 0; i < COUNT(rows); i++) {
        const char *metadata = arena_cstr(
            a, arena_fmt(a, "\"annotations\":{\"brgate.io/allow.retry-duration\":\"%s\"},", rows[i].reason));
        struct answer answer = create(g, a, backup(a, metadata, BAD_RETRY));
        assert_row(rows[i].reason, answer.allowed == rows[i].counts);
    }
    gate_close(g);
}

/* ---- what the audit log records ---- */

/* The value for that rule; empty when there is none. */
static slice audit_of(const struct answer *answer, const char *key)
{
    return node_text(node_get(node_at(answer->root, "response.auditAnnotations"), slice_of(key)));
}

#define FILTERS "\"tableFilter\":[\"a b\",\"c d\",\"e f\"],"

static void test_record(void **state)
{
    static const struct {
        const char *reason, *audit;
    } rows[] = {
        {"legacy names", "3 at \"spec.tableFilter[0]\": \"legacy names\""},
        {"ok; retry-duration at spec: approved",
         "3 at \"spec.tableFilter[0]\": \"ok; retry-duration at spec: approved\""},
        {"ok\\\"\\n1 at \\\"spec\\\": \\\"fine\\u0000",
         "3 at \"spec.tableFilter[0]\": \"ok\\\"\\n1 at \\\"spec\\\": \\\"fine\\x00\""},
    };
    struct arena *a = *state;
    struct gate *g = gate_by(a, "overridable: [table-filter-syntax, retry-duration]");
    for (size_t i = 0; i < COUNT(rows); i++) {
        const char *metadata =
            arena_cstr(a, arena_fmt(a,
                                    "\"annotations\":{\"brgate.io/allow.table-filter-syntax\":\"%s\","
                                    "\"brgate.io/allow.retry-duration\":\"x\"},",
                                    rows[i].reason));
        struct answer answer = create(g, a, backup(a, metadata, FILTERS BAD_RETRY));
        assert_true(answer.allowed);
        assert_slice(rows[i].reason, audit_of(&answer, "allow.table-filter-syntax"), slice_of(rows[i].audit));
        assert_slice(rows[i].reason, audit_of(&answer, "allow.retry-duration"),
                     LIT("1 at \"spec.backoffRetryPolicy.minRetryDuration\": \"x\""));
        assert_int_equal(node_at(answer.root, "response.auditAnnotations")->count, 2);
    }
    gate_close(g);
}

/* However long, and however much quoting makes of it: the other rule's use is there. */
static void test_record_is_short(void **state)
{
    static const char *const characters[] = {"R", "\\u0001", "\xf4\x8f\xbf\xbf", "\\\""};
    static const unsigned lengths[] = {10, 200, 42500, 60000};
    struct arena *a = *state;
    struct gate *g = gate_by(a, "overridable: [table-filter-syntax, retry-duration]");
    for (size_t i = 0; i < COUNT(characters) * COUNT(lengths); i++) {
        struct buf b = buf_new(a, 4 << 20);
        buf_put(&b, LIT("\"annotations\":{\"brgate.io/allow.table-filter-syntax\":\"because "));
        for (unsigned k = 0; k < lengths[i % COUNT(lengths)]; k++)
            buf_put(&b, slice_of(characters[i / COUNT(lengths)]));
        buf_put(&b, LIT("\",\"brgate.io/allow.retry-duration\":\"x\"},"));
        struct answer answer = create(g, a, backup(a, arena_cstr(a, buf_slice(&b)), FILTERS BAD_RETRY));
        slice long_one = audit_of(&answer, "allow.table-filter-syntax");
        assert_true(answer.allowed && audit_of(&answer, "allow.retry-duration").n);
        assert_true(long_one.n > 20 && long_one.n < 500);
    }
    gate_close(g);
}

/* ---- what is not ours ---- */

static void test_passes_unseen(void **state)
{
    static const struct {
        const char *label;
        struct ask ask;
    } rows[] = {
        {"status", {"UPDATE", "status", "br.pingcap.com", "Backup", {0}, {0}}},
        {"another group", {"CREATE", "", "example.com", "Backup", {0}, {0}}},
        {"another kind", {"CREATE", "", "br.pingcap.com", "Restore", {0}, {0}}},
        {"another operation", {"CONNECT", "", "br.pingcap.com", "Backup", {0}, {0}}},
    };
    struct arena *a = *state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct ask ask = rows[i].ask;
        ask.object = backup(a, "", BAD_TYPE);
        ask.old_object = backup(a, "", "");
        for (int endpoint = ENDPOINT_VALIDATE; endpoint <= ENDPOINT_MUTATE; endpoint++)
            expect(a, rows[i].label,
                   ask_gate(plain_gate(), a, (enum endpoint)endpoint, ask_text(a, &ask), TEST_NOW), "", "");
    }
}

/* What the API server never sends is not let pass: it need not be what is stored. */
static void test_what_is_unclear(void **state)
{
    static const struct {
        const char *from, *to, *why; /* NULL: allowed */
    } rows[] = {
        {"\"CREATE\"", "\"create\"", "request.operation: expected CREATE, UPDATE or DELETE, got \"create\""},
        {"\"CREATE\"", "\"\"", "request.operation: expected CREATE, UPDATE or DELETE, got \"\""},
        {"\"CREATE\"", "null", "request.operation: expected CREATE, UPDATE or DELETE, got \"\""},
        {"\"CREATE\"", "[\"CREATE\"]", "request.operation: expected CREATE, UPDATE or DELETE, got \"\""},
        {"\"CREATE\"", "\"UPDATE\"", "request.oldObject: an object is required on UPDATE"},
        {"\"object\":{", "\"object\":null,\"other\":{", "request.object: an object is required"},
        {"\"object\":{", "\"object\":[],\"other\":{", "request.object: an object is required"},
        {"\"version\":\"v1alpha1\"", "\"version\":\"v1\"",
         "request.kind.version: brgate does not know this version of Backup"},
        {"\"version\":\"v1alpha1\"", "\"version\":null",
         "request.kind.version: brgate does not know this version of Backup"},
        {"\"operation\"", "\"subResource\":\"scale\",\"operation\"",
         "request.subResource: expected none or status"},
        {"\"operation\"", "\"subResource\":7,\"operation\"", "request.subResource: expected none or status"},
        {"\"operation\"", "\"subResource\":\"status\",\"operation\"", NULL},
        {"\"operation\":\"CREATE\"", "\"operation\":\"DELETE\"", NULL},
    };
    struct arena *a = *state;
    const struct ask ask = {"CREATE", "", "br.pingcap.com", "Backup", backup(a, "", BAD_RETRY), {0}};
    slice whole = ask_text(a, &ask);
    for (size_t i = 0; i < 2 * COUNT(rows); i++) {
        const char *from = rows[i / 2].from, *why = rows[i / 2].why;
        size_t at = slice_find(whole, slice_of(from));
        assert_row(from, at != SLICE_NONE);
        slice body = arena_fmt(a, "%.*s%s%.*s", FMT(slice_cut(whole, 0, at)), rows[i / 2].to,
                               FMT(slice_from(whole, at + strlen(from))));
        struct answer answer = ask_gate(plain_gate(), a, (enum endpoint)(i % 2), body, TEST_NOW);
        assert_row(rows[i / 2].to, answer.log.answered && answer.allowed == !why);
        assert_slice(rows[i / 2].to, node_text(node_at(answer.root, "response.status.message")),
                     slice_of(why));
        assert_slice(rows[i / 2].to, answer.log.error, slice_of(why));
    }
}

/* ---- the mutating endpoint ---- */

/* It refuses what the API server's own schema would refuse next, in better words, and nothing else. */
static void test_what_the_mutating_endpoint_refuses(void **state)
{
    static const struct {
        const char *label, *provider, *spec;
        bool allowed;
    } rows[] = {
        {"nothing is wrong", "aws", "", true},
        {"a fault of the schema", "aws", BAD_TYPE, false},
        {"a provider outside of the schema's list", "AWS", "", false},
        {"a fault that only a rule can see", "aws", BAD_RETRY, true},
    };
    struct arena *a = *state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        slice object = arena_fmt(a,
                                 "{\"apiVersion\":\"br.pingcap.com/v1alpha1\",\"kind\":\"Backup\","
                                 "\"metadata\":{\"name\":\"nightly\",\"namespace\":\"tidb\"},\"spec\":{%s"
                                 "\"br\":{\"cluster\":\"demo1\"},\"s3\":{\"provider\":\"%s\","
                                 "\"bucket\":\"my-bucket\",\"prefix\":\"nightly\"}}}",
                                 rows[i].spec, rows[i].provider);
        const struct ask ask = {"CREATE", "", "br.pingcap.com", "Backup", object, {0}};
        struct answer answer = ask_gate(plain_gate(), a, ENDPOINT_MUTATE, ask_text(a, &ask), TEST_NOW);
        assert_row(rows[i].label, answer.allowed == rows[i].allowed);
    }
}

/* ---- memory ---- */

/* Each allocation of an update fails once: there is no answer then, or the object is denied unjudged, never another
 * one. */
static void test_no_answer_without_memory(void **state)
{
    struct arena *a = *state, *own = arena_new((size_t)1 << 30);
    const struct ask ask = {"UPDATE",
                            "",
                            "br.pingcap.com",
                            "Backup",
                            backup(a, LABELS ALLOW("no-rule", "a test"), BAD_RETRY BAD_TYPE),
                            backup(a, "", BAD_RETRY)};
    slice body = ask_text(a, &ask);
    for (int endpoint = ENDPOINT_VALIDATE; endpoint <= ENDPOINT_MUTATE; endpoint++) {
        struct review_facts log;
        uint64_t before = arena_allocations(own), denials = 0;
        slice whole =
            arena_copy(a, review_answer(plain_gate(), own, (enum endpoint)endpoint, body, TEST_NOW, &log));
        uint64_t count = arena_allocations(own) - before;
        assert_true(whole.n && count > 100);
        for (uint64_t nth = 1; nth <= count + 1; nth++) {
            arena_reset(own);
            arena_fail_at(own, nth);
            slice answer = review_answer(plain_gate(), own, (enum endpoint)endpoint, body, TEST_NOW, &log);
            if (nth > count) {
                assert_slice("answer", answer, whole);
                continue;
            }
            assert_true(!log.allowed && log.error.n && log.answered == (answer.n > 0));
            assert_true(!answer.n || slice_find(answer, LIT("takes more memory")) != SLICE_NONE);
            denials += answer.n > 0;
        }
        assert_true((denials > 0) == (endpoint == ENDPOINT_VALIDATE));
        arena_fail_at(own, 0);
        arena_reset(own);
    }
    arena_free(own);
}

/* The API server sends no such review, but any client that does should learn which value counts. */
static void test_keys_set_twice(void **state)
{
    struct arena *a = *state;
    slice once = backup(a, "", "\"toolImage\":\"a:1\","),
          twice = backup(a, "", "\"toolImage\":\"a:1\",\"toolImage\":\"a:2\",");
    expect(a, "created", create(plain_gate(), a, twice), "", "duplicate-key");
    expect(a, "updated", update(plain_gate(), a, twice, once), "", "duplicate-key");
    expect(a, "in the old object", update(plain_gate(), a, once, twice), "", "");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_ratcheting, arena_setup, arena_teardown),
        cmocka_unit_test_setup_teardown(test_elements_that_move, arena_setup, arena_teardown),
        cmocka_unit_test_setup_teardown(test_policy, arena_setup, arena_teardown),
        cmocka_unit_test_setup_teardown(test_no_policy_refuses_a_deletion, arena_setup, arena_teardown),
        cmocka_unit_test_setup_teardown(test_no_policy_refuses_what_leaves_the_spec_alone, arena_setup,
                                        arena_teardown),
        cmocka_unit_test_setup_teardown(test_deletion_exempts_nothing, arena_setup, arena_teardown),
        cmocka_unit_test_setup_teardown(test_keys_set_twice, arena_setup, arena_teardown),
        cmocka_unit_test_setup_teardown(test_annotations, arena_setup, arena_teardown),
        cmocka_unit_test_setup_teardown(test_reasons, arena_setup, arena_teardown),
        cmocka_unit_test_setup_teardown(test_record, arena_setup, arena_teardown),
        cmocka_unit_test_setup_teardown(test_record_is_short, arena_setup, arena_teardown),
        cmocka_unit_test_setup_teardown(test_what_is_unclear, arena_setup, arena_teardown),
        cmocka_unit_test_setup_teardown(test_passes_unseen, arena_setup, arena_teardown),
        cmocka_unit_test_setup_teardown(test_what_the_mutating_endpoint_refuses, arena_setup, arena_teardown),
        cmocka_unit_test_setup_teardown(test_no_answer_without_memory, arena_setup, arena_teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
