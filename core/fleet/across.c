/* Compares the objects of a run. */
#include "fleet_rules.h"
#include "judge.h"
#include "summary.h"

#include "brgate_limits.h"

#include <stdlib.h>

enum {
    /* How many objects of one folder or cluster an object is compared with. One finding is enough; thousands in one
     * folder must not cause millions of comparisons. */
    MAX_PEERS = 16,
    /* Fire times tried before two crons count as never meeting. */
    MAX_PAIRS = 400,
};

struct comparing {
    const struct gate *gate;
    struct arena *arena;
    struct object_summaries *const *lists;
    size_t list_count;
    struct across_diagnostic *diagnostics;
    size_t count, capacity, suppressed;
};

const struct rule *const across_rules[] = {
    &rule_shared_prefix,      &rule_nested_prefix,
    &rule_nested_prefix_kept, &rule_two_clusters_one_prefix,
    &rule_second_log_backup,  &rule_log_name_clash,
    &rule_schedules_overlap,  &rule_log_and_snapshot_same_prefix,
    &rule_duplicate_object,
};
const size_t across_rule_count = COUNT(across_rules);

static size_t number_of(const struct rule *rule)
{
    size_t i = 0;
    while (i < across_rule_count && across_rules[i] != rule)
        i++;
    return i;
}

static enum severity severity_of(const struct comparing *c, const struct rule *rule)
{
    return (enum severity)rule_level_of(&c->gate->levels, rule)->severity[CONTEXT_MANIFEST];
}

/* ---- words ---- */

/* "Backup tidb/nightly (b.yaml:12)"; the place is left out in the file of the finding, and of an object of a cluster. */
static slice name_of(struct comparing *c, const struct object_summary *other,
                     const struct object_summary *here, const struct source_place *source_place)
{
    struct buf b = buf_new(c->arena, LIMIT_MESSAGE_BYTES);
    buf_fmt(&b, "%s ",
            other->kind == KIND_BACKUP            ? "Backup"
            : other->kind == KIND_BACKUP_SCHEDULE ? "BackupSchedule"
                                                  : "CompactBackup");
    if (other->namespace.n)
        buf_fmt(&b, "%.*s/", FMT(other->namespace));
    buf_put(&b, other->name.n ? other->name : LIT("<generated name>"));
    if (other->file != here->file && other->file_name.n)
        buf_fmt(&b, " (%.*s:%u)", FMT(other->file_name), (unsigned)source_place->line);
    return buf_slice(&b);
}

static slice folder_name(const struct object_summary *f)
{
    return f->location.folder.n ? f->location.folder : LIT("/");
}

/* One finding of a rule is enough for an object: the first. */
static bool is_wanted(const struct comparing *c, const struct rule *rule, const struct object_summary *here)
{
    return !(here->reported & 1u << number_of(rule)) && severity_of(c, rule) != SEVERITY_OFF;
}

static slice base_path(const struct object_summary *f)
{
    static const slice paths[] = {[ROLE_BACKUP] = SLICE("spec"),
                                  [ROLE_SNAPSHOT_TEMPLATE] = SLICE("spec.backupTemplate"),
                                  [ROLE_LOG_TEMPLATE] = SLICE("spec.logBackupTemplate")};
    return paths[f->role];
}

static slice path_of(struct comparing *c, const struct object_summary *f, const struct source_place *at)
{
    if (at == &f->name_place)
        return LIT("metadata.name");
    if (at == &f->schedule_place)
        return LIT("spec.schedule");
    if (at == &f->cluster_place)
        return arena_fmt(c->arena, "%.*s.br.cluster", FMT(base_path(f)));
    return arena_fmt(c->arena, "%.*s.%s.prefix", FMT(base_path(f)), storage_type_name(f->location.type));
}

/* One of the two places that a finding is about. */
struct side {
    struct object_summary *object;
    const struct source_place *at;
};

/* A finding at `here`, with `there` as its second place. */
static void add(struct comparing *c, const struct rule *rule, struct side here, struct side there,
                slice message, const char *hint)
{
    struct diagnostic d = {.rule = rule,
                           .severity = severity_of(c, rule),
                           .path = path_of(c, here.object, here.at),
                           .message = message,
                           .hint = slice_of(hint),
                           .from = here.at->from,
                           .to = here.at->to};
    if (there.object->file == here.object->file) {
        d.note = LIT("the other one");
        d.note_from = there.at->from;
        d.note_to = there.at->to;
    }
    here.object->reported |= 1u << number_of(rule);
    if (here.at->allowed & 1u << number_of(rule)) {
        c->suppressed++;
        return;
    }
    c->diagnostics = arena_grow(c->arena, c->diagnostics, c->count, &c->capacity, sizeof *c->diagnostics);
    c->diagnostics[c->count++] = (struct across_diagnostic){here.object->file, d};
}

