/* What the answer to an item's request means, and when the item gets its next turn. */
#include "state.h"

#include "tree.h"

enum { MOST_BACKOFF_MS = 300000, QUICK_CONFLICTS = 3 };

static int64_t delay_of(struct machine *m, struct item *i, unsigned asked)
{
    int64_t wait = backoff(i->failures, MOST_BACKOFF_MS, i->by_name.hash);
    return m->now.ms + (wait > (int64_t)asked ? wait : (int64_t)asked);
}

/* The item gets its next turn at once, with what has changed. */
static void go_on(struct machine *m, struct item *i)
{
    i->again = true;
    queue_rest(&m->queue, i, 0);
}

/* Rights that were granted in a namespace are deleted with it, often before the objects whose finalizers need them. */
static const char *hint_of(struct machine *m, const struct item *i, int status)
{
    const struct object *o = cache_find(&m->cache, i->kind, item_namespace(i), item_name(i));
    bool deleting =
        o && status == 403 && node_at(read_body(m, object_json(o)), "metadata.deletionTimestamp") != NULL;
    return deleting
               ? "; if the namespace is being deleted, its RoleBinding is gone already: grant the rights "
                 "again, or remove the finalizers of the object"
               : "";
}

static void fail(struct machine *m, struct flight *f, const struct machine_event *e)
{
    struct item *i = f->item;
    m->counts[MACHINE_FAILURES]++;
    i->failures++;
    slice reason = reason_of(m, e);
    note(m, MACHINE_WARNING, i, "cannot %s %s %.*s: %.*s%s", f->purpose == FOR_WRITE ? "write" : "read",
         f->kind < K_COUNT ? kinds[f->kind].name : "Secret", FMT(f->name), FMT(reason),
         hint_of(m, i, e->status));
    queue_delay(&m->queue, i, delay_of(m, i, e->retry_after));
}

/* The object is unrelated to the item's except for its name, or was made without an owner. */
static void note_beside(struct machine *m, const struct flight *f, const struct node *root)
{
    struct item *i = f->item;
    const struct object *own = cache_find(&m->cache, i->kind, item_namespace(i), item_name(i));
    bool is_own = f->kind == i->kind && slice_eq(f->name, item_name(i));
    if (!own || is_own || slice_eq(plan_controller_uid(root), object_uid(own)))
        return;
    struct memory *r = item_memory(&m->queue, i);
    keep_forget(&m->keep, &r->beside_name);
    r->beside_kind = f->kind;
    r->beside_name = keep_text(&m->keep, f->name);
}

/* ---- refusals ---- */

static slice message_of(struct machine *m, const struct machine_event *e)
{
    slice message = tree_text(read_body(m, e->body), "message");
    return message.n ? message : e->error;
}

static bool namespace_ends(struct machine *m, const struct machine_event *e)
{
    const struct node *causes = node_at(read_body(m, e->body), "details.causes");
    for (const struct node *c = node_first(causes); c; c = node_next(c))
        if (slice_eq(tree_text(c, "reason"), LIT("NamespaceTerminating")))
            return true;
    return false;
}

/* A creation that will be refused again unless something changes. */
static bool is_permanent(int status)
{
    return status >= 400 && status < 500 && status != 401 && status != 408 && status != 409 && status != 429;
}

static void forget_refusal(struct machine *m, struct item *i)
{
    if (!i->memory)
        return;
    keep_forget(&m->keep, &i->memory->refused_kind);
    keep_forget(&m->keep, &i->memory->refused_name);
    keep_forget(&m->keep, &i->memory->refused_message);
}

static void remember_refusal(struct machine *m, struct flight *f, const struct machine_event *e,
                             slice message)
{
    struct item *i = f->item;
    struct memory *r = item_memory(&m->queue, i);
    forget_refusal(m, i);
    r->refusals++;
    r->refused_kind = keep_text(&m->keep, slice_of(kinds[f->kind].name));
    r->refused_name = keep_text(&m->keep, f->name);
    r->refused_message = keep_text(&m->keep, message);
    r->refused_terminating = namespace_ends(m, e);
    r->refused_until = m->now.ms + backoff(r->refusals, MOST_BACKOFF_MS, i->by_name.hash) + e->retry_after;
}

static void creation_refused(struct machine *m, struct flight *f, const struct machine_event *e)
{
    struct item *i = f->item;
    slice message = message_of(m, e);
    remember_refusal(m, f, e, message);
    queue_release(&m->queue, i);
    m->counts[MACHINE_FAILURES]++;
    note(m, MACHINE_WARNING, i, "the API server refuses %s %.*s: %d %.*s%s", kinds[f->kind].name,
         FMT(f->name), e->status, FMT(message), hint_of(m, i, e->status));
    tell(m, i, true, "CreateRefused",
         arena_fmt(m->scratch, "%s %.*s: %.*s", kinds[f->kind].name, FMT(f->name), FMT(message)));
    go_on(m, i);
}

