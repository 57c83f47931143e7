/* AdmissionReview v1 out: turns the verdict into an answer. */
#include "review.h"

#include "ascii.h"
#include "base64.h"
#include "brgate_limits.h"
#include "json_memory.h"
#include "judge.h"
#include "patch.h"
#include "plan_line.h"
#include "review_request.h"
#include "utf8.h"

#include <stdio.h>
#include <string.h>

static size_t number_of(const struct gate *g, const struct diagnostic *d)
{
    return rule_level_of(&g->levels, d->rule)->number;
}

static enum effect effect_of(const struct gate *g, const struct diagnostic *d)
{
    return d->severity != SEVERITY_ERROR                ? EFFECT_WARNS
           : policy_denies(&g->policy, number_of(g, d)) ? EFFECT_DENIES
                                                        : EFFECT_WOULD_DENY;
}

static size_t count_of(const struct gate *g, const struct verdict *v, enum effect effect)
{
    size_t n = 0;
    for (size_t i = 0; i < v->diagnostic_count; i++)
        n += effect_of(g, &v->diagnostics[i]) == effect;
    return n;
}

/* `message; hint [slug]`: all that kubectl shows of a cause, or of a warning behind its path. */
static void put_row(struct buf *b, const struct diagnostic *r)
{
    buf_put(b, r->message);
    buf_put(b, r->hint.n ? LIT("; ") : (slice){0});
    buf_put(b, r->hint);
    buf_put(b, LIT(" ["));
    buf_put(b, slice_of(r->rule->slug));
    buf_char(b, ']');
}

/* Bytes of text: JSON may take six for one, and the answer has to stay below LIMIT_RESPONSE_BYTES, or there is none. */
enum {
    CAUSES_BYTES = 400 << 10,
    MESSAGE_BYTES = 64 << 10,
    WARNINGS_BYTES = 64 << 10,
    LIMIT_AUDIT_RULES_BYTES = 16 << 10, /* all slugs there are */
    UID_MOST = 100,
};

/* Takes the text's bytes from a budget; false when they are not there. */
static bool spend(size_t *budget, size_t bytes)
{
    if (bytes > *budget)
        return false;
    *budget -= bytes;
    return true;
}

#define WOULD_BE_DENIED "would be denied: " /* begins a warning that enforcement would turn into a denial */

