/* From watching to enforcing: what is denied, and what would be denied, by rule and by namespace. */
#include "reviewing.h"

#include "builtin_schemas.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#define BAD_TYPE "\"backupType\":\"fully\","
#define BAD_MODE "\"backupMode\":\"log\",\"logSubcommand\":\"log-stop\","

static slice review(struct arena *a, const char *namespace, const char *operation, const char *spec)
{
    return arena_fmt(
        a,
        "{\"apiVersion\":\"admission.k8s.io/v1\",\"kind\":\"AdmissionReview\",\"request\":{\"uid\":"
        "\"705ab4f5-6393-11e8\",\"operation\":\"%s\",\"namespace\":\"%s\",\"name\":\"nightly\",\"userInfo\":{"
        "\"username\":\"jo\",\"groups\":[\"secret-group\"],\"extra\":{\"k\":[\"secret-extra\"]}},\"kind\":{"
        "\"group\":\"br.pingcap.com\",\"version\":\"v1alpha1\",\"kind\":\"Backup\"},\"object\":{"
        "\"apiVersion\":"
        "\"br.pingcap.com/"
        "v1alpha1\",\"kind\":\"Backup\",\"metadata\":{\"name\":\"nightly\",\"namespace\":\"%s\"},"
        "\"spec\":{\"cleanPolicy\":\"Retain\",%s\"br\":{\"cluster\":\"demo1\"},\"s3\":{\"provider\":\"aws\","
        "\"region\":\"us-west-1\",\"bucket\":\"my-bucket\",\"prefix\":\"nightly\",\"secretName\":\"s3-"
        "secret\"}}}}}",
        operation, namespace, namespace, spec);
}

static struct answer ask(const struct gate *g, struct arena *a, enum endpoint endpoint, const char *namespace,
                         const char *spec)
{
    return ask_gate(g, a, endpoint, review(a, namespace, "CREATE", spec), TEST_NOW);
}

static slice audit_of(const struct answer *answer, const char *key)
{
    const struct node *n = node_get(node_at(answer->root, "response.auditAnnotations"), slice_of(key));
    return n ? n->text : (slice){0};
}

/* The slugs that the facts give for an effect, in their order. */
static slice facts_of(struct arena *a, const struct answer *answer, enum effect effect)
{
    struct buf b = buf_new(a, 4096);
    for (size_t i = 0; i < answer->log.rule_count; i++)
        if (answer->log.effects[i] == effect)
            buf_fmt(&b, "%s%s", b.n ? " " : "", rule_at(answer->log.rules[i])->slug);
    return buf_slice(&b);
}

