/* Leader election with a Lease, as client-go does it, so that its tools and habits apply. [client-go:
 * tools/leaderelection/leaderelection.go]
 *
 * The clock of this machine alone decides: a lease is free when we have seen its record unchanged for its duration, and ours
 * ends a deadline after its last renewal began. The times in the record are never compared with a clock. */
#include "state.h"

#include "civil.h"
#include "tree.h"

static bool is_ours(const struct machine *m)
{
    return m->lease.known && slice_eq(m->lease.holder, m->settings.identity);
}

static bool is_free(const struct machine *m)
{
    const struct lease *l = &m->lease;
    return !l->holder.n || m->now.ms >= l->observed + l->duration;
}

/* ---- requests ---- */

static slice moment(const struct machine *m)
{
    struct buf b = buf_new(m->scratch, 64);
    civil_put(&b, m->now.wall);
    if (b.n)
        b.n--; /* MicroTime: "2026-01-02T15:04:05.000000Z" */
    buf_put(&b, LIT(".000000Z"));
    return buf_slice(&b);
}

/* The Lease with us as its holder, or without a holder when we give it back. */
static slice lease_body(const struct machine *m)
{
    struct arena *a = m->scratch;
    const struct lease *l = &m->lease;
    struct node *root = tree_object(a), *metadata, *spec;
    bool back = m->stopping;
    tree_put_text(a, root, "apiVersion", LIT("coordination.k8s.io/v1"));
    tree_put_text(a, root, "kind", LIT("Lease"));
    metadata = tree_put_object(a, root, "metadata");
    tree_put_text(a, metadata, "name", m->settings.lease_name);
    tree_put_text(a, metadata, "namespace", m->settings.lease_namespace);
    tree_put_text(a, metadata, "resourceVersion", l->known ? l->version : (slice){0});
    spec = tree_put_object(a, root, "spec");
    bool renewal = is_ours(m);
    slice now = moment(m);
    if (!back)
        tree_put_text(a, spec, "holderIdentity", m->settings.identity);
    else
        tree_set_text(a, spec, "holderIdentity", (slice){0});
    tree_put_int(a, spec, "leaseDurationSeconds", back ? 1 : (m->settings.lease_duration + 999) / 1000);
    tree_put_text(a, spec, "acquireTime", renewal && l->acquired.n ? l->acquired : now);
    tree_put_text(a, spec, "renewTime", now);
    tree_put_int(a, spec, "leaseTransitions", l->known && !renewal ? l->transitions + 1 : l->transitions);
    struct buf b = buf_new(a, SIZE_MAX);
    node_put_json(&b, root, false);
    return buf_slice(&b);
}

static void request(struct machine *m, enum machine_verb verb, struct machine_request *ret)
{
    enum { ATTEMPTS = 4 }; /* so that one request without an answer does not cost the lease */
    flight_new(m, FOR_LEASE, ret)->verb = verb;
    ret->verb = verb;
    ret->group_version = "coordination.k8s.io/v1";
    ret->resource = "leases";
    ret->namespace = m->settings.lease_namespace;
    if (verb != MACHINE_CREATE)
        ret->name = m->settings.lease_name;
    if (verb != MACHINE_GET)
        ret->body = lease_body(m);
    ret->deadline = m->now.ms + m->settings.lease_renew_deadline / ATTEMPTS;
    m->lease.busy = true;
    m->lease.sent = m->now.ms;
}

static bool ended(const struct machine *m)
{
    return m->lease.given_back || (m->stopping && (!m->lease.held || m->item_flights));
}

bool lease_next(struct machine *m, struct machine_request *ret)
{
    struct lease *l = &m->lease;
    if (m->settings.dry_run || l->busy || l->due > m->now.ms || ended(m))
        return false;
    if (!l->known)
        request(m, l->absent ? MACHINE_CREATE : MACHINE_GET, ret);
    else if (is_ours(m) || is_free(m))
        request(m, MACHINE_UPDATE, ret);
    else
        request(m, MACHINE_GET, ret);
    return true;
}

int64_t lease_wake(const struct machine *m)
{
    const struct lease *l = &m->lease;
    if (m->settings.dry_run)
        return INT64_MAX;
    int64_t end = l->held ? l->renewed + m->settings.lease_renew_deadline : INT64_MAX;
    int64_t due = l->busy || ended(m) ? INT64_MAX : l->due;
    return due < end ? due : end;
}

/* ---- answers ---- */

static void forget_record(struct machine *m)
{
    struct lease *l = &m->lease;
    slice *const texts[] = {&l->version, &l->holder, &l->record, &l->acquired};
    for (size_t i = 0; i < COUNT(texts); i++)
        keep_forget(&m->keep, texts[i]);
    l->known = l->absent = false;
}

void lease_close(struct machine *m)
{
    forget_record(m);
}

static int64_t number_at(const struct node *root, const char *path, int64_t otherwise)
{
    const struct node *n = node_at(root, path);
    return n && n->kind == NODE_INT ? n->integer : otherwise;
}

