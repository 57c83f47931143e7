/* What a BackupSchedule keeps: maxReservedTime, maxBackups, and whether the data goes with the objects. */
#include "rule_schedule.h"

#include "ascii.h"
#include "duration.h"
#include "operator.h"

#include <math.h>

#define SUBJECT struct timed_schedule
#define RULES   "rule_retention.def"
#include "rule_table.h"

enum {
    WEEK = 7 * 24 * 60 * 60,
    BACKUPS_LEAST = 3, /* below, a failed and a running one leave no finished one */
};

/* Of a few digits. */
static long long small_number(slice digits)
{
    long long value = 0;
    for (size_t i = 0; i < digits.n; i++)
        value = value * 10 + (digits.p[i] - '0');
    return value;
}

static void refuse_duration(struct rule_run *run, const struct duration_field *d)
{
    slice s = d->text.value;
    size_t digits = 0;
    if (d->text.state != FIELD_GIVEN || d->ok)
        return;
    struct finding *x = rule_refused_duration(run, &rule_bad_duration, d);
    while (digits < s.n && ascii_is_digit(s.p[digits]))
        digits++;
    if (digits && digits == s.n && digits <= 4) /* a week, in hours or in days? */
        finding_hint(x, "write %.*sh, or %lldh for %.*s days", FMT(s), 24 * small_number(s), FMT(s));
}

static void bad_duration(struct rule_run *run, const struct timed_schedule *s)
{
    refuse_duration(run, &s->spec->max_reserved_time);
    refuse_duration(run, &s->spec->compact_interval);
    refuse_duration(run, &s->spec->compact_span);
}

static void refuse_nonpositive(struct rule_run *run, const struct duration_field *d, const char *effect,
                               const char *hint)
{
    if (!d->ok || d->ns > 0)
        return;
    struct finding *x =
        finding_at(run->findings, &rule_nonpositive_duration, FIELD_INVALID, at_value(d->text.node),
                   "%.*s: must be greater than 0, %s", FMT(node_value(run->arena, d->text.node)), effect);
    finding_hint(x, "%s", hint);
}

static void nonpositive_duration(struct rule_run *run, const struct timed_schedule *s)
{
    const char *compacts = "or every sync starts a compaction";
    refuse_nonpositive(run, &s->spec->max_reserved_time, "or every finished backup is deleted immediately",
                       "for example, 168h; omit the field to keep everything");
    refuse_nonpositive(run, &s->spec->compact_interval, compacts, "for example 1h");
    refuse_nonpositive(run, &s->spec->compact_span, compacts, "for example 1h");
}

/* maxReservedTime that works, in seconds; 0 for none. */
static int64_t reserved(const struct timed_schedule *s)
{
    return schedule_retention(s->spec).seconds;
}

static int64_t enough_for_two(const struct timed_schedule *s)
{
    return retention_for_two(s->rhythm.longest_gap);
}

/* With a log backup the last snapshot before the horizon stays, so that any span holds one. */
static void reserved_shorter_than_interval(struct rule_run *run, const struct timed_schedule *s)
{
    int64_t span = reserved(s), gap = s->rhythm.longest_gap;
    if (!span || !s->fires || span >= 2 * gap || schedule_has(s, "logBackupTemplate"))
        return;
    const struct text *t = &s->spec->max_reserved_time.text;
    slice apart = span_words(run->arena, gap);
    const char *up_to = s->rhythm.shortest_gap == gap ? "" : "up to ";
    struct finding *x;
    if (span < gap)
        x = finding_at(
            run->findings, &rule_reserved_shorter_than_interval, FIELD_NONE, at_value(t->node),
            "backups are %s%.*s apart: after %.*s the last one is deleted before the next one exists", up_to,
            FMT(apart), FMT(t->value));
    else
        x = finding_at(run->findings, &rule_reserved_shorter_than_interval, FIELD_NONE, at_value(t->node),
                       "backups are %s%.*s apart: with %.*s a single failed run can leave none", up_to,
                       FMT(apart), FMT(t->value));
    finding_hint(x, "write %.*s or more, to keep two", FMT(span_duration(run->arena, enough_for_two(s))));
}

static void reserved_failed_evidence(struct rule_run *run, const struct timed_schedule *s)
{
    if (!reserved(s))
        return;
    struct finding *x =
        finding_at(run->findings, &rule_reserved_failed_evidence, FIELD_NONE,
                   at_value(s->spec->max_reserved_time.text.node),
                   "a failed backup has no commitTs: retention treats it as old and deletes it immediately");
    finding_hint(x, "look for failures in events and logs, not in the list of Backups");
}

static void both_retentions(struct rule_run *run, const struct timed_schedule *s)
{
    const struct number *most = &s->spec->max_backups;
    if (!reserved(s) || most->state != FIELD_GIVEN || most->value <= 0)
        return;
    struct finding *x = finding_at(run->findings, &rule_both_retentions, FIELD_NONE, at_value(most->node),
                                   "maxBackups is ignored: maxReservedTime takes precedence");
    finding_note(x, at_key(s->spec->max_reserved_time.text.node), "this one is used");
    finding_hint(x, "remove one of them");
}