/* ---- who is who ---- */

static bool may_be_equal(slice a, slice b)
{
    return !a.n || !b.n || slice_eq(a, b);
}

static bool is_child(const struct object_summary *schedule, const struct object_summary *backup)
{
    return schedule->kind == KIND_BACKUP_SCHEDULE && backup->kind == KIND_BACKUP && backup->owner.n &&
           slice_eq(schedule->name, backup->owner) && may_be_equal(schedule->namespace, backup->namespace);
}

/* One object that is written down twice (before and after an edit, base and overlay), or a schedule and what
 * it has made. */
static bool fire_together(const struct object_summary *a, const struct object_summary *b)
{
    if (is_child(a, b) || is_child(b, a))
        return true;
    return a->kind == b->kind && a->name.n && slice_eq(a->name, b->name) &&
           may_be_equal(a->namespace, b->namespace);
}

static bool same_cluster(const struct object_summary *a, const struct object_summary *b)
{
    return a->group == b->group && slice_eq(a->cluster, b->cluster) &&
           slice_eq(a->cluster_namespace, b->cluster_namespace);
}

static bool comes_before(const struct object_summary *a, const struct object_summary *b)
{
    if (a->file != b->file)
        return a->file < b->file;
    return a->place.from < b->place.from;
}

/* ---- folders ---- */

static bool of_two_clusters(const struct object_summary *a, const struct object_summary *b)
{
    return a->cluster.n && b->cluster.n && !same_cluster(a, b);
}

/* Templates get a folder for each run. Those of logs are named by the second alone. */
static void judge_same_templates(struct comparing *c, struct object_summary *first,
                                 struct object_summary *later)
{
    const struct rule *rule = &rule_two_clusters_one_prefix;
    if (first->role != ROLE_LOG_TEMPLATE || later->role != ROLE_LOG_TEMPLATE ||
        !of_two_clusters(first, later) || !is_wanted(c, rule, later))
        return;
    slice name = name_of(c, first, later, &first->place);
    add(c, rule, (struct side){later, &later->place}, (struct side){first, &first->place},
        arena_fmt(c->arena,
                  "%.*s of another cluster also uses this folder: log backups that start in the same second "
                  "get the same folder log-<time>",
                  FMT(name)),
        "give each cluster its own prefix");
}

/* Two Backups in the very same folder. Two logs of a cluster are another rule's matter. */
static void judge_same_folder(struct comparing *c, struct object_summary *first, struct object_summary *later)
{
    bool two_clusters = of_two_clusters(first, later), mixed = first->is_log != later->is_log;
    const struct rule *rule = two_clusters ? &rule_two_clusters_one_prefix
                              : mixed      ? &rule_log_and_snapshot_same_prefix
                                           : &rule_shared_prefix;
    if ((rule == &rule_shared_prefix && first->is_log) || !is_wanted(c, rule, later))
        return;
    slice name = name_of(c, first, later, &first->place), message;
    if (two_clusters)
        message = arena_fmt(c->arena, "%.*s of another cluster, %.*s%s%.*s, writes to the same folder",
                            FMT(name), FMT(first->cluster_namespace), first->cluster_namespace.n ? "/" : "",
                            FMT(first->cluster));
    else if (mixed)
        message = arena_fmt(c->arena, "%.*s, a %s, writes to the same folder", FMT(name),
                            first->is_log ? "log backup" : "snapshot");
    else
        message = arena_fmt(c->arena, "%.*s writes to the same folder", FMT(name));
    add(c, rule, (struct side){later, &later->place}, (struct side){first, &first->place}, message,
        two_clusters ? "give each cluster its own prefix"
        : mixed      ? "give the log backup its own prefix"
                     : "give each backup its own prefix");
}

