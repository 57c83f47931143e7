/* PolicyReports [wgpolicyk8s.io/v1alpha2, as Kyverno and Kubewarden write them: a report for each object]. */
#include "reports.h"

#include "listing.h"

#include "json_memory.h"
#include "texts.h"

#include <inttypes.h>
#include <stdlib.h>

/* etcd takes objects of 1.5 MiB; one more result may follow that limit. */
enum { RESULTS_BYTES = 256 << 10, REQUEST_BYTES = 2 << 20, ATTEMPTS = 3 };

#define GROUP_VERSION "wgpolicyk8s.io/v1alpha2"
#define RESOURCE      "policyreports"
#define MANAGED_BY    "app.kubernetes.io/managed-by"
#define SELECTOR      "app.kubernetes.io%2Fmanaged-by%3Dbrgate"
/* A hash of the results: a report with the same one is not written again. */
#define FINDINGS_HASH "brgate.io/findings-hash"
#define NAME_PREFIX   "brgate-" /* others name theirs by the bare uid */

struct kept_finding {
    struct kept_finding *next;
    const struct rule *rule;
    enum severity severity;
    slice path, message, hint, effect;
};

struct object_report {
    struct object_report *next;
    struct report_subject subject;
    struct kept_finding *first, **last;
    slice version; /* resourceVersion of the one in the cluster; empty: there is none */
    bool current;  /* the one in the cluster is equal */
};

struct reports {
    struct arena *arena;
    struct texts texts; /* paths and hints, which many findings share */
    struct object_report *first, **last, **by_uid;
    size_t count;
};

struct reports *reports_new(struct arena *kept)
{
    struct reports *r = arena_try(kept, sizeof *r);
    if (!r)
        return NULL;
    r->arena = r->texts.arena = kept;
    r->last = &r->first;
    return r;
}

static struct object_report *report_of(struct reports *r, const struct report_subject *subject)
{
    struct object_report *o = ARENA_NEW(r->arena, struct object_report);
    o->subject = *subject;
    o->last = &o->first;
    *r->last = o;
    r->last = &o->next;
    r->count++;
    return o;
}

void reports_add(struct reports *r, struct object_report **report, const struct report_subject *subject,
                 const struct reported *list, size_t count)
{
    if (!*report && count)
        *report = report_of(r, subject);
    for (size_t i = 0; i < count; i++) {
        const struct diagnostic *d = &list[i].diagnostic;
        struct kept_finding *x = ARENA_NEW(r->arena, struct kept_finding);
        *x = (struct kept_finding){.rule = d->rule,
                                   .severity = d->severity,
                                   .path = texts_keep(&r->texts, d->path),
                                   .message = arena_copy(r->arena, d->message),
                                   .hint = texts_keep(&r->texts, d->hint),
                                   .effect = texts_keep(&r->texts, list[i].effect)};
        *(*report)->last = x;
        (*report)->last = &x->next;
    }
}

/* ---- one report as JSON ---- */

static uint64_t hash_of(const struct object_report *o)
{
    uint64_t hash = hash_start();
    for (const struct kept_finding *x = o->first; x; x = x->next) {
        const slice texts[] = {slice_of(x->rule->slug),
                               slice_of(severity_word(x->severity)),
                               x->path,
                               x->message,
                               x->hint,
                               x->effect};
        for (size_t i = 0; i < COUNT(texts); i++)
            hash = hash_text(hash, texts[i]);
    }
    return hash;
}

static slice hash_text_of(struct arena *a, const struct object_report *o)
{
    return arena_fmt(a, "%016" PRIx64, hash_of(o));
}

static slice name_of(struct arena *a, const struct object_report *o)
{
    return arena_fmt(a, NAME_PREFIX "%.*s", FMT(o->subject.uid));
}

static void put_text(cJSON *to, const char *key, slice text)
{
    if (text.n)
        json_put_text(to, key, text);
}

