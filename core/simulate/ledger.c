/* Records what can be restored, minute by minute, from what happens in the cluster, not from what the core believes. */
#include "playing.h"

#include "schedule.h"

void play_record(struct playing *p, enum played_kind kind, int64_t from, slice name, slice detail)
{
    if (p->event_count == p->event_capacity)
        p->events = arena_grow(p->out, p->events, p->event_count, &p->event_capacity, sizeof *p->events);
    p->events[p->event_count++] = (struct played_event){.at = p->world.now,
                                                        .from = from,
                                                        .kind = kind,
                                                        .name = arena_copy(p->out, name),
                                                        .detail = arena_copy(p->out, detail)};
}

/* ---- snapshots ---- */

static double size_now(const struct playing *p)
{
    double days = (double)(p->world.now - p->request->from) / SPAN_DAY;
    return p->scenario.snapshot_bytes + days * p->scenario.growth_per_day;
}

void ledger_add(struct playing *p, slice name, int64_t commit, bool cleans)
{
    if (p->kept_count == p->kept_capacity)
        p->kept = arena_grow(p->out, p->kept, p->kept_count, &p->kept_capacity, sizeof *p->kept);
    p->kept[p->kept_count++] =
        (struct kept){.name = name, .commit = commit, .bytes = size_now(p), .cleans = cleans};
}

static size_t find_kept(const struct playing *p, slice name)
{
    size_t i = 0;
    while (i < p->kept_count && !slice_eq(p->kept[i].name, name))
        i++;
    return i;
}

static void drop(struct playing *p, size_t i)
{
    for (size_t k = i + 1; k < p->kept_count; k++)
        p->kept[k - 1] = p->kept[k];
    p->kept_count--;
}

/* Without a cleaning Job its data stays in the storage, and no object refers to it any more. */
static void delete_kept(struct playing *p, size_t i)
{
    p->kept[i].deleted = true;
    if (p->kept[i].cleans)
        return;
    p->orphaned_bytes += p->kept[i].bytes;
    drop(p, i);
}

void ledger_delete(struct playing *p, slice name)
{
    size_t i = find_kept(p, name);
    if (i < p->kept_count)
        delete_kept(p, i);
}

void ledger_delete_all(struct playing *p)
{
    for (size_t i = p->kept_count; i-- > 0;)
        delete_kept(p, i);
    p->failed_kept = 0;
}

void ledger_clean(struct playing *p, slice name)
{
    size_t i = find_kept(p, name);
    if (i < p->kept_count)
        drop(p, i);
}

/* ---- the log ---- */

int64_t ledger_checkpoint(const struct playing *p)
{
    if (!p->log.found || p->log.paused || p->log_stalls)
        return p->checkpoint;
    int64_t start = timestamp_ms(p->log.start) / 1000, at = p->world.now - p->scenario.log_lag;
    return at > start ? at : start;
}

/* ---- what can be restored ---- */

struct restorable {
    int64_t oldest, newest; /* 0: nothing */
    size_t snapshots;
};

/* With a log: from the oldest snapshot that it covers to its checkpoint. Without: only the snapshots. */
static struct restorable restorable_at(const struct playing *p, int64_t checkpoint)
{
    struct restorable r = {0};
    bool log = p->with_log;
    int64_t covered = p->log_began > p->truncated ? p->log_began : p->truncated;
    for (size_t i = 0; i < p->kept_count; i++) {
        const struct kept *k = &p->kept[i];
        if (k->deleted)
            continue;
        r.snapshots++;
        r.newest = k->commit > r.newest ? k->commit : r.newest;
        bool base = !log || (p->log_began && k->commit >= covered && k->commit <= checkpoint);
        if (base && (!r.oldest || k->commit < r.oldest))
            r.oldest = k->commit;
    }
    if (log && r.oldest && checkpoint > r.newest)
        r.newest = checkpoint;
    return r;
}

/* Returns the moment from which maxReservedTime promises that everything can be restored. It never moves back: a longer
 * maxReservedTime does not restore deleted data. 0: nothing is promised. */
