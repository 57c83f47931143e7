/* The structural engine: objects grown from our own schemas and then damaged, against
 * apiextensions-apiserver. */
#include "topic_schema.h"
#include "topics.h"

#include "brgate_limits.h"
#include "builtin_schemas.h"
#include "schema.h"
#include "schema_rules.h"

#include <stdlib.h>
#include <string.h>

/* ---- growing an object ---- */

static void put_wrong(struct dice *d, struct buf *b)
{
    static const char *const values[] = {"null",
                                         "true",
                                         "false",
                                         "0",
                                         "-1",
                                         "1.5",
                                         "1.0",
                                         "3000000000",
                                         "-2147483649",
                                         "9223372036854775807",
                                         "1e3",
                                         "1e300",
                                         "\"\"",
                                         "\"x\"",
                                         "[]",
                                         "{}",
                                         "[1]",
                                         "[null]",
                                         "{\"a\":1}",
                                         "[\"a\",\"a\"]",
                                         "12e-1",
                                         "1.0000000001",
                                         "-1.0000000001",
                                         "500000000.5",
                                         "9007199254740991.5",
                                         "1e18",
                                         "[{\"name\":1}]",
                                         "\"1\"",
                                         "[[{}]]",
                                         "{\"name\":null}",
                                         "\"<&>\\u00e9\\n\""};
    DICE_PUT(d, b, values);
}

static void put_string(struct dice *d, struct buf *b, const struct schema *s)
{
    static const char *const words[] = {
        "demo",     "aws", "10Gi", "1.5",       "100m", "1e3",           "-5",          "lots",
        "Complete", "_x",  "",     "log-start", "a/b",  "example.com/x", "STANDARD_IA", "\\u00e9\\u4e2d",
        "a b"};
    static const char *const times[] = {
        "2024-01-02T03:04:05Z",    "2024-01-02t03:04:05z", "2024-02-30T00:00:00Z",
        "2024-01-02T03:04:05.5Z",  "2024-01-02T24:00:00Z", "2024-01-02T03:04:05+08:00",
        "2024-01-02 03:04:05Z",    "2024-01-02",           "2024-01-02T03:04:05",
        "2024-01-02T03:04:05x12Z", "2024-01-02T23:59:60Z", "2024-01-02T03:04:05+25:99",
        "2024-1-02T03:04:05Z",     "2024-01-02T03:04:05.Z"};
    buf_char(b, '"');
    if (s->format == FORMAT_DATE_TIME && !dice_one_in(d, 8))
        DICE_PUT(d, b, times);
    else if (s->flags & SCHEMA_HAS_MAX_LENGTH && dice_one_in(d, 4))
        for (int64_t i = 0; i < s->max_length - 1 + dice_below(d, 3) && i < 40000; i++)
            buf_char(b, 'a');
    else
        DICE_PUT(d, b, words);
    buf_char(b, '"');
}

static void put_value(struct dice *d, struct buf *b, const struct schema *s, unsigned depth);

/* The dice that change the object made by the other dice; NULL while they make something of their own. */
static struct dice *changing;

static bool for_update;

static bool changes(unsigned odds)
{
    return changing && dice_one_in(changing, odds);
}

/* Puts the value that the other dice make, or puts it and removes it, so that they continue as if it were there. */
static void put_changed(struct dice *d, struct buf *b, const struct schema *s, unsigned depth)
{
    struct dice *noise = changing;
    size_t start = b->n;
    changing = NULL;
    put_value(d, b, s, depth);
    b->n = start;
    put_value(noise, b, s, depth);
    changing = noise;
}

static void put_member(struct dice *d, struct buf *b, size_t start, slice name, const struct schema *s,
                       unsigned depth)
{
    if (b->n > start)
        buf_char(b, ',');
    buf_json_string(b, name);
    buf_char(b, ':');
    put_value(d, b, s, depth + 1);
}

static bool required(const struct schema *s, slice name)
{
    for (size_t i = 0; i < s->required_count; i++)
        if (slice_eq(s->required[i], name))
            return true;
    return false;
}

