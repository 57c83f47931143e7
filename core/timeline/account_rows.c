/* The rows of the account: what the play comes to, and why. */
#include "account.h"

struct rows {
    struct arena *arena;
    const struct played *played;
    struct account *account;
};

static void add(struct rows *r, enum mark mark, const char *label, slice text)
{
    r->account->rows[r->account->count++] = (struct account_row){mark, label, text};
    r->account->wrong = r->account->wrong || mark == MARK_WRONG;
}

static const char *plural(size_t n)
{
    return n == 1 ? "" : "s";
}

/* "7d, from 2026-01-24 00:00 on", with the number of stretches if there are several. */
static slice put_times(struct arena *a, const struct played_times *t)
{
    slice span = account_span(a, t->seconds), at = account_time(a, t->at);
    if (t->count > 1)
        return arena_fmt(a, "%.*s in %zu stretches, the first from %.*s on", FMT(span), t->count, FMT(at));
    return arena_fmt(a, "%.*s, from %.*s on", FMT(span), FMT(at));
}

/* ---- restorable ---- */

static void put_missed(struct buf *b, const struct played_verdict *v)
{
    static const char *const why[MISS_KINDS] = {[MISSED_PAUSED] = "while the schedule was paused",
                                                [MISSED_CONTROLLER_DOWN] = "while the controller was down",
                                                [MISSED_OVERLAP] = "while the previous run still ran",
                                                [MISSED_OTHER] = "for another reason"};
    const char *between = "";
    for (size_t i = 0; i < MISS_KINDS; i++) {
        if (!v->missed[i])
            continue;
        buf_fmt(b, "%s%zu %s", between, v->missed[i], why[i]);
        between = ", ";
    }
}

static slice why_never(const struct rows *r)
{
    struct arena *a = r->arena;
    const struct played_verdict *v = &r->played->verdict;
    struct buf b = buf_new(a, 512);
    if (!v->due && v->next_due)
        return arena_fmt(a, "no run is due before the end; the first is due at %.*s: play longer (--for)",
                         FMT(account_time(a, v->next_due)));
    if (!v->due)
        return LIT("no run was due");
    if (v->made && v->failed)
        return arena_fmt(a, "no snapshot is complete, %zu failed", v->failed);
    if (v->made)
        return LIT("the first snapshot still runs at the end: play longer (--for)");
    buf_put(&b, LIT("every run that was due "));
    buf_put(&b, v->due > v->waiting ? LIT("was missed: ") : LIT("waits"));
    put_missed(&b, v);
    return buf_slice(&b);
}

static slice why_lost(const struct rows *r)
{
    const struct played_verdict *v = &r->played->verdict;
    return v->deleted_at     ? LIT("somebody deleted the schedule, and its Backups with it")
           : v->lost_by_hand ? LIT("what was left was deleted by hand")
                             : LIT("retention deleted what was left");
}

static void add_restorable(struct rows *r)
{
    struct arena *a = r->arena;
    const struct played_verdict *v = &r->played->verdict;
    if (v->first_restorable < 0) {
        add(r, MARK_WRONG, "restorable",
            arena_fmt(a, "never: no point can be restored, because %.*s", FMT(why_never(r))));
        return;
    }
    slice text = arena_fmt(a,
                           "first point after %.*s; from then on the newest point was never older than %.*s "
                           "(on %.*s)",
                           FMT(account_span(a, v->first_restorable)), FMT(account_span(a, v->blind)),
                           FMT(account_time(a, v->blind_at)));
    if (v->lost.seconds)
        text = arena_fmt(a, "%.*s; nothing could be restored any more for %.*s: %.*s", FMT(text),
                         FMT(put_times(a, &v->lost)), FMT(why_lost(r)));
    add(r, v->lost.seconds ? MARK_WRONG : MARK_FINE, "restorable", text);
}

/* ---- the window ---- */

