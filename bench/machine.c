/* machine [SCHEDULES [BACKUPS]]: measures the controller's machine with many objects, by default 10,000 schedules with ten
 * backups each. The server runs in the process and answers at once. The time that it takes to make the answers is measured
 * separately and subtracted; the rest is the machine's. Goals: the cache below 250 MB, less than 1 % of a core when there is
 * nothing to do, at most 4 requests a run. */
#include "machine.h"
#include "builtin_schemas.h"
#include "civil.h"

#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

enum { BEGIN = 1795739400 /* 2026-11-27T00:30:00Z */, DAY = 86400, A_NAMESPACE = 10, LINE_BYTES = 4096 };

struct bench {
    struct machine *m;
    struct machine_moment now;
    long schedules, backups; /* all; of each schedule */
    uint64_t version;
    char *body; /* of an answer */
    size_t body_n, body_capacity;
    size_t requests[MACHINE_VERB_COUNT], events;
    uint64_t backups_watch;
    long *running; /* schedules whose run was made and is not complete */
    size_t running_count;
    double serving; /* seconds */
};

static double seconds(void)
{
    struct timespec t;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static double resident_mb(void)
{
    long pages = 0, size;
    FILE *f = fopen("/proc/self/statm", "r");
    if (f && fscanf(f, "%ld %ld", &size, &pages) != 2)
        pages = 0;
    if (f)
        fclose(f);
    return (double)pages * (double)sysconf(_SC_PAGESIZE) / 1e6;
}

/* ---- objects, as large as real ones ---- */

static __attribute__((format(printf, 2, 3))) void put(struct bench *b, const char *format, ...)
{
    va_list args;
    if (b->body_capacity - b->body_n < LINE_BYTES) {
        b->body_capacity = 2 * b->body_capacity + LINE_BYTES;
        b->body = realloc(b->body, b->body_capacity);
    }
    va_start(args, format);
    b->body_n += (size_t)vsnprintf(b->body + b->body_n, LINE_BYTES, format, args);
    va_end(args);
}

static void put_managed_fields(struct bench *b)
{
    put(b, "\"managedFields\":[");
    for (int i = 0; i < 2; i++)
        put(b,
            "%s{\"apiVersion\":\"br.pingcap.com/"
            "v1alpha1\",\"fieldsType\":\"FieldsV1\",\"fieldsV1\":{\"f:metadata\":{"
            "\"f:annotations\":{},\"f:labels\":{\"f:app.kubernetes.io/instance\":{},\"f:app.kubernetes.io/"
            "name\":{}},"
            "\"f:ownerReferences\":{}},\"f:spec\":{\"f:br\":{\"f:cluster\":{}},\"f:s3\":{\"f:bucket\":{},"
            "\"f:prefix\":{},\"f:provider\":{}}}},\"manager\":\"brgate\",\"operation\":\"Update\",\"time\":"
            "\"2026-11-20T02:00:03Z\"}",
            i ? "," : "");
    put(b, "]");
}

static void put_schedule(struct bench *b, long i, const char *status)
{
    put(b,
        "{\"apiVersion\":\"br.pingcap.com/"
        "v1alpha1\",\"kind\":\"BackupSchedule\",\"metadata\":{\"name\":\"s%ld\","
        "\"namespace\":\"team-%ld\",\"uid\":\"s-%ld\",\"resourceVersion\":\"%llu\",\"creationTimestamp\":"
        "\"2026-11-01T00:00:00Z\",",
        i, i / A_NAMESPACE, i, (unsigned long long)++b->version);
    put_managed_fields(b);
    put(b,
        "},\"spec\":{\"schedule\":\"0 1 * * "
        "*\",\"maxBackups\":%ld,\"backupTemplate\":{\"cleanPolicy\":\"Delete\",\"br\":"
        "{\"cluster\":\"c%ld\"},\"s3\":{\"provider\":\"minio\",\"bucket\":\"store\",\"prefix\":\"s%ld\","
        "\"endpoint\":\"http://minio.storage:9000\",\"secretName\":\"keys\"}}},\"status\":%s}",
        b->backups, i, i, status);
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

/* The run of that schedule, `days` before today. */
static void put_backup(struct bench *b, long i, long days)
{
    struct civil c = civil_of(BEGIN - days * DAY);
    unsigned long long tso = ((unsigned long long)(BEGIN - days * DAY + 3600) * 1000) << 18;
    put(b,
        "{\"apiVersion\":\"br.pingcap.com/"
        "v1alpha1\",\"kind\":\"Backup\",\"metadata\":{\"name\":\"s%ld-%04d-%02d-%02dt01-00-"
        "00\",\"namespace\":\"team-%ld\",\"uid\":\"b-%ld-%ld\",\"resourceVersion\":\"%llu\","
        "\"creationTimestamp\":"
        "\"%04d-%02d-%02dT01:00:01Z\",\"finalizers\":[\"pingcap.com/finalizer\"],",
        i, c.year, c.month, c.day, i / A_NAMESPACE, i, days, (unsigned long long)++b->version, c.year,
        c.month, c.day);
    put(b,
        "\"labels\":{\"app.kubernetes.io/name\":\"backup-schedule\",\"pingcap.com/"
        "managed-by\":\"tidb-operator\","
        "\"app.kubernetes.io/instance\":\"s%ld\",\"tidb.pingcap.com/"
        "backup-schedule\":\"s%ld\"},\"ownerReferences\":[{"
        "\"apiVersion\":\"br.pingcap.com/"
        "v1alpha1\",\"kind\":\"BackupSchedule\",\"name\":\"s%ld\",\"uid\":\"s-%ld\","
        "\"controller\":true,\"blockOwnerDeletion\":true}],",
        i, i, i, i);
    put_managed_fields(b);
    put(b,
        "},\"spec\":{\"cleanPolicy\":\"Delete\",\"br\":{\"cluster\":\"c%ld\"},\"s3\":{\"provider\":\"minio\","
        "\"bucket\":"
        "\"store\",\"prefix\":\"s%ld/c%ld-pd.team-%ld-2379-%04d-%02d-%02dt01-00-00\",\"endpoint\":"
        "\"http://"
        "minio.storage:9000\",\"secretName\":\"keys\"},\"backupMode\":\"snapshot\",\"calcSizeLevel\":\"all\"}"
        ","
        "\"status\":",
        i, i, i, i / A_NAMESPACE, c.year, c.month, c.day);
    put(b, complete, tso);
    put(b, "}");
}

/* ---- the server ---- */

static uint64_t number_after(slice text, const char *what)
{
    size_t at = slice_find(text, slice_of(what));
    return at == SLICE_NONE ? 0 : strtoull(text.p + at + strlen(what), NULL, 10);
}

static void list(struct bench *b, const struct machine_request *q)
{
    bool schedules = !strcmp(q->resource, "backupschedules"), backups = !strcmp(q->resource, "backups");
    long total = schedules ? b->schedules : backups ? b->schedules * b->backups : 0;
    long from = (long)number_after(q->query, "continue="), most = (long)number_after(q->query, "limit=");
    long end = from + most < total ? from + most : total;
    put(b, "{\"metadata\":{\"resourceVersion\":\"%llu\"", (unsigned long long)b->version + 1000000000);
    if (end < total)
        put(b, ",\"continue\":\"%ld\"", end);
    put(b, "},\"items\":[");
    for (long i = from; i < end; i++) {
        put(b, i > from ? "," : "");
        if (schedules)
            put_schedule(b, i, "{}");
        else
            put_backup(b, i / b->backups, 1 + i % b->backups);
    }
    put(b, "]}");
}

/* The body as it was sent, with what the server adds. */
static void echo(struct bench *b, slice body, const char *uid)
{
    size_t at = slice_find(body, LIT("\"metadata\":{")) + strlen("\"metadata\":{");
    put(b, "%.*s\"uid\":\"%s-%llu\",\"resourceVersion\":\"%llu\",%.*s", (int)at, body.p, uid,
        (unsigned long long)b->version + 1, (unsigned long long)b->version + 2000000000,
        FMT(slice_from(body, at)));
    b->version++;
}

static long schedule_of(slice name)
{
    return (long)number_after(name, "s");
}

static void serve(struct bench *b, const struct machine_request *q, struct machine_event *e)
{
    e->status = 200;
    if (q->verb == MACHINE_LIST) {
        list(b, q);
    } else if (!strcmp(q->resource, "leases")) {
        e->status = q->verb == MACHINE_GET ? 404 : 200;
        put(b, "%.*s", FMT(q->body));
    } else if (!strcmp(q->resource, "events")) {
        b->events++;
        put(b, "{}");
    } else if (q->verb == MACHINE_CREATE) {
        b->running[b->running_count++] =
            (long)number_after(q->body, "\"name\":\"s"); /* the child's name begins with the schedule's */
        echo(b, q->body, "new");
    } else if (q->verb == MACHINE_PATCH) {
        slice status = slice_from(q->body, slice_find(q->body, LIT("\"status\":")) + strlen("\"status\":"));
        char text[LINE_BYTES];
        snprintf(text, sizeof text, "%.*s", (int)status.n - 1, status.p);
        b->version += 2000000000;
        put_schedule(b, schedule_of(q->name), text);
        b->version -= 2000000000;
    } else {
        put(b, "{\"kind\":\"Status\",\"status\":\"Success\"}");
    }
}

static void settle(struct bench *b)
{
    struct machine_request q;
    struct machine_note n;
    for (;;) {
        while (machine_note(b->m, &n))
            ;
        if (!machine_next(b->m, b->now, &q)) {
            if (machine_wake(b->m) > b->now.ms)
                return;
            continue;
        }
        b->requests[q.verb] += strcmp(q.resource, "leases") != 0;
        if (q.verb == MACHINE_WATCH && !strcmp(q.resource, "backups"))
            b->backups_watch = q.id;
        if (q.verb == MACHINE_WATCH)
            continue;
        struct machine_event e = {.kind = MACHINE_ANSWER, .id = q.id};
        double start = seconds();
        b->body_n = 0;
        serve(b, &q, &e);
        e.body = (slice){b->body, b->body_n};
        b->serving += seconds() - start;
        machine_event(b->m, b->now, &e);
    }
}

static void pass(struct bench *b, int64_t span)
{
    int64_t end = b->now.ms + span * 1000;
    for (settle(b); machine_wake(b->m) < end; settle(b)) {
        int64_t before = b->now.ms / 1000;
        b->now.ms = machine_wake(b->m);
        b->now.wall += b->now.ms / 1000 - before;
    }
    b->now.wall += (end - b->now.ms) / 1000;
    b->now.ms = end;
}

/* The pods of all runs report that they are complete. */
static void complete_runs(struct bench *b)
{
    for (size_t i = 0; i < b->running_count; i++) {
        double start = seconds();
        b->body_n = 0;
        b->version += 3000000000;
        put(b, "{\"type\":\"MODIFIED\",\"object\":");
        put_backup(b, b->running[i], 0);
        put(b, "}");
        b->version -= 3000000000;
        b->serving += seconds() - start;
        machine_event(b->m, b->now,
                      &(struct machine_event){
                          .kind = MACHINE_WATCH_LINE, .id = b->backups_watch, .body = {b->body, b->body_n}});
        settle(b);
    }
    b->running_count = 0;
}

/* ---- the measurements ---- */

static size_t all_requests(const struct bench *b)
{
    size_t sum = 0;
    for (unsigned v = 0; v < MACHINE_VERB_COUNT; v++)
        sum += b->requests[v];
    return sum;
}

int main(int argc, char **argv)
{
    struct bench b = {.schedules = argc > 1 ? strtol(argv[1], NULL, 10) : 10000,
                      .backups = argc > 2 ? strtol(argv[2], NULL, 10) : 10,
                      .now = {1000000, BEGIN}};
    const struct policy policy = {0};
    struct gate *gate = gate_open(&policy, &builtin_schemas);
    const struct machine_settings settings = {.gate = gate,
                                              .plan = {.time_zone = LIT("UTC")},
                                              .kinds = MACHINE_DEFAULT_KINDS,
                                              .identity = LIT("bench"),
                                              .lease_namespace = LIT("brgate"),
                                              .lease_name = LIT("brgate")};
    enum { IDLE = 600 };
    b.running = calloc((size_t)b.schedules * 2, sizeof *b.running);
    double before = resident_mb(), start = seconds();
    b.m = machine_new(&settings);
    settle(&b);
    settle(&b);
    double started = seconds() - start - b.serving;
    printf("%ld schedules, %ld backups\n", b.schedules, b.schedules * b.backups);
    printf("  start-up      %8.2f s of CPU, %zu requests, %llu turns\n", started, all_requests(&b),
           (unsigned long long)machine_count(b.m, MACHINE_TURNS));
    printf("  memory        %8.1f MB kept for %llu objects, %.1f MB resident more than before (goal 250)\n",
           (double)machine_count(b.m, MACHINE_BYTES) / 1e6,
           (unsigned long long)machine_count(b.m, MACHINE_OBJECTS), resident_mb() - before);

    size_t requests = all_requests(&b);
    b.serving = 0;
    start = seconds();
    pass(&b, IDLE);
    printf("  nothing to do %8.4f %% of a core, %zu requests in %d s without the lease's (goal 1 %%)\n",
           100 * (seconds() - start - b.serving) / IDLE, all_requests(&b) - requests, IDLE);

    requests = all_requests(&b);
    b.serving = 0;
    start = seconds();
    pass(&b, BEGIN + 1800 - b.now.wall + 60); /* all are due at 01:00 */
    size_t runs = b.running_count;
    complete_runs(&b);
    pass(&b, 60);
    printf("  a run of each %8.2f requests a run (goal 4), %.0f us of CPU a run, %zu runs, %zu deleted, %zu "
           "events\n",
           (double)(all_requests(&b) - requests) / (double)runs,
           1e6 * (seconds() - start - b.serving) / (double)runs, runs, b.requests[MACHINE_DELETE], b.events);
    machine_free(b.m);
    gate_close(gate);
    free(b.running);
    free(b.body);
    return 0;
}
