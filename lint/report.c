/* Shared by all formats: the order of findings, counts, the table of formats. */
#include "report.h"

static int by_place(const void *p, const void *q)
{
    return diagnostic_cmp(&((const struct reported *)p)->diagnostic,
                          &((const struct reported *)q)->diagnostic);
}

static void sort(struct report_file *f)
{
    if (f->count)
        qsort(f->reported, f->count, sizeof *f->reported, by_place);
}

struct report_file report_file_of(struct arena *a, slice name, const struct stream_verdict *stream)
{
    struct report_file f = {.name = name, .bytes = stream->bytes, .lines = stream->lines};
    for (const struct verdict *v = stream->first; v; v = v->next) {
        f.object_count++;
        f.count += v->diagnostic_count;
    }
    struct report_object *object = ARENA_ARRAY(a, struct report_object, f.object_count);
    struct reported *r = ARENA_ARRAY(a, struct reported, f.count);
    f.objects = object;
    f.reported = r;
    for (const struct verdict *v = stream->first; v; v = v->next, object++) {
        *object = (struct report_object){.api_version = v->api_version,
                                         .kind = v->kind,
                                         .namespace = v->namespace,
                                         .name = v->name,
                                         .status = v->status,
                                         .readable = v->root,
                                         .at = v->at,
                                         .end = v->end};
        for (size_t i = 0; i < v->diagnostic_count; i++)
            *r++ = (struct reported){.diagnostic = v->diagnostics[i], .object = object};
    }
    sort(&f);
    return f;
}

/* ---- keeping ---- */

static struct diagnostic diagnostic_keep(struct arena *a, const struct diagnostic *from)
{
    struct diagnostic d = *from;
    slice *const texts[] = {&d.path, &d.message, &d.hint, &d.suggested, &d.note, &d.edit_text};
    for (size_t i = 0; i < COUNT(texts); i++)
        *texts[i] = arena_copy(a, *texts[i]);
    return d;
}

static struct report_object object_keep(struct arena *a, const struct report_object *from)
{
    struct report_object object = *from;
    slice *const texts[] = {&object.api_version, &object.kind, &object.namespace, &object.name};
    for (size_t i = 0; i < COUNT(texts); i++)
        *texts[i] = arena_copy(a, *texts[i]);
    return object;
}

struct report_file *report_file_keep(struct arena *a, const struct report_file *f)
{
    struct report_file *kept = ARENA_NEW(a, struct report_file);
    struct report_object *objects = ARENA_ARRAY(a, struct report_object, f->object_count);
    *kept = *f;
    kept->name = arena_copy(a, f->name);
    kept->bytes = arena_copy(a, f->bytes);
    kept->lines = NULL;
    kept->objects = objects;
    kept->reported = ARENA_ARRAY(a, struct reported, f->count);
    for (size_t i = 0; i < f->object_count; i++)
        objects[i] = object_keep(a, &f->objects[i]);
    for (size_t i = 0; i < f->count; i++)
        kept->reported[i] = (struct reported){.diagnostic = diagnostic_keep(a, &f->reported[i].diagnostic),
                                              .object = &objects[f->reported[i].object - f->objects]};
    return kept;
}

/* Items of a List share its bytes: the first document is the one that the comparison has seen. */
static const struct report_object *object_at(const struct report_file *f, uint32_t at)
{
    for (size_t i = 0; i < f->object_count; i++)
        if (at >= f->objects[i].at && at < f->objects[i].end)
            return &f->objects[i];
    return &f->objects[0];
}

void report_file_add(struct arena *a, struct report_file *f, const struct across_diagnostic *more,
                     size_t count)
{
    struct reported *all = ARENA_ARRAY(a, struct reported, f->count + count);
    for (size_t i = 0; i < f->count; i++)
        all[i] = f->reported[i];
    for (size_t i = 0; i < count; i++)
        all[f->count + i] = (struct reported){.diagnostic = more[i].diagnostic,
                                              .object = object_at(f, more[i].diagnostic.from)};
    f->reported = all;
    f->count += count;
    sort(f);
}

/* ---- counts ---- */

void report_count(struct report_totals *t, const struct stream_verdict *stream)
{
    t->files++;
    t->skipped += stream->skipped;
    t->errors += stream->errors;
    t->warnings += stream->warnings;
    t->suppressed += stream->suppressed;
    for (const struct verdict *v = stream->first; v; v = v->next) {
        t->objects += v->root && v->status != VERDICT_SKIPPED;
        t->broken += !v->root;
        t->dropped += v->dropped;
    }
}

void report_add(struct report_totals *t, const struct report_totals *more)
{
    t->files += more->files;
    t->unreadable += more->unreadable;
    t->objects += more->objects;
    t->skipped += more->skipped;
    t->errors += more->errors;
    t->warnings += more->warnings;
    t->suppressed += more->suppressed;
    t->broken += more->broken;
    t->dropped += more->dropped;
    t->other_files += more->other_files;
    t->links += more->links;
    t->not_ours += more->not_ours;
    t->ignored += more->ignored;
    t->missing += more->missing;
}

bool report_failed(const struct report_totals *t, enum fail_on fail_on)
{
    if (fail_on == FAIL_ON_NEVER)
        return false;
    return t->errors || t->broken || t->dropped || (fail_on == FAIL_ON_WARNING && t->warnings);
}

const struct report_format report_formats[] = {
    {SLICE("text"), SLICE(""), SLICE(""), report_put_text, report_put_text_end, true},
    {SLICE("json"), SLICE("{\"findings\":["), SLICE(","), report_put_json, report_put_json_end, false},
    {SLICE("github"), SLICE(""), SLICE(""), report_put_github, report_put_text_end, true},
};
const size_t report_format_count = COUNT(report_formats);