static slice printed(struct arena *a, cJSON *json)
{
    slice text = json_print(json);
    json_memory_leave();
    if (!text.n)
        arena_exhausted(a);
    return text;
}

static slice message_of(struct arena *a, const struct kept_finding *x)
{
    return arena_fmt(a, "%.*s%s%.*s%s%.*s", FMT(x->path), x->path.n ? ": " : "", FMT(x->message),
                     x->hint.n ? "; " : "", FMT(x->hint));
}

static slice result_of(struct arena *a, const struct kept_finding *x, int64_t now)
{
    bool error = x->severity == SEVERITY_ERROR;
    slice message = message_of(a, x);
    json_memory_enter(a);
    cJSON *result = cJSON_CreateObject();
    json_put_text(result, "source", LIT("brgate"));
    json_put_text(result, "policy", slice_of(x->rule->slug));
    json_put_text(result, "category", LIT("TiDB Backup"));
    json_put_text(result, "result", error ? LIT("fail") : LIT("warn"));
    json_put_text(result, "severity", error ? LIT("high") : LIT("medium"));
    json_put_bool(result, "scored", error);
    cJSON *timestamp = json_put_object(result, "timestamp");
    json_put_count(timestamp, "seconds", (uint64_t)now);
    json_put_count(timestamp, "nanos", 0);
    json_put_text(result, "message", message);
    cJSON *properties = json_put_object(result, "properties");
    put_text(properties, "path", x->path);
    put_text(properties, "fix", x->hint);
    put_text(properties, "effect", x->effect);
    return printed(a, result);
}

struct tally {
    size_t fail, warn, left_out;
};

/* A list of results; those that do not fit are counted, and the last one says so. */
static slice results_of(struct arena *a, const struct object_report *o, int64_t now, struct tally *ret)
{
    struct buf b = buf_new(a, REQUEST_BYTES);
    for (const struct kept_finding *x = o->first; x; x = x->next) {
        slice result = b.n < RESULTS_BYTES ? result_of(a, x, now) : (slice){0};
        ret->fail += x->severity == SEVERITY_ERROR;
        ret->warn += x->severity != SEVERITY_ERROR;
        ret->left_out += !result.n;
        if (result.n)
            buf_fmt(&b, "%c%.*s", b.n ? ',' : '[', FMT(result));
    }
    if (ret->left_out)
        buf_fmt(&b,
                ",{\"source\":\"brgate\",\"policy\":\"brgate\",\"result\":\"skip\",\"message\":\"%zu more "
                "findings do "
                "not fit into this report; brgate audit prints them\"}",
                ret->left_out);
    buf_char(&b, ']');
    return buf_slice(&b);
}

static void put_reference(cJSON *to, const struct report_subject *s)
{
    json_put_text(to, "apiVersion", s->kind->api_version);
    json_put_text(to, "kind", s->kind->kind);
    json_put_text(to, "name", s->name);
    json_put_text(to, "uid", s->uid);
}

static void put_metadata(cJSON *report, const struct object_report *o, slice name, slice hash)
{
    cJSON *metadata = json_put_object(report, "metadata");
    json_put_text(metadata, "name", name);
    json_put_text(metadata, "namespace", o->subject.namespace);
    put_text(metadata, "resourceVersion", o->version);
    json_put_text(json_put_object(metadata, "labels"), MANAGED_BY, LIT("brgate"));
    json_put_text(json_put_object(metadata, "annotations"), FINDINGS_HASH, hash);
    cJSON *owner = cJSON_CreateObject();
    json_append(json_put_list(metadata, "ownerReferences"), owner);
    put_reference(owner, &o->subject);
}

