/* BackupSchedules as a whole. */
#include "rule_schedule.h"

#include "ceilings.h"
#include "duration.h"

#include <stdarg.h>
#include <stdio.h>

enum {
    DAY = 24 * 60 * 60,
    NAME_MOST = 36, /* <name>-2006-01-02t15-04-05 names a Backup, whose Job is backup-<that>: 63 - 7 - 20 */
    NAME_MOST_COMPACT =
        35,        /* compact-<name>-2006-01-02t15-04-05 names a CompactBackup and its Job: 63 - 8 - 20 */
    GENERATED = 5, /* what the API server appends to generateName */
};

slice span_duration(struct arena *a, int64_t seconds)
{
    struct buf b = buf_new(a, 64);
    duration_put_short(&b, seconds * DURATION_SECOND);
    return buf_slice(&b);
}

slice span_words(struct arena *a, int64_t seconds)
{
    if (seconds >= 2 * DAY && seconds % DAY == 0)
        return arena_fmt(a, "%lld days", (long long)(seconds / DAY));
    return span_duration(a, seconds);
}

bool schedule_has(const struct timed_schedule *s, const char *member)
{
    return node_get(s->spec->node, slice_of(member)) != NULL;
}

struct finding *say_at_member(struct rule_run *run, enum rule_id rule, const struct node *parent,
                              const char *member, const char *format, ...)
{
    char text[LIMIT_MESSAGE_BYTES];
    va_list args;
    va_start(args, format);
    vsnprintf(text, sizeof text, format, args);
    va_end(args);
    const struct node *n = node_get(parent, slice_of(member));
    bool written = n && !(n->flags & NODE_DEFAULTED);
    struct finding *x = finding_say(run->findings, rule, written ? n : parent, "%s", text);
    if (!written) {
        x->at_key = true;
        x->child = slice_of(member);
    }
    return x;
}

static void v2_schedule_unsupported(struct rule_run *run, const struct timed_schedule *s)
{
    (void)s;
    if (run->object->group != GROUP_BR)
        return;
    struct finding *x =
        finding_say(run->findings, RULE_v2_schedule_unsupported, node_get(run->object->root, LIT("kind")),
                    "TiDB Operator v2 has no controller for BackupSchedule: no backup will be made by it");
    finding_hint(run->findings, x,
                 "run TiDB Operator v1 beside it and write pingcap.com/v1alpha1, or create the Backups from "
                 "a CronJob");
}

static void schedule_name_too_long(struct rule_run *run, const struct timed_schedule *s)
{
    const struct metadata *m = &run->object->metadata;
    bool generated = !text_given(&m->name);
    const struct text *name = generated ? &m->generate_name : &m->name;
    bool compacts = schedule_has(s, "compactBackupTemplate");
    size_t most = compacts ? NAME_MOST_COMPACT : NAME_MOST;
    most -= generated ? GENERATED : 0;
    if (!text_given(name) || name->value.n <= most)
        return;
    struct finding *x =
        FOUND(run, schedule_name_too_long, FIELD_TOO_LONG, name,
              "may not be more than %zu bytes, has %zu: the names of its %s would not fit into 63", most,
              name->value.n, compacts ? "compaction Jobs" : "Jobs");
    x->from = (uint32_t)most;
    x->to = (uint32_t)name->value.n;
    finding_hint(run->findings, x, "shorten it by %zu", name->value.n - most);
}

/* br and storage of the schedule itself: the types have them, and nothing reads them. */
static void template_storage_ignored(struct rule_run *run, const struct timed_schedule *s)
{
    const struct job_spec *own = &s->spec->own;
    const struct node *blocks[] = {own->br.node, own->storage.s3.node, own->storage.gcs.node,
                                   own->storage.azblob.node, own->storage.local.node};
    for (size_t i = 0; i < sizeof blocks / sizeof *blocks; i++) {
        const struct node *n = blocks[i];
        if (!n)
            continue;
        struct finding *x =
            finding_say(run->findings, RULE_template_storage_ignored, n,
                        "%.*s is not used here: backups take theirs from the templates", FMT(n->key));
        x->at_key = true;
        bool there = node_get(s->spec->backup_template.node, n->key) != NULL;
        finding_hint(run->findings, x, there ? "remove it" : "move it into backupTemplate");
    }
}

static schedule_rule *const rules[] = {
    v2_schedule_unsupported,  schedule_name_too_long, judge_cron,       judge_retention,
    template_storage_ignored, judge_templates,        judge_compaction,
};

void judge_schedule(struct rule_run *run, const struct schedule_spec *spec)
{
    struct timed_schedule s = {.spec = spec};
    int64_t next;
    s.fires = spec->cron_ok && cron_next(&spec->cron, run->now, &next);
    if (s.fires)
        s.rhythm = cron_rhythm(&spec->cron);
    for (size_t i = 0; i < sizeof rules / sizeof *rules; i++)
        rules[i](run, &s);
    if (spec->backup_template.node)
        judge_backup(run, &spec->backup_template);
    if (spec->log_backup_template.node)
        judge_backup(run, &spec->log_backup_template);
    if (spec->compact_template.node)
        judge_compact(run, &spec->compact_template);
}
