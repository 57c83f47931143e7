/* AdmissionReview v1 in. */
#include "review_request.h"

#include "judge.h"
#include "utf8.h"

static bool unreadable(struct arena *a, struct review_facts *facts, const char *what, slice got)
{
    facts->error = got.n ? arena_fmt(a, "%s, got \"%.*s\"", what, FMT(utf8_cut(got, 100))) : slice_of(what);
    return false;
}

/* An object as a tree of its own: paths start at its root. */
static struct node *object_at(const struct node *request, const char *key)
{
    struct node *n = node_get(request, slice_of(key));
    if (!n || n->kind != NODE_OBJECT)
        return NULL;
    n->parent = NULL;
    n->key = (slice){0};
    return n;
}

static slice text_of(const struct node *object, slice key)
{
    return node_text(node_get(object, key));
}

bool review_request_read(const struct gate *g, struct arena *a, slice body, struct review_request *q,
                         struct review_facts *facts)
{
    q->readings = findings_new(a);
    const struct node *root = json_read(a, body, &q->readings);
    if (!root)
        return unreadable(
            a, facts,
            arena_cstr(a, arena_fmt(a, "the body is not JSON: %.*s", FMT(q->readings.first->message))),
            (slice){0});
    slice version = text_of(root, LIT("apiVersion")), type = text_of(root, LIT("kind"));
    if (!slice_eq(version, LIT("admission.k8s.io/v1")))
        return unreadable(a, facts, "expected apiVersion admission.k8s.io/v1", version);
    if (!slice_eq(type, LIT("AdmissionReview")))
        return unreadable(a, facts, "expected kind AdmissionReview", type);
    const struct node *request = node_get(root, LIT("request")), *kind = node_get(request, LIT("kind"));
    q->uid = text_of(request, LIT("uid"));
    if (q->uid.n == 0 || memchr(q->uid.p, 0, q->uid.n))
        return unreadable(a, facts, "request.uid is required", (slice){0});
    q->operation = text_of(request, LIT("operation"));
    const struct node *dry_run = node_get(request, LIT("dryRun"));
    *facts = (struct review_facts){
        .uid = q->uid,
        .group = text_of(kind, LIT("group")),
        .kind = text_of(kind, LIT("kind")),
        .namespace = text_of(request, LIT("namespace")),
        .name = text_of(request, LIT("name")),
        .operation = q->operation,
        .sub_resource = text_of(request, LIT("subResource")),
        .user = node_text_at(request, "userInfo.username"),
        .dry_run = dry_run && dry_run->kind == NODE_BOOL && dry_run->boolean,
    };
    q->kind = schema_find_in(g->schemas, facts->group, text_of(kind, LIT("version")), facts->kind);
    q->sub_resource = node_get(request, LIT("subResource"));
    q->object = object_at(request, "object");
    q->old_object = object_at(request, "oldObject");
    return true;
}

static bool is_word(const struct node *n, const char *word)
{
    return n && n->kind == NODE_STRING && slice_eq(n->text, slice_of(word));
}

static bool is_absent(const struct node *n)
{
    return !n || n->kind == NODE_NULL || is_word(n, "");
}

/* Returns whether brgate knows the kind, in any version. */
static bool is_ours(const struct gate *g, const struct review_facts *facts)
{
    const struct schema_tables *t = schema_set_tables(g->schemas);
    for (size_t i = 0; i < t->kind_count; i++)
        if (slice_eq(t->kinds[i].group, facts->group) && slice_eq(t->kinds[i].kind, facts->kind))
            return true;
    return false;
}

enum asked review_request_change(const struct gate *g, struct review_request *q,
                                 const struct review_facts *facts, struct change *ret, struct error *reterr)
{
    static const struct {
        const char *operation;
        enum context context;
    } operations[] = {{"CREATE", CONTEXT_CREATE}, {"UPDATE", CONTEXT_UPDATE}, {"DELETE", CONTEXT_DELETE}};
    *ret = (struct change){
        .kind = q->kind, .object = q->object, .old_object = q->old_object, .readings = &q->readings};
    if (!is_ours(g, facts) || is_word(q->sub_resource, "status") || slice_eq(q->operation, LIT("CONNECT")))
        return ASKED_NOTHING;
    size_t i = 0;
    while (i < COUNT(operations) && !slice_eq(q->operation, slice_of(operations[i].operation)))
        i++;
    if (i == COUNT(operations)) {
        error_set(reterr, "request.operation: expected CREATE, UPDATE or DELETE, got \"%.*s\"",
                  FMT(q->operation));
        return ASKED_UNCLEARLY;
    }
    ret->context = operations[i].context;
    if (ret->context == CONTEXT_DELETE) { /* no finding justifies refusing a deletion */
        *ret = (struct change){.context = CONTEXT_DELETE, .kind = q->kind, .object = q->old_object};
        return q->kind && q->old_object ? ASKED_TO_JUDGE : ASKED_NOTHING;
    }
    if (!q->kind)
        error_set(reterr, "request.kind.version: brgate does not know this version of %.*s",
                  FMT(facts->kind));
    else if (!is_absent(q->sub_resource))
        error_set(reterr, "request.subResource: expected none or status");
    else if (!q->object)
        error_set(reterr, "request.object: an object is required");
    else if (ret->context == CONTEXT_UPDATE && !q->old_object)
        error_set(reterr, "request.oldObject: an object is required on UPDATE");
    else
        return ASKED_TO_JUDGE;
    return ASKED_UNCLEARLY;
}