static void what_is_not_enforced_is_told(void **state)
{
    /* `denied` and `watched` of an object that breaks schema-enum and log-create-with-stop. */
    static const struct {
        const char *policy, *namespace, *denied, *watched;
    } rows[] = {
#define BOTH "schema-enum log-create-with-stop"
        {"{}", "t", BOTH, ""},
        {"enforcement: deny", "t", BOTH, ""},
        {"enforcement: warn", "t", "", BOTH},
        {"enforcement: {all: warn}", "t", "", BOTH},
        {"enforcement: {schema-enum: warn}", "t", "log-create-with-stop", "schema-enum"},
        {"enforcement: {all: warn, schema-enum: deny}", "t", "schema-enum", "log-create-with-stop"},
        {"enforcement: {schema-enum: deny, all: warn}", "t", "schema-enum", "log-create-with-stop"},
        {"enforcement: warn\nrules: {schema-enum: off}", "t", "", "log-create-with-stop"},
        {"namespaces: [{names: [t], enforcement: warn}]", "t", "", BOTH},
        {"namespaces: [{names: [t], enforcement: warn}]", "tt", BOTH, ""},
        {"namespaces: [{names: [a, 't*'], enforcement: warn}]", "team-1", "", BOTH},
        {"namespaces: [{names: ['*-1'], enforcement: warn}]", "team-1", "", BOTH},
        {"namespaces: [{names: ['*-1'], enforcement: warn}]", "team-1-1x", BOTH, ""},
        {"namespaces: [{names: ['*-1*1'], enforcement: warn}]", "team-1-2-1", "", BOTH},
        {"namespaces: [{names: ['*'], enforcement: warn}]", "", BOTH, ""},
        /* the first that has the name */
        {"namespaces: [{names: [t], enforcement: deny}, {names: ['*'], enforcement: warn}]", "t", BOTH, ""},
        {"namespaces: [{names: [t], enforcement: deny}, {names: ['*'], enforcement: warn}]", "u", "", BOTH},
        /* on top of what holds everywhere, whatever the order of the keys */
        {"namespaces: [{names: [t], enforcement: {all: deny, schema-enum: warn}}]\nenforcement: warn", "t",
         "log-create-with-stop", "schema-enum"},
        {"namespaces: [{names: [t], rules: {schema-enum: off}}]\nenforcement: warn", "t", "",
         "log-create-with-stop"},
        {"rules: {schema-enum: off}\nnamespaces: [{names: [t], rules: {schema-enum: error}}]", "t", BOTH, ""},
        {"enforcement: {schema-enum: deny, all: warn}\nnamespaces: [{names: [t], enforcement: warn}]", "t",
         "", BOTH},
    };
    struct arena *a = *state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct gate *g = gate_by(a, rows[i].policy);
        struct answer answer = ask(g, a, ENDPOINT_VALIDATE, rows[i].namespace, BAD_TYPE BAD_MODE);
        bool denied = *rows[i].denied;
        assert_row(rows[i].policy, answer.allowed == !denied);
        assert_row(rows[i].policy, answer.log.would_deny == !denied);
        assert_slice(rows[i].policy, answer_causes(a, &answer), slice_of(rows[i].denied));
        assert_slice(rows[i].policy, answer_warnings(a, &answer), slice_of(rows[i].watched));
        assert_slice(rows[i].policy, facts_of(a, &answer, EFFECT_DENIES), slice_of(rows[i].denied));
        assert_slice(rows[i].policy, facts_of(a, &answer, EFFECT_WOULD_DENY), slice_of(rows[i].watched));
        for (const struct node *n = node_first(node_at(answer.root, "response.warnings")); n;
             n = node_next(n))
            assert_row(rows[i].policy, slice_starts(n->text, LIT("would be denied: spec.")));
        gate_close(g);
    }
}

/* Anyone can send a review with a namespace of megabytes: matching it must cost nothing. */
static void no_pattern_reads_a_long_name(void **state)
{
    (void)state;
    static const slice patterns[] = {SLICE("*a*a*a*b"), SLICE("*")};
    char name[65];
    memset(name, 'a', sizeof name);
    assert_true(policy_names_match(patterns, COUNT(patterns), (slice){name, 63}));
    assert_false(policy_names_match(patterns, COUNT(patterns), (slice){name, 64}));
    assert_false(policy_names_match(patterns, COUNT(patterns), (slice){name, 0}));
    assert_false(policy_names_match(patterns, 1, (slice){name, 63}));
}

/* The flag sets what the policy leaves open, everywhere. */
static void a_flag_goes_below_what_is_named(void **state)
{
    static const struct {
        const char *policy, *namespace;
        bool allowed;
    } rows[] = {
        {"{}", "t", true},
        {"enforcement: deny", "t", true},
        {"enforcement: {schema-enum: deny}", "t", false},
        {"namespaces: [{names: [t], rules: {log-type: warn}}]", "t", true},
        {"namespaces: [{names: [t], enforcement: deny}]", "t", false},
        {"namespaces: [{names: [t], enforcement: deny}]", "u", true},
    };
    struct arena *a = *state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct policy policy = {0};
        struct error error;
        if (!policy_read(&policy, a, slice_of(rows[i].policy), NULL, &error))
            print_error("%s\n", error.text);
        policy_enforce(&policy, ENFORCEMENT_WARN);
        struct gate *g = gate_open(&policy, &builtin_schemas);
        assert_row(rows[i].policy,
                   ask(g, a, ENDPOINT_VALIDATE, rows[i].namespace, BAD_TYPE).allowed == rows[i].allowed);
        gate_close(g);
    }
}