static slice body_of(struct arena *a, const struct object_report *o, int64_t now)
{
    struct tally tally = {0};
    slice results = results_of(a, o, now, &tally), name = name_of(a, o), hash = hash_text_of(a, o);
    json_memory_enter(a);
    cJSON *report = cJSON_CreateObject();
    json_put_text(report, "apiVersion", LIT(GROUP_VERSION));
    json_put_text(report, "kind", LIT("PolicyReport"));
    put_metadata(report, o, name, hash);
    cJSON *scope = json_put_object(report, "scope");
    put_reference(scope, &o->subject);
    json_put_text(scope, "namespace", o->subject.namespace);
    cJSON *summary = json_put_object(report, "summary");
    json_put_count(summary, "pass", 0);
    json_put_count(summary, "fail", tally.fail);
    json_put_count(summary, "warn", tally.warn);
    json_put_count(summary, "error", 0);
    json_put_count(summary, "skip", tally.left_out);
    json_put_raw(report, "results", results);
    return printed(a, report);
}

/* ---- those in the cluster ---- */

struct writing {
    struct reports *reports;
    struct report_writing *w;
    struct object_report *report; /* that is written */
    slice json;                   /* of the one in the cluster that is looked at */
    bool short_of_memory, unreachable;
};

static int by_uid(const void *p, const void *q)
{
    const struct object_report *a = *(struct object_report *const *)p, *b = *(struct object_report *const *)q;
    return slice_cmp(a->subject.uid, b->subject.uid);
}

static struct object_report *find(const struct reports *r, slice name)
{
    if (!slice_starts(name, LIT(NAME_PREFIX)) || !r->count)
        return NULL;
    struct object_report wanted = {.subject.uid = slice_from(name, sizeof NAME_PREFIX - 1)}, *key = &wanted,
                         **found = bsearch(&key, r->by_uid, r->count, sizeof *r->by_uid, by_uid);
    return found ? *found : NULL;
}

static struct kube_answer ask(struct writing *x, const struct kube_request *request)
{
    x->w->requests++;
    return kube_do(x->w->kube, x->w->scratch, request);
}

static void note_failure(struct writing *x, const struct kube_answer *answer)
{
    struct report_policy_reports *result = &x->w->result;
    if (!result->failed++)
        result->error = arena_copy(x->reports->arena, answer->error);
}

static void remove_stale(struct writing *x, const struct node *report)
{
    struct arena *a = x->w->scratch;
    slice uid = node_text_at(report, "metadata.uid");
    const struct kube_answer answer = ask(
        x,
        &(struct kube_request){
            .method = KUBE_DELETE,
            .group_version = GROUP_VERSION,
            .resource = RESOURCE,
            .namespace = node_text_at(report, "metadata.namespace"),
            .name = node_text_at(report, "metadata.name"),
            .body = arena_fmt(
                a, "{\"apiVersion\":\"v1\",\"kind\":\"DeleteOptions\",\"preconditions\":{\"uid\":\"%.*s\"}}",
                FMT(uid))});
    if (answer.outcome == KUBE_OK)
        x->w->result.removed++;
    else if (answer.outcome != KUBE_NOT_FOUND)
        note_failure(x, &answer);
}

/* Sets what the one in the cluster says about its own state. */
static void note_stored(struct object_report *o, struct arena *kept, struct arena *a,
                        const struct node *report)
{
    const struct node *annotations = node_get(node_get(report, LIT("metadata")), LIT("annotations"));
    o->version = arena_copy(kept, node_text_at(report, "metadata.resourceVersion"));
    o->current = slice_eq(node_text(node_get(annotations, LIT(FINDINGS_HASH))), hash_text_of(a, o));
}

static void look_at(void *context)
{
    struct writing *x = context;
    struct findings ignored = findings_new(x->w->scratch);
    const struct node *report = json_read(x->w->scratch, x->json, &ignored);
    struct object_report *o = find(x->reports, node_text_at(report, "metadata.name"));
    if (o)
        note_stored(o, x->reports->arena, x->w->scratch, report);
    else if (x->w->listed(x->w->context, node_text_at(report, "scope.apiVersion"),
                          node_text_at(report, "scope.kind")))
        remove_stale(x, report);
}

