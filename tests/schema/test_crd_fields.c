/* Every field of the CRDs, against tables of the fields that TiDB Operator's own CRDs have (fields/<crd>.tsv) and of
 * those that ours have beyond them (fields/additions.tsv); and the parts of a CRD around the schema. */
#include "check.h"

#include "crd_files.h"
#include "crd_source.h"

#include <stdlib.h>
#include <string.h>

enum { COUNT = 6, ROWS = 1000, APPLY_BYTES = 262144 };

struct rows {
    slice line[ROWS]; /* path, type, required, default, attributes; between tabs */
    size_t count;
};

static struct arena *arena;
static struct node *flat[COUNT];

static const char *crd_name(size_t i)
{
    return arena_cstr(arena, node_at(flat[i], "metadata.name")->text);
}

static slice path_of(slice line)
{
    return slice_cut(line, 0, slice_find_char(line, '\t'));
}

static slice *row_find(struct rows *rows, slice path)
{
    for (size_t i = 0; i < rows->count; i++)
        if (slice_eq(path_of(rows->line[i]), path))
            return &rows->line[i];
    return NULL;
}

static slice file_read(const char *name)
{
    FILE *f = fopen(name, "rb");
    assert_row(name, f);
    char *text = ARENA_ARRAY(arena, char, 1 << 20);
    size_t n = fread(text, 1, 1 << 20, f);
    assert_row(name, n > 0 && n < 1 << 20);
    fclose(f);
    return (slice){text, n};
}

static slice line_take(slice *rest)
{
    size_t n = slice_find_char(*rest, '\n');
    slice line = slice_cut(*rest, 0, n);
    *rest = n == SLICE_NONE ? (slice){0} : slice_from(*rest, n + 1);
    return line;
}

static void rows_read(struct rows *want, const char *crd)
{
    slice rest = file_read(arena_cstr(arena, arena_fmt(arena, "tests/schema/fields/%s.tsv", crd)));
    line_take(&rest);
    while (rest.n)
        want->line[want->count++] = line_take(&rest);
    slice prefix = arena_fmt(arena, "%s\t", crd);
    rest = file_read("tests/schema/fields/additions.tsv");
    while (rest.n) {
        slice line = line_take(&rest);
        if (!slice_starts(line, prefix))
            continue;
        line = slice_from(line, prefix.n);
        slice *old = row_find(want, path_of(line));
        if (old)
            assert_row(line.p, !slice_eq(*old, line)); /* an addition that adds nothing */
        *(old ? old : &want->line[want->count++]) = line;
    }
}

static int by_key(const void *x, const void *y)
{
    return slice_cmp((*(const struct node *const *)x)->key, (*(const struct node *const *)y)->key);
}

static void put_attribute(struct buf *b, const struct node *m)
{
    if (b->p[b->n - 1] != '\t')
        buf_char(b, ' ');
    if (!slice_eq(m->key, LIT("x-kubernetes-validations"))) {
        buf_fmt(b, "%.*s=", FMT(m->key));
        node_put_json(b, m, true);
        return;
    }
    buf_put(b, LIT("cel=["));
    for (const struct node *rule = node_first(m); rule; rule = node_next(rule)) {
        buf_put(b, rule == node_first(m) ? LIT("") : LIT(","));
        buf_json_string(b, node_get(rule, LIT("rule"))->text);
    }
    buf_char(b, ']');
}

static void put_attributes(struct buf *b, const struct node *schema)
{
    static const char *const others[] = {
        "description", "type", "default", "required", "items", "properties", "additionalProperties"};
    const struct node *members[40];
    size_t count = 0;
    for (const struct node *m = node_first(schema); m; m = node_next(m)) {
        bool attribute = true;
        for (size_t i = 0; i < COUNT(others); i++)
            attribute &= !slice_eq(m->key, slice_of(others[i]));
        if (attribute)
            members[count++] = m;
    }
    qsort(members, count, sizeof *members, by_key);
    for (size_t i = 0; i < count; i++)
        put_attribute(b, members[i]);
}

static bool requires(const struct node *schema, slice name)
{
    for (const struct node *r = node_first(node_get(schema, LIT("required"))); r; r = node_next(r))
        if (slice_eq(r->text, name))
            return true;
    return false;
}