static int64_t promised_at(struct playing *p, const struct restorable *r, int64_t end)
{
    if (!p->first_base)
        p->first_base = r->oldest;
    if (!p->schedule || !p->reserved || !p->first_base || (p->with_log && !p->log.found))
        return 0;
    int64_t from = end - p->reserved;
    from = from > p->first_base ? from : p->first_base;
    p->promised = from > p->promised ? from : p->promised;
    return p->promised;
}

static double log_bytes(const struct playing *p, int64_t checkpoint)
{
    int64_t from = p->log_began > p->truncated ? p->log_began : p->truncated;
    return from && checkpoint > from ? (double)(checkpoint - from) / 3600 * p->scenario.log_per_hour : 0;
}

static enum log_state log_state(const struct playing *p)
{
    if (!p->schedule || !p->with_log)
        return LOG_UNASKED;
    return !p->log.found   ? LOG_MISSING
           : p->log.paused ? LOG_PAUSED
           : p->log_stalls ? LOG_STALLED
                           : LOG_RUNNING;
}

static struct played_span span_to(struct playing *p, int64_t to)
{
    int64_t now = p->world.now, checkpoint = ledger_checkpoint(p);
    bool moves = p->log.found && !p->log.paused && !p->log_stalls;
    struct restorable r = restorable_at(p, checkpoint);
    struct played_span x = {.from = now,
                            .to = to,
                            .oldest = r.oldest,
                            .newest_from = r.newest,
                            .newest = moves && r.oldest ? r.newest + (to - now) : r.newest,
                            .promised = promised_at(p, &r, p->with_log ? checkpoint : now),
                            .reserved = p->schedule ? p->reserved : 0,
                            .log = log_state(p),
                            .snapshots = r.snapshots,
                            .failed = p->failed_kept,
                            .orphaned_bytes = p->orphaned_bytes,
                            .log_bytes = log_bytes(p, checkpoint + (moves ? to - now : 0)),
                            .compacted_bytes = p->compacted_bytes};
    for (size_t i = 0; i < p->kept_count; i++)
        x.snapshot_bytes += p->kept[i].bytes;
    return x;
}

/* ---- time passes ---- */

/* It is so for `seconds` from the stretch's beginning. */
static void note_times(struct played_times *t, const struct played_span *x, int64_t seconds)
{
    t->count += !t->count || t->until < x->from;
    t->at = t->seconds ? t->at : x->from;
    t->until = x->from + seconds;
    t->seconds += seconds;
}

static void note_broken(struct playing *p, const struct played_span *x)
{
    struct played_verdict *v = &p->played->verdict;
    bool broken = x->promised && (!x->oldest || x->oldest > x->promised);
    if (broken != p->broken && x->promised)
        play_record(p, broken ? PLAYED_WINDOW_BROKEN : PLAYED_WINDOW_WHOLE, x->oldest, (slice){0},
                    (slice){0});
    if (broken && !v->broken.seconds)
        v->broken_by_hand = p->by_hand;
    p->broken = broken;
    if (!broken)
        return;
    int64_t seconds = x->to - x->from, closes = x->oldest ? x->oldest - x->promised : seconds;
    note_times(&v->broken, x, closes < seconds ? closes : seconds);
}

static void note_age(struct playing *p, const struct played_span *x)
{
    struct played_verdict *v = &p->played->verdict;
    int64_t ages[2] = {x->from - x->newest_from, x->to - x->newest};
    if (!x->newest) {
        if (v->first_restorable < 0)
            return;
        v->lost_by_hand = v->lost.seconds ? v->lost_by_hand : p->by_hand;
        note_times(&v->lost, x, x->to - x->from);
        return;
    }
    if (v->first_restorable < 0)
        v->first_restorable = x->from - p->request->from;
    for (int i = 0; i < 2; i++)
        if (ages[i] > v->blind) {
            v->blind = ages[i];
            v->blind_at = i ? x->to : x->from;
        }
}

