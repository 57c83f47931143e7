/* Lists and watches: what keeps the cache true. */
#include "state.h"

#include "tree.h"

enum {
    PAGE = 200,
    WATCH_SECONDS = 420,      /* the server ends a watch then */
    WATCH_GRACE_MS = 15000,   /* a watch that is not over by then hangs */
    MOST_UNLISTED_MS = 60000, /* how rarely we try a kind that cannot be listed */
    CALM_MS = 1000,           /* between the end of a watch and the next request */
    CATCH_UP_MS = 10000,      /* the first line after a silence may be old */
    SILENT_MS = 90000,        /* API servers send a bookmark each minute */
    MOST_BACKOFF_MS = 30000,  /* client-go's limit for lists and watches */
};

static uint64_t spread(enum kind_number k)
{
    return hash_text(hash_start(), slice_of(kinds[k].resource)) + k;
}

void informers_start(struct machine *m)
{
    for (unsigned k = 0; k < K_WATCHED; k++)
        m->informers[k] = (struct informer){
            .needed = (kinds[k].needed_by & m->settings.kinds) != 0, .page = PAGE, .round = 1};
}

void informers_close(struct machine *m)
{
    for (unsigned k = 0; k < K_WATCHED; k++) {
        keep_forget(&m->keep, &m->informers[k].version);
        keep_forget(&m->keep, &m->informers[k].token);
        m->informers[k] = (struct informer){0};
    }
}

/* ---- requests ---- */

static void put_encoded(struct buf *b, slice s)
{
    for (size_t i = 0; i < s.n; i++) {
        unsigned char c = (unsigned char)s.p[i];
        bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' ||
                     c == '_' || c == '.';
        if (plain)
            buf_char(b, (char)c);
        else
            buf_fmt(b, "%%%02X", c);
    }
}

static slice query_of(struct machine *m, enum kind_number k)
{
    const struct informer *i = &m->informers[k];
    struct buf b = buf_new(m->scratch, SIZE_MAX);
    if (kinds[k].selector)
        buf_fmt(&b, "labelSelector=%s&", kinds[k].selector);
    if (i->watches) {
        buf_fmt(&b, "watch=1&allowWatchBookmarks=true&timeoutSeconds=%d&resourceVersion=", WATCH_SECONDS);
        put_encoded(&b, i->version);
        return buf_slice(&b);
    }
    /* No resourceVersion: the list is as new as the request. */
    buf_fmt(&b, "limit=%u", i->page);
    if (i->token.n) {
        buf_put(&b, LIT("&continue="));
        put_encoded(&b, i->token);
    }
    return buf_slice(&b);
}

bool informers_next(struct machine *m, struct machine_request *ret)
{
    for (unsigned k = 0; k < K_WATCHED; k++) {
        struct informer *i = &m->informers[k];
        if (!i->needed || i->busy || i->due > m->now.ms)
            continue;
        struct flight *f = flight_new(m, i->watches ? FOR_WATCH : FOR_LIST, ret);
        f->kind = (enum kind_number)k;
        ret->verb = i->watches ? MACHINE_WATCH : MACHINE_LIST;
        ret->group_version = kinds[k].group_version;
        ret->resource = kinds[k].resource;
        ret->namespace = m->settings.namespace;
        ret->query = query_of(m, (enum kind_number)k);
        ret->deadline =
            m->now.ms + (i->watches ? WATCH_SECONDS * INT64_C(1000) + WATCH_GRACE_MS : 2 * REQUEST_MS);
        i->busy = true;
        return true;
    }
    return false;
}

int64_t informers_wake(const struct machine *m)
{
    int64_t wake = INT64_MAX;
    for (unsigned k = 0; k < K_WATCHED; k++) {
        const struct informer *i = &m->informers[k];
        if (i->needed && !i->busy && i->due < wake)
            wake = i->due;
    }
    return wake;
}

/* ---- who is affected ---- */

