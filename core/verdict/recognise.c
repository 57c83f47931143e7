/* Objects whose apiVersion and kind are none of ours: another program's, or ours misspelt? */
#include "judge.h"

#include "suggest.h"
#include "verdict_rules.h"

static const slice kinds[] = {SLICE("Backup"), SLICE("BackupSchedule"), SLICE("CompactBackup")};

slice verdict_kind(size_t number)
{
    return number < COUNT(kinds) ? kinds[number] : (slice){0};
}

/* Recognises our kinds in an object without apiVersion: by a name that only we use, or for Backup by spec.br. */
static bool is_ours_without_version(const struct verdict *v)
{
    if (!v->root || node_get(v->root, LIT("apiVersion")))
        return false;
    if (slice_eq(v->kind, LIT("Backup")))
        return node_at(v->root, "spec.br") != NULL;
    return slice_eq(v->kind, LIT("BackupSchedule")) || slice_eq(v->kind, LIT("CompactBackup"));
}

/* Reports a key that equals `name` except for case. */
static bool report_wrong_case(struct evaluation *j, struct verdict *v, slice name)
{
    for (const struct node *n = node_first(v->root); n; n = node_next(n)) {
        if (!slice_eq_nocase(n->key, name) || slice_eq(n->key, name))
            continue;
        struct finding *x = finding_at(j->findings, &rule_api_version, FIELD_NONE, at_key(n),
                                       "%.*s is not %.*s: case matters", FMT(n->key), FMT(name));
        finding_edit(x, at_key(n), name);
        finding_hint(x, "write %.*s", FMT(name));
        v->status = VERDICT_BROKEN;
        return true;
    }
    return false;
}

/* `ApiVersion: br.pingcap.com/v1alpha1`: an object of ours, as some templates and generators spell it. */
static bool is_ours_in_another_case(const struct verdict *v)
{
    for (const struct node *n = node_first(v->root); n; n = node_next(n))
        if (slice_eq_nocase(n->key, LIT("apiVersion")) && n->kind == NODE_STRING &&
            (slice_starts(n->text, LIT("br.pingcap.com/")) || slice_starts(n->text, LIT("pingcap.com/"))))
            return !node_get(v->root, LIT("apiVersion")) && !node_get(v->root, LIT("kind"));
    return false;
}

/* apiVersion is missing, empty or no version of any group. */
static void report_version(struct evaluation *j, struct verdict *v)
{
    const struct node *n = node_get(v->root, LIT("apiVersion"));
    struct finding *x;
    if (v->api_version.n) {
        x = finding_at(j->findings, &rule_api_version, FIELD_NONE, at_value(n), "unknown apiVersion \"%.*s\"",
                       FMT(v->api_version));
    } else if (!n && report_wrong_case(j, v, LIT("apiVersion"))) {
        return;
    } else {
        x = finding_at(j->findings, &rule_api_version, FIELD_REQUIRED,
                       n ? at_value(n) : at_missing(v->root, LIT("apiVersion")), "");
    }
    finding_hint(x, "write br.pingcap.com/v1alpha1, or pingcap.com/v1alpha1 for TiDB Operator v1");
    v->status = VERDICT_BROKEN;
}

/* What TiDB Operator's groups have besides our kinds, and the kinds that are looked for in the wrong group. */
static const struct {
    slice group, kind;
} neighbours[] = {
    {SLICE("br.pingcap.com"), SLICE("Restore")},
    {SLICE("br.pingcap.com"), SLICE("TiBR")},
    {SLICE("br.pingcap.com"), SLICE("TiBRGC")},
    {SLICE("pingcap.com"), SLICE("DataResource")},
    {SLICE("pingcap.com"), SLICE("DMCluster")},
    {SLICE("pingcap.com"), SLICE("Restore")},
    {SLICE("pingcap.com"), SLICE("TidbCluster")},
    {SLICE("pingcap.com"), SLICE("TidbClusterAutoScaler")},
    {SLICE("pingcap.com"), SLICE("TidbDashboard")},
    {SLICE("pingcap.com"), SLICE("TidbInitializer")},
    {SLICE("pingcap.com"), SLICE("TidbMonitor")},
    {SLICE("pingcap.com"), SLICE("TidbNGMonitoring")},
    {SLICE("federation.pingcap.com"), SLICE("VolumeBackup")},
    {SLICE("federation.pingcap.com"), SLICE("VolumeBackupSchedule")},
    {SLICE("federation.pingcap.com"), SLICE("VolumeRestore")},
    {SLICE("core.pingcap.com"), SLICE("Cluster")},
    {SLICE("core.pingcap.com"), SLICE("PDGroup")},
    {SLICE("core.pingcap.com"), SLICE("TiDBGroup")},
    {SLICE("core.pingcap.com"), SLICE("TiKVGroup")},
};