/* "720 more a day", "52 more a year". */
static slice growth_words(struct arena *a, const struct timed_schedule *s)
{
    double per_year = s->rhythm.per_day * 365.2425;
    if (!s->fires || per_year < 0.5)
        return (slice){0};
    bool daily = s->rhythm.per_day >= 1;
    double n = daily ? s->rhythm.per_day : per_year;
    bool exact = fabs(n - round(n)) < 1e-6;
    return arena_fmt(a, ", %s%.0f more per %s", daily && !exact ? "about " : "", round(n),
                     daily ? "day" : "year");
}

static void no_retention(struct rule_run *run, const struct timed_schedule *s)
{
    const struct number *most = &s->spec->max_backups;
    if (schedule_retention(s->spec).kind != RETENTION_NONE || most->value < 0)
        return; /* another rule reports negative values */
    slice more = growth_words(run->arena, s);
    struct finding *x;
    if (most->state == FIELD_GIVEN)
        x = finding_at(run->findings, &rule_no_retention, FIELD_NONE, at_value(most->node),
                       "0 keeps every backup forever%.*s", FMT(more));
    else
        x = finding_at(run->findings, &rule_no_retention, FIELD_NONE,
                       at_member(s->spec->node, "maxReservedTime"),
                       "without maxReservedTime or maxBackups every backup is kept forever%.*s", FMT(more));
    int64_t span = s->fires && enough_for_two(s) > WEEK ? enough_for_two(s) : WEEK;
    finding_hint(x, "add, for example, maxReservedTime: %.*s", FMT(span_duration(run->arena, span)));
}

static void negative_maxbackups(struct rule_run *run, const struct timed_schedule *s)
{
    const struct number *most = &s->spec->max_backups;
    if (most->state != FIELD_GIVEN || most->value >= 0)
        return;
    struct finding *x = finding_at(run->findings, &rule_negative_maxbackups, FIELD_NONE, at_value(most->node),
                                   "%lld keeps every backup forever, as 0 does", (long long)most->value);
    finding_hint(x, "write how many backups to keep, or 0 for all");
}

static bool counts_backups(const struct timed_schedule *s)
{
    return schedule_retention(s->spec).kind == RETENTION_BY_COUNT;
}

static void maxbackups_low(struct rule_run *run, const struct timed_schedule *s)
{
    const struct number *most = &s->spec->max_backups;
    if (!counts_backups(s) || most->value >= BACKUPS_LEAST)
        return;
    struct finding *x = finding_at(
        run->findings, &rule_maxbackups_low, FIELD_NONE, at_value(most->node),
        "failed and running backups also count: with %lld a failed run can push out the last good one",
        (long long)most->value);
    finding_hint(x, "keep %d or more, or use maxReservedTime", BACKUPS_LEAST);
}

static void maxbackups_with_log(struct rule_run *run, const struct timed_schedule *s)
{
    if (!counts_backups(s) || !schedule_has(s, "logBackupTemplate"))
        return;
    struct finding *x = finding_at(
        run->findings, &rule_maxbackups_with_log, FIELD_FORBIDDEN, at_value(s->spec->max_backups.node),
        "maxBackups counts the log backup, deletes it when it is the oldest, and never "
        "truncates the log");
    finding_note(x, at_key(node_get(s->spec->node, LIT("logBackupTemplate"))), "there is a log backup");
    int64_t span = s->fires && enough_for_two(s) > WEEK ? enough_for_two(s) : WEEK;
    finding_hint(x, "replace it with maxReservedTime, for example %.*s",
                 FMT(span_duration(run->arena, span)));
}

static void schedule_retain_leak(struct rule_run *run, const struct timed_schedule *s)
{
    const struct backup_spec *b = &s->spec->backup_template;
    const struct text *policy = &b->clean_policy;
    const struct node *retention = reserved(s)         ? s->spec->max_reserved_time.text.node
                                   : counts_backups(s) ? s->spec->max_backups.node
                                                       : NULL;
    if (!retention || !b->node || !text_known(policy) || slice_eq(policy->value, LIT("Delete")))
        return;
    bool failed_only = slice_eq(policy->value, LIT("OnFailure"));
    struct finding *x = finding_at(
        run->findings, &rule_schedule_retain_leak, FIELD_NONE, at_member(b->node, "cleanPolicy"),
        "retention deletes the Backup objects, but cleanPolicy %s keeps %s data in the storage forever",
        failed_only ? "OnFailure" : "Retain", failed_only ? "successful backups'" : "their");
    finding_note(x, at_key(retention), "retention is set here");
    finding_hint(x, "write cleanPolicy: Delete, or let the storage expire old data");
}

void check_retention(struct rule_run *run, const struct timed_schedule *s)
{
    run_checks(run, s);
}
