/* The timeline as text. Events that repeat get one line, and are then only counted. */
#include "timeline.h"

#include "account.h"

/* Kinds of events that a healthy schedule has all the time. */
static bool is_routine(enum played_kind kind)
{
    return kind == PLAYED_SNAPSHOT || kind == PLAYED_COMPACTION || kind == PLAYED_EXPIRED ||
           kind == PLAYED_EXPIRED_FAILED || kind == PLAYED_TRUNCATED;
}

enum { TOLD_MOST = 3 }; /* lines for each kind that is not routine; then it is counted, too */

struct telling {
    struct buf *out;
    struct arena *arena;
    const struct played *played;
    bool seen[PLAYED_KINDS];
    size_t told[PLAYED_KINDS];
    size_t counted[PLAYED_KINDS]; /* since the last line */
    size_t folded;
    int64_t last; /* when the last one of these was */
};

static void put_count(struct telling *t, enum played_kind kind, const char *one, const char *many,
                      const char **between)
{
    size_t n = t->counted[kind];
    if (!n)
        return;
    buf_fmt(t->out, "%s%zu %s", *between, n, n == 1 ? one : many);
    *between = ", ";
}

/* Puts the line for the events that have only been counted. */
static void put_folded(struct telling *t)
{
    static const struct {
        enum played_kind kind;
        const char *one, *many;
    } words[] = {{PLAYED_SNAPSHOT, "snapshot", "snapshots"},
                 {PLAYED_SNAPSHOT_FAILED, "failed snapshot", "failed snapshots"},
                 {PLAYED_SNAPSHOT_RETRIED, "dead pod", "dead pods"},
                 {PLAYED_MISSED, "missed run", "missed runs"},
                 {PLAYED_COMPACTION, "compaction", "compactions"},
                 {PLAYED_COMPACTION_FAILED, "failed compaction", "failed compactions"},
                 {PLAYED_EXPIRED, "snapshot expired", "snapshots expired"},
                 {PLAYED_EXPIRED_FAILED, "failed one expired", "failed ones expired"},
                 {PLAYED_TRUNCATED, "truncation", "truncations"}};
    const char *between = "";
    if (!t->folded)
        return;
    buf_fmt(t->out, "  ... until %.*s: ", FMT(account_time(t->arena, t->last)));
    size_t others = t->folded;
    for (size_t i = 0; i < COUNT(words); i++) {
        others -= t->counted[words[i].kind];
        put_count(t, words[i].kind, words[i].one, words[i].many, &between);
    }
    if (others)
        buf_fmt(t->out, "%s%zu other events as before", between, others);
    buf_char(t->out, '\n');
    memset(t->counted, 0, sizeof t->counted);
    t->folded = 0;
}

static void tell(struct telling *t, const struct played_event *x, bool all)
{
    bool routine = is_routine(x->kind);
    bool known = routine ? t->seen[x->kind] : t->told[x->kind] >= TOLD_MOST;
    if (known && !all) {
        t->counted[x->kind]++;
        t->folded++;
        t->last = x->at;
        return;
    }
    put_folded(t);
    if (!routine)
        t->seen[PLAYED_SNAPSHOT] = false; /* the next one gets a line: snapshots continue */
    t->seen[x->kind] = routine;
    t->told[x->kind]++;
    buf_fmt(t->out, "%.*s  %.*s\n", FMT(account_time(t->arena, x->at)), FMT(account_event(t->arena, x)));
}

static void put_account(struct buf *b, const struct played *r)
{
    static const char *const marks[] = {[MARK_FINE] = "ok", [MARK_NOTE] = "note", [MARK_WRONG] = "WRONG"};
    struct account s = account_of(b->arena, r);
    buf_char(b, '\n');
    for (size_t i = 0; i < s.count; i++)
        buf_fmt(b, "%-5s  %-11s  %.*s\n", marks[s.rows[i].mark], s.rows[i].label, FMT(s.rows[i].text));
    buf_fmt(b, "%-5s  %-11s  %.*s\n", "", "assumed", FMT(account_assumed(b->arena, r)));
}

void timeline_put_text(struct buf *b, const struct played *r, bool all)
{
    struct telling t = {.out = b, .arena = b->arena, .played = r};
    buf_fmt(b, "BackupSchedule %.*s/%.*s, \"%.*s\", from %.*s to %.*s UTC\n\n", FMT(r->namespace),
            FMT(r->name), FMT(r->cron), FMT(account_time(b->arena, r->from)),
            FMT(account_time(b->arena, r->until)));
    for (size_t i = 0; i < r->event_count; i++)
        tell(&t, &r->events[i], all);
    put_folded(&t);
    put_account(b, r);
}