static void put_object(struct dice *d, struct buf *b, const struct schema *s, unsigned depth)
{
    static const char *const strange[] = {"bukcet", "zone", "Name", "x-y", ""};
    static const struct schema any = {.type = SCHEMA_STRING};
    buf_char(b, '{');
    size_t start = b->n;
    unsigned rare = 2 + s->property_count / 5 + depth / 2;
    for (size_t i = 0; i < s->property_count; i++) {
        slice name = s->properties[i].name;
        if (depth == 0 && slice_eq(name, LIT("metadata"))) {
            buf_put(b, b->n > start ? LIT(",\"metadata\":{\"name\":\"x\"}")
                                    : LIT("\"metadata\":{\"name\":\"x\"}"));
            continue;
        }
        bool is_status = depth == 0 && slice_eq(name, LIT("status"));
        if (is_status && for_update)
            continue; /* the server keeps the old one */
        bool chosen = required(s, name) || (depth == 0 && slice_eq(name, LIT("spec"))) ? !dice_one_in(d, 12)
                                                                                       : dice_one_in(d, rare);
        if (chosen && b->n < 30000 &&
            !(depth == 0 && (slice_eq(name, LIT("kind")) || slice_eq(name, LIT("apiVersion")))))
            put_member(d, b, start, name, s->properties[i].schema, depth);
    }
    for (unsigned n = s->additional ? dice_below(d, 3) : 0; n > 0; n--)
        put_member(d, b, start, n == 1 ? LIT("one") : LIT("a/b"), s->additional, depth);
    if (dice_one_in(d, 15))
        put_member(d, b, start, slice_of(DICE_PICK(d, strange)), &any, depth);
    buf_char(b, '}');
}

static void put_array(struct dice *d, struct buf *b, const struct schema *s, unsigned depth)
{
    buf_char(b, '[');
    size_t start = b->n;
    if (changes(6)) {
        struct dice *noise = changing;
        changing = NULL;
        put_value(noise, b, s->items, depth + 1);
        changing = noise;
    }
    for (unsigned i = 0, n = dice_below(d, 4); i < n; i++) {
        buf_put(b, b->n > start ? LIT(",") : (slice){0});
        put_value(d, b, s->items, depth + 1);
    }
    buf_char(b, ']');
}

static void put_enum(struct dice *d, struct buf *b, const struct schema *s)
{
    node_put_json(b, s->enums[dice_below(d, s->enum_count)], false);
}

static void put_value(struct dice *d, struct buf *b, const struct schema *s, unsigned depth)
{
    static const char *const numbers[] = {
        "0", "1", "-1", "5", "2147483648", "1.0", "0.5", "-7", "64", "1.0000000001", "500000000.5"};
    if (changes(20)) {
        put_changed(d, b, s, depth);
        return;
    }
    if (dice_one_in(d, 25)) {
        put_wrong(d, b);
        return;
    }
    if (s->enum_count && !dice_one_in(d, 6)) {
        put_enum(d, b, s);
        return;
    }
    switch (s->type) {
    case SCHEMA_OBJECT:
        put_object(d, b, s, depth);
        break;
    case SCHEMA_ARRAY:
        put_array(d, b, s, depth);
        break;
    case SCHEMA_STRING:
        put_string(d, b, s);
        break;
    case SCHEMA_INTEGER:
    case SCHEMA_NUMBER:
        DICE_PUT(d, b, numbers);
        break;
    case SCHEMA_BOOLEAN:
        buf_put(b, dice_one_in(d, 2) ? LIT("true") : LIT("false"));
        break;
    case SCHEMA_INT_OR_STRING:
        if (dice_one_in(d, 2))
            DICE_PUT(d, b, numbers);
        else
            put_string(d, b, s);
        break;
    default:
        put_wrong(d, b);
    }
}

void schema_put_object(struct dice *d, struct dice *noise, struct buf *b, const struct schema_kind *k)
{
    changing = noise;
    for_update = true;
    put_object(d, b, k->schema, 0);
    for_update = false;
    changing = NULL;
}

