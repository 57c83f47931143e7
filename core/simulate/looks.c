/* The controller's side of a play: finds the objects that need a look, asks the core, and carries out its actions. */
#include "playing.h"

#include "tree.h"

static const char *const kind_names[] = {[KIND_BACKUP] = "Backup",
                                         [KIND_BACKUP_SCHEDULE] = "BackupSchedule",
                                         [KIND_COMPACT_BACKUP] = "CompactBackup"};

static slice own_namespace(const struct playing *p)
{
    return p->request->schedule->metadata.namespace.value;
}

static bool is_kind(const struct node *n, const char *kind)
{
    return slice_eq(tree_text(n, "kind"), slice_of(kind));
}

/* ---- what has changed ---- */

static void mark_schedule(struct playing *p)
{
    p->tracked[0].dirty = true;
}

static void mark_object(struct playing *p, const struct node *o)
{
    for (size_t k = 0; k < COUNT(kind_names); k++)
        if (is_kind(o, kind_names[k]))
            play_mark(p, (enum resource_kind)k, tree_text_at(o, "metadata.name"));
}

/* ---- what is seen ---- */

/* A schedule sees its children; an object of another kind sees its Jobs, the cluster and the Secrets. */
static bool is_seen(const struct tracked *t, const struct world *w, size_t i)
{
    slice kind = w->keys[i].kind;
    bool child = slice_eq(kind, LIT("Backup")) || slice_eq(kind, LIT("CompactBackup"));
    if (t->kind == KIND_BACKUP_SCHEDULE)
        return child;
    if (!slice_eq(kind, LIT("Job")))
        return !child;
    return slice_eq(w->keys[i].owner_name, t->name) &&
           slice_eq(w->keys[i].owner_kind, slice_of(kind_names[t->kind]));
}

static struct observed observe(struct playing *p, const struct tracked *t)
{
    struct world *w = &p->world;
    struct node **items = ARENA_ARRAY(p->scratch, struct node *, w->count + 1);
    const struct plan_head **heads = ARENA_ARRAY(p->scratch, const struct plan_head *, w->count + 1);
    size_t count = 0;
    for (size_t i = 0; i < w->count; i++)
        if (is_seen(t, w, i)) {
            items[count] = w->items[i];
            heads[count++] = world_head(w, i);
        }
    struct cluster_log log = p->log;
    int64_t checkpoint = ledger_checkpoint(p);
    log.checkpoint = checkpoint ? timestamp_tso(checkpoint * 1000) : log.start;
    return (struct observed){
        .items = items, .heads = heads, .count = count, .task = cluster_log_answer(&log)};
}

/* The schedule's spec is decoded once for each edit. */
static const struct resource *decode_seen(const struct playing *p, const struct tracked *t, struct node *root)
{
    enum api_group group = p->request->schedule->group;
    if (t->kind != KIND_BACKUP_SCHEDULE || !p->schedule)
        return resource_decode(p->scratch, group, t->kind, root);
    struct resource *o = ARENA_NEW(p->scratch, struct resource);
    *o = resource_decode_head(group, t->kind, root);
    o->schedule = p->schedule->schedule;
    return o;
}

/* ---- what is done ---- */

static void note_truncation(struct playing *p, const struct node *patch)
{
    slice until = tree_text_at(patch, "spec.logTruncateUntil");
    if (until.n)
        play_mark(p, KIND_BACKUP, tree_text_at(patch, "metadata.name"));
}

/* The schedule deletes a child: the core's retention. */
static void note_deletion(struct playing *p, const struct tracked *t, const struct node *gone, slice why)
{
    slice name = tree_text_at(gone, "metadata.name");
    mark_object(p, gone);
    if (t->kind != KIND_BACKUP_SCHEDULE || !is_kind(gone, "Backup"))
        return;
    bool complete = slice_eq(tree_text_at(gone, "status.phase"), LIT("Complete"));
    play_record(p, complete ? PLAYED_EXPIRED : PLAYED_EXPIRED_FAILED, 0, name, why);
    p->failed_kept -= !complete && p->failed_kept;
    ledger_delete(p, name);
}

static void note_creation(struct playing *p, const struct tracked *t, const struct node *made)
{
    slice name = tree_text_at(made, "metadata.name");
    if (is_kind(made, "Job")) {
        play_job_begins(p, world_find(&p->world, "Job", own_namespace(p), name));
        return;
    }
    mark_object(p, made);
    if (t->kind == KIND_BACKUP_SCHEDULE && is_kind(made, "Backup") &&
        !slice_eq(tree_text_at(made, "spec.backupMode"), LIT("log")))
        ledger_due_made(p, name);
}

static bool act(struct playing *p, const struct tracked *t, const struct plan_action *x)
{
    bool deletes = x->verb == PLAN_DELETE;
    if (deletes)
        note_deletion(p, t, x->object, x->why);
    if (!world_do(&p->world, x))
        return false;
    if (x->verb == PLAN_CREATE)
        note_creation(p, t, x->object);
    else if (x->verb == PLAN_PATCH && t->kind == KIND_BACKUP_SCHEDULE)
        note_truncation(p, x->object);
    else if (x->verb == PLAN_PATCH && node_at(x->object, "metadata.finalizers"))
        play_mark(p, t->kind, t->name); /* it may be gone now */
    else if (deletes && is_kind(x->object, "Job"))
        play_mark(p, t->kind, t->name);
    return true;
}

/* ---- a look ---- */

static bool is_log(const struct node *backup)
{
    return slice_eq(tree_text_at(backup, "spec.backupMode"), LIT("log"));
}