static void note_log(struct playing *p, const struct played_span *x)
{
    struct played_verdict *v = &p->played->verdict;
    if (x->log == LOG_STALLED)
        note_times(&v->log_stalled, x, x->to - x->from);
    if (!p->log_began || (x->log != LOG_PAUSED && x->log != LOG_MISSING))
        return;
    if (!v->log_down.seconds)
        v->log_down_why = p->log.found     ? LOG_PAUSED_WHY
                          : p->log_stopped ? p->log_stopped
                                           : "the controller stopped it";
    note_times(&v->log_down, x, x->to - x->from);
}

static void note_peaks(struct playing *p, const struct played_span *x)
{
    struct played_verdict *v = &p->played->verdict;
    double bytes = x->snapshot_bytes + x->orphaned_bytes + x->log_bytes + x->compacted_bytes;
    if (x->snapshots + x->failed > v->peak_backups) {
        v->peak_backups = x->snapshots + x->failed;
        v->peak_backups_at = x->from;
    }
    if (bytes > v->peak_bytes) {
        v->peak_bytes = bytes;
        v->peak_bytes_at = x->to;
    }
}

static bool goes_on(const struct played_span *a, const struct played_span *b)
{
    bool moves_a = a->newest - a->newest_from == a->to - a->from;
    bool moves_b = b->newest - b->newest_from == b->to - b->from;
    return a->oldest == b->oldest && a->newest == b->newest_from && moves_a == moves_b &&
           a->snapshots == b->snapshots && a->log == b->log && a->reserved == b->reserved &&
           a->failed == b->failed &&
           !(a->snapshot_bytes < b->snapshot_bytes || a->snapshot_bytes > b->snapshot_bytes) &&
           !(a->compacted_bytes < b->compacted_bytes);
}

static void add_span(struct playing *p, const struct played_span *x)
{
    struct played_span *last = p->spans + p->span_count - (p->span_count > 0);
    if (p->span_count && goes_on(last, x)) {
        last->to = x->to;
        last->newest = x->newest;
        last->promised = x->promised;
        last->log_bytes = x->log_bytes;
        return;
    }
    if (p->span_count == p->span_capacity)
        p->spans = arena_grow(p->out, p->spans, p->span_count, &p->span_capacity, sizeof *p->spans);
    p->spans[p->span_count++] = *x;
}

static enum miss hindrance(const struct playing *p)
{
    if (p->schedule->schedule->pause.value)
        return MISSED_PAUSED;
    if (p->controller_down)
        return MISSED_CONTROLLER_DOWN;
    for (size_t i = 0; i < p->job_count; i++)
        if (p->jobs[i].work == WORK_SNAPSHOT)
            return MISSED_OVERLAP;
    return MISSED_OTHER;
}

/* Due times after `from`, up to `to`. */
static void note_dues(struct playing *p, int64_t from, int64_t to)
{
    struct planning look = {.object = p->schedule, .settings = &p->request->settings};
    while (p->schedule && due_after(&look, p->request->from, from, &from) && from <= to &&
           from < p->request->until) {
        if (p->due_count == p->due_capacity)
            p->dues = arena_grow(p->out, p->dues, p->due_count, &p->due_capacity, sizeof *p->dues);
        p->dues[p->due_count++] = (struct due_run){.at = from, .why = hindrance(p)};
    }
}

void ledger_due_now(struct playing *p)
{
    note_dues(p, p->world.now - 1, p->world.now);
}

void ledger_pass(struct playing *p, int64_t to)
{
    struct played_span x = span_to(p, to);
    note_broken(p, &x);
    note_age(p, &x);
    note_log(p, &x);
    note_peaks(p, &x);
    add_span(p, &x);
    note_dues(p, p->world.now, to - 1);
}

void ledger_due_made(struct playing *p, slice run)
{
    int64_t at;
    if (!stamp_at_end(run, &at))
        return;
    for (size_t i = p->due_count; i-- > 0 && p->dues[i].at >= at;)
        if (p->dues[i].at == at)
            p->dues[i].made = true;
}
