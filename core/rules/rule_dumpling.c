/* What only TiDB Operator v1 has: Dumpling instead of BR, and snapshots of volumes. */
#include "rule_backup.h"

#include "quantity.h"
#include "rule_storage.h"

/* Without any of Dumpling's fields it is br that is missing, as another rule says. */
static bool exports_with_dumpling(const struct rule_run *run, const struct backup_spec *spec)
{
    bool fields = spec->from.state != FIELD_ABSENT || spec->dumpling.state != FIELD_ABSENT ||
                  spec->storage_size.state != FIELD_ABSENT;
    return spec_is_dumpling(run, spec->node) && spec->is_snapshot && fields;
}

static void from_required(struct rule_run *run, const struct backup_spec *spec)
{
    const struct storage *s = &spec->job.storage;
    if (!exports_with_dumpling(run, spec))
        return;
    if (spec->from.state == FIELD_ABSENT) {
        struct finding *x =
            rule_missing(run, RULE_from_required, spec->node, "from", NULL,
                         "without br the data is exported by Dumpling, which needs host and secretName");
        finding_hint(run->findings, x, "add br for a backup with BR, or from for one with Dumpling");
    }
    if (spec->from.node && spec->from_host.node && text_empty(&spec->from_host))
        rule_missing(run, RULE_from_required, spec->from.node, "host", &spec->from_host,
                     "the address of TiDB");
    if (spec->from.node && spec->from_secret_name.node && text_empty(&spec->from_secret_name))
        rule_missing(run, RULE_from_required, spec->from.node, "secretName", &spec->from_secret_name,
                     "the secret with TiDB's password");
    if (spec->from.node && spec->role == ROLE_BACKUP && text_empty(&spec->storage_size)) {
        struct finding *x =
            rule_missing(run, RULE_from_required, spec->node, "storageSize", &spec->storage_size,
                         "Dumpling writes to a volume of that size first");
        finding_hint(run->findings, x, "write storageSize: 100Gi, or what the data takes");
    }
    struct quantity ignored;
    struct refusal why = {0};
    if (text_given(&spec->storage_size) && spec->storage_size.value.n &&
        !quantity_parse(spec->storage_size.value, &ignored, &why))
        rule_refused(run, RULE_from_required, &spec->storage_size, &why);
    if (s->used == STORAGE_AZBLOB || s->used == STORAGE_LOCAL) {
        struct finding *x = finding_add(run->findings, RULE_from_required, FIELD_FORBIDDEN, storage_node(s),
                                        "Dumpling exports to s3 and gcs only");
        x->at_key = true;
        finding_hint(run->findings, x, "add br for a backup with BR, or choose s3 or gcs");
    }
}

static void dumpling_filter(struct rule_run *run, const struct backup_spec *spec)
{
    const struct node *n = node_get(spec->dumpling.node, LIT("tableFilter"));
    if (!node_first(n))
        return;
    struct finding *x =
        finding_say(run->findings, RULE_dumpling_filter, n, "dumpling.tableFilter is deprecated");
    x->at_key = true;
    finding_hint(run->findings, x, "move it to spec.tableFilter");
}

static void volume_snapshot(struct rule_run *run, const struct backup_spec *spec)
{
    const struct text *mode = &spec->backup_mode;
    if (!text_given(mode) || !slice_eq(mode->value, LIT("volume-snapshot")) ||
        spec->federal_phase.state != FIELD_ABSENT)
        return;
    struct finding *x = finding_say(run->findings, RULE_volume_snapshot, mode->node,
                                    "volume-snapshot works only for clusters across Kubernetes, where the "
                                    "federation creates the Backup");
    finding_hint(run->findings, x, "create a VolumeBackup, or write backupMode: snapshot");
}

void judge_dumpling(struct rule_run *run, const struct backup_spec *spec)
{
    from_required(run, spec);
    dumpling_filter(run, spec);
    volume_snapshot(run, spec);
}
