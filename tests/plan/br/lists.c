/* br_lists FILE...: prints every list of words that BR is called with for the objects of the manifests, each once, quoted for
 * bash: "[RULE...] backup full --pd=...", and in front of the words of an encoding the environment of its container. The rules
 * are those that warn of the object. `br_lists --tikv-ctl FILE...` prints instead the environment and the command of each
 * container that runs tikv-ctl: the compactions of br.pingcap.com. Each object that the gate accepts lives a whole life in a model cluster, with TLS and without: its Jobs succeed; a
 * log backup is paused, resumed, truncated and stopped; a schedule runs for a while; then it is deleted. The last line, on
 * standard error, counts. Exit 0; 2: a file cannot be read. */
#include "call.h"

#include "brgate_limits.h"
#include "builtin_schemas.h"
#include "file.h"
#include "pods.h"
#include "surroundings.h"
#include "tree.h"
#include "verdict.h"

#include <stdio.h>
#include <stdlib.h>

enum { JUDGED_AT = 1780272000 /* 2026-06-01T00:00:00Z */, MOST_ROUNDS = 60, MOST_WAITS = 12 };

struct lists {
    struct gate *gate;
    const struct schema_set *schemas;
    struct arena *own, *file, *arena; /* of the program, of one file, and of one object's lives */
    slice bytes;
    const struct verdict *verdict; /* of that object */
    char **lines;
    size_t count, capacity;
    size_t objects, denied, jobs, without; /* without a call of the program */
    size_t of_file; /* objects of that file so far: what they get does not depend on other files */
    bool tikv_ctl;  /* that is the program, and not BR */
};

struct life {
    struct lists *lists;
    struct world world;
    struct cluster_log log;
    int64_t again; /* the earliest moment that a plan waits for; 0: none */
};

/* ---- printing ---- */

static void put_quoted(struct buf *b, slice text)
{
    buf_char(b, '\'');
    for (size_t i = 0; i < text.n; i++)
        if (text.p[i] == '\'')
            buf_put(b, LIT("'\\''"));
        else if (text.p[i] == '\n')
            buf_put(b, LIT("'$'\\n''"));
        else
            buf_char(b, text.p[i]);
    buf_char(b, '\'');
}

/* Equal but for their numbers, such as the due times of a schedule's runs, and for the rules. */
static bool is_same(const char *p, const char *q)
{
    p = strchr(p, ']');
    q = strchr(q, ']');
    static const char digits[] = "0123456789";
    for (; *p && *q; p++, q++) {
        size_t n = strspn(p, digits), m = strspn(q, digits);
        if (!n != !m || (!n && *p != *q))
            return false;
        p += n ? n - 1 : 0;
        q += m ? m - 1 : 0;
    }
    return *p == *q;
}

static void add_line(struct lists *l, slice line)
{
    const char *text = arena_cstr(l->arena, line);
    for (size_t i = 0; i < l->count; i++)
        if (l->tikv_ctl ? strcmp(l->lines[i], text) == 0 : is_same(l->lines[i], text))
            return;
    if (l->count == l->capacity) {
        l->capacity = l->capacity ? 2 * l->capacity : 256;
        l->lines = realloc(l->lines, l->capacity * sizeof *l->lines);
    }
    l->lines[l->count++] = strndup(line.p, line.n);
}

/* The keys of Secrets have a value, too: which one, parsing does not see. */
static void put_environment(struct buf *b, const struct node *job)
{
    const struct node *main = node_first(node_at(job, "spec.template.spec.containers"));
    for (const struct node *e = node_first(node_get(main, LIT("env"))); e; e = node_next(e)) {
        put_quoted(b, arena_fmt(b->arena, "%.*s=%.*s", FMT(tree_text(e, "name")),
                                FMT(node_get(e, LIT("valueFrom")) ? LIT("eA==") : tree_text(e, "value"))));
        buf_char(b, ' ');
    }
}

static void put_warnings(struct buf *b, const struct verdict *v)
{
    buf_char(b, '[');
    for (size_t i = 0; i < v->diagnostic_count; i++)
        buf_fmt(b, "%s%s", i ? " " : "", v->diagnostics[i].rule->slug);
    buf_put(b, LIT("] "));
}

