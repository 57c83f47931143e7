/* Playing a history and counting what came out equal. */
#include "replay.h"

#include "facts.h"
#include "timestamp.h"
#include "tree.h"

enum { MOST_ROUNDS = 20, MOST_WAITS = 10, BEGIN = 1795694400 /* 2026-11-26T12:00:00Z */ };

static const char *const subject_names[SUBJECT_COUNT] = {
    [SUBJECT_V2_SNAPSHOT_JOB] = "v2 snapshot Jobs",
    [SUBJECT_V2_LOG_JOB] = "v2 log Jobs",
    [SUBJECT_V2_STOP_JOB] = "v2 stop Jobs",
    [SUBJECT_V2_CLEAN_JOB] = "v2 clean Jobs",
    [SUBJECT_V1_BR_JOB] = "v1 BR Jobs",
    [SUBJECT_V1_EXPORT_JOB] = "v1 Dumpling Jobs",
    [SUBJECT_V1_CLEAN_JOB] = "v1 clean Jobs",
    [SUBJECT_V1_COMPACT_JOB] = "v1 compaction Jobs",
    [SUBJECT_V1_CHILD] = "v1 schedule children",
    [SUBJECT_NO_JOB] = "no Job made",
    [SUBJECT_STATUS] = "statuses",
    [SUBJECT_FINALIZERS] = "finalizers",
    [SUBJECT_GONE] = "ends of deletions",
};

/* ---- counting ---- */

void replay_count(struct replay *r, enum subject subject, const char *difference, slice what)
{
    if (!what.n) {
        r->tally->equal[subject]++;
        return;
    }
    for (size_t i = 0; difference && i < difference_count; i++) {
        if (strcmp(differences[i].name, difference) != 0)
            continue;
        r->tally->meant[subject]++;
        r->tally->by_difference[i]++;
        return;
    }
    r->tally->unequal[subject]++;
    fprintf(r->out, "%s: %s: %.*s\n", r->name, subject_names[subject], FMT(what));
}

void tally_print(const struct tally *t, FILE *out)
{
    fprintf(out, "%zu histories, %zu refused by the API server\n", t->histories, t->refused);
    if (t->unplayed)
        fprintf(out, "%zu steps that the player does not know\n", t->unplayed);
    for (size_t i = 0; i < SUBJECT_COUNT; i++) {
        size_t all = t->equal[i] + t->meant[i] + t->unequal[i];
        if (all)
            fprintf(out, "  %-22s %4zu of %4zu equal, %zu differ on purpose, %zu differ\n", subject_names[i],
                    t->equal[i], all, t->meant[i], t->unequal[i]);
    }
    for (size_t i = 0; i < difference_count; i++)
        if (t->by_difference[i])
            fprintf(out, "  on purpose %4zu %s: %s\n", t->by_difference[i], differences[i].name,
                    differences[i].reason);
}

bool tally_clean(const struct tally *t)
{
    size_t unequal = t->unplayed;
    for (size_t i = 0; i < SUBJECT_COUNT; i++)
        unequal += t->unequal[i];
    return t->histories > 0 && unequal == 0;
}

/* ---- playing ---- */

struct node *replay_object(const struct replay *r)
{
    return world_find(&r->world, arena_cstr(r->world.arena, tree_text(r->input, "kind")),
                      tree_text_at(r->input, "metadata.namespace"), tree_text_at(r->input, "metadata.name"));
}

static const struct resource *decoded(const struct replay *r)
{
    return resource_of(r->world.arena, replay_object(r));
}

/* False when the rest of the plan must wait: what follows builds on what was refused. */
static bool act(struct replay *r, const struct plan_action *x, struct log_task *answer)
{
    if (x->verb == PLAN_ASK)
        *answer = r->task;
    slice name = tree_text_at(x->object, "metadata.name");
    if (x->verb == PLAN_CREATE && r->refused_job.n && slice_eq(name, r->refused_job)) {
        r->refused = (struct refused){.kind = LIT("Job"), .name = name, .message = r->refused_message};
        return false;
    }
    return world_do(&r->world, x);
}

void replay_settle(struct replay *r)
{
    struct log_task answer = {0};
    for (int round = 0; round < MOST_ROUNDS; round++) {
        const struct resource *o = decoded(r);
        if (!o)
            return;
        struct observed seen = {
            .items = r->world.items, .count = r->world.count, .task = answer, .refused = r->refused};
        r->last = plan(r->world.arena, o, &seen, r->world.now, &r->settings);
        if (!r->last.first)
            return;
        for (const struct plan_action *x = r->last.first; x; x = x->next)
            if (!act(r, x, &answer))
                break;
    }
    replay_count(r, SUBJECT_STATUS, NULL, LIT("the plan never comes to rest"));
}

bool replay_wait(struct replay *r)
{
    if (r->last.again <= r->world.now)
        return false;
    r->world.now = r->last.again;
    replay_settle(r);
    return true;
}

/* ---- what was refused ---- */

