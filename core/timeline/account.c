#include "account.h"

#include "civil.h"

slice account_span(struct arena *a, int64_t seconds)
{
    static const struct {
        int64_t seconds;
        const char *name;
    } units[] = {{SPAN_DAY, "d"}, {3600, "h"}, {60, "m"}, {1, "s"}};
    size_t i = 0;
    while (i < 3 && seconds < units[i].seconds * (i ? 1 : 2))
        i++;
    long long whole = seconds / units[i].seconds, rest = 0;
    if (i < 3)
        rest = seconds % units[i].seconds / units[i + 1].seconds;
    return rest ? arena_fmt(a, "%lld%s %lld%s", whole, units[i].name, rest, units[i + 1].name)
                : arena_fmt(a, "%lld%s", whole, units[i].name);
}

slice account_bytes(struct arena *a, double bytes)
{
    static const char *const units[] = {"B", "KiB", "MiB", "GiB", "TiB", "PiB"};
    size_t unit = 0;
    for (; bytes >= 1024 && unit + 1 < COUNT(units); unit++)
        bytes /= 1024;
    return arena_fmt(a, bytes < 10 && unit ? "%.1f %s" : "%.0f %s", bytes, units[unit]);
}

slice account_time(struct arena *a, int64_t at)
{
    struct civil c = civil_of(at);
    return arena_fmt(a, "%04d-%02d-%02d %02d:%02d", c.year, c.month, c.day, c.hour, c.minute);
}

/* ---- events ---- */

static slice missed(slice why)
{
    return slice_eq(why, LIT("overlap"))  ? LIT("the run due now is missed: the previous one still runs")
           : slice_eq(why, LIT("paused")) ? LIT("the run due now is missed: the schedule is paused")
           : slice_eq(why, LIT("other"))  ? LIT("the run due now is missed")
                                          : LIT("the run due now is missed: the controller is down");
}

static slice broken(struct arena *a, int64_t from)
{
    return from ? arena_fmt(a, "the window is broken: nothing before %.*s can be restored",
                            FMT(account_time(a, from)))
                : LIT("the window is broken: no point in it can be restored");
}

slice account_event(struct arena *a, const struct played_event *x)
{
    static const slice fixed[PLAYED_KINDS] = {
        [PLAYED_LOG_RUNS] = SLICE("the log backup runs"),
        [PLAYED_CONTROLLER_DOWN] = SLICE("the controller goes down"),
        [PLAYED_CONTROLLER_UP] = SLICE("the controller is back"),
        [PLAYED_PAUSED] = SLICE("the schedule is paused"),
        [PLAYED_RESUMED] = SLICE("the schedule is resumed"),
        [PLAYED_LOG_STALLS] = SLICE("the log backup's checkpoint stalls"),
        [PLAYED_LOG_ADVANCES] = SLICE("the log backup's checkpoint advances again"),
        [PLAYED_LOG_PAUSED] = SLICE("the cluster pauses the log backup"),
        [PLAYED_LOG_RESUMED] = SLICE("the log backup is resumed"),
        [PLAYED_LOG_LOST] = SLICE("somebody stops the log backup's task with br"),
        [PLAYED_WINDOW_WHOLE] = SLICE("the window is whole again"),
    };
    slice name = x->name, detail = x->detail, span = account_span(a, x->from ? x->at - x->from : 0);
    switch (x->kind) {
    case PLAYED_CREATED:
        return arena_fmt(a, "%.*s is created", FMT(name));
    case PLAYED_SNAPSHOT:
        return arena_fmt(a, "snapshot %.*s is complete, %.*s after its due time", FMT(name), FMT(span));
    case PLAYED_SNAPSHOT_FAILED:
        return arena_fmt(a, "snapshot %.*s has failed: %.*s", FMT(name), FMT(detail));
    case PLAYED_SNAPSHOT_RETRIED:
        return arena_fmt(a, "snapshot %.*s: %.*s", FMT(name), FMT(detail));
    case PLAYED_COMPACTION:
        return arena_fmt(a, "%.*s is complete after %.*s", FMT(name), FMT(span));
    case PLAYED_COMPACTION_FAILED:
        return arena_fmt(a, "%.*s has failed: %.*s", FMT(name), FMT(detail));
    case PLAYED_EXPIRED:
    case PLAYED_EXPIRED_FAILED:
        return arena_fmt(a, "retention deletes %.*s: %.*s", FMT(name), FMT(detail));
    case PLAYED_TRUNCATED:
        return arena_fmt(a, "the log is truncated up to %.*s", FMT(account_time(a, x->from)));
    case PLAYED_LOG_FAILED:
        return detail;
    case PLAYED_MISSED:
        return missed(detail);
    case PLAYED_EDITED:
        return arena_fmt(a, "the schedule is edited: %.*s", FMT(detail));
    case PLAYED_DELETED_BY_HAND:
        return arena_fmt(a, "somebody deletes %.*s%s%.*s", FMT(name), detail.n ? ": " : "", FMT(detail));
    case PLAYED_CHANGED:
        return arena_fmt(a, "%.*s %.*s", FMT(name), FMT(detail));
    case PLAYED_WINDOW_BROKEN:
        return broken(a, x->from);
    default:
        return fixed[x->kind];
    }
}

