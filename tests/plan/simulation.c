/* The life of a simulated cluster. */
#include "simulation.h"

#include "brgate_limits.h"
#include "civil.h"
#include "tree.h"

#include <stdlib.h>

enum { BEGIN = 1795694400 /* 2026-11-26T12:00:00Z */, STEP_SECONDS = 300, MOST_ROUNDS = 30 };

static const char objects[] =
    "[{\"apiVersion\":\"v1\",\"kind\":\"Secret\",\"metadata\":{\"name\":\"keys\"},\"data\":"
    "{\"access_key\":\"eA==\",\"secret_key\":\"eA==\"}},"
    "{\"apiVersion\":\"core.pingcap.com/v1alpha1\",\"kind\":\"Cluster\",\"metadata\":{\"name\":\"main\"}},"
    "{\"apiVersion\":\"core.pingcap.com/v1alpha1\",\"kind\":\"Cluster\",\"metadata\":{\"name\":\"other\"}},"
    "{\"kind\":\"PDGroup\",\"metadata\":{\"name\":\"pd\"},\"spec\":{\"cluster\":{\"name\":\"main\"}}},"
    "{\"kind\":\"PDGroup\",\"metadata\":{\"name\":\"pd2\"},\"spec\":{\"cluster\":{\"name\":\"other\"}}},"
    "{\"kind\":\"TiKVGroup\",\"metadata\":{\"name\":\"kv\"},\"spec\":{\"cluster\":{\"name\":\"main\"},"
    "\"template\":{\"spec\":{\"version\":\"v8.5.3\"}}}},"
    "{\"kind\":\"TiKVGroup\",\"metadata\":{\"name\":\"kv2\"},\"spec\":{\"cluster\":{\"name\":\"other\"},"
    "\"template\":{\"spec\":{\"version\":\"v8.5.3\"}}}},"
    "{\"apiVersion\":\"br.pingcap.com/"
    "v1alpha1\",\"kind\":\"BackupSchedule\",\"metadata\":{\"name\":\"a\"},\"spec\":"
    "{\"schedule\":\"0 */3 * * *\",\"maxBackups\":3,\"backupTemplate\":{\"cleanPolicy\":\"Delete\",\"br\":"
    "{\"cluster\":\"main\"},\"s3\":{\"provider\":\"minio\",\"bucket\":\"x\",\"secretName\":\"keys\"}}}},"
    "{\"apiVersion\":\"br.pingcap.com/"
    "v1alpha1\",\"kind\":\"BackupSchedule\",\"metadata\":{\"name\":\"b\"},\"spec\":"
    "{\"schedule\":\"@every 5h\",\"maxBackups\":2,\"backupTemplate\":{\"br\":{\"cluster\":\"main\"},\"s3\":"
    "{\"provider\":\"minio\",\"bucket\":\"y\",\"secretName\":\"keys\"},\"backoffRetryPolicy\":{"
    "\"minRetryDuration\":\"60s\"}}}},"
    "{\"apiVersion\":\"br.pingcap.com/"
    "v1alpha1\",\"kind\":\"BackupSchedule\",\"metadata\":{\"name\":\"c\"},\"spec\":"
    "{\"schedule\":\"30 1,13 * * "
    "*\",\"maxReservedTime\":\"48h\",\"compactSpan\":\"6h\",\"backupTemplate\":{\"br\":"
    "{\"cluster\":\"other\"},\"cleanPolicy\":\"Delete\",\"s3\":{\"provider\":\"minio\",\"bucket\":\"z\","
    "\"secretName\":\"keys\"}},"
    "\"logBackupTemplate\":{\"backupMode\":\"log\",\"br\":{\"cluster\":\"other\"},\"s3\":{\"provider\":"
    "\"minio\","
    "\"bucket\":\"z\",\"secretName\":\"keys\",\"prefix\":\"log\"}},\"compactBackupTemplate\":{\"br\":{"
    "\"cluster\":\"other\"},\"s3\":"
    "{\"provider\":\"minio\",\"bucket\":\"z\",\"secretName\":\"keys\",\"prefix\":\"log\"}}}},"
    /* pingcap.com, in a namespace of its own: one schedule of BR and one of Dumpling */
    "{\"apiVersion\":\"v1\",\"kind\":\"Secret\",\"metadata\":{\"name\":\"keys\",\"namespace\":\"older\"},"
    "\"data\":"
    "{\"access_key\":\"eA==\",\"secret_key\":\"eA==\",\"password\":\"eA==\"}},"
    "{\"apiVersion\":\"pingcap.com/"
    "v1alpha1\",\"kind\":\"TidbCluster\",\"metadata\":{\"name\":\"old\",\"namespace\":"
    "\"older\"},\"spec\":{\"tikv\":{\"image\":\"pingcap/"
    "tikv:v7.5.0\"}},\"status\":{\"conditions\":[{\"type\":"
    "\"Ready\",\"status\":\"True\"}]}},"
    "{\"apiVersion\":\"pingcap.com/"
    "v1alpha1\",\"kind\":\"BackupSchedule\",\"metadata\":{\"name\":\"d\",\"namespace\":"
    "\"older\"},\"spec\":{\"schedule\":\"15 */4 * * "
    "*\",\"maxBackups\":2,\"backupTemplate\":{\"cleanPolicy\":\"Delete\","
    "\"br\":{\"cluster\":\"old\"},\"s3\":{\"provider\":\"minio\",\"endpoint\":\"http://"
    "m:9000\",\"bucket\":\"x\","
    "\"secretName\":\"keys\"}}}},"
    "{\"apiVersion\":\"pingcap.com/"
    "v1alpha1\",\"kind\":\"BackupSchedule\",\"metadata\":{\"name\":\"e\",\"namespace\":"
    "\"older\"},\"spec\":{\"schedule\":\"45 */6 * * "
    "*\",\"maxBackups\":2,\"backupTemplate\":{\"cleanPolicy\":\"Delete\","
    "\"storageSize\":\"10Gi\",\"from\":{\"host\":\"tidb\",\"user\":\"root\",\"secretName\":\"keys\"},\"s3\":{"
    "\"provider\":"
    "\"minio\",\"endpoint\":\"http://m:9000\",\"bucket\":\"dumps\",\"secretName\":\"keys\"}}}}]";

