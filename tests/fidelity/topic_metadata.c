/* The metadata of an object that is created, against the API server's reading and validation of ObjectMeta. The input is the
 * value of `metadata` in JSON. An answer is "-" if the server cannot decode it; else the unknown fields, and the fields of
 * metadata that it refuses. */
#include "topics.h"

#include "bug.h"
#include "builtin_schemas.h"
#include "schema.h"
#include "utf8.h"
#include "verdict.h"

#include "document.h"

#include <stdlib.h>
#include <string.h>

/* ---- made-up metadata ---- */

static void put_member(struct buf *b, const char *name)
{
    if (b->n && b->p[b->n - 1] != '{')
        buf_char(b, ',');
    buf_json_string(b, slice_of(name));
    buf_char(b, ':');
}

static void put_wrong(struct dice *d, struct buf *b)
{
    static const char *const values[] = {
        "null", "true",   "0",        "-1",           "1.5",  "1.0",
        "\"\"", "\"x\"",  "[]",       "{}",           "[1]",  "[null]",
        "1e3",  "[\"\"]", "[[\"\"]]", "{\"a\":null}", "1e30", "9223372036854775808"};
    DICE_PUT(d, b, values);
}

static void put_text(struct buf *b, struct buf *text)
{
    slice s = buf_slice(text);
    buf_json_string(b, utf8_invalid_at(s) == SLICE_NONE ? s : LIT("\xc3\xa9"));
}

/* A name, a key or a label's value: damaged, and rarely not even a text. */
static void put_name(struct dice *d, struct buf *b, bool key)
{
    static const char *const odd[] = {"\xe2\x84\xaa", "\xc4\xb0", "\xc3\xa9", "/", " ", "%", "A"};
    static const char *const known[] = {"orphan", "foregroundDeletion", "kubernetes", "kubernetes.io/x",
                                        "br.pingcap.com/finalizer"};
    struct buf text = buf_new(b->arena, 4096);
    if (!key && dice_one_in(d, 40)) {
        put_wrong(d, b);
        return;
    }
    if (dice_one_in(d, 15)) {
        DICE_PUT(d, &text, known);
    } else {
        if (key && dice_one_in(d, 3)) {
            dice_put_name(d, &text);
            buf_char(&text, '/');
        }
        if (!dice_one_in(d, 30))
            dice_put_name(d, &text);
        if (dice_one_in(d, 20))
            DICE_PUT(d, &text, odd);
        dice_damage(d, &text, 0, "ab09AZ-._/ ");
    }
    put_text(b, &text);
}

static void put_map(struct dice *d, struct buf *b)
{
    if (dice_one_in(d, 40)) {
        put_wrong(d, b);
        return;
    }
    buf_char(b, '{');
    for (unsigned i = 0, n = dice_below(d, 4); i < n; i++) {
        struct buf key = buf_new(b->arena, 8192);
        put_name(d, &key, true);
        if (slice_find(buf_slice(b), buf_slice(&key)) != SLICE_NONE)
            continue; /* repeated keys are another topic */
        buf_put(b, b->p[b->n - 1] == '{' ? (slice){0} : LIT(","));
        buf_put(b, buf_slice(&key));
        buf_char(b, ':');
        put_name(d, b, false);
    }
    buf_char(b, '}');
}

/* About as much as all annotations may have together. */
static void put_large_map(struct dice *d, struct buf *b)
{
    size_t most = (size_t)(256 << 10) - 5 + dice_below(d, 5), two = dice_below(d, 2);
    buf_put(b, two ? LIT("{\"k\":\"\xc3\xa9\",\"ab\":\"") : LIT("{\"a\":\""));
    for (size_t i = two ? 5 : 1; i < most; i++)
        buf_char(b, 'x');
    buf_put(b, LIT("\"}"));
}

static void put_time(struct dice *d, struct buf *b)
{
    static const char *const times[] = {
        "2024-01-02T03:04:05Z", "2024-02-30T00:00:00Z", "2024-01-02T03:04:05.5Z",
        "2024-01-02T24:00:00Z", "0001-01-01T00:00:00Z", "2024-01-02T03:04:05+08:00",
        "2024-01-02",           "2024-01-02t03:04:05z", "2024-01-02T03:04:05,5Z",
        "2024-01-02T3:04:05Z",  "2024-02-29T23:59:60Z", ""};
    struct buf text = buf_new(b->arena, 100);
    if (dice_one_in(d, 6)) {
        put_wrong(d, b);
        return;
    }
    DICE_PUT(d, &text, times);
    dice_damage(d, &text, 0, "0123456789:-+TZ. ");
    put_text(b, &text);
}