/* ---- the rows ---- */

static void add(struct account *s, enum mark mark, const char *label, slice text)
{
    s->rows[s->count++] = (struct account_row){mark, label, text};
}

static void add_restorable(struct arena *a, struct account *s, const struct played *r)
{
    const struct played_verdict *v = &r->verdict;
    if (v->first_restorable < 0) {
        add(s, MARK_WRONG, "restorable", LIT("never: no point can be restored"));
        return;
    }
    slice text = arena_fmt(a,
                           "first point after %.*s; from then on the newest point was never older than %.*s "
                           "(on %.*s)",
                           FMT(account_span(a, v->first_restorable)), FMT(account_span(a, v->blind)),
                           FMT(account_time(a, v->blind_at)));
    if (v->lost)
        text = arena_fmt(a, "%.*s; for %.*s nothing could be restored any more", FMT(text),
                         FMT(account_span(a, v->lost)));
    add(s, v->lost ? MARK_WRONG : MARK_FINE, "restorable", text);
}

static void add_window(struct arena *a, struct account *s, const struct played *r)
{
    const struct played_verdict *v = &r->verdict;
    if (!r->reserved) {
        add(s, MARK_FINE, r->with_log ? "PITR window" : "window",
            r->most ? arena_fmt(a, "the newest %lld snapshots stay; maxReservedTime promises no span of time",
                                (long long)r->most)
                    : LIT("nothing is ever deleted"));
        return;
    }
    slice promised = account_span(a, r->reserved);
    slice text =
        arena_fmt(a, "the last %.*s %s", FMT(promised),
                  r->with_log ? "could be restored at every moment while the log ran, to any point in them"
                              : "were covered by snapshots at every moment");
    if (v->broken)
        text = arena_fmt(a, "the last %.*s could not be restored for %.*s, from %.*s on%s", FMT(promised),
                         FMT(account_span(a, v->broken)), FMT(account_time(a, v->broken_at)),
                         v->broken_by_hand ? ": what they need was deleted by hand"
                                           : ": retention deleted what they need");
    add(s, v->broken ? MARK_WRONG : MARK_FINE, r->with_log ? "PITR window" : "window", text);
}

static void put_missed(struct buf *b, const struct played_verdict *v)
{
    static const char *const why[MISS_KINDS] = {[MISSED_PAUSED] = "while the schedule was paused",
                                                [MISSED_CONTROLLER_DOWN] = "while the controller was down",
                                                [MISSED_OVERLAP] = "while the previous run still ran",
                                                [MISSED_OTHER] = "for another reason"};
    const char *between = ": ";
    for (size_t i = 0; i < MISS_KINDS; i++) {
        if (!v->missed[i])
            continue;
        buf_fmt(b, "%s%zu %s", between, v->missed[i], why[i]);
        between = ", ";
    }
}