static slice phase_of(const struct tracked *t, const struct node *o)
{
    return tree_text_at(o, t->kind == KIND_BACKUP ? "status.phase" : "status.state");
}

/* Notes what the core has concluded: the schedule must know. */
static void note_conclusion(struct playing *p, const struct tracked *t, const struct node *o, slice before)
{
    slice phase = phase_of(t, o);
    bool failed = slice_eq(phase, LIT("Failed")) || slice_eq(phase, LIT("Invalid"));
    if (t->kind == KIND_BACKUP_SCHEDULE || slice_eq(phase, before))
        return;
    if (failed || slice_eq(phase, LIT("Complete")) || slice_eq(phase, LIT("Running")))
        mark_schedule(p);
    if (!failed)
        return;
    if (t->kind == KIND_COMPACT_BACKUP) {
        play_record(p, PLAYED_COMPACTION_FAILED, 0, t->name, tree_text_at(o, "status.message"));
    } else if (is_log(o)) {
        p->log_failed = true;
        play_record(p, PLAYED_LOG_FAILED, 0, t->name, LIT("the log Backup has failed: the log ends here"));
    } else {
        p->failed_kept++;
        play_record(p, PLAYED_SNAPSHOT_FAILED, 0, t->name, LIT("its Job failed too often"));
    }
}

/* Polls for changes that no event announces. A play knows all changes: it asks a running task when another object needs the
 * answer, the end of a Job is an event, and it checks a paused task every hour. A schedule whose run waits hides the time of
 * its next compaction behind the poll. */
static int64_t look_again(const struct playing *p, const struct tracked *t, int64_t again)
{
    enum { POLL_SECONDS = 60, SOON_SECONDS = 600, SELDOM_SECONDS = 3600 };
    if (!again || again > p->world.now + POLL_SECONDS)
        return again;
    if (t->kind == KIND_BACKUP_SCHEDULE && p->played->with_compaction)
        return again < p->world.now + POLL_SECONDS ? again : p->world.now + SOON_SECONDS;
    bool log = t->kind == KIND_BACKUP && p->log.found;
    if (log && p->log.paused)
        return p->world.now + SELDOM_SECONDS;
    return log || p->job_count ? 0 : again;
}

static void forget(struct playing *p, size_t i)
{
    for (size_t k = i + 1; k < p->tracked_count; k++)
        p->tracked[k - 1] = p->tracked[k];
    p->tracked_count--;
}

/* Returns false when the object no longer exists. */
static bool look(struct playing *p, size_t i)
{
    struct tracked t = p->tracked[i];
    p->tracked[i].dirty = false;
    struct node *root = world_find(&p->world, kind_names[t.kind], own_namespace(p), t.name);
    if (!root)
        return false;
    arena_reset(p->scratch);
    const struct resource *o = decode_seen(p, &t, root);
    struct observed seen = observe(p, &t);
    struct plan made = plan(p->scratch, o, &seen, p->world.now, &p->request->settings);
    slice before = phase_of(&t, root);
    p->played->plans++;
    for (const struct plan_action *x = made.first; x; x = x->next)
        if (x->verb != PLAN_ASK && !act(p, &t, x)) {
            p->tracked[i].dirty = true; /* a conflict: look at it anew */
            break;
        }
    root = world_find(&p->world, kind_names[t.kind], own_namespace(p), t.name);
    if (root)
        note_conclusion(p, &t, root, before);
    p->tracked[i].again = look_again(p, &t, made.again);
    return true;
}

/* The checkpoint moves all the time: the log Backup gets a look before the schedule does. */
static void look_at_log(struct playing *p)
{
    if (p->log_read_at == p->world.now)
        return;
    p->log_read_at = p->world.now;
    for (size_t i = 1; i < p->tracked_count; i++) {
        const struct node *n;
        if (p->tracked[i].kind != KIND_BACKUP || !slice_starts(p->tracked[i].name, LIT("log-")))
            continue;
        n = world_find(&p->world, "Backup", own_namespace(p), p->tracked[i].name);
        if (n && is_log(n) && !look(p, i))
            return;
    }
}

/* A snapshot that retention has deleted no longer affects the schedule: it stopped counting then. */
static void note_gone(struct playing *p, size_t i)
{
    if (i == 0) {
        p->tracked[0] = (struct tracked){.name = p->tracked[0].name, .kind = KIND_BACKUP_SCHEDULE};
        return;
    }
    if (p->by_hand)
        mark_schedule(p);
    forget(p, i);
}

static bool wants_look(const struct playing *p, const struct tracked *t)
{
    return t->dirty || (t->again && t->again <= p->world.now);
}

void play_settle(struct playing *p)
{
    enum { MOST_LOOKS = 1000 }; /* at one moment: with more the core does not settle */
    if (p->controller_down)
        return;
    for (int looks = 0; looks < MOST_LOOKS;) {
        size_t i = p->tracked_count;
        while (i > 0 && !wants_look(p, &p->tracked[i - 1]))
            i--;
        if (i == 0)
            return;
        if (i == 1)
            look_at_log(p);
        looks++;
        if (!look(p, i - 1)) {
            note_gone(p, i - 1);
        }
    }
    p->played->verdict.unsettled = true;
}

int64_t play_next_look(const struct playing *p)
{
    int64_t next = 0;
    for (size_t i = 0; i < p->tracked_count && !p->controller_down; i++) {
        int64_t again = p->tracked[i].again;
        if (again && (!next || again < next))
            next = again;
    }
    return next;
}
