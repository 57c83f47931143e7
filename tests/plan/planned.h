/* One plan, as a line that tests compare: "delete Backup a; status BackupSchedule s". */
#ifndef BRGATE_TEST_PLANNED_H
#define BRGATE_TEST_PLANNED_H

#include "check.h"

#include "plan.h"

struct planned {
    struct log_task task;
    struct refused refused;
    unsigned unknown;
    const struct zone *zone;
    /* The result. */
    char actions[2048], why[512], objects[16384]; /* the objects as JSON, one a line */
    int64_t again;
};

/* Plans for the first document of `yaml` over the others, at that moment. */
void planned_at(struct planned *p, const char *now, const char *yaml);

/* The same, and compares the actions. */
#define assert_planned(p, now, yaml, expected)                                                               \
    do {                                                                                                     \
        planned_at((p), (now), (yaml));                                                                      \
        assert_string_equal((p)->actions, (expected));                                                       \
    } while (0)

#define assert_says(text, what)                                                                              \
    do {                                                                                                     \
        if (!strstr((text), (what)))                                                                         \
            fail_msg("\"%s\" is not in: %s", (what), (text));                                                \
    } while (0)

/* ---- documents ---- */

#define SCHEDULE(spec)                                                                                       \
    "{apiVersion: br.pingcap.com/v1alpha1, kind: BackupSchedule, metadata: {name: s, namespace: prod, uid: " \
    "u-1, creationTimestamp: '2026-01-01T00:30:00Z'}, spec: {backupTemplate: {br: "                          \
    "{cluster: c}, s3: {provider: minio, bucket: b}}, " spec "}}\n"
#define DAILY(spec) SCHEDULE("schedule: '0 2 * * *', " spec)
#define LOG_TEMPLATE                                                                                         \
    "logBackupTemplate: {backupMode: log, br: {cluster: c}, s3: {provider: minio, bucket: b}}"
#define OWNED(owner) "ownerReferences: [{kind: BackupSchedule, name: s, uid: " owner ", controller: true}]"
#define CHILD(name, owner, spec, status)                                                                     \
    "---\n{apiVersion: br.pingcap.com/v1alpha1, kind: Backup, metadata: {name: " name                        \
    ", namespace: prod, uid: b-1, creationTimestamp: '2026-01-05T02:00:00Z', " OWNED(                        \
        owner) "}, spec: {" spec "br: {cluster: c}}, status: " status "}\n"
#define COMPLETE(commit)                                                                                     \
    "{phase: Complete, commitTs: '" commit "', conditions: [{type: Complete, status: 'True'}]}"
#define FAILED                "{phase: Failed, conditions: [{type: Failed, status: 'True'}]}"
#define RUNNING               "{phase: Running, conditions: [{type: Running, status: 'True'}]}"
#define SNAPSHOT(day, status) CHILD("s-2026-01-" day "t02-00-00", "u-1", "", status)
#define GOOD(day)             SNAPSHOT(day, COMPLETE("2026-01-" day "T02:00:00Z"))
#define BAD(day)              SNAPSHOT(day, FAILED)
#define LOG_CHILD(checkpoint, more)                                                                          \
    CHILD("log-s", "u-1", "backupMode: log, ",                                                               \
          "{phase: Running, commitTs: '2026-01-01T01:00:00Z', logCheckpointTs: '" checkpoint "'" more "}")

#define BACKUP(metadata, spec, status)                                                                       \
    "{apiVersion: br.pingcap.com/v1alpha1, kind: Backup, metadata: {name: x, namespace: prod, uid: u-2, "    \
    "creationTimestamp: '2026-01-05T00:00:00Z'" metadata                                                     \
    "}, spec: {br: {cluster: c}, s3: {provider: minio, "                                                     \
    "bucket: b}" spec "}, status: " status "}\n"
#define DELETED ", deletionTimestamp: '2026-01-05T09:00:00Z', finalizers: [pingcap.com/finalizer]"
#define HELD    ", finalizers: [pingcap.com/finalizer]"
#define CLUSTER                                                                                              \
    "---\n{apiVersion: core.pingcap.com/v1alpha1, kind: Cluster, metadata: {name: c, namespace: "            \
    "prod}}\n---\n"                                                                                          \
    "{apiVersion: core.pingcap.com/v1alpha1, kind: PDGroup, metadata: {name: pd, namespace: prod}, spec: "   \
    "{cluster: {name: c}}}\n---\n{apiVersion: core.pingcap.com/v1alpha1, kind: TiKVGroup, metadata: {name: " \
    "kv, namespace: prod}, spec: {cluster: {name: c}, template: {spec: {version: v8.5.3}}}}\n"
#define JOB(name, owner, status)                                                                             \
    "---\n{apiVersion: batch/v1, kind: Job, metadata: {name: " name ", namespace: prod, ownerReferences: "   \
    "[{kind: Backup, name: x, uid: " owner ", controller: true}]}, status: " status "}\n"
#define ENDED(how)                                                                                           \
    "{conditions: [{type: " how ", status: 'True', lastTransitionTime: '2026-01-05T09:00:00Z'}], "           \
    "completionTime: '2026-01-05T09:00:00Z'}"
#define POD(job)                                                                                             \
    "---\n{apiVersion: v1, kind: Pod, metadata: {name: p, namespace: prod, labels: {job-name: " job          \
    "}}, status: {phase: Running}}\n"

#endif
