/* Runs the threads of a run. */
#include "run.h"

#include "brgate_limits.h"
#include "file.h"
#include "mention.h"

#include <errno.h>
#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdlib.h>

enum {
    FILES_PER_WORKER = 16, /* fewer are judged before a thread has started */
};

struct lint_job {
    const struct run_options *options;
    const struct paths *paths;
    struct run_file *files;
    atomic_size_t next;
};

struct worker {
    pthread_t thread;
    struct lint_job *job;
    struct arena *arena; /* of the file at hand */
    struct arena *kept;  /* of the run */
    struct object_summaries *object_summaries;
    struct report_totals totals;
};

static slice shown_name(const struct worker *w, size_t file)
{
    const char *name = w->job->paths->names[file];
    return slice_of(file_shown(name, w->job->options->stdin_name));
}

struct report_keeping {
    struct worker *worker;
    size_t file;
    const struct stream_verdict *stream;
};

static bool holds_ours(const struct stream_verdict *stream)
{
    for (const struct verdict *v = stream->first; v; v = v->next)
        if (v->object)
            return true;
    return false;
}

/* Comparing may find something in any file that holds our objects. */
static void keep(void *context)
{
    struct report_keeping *k = context;
    struct worker *w = k->worker;
    if (k->stream->errors + k->stream->warnings == 0 && !holds_ours(k->stream))
        return;
    struct report_file f = report_file_of(w->kept, shown_name(w, k->file), k->stream);
    w->job->files[k->file].report = report_file_keep(w->kept, &f);
}

static bool is_readable(const struct stream_verdict *stream)
{
    for (const struct verdict *v = stream->first; v; v = v->next)
        if (!v->root)
            return false;
    return true;
}

static bool is_silenced(const struct stream_verdict *stream)
{
    for (const struct verdict *v = stream->first; v; v = v->next)
        if (!v->root && !v->diagnostic_count)
            return true;
    return false;
}

static int judge(struct worker *w, size_t file)
{
    const struct run_options *options = w->job->options;
    const char *name = w->job->paths->names[file];
    slice bytes;
    int error = file_read_stream(w->arena, name, LIMIT_STREAM_BYTES + 1, &bytes); /* one more: too large */
    if (error == ENOENT || error == ELOOP) { /* operands have been looked at before: this is in a folder */
        w->totals.missing++;
        return 0;
    }
    if (error)
        return error;
    const struct stream_verdict *stream = verdict_manifest(options->gate, w->arena, bytes, options->now);
    if (stream && !file_is_stdin(name) && !is_readable(stream) && !text_names_ours(w->arena, bytes)) {
        w->totals.not_ours++;
        return 0;
    }
    struct report_keeping k = {w, file, stream};
    if (!stream || !arena_run(w->kept, keep, &k) ||
        !object_summaries_note(w->object_summaries, (uint32_t)file, shown_name(w, file), stream))
        return ENOMEM;
    report_count(&w->totals, stream);
    w->job->files[file].silenced = is_silenced(stream);
    return 0;
}

static void *work(void *worker)
{
    struct worker *w = worker;
    const struct paths *paths = w->job->paths;
    for (size_t i; (i = atomic_fetch_add(&w->job->next, 1)) < paths->count;) {
        struct run_file *f = &w->job->files[i];
        f->error = judge(w, i);
        w->totals.unreadable += f->error != 0;
        arena_reset(w->arena);
    }
    return NULL;
}

/* ---- what the files are to each other ---- */

struct adding {
    struct worker *worker;
    const struct across *across;
};

static void add_all(void *context)
{
    struct adding *adding = context;
    const struct across_diagnostic *found = adding->across->diagnostics;
    struct worker *w = adding->worker;
    for (size_t i = 0, n; i < adding->across->count; i += n) {
        for (n = 1; i + n < adding->across->count && found[i + n].file == found[i].file;)
            n++;
        report_file_add(w->kept, w->job->files[found[i].file].report, &found[i], n);
    }
    for (size_t i = 0; i < adding->across->count; i++) {
        w->totals.errors += found[i].diagnostic.severity == SEVERITY_ERROR;
        w->totals.warnings += found[i].diagnostic.severity == SEVERITY_WARNING;
    }
    w->totals.suppressed += adding->across->suppressed;
}

static bool compare_files(struct worker *workers, size_t worker_total)
{
    struct worker *w = &workers[0];
    struct object_summaries *lists[RUN_WORKERS];
    struct across across;
    size_t lists_used = 0;
    for (size_t i = 0; i < worker_total; i++)
        if (workers[i].object_summaries)
            lists[lists_used++] = workers[i].object_summaries;
    return across_judge(w->job->options->gate, w->kept, lists, lists_used, &across) &&
           arena_run(w->kept, add_all, &(struct adding){w, &across});
}

/* ---- the run ---- */

static size_t worker_count(size_t files)
{
    cpu_set_t set;
    size_t count = sched_getaffinity(0, sizeof set, &set) == 0 ? (size_t)CPU_COUNT(&set) : 1;
    if (count > RUN_WORKERS)
        count = RUN_WORKERS;
    if (count > files / FILES_PER_WORKER)
        count = files / FILES_PER_WORKER;
    return count ? count : 1;
}

/* The calling thread is the first worker; a thread that cannot be started only makes the run slower. */
static void run_workers(struct worker *workers, size_t count)
{
    bool started[RUN_WORKERS] = {false};
    for (size_t i = 1; i < count; i++)
        started[i] =
            workers[i].object_summaries && pthread_create(&workers[i].thread, NULL, work, &workers[i]) == 0;
    work(&workers[0]);
    for (size_t i = 1; i < count; i++)
        if (started[i])
            pthread_join(workers[i].thread, NULL);
}

bool run_files(const struct run_options *options, const struct paths *paths, struct run *ret)
{
    struct worker workers[RUN_WORKERS] = {0};
    struct lint_job job = {.options = options, .paths = paths};
    size_t count = worker_count(paths->count);
    *ret = (struct run){.files = calloc(paths->count ? paths->count : 1, sizeof *ret->files)};
    job.files = ret->files;
    for (size_t i = 0; i < count; i++) {
        workers[i].job = &job;
        workers[i].arena = arena_new(LIMIT_ARENA_BYTES);
        workers[i].kept = ret->kept[i] = arena_new(LIMIT_ARENA_BYTES);
        if (workers[i].arena && workers[i].kept)
            workers[i].object_summaries = object_summaries_new(workers[i].kept);
    }
    bool ok = job.files && workers[0].object_summaries;
    if (ok) {
        run_workers(workers, count);
        ok = compare_files(workers, count);
    }
    ret->totals.other_files = paths->other_files;
    ret->totals.links = paths->links;
    ret->totals.ignored = paths->ignored;
    ret->totals.missing = paths->missing;
    ret->totals.unreadable = paths->failed;
    for (size_t i = 0; i < count; i++) {
        report_add(&ret->totals, &workers[i].totals);
        arena_free(workers[i].arena);
    }
    return ok;
}

void run_free(struct run *run)
{
    for (size_t i = 0; i < RUN_WORKERS; i++)
        arena_free(run->kept[i]);
    free(run->files);
    *run = (struct run){0};
}
