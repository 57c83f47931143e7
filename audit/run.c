/* Lists, judges, compares, reports. */
#include "ask.h"
#include "audit.h"
#include "listing.h"
#include "reports.h"

#include "live.h"
#include "schema.h"

#include "brgate_limits.h"

enum {
    PAGE_BYTES = 128 << 20, /* of an answer of 8 MiB and its tree */
};

/* An object, kept until the audit ends. */
struct audited {
    struct report_subject subject;
    struct object_report *report;
    bool faulty;
};

struct audit {
    const struct audit_options *options;
    struct arena *page, *object, *question, *kept;
    const struct schema_kind *kind; /* that is being listed */
    struct object_summaries *summaries;
    struct facts *facts;
    struct reports *reports; /* NULL: none are wanted */
    unsigned listed;         /* the kinds whose objects are all known: 1 << their number */
    struct audited *objects;
    size_t count, capacity;
    struct report_failure *failures; /* at most one for each kind, and one for the PolicyReports */
    slice *notes;                    /* at most one for each kind of object or fact */
    struct audit_result *result;
    bool short_of_memory;
    slice silence; /* the reason when the server does not answer: it is not asked about further kinds */
};

/* ---- reporting ---- */

static slice shown_name(struct arena *a, const struct report_subject *s)
{
    return arena_fmt(a, "%.*s.%.*s %.*s/%.*s", FMT(s->kind->plural), FMT(s->kind->group), FMT(s->namespace),
                     FMT(s->name));
}

static void put(struct audit *t, struct audited *o, struct reported *list, size_t count)
{
    const struct report_subject *s = &o->subject;
    const struct report_object object = {.api_version = s->kind->api_version,
                                         .kind = s->kind->kind,
                                         .namespace = s->namespace,
                                         .name = s->name,
                                         .status = VERDICT_JUDGED,
                                         .readable = true};
    const struct report_file f = {.name = shown_name(t->object, s),
                                  .objects = &object,
                                  .object_count = 1,
                                  .reported = list,
                                  .count = count};
    for (size_t i = 0; i < count; i++)
        list[i].object = &object;
    if (count)
        t->options->put(t->options->context, t->object, &f);
    if (t->reports)
        reports_add(t->reports, &o->report, s, list, count);
}

static void note_fault(struct audit *t, struct audited *o)
{
    t->result->audit.faulty += !o->faulty;
    o->faulty = true;
}

static struct reported reported_of(struct audit *t, const struct live_finding *x)
{
    struct report_moment *moments = ARENA_ARRAY(t->object, struct report_moment, MOMENT_COUNT);
    struct reported r = {.diagnostic = x->diagnostic, .moments = moments};
    for (unsigned m = 0; m < MOMENT_COUNT; m++)
        if (x->severity[m])
            moments[r.moment_count++] =
                (struct report_moment){slice_of(moment_word((enum moment)m)), x->severity[m]};
    if (x->effect != LIVE_NO_EFFECT)
        r.effect = x->effect == LIVE_DENIED ? LIT("denied") : LIT("would be denied");
    return r;
}

/* ---- one object ---- */

static void note_object(struct audit *t, const struct live_verdict *v)
{
    struct report_totals *totals = &t->result->end.totals;
    t->objects = arena_grow(t->kept, t->objects, t->count, &t->capacity, sizeof *t->objects);
    t->objects[t->count] =
        (struct audited){.subject = {.kind = t->kind,
                                     .namespace = arena_copy(t->kept, v->namespace),
                                     .name = arena_copy(t->kept, v->name),
                                     .uid = t->reports ? arena_copy(t->kept, v->uid) : (slice){0}}};
    totals->objects++;
    totals->errors += v->errors;
    totals->warnings += v->warnings;
    totals->suppressed += v->suppressed;
    totals->dropped += v->dropped;
    t->result->audit.denied += v->denied;
    if (v->errors)
        note_fault(t, &t->objects[t->count]);
}

struct reporting {
    struct audit *audit;
    const struct live_verdict *verdict;
};

static void report(void *context)
{
    const struct reporting *r = context;
    struct audit *t = r->audit;
    const struct live_verdict *v = r->verdict;
    struct reported *list = ARENA_ARRAY(t->object, struct reported, v->count);
    for (size_t i = 0; i < v->count; i++)
        list[i] = reported_of(t, &v->findings[i]);
    put(t, &t->objects[t->count], list, v->count);
}

static bool take_object(void *context, slice json)
{
    struct audit *t = context;
    arena_reset(t->object);
    const struct live_verdict *v = live_judge(t->options->gate, t->object, t->kind, json, t->options->now);
    if (!v) {
        t->short_of_memory = true;
        return false;
    }
    note_object(t, v);
    uint32_t number = (uint32_t)t->count;
    bool done = object_summaries_note(t->summaries, number, (slice){0}, v->stream) &&
                (!v->object || facts_note(t->facts, number, v->stream->first)) &&
                arena_run(t->object, report, &(struct reporting){t, v});
    t->count++;
    t->short_of_memory = !done;
    return done;
}

/* ---- the lists ---- */

static void note_failure(struct audit *t, slice resource, slice error)
{
    t->failures[t->result->end.failure_count++] = (struct report_failure){resource, error};
}

static void note_unlisted(struct audit *t, slice resource, slice error)
{
    note_failure(t, resource, error);
    t->result->end.totals.unreadable++;
}