/* The words of the call; NULL: the Job does not call the program. */
static const struct node *call_of(const struct life *l, const struct node *job)
{
    struct arena *a = l->world.arena;
    const struct node *owner = node_first(node_at(job, "metadata.ownerReferences"));
    struct node *object = world_find(&l->world, arena_cstr(a, tree_text(owner, "kind")),
                                     tree_text_at(job, "metadata.namespace"), tree_text(owner, "name"));
    const struct resource *o = resource_of(a, object);
    if (!o)
        return NULL;
    if (!l->lists->tikv_ctl)
        return br_call(a, o, job);
    const struct node *main = node_first(node_at(job, "spec.template.spec.containers"));
    if (!slice_eq(tree_text(main, "name"), LIT("compact")))
        return NULL;
    struct node *words = tree_array(a);
    tree_put_elements(a, words, node_get(main, LIT("command")));
    tree_put_elements(a, words, node_get(main, LIT("args")));
    return words;
}

static void collect(struct life *l, const struct node *job)
{
    const struct node *words = call_of(l, job);
    struct buf line = buf_new(l->world.arena, SIZE_MAX);
    put_warnings(&line, l->lists->verdict);
    l->lists->jobs++;
    l->lists->without += !words;
    if (!words)
        return;
    if (l->lists->tikv_ctl || slice_eq(node_text(node_first(words)), LIT("operator")))
        put_environment(&line, job);
    for (const struct node *n = node_first(words); n; n = node_next(n)) {
        put_quoted(&line, n->text);
        buf_char(&line, ' ');
    }
    add_line(l->lists, buf_slice(&line));
}

/* ---- living ---- */

/* Plans for every object and does what is planned. */
static bool turn(struct life *l)
{
    bool changed = false;
    l->again = 0;
    for (size_t i = 0; i < l->world.count; i++) {
        struct arena *a = l->world.arena;
        const struct resource *o = resource_of(a, l->world.items[i]);
        if (!o)
            continue;
        const struct plan_settings settings = {.time_zone = LIT("UTC")};
        struct observed seen = {
            .items = l->world.items, .count = l->world.count, .task = cluster_log_answer(&l->log)};
        struct plan p = plan(a, o, &seen, l->world.now, &settings);
        if (p.again && (!l->again || p.again < l->again))
            l->again = p.again;
        for (const struct plan_action *x = p.first; x; x = x->next)
            changed = (x->verb != PLAN_ASK && world_do(&l->world, x)) || changed;
    }
    return changed;
}

static bool run_jobs(struct life *l)
{
    bool any = false;
    for (size_t i = 0; i < l->world.count; i++) {
        struct node *job = l->world.items[i];
        if (!slice_eq(tree_text(job, "kind"), LIT("Job")) || job_has_ended(job))
            continue;
        any = true;
        collect(l, job);
        pod_begins(&l->world, job);
        pod_ends(&l->world, &l->log, job, (struct pod_end){true, true});
    }
    return any;
}

/* Until nothing more happens within `waits` moments that plans wait for. */
static void settle(struct life *l, int waits)
{
    for (int round = 0; round < MOST_ROUNDS; round++) {
        bool planned = turn(l), ran = run_jobs(l);
        if (l->log.found)
            l->log.checkpoint = l->log.start + (uint64_t)round;
        if (planned || ran)
            continue;
        if (!l->again || !waits--)
            return;
        l->world.now = l->again;
    }
}

static struct node *subject(const struct life *l, const struct resource *o)
{
    slice kind = tree_text(o->root, "kind");
    return world_find(&l->world, arena_cstr(l->world.arena, kind), o->metadata.namespace.value,
                      o->metadata.name.value);
}

static void edit(struct life *l, const struct resource *o, const char *field, slice value)
{
    struct node *object = subject(l, o);
    if (!object)
        return;
    tree_set_text(l->world.arena, node_get(object, LIT("spec")), field, value);
    world_touch(&l->world, object);
    settle(l, MOST_WAITS);
}

static void enable_tls(struct life *l)
{
    struct arena *a = l->world.arena;
    for (size_t i = 0; i < l->world.count; i++) {
        struct node *o = l->world.items[i];
        slice kind = tree_text(o, "kind");
        if (!slice_eq(kind, LIT("Cluster")) && !slice_eq(kind, LIT("TidbCluster")))
            continue;
        if (!node_get(o, LIT("spec")))
            tree_put_object(a, o, "spec");
        tree_put_bool(a, tree_put_object(a, node_get(o, LIT("spec")), "tlsCluster"), "enabled", true);
    }
}

static struct life begin(struct lists *lists, const struct resource *o, bool tls)
{
    struct life l = {
        .lists = lists, .world = world_new(lists->arena, lists->schemas, JUDGED_AT), .log.missing_since = 1};
    l.world.next_uid = 1;
    surround(&l.world, o);
    if (tls)
        enable_tls(&l);
    world_create(&l.world, o->root);
    return l;
}

