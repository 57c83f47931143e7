/* Answers requests to a world. */
#include "api.h"

#include "num.h"
#include "tree.h"

#include <stdio.h>
#include <stdlib.h>

static const struct {
    const char *resource, *kind;
} resources[] = {
    {"backups", "Backup"},
    {"backupschedules", "BackupSchedule"},
    {"compactbackups", "CompactBackup"},
    {"jobs", "Job"},
    {"pods", "Pod"},
    {"clusters", "Cluster"},
    {"pdgroups", "PDGroup"},
    {"tikvgroups", "TiKVGroup"},
    {"tidbclusters", "TidbCluster"},
    {"persistentvolumeclaims", "PersistentVolumeClaim"},
    {"deployments", "Deployment"},
    {"secrets", "Secret"},
    {"persistentvolumeclaims", "PersistentVolumeClaim"},
    {"leases", "Lease"},
    {"events", "Event"},
};

static const char *kind_of_resource(const char *resource)
{
    for (size_t i = 0; i < COUNT(resources); i++)
        if (!strcmp(resources[i].resource, resource))
            return resources[i].kind;
    return "";
}

static const char *constant_kind(slice kind)
{
    for (size_t i = 0; i < COUNT(resources); i++)
        if (slice_eq(slice_of(resources[i].kind), kind))
            return resources[i].kind;
    return "";
}

void api_open(struct api *a, struct simulation *s)
{
    *a = (struct api){.s = s};
    s->world.collects_later = true;
    api_poll(a);
}

static void free_snapshot(struct snapshot *p)
{
    for (size_t i = 0; i < p->count; i++)
        free(p->items[i]);
    free(p->items);
    *p = (struct snapshot){0};
}

void api_close(struct api *a)
{
    api_forget(a, 0);
    for (size_t i = 0; i < a->known_count; i++)
        free(a->known[i].json);
    for (size_t i = 0; i < PAGES_KEPT; i++)
        free_snapshot(&a->snapshots[i]);
    free(a->known);
    free(a->changes);
}

/* ---- JSON ---- */

static slice json_of(struct api *a, const struct node *n)
{
    struct buf b = buf_new(a->s->scratch, SIZE_MAX);
    node_put_json(&b, n, false);
    return buf_slice(&b);
}

static struct node *read_json(struct api *a, slice json)
{
    struct findings f = findings_new(a->s->world.arena);
    return json_read(a->s->world.arena, arena_copy(a->s->world.arena, json), &f);
}

static uint64_t version_of(const struct node *o)
{
    uint64_t n;
    return num_u64(tree_text_at(o, "metadata.resourceVersion"), &n) ? n : 0;
}

static uint64_t uid_of(const struct node *o)
{
    uint64_t n;
    return num_u64(slice_from(tree_text_at(o, "metadata.uid"), strlen("uid-")), &n) ? n : 0;
}

/* ---- changes ---- */

static bool is_older(slice group_version)
{
    return slice_starts(group_version, LIT("pingcap.com/"));
}

static void add_change(struct api *a, const struct node *o, const char *type)
{
    slice object = json_of(a, o);
    if (a->change_count == a->change_capacity) {
        a->change_capacity = a->change_capacity ? 2 * a->change_capacity : 256;
        a->changes = realloc(a->changes, a->change_capacity * sizeof *a->changes);
    }
    struct api_change *c = &a->changes[a->change_count++];
    *c = (struct api_change){.version = version_of(o),
                             .kind = constant_kind(tree_text(o, "kind")),
                             .type = type,
                             .older = is_older(tree_text(o, "apiVersion"))};
    int n = asprintf(&c->line, "{\"type\":\"%s\",\"object\":%.*s}", type, FMT(object));
    c->n = n > 0 ? (size_t)n : 0;
}

