/* The server against what the chart registers: the conditions of its webhooks and its ValidatingAdmissionPolicy, evaluated
 * as the API server does. The input holds what the server made of a request; the oracle says whether the others agree. */
#include "topics.h"

#include "bug.h"
#include "builtin_schemas.h"
#include "catalogue.h"
#include "review.h"
#include "variation.h"

enum { ARENA_BYTES = 1 << 28 };

static struct gate *plain, *strict; /* by the default policy, and one that makes every rule an error */

static void open_gates(void)
{
    static struct policy none, all;
    struct error error;
    struct arena *kept = arena_new(ARENA_BYTES); /* for as long as the program runs */
    if (plain)
        return;
    plain = gate_open(&none, &builtin_schemas);
    policy_set(&all, LIT("all"), POLICY_ERROR, &error);
    strict = gate_open(&all, &builtin_schemas);
    BUG_IF(!plain || !strict || !kept);
    variation_open(kept, plain, 1);
}

/* ---- requests ---- */

static void put_deletion(struct dice *d, struct node *metadata, struct arena *a)
{
    static const char *const choices[] = {"\"2026-05-31T00:00:00Z\"", "\"2020-01-01T00:00:00Z\"", "null",
                                          "\"\"", "false"};
    if (!metadata || !dice_one_in(d, 2))
        return;
    struct node *n =
        read_object(a, slice_of(choices[dice_one_in(d, 4) ? 2 + dice_below(d, 3) : dice_below(d, 2)]));
    n->key = LIT("deletionTimestamp");
    node_append(metadata, n);
}

static void put_status(struct dice *d, struct node *root, struct arena *a)
{
    static const char *const choices[] = {
        "{}",
        "{\"phase\":\"Running\"}",
        "{\"phase\":\"\",\"commitTs\":\"450000000000000000\"}",
        "{\"phase\":\"Complete\",\"commitTs\":\"450000000000000000\",\"backupPath\":\"s3://b/p\"}",
        "{\"phase\":\"Complete\",\"commitTs\":\"\",\"backupPath\":\"s3://b/p\"}",
        "{\"phase\":\"Failed\",\"backupPath\":\"s3://b/p\"}",
    };
    struct node *before = node_get(root, LIT("status"));
    if (before)
        before->flags |= NODE_SHADOWED;
    if (dice_one_in(d, 4))
        return;
    struct node *n = read_object(a, slice_of(DICE_PICK(d, choices)));
    n->key = LIT("status");
    node_append(root, n);
}

/* Spec as it was, edited, or gone; and what typed clients and kubectl do to it besides. */
static struct node *object_of(struct dice *d, struct arena *a, const struct sample *s)
{
    struct node *nodes[VARIATION_NODES];
    unsigned count = list_nodes(read_object(a, s->text), nodes);
    slice text = s->text;
    if (count && dice_one_in(d, 2)) {
        struct strokes e = throw_edits(a, s, nodes, count);
        text = edited(a, s, &e);
    }
    struct node *root = read_object(a, text), *spec = node_get(root, LIT("spec"));
    if (spec && dice_one_in(d, 20))
        spec->flags |= NODE_SHADOWED;
    if (spec && dice_one_in(d, 8) && !node_get(spec, LIT("resources"))) {
        struct node *n = read_object(a, LIT("{}"));
        n->key = LIT("resources");
        node_append(spec, n);
    }
    put_deletion(d, node_get(root, LIT("metadata")), a);
    put_status(d, root, a);
    return root;
}

/* ---- the server ---- */

static slice review_of(struct arena *a, const char *operation, const struct sample *s, slice object,
                       slice old)
{
    struct buf b = buf_new(a, 8 << 20);
    buf_fmt(&b,
            "{\"apiVersion\":\"admission.k8s.io/"
            "v1\",\"kind\":\"AdmissionReview\",\"request\":{\"uid\":\"u\",\"operation\":"
            "\"%s\",\"kind\":{\"group\":\"%.*s\",\"version\":\"%.*s\",\"kind\":\"%.*s\"},\"object\":%.*s,"
            "\"oldObject\":%.*s}}",
            operation, FMT(s->kind->group), FMT(s->kind->version), FMT(s->kind->kind), FMT(object), FMT(old));
    return buf_slice(&b);
}

/* The object with a field in its spec that no schema knows: what is judged has a finding then. */
static slice marked(struct arena *a, slice object)
{
    struct node *root = read_object(a, object), *spec = node_get(root, LIT("spec"));
    if (spec) {
        struct node *n = read_object(a, LIT("1"));
        n->key = LIT("nobodyKnowsThis");
        node_append(spec, n);
    }
    return json_of(a, root);
}

static bool is_judged(struct arena *a, const char *operation, const struct sample *s, slice object, slice old)
{
    struct review_facts facts;
    slice review = review_of(a, operation, s, marked(a, object), marked(a, old));
    review_answer(strict, a, ENDPOINT_VALIDATE, review, FIXTURE_NOW, &facts);
    BUG_IF(!facts.answered || facts.error.n);
    return facts.rule_count > 0;
}

/* Only what passes the schema comes to a policy; the mutating endpoint denies nothing else. */
static bool is_valid(struct arena *a, const struct sample *s, slice object)
{
    struct review_facts facts = {.allowed = true};
    if (!slice_eq(object, LIT("null")))
        review_answer(plain, a, ENDPOINT_MUTATE, review_of(a, "CREATE", s, object, LIT("null")), FIXTURE_NOW,
                      &facts);
    return facts.allowed;
}

static void put_denials(struct arena *a, struct buf *b, slice review)
{
    struct review_facts facts;
    review_answer(plain, a, ENDPOINT_VALIDATE, review, FIXTURE_NOW, &facts);
    for (size_t i = 0, put = 0; i < facts.rule_count; i++)
        if (facts.effects[i] == EFFECT_DENIES)
            buf_fmt(b, "%s\"%s\"", put++ ? "," : "", rule_at(facts.rules[i])->slug);
}

static void make(struct dice *d, struct buf *input)
{
    static const char *const operations[] = {"CREATE", "UPDATE", "UPDATE", "UPDATE", "DELETE"};
    struct arena *a = input->arena;
    open_gates();
    variation_seed(d->state);
    const char *operation = DICE_PICK(d, operations);
    const struct sample *s = &samples[dice_below(d, (unsigned)sample_count)];
    slice object = json_of(a, object_of(d, a, s)), old = json_of(a, object_of(d, a, s));
    if (*operation == 'C')
        old = LIT("null");
    if (*operation == 'D')
        object = LIT("null");
    bool deletion = *operation == 'D';
    bool judged = deletion || is_judged(a, operation, s, object, old);
    buf_fmt(input,
            "{\"operation\":\"%s\",\"group\":\"%.*s\",\"kind\":\"%.*s\",\"object\":%.*s,\"oldObject\":%.*s,",
            operation, FMT(s->kind->group), FMT(s->kind->kind), FMT(object), FMT(old));
    buf_fmt(input, "\"judged\":%s,\"valid\":%s,\"denied\":[", judged ? "true" : "false",
            is_valid(a, s, object) && is_valid(a, s, old) ? "true" : "false");
    if (!deletion)
        put_denials(a, input, review_of(a, operation, s, object, old));
    buf_put(input, LIT("]}"));
}

static void answer(struct arena *a, slice input, struct buf *answer)
{
    (void)a;
    (void)input;
    buf_put(answer, LIT("+agreed"));
}

const struct fidelity_topic topic_admission = {.name = "admission", .make = make, .answer = answer};