static bool take_report(void *context, slice json)
{
    struct writing *x = context;
    x->json = json;
    arena_reset(x->w->scratch);
    x->short_of_memory = !arena_run(x->w->scratch, look_at, x);
    return !x->short_of_memory;
}

/* ---- writing ---- */

static struct kube_answer send(struct writing *x)
{
    const struct object_report *o = x->report;
    struct arena *a = x->w->scratch;
    return ask(x, &(struct kube_request){.method = o->version.n ? KUBE_PUT : KUBE_POST,
                                         .group_version = GROUP_VERSION,
                                         .resource = RESOURCE,
                                         .namespace = o->subject.namespace,
                                         .name = o->version.n ? name_of(a, o) : (slice){0},
                                         .query = LIT("fieldManager=brgate-audit"),
                                         .body = body_of(a, o, x->w->now)});
}

/* Another client, or an earlier attempt of ours, was faster. */
static void look_again(struct writing *x)
{
    struct object_report *o = x->report;
    struct arena *a = x->w->scratch;
    const struct kube_answer answer = ask(x, &(struct kube_request){.method = KUBE_GET,
                                                                    .group_version = GROUP_VERSION,
                                                                    .resource = RESOURCE,
                                                                    .namespace = o->subject.namespace,
                                                                    .name = name_of(a, o)});
    o->version = (slice){0};
    if (answer.outcome == KUBE_OK)
        note_stored(o, x->reports->arena, a, answer.root);
}

static void write_one(void *context)
{
    struct writing *x = context;
    struct kube_answer answer = {0};
    for (unsigned i = 0; i < ATTEMPTS && !x->report->current; i++) {
        answer = send(x);
        if (answer.outcome == KUBE_OK) {
            x->report->current = true;
            x->w->result.written++;
        } else if (answer.outcome == KUBE_CONFLICT ||
                   (answer.outcome == KUBE_NOT_FOUND && x->report->version.n)) {
            look_again(x);
        } else {
            break;
        }
    }
    if (!x->report->current)
        note_failure(x, &answer);
    x->unreachable = answer.outcome == KUBE_UNREACHABLE || answer.outcome == KUBE_RETRY;
}

static bool write_all(struct writing *x)
{
    bool done = true;
    for (x->report = x->reports->first; x->report && done && !x->unreachable; x->report = x->report->next) {
        x->w->result.unchanged += x->report->current;
        arena_reset(x->w->scratch);
        if (!x->report->current)
            done = arena_run(x->w->scratch, write_one, x);
    }
    return done;
}

static void sort(void *context)
{
    struct reports *r = context;
    size_t n = 0;
    r->by_uid = ARENA_ARRAY(r->arena, struct object_report *, r->count + 1);
    for (struct object_report *o = r->first; o; o = o->next)
        r->by_uid[n++] = o;
    qsort(r->by_uid, n, sizeof *r->by_uid, by_uid);
}

bool reports_write(struct reports *r, struct report_writing *w)
{
    struct writing x = {.reports = r, .w = w};
    struct listing l = {.kube = w->kube,
                        .group_version = GROUP_VERSION,
                        .resource = RESOURCE,
                        .namespace = w->namespace,
                        .selector = LIT(SELECTOR),
                        .object = take_report,
                        .context = &x};
    if (!arena_run(r->arena, sort, r))
        return false;
    enum kube_outcome outcome = listing_run(&l, w->page, r->arena);
    w->requests += l.requests;
    if (outcome == KUBE_OK)
        return !x.short_of_memory && write_all(&x);
    w->result.absent = outcome == KUBE_NOT_FOUND;
    if (outcome != KUBE_NOT_FOUND)
        note_failure(&x, &(struct kube_answer){.error = l.error});
    return true;
}
