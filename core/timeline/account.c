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
    slice name = x->name, detail = x->detail,
          span = account_span(a, x->at - (x->due    ? x->due
                                          : x->from ? x->from
                                                    : x->at));
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
    case PLAYED_EDIT_DENIED:
        return arena_fmt(a, "the edit %.*s is denied: %.*s", FMT(name), FMT(detail));
    case PLAYED_NO_EFFECT:
        return arena_fmt(a, "%.*s has no effect: %.*s", FMT(name), FMT(detail));
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