/* ---- writes ---- */

/* The answer shows the item's own object as it is now. */
static void confirm(struct machine *m, const struct flight *f, const struct node *root)
{
    struct item *i = f->item;
    if (f->kind != i->kind || !slice_eq(f->name, item_name(i)))
        return;
    i->confirmed = version_of(tree_text_at(root, "metadata.resourceVersion"));
    i->confirmed_at = m->now.ms;
}

/* The answer to a deletion is the object while it has finalizers, then a Status. */
static void take_written(struct machine *m, struct flight *f, struct node *root)
{
    struct object *o = cache_find(&m->cache, f->kind, f->namespace, f->name);
    if (root && tree_text_at(root, "metadata.uid").n)
        learn(m, f->kind, root);
    else if (f->verb == MACHINE_DELETE && o && o->version == f->version)
        unlearn(m, o);
}

static void written(struct machine *m, struct flight *f, const struct machine_event *e)
{
    static const char *const words[MACHINE_VERB_COUNT] = {
        [MACHINE_CREATE] = "created", [MACHINE_DELETE] = "deleted", [MACHINE_PATCH] = "changed"};
    struct item *i = f->item;
    struct node *root = read_body(m, e->body);
    m->counts[MACHINE_WRITES]++;
    take_written(m, f, root);
    confirm(m, f, root);
    if (f->verb == MACHINE_CREATE)
        note_beside(m, f, root);
    queue_release(&m->queue, i);
    if (i->memory && (f->verb == MACHINE_PATCH || slice_eq(f->name, i->memory->refused_name)))
        forget_refusal(m, i); /* it was reported, or is over: the next plan tries again */
    if (i->memory && f->verb == MACHINE_CREATE)
        i->memory->refusals = 0;
    note(m, MACHINE_INFO, i, "%s %s %.*s: %.*s", words[f->verb], kinds[f->kind].name, FMT(f->name),
         FMT(f->why));
    if (f->event)
        tell(m, i, false, f->event,
             arena_fmt(m->scratch, "%s %s %.*s: %.*s", words[f->verb], kinds[f->kind].name, FMT(f->name),
                       FMT(f->why)));
    i->failures = 0;
    go_on(m, i);
}

/* Gets another turn at once, unless it has met conflicts a few times in a row. */
static void try_again(struct machine *m, struct item *i)
{
    if (++i->failures > QUICK_CONFLICTS)
        queue_delay(&m->queue, i, delay_of(m, i, 0));
    else
        go_on(m, i);
}

/* The watch may be far behind. */
static void conflict(struct machine *m, struct flight *f)
{
    m->counts[MACHINE_CONFLICTS]++;
    item_look(m, f->item, f->kind, f->name);
    try_again(m, f->item);
}

static void vanished(struct machine *m, struct flight *f)
{
    struct object *o = cache_find(&m->cache, f->kind, f->namespace, f->name);
    if (o && o->version <= f->version)
        unlearn(m, o);
    try_again(m, f->item);
}

/* It is unknown whether a creation had its effect: the next turn reads the object before it does anything else. */
static void creation_unknown(struct machine *m, struct flight *f, const struct machine_event *e)
{
    item_look(m, f->item, f->kind, f->name);
    fail(m, f, e);
}

static void write_answer(struct machine *m, struct flight *f, const struct machine_event *e)
{
    if (e->status / 100 == 2)
        written(m, f, e);
    else if (e->status == 409)
        conflict(m, f);
    else if (e->status == 404 && f->verb != MACHINE_CREATE)
        vanished(m, f);
    else if (f->verb == MACHINE_CREATE && is_permanent(e->status))
        creation_refused(m, f, e);
    else if (f->verb == MACHINE_CREATE)
        creation_unknown(m, f, e);
    else
        fail(m, f, e);
}

/* ---- reads ---- */

static void look_answer(struct machine *m, struct flight *f, const struct machine_event *e)
{
    struct object *o = cache_find(&m->cache, f->kind, f->namespace, f->name);
    struct node *root = e->status / 100 == 2 ? read_body(m, e->body) : NULL;
    if (!root && e->status != 404) {
        item_look(m, f->item, f->kind, f->name);
        fail(m, f, e);
        return;
    }
    queue_release(&m->queue, f->item);
    if (root) {
        learn(m, f->kind, root);
        confirm(m, f, root);
        note_beside(m, f, root);
    } else if (o && o->version <= f->version) {
        unlearn(m, o);
    }
    go_on(m, f->item);
}