unsigned simulation_dice(struct simulation *s, unsigned below)
{
    s->dice ^= s->dice << 13;
    s->dice ^= s->dice >> 7;
    s->dice ^= s->dice << 17;
    return (unsigned)(s->dice >> 33) % below;
}

static void populate(struct simulation *s)
{
    struct findings f = findings_new(s->world.arena);
    struct node *list = json_read(s->world.arena, slice_of(objects), &f);
    for (struct node *n = node_first(list); n; n = node_next(n)) {
        struct node *metadata = node_get(n, LIT("metadata"));
        if (!node_get(metadata, LIT("namespace")))
            tree_put_text(s->world.arena, metadata, "namespace", LIT("prod"));
        world_create(&s->world, n);
    }
}

bool simulation_open(struct simulation *s, const struct schema_set *schemas, uint64_t seed)
{
    *s = (struct simulation){.dice = seed * UINT64_C(0x9e3779b97f4a7c15) + 1, .faults = true};
    s->arenas[0] = arena_new(LIMIT_ARENA_BYTES);
    s->arenas[1] = arena_new(LIMIT_ARENA_BYTES);
    s->scratch = arena_new(LIMIT_ARENA_BYTES);
    if (!s->arenas[0] || !s->arenas[1] || !s->scratch)
        return false;
    s->world = world_new(s->arenas[0], schemas, BEGIN);
    s->world.next_uid = 1;
    s->log.missing_since = BEGIN - 3600;
    populate(s);
    return true;
}

void simulation_close(struct simulation *s)
{
    for (size_t i = 0; i < s->name_count; i++)
        free(s->names[i]);
    arena_free(s->arenas[0]);
    arena_free(s->arenas[1]);
    arena_free(s->scratch);
}

/* ---- views ---- */

/* The world moves to the other arena; what it was is the older view. */
static void move_world(struct simulation *s)
{
    s->arena_used = 1 - s->arena_used;
    struct arena *next = s->arenas[s->arena_used];
    arena_reset(next);
    s->before = s->world;
    s->world = world_copy(&s->before, next);
}

/* ---- the reconciler's turn ---- */

