/* What people do between two minutes of the world: they create, edit and delete. */
#include "life.h"

#include "civil.h"
#include "tree.h"

static unsigned dice(struct life *l, unsigned below)
{
    return simulation_dice(&l->s, below);
}

static struct node *any_object(struct life *l, const char *kind)
{
    struct world *w = &l->s.world;
    size_t from = dice(l, (unsigned)w->count);
    for (size_t i = 0; i < w->count; i++) {
        struct node *o = w->items[(from + i) % w->count];
        if (slice_eq(tree_text(o, "kind"), slice_of(kind)))
            return o;
    }
    return NULL;
}

static void annotate(struct life *l, struct node *o)
{
    struct arena *a = l->s.world.arena;
    struct node *metadata = node_get(o, LIT("metadata"));
    if (!node_get(metadata, LIT("annotations")))
        tree_put_object(a, metadata, "annotations");
    tree_set_text(a, node_get(metadata, LIT("annotations")), "note", arena_fmt(a, "%u", dice(l, 1000)));
    world_touch(&l->s.world, o);
}

static void toggle_pause(struct life *l, struct node *schedule)
{
    struct node *spec = node_get(schedule, LIT("spec"));
    const struct node *pause = node_get(spec, LIT("pause"));
    bool paused = pause && pause->boolean;
    tree_unset(spec, "pause");
    if (!paused)
        tree_put_bool(l->s.world.arena, spec, "pause", true);
    world_touch(&l->s.world, schedule);
    life_trace(l, "a person sets pause of %.*s to %d", FMT(tree_text_at(schedule, "metadata.name")), !paused);
}

static void delete_job(struct life *l, struct node *job)
{
    life_trace(l, "a person deletes Job %.*s", FMT(tree_text_at(job, "metadata.name")));
    world_delete(&l->s.world, job);
}

static void delete_run(struct life *l, struct node *backup)
{
    slice name = tree_text_at(backup, "metadata.name");
    if (slice_eq(tree_text_at(backup, "spec.backupMode"), LIT("log")))
        return; /* chance.c deletes that one */
    life_trace(l, "a person deletes Backup %.*s", FMT(name));
    invariants_forget_run(&l->s, name);
    world_delete(&l->s.world, backup);
}

/* ---- compactions of pingcap.com ---- */

static bool is_of_people(const struct node *o)
{
    return slice_eq(tree_text(o, "kind"), LIT("CompactBackup")) &&
           slice_eq(tree_text(o, "apiVersion"), LIT("pingcap.com/v1alpha1"));
}

/* One that may go; NULL while there are few. */
static struct node *old_compaction(struct life *l)
{
    enum { KEPT = 5 };
    size_t count = 0;
    struct node *found = NULL;
    for (size_t i = 0; i < l->s.world.count; i++)
        if (is_of_people(l->s.world.items[i]) && !dice(l, (unsigned)++count))
            found = l->s.world.items[i];
    return count > KEPT ? found : NULL;
}

/* Some name a cluster that does not exist, some are cut into shards, and some are wrong. */
static void create_compaction(struct life *l)
{
    static const struct {
        const char *end, *more;
    } specs[] = {{"", ""},
                 {"", "\"maxRetryTimes\":2,"},
                 {"", "\"mode\":\"sharded\",\"shardCount\":2,"},
                 {" 25:00", ""}};
    enum { NO_CLUSTER = 8, DAY = 86400 };
    struct arena *a = l->s.world.arena;
    struct buf start = buf_new(a, SIZE_MAX), end = buf_new(a, SIZE_MAX);
    struct findings f = findings_new(a);
    unsigned which = dice(l, COUNT(specs));
    civil_put(&start, l->s.world.now - DAY);
    civil_put(&end, l->s.world.now);
    slice json = arena_fmt(
        a,
        "{\"apiVersion\":\"pingcap.com/v1alpha1\",\"kind\":\"CompactBackup\",\"metadata\":{\"name\":"
        "\"people-%llu\",\"namespace\":\"older\"},\"spec\":{\"startTs\":\"%.*s\",\"endTs\":\"%.*s%s\",%s"
        "\"concurrency\":4,"
        "\"br\":{\"cluster\":\"%s\",\"clusterNamespace\":\"older\"},\"s3\":{\"provider\":\"minio\","
        "\"endpoint\":\"http://m:9000\",\"bucket\":\"x\",\"prefix\":\"log\",\"secretName\":\"keys\"}}}",
        (unsigned long long)l->s.world.next_uid, FMT(buf_slice(&start)), FMT(buf_slice(&end)),
        specs[which].end, specs[which].more, dice(l, NO_CLUSTER) ? "old" : "none");
    const struct node *made = world_create(&l->s.world, json_read(a, json, &f));
    life_trace(l, "a person creates CompactBackup %.*s", FMT(tree_text_at(made, "metadata.name")));
}

static void delete_compaction(struct life *l, const struct node *compaction)
{
    slice name = tree_text_at(compaction, "metadata.name");
    life_trace(l, "a person deletes CompactBackup %.*s", FMT(name));
    l->s.interfered = l->s.world.now;
    world_delete(&l->s.world, compaction);
}

void people_act(struct life *l)
{
    enum {
        ANNOTATE = 6,
        PAUSE = 400,
        DELETE_JOB = 6,
        DELETE_RUN = 25,
        COMPACT = 15,
        CREATE_TEAM = 8,
        DELETE_TEAM = 25
    };
    struct node *o;
    if (dice(l, ANNOTATE) == 0 && (o = any_object(l, dice(l, 2) ? "Backup" : "BackupSchedule")))
        annotate(l, o);
    if (dice(l, PAUSE) == 0 && (o = any_object(l, "BackupSchedule")))
        toggle_pause(l, o);
    if (dice(l, DELETE_JOB) == 0 && (o = any_object(l, "Job")) && job_has_ended(o))
        delete_job(l, o);
    if (dice(l, DELETE_RUN) == 0 && (o = any_object(l, "Backup")))
        delete_run(l, o);
    if (dice(l, DELETE_TEAM) == 0)
        namespaces_delete_team(l);
    else if (dice(l, CREATE_TEAM) == 0)
        namespaces_create_team(l);
    if (dice(l, COMPACT) == 0)
        create_compaction(l);
    if (dice(l, COMPACT) == 0 && (o = old_compaction(l)))
        delete_compaction(l, o);
}
