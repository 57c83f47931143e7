/* The memory of a review follows its size: LIMIT_REVIEW_BASE_BYTES, and LIMIT_REVIEW_FACTOR for each byte of its body.
 * Every list, map and text of the schemas is filled with many small elements, of the shapes that the schema allows and
 * of some that it does not; the shapes need no list by hand. */
#include "reviewing.h"

#include "brgate_limits.h"
#include "builtin_schemas.h"
#include "schema.h"

/* The address sanitizer leaves gaps in an arena, which count for its limit and not for what is used. */
#ifdef __SANITIZE_ADDRESS__
enum { GAPS = 2 };
#else
enum { GAPS = 1 };
#endif

enum {
    TEXT_BYTES = 16 << 20,
    MOST_STEPS = 32,
    MOST_SCHEMAS = 4000,
    FEW = LIMIT_ERRORS + 50, /* elements: every limit on their number is reached */
    DENSE = 48,              /* bytes of an element: a longer one may take 3 KiB */
    SHORT = 5 << 10,         /* bytes */
    LONG = 2 * SHORT,
    DEPTH_OF_RULES = 3 /* "spec", "env", "[]": deeper paths differ for the schema only, not for rules */
};

/* A path: keys, and the empty slice for an item of a list. */
struct path {
    slice steps[MOST_STEPS];
    size_t count;
};

struct shapes {
    struct arena *texts, *own;
    const struct schema_kind *kind;
    struct path at;      /* of the list, map or text */
    struct path element; /* within an element */
    const struct schema *seen[MOST_SCHEMAS];
    size_t seen_count, count;
};

/* ---- making objects ---- */

static void open_path(struct buf *b, const struct path *p)
{
    for (size_t i = 0; i < p->count; i++) {
        buf_char(b, p->steps[i].n ? '{' : '[');
        if (!p->steps[i].n)
            continue;
        buf_json_string(b, p->steps[i]);
        buf_char(b, ':');
    }
}

static void close_path(struct buf *b, const struct path *p)
{
    for (size_t i = p->count; i > 0; i--)
        buf_char(b, p->steps[i - 1].n ? '}' : ']');
}

/* The least that the schema takes. */
static void put_value(struct buf *b, const struct schema *s)
{
    static const char *const values[] = {"{}", "{}", "[]", "\"1\"", "1", "1", "true", "\"1\""};
    if (s->enum_count) {
        node_put_json(b, s->enums[0], false);
    } else if (s->type == SCHEMA_OBJECT && s->required_count) {
        for (size_t i = 0; i < s->required_count; i++) {
            const struct schema *property = schema_property(s, s->required[i]);
            buf_char(b, i ? ',' : '{');
            buf_json_string(b, s->required[i]);
            buf_char(b, ':');
            put_value(b, property ? property : s);
        }
        buf_char(b, '}');
    } else {
        buf_put(b,
                s->format == FORMAT_DATE_TIME ? LIT("\"2026-11-20T07:31:36Z\"") : slice_of(values[s->type]));
    }
}