static void put_list(struct dice *d, struct buf *b, void (*put)(struct dice *d, struct buf *b))
{
    if (dice_one_in(d, 30)) {
        put_wrong(d, b);
        return;
    }
    buf_char(b, '[');
    for (unsigned i = 0, n = dice_below(d, 4); i < n; i++) {
        buf_put(b, i ? LIT(",") : (slice){0});
        put(d, b);
    }
    buf_char(b, ']');
}

static void put_finalizer(struct dice *d, struct buf *b)
{
    put_name(d, b, true);
}

static void put_bool(struct dice *d, struct buf *b)
{
    static const char *const values[] = {"true", "true", "true", "false", "null", "0", "\"true\""};
    DICE_PUT(d, b, values);
}

static void put_owner(struct dice *d, struct buf *b)
{
    static const char *const versions[] = {"\"v1\"", "\"v1\"", "\"apps/v1\"", "\"a/b/c\"",
                                           "\"\"",   "\"a/\"", "\"/v1\"",     "1"};
    static const char *const owner_kinds[] = {"\"Pod\"", "\"Event\"", "\"\"", "null"};
    static const char *const names[] = {"\"x\"", "\"x\"", "\"y\"", "\"y\"", "\"\"", "null"};
    if (dice_one_in(d, 30)) {
        put_wrong(d, b);
        return;
    }
    buf_char(b, '{');
    for (unsigned i = 0; i < 4; i++) {
        static const char *const members[] = {"apiVersion", "kind", "name", "uid"};
        if (dice_one_in(d, 12))
            continue;
        put_member(b, members[i]);
        if (i == 0)
            DICE_PUT(d, b, versions);
        else if (i == 1)
            DICE_PUT(d, b, owner_kinds);
        else
            DICE_PUT(d, b, names);
    }
    if (dice_one_in(d, 2))
        put_member(b, "controller"), put_bool(d, b);
    if (dice_one_in(d, 6))
        put_member(b, "blockOwnerDeletion"), put_bool(d, b);
    if (dice_one_in(d, 12))
        put_member(b, "namespace"), put_name(d, b, false);
    buf_char(b, '}');
}

static void put_manager(struct dice *d, struct buf *b)
{
    static const char *const members[] = {"manager",    "operation",   "apiVersion",
                                          "fieldsType", "subresource", "odd"};
    static const char *const fields[] = {"{\"f:spec\":{\"f:x\":{}}}", "{}", "null", "[]", "\"x\"", "1"};
    if (dice_one_in(d, 20)) {
        put_wrong(d, b);
        return;
    }
    buf_char(b, '{');
    for (unsigned i = 0; i < COUNT(members); i++)
        if (dice_one_in(d, i == 5 ? 20 : 2))
            put_member(b, members[i]), put_name(d, b, false);
    if (dice_one_in(d, 2))
        put_member(b, "time"), put_time(d, b);
    if (dice_one_in(d, 2))
        put_member(b, "fieldsV1"), DICE_PUT(d, b, fields);
    buf_char(b, '}');
}

static void put_integer(struct dice *d, struct buf *b)
{
    static const char *const values[] = {
        "0", "1", "-1", "5", "1.0", "-0", "1e2", "1.5", "9223372036854775807"};
    if (dice_one_in(d, 10))
        put_wrong(d, b);
    else
        DICE_PUT(d, b, values);
}

