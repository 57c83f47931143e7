#include "run.h"

#include "limits.h"
#include "source.h"

#include <errno.h>
#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>

enum {
    MOST_WORKERS = 8,
    FILES_PER_WORKER = 16, /* fewer are judged before a thread has started */
    REPORT_BYTES = 256 << 20,
};

struct job {
    const struct run_options *options;
    const struct paths *paths;
    struct outcome *outcomes;
    atomic_size_t next;
};

struct worker {
    pthread_t thread;
    struct job *job;
    struct arena *arena;
    struct report_totals totals;
};

static const char *shown_name(const struct worker *w, const char *name)
{
    return strcmp(name, "-") ? name : w->job->options->stdin_name;
}

/* The report on one file, in the worker's arena. */
static bool render(struct worker *w, const char *name, const struct stream_verdict *stream, slice *ret)
{
    *ret = (slice){0};
    if (stream->errors + stream->warnings == 0)
        return true;
    if (arena_guard(w->arena))
        return false;
    struct report_file f = report_file_of(w->arena, slice_of(shown_name(w, name)), stream);
    struct buf b = buf_new(w->arena, REPORT_BYTES);
    w->job->options->format->put_file(&b, &f, w->job->options->colour);
    *ret = buf_slice(&b);
    arena_unguard(w->arena);
    return !b.failed;
}

static bool keep(struct outcome *o, slice text)
{
    if (!text.n)
        return true;
    o->text = malloc(text.n);
    if (!o->text)
        return false;
    memcpy(o->text, text.p, text.n);
    o->n = text.n;
    return true;
}

static int judge(struct worker *w, const char *name, struct outcome *o)
{
    const struct run_options *options = w->job->options;
    slice bytes, text;
    if (!source_read(w->arena, name, &bytes))
        return errno;
    const struct stream_verdict *stream = verdict_manifest(options->gate, w->arena, bytes, options->now);
    if (!stream || !render(w, name, stream, &text) || !keep(o, text))
        return ENOMEM;
    report_count(&w->totals, stream);
    return 0;
}

static void *work(void *worker)
{
    struct worker *w = worker;
    const struct paths *paths = w->job->paths;
    for (size_t i; (i = atomic_fetch_add(&w->job->next, 1)) < paths->count;) {
        struct outcome *o = &w->job->outcomes[i];
        o->error = judge(w, paths->names[i], o);
        w->totals.unreadable += o->error != 0;
        arena_reset(w->arena);
    }
    return NULL;
}

static size_t worker_count(size_t files)
{
    cpu_set_t set;
    size_t count = sched_getaffinity(0, sizeof set, &set) == 0 ? (size_t)CPU_COUNT(&set) : 1;
    if (count > MOST_WORKERS)
        count = MOST_WORKERS;
    if (count > files / FILES_PER_WORKER)
        count = files / FILES_PER_WORKER;
    return count ? count : 1;
}

/* The calling thread is the first worker; a thread that cannot be started only makes the run slower. */
static void run_workers(struct worker *workers, size_t count)
{
    bool started[MOST_WORKERS] = {false};
    for (size_t i = 1; i < count; i++)
        started[i] = workers[i].arena && pthread_create(&workers[i].thread, NULL, work, &workers[i]) == 0;
    work(&workers[0]);
    for (size_t i = 1; i < count; i++)
        if (started[i])
            pthread_join(workers[i].thread, NULL);
}

bool run_files(const struct run_options *options, const struct paths *paths, struct run *ret)
{
    struct worker workers[MOST_WORKERS] = {0};
    struct job job = {.options = options, .paths = paths};
    size_t count = worker_count(paths->count);
    job.outcomes = calloc(paths->count ? paths->count : 1, sizeof *job.outcomes);
    for (size_t i = 0; i < count; i++) {
        workers[i].job = &job;
        workers[i].arena = arena_new(LIMIT_ARENA_BYTES);
    }
    bool ok = job.outcomes && workers[0].arena;
    if (ok)
        run_workers(workers, count);
    *ret = (struct run){.outcomes = job.outcomes};
    ret->totals.other_files = paths->other_files;
    ret->totals.links = paths->links;
    ret->totals.unreadable = paths->failed;
    for (size_t i = 0; i < count; i++) {
        report_add(&ret->totals, &workers[i].totals);
        arena_free(workers[i].arena);
    }
    return ok;
}

void run_free(struct run *run, const struct paths *paths)
{
    for (size_t i = 0; run->outcomes && i < paths->count; i++)
        free(run->outcomes[i].text);
    free(run->outcomes);
    run->outcomes = NULL;
}