static struct item *touch(struct machine *m, enum kind_number k, slice namespace, slice name)
{
    if (!kind_is_handled(m->settings.kinds, k))
        return NULL;
    struct item *i = queue_item(&m->queue, k, namespace, name);
    queue_touch(&m->queue, i);
    return i;
}

static void touch_owner(struct machine *m, slice namespace, const struct node *root)
{
    const struct node *owners = node_at(root, "metadata.ownerReferences");
    for (const struct node *o = node_first(owners); o; o = node_next(o)) {
        struct item *i = touch(m, kind_of(tree_text(o, "apiVersion"), tree_text(o, "kind")), namespace,
                               tree_text(o, "name"));
        if (i)
            i->confirmed_at = 0; /* perhaps the owner has changed or was deleted, too */
    }
}

/* The object itself, its owners and, for a Pod, whose Job it belongs to. */
static void touch_affected(struct machine *m, enum kind_number k, const struct node *root)
{
    slice namespace = tree_text_at(root, "metadata.namespace");
    touch(m, k, namespace, tree_text_at(root, "metadata.name"));
    touch_owner(m, namespace, root);
    if (k != K_POD)
        return;
    const struct node *labels = node_at(root, "metadata.labels");
    slice backup = tree_text(labels, "tidb.pingcap.com/backup");
    slice name = backup.n ? backup : tree_text(labels, "tidb.pingcap.com/compact");
    for (unsigned h = 0; h < K_HANDLED; h++) {
        bool fits = kind_resource((enum kind_number)h) == (backup.n ? KIND_BACKUP : KIND_COMPACT_BACKUP);
        if (fits && cache_find(&m->cache, (enum kind_number)h, namespace, name))
            touch(m, (enum kind_number)h, namespace, name);
    }
}

/* ---- other operators ---- */

static bool runs(const struct node *deployment)
{
    const struct node *replicas = node_at(deployment, "status.replicas");
    return replicas && replicas->kind == NODE_INT && replicas->integer > 0;
}

/* Looks at all Deployments of operators again, and gives the objects whose kind has changed hands a turn. */
static void see_operators(struct machine *m)
{
    unsigned others = 0;
    size_t bucket = 0;
    for (struct link *l = NULL; (l = index_walk(&m->cache.by_name, &bucket, l));) {
        const struct object *o = LINKED(l, struct object, by_name);
        const struct node *root = o->kind == K_OPERATOR ? read_body(m, object_json(o)) : NULL;
        unsigned its =
            kinds_of_operator(tree_text(node_at(root, "metadata.labels"), "app.kubernetes.io/component"));
        if (!its || !runs(root))
            continue;
        others |= its;
        if (its & m->settings.kinds & ~m->others)
            note(m, MACHINE_ERROR, NULL,
                 "Deployment %.*s/%.*s is TiDB Operator and handles kinds that this controller was given: it "
                 "leaves them "
                 "alone. Take them out of --kinds, or scale the Deployment to 0",
                 FMT(object_namespace(o)), FMT(object_name(o)));
    }
    unsigned changed = others ^ m->others;
    m->others = others;
    for (struct link *l = NULL; changed && (l = index_walk(&m->cache.by_name, &bucket, l));) {
        const struct object *o = LINKED(l, struct object, by_name);
        if (o->kind < K_HANDLED && changed >> o->kind & 1)
            touch(m, o->kind, object_namespace(o), object_name(o));
    }
}

/* ---- the cache ---- */

static struct object *known(struct machine *m, enum kind_number k, const struct node *root)
{
    return cache_find(&m->cache, k, tree_text_at(root, "metadata.namespace"),
                      tree_text_at(root, "metadata.name"));
}

/* A Backup that held up the schedules of its cluster has changed or is deleted: perhaps it was the last one. */
static void free_cluster(struct machine *m, const struct object *o)
{
    if (o && o->by_cluster.at)
        queue_touch_waiting(&m->queue, o->by_cluster.hash);
}