static struct known_object *known_of(struct api *a, uint64_t uid)
{
    for (size_t i = 0; i < a->known_count; i++)
        if (a->known[i].uid == uid)
            return &a->known[i];
    if (a->known_count == a->known_capacity) {
        a->known_capacity = a->known_capacity ? 2 * a->known_capacity : 64;
        a->known = realloc(a->known, a->known_capacity * sizeof *a->known);
    }
    struct known_object *k = &a->known[a->known_count++];
    *k = (struct known_object){.uid = uid};
    return k;
}

static void note_change(struct api *a, const struct node *o)
{
    slice json = json_of(a, o);
    struct known_object *k = known_of(a, uid_of(o));
    add_change(a, o, k->json ? "MODIFIED" : "ADDED");
    free(k->json);
    k->kind = constant_kind(tree_text(o, "kind"));
    k->version = version_of(o);
    k->json = strndup(json.p, json.n);
    k->n = json.n;
}

static bool is_there(const struct api *a, uint64_t uid)
{
    for (size_t i = 0; i < a->s->world.count; i++)
        if (uid_of(a->s->world.items[i]) == uid)
            return true;
    return false;
}

/* The last state with a version of its own, as the API server shows it. */
static void note_deletion(struct api *a, struct known_object *k)
{
    struct world *w = &a->s->world;
    struct node *o = read_json(a, (slice){k->json, k->n});
    world_touch(w, o);
    add_change(a, o, "DELETED");
    free(k->json);
    *k = a->known[--a->known_count];
}

static int by_version(const void *x, const void *y)
{
    uint64_t a = version_of(*(struct node *const *)x), b = version_of(*(struct node *const *)y);
    return a < b ? -1 : a > b;
}

void api_poll(struct api *a)
{
    struct world *w = &a->s->world;
    if (a->polled == w->next_uid && a->deletions_seen == w->deletions)
        return;
    struct node **changed = ARENA_ARRAY(a->s->scratch, struct node *, w->count + 1);
    size_t count = 0;
    for (size_t i = 0; i < w->count; i++)
        if (version_of(w->items[i]) >= a->polled)
            changed[count++] = w->items[i];
    qsort(changed, count, sizeof *changed, by_version);
    for (size_t i = 0; i < count; i++)
        note_change(a, changed[i]);
    if (a->deletions_seen != w->deletions)
        for (size_t i = a->known_count; i-- > 0;)
            if (!is_there(a, a->known[i].uid))
                note_deletion(a, &a->known[i]);
    a->deletions_seen = w->deletions;
    a->polled = w->next_uid;
}

size_t api_changes(const struct api *a)
{
    return a->changes_dropped + a->change_count;
}

bool api_has_forgotten(const struct api *a, size_t number)
{
    return number < a->changes_dropped;
}

size_t api_watch(const struct api *a, slice resource_version)
{
    uint64_t version;
    if (!num_u64(resource_version, &version) || version < a->forgotten)
        return SIZE_MAX;
    size_t i = 0;
    while (i < a->change_count && a->changes[i].version <= version)
        i++;
    return a->changes_dropped + i;
}

const struct api_change *api_change_at(const struct api *a, size_t number, const char *group_version,
                                       const char *resource)
{
    if (api_has_forgotten(a, number) || number >= api_changes(a))
        return NULL;
    const struct api_change *c = &a->changes[number - a->changes_dropped];
    bool same = !strcmp(c->kind, kind_of_resource(resource)) && c->older == is_older(slice_of(group_version));
    return same ? c : NULL;
}

void api_forget(struct api *a, size_t kept)
{
    size_t drop = a->change_count > kept ? a->change_count - kept : 0;
    for (size_t i = 0; i < drop; i++) {
        a->forgotten = a->changes[i].version;
        free(a->changes[i].line);
    }
    if (!drop)
        return;
    memmove(a->changes, a->changes + drop, (a->change_count - drop) * sizeof *a->changes);
    a->change_count -= drop;
    a->changes_dropped += drop;
}

