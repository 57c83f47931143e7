/* Putting parts into a CRD. */
#include "check.h"

#include "arena_state.h"
#include "crd_source.h"

static void flatten(void **state)
{
    static const struct {
        const char *label, *schema, *parts, *more_parts, *flat; /* flat: JSON with sorted keys */
    } rows[] = {
        {"nothing to do", "{type: object}", "{}", "{}", "{\"type\":\"object\"}"},
        {"a part", "{$use: a}", "a: {type: string}", "{}", "{\"type\":\"string\"}"},
        {"the second file", "{$use: a}", "{}", "a: {type: string}", "{\"type\":\"string\"}"},
        {"a part of a part", "{$use: a}", "a: {items: {$use: b}}", "b: {type: string}",
         "{\"items\":{\"type\":\"string\"}}"},
        {"members are added and replaced", "{$use: a, type: integer, format: int32}",
         "a: {type: string, default: x}", "{}",
         "{\"default\":\"x\",\"format\":\"int32\",\"type\":\"integer\"}"},
        {"mappings merge", "{$use: a, properties: {x: {default: 1}, z: {type: string}}}",
         "a: {properties: {x: {type: integer}, w: {type: string}}}", "{}",
         "{\"properties\":{\"w\":{\"type\":\"string\"},\"x\":{\"default\":1,\"type\":\"integer\"},"
         "\"z\":{\"type\":\"string\"}}}"},
        {"lists replace", "{$use: a, required: [z]}", "a: {required: [x, w]}", "{}",
         "{\"required\":[\"z\"]}"},
        {"null removes", "{$use: a, properties: {x: null}}", "a: {properties: {x: {}, w: {}}}", "{}",
         "{\"properties\":{\"w\":{}}}"},
        {"the overlay may use parts", "{$use: a, items: {$use: b, format: f}}", "a: {items: {type: x}}",
         "b: {type: string}", "{\"items\":{\"format\":\"f\",\"type\":\"string\"}}"},
        {"the group's own part", "{$use: a}", "{a: {type: string}, a@g.x: {type: integer}}", "{}",
         "{\"type\":\"integer\"}"},
        {"another group's part", "{$use: a}", "{a: {type: string}, a@x: {type: integer}}", "{}",
         "{\"type\":\"string\"}"},
        {"the group's part on top of the plain one", "{$use: a}",
         "{a: {type: string, format: f}, a@g.x: {$use: a, format: null}}", "{}", "{\"type\":\"string\"}"},
        {"the group's part within a plain part", "{$use: b}",
         "{b: {items: {$use: a}}, a: {type: string}, a@g.x: {type: integer}}", "{}",
         "{\"items\":{\"type\":\"integer\"}}"},
    };
    struct arena *a = *state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        slice parts[] = {slice_of(rows[i].parts), slice_of(rows[i].more_parts)};
        struct error error = {0};
        slice crd = arena_fmt(a, "spec: {group: g.x, schema: %s}", rows[i].schema);
        const struct node *flat = crd_flatten(a, crd, parts, 2, &error);
        assert_slice(rows[i].label, slice_of(error.text), LIT(""));
        struct buf b = buf_new(a, 1 << 16);
        node_put_json(&b, node_at(flat, "spec.schema"), true);
        assert_slice(rows[i].label, buf_slice(&b), slice_of(rows[i].flat));
    }
}

static void refuse(void **state)
{
    static const struct {
        const char *crd, *parts, *more_parts, *why;
    } rows[] = {
        {"spec: {group: g, x: {$use: a}}", "{}", "{}", "no such part: a, at spec.x.$use"},
        {"spec: {group: g, x: {$use: 7}}", "{}", "{}", "$use requires a name, at spec.x.$use"},
        {"spec: {group: g, x: {$use: a}}", "a: text", "{}", "no such part: a, at spec.x.$use"},
        {"spec: {group: g, x: {$use: a}}", "a: {items: {$use: b}}", "b: {items: {$use: a}}",
         "uses itself: a, at b.items.$use"},
        {"spec: {group: g}", "a: {}", "a: {}", "given twice: a"},
        {"spec: {group: g, x: {$use: a, w: null}}", "a: {}", "{}", "null removes nothing, at spec.x.w"},
        {"spec: {x: 1}", "{}", "{}", "no spec.group"},
        {"[]", "{}", "{}", "not one mapping: []"},
        {"spec: {group: g}", "[a]", "{}", "not one mapping: [a]"},
    };
    struct arena *a = *state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        slice parts[] = {slice_of(rows[i].parts), slice_of(rows[i].more_parts)};
        struct error error = {0};
        const struct node *flat = crd_flatten(a, slice_of(rows[i].crd), parts, 2, &error);
        assert_slice(rows[i].crd, slice_of(error.text), slice_of(rows[i].why));
        assert_null(flat);
    }
}

static void broken_yaml(void **state)
{
    const slice parts[] = {LIT("a: [1")};
    struct error error;
    assert_null(crd_flatten(*state, LIT("spec: {group: g}"), parts, 1, &error));
    assert_row(error.text, slice_starts(slice_of(error.text), LIT("not read: ")));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(flatten),
        cmocka_unit_test(refuse),
        cmocka_unit_test(broken_yaml),
    };
    return cmocka_run_group_tests(tests, open_arena, close_arena);
}
