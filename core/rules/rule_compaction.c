/* A BackupSchedule's compaction: its interval against the snapshots, and its template against the
 * log's. */
#include "rule_schedule.h"

#include "brgate_limits.h"
#include "duration.h"
#include "operator.h"

#define SUBJECT struct timed_schedule
#define RULES   "rule_compaction.def"
#include "rule_table.h"

/* The one that has an effect if any does; also where the other group's name was written and pruned: that is reported
 * already. NULL when there is none. */
static const struct node *interval_node(const struct timed_schedule *s)
{
    const struct node *read = node_get(
        s->spec->node, schedule_has(s, "compactInterval") ? LIT("compactInterval") : LIT("compactSpan"));
    if (read)
        return read;
    for (const struct node *n = s->spec->node->first; n; n = n->next)
        if (!(n->flags & NODE_DROPPED) &&
            (slice_eq(n->key, LIT("compactInterval")) || slice_eq(n->key, LIT("compactSpan"))))
            return n;
    return NULL;
}

/* The CRD of each operator has one of the two, and the API server drops the other. */
static const char *interval_name(const struct rule_run *run)
{
    return run->object->group == GROUP_BR ? "compactSpan" : "compactInterval";
}

static void compact_span_conflict(struct rule_run *run, const struct timed_schedule *s)
{
    const struct node *span = node_get(s->spec->node, LIT("compactSpan"));
    const struct node *interval = node_get(s->spec->node, LIT("compactInterval"));
    if (!span || !interval)
        return;
    struct finding *x =
        finding_at(run->findings, &rule_compact_span_conflict, FIELD_FORBIDDEN, at_key(interval),
                   "compactInterval is another name of compactSpan: only one of them may be given");
    finding_note(x, at_key(span), "also set here");
    finding_hint(x, "remove compactInterval");
}

static void compact_span_name(struct rule_run *run, const struct timed_schedule *s)
{
    const struct node *interval = node_get(s->spec->node, LIT("compactInterval"));
    if (run->object->group != GROUP_BR || !interval)
        return;
    struct finding *x = finding_at(run->findings, &rule_compact_span_name, FIELD_NONE, at_key(interval),
                                   "the CRD of TiDB Operator v2 has no compactInterval: where it is "
                                   "installed, the API server drops the field");
    finding_edit(x, at_key(interval), LIT("compactSpan"));
    finding_hint(x, "write compactSpan");
}

static void compact_needs_log(struct rule_run *run, const struct timed_schedule *s)
{
    const struct node *compact = node_get(s->spec->node, LIT("compactBackupTemplate"));
    if (!compact || schedule_has(s, "logBackupTemplate"))
        return;
    struct finding *x = finding_at(run->findings, &rule_compact_needs_log, FIELD_REQUIRED,
                                   at_missing(s->spec->node, LIT("logBackupTemplate")),
                                   "compactBackupTemplate compacts the data of a log backup");
    finding_note(x, at_key(compact), "this has no effect without a log backup");
    finding_hint(x, "add logBackupTemplate with the same storage, or remove compactBackupTemplate");
}

static void compact_needs_interval(struct rule_run *run, const struct timed_schedule *s)
{
    const struct node *spec = s->spec->node, *compact = node_get(spec, LIT("compactBackupTemplate"));
    const struct node *interval = interval_node(s);
    if (compact && schedule_has(s, "logBackupTemplate") && !interval) {
        struct finding *x = finding_at(
            run->findings, &rule_compact_needs_interval, FIELD_NONE, at_member(spec, interval_name(run)),
            "compactBackupTemplate without an interval: nothing is ever compacted");
        finding_hint(x, "add %s", interval_name(run));
    } else if (!compact && interval) {
        struct finding *x = finding_at(
            run->findings, &rule_compact_needs_interval, FIELD_NONE, at_member(spec, "compactBackupTemplate"),
            "an interval without compactBackupTemplate: nothing is ever compacted");
        finding_note(x, at_key(interval), "has no effect");
        finding_hint(x, "add compactBackupTemplate, or remove the interval");
    }
}

static void min_compact_start_ts(struct rule_run *run, const struct timed_schedule *s)
{
    check_timestamp(run, &s->spec->min_compact_start_ts, READ_BY_OPERATOR);
}

/* The difference between the places of log and compaction. */
struct difference {
    const char *member;               /* of both blocks; NULL: they are of different types */
    const struct node *log, *compact; /* the member, or the block */
};

/* A bucket has one region: where both are given and differ, the compaction does not find it. */
static bool regions_differ(const struct storage *log, const struct storage *compact, struct difference *ret)
{
    const struct text *a = &log->s3.region, *b = &compact->s3.region;
    *ret = (struct difference){"region", a->node, b->node};
    return log->used == STORAGE_S3 && text_given(a) && text_given(b) && !slice_eq(a->value, b->value);
}

static bool places_differ(struct rule_run *run, const struct storage *log, const struct storage *compact,
                          struct difference *ret)
{
    struct location a = storage_location(run->arena, log), b = storage_location(run->arena, compact);
    unsigned differs = location_compare(&a, &b).differs;
    if (!differs)
        return regions_differ(log, compact, ret);
    enum location_field first = (enum location_field)(differs & -differs);
    *ret = (struct difference){storage_member(log, first).name, storage_member(log, first).node,
                               storage_member(compact, first).node};
    return true;
}