/* The data of `inner` lies below the folder that `outer` takes, and cleaning deletes by prefix. */
static void judge_nested(struct comparing *c, struct object_summary *outer, struct object_summary *inner)
{
    bool inner_later = comes_before(outer, inner);
    struct object_summary *here = inner_later ? inner : outer, *other = inner_later ? outer : inner;
    const struct rule *rule = outer->cleans ? &rule_nested_prefix : &rule_nested_prefix_kept;
    if (!is_wanted(c, rule, here))
        return;
    slice name = name_of(c, other, here, &other->place), policy = outer->clean_policy,
          folder = folder_name(outer), message;
    if (outer->role != ROLE_BACKUP)
        message = arena_fmt(c->arena,
                            inner_later ? "this is inside the folder of a run of %.*s"
                                        : "%.*s is inside the folder of a run of this schedule",
                            FMT(name));
    else if (!outer->cleans)
        message = inner_later
                      ? arena_fmt(c->arena, "this is inside %.*s, the folder of %.*s", FMT(folder), FMT(name))
                      : arena_fmt(c->arena, "the data of %.*s is inside this folder", FMT(name));
    else if (inner_later)
        message = arena_fmt(
            c->arena,
            "when %.*s is deleted, cleanPolicy %.*s deletes everything below %.*s, including this data",
            FMT(name), FMT(policy), FMT(folder));
    else
        message = arena_fmt(c->arena,
                            "when this is deleted, cleanPolicy %.*s deletes everything below %.*s, including "
                            "the data of %.*s",
                            FMT(policy), FMT(folder), FMT(name));
    add(c, rule, (struct side){here, &here->place}, (struct side){other, &other->place}, message,
        "give each its own prefix, neither inside the other");
}

/* `above` has a folder that is an ancestor of the one of `below`, or the same. A schedule's own folder holds no
 * data: each of its runs has a folder within. */
static void judge_folders(struct comparing *c, struct object_summary *above, struct object_summary *below)
{
    if (fire_together(above, below))
        return;
    bool same = above->location.folder.n == below->location.folder.n;
    bool plain_above = above->role == ROLE_BACKUP, plain_below = below->role == ROLE_BACKUP;
    if (same && plain_above == plain_below) {
        bool in_order = comes_before(above, below);
        struct object_summary *first = in_order ? above : below, *later = in_order ? below : above;
        if (plain_above)
            judge_same_folder(c, first, later);
        else
            judge_same_templates(c, first, later);
    } else if (same) {
        judge_nested(c, plain_above ? above : below, plain_above ? below : above);
    } else if (plain_above || slice_starts(below->location.folder, above->runs)) {
        judge_nested(c, above, below);
    }
}

static int by_folder(const void *p, const void *q)
{
    const struct object_summary *a = *(struct object_summary *const *)p,
                                *b = *(struct object_summary *const *)q;
    int order = slice_cmp(a->location.service, b->location.service);
    if (!order)
        order = slice_cmp(a->location.bucket, b->location.bucket);
    if (!order)
        order = slice_cmp(a->location.folder, b->location.folder);
    if (order)
        return order;
    if (a->file != b->file)
        return a->file < b->file ? -1 : 1;
    return a->place.from < b->place.from ? -1 : a->place.from > b->place.from;
}

static struct location location_again(const struct object_summary *f)
{
    const struct kept_location *l = &f->location;
    return (struct location){.type = l->type,
                             .service = l->service,
                             .bucket = l->bucket,
                             .folder = l->folder,
                             .placed = true,
                             .known = l->known};
}

static bool holds(const struct object_summary *above, const struct object_summary *below)
{
    const struct location a = location_again(above), b = location_again(below);
    enum location_relation relation = location_compare(&a, &b).relation;
    return relation == LOCATION_SAME || relation == LOCATION_AROUND;
}

/* Sorted by folder, what lies below a folder comes right behind it: a stack holds the folders that are open,
 * each with the first of its objects. */
static void compare_folders(struct comparing *c, struct object_summary **all, size_t count)
{
    struct level {
        size_t first, n;
    } stack[MAX_PEERS];
    size_t depth = 0;
    qsort(all, count, sizeof *all, by_folder);
    for (size_t i = 0; i < count; i++) {
        while (depth && !holds(all[stack[depth - 1].first], all[i]))
            depth--;
        for (size_t d = 0; d < depth; d++)
            for (size_t k = 0; k < stack[d].n; k++)
                judge_folders(c, all[stack[d].first + k], all[i]);
        if (depth && all[stack[depth - 1].first]->location.folder.n == all[i]->location.folder.n)
            stack[depth - 1].n +=
                stack[depth - 1].n < MAX_PEERS && stack[depth - 1].first + stack[depth - 1].n == i;
        else if (depth < MAX_PEERS)
            stack[depth++] = (struct level){i, 1};
    }
}