static slice row_text(struct arena *a, const struct diagnostic *r, bool path)
{
    struct buf b = buf_new(a, 4 * LIMIT_MESSAGE_BYTES);
    if (path && r->path.n) {
        buf_put(&b, r->path);
        buf_put(&b, LIT(": "));
    }
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
static void put_causes(const struct gate *g, struct arena *a, cJSON *causes, struct buf *message,
                       const struct verdict *v)
{
    size_t budget = CAUSES_BYTES, line = MESSAGE_BYTES, more = v->dropped, put = 0;
    for (size_t i = 0; i < v->diagnostic_count; i++) {
        const struct diagnostic *d = &v->diagnostics[i];
        if (effect_of(g, d) != EFFECT_DENIES)
            continue;
        slice text = row_text(a, d, false);
        if (!spend(&budget, text.n + d->path.n)) {
            more++;
            continue;
        }
        put_cause(causes, field_error_reason(d->error), text, d->path);
        if (!spend(&line, text.n + d->path.n + 4))
            continue;
        buf_put(message, put++ ? LIT(", ") : (slice){0});
        buf_put(message, d->path);
        buf_put(message, LIT(": "));
        buf_put(message, text);
    }
    if (!more)
        return;
    slice rest = arena_fmt(a, "%zu more findings are not shown", more);
    put_cause(causes, field_error_reason(FIELD_NONE), rest, (slice){0});
    buf_fmt(message, ", %.*s", FMT(rest));
}

/* Says that brgate denied it, where the log has it, and where to read more. kubectl shows nothing but the causes, so
 * this is one: it prints `* brgate: ...`. */
static slice signature(const struct gate *g, struct arena *a, slice uid, const struct verdict *v)
{
    struct buf b = buf_new(a, LIMIT_MESSAGE_BYTES);
    const struct rule *rule = NULL;
    bool several = false;
    for (size_t i = 0; i < v->diagnostic_count; i++) {
        if (effect_of(g, &v->diagnostics[i]) != EFFECT_DENIES)
            continue;
        several = several || (rule && rule != v->diagnostics[i].rule);
        rule = v->diagnostics[i].rule;
    }
    const char *slug = several || !rule ? "RULE" : rule->slug;
    buf_fmt(&b, "denied in review %.*s; `brgate explain %s` has the reason and the fix",
            FMT(slice_cut(uid, 0, UID_MOST)), slug);
    if (g->policy.docs.n)
        buf_fmt(&b, ", and so has %.*s/RULES.md#%s", FMT(g->policy.docs), slug);
    return buf_slice(&b);
}

static void put_status(const struct gate *g, struct arena *a, cJSON *response, slice uid,
                       const struct verdict *v)
{
    cJSON *status = json_put_object(response, "status");
    struct buf b = buf_new(a, 2 * MESSAGE_BYTES);
    slice group = slice_cut(v->api_version, 0, slice_find_char(v->api_version, '/'));
    buf_fmt(&b, "%.*s.%.*s \"%.*s\" is invalid: ", FMT(v->kind), FMT(group), FMT(v->name));
    bool several = count_of(g, v, EFFECT_DENIES) > 1;
    buf_put(&b, several ? LIT("[") : (slice){0});
    cJSON *details = cJSON_CreateObject();
    json_put_text(details, "name", v->name);
    json_put_text(details, "group", group);
    json_put_text(details, "kind", v->kind);
    cJSON *causes = json_put_list(details, "causes");
    put_causes(g, a, causes, &b, v);
    buf_put(&b, several ? LIT("]") : (slice){0});
    slice signed_by = signature(g, a, uid, v);
    put_cause(causes, "BrgateReview", signed_by, LIT("brgate"));
    buf_fmt(&b, "; brgate: %.*s", FMT(signed_by));
    json_put_text(status, "status", LIT("Failure"));
    json_put_text(status, "message", buf_slice(&b));
    json_put_text(status, "reason", LIT("Invalid"));
    cJSON_AddItemToObject(status, "details", details);
    json_put_count(status, "code", 422);
}

/* The API server drops a warning with a control character without a trace, and cuts at 256 code points. */
static slice warning_text(struct arena *a, const struct diagnostic *d, enum effect effect)
{
    struct buf b = buf_new(a, 4 * LIMIT_MESSAGE_BYTES + sizeof WOULD_BE_DENIED);
    if (effect == EFFECT_WOULD_DENY)
        buf_put(&b, LIT(WOULD_BE_DENIED));
    buf_put(&b, row_text(a, d, true));
    for (size_t i = 0; i < b.n; i++)
        if ((unsigned char)b.p[i] < 0x20 || b.p[i] == 0x7f)
            b.p[i] = ' ';
    return buf_slice(&b);
}

/* Puts first what would be denied: the API server passes on 4,096 code points of all warnings together. */
static void put_warnings(const struct gate *g, struct arena *a, cJSON *response, const struct verdict *v)
{
    size_t budget = WARNINGS_BYTES;
    cJSON *warnings = NULL;
    for (int effect = EFFECT_WOULD_DENY; effect >= EFFECT_WARNS; effect--) {
        for (size_t i = 0; i < v->diagnostic_count; i++) {
            if (effect_of(g, &v->diagnostics[i]) != (enum effect)effect)
                continue;
            slice text = warning_text(a, &v->diagnostics[i], (enum effect)effect);
            if (!warnings)
                warnings = json_put_list(response, "warnings");
            if (spend(&budget, text.n))
                json_append_text(warnings, text);
        }
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

/* Lists the rules that an annotation has lowered: how often, where first, and the reason. Each rule has a key of its own,
 * and texts are quoted, so that no reason can pass for another entry. */
static void put_permissions(const struct gate *g, struct arena *a, cJSON *annotations,
                            const struct verdict *v)
{
    struct permission *permissions = ARENA_ARRAY(a, struct permission, rule_count());
    for (const struct suppressed *s = v->suppressed; s; s = s->next) { /* the last one comes first */
        struct permission *p = &permissions[rule_level_of(&g->levels, s->rule)->number];
        p->count++;
        p->first = s;
    }
    for (size_t i = 0; i < rule_count(); i++)
        if (permissions[i].count)
            put_permission(a, annotations, &permissions[i]);
}

/* Puts the slugs of the findings with that effect, each once, in the catalogue's order. */
static slice slugs_of(struct arena *a, const struct review_facts *facts, enum effect effect)
{
    struct buf b = buf_new(a, LIMIT_AUDIT_RULES_BYTES);
    bool *seen = ARENA_ARRAY(a, bool, rule_count());
    for (size_t i = 0; i < facts->rule_count; i++)
        seen[facts->rules[i]] = seen[facts->rules[i]] || facts->effects[i] == effect;
    for (size_t i = 0; i < rule_count(); i++)
        if (seen[i])
            buf_fmt(&b, "%s%s", b.n ? ", " : "", rule_at(i)->slug);
    return buf_slice(&b);
}

/* For the audit log: what was denied or would be, under the uid that is also in brgate's log, and what annotations have
 * lowered. */
static void put_audit(const struct gate *g, struct arena *a, cJSON *response, const struct verdict *v,
                      const struct change *change, int64_t now, const struct review_facts *facts)
{
    bool refused = !facts->allowed || facts->would_deny;
    bool plans = g->policy.audit_plan && facts->allowed && change->context == CONTEXT_CREATE && v->object;
    if (!v->suppressed && !refused && !plans)
        return;
    cJSON *annotations = json_put_object(response, "auditAnnotations");
    if (refused) {
        json_put_text(annotations, "review", facts->uid);
        json_put_text(annotations, facts->allowed ? "would-deny" : "denied",
                      slugs_of(a, facts, facts->allowed ? EFFECT_WOULD_DENY : EFFECT_DENIES));
    }
    if (v->suppressed)
        put_permissions(g, a, annotations, v);
    if (plans)
        json_put_text(annotations, "plan", plan_line(a, g->schemas, v->object, now));
}

static void put_patch(struct arena *a, cJSON *response, const struct verdict *v, struct review_facts *facts)
{
    slice patch = patch_of(a, v->root);
    if (!patch.n)
        return;
    facts->patched = true;
    json_put_text(response, "patch", base64_encode(a, patch));
    json_put_text(response, "patchType", LIT("JSONPatch"));
}

static void log_rules(const struct gate *g, struct arena *a, struct review_facts *facts,
                      const struct verdict *v)
{
    unsigned *rules = ARENA_ARRAY(a, unsigned, v->diagnostic_count + 1);
    enum effect *effects = ARENA_ARRAY(a, enum effect, v->diagnostic_count + 1);
    for (int effect = EFFECT_DENIES; effect >= EFFECT_WARNS; effect--) {
        for (size_t i = 0; i < v->diagnostic_count; i++) {
            if (effect_of(g, &v->diagnostics[i]) != (enum effect)effect)
                continue;
            rules[facts->rule_count] = (unsigned)number_of(g, &v->diagnostics[i]);
            effects[facts->rule_count++] = (enum effect)effect;
        }
    }
    facts->rules = rules;
    facts->effects = effects;
}

/* Returns whether this endpoint has a finding with that effect. The mutating one considers only what the API server's own
 * schema check would refuse next: its answer then has all errors at once, where the server would stop at the schema. */
static bool finds(const struct gate *g, enum endpoint endpoint, const struct verdict *v, enum effect effect)
{
    for (size_t i = 0; i < v->diagnostic_count; i++)
        if ((endpoint == ENDPOINT_VALIDATE || (v->diagnostics[i].rule->flags & RULE_BY_SCHEMA)) &&
            effect_of(g, &v->diagnostics[i]) == effect)
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

/* Returns whether an object passes that cannot be judged: the policy enforces only rules that it names. */
static bool only_watches(const struct gate *g)
{
    return g->policy.enforcement_all == ENFORCEMENT_WARN;
}

static slice answer_unclear(const struct gate *g, struct arena *a, const char *why,
                            struct review_facts *facts)
{
    cJSON *review = cJSON_CreateObject();
    facts->error = arena_fmt(a, "%s", why);
    facts->allowed = facts->would_deny = only_watches(g);
    cJSON *response = response_new(review, facts->uid, facts->allowed);
    if (facts->allowed)
        json_append_text(json_put_list(response, "warnings"),
                         arena_fmt(a, WOULD_BE_DENIED "brgate cannot judge this request: %s", why));
    else
        cJSON_AddItemToObject(response, "status", bad_request(facts->error));
    return json_print(review);
}

static slice answer_judged(const struct gate *g, struct arena *a, enum endpoint endpoint,
                           const struct change *change, int64_t now, struct review_facts *facts)
{
    bool mutate = endpoint == ENDPOINT_MUTATE, stored = change->context != CONTEXT_DELETE;
    cJSON *review = cJSON_CreateObject();
    facts->allowed = false; /* until it is judged */
    const struct verdict *v = verdict_change(g, a, change, mutate && stored, now);
    facts->allowed = !finds(g, endpoint, v, EFFECT_DENIES);
    facts->would_deny = !mutate && facts->allowed && finds(g, endpoint, v, EFFECT_WOULD_DENY);
    cJSON *response = response_new(review, facts->uid, facts->allowed);
    if (mutate && facts->allowed) { /* the validating endpoint reports the findings: once is enough */
        if (stored)
            put_patch(a, response, v, facts);
        return json_print(review);
    }
    log_rules(g, a, facts, v);
    if (!facts->allowed)
        put_status(g, a, response, facts->uid, v);
    put_warnings(g, a, response, v);
    put_audit(g, a, response, v, change, now, facts);
    return json_print(review);
}

static slice answer(const struct gate *all, struct arena *a, enum endpoint endpoint, slice body, int64_t now,
                    struct review_facts *facts)
{
    struct review_request q = {0};
    struct change change;
    if (!review_request_read(all, a, body, &q, facts))
        return json_print(bad_request(facts->error));
    const struct gate *g = gate_in(all, facts->namespace);
    facts->answered = facts->allowed = true;
    struct error error;
    switch (review_request_change(g, &q, facts, &change, &error)) {
    case ASKED_NOTHING:
        break;
    case ASKED_UNCLEARLY:
        return answer_unclear(g, a, error.text, facts);
    case ASKED_TO_JUDGE:
        return answer_judged(g, a, endpoint, &change, now, facts);
    }
    cJSON *review = cJSON_CreateObject();
    response_new(review, q.uid, true);
    return json_print(review);
}

/* On failure, clears `allowed`, so that logs and metrics do not count the review as allowed. */
static slice no_answer(struct review_facts *ret_facts, const char *why)
{
    ret_facts->answered = ret_facts->allowed = ret_facts->would_deny =
        false; /* the object's names may be known and stay for the log */
    ret_facts->error = slice_of(why);
    return (slice){0};
}

enum { ANSWER_BYTES = 1 << 10 };

static bool is_plain(slice uid)
{
    for (size_t i = 0; i < uid.n; i++)
        if (!ascii_is_alnum(uid.p[i]) && uid.p[i] != '-')
            return false;
    return uid.n && uid.n <= UID_MOST;
}

/* Answers a review that exceeded its memory. An object that cannot be judged is denied, unless nothing is: without an
 * answer, failurePolicy Ignore would let it pass. `text` was allocated while there was memory. */
static slice answer_unjudged(const struct gate *g, char *text, struct review_facts *ret_facts)
{
    static const char why[] =
        "judging this object takes more memory than one review may use (server.reviewMemory)";
    bool stores =
        slice_eq(ret_facts->operation, LIT("CREATE")) || slice_eq(ret_facts->operation, LIT("UPDATE"));
    bool watches = only_watches(gate_in(g, ret_facts->namespace));
    if (!text || !ret_facts->answered || ret_facts->allowed || !stores || !is_plain(ret_facts->uid))
        return (slice){0};
    const char *head =
        "{\"apiVersion\":\"admission.k8s.io/v1\",\"kind\":\"AdmissionReview\",\"response\":{\"uid\":";
    int n =
        watches
            ? snprintf(text, ANSWER_BYTES,
                       "%s\"%.*s\",\"allowed\":true,\"warnings\":[\"" WOULD_BE_DENIED "%s\"]}}", head,
                       FMT(ret_facts->uid), why)
            : snprintf(text, ANSWER_BYTES,
                       "%s\"%.*s\",\"allowed\":false,\"status\":{\"status\":\"Failure\",\"message\":\"%s\","
                       "\"reason\":\"RequestEntityTooLarge\",\"code\":413}}}",
                       head, FMT(ret_facts->uid), why);
    ret_facts->allowed = ret_facts->would_deny = watches;
    ret_facts->patched = false;
    ret_facts->rule_count = 0;
    ret_facts->error = slice_of(why);
    return (slice){text, (size_t)n};
}

struct asking {
    const struct gate *gate;
    struct arena *arena;
    enum endpoint endpoint;
    slice body;
    int64_t now;
    struct review_facts *facts;
    char *spare; /* ANSWER_BYTES for answer_unjudged(); NULL: not for this endpoint */
    slice text;
};

static void answer_asked(void *context)
{
    struct asking *q = context;
    if (q->endpoint == ENDPOINT_VALIDATE)
        q->spare = arena_bytes(q->arena, ANSWER_BYTES);
    q->text = answer(q->gate, q->arena, q->endpoint, q->body, q->now, q->facts);
}

slice review_answer(const struct gate *g, struct arena *a, enum endpoint endpoint, slice body, int64_t now,
                    struct review_facts *ret_facts)
{
    *ret_facts = (struct review_facts){0};
    json_memory_enter(a);
    struct asking q = {
        .gate = g, .arena = a, .endpoint = endpoint, .body = body, .now = now, .facts = ret_facts};
    bool finished = arena_run(a, answer_asked, &q);
    json_memory_leave();
    slice text = q.text;
    if (!finished && arena_shortage(a) == ARENA_SHORT_OF_LIMIT)
        text = answer_unjudged(g, q.spare, ret_facts);
    else if (!finished)
        text = (slice){0};
    if (text.n == 0)
        return no_answer(ret_facts, "the review needs more memory than a request may use");
    if (text.n > LIMIT_RESPONSE_BYTES)
        return no_answer(ret_facts, "the answer would be larger than the limit for a review");
    return text;
}
