/* A copy of the machine's counts under a lock, and their text. */
#include "meters.h"

#include "clock.h"
#include "samples.h"

#define PREFIX "brgate_reconcile_"

enum {
    LAG_BYTES = 2 << 20, /* some 14,000 samples; all memory of a scrape is 16 MiB */
    SAMPLE_BYTES = 512,  /* names have 253 bytes at most, their namespaces 63 */
    LAG_MS = 10000,      /* how often they are written again */
};

void meters_open(struct meters *m)
{
    *m = (struct meters){.started_at = clock_unix(), .state = MACHINE_STARTING};
    m->lags = arena_new(4 * LAG_BYTES);
    pthread_mutex_init(&m->lock, NULL);
}

void meters_close(struct meters *m)
{
    arena_free(m->lags);
    pthread_mutex_destroy(&m->lock);
}

void meters_answer(struct meters *m, enum machine_verb verb, enum kube_outcome outcome)
{
    pthread_mutex_lock(&m->lock);
    m->requests[verb][outcome]++;
    pthread_mutex_unlock(&m->lock);
}

/* ---- denied objects ---- */

static const struct {
    enum api_group group;
    enum resource_kind kind;
    const char *group_name, *name;
} denied[METERS_DENIED] = {{GROUP_BR, KIND_BACKUP, "br.pingcap.com", "Backup"},
                           {GROUP_BR, KIND_BACKUP_SCHEDULE, "br.pingcap.com", "BackupSchedule"},
                           {GROUP_BR, KIND_COMPACT_BACKUP, "br.pingcap.com", "CompactBackup"},
                           {GROUP_PINGCAP, KIND_BACKUP, "pingcap.com", "Backup"},
                           {GROUP_PINGCAP, KIND_BACKUP_SCHEDULE, "pingcap.com", "BackupSchedule"},
                           {GROUP_PINGCAP, KIND_COMPACT_BACKUP, "pingcap.com", "CompactBackup"}};

/* ---- single objects ---- */

static const struct {
    const char *name, *help;
    size_t at; /* in struct plan_lag */
} lags[] = {
    {PREFIX "schedule_overdue_timestamp_seconds",
     "When a schedule has had no complete backup for longer than its interval.",
     offsetof(struct plan_lag, overdue)},
    {PREFIX "log_checkpoint_timestamp_seconds", "The moment up to which the log can be restored.",
     offsetof(struct plan_lag, checkpoint)},
    {PREFIX "log_paused_timestamp_seconds", "Since when a log backup is paused.",
     offsetof(struct plan_lag, paused)},
};

struct lag_writing {
    struct meters *meters;
    const struct machine *machine;
};

static int64_t lag_value(size_t which, const struct machine_lag *p)
{
    int64_t value;
    memcpy(&value, (const char *)&p->lag + lags[which].at, sizeof value);
    return value;
}

static void put_lag(struct buf *b, size_t which, const struct machine_lag *p)
{
    int64_t value = lag_value(which, p);
    /* Kubernetes names need no escaping. */
    buf_fmt(b, "%s{kind=\"%.*s\",exported_namespace=\"%.*s\",name=\"%.*s\"} %lld\n", lags[which].name,
            FMT(p->kind), FMT(p->namespace), FMT(p->name), (long long)value);
}

/* Leaves out, and counts, what does not fit: each metric leaves room for the next ones. */
static void write_lags(void *context)
{
    struct lag_writing *w = context;
    struct buf b = buf_new(w->meters->lags, LAG_BYTES);
    w->meters->lags_dropped = 0;
    for (size_t i = 0; i < COUNT(lags); i++) {
        struct machine_lag p = {0};
        samples_head(&b, lags[i].name, "gauge", lags[i].help);
        while (machine_lag(w->machine, &p)) {
            bool fits = b.n < LAG_BYTES * (i + 1) / COUNT(lags) - 2 * SAMPLE_BYTES;
            if (lag_value(i, &p) && fits)
                put_lag(&b, i, &p);
            w->meters->lags_dropped += lag_value(i, &p) && !fits;
        }
    }
    w->meters->lag_text = buf_slice(&b);
}

/* The caller holds the lock. */
static void look_at_lags(struct meters *m, const struct machine *machine)
{
    struct lag_writing w = {m, machine};
    uint64_t now = clock_ms();
    if (!m->lags || (m->lags_at && now - m->lags_at < LAG_MS))
        return;
    arena_reset(m->lags);
    m->lag_text = (slice){0};
    m->lags_at = now;
    arena_run(m->lags, write_lags, &w);
}

void meters_look(struct meters *m, const struct machine *machine, size_t watches, uint64_t log_lines_dropped)
{
    pthread_mutex_lock(&m->lock);
    m->state = machine_state(machine);
    for (int i = 0; i < MACHINE_COUNT_COUNT; i++)
        m->counts[i] = machine_count(machine, (enum machine_count)i);
    for (unsigned i = 0; i < METERS_DENIED; i++)
        m->denied[i] = machine_denied(machine, denied[i].group, denied[i].kind);
    m->watches = watches;
    m->log_lines_dropped = log_lines_dropped;
    look_at_lags(m, machine);
    pthread_mutex_unlock(&m->lock);
}