struct promise {
    int64_t least, reached; /* the shortest maxReservedTime; the farthest that a restore could reach back */
    slice text;             /* "the last 14d (2d from 2026-01-06 00:00 on)"; empty: none */
};

/* Puts what maxReservedTime promises, with the edits that change it. */
static void put_promise(struct arena *a, struct buf *b, const struct played_span *x, size_t number)
{
    enum { TOLD_MOST = 4 };
    slice span = x->reserved ? account_span(a, x->reserved) : LIT("no time");
    if (number == 0)
        buf_fmt(b, "the last %.*s", FMT(span));
    else if (number < TOLD_MOST)
        buf_fmt(b, "%s%.*s from %.*s on", number == 1 ? " (" : ", ", FMT(span),
                FMT(account_time(a, x->from)));
    else if (number == TOLD_MOST)
        buf_put(b, LIT(", and more edits"));
}

static struct promise promise_of(const struct rows *r)
{
    struct arena *a = r->arena;
    struct promise p = {0};
    struct buf b = buf_new(a, 1024);
    int64_t before = 0, deleted_at = r->played->verdict.deleted_at;
    size_t promises = 0;
    for (size_t i = 0; i < r->played->span_count; i++) {
        const struct played_span *x = &r->played->spans[i];
        int64_t back = x->oldest ? x->to - x->oldest : 0;
        p.reached = back > p.reached ? back : p.reached;
        if (x->reserved && (!p.least || x->reserved < p.least))
            p.least = x->reserved;
        if (x->reserved == before || (deleted_at && x->from >= deleted_at))
            continue;
        before = x->reserved;
        put_promise(a, &b, x, promises++);
    }
    if (promises > 1)
        buf_char(&b, ')');
    p.text = buf_slice(&b);
    return p;
}

static void add_unpromised(struct rows *r, const char *label)
{
    int64_t most = r->played->most;
    if (most)
        add(r, MARK_FINE, label,
            arena_fmt(r->arena, "the newest %lld snapshots stay; maxReservedTime promises no span of time",
                      (long long)most));
    else
        add(r, MARK_NOTE, label,
            LIT("nothing is ever deleted: neither maxBackups nor maxReservedTime is set"));
}

/* Returns when the log began anew; 0: it ran on, or never began. */
static int64_t log_anew(const struct played *r)
{
    size_t begun = 0;
    for (size_t i = 0; i < r->event_count; i++)
        if (r->events[i].kind == PLAYED_LOG_RUNS && begun++)
            return r->events[i].at;
    return 0;
}

/* "while the log ran (it did not for 10h)" */
static slice while_it_ran(const struct rows *r)
{
    int64_t down = r->played->verdict.log_down.seconds;
    return down ? arena_fmt(r->arena, "while the log ran (it did not for %.*s)",
                            FMT(account_span(r->arena, down)))
                : LIT("while the log ran");
}

/* The promise was kept as far as there was one. */
static slice kept_promise(const struct rows *r, const struct promise *p)
{
    struct arena *a = r->arena;
    bool log = r->played->with_log;
    int64_t deleted_at = r->played->verdict.deleted_at;
    struct buf b = buf_new(a, 1024);
    if (p->reached < p->least) {
        buf_put(&b, LIT("everything since the first snapshot "));
        if (log)
            buf_fmt(&b, "could be restored %.*s, to any point", FMT(while_it_ran(r)));
        else
            buf_put(&b, LIT("was covered by snapshots"));
        buf_fmt(&b, ": that is %.*s at most, as the play is too short for %.*s",
                FMT(account_span(a, p->reached)), FMT(p->text));
    } else if (log) {
        buf_fmt(&b, "%.*s could be restored at every moment %.*s, to any point in them", FMT(p->text),
                FMT(while_it_ran(r)));
    } else {
        buf_fmt(&b, "%.*s were covered by snapshots at every moment", FMT(p->text));
    }
    if (deleted_at)
        buf_fmt(&b, "; on %.*s somebody deleted the schedule", FMT(account_time(a, deleted_at)));
    return buf_slice(&b);
}

