/* Passes events to the parts that they belong to, and requests out. */
#include "state.h"

#include "brgate_limits.h"

#include <stdlib.h>

enum {
    WORK_BYTES = 256 << 20,   /* of one turn: a schedule with 10,000 children takes a tenth of it */
    MOST_TURNS = 64,          /* in one call, so that the lease is not late */
    MOST_CLOCK_STEP_MS = 2500 /* more is not drift: the clock was set */
};

/* ---- life ---- */

static void copy_settings(void *context)
{
    struct machine *m = context;
    struct machine_settings *s = &m->settings;
    slice *const texts[] = {&s->namespace,  &s->identity,           &s->lease_namespace,
                            &s->lease_name, &s->plan.manager_image, &s->plan.time_zone};
    for (size_t i = 0; i < COUNT(texts); i++) {
        slice given = *texts[i];
        *texts[i] = (slice){0};
        *texts[i] = keep_text(&m->keep, given);
    }
}

static int64_t or_default(int64_t given, int64_t otherwise)
{
    return given > 0 ? given : otherwise;
}

struct machine *machine_new(const struct machine_settings *settings)
{
    enum { DURATION_MS = 15000, RENEW_MS = 10000, RETRY_MS = 2000, IN_FLIGHT = 16 };
    struct machine *m = calloc(1, sizeof *m);
    if (!m)
        return NULL;
    m->settings = *settings;
    m->settings.lease_duration = or_default(settings->lease_duration, DURATION_MS);
    m->settings.lease_renew_deadline = or_default(settings->lease_renew_deadline, RENEW_MS);
    m->settings.lease_retry = or_default(settings->lease_retry, RETRY_MS);
    if (!settings->most_in_flight || settings->most_in_flight > MOST_ITEM_FLIGHTS)
        m->settings.most_in_flight = IN_FLIGHT;
    m->scratch = arena_new(LIMIT_ARENA_BYTES);
    m->work = arena_new(WORK_BYTES);
    m->keep.unwind = m->scratch;
    m->cache = cache_new(&m->keep);
    m->queue = queue_new(&m->keep);
    if (!m->scratch || !m->work || !arena_run(m->scratch, copy_settings, m)) {
        machine_free(m);
        return NULL;
    }
    if (m->settings.dry_run)
        informers_start(m);
    return m;
}

static void drop_flights(struct machine *m, bool all)
{
    for (size_t i = 0; i < MOST_FLIGHTS; i++)
        if (m->flights[i].purpose != FOR_NOTHING && (all || m->flights[i].purpose != FOR_LEASE))
            flight_end(m, &m->flights[i]);
}

void machine_free(struct machine *m)
{
    if (!m)
        return;
    drop_flights(m, true);
    queue_clear(&m->queue);
    cache_clear(&m->cache);
    informers_close(m);
    teller_close(m);
    lease_close(m);
    notes_close(m);
    slice *const texts[] = {&m->settings.namespace,          &m->settings.identity,
                            &m->settings.lease_namespace,    &m->settings.lease_name,
                            &m->settings.plan.manager_image, &m->settings.plan.time_zone};
    for (size_t i = 0; i < COUNT(texts); i++)
        keep_forget(&m->keep, texts[i]);
    arena_free(m->work);
    arena_free(m->scratch);
    free(m);
}

/* Forgets everything that a leader knows. */
static void lose(struct machine *m)
{
    m->lease.held = false;
    drop_flights(m, false);
    queue_clear(&m->queue);
    cache_clear(&m->cache);
    informers_close(m);
    teller_close(m);
    memset(m->denied, 0, sizeof m->denied);
    m->others = 0;
    m->told_lists = m->has_plans = false;
    note(m, MACHINE_WARNING, NULL, "no longer holds the Lease %.*s/%.*s", FMT(m->settings.lease_namespace),
         FMT(m->settings.lease_name));
}

/* ---- state ---- */

enum machine_state machine_state(const struct machine *m)
{
    if (m->broken)
        return MACHINE_BROKEN;
    if (m->stopping)
        return m->item_flights || (m->lease.held && !m->lease.given_back) ? MACHINE_STOPPING : MACHINE_ENDED;
    if (!machine_acts(m))
        return m->lease.seen ? MACHINE_STANDBY : MACHINE_STARTING;
    return machine_synced(m) ? MACHINE_LEADING : MACHINE_SYNCING;
}

static bool takes_turns(const struct machine *m)
{
    return machine_state(m) == MACHINE_LEADING && m->item_flights < m->settings.most_in_flight &&
           (m->settings.dry_run || machine_may_write(m));
}

int64_t machine_wake(const struct machine *m)
{
    enum machine_state state = machine_state(m);
    int64_t wake = lease_wake(m), other;
    if (state >= MACHINE_ENDED)
        return m->now.ms;
    if (!machine_acts(m) || m->stopping)
        return wake;
    other = informers_wake(m);
    wake = other < wake ? other : wake;
    other = teller_wake(m);
    wake = other < wake ? other : wake;
    other = takes_turns(m) ? m->queue.ready ? m->now.ms : queue_next_due(&m->queue) : INT64_MAX;
    return other < wake ? other : wake;
}

uint64_t machine_denied(const struct machine *m, enum api_group group, enum resource_kind kind)
{
    return m->denied[group * K_PINGCAP_BACKUP + (unsigned)kind];
}

uint64_t machine_count(const struct machine *m, enum machine_count what)
{
    switch (what) {
    case MACHINE_OBJECTS:
        return m->cache.by_name.count;
    case MACHINE_BYTES:
        return m->keep.bytes;
    case MACHINE_QUEUED:
        return m->queue.ready;
    case MACHINE_DELAYED:
        return m->queue.delayed_count;
    case MACHINE_IN_FLIGHT:
        return m->item_flights + m->teller.in_flight + m->lease.busy;
    case MACHINE_UNLISTED:
        return informers_unlisted(m);
    default:
        return what < MACHINE_COUNT_COUNT ? m->counts[what] : 0;
    }
}

