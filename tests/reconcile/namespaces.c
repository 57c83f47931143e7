/* Namespaces that end: what the API server and its namespace controller do, and what must hold then. */
#include "life.h"

#include "texts.h"
#include "timestamp.h"
#include "tree.h"

static const char team[] =
    "[{\"apiVersion\":\"v1\",\"kind\":\"Secret\",\"metadata\":{\"name\":\"keys\"},\"data\":"
    "{\"access_key\":\"eA==\",\"secret_key\":\"eA==\"}},"
    "{\"apiVersion\":\"core.pingcap.com/v1alpha1\",\"kind\":\"Cluster\",\"metadata\":{\"name\":\"teams\"}},"
    "{\"kind\":\"PDGroup\",\"metadata\":{\"name\":\"pd\"},\"spec\":{\"cluster\":{\"name\":\"teams\"}}},"
    "{\"kind\":\"TiKVGroup\",\"metadata\":{\"name\":\"kv\"},\"spec\":{\"cluster\":{\"name\":\"teams\"},"
    "\"template\":{\"spec\":{\"version\":\"v8.5.3\"}}}},"
    "{\"apiVersion\":\"pingcap.com/v1alpha1\",\"kind\":\"TidbCluster\",\"metadata\":{\"name\":\"old\"},"
    "\"spec\":{\"tikv\":{\"image\":\"pingcap/tikv:v7.5.0\"}},\"status\":{\"conditions\":[{\"type\":\"Ready\","
    "\"status\":\"True\"}]}},"
    "{\"apiVersion\":\"br.pingcap.com/v1alpha1\",\"kind\":\"BackupSchedule\",\"metadata\":{\"name\":\"t\"},"
    "\"spec\":{\"schedule\":\"20 */2 * * *\",\"maxBackups\":2,\"backupTemplate\":{\"cleanPolicy\":\"Delete\","
    "\"br\":{\"cluster\":\"teams\"},\"s3\":{\"provider\":\"minio\",\"bucket\":\"t\",\"secretName\":\"keys\"}}"
    "}},"
    "{\"apiVersion\":\"br.pingcap.com/v1alpha1\",\"kind\":\"Backup\",\"metadata\":{\"name\":\"once\"},"
    "\"spec\":{\"cleanPolicy\":\"Delete\",\"br\":{\"cluster\":\"teams\"},\"s3\":{\"provider\":\"minio\","
    "\"bucket\":\"t\",\"prefix\":\"once\",\"secretName\":\"keys\"}}},"
    "{\"apiVersion\":\"pingcap.com/v1alpha1\",\"kind\":\"CompactBackup\",\"metadata\":{\"name\":\"old\"},"
    "\"spec\":{\"startTs\":\"2026-11-25 00:00:00\",\"endTs\":\"2026-11-26 00:00:00\",\"concurrency\":4,"
    "\"br\":{\"cluster\":\"old\"},\"s3\":{\"provider\":\"minio\",\"endpoint\":\"http://m:9000\","
    "\"bucket\":\"t\",\"prefix\":\"log\",\"secretName\":\"keys\"}}}]";

static const slice team_name = SLICE("team");

static const struct node *team_of(const struct life *l)
{
    return world_find(&l->s.world, "Namespace", (slice){0}, team_name);
}

static void create_namespace(struct life *l, slice name)
{
    struct findings f = findings_new(l->s.world.arena);
    slice json = arena_fmt(l->s.world.arena,
                           "{\"apiVersion\":\"v1\",\"kind\":\"Namespace\",\"metadata\":{\"name\":\"%.*s\","
                           "\"finalizers\":[\"kubernetes\"]}}",
                           FMT(name));
    world_create(&l->s.world, json_read(l->s.world.arena, json, &f));
}

void namespaces_open(struct life *l)
{
    l->api.has_namespaces = true;
    create_namespace(l, LIT("prod"));
    create_namespace(l, LIT("older"));
    create_namespace(l, LIT("brgate"));
    namespaces_create_team(l);
}