static void store(struct machine *m, enum kind_number k, struct node *root)
{
    /* The items of a list do not say what they are. */
    if (!tree_text(root, "kind").n) {
        tree_set_text(m->scratch, root, "kind", slice_of(kinds[k].name));
        tree_set_text(m->scratch, root, "apiVersion", slice_of(kinds[k].group_version));
    }
    uint64_t round = k < K_WATCHED ? m->informers[k].round : 0;
    free_cluster(m, known(m, k, root));
    cache_put(&m->cache, k, root, round, m->scratch);
    touch_affected(m, k, root);
    if (k == K_OPERATOR)
        see_operators(m);
}

static bool is_object(const struct node *root)
{
    return tree_text_at(root, "metadata.name").n && tree_text_at(root, "metadata.uid").n;
}

/* Returns whether the cache is at least as new. An object that the cache lacks and that is not newer than the stream was
 * deleted: the stream has shown both. */
static bool is_old(struct machine *m, enum kind_number k, const struct node *root)
{
    uint64_t version = version_of(tree_text_at(root, "metadata.resourceVersion"));
    const struct object *o = known(m, k, root);
    uint64_t seen = k < K_WATCHED ? m->informers[k].seen : 0;
    return version && version <= (o ? o->version : seen);
}

void learn(struct machine *m, enum kind_number k, struct node *root)
{
    if (is_object(root) && !is_old(m, k, root))
        store(m, k, root);
}

void unlearn(struct machine *m, struct object *o)
{
    struct node *root = read_body(m, object_json(o));
    bool is_operator = o->kind == K_OPERATOR;
    touch_affected(m, o->kind, root); /* its texts are those of the object */
    free_cluster(m, o);
    cache_remove(&m->cache, o);
    if (is_operator)
        see_operators(m);
}

/* ---- lists ---- */

/* An object that the list did not show was deleted, unless it was written after the list was made. */
static void sweep(struct machine *m, enum kind_number k)
{
    const struct informer *i = &m->informers[k];
    size_t bucket = 0;
    for (struct link *l = index_walk(&m->cache.by_name, &bucket, NULL), *next; l; l = next) {
        struct object *o = LINKED(l, struct object, by_name);
        next = index_walk(&m->cache.by_name, &bucket, l);
        if (o->kind == k && o->round != i->round && (!i->seen || o->version <= i->seen))
            unlearn(m, o);
    }
}

static void list_again(struct machine *m, struct informer *i)
{
    m->counts[MACHINE_RELISTS]++;
    i->watches = false;
    i->round++;
    keep_forget(&m->keep, &i->token);
}

/* "backups.br.pingcap.com", "pods" */
static slice kind_title(struct machine *m, enum kind_number k)
{
    slice group_version = slice_of(kinds[k].group_version);
    size_t slash = slice_find_char(group_version, '/');
    return slash == SLICE_NONE
               ? slice_of(kinds[k].resource)
               : arena_fmt(m->scratch, "%s.%.*s", kinds[k].resource, (int)slash, kinds[k].group_version);
}

/* A server that does not answer is the same for all kinds: that is said once a minute. */
static void fail(struct machine *m, enum kind_number k, const char *what, const struct machine_event *e)
{
    enum { SAID_MS = 60000 };
    struct informer *i = &m->informers[k];
    i->failures++;
    int64_t wait = backoff(i->failures, MOST_BACKOFF_MS, spread(k));
    i->due = m->now.ms + (wait > (int64_t)e->retry_after ? wait : (int64_t)e->retry_after);
    if (!e->status && m->silence_said_at && m->now.ms - m->silence_said_at < SAID_MS)
        return;
    if (!e->status)
        m->silence_said_at = m->now.ms;
    slice title = kind_title(m, k), reason = reason_of(m, e);
    note(m, MACHINE_WARNING, NULL, "cannot %s %.*s, trying again: %.*s", what, FMT(title), FMT(reason));
}