/* Records the lease as the server shows it. */
static void take_record(struct machine *m, const struct node *root)
{
    enum { MOST_SECONDS = 3600 };
    struct lease *l = &m->lease;
    slice holder = tree_text_at(root, "spec.holderIdentity");
    slice record = arena_fmt(m->scratch, "%.*s %.*s", FMT(holder), FMT(tree_text_at(root, "spec.renewTime")));
    if (!l->known || !slice_eq(record, l->record))
        l->observed = m->now.ms;
    int64_t seconds = number_at(root, "spec.leaseDurationSeconds", 0);
    slice version = tree_text_at(root, "metadata.resourceVersion");
    slice acquired = tree_text_at(root, "spec.acquireTime");
    forget_record(m);
    l->version = keep_text(&m->keep, version);
    l->holder = keep_text(&m->keep, holder);
    l->record = keep_text(&m->keep, record);
    l->acquired = keep_text(&m->keep, acquired);
    l->transitions = number_at(root, "spec.leaseTransitions", 0);
    l->duration = seconds > 0 && seconds <= MOST_SECONDS ? seconds * 1000 : m->settings.lease_duration;
    l->known = l->seen = true;
}

static void won(struct machine *m)
{
    struct lease *l = &m->lease;
    l->renewed = l->sent;
    if (l->held)
        return;
    l->held = true;
    note(m, MACHINE_INFO, NULL, "holds the Lease %.*s/%.*s", FMT(m->settings.lease_namespace),
         FMT(m->settings.lease_name));
}

/* A refusal (403, 404) stays until somebody changes the cluster: unlike a server that does not answer, it is not asked every
 * two seconds. */
static void back_off(struct machine *m, struct lease_trouble *t)
{
    enum { MOST_BACKOFF_MS = 30000 };
    struct lease *l = &m->lease;
    bool refused = t->status / 100 == 4 && t->status != 429;
    t->refusals = refused ? t->refusals + 1 : 0;
    if (!refused || l->held)
        return;
    int64_t due = m->now.ms + backoff(t->refusals, MOST_BACKOFF_MS, 0);
    l->due = due > l->due ? due : l->due;
}

/* Says why there is no usable answer: when that changes, and once a minute. */
static void fail(struct machine *m, const struct machine_event *e, enum machine_verb verb)
{
    enum { SAID_MS = 60000 };
    bool reads = verb == MACHINE_GET;
    struct lease_trouble *t = &m->lease.trouble[!reads];
    bool is_new = !t->is || t->status != e->status;
    t->is = true;
    t->status = e->status;
    back_off(m, t);
    if (!is_new && m->now.ms - t->said_at < SAID_MS)
        return;
    t->said_at = m->now.ms;
    slice reason = reason_of(m, e);
    note(m, MACHINE_WARNING, NULL, "cannot %s the Lease %.*s/%.*s, trying again: %.*s%s",
         reads ? "read" : "write", FMT(m->settings.lease_namespace), FMT(m->settings.lease_name), FMT(reason),
         e->status == 404 ? "; create the namespace, or name another one with --lease" : "");
}

static void recover(struct machine *m, enum machine_verb verb)
{
    bool reads = verb == MACHINE_GET;
    struct lease_trouble *t = &m->lease.trouble[!reads];
    if (t->is)
        note(m, MACHINE_INFO, NULL, "can %s the Lease %.*s/%.*s again", reads ? "read" : "write",
             FMT(m->settings.lease_namespace), FMT(m->settings.lease_name));
    *t = (struct lease_trouble){0};
}

static void give_back(struct machine *m, bool done)
{
    m->lease.given_back = true;
    note(m, done ? MACHINE_INFO : MACHINE_WARNING, NULL,
         done ? "has given the Lease %.*s/%.*s back"
              : "could not give the Lease %.*s/%.*s back: it expires by itself",
         FMT(m->settings.lease_namespace), FMT(m->settings.lease_name));
}

static void written(struct machine *m, const struct node *root)
{
    if (m->stopping) {
        give_back(m, true);
        return;
    }
    take_record(m, root);
    if (is_ours(m))
        won(m);
}

/* The record names another leader, or none: we certainly do not lead. */
static void see_record(struct machine *m, const struct node *root)
{
    take_record(m, root);
    if (!is_ours(m))
        m->lease.held = false;
}

void lease_answer(struct machine *m, const struct machine_event *e, enum machine_verb verb)
{
    struct lease *l = &m->lease;
    const struct node *root = e->status / 100 == 2 ? read_body(m, e->body) : NULL;
    l->busy = false;
    l->due = l->sent + m->settings.lease_retry;
    if (root && node_get(root, LIT("spec"))) {
        recover(m, verb);
        if (verb == MACHINE_GET)
            see_record(m, root);
        else
            written(m, root);
        if (verb == MACHINE_GET && (is_ours(m) || is_free(m)))
            l->due = m->now.ms; /* the next request takes or renews it */
        return;
    }
    if (m->stopping && verb == MACHINE_UPDATE) {
        give_back(m, false);
        return;
    }
    if (e->status == 404 && verb != MACHINE_CREATE) { /* of a creation: there is no such namespace */
        recover(m, verb);
        forget_record(m);
        l->absent = true;
        l->due = m->now.ms;
        return;
    }
    if (e->status == 409) {
        forget_record(m); /* another client wrote it: read it before anything else */
        l->due = m->now.ms;
        return;
    }
    if (verb != MACHINE_GET)
        forget_record(m); /* it is unknown whether it was written */
    fail(m, e, verb);
}
