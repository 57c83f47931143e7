/* brgate plan: what the reconciler would do about an object. */
#include "command.h"

#include "brgate_limits.h"
#include "builtin_schemas.h"
#include "file.h"
#include "image_name.h"
#include "judged.h"
#include "options.h"
#include "plan.h"
#include "position.h"
#include "say.h"
#include "surroundings.h"
#include "timestamp.h"
#include "tree.h"
#include "utf8.h"
#include "zone_file.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

static const char help[] =
    "Usage: brgate plan [OPTION]... [FILE|-]\n"
    "\n"
    "Prints what the reconciler would do next about each Backup, BackupSchedule and\n"
    "CompactBackup of the manifest (standard input without a FILE): the Jobs and other\n"
    "objects that it would create as YAML, and what it would delete or change as\n"
    "comments. The reason of each is on standard error. Nothing is sent anywhere.\n"
    "\n"
    "  --state FILE|-         what the cluster holds, as `kubectl get -o yaml` prints it:\n"
    "                         Cluster, PDGroup and TiKVGroup (v1: TidbCluster), Secrets,\n"
    "                         Jobs, Pods, and the object itself with its status; without\n"
    "                         it, assume a ready cluster and complete Secrets\n"
    "  --now TIME             plan for this time, such as 2026-01-02T15:04:05Z\n"
    "  --manager-image IMAGE  the operator's backup-manager image\n"
    "  --timezone ZONE        TZ of the operator's process (UTC): its pods get it, and\n"
    "                         schedules are read in it; '' for none\n"
    "  -o, --output FILE      write the objects there, not to standard output\n"
    "\n"
    "An object that is in the state too keeps the uid, the finalizers and the status\n"
    "that it has there. What `br log status --json` prints for a log backup's task may be\n"
    "given as a document {kind: LogTask, metadata: {name, namespace}, found, paused,\n"
    "startTs, checkpointTs}.\n"
    "\n"
    "Exit code: 0 planned, 1 the gate would refuse the object (it is planned\n"
    "nevertheless), 2 it could not run.\n";

struct plan_run {
    struct arena *arena;
    const char *file, *state, *output, *image;
    int64_t now;
    struct plan_settings settings;
    const struct stream *seen; /* NULL: no state was given */
    struct node **items;
    size_t item_count;
};

static bool take_now(void *run, const struct option *o, const char *value, struct error *reterr)
{
    (void)o;
    return judged_moment(value, &((struct plan_run *)run)->now, reterr);
}

static bool take_zone(void *run, const struct option *o, const char *name, struct error *reterr)
{
    struct plan_run *r = run;
    (void)o;
    return zone_file_read(r->arena, name, &r->settings, reterr);
}

static const struct option option_list[] = {
    {OPTION_TEXT("--state", plan_run, state)},
    {OPTION_TAKEN("--now", take_now)},
    {OPTION_TEXT("--manager-image", plan_run, image), .check = image_name},
    {OPTION_TAKEN("--timezone", take_zone)},
    {OPTION_TEXT("--output", plan_run, output), .letter = 'o'},
};

/* OPTIONS_READ, or the exit status. */
static int read_options(struct plan_run *r, int argc, char **argv)
{
    static const struct options options = {.command = "plan",
                                           .help = help,
                                           .list = option_list,
                                           .count = COUNT(option_list),
                                           .operands_most = 1};
    int status = command_reads_file(&options, argc, argv, r, &r->file);
    if (status != OPTIONS_READ)
        return status;
    if (r->image)
        r->settings.manager_image = slice_of(r->image);
    return command_reads_once("plan", r->file, "--state", r->state);
}

/* ---- the state ---- */

static bool state_fault(const struct plan_run *r, slice bytes, uint32_t at, slice what)
{
    struct position p = position_of(line_table_new(r->arena, bytes), at);
    command_fails("plan", "--state %s:%u:%u: %.*s", file_shown(r->state, "<stdin>"), p.line, p.column,
                  FMT(what));
    return false;
}

static bool is_blank(slice s)
{
    for (size_t n; (n = utf8_space(s)) > 0;)
        s = slice_from(s, n);
    return !s.n;
}

static bool read_state(struct plan_run *r, slice bytes)
{
    struct findings f = findings_new(r->arena);
    r->seen = stream_read(r->arena, bytes, &f);
    for (const struct finding *x = f.first; x; x = x->next) {
        uint32_t from, to;
        place_span(x->place, bytes, &from, &to);
        if (x->rule->severity[CONTEXT_MANIFEST] == SEVERITY_ERROR)
            return state_fault(r, bytes, from, x->message);
    }
    if (is_blank(bytes))
        return state_fault(r, bytes, 0,
                           LIT("it is empty; `kubectl get -o yaml` prints a List even of nothing"));
    r->items = ARENA_ARRAY(r->arena, struct node *, r->seen->count + 1);
    for (const struct document *d = r->seen->first; d; d = d->next) {
        if (!d->root || !tree_text(d->root, "kind").n)
            return state_fault(r, bytes, d->at,
                               LIT("expected objects with a kind, as `kubectl get -o yaml` prints them"));
        r->items[r->item_count++] = d->root;
    }
    return true;
}

