/* A kind that comes at run time: the first line is its openAPIV3Schema, the rest an object. Whatever the schema says,
 * the passes stay within the object, and a second run changes nothing. */
#include "fuzz.h"

#include "builtin_schemas.h"
#include "position.h"
#include "schema.h"

static slice json_of(struct arena *a, const struct node *n)
{
    struct buf b = buf_new(a, SIZE_MAX / 2);
    node_put_json(&b, n, false);
    return buf_slice(&b);
}

/* The object as it would be stored, or nothing when it is not JSON. */
static slice applied(struct arena *a, const struct schema_set *set, slice object)
{
    struct findings read = findings_new(a), f = findings_new(a);
    struct node *root = json_read(a, object, &read);
    if (!root)
        return (slice){0};
    struct schema_run run = {a, &f, set, regex_scratch_new(a)};
    schema_apply(&run, schema_find(set, LIT("example.com/v1"), LIT("Any"))->schema, root);
    for (const struct finding *x = f.first; x; x = x->next) {
        uint32_t from, to;
        place_span(x->place, object, &from, &to);
        PROMISE(from <= to && to <= object.n);
        PROMISE(x->rule && slice_find_char(x->message, '\n') == SLICE_NONE);
    }
    return json_of(a, root);
}

static void check(struct arena *a, slice bytes)
{
    size_t line = slice_find_char(bytes, '\n');
    struct findings f = findings_new(a);
    const struct node *openapi = json_read(a, slice_cut(bytes, 0, line), &f);
    if (!openapi || line == SLICE_NONE)
        return;
    struct schema_set *set = schema_set_new(a, &builtin_schemas);
    struct schema_kind kind = {.api_version = LIT("example.com/v1"), .kind = LIT("Any")};
    struct error error = {0};
    if (!schema_set_add(set, kind, openapi, &error)) {
        PROMISE(error.text[0]);
        return;
    }
    /* The first run may add a default with members that the second one prunes: API servers refuse such a CRD. */
    slice once = applied(a, set, slice_from(bytes, line + 1));
    slice twice = once.n ? applied(a, set, once) : once;
    if (twice.n)
        PROMISE(slice_eq(twice, applied(a, set, twice)));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    return fuzz_in_arena(check, data, size);
}