/* ---- reads ---- */

slice query_value(slice query, const char *key)
{
    while (query.n) {
        slice pair = slice_cut(query, 0, slice_find_char(query, '&'));
        size_t equal = slice_find_char(pair, '=');
        if (slice_eq(slice_cut(pair, 0, equal), slice_of(key)))
            return slice_from(pair, equal + 1);
        query = slice_from(query, pair.n + 1);
    }
    return (slice){0};
}

static struct api_answer status_answer(struct api *a, int status, const char *reason)
{
    struct arena *s = a->s->scratch;
    return (struct api_answer){
        status,
        arena_fmt(s, "{\"kind\":\"Status\",\"apiVersion\":\"v1\",\"status\":\"%s\",\"reason\":\"%s\"}",
                  status / 100 == 2 ? "Success" : "Failure", reason)};
}

/* Objects of the simulation may have no apiVersion. */
static bool is_of(const struct node *o, const char *group_version)
{
    slice own = tree_text(o, "apiVersion");
    return !own.n || slice_eq(own, slice_of(group_version));
}

static struct snapshot *take_snapshot(struct api *a, const char *kind, const char *group_version)
{
    struct world *w = &a->s->world;
    struct snapshot *p = &a->snapshots[++a->last_token % PAGES_KEPT];
    free_snapshot(p);
    p->token = a->last_token;
    p->version = w->next_uid - 1;
    p->items = calloc(w->count + 1, sizeof *p->items);
    for (size_t i = 0; i < w->count; i++) {
        if (!slice_eq(tree_text(w->items[i], "kind"), slice_of(kind)) || !is_of(w->items[i], group_version))
            continue;
        slice json = json_of(a, w->items[i]);
        p->items[p->count++] = strndup(json.p, json.n);
    }
    return p;
}

static struct api_answer list(struct api *a, const struct machine_request *q)
{
    const char *kind = kind_of_resource(q->resource);
    slice given = query_value(q->query, "continue");
    uint64_t token = 0, from = 0;
    struct snapshot *p;
    if (given.n) { /* "token.position" */
        size_t dot = slice_find_char(given, '.');
        num_u64(slice_cut(given, 0, dot), &token);
        num_u64(slice_from(given, dot + 1), &from);
        p = &a->snapshots[token % PAGES_KEPT];
        if (p->token != token)
            return status_answer(a, 410, "Expired");
    } else {
        p = take_snapshot(a, kind, q->group_version);
    }
    struct buf b = buf_new(a->s->scratch, SIZE_MAX);
    buf_fmt(&b, "{\"kind\":\"%sList\",\"metadata\":{\"resourceVersion\":\"%llu\"", kind,
            (unsigned long long)p->version);
    uint64_t end = from + PAGE_MOST < p->count ? from + PAGE_MOST : p->count;
    if (end < p->count)
        buf_fmt(&b, ",\"continue\":\"%llu.%llu\"", (unsigned long long)p->token, (unsigned long long)end);
    buf_put(&b, LIT("},\"items\":["));
    for (uint64_t i = from; i < end; i++)
        buf_fmt(&b, "%s%s", i > from ? "," : "", p->items[i]);
    buf_put(&b, LIT("]}"));
    return (struct api_answer){200, buf_slice(&b)};
}

static struct node *find(struct api *a, const struct machine_request *q)
{
    struct node *o = world_find(&a->s->world, kind_of_resource(q->resource), q->namespace, q->name);
    return o && is_of(o, q->group_version) ? o : NULL;
}

static struct api_answer get(struct api *a, const struct machine_request *q)
{
    const struct node *o = find(a, q);
    return o ? (struct api_answer){200, json_of(a, o)} : status_answer(a, 404, "NotFound");
}

/* ---- writes ---- */