static void note_unlisted(struct machine *m, enum kind_number k, const struct machine_event *e)
{
    bool handled = kind_is_handled(m->settings.kinds, k);
    enum machine_level level = handled ? MACHINE_ERROR : MACHINE_WARNING;
    slice title = kind_title(m, k), reason = reason_of(m, e);
    if (e->status != 404)
        note(m, level, NULL, "cannot list %.*s, trying again: %.*s", FMT(title), FMT(reason));
    else
        note(m, level, NULL, "the cluster does not have %.*s%s", FMT(title),
             handled ? ", looking again: install it (brgate crds prints its definition), or leave it out of "
                       "--kinds"
                     : "");
}

/* It may not be listed (401, 403), or there is no such resource (404), and so no such object. */
static void cannot_list(struct machine *m, enum kind_number k, const struct machine_event *e)
{
    struct informer *i = &m->informers[k];
    enum unlisted why = e->status == 404 ? UNLISTED_MISSING : UNLISTED_FORBIDDEN;
    if (i->unlisted != why)
        note_unlisted(m, k, e);
    i->synced = true;
    i->unlisted = why;
    if (why == UNLISTED_MISSING) {
        list_again(m, i);
        sweep(m, k);
    }
    i->due = m->now.ms + backoff(++i->failures, MOST_UNLISTED_MS, spread(k));
}

static void list_is_complete(struct machine *m, enum kind_number k, slice version)
{
    struct informer *i = &m->informers[k];
    keep_forget(&m->keep, &i->version);
    i->version = keep_text(&m->keep, version);
    i->seen = version_of(version);
    i->watches = i->synced = true;
    if (i->unlisted && kind_is_handled(m->settings.kinds, k)) {
        slice title = kind_title(m, k);
        note(m, MACHINE_INFO, NULL, "can list %.*s now", FMT(title));
    }
    i->unlisted = LISTED;
    sweep(m, k);
}

static void take_page(struct machine *m, enum kind_number k, const struct node *root)
{
    struct informer *i = &m->informers[k];
    i->heard_at = m->now.ms;
    slice version = tree_text_at(root, "metadata.resourceVersion");
    slice token = tree_text_at(root, "metadata.continue");
    const struct node *items = node_get(root, LIT("items"));
    for (struct node *n = node_first(items); n; n = node_next(n)) {
        struct object *o = known(m, k, n);
        uint64_t number = version_of(tree_text_at(n, "metadata.resourceVersion"));
        if (o && number && number <= o->version)
            o->round = i->round;
        else if (is_object(n))
            store(m, k, n);
    }
    keep_forget(&m->keep, &i->token);
    i->token = keep_text(&m->keep, token);
    i->failures = 0;
    i->due = 0;
    if (token.n)
        return;
    list_is_complete(m, k, version);
}

void informer_listed(struct machine *m, enum kind_number k, const struct machine_event *e)
{
    struct informer *i = &m->informers[k];
    const struct node *root = e->status / 100 == 2 ? read_body(m, e->body) : NULL;
    i->busy = false;
    if (e->status == 410) {
        list_again(m, i);
        i->due = m->now.ms + backoff(++i->failures, MOST_BACKOFF_MS, spread(k));
    } else if (e->status == 401 || e->status == 403 || e->status == 404) {
        cannot_list(m, k, e);
    } else if (!root || !node_get(root, LIT("metadata"))) {
        if (e->status / 100 == 2 && i->page > 1)
            i->page /= 2; /* a page that is too large cannot be read */
        fail(m, k, "list", e);
    } else {
        take_page(m, k, root);
    }
}

static size_t count_of(const struct machine *m, enum kind_number k)
{
    size_t bucket = 0, count = 0;
    for (struct link *l = NULL; (l = index_walk(&m->cache.by_name, &bucket, l));)
        count += LINKED(l, struct object, by_name)->kind == k;
    return count;
}

