/* AdmissionReview v1 out: turns the verdict into an answer. */
#include "review.h"

#include "ascii.h"
#include "base64.h"
#include "brgate_limits.h"
#include "buf.h"
#include "judge.h"
#include "patch.h"
#include "plan_line.h"
#include "review_request.h"
#include "scan.h"
#include "utf8.h"

#include <stdio.h>
#include <string.h>

/* ---- JSON, written in the order in which it is sent ---- */

/* A NUL becomes U+FFFD: what reads the answer may keep its texts in C strings. */
static slice without_nuls(struct arena *a, slice text)
{
    struct buf b = buf_new(a, SIZE_MAX);
    for (size_t n; text.n; text = slice_from(text, n + 1)) {
        n = slice_find_char(text, '\0');
        buf_put(&b, slice_cut(text, 0, n));
        if (n == SLICE_NONE)
            break;
        buf_put(&b, LIT("\xef\xbf\xbd"));
    }
    return buf_slice(&b);
}

static void put_text(struct buf *b, slice text)
{
    bool has_nul = slice_find_char(text, '\0') != SLICE_NONE;
    buf_json_text(b, has_nul ? without_nuls(b->arena, text) : text);
}

/* Begins a member of the object that is open. Keys are constants and need no escapes. */
static void put_key(struct buf *b, slice key)
{
    buf_put(b, b->p[b->n - 1] == '{' ? LIT("\"") : LIT(",\""));
    buf_put(b, key);
    buf_put(b, LIT("\":"));
}

static void put_member(struct buf *b, slice key, slice text)
{
    put_key(b, key);
    put_text(b, text);
}

/* ---- what each finding does ---- */

/* A verdict, and beside its diagnostics what each of them does under the policy. */
struct outcome {
    const struct verdict *verdict;
    enum effect *effects;
    unsigned *numbers; /* of the rules */
    size_t counts[EFFECT_DENIES + 1];
};

static enum effect effect_of(const struct gate *g, const struct diagnostic *d, size_t number)
{
    return d->severity != SEVERITY_ERROR       ? EFFECT_WARNS
           : policy_denies(&g->policy, number) ? EFFECT_DENIES
                                               : EFFECT_WOULD_DENY;
}

static struct outcome outcome_of(const struct gate *g, struct arena *a, const struct verdict *v)
{
    struct outcome o = {.verdict = v,
                        .effects = ARENA_ARRAY(a, enum effect, v->diagnostic_count),
                        .numbers = ARENA_ARRAY(a, unsigned, v->diagnostic_count)};
    for (size_t i = 0; i < v->diagnostic_count; i++) {
        o.numbers[i] = rule_level_of(&g->levels, v->diagnostics[i].rule)->number;
        o.effects[i] = effect_of(g, &v->diagnostics[i], o.numbers[i]);
        o.counts[o.effects[i]]++;
    }
    return o;
}

/* Returns whether this endpoint has a finding with that effect. The mutating one considers only what the API server's own
 * schema check would refuse next: its answer then has all errors at once, where the server would stop at the schema. */
static bool finds(const struct outcome *o, enum endpoint endpoint, enum effect effect)
{
    if (endpoint == ENDPOINT_VALIDATE)
        return o->counts[effect] > 0;
    for (size_t i = 0; i < o->verdict->diagnostic_count; i++)
        if ((o->verdict->diagnostics[i].rule->flags & RULE_BY_SCHEMA) && o->effects[i] == effect)
            return true;
    return false;
}

static void log_rules(struct arena *a, struct review_facts *facts, const struct outcome *o)
{
    size_t count = o->verdict->diagnostic_count;
    unsigned *rules = ARENA_ARRAY(a, unsigned, count + 1);
    enum effect *effects = ARENA_ARRAY(a, enum effect, count + 1);
    for (int effect = EFFECT_DENIES; effect >= EFFECT_WARNS; effect--) {
        for (size_t i = 0; i < count; i++) {
            if (o->effects[i] != (enum effect)effect)
                continue;
            rules[facts->rule_count] = o->numbers[i];
            effects[facts->rule_count++] = (enum effect)effect;
        }
    }
    facts->rules = rules;
    facts->effects = effects;
}

/* ---- denials ---- */

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

static void put_cause(struct buf *causes, const char *reason, slice message, slice field)
{
    buf_put(causes, causes->n ? LIT(",{") : LIT("{"));
    put_member(causes, LIT("reason"), slice_of(reason));
    put_member(causes, LIT("message"), message);
    put_member(causes, LIT("field"), field);
    buf_char(causes, '}');
}

