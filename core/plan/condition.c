/* Conditions and phases. */
#include "condition.h"

struct status status_open(const struct planning *p)
{
    const struct node *old = node_get(p->object->root, LIT("status"));
    bool usable = old && old->kind == NODE_OBJECT;
    struct node *root = usable ? node_copy(p->arena, old, 0) : tree_object(p->arena);
    return (struct status){p, root, tree_text(root, "phase")};
}

static struct node *find_condition(const struct node *conditions, const char *type)
{
    for (struct node *c = node_first(conditions); c; c = node_next(c))
        if (slice_eq(tree_text(c, "type"), slice_of(type)))
            return c;
    return NULL;
}

bool status_has(const struct node *status, const char *type)
{
    const struct node *c = find_condition(node_get(status, LIT("conditions")), type);
    return slice_eq(tree_text(c, "status"), LIT("True"));
}

/* ---- one list of conditions ---- */

static struct node *list_of(struct status *s, struct node *owner)
{
    struct node *list = node_get(owner, LIT("conditions"));
    if (list && list->kind == NODE_ARRAY)
        return list;
    list = tree_array(s->planning->arena);
    tree_set(owner, "conditions", list);
    return node_get(owner, LIT("conditions"));
}

static struct node *condition_node(const struct status *s, const struct condition *c)
{
    struct arena *a = s->planning->arena;
    bool v2 = plan_v2(s->planning);
    struct node *n = tree_object(a);
    slice type = slice_of(c->type), reason = c->reason.n || !v2 ? c->reason : type;
    tree_put_text(a, n, "lastTransitionTime", plan_time(s->planning, s->planning->now));
    if (c->message.n || v2) /* v2 requires it, and it may be empty there */
        tree_set_text(a, n, "message", c->message);
    tree_put_text(a, n, "reason", reason);
    tree_put_text(a, n, "status", c->is_false ? LIT("False") : LIT("True"));
    tree_put_text(a, n, "type", type);
    return n;
}

static bool says_the_same(const struct node *old, const struct node *new)
{
    static const char *const keys[] = {"status", "reason", "message"};
    for (size_t i = 0; i < sizeof keys / sizeof *keys; i++)
        if (!slice_eq(tree_text(old, keys[i]), tree_text(new, keys[i])))
            return false;
    return true;
}

/* Replaces the condition of that type, or adds it. One that says the same keeps its time, unless the phase
 * moves (`moves`). */
static void put_condition(struct status *s, struct node *owner, const struct condition *c, bool moves)
{
    struct node *list = list_of(s, owner), *old = find_condition(list, c->type);
    struct node *new = condition_node(s, c);
    if (!old) {
        tree_put(list, NULL, new);
        return;
    }
    if (says_the_same(old, new) && !moves)
        return;
    if (slice_eq(tree_text(old, "status"), tree_text(new, "status")) && !moves)
        tree_set_text(s->planning->arena, new, "lastTransitionTime", tree_text(old, "lastTransitionTime"));
    for (const struct node *m = node_first(new); m; m = node_next(m))
        tree_set(old, arena_cstr(s->planning->arena, m->key), node_copy(s->planning->arena, m, 0));
}

/* ---- the whole ---- */

void status_note(struct status *s, struct condition c)
{
    put_condition(s, s->root, &c, false);
}

void status_note_over(struct status *s, const char *type, slice message)
{
    if (status_has(s->root, type))
        status_note(s, (struct condition){.type = type, .is_false = true, .message = message});
}

void status_condition(struct status *s, struct condition c)
{
    bool moves = !slice_eq(s->phase, slice_of(c.type));
    put_condition(s, s->root, &c, moves);
    if (!moves || slice_eq(slice_of(c.type), LIT("Restart")))
        return;
    s->phase = slice_of(c.type);
    tree_set_text(s->planning->arena, s->root, "phase", s->phase);
}

/* ---- log commands ---- */

struct node *status_of_command(struct status *s, enum logbackup_command command)
{
    struct arena *a = s->planning->arena;
    const char *name = logbackup_command_text(command);
    struct node *all = node_get(s->root, LIT("logSubCommandStatuses"));
    if (!all || all->kind != NODE_OBJECT) {
        tree_set(s->root, "logSubCommandStatuses", tree_object(a));
        all = node_get(s->root, LIT("logSubCommandStatuses"));
    }
    if (!node_get(all, slice_of(name)))
        tree_put_text(a, tree_put_object(a, all, name), "command", slice_of(name));
    return node_get(all, slice_of(name));
}

/* Pause and resume alternate: the result of one no longer counts when the other begins. */
static void free_counterpart(struct status *s, enum logbackup_command command)
{
    enum logbackup_command other = command == LOGBACKUP_PAUSE ? LOGBACKUP_RESUME : LOGBACKUP_PAUSE;
    struct node *all = node_get(s->root, LIT("logSubCommandStatuses"));
    if ((command == LOGBACKUP_PAUSE || command == LOGBACKUP_RESUME) &&
        node_get(all, slice_of(logbackup_command_text(other))))
        tree_set_text(s->planning->arena, status_of_command(s, other), "phase", LIT("Repeatable"));
}

static void show_in_whole(struct status *s, enum logbackup_command command, struct condition c)
{
    if (s->planning->object->metadata.deleting) {
        status_condition(s, c);
        return;
    }
    enum logbackup_phase before = logbackup_phase_of(s->phase);
    bool complete = slice_eq(slice_of(c.type), LIT("Complete"));
    enum logbackup_phase after = logbackup_phase_after(command, slice_of(c.type), before);
    if (command == LOGBACKUP_TRUNCATE || command == LOGBACKUP_UNKNOWN ||
        complete != (command != LOGBACKUP_START))
        return; /* only a start shows what it is at; of the others only what they came to */
    c.type = logbackup_phase_text(after);
    status_condition(s, c);
}

void status_command(struct status *s, enum logbackup_command command, struct condition c)
{
    show_in_whole(s, command, c);
    struct node *own = status_of_command(s, command);
    bool moves = !slice_eq(tree_text(own, "phase"), slice_of(c.type));
    put_condition(s, own, &c, moves);
    tree_set_text(s->planning->arena, own, "phase", slice_of(c.type));
    free_counterpart(s, command);
}

bool status_close(struct planning *p, struct status *s, slice why)
{
    const struct node *old = node_get(p->object->root, LIT("status"));
    if (old ? node_equal(old, s->root) : tree_empty(s->root))
        return false;
    struct node *patch = plan_patch(p);
    tree_put(patch, "status", s->root);
    plan_act(p, PLAN_STATUS, patch, why);
    return true;
}