/* A BackupSchedule's template: the tables stop there. */
static bool is_template(slice path)
{
    slice field = slice_from(path, 5);
    return slice_starts(path, LIT("spec.")) && slice_ends(field, LIT("Template")) &&
           slice_find_char(field, '.') == SLICE_NONE;
}

/* The rows of `schema` and of everything below it; what templates hold only if `templates`. */
static void rows_walk(struct rows *rows, const struct node *schema, slice path, bool required, bool templates)
{
    struct buf b = buf_new(arena, 1 << 16);
    const struct node *type = node_get(schema, LIT("type")), *value = node_get(schema, LIT("default"));
    buf_fmt(&b, "%.*s\t%.*s\t%s\t", FMT(path), FMT(type ? type->text : LIT("int-or-string")),
            required ? "yes" : "");
    if (value)
        node_put_json(&b, value, true);
    buf_char(&b, '\t');
    put_attributes(&b, schema);
    assert_true(rows->count < ROWS);
    rows->line[rows->count++] = buf_slice(&b);

    const struct node *items = node_get(schema, LIT("items")),
                      *values = node_get(schema, LIT("additionalProperties"));
    if (items)
        rows_walk(rows, items, arena_fmt(arena, "%.*s[]", FMT(path)), false, templates);
    if (values)
        rows_walk(rows, values, arena_fmt(arena, "%.*s{*}", FMT(path)), false, templates);
    if (!templates && is_template(path))
        return;
    const struct node *properties = node_get(schema, LIT("properties"));
    for (const struct node *p = node_first(properties); p; p = node_next(p))
        rows_walk(rows, p, arena_fmt(arena, "%.*s%s%.*s", FMT(path), path.n ? "." : "", FMT(p->key)),
                  requires(schema, p->key), templates);
    for (const struct node *r = node_first(node_get(schema, LIT("required"))); r; r = node_next(r))
        assert_row(r->text.p, node_get(properties, r->text));
}

static void rows_compare(const char *label, struct rows *got, struct rows *want)
{
    for (size_t i = 0; i < want->count; i++) {
        slice *row = row_find(got, path_of(want->line[i]));
        assert_slice(label, row ? *row : LIT("no such field"), want->line[i]);
    }
    for (size_t i = 0; i < got->count; i++)
        if (!row_find(want, path_of(got->line[i])))
            assert_slice(label, got->line[i], LIT("not in the table"));
    assert_int_equal(got->count, want->count);
}

static const struct node *schema_of(size_t crd)
{
    const struct node *version = node_first(node_at(flat[crd], "spec.versions"));
    return node_at(version, "schema.openAPIV3Schema");
}

static struct rows *rows_of(const struct node *schema, slice path, bool templates)
{
    struct rows *rows = ARENA_NEW(arena, struct rows);
    rows_walk(rows, schema, path, false, templates);
    return rows;
}

static void fields(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT; i++) {
        struct rows *want = ARENA_NEW(arena, struct rows);
        rows_read(want, crd_name(i));
        rows_compare(crd_name(i), rows_of(schema_of(i), LIT(""), false), want);
    }
}

static const struct node *spec_of(slice group, slice plural)
{
    for (size_t i = 0; i < COUNT; i++)
        if (slice_eq(crd_sources[i].group, group) && slice_eq(crd_sources[i].plural, plural))
            return node_at(schema_of(i), "properties.spec");
    return NULL;
}

/* The templates of a BackupSchedule are the specs of the objects made from them. */
static void templates(void **state)
{
    static const struct {
        const char *template, *plural;
    } rows[] = {
        {"properties.backupTemplate", "backups"},
        {"properties.logBackupTemplate", "backups"},
        {"properties.compactBackupTemplate", "compactbackups"},
    };
    (void)state;
    for (size_t i = 0; i < COUNT; i++) {
        slice group = crd_sources[i].group;
        if (!slice_eq(crd_sources[i].plural, LIT("backupschedules")))
            continue;
        for (size_t r = 0; r < COUNT(rows); r++) {
            const struct node *template = node_at(spec_of(group, LIT("backupschedules")), rows[r].template);
            const struct node *spec = spec_of(group, slice_of(rows[r].plural));
            rows_compare(rows[r].template, rows_of(template, LIT("spec"), true),
                         rows_of(spec, LIT("spec"), true));
        }
    }
}

/* Names, status subresource and printer columns: with these `kubectl get bk` prints what the documents
 * show. */