/* The causes of a denial, and in `message` the same on one line: a cause's text is what its row there says. */
static void put_causes(struct buf *causes, struct buf *message, const struct outcome *o)
{
    size_t budget = CAUSES_BYTES, line = MESSAGE_BYTES, more = o->verdict->dropped, put = 0;
    for (size_t i = 0; i < o->verdict->diagnostic_count; i++) {
        const struct diagnostic *d = &o->verdict->diagnostics[i];
        if (o->effects[i] != EFFECT_DENIES)
            continue;
        size_t before = message->n;
        buf_put(message, put ? LIT(", ") : (slice){0});
        buf_put(message, d->path);
        buf_put(message, LIT(": "));
        size_t at = message->n;
        put_row(message, d);
        slice text = slice_from(buf_slice(message), at);
        bool shown = spend(&budget, text.n + d->path.n);
        if (shown)
            put_cause(causes, field_error_reason(d->error), text, d->path);
        else
            more++;
        if (shown && spend(&line, text.n + d->path.n + 4))
            put++;
        else
            message->n = before;
    }
    if (!more)
        return;
    slice rest = arena_fmt(causes->arena, "%zu more findings are not shown", more);
    put_cause(causes, field_error_reason(FIELD_NONE), rest, (slice){0});
    buf_fmt(message, ", %.*s", FMT(rest));
}

/* Says that brgate denied it, where the log has it, and where to read more. kubectl shows nothing but the causes, so
 * this is one: it prints `* brgate: ...`. */
static slice signature(const struct gate *g, struct arena *a, slice uid, const struct outcome *o)
{
    struct buf b = buf_new(a, LIMIT_MESSAGE_BYTES);
    const struct rule *rule = NULL;
    bool several = false;
    for (size_t i = 0; i < o->verdict->diagnostic_count; i++) {
        if (o->effects[i] != EFFECT_DENIES)
            continue;
        several = several || (rule && rule != o->verdict->diagnostics[i].rule);
        rule = o->verdict->diagnostics[i].rule;
    }
    const char *slug = several || !rule ? "RULE" : rule->slug;
    buf_fmt(&b, "denied in review %.*s; `brgate explain %s` has the reason and the fix",
            FMT(slice_cut(uid, 0, UID_MOST)), slug);
    if (g->policy.docs.n)
        buf_fmt(&b, ", and so has %.*s/RULES.md#%s", FMT(g->policy.docs), slug);
    return buf_slice(&b);
}

static void put_status(const struct gate *g, struct buf *response, slice uid, const struct outcome *o)
{
    const struct verdict *v = o->verdict;
    struct arena *a = response->arena;
    struct buf message = buf_new(a, 2 * MESSAGE_BYTES), causes = buf_new(a, SIZE_MAX);
    slice group = slice_cut(v->api_version, 0, slice_find_char(v->api_version, '/'));
    buf_fmt(&message, "%.*s.%.*s \"%.*s\" is invalid: ", FMT(v->kind), FMT(group), FMT(v->name));
    bool several = o->counts[EFFECT_DENIES] > 1;
    buf_put(&message, several ? LIT("[") : (slice){0});
    put_causes(&causes, &message, o);
    buf_put(&message, several ? LIT("]") : (slice){0});
    slice signed_by = signature(g, a, uid, o);
    put_cause(&causes, "BrgateReview", signed_by, LIT("brgate"));
    buf_put(&message, LIT("; brgate: "));
    buf_put(&message, signed_by);
    put_key(response, LIT("status"));
    buf_put(response, LIT("{\"status\":\"Failure\""));
    put_member(response, LIT("message"), buf_slice(&message));
    buf_put(response, LIT(",\"reason\":\"Invalid\",\"details\":{"));
    put_member(response, LIT("name"), v->name);
    put_member(response, LIT("group"), group);
    put_member(response, LIT("kind"), v->kind);
    buf_put(response, LIT(",\"causes\":["));
    buf_put(response, buf_slice(&causes));
    buf_put(response, LIT("]},\"code\":422}"));
}

/* ---- warnings ---- */

#define WOULD_BE_DENIED "would be denied: " /* begins a warning that enforcement would turn into a denial */

static uint64_t is_control(uint64_t eight)
{
    return scan_below(eight, ' ') | scan_is(eight, 0x7f);
}

/* The API server drops a warning with a control character without a trace, and cuts at 256 code points. */
static void put_warning(struct buf *b, const struct diagnostic *d, enum effect effect)
{
    if (effect == EFFECT_WOULD_DENY)
        buf_put(b, LIT(WOULD_BE_DENIED));
    if (d->path.n) {
        buf_put(b, d->path);
        buf_put(b, LIT(": "));
    }
    put_row(b, d);
    for (size_t i = scan_until(buf_slice(b), is_control); i < b->n; i++)
        if ((unsigned char)b->p[i] < 0x20 || b->p[i] == 0x7f)
            b->p[i] = ' ';
}

