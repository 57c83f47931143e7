/* BackupSchedules as a whole. */
#include "rule_schedule.h"

#define SUBJECT struct timed_schedule
#define RULES   "rule_schedule.def"
#include "rule_table.h"

enum {
    NAME_MOST = 36, /* <name>-2006-01-02t15-04-05 names a Backup, whose Job is backup-<that>: 63 - 7 - 20 */
    NAME_MOST_COMPACT =
        35,        /* compact-<name>-2006-01-02t15-04-05 names a CompactBackup and its Job: 63 - 8 - 20 */
    GENERATED = 5, /* what the API server appends to generateName */
};

static void v2_schedule_unsupported(struct rule_run *run, const struct timed_schedule *s)
{
    (void)s;
    if (run->object->group != GROUP_BR)
        return;
    struct finding *x =
        finding_at(run->findings, &rule_v2_schedule_unsupported, FIELD_NONE,
                   at_value(node_get(run->object->root, LIT("kind"))),
                   "TiDB Operator v2 has no controller for BackupSchedule: by itself it makes no backups");
    finding_hint(x,
                 "run brgate reconcile beside it and set this rule to off, or run TiDB Operator v1 and write "
                 "pingcap.com/v1alpha1");
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
    struct finding *x = finding_at(
        run->findings, &rule_schedule_name_too_long, FIELD_TOO_LONG, at_part(name->node, most, name->value.n),
        "may not be more than %zu bytes, has %zu: the names of its %s would not fit into 63", most,
        name->value.n, compacts ? "compaction Jobs" : "Jobs");
    finding_hint(x, "shorten it by %zu", name->value.n - most);
}

/* br and storage of the schedule itself: the types have them, and nothing reads them. */
static void template_storage_ignored(struct rule_run *run, const struct timed_schedule *s)
{
    const struct job_spec *own = &s->spec->own;
    const struct node *blocks[] = {own->br.node, own->storage.s3.node, own->storage.gcs.node,
                                   own->storage.azblob.node, own->storage.local.node};
    for (size_t i = 0; i < COUNT(blocks); i++) {
        const struct node *n = blocks[i];
        if (!n)
            continue;
        struct finding *x =
            finding_at(run->findings, &rule_template_storage_ignored, FIELD_NONE, at_key(n),
                       "%.*s is not used here: backups take it from the templates", FMT(n->key));
        bool there = node_get(s->spec->backup_template.node, n->key) != NULL;
        finding_hint(x, there ? "remove it" : "move it into backupTemplate");
    }
}

void check_schedule(struct rule_run *run, const struct schedule_spec *spec)
{
    struct timed_schedule s = {.spec = spec};
    int64_t next;
    s.fires = spec->cron_ok && cron_next(&spec->cron, run->now, &next);
    if (s.fires)
        s.rhythm = cron_rhythm(&spec->cron);
    run_checks(run, &s);
    check_cron(run, &s);
    check_retention(run, &s);
    check_templates(run, &s);
    check_compaction(run, &s);
}