static bool same_object(const struct node *a, const struct resource *o)
{
    const struct node *root = o->root;
    return slice_eq(tree_text(a, "kind"), tree_text(root, "kind")) &&
           slice_eq(tree_text(a, "apiVersion"), tree_text(root, "apiVersion")) &&
           slice_eq(tree_text_at(a, "metadata.name"), o->metadata.name.value) &&
           slice_eq(tree_text_at(a, "metadata.namespace"), o->metadata.namespace.value);
}

/* The object as it would be after an apply: the file's spec with what the cluster adds. */
static const struct resource *as_in_state(struct plan_run *r, const struct resource *o)
{
    static const char *const kept[] = {
        "uid", "resourceVersion", "creationTimestamp", "deletionTimestamp", "finalizers", "generation"};
    for (size_t i = 0; i < r->item_count; i++) {
        if (!same_object(r->items[i], o))
            continue;
        struct node *root = node_copy(r->arena, o->root, 0), *metadata = node_get(root, LIT("metadata"));
        const struct node *there = node_get(r->items[i], LIT("metadata"));
        for (size_t k = 0; k < sizeof kept / sizeof *kept; k++) {
            const struct node *n = node_get(there, slice_of(kept[k]));
            if (n)
                tree_set(metadata, kept[k], node_copy(r->arena, n, 0));
        }
        const struct node *status = node_get(r->items[i], LIT("status"));
        if (status)
            tree_set(root, "status", node_copy(r->arena, status, 0));
        return resource_decode(r->arena, o->group, o->kind, root);
    }
    return o;
}

static uint64_t tso_of(const struct node *task, const char *key)
{
    struct timestamp t;
    slice text = tree_text(task, key);
    return text.n && timestamp_parse(text, &t, NULL) ? t.tso : 0;
}

static bool flag_of(const struct node *task, const char *key)
{
    const struct node *n = node_get(task, slice_of(key));
    return n && n->kind == NODE_BOOL && n->boolean;
}

static struct log_task task_of(const struct plan_run *r, const struct resource *o)
{
    for (size_t i = 0; i < r->item_count; i++) {
        const struct node *n = r->items[i];
        if (!slice_eq(tree_text(n, "kind"), LIT("LogTask")) ||
            !slice_eq(tree_text_at(n, "metadata.name"), o->metadata.name.value) ||
            !slice_eq(tree_text_at(n, "metadata.namespace"), o->metadata.namespace.value))
            continue;
        uint64_t missing = tso_of(n, "missingSince");
        return (struct log_task){.known = true,
                                 .found = flag_of(n, "found"),
                                 .paused = flag_of(n, "paused"),
                                 .start_ts = tso_of(n, "startTs"),
                                 .checkpoint = tso_of(n, "checkpointTs"),
                                 .missing_since = missing ? timestamp_ms(missing) / 1000 : 0,
                                 .error = tree_text(n, "error")};
    }
    return (struct log_task){0};
}

/* ---- the plan ---- */

static void put_commented(struct buf *b, const struct node *n)
{
    struct buf text = buf_new(b->arena, LIMIT_ARENA_BYTES);
    node_put_yaml(&text, n, false);
    slice rest = buf_slice(&text);
    while (rest.n) {
        size_t end = slice_find_char(rest, '\n');
        buf_fmt(b, "# %.*s\n", FMT(slice_cut(rest, 0, end)));
        rest = end == SLICE_NONE ? (slice){0} : slice_from(rest, end + 1);
    }
}

static void put_deleted(struct buf *b, const struct node *n)
{
    buf_fmt(b, "# %.*s %.*s/%.*s\n", FMT(tree_text(n, "kind")), FMT(tree_text_at(n, "metadata.namespace")),
            FMT(tree_text_at(n, "metadata.name")));
}

static void put_action(struct buf *b, const struct plan_action *x)
{
    buf_fmt(b, "---\n# %s: %.*s\n", plan_verb_word(x->verb), FMT(x->why));
    const char *space = x->verb == PLAN_ASK ? "" : " ";
    say("  %s%s%.*s%s%.*s: %.*s", plan_verb_word(x->verb), space, FMT(tree_text(x->object, "kind")), space,
        FMT(tree_text_at(x->object, "metadata.name")), FMT(x->why));
    if (x->verb == PLAN_CREATE)
        node_put_yaml(b, x->object, false);
    else if (x->verb == PLAN_DELETE)
        put_deleted(b, x->object);
    else if (x->object)
        put_commented(b, x->object);
}

