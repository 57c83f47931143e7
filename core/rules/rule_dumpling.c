/* What only TiDB Operator v1 has: Dumpling instead of BR, and snapshots of volumes. */
#include "checks.h"

#include "quantity.h"

extern const struct rule rule_br_missing, rule_spec_fragment; /* rule_storage.def */

#define SUBJECT struct backup_spec
#define RULES   "rule_dumpling.def"
#include "rule_table.h"

static void from_required(struct rule_run *run, const struct backup_spec *spec)
{
    const struct storage *s = &spec->job.storage;
    if (!job_is_dumpling(run, &spec->job) || !spec->is_snapshot)
        return;
    if (spec->from.state == FIELD_ABSENT) {
        struct finding *x = finding_at(
            run->findings, &rule_from_required, FIELD_REQUIRED, at_member(spec->node, "from"),
            "without br the operator exports the data with Dumpling, which needs host and secretName");
        finding_hint(x, "add br for a backup with BR, or from for one with Dumpling");
    }
    if (spec->from.node && spec->from_host.node && text_empty(&spec->from_host))
        finding_at(run->findings, &rule_from_required, FIELD_REQUIRED, at_member(spec->from.node, "host"),
                   "the address of TiDB");
    if (spec->from.node && spec->from_secret_name.node && text_empty(&spec->from_secret_name))
        finding_at(run->findings, &rule_from_required, FIELD_REQUIRED,
                   at_member(spec->from.node, "secretName"), "the Secret with TiDB's password");
    if (spec->from.node && spec->role == ROLE_BACKUP && text_empty(&spec->storage_size)) {
        struct finding *x = finding_at(run->findings, &rule_from_required, FIELD_REQUIRED,
                                       at_member(spec->node, "storageSize"),
                                       "Dumpling first writes to a volume of that size");
        finding_hint(x, "write storageSize: 100Gi, or the size that the data needs");
    }
    struct quantity ignored;
    struct refusal why = {0};
    if (text_given(&spec->storage_size) && spec->storage_size.value.n &&
        !quantity_parse(spec->storage_size.value, &ignored, &why))
        rule_refused(run, &rule_from_required, &spec->storage_size, &why);
    if (s->used == STORAGE_AZBLOB || s->used == STORAGE_LOCAL) {
        struct finding *x = finding_at(run->findings, &rule_from_required, FIELD_FORBIDDEN,
                                       at_key(storage_node(s)), "Dumpling exports only to s3 and gcs");
        finding_hint(x, "add br for a backup with BR, or choose s3 or gcs");
    }
}

static void from_host(struct rule_run *run, const struct backup_spec *spec)
{
    const struct text *host = &spec->from_host;
    slice name = host->value;
    size_t scheme = slice_find(name, LIT("://"));
    name = slice_from(name, scheme == SLICE_NONE ? 0 : scheme + 3);
    size_t colon = slice_find_char(name, ':'); /* more than one: an IPv6 address */
    bool port = colon != SLICE_NONE && slice_find_char(slice_from(name, colon + 1), ':') == SLICE_NONE;
    if (text_given(host) && !text_is_placeholder(host->value) && (scheme != SLICE_NONE || port)) {
        slice better = slice_cut(name, 0, port ? colon : slice_find_char(name, '/'));
        struct finding *x =
            finding_at(run->findings, &rule_from_host, FIELD_INVALID, at_value(host->node),
                       "%.*s: expected the host alone", FMT(node_value(run->arena, host->node)));
        finding_hint(x, "write %.*s%s", FMT(better), port ? ", and the port in port" : "");
    }
    const struct node *number = node_get(spec->from.node, LIT("port"));
    if (number && value_usable(number) && number->kind == NODE_INT &&
        (number->integer < 1 || number->integer > 65535)) {
        struct finding *x = finding_at(run->findings, &rule_from_host, FIELD_INVALID, at_value(number),
                                       "%lld: must be between 1 and 65535", (long long)number->integer);
        finding_hint(x, "write TiDB's port, 4000 by default");
    }
}

static void dumpling_filter(struct rule_run *run, const struct backup_spec *spec)
{
    const struct node *n = node_get(spec->dumpling.node, LIT("tableFilter"));
    if (!node_first(n))
        return;
    struct finding *x = finding_at(run->findings, &rule_dumpling_filter, FIELD_NONE, at_key(n),
                                   "dumpling.tableFilter is deprecated");
    finding_hint(x, "move it to spec.tableFilter");
}

static void volume_snapshot(struct rule_run *run, const struct backup_spec *spec)
{
    const struct text *mode = &spec->backup_mode;
    if (!text_given(mode) || !slice_eq(mode->value, LIT("volume-snapshot")) ||
        spec->federal_phase.state != FIELD_ABSENT)
        return;
    struct finding *x = finding_at(run->findings, &rule_volume_snapshot, FIELD_NONE, at_value(mode->node),
                                   "volume-snapshot works only for clusters that span Kubernetes clusters, "
                                   "where the federation creates the Backup");
    finding_hint(x, "create a VolumeBackup, or write backupMode: snapshot");
}

void check_dumpling(struct rule_run *run, const struct backup_spec *spec)
{
    run_checks(run, spec);
}
