/* Objects as large as real ones, with managed fields and a status. */
#include "objects.h"

#include "civil.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

enum { DAY = 86400, A_NAMESPACE = 10, LINE_BYTES = 4096 };

void objects_put(struct objects *o, const char *format, ...)
{
    va_list args;
    if (o->capacity - o->n < LINE_BYTES) {
        o->capacity = 2 * o->capacity + LINE_BYTES;
        o->text = realloc(o->text, o->capacity);
    }
    va_start(args, format);
    o->n += (size_t)vsnprintf(o->text + o->n, LINE_BYTES, format, args);
    va_end(args);
}

static void put_managed_fields(struct objects *o)
{
    objects_put(o, "\"managedFields\":[");
    for (int i = 0; i < 2; i++)
        objects_put(
            o,
            "%s{\"apiVersion\":\"br.pingcap.com/"
            "v1alpha1\",\"fieldsType\":\"FieldsV1\",\"fieldsV1\":{\"f:metadata\":{"
            "\"f:annotations\":{},\"f:labels\":{\"f:app.kubernetes.io/instance\":{},\"f:app.kubernetes.io/"
            "name\":{}},"
            "\"f:ownerReferences\":{}},\"f:spec\":{\"f:br\":{\"f:cluster\":{}},\"f:s3\":{\"f:bucket\":{},"
            "\"f:prefix\":{},\"f:provider\":{}}}},\"manager\":\"brgate\",\"operation\":\"Update\",\"time\":"
            "\"2026-11-20T02:00:03Z\"}",
            i ? "," : "");
    objects_put(o, "]");
}

void objects_put_schedule(struct objects *o, long i, const char *status)
{
    objects_put(
        o,
        "{\"apiVersion\":\"br.pingcap.com/"
        "v1alpha1\",\"kind\":\"BackupSchedule\",\"metadata\":{\"name\":\"s%ld\","
        "\"namespace\":\"team-%ld\",\"uid\":\"s-%ld\",\"resourceVersion\":\"%llu\",\"creationTimestamp\":"
        "\"2026-11-01T00:00:00Z\",",
        i, i / A_NAMESPACE, i, (unsigned long long)++o->version);
    put_managed_fields(o);
    objects_put(
        o,
        "},\"spec\":{\"schedule\":\"0 1 * * "
        "*\",\"maxBackups\":%ld,\"backupTemplate\":{\"cleanPolicy\":\"Delete\",\"br\":"
        "{\"cluster\":\"c%ld\"},\"s3\":{\"provider\":\"minio\",\"bucket\":\"store\",\"prefix\":\"s%ld\","
        "\"endpoint\":\"http://minio.storage:9000\",\"secretName\":\"keys\"}}},\"status\":%s}",
        o->backups, i, i, status);
}

static const char complete[] =
    "{\"phase\":\"Complete\",\"backupPath\":\"s3://store/"
    "x\",\"backupSize\":123456789012,\"backupSizeReadable\":\"123 GB\","
    "\"commitTs\":\"%llu\",\"timeStarted\":\"2026-11-20T02:00:05Z\",\"timeCompleted\":\"2026-11-20T02:13:"
    "05Z\",\"timeTaken\":"
    "\"13m0s\",\"conditions\":[{\"type\":\"Scheduled\",\"status\":\"True\",\"reason\":\"Scheduled\","
    "\"message\":\"\","
    "\"lastTransitionTime\":\"2026-11-20T02:00:01Z\"},{\"type\":\"Running\",\"status\":\"True\",\"reason\":"
    "\"Running\","
    "\"message\":\"\",\"lastTransitionTime\":\"2026-11-20T02:00:05Z\"},{\"type\":\"Complete\",\"status\":"
    "\"True\",\"reason\":"
    "\"Complete\",\"message\":\"\",\"lastTransitionTime\":\"2026-11-20T02:13:05Z\"}]}";

void objects_put_backup(struct objects *o, long i, long days)
{
    struct civil c = civil_of(o->today - days * DAY);
    unsigned long long tso = ((unsigned long long)(o->today - days * DAY + 3600) * 1000) << 18;
    objects_put(o,
                "{\"apiVersion\":\"br.pingcap.com/"
                "v1alpha1\",\"kind\":\"Backup\",\"metadata\":{\"name\":\"s%ld-%04d-%02d-%02dt01-00-"
                "00\",\"namespace\":\"team-%ld\",\"uid\":\"b-%ld-%ld\",\"resourceVersion\":\"%llu\","
                "\"creationTimestamp\":"
                "\"%04d-%02d-%02dT01:00:01Z\",\"finalizers\":[\"pingcap.com/finalizer\"],",
                i, c.year, c.month, c.day, i / A_NAMESPACE, i, days, (unsigned long long)++o->version, c.year,
                c.month, c.day);
    objects_put(o,
                "\"labels\":{\"app.kubernetes.io/name\":\"backup-schedule\",\"pingcap.com/"
                "managed-by\":\"tidb-operator\","
                "\"app.kubernetes.io/instance\":\"s%ld\",\"tidb.pingcap.com/"
                "backup-schedule\":\"s%ld\"},\"ownerReferences\":[{"
                "\"apiVersion\":\"br.pingcap.com/"
                "v1alpha1\",\"kind\":\"BackupSchedule\",\"name\":\"s%ld\",\"uid\":\"s-%ld\","
                "\"controller\":true,\"blockOwnerDeletion\":true}],",
                i, i, i, i);
    put_managed_fields(o);
    objects_put(
        o,
        "},\"spec\":{\"cleanPolicy\":\"Delete\",\"br\":{\"cluster\":\"c%ld\"},\"s3\":{\"provider\":\"minio\","
        "\"bucket\":"
        "\"store\",\"prefix\":\"s%ld/c%ld-pd.team-%ld-2379-%04d-%02d-%02dt01-00-00\",\"endpoint\":"
        "\"http://"
        "minio.storage:9000\",\"secretName\":\"keys\"},\"backupMode\":\"snapshot\",\"calcSizeLevel\":\"all\"}"
        ","
        "\"status\":",
        i, i, i, i / A_NAMESPACE, c.year, c.month, c.day);
    objects_put(o, complete, tso);
    objects_put(o, "}");
}
