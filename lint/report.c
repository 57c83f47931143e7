/* What all formats share: the order of findings, counts, the table of formats. */
#include "report.h"

static int by_place(const void *p, const void *q)
{
    const struct row *a = ((const struct report_row *)p)->row, *b = ((const struct report_row *)q)->row;
    if (a->from != b->from)
        return a->from < b->from ? -1 : 1;
    int order = strcmp(a->rule->slug, b->rule->slug);
    if (order == 0)
        order = slice_cmp(a->path, b->path);
    return order ? order : slice_cmp(a->message, b->message);
}

struct report_file report_file_of(struct arena *a, slice name, const struct stream_verdict *stream)
{
    struct report_file f = {.name = name, .stream = stream};
    for (const struct verdict *v = stream->first; v; v = v->next)
        f.count += v->row_count;
    struct report_row *rows = ARENA_ARRAY(a, struct report_row, f.count), *r = rows;
    for (const struct verdict *v = stream->first; v; v = v->next)
        for (size_t i = 0; i < v->row_count; i++)
            *r++ = (struct report_row){&v->rows[i], v};
    if (f.count)
        qsort(rows, f.count, sizeof *rows, by_place);
    f.rows = rows;
    f.lines = line_table_new(a, stream->bytes);
    return f;
}

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
}

bool report_failed(const struct report_totals *t)
{
    return t->errors || t->broken || t->dropped;
}

const struct report_format report_formats[] = {
    {SLICE("text"), SLICE(""), SLICE(""), report_put_text, report_put_text_end, true},
    {SLICE("json"), SLICE("{\"findings\":["), SLICE(","), report_put_json, report_put_json_end, false},
    {SLICE("github"), SLICE(""), SLICE(""), report_put_github, report_put_text_end, true},
};
const size_t report_format_count = sizeof report_formats / sizeof *report_formats;