/* A replica that waits for the lease is ready: waiting is its purpose. */
const char *meters_not_ready(void *context)
{
    static const char *const reasons[] = {[MACHINE_STARTING] =
                                              "the Lease could not be read yet: the log says why",
                                          [MACHINE_SYNCING] = "the objects are still being listed",
                                          [MACHINE_STOPPING] = "it ends",
                                          [MACHINE_ENDED] = "it has ended",
                                          [MACHINE_BROKEN] = "out of memory"};
    struct meters *m = context;
    pthread_mutex_lock(&m->lock);
    enum machine_state state = m->state;
    pthread_mutex_unlock(&m->lock);
    return state < COUNT(reasons) ? reasons[state] : NULL;
}

static const struct {
    const char *name, *type, *help;
} samples[MACHINE_COUNT_COUNT] = {
    [MACHINE_OBJECTS] = {PREFIX "cache_objects", "gauge", "Objects in the cache."},
    [MACHINE_BYTES] = {PREFIX "cache_bytes", "gauge", "Memory used by the cache."},
    [MACHINE_QUEUED] = {PREFIX "queue_depth", "gauge", "Objects that wait for their turn."},
    [MACHINE_DELAYED] = {PREFIX "queue_delayed", "gauge", "Objects that wait after a failure."},
    [MACHINE_IN_FLIGHT] = {PREFIX "requests_in_flight", "gauge",
                           "Requests without an answer yet, not counting watches."},
    [MACHINE_UNLISTED] = {PREFIX "unlisted_kinds", "gauge",
                          "Kinds that cannot be listed: forbidden, or not installed. The log says why."},
    [MACHINE_TURNS] = {PREFIX "turns_total", "counter",
                       "Reconciliations: an object was looked at and planned for."},
    [MACHINE_WRITES] = {PREFIX "writes_total", "counter", "Writes that succeeded."},
    [MACHINE_CONFLICTS] = {PREFIX "conflicts_total", "counter",
                           "Writes refused because another client was faster."},
    [MACHINE_FAILURES] = {PREFIX "write_failures_total", "counter", "Writes that failed for other reasons."},
    [MACHINE_RELISTS] = {PREFIX "relists_total", "counter",
                         "Lists repeated because a watch could not continue."},
    [MACHINE_EVENTS_DROPPED] = {PREFIX "events_dropped_total", "counter",
                                "Events for users dropped because there were too many."},
    [MACHINE_NOTES_DROPPED] = {PREFIX "notes_dropped_total", "counter", "Log lines dropped by the machine."},
};

static void put_denied(const struct meters *m, struct buf *b)
{
    samples_head(b, PREFIX "denied", "gauge", "Objects that the gate denies: nothing is done for them.");
    for (unsigned i = 0; i < METERS_DENIED; i++)
        buf_fmt(b, PREFIX "denied{group=\"%s\",kind=\"%s\"} %llu\n", denied[i].group_name, denied[i].name,
                (unsigned long long)m->denied[i]);
}

static void put_requests(const struct meters *m, struct buf *b)
{
    static const char *const verbs[MACHINE_VERB_COUNT] = {"list",   "watch", "get",    "create",
                                                          "update", "patch", "delete", "ask"};
    samples_head(b, PREFIX "requests_total", "counter",
                 "Requests to the API server by verb and outcome; ask: questions to PD about log backups.");
    for (int v = 0; v < MACHINE_VERB_COUNT; v++)
        for (int o = 0; o < KUBE_OUTCOME_COUNT; o++)
            if (m->requests[v][o])
                buf_fmt(b, PREFIX "requests_total{verb=\"%s\",outcome=\"%s\"} %llu\n", verbs[v],
                        kube_outcome_word((enum kube_outcome)o), (unsigned long long)m->requests[v][o]);
}

/* Without unwinding, which would keep the lock; empty when memory runs out. */
static slice copy_text(struct arena *a, slice text)
{
    char *copy = text.n ? arena_try(a, text.n) : NULL;
    return copy ? (slice){memcpy(copy, text.p, text.n), text.n} : (slice){0};
}

void meters_put(void *context, struct buf *b)
{
    struct meters *m = context;
    pthread_mutex_lock(&m->lock);
    struct meters seen = *m;
    slice lag_text = copy_text(b->arena, m->lag_text);
    pthread_mutex_unlock(&m->lock);
    samples_one(b, PREFIX "leader", "gauge", "1 while this replica holds the lease, or needs none.",
                seen.state == MACHINE_LEADING || seen.state == MACHINE_SYNCING);
    for (int i = 0; i < MACHINE_COUNT_COUNT; i++)
        samples_one(b, samples[i].name, samples[i].type, samples[i].help, (int64_t)seen.counts[i]);
    samples_one(b, PREFIX "watches", "gauge", "Open watches.", (int64_t)seen.watches);
    put_denied(&seen, b);
    put_requests(&seen, b);
    buf_put(b, lag_text);
    samples_one(b, PREFIX "lag_samples_dropped", "gauge",
                "Samples of single objects left out because there are too many.", (int64_t)seen.lags_dropped);
    samples_one(b, PREFIX "log_lines_dropped_total", "counter",
                "Log lines dropped because the reader was slow.", (int64_t)seen.log_lines_dropped);
    samples_head(b, "brgate_build_info", "gauge", "Version of the program.");
    buf_fmt(b, "brgate_build_info{version=\"%s\"} 1\n", BRGATE_VERSION);
    samples_process(b, seen.started_at);
}
