/* The templates of a BackupSchedule: is each what its name says, and do they belong together. */
#include "rule_schedule.h"

/* What backupMode is: -1 when it cannot be read (another finding says so). */
static int is_log_mode(const struct backup_spec *b)
{
    return b->is_log ? 1 : text_given(&b->backup_mode) || text_empty(&b->backup_mode) ? 0 : -1;
}

static void log_template_mode(struct rule_run *run, const struct timed_schedule *s)
{
    const struct backup_spec *b = &s->spec->log_backup_template;
    if (!b->node || is_log_mode(b) != 0)
        return;
    struct finding *x =
        say_at_member(run, RULE_log_template_mode, b->node, "backupMode",
                      "%s: logBackupTemplate without backupMode: log makes a second snapshot, no log backup",
                      field_error_words(FIELD_INVALID));
    x->error = FIELD_INVALID;
    x->suggested = x->child.n ? (slice){0} : LIT("log");
    finding_hint(run->findings, x, "write backupMode: log");
}

static void backup_template_mode(struct rule_run *run, const struct timed_schedule *s)
{
    const struct backup_spec *b = &s->spec->backup_template;
    if (!b->node || !b->is_log)
        return;
    struct finding *x =
        FOUND(run, backup_template_mode, FIELD_INVALID, &b->backup_mode,
              "%.*s: every run would start another log backup, and a cluster has room for one",
              FMT(node_value(run->arena, b->backup_mode.node)));
    bool has_log = schedule_has(s, "logBackupTemplate");
    x->suggested = LIT("snapshot");
    finding_hint(run->findings, x,
                 has_log ? "write snapshot; logBackupTemplate makes the log backup"
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
    slice in_a = text_given(a) ? a->value : own, in_b = text_given(b) ? b->value : own;
    bool known = (text_given(a) || text_empty(a)) && (text_given(b) || text_empty(b)) && in_a.n && in_b.n;
    return run->object->group == GROUP_PINGCAP && known && !slice_eq(in_a, in_b) ? "clusterNamespace" : NULL;
}

static void differ(struct rule_run *run, const struct member *odd, const struct member *other)
{
    const char *field = differing_field(run, odd, other);
    if (!field)
        return;
    struct finding *x =
        say_at_member(run, RULE_templates_cluster_differ, odd->br->node, field,
                      "%s: %s names another cluster than %s: what they make cannot be restored together",
                      field_error_words(FIELD_INVALID), odd->name, other->name);
    const struct node *there = node_get(other->br->node, slice_of(field));
    x->error = FIELD_INVALID;
    x->note_node = there ? there : other->br->node;
    x->note = arena_fmt(run->arena, "the cluster of %s", other->name);
    finding_hint(run->findings, x, "name the same cluster, or make a schedule for each");
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

static void log_stop_template(struct rule_run *run, const struct timed_schedule *s)
{
    const struct backup_spec *b = &s->spec->log_backup_template;
    const struct text *command = &b->log_subcommand;
    bool stops = text_given(command) &&
                 (slice_eq(command->value, LIT("log-stop")) || slice_eq(command->value, LIT("log-pause")));
    bool old_way = b->log_stop.state == FIELD_GIVEN && b->log_stop.value;
    if (is_log_mode(b) != 1 || (!stops && !old_way))
        return;
    const struct node *n = stops ? command->node : b->log_stop.node;
    struct finding *x =
        finding_add(run->findings, RULE_log_stop_template, FIELD_INVALID, n,
                    "%.*s: the log backup is created in this state and waits for ever to have been started",
                    FMT(node_value(run->arena, n)));
    if (stops)
        x->suggested = LIT("log-start");
    finding_hint(
        run->findings, x, "%s; stop the Backup log-%.*s that the schedule makes instead",
        stops ? "write log-start" : "remove it",
        FMT(text_given(&run->object->metadata.name) ? run->object->metadata.name.value : LIT("<schedule>")));
}

static void log_truncate_template(struct rule_run *run, const struct timed_schedule *s)
{
    const struct backup_spec *b = &s->spec->log_backup_template;
    if (is_log_mode(b) != 1 || !text_given(&b->log_truncate_until.text))
        return;
    struct finding *x =
        finding_say(run->findings, RULE_log_truncate_template, b->log_truncate_until.text.node,
                    "logTruncateUntil in a template: the log backup begins after that time");
    x->at_key = true;
    finding_hint(run->findings, x, "remove it: maxReservedTime truncates the log");
}

static void compact_template_ts(struct rule_run *run, const struct timed_schedule *s)
{
    const struct compact_spec *c = &s->spec->compact_template;
    const struct text *times[] = {&c->start_ts.text, &c->end_ts.text};
    for (size_t i = 0; i < 2; i++) {
        if (!text_given(times[i]))
            continue;
        struct finding *x =
            finding_say(run->findings, RULE_compact_template_ts, times[i]->node,
                        "%.*s is overwritten: each compaction goes on where the last one ended",
                        FMT(times[i]->node->key));
        x->at_key = true;
        finding_hint(run->findings, x, "remove it");
    }
}

/* Volumes are for Dumpling; with br nothing is stored in one. */
static void warn_unused_volume(struct rule_run *run, const struct text *field)
{
    if (!text_given(field))
        return;
    struct finding *x = finding_say(run->findings, RULE_storageclass_ignored, field->node,
                                    "%.*s has no effect: BR needs no volume", FMT(field->node->key));
    x->at_key = true;
    finding_hint(run->findings, x,
                 "remove it; the class of objects in the bucket is storageClass of the storage block");
}

void storageclass_ignored(struct rule_run *run, const struct backup_spec *spec)
{
    if (!spec->job.br.node)
        return;
    warn_unused_volume(run, &spec->storage_class_name);
    warn_unused_volume(run, &spec->storage_size);
}

static void schedule_storageclass_ignored(struct rule_run *run, const struct timed_schedule *s)
{
    if (!s->spec->backup_template.job.br.node)
        return;
    warn_unused_volume(run, &s->spec->storage_class_name);
    warn_unused_volume(run, &s->spec->storage_size);
}

void judge_templates(struct rule_run *run, const struct timed_schedule *s)
{
    static schedule_rule *const rules[] = {
        log_template_mode,     backup_template_mode, templates_cluster_differ,      log_stop_template,
        log_truncate_template, compact_template_ts,  schedule_storageclass_ignored,
    };
    for (size_t i = 0; i < sizeof rules / sizeof *rules; i++)
        rules[i](run, s);
}
