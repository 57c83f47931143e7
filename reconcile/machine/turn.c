/* Turns: gate, observe, plan, and the plan's first action as a request. */
#include "turn.h"

#include "tree.h"
#include "utf8.h"

enum {
    MOST_STREAK = 40, /* writes in a row before an object counts as one that does not settle */
    MOST_BACKOFF_MS = 300000,
    SECRET_MS = 60000,    /* how often a Secret is read while a plan asks for it */
    DENIED_SECONDS = 600, /* how often it is looked whether the Event of a denied object has expired */
};

static uint64_t spread(const struct item *i)
{
    return i->by_name.hash;
}

/* ---- deciding ---- */

static void decide(void *context)
{
    struct turn *t = context;
    struct findings ignored = findings_new(t->m->work);
    t->root = json_read(t->m->work, object_json(t->object), &ignored);
    if (!t->root)
        return;
    turn_judge(t);
    if (t->denial.n) {
        t->plan = plan_denied(t->m->work, t->resource, t->denial, t->m->now.wall);
        t->plan.again = t->m->now.wall + DENIED_SECONDS;
        return;
    }
    turn_observe(t);
    const struct plan_settings *settings = &t->m->settings.plan;
    t->plan = plan(t->m->work, t->resource, &t->seen, t->m->now.wall, settings);
    t->item->lag = plan_lag(t->m->work, t->resource, &t->seen, t->m->now.wall, settings);
}

/* The errors, and where to read more of their rules. An Event has 1024 bytes at most. */
static slice event_text(struct turn *t)
{
    enum { MOST_ERRORS = 850 };
    return arena_fmt(t->m->work, "%.*s; `brgate explain %s` has the reason and the fix",
                     FMT(utf8_cut(t->denial, MOST_ERRORS)), t->denied_by);
}

/* For as long as it is denied there is one Event: a schedule's status has no field that could say so. */
static void count_denied(struct turn *t)
{
    struct machine *m = t->m;
    struct item *i = t->item;
    uint64_t why = t->denial.n ? hash_text(hash_start(), t->denial) | 1 : 0;
    if (why && why != i->denied)
        note(m, MACHINE_WARNING, i, "is denied: %.*s", FMT(t->denial));
    if (why)
        tell(m, i, true, "Denied", event_text(t));
    m->denied[i->kind] += why != 0;
    m->denied[i->kind] -= i->denied != 0;
    i->denied = why;
}

/* ---- requests of a turn ---- */

static struct flight *item_flight(struct turn *t, enum purpose purpose, enum kind_number k, slice name,
                                  struct machine_request *ret)
{
    struct machine *m = t->m;
    slice namespace = item_namespace(t->item);
    struct flight *f = flight_new(m, purpose, ret);
    f->item = t->item;
    f->kind = k;
    f->namespace = keep_text(&m->keep, namespace);
    f->name = keep_text(&m->keep, name);
    ret->namespace = arena_copy(m->scratch, namespace);
    ret->name = arena_copy(m->scratch, name);
    int64_t end = m->lease.renewed + m->settings.lease_renew_deadline;
    ret->deadline = m->now.ms + REQUEST_MS;
    if (purpose == FOR_WRITE && end < ret->deadline)
        ret->deadline = end;
    return f;
}

static void look(struct turn *t, struct machine_request *ret)
{
    struct memory *r = t->item->memory;
    enum kind_number k = r->look_kind;
    const struct object *o = cache_find(&t->m->cache, k, item_namespace(t->item), r->look_name);
    item_flight(t, FOR_LOOK, k, r->look_name, ret)->version = o ? o->version : 0;
    ret->verb = MACHINE_GET;
    ret->group_version = kinds[k].group_version;
    ret->resource = kinds[k].resource;
    keep_forget(&t->m->keep, &r->look_name);
}

static void read_secret(struct turn *t, slice name, struct machine_request *ret)
{
    item_flight(t, FOR_SECRET, K_COUNT, name, ret);
    ret->verb = MACHINE_GET;
    ret->group_version = "v1";
    ret->resource = "secrets";
}