static void add_runs(struct arena *a, struct account *s, const struct played *r)
{
    const struct played_verdict *v = &r->verdict;
    struct buf b = buf_new(a, 512);
    size_t missed = v->due - v->made;
    buf_fmt(&b, "%zu due, %zu made, %zu complete", v->due, v->made, v->complete);
    if (v->failed)
        buf_fmt(&b, ", %zu failed", v->failed);
    if (v->retried)
        buf_fmt(&b, ", %zu tried again", v->retried);
    buf_fmt(&b, "; %zu missed", missed);
    put_missed(&b, v);
    bool wrong = v->missed[MISSED_OVERLAP] || v->missed[MISSED_OTHER];
    add(s, wrong ? MARK_WRONG : missed || v->failed ? MARK_NOTE : MARK_FINE, "runs", buf_slice(&b));
}

static void add_kept(struct arena *a, struct account *s, const struct played *r)
{
    const struct played_verdict *v = &r->verdict;
    const struct played_span *last = r->span_count ? &r->spans[r->span_count - 1] : NULL;
    slice text = arena_fmt(
        a, "at most %zu Backup%s (%.*s) and about %.*s (%.*s)", v->peak_backups,
        v->peak_backups == 1 ? "" : "s", FMT(slice_cut(account_time(a, v->peak_backups_at), 0, 10)),
        FMT(account_bytes(a, v->peak_bytes)), FMT(slice_cut(account_time(a, v->peak_bytes_at), 0, 10)));
    bool orphans = last && last->orphaned_bytes > 0;
    if (orphans)
        text = arena_fmt(a,
                         "%.*s, of which %.*s belong to deleted Backups: cleanPolicy does not delete "
                         "their data",
                         FMT(text), FMT(account_bytes(a, last->orphaned_bytes)));
    add(s, orphans ? MARK_NOTE : MARK_FINE, "kept", text);
}

static void add_log(struct arena *a, struct account *s, const struct played *r)
{
    const struct played_verdict *v = &r->verdict;
    if (!r->with_log)
        return;
    slice text = arena_fmt(a, "%zu truncation%s", v->truncations, v->truncations == 1 ? "" : "s");
    if (v->log_down)
        text = arena_fmt(a, "no task ran for %.*s, from %.*s on%s; %.*s", FMT(account_span(a, v->log_down)),
                         FMT(account_time(a, v->log_down_at)),
                         v->log_ended ? ", and none runs at the end" : "", FMT(text));
    if (r->with_compaction)
        text = arena_fmt(
            a, "%.*s, %zu compaction%s%s", FMT(text), v->compactions, v->compactions == 1 ? "" : "s",
            v->compactions_failed ? arena_cstr(a, arena_fmt(a, " (%zu failed)", v->compactions_failed)) : "");
    add(s,
        v->log_down || v->log_ended ? MARK_WRONG
        : v->compactions_failed     ? MARK_NOTE
                                    : MARK_FINE,
        "log", text);
}

struct account account_of(struct arena *a, const struct played *r)
{
    struct account s = {0};
    add_restorable(a, &s, r);
    add_window(a, &s, r);
    add_runs(a, &s, r);
    add_log(a, &s, r);
    add_kept(a, &s, r);
    return s;
}

slice account_assumed(struct arena *a, const struct played *r)
{
    const struct scenario *s = r->scenario;
    struct buf b = buf_new(a, 1024);
    buf_fmt(&b, "a snapshot takes %.*s and has %.*s", FMT(account_span(a, s->snapshot_takes)),
            FMT(account_bytes(a, s->snapshot_bytes)));
    if (s->growth_per_day > 0)
        buf_fmt(&b, " and %.*s more each day", FMT(account_bytes(a, s->growth_per_day)));
    if (r->with_log)
        buf_fmt(&b, "; the log writes %.*s an hour and lags %.*s", FMT(account_bytes(a, s->log_per_hour)),
                FMT(account_span(a, s->log_lag)));
    if (r->with_compaction)
        buf_fmt(&b, "; a compaction takes %.*s and writes %.0f%% of its log, which nothing deletes",
                FMT(account_span(a, s->compaction_takes)), s->compacted_share * 100);
    return buf_slice(&b);
}