/* "create backup NS/N job J failed, err: MESSAGE": the API server will answer so again. */
static void find_refusal(struct replay *r, const struct node *status)
{
    const struct node *lists[2] = {node_get(status, LIT("conditions")), NULL};
    const struct node *sub = node_first(node_get(status, LIT("logSubCommandStatuses")));
    lists[1] = node_get(sub, LIT("conditions"));
    for (size_t i = 0; i < 2; i++)
        for (const struct node *c = node_first(lists[i]); c; c = node_next(c)) {
            slice message = tree_text(c, "message");
            size_t job = slice_find(message, LIT(" job ")), end = slice_find(message, LIT(" failed, err: "));
            if (job == SLICE_NONE || end == SLICE_NONE || job > end)
                continue;
            r->refused_job = slice_cut(message, job + 5, end - job - 5);
            r->refused_message = slice_from(message, end + sizeof " failed, err: " - 1);
        }
}

/* ---- comparing ---- */

static enum subject subject_of_job(const struct node *job)
{
    slice name = tree_text_at(job, "metadata.name");
    const struct node *owner = node_first(node_at(job, "metadata.ownerReferences"));
    const struct node *container = node_first(node_at(job, "spec.template.spec.containers"));
    const struct node *arg = node_first(node_get(container, LIT("args")));
    bool v2 = slice_starts(tree_text(owner, "apiVersion"), LIT("br."));
    if (slice_eq(tree_text(owner, "kind"), LIT("CompactBackup")))
        return SUBJECT_V1_COMPACT_JOB;
    if (arg && slice_eq(arg->text, LIT("clean")))
        return v2 ? SUBJECT_V2_CLEAN_JOB : SUBJECT_V1_CLEAN_JOB;
    if (arg && slice_eq(arg->text, LIT("export")))
        return SUBJECT_V1_EXPORT_JOB;
    if (!v2)
        return SUBJECT_V1_BR_JOB;
    if (slice_starts(name, LIT("stop-")))
        return SUBJECT_V2_STOP_JOB;
    for (; arg; arg = node_next(arg))
        if (slice_eq(arg->text, LIT("--mode=log")))
            return SUBJECT_V2_LOG_JOB;
    return SUBJECT_V2_SNAPSHOT_JOB;
}

static const struct node *without(struct arena *a, const struct node *n, const char *const *paths, size_t k)
{
    struct node *copy = node_copy(a, n, 0);
    for (size_t i = 0; i < k; i++) {
        struct node *gone = node_at(copy, paths[i]);
        if (gone)
            gone->flags |= NODE_DROPPED;
    }
    return copy;
}

/* The record has names for what differs between two runs. */
slice stored_difference(struct arena *a, const struct node *ours, const struct node *recorded)
{
    static const char *const own[] = {"metadata.uid", "metadata.creationTimestamp", "status"};
    return first_difference(a, without(a, ours, own, 3), without(a, recorded, own + 2, 1));
}

void replay_compare_job(struct replay *r, const struct node *recorded)
{
    struct arena *a = r->world.arena;
    slice name = tree_text_at(recorded, "metadata.name");
    const struct node *ours =
        world_find(&r->world, "Job", tree_text_at(recorded, "metadata.namespace"), name);
    slice what = ours ? stored_difference(a, ours, recorded)
                      : arena_fmt(a, "Job %.*s is not planned: %.*s", FMT(name), FMT(r->last.why));
    const char *meant = what.n ? job_difference(r, ours, recorded) : NULL;
    replay_count(r, subject_of_job(recorded), meant, what);
}

static void compare_status(struct replay *r, const struct node *recorded)
{
    struct arena *a = r->world.arena;
    const struct node *object = replay_object(r), *ours = node_get(object, LIT("status"));
    const struct node *theirs = node_get(recorded, LIT("status"));
    static const struct node nothing = {.kind = NODE_OBJECT};
    slice what = first_difference(a, ours ? ours : &nothing, theirs ? theirs : &nothing);
    for (int waits = 0;
         waits < MOST_WAITS && what.n && object && !status_difference(r, recorded) && replay_wait(r);
         waits++) {
        object = replay_object(r);
        ours = node_get(object, LIT("status"));
        what = first_difference(a, ours ? ours : &nothing, theirs ? theirs : &nothing);
    }
    replay_count(r, SUBJECT_STATUS, what.n ? status_difference(r, recorded) : NULL, what);
}

static void compare_object(struct replay *r, const struct node *recorded)
{
    struct arena *a = r->world.arena;
    const struct node *object = replay_object(r);
    if (!object) {
        replay_count(r, SUBJECT_GONE, r->lossy ? "no-collector" : NULL, LIT("the object is gone"));
        return;
    }
    compare_status(r, recorded);
    static const struct node none = {.kind = NODE_ARRAY};
    const struct node *x = node_at(replay_object(r), "metadata.finalizers"),
                      *y = node_at(recorded, "metadata.finalizers");
    replay_count(r, SUBJECT_FINALIZERS, NULL, first_difference(a, x ? x : &none, y ? y : &none));
}

