/* A BackupSchedule's compaction: its interval against the snapshots, and its template against the
 * log's. */
#include "rule_schedule.h"

#include "ceilings.h"
#include "duration.h"

/* Also where the other group's name was written and pruned: that is said already. */
static bool has_interval(const struct timed_schedule *s)
{
    for (const struct node *n = s->spec->node->first; n; n = n->next)
        if (!(n->flags & NODE_DROPPED) &&
            (slice_eq(n->key, LIT("compactInterval")) || slice_eq(n->key, LIT("compactSpan"))))
            return true;
    return false;
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
        finding_add(run->findings, RULE_compact_span_conflict, FIELD_FORBIDDEN, interval,
                    "compactInterval is another name of compactSpan: only one of them may be given");
    x->at_key = true;
    x->note_node = span;
    x->note = LIT("given here too");
    finding_hint(run->findings, x, "remove compactInterval");
}

static void compact_span_name(struct rule_run *run, const struct timed_schedule *s)
{
    const struct node *interval = node_get(s->spec->node, LIT("compactInterval"));
    if (run->object->group != GROUP_BR || !interval || schedule_has(s, "compactSpan"))
        return;
    struct finding *x = finding_say(run->findings, RULE_compact_span_name, interval,
                                    "the CRD of TiDB Operator v2 has no compactInterval: where it is "
                                    "installed, the API server drops the field");
    x->at_key = true;
    x->suggested = LIT("compactSpan");
    finding_hint(run->findings, x, "write compactSpan");
}

static void compact_needs_log(struct rule_run *run, const struct timed_schedule *s)
{
    const struct node *compact = node_get(s->spec->node, LIT("compactBackupTemplate"));
    if (!compact || schedule_has(s, "logBackupTemplate"))
        return;
    struct finding *x = finding_add(run->findings, RULE_compact_needs_log, FIELD_REQUIRED, s->spec->node,
                                    "compactBackupTemplate compacts what a log backup writes");
    x->at_key = true;
    x->child = LIT("logBackupTemplate");
    x->note_node = compact;
    x->note = LIT("without a log backup this does nothing");
    finding_hint(run->findings, x,
                 "add logBackupTemplate with the same storage, or remove compactBackupTemplate");
}

static void compact_needs_interval(struct rule_run *run, const struct timed_schedule *s)
{
    const struct node *compact = node_get(s->spec->node, LIT("compactBackupTemplate"));
    if (compact && schedule_has(s, "logBackupTemplate") && !has_interval(s)) {
        struct finding *x =
            say_at_member(run, RULE_compact_needs_interval, s->spec->node, interval_name(run),
                          "compactBackupTemplate without an interval: nothing is ever compacted");
        finding_hint(run->findings, x, "add %s", interval_name(run));
    } else if (!compact && has_interval(s)) {
        struct finding *x =
            say_at_member(run, RULE_compact_needs_interval, s->spec->node, "compactBackupTemplate",
                          "an interval without compactBackupTemplate: nothing is ever compacted");
        x->note_node = node_get(s->spec->node, schedule_has(s, "compactInterval") ? LIT("compactInterval")
                                                                                  : LIT("compactSpan"));
        x->note = LIT("has no effect");
        finding_hint(run->findings, x, "add compactBackupTemplate, or remove the interval");
    }
}

static void min_compact_start_ts(struct rule_run *run, const struct timed_schedule *s)
{
    const struct timestamp_field *t = &s->spec->min_compact_start_ts;
    struct refusal refusal = {0};
    struct timestamp ignored;
    if (text_given(&t->text) && !timestamp_parse(t->text.value, &ignored, &refusal))
        rule_refused(run, RULE_tso_syntax, &t->text, &refusal);
    else
        judge_timestamp(run, t, READ_BY_POD);
}

