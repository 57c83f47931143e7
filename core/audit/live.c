/* Judges a stored object three times, and reports each finding once. */
#include "live.h"

#include "judge.h"

#include <stdlib.h>

const char *moment_word(enum moment m)
{
    static const char *const words[] = {
        [MOMENT_CREATE] = "create", [MOMENT_CURRENT] = "current", [MOMENT_UPDATE] = "update"};
    return words[m];
}

struct judging {
    const struct gate *gate;
    struct arena *arena;
    const struct schema_kind *kind;
    slice json;
    int64_t now;
    struct node *stored;
    struct live_verdict *result;
    size_t capacity;
};

/* ---- the three moments ---- */

static void leave_out(const struct node *object, const char *key)
{
    struct node *n = node_get(object, slice_of(key));
    if (n)
        n->flags |= NODE_DROPPED;
}

/* Reduces the object to what a creation would send: without what the server and the operator have added. */
static struct node *as_created(struct arena *a, const struct node *stored)
{
    static const char *const by_server[] = {"uid",        "resourceVersion",   "generation",
                                            "selfLink",   "creationTimestamp", "deletionTimestamp",
                                            "finalizers", "managedFields",     "deletionGracePeriodSeconds"};
    struct node *object = node_copy(a, stored, 0);
    const struct node *metadata = node_get(object, LIT("metadata"));
    leave_out(object, "status");
    for (size_t i = 0; i < COUNT(by_server); i++)
        leave_out(metadata, by_server[i]);
    return object;
}

static const struct verdict *judge_creation(const struct judging *j, const struct gate *g)
{
    const struct change change = {
        .context = CONTEXT_CREATE, .kind = j->kind, .object = as_created(j->arena, j->stored)};
    return verdict_change(g, j->arena, &change, false, j->now);
}

static const struct verdict *judge_update(const struct judging *j, const struct gate *g)
{
    const struct change change = {.context = CONTEXT_UPDATE,
                                  .kind = j->kind,
                                  .object = node_copy(j->arena, j->stored, 0),
                                  .old_object = node_copy(j->arena, j->stored, 0),
                                  .always = true};
    return verdict_change(g, j->arena, &change, false, j->now);
}

/* ---- one list ---- */

static struct live_finding *find(const struct live_verdict *v, const struct diagnostic *d)
{
    for (size_t i = 0; i < v->count; i++) {
        const struct diagnostic *known = &v->findings[i].diagnostic;
        if (known->rule == d->rule && slice_eq(known->path, d->path) && slice_eq(known->message, d->message))
            return &v->findings[i];
    }
    return NULL;
}

static void add(struct judging *j, enum moment m, const struct verdict *v)
{
    struct live_verdict *all = j->result;
    all->dropped += v->dropped;
    for (size_t i = 0; i < v->diagnostic_count; i++) {
        const struct diagnostic *d = &v->diagnostics[i];
        struct live_finding *x = find(all, d);
        if (!x) {
            all->findings =
                arena_grow(j->arena, all->findings, all->count, &j->capacity, sizeof *all->findings);
            x = &all->findings[all->count++];
            *x = (struct live_finding){.diagnostic = *d};
        }
        x->severity[m] = d->severity;
    }
}

static enum severity severity_of(const struct live_finding *x)
{
    enum severity create = x->severity[MOMENT_CREATE], current = x->severity[MOMENT_CURRENT],
                  update = x->severity[MOMENT_UPDATE];
    if (create && current)
        return create < current ? create : current;
    enum severity one = create ? create : current;
    return one > update ? one : update;
}

static int by_place(const void *p, const void *q)
{
    return diagnostic_cmp(&((const struct live_finding *)p)->diagnostic,
                          &((const struct live_finding *)q)->diagnostic);
}

static void conclude(struct live_verdict *v, const struct gate *g)
{
    if (v->count)
        qsort(v->findings, v->count, sizeof *v->findings, by_place);
    for (size_t i = 0; i < v->count; i++) {
        struct live_finding *x = &v->findings[i];
        bool error = severity_of(x) == SEVERITY_ERROR, new = x->severity[MOMENT_CREATE] == SEVERITY_ERROR;
        bool denies = policy_denies(&g->policy, rule_level_of(&g->levels, x->diagnostic.rule)->number);
        x->diagnostic.severity = severity_of(x);
        if (error && (new || x->severity[MOMENT_UPDATE] == SEVERITY_ERROR))
            x->effect = denies ? LIVE_DENIED : LIVE_WOULD_BE_DENIED;
        v->denied = v->denied || (new && x->effect == LIVE_DENIED);
        v->errors += error;
        v->warnings += !error;
    }
}

static void judge(void *context)
{
    struct judging *j = context;
    struct findings readings = findings_new(j->arena);
    struct live_verdict *v = j->result;
    for (const struct verdict *s = v->stream->first; s; s = s->next) {
        v->object = s->object;
        add(j, MOMENT_CURRENT, s);
    }
    v->suppressed = v->stream->suppressed;
    j->stored = json_read(j->arena, j->json, &readings);
    v->namespace = node_text_at(j->stored, "metadata.namespace");
    v->name = node_text_at(j->stored, "metadata.name");
    v->uid = node_text_at(j->stored, "metadata.uid");
    const struct gate *g = gate_in(j->gate, v->namespace);
    if (j->stored) {
        add(j, MOMENT_CREATE, judge_creation(j, g));
        add(j, MOMENT_UPDATE, judge_update(j, g));
    }
    conclude(v, g);
}

const struct live_verdict *live_judge(const struct gate *g, struct arena *a, const struct schema_kind *kind,
                                      slice json, int64_t now)
{
    const struct stream_verdict *stream = verdict_manifest(g, a, json, now);
    struct live_verdict *result = stream ? arena_try(a, sizeof *result) : NULL;
    if (!result)
        return NULL;
    result->stream = stream;
    struct judging j = {.gate = g, .arena = a, .kind = kind, .json = json, .now = now, .result = result};
    return arena_run(a, judge, &j) ? result : NULL;
}