static void add_window(struct rows *r)
{
    struct arena *a = r->arena;
    const struct played_verdict *v = &r->played->verdict;
    const char *label = r->played->with_log ? "PITR window" : "window";
    struct promise p = promise_of(r);
    int64_t anew = log_anew(r->played);
    enum mark mark = v->log_down.seconds || v->deleted_at ? MARK_NOTE : MARK_FINE;
    slice text;
    if (!p.least) {
        add_unpromised(r, label);
        return;
    }
    if (!p.reached) {
        mark = MARK_WRONG;
        text = arena_fmt(a, "empty: %.*s are promised, but %s", FMT(p.text),
                         v->complete ? "the log covers no snapshot" : "no snapshot is complete");
    } else if (v->broken.seconds) {
        mark = MARK_WRONG;
        text = arena_fmt(
            a, "%.*s could not be restored for %.*s: %s", FMT(p.text), FMT(put_times(a, &v->broken)),
            v->broken_by_hand ? "what they need was deleted by hand" : "retention deleted what they need");
    } else {
        text = kept_promise(r, &p);
    }
    if (anew) {
        mark = MARK_WRONG;
        text = arena_fmt(a, "%.*s; the log began anew on %.*s: no point before that can be restored any more",
                         FMT(text), FMT(account_time(a, anew)));
    }
    add(r, mark, label, text);
}

/* ---- the other rows ---- */

static void add_runs(struct rows *r)
{
    const struct played_verdict *v = &r->played->verdict;
    struct buf b = buf_new(r->arena, 512);
    size_t missed = v->due - v->made - v->waiting, ended = v->complete + v->failed;
    buf_fmt(&b, "%zu due, %zu made, %zu complete", v->due, v->made, v->complete);
    if (v->failed)
        buf_fmt(&b, ", %zu failed", v->failed);
    if (v->made > ended)
        buf_fmt(&b, ", %zu unfinished", v->made - ended);
    if (v->retried)
        buf_fmt(&b, ", %zu tried again", v->retried);
    buf_fmt(&b, "; %zu missed%s", missed, missed ? ": " : "");
    put_missed(&b, v);
    if (v->waiting)
        buf_put(&b, LIT("; 1 is due and waits at the end"));
    bool wrong = v->missed[MISSED_OVERLAP] || v->missed[MISSED_OTHER];
    add(r, wrong ? MARK_WRONG : missed || v->failed ? MARK_NOTE : MARK_FINE, "runs", buf_slice(&b));
}

static void put_log_gaps(struct rows *r, struct buf *b)
{
    struct arena *a = r->arena;
    const struct played_verdict *v = &r->played->verdict;
    bool same = v->log_down.seconds && v->log_ended && strcmp(v->log_ended, v->log_down_why) == 0;
    if (v->log_down.seconds)
        buf_fmt(b, "no task ran for %.*s%s: %s; ", FMT(put_times(a, &v->log_down)),
                same ? ", and none runs at the end" : "", v->log_down_why);
    if (v->log_ended && !same)
        buf_fmt(b, "no task runs at the end: %s; ", v->log_ended);
    if (v->log_stalled.seconds)
        buf_fmt(b, "the checkpoint stalled for %.*s; ", FMT(put_times(a, &v->log_stalled)));
    if (v->deleted_at)
        buf_fmt(b, "the log ended when somebody deleted the schedule on %.*s; ",
                FMT(account_time(a, v->deleted_at)));
}

