/* Plays what pods, users and the Job controller did between the recorded moments. */
#include "replay.h"

#include "civil.h"
#include "tree.h"

static slice now_text(const struct replay *r)
{
    struct buf b = buf_new(r->world.arena, SIZE_MAX);
    civil_put(&b, r->world.now);
    return buf_slice(&b);
}

/* ---- Jobs ---- */

static bool has_ended(const struct node *job)
{
    return !tree_empty(node_at(job, "status.conditions"));
}

static void end_job(struct replay *r, struct node *job, const char *condition)
{
    struct arena *a = r->world.arena;
    struct node *status = node_get(job, LIT("status"));
    struct node *c = tree_put_object(a, tree_put_array(a, status, "conditions"), NULL);
    tree_put_text(a, c, "type", slice_of(condition));
    tree_put_text(a, c, "status", LIT("True"));
    if (!strcmp(condition, "Failed"))
        tree_put_text(a, c, "reason", r->job_failure.n ? r->job_failure : LIT("BackoffLimitExceeded"));
    else
        tree_set_text(a, status, "completionTime", now_text(r));
}

static void end_jobs(struct replay *r, const char *condition)
{
    for (size_t i = 0; i < r->world.count; i++) {
        struct node *job = r->world.items[i];
        if (slice_eq(tree_text(job, "kind"), LIT("Job")) && !has_ended(job))
            end_job(r, job, condition);
    }
}

/* ---- what the backup-manager pod writes ---- */

static void add_condition(struct replay *r, struct node *owner, const char *type, slice command)
{
    struct arena *a = r->world.arena;
    struct node *list = node_get(owner, LIT("conditions")), *c;
    if (!list)
        list = tree_put_array(a, owner, "conditions");
    for (c = node_first(list); c; c = node_next(c))
        if (slice_eq(tree_text(c, "type"), slice_of(type)))
            break;
    if (!c)
        c = tree_put_object(a, list, NULL);
    if (command.n)
        tree_set_text(a, c, "command", command);
    tree_set_text(a, c, "lastTransitionTime", now_text(r));
    tree_set_text(a, c, "message", (slice){0});
    tree_set_text(a, c, "reason", slice_of(type));
    tree_set_text(a, c, "status", LIT("True"));
    tree_set_text(a, c, "type", slice_of(type));
}

/* The rig wrote the final state at once: the command Complete, the whole in `phase`. */
static void command_completes(struct replay *r, slice command, slice phase)
{
    struct arena *a = r->world.arena;
    struct node *status = node_get(replay_object(r), LIT("status"));
    struct node *all = node_get(status, LIT("logSubCommandStatuses")), *own = node_get(all, command);
    if (!own)
        return;
    add_condition(r, own, "Prepare", command);
    add_condition(r, own, "Running", command);
    add_condition(r, own, "Complete", command);
    tree_set_text(a, own, "phase", LIT("Complete"));
    tree_set_text(a, own, "timeStarted", now_text(r));
    tree_set_text(a, own, "timeCompleted", now_text(r));
    const char *type = arena_cstr(a, phase);
    for (struct node *c = node_first(node_get(status, LIT("conditions"))); c; c = node_next(c))
        if (slice_eq(tree_text(c, "type"), phase))
            c->flags |= NODE_DROPPED; /* it comes last again */
    add_condition(r, status, type, (slice){0});
    tree_set_text(a, status, "phase", phase);
    if (slice_eq(command, LIT("log-start")))
        tree_set_text(a, status, "timeStarted", now_text(r));
}

static slice word_after(slice text, const char *before)
{
    size_t at = slice_find(text, slice_of(before));
    if (at == SLICE_NONE)
        return (slice){0};
    slice rest = slice_from(text, at + strlen(before));
    size_t n = 0;
    while (n < rest.n && (rest.p[n] == '-' || (rest.p[n] >= '0' && rest.p[n] <= '9') ||
                          (rest.p[n] >= 'a' && rest.p[n] <= 'z') || (rest.p[n] >= 'A' && rest.p[n] <= 'Z')))
        n++;
    return slice_cut(rest, 0, n);
}

static void task_follows(struct replay *r, slice command)
{
    if (slice_eq(command, LIT("log-start")))
        r->task = (struct log_task){.known = true, .found = true, .start_ts = UINT64_C(450000000000000000)};
    else if (slice_eq(command, LIT("log-stop")))
        r->task = (struct log_task){.known = true, .missing_since = 1};
    else
        r->task.paused = slice_eq(command, LIT("log-pause"));
}

