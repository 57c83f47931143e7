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

static void put_moments(cJSON *item, const struct reported *r)
{
    cJSON *moments = r->moment_count ? json_put_object(item, "severityAt") : NULL;
    for (size_t i = 0; i < r->moment_count; i++)
        json_put_text(moments, slice_c(r->moments[i].name), slice_of(severity_word(r->moments[i].severity)));
}

static cJSON *item_of(const struct report_file *f, const struct reported *r)
{
    const struct diagnostic *d = &r->diagnostic;
    cJSON *item = cJSON_CreateObject();
    if (f->lines) {
        json_put_text(item, "file", f->name);
        put_place(item, f, d->from, d->to);
    }
    json_put_text(item, "severity", slice_of(severity_word(d->severity)));
    json_put_text(item, "rule", slice_of(d->rule->slug));
    json_put_text(item, "path", d->path);
    json_put_text(item, "message", d->message);
    put_text(item, "fix", d->hint);
    put_text(item, "suggested", d->suggested);
    put_moments(item, r);
    put_text(item, "effect", r->effect);
    if (f->lines && d->note.n) {
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
        json_put_text(item, e->audit ? "resource" : "file", e->failures[i].name);
        json_put_text(item, "reason", e->failures[i].reason);
        json_append(list, item);
    }
    return list;
}

static cJSON *notes_of(const struct report_audit *audit)
{
    cJSON *list = cJSON_CreateArray();
    for (size_t i = 0; i < audit->note_count; i++)
        json_append_text(list, audit->notes[i]);
    return list;
}

static void put_objects(cJSON *summary, const struct report_totals *t)
{
    json_put_count(summary, "objects", t->objects);
    json_put_count(summary, "errors", t->errors);
    json_put_count(summary, "warnings", t->warnings);
    json_put_count(summary, "suppressed", t->suppressed);
    json_put_count(summary, "notShown", t->dropped);
}

static void put_audit(cJSON *summary, const struct report_audit *audit)
{
    json_put_count(summary, "objectsWithErrors", audit->faulty);
    json_put_count(summary, "objectsDenied", audit->denied);
    json_put_count(summary, "requests", audit->requests);
    const struct report_policy_reports *p = audit->policy_reports;
    cJSON *reports = p ? json_put_object(summary, "policyReports") : NULL;
    if (!p)
        return;
    json_put_bool(reports, "supported", !p->absent);
    json_put_count(reports, "written", p->written);
    json_put_count(reports, "unchanged", p->unchanged);
    json_put_count(reports, "removed", p->removed);
    json_put_count(reports, "failed", p->failed);
}

static void put_files(cJSON *summary, const struct report_totals *t)
{
    json_put_count(summary, "brokenDocuments", t->broken);
    json_put_count(summary, "unreadableFiles", t->unreadable);
    json_put_count(summary, "otherObjects", t->skipped);
    json_put_count(summary, "otherFiles", t->other_files);
    json_put_count(summary, "foreignFiles", t->not_ours);
    json_put_count(summary, "ignored", t->ignored);
    json_put_count(summary, "linkedFolders", t->links);
    json_put_count(summary, "missingFiles", t->missing);
}

void report_put_json_end(struct buf *b, const struct report_end *e)
{
    json_memory_enter(b->arena);
    buf_put(b, LIT("\n],\"unreadable\":"));
    put_printed(b, failures_of(e));
    if (e->audit) {
        json_memory_enter(b->arena);
        buf_put(b, LIT(",\"notChecked\":"));
        put_printed(b, notes_of(e->audit));
    }
    json_memory_enter(b->arena);
    cJSON *summary = cJSON_CreateObject();
    if (!e->audit)
        json_put_count(summary, "files", e->totals.files);
    put_objects(summary, &e->totals);
    if (e->audit)
        put_audit(summary, e->audit);
    else
        put_files(summary, &e->totals);
    buf_put(b, LIT(",\"summary\":"));
    put_printed(b, summary);
    buf_put(b, LIT("}\n"));
}