static void add_log(struct rows *r)
{
    const struct played_verdict *v = &r->played->verdict;
    struct buf b = buf_new(r->arena, 1024);
    bool wrong = v->log_down.seconds || v->log_ended;
    bool notable = v->compactions_failed || v->log_stalled.seconds || v->deleted_at;
    if (!r->played->with_log)
        return;
    put_log_gaps(r, &b);
    buf_fmt(&b, "%zu truncation%s", v->truncations, plural(v->truncations));
    if (r->played->with_compaction)
        buf_fmt(&b, ", %zu compaction%s", v->compactions, plural(v->compactions));
    if (v->compactions_failed)
        buf_fmt(&b, " (%zu failed)", v->compactions_failed);
    add(r, wrong ? MARK_WRONG : notable ? MARK_NOTE : MARK_FINE, "log", buf_slice(&b));
}

static slice day(struct arena *a, int64_t at)
{
    return slice_cut(account_time(a, at), 0, 10);
}

static void add_kept(struct rows *r)
{
    struct arena *a = r->arena;
    const struct played_verdict *v = &r->played->verdict;
    const struct played_span *last = &r->played->spans[r->played->span_count - 1];
    struct buf b = buf_new(a, 1024);
    bool orphans = last->orphaned_bytes > 0;
    if (v->peak_backups)
        buf_fmt(&b, "at most %zu Backup%s (%.*s)", v->peak_backups, plural(v->peak_backups),
                FMT(day(a, v->peak_backups_at)));
    else
        buf_put(&b, LIT("no Backup"));
    if (v->peak_bytes > 0)
        buf_fmt(&b, " and about %.*s (%.*s)", FMT(account_bytes(a, v->peak_bytes)),
                FMT(day(a, v->peak_bytes_at)));
    else
        buf_put(&b, LIT(", and no data"));
    if (orphans)
        buf_fmt(&b, "; %.*s belong to deleted Backups: cleanPolicy does not delete their data",
                FMT(account_bytes(a, last->orphaned_bytes)));
    if (last->compacted_bytes > 0)
        buf_fmt(&b, "; %.*s at the end are the output of compactions, which nothing deletes",
                FMT(account_bytes(a, last->compacted_bytes)));
    add(r, orphans || last->compacted_bytes > 0 ? MARK_NOTE : MARK_FINE, "kept", buf_slice(&b));
}

/* What the scenario asks for and does not get. */
static void add_scenario(struct rows *r)
{
    struct arena *a = r->arena;
    const struct played_event *denied = NULL, *idle = NULL;
    size_t denials = 0, idles = 0;
    for (size_t i = r->played->event_count; i-- > 0;) {
        const struct played_event *x = &r->played->events[i];
        denied = x->kind == PLAYED_EDIT_DENIED ? x : denied;
        denials += x->kind == PLAYED_EDIT_DENIED;
        idle = x->kind == PLAYED_NO_EFFECT ? x : idle;
        idles += x->kind == PLAYED_NO_EFFECT;
    }
    struct buf b = buf_new(a, 4096);
    if (denied)
        buf_fmt(&b, "%zu edit%s denied%s on %.*s: %.*s", denials, plural(denials),
                denials > 1 ? ", the first" : "", FMT(account_time(a, denied->at)), FMT(denied->detail));
    if (idle)
        buf_fmt(&b, "%s%zu event%s without effect%s on %.*s: %.*s: %.*s", b.n ? "; " : "", idles,
                plural(idles), idles > 1 ? ", the first" : "", FMT(account_time(a, idle->at)),
                FMT(idle->name), FMT(idle->detail));
    if (b.n)
        add(r, denied ? MARK_WRONG : MARK_NOTE, "scenario", buf_slice(&b));
}

struct account account_of(struct arena *a, const struct played *played)
{
    struct account s = {0};
    struct rows r = {a, played, &s};
    add_restorable(&r);
    add_window(&r);
    add_runs(&r);
    add_log(&r);
    add_kept(&r);
    add_scenario(&r);
    if (played->verdict.unsettled)
        add(&r, MARK_WRONG, "reconciler",
            LIT("at some moment it did not come to rest: this is a fault of brgate"));
    return s;
}