/* Only the keys stay, and the one value that a plan reads. */
static slice cut_secret(struct machine *m, const struct node *root)
{
    struct arena *a = m->scratch;
    struct node *cut = tree_object(a), *metadata, *data;
    tree_put_text(a, cut, "apiVersion", LIT("v1"));
    tree_put_text(a, cut, "kind", LIT("Secret"));
    metadata = tree_put_object(a, cut, "metadata");
    tree_put_text(a, metadata, "name", tree_text_at(root, "metadata.name"));
    tree_put_text(a, metadata, "namespace", tree_text_at(root, "metadata.namespace"));
    data = tree_put_object(a, cut, "data");
    for (const struct node *n = node_first(node_get(root, LIT("data"))); n; n = node_next(n)) {
        bool read = slice_eq(n->key, LIT("AZURE_STORAGE_ACCOUNT"));
        tree_set_text(a, data, arena_cstr(a, n->key), read ? node_text(n) : (slice){0});
    }
    struct buf b = buf_new(a, SIZE_MAX);
    node_put_json(&b, cut, false);
    return buf_slice(&b);
}

/* The place of that Secret, or else the one that was read longest ago: the object no longer names it. */
static struct seen_secret *secret_place(struct memory *r, slice name)
{
    struct seen_secret *oldest = &r->secrets[0];
    for (size_t i = 0; i < MOST_SECRETS; i++) {
        if (slice_eq(r->secrets[i].name, name))
            return &r->secrets[i];
        if (r->secrets[i].at < oldest->at)
            oldest = &r->secrets[i];
    }
    return oldest;
}

static void secret_answer(struct machine *m, struct flight *f, const struct machine_event *e)
{
    struct memory *r = item_memory(&m->queue, f->item);
    const struct node *root = e->status / 100 == 2 ? read_body(m, e->body) : NULL;
    bool hidden = e->status == 401 || e->status == 403;
    if (!root && !hidden && e->status != 404) {
        fail(m, f, e);
        return;
    }
    slice cut = root ? cut_secret(m, root) : (slice){0};
    struct seen_secret *s = secret_place(r, f->name);
    keep_forget(&m->keep, &s->json);
    keep_forget(&m->keep, &s->name);
    *s = (struct seen_secret){.hidden = hidden, .at = m->now.ms};
    s->name = keep_text(&m->keep, f->name);
    s->json = keep_text(&m->keep, cut);
    go_on(m, f->item);
}

/* Two answers matter: the namespace is being deleted, or it may be and this cannot be asked, which is said once. */
static void probe_answer(struct machine *m, struct flight *f, const struct machine_event *e)
{
    struct memory *r = item_memory(&m->queue, f->item);
    bool refused = e->status == 401 || e->status == 403;
    slice reason = reason_of(m, e);
    r->probed_at = m->now.ms;
    if (namespace_ends(m, e))
        remember_refusal(m, f, e, message_of(m, e));
    else if (refused && !r->probe_refused)
        note(m, MACHINE_WARNING, f->item, "cannot ask whether the namespace still takes Jobs: %.*s%s",
             FMT(reason), hint_of(m, f->item, e->status));
    r->probe_refused = refused;
    go_on(m, f->item);
}

void turn_answer(struct machine *m, struct flight *f, const struct machine_event *e)
{
    if (f->purpose == FOR_WRITE)
        write_answer(m, f, e);
    else if (f->purpose == FOR_PROBE)
        probe_answer(m, f, e);
    else if (f->purpose == FOR_LOOK)
        look_answer(m, f, e);
    else
        secret_answer(m, f, e);
}

void turn_task(struct machine *m, struct flight *f, const struct machine_event *e)
{
    struct item *i = f->item;
    const struct log_task *task = e->task;
    struct memory *r = item_memory(&m->queue, i);
    if (!task->known) {
        m->counts[MACHINE_FAILURES]++;
        i->failures++;
        note(m, MACHINE_WARNING, i, "the cluster does not give the state of the log backup's task: %.*s",
             FMT(e->error));
        queue_delay(&m->queue, i, delay_of(m, i, 0));
        return;
    }
    keep_forget(&m->keep, &r->task_error);
    r->task = *task;
    r->task.error = r->task_error = keep_text(&m->keep, task->error);
    if (task->found)
        r->missing_since = 0;
    else if (!r->missing_since)
        r->missing_since = m->now.wall;
    r->task.missing_since = r->missing_since;
    r->task_at = m->now.ms;
    i->failures = 0;
    go_on(m, i);
}
