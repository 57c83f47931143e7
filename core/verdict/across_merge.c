/* Adding to a file's verdicts what comparing has found. */
#include "across.h"
#include "judge.h"

#include <stdlib.h>

struct merging {
    struct arena *arena;
    const struct stream_verdict *stream;
    const struct across_row *rows;
    size_t count;
    struct stream_verdict *merged;
    const struct line_table *lines;
    struct suppressions in_text;
};

static bool is_allowed(struct merging *m, struct verdict *v, const struct suppressions *in_object,
                       const struct row *row)
{
    const struct suppression *s = suppression_for(in_object, row, m->lines);
    if (!s)
        s = suppression_for(&m->in_text, row, m->lines);
    if (!s)
        return false;
    struct suppressed *used = ARENA_NEW(m->arena, struct suppressed);
    *used = (struct suppressed){v->suppressed, row->rule, row->path, s->reason};
    v->suppressed = used;
    return true;
}

static bool stands_in(const struct row *row, const struct verdict *v)
{
    return v->object && row->from >= v->at && row->from < v->end;
}

/* A copy of the verdict with those of the rows that stand in its document. */
static struct verdict *merge(struct merging *m, const struct verdict *old, const struct across_row *rows,
                             size_t count, struct stream_verdict *stream)
{
    struct verdict *v = ARENA_NEW(m->arena, struct verdict);
    *v = *old;
    v->next = NULL;
    size_t room = old->row_count;
    for (size_t i = 0; i < count; i++)
        room += stands_in(&rows[i].row, v);
    v->rows = ARENA_ARRAY(m->arena, struct row, room);
    for (size_t i = 0; i < old->row_count; i++)
        v->rows[i] = old->rows[i];
    struct suppressions in_object = {0};
    if (v->object)
        in_object = suppressions_in_annotations(m->arena, v->object);
    for (size_t i = 0; i < count; i++) {
        const struct row *row = &rows[i].row;
        if (!stands_in(row, v))
            continue;
        if (is_allowed(m, v, &in_object, row)) {
            stream->suppressed++;
            continue;
        }
        v->rows[v->row_count++] = *row;
        v->errors += row->severity == SEVERITY_ERROR;
        v->warnings += row->severity == SEVERITY_WARNING;
        stream->errors += row->severity == SEVERITY_ERROR;
        stream->warnings += row->severity == SEVERITY_WARNING;
    }
    if (v->row_count)
        qsort(v->rows, v->row_count, sizeof *v->rows, row_order);
    return v;
}

static void merge_all(void *context)
{
    struct merging *m = context;
    const struct stream_verdict *stream = m->stream;
    struct stream_verdict *merged = m->merged = ARENA_NEW(m->arena, struct stream_verdict);
    *merged = *stream;
    m->lines = line_table_new(m->arena, stream->bytes);
    m->in_text = suppressions_in_text(m->arena, stream->bytes, m->lines);
    struct verdict **end = &merged->first;
    for (const struct verdict *v = stream->first; v; v = v->next) {
        *end = merge(m, v, m->rows, m->count, merged);
        end = &(*end)->next;
    }
    *end = NULL;
}

const struct stream_verdict *across_merge(struct arena *a, const struct stream_verdict *stream,
                                          const struct across_row *rows, size_t count)
{
    struct merging m = {.arena = a, .stream = stream, .rows = rows, .count = count};
    return arena_run(a, merge_all, &m) ? m.merged : NULL;
}