/* Without a state, shows the Jobs that a ready cluster would get, and says so. */
static void assume_surroundings(struct plan_run *r, const struct resource *o)
{
    struct world w = world_new(r->arena, schema_set_new(r->arena, &builtin_schemas), r->now);
    surround(&w, o);
    r->items = w.items;
    r->item_count = w.count;
}

static void say_assumed(const struct plan_run *r)
{
    for (size_t i = 0; i < r->item_count; i++) {
        slice kind = tree_text(r->items[i], "kind");
        bool cluster = slice_eq(kind, LIT("Cluster")) || slice_eq(kind, LIT("TidbCluster"));
        if (cluster || slice_eq(kind, LIT("Secret")))
            say("  assumed, as there is no --state: %.*s %.*s%s", FMT(kind),
                FMT(tree_text_at(r->items[i], "metadata.name")),
                cluster ? ", ready, with TiKV " SURROUNDINGS_VERSION : ", with all keys");
    }
}

static void put_plan(struct plan_run *r, struct buf *b, const struct verdict *v)
{
    const struct resource *o = as_in_state(r, v->object);
    if (!r->state)
        assume_surroundings(r, o);
    struct observed seen = {.items = r->items, .count = r->item_count, .task = task_of(r, o)};
    struct plan plan_made = plan(r->arena, o, &seen, r->now, &r->settings);
    say("%.*s %.*s/%.*s: %.*s", FMT(v->kind), FMT(v->namespace), FMT(v->name), FMT(plan_made.why));
    if (!r->state)
        say_assumed(r);
    for (const struct plan_action *x = plan_made.first; x; x = x->next)
        put_action(b, x);
    if (plan_made.again) {
        struct buf when = buf_new(r->arena, 64);
        timestamp_put(&when, plan_made.again * 1000);
        say("  look again at %.*s", FMT(buf_slice(&when)));
    }
}

struct plan_printing {
    struct plan_run *run;
    const struct stream_verdict *stream;
    slice state;
    int code;
};

static bool has_object(const struct stream_verdict *stream)
{
    const struct verdict *v = stream->first;
    while (v && !v->object)
        v = v->next;
    return v;
}

static void print(void *context)
{
    struct plan_printing *p = context;
    struct plan_run *r = p->run;
    p->code = EXIT_UNABLE;
    if (r->state && !read_state(r, p->state))
        return;
    judged_print(r->arena, r->file, p->stream, SEVERITY_ERROR);
    if (!has_object(p->stream)) {
        p->code =
            p->stream->errors
                ? EXIT_FINDINGS
                : command_fails("plan", "%s: there is no Backup, BackupSchedule or CompactBackup to plan",
                                file_shown(r->file, "<stdin>"));
        return;
    }
    struct buf b = buf_new(r->arena, LIMIT_ARENA_BYTES);
    for (const struct verdict *v = p->stream->first; v; v = v->next)
        if (v->object)
            put_plan(r, &b, v);
    struct output out;
    if (b.failed) {
        command_fails("plan", "out of memory");
    } else if (output_open(&out, "plan", r->output)) {
        output_put(&out, buf_slice(&b));
        p->code = !output_close(&out) ? EXIT_UNABLE : p->stream->errors ? EXIT_FINDINGS : EXIT_CLEAN;
    }
}

static int make_plan(struct plan_run *r)
{
    const struct policy policy = {0};
    struct plan_printing p = {.run = r};
    slice bytes;
    if (!judged_read(r->arena, "plan", r->file, &bytes) ||
        (r->state && !judged_read(r->arena, "plan", r->state, &p.state)))
        return EXIT_UNABLE;
    struct gate *gate = gate_open(&policy, &builtin_schemas);
    p.stream = gate ? verdict_manifest(gate, r->arena, bytes, r->now) : NULL;
    if (!p.stream || !arena_run(r->arena, print, &p))
        p.code = command_fails("plan", "out of memory");
    gate_close(gate);
    return p.code;
}

int command_plan(int argc, char **argv)
{
    struct plan_run r = {
        .arena = arena_new(LIMIT_ARENA_BYTES), .now = time(NULL), .settings = {.time_zone = LIT("UTC")}};
    if (!r.arena)
        return command_fails("plan", "out of memory");
    int code = read_options(&r, argc, argv);
    if (code == OPTIONS_READ)
        code = make_plan(&r);
    arena_free(r.arena);
    return code;
}