/* A right object but for what is at the path. */
static slice object_with(struct shapes *w, slice content, char cluster)
{
    static const char
        metadata[] = "\"name\":\"n\",\"namespace\":\"t\"",
        storage[] =
            "\"s3\":{\"provider\":\"aws\",\"bucket\":\"bucket\",\"prefix\":\"p\",\"secretName\":\"s\","
            "\"region\":\"us-west-1\"}";
    struct path below = {.count = w->at.count - 1};
    memcpy(below.steps, w->at.steps + 1, below.count * sizeof *below.steps);
    struct buf b = buf_new(w->texts, TEXT_BYTES), inner = buf_new(w->texts, TEXT_BYTES);
    open_path(&inner, &below);
    buf_put(&inner, content);
    close_path(&inner, &below);
    buf_fmt(&b, "{\"apiVersion\":\"%.*s\",\"kind\":\"%.*s\"", FMT(w->kind->api_version), FMT(w->kind->kind));
    bool spec = slice_eq(w->at.steps[0], LIT("spec")), own = slice_eq(w->at.steps[0], LIT("metadata"));
    if (!own)
        buf_fmt(&b, ",\"metadata\":{%s}", metadata);
    if (!spec)
        buf_fmt(&b, ",\"spec\":{\"br\":{\"cluster\":\"%c\"},%s}", cluster, storage);
    buf_fmt(&b, ",\"%.*s\":", FMT(w->at.steps[0]));
    slice value = buf_slice(&inner);
    if ((spec || own) && slice_starts(value, LIT("{\""))) {
        buf_char(&b, '{');
        if (own)
            buf_fmt(&b, "%s,", metadata);
        if (spec && !slice_starts(value, LIT("{\"br\"")))
            buf_fmt(&b, "\"br\":{\"cluster\":\"%c\"},", cluster);
        if (spec && !slice_starts(value, LIT("{\"s3\"")))
            buf_fmt(&b, "%s,", storage);
        value = slice_from(value, 1);
    }
    buf_put(&b, value);
    buf_char(&b, '}');
    assert_false(b.failed || inner.failed);
    return buf_slice(&b);
}

/* ---- measuring ---- */

enum traffic { UPDATED, MUTATED, LINTED, TRAFFIC_COUNT };

struct cost {
    size_t bytes, memory;
};

static struct cost cost_of(struct shapes *w, enum traffic traffic, slice object, slice old)
{
    const struct ask ask = {.operation = traffic == UPDATED ? "UPDATE" : "CREATE",
                            .group = "br.pingcap.com",
                            .kind = arena_cstr(w->texts, w->kind->kind),
                            .object = object,
                            .old_object = traffic == UPDATED ? old : (slice){0}};
    slice body = traffic == LINTED ? object : ask_text(w->texts, &ask);
    struct review_facts log;
    arena_reset(w->own);
    body = arena_copy(w->own, body); /* as a server does */
    if (traffic == LINTED)
        verdict_manifest(plain_gate(), w->own, body, TEST_NOW);
    else
        review_answer(plain_gate(), w->own, traffic == MUTATED ? ENDPOINT_MUTATE : ENDPOINT_VALIDATE, body,
                      TEST_NOW, &log);
    assert_row("judged", arena_shortage(w->own) == ARENA_SHORT_OF_NOTHING);
    return (struct cost){body.n, arena_used(w->own)};
}

static void check_cost(struct shapes *w, slice small, slice large)
{
    static const char *const names[] = {"update", "create, to be mutated", "lint"};
    bool rules_look = !w->element.count && w->at.count <= DEPTH_OF_RULES;
    enum traffic most = rules_look ? TRAFFIC_COUNT : UPDATED + 1; /* an update is the dearest */
    for (enum traffic t = UPDATED; t < most; t++) {
        struct cost one = cost_of(w, t, object_with(w, small, 'c'), object_with(w, small, 'd')),
                    more = cost_of(w, t, object_with(w, large, 'c'), object_with(w, large, 'd'));
        size_t growth = (more.memory - one.memory) / (more.bytes - one.bytes);
        bool within = more.memory <= LIMIT_REVIEW_BASE_BYTES + LIMIT_REVIEW_FACTOR * more.bytes;
        /* The texts of findings and the patch grow in the beginning: LIMIT_REVIEW_BASE_BYTES is for them. */
        bool follows = t == MUTATED || more.memory < one.memory || growth <= LIMIT_REVIEW_FACTOR;
        if (within && follows)
            continue;
        struct buf path = buf_new(w->texts, TEXT_BYTES);
        for (size_t i = 0; i < w->at.count; i++)
            buf_fmt(&path, "%s%.*s", w->at.steps[i].n ? "." : "[]", FMT(w->at.steps[i]));
        print_error("%s of %.*s: %.60s...: %zu bytes take %zu, each further one %zu\n", names[t],
                    FMT(buf_slice(&path)), small.p, more.bytes, more.memory, growth);
        fail();
    }
    w->count++;
    arena_reset(w->texts);
}

