#include "run.h"

#include "across.h"
#include "ceilings.h"
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
    slice input; /* standard input, which cannot be read twice */
};

struct worker {
    pthread_t thread;
    struct job *job;
    struct arena *arena; /* of the file at hand */
    struct arena *kept;  /* of the run */
    struct footprints *footprints;
    struct report_totals totals;
};

static const char *shown_name(const struct worker *w, const char *name)
{
    return strcmp(name, "-") ? name : w->job->options->stdin_name;
}

struct rendering {
    struct worker *worker;
    slice name;
    const struct stream_verdict *stream;
    struct buf text;
};

static void put_report(void *context)
{
    struct rendering *r = context;
    const struct run_options *options = r->worker->job->options;
    struct report_file f = report_file_of(r->worker->arena, r->name, r->stream);
    r->text = buf_new(r->worker->arena, REPORT_BYTES);
    options->format->put_file(&r->text, &f, options->colour);
}

/* The report on one file, in the worker's arena. */
static bool render(struct worker *w, const char *name, const struct stream_verdict *stream, slice *ret)
{
    *ret = (slice){0};
    if (stream->errors + stream->warnings == 0)
        return true;
    struct rendering r = {.worker = w, .name = slice_of(shown_name(w, name)), .stream = stream};
    bool rendered = arena_run(w->arena, put_report, &r) && !r.text.failed;
    *ret = rendered ? buf_slice(&r.text) : (slice){0};
    return rendered;
}

/* In place of what was kept before. */
static bool keep(struct outcome *o, slice text)
{
    free(o->text);
    o->n = 0;
    o->text = text.n ? malloc(text.n) : NULL;
    if (!o->text)
        return !text.n;
    memcpy(o->text, text.p, text.n);
    o->n = text.n;
    return true;
}

static bool keep_input(struct worker *w, slice bytes)
{
    char *copy = arena_try(w->kept, bytes.n);
    if (!copy)
        return false;
    if (bytes.n)
        memcpy(copy, bytes.p, bytes.n);
    w->job->input = (slice){copy, bytes.n};
    return true;
}

static int judge(struct worker *w, size_t file)
{
    const struct run_options *options = w->job->options;
    const char *name = w->job->paths->names[file];
    struct outcome *o = &w->job->outcomes[file];
    slice bytes, text;
    if (!source_read(w->arena, name, &bytes))
        return errno;
    const struct stream_verdict *stream = verdict_manifest(options->gate, w->arena, bytes, options->now);
    if (!stream || !render(w, name, stream, &text) || !keep(o, text) ||
        (!strcmp(name, "-") && !keep_input(w, bytes)) ||
        !footprints_note(w->footprints, (uint32_t)file, slice_of(shown_name(w, name)), stream))
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
        o->error = judge(w, i);
        w->totals.unreadable += o->error != 0;
        arena_reset(w->arena);
    }
    return NULL;
}

/* ---- what the files are to each other ---- */

/* Judges a file once more and reports it with the rows that comparing the files has found. */
static int judge_again(struct worker *w, const struct across_row *rows, size_t count)
{
    const struct run_options *options = w->job->options;
    size_t file = rows->file;
    const char *name = w->job->paths->names[file];
    slice bytes = w->job->input, text;
    if (strcmp(name, "-") != 0 && !source_read(w->arena, name, &bytes))
        return errno;
    const struct stream_verdict *stream = verdict_manifest(options->gate, w->arena, bytes, options->now);
    const struct stream_verdict *merged = stream ? across_merge(w->arena, stream, rows, count) : NULL;
    if (!merged || !render(w, name, merged, &text) || !keep(&w->job->outcomes[file], text))
        return ENOMEM;
    w->totals.errors += merged->errors - stream->errors;
    w->totals.warnings += merged->warnings - stream->warnings;
    w->totals.suppressed += merged->suppressed - stream->suppressed;
    return 0;
}

static bool compare_files(struct worker *workers, size_t worker_total)
{
    struct worker *w = &workers[0];
    struct footprints *lists[MOST_WORKERS];
    const struct across_row *rows;
    size_t count, lists_used = 0;
    for (size_t i = 0; i < worker_total; i++)
        if (workers[i].footprints)
            lists[lists_used++] = workers[i].footprints;
    if (!across_judge(w->job->options->gate, w->kept, lists, lists_used, &rows, &count))
        return false;
    for (size_t i = 0, n; i < count; i += n) {
        for (n = 1; i + n < count && rows[i + n].file == rows[i].file;)
            n++;
        struct outcome *o = &w->job->outcomes[rows[i].file];
        o->error = judge_again(w, &rows[i], n);
        w->totals.unreadable += o->error != 0;
        arena_reset(w->arena);
    }
    return true;
}

/* ---- the run ---- */

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
        started[i] =
            workers[i].footprints && pthread_create(&workers[i].thread, NULL, work, &workers[i]) == 0;
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
        workers[i].kept = arena_new(LIMIT_ARENA_BYTES);
        if (workers[i].arena && workers[i].kept)
            workers[i].footprints = footprints_new(workers[i].kept);
    }
    bool ok = job.outcomes && workers[0].footprints;
    if (ok) {
        run_workers(workers, count);
        ok = compare_files(workers, count);
    }
    *ret = (struct run){.outcomes = job.outcomes};
    ret->totals.other_files = paths->other_files;
    ret->totals.links = paths->links;
    ret->totals.unreadable = paths->failed;
    for (size_t i = 0; i < count; i++) {
        report_add(&ret->totals, &workers[i].totals);
        arena_free(workers[i].arena);
        arena_free(workers[i].kept);
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