/* A Job that is never made: the dry run only shows whether the namespace refuses it. */
static void probe(struct turn *t, struct machine_request *ret)
{
    item_flight(t, FOR_PROBE, K_JOB, item_name(t->item), ret);
    ret->verb = MACHINE_CREATE;
    ret->group_version = kinds[K_JOB].group_version;
    ret->resource = kinds[K_JOB].resource;
    ret->name = (slice){0};
    ret->query = LIT("dryRun=All");
    ret->body = arena_fmt(t->m->scratch,
                          "{\"apiVersion\":\"batch/v1\",\"kind\":\"Job\",\"metadata\":{\"generateName\":"
                          "\"probe-\",\"namespace\":\"%.*s\"},\"spec\":{\"template\":{\"spec\":{"
                          "\"restartPolicy\":\"Never\",\"containers\":[{\"name\":\"probe\",\"image\":"
                          "\"probe\"}]}}}}",
                          FMT(item_namespace(t->item)));
}

/* Lives until the next call: in the scratch arena. */
static slice json_of(struct machine *m, const struct node *n)
{
    struct buf b = buf_new(m->scratch, SIZE_MAX);
    node_put_json(&b, n, false);
    return buf_slice(&b);
}

/* A Job stays until its pods are gone. Of other objects the dependents go last: a Backup that is being deleted still
 * needs the Job that cleans its data, which the garbage collector would take from it. */
static slice delete_options(struct machine *m, const struct node *object)
{
    struct arena *a = m->scratch;
    const struct node *metadata = node_get(object, LIT("metadata"));
    struct node *root = tree_object(a);
    tree_put_text(a, root, "apiVersion", LIT("v1"));
    tree_put_text(a, root, "kind", LIT("DeleteOptions"));
    bool is_job = slice_eq(tree_text(object, "kind"), LIT("Job"));
    tree_put_text(a, root, "propagationPolicy", is_job ? LIT("Foreground") : LIT("Background"));
    struct node *conditions = tree_put_object(a, root, "preconditions");
    tree_put_text(a, conditions, "uid", tree_text(metadata, "uid"));
    tree_put_text(a, conditions, "resourceVersion", tree_text(metadata, "resourceVersion"));
    return json_of(m, root);
}

static void ask(struct turn *t, const struct plan_action *x, struct machine_request *ret)
{
    struct machine *m = t->m;
    struct machine_question *q = ARENA_NEW(m->scratch, struct machine_question);
    item_flight(t, FOR_TASK, t->item->kind, item_name(t->item), ret);
    *q = (struct machine_question){.task = arena_copy(m->scratch, item_name(t->item)),
                                   .pd_address = arena_copy(m->scratch, tree_text(x->object, "pdAddress")),
                                   .tls_secret = arena_copy(m->scratch, tree_text(x->object, "tlsSecret"))};
    ret->verb = MACHINE_ASK;
    ret->question = q;
}

/* The verb's request; false when the object is of a kind that the machine does not write. */
static bool write_request(struct turn *t, const struct plan_action *x, struct machine_request *ret)
{
    struct machine *m = t->m;
    slice name = tree_text_at(x->object, "metadata.name");
    enum kind_number k = kind_of(tree_text(x->object, "apiVersion"), tree_text(x->object, "kind"));
    static const enum machine_verb verbs[] = {[PLAN_CREATE] = MACHINE_CREATE,
                                              [PLAN_DELETE] = MACHINE_DELETE,
                                              [PLAN_PATCH] = MACHINE_PATCH,
                                              [PLAN_STATUS] = MACHINE_PATCH};
    if (k == K_COUNT)
        return false;
    const struct object *o = cache_find(&m->cache, k, item_namespace(t->item), name);
    struct flight *f = item_flight(t, FOR_WRITE, k, name, ret);
    f->verb = verbs[x->verb];
    f->version = o ? o->version : 0;
    f->event = x->event;
    f->why = keep_text(&m->keep, x->why);
    ret->verb = f->verb;
    ret->group_version = kinds[k].group_version;
    ret->resource = kinds[k].resource;
    if (x->verb == PLAN_CREATE)
        ret->name = (slice){0};
    if (x->verb == PLAN_STATUS && kinds[k].has_status)
        ret->subresource = "status";
    ret->body = x->verb == PLAN_DELETE ? delete_options(m, x->object) : json_of(m, x->object);
    return true;
}

/* ---- the turn's end ---- */

static void rest(struct turn *t)
{
    struct machine *m = t->m;
    int64_t due = 0;
    if (t->plan.again) {
        int64_t wait = t->plan.again - m->now.wall;
        due = m->now.ms + (wait > 1 ? wait : 1) * 1000;
    }
    t->item->streak = 0;
    queue_rest(&m->queue, t->item, due);
}

