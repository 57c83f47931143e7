/* The cron expression of a BackupSchedule: can it be read, does it fire, and how often. */
#include "rule_schedule.h"

#include "brgate_limits.h"

#define SUBJECT struct timed_schedule
#define RULES   "rule_cron.def"
#include "rule_table.h"

enum {
    FIELDS = 5,
    PER_DAY_MOST = 144, /* one in ten minutes; backups of real clusters take longer */
    EVERY_LEAST = 60,   /* seconds */
};

/* Field `i` of an expression that was read, or the empty slice when it is no five words. */
static slice cron_field(slice s, size_t i)
{
    slice found = {0};
    size_t count = 0;
    for (size_t at = 0; at < s.n;) {
        size_t end = at;
        while (end < s.n && s.p[end] != ' ' && s.p[end] != '\t')
            end++;
        if (end > at && count++ == i)
            found = slice_cut(s, at, end - at);
        at = end + 1;
    }
    return count == FIELDS ? found : (slice){0};
}

/* The fields from `first` to `last`. */
static struct place at_fields(const struct text *t, size_t first, size_t last)
{
    slice s = t->value, from = cron_field(s, first), to = cron_field(s, last);
    if (!from.n || !to.n)
        return at_value(t->node);
    return at_part(t->node, (size_t)(from.p - s.p), (size_t)(to.p + to.n - s.p));
}

/* `daily` for @daily: the intended descriptor, or NULL. */
static const char *descriptor_meant(slice s)
{
    static const struct {
        slice word;
        const char *descriptor;
    } words[] = {{SLICE("hourly"), "@hourly"}, {SLICE("daily"), "@daily"},
                 {SLICE("nightly"), "@daily"}, {SLICE("midnight"), "@midnight"},
                 {SLICE("weekly"), "@weekly"}, {SLICE("monthly"), "@monthly"},
                 {SLICE("yearly"), "@yearly"}, {SLICE("annually"), "@annually"}};
    slice word = slice_trim(s);
    word = slice_from(word, slice_starts(word, LIT("@")));
    for (size_t i = 0; i < COUNT(words); i++)
        if (slice_eq_nocase(word, words[i].word))
            return words[i].descriptor;
    return NULL;
}

static void cron_syntax(struct rule_run *run, const struct timed_schedule *s)
{
    const struct text *t = &s->spec->schedule;
    if (t->state != FIELD_GIVEN || s->spec->cron_ok)
        return;
    struct refusal refusal = {0};
    struct cron ignored;
    cron_parse(t->value, &ignored, &refusal);
    struct finding *x = rule_refused(run, &rule_cron_syntax, t, &refusal);
    const char *meant = descriptor_meant(t->value);
    if (!x->hint.n && meant) {
        finding_edit(x, at_value(t->node), slice_of(meant));
        finding_hint(x, "write \"%s\"", meant);
    } else if (!x->hint.n && refusal.n == t->value.n)
        finding_hint(x, "for example, \"0 2 * * *\": every day at 02:00");
}

static void cron_never_fires(struct rule_run *run, const struct timed_schedule *s)
{
    const struct text *t = &s->spec->schedule;
    const struct cron *c = &s->spec->cron;
    if (!s->spec->cron_ok || s->fires)
        return;
    const uint64_t bits[FIELDS] = {c->minutes, c->hours, c->days, c->months, c->weekdays};
    static const char *const names[FIELDS] = {"minute", "hour", "day of month", "month", "day of week"};
    for (size_t i = 0; i < FIELDS; i++) {
        if (bits[i])
            continue;
        struct finding *x =
            finding_at(run->findings, &rule_cron_never_fires, FIELD_INVALID, at_fields(t, i, i),
                       "%.*s: the %s field matches none: the schedule never fires",
                       FMT(node_value(run->arena, t->node)), names[i]);
        finding_hint(x, "write * for every %s", names[i]);
        return;
    }
    bool ever = cron_rhythm(c).fires;
    struct finding *x =
        finding_at(run->findings, &rule_cron_never_fires, FIELD_INVALID, at_fields(t, 2, ever ? 4 : 3),
                   "%.*s: %s: it never fires", FMT(node_value(run->arena, t->node)),
                   ever ? "no such date within the next five years" : "none of these months has such a day");
    finding_hint(x, "every month has the days 1 to 28");
}

/* "720 backups a day", or on the days on which it runs at all. */
static slice count_words(struct arena *a, const struct cron_rhythm *r)
{
    bool each_day = r->per_day > (double)r->most_per_day - 1e-9;
    return arena_fmt(a, "%u backups %s", r->most_per_day, each_day ? "a day" : "on each day it runs");
}

static slice pace_words(struct arena *a, const struct cron *c, const struct cron_rhythm *r)
{
    int hours = __builtin_popcount(c->hours);
    int hour = hours ? __builtin_ctz(c->hours) : 0;
    if (!cron_every_minute_of_some_hours(c) && r->shortest_gap == 60)
        return r->longest_gap == 60 ? LIT("one every minute") : LIT("at times one every minute");
    if (!cron_every_minute_of_some_hours(c))
        return arena_fmt(a, "%s %.*s", r->shortest_gap == r->longest_gap ? "one every" : "at times one every",
                         FMT(span_words(a, r->shortest_gap)));
    if (hours == 1)
        return arena_fmt(a, "one every minute from %02d:00 to %02d:59", hour, hour);
    return arena_fmt(a, "one every minute in %d of 24 hours", hours);
}