/* The schedule gives log and compaction the same subfolder; all above it has to be the same already. */
static void compact_storage_differs(struct rule_run *run, const struct timed_schedule *s)
{
    const struct storage *log = &s->spec->log_backup_template.job.storage;
    const struct storage *compact = &s->spec->compact_template.job.storage;
    struct storage_difference d;
    if (storage_same_place(run->arena, log, compact, &d))
        return;
    const struct node *block = storage_node(compact);
    struct finding *x;
    if (!d.member) {
        x = finding_add(run->findings, RULE_compact_storage_differs, FIELD_INVALID, block,
                        "the log is written to %s, and the compaction looks for it in %s",
                        storage_type_name(log->used), storage_type_name(compact->used));
        x->at_key = true;
        finding_hint(run->findings, x, "copy the block %s of logBackupTemplate",
                     storage_type_name(log->used));
    } else {
        x = finding_add(run->findings, RULE_compact_storage_differs, FIELD_INVALID, d.b ? d.b : block,
                        "the log is written to another place: %s differs from that of logBackupTemplate",
                        d.member);
        x->at_key = !d.b;
        x->child = d.b ? (slice){0} : slice_of(d.member);
        if (d.a && d.a->kind == NODE_STRING) {
            finding_hint(run->findings, x, "write %s: %.*s", d.member, FMT(d.a->text));
            x->suggested = d.b ? d.a->text : (slice){0};
        } else {
            finding_hint(run->findings, x,
                         d.a ? "copy it from logBackupTemplate" : "remove it, as logBackupTemplate has none");
        }
    }
    x->note_node = d.a ? d.a : storage_node(log);
    x->note = LIT("the log is written here");
}

/* The one interval that counts, when it can be read. */
static const struct duration_field *interval_of(const struct timed_schedule *s)
{
    const struct duration_field *interval = &s->spec->compact_interval, *span = &s->spec->compact_span;
    if (schedule_has(s, "compactInterval") && schedule_has(s, "compactSpan"))
        return NULL;
    const struct duration_field *d = schedule_has(s, "compactSpan") ? span : interval;
    return d->ok && d->ns > 0 ? d : NULL;
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
    finding_hint(run->findings, x, "mend the schedule first: with \"%.*s\", every %.*s, write %.*s here",
                 FMT(buf_slice(&b)), FMT(gap_words(run->arena, &r)),
                 FMT(range_words(run->arena, r.shortest_gap)));
    return true;
}

/* Half to a third of the snapshots' interval is what the documents advise. Where the gaps differ, any of them
 * may be meant, but no compaction should span more than the shortest. */
static void compact_interval(struct rule_run *run, const struct timed_schedule *s)
{
    const struct duration_field *d = interval_of(s);
    if (!d || !s->fires || !schedule_has(s, "compactBackupTemplate") || !schedule_has(s, "logBackupTemplate"))
        return;
    const struct cron_rhythm *r = &s->rhythm;
    int64_t shortest = r->shortest_gap * DURATION_SECOND, longest = r->longest_gap * DURATION_SECOND;
    bool exceeds = d->ns > shortest;
    if (!exceeds && d->ns >= shortest / 3 && d->ns <= longest / 2)
        return;
    slice snapshots = gap_words(run->arena, r);
    struct finding *x;
    if (exceeds)
        x = finding_say(run->findings, RULE_compact_interval_exceeds, d->text.node,
                        "%.*s is longer than the interval between snapshots, %.*s", FMT(d->text.value),
                        FMT(snapshots));
    else
        x = finding_say(run->findings, RULE_compact_interval_range, d->text.node,
                        "%.*s is not between a third and a half of the interval between snapshots, %.*s",
                        FMT(d->text.value), FMT(snapshots));
    if (!mend_schedule_first(run, x, s))
        finding_hint(run->findings, x, "write %.*s", FMT(range_words(run->arena, r->shortest_gap)));
}

void judge_compaction(struct rule_run *run, const struct timed_schedule *s)
{
    static schedule_rule *const rules[] = {
        compact_span_conflict,   compact_span_name,    compact_needs_log, compact_needs_interval,
        compact_storage_differs, min_compact_start_ts, compact_interval,
    };
    for (size_t i = 0; i < sizeof rules / sizeof *rules; i++)
        rules[i](run, s);
}