/* Carries out the action between the two looks of the invariants. */
static bool act(struct api *a, const struct plan_action *x, bool in_foreground)
{
    invariants_before(a->s, x);
    bool done =
        in_foreground ? world_delete_in_foreground(&a->s->world, x->object) : world_do(&a->s->world, x);
    invariants_after(a->s, x, done);
    a->writes += done;
    return done;
}

/* What would be stored. */
static struct api_answer dry_run(struct api *a, const struct node *object)
{
    struct world *w = &a->s->world;
    const struct node *made = world_create(w, object);
    if (!made)
        return status_answer(a, 409, "AlreadyExists");
    struct api_answer answer = {201, json_of(a, made)};
    tree_unset(node_get(made, LIT("metadata")), "finalizers");
    world_delete(w, made);
    return answer;
}

/* As the API server's NamespaceLifecycle does; status 0: the namespace takes the object. */
static struct api_answer refuse_namespace(struct api *a, const struct machine_request *q)
{
    const struct world *w = &a->s->world;
    slice n = q->namespace;
    if (a->has_namespaces && !world_find(w, "Namespace", (slice){0}, n))
        return status_answer(a, 404, "NotFound");
    if (!namespace_is_ending(w, n))
        return (struct api_answer){0};
    return (struct api_answer){
        403, arena_fmt(
                 a->s->scratch,
                 "{\"kind\":\"Status\",\"apiVersion\":\"v1\",\"status\":\"Failure\",\"reason\":\"Forbidden\","
                 "\"message\":\"%s is forbidden: unable to create new content in namespace %.*s because it "
                 "is being terminated\",\"details\":{\"causes\":[{\"reason\":\"NamespaceTerminating\","
                 "\"message\":\"namespace %.*s is being terminated\",\"field\":\"metadata.namespace\"}]}}",
                 q->resource, FMT(n), FMT(n))};
}

static struct api_answer create(struct api *a, const struct machine_request *q)
{
    struct node *object = read_json(a, q->body);
    const struct plan_action x = {.verb = PLAN_CREATE, .object = object};
    const struct api_answer refusal = refuse_namespace(a, q);
    if (refusal.status)
        return refusal;
    if (!strcmp(q->resource, "events")) {
        a->events++;
        return (struct api_answer){201, json_of(a, object)};
    }
    if (node_at(object, "metadata.resourceVersion") && strcmp(q->resource, "leases") != 0)
        return status_answer(a, 500, "");
    if (slice_eq(q->query, LIT("dryRun=All")))
        return dry_run(a, object);
    if (!act(a, &x, false))
        return status_answer(a, 409, "AlreadyExists");
    struct machine_request same = *q;
    same.name = tree_text_at(object, "metadata.name");
    return (struct api_answer){201, json_of(a, find(a, &same))};
}

static struct api_answer failed(struct api *a, const struct machine_request *q)
{
    return find(a, q) ? status_answer(a, 409, "Conflict") : status_answer(a, 404, "NotFound");
}

/* Kinds with a status subresource: their status changes through it alone, and it changes nothing else. */
static bool has_status_subresource(const struct machine_request *q)
{
    return !is_older(slice_of(q->group_version));
}

static void cut_patch(struct api *a, const struct machine_request *q, struct node *patch)
{
    const struct node *version = node_at(patch, "metadata.resourceVersion");
    if (!q->subresource) {
        if (has_status_subresource(q))
            tree_unset(patch, "status");
        return;
    }
    struct node *metadata = tree_object(a->s->world.arena);
    tree_put_text(a->s->world.arena, metadata, "name", q->name);
    tree_put_text(a->s->world.arena, metadata, "namespace", q->namespace);
    tree_put_copy(a->s->world.arena, metadata, "resourceVersion", version);
    tree_set(patch, "metadata", metadata);
    tree_unset(patch, "spec");
}

