/* The templates of a BackupSchedule: is each what its name says, and do they belong together. */
#include "rule_schedule.h"

#include "operator.h"

#define SUBJECT struct timed_schedule
#define RULES   "rule_templates.def"
#include "rule_table.h"

/* What backupMode is: -1 when it cannot be read (another finding says so). */
static int is_log_mode(const struct backup_spec *b)
{
    return b->is_log ? 1 : text_known(&b->backup_mode) ? 0 : -1;
}

static void log_template_mode(struct rule_run *run, const struct timed_schedule *s)
{
    const struct backup_spec *b = &s->spec->log_backup_template;
    if (!b->node || is_log_mode(b) != 0)
        return;
    struct place place = at_member(b->node, "backupMode");
    struct finding *x =
        finding_at(run->findings, &rule_log_template_mode, FIELD_INVALID, place,
                   "logBackupTemplate without backupMode: log makes a second snapshot, no log backup");
    if (place.kind == PLACE_VALUE)
        finding_edit(x, place, LIT("log"));
    finding_hint(x, "write backupMode: log");
}

static void backup_template_mode(struct rule_run *run, const struct timed_schedule *s)
{
    const struct backup_spec *b = &s->spec->backup_template;
    if (!b->node || !b->is_log)
        return;
    struct finding *x =
        finding_at(run->findings, &rule_backup_template_mode, FIELD_INVALID, at_value(b->backup_mode.node),
                   "%.*s: every run would start another log backup, but a cluster can have only one",
                   FMT(node_value(run->arena, b->backup_mode.node)));
    bool has_log = schedule_has(s, "logBackupTemplate");
    finding_edit(x, at_value(b->backup_mode.node), LIT("snapshot"));
    finding_hint(x, has_log ? "write snapshot; logBackupTemplate makes the log backup"
                            : "write snapshot, and describe the log backup in logBackupTemplate");
}

/* A template and what it says of its cluster. */
struct member {
    const char *name;
    const struct br *br;
};

/* The field that makes two clusters of them, or NULL. In br.pingcap.com another namespace is a finding of its
 * own. */
static const char *differing_field(struct rule_run *run, const struct member *x, const struct member *y)
{
    if (!slice_eq(x->br->cluster.value, y->br->cluster.value))
        return "cluster";
    const struct text *a = &x->br->cluster_namespace, *b = &y->br->cluster_namespace;
    slice own = run->object->metadata.namespace.value;
    slice in_a = br_cluster_namespace(x->br, own), in_b = br_cluster_namespace(y->br, own);
    bool known = text_known(a) && text_known(b) && in_a.n && in_b.n;
    return run->object->group == GROUP_PINGCAP && known && !slice_eq(in_a, in_b) ? "clusterNamespace" : NULL;
}

static void differ(struct rule_run *run, const struct member *odd, const struct member *other)
{
    const char *field = differing_field(run, odd, other);
    if (!field)
        return;
    struct finding *x = finding_at(
        run->findings, &rule_templates_cluster_differ, FIELD_INVALID, at_member(odd->br->node, field),
        "%s names another cluster than %s: what they make cannot be restored together", odd->name,
        other->name);
    const struct node *there = node_get(other->br->node, slice_of(field));
    finding_note(x, at_key(there ? there : other->br->node), "the cluster of %s", other->name);
    finding_hint(x, "name the same cluster, or write one schedule per cluster");
}

static void templates_cluster_differ(struct rule_run *run, const struct timed_schedule *s)
{
    const struct member all[] = {
        {"backupTemplate", &s->spec->backup_template.job.br},
        {"logBackupTemplate", &s->spec->log_backup_template.job.br},
        {"compactBackupTemplate", &s->spec->compact_template.job.br},
    };
    struct member m[3];
    size_t n = 0;
    for (size_t i = 0; i < 3; i++)
        if (text_given(&all[i].br->cluster))
            m[n++] = all[i];
    if (n == 3 && !differing_field(run, &m[1], &m[2])) /* the first one alone may be wrong: it is said once */
        differ(run, &m[0], &m[1]);
    else
        for (size_t i = 1; i < n; i++)
            differ(run, &m[i], &m[0]);
}

static void log_truncate_template(struct rule_run *run, const struct timed_schedule *s)
{
    const struct backup_spec *b = &s->spec->log_backup_template;
    if (is_log_mode(b) != 1 || !text_given(&b->log_truncate_until.text))
        return;
    struct finding *x = finding_at(run->findings, &rule_log_truncate_template, FIELD_NONE,
                                   at_key(b->log_truncate_until.text.node),
                                   "logTruncateUntil in a template: the log backup begins after that time");
    finding_hint(x, "remove it: maxReservedTime truncates the log");
}

static void compact_template_ts(struct rule_run *run, const struct timed_schedule *s)
{
    const struct compact_spec *c = &s->spec->compact_template;
    const struct text *times[] = {&c->start_ts.text, &c->end_ts.text};
    for (size_t i = 0; i < 2; i++) {
        if (!text_given(times[i]))
            continue;
        struct finding *x =
            finding_at(run->findings, &rule_compact_template_ts, FIELD_NONE, at_key(times[i]->node),
                       "%.*s is overwritten: each compaction continues where the last one ended",
                       FMT(times[i]->node->key));
        finding_hint(x, "remove it");
    }
}

static void unused_volumes(struct rule_run *run, const struct timed_schedule *s)
{
    if (!s->spec->backup_template.job.br.node)
        return;
    check_unused_volume(run, &s->spec->storage_class_name);
    check_unused_volume(run, &s->spec->storage_size);
}

void check_templates(struct rule_run *run, const struct timed_schedule *s)
{
    run_checks(run, s);
}
