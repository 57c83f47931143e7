#include "fixtures.h"

#include "across.h"
#include "brgate_limits.h"
#include "bug.h"
#include "file.h"
#include "report.h"
#include "schema.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MANIFESTS_DIR "tests/corpus/manifests"

enum { TEXT_BYTES = 8 << 20 };

const char *side_word(enum side s)
{
    return s == FIRES ? "fires" : "silent";
}

slice fixture_file(struct arena *a, const char *slug, const char *name)
{
    slice bytes = {0};
    const char *path = arena_cstr(a, arena_fmt(a, FIXTURES_DIR "/%s/%s", slug, name));
    int error = file_read_stream(a, path, LIMIT_STREAM_BYTES, &bytes);
    if (error && error != ENOENT)
        fprintf(stderr, "%s: %s\n", path, strerror(error));
    return bytes;
}

static slice side_file(struct arena *a, const char *slug, enum side side, const char *ending)
{
    return fixture_file(a, slug, arena_cstr(a, arena_fmt(a, "%s.%s", side_word(side), ending)));
}

static struct fixture fixture_read(struct arena *a, const char *slug, enum side side)
{
    struct fixture f = {.slug = slug, .side = side};
    const char *ending = "yaml";
    f.manifest = side_file(a, slug, side, ending);
    if (!f.manifest.p)
        f.manifest = side_file(a, slug, side, ending = "json");
    f.name = arena_fmt(a, "%s.%s", side_word(side), ending);
    f.old = side_file(a, slug, side, "old.yaml");
    f.deleted = side_file(a, slug, side, "delete.yaml");
    return f;
}

static int by_name(const void *p, const void *q)
{
    return strcmp(*(char *const *)p, *(char *const *)q);
}

static char *const *all_folders(struct arena *a, size_t *ret_count)
{
    char **names = NULL;
    size_t capacity = 0;
    DIR *d = opendir(FIXTURES_DIR);
    BUG_IF(!d);
    for (const struct dirent *e; (e = readdir(d));) {
        if (e->d_name[0] == '.' || e->d_type != DT_DIR)
            continue;
        names = arena_grow(a, names, *ret_count, &capacity, sizeof *names);
        char *name = ARENA_ARRAY(a, char, strlen(e->d_name) + 1);
        names[(*ret_count)++] = strcpy(name, e->d_name);
    }
    closedir(d);
    qsort(names, *ret_count, sizeof *names, by_name);
    return names;
}

struct fixtures fixtures_read(struct arena *a, char *const *slugs, size_t count)
{
    if (!count)
        slugs = all_folders(a, &count);
    struct fixtures all = {ARENA_ARRAY(a, struct fixture, 2 * count), 2 * count};
    for (size_t i = 0; i < count; i++) {
        all.items[2 * i] = fixture_read(a, slugs[i], FIRES);
        all.items[2 * i + 1] = fixture_read(a, slugs[i], SILENT);
    }
    return all;
}

const struct manifest *manifests_read(struct arena *a, size_t *ret_count)
{
    struct manifest *all = NULL;
    size_t capacity = 0;
    DIR *d = opendir(MANIFESTS_DIR);
    BUG_IF(!d);
    *ret_count = 0;
    for (const struct dirent *e; (e = readdir(d));) {
        if (e->d_name[0] == '.')
            continue;
        all = arena_grow(a, all, *ret_count, &capacity, sizeof *all);
        struct manifest *m = &all[(*ret_count)++];
        m->name = arena_cstr(a, slice_of(e->d_name));
        BUG_IF(!file_read(a, arena_cstr(a, arena_fmt(a, MANIFESTS_DIR "/%s", m->name)), LIMIT_STREAM_BYTES,
                          &m->text, NULL));
    }
    closedir(d);
    return all;
}

/* ---- what is said ---- */

/* The rules that compare objects are judged in their own fixtures only: the documents of others may share a
 * folder. */