void namespaces_create_team(struct life *l)
{
    struct arena *a = l->s.world.arena;
    struct findings f = findings_new(a);
    if (team_of(l))
        return;
    life_trace(l, "a person creates namespace team");
    create_namespace(l, team_name);
    struct node *list = json_read(a, slice_of(team), &f);
    for (struct node *n = node_first(list); n; n = node_next(n)) {
        tree_put_text(a, node_get(n, LIT("metadata")), "namespace", team_name);
        world_create(&l->s.world, n);
    }
}

void namespaces_delete_team(struct life *l)
{
    if (!team_of(l))
        return;
    life_trace(l, "a person deletes namespace team");
    l->s.interfered = l->s.world.now;
    world_delete(&l->s.world, team_of(l));
}

/* ---- the namespace controller ---- */

/* Returns one object of the namespace; NULL: it is empty. */
static const struct node *content_of(const struct world *w, slice namespace)
{
    for (size_t i = 0; i < w->count; i++)
        if (slice_eq(w->keys[i].namespace, namespace))
            return w->items[i];
    return NULL;
}

/* With faults some objects are deleted later than others. */
static void empty(struct life *l, slice namespace)
{
    enum { LATER = 3 };
    struct world *w = &l->s.world;
    for (size_t i = w->count; i-- > 0;)
        if (i < w->count && slice_eq(w->keys[i].namespace, namespace) &&
            !node_at(w->items[i], "metadata.deletionTimestamp") &&
            !(l->s.faults && simulation_dice(&l->s, LATER)))
            world_delete(w, w->items[i]);
}

static void end(struct life *l, struct node *namespace)
{
    enum { AT_ONCE = 3 };
    life_trace(l, "namespace team has ended");
    l->namespaces_ended++;
    tree_unset(node_get(namespace, LIT("metadata")), "finalizers");
    world_delete(&l->s.world, namespace);
    api_poll(&l->api); /* watches show what has gone before anything of its name is there again */
    if (l->s.faults && simulation_dice(&l->s, AT_ONCE) == 0)
        namespaces_create_team(l);
}

void namespaces_work(struct life *l)
{
    enum { MOST_SECONDS = 3 * 3600 };
    struct world *w = &l->s.world;
    struct node *n = world_find(w, "Namespace", (slice){0}, team_name);
    slice deleted = tree_text_at(n, "metadata.deletionTimestamp");
    struct timestamp since;
    if (!deleted.n)
        return;
    l->s.interfered = w->now;
    empty(l, team_name);
    const struct node *content = content_of(w, team_name);
    if (!content)
        end(l, n);
    else if (timestamp_parse(deleted, &since, NULL) && w->now - since.ms / 1000 > MOST_SECONDS)
        invariant_broken(&l->s, "the deletion of namespace team does not end: it has %.*s %.*s",
                         FMT(tree_text(content, "kind")), FMT(tree_text_at(content, "metadata.name")));
}

/* ---- refusals ---- */

static uint64_t hash_of(struct life *l, const struct host *h, const struct machine_request *q)
{
    struct findings f = findings_new(l->s.scratch);
    const struct node *object = json_read(l->s.scratch, q->body, &f);
    uint64_t hash = hash_start() + 2 * h->generation + h->number;
    hash = hash_text(hash_text(hash, slice_of(q->resource)), q->query);
    return hash_text(hash_text(hash, q->namespace), tree_text_at(object, "metadata.name"));
}

void namespaces_refused(struct life *l, const struct host *h, const struct machine_request *q)
{
    enum { SPAN_MS = 600000, MOST = 16 }; /* waits of 1, 2, 4 ... 256 seconds and questions once a minute */
    if (!strcmp(q->resource, "events"))
        return;
    uint64_t what = hash_of(l, h, q);
    struct refused_creation *r = &l->refusals[what % MOST_REFUSALS];
    if (r->what != what || l->ms - r->since > SPAN_MS)
        *r = (struct refused_creation){what, l->ms, 0};
    if (++r->count > MOST)
        invariant_broken(&l->s, "host %u tries a refused creation of %s %u times in %d minutes", h->number,
                         q->resource, r->count, SPAN_MS / 60000);
}