/* The group that has the kind: `group` itself if it does. Empty: none of them. */
static slice group_with(slice kind, slice group)
{
    slice found = {0};
    for (size_t i = 0; i < COUNT(neighbours); i++)
        if (slice_eq(neighbours[i].kind, kind) && (!found.n || slice_eq(neighbours[i].group, group)))
            found = neighbours[i].group;
    return found;
}

/* Names that mean one of our kinds, in other backup operators or in none: suggestions by letters come first. */
static slice kind_meant(slice written)
{
    static const struct {
        slice name, kind;
    } names[] = {
        {SLICE("ScheduledBackup"), SLICE("BackupSchedule")},
        {SLICE("ScheduleBackup"), SLICE("BackupSchedule")},
        {SLICE("Schedule"), SLICE("BackupSchedule")},
        {SLICE("CronBackup"), SLICE("BackupSchedule")},
        {SLICE("BackupCron"), SLICE("BackupSchedule")},
        {SLICE("BackupCronJob"), SLICE("BackupSchedule")},
        {SLICE("BackupPlan"), SLICE("BackupSchedule")},
        {SLICE("BackupPolicy"), SLICE("BackupSchedule")},
        {SLICE("TidbBackupSchedule"), SLICE("BackupSchedule")},
        {SLICE("BackupCompact"), SLICE("CompactBackup")},
        {SLICE("BackupCompaction"), SLICE("CompactBackup")},
        {SLICE("Compaction"), SLICE("CompactBackup")},
        {SLICE("CompactLogBackup"), SLICE("CompactBackup")},
        {SLICE("LogCompaction"), SLICE("CompactBackup")},
        {SLICE("LogBackup"), SLICE("Backup")},
        {SLICE("BackupLog"), SLICE("Backup")},
        {SLICE("SnapshotBackup"), SLICE("Backup")},
        {SLICE("FullBackup"), SLICE("Backup")},
        {SLICE("TidbBackup"), SLICE("Backup")},
        {SLICE("BackupJob"), SLICE("Backup")},
        {SLICE("BackupRun"), SLICE("Backup")},
    };
    for (size_t i = 0; i < COUNT(names); i++)
        if (slice_eq_nocase(names[i].name, written))
            return names[i].kind;
    return suggest_nearest(written, kinds, COUNT(kinds));
}

/* TiDB Operator's other groups, which have kinds of their own. */
static bool is_other_group(slice group)
{
    return slice_eq(group, LIT("federation.pingcap.com")) || slice_eq(group, LIT("core.pingcap.com"));
}

/* The apiVersion that was meant: exact groups first, then what looks like one of ours. */
static slice version_meant(slice written, slice kind)
{
    static const slice versions[] = {SLICE("br.pingcap.com/v1alpha1"), SLICE("pingcap.com/v1alpha1")};
    slice group = slice_cut(written, 0, slice_find_char(written, '/'));
    for (size_t i = 0; i < COUNT(versions); i++)
        if (slice_eq(group, slice_cut(versions[i], 0, slice_find_char(versions[i], '/'))))
            return versions[i];
    if (is_other_group(group)) /* core belongs to TiDB Operator v2, federation to v1 */
        return !slice_among(kind, kinds, COUNT(kinds)) ? (slice){0} : versions[group.p[0] != 'c'];
    slice near = suggest_nearest(written, versions, COUNT(versions));
    return near.n || slice_find(written, LIT("pingcap")) == SLICE_NONE ? near : versions[0];
}

