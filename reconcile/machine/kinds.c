/* The table of kinds. */
#include "kinds.h"

#define BR_BACKUP        (1u << K_BR_BACKUP)
#define BR_SCHEDULE      (1u << K_BR_SCHEDULE)
#define BR_COMPACT       (1u << K_BR_COMPACT)
#define PINGCAP_BACKUP   (1u << K_PINGCAP_BACKUP)
#define PINGCAP_SCHEDULE (1u << K_PINGCAP_SCHEDULE)
#define PINGCAP_COMPACT  (1u << K_PINGCAP_COMPACT)
#define HAVE_JOBS        (BR_BACKUP | BR_COMPACT | PINGCAP_BACKUP | PINGCAP_COMPACT)

/* The kinds that the operators have controllers for. v2 has one for one kind of br.pingcap.com, in all its branches. */
#define BY_OPERATOR_V1 (PINGCAP_BACKUP | PINGCAP_SCHEDULE | PINGCAP_COMPACT)
#define BY_OPERATOR_V2 BR_BACKUP

#define BR      "br.pingcap.com/v1alpha1"
#define PINGCAP "pingcap.com/v1alpha1"
#define CORE    "core.pingcap.com/v1alpha1"

/* All Jobs that this program or an operator makes, and their pods, have this label (job.c). "in
 * (backup,clean,compactbackup)" */
#define OF_BACKUPS "app.kubernetes.io%2Fcomponent+in+%28backup%2Cclean%2Ccompactbackup%29"

const struct kind kinds[K_COUNT] = {
    [K_BR_BACKUP] = {BR, "backups", "Backup", NULL, BR_BACKUP | BR_SCHEDULE, UNKNOWN_CHILDREN, true, false},
    [K_BR_SCHEDULE] = {BR, "backupschedules", "BackupSchedule", NULL, BR_SCHEDULE, 0, true, false},
    [K_BR_COMPACT] = {BR, "compactbackups", "CompactBackup", NULL, BR_COMPACT | BR_SCHEDULE, UNKNOWN_CHILDREN,
                      true, false},
    [K_PINGCAP_BACKUP] = {PINGCAP, "backups", "Backup", NULL, PINGCAP_BACKUP | PINGCAP_SCHEDULE,
                          UNKNOWN_CHILDREN, false, false},
    [K_PINGCAP_SCHEDULE] = {PINGCAP, "backupschedules", "BackupSchedule", NULL, PINGCAP_SCHEDULE, 0, false,
                            false},
    [K_PINGCAP_COMPACT] = {PINGCAP, "compactbackups", "CompactBackup", NULL,
                           PINGCAP_COMPACT | PINGCAP_SCHEDULE, UNKNOWN_CHILDREN, false, false},
    [K_JOB] = {"batch/v1", "jobs", "Job", OF_BACKUPS, HAVE_JOBS, UNKNOWN_JOBS, true, true},
    [K_POD] = {"v1", "pods", "Pod", OF_BACKUPS, HAVE_JOBS, UNKNOWN_PODS, true, true},
    [K_CLUSTER] = {CORE, "clusters", "Cluster", NULL, BR_BACKUP | BR_COMPACT, UNKNOWN_CLUSTER, true, false},
    [K_PD_GROUP] = {CORE, "pdgroups", "PDGroup", NULL, BR_BACKUP | BR_COMPACT, UNKNOWN_CLUSTER, true, false},
    [K_TIKV_GROUP] = {CORE, "tikvgroups", "TiKVGroup", NULL, BR_BACKUP | BR_COMPACT, UNKNOWN_CLUSTER, true,
                      false},
    [K_TIDB_CLUSTER] = {PINGCAP, "tidbclusters", "TidbCluster", NULL, PINGCAP_BACKUP | PINGCAP_COMPACT,
                        UNKNOWN_CLUSTER, true, false},
    [K_OPERATOR] = {"apps/v1", "deployments", "Deployment", "app.kubernetes.io%2Fname=tidb-operator",
                    BY_OPERATOR_V1 | BY_OPERATOR_V2, 0, true, true},
    [K_CLAIM] = {"v1", "persistentvolumeclaims", "PersistentVolumeClaim", NULL, 0, 0, true, false},
};

enum kind_number kind_of(slice api_version, slice kind)
{
    for (unsigned k = 0; k < K_COUNT; k++)
        if (slice_eq(kind, slice_of(kinds[k].name)) &&
            slice_eq(api_version, slice_of(kinds[k].group_version)))
            return (enum kind_number)k;
    return K_COUNT;
}

/* The labels are those of the operators' charts.
 * [tidb-operator v2: charts/tidb-operator/templates/deployment.yaml; v1: controller-manager-deployment.yaml] */
unsigned kinds_of_operator(slice component)
{
    if (slice_eq(component, LIT("tidb-operator")))
        return BY_OPERATOR_V2;
    return slice_eq(component, LIT("controller-manager")) ? BY_OPERATOR_V1 : 0;
}

bool kind_is_handled(unsigned handled, enum kind_number k)
{
    return k < K_HANDLED && handled >> k & 1;
}

enum api_group kind_group(enum kind_number k)
{
    return k < K_PINGCAP_BACKUP ? GROUP_BR : GROUP_PINGCAP;
}

enum resource_kind kind_resource(enum kind_number k)
{
    return (enum resource_kind)((unsigned)k % K_PINGCAP_BACKUP);
}
