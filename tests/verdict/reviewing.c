#include "reviewing.h"

#include "builtin_schemas.h"

#include <stdlib.h>

enum { TEXT_BYTES = 16 << 20, ARENA_BYTES = 1 << 30 };

static void put_json_or_null(struct buf *b, slice json)
{
    buf_put(b, json.n ? json : LIT("null"));
}

slice ask_text(struct arena *a, const struct ask *ask)
{
    struct buf b = buf_new(a, TEXT_BYTES);
    buf_fmt(&b,
            "{\"kind\":\"AdmissionReview\",\"apiVersion\":\"admission.k8s.io/v1\",\"request\":{"
            "\"uid\":\"0df28fbd-5f5f-11e8-bc74-36e6bb280816\",\"kind\":{\"group\":\"%s\",\"version\":"
            "\"v1alpha1\","
            "\"kind\":\"%s\"},\"operation\":\"%s\",",
            ask->group, ask->kind, ask->operation);
    if (ask->sub_resource && *ask->sub_resource)
        buf_fmt(&b, "\"subResource\":\"%s\",", ask->sub_resource);
    buf_put(&b, LIT("\"object\":"));
    put_json_or_null(&b, ask->object);
    buf_put(&b, LIT(",\"oldObject\":"));
    put_json_or_null(&b, ask->old_object);
    buf_put(&b, LIT(",\"dryRun\":false}}"));
    assert_false(b.failed);
    return buf_slice(&b);
}

static struct node *read_json(struct arena *a, slice text)
{
    struct findings f = findings_new(a);
    struct node *root = json_read(a, text, &f);
    if (!root || f.first) {
        print_error("not clean JSON: %.*s\n%.*s\n", FMT(f.first ? f.first->message : LIT("?")), FMT(text));
        fail();
    }
    return root;
}

struct answer ask_gate(const struct gate *g, struct arena *a, enum endpoint endpoint, slice body, int64_t now)
{
    struct answer r = {0};
    r.body = review_answer(g, a, endpoint, body, now, &r.log);
    assert_true(r.body.n > 0);
    r.root = read_json(a, r.body);
    const struct node *allowed = node_at(r.root, "response.allowed");
    assert_true(!r.log.answered || (allowed && allowed->kind == NODE_BOOL));
    r.allowed = r.log.answered && allowed->boolean;
    assert_int_equal(r.allowed, r.log.allowed);
    if (r.log.answered)
        assert_slice("uid", node_at(r.root, "response.uid")->text, r.log.uid);
    return r;
}

/* The slug that ends a message: "... [slug]". */
static void put_slug(struct buf *b, slice message)
{
    if (slice_find(message, LIT(" more findings are not shown")) != SLICE_NONE)
        return;
    size_t open = SLICE_NONE;
    for (size_t i = 0; i < message.n; i++)
        if (message.p[i] == '[')
            open = i;
    assert_true(open != SLICE_NONE && message.p[message.n - 1] == ']');
    buf_put(b, b->n ? LIT(" ") : (slice){0});
    buf_put(b, slice_cut(message, open + 1, message.n - open - 2));
}

slice answer_causes(struct arena *a, const struct answer *answer)
{
    struct buf b = buf_new(a, TEXT_BYTES);
    const struct node *causes = node_at(answer->root, "response.status.details.causes");
    slice uid = node_at(answer->root, "response.uid")->text, field = {0};
    for (const struct node *n = node_first(causes); n; n = node_next(n)) {
        slice message = node_get(n, LIT("message"))->text;
        field = node_get(n, LIT("field"))->text;
        if (!slice_eq(field, LIT("brgate")))
            put_slug(&b, message);
        else
            assert_true(slice_find(message, uid) != SLICE_NONE &&
                        slice_find(message, LIT("brgate explain ")) != SLICE_NONE);
    }
    assert_true(!causes || slice_eq(field, LIT("brgate"))); /* every denial is signed, at its end */
    return buf_slice(&b);
}

