/* Events of the API's kind: what users see in `kubectl describe`.
 *
 * An Event's name follows from its text. So a machine that has forgotten it, or another machine, reports it only once while
 * the API server keeps it. Events that cannot be sent soon are dropped: the log has them too. */
#include "state.h"

#include "civil.h"
#include "tree.h"
#include "utf8.h"

enum {
    BURST = 50, /* then one in each period, for all objects together; client-go has 25 and 300 s for each */
    PERIOD_MS = 1000,
    SILENCE_MS = 3600 * 1000, /* an Event lives that long by default */
    MOST_MESSAGE = 1000,      /* the API server takes 1024 bytes */
    MOST_NAME = 200,
};

static bool was_told(struct machine *m, uint64_t hash)
{
    struct told *t = &m->teller.told[hash % MOST_TOLD];
    if (t->hash == hash && m->now.ms - t->at < SILENCE_MS)
        return true;
    *t = (struct told){hash, m->now.ms};
    return false;
}

/* A bucket of BURST tokens, one more in each period. */
static bool may_tell(struct machine *m)
{
    struct teller *t = &m->teller;
    int64_t full = m->now.ms - BURST * PERIOD_MS;
    if (t->tokens_at < full)
        t->tokens_at = full;
    if (t->count == MOST_PENDING_EVENTS || t->tokens_at + PERIOD_MS > m->now.ms)
        return false;
    t->tokens_at += PERIOD_MS;
    return true;
}

static slice time_text(const struct machine *m)
{
    struct buf b = buf_new(m->scratch, 64);
    civil_put(&b, m->now.wall);
    return buf_slice(&b);
}

struct event_text {
    bool warning;
    const char *reason;
    slice message;
};

static slice body_of(struct machine *m, const struct item *item, const struct object *o, slice name,
                     const struct event_text *t)
{
    struct arena *a = m->scratch;
    struct node *root = tree_object(a), *n;
    slice now = time_text(m);
    tree_put_text(a, root, "apiVersion", LIT("v1"));
    tree_put_text(a, root, "kind", LIT("Event"));
    n = tree_put_object(a, root, "metadata");
    tree_put_text(a, n, "name", name);
    tree_put_text(a, n, "namespace", item_namespace(item));
    n = tree_put_object(a, root, "involvedObject");
    tree_put_text(a, n, "apiVersion", slice_of(kinds[item->kind].group_version));
    tree_put_text(a, n, "kind", slice_of(kinds[item->kind].name));
    tree_put_text(a, n, "namespace", item_namespace(item));
    tree_put_text(a, n, "name", item_name(item));
    tree_put_text(a, n, "uid", object_uid(o));
    tree_put_text(a, root, "reason", slice_of(t->reason));
    tree_put_text(a, root, "message", utf8_cut(t->message, MOST_MESSAGE));
    tree_put_text(a, root, "type", t->warning ? LIT("Warning") : LIT("Normal"));
    tree_put_text(a, tree_put_object(a, root, "source"), "component", LIT("brgate"));
    tree_put_text(a, root, "firstTimestamp", now);
    tree_put_text(a, root, "lastTimestamp", now);
    tree_put_int(a, root, "count", 1);
    struct buf b = buf_new(a, SIZE_MAX);
    node_put_json(&b, root, false);
    return buf_slice(&b);
}

void tell(struct machine *m, const struct item *item, bool warning, const char *reason, slice message)
{
    struct teller *t = &m->teller;
    const struct object *o = cache_find(&m->cache, item->kind, item_namespace(item), item_name(item));
    if (!o || m->settings.dry_run)
        return;
    uint64_t hash = hash_text(hash_text(owner_key(object_uid(o)), slice_of(reason)), message);
    if (was_told(m, hash))
        return;
    if (!may_tell(m)) {
        m->counts[MACHINE_EVENTS_DROPPED]++;
        return;
    }
    const struct event_text text = {warning, reason, message};
    slice name = arena_fmt(m->scratch, "%.*s.%016llx", FMT(slice_cut(item_name(item), 0, MOST_NAME)),
                           (unsigned long long)hash);
    struct user_event *e = &t->pending[(t->first + t->count) % MOST_PENDING_EVENTS];
    *e = (struct user_event){0};
    t->count++;
    e->namespace = keep_text(&m->keep, item_namespace(item));
    e->name = keep_text(&m->keep, name);
    e->body = keep_text(&m->keep, body_of(m, item, o, name, &text));
}

static void drop_first(struct machine *m)
{
    struct teller *t = &m->teller;
    struct user_event *e = &t->pending[t->first];
    keep_forget(&m->keep, &e->namespace);
    keep_forget(&m->keep, &e->name);
    keep_forget(&m->keep, &e->body);
    t->first = (t->first + 1) % MOST_PENDING_EVENTS;
    t->count--;
}

bool teller_next(struct machine *m, struct machine_request *ret)
{
    struct teller *t = &m->teller;
    if (!t->count || t->in_flight == MOST_EVENT_FLIGHTS)
        return false;
    flight_new(m, FOR_EVENT, ret)->verb = MACHINE_CREATE;
    ret->verb = MACHINE_CREATE;
    ret->group_version = "v1";
    ret->resource = "events";
    ret->namespace = arena_copy(m->scratch, t->pending[t->first].namespace);
    ret->body = arena_copy(m->scratch, t->pending[t->first].body);
    ret->deadline = m->now.ms + REQUEST_MS;
    t->in_flight++;
    drop_first(m);
    return true;
}

int64_t teller_wake(const struct machine *m)
{
    return m->teller.count && m->teller.in_flight < MOST_EVENT_FLIGHTS ? m->now.ms : INT64_MAX;
}

void teller_close(struct machine *m)
{
    while (m->teller.count)
        drop_first(m);
    m->teller.in_flight = 0;
}