/* Does the plan's actions; with faults some are lost, and the host sees that, or believes so. */
static bool act(struct simulation *s, const struct plan *p)
{
    enum { ODDS = 12 };
    bool changed = false;
    for (const struct plan_action *x = p->first; x; x = x->next) {
        unsigned fate = s->faults ? simulation_dice(s, ODDS) : ODDS;
        if (x->verb == PLAN_ASK)
            continue;
        if (fate == 0) /* crash before it, or an error answer */
            break;
        invariants_before(s, x);
        bool done = world_do(&s->world, x);
        invariants_after(s, x, done);
        changed = changed || done;
        s->actions++;
        if (!done || fate == 1) /* a conflict, or the answer is lost */
            break;
    }
    return changed;
}

static bool in_view(const struct world *view, const struct node *n)
{
    for (size_t i = 0; i < view->count; i++)
        if (slice_eq(tree_text_at(view->items[i], "metadata.uid"), tree_text_at(n, "metadata.uid")))
            return true;
    return false;
}

/* An old view, but for what the host itself has created since: that it must know (plan.h). */
static struct world with_own_creations(const struct simulation *s, const struct world *old)
{
    struct world view = *old;
    view.items = ARENA_ARRAY(s->world.arena, struct node *, old->count + s->world.count + 1);
    for (size_t i = 0; i < old->count; i++)
        view.items[i] = old->items[i];
    for (size_t i = 0; i < s->world.count; i++)
        if (!in_view(old, s->world.items[i]))
            view.items[view.count++] = s->world.items[i];
    return view;
}

static bool turn(struct simulation *s, const struct world *view, size_t i)
{
    arena_reset(s->scratch);
    const struct plan_settings settings = {.time_zone = LIT("UTC")};
    const struct resource *o = resource_of(s->scratch, view->items[i]);
    if (!o)
        return false;
    /* A Backup sees the Jobs and pods, a schedule also its children. */
    struct observed seen = {.items = view->items, .count = view->count, .task = cluster_log_answer(&s->log)};
    struct plan p = plan(s->scratch, o, &seen, s->world.now, &settings);
    s->plans++;
    return act(s, &p);
}

static size_t planned_objects(const struct simulation *s)
{
    size_t count = 0;
    for (size_t i = 0; i < s->world.count; i++) {
        slice kind = tree_text(s->world.items[i], "kind");
        count += slice_eq(kind, LIT("Backup")) || slice_eq(kind, LIT("BackupSchedule")) ||
                 slice_eq(kind, LIT("CompactBackup"));
    }
    return count;
}

/* With faults as many random turns as there are objects, else each in its order. */
static bool everybody(struct simulation *s)
{
    enum { STALE = 6 };
    bool changed = false;
    size_t turns = planned_objects(s), count = s->world.count;
    for (size_t k = 0, taken = 0; s->faults ? taken < turns : k < count && k < s->world.count; k++) {
        bool stale = s->faults && s->before.count && simulation_dice(s, STALE) == 0;
        const struct world view = stale ? with_own_creations(s, &s->before) : s->world;
        size_t i = s->faults ? simulation_dice(s, (unsigned)view.count) : k;
        slice kind = tree_text(view.items[i], "kind");
        if (slice_eq(kind, LIT("Job")))
            continue;
        taken++;
        changed = turn(s, &view, i) || changed;
    }
    return changed;
}

void simulation_run(struct simulation *s, int64_t seconds)
{
    for (int64_t end = s->world.now + seconds; s->world.now < end && !*s->broken;) {
        move_world(s);
        everybody(s);
        pods_work(s);
        int64_t step = s->faults ? (1 + simulation_dice(s, 4)) * STEP_SECONDS : 6 * STEP_SECONDS;
        s->world.now += step;
    }
}

bool simulation_rests(struct simulation *s)
{
    for (int round = 0; round < MOST_ROUNDS; round++) {
        move_world(s);
        if (!everybody(s))
            return true;
    }
    return false;
}

size_t simulation_complete(const struct simulation *s, slice schedule)
{
    size_t count = 0;
    for (size_t i = 0; i < s->world.count; i++) {
        const struct node *n = s->world.items[i];
        const struct node *owner = node_first(node_at(n, "metadata.ownerReferences"));
        count += slice_eq(tree_text(owner, "name"), schedule) &&
                 slice_eq(tree_text_at(n, "status.phase"), LIT("Complete"));
    }
    return count;
}