/* A denial names brgate, the review and where to read more; log and audit log have the same uid. */
static void a_denial_is_signed(void **state)
{
    static const struct {
        const char *policy, *spec, *signature, *key, *rules;
    } rows[] = {
        {"{}", BAD_TYPE,
         "denied in review 705ab4f5-6393-11e8; `brgate explain schema-enum` has the reason and the fix",
         "denied", "schema-enum"},
        {"docs: https://host/docs/", BAD_TYPE,
         "denied in review 705ab4f5-6393-11e8; `brgate explain schema-enum` has the reason and the fix, and "
         "so has "
         "https://host/docs/RULES.md#schema-enum",
         "denied", "schema-enum"},
        {"docs: https://host/docs", BAD_TYPE BAD_MODE,
         "denied in review 705ab4f5-6393-11e8; `brgate explain RULE` has the reason and the fix, and so has "
         "https://host/docs/RULES.md#RULE",
         "denied", "schema-enum, log-create-with-stop"},
        {"enforcement: warn", BAD_TYPE, NULL, "would-deny", "schema-enum"},
        {"{}", "", NULL, NULL, ""},
    };
    struct arena *a = *state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct gate *g = gate_by(a, rows[i].policy);
        struct answer answer = ask(g, a, ENDPOINT_VALIDATE, "t", rows[i].spec);
        assert_row(rows[i].policy, answer.allowed == !rows[i].signature);
        assert_slice("user", answer.log.user, LIT("jo"));
        assert_slice(rows[i].policy, audit_of(&answer, "review"), rows[i].key ? answer.log.uid : (slice){0});
        if (rows[i].key)
            assert_slice(rows[i].policy, audit_of(&answer, rows[i].key), slice_of(rows[i].rules));
        if (rows[i].signature) {
            const struct node *last = NULL;
            for (const struct node *n = node_first(node_at(answer.root, "response.status.details.causes")); n;
                 n = node_next(n))
                last = n;
            assert_slice(rows[i].policy, node_get(last, LIT("message"))->text, slice_of(rows[i].signature));
            slice message = node_at(answer.root, "response.status.message")->text;
            assert_row(rows[i].policy, slice_ends(message, arena_fmt(a, "; brgate: %s", rows[i].signature)));
        }
        gate_close(g);
    }
}

/* Both endpoints see a review: the mutating one keeps out of log and metrics what the validating one will report. */
static void findings_are_told_once(void **state)
{
    struct arena *a = *state;
    struct answer answer = ask(plain_gate(), a, ENDPOINT_MUTATE, "t", BAD_MODE);
    assert_true(answer.allowed && answer.log.rule_count == 0);
    answer = ask(plain_gate(), a, ENDPOINT_MUTATE, "t",
                 BAD_MODE BAD_TYPE); /* no webhook is called after a denial */
    assert_true(!answer.allowed && answer.log.rule_count >= 2);
}

/* Not even what cannot be judged. */
static void watching_denies_nothing(void **state)
{
    struct arena *a = *state;
    struct gate *g = gate_by(a, "enforcement: warn");
    slice unclear = review(a, "t", "PATCH", "");
    struct answer answer = ask_gate(plain_gate(), a, ENDPOINT_VALIDATE, unclear, TEST_NOW);
    assert_false(answer.allowed);
    answer = ask_gate(g, a, ENDPOINT_VALIDATE, unclear, TEST_NOW);
    assert_true(answer.allowed && answer.log.would_deny);
    assert_slice(
        "unclear", node_first(node_at(answer.root, "response.warnings"))->text,
        LIT("would be denied: brgate cannot judge this request: request.operation: expected CREATE, UPDATE "
            "or DELETE, got \"PATCH\""));
    size_t unjudged = 0;
    for (size_t size = 4 << 10; size < 1 << 19; size += 4 << 10) { /* until there is memory enough */
        struct arena *small = arena_new(size);
        struct review_facts facts;
        slice text =
            review_answer(g, small, ENDPOINT_VALIDATE, review(a, "t", "CREATE", BAD_TYPE), TEST_NOW, &facts);
        assert_true(!text.n || facts.allowed);
        if (text.n)
            assert_true(slice_find(text, LIT("\"allowed\":true")) != SLICE_NONE &&
                        slice_find(text, LIT("would be denied: ")) != SLICE_NONE);
        unjudged += slice_find(text, LIT("takes more memory")) != SLICE_NONE;
        arena_free(small);
    }
    assert_true(unjudged > 0);
    gate_close(g);
}

/* ---- every example of every rule ---- */

static slice read_file(struct arena *a, const char *folder, const char *name)
{
    char path[600];
    snprintf(path, sizeof path, "tests/rules/cases/%s/%s", folder, name);
    FILE *in = fopen(path, "re");
    if (!in)
        return (slice){0};
    char *bytes = arena_alloc(a, 1, 1 << 16);
    size_t n = fread(bytes, 1, 1 << 16, in);
    fclose(in);
    return (slice){bytes, n};
}