void informers_tell(struct machine *m)
{
    if (m->told_lists)
        return;
    struct buf b = buf_new(m->scratch, SIZE_MAX);
    for (unsigned k = 0; k < K_HANDLED; k++) {
        slice title = kind_title(m, (enum kind_number)k);
        if (kind_is_handled(m->settings.kinds, (enum kind_number)k) && m->informers[k].watches)
            buf_fmt(&b, "%s%zu %.*s", b.n ? ", " : "", count_of(m, (enum kind_number)k), FMT(title));
    }
    slice counts = buf_slice(&b);
    if (!counts.n) /* which was said */
        return;
    m->told_lists = true;
    note(m, MACHINE_INFO, NULL, "has listed %.*s%s", FMT(counts),
         m->has_plans ? "" : "; there is nothing to do now");
}

/* ---- watches ---- */

static void move_on(struct machine *m, struct informer *i, slice version)
{
    uint64_t number = version_of(version);
    if (!version.n || (number && number < i->seen))
        return;
    keep_forget(&m->keep, &i->version);
    i->version = keep_text(&m->keep, version);
    i->seen = number;
}

static void take_deletion(struct machine *m, enum kind_number k, const struct node *root)
{
    struct object *o = known(m, k, root);
    uint64_t version = version_of(tree_text_at(root, "metadata.resourceVersion"));
    if (o && (!version || o->version <= version))
        unlearn(m, o);
}

void informer_line(struct machine *m, enum kind_number k, slice line)
{
    struct informer *i = &m->informers[k];
    const struct node *root = read_body(m, line);
    slice type = tree_text(root, "type");
    struct node *object = node_get(root, LIT("object"));
    i->failures = 0;
    if (m->now.ms - i->heard_at > SILENT_MS)
        i->trusted_at = m->now.ms + CATCH_UP_MS;
    i->heard_at = m->now.ms;
    if (slice_eq(type, LIT("ERROR"))) {
        list_again(m, i); /* usually 410; in any case, the stream is no longer complete */
        i->due = m->now.ms + CALM_MS;
        return;
    }
    if (slice_eq(type, LIT("DELETED")))
        take_deletion(m, k, object);
    else if (slice_eq(type, LIT("ADDED")) || slice_eq(type, LIT("MODIFIED")))
        learn(m, k, object);
    move_on(m, i, tree_text_at(object, "metadata.resourceVersion"));
}

void informer_ended(struct machine *m, enum kind_number k, const struct machine_event *e)
{
    struct informer *i = &m->informers[k];
    i->busy = false;
    i->due = m->now.ms + CALM_MS;
    if (e->status / 100 == 2)
        return;
    if (e->status >= 400 && e->status != 429 && e->status < 500 && i->watches)
        list_again(m, i);
    fail(m, k, "watch", e);
}

uint64_t informers_unlisted(const struct machine *m)
{
    uint64_t count = 0;
    for (unsigned k = 0; k < K_WATCHED; k++) {
        enum unlisted why = m->informers[k].unlisted;
        count += why == UNLISTED_FORBIDDEN ||
                 (why == UNLISTED_MISSING && kind_is_handled(m->settings.kinds, (enum kind_number)k));
    }
    return count;
}

bool informer_is_fresh(struct machine *m, enum kind_number k)
{
    struct informer *i = &m->informers[k];
    if (i->watches && m->now.ms >= i->trusted_at && m->now.ms - i->heard_at <= SILENT_MS)
        return true;
    if (i->watches && m->now.ms < i->trusted_at)
        return false;
    for (size_t n = 0; n < MOST_FLIGHTS && i->watches && i->busy; n++)
        if (m->flights[n].purpose == FOR_WATCH && m->flights[n].kind == k) {
            flight_end(m, &m->flights[n]);
            i->busy = false;
        }
    if (i->watches) {
        list_again(m, i);
        i->due = m->now.ms;
    }
    return false;
}