static slice frame_of(size_t crd)
{
    const struct node *version = node_first(node_at(flat[crd], "spec.versions"));
    const struct node *names = node_at(flat[crd], "spec.names");
    struct buf b = buf_new(arena, 1 << 16);
    slice name = slice_of(crd_name(crd));
    buf_fmt(&b, "%.*s\tnames\t", FMT(name));
    node_put_json(&b, names, false);
    buf_fmt(&b, "\n%.*s\tversion\t%.*s %d %d ", FMT(name), FMT(node_get(version, LIT("name"))->text),
            node_get(version, LIT("served"))->boolean, node_get(version, LIT("storage"))->boolean);
    node_put_json(&b, node_get(version, LIT("subresources")), false);
    const struct node *columns = node_get(version, LIT("additionalPrinterColumns"));
    for (const struct node *c = node_first(columns); c; c = node_next(c)) {
        const struct node *priority = node_get(c, LIT("priority"));
        buf_fmt(&b, "\n%.*s\tcolumn %d\t%.*s %.*s %.*s", FMT(name), priority ? (int)priority->integer : 0,
                FMT(node_get(c, LIT("name"))->text), FMT(node_get(c, LIT("type"))->text),
                FMT(node_get(c, LIT("jsonPath"))->text));
    }
    buf_char(&b, '\n');
    return buf_slice(&b);
}

static void frames(void **state)
{
    (void)state;
    struct buf got = buf_new(arena, 1 << 16);
    for (size_t i = 0; i < COUNT; i++)
        buf_put(&got, frame_of(i));
    slice want = file_read("tests/schema/fields/frames.tsv"), have = buf_slice(&got);
    line_take(&want);
    while (want.n || have.n)
        assert_slice("frames.tsv", line_take(&have), line_take(&want));
}

/* `kubectl apply` keeps the whole object in one annotation. */
static void small_enough_for_apply(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT; i++) {
        struct buf b = buf_new(arena, 1 << 20);
        node_put_json(&b, flat[i], true);
        assert_row(crd_name(i), b.n + 1024 < APPLY_BYTES);
    }
}

static int open_all(void **state)
{
    (void)state;
    arena = arena_new((size_t)256 << 20);
    if (!arena || crd_source_count != COUNT)
        return -1;
    for (size_t i = 0; i < COUNT; i++) {
        struct error error;
        flat[i] = crd_flatten(arena, crd_sources[i].text, crd_parts, crd_part_count, &error);
        if (!flat[i]) {
            print_error("%s\n", error.text);
            return -1;
        }
    }
    return 0;
}

static int close_all(void **state)
{
    (void)state;
    arena_free(arena);
    return 0;
}

static size_t check_descriptions(slice path, const struct node *schema)
{
    size_t count = 0;
    const struct node *inner = node_get(schema, LIT("items"));
    if (!inner)
        inner = node_get(schema, LIT("additionalProperties"));
    if (inner)
        count += check_descriptions(path, inner);
    for (const struct node *m = node_first(node_get(schema, LIT("properties"))); m; m = node_next(m)) {
        const struct node *text = node_get(m, LIT("description"));
        slice at = arena_fmt(arena, "%.*s.%.*s", FMT(path), FMT(m->key));
        assert_row(arena_cstr(arena, at), text && text->text.n > 8);
        count += 1 + check_descriptions(at, m);
    }
    return count;
}

/* What `kubectl explain` shows. The frame of an object the API server describes itself. */
static void every_field_is_explained(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT; i++) {
        const struct node *root = schema_of(i);
        size_t count = 0;
        assert_row(crd_name(i), node_get(root, LIT("description")));
        for (const struct node *m = node_first(node_get(root, LIT("properties"))); m; m = node_next(m))
            if (slice_eq(m->key, LIT("spec")) || slice_eq(m->key, LIT("status"))) {
                assert_row(crd_name(i), node_get(m, LIT("description")));
                count += check_descriptions(m->key, m);
            }
        assert_row(crd_name(i), count > 30);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(fields),
        cmocka_unit_test(templates),
        cmocka_unit_test(frames),
        cmocka_unit_test(every_field_is_explained),
        cmocka_unit_test(small_enough_for_apply),
    };
    return cmocka_run_group_tests(tests, open_all, close_all);
}