/* Puts first what would be denied: the API server passes on 4,096 code points of all warnings together. */
static void put_warnings(struct buf *response, const struct outcome *o)
{
    size_t budget = WARNINGS_BYTES;
    struct buf text = buf_new(response->arena, 4 * LIMIT_MESSAGE_BYTES + sizeof WOULD_BE_DENIED);
    bool first = true;
    for (int effect = EFFECT_WOULD_DENY; effect >= EFFECT_WARNS; effect--) {
        for (size_t i = 0; i < o->verdict->diagnostic_count; i++) {
            if (o->effects[i] != (enum effect)effect)
                continue;
            text.n = 0;
            put_warning(&text, &o->verdict->diagnostics[i], (enum effect)effect);
            if (!spend(&budget, text.n))
                continue;
            buf_put(response, first ? LIT(",\"warnings\":[") : LIT(","));
            put_text(response, buf_slice(&text));
            first = false;
        }
    }
    buf_put(response, first ? (slice){0} : LIT("]"));
}

/* ---- the audit log ---- */

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

static void put_permission(struct buf *annotations, const struct permission *p)
{
    struct arena *a = annotations->arena;
    struct buf b = buf_new(a, 4 * LIMIT_AUDIT_BYTES);
    buf_fmt(&b, "%zu at ", p->count);
    put_quoted(a, &b, p->first->path);
    buf_put(&b, LIT(": "));
    put_quoted(a, &b, p->first->reason);
    put_member(annotations, arena_fmt(a, "allow.%s", p->first->rule->slug), buf_slice(&b));
}

/* Lists the rules that an annotation has lowered: how often, where first, and the reason. Each rule has a key of its own,
 * and texts are quoted, so that no reason can pass for another entry. */
static void put_permissions(const struct gate *g, struct buf *annotations, const struct verdict *v)
{
    struct permission *permissions = ARENA_ARRAY(annotations->arena, struct permission, rule_count());
    for (const struct suppressed *s = v->suppressed; s; s = s->next) { /* the last one comes first */
        struct permission *p = &permissions[rule_level_of(&g->levels, s->rule)->number];
        p->count++;
        p->first = s;
    }
    for (size_t i = 0; i < rule_count(); i++)
        if (permissions[i].count)
            put_permission(annotations, &permissions[i]);
}

/* Puts the slugs of the findings with that effect, each once, in the catalogue's order. */
static slice slugs_of(struct arena *a, const struct review_facts *facts, enum effect effect)
{
    struct buf b = buf_new(a, LIMIT_AUDIT_RULES_BYTES);
    size_t words = rule_count() / 64 + 1;
    uint64_t *seen = ARENA_ARRAY(a, uint64_t, words); /* a bit for each rule: nearly all are 0 */
    for (size_t i = 0; i < facts->rule_count; i++)
        if (facts->effects[i] == effect)
            seen[facts->rules[i] / 64] |= UINT64_C(1) << facts->rules[i] % 64;
    for (size_t i = 0; i < words; i++)
        for (uint64_t rest = seen[i]; rest; rest &= rest - 1)
            buf_fmt(&b, "%s%s", b.n ? ", " : "", rule_at(i * 64 + (size_t)__builtin_ctzll(rest))->slug);
    return buf_slice(&b);
}

/* For the audit log: what was denied or would be, under the uid that is also in brgate's log, and what annotations have
 * lowered. */
static void put_audit(const struct gate *g, struct buf *response, const struct verdict *v,
                      const struct change *change, int64_t now, const struct review_facts *facts)
{
    struct arena *a = response->arena;
    bool refused = !facts->allowed || facts->would_deny;
    bool plans = g->policy.audit_plan && facts->allowed && change->context == CONTEXT_CREATE && v->object;
    if (!v->suppressed && !refused && !plans)
        return;
    put_key(response, LIT("auditAnnotations"));
    buf_char(response, '{');
    if (refused) {
        put_member(response, LIT("review"), facts->uid);
        put_member(response, facts->allowed ? LIT("would-deny") : LIT("denied"),
                   slugs_of(a, facts, facts->allowed ? EFFECT_WOULD_DENY : EFFECT_DENIES));
    }
    if (v->suppressed)
        put_permissions(g, response, v);
    if (plans)
        put_member(response, LIT("plan"), plan_line(a, g->schemas, v->object, now));
    buf_char(response, '}');
}

/* ---- answers ---- */

static void put_patch(struct buf *response, const struct verdict *v, struct review_facts *facts)
{
    slice patch = patch_of(response->arena, v->root);
    if (!patch.n)
        return;
    facts->patched = true;
    put_member(response, LIT("patch"), base64_encode(response->arena, patch));
    put_member(response, LIT("patchType"), LIT("JSONPatch"));
}