/* ---- clusters ---- */

static void judge_two_logs(struct comparing *c, struct object_summary *first, struct object_summary *later)
{
    bool clash = first->kind == KIND_BACKUP && later->kind == KIND_BACKUP && first->name.n &&
                 slice_eq(first->name, later->name);
    const struct rule *rule = clash ? &rule_log_name_clash : &rule_second_log_backup;
    if (!is_wanted(c, rule, later))
        return;
    slice name = name_of(c, first, later, &first->cluster_place);
    if (clash)
        add(c, rule, (struct side){later, &later->cluster_place}, (struct side){first, &first->cluster_place},
            arena_fmt(c->arena,
                      "%.*s is a log backup of this cluster with the same name, which is also the task's "
                      "name in the cluster",
                      FMT(name)),
            "a cluster can run only one log backup at a time: keep one of them");
    else
        add(c, rule, (struct side){later, &later->cluster_place}, (struct side){first, &first->cluster_place},
            arena_fmt(
                c->arena,
                "%.*s is already a log backup of this cluster, and a cluster can run only one at a time",
                FMT(name)),
            "keep one of them; to move it, stop the old one first");
}

/* The first moment at which both fire, counted from a day that has nothing special; false when they do not
 * within the calendar's reach. */
static bool compare_pair(const struct cron *a, const struct cron *b, int64_t *ret)
{
    if (!(a->minutes & b->minutes) || !(a->hours & b->hours) || !(a->months & b->months))
        return false;
    int64_t x, y, from = INT64_C(1767225599); /* 2025-12-31T23:59:59Z */
    if (!cron_next(a, from, &x))
        return false;
    for (unsigned i = 0; i < MAX_PAIRS; i++) {
        if (!cron_next(b, x - 1, &y))
            return false;
        if (x == y) {
            *ret = x;
            return true;
        }
        if (!cron_next(a, y - 1, &x))
            return false;
        if (x == y) {
            *ret = x;
            return true;
        }
    }
    return false;
}

static void judge_two_schedules(struct comparing *c, struct object_summary *first,
                                struct object_summary *later)
{
    int64_t at;
    if (!is_wanted(c, &rule_schedules_overlap, later) ||
        (first->schedule_group.n && slice_eq(first->schedule_group, later->schedule_group)) ||
        !compare_pair(&first->cron, &later->cron, &at))
        return;
    unsigned minute = (unsigned)(at / 60 % 60), hour = (unsigned)(at / 3600 % 24);
    add(c, &rule_schedules_overlap, (struct side){later, &later->schedule_place},
        (struct side){first, &first->schedule_place},
        arena_fmt(c->arena, "%.*s also starts a backup of this cluster at %02u:%02u, for example",
                  FMT(name_of(c, first, later, &first->schedule_place)), hour, minute),
        "change one of them, or give both the same label tidb.pingcap.com/backup-schedule-group");
}

static int by_cluster(const void *p, const void *q)
{
    const struct object_summary *a = *(struct object_summary *const *)p,
                                *b = *(struct object_summary *const *)q;
    int order = a->group != b->group ? (a->group < b->group ? -1 : 1) : slice_cmp(a->cluster, b->cluster);
    if (!order)
        order = slice_cmp(a->cluster_namespace, b->cluster_namespace);
    if (order)
        return order;
    if (a->file != b->file)
        return a->file < b->file ? -1 : 1;
    return a->cluster_place.from < b->cluster_place.from ? -1 : a->cluster_place.from > b->cluster_place.from;
}

typedef void judge_pair(struct comparing *c, struct object_summary *first, struct object_summary *later);

/* Each object with the first ones of its cluster. */
static void compare_in_clusters(struct comparing *c, struct object_summary **all, size_t count,
                                judge_pair *judge)
{
    struct object_summary *peers[MAX_PEERS];
    size_t n = 0;
    qsort(all, count, sizeof *all, by_cluster);
    for (size_t i = 0; i < count; i++) {
        if (n && !same_cluster(peers[0], all[i]))
            n = 0;
        for (size_t k = 0; k < n; k++)
            if (!fire_together(peers[k], all[i]))
                judge(c, peers[k], all[i]);
        if (n < MAX_PEERS)
            peers[n++] = all[i];
    }
}