static slice as_review(struct arena *a, const struct node *root)
{
    struct buf object = buf_new(a, 1 << 20);
    slice api_version = node_text_at(root, "apiVersion");
    node_put_json(&object, root, false);
    const struct ask ask = {"CREATE",
                            "",
                            arena_cstr(a, slice_cut(api_version, 0, slice_find_char(api_version, '/'))),
                            arena_cstr(a, node_text_at(root, "kind")),
                            buf_slice(&object),
                            {0}};
    return ask_text(a, &ask);
}

/* A server that enforces denies exactly what a watching one says would be denied, for the same rules. */
static void watching_tells_what_enforcing_denies(void **state)
{
    struct arena *a = *state;
    struct gate *g = gate_by(a, "enforcement: warn");
    DIR *d = opendir("tests/rules/cases");
    assert_non_null(d);
    size_t denied = 0;
    for (const struct dirent *e; (e = readdir(d));) {
        struct arena *one = arena_new(64 << 20);
        struct findings f = findings_new(one);
        slice text = read_file(one, e->d_name, "fires.yaml");
        const struct stream *s = stream_read(one, text, &f);
        for (const struct document *doc = s->first; doc; doc = doc->next) {
            if (!doc->root || doc->root->kind != NODE_OBJECT)
                continue;
            slice body = as_review(one, doc->root);
            struct answer enforced = ask_gate(plain_gate(), one, ENDPOINT_VALIDATE, body, TEST_NOW);
            struct answer watched = ask_gate(g, one, ENDPOINT_VALIDATE, body, TEST_NOW);
            assert_row(e->d_name, watched.allowed && watched.log.would_deny == !enforced.allowed);
            assert_slice(e->d_name, facts_of(one, &watched, EFFECT_WOULD_DENY),
                         facts_of(one, &enforced, EFFECT_DENIES));
            assert_slice(e->d_name, facts_of(one, &watched, EFFECT_WARNS),
                         facts_of(one, &enforced, EFFECT_WARNS));
            denied += !enforced.allowed;
        }
        arena_free(one);
    }
    closedir(d);
    gate_close(g);
    assert_true(denied > 80);
}

/* Only for new objects, only on request, and only by the endpoint that is asked last. */
static void the_plan_of_what_is_created_is_audited(void **state)
{
    static const char line[] =
        "when its cluster is ready: create Job backup-nightly; Job backup-nightly will run";
    static const struct {
        const char *policy, *operation, *spec, *plan;
        enum endpoint endpoint;
    } rows[] = {
        {"auditPlan: true", "CREATE", "", line, ENDPOINT_VALIDATE},
        {"{auditPlan: true, enforcement: warn}", "CREATE", BAD_TYPE, line, ENDPOINT_VALIDATE},
        {"auditPlan: true", "CREATE", BAD_TYPE, "", ENDPOINT_VALIDATE},
        {"auditPlan: true", "CREATE", "", "", ENDPOINT_MUTATE},
        {"auditPlan: true", "DELETE", "", "", ENDPOINT_VALIDATE},
        {"auditPlan: false", "CREATE", "", "", ENDPOINT_VALIDATE},
        {"{}", "CREATE", "", "", ENDPOINT_VALIDATE},
    };
    struct arena *a = *state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct gate *g = gate_by(a, rows[i].policy);
        struct answer answer =
            ask_gate(g, a, rows[i].endpoint, review(a, "t", rows[i].operation, rows[i].spec), TEST_NOW);
        assert_slice(rows[i].policy, audit_of(&answer, "plan"), slice_of(rows[i].plan));
        gate_close(g);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(what_is_not_enforced_is_told, arena_setup, arena_teardown),
        cmocka_unit_test(no_pattern_reads_a_long_name),
        cmocka_unit_test_setup_teardown(a_flag_goes_below_what_is_named, arena_setup, arena_teardown),
        cmocka_unit_test_setup_teardown(a_denial_is_signed, arena_setup, arena_teardown),
        cmocka_unit_test_setup_teardown(findings_are_told_once, arena_setup, arena_teardown),
        cmocka_unit_test_setup_teardown(watching_denies_nothing, arena_setup, arena_teardown),
        cmocka_unit_test_setup_teardown(watching_tells_what_enforcing_denies, arena_setup, arena_teardown),
        cmocka_unit_test_setup_teardown(the_plan_of_what_is_created_is_audited, arena_setup, arena_teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