/* Reports nothing about finished objects: there may be thousands. */
static bool is_through(const struct turn *t)
{
    const struct resource *o = t->resource;
    if (t->denial.n) /* which was reported */
        return true;
    if (t->plan.again || o->metadata.deleting || o->kind == KIND_BACKUP_SCHEDULE)
        return false;
    return o->kind == KIND_BACKUP
               ? !plan_is_open(t->root)
               : slice_eq(o->compact_state, LIT("Complete")) || slice_eq(o->compact_state, LIT("Failed"));
}

/* Says what the object waits for when that has changed, at most once a minute. A change within the minute is reported at its
 * end. */
static void rest_and_say_why(struct turn *t)
{
    enum { SAID_MS = 60000 };
    struct machine *m = t->m;
    struct item *i = t->item;
    uint64_t hash = hash_text(hash_start(), t->plan.why);
    bool is_new = hash != i->said && !is_through(t);
    bool is_early = i->said_at && m->now.ms - i->said_at < SAID_MS;
    if (is_new && (is_early || m->note_count > MOST_NOTES / 2)) {
        int64_t next = m->now.wall + SAID_MS / 1000;
        t->plan.again = t->plan.again && t->plan.again < next ? t->plan.again : next;
    } else if (is_new) {
        note(m, MACHINE_INFO, i, "%.*s", FMT(t->plan.why));
        i->said = hash;
        i->said_at = m->now.ms;
    }
    rest(t);
}

/* Says what would be done, unless that was said last. */
static void pretend(struct turn *t)
{
    uint64_t hash = hash_start();
    for (const struct plan_action *x = t->plan.first; x; x = x->next)
        hash = hash_text(hash_text(hash, tree_text_at(x->object, "metadata.name")), x->why);
    if (hash != t->item->said)
        for (const struct plan_action *x = t->plan.first; x; x = x->next)
            note(t->m, MACHINE_INFO, t->item, "would %s %.*s %.*s: %.*s", plan_verb_word(x->verb),
                 FMT(tree_text(x->object, "kind")), FMT(tree_text_at(x->object, "metadata.name")),
                 FMT(x->why));
    t->item->said = hash;
    rest(t);
}

static void put_off(struct turn *t, const char *why)
{
    struct machine *m = t->m;
    note(m, MACHINE_ERROR, t->item, "%s", why);
    t->item->streak = 0;
    queue_release(&m->queue, t->item);
    queue_delay(&m->queue, t->item,
                m->now.ms + backoff(++t->item->failures, MOST_BACKOFF_MS, spread(t->item)));
}

/* Makes a Job only for the object as the API server shows it now. The cache may have current Jobs and an old object: a Job
 * that has done its work and was deleted would look like one that was never made. */
static bool must_look_first(struct turn *t, const struct plan_action *x)
{
    enum { FRESH_MS = 5000 };
    const struct item *i = t->item;
    bool job = x->verb == PLAN_CREATE && t->resource->kind != KIND_BACKUP_SCHEDULE;
    return job && (!i->confirmed_at || i->confirmed != t->object->version ||
                   t->m->now.ms - i->confirmed_at > FRESH_MS);
}

/* What retention deletes, and whether a run may be made, depends on the other Backups, and a silent watch may be broken. */
static bool waits_for_children(struct turn *t, const struct plan_action *x)
{
    enum { LOOK_AGAIN_MS = 500 };
    enum kind_number k = kind_of(tree_text(x->object, "apiVersion"), tree_text(x->object, "kind"));
    if ((x->verb != PLAN_DELETE && x->verb != PLAN_CREATE) || t->resource->kind != KIND_BACKUP_SCHEDULE ||
        k >= K_WATCHED || informer_is_fresh(t->m, k))
        return false;
    queue_rest(&t->m->queue, t->item, t->m->now.ms + LOOK_AGAIN_MS);
    return true;
}

/* Makes only one run of a cluster at a time, across all its schedules: a run on its way is not in the cache yet. The
 * schedule whose run has been due for longest runs first. */
static bool waits_for_another(struct turn *t, const struct plan_action *x)
{
    enum { LOOK_AGAIN_MS = 500 };
    struct queue *q = &t->m->queue;
    if (t->resource->kind != KIND_BACKUP_SCHEDULE || x->verb != PLAN_CREATE)
        return false;
    uint64_t cluster = turn_cluster(t);
    bool behind = t->plan.due && queue_is_behind(q, t->item, cluster, t->plan.due);
    if (!behind && !queue_is_held(q, t->item, cluster)) {
        queue_wait_over(q, t->item);
        queue_hold(q, t->item, cluster);
        return false;
    }
    queue_rest(q, t->item, t->m->now.ms + LOOK_AGAIN_MS);
    return true;
}