static void make(struct dice *d, struct buf *b)
{
    static const char *const texts[] = {"uid", "resourceVersion", "selfLink"};
    static const char *const times[] = {"creationTimestamp", "deletionTimestamp"};
    static const char *const integers[] = {"generation", "deletionGracePeriodSeconds"};
    static const char *const strange[] = {"Name", "clusterName", "label", "initializers", ""};
    buf_char(b, '{');
    if (!dice_one_in(d, 10))
        put_member(b, "name"), put_name(d, b, false);
    if (dice_one_in(d, 4))
        put_member(b, "generateName"), put_name(d, b, false);
    if (dice_one_in(d, 4))
        put_member(b, "namespace"), put_name(d, b, false);
    if (dice_one_in(d, 3))
        put_member(b, "labels"), put_map(d, b);
    if (dice_one_in(d, 300))
        put_member(b, "annotations"), put_large_map(d, b);
    else if (dice_one_in(d, 3))
        put_member(b, "annotations"), put_map(d, b);
    if (dice_one_in(d, 4))
        put_member(b, "finalizers"), put_list(d, b, put_finalizer);
    if (dice_one_in(d, 4))
        put_member(b, "ownerReferences"), put_list(d, b, put_owner);
    if (dice_one_in(d, 6))
        put_member(b, "managedFields"), put_list(d, b, put_manager);
    if (dice_one_in(d, 4))
        put_member(b, DICE_PICK(d, times)), put_time(d, b);
    if (dice_one_in(d, 6))
        put_member(b, DICE_PICK(d, integers)), put_integer(d, b);
    if (dice_one_in(d, 8))
        put_member(b, DICE_PICK(d, texts)), put_name(d, b, false);
    if (dice_one_in(d, 30))
        put_member(b, DICE_PICK(d, strange)), put_name(d, b, false);
    buf_char(b, '}');
}

/* ---- our answer ---- */

enum { WORDS = 200, JUDGED_AT = 1780272000 }; /* 2026-06-01T00:00:00Z */

struct words {
    slice items[WORDS];
    size_t count;
};

static int by_text(const void *a, const void *b)
{
    return slice_cmp(*(const slice *)a, *(const slice *)b);
}

static void put_words(struct buf *b, struct words *w)
{
    qsort(w->items, w->count, sizeof *w->items, by_text);
    for (size_t i = 0; i < w->count; i++)
        if (!i || !slice_eq(w->items[i], w->items[i - 1]))
            buf_fmt(b, " %.*s", FMT(w->items[i]));
}

/* "labels" of "metadata.labels.x". */
static slice field_of(slice path)
{
    slice field = slice_from(path, sizeof "metadata." - 1);
    size_t n = 0;
    while (n < field.n && !strchr(".[", field.p[n]))
        n++;
    return slice_cut(field, 0, n);
}

static void answer(struct arena *a, slice input, struct buf *b)
{
    static struct policy policy;
    static struct gate *gate; /* for the life of the program */
    if (!gate)
        gate = gate_open(&policy, &builtin_schemas);
    BUG_IF(!gate);
    const struct schema_kind *kind = &builtin_schemas.kinds[0]; /* metadata is the same in all */
    slice text = arena_fmt(a, "{\"apiVersion\":\"%.*s\",\"kind\":\"%.*s\",\"spec\":{},\"metadata\":%.*s}",
                           FMT(kind->api_version), FMT(kind->kind), FMT(input));
    struct findings f = findings_new(a);
    struct node *root = json_read(a, text, &f);
    if (!root) {
        buf_char(b, '-');
        return;
    }
    const struct change change = {.context = CONTEXT_CREATE, .kind = kind, .object = root};
    const struct verdict *v = verdict_change(gate, a, &change, false, JUDGED_AT);
    struct words *unknown = ARENA_NEW(a, struct words), *refused = ARENA_NEW(a, struct words);
    for (size_t i = 0; i < v->diagnostic_count; i++) {
        const struct diagnostic *x = &v->diagnostics[i];
        slice slug = slice_of(x->rule->slug);
        if (!slice_starts(x->path, LIT("metadata.")))
            continue;
        if (slice_eq(slug, LIT("schema-type")) || slice_eq(slug, LIT("metadata-timestamp"))) {
            buf_char(b, '-');
            return;
        }
        if (slice_eq(slug, LIT("unknown-field")))
            unknown->items[unknown->count++] = x->path;
        else if (slice_starts(slug, LIT("metadata-")) || slice_starts(slug, LIT("schema-")))
            refused->items[refused->count++] = field_of(x->path);
    }
    buf_put(b, LIT("+unknown"));
    put_words(b, unknown);
    buf_put(b, LIT("; refused"));
    put_words(b, refused);
}

const struct fidelity_topic topic_metadata = {.name = "metadata", .make = make, .answer = answer};