/* apiVersion is right and kind is there: TiDB Operator has it in another group, or nowhere. */
static void report_kind(struct evaluation *j, struct verdict *v, slice near)
{
    slice group = slice_cut(v->api_version, 0, slice_find_char(v->api_version, '/')),
          other = group_with(v->kind, group);
    if (slice_eq(other, group) || slice_ends(v->kind, LIT("List")))
        return;
    const struct node *kind = node_get(v->root, LIT("kind")), *version = node_get(v->root, LIT("apiVersion"));
    struct finding *x =
        finding_at(j->findings, &rule_api_version, FIELD_NONE, at_value(other.n ? version : kind),
                   "unknown kind \"%.*s\" in %.*s", FMT(v->kind), FMT(v->api_version));
    v->status = VERDICT_BROKEN;
    if (other.n) {
        slice right = arena_fmt(j->arena, "%.*s/v1alpha1", FMT(other));
        finding_edit(x, at_value(version), right);
        finding_hint(x, "write %.*s", FMT(right));
    } else if (near.n) {
        bool log = slice_eq(near, LIT("Backup")) && slice_find(v->kind, LIT("Log")) != SLICE_NONE;
        finding_edit(x, at_value(kind), log ? (slice){0} : near);
        finding_hint(x, log ? "write %.*s, with backupMode: log in its spec" : "did you mean %.*s?",
                     FMT(near));
    } else {
        finding_hint(x, "the kinds of backups are Backup, BackupSchedule and CompactBackup");
    }
}

static void report_missing_kind(struct evaluation *j, struct verdict *v)
{
    v->status = VERDICT_BROKEN;
    if (report_wrong_case(j, v, LIT("kind")))
        return;
    struct finding *x =
        finding_at(j->findings, &rule_api_version, FIELD_REQUIRED, at_missing(v->root, LIT("kind")), "");
    finding_hint(x, "write Backup, BackupSchedule or CompactBackup");
}

/* Another kind, or ours misspelt? Kinds of that name exist in other groups too (velero.io has a Backup). */
static void judge_unknown(struct evaluation *j, struct verdict *v)
{
    slice version = version_meant(v->api_version, v->kind), kind = kind_meant(v->kind);
    v->status = VERDICT_SKIPPED;
    if (!version.n && kind.n && slice_eq(v->kind, kind) && node_get(v->root, LIT("apiVersion")) &&
        slice_find_char(v->api_version, '/') == SLICE_NONE) {
        report_version(j, v); /* Kubernetes' own group, which has no slash, has no kind of that name */
    } else if (version.n && slice_eq(version, v->api_version)) {
        if (node_get(v->root, LIT("kind")))
            report_kind(j, v, kind);
        else
            report_missing_kind(j, v);
    } else if (version.n && (!v->kind.n || (kind.n && !group_with(v->kind, version).n))) {
        const struct node *n = node_get(v->root, LIT("apiVersion"));
        struct finding *x = finding_at(j->findings, &rule_api_version, FIELD_NONE, at_value(n),
                                       "unknown apiVersion \"%.*s\"", FMT(v->api_version));
        if (is_other_group(slice_cut(v->api_version, 0, slice_find_char(v->api_version, '/'))))
            finding_hint(x, "write %.*s: this group has no %.*s", FMT(version), FMT(v->kind));
        else
            finding_hint(x, "did you mean %.*s?", FMT(version));
        finding_edit(x, at_value(n), version);
        v->status = VERDICT_BROKEN;
    }
}

void recognise(struct evaluation *j, struct verdict *v)
{
    if (is_ours_without_version(v)) {
        report_version(j, v);
    } else if (is_ours_in_another_case(v)) {
        report_wrong_case(j, v, LIT("apiVersion"));
        report_missing_kind(j, v);
    } else {
        judge_unknown(j, v);
    }
}