static void list_kind(struct audit *t, const struct schema_kind *kind)
{
    struct listing l = {.kube = t->options->kube,
                        .group_version = arena_cstr(t->kept, kind->api_version),
                        .resource = arena_cstr(t->kept, kind->plural),
                        .namespace = t->options->namespace,
                        .object = take_object,
                        .context = t};
    slice resource = arena_fmt(t->kept, "%.*s.%.*s", FMT(kind->plural), FMT(kind->group));
    t->kind = kind;
    if (t->silence.n) {
        note_unlisted(t, resource, t->silence);
        return;
    }
    enum kube_outcome outcome = listing_run(&l, t->page, t->kept);
    t->result->audit.requests += l.requests;
    if (outcome == KUBE_NOT_FOUND)
        t->notes[t->result->audit.note_count++] =
            arena_fmt(t->kept, "%.*s: the cluster does not have this kind", FMT(resource));
    else if (outcome != KUBE_OK)
        note_unlisted(t, resource, l.error);
    else
        t->listed |= 1u << (kind - t->options->schemas->kinds);
    t->silence = l.silent ? l.error : (slice){0};
}

/* ---- all of them ---- */

/* A finding of one object that is known only when all have been listed. */
struct late {
    struct audit *audit;
    uint32_t object;
    const struct diagnostic *diagnostic;
};

static void report_one(void *context)
{
    const struct late *l = context;
    struct audit *t = l->audit;
    struct reported r = {.diagnostic = *l->diagnostic};
    bool error = r.diagnostic.severity == SEVERITY_ERROR;
    t->result->end.totals.errors += error;
    t->result->end.totals.warnings += !error;
    if (error)
        note_fault(t, &t->objects[l->object]);
    put(t, &t->objects[l->object], &r, 1);
}

static void report_late(void *context, uint32_t object, const struct diagnostic *d)
{
    struct audit *t = context;
    arena_reset(t->object);
    if (!t->short_of_memory)
        t->short_of_memory = !arena_run(t->object, report_one, &(struct late){t, object, d});
}

static void compare(struct audit *t)
{
    struct object_summaries *const lists[] = {t->summaries};
    struct across across;
    arena_reset(t->page);
    if (!across_judge(t->options->gate, t->page, lists, 1, &across)) {
        t->short_of_memory = true;
        return;
    }
    t->result->end.totals.suppressed += across.suppressed;
    for (size_t i = 0; i < across.count; i++)
        report_late(t, across.diagnostics[i].file, &across.diagnostics[i].diagnostic);
}

static void ask_cluster(struct audit *t)
{
    struct asking a = {.kube = t->options->kube, .arena = t->question, .kept = t->kept};
    t->short_of_memory = !ask_all(&a, t->facts);
    t->result->audit.requests += a.requests;
    for (unsigned k = 0; k < FACT_KIND_COUNT; k++)
        if (a.notes[k].n)
            t->notes[t->result->audit.note_count++] = a.notes[k];
    t->short_of_memory |= !facts_judge(t->facts, t->page, report_late, t);
}

/* ---- PolicyReports ---- */

static bool is_listed(const void *context, slice api_version, slice kind)
{
    const struct audit *t = context;
    const struct schema_tables *schemas = t->options->schemas;
    for (size_t i = 0; i < schemas->kind_count; i++)
        if (slice_eq(schemas->kinds[i].api_version, api_version) && slice_eq(schemas->kinds[i].kind, kind))
            return t->listed >> i & 1;
    return false;
}

static void write_reports(struct audit *t)
{
    struct report_writing w = {.kube = t->options->kube,
                               .page = t->page,
                               .scratch = t->question,
                               .now = t->options->now,
                               .namespace = t->options->namespace,
                               .listed = is_listed,
                               .context = t};
    const struct report_policy_reports *p = &t->result->policy_reports;
    t->short_of_memory = !reports_write(t->reports, &w);
    t->result->policy_reports = w.result;
    t->result->audit.policy_reports = p;
    t->result->audit.requests += w.requests;
    if (p->failed)
        note_failure(t, LIT("policyreports.wgpolicyk8s.io"),
                     arena_fmt(t->kept, "%zu request%s failed: %.*s", p->failed, p->failed == 1 ? "" : "s",
                               FMT(p->error)));
}

/* ---- the run ---- */

static void run(void *context)
{
    struct audit *t = context;
    const struct schema_tables *schemas = t->options->schemas;
    t->failures = ARENA_ARRAY(t->kept, struct report_failure, schemas->kind_count + 1);
    t->notes = ARENA_ARRAY(t->kept, slice, schemas->kind_count + FACT_KIND_COUNT);
    for (size_t i = 0; i < schemas->kind_count && !t->short_of_memory; i++)
        if (t->options->kinds >> i & 1)
            list_kind(t, &schemas->kinds[i]);
    compare(t);
    if (!t->short_of_memory)
        ask_cluster(t);
    if (!t->short_of_memory && t->reports && !t->silence.n)
        write_reports(t);
    t->result->end.failures = t->failures;
    t->result->audit.notes = t->notes;
}

bool audit_run(const struct audit_options *options, struct arena *kept, struct audit_result *ret)
{
    struct audit t = {.options = options,
                      .kept = kept,
                      .page = arena_new(PAGE_BYTES),
                      .object = arena_new(LIMIT_ARENA_BYTES),
                      .question = arena_new(PAGE_BYTES),
                      .summaries = object_summaries_new(kept),
                      .facts = facts_new(kept, options->gate),
                      .reports = options->policy_reports ? reports_new(kept) : NULL,
                      .result = ret};
    *ret = (struct audit_result){.end.audit = &ret->audit};
    bool done = t.page && t.object && t.question && t.summaries && t.facts &&
                (t.reports || !options->policy_reports) && arena_run(kept, run, &t) && !t.short_of_memory;
    arena_free(t.page);
    arena_free(t.object);
    arena_free(t.question);
    return done;
}