static int by_position(const void *p, const void *q)
{
    const struct across_diagnostic *a = p, *b = q;
    if (a->file != b->file)
        return a->file < b->file ? -1 : 1;
    if (a->diagnostic.from != b->diagnostic.from)
        return a->diagnostic.from < b->diagnostic.from ? -1 : 1;
    return strcmp(a->diagnostic.rule->slug, b->diagnostic.rule->slug);
}

typedef bool part_of(const struct object_summary *f);

static bool is_object(const struct object_summary *f)
{
    return f->named;
}

static bool has_place(const struct object_summary *f)
{
    return f->location.known;
}

static bool logs(const struct object_summary *f)
{
    return f->cluster.n && f->is_log && !f->stops && f->role != ROLE_SNAPSHOT_TEMPLATE;
}

static bool fires_by_clock(const struct object_summary *f)
{
    return f->cluster.n && f->fires_by_clock;
}

static size_t take(struct object_summaries *const *lists, size_t list_count, part_of *part,
                   struct object_summary **ret)
{
    size_t n = 0;
    for (size_t i = 0; i < list_count; i++)
        for (struct object_summary *f = lists[i]->first; f; f = f->next)
            if (part(f))
                ret[n++] = f;
    return n;
}

/* ---- one object, written twice ---- */

static int by_object(const void *p, const void *q)
{
    const struct object_summary *a = *(struct object_summary *const *)p,
                                *b = *(struct object_summary *const *)q;
    if (a->kind != b->kind)
        return a->kind < b->kind ? -1 : 1;
    int order = slice_cmp(a->name, b->name);
    if (!order)
        order = slice_cmp(a->namespace, b->namespace);
    if (!order)
        order = (a->group > b->group) - (a->group < b->group);
    if (!order)
        order = (a->file > b->file) - (a->file < b->file);
    return order ? order
                 : (a->name_place.from > b->name_place.from) - (a->name_place.from < b->name_place.from);
}

static bool is_same_object(const struct object_summary *a, const struct object_summary *b)
{
    return a->kind == b->kind && a->group == b->group && slice_eq(a->name, b->name) &&
           slice_eq(a->namespace, b->namespace) && (a->file == b->file || !(a->patch || b->patch));
}

/* A patch is no object of its own, in a file of its own. */
static void compare_names(struct comparing *c, struct object_summary **all, size_t count)
{
    qsort(all, count, sizeof *all, by_object);
    for (size_t i = 1, first = 0; i < count; i++) {
        if (!is_same_object(all[first], all[i])) {
            first = i;
            continue;
        }
        if (!is_wanted(c, &rule_duplicate_object, all[i]))
            continue;
        slice other = name_of(c, all[first], all[i], &all[first]->name_place);
        bool here = all[first]->file == all[i]->file;
        add(c, &rule_duplicate_object, (struct side){all[i], &all[i]->name_place},
            (struct side){all[first], &all[first]->name_place},
            arena_fmt(c->arena, "%.*s is %s, and the settings of the other are lost", FMT(other),
                      here ? "in this file already: the last one wins"
                           : "the same object: in one Kubernetes cluster the last one wins"),
            "remove one of them, or give it another name");
    }
}

static void compare_all(void *context)
{
    struct comparing *c = context;
    struct object_summaries *const *lists = c->lists;
    size_t count = 0;
    for (size_t i = 0; i < c->list_count; i++)
        count += lists[i]->count;
    struct object_summary **all = ARENA_ARRAY(c->arena, struct object_summary *, count + 1);
    for (size_t i = 0; i < c->list_count; i++)
        for (struct object_summary *f = lists[i]->first; f; f = f->next)
            f->reported = 0;
    compare_names(c, all, take(lists, c->list_count, is_object, all));
    compare_folders(c, all, take(lists, c->list_count, has_place, all));
    compare_in_clusters(c, all, take(lists, c->list_count, logs, all), judge_two_logs);
    compare_in_clusters(c, all, take(lists, c->list_count, fires_by_clock, all), judge_two_schedules);
    if (c->count)
        qsort(c->diagnostics, c->count, sizeof *c->diagnostics, by_position);
}

bool across_judge(const struct gate *g, struct arena *a, struct object_summaries *const *lists,
                  size_t list_count, struct across *ret)
{
    struct comparing c = {.gate = g, .arena = a, .lists = lists, .list_count = list_count};
    if (!arena_run(a, compare_all, &c))
        return false;
    *ret = (struct across){c.diagnostics, c.count, c.suppressed};
    return true;
}