static void compare(struct arena *a, const struct gate *g, const struct fixture *f,
                    const struct stream_verdict *stream, struct report_file *report)
{
    size_t rule;
    if (!rule_find(slice_of(f->slug), &rule) || !(rule_at(rule)->flags & RULE_ACROSS))
        return;
    struct object_summaries *list = object_summaries_new(a);
    struct across across;
    BUG_IF(!list || !object_summaries_note(list, 0, f->name, stream) ||
           !across_judge(g, a, &list, 1, &across));
    report_file_add(a, report, across.diagnostics, across.count);
}

static void put_manifest(struct buf *b, const struct gate *g, const struct fixture *f)
{
    const struct stream_verdict *stream = verdict_manifest(g, b->arena, f->manifest, FIXTURE_NOW);
    BUG_IF(!stream);
    struct report_file report = report_file_of(b->arena, f->name, stream);
    compare(b->arena, g, f, stream, &report);
    buf_put(b, LIT("# manifest\n"));
    report_put_text(b, &report, false);
}

static void put_rows(struct buf *b, const struct verdict *v)
{
    for (size_t i = 0; i < v->diagnostic_count; i++) {
        const struct diagnostic *r = &v->diagnostics[i];
        buf_fmt(b, "%s ", severity_word(r->severity));
        if (r->path.n)
            buf_fmt(b, "%.*s: ", FMT(r->path));
        buf_put(b, r->message);
        if (r->hint.n)
            buf_fmt(b, "; %.*s", FMT(r->hint));
        buf_fmt(b, "%s [%s]\n", r->ratcheted ? " (was there before)" : "", r->rule->slug);
    }
}

const struct schema_kind *fixture_kind(const struct gate *g, const struct node *root)
{
    const struct node *version = node_get(root, LIT("apiVersion")), *kind = node_get(root, LIT("kind"));
    return version && kind && version->kind == NODE_STRING && kind->kind == NODE_STRING
               ? gate_kind(g, version->text, kind->text)
               : NULL;
}

/* As kubectl apply does, and the API server where status is a sub-resource. */
static void keep_status(struct arena *a, struct node *object, const struct node *old)
{
    const struct node *status = node_get(old, LIT("status"));
    if (object && status && !node_get(object, LIT("status")))
        node_append(object, node_copy(a, status, 0));
}

/* Judges every object of our kinds; the nth of `olds` is the one before. */
static void put_changes(struct buf *b, const struct gate *g, enum context context, slice objects, slice olds)
{
    static const char *const headings[] = {
        [CONTEXT_CREATE] = "# create\n", [CONTEXT_UPDATE] = "# update\n", [CONTEXT_DELETE] = "# delete\n"};
    struct arena *a = b->arena;
    struct findings unread = findings_new(a);
    const struct document *old = olds.n ? stream_read(a, olds, &unread)->first : NULL;
    buf_put(b, slice_of(headings[context]));
    for (const struct document *d = stream_read(a, objects, &unread)->first; d; d = d->next) {
        const struct schema_kind *kind = d->root ? fixture_kind(g, d->root) : NULL;
        struct change change = {.context = context, .kind = kind, .object = d->root};
        if (context == CONTEXT_UPDATE && old) {
            change.old_object = old->root;
            keep_status(a, d->root, old->root);
        }
        if (kind && (context != CONTEXT_UPDATE || change.old_object))
            put_rows(b, verdict_change(g, a, &change, false, FIXTURE_NOW));
        old = old ? old->next : NULL;
    }
}

slice fixture_text(struct arena *a, const struct gate *g, const struct fixture *f)
{
    struct buf b = buf_new(a, TEXT_BYTES);
    put_manifest(&b, g, f);
    put_changes(&b, g, CONTEXT_CREATE, f->manifest, (slice){0});
    if (f->old.n)
        put_changes(&b, g, CONTEXT_UPDATE, f->manifest, f->old);
    if (f->deleted.n)
        put_changes(&b, g, CONTEXT_DELETE, f->deleted, (slice){0});
    return buf_slice(&b);
}
