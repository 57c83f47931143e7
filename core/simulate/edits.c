/* Changes of the schedule: the gate judges them as it would judge those of kubectl. */
#include "playing.h"

#include "operator.h"
#include "schema_rules.h"
#include "tree.h"

void play_read_schedule(struct playing *p)
{
    const struct resource *first = p->request->schedule;
    const struct node *o =
        world_find(&p->world, "BackupSchedule", first->metadata.namespace.value, first->metadata.name.value);
    p->schedule = resource_decode(p->out, first->group, first->kind, world_copy_object(p->out, o));
    const struct schedule_spec *s = p->schedule->schedule;
    p->reserved = schedule_retention(s).seconds;
    p->with_log = s->log_backup_template.node != NULL;
    p->played->with_log = p->played->with_log || p->with_log;
    p->played->with_compaction = p->played->with_compaction || s->compact_template.node;
}

void play_no_effect(struct playing *p, const char *what, slice why)
{
    play_record(p, PLAYED_NO_EFFECT, 0, slice_of(what), why);
}

/* A strict client, as kubectl is, does not send a field that the schema does not have. */
static bool is_denied(const struct diagnostic *x)
{
    return x->severity == SEVERITY_ERROR || x->rule == &rule_unknown_field;
}

/* Returns the first reason for a denial, and how many more there are; empty: there is none. */
static slice first_denial(struct arena *a, const struct verdict *v)
{
    const struct diagnostic *first = NULL;
    size_t count = 0;
    for (size_t i = v->diagnostic_count; i-- > 0;)
        if (is_denied(&v->diagnostics[i])) {
            first = &v->diagnostics[i];
            count++;
        }
    if (!first)
        return (slice){0};
    slice text = arena_fmt(a, "%.*s: %.*s%s%.*s [%s]", FMT(first->path), FMT(first->message),
                           first->hint.n ? "; " : "", FMT(first->hint), first->rule->slug);
    return count > 1 ? arena_fmt(a, "%.*s, and %zu more", FMT(text), count - 1) : text;
}

/* Returns why the gate denies the change from `old` to `new`; empty: it does not. */
static slice denial(struct playing *p, const struct node *old, struct node *new)
{
    struct arena *a = p->scratch;
    const struct change change = {
        .context = CONTEXT_UPDATE,
        .kind = gate_kind(p->request->gate, tree_text(old, "apiVersion"), tree_text(old, "kind")),
        .object = new,
        .old_object = world_copy_object(a, old)};
    const struct verdict *v = verdict_change(p->request->gate, a, &change, false, p->world.now);
    return first_denial(a, v);
}

void play_edit(struct playing *p, const char *what, const struct node *patch, enum played_kind kind)
{
    struct node *o = world_find(&p->world, "BackupSchedule", p->request->schedule->metadata.namespace.value,
                                p->tracked[0].name);
    arena_reset(p->scratch);
    if (!o) {
        play_no_effect(p, what, LIT("the schedule is deleted"));
        return;
    }
    struct node *changed = world_copy_object(p->scratch, o);
    world_merge(p->scratch, changed, patch);
    slice spec = kind == PLAYED_EDITED ? node_value(p->scratch, patch) : (slice){0};
    if (node_equal(o, changed)) {
        play_no_effect(p, what, LIT("the schedule is like that already"));
        return;
    }
    slice why = denial(p, o, changed);
    if (why.n) {
        play_record(p, PLAYED_EDIT_DENIED, 0, spec, why);
        return;
    }
    world_merge(p->world.arena, o, patch);
    world_touch(&p->world, o);
    play_read_schedule(p);
    p->tracked[0].dirty = true;
    play_record(p, kind, 0, p->tracked[0].name, spec);
}