/* ---- filling ---- */

/* Elements in a list, or members of a map. */
static slice filled(struct shapes *w, bool map, slice element, size_t count)
{
    struct buf b = buf_new(w->texts, TEXT_BYTES);
    buf_char(&b, map ? '{' : '[');
    for (unsigned i = 0; i < count; i++) {
        buf_put(&b, i ? LIT(",") : (slice){0});
        if (map)
            buf_fmt(&b, "\"k%u\":", i);
        buf_put(&b, element);
    }
    buf_char(&b, map ? '}' : ']');
    return buf_slice(&b);
}

static void fill(struct shapes *w, bool map, slice element)
{
    if (element.n > DENSE)
        return;
    size_t few = FEW > SHORT / element.n ? FEW : SHORT / element.n;
    check_cost(w, filled(w, map, element, few), filled(w, map, element, 2 * few));
}

static void fill_with_leaf(struct shapes *w, bool map, const struct schema *s, const char *leaf)
{
    struct buf b = buf_new(w->texts, TEXT_BYTES);
    open_path(&b, &w->element);
    if (leaf)
        buf_put(&b, slice_of(leaf));
    else
        put_value(&b, s);
    close_path(&b, &w->element);
    fill(w, map, buf_slice(&b));
}

/* Elements that lead to the schema, a right value there or another. */
static void fill_below(struct shapes *w, bool map, const struct schema *s)
{
    static const char *const odd[] = {"{}", "1", "\"\"", "null", "[]", "[{}]", "{\"a\":1}", "\"\\u0001\""};
    size_t most = w->element.count == 0 ? sizeof odd / sizeof *odd : 1;
    fill_with_leaf(w, map, s, NULL);
    for (size_t i = 0; i < most; i++)
        fill_with_leaf(w, map, s, odd[i]);
    if (w->element.count + 1 == MOST_STEPS || (w->element.count && w->at.count > DEPTH_OF_RULES))
        return;
    for (size_t i = 0; i < s->property_count; i++) {
        w->element.steps[w->element.count++] = s->properties[i].name;
        fill_below(w, map, s->properties[i].schema);
        w->element.count--;
    }
}

static slice repeated(struct shapes *w, const char *before, const char *part, const char *behind, size_t size)
{
    struct buf b = buf_new(w->texts, TEXT_BYTES);
    buf_put(&b, slice_of(before));
    while (b.n < size)
        buf_put(&b, slice_of(part));
    buf_put(&b, slice_of(behind));
    return buf_slice(&b);
}

static void fill_text(struct shapes *w)
{
    static const char *const parts[] = {"a",   "\\\"", "\\u0001", "\xe2\x82\xac", "${", "<a",
                                        "../", "a.",   "1 ",      "*,",           "-"};
    for (size_t i = 0; i < sizeof parts / sizeof *parts; i++)
        check_cost(w, repeated(w, "\"", parts[i], "\"", SHORT), repeated(w, "\"", parts[i], "\"", LONG));
}

static void fill_keys(struct shapes *w)
{
    static const char *const parts[] = {"a", "\\u0001"};
    for (size_t i = 0; i < sizeof parts / sizeof *parts; i++)
        check_cost(w, repeated(w, "{\"", parts[i], "\":1}", SHORT),
                   repeated(w, "{\"", parts[i], "\":1}", LONG));
    fill(w, true, LIT("1"));
}

/* Equal subtrees are one schema: where no rule looks, and in further kinds, they are filled once. */
static bool is_known(struct shapes *w, const struct schema *s)
{
    bool looked_at = w->at.count <= DEPTH_OF_RULES && slice_eq(w->kind->kind, LIT("Backup"));
    for (size_t i = 0; i < w->seen_count && !looked_at; i++)
        if (w->seen[i] == s)
            return true;
    assert_true(w->seen_count < MOST_SCHEMAS);
    w->seen[w->seen_count++] = s;
    return false;
}