static void make(struct dice *d, struct buf *b)
{
    const struct schema_kind *k = &builtin_schemas.kinds[dice_below(d, (unsigned)builtin_schemas.kind_count)];
    buf_fmt(b, "%.*s.%.*s\n", FMT(k->plural), FMT(k->group));
    put_object(d, b, k->schema, 0);
}

/* ---- our answer ---- */

static int by_text(const void *a, const void *b)
{
    return slice_cmp(*(const slice *)a, *(const slice *)b);
}

void schema_put_sorted(struct buf *b, slice *texts, size_t n, const char *between)
{
    qsort(texts, n, sizeof *texts, by_text);
    for (size_t i = 0, put = 0; i < n; i++) {
        if (i && slice_eq(texts[i], texts[i - 1]))
            continue;
        buf_put(b, put++ ? slice_of(between) : (slice){0});
        buf_put(b, texts[i]);
    }
}

/* `path: message`; a number out of its format's range without the value, which the server leaves out. */
static slice error_text(struct arena *a, const struct finding *x)
{
    slice path = x->place.node ? node_path(a, x->place.node) : (slice){0}, message = x->message;
    size_t checked = slice_find(message, LIT("Checked value"));
    if (x->place.kind == PLACE_MISSING)
        path = arena_fmt(a, path.n ? "%.*s.%.*s" : "%.*s%.*s", FMT(path), FMT(x->place.member));
    if (checked != SLICE_NONE)
        message = slice_from(message, checked);
    return arena_fmt(a, "%.*s: %.*s", FMT(path), FMT(message));
}

/* The errors that keep the server from looking at CEL rules. */
static bool blocks(const struct finding *x)
{
    return x->rule != &rule_unknown_field &&
           (x->error == FIELD_NOT_SUPPORTED || x->error == FIELD_REQUIRED || x->error == FIELD_TOO_LONG ||
            x->error == FIELD_TOO_MANY || x->error == FIELD_TYPE_INVALID);
}

const struct schema_kind *schema_kind_named(slice name)
{
    for (size_t i = 0; i < builtin_schemas.kind_count; i++) {
        const struct schema_kind *k = &builtin_schemas.kinds[i];
        if (slice_starts(name, k->plural) && slice_ends(name, k->group) &&
            name.n == k->plural.n + 1 + k->group.n)
            return k;
    }
    return NULL;
}

static void answer(struct arena *a, slice input, struct buf *b)
{
    static const struct schema_set *set; /* for the life of the program */
    if (!set)
        set = schema_set_new(arena_new(64 << 20), &builtin_schemas);
    size_t line = slice_find_char(input, '\n');
    struct findings read = findings_new(a), f = findings_new(a);
    struct node *root = json_read(a, slice_from(input, line + 1), &read);
    if (!root || root->kind != NODE_OBJECT) {
        buf_char(b, '-');
        return;
    }
    struct schema_run run = {a, &f, set, regex_scratch_new(a)};
    schema_apply(&run, schema_kind_named(slice_cut(input, 0, line))->schema, root);
    slice *unknown = ARENA_ARRAY(a, slice, f.count + 1), *errors = ARENA_ARRAY(a, slice, f.count + 1);
    size_t unknown_count = 0, error_count = 0;
    bool blocked = false;
    for (const struct finding *x = f.first; x; x = x->next)
        blocked = blocked || blocks(x);
    for (const struct finding *x = f.first; x; x = x->next) {
        if (x->rule == &rule_unknown_field)
            unknown[unknown_count++] = node_path(a, x->place.node);
        else if (!(blocked && x->rule == &rule_schema_validation))
            errors[error_count++] = error_text(a, x);
    }
    schema_put_sorted(b, unknown, unknown_count, " ");
    buf_char(b, '\n');
    node_put_json(b, root, true);
    buf_char(b, '\n');
    schema_put_sorted(b, errors, error_count, "\n");
}

const struct fidelity_topic topic_schema = {"schema", make, answer, NULL, 0};