/* ---- flights ---- */

static struct flight *flight_of(const struct machine *m, uint64_t id)
{
    union {
        const struct machine *read_only;
        struct machine *own;
    } it = {.read_only = m};
    for (size_t i = 0; i < MOST_FLIGHTS; i++)
        if (m->flights[i].purpose != FOR_NOTHING && m->flights[i].id == id)
            return &it.own->flights[i];
    return NULL;
}

bool machine_awaits(const struct machine *m, uint64_t id)
{
    return !m->broken && flight_of(m, id);
}

/* ---- time ---- */

static void set_time(struct machine *m, struct machine_moment now)
{
    int64_t skew = now.wall * 1000 - now.ms;
    int64_t step = skew > m->skew ? skew - m->skew : m->skew - skew;
    if (!m->timed || now.ms > m->now.ms)
        m->now.ms = now.ms;
    m->now.wall = now.wall;
    if (m->timed && step < MOST_CLOCK_STEP_MS)
        return;
    if (m->timed)
        queue_wake_rested(&m->queue); /* the times were those of the other clock */
    m->timed = true;
    m->skew = skew;
}

/* Does what is due because time has passed. */
static void pass(struct machine *m, struct machine_moment now)
{
    set_time(m, now);
    if (m->lease.held && !machine_may_write(m) && !m->stopping)
        lose(m);
    if (m->lease.held && m->stopping && !machine_may_write(m))
        m->lease.given_back = true;
    queue_wake(&m->queue, m->now.ms);
}

/* ---- in ---- */

struct call {
    struct machine *m;
    struct machine_moment now;
    const struct machine_event *event;
    struct machine_request *ret;
    bool has;
};

static void dispatch_line(struct machine *m, struct flight *f, slice line)
{
    informer_line(m, f->kind, line);
    if (m->informers[f->kind].watches)
        return;
    m->informers[f->kind].busy = false; /* it is over for us */
    flight_end(m, f);
}

static void take_lease_answer(struct machine *m, const struct machine_event *e, enum machine_verb verb)
{
    bool held = m->lease.held;
    lease_answer(m, e, verb);
    if (held && !m->lease.held)
        lose(m);
    if (!held && m->lease.held)
        informers_start(m);
}

static void dispatch_answer(struct machine *m, struct flight *f, const struct machine_event *e)
{
    struct flight done = *f;
    switch (f->purpose) {
    case FOR_LEASE:
        flight_end(m, f);
        take_lease_answer(m, e, done.verb);
        return;
    case FOR_LIST:
        flight_end(m, f);
        informer_listed(m, done.kind, e);
        return;
    case FOR_EVENT:
        if (e->status / 100 != 2 && e->status != 409)
            m->counts[MACHINE_EVENTS_DROPPED]++;
        flight_end(m, f);
        return;
    case FOR_WRITE:
    case FOR_LOOK:
    case FOR_SECRET:
    case FOR_PROBE:
        turn_answer(m, f, e);
        flight_end(m, f);
        return;
    default:
        return; /* no answer that fits the request */
    }
}

static void take_event(struct machine *m, const struct machine_event *e)
{
    struct flight *f = flight_of(m, e->id);
    if (e->kind == MACHINE_STOP)
        m->stopping = true;
    if (!f)
        return;
    struct flight done = *f;
    switch (e->kind) {
    case MACHINE_ANSWER:
        dispatch_answer(m, f, e);
        break;
    case MACHINE_TASK:
        if (f->purpose == FOR_TASK && e->task) {
            turn_task(m, f, e);
            flight_end(m, f);
        }
        break;
    case MACHINE_WATCH_LINE:
        if (f->purpose == FOR_WATCH)
            dispatch_line(m, f, e->body);
        break;
    case MACHINE_WATCH_END:
        if (f->purpose == FOR_WATCH) {
            flight_end(m, f);
            informer_ended(m, done.kind, e);
        }
        break;
    case MACHINE_STOP:
        break;
    }
}

static void event(void *context)
{
    struct call *c = context;
    pass(c->m, c->now);
    take_event(c->m, c->event);
}

/* ---- out ---- */

static void next(void *context)
{
    struct call *c = context;
    struct machine *m = c->m;
    pass(m, c->now);
    c->has = lease_next(m, c->ret);
    if (c->has || !machine_acts(m) || m->stopping)
        return;
    m->turns_left = MOST_TURNS;
    c->has = informers_next(m, c->ret) || (takes_turns(m) && turns_next(m, c->ret)) ||
             (machine_may_write(m) && teller_next(m, c->ret));
    if (takes_turns(m) && !m->queue.ready && !m->item_flights)
        informers_tell(m);
}

static bool call(struct call *c, void (*work)(void *))
{
    if (c->m->broken)
        return false;
    arena_reset(c->m->scratch);
    c->m->broken = !arena_run(c->m->scratch, work, c);
    return !c->m->broken;
}

void machine_event(struct machine *m, struct machine_moment now, const struct machine_event *e)
{
    struct call c = {.m = m, .now = now, .event = e};
    call(&c, event);
}

bool machine_next(struct machine *m, struct machine_moment now, struct machine_request *ret)
{
    struct call c = {.m = m, .now = now, .ret = ret};
    return call(&c, next) && c.has;
}

void machine_fail_at(struct machine *m, uint64_t nth)
{
    m->keep.fail_at = nth ? m->keep.allocations + nth : 0;
}

uint64_t machine_allocations(const struct machine *m)
{
    return m->keep.allocations;
}