slice answer_warnings(struct arena *a, const struct answer *answer)
{
    struct buf b = buf_new(a, TEXT_BYTES);
    for (const struct node *n = node_first(node_at(answer->root, "response.warnings")); n; n = node_next(n))
        put_slug(&b, n->text);
    return buf_slice(&b);
}

/* ---- patches ---- */

static slice base64_decode(struct arena *a, slice s)
{
    static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    struct buf b = buf_new(a, TEXT_BYTES);
    unsigned bits = 0, count = 0;
    assert_int_equal(s.n % 4, 0);
    for (size_t i = 0; i < s.n && s.p[i] != '='; i++) {
        size_t digit = slice_find_char(slice_of(digits), s.p[i]);
        assert_true(digit < 64);
        bits = (bits << 6) | (unsigned)digit;
        count += 6;
        if (count >= 8)
            buf_char(&b, (char)(bits >> (count -= 8)));
    }
    return buf_slice(&b);
}

static slice unescape_pointer(struct arena *a, slice s)
{
    struct buf b = buf_new(a, TEXT_BYTES);
    for (size_t i = 0; i < s.n; i++) {
        bool tilde = s.p[i] == '~';
        i += tilde;
        buf_char(&b, !tilde ? s.p[i] : s.p[i] == '1' ? '/' : '~');
    }
    return buf_slice(&b);
}

static void apply(struct arena *a, struct node *root, const struct node *operation)
{
    slice path = node_get(operation, LIT("path"))->text;
    assert_slice("op", node_get(operation, LIT("op"))->text, LIT("add"));
    assert_int_equal(path.p[0], '/');
    struct node *parent = root;
    path = slice_from(path, 1);
    for (size_t slash; (slash = slice_find_char(path, '/')) != SLICE_NONE;
         path = slice_from(path, slash + 1)) {
        parent = node_get(parent, unescape_pointer(a, slice_cut(path, 0, slash)));
        assert_non_null(parent);
    }
    assert_int_equal(parent->kind, NODE_OBJECT);
    slice key = unescape_pointer(a, path);
    struct node *before = node_get(parent, key);
    if (before)
        before->flags |= NODE_SHADOWED;
    struct node *value = node_copy(a, node_get(operation, LIT("value")), 0);
    value->key = key;
    node_append(parent, value);
}

slice patched_object(struct arena *a, const struct answer *answer, slice object)
{
    const struct node *patch = node_at(answer->root, "response.patch");
    if (!patch)
        return object;
    assert_slice("patchType", node_at(answer->root, "response.patchType")->text, LIT("JSONPatch"));
    struct node *root = read_json(a, object);
    const struct node *operations = read_json(a, base64_decode(a, patch->text));
    assert_non_null(node_first(operations));
    for (const struct node *o = node_first(operations); o; o = node_next(o))
        apply(a, root, o);
    struct buf b = buf_new(a, TEXT_BYTES);
    node_put_json(&b, root, false);
    return buf_slice(&b);
}

/* ---- setting up ---- */

static struct gate *shared;

static void close_shared(void)
{
    gate_close(shared);
}

const struct gate *plain_gate(void)
{
    static const struct policy none;
    if (!shared) {
        shared = gate_open(&none, &builtin_schemas);
        atexit(close_shared);
    }
    return shared;
}

struct gate *gate_by(struct arena *a, const char *config)
{
    struct policy policy = {0};
    struct error error;
    if (!policy_read(&policy, a, slice_of(config), NULL, &error)) {
        print_error("%s\n", error.text);
        fail();
    }
    return gate_open(&policy, &builtin_schemas);
}

int arena_setup(void **state)
{
    *state = arena_new(ARENA_BYTES);
    return !*state;
}

int arena_teardown(void **state)
{
    arena_free(*state);
    return 0;
}
