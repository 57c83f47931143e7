#include "planned.h"

#include "timestamp.h"
#include "tree.h"

#include <stdio.h>

struct planning_run {
    struct planned *out;
    struct arena *arena;
    slice yaml;
    int64_t now;
};

static void append(char *to, size_t size, slice text)
{
    size_t n = strlen(to);
    assert_true(n + text.n + 1 < size);
    memcpy(to + n, text.p, text.n);
    to[n + text.n] = 0;
}

static void put_action(struct planned *p, struct arena *a, const struct plan_action *x)
{
    struct buf b = buf_new(a, 1 << 16);
    slice kind = tree_text(x->object, "kind"), name = tree_text_at(x->object, "metadata.name");
    append(p->actions, sizeof p->actions,
           arena_fmt(a, "%s%s%s%.*s%s%.*s", *p->actions ? "; " : "", plan_verb_word(x->verb),
                     kind.n ? " " : "", FMT(kind), name.n ? " " : "", FMT(name)));
    if (x->verb == PLAN_ASK || x->verb == PLAN_DELETE)
        return;
    node_put_json(&b, x->object, false);
    buf_char(&b, '\n');
    append(p->objects, sizeof p->objects, buf_slice(&b));
}

static void run(void *context)
{
    struct planning_run *r = context;
    struct planned *p = r->out;
    struct findings f = findings_new(r->arena);
    const struct stream *s = stream_read(r->arena, r->yaml, &f);
    assert_null(f.first);
    struct node *items[32];
    struct observed seen = {.items = items, .unknown = p->unknown, .task = p->task, .refused = p->refused};
    for (const struct document *d = s->first->next; d; d = d->next)
        items[seen.count++] = d->root;
    const struct plan_settings settings = {.time_zone = LIT("UTC"), .zone = p->zone};
    struct plan made = plan(r->arena, resource_of(r->arena, s->first->root), &seen, r->now, &settings);
    *p->actions = *p->why = *p->objects = 0;
    p->again = made.again;
    append(p->why, sizeof p->why, slice_cut(made.why, 0, sizeof p->why - 1));
    for (const struct plan_action *x = made.first; x; x = x->next)
        put_action(p, r->arena, x);
}

void planned_at(struct planned *p, const char *now, const char *yaml)
{
    struct timestamp t;
    assert_true(timestamp_parse(slice_of(now), &t, NULL));
    struct planning_run r = {p, arena_new(16 << 20), slice_of(yaml), t.ms / 1000};
    assert_true(arena_run(r.arena, run, &r));
    arena_free(r.arena);
}