static void end(struct life *l, const struct resource *o)
{
    if (subject(l, o))
        world_delete(&l->world, subject(l, o));
    settle(l, MOST_WAITS);
}

static void live(struct lists *lists, const struct resource *o, bool tls)
{
    struct arena *a = lists->arena;
    struct life l = begin(lists, o, tls);
    settle(&l, MOST_WAITS);
    if (o->backup->is_log) {
        edit(&l, o, "logSubcommand", LIT("log-pause"));
        edit(&l, o, "logSubcommand", LIT("log-start"));
        uint64_t until = l.log.checkpoint ? l.log.checkpoint - 1 : 0;
        edit(&l, o, "logTruncateUntil", arena_fmt(a, "%llu", (unsigned long long)until));
        edit(&l, o, "logSubcommand", LIT("log-stop"));
    }
    end(&l, o);
}

/* A life that ends early: a log backup is deleted while it runs. */
static void die_early(struct lists *lists, const struct resource *o)
{
    struct life l = begin(lists, o, false);
    settle(&l, 1);
    end(&l, o);
}

/* ---- files ---- */

static const struct resource *with_identity(struct lists *l, const struct verdict *v)
{
    struct node *root = node_copy(l->arena, v->object->root, 0), *metadata = node_get(root, LIT("metadata"));
    tree_unset(root, "status");
    if (!tree_text(metadata, "namespace").n)
        tree_set_text(l->arena, metadata, "namespace", LIT("prod"));
    if (!tree_text(metadata, "name").n)
        tree_set_text(l->arena, metadata, "name", LIT("x"));
    tree_unset(metadata, "deletionTimestamp");
    tree_unset(metadata, "creationTimestamp");
    tree_unset(metadata, "resourceVersion");
    tree_unset(metadata, "finalizers");
    return resource_of(l->arena, root);
}

static void list_object(void *context)
{
    enum { TLS_EVERY = 3 }; /* TLS adds the same words to every list */
    struct lists *l = context;
    const struct resource *o = with_identity(l, l->verdict);
    live(l, o, (l->of_file - 1) / 2 % TLS_EVERY == 0);
    die_early(l, o);
}

static bool list_file(struct lists *l)
{
    const struct stream_verdict *s = verdict_manifest(l->gate, l->file, l->bytes, JUDGED_AT);
    bool good = s != NULL;
    for (l->verdict = good ? s->first : NULL; l->verdict && good; l->verdict = l->verdict->next) {
        if (!l->verdict->object)
            continue;
        l->objects++;
        l->of_file++;
        l->denied += l->verdict->errors > 0;
        arena_reset(l->arena);
        good = l->verdict->errors || arena_run(l->arena, list_object, l);
    }
    return good;
}

static bool read_file(struct lists *l, const char *path)
{
    struct error error = {"out of memory"};
    arena_reset(l->file);
    l->of_file = 0;
    bool good = file_read(l->file, path, LIMIT_STREAM_BYTES, &l->bytes, &error) && list_file(l);
    if (!good)
        fprintf(stderr, "br_lists: %s: %s\n", path, error.text);
    return good;
}

static void load(void *context)
{
    struct lists *l = context;
    l->schemas = schema_set_new(l->own, &builtin_schemas);
}

int main(int argc, char **argv)
{
    const struct policy usual = {0};
    struct lists l = {.gate = gate_open(&usual, &builtin_schemas),
                      .own = arena_new(LIMIT_ARENA_BYTES),
                      .file = arena_new(LIMIT_ARENA_BYTES),
                      .arena = arena_new(LIMIT_ARENA_BYTES)};
    bool good = l.gate && l.own && l.file && l.arena && arena_run(l.own, load, &l);
    l.tikv_ctl = argc > 1 && strcmp(argv[1], "--tikv-ctl") == 0;
    for (int i = 1 + l.tikv_ctl; i < argc && good; i++)
        good = read_file(&l, argv[i]);
    for (size_t i = 0; i < l.count; i++) {
        puts(l.lines[i]);
        free(l.lines[i]);
    }
    fprintf(stderr, "%zu objects, %zu denied, %zu Jobs, %zu without the program, %zu lists\n", l.objects,
            l.denied, l.jobs, l.without, l.count);
    free(l.lines);
    arena_free(l.arena);
    arena_free(l.file);
    arena_free(l.own);
    gate_close(l.gate);
    return good ? 0 : 2;
}