/* The deletion waits for a Secret. When the namespace is being deleted, too, the Secret may be deleted for good, and the API
 * server would refuse a Job that needs it. */
static bool must_probe(const struct turn *t)
{
    const struct memory *r = t->item->memory;
    return t->plan.secret && !t->plan.first && t->resource->metadata.deleting && !t->m->settings.dry_run &&
           (!r || !r->probed_at || t->m->now.ms - r->probed_at >= SECRET_MS);
}

/* Returns the first Secret of the object that was not read lately; empty: all were. */
static slice unread_secret(const struct turn *t)
{
    slice names[MOST_SECRETS];
    size_t count = turn_secret_names(t->resource, names);
    for (size_t i = 0; i < count; i++) {
        const struct seen_secret *s = turn_secret(t->item, names[i]);
        if (!s || t->m->now.ms - s->at >= SECRET_MS)
            return names[i];
    }
    return (slice){0};
}

/* False when the turn ended without a request. */
static bool act(struct turn *t, struct machine_request *ret)
{
    struct machine *m = t->m;
    const struct plan_action *x = t->plan.first;
    slice secret = t->denial.n ? (slice){0} : unread_secret(t);
    m->has_plans = m->has_plans || x;
    /* Plans again with the Secret if the plan wants to act or waits for it; other plans need none. */
    if ((x || t->plan.secret) && secret.n) {
        read_secret(t, secret, ret);
        return true;
    }
    if (must_probe(t)) {
        probe(t, ret);
        return true;
    }
    if (m->settings.dry_run || !x) {
        t->item->failures = 0;
        (m->settings.dry_run ? pretend : rest_and_say_why)(t);
        return false;
    }
    if (x->verb == PLAN_ASK) {
        ask(t, x, ret);
        return true;
    }
    if (must_look_first(t, x)) {
        item_look(m, t->item, t->item->kind, item_name(t->item));
        look(t, ret);
        return true;
    }
    if (waits_for_children(t, x) || waits_for_another(t, x))
        return false;
    if (++t->item->streak > MOST_STREAK) {
        put_off(t, "does not settle: it is written again and again");
        return false;
    }
    if (write_request(t, x, ret))
        return true;
    put_off(t, "requires a change that this version does not know");
    return false;
}

/* The object was deleted: forgets what is known of it. The next object of its name looks again for what this one made and
 * nothing watches. */
static void forget(struct machine *m, struct item *i)
{
    const struct memory *r = i->memory;
    struct object *o = r && r->beside_kind >= K_WATCHED
                           ? cache_find(&m->cache, r->beside_kind, item_namespace(i), r->beside_name)
                           : NULL;
    if (o)
        cache_remove(&m->cache, o);
    m->denied[i->kind] -= i->denied != 0;
    queue_forget(&m->queue, i);
}

static bool turn(struct machine *m, struct item *i, struct machine_request *ret)
{
    struct turn t = {.m = m, .item = i};
    m->counts[MACHINE_TURNS]++;
    queue_wait_over(&m->queue, i);
    t.object = cache_find(&m->cache, i->kind, item_namespace(i), item_name(i));
    if (!t.object) {
        forget(m, i);
        return false;
    }
    if (m->others >> i->kind & 1) { /* an operator handles it; it gets a turn when the operator stops */
        queue_rest(&m->queue, i, 0);
        return false;
    }
    if (i->memory && i->memory->look_name.n) {
        look(&t, ret);
        return true;
    }
    arena_reset(m->work);
    if (!arena_run(m->work, decide, &t)) {
        if (arena_shortage(m->work) == ARENA_SHORT_OF_SYSTEM)
            arena_exhausted(m->scratch);
        put_off(&t, "is too large to plan for, with everything that belongs to it");
        return false;
    }
    if (!t.root) {
        put_off(&t, "cannot be read from the cache");
        return false;
    }
    count_denied(&t);
    if (t.plan.due)
        queue_wait(&m->queue, i, turn_cluster(&t), t.plan.due);
    return act(&t, ret);
}

bool turns_next(struct machine *m, struct machine_request *ret)
{
    for (; m->turns_left; m->turns_left--) {
        struct item *i = queue_take(&m->queue);
        if (!i)
            return false;
        if (turn(m, i, ret))
            return true;
    }
    return false;
}