#define REVIEW_HEAD "{\"apiVersion\":\"admission.k8s.io/v1\",\"kind\":\"AdmissionReview\",\"response\":{"

/* The review up to the members that not every response has. */
static struct buf response_new(struct arena *a, slice uid, bool allowed)
{
    struct buf b = buf_new(a, SIZE_MAX);
    buf_put(&b, LIT(REVIEW_HEAD));
    put_member(&b, LIT("uid"), uid);
    put_key(&b, LIT("allowed"));
    buf_put(&b, allowed ? LIT("true") : LIT("false"));
    return b;
}

static slice response_end(struct buf *response)
{
    buf_put(response, LIT("}}"));
    return buf_slice(response);
}

static void put_bad_request(struct buf *b, slice why)
{
    buf_put(b, LIT("{\"kind\":\"Status\",\"apiVersion\":\"v1\",\"status\":\"Failure\""));
    put_member(b, LIT("message"), why);
    buf_put(b, LIT(",\"reason\":\"BadRequest\",\"code\":400}"));
}

/* Returns whether an object passes that cannot be judged: the policy enforces only rules that it names. */
static bool only_watches(const struct gate *g)
{
    return g->policy.enforcement_all == ENFORCEMENT_WARN;
}

static slice answer_unclear(const struct gate *g, struct arena *a, const char *why,
                            struct review_facts *facts)
{
    facts->error = arena_fmt(a, "%s", why);
    facts->allowed = facts->would_deny = only_watches(g);
    struct buf response = response_new(a, facts->uid, facts->allowed);
    if (facts->allowed) {
        buf_put(&response, LIT(",\"warnings\":["));
        put_text(&response, arena_fmt(a, WOULD_BE_DENIED "brgate cannot judge this request: %s", why));
        buf_char(&response, ']');
    } else {
        put_key(&response, LIT("status"));
        put_bad_request(&response, facts->error);
    }
    return response_end(&response);
}

static slice answer_judged(const struct gate *g, struct arena *a, enum endpoint endpoint,
                           const struct change *change, int64_t now, struct review_facts *facts)
{
    bool mutate = endpoint == ENDPOINT_MUTATE, stored = change->context != CONTEXT_DELETE;
    facts->allowed = false; /* until it is judged */
    const struct verdict *v = verdict_change(g, a, change, mutate && stored, now);
    const struct outcome o = outcome_of(g, a, v);
    facts->allowed = !finds(&o, endpoint, EFFECT_DENIES);
    facts->would_deny = !mutate && facts->allowed && finds(&o, endpoint, EFFECT_WOULD_DENY);
    struct buf response = response_new(a, facts->uid, facts->allowed);
    if (mutate && facts->allowed) { /* the validating endpoint reports the findings: once is enough */
        if (stored)
            put_patch(&response, v, facts);
        return response_end(&response);
    }
    log_rules(a, facts, &o);
    if (!facts->allowed)
        put_status(g, &response, facts->uid, &o);
    put_warnings(&response, &o);
    put_audit(g, &response, v, change, now, facts);
    return response_end(&response);
}

static slice answer_unread(struct arena *a, const struct review_facts *facts)
{
    struct buf b = buf_new(a, SIZE_MAX);
    put_bad_request(&b, facts->error);
    return buf_slice(&b);
}

static slice answer(const struct gate *all, struct arena *a, enum endpoint endpoint, slice body, int64_t now,
                    struct review_facts *facts)
{
    struct review_request q = {0};
    struct change change;
    if (!review_request_read(all, a, body, &q, facts))
        return answer_unread(a, facts);
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
    struct buf response = response_new(a, q.uid, true);
    return response_end(&response);
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
    int n =
        watches
            ? snprintf(text, ANSWER_BYTES,
                       REVIEW_HEAD "\"uid\":\"%.*s\",\"allowed\":true,\"warnings\":[\"" WOULD_BE_DENIED
                                   "%s\"]}}",
                       FMT(ret_facts->uid), why)
            : snprintf(
                  text, ANSWER_BYTES,
                  REVIEW_HEAD
                  "\"uid\":\"%.*s\",\"allowed\":false,\"status\":{\"status\":\"Failure\",\"message\":\"%s\","
                  "\"reason\":\"RequestEntityTooLarge\",\"code\":413}}}",
                  FMT(ret_facts->uid), why);
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
    struct asking q = {
        .gate = g, .arena = a, .endpoint = endpoint, .body = body, .now = now, .facts = ret_facts};
    bool finished = arena_run(a, answer_asked, &q);
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