/* A finalizer that is new, on an object that is being deleted. */
static bool adds_finalizer(const struct node *o, const struct node *patch)
{
    const struct node *old = node_at(o, "metadata.finalizers");
    for (const struct node *f = node_first(node_at(patch, "metadata.finalizers")); f; f = node_next(f)) {
        const struct node *same = node_first(old);
        while (same && !slice_eq(same->text, f->text))
            same = node_next(same);
        if (!same)
            return node_at(o, "metadata.deletionTimestamp") != NULL;
    }
    return false;
}

static struct api_answer patch(struct api *a, const struct machine_request *q)
{
    struct node *body = read_json(a, q->body);
    const struct plan_action x = {.verb = PLAN_PATCH, .object = body};
    cut_patch(a, q, body);
    if (!find(a, q))
        return status_answer(a, 404, "NotFound");
    if (adds_finalizer(find(a, q), body))
        return status_answer(a, 422, "Invalid");
    struct node *last = node_copy(a->s->world.arena, find(a, q), 0);
    if (!act(a, &x, false))
        return failed(a, q);
    if (find(a, q))
        return get(a, q);
    world_merge(a->s->world.arena, last, body); /* the object vanished with its last finalizer */
    return (struct api_answer){200, json_of(a, last)};
}

static struct api_answer update(struct api *a, const struct machine_request *q)
{
    struct node *body = read_json(a, q->body), *o = find(a, q);
    if (!o) /* a Lease is created */
        return create(a, q);
    if (!node_at(body, "metadata.resourceVersion"))
        return status_answer(a, 422, "Invalid");
    if (version_of(body) != version_of(o))
        return status_answer(a, 409, "Conflict");
    const struct node *spec = node_get(body, LIT("spec"));
    if (!node_equal(spec, node_get(o, LIT("spec")))) {
        tree_set(o, "spec", node_copy(a->s->world.arena, spec, 0));
        world_touch(&a->s->world, o);
    }
    return get(a, q);
}

static struct api_answer delete (struct api *a, const struct machine_request *q)
{
    struct arena *w = a->s->world.arena;
    const struct node *body = read_json(a, q->body);
    const struct node *there = find(a, q);
    if (!there)
        return status_answer(a, 404, "NotFound");
    struct node *object = node_copy(w, there, 0), *metadata = node_get(object, LIT("metadata"));
    slice uid = tree_text_at(body, "preconditions.uid");
    slice version = tree_text_at(body, "preconditions.resourceVersion");
    if (uid.n)
        tree_set_text(w, metadata, "uid", uid);
    if (version.n)
        tree_set_text(w, metadata, "resourceVersion", version);
    else
        tree_unset(metadata, "resourceVersion");
    if (!uid.n || !version.n)
        invariant_broken(a->s, "%.*s is deleted without preconditions", FMT(q->name));
    bool first = slice_eq(tree_text(body, "propagationPolicy"), LIT("Foreground"));
    if (first && !slice_eq(tree_text(object, "kind"), LIT("Job")))
        invariant_broken(a->s, "%.*s loses the Job that cleans its data: it is deleted after its dependents",
                         FMT(q->name));
    const struct plan_action x = {.verb = PLAN_DELETE, .object = object};
    if (!act(a, &x, first))
        return failed(a, q);
    return find(a, q) ? get(a, q) : status_answer(a, 200, "");
}

struct api_answer api_do(struct api *a, const struct machine_request *q)
{
    struct api_answer answer;
    a->requests++;
    switch (q->verb) {
    case MACHINE_LIST:
        return list(a, q);
    case MACHINE_GET:
        return get(a, q);
    case MACHINE_CREATE:
        answer = create(a, q);
        break;
    case MACHINE_PATCH:
        answer = patch(a, q);
        break;
    case MACHINE_UPDATE:
        answer = update(a, q);
        break;
    case MACHINE_DELETE:
        answer = delete (a, q);
        break;
    default:
        return status_answer(a, 405, "MethodNotAllowed");
    }
    api_poll(a);
    return answer;
}
