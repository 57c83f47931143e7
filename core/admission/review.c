/* AdmissionReview v1 in and out. */
#include "review.h"

#include "ascii.h"
#include "base64.h"
#include "brgate_limits.h"
#include "json_memory.h"
#include "judge.h"
#include "patch.h"
#include "utf8.h"

#include <stdio.h>
#include <string.h>

struct request { /* what the API server asks */
    slice uid, operation;
    const struct schema_kind *kind; /* NULL: not ours */
    const struct node *sub_resource;
    struct node *object, *old_object;
    struct findings readings;
};

/* ---- reading ---- */

static bool unreadable(struct arena *a, struct review_facts *log, const char *what, slice got)
{
    log->error = got.n ? arena_fmt(a, "%s, got \"%.*s\"", what, FMT(utf8_cut(got, 100))) : slice_of(what);
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

static bool read_request(const struct gate *g, struct arena *a, slice body, struct request *q,
                         struct review_facts *log)
{
    q->readings = findings_new(a);
    const struct node *root = json_read(a, body, &q->readings);
    if (!root)
        return unreadable(
            a, log,
            arena_cstr(a, arena_fmt(a, "the body is not JSON: %.*s", FMT(q->readings.first->message))),
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
    q->kind = schema_find_in(g->schemas, log->group, node_text_at(request, "kind.version"), log->kind);
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

/* Whether brgate knows the kind, in whatever version. */
static bool is_ours(const struct gate *g, const struct review_facts *log)
{
    const struct schema_tables *t = schema_set_tables(g->schemas);
    for (size_t i = 0; i < t->kind_count; i++)
        if (slice_eq(t->kinds[i].group, log->group) && slice_eq(t->kinds[i].kind, log->kind))
            return true;
    return false;
}

enum asked { ASKED_TO_JUDGE, ASKED_NOTHING, ASKED_UNCLEARLY };

/* Decides whether there is anything to judge. Other kinds and the status sub-resource pass. A request that the API
 * server never sends does not pass: the stored object may differ. `reterr` says why it is unclear. */
static enum asked read_change(const struct gate *g, struct request *q, const struct review_facts *log,
                              struct change *ret, struct error *reterr)
{
    static const struct {
        const char *operation;
        enum context context;
    } operations[] = {{"CREATE", CONTEXT_CREATE}, {"UPDATE", CONTEXT_UPDATE}, {"DELETE", CONTEXT_DELETE}};
    *ret = (struct change){
        .kind = q->kind, .object = q->object, .old_object = q->old_object, .readings = &q->readings};
    if (!is_ours(g, log) || is_word(q->sub_resource, "status") || slice_eq(q->operation, LIT("CONNECT")))
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
    if (ret->context == CONTEXT_DELETE) { /* nothing is worth refusing a deletion */
        *ret = (struct change){.context = CONTEXT_DELETE, .kind = q->kind, .object = q->old_object};
        return q->kind && q->old_object ? ASKED_TO_JUDGE : ASKED_NOTHING;
    }
    if (!q->kind)
        error_set(reterr, "request.kind.version: brgate does not know this version of %.*s", FMT(log->kind));
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

/* ---- answering ---- */

/* `message; hint [slug]`: all that kubectl shows of a cause, or of a warning behind its path. */
static void put_row(struct buf *b, const struct diagnostic *r)
{
    buf_put(b, r->message);
    if (r->hint.n)
        buf_fmt(b, "; %.*s", FMT(r->hint));
    buf_fmt(b, " [%s]", r->rule->slug);
}

/* Bytes of text: JSON may take six for one, and the answer has to stay below LIMIT_RESPONSE_BYTES, or there is none. */
enum { CAUSES_BYTES = 400 << 10, MESSAGE_BYTES = 64 << 10, WARNINGS_BYTES = 64 << 10 };

/* Takes the text's bytes from a budget; false when they are not there. */
static bool spend(size_t *budget, size_t bytes)
{
    if (bytes > *budget)
        return false;
    *budget -= bytes;
    return true;
}

static slice row_text(struct arena *a, const struct diagnostic *r, bool path)
{
    struct buf b = buf_new(a, 4 * LIMIT_MESSAGE_BYTES);
    if (path && r->path.n)
        buf_fmt(&b, "%.*s: ", FMT(r->path));
    put_row(&b, r);
    return buf_slice(&b);
}

static void put_cause(cJSON *causes, const char *reason, slice message, slice field)
{
    cJSON *cause = cJSON_CreateObject();
    json_put_text(cause, "reason", slice_of(reason));
    json_put_text(cause, "message", message);
    json_put_text(cause, "field", field);
    json_append(causes, cause);
}

/* The causes of a denial, and in `message` the same on one line. */
static void put_causes(struct arena *a, cJSON *causes, struct buf *message, const struct verdict *v)
{
    size_t budget = CAUSES_BYTES, line = MESSAGE_BYTES, more = v->dropped, put = 0;
    for (size_t i = 0; i < v->diagnostic_count; i++) {
        const struct diagnostic *d = &v->diagnostics[i];
        if (d->severity != SEVERITY_ERROR)
            continue;
        slice text = row_text(a, d, false);
        if (!spend(&budget, text.n + d->path.n)) {
            more++;
            continue;
        }
        put_cause(causes, field_error_reason(d->error), text, d->path);
        if (spend(&line, text.n + d->path.n + 4))
            buf_fmt(message, "%s%.*s: %.*s", put++ ? ", " : "", FMT(d->path), FMT(text));
    }
    if (!more)
        return;
    slice rest = arena_fmt(a, "%zu more findings are not shown", more);
    put_cause(causes, field_error_reason(FIELD_NONE), rest, (slice){0});
    buf_fmt(message, ", %.*s", FMT(rest));
}

static void put_status(struct arena *a, cJSON *response, const struct verdict *v)
{
    cJSON *status = json_put_object(response, "status");
    struct buf b = buf_new(a, 2 * MESSAGE_BYTES);
    slice group = slice_cut(v->api_version, 0, slice_find_char(v->api_version, '/'));
    buf_fmt(&b, "%.*s.%.*s \"%.*s\" is invalid: ", FMT(v->kind), FMT(group), FMT(v->name));
    buf_put(&b, v->errors > 1 ? LIT("[") : (slice){0});
    cJSON *details = cJSON_CreateObject();
    json_put_text(details, "name", v->name);
    json_put_text(details, "group", group);
    json_put_text(details, "kind", v->kind);
    put_causes(a, json_put_list(details, "causes"), &b, v);
    buf_put(&b, v->errors > 1 ? LIT("]") : (slice){0});
    json_put_text(status, "status", LIT("Failure"));
    json_put_text(status, "message", buf_slice(&b));
    json_put_text(status, "reason", LIT("Invalid"));
    cJSON_AddItemToObject(status, "details", details);
    json_put_count(status, "code", 422);
}

/* The API server drops a warning with a control character without a trace, and cuts at 256 code points. */
static slice warning_text(struct arena *a, const struct diagnostic *d)
{
    struct buf b = buf_new(a, 4 * LIMIT_MESSAGE_BYTES);
    buf_put(&b, row_text(a, d, true));
    for (size_t i = 0; i < b.n; i++)
        if ((unsigned char)b.p[i] < 0x20 || b.p[i] == 0x7f)
            b.p[i] = ' ';
    return buf_slice(&b);
}

static void put_warnings(struct arena *a, cJSON *response, const struct verdict *v)
{
    size_t budget = WARNINGS_BYTES; /* of all of them together the API server passes on 4,096 code points */
    if (!v->warnings)
        return;
    cJSON *warnings = json_put_list(response, "warnings");
    for (size_t i = 0; i < v->diagnostic_count; i++) {
        if (v->diagnostics[i].severity != SEVERITY_WARNING)
            continue;
        slice text = warning_text(a, &v->diagnostics[i]);
        if (spend(&budget, text.n))
            json_append_text(warnings, text);
    }
}

/* The uses of one rule's annotation. */
struct permission {
    size_t count;
    const struct suppressed *first;
};

/* Quoted, and cut where that is longer than the limit. */
static void put_quoted(struct arena *a, struct buf *b, slice text)
{
    for (size_t n = LIMIT_AUDIT_BYTES; n; n /= 2) {
        struct buf quoted = buf_new(a, 2 * LIMIT_AUDIT_BYTES);
        slice head = utf8_cut(text, n);
        buf_quote(&quoted, head);
        if (quoted.failed || quoted.n > LIMIT_AUDIT_BYTES)
            continue;
        buf_put(b, buf_slice(&quoted));
        buf_put(b, head.n < text.n ? LIT("...") : (slice){0});
        return;
    }
}

static void put_permission(struct arena *a, cJSON *annotations, const struct permission *p)
{
    struct buf b = buf_new(a, 4 * LIMIT_AUDIT_BYTES);
    buf_fmt(&b, "%zu at ", p->count);
    put_quoted(a, &b, p->first->path);
    buf_put(&b, LIT(": "));
    put_quoted(a, &b, p->first->reason);
    slice key = arena_fmt(a, "allow.%s", p->first->rule->slug);
    json_put_text(annotations, arena_cstr(a, key), buf_slice(&b));
}

/* For the audit log: which rules an annotation has lowered, each with how often, where first, and the reason. A rule
 * has a key of its own, and texts are quoted, so that no reason can pass for another entry. */
static void put_audit(const struct gate *g, struct arena *a, cJSON *response, const struct verdict *v)
{
    if (!v->suppressed)
        return;
    struct permission *permissions = ARENA_ARRAY(a, struct permission, rule_count());
    for (const struct suppressed *s = v->suppressed; s; s = s->next) { /* the last one comes first */
        struct permission *p = &permissions[rule_level_of(&g->levels, s->rule)->number];
        p->count++;
        p->first = s;
    }
    cJSON *annotations = json_put_object(response, "auditAnnotations");
    for (size_t i = 0; i < rule_count(); i++)
        if (permissions[i].count)
            put_permission(a, annotations, &permissions[i]);
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

static cJSON *bad_request(slice why)
{
    cJSON *status = cJSON_CreateObject();
    json_put_text(status, "kind", LIT("Status"));
    json_put_text(status, "apiVersion", LIT("v1"));
    json_put_text(status, "status", LIT("Failure"));
    json_put_text(status, "message", why);
    json_put_text(status, "reason", LIT("BadRequest"));
    json_put_count(status, "code", 400);
    return status;
}

static slice answer(const struct gate *g, struct arena *a, enum endpoint endpoint, slice body, int64_t now,
                    struct review_facts *log)
{
    struct request q = {0};
    struct change change;
    if (!read_request(g, a, body, &q, log))
        return json_print(bad_request(log->error));
    log->answered = log->allowed = true;
    cJSON *review = cJSON_CreateObject();
    struct error error;
    switch (read_change(g, &q, log, &change, &error)) {
    case ASKED_NOTHING:
        response_new(review, q.uid, true);
        return json_print(review);
    case ASKED_UNCLEARLY:
        log->allowed = false;
        log->error = arena_fmt(a, "%s", error.text);
        cJSON_AddItemToObject(response_new(review, q.uid, false), "status", bad_request(log->error));
        return json_print(review);
    case ASKED_TO_JUDGE:
        log->allowed = false; /* until it is judged */
        break;
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
        put_audit(g, a, response, v);
    } else if (change.context != CONTEXT_DELETE) {
        put_patch(a, response, v, log);
    }
    return json_print(review);
}

/* On failure, clears `allowed`, so that logs and metrics do not count the review as allowed. */
static slice no_answer(struct review_facts *ret_log, const char *why)
{
    ret_log->answered = ret_log->allowed = false; /* the object's names may be known and stay for the log */
    ret_log->error = slice_of(why);
    return (slice){0};
}

enum { DENIAL_BYTES = 1 << 10, UID_MOST = 100 };

static bool is_plain(slice uid)
{
    for (size_t i = 0; i < uid.n; i++)
        if (!ascii_is_alnum(uid.p[i]) && uid.p[i] != '-')
            return false;
    return uid.n && uid.n <= UID_MOST;
}

/* Answers a review that exceeded its memory. An object that cannot be judged is denied: without an answer,
 * failurePolicy Ignore would let it pass. `text` was allocated while there was memory. */
static slice deny_unjudged(char *text, struct review_facts *ret_log)
{
    static const char why[] =
        "judging this object takes more memory than one review may use (server.reviewMemory)";
    bool stores = slice_eq(ret_log->operation, LIT("CREATE")) || slice_eq(ret_log->operation, LIT("UPDATE"));
    if (!text || !ret_log->answered || ret_log->allowed || !stores || !is_plain(ret_log->uid))
        return (slice){0};
    int n = snprintf(
        text, DENIAL_BYTES,
        "{\"apiVersion\":\"admission.k8s.io/v1\",\"kind\":\"AdmissionReview\",\"response\":{\"uid\":"
        "\"%.*s\",\"allowed\":false,\"status\":{\"status\":\"Failure\",\"message\":\"%s\",\"reason\":"
        "\"RequestEntityTooLarge\",\"code\":413}}}",
        FMT(ret_log->uid), why);
    ret_log->allowed = ret_log->patched = false;
    ret_log->rule_count = 0;
    ret_log->error = slice_of(why);
    return (slice){text, (size_t)n};
}

struct asking {
    const struct gate *gate;
    struct arena *arena;
    enum endpoint endpoint;
    slice body;
    int64_t now;
    struct review_facts *log;
    char *denial; /* DENIAL_BYTES for deny_unjudged(); NULL: not for this endpoint */
    slice text;
};

static void answer_asked(void *context)
{
    struct asking *q = context;
    if (q->endpoint == ENDPOINT_VALIDATE)
        q->denial = arena_alloc(q->arena, DENIAL_BYTES, 1);
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
    if (!finished && arena_shortage(a) == ARENA_SHORT_OF_LIMIT)
        text = deny_unjudged(q.denial, ret_log);
    else if (!finished)
        text = (slice){0};
    if (text.n == 0)
        return no_answer(ret_log, "the review needs more memory than a request may use");
    if (text.n > LIMIT_RESPONSE_BYTES)
        return no_answer(ret_log, "the answer would be larger than the limit for a review");
    return text;
}