static bool is_ours(const struct replay *r, const struct node *n)
{
    return slice_eq(tree_text(n, "kind"), tree_text(r->input, "kind")) &&
           slice_eq(tree_text_at(n, "metadata.name"), tree_text_at(r->input, "metadata.name"));
}

/* A Job that the operator did not make. */
static void compare_absence(struct replay *r)
{
    slice planned = {0};
    for (size_t i = 0; i < r->world.count; i++)
        if (slice_eq(tree_text(r->world.items[i], "kind"), LIT("Job")))
            planned = tree_text_at(r->world.items[i], "metadata.name");
    slice what = planned.n ? arena_fmt(r->world.arena, "Job %.*s is planned", FMT(planned)) : (slice){0};
    replay_count(r, SUBJECT_NO_JOB, NULL, what);
}

/* ---- the file ---- */

static void play_outcome(struct replay *r, const struct document *d)
{
    const struct node *outcome = r->outcome = d->root;
    bool made = !tree_empty(node_get(outcome, LIT("jobs"))) || !tree_empty(node_get(outcome, LIT("created")));
    if (node_get(outcome, LIT("refusedByAPIServer")) || node_get(outcome, LIT("operatorProcessCrash"))) {
        r->tally->refused++;
        return;
    }
    for (const struct document *x = d->next; x; x = x->next)
        if (is_ours(r, x->root))
            find_refusal(r, node_get(x->root, LIT("status")));
    replay_settle(r);
    if (!made)
        compare_absence(r);
    for (const struct document *x = d->next; x; x = x->next) {
        if (slice_eq(tree_text(x->root, "kind"), LIT("Job")))
            replay_compare_job(r, x->root);
        else if (is_ours(r, x->root))
            compare_object(r, x->root);
    }
}

/* Whether the object went is worth a comparison: the record says so in a Step without objects. */
static void compare_end(struct replay *r, slice text)
{
    bool gone = replay_object(r) == NULL;
    if (slice_starts(text, LIT("Backup object gone")))
        replay_count(r, SUBJECT_GONE, NULL,
                     gone ? (slice){0} : arena_fmt(r->world.arena, "it stays: %.*s", FMT(r->last.why)));
}

/* The reason of a failed Job, which a history tells only by what the operator wrote down of it. */
static slice failure_behind(const struct document *d)
{
    for (; d; d = d->next) {
        const struct node *records = node_at(d->root, "status.backoffRetryStatus"), *last = NULL;
        for (const struct node *n = node_first(records); n; n = node_next(n))
            last = n;
        if (last)
            return tree_text(last, "originalReason");
    }
    return (slice){0};
}

static void play_steps(struct replay *r, const struct document *d)
{
    for (; d; d = d->next) {
        slice kind = tree_text(d->root, "kind"), text = tree_text(d->root, "text");
        if (slice_eq(kind, LIT("Step"))) {
            r->job_failure = failure_behind(d);
            if (!replay_step(r, text)) {
                r->tally->unplayed++;
                fprintf(r->out, "%s: step not known: %.*s\n", r->name, FMT(text));
            }
            for (const struct document *x = d->next; x && !slice_eq(tree_text(x->root, "kind"), LIT("Step"));
                 x = x->next)
                if (is_ours(r, x->root))
                    find_refusal(r, node_get(x->root, LIT("status")));
            replay_settle(r);
            compare_end(r, text);
        } else if (slice_eq(kind, LIT("Job"))) {
            replay_compare_job(r, d->root);
        } else if (is_ours(r, d->root)) {
            compare_object(r, d->root);
        }
    }
}

static void play(struct replay *r, const struct stream *s)
{
    const struct document *facts = s->first, *input = facts ? facts->next : NULL;
    const struct document *rest = input ? input->next : NULL;
    if (!rest)
        return;
    r->facts = facts->root;
    r->input = input->root;
    r->settings = facts_settings(r->facts);
    facts_load(&r->world, r->facts);
    if (slice_starts(tree_text(rest->root, "text"), LIT("create refused"))) {
        r->tally->refused++;
        return;
    }
    world_create(&r->world, r->input);
    if (slice_eq(tree_text(r->input, "kind"), LIT("BackupSchedule"))) {
        replay_schedule(r, rest);
        return;
    }
    if (slice_eq(tree_text(rest->root, "kind"), LIT("Outcome")))
        play_outcome(r, rest);
    else
        play_steps(r, rest);
}

void history_play(struct arena *a, const struct schema_set *schemas, const char *name, slice bytes,
                  struct tally *tally, FILE *out)
{
    struct findings f = findings_new(a);
    struct replay r = {.world = world_new(a, schemas, BEGIN),
                       .name = name,
                       .tally = tally,
                       .out = out,
                       .task = {.known = true, .missing_since = 1}};
    tally->histories++;
    play(&r, stream_read(a, bytes, &f));
}