static bool has(slice text, const char *words)
{
    return slice_find(text, slice_of(words)) != SLICE_NONE;
}

static void data_was_cleaned(struct node *status, struct arena *a)
{
    for (struct node *c = node_first(node_get(status, LIT("conditions"))); c; c = node_next(c))
        if (slice_eq(tree_text(c, "type"), LIT("Clean")))
            tree_set_text(a, c, "status", LIT("True"));
}

/* A snapshot's state, or a log command that failed: the whole, or the command alone. */
static void state_was_set(struct replay *r, slice command, slice state)
{
    struct arena *a = r->world.arena;
    struct node *status = node_get(replay_object(r), LIT("status"));
    struct node *own = node_get(node_get(status, LIT("logSubCommandStatuses")), command);
    if (own) {
        add_condition(r, own, arena_cstr(a, state), command);
        tree_set_text(a, own, "phase", state);
    }
    if (own && !slice_eq(command, LIT("log-start")))
        return;
    add_condition(r, status, arena_cstr(a, state), (slice){0});
    tree_set_text(a, status, "phase", state);
}

static bool status_was_set(struct replay *r, slice text)
{
    static const slice states[] = {SLICE("Complete"), SLICE("Failed"), SLICE("Running"), SLICE("Prepare")};
    struct arena *a = r->world.arena;
    slice word = word_after(text, "status set: "), phase = word_after(text, "phase ");
    slice commit_ts = word_after(text, "commitTs ");
    struct node *status = node_get(replay_object(r), LIT("status"));
    bool log = slice_starts(word, LIT("log-")), known = has(text, "Clean=True");
    if (known)
        data_was_cleaned(status, a);
    if (log && phase.n && has(text, "Complete")) {
        task_follows(r, word);
        command_completes(r, word, phase);
        known = true;
    }
    for (size_t i = 0; i < COUNT(states) && !known; i++)
        if (slice_eq(word, states[i]) || slice_eq(phase, states[i]) ||
            (log && has(text, arena_cstr(a, states[i])))) {
            state_was_set(r, log ? word : (slice){0}, states[i]);
            known = true;
        }
    if (commit_ts.n)
        tree_set_text(a, status, "commitTs", commit_ts);
    if (has(text, "backupPath"))
        tree_set_text(a, status, "backupPath", LIT("s3://my-bucket/x"));
    if (has(text, "Job Complete") || has(text, "Clean=True"))
        end_jobs(r, "Complete");
    if (has(text, "Job Failed") || has(text, "Job set Failed"))
        end_jobs(r, "Failed");
    return known;
}

/* ---- what users did ---- */

static bool spec_was_edited(struct replay *r, slice json)
{
    struct findings f = findings_new(r->world.arena);
    const struct node *patch = json_read(r->world.arena, json, &f);
    if (!patch)
        return false;
    world_merge(r->world.arena, node_get(replay_object(r), LIT("spec")), patch);
    return true;
}

bool replay_step(struct replay *r, slice text)
{
    static const char *const looks[] = {"created",        "Job of ", "after delete", " later", "5 s after",
                                        "Backup object ", "absent",  "finalizer",    "retry",  "Job "};
    if (has(text, "NOT created") || has(text, "STAYS") || has(text, "not finished"))
        r->lossy = true;
    if (!replay_object(r)) /* what happened to an object that should have gone by then does not matter */
        return true;
    if (slice_starts(text, LIT("status set: ")))
        return status_was_set(r, text);
    if (slice_starts(text, LIT("spec edit ")))
        return spec_was_edited(r, slice_from(text, sizeof "spec edit " - 1));
    if (slice_starts(text, LIT("DELETE"))) {
        world_delete(&r->world, replay_object(r));
        return true;
    }
    if (has(text, "set Failed") || has(text, "Job Failed")) {
        end_jobs(r, "Failed");
        return true;
    }
    if (has(text, "set Complete") || has(text, "Job Complete")) {
        end_jobs(r, "Complete");
        return true;
    }
    for (size_t i = 0; i < COUNT(looks); i++)
        if (has(text, looks[i]))
            return true;
    return false;
}