static void fill_everywhere(struct shapes *w, const struct schema *s)
{
    if (w->at.count + 1 == MOST_STEPS || is_known(w, s))
        return;
    if (w->at.count && (s->type == SCHEMA_STRING || s->type == SCHEMA_INT_OR_STRING))
        fill_text(w);
    if (w->at.count && w->at.count <= DEPTH_OF_RULES && s->type == SCHEMA_OBJECT)
        fill_keys(w);
    if (s->items || s->additional)
        fill_below(w, s->additional, s->items ? s->items : s->additional);
    for (size_t i = 0; i < s->property_count; i++) {
        w->at.steps[w->at.count++] = s->properties[i].name;
        fill_everywhere(w, s->properties[i].schema);
        w->at.count--;
    }
    if (s->items) {
        w->at.steps[w->at.count++] = (slice){0};
        fill_everywhere(w, s->items);
        w->at.count--;
    }
}

static void memory_follows_size(void **state)
{
    struct shapes w = {.texts = *state, .own = arena_new(LIMIT_ARENA_BYTES)};
    for (size_t i = 0; i < builtin_schemas.kind_count; i++) {
        if (!slice_eq(builtin_schemas.kinds[i].group, LIT("br.pingcap.com")))
            continue;
        w.kind = &builtin_schemas.kinds[i];
        fill_everywhere(&w, w.kind->schema);
    }
    assert_true(w.count > 500);
    arena_free(w.own);
}

/* ---- the largest objects ---- */

/* etcd keeps objects of at most 1.5 MiB. An update of the densest ones is judged in the memory that a server gives to
 * one review. */
static void the_densest_updates_are_judged(void **state)
{
    enum { STORED_BYTES = 3 << 19 };
    static const struct {
        const char *path[4], *element;
        bool map;
    } rows[] = {
        {{"spec", "imagePullSecrets"}, "{}", false},
        {{"spec", "podSecurityContext", "supplementalGroups"}, "1", false},
        {{"spec", "resources", "limits"}, "\"\"", true},
        {{"spec", "resources", "claims"}, "{}", false},
        {{"spec", "tableFilter"}, "\"\"", false},
        {{"spec", "env"}, "{\"valueFrom\":{\"resourceFieldRef\":{\"divisor\":\"\"}}}", false},
        {{"spec", "additionalVolumes"}, "{\"emptyDir\":{\"sizeLimit\":\"\"}}", false},
        {{"status", "conditions"}, "{\"type\":\"\"}", false},
        {{"metadata", "finalizers"}, "\"\"", false},
        {{"metadata", "annotations"}, "\"\"", true},
        {{"spec", "unknown"}, "1", false},
        {{"spec", "unknown"}, "[]", false},
    };
    size_t most = LIMIT_REVIEW_BASE_BYTES + 2 * LIMIT_REVIEW_FACTOR * STORED_BYTES;
    struct shapes w = {.texts = *state, .own = arena_new(GAPS * most)};
    w.kind = gate_kind(plain_gate(), LIT("br.pingcap.com/v1alpha1"), LIT("Backup"));
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        w.at.count = 0;
        while (w.at.count < 4 && rows[i].path[w.at.count]) {
            w.at.steps[w.at.count] = slice_of(rows[i].path[w.at.count]);
            w.at.count++;
        }
        slice element = slice_of(rows[i].element);
        slice content =
            filled(&w, rows[i].map, element, (STORED_BYTES - 1000) / (element.n + (rows[i].map ? 11 : 1)));
        cost_of(&w, UPDATED, object_with(&w, content, 'c'), object_with(&w, content, 'd'));
        arena_reset(w.texts);
    }
    arena_free(w.own);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(memory_follows_size, arena_setup, arena_teardown),
        cmocka_unit_test_setup_teardown(the_densest_updates_are_judged, arena_setup, arena_teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