/* The schedule gives log and compaction the same subfolder; all above it has to be the same already. */
static void compact_storage_differs(struct rule_run *run, const struct timed_schedule *s)
{
    const struct storage *log = &s->spec->log_backup_template.job.storage;
    const struct storage *compact = &s->spec->compact_template.job.storage;
    struct difference d;
    if (log->count != 1 || compact->count != 1 || !places_differ(run, log, compact, &d))
        return;
    const struct node *block = storage_node(compact);
    struct finding *x;
    if (!d.member) {
        x = finding_at(run->findings, &rule_compact_storage_differs, FIELD_INVALID, at_key(block),
                       "the log is written to %s, but the compaction looks for it in %s",
                       storage_type_name(log->used), storage_type_name(compact->used));
        finding_hint(x, "copy the block %s of logBackupTemplate", storage_type_name(log->used));
    } else {
        x = finding_at(run->findings, &rule_compact_storage_differs, FIELD_INVALID,
                       d.compact ? at_value(d.compact) : at_missing(block, slice_of(d.member)),
                       "the log is written to another place: %s differs from that of logBackupTemplate",
                       d.member);
        if (d.log && d.log->kind == NODE_STRING) {
            finding_hint(x, "write %s: %.*s", d.member, FMT(d.log->text));
            if (d.compact)
                finding_edit(x, at_value(d.compact), d.log->text);
        } else {
            finding_hint(x, d.log ? "copy it from logBackupTemplate"
                                  : "remove it, as logBackupTemplate has none");
        }
    }
    finding_note(x, at_key(d.log ? d.log : storage_node(log)), "the log is written here");
}

static slice gap_words(struct arena *a, const struct cron_rhythm *r)
{
    slice shortest = span_words(a, r->shortest_gap), longest = span_words(a, r->longest_gap);
    if (r->shortest_gap == r->longest_gap)
        return shortest;
    return arena_fmt(a, "%.*s to %.*s", FMT(shortest), FMT(longest));
}

/* "40m to 1h": a third to half of the gap. */
static slice range_words(struct arena *a, int64_t gap)
{
    return arena_fmt(a, "%.*s to %.*s", FMT(span_duration(a, (gap + 2) / 3)), FMT(span_duration(a, gap / 2)));
}

/* For a schedule that fires every minute of its hours: would the interval suit the one that was meant? */
static bool mend_schedule_first(struct rule_run *run, struct finding *x, const struct timed_schedule *s)
{
    struct buf b = buf_new(run->arena, LIMIT_MESSAGE_BYTES);
    struct cron meant;
    if (!cron_every_minute_of_some_hours(&s->spec->cron))
        return false;
    cron_put_at_minute_zero(&b, slice_trim(s->spec->schedule.value));
    if (!cron_parse(buf_slice(&b), &meant, NULL))
        return false;
    struct cron_rhythm r = cron_rhythm(&meant);
    finding_hint(x, "fix the schedule first: with \"%.*s\", every %.*s, write %.*s here", FMT(buf_slice(&b)),
                 FMT(gap_words(run->arena, &r)), FMT(range_words(run->arena, r.shortest_gap)));
    return true;
}

/* The interval, when there is all that it is compared with. */
static const struct duration_field *comparable_interval(const struct timed_schedule *s)
{
    bool compared =
        s->fires && schedule_has(s, "compactBackupTemplate") && schedule_has(s, "logBackupTemplate");
    return compared ? schedule_compact_interval(s->spec) : NULL;
}

static void suggest_interval(struct rule_run *run, struct finding *x, const struct timed_schedule *s)
{
    if (!mend_schedule_first(run, x, s))
        finding_hint(x, "write %.*s", FMT(range_words(run->arena, s->rhythm.shortest_gap)));
}

static void compact_interval_exceeds(struct rule_run *run, const struct timed_schedule *s)
{
    const struct duration_field *d = comparable_interval(s);
    if (!d || d->ns <= s->rhythm.shortest_gap * DURATION_SECOND)
        return;
    struct finding *x =
        finding_at(run->findings, &rule_compact_interval_exceeds, FIELD_NONE, at_value(d->text.node),
                   "%.*s is longer than the interval between snapshots, %.*s", FMT(d->text.value),
                   FMT(gap_words(run->arena, &s->rhythm)));
    suggest_interval(run, x, s);
}

/* Half to a third of the snapshots' interval is what the documents advise. Where the gaps differ, any of them
 * may be meant, but no compaction should span more than the shortest. */
static void compact_interval_range(struct rule_run *run, const struct timed_schedule *s)
{
    const struct duration_field *d = comparable_interval(s);
    int64_t shortest = s->rhythm.shortest_gap * DURATION_SECOND,
            longest = s->rhythm.longest_gap * DURATION_SECOND;
    if (!d || (d->ns >= shortest / 3 && d->ns <= longest / 2))
        return;
    struct finding *x =
        finding_at(run->findings, &rule_compact_interval_range, FIELD_NONE, at_value(d->text.node),
                   "%.*s is not between a third and a half of the interval between snapshots, %.*s",
                   FMT(d->text.value), FMT(gap_words(run->arena, &s->rhythm)));
    suggest_interval(run, x, s);
}

void check_compaction(struct rule_run *run, const struct timed_schedule *s)
{
    run_checks(run, s);
}
