/* Findings as data: one JSON object, one line for each finding. */
#include "report.h"

#include "json_memory.h"

static void put_place(cJSON *item, const struct report_file *f, uint32_t from, uint32_t to)
{
    struct position start = position_of(f->lines, from), end = position_of(f->lines, to);
    json_put_count(item, "line", start.line);
    json_put_count(item, "column", start.column);
    json_put_count(item, "endLine", end.line);
    json_put_count(item, "endColumn", end.column);
}

static void put_text(cJSON *item, const char *key, slice text)
{
    if (text.n)
        json_put_text(item, key, text);
}

static void put_object(cJSON *item, const struct report_object *o)
{
    if (!o->readable)
        return;
    cJSON *object = json_put_object(item, "object");
    put_text(object, "apiVersion", o->api_version);
    put_text(object, "kind", o->kind);
    put_text(object, "namespace", o->namespace);
    put_text(object, "name", o->name);
}

static cJSON *item_of(const struct report_file *f, const struct reported *r)
{
    const struct diagnostic *d = &r->diagnostic;
    cJSON *item = cJSON_CreateObject();
    json_put_text(item, "file", f->name);
    put_place(item, f, d->from, d->to);
    json_put_text(item, "severity", slice_of(severity_word(d->severity)));
    json_put_text(item, "rule", slice_of(d->rule->slug));
    json_put_text(item, "path", d->path);
    json_put_text(item, "message", d->message);
    put_text(item, "fix", d->hint);
    put_text(item, "suggested", d->suggested);
    if (d->note.n) {
        cJSON *note = json_put_object(item, "note");
        put_place(note, f, d->note_from, d->note_to);
        json_put_text(note, "message", d->note);
    }
    put_object(item, r->object);
    return item;
}

/* cJSON returns NULL where the arena is exhausted; what was asked for must not be left out silently. */
static void put_printed(struct buf *b, cJSON *json)
{
    slice text = json_print(json);
    json_memory_leave();
    if (!text.n)
        arena_exhausted(b->arena);
    buf_put(b, text);
}

void report_put_json(struct buf *b, const struct report_file *f, bool colour)
{
    (void)colour;
    for (size_t i = 0; i < f->count; i++) {
        buf_put(b, i ? LIT(",\n") : LIT("\n"));
        json_memory_enter(b->arena);
        put_printed(b, item_of(f, &f->reported[i]));
    }
}

static cJSON *failures_of(const struct report_end *e)
{
    cJSON *list = cJSON_CreateArray();
    for (size_t i = 0; i < e->failure_count; i++) {
        cJSON *item = cJSON_CreateObject();
        json_put_text(item, "file", e->failures[i].name);
        json_put_text(item, "reason", e->failures[i].reason);
        json_append(list, item);
    }
    return list;
}

void report_put_json_end(struct buf *b, const struct report_end *e)
{
    const struct report_totals *t = &e->totals;
    json_memory_enter(b->arena);
    buf_put(b, LIT("\n],\"unreadable\":"));
    put_printed(b, failures_of(e));
    json_memory_enter(b->arena);
    cJSON *summary = cJSON_CreateObject();
    json_put_count(summary, "files", t->files);
    json_put_count(summary, "objects", t->objects);
    json_put_count(summary, "errors", t->errors);
    json_put_count(summary, "warnings", t->warnings);
    json_put_count(summary, "suppressed", t->suppressed);
    json_put_count(summary, "notShown", t->dropped);
    json_put_count(summary, "brokenDocuments", t->broken);
    json_put_count(summary, "unreadableFiles", t->unreadable);
    json_put_count(summary, "otherObjects", t->skipped);
    json_put_count(summary, "otherFiles", t->other_files);
    json_put_count(summary, "foreignFiles", t->not_ours);
    json_put_count(summary, "ignored", t->ignored);
    json_put_count(summary, "linkedFolders", t->links);
    json_put_count(summary, "missingFiles", t->missing);
    buf_put(b, LIT(",\"summary\":"));
    put_printed(b, summary);
    buf_put(b, LIT("}\n"));
}