/* The step of a minute field "* / n" that makes sense as one of hours; 0 for other fields. */
static int step_of_hours(slice minutes)
{
    static const slice steps[] = {SLICE("*/2"), SLICE("*/3"), SLICE("*/4"),
                                  SLICE("*/6"), SLICE("*/8"), SLICE("*/12")};
    static const int hours[] = {2, 3, 4, 6, 8, 12};
    for (size_t i = 0; i < COUNT(steps); i++)
        if (slice_eq(minutes, steps[i]))
            return hours[i];
    return 0;
}

static void suggest_rarer(struct rule_run *run, struct finding *x, slice s, const struct cron *c)
{
    struct buf b = buf_new(run->arena, LIMIT_MESSAGE_BYTES);
    int step = step_of_hours(cron_field(s, 0));
    if (c->every) {
        finding_hint(x, "for one per hour write \"@every 1h\"");
    } else if (cron_every_minute_of_some_hours(c) && cron_field(s, 0).n) {
        cron_put_at_minute_zero(&b, slice_trim(s));
        finding_edit(x, at_value(x->place.node), buf_slice(&b));
        finding_hint(x, "did you mean \"%.*s\"?", FMT(buf_slice(&b)));
    } else if (step && slice_eq(cron_field(s, 1), LIT("*"))) {
        slice days = slice_from(s, (size_t)(cron_field(s, 2).p - s.p));
        finding_hint(x, "for one every %d hours write \"0 */%d %.*s\"", step, step, FMT(slice_trim(days)));
    } else if (cron_field(s, 0).n) {
        cron_put_at_minute_zero(&b, slice_trim(s));
        finding_hint(x, "for one per hour write \"%.*s\"", FMT(buf_slice(&b)));
    }
}

static void cron_every_minute(struct rule_run *run, const struct timed_schedule *s)
{
    const struct text *t = &s->spec->schedule;
    const struct cron *c = &s->spec->cron;
    if (!s->fires || (s->rhythm.most_per_day <= PER_DAY_MOST && !cron_every_minute_of_some_hours(c)))
        return;
    struct finding *x =
        finding_at(run->findings, &rule_cron_every_minute, FIELD_NONE, at_fields(t, 0, 0),
                   "%.*s makes %.*s, %.*s", FMT(node_value(run->arena, t->node)),
                   FMT(count_words(run->arena, &s->rhythm)), FMT(pace_words(run->arena, c, &s->rhythm)));
    suggest_rarer(run, x, t->value, c);
}

static void cron_every_small(struct rule_run *run, const struct timed_schedule *s)
{
    const struct text *t = &s->spec->schedule;
    const struct cron *c = &s->spec->cron;
    if (!s->fires || !c->every || c->every >= EVERY_LEAST)
        return;
    struct finding *x = finding_at(
        run->findings, &rule_cron_every_small, FIELD_NONE, at_part(t->node, LIT("@every ").n, t->value.n),
        "%.*s makes %.*s, one every %.*s", FMT(node_value(run->arena, t->node)),
        FMT(count_words(run->arena, &s->rhythm)), FMT(span_words(run->arena, c->every)));
    finding_hint(x, "a minute is the shortest useful interval; for one per hour write \"@every 1h\"");
}

/* Days by month and by week: one of them is enough, unless one begins with a star. */
static void cron_day_or(struct rule_run *run, const struct timed_schedule *s)
{
    const struct text *t = &s->spec->schedule;
    const struct cron *c = &s->spec->cron;
    slice day = cron_field(t->value, 2), weekday = cron_field(t->value, 4);
    bool either = s->fires && cron_days_either(c), both = s->fires && cron_days_both(c);
    if (!either && !both)
        return;
    struct finding *x;
    if (either)
        x = finding_at(
            run->findings, &rule_cron_day_or, FIELD_NONE, at_fields(t, 2, 4),
            "day of month %.*s and day of week %.*s: a backup runs on days that match either one, not both",
            FMT(day), FMT(weekday));
    else
        x = finding_at(run->findings, &rule_cron_day_or, FIELD_NONE, at_fields(t, 2, 4),
                       "day of month %.*s and day of week %.*s: a backup runs only on days that match both, "
                       "because one begins with a star",
                       FMT(day), FMT(weekday));
    finding_hint(x, "write * for the one that should not count");
}

static void schedule_timezone(struct rule_run *run, const struct timed_schedule *s)
{
    const struct text *t = &s->spec->schedule;
    if (!s->fires || s->spec->cron.every || s->spec->cron.hours == (UINT32_C(1) << 24) - 1)
        return;
    struct finding *x = finding_at(run->findings, &rule_schedule_timezone, FIELD_NONE, at_fields(t, 1, 1),
                                   "the hours are in the operator's time zone, UTC unless its pod sets TZ");
    finding_hint(x, "the times in backup names are always UTC");
}

void check_cron(struct rule_run *run, const struct timed_schedule *s)
{
    run_checks(run, s);
}
