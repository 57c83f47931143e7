/* AdmissionReview v1 in and out. */
#include "review.h"

#include "base64.h"
#include "brgate_limits.h"
#include "json_memory.h"
#include "judge.h"
#include "patch.h"

#include <string.h>

struct request { /* what the API server asks */
    slice uid, operation;
    const struct schema_kind *kind; /* NULL: not ours */
    struct node *object, *old_object;
};

/* ---- reading ---- */

static bool unreadable(struct arena *a, struct review_facts *log, const char *what, slice got)
{
    log->error = got.n ? arena_fmt(a, "%s, got \"%.*s\"", what, FMT(slice_cut(got, 0, 100))) : slice_of(what);
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

static bool read_request(struct arena *a, slice body, struct request *q, struct review_facts *log)
{
    struct findings f = findings_new(a);
    const struct node *root = json_read(a, body, &f);
    if (!root)
        return unreadable(a, log,
                          arena_cstr(a, arena_fmt(a, "the body is not JSON: %.*s", FMT(f.first->message))),
                          (slice){0});
    if (!slice_eq(node_text_at(root, "apiVersion"), LIT("admission.k8s.io/v1")))
        return unreadable(a, log, "expected apiVersion admission.k8s.io/v1",
                          node_text_at(root, "apiVersion"));
    if (!slice_eq(node_text_at(root, "kind"), LIT("AdmissionReview")))
        return unreadable(a, log, "expected kind AdmissionReview", node_text_at(root, "kind"));
    struct node *request = node_get(root, LIT("request"));
    q->uid = node_text_at(request, "uid");
    if (q->uid.n == 0 || memchr(q->uid.p, 0, q->uid.n))
        return unreadable(a, log, "request.uid is required", (slice){0});
    q->operation = node_text_at(request, "operation");
    const struct node *dry_run = node_get(request, LIT("dryRun"));
    *log = (struct review_facts){
        .uid = q->uid,
        .group = node_text_at(request, "kind.group"),
        .kind = node_text_at(request, "kind.kind"),
        .namespace = node_text_at(request, "namespace"),
        .name = node_text_at(request, "name"),
        .operation = q->operation,
        .sub_resource = node_text_at(request, "subResource"),
        .dry_run = dry_run && dry_run->kind == NODE_BOOL && dry_run->boolean,
    };
    q->kind = schema_find_in(log->group, node_text_at(request, "kind.version"), log->kind);
    q->object = object_at(request, "object");
    q->old_object = object_at(request, "oldObject");
    return true;
}

/* What is there to judge? Sub-resources (the operator writes status) and other operations pass. */
static bool change_of(const struct request *q, const struct review_facts *log, struct change *ret)
{
    *ret = (struct change){.kind = q->kind, .object = q->object};
    if (!q->kind || log->sub_resource.n)
        return false;
    if (slice_eq(q->operation, LIT("CREATE"))) {
        ret->context = CONTEXT_CREATE;
    } else if (slice_eq(q->operation, LIT("UPDATE"))) {
        ret->context = CONTEXT_UPDATE;
        ret->old_object = q->old_object;
    } else if (slice_eq(q->operation, LIT("DELETE"))) {
        ret->context = CONTEXT_DELETE;
        ret->object = q->old_object;
    } else {
        return false;
    }
    return ret->object != NULL;
}

/* ---- answering ---- */

/* `message; hint [slug]`: all that kubectl shows of a cause, or of a warning behind its path. */
static void put_row(struct buf *b, const struct diagnostic *r)
{
    buf_put(b, r->message);
    if (r->hint.n)
        buf_fmt(b, "; %.*s", FMT(r->hint));
    buf_fmt(b, " [%s]", r->rule->slug);
}

static void put_cause(struct arena *a, cJSON *causes, const struct diagnostic *r)
{
    cJSON *cause = cJSON_CreateObject();
    struct buf b = buf_new(a, 2 * LIMIT_MESSAGE_BYTES);
    put_row(&b, r);
    json_put_text(cause, "reason", slice_of(field_error_reason(r->error)));
    json_put_text(cause, "message", buf_slice(&b));
    json_put_text(cause, "field", r->path);
    json_append(causes, cause);
}

static void put_status(struct arena *a, cJSON *response, const struct verdict *v)
{
    cJSON *status = json_put_object(response, "status");
    struct buf b = buf_new(a, 64 * LIMIT_MESSAGE_BYTES);
    slice group = slice_cut(v->api_version, 0, slice_find_char(v->api_version, '/'));
    buf_fmt(&b, "%.*s.%.*s \"%.*s\" is invalid: ", FMT(v->kind), FMT(group), FMT(v->name));
    buf_put(&b, v->errors > 1 ? LIT("[") : (slice){0});
    cJSON *details = cJSON_CreateObject();
    json_put_text(details, "name", v->name);
    json_put_text(details, "group", group);
    json_put_text(details, "kind", v->kind);
    cJSON *causes = json_put_list(details, "causes");
    size_t put = 0;
    for (size_t i = 0; i < v->diagnostic_count; i++) {
        if (v->diagnostics[i].severity != SEVERITY_ERROR)
            continue;
        put_cause(a, causes, &v->diagnostics[i]);
        buf_put(&b, put++ ? LIT(", ") : (slice){0});
        buf_fmt(&b, "%.*s: ", FMT(v->diagnostics[i].path));
        put_row(&b, &v->diagnostics[i]);
    }
    buf_put(&b, v->errors > 1 ? LIT("]") : (slice){0});
    json_put_text(status, "status", LIT("Failure"));
    json_put_text(status, "message", buf_slice(&b));
    json_put_text(status, "reason", LIT("Invalid"));
    cJSON_AddItemToObject(status, "details", details);
    json_put_count(status, "code", 422);
}

/* The API server drops a warning with a control character without a trace, and cuts at 256 code points. */
static slice warning_text(struct arena *a, const struct diagnostic *r)
{
    struct buf b = buf_new(a, 4 * LIMIT_MESSAGE_BYTES);
    if (r->path.n)
        buf_fmt(&b, "%.*s: ", FMT(r->path));
    put_row(&b, r);
    for (size_t i = 0; i < b.n; i++)
        if ((unsigned char)b.p[i] < 0x20 || b.p[i] == 0x7f)
            b.p[i] = ' ';
    return buf_slice(&b);
}

static void put_warnings(struct arena *a, cJSON *response, const struct verdict *v)
{
    if (!v->warnings)
        return;
    cJSON *warnings = json_put_list(response, "warnings");
    for (size_t i = 0; i < v->diagnostic_count; i++)
        if (v->diagnostics[i].severity == SEVERITY_WARNING)
            json_append_text(warnings, warning_text(a, &v->diagnostics[i]));
}

/* Who let what pass, for the audit log. */
static void put_audit(struct arena *a, cJSON *response, const struct verdict *v)
{
    if (!v->suppressed)
        return;
    struct buf b = buf_new(a, LIMIT_RESPONSE_BYTES);
    for (const struct suppressed *s = v->suppressed; s; s = s->next) {
        buf_put(&b, b.n ? LIT("; ") : (slice){0});
        buf_fmt(&b, "%s at %.*s: %.*s", s->rule->slug, FMT(s->path), FMT(s->reason));
    }
    json_put_text(json_put_object(response, "auditAnnotations"), "allowed-by-annotation", buf_slice(&b));
}

static void put_patch(struct arena *a, cJSON *response, const struct verdict *v, struct review_facts *log)
{
    slice patch = patch_of(a, v->root);
    if (!patch.n)
        return;
    log->patched = true;
    json_put_text(response, "patch", base64_encode(a, patch));
    json_put_text(response, "patchType", LIT("JSONPatch"));
}

static void log_rules(const struct gate *g, struct arena *a, struct review_facts *log,
                      const struct verdict *v)
{
    unsigned *rules = ARENA_ARRAY(a, unsigned, v->diagnostic_count + 1);
    enum severity *severities = ARENA_ARRAY(a, enum severity, v->diagnostic_count + 1);
    for (int severity = SEVERITY_ERROR; severity >= SEVERITY_WARNING; severity--) {
        for (size_t i = 0; i < v->diagnostic_count; i++) {
            if (v->diagnostics[i].severity != (enum severity)severity)
                continue;
            rules[log->rule_count] = rule_level_of(&g->levels, v->diagnostics[i].rule)->number;
            severities[log->rule_count++] = v->diagnostics[i].severity;
        }
    }
    log->rules = rules;
    log->severities = severities;
}

/* Whether this endpoint denies. The mutating one refuses only what the API server's own schema check would
 * refuse next: its answer then tells everything at once, where the server would stop at the schema. */
static bool denies(enum endpoint endpoint, const struct verdict *v)
{
    if (endpoint == ENDPOINT_VALIDATE)
        return v->errors > 0;
    for (size_t i = 0; i < v->diagnostic_count; i++)
        if (v->diagnostics[i].severity == SEVERITY_ERROR && (v->diagnostics[i].rule->flags & RULE_BY_SCHEMA))
            return true;
    return false;
}

static cJSON *response_new(cJSON *review, slice uid, bool allowed)
{
    json_put_text(review, "apiVersion", LIT("admission.k8s.io/v1"));
    json_put_text(review, "kind", LIT("AdmissionReview"));
    cJSON *response = json_put_object(review, "response");
    json_put_text(response, "uid", uid);
    json_put_bool(response, "allowed", allowed);
    return response;
}

static slice failure(slice why)
{
    cJSON *status = cJSON_CreateObject();
    json_put_text(status, "kind", LIT("Status"));
    json_put_text(status, "apiVersion", LIT("v1"));
    json_put_text(status, "status", LIT("Failure"));
    json_put_text(status, "message", why);
    json_put_text(status, "reason", LIT("BadRequest"));
    json_put_count(status, "code", 400);
    return json_print(status, false);
}

static slice answer(const struct gate *g, struct arena *a, enum endpoint endpoint, slice body, int64_t now,
                    struct review_facts *log)
{
    struct request q = {0};
    struct change change;
    if (!read_request(a, body, &q, log))
        return failure(log->error);
    log->answered = log->allowed = true;
    cJSON *review = cJSON_CreateObject();
    if (!change_of(&q, log, &change)) {
        response_new(review, q.uid, true);
        return json_print(review, false);
    }
    bool mutate = endpoint == ENDPOINT_MUTATE;
    const struct verdict *v = verdict_change(g, a, &change, mutate && change.context != CONTEXT_DELETE, now);
    log->allowed = !denies(endpoint, v);
    log_rules(g, a, log, v);
    cJSON *response = response_new(review, q.uid, log->allowed);
    if (!log->allowed)
        put_status(a, response, v);
    if (!mutate || !log->allowed) { /* the validating endpoint says it: once is enough */
        put_warnings(a, response, v);
        put_audit(a, response, v);
    } else if (change.context != CONTEXT_DELETE) {
        put_patch(a, response, v, log);
    }
    return json_print(review, false);
}

/* Nobody may take a review that has no answer for one that was allowed. */
static slice no_answer(struct review_facts *ret_log, const char *why)
{
    ret_log->answered = ret_log->allowed = false; /* what is asked about may be known and stays for the log */
    ret_log->error = slice_of(why);
    return (slice){0};
}

struct asking {
    const struct gate *gate;
    struct arena *arena;
    enum endpoint endpoint;
    slice body;
    int64_t now;
    struct review_facts *log;
    slice text;
};

static void answer_asked(void *context)
{
    struct asking *q = context;
    q->text = answer(q->gate, q->arena, q->endpoint, q->body, q->now, q->log);
}

slice review_answer(const struct gate *g, struct arena *a, enum endpoint endpoint, slice body, int64_t now,
                    struct review_facts *ret_log)
{
    *ret_log = (struct review_facts){0};
    json_memory_enter(a);
    struct asking q = {.gate = g, .arena = a, .endpoint = endpoint, .body = body, .now = now, .log = ret_log};
    bool finished = arena_run(a, answer_asked, &q);
    json_memory_leave();
    slice text = q.text;
    if (!finished || text.n == 0)
        return no_answer(ret_log, "the review needs more memory than a request may use");
    if (text.n > LIMIT_RESPONSE_BYTES)
        return no_answer(ret_log, "the answer would be larger than the limit for a review");
    return text;
}
