/* machine [SCHEDULES [BACKUPS]]: measures the controller's machine with many objects, by default 10,000 schedules with ten
 * backups each. The server runs in the process and answers at once. The time that it takes to make the answers is measured
 * separately and subtracted; the rest is the machine's. Goals: the cache below 250 MB, less than 1 % of a core when there is
 * nothing to do, at most 4 requests a run. */
#include "machine.h"
#include "builtin_schemas.h"
#include "objects.h"

#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

enum { BEGIN = 1795739400 /* 2026-11-27T00:30:00Z */, STATUS_BYTES = 4096 };

struct bench {
    struct machine *m;
    struct machine_moment now;
    long schedules;
    struct objects objects; /* its text is the body of an answer */
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

/* ---- the server ---- */

static uint64_t number_after(slice text, const char *what)
{
    size_t at = slice_find(text, slice_of(what));
    return at == SLICE_NONE ? 0 : strtoull(text.p + at + strlen(what), NULL, 10);
}

static void list(struct bench *b, const struct machine_request *q)
{
    bool schedules = !strcmp(q->resource, "backupschedules"), backups = !strcmp(q->resource, "backups");
    long total = schedules ? b->schedules : backups ? b->schedules * b->objects.backups : 0;
    long from = (long)number_after(q->query, "continue="), most = (long)number_after(q->query, "limit=");
    long end = from + most < total ? from + most : total;
    objects_put(&b->objects, "{\"metadata\":{\"resourceVersion\":\"%llu\"",
                (unsigned long long)b->objects.version + 1000000000);
    if (end < total)
        objects_put(&b->objects, ",\"continue\":\"%ld\"", end);
    objects_put(&b->objects, "},\"items\":[");
    for (long i = from; i < end; i++) {
        objects_put(&b->objects, i > from ? "," : "");
        if (schedules)
            objects_put_schedule(&b->objects, i, "{}");
        else
            objects_put_backup(&b->objects, i / b->objects.backups, 1 + i % b->objects.backups);
    }
    objects_put(&b->objects, "]}");
}

/* The body as it was sent, with what the server adds. */
static void echo(struct bench *b, slice body, const char *uid)
{
    size_t at = slice_find(body, LIT("\"metadata\":{")) + strlen("\"metadata\":{");
    objects_put(&b->objects, "%.*s\"uid\":\"%s-%llu\",\"resourceVersion\":\"%llu\",%.*s", (int)at, body.p,
                uid, (unsigned long long)b->objects.version + 1,
                (unsigned long long)b->objects.version + 2000000000, FMT(slice_from(body, at)));
    b->objects.version++;
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
        objects_put(&b->objects, "%.*s", FMT(q->body));
    } else if (!strcmp(q->resource, "events")) {
        b->events++;
        objects_put(&b->objects, "{}");
    } else if (q->verb == MACHINE_CREATE) {
        b->running[b->running_count++] =
            (long)number_after(q->body, "\"name\":\"s"); /* the child's name begins with the schedule's */
        echo(b, q->body, "new");
    } else if (q->verb == MACHINE_PATCH) {
        slice status = slice_from(q->body, slice_find(q->body, LIT("\"status\":")) + strlen("\"status\":"));
        char text[STATUS_BYTES];
        snprintf(text, sizeof text, "%.*s", (int)status.n - 1, status.p);
        b->objects.version += 2000000000;
        objects_put_schedule(&b->objects, schedule_of(q->name), text);
        b->objects.version -= 2000000000;
    } else {
        objects_put(&b->objects, "{\"kind\":\"Status\",\"status\":\"Success\"}");
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
        b->objects.n = 0;
        serve(b, &q, &e);
        e.body = (slice){b->objects.text, b->objects.n};
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
        b->objects.n = 0;
        b->objects.version += 3000000000;
        objects_put(&b->objects, "{\"type\":\"MODIFIED\",\"object\":");
        objects_put_backup(&b->objects, b->running[i], 0);
        objects_put(&b->objects, "}");
        b->objects.version -= 3000000000;
        b->serving += seconds() - start;
        machine_event(b->m, b->now,
                      &(struct machine_event){.kind = MACHINE_WATCH_LINE,
                                              .id = b->backups_watch,
                                              .body = {b->objects.text, b->objects.n}});
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
                      .objects = {.today = BEGIN, .backups = argc > 2 ? strtol(argv[2], NULL, 10) : 10},
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
    printf("%ld schedules, %ld backups\n", b.schedules, b.schedules * b.objects.backups);
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
    free(b.objects.text);
    return 0;
}
