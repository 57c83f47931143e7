/* compile OUT.c: writes the CRDs of crds/ and parts/ as constant tables, so that the program starts with its
 * schemas ready. Runs at build time only. */
#include "crd_files.h"
#include "crd_source.h"
#include "schema.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct written { /* schemas that have been written, by address */
    const struct schema **list;
    size_t count, capacity;
};

struct table_writer {
    FILE *out;
    struct arena *arena;
    struct written schemas;
    unsigned literals;
};

static _Noreturn void fail(const char *what, const char *why)
{
    fprintf(stderr, "compile: %s: %s\n", what, why);
    exit(1);
}

static void put_string(FILE *out, slice s)
{
    fputs("SLICE(\"", out);
    for (size_t i = 0; i < s.n; i++) {
        unsigned char c = (unsigned char)s.p[i];
        if (c == '"' || c == '\\' || c == '?' || c < 0x20 || c >= 0x7f)
            fprintf(out, "\\%03o", c);
        else
            fputc(c, out);
    }
    fputs("\")", out);
}

/* A default or enum value: a scalar or an empty container. Returns the number that names it. */
static unsigned put_literal(struct table_writer *w, const struct node *n)
{
    static const char *const kinds[] = {"NODE_NULL",   "NODE_BOOL",  "NODE_INT",   "NODE_FLOAT",
                                        "NODE_STRING", "NODE_ARRAY", "NODE_OBJECT"};
    unsigned mine = w->literals++;
    if ((n->kind == NODE_ARRAY || n->kind == NODE_OBJECT) && node_first(n)) {
        fail("default or enum value", "only scalars and empty containers can be written");
    }
    fprintf(w->out, "static const struct node l%u = {.kind = %s", mine, kinds[n->kind]);
    if (n->kind == NODE_STRING || n->kind == NODE_INT || n->kind == NODE_FLOAT) {
        fputs(", .text = ", w->out);
        put_string(w->out, n->text);
    }
    if (n->kind == NODE_INT)
        fprintf(w->out, ", .integer = %lldLL", (long long)n->integer);
    if (n->kind == NODE_FLOAT)
        fprintf(w->out, ", .real = %.17g", n->real);
    if (n->kind == NODE_BOOL)
        fprintf(w->out, ", .boolean = %s", n->boolean ? "true" : "false");
    fputs("};\n", w->out);
    return mine;
}

static unsigned number_of(const struct table_writer *w, const struct schema *s)
{
    for (size_t i = 0; i < w->schemas.count; i++)
        if (w->schemas.list[i] == s)
            return (unsigned)i + 1;
    return 0;
}

static void put_names(struct table_writer *w, const char *prefix, unsigned mine, const slice *names,
                      size_t count)
{
    if (!count)
        return;
    fprintf(w->out, "static const slice %s%u[] = {", prefix, mine);
    for (size_t i = 0; i < count; i++) {
        put_string(w->out, names[i]);
        fputs(", ", w->out);
    }
    fputs("};\n", w->out);
}

static void put_properties(struct table_writer *w, unsigned mine, const struct schema *s)
{
    if (!s->property_count)
        return;
    fprintf(w->out, "static const struct schema_property p%u[] = {", mine);
    for (size_t i = 0; i < s->property_count; i++) {
        fputs("{", w->out);
        put_string(w->out, s->properties[i].name);
        fprintf(w->out, ", &s%u}, ", number_of(w, s->properties[i].schema));
    }
    fprintf(w->out, "};\nstatic const uint16_t i%u[] = {", mine);
    for (size_t i = 0; i <= s->index_mask; i++)
        fprintf(w->out, "%u, ", s->index[i]);
    fputs("};\n", w->out);
}

static void put_enums(struct table_writer *w, unsigned mine, const struct schema *s)
{
    if (!s->enum_count)
        return;
    unsigned first = w->literals;
    for (size_t i = 0; i < s->enum_count; i++)
        put_literal(w, s->enums[i]);
    fprintf(w->out, "static const struct node *const e%u[] = {", mine);
    for (size_t i = 0; i < s->enum_count; i++)
        fprintf(w->out, "&l%u, ", first + (unsigned)i);
    fputs("};\n", w->out);
}

static void put_exclusions(struct table_writer *w, unsigned mine, const struct schema *s)
{
    if (!s->exclusion_count)
        return;
    fprintf(w->out, "static const struct schema_exclusion x%u[] = {", mine);
    for (size_t i = 0; i < s->exclusion_count; i++) {
        const slice texts[] = {s->exclusions[i].left, s->exclusions[i].right, s->exclusions[i].rule,
                               s->exclusions[i].message};
        fputs("{", w->out);
        for (size_t k = 0; k < 4; k++) {
            put_string(w->out, texts[k]);
            fputs(", ", w->out);
        }
        fputs("}, ", w->out);
    }
    fputs("};\n", w->out);
}

static void put_scalars(struct table_writer *w, const struct schema *s)
{
    fprintf(w->out, ".type = %u, .format = %u, .list_type = %u, .flags = %u", s->type, s->format,
            s->list_type, s->flags);
    const struct {
        const char *name;
        int64_t value;
    } numbers[] = {
        {"minimum", s->minimum},       {"maximum", s->maximum},     {"max_length", s->max_length},
        {"min_length", s->min_length}, {"min_items", s->min_items},
    };
    for (size_t i = 0; i < COUNT(numbers); i++)
        if (numbers[i].value)
            fprintf(w->out, ", .%s = %lldLL", numbers[i].name, (long long)numbers[i].value);
    if (s->pattern)
        fprintf(w->out, ", .pattern = %u", s->pattern);
}

static void put_links(struct table_writer *w, unsigned mine, const struct schema *s, unsigned default_literal)
{
    FILE *out = w->out;
    if (s->property_count)
        fprintf(out, ", .properties = p%u, .property_count = %u, .index = i%u, .index_mask = %u", mine,
                s->property_count, mine, s->index_mask);
    if (s->required_count)
        fprintf(out, ", .required = r%u, .required_count = %u", mine, s->required_count);
    if (s->key_count)
        fprintf(out, ", .keys = k%u, .key_count = %u", mine, s->key_count);
    if (s->enum_count)
        fprintf(out, ", .enums = e%u, .enum_count = %u", mine, s->enum_count);
    if (s->exclusion_count)
        fprintf(out, ", .exclusions = x%u, .exclusion_count = %u", mine, s->exclusion_count);
    if (s->items)
        fprintf(out, ", .items = &s%u", number_of(w, s->items));
    if (s->additional)
        fprintf(out, ", .additional = &s%u", number_of(w, s->additional));
    if (s->default_value)
        fprintf(out, ", .default_value = &l%u", default_literal);
}

/* Writes what `s` refers to, then `s`. */
static void put_schema(struct table_writer *w, const struct schema *s)
{
    if (number_of(w, s))
        return;
    for (size_t i = 0; i < s->property_count; i++)
        put_schema(w, s->properties[i].schema);
    if (s->items)
        put_schema(w, s->items);
    if (s->additional)
        put_schema(w, s->additional);
    w->schemas.list = arena_grow(w->arena, w->schemas.list, w->schemas.count, &w->schemas.capacity,
                                 sizeof(struct schema *));
    w->schemas.list[w->schemas.count++] = s;
    unsigned mine = (unsigned)w->schemas.count;
    put_properties(w, mine, s);
    put_names(w, "r", mine, s->required, s->required_count);
    put_names(w, "k", mine, s->keys, s->key_count);
    put_enums(w, mine, s);
    put_exclusions(w, mine, s);
    unsigned literal = s->default_value ? put_literal(w, s->default_value) : 0;
    fprintf(w->out, "static const struct schema s%u = {", mine);
    put_scalars(w, s);
    put_links(w, mine, s, literal);
    fputs("};\n", w->out);
}

static void put_patterns(struct table_writer *w, const struct schema_tables *t)
{
    fputs("static const slice patterns[] = {", w->out);
    for (size_t i = 0; i < t->pattern_count; i++) {
        put_string(w->out, t->patterns[i]);
        fputs(", ", w->out);
    }
    fputs("};\n", w->out);
}

static void put_kinds(struct table_writer *w, const struct schema_tables *t)
{
    for (size_t i = 0; i < t->kind_count; i++)
        put_schema(w, t->kinds[i].schema);
    fputs("static const struct schema_kind kinds[] = {\n", w->out);
    for (size_t i = 0; i < t->kind_count; i++) {
        const struct schema_kind *kind = &t->kinds[i];
        const slice names[] = {kind->group, kind->version, kind->kind, kind->plural, kind->api_version};
        fputs("    {", w->out);
        for (size_t k = 0; k < COUNT(names); k++) {
            put_string(w->out, names[k]);
            fputs(", ", w->out);
        }
        fprintf(w->out, "&s%u},\n", number_of(w, kind->schema));
    }
    fputs("};\n", w->out);
}

/* Descriptions keep equal subtrees apart and say nothing about values. */
static void hide_descriptions(struct node *schema)
{
    for (struct node *m = node_first(schema); m; m = node_next(m)) {
        if (slice_eq(m->key, LIT("description")))
            m->flags |= NODE_PRUNED;
        else if (slice_eq(m->key, LIT("properties")))
            for (struct node *p = node_first(m); p; p = node_next(p))
                hide_descriptions(p);
        else if (slice_eq(m->key, LIT("items")) || slice_eq(m->key, LIT("additionalProperties")))
            hide_descriptions(m);
    }
}

static struct node *openapi_of(struct arena *a, slice name, slice crd_text)
{
    struct error error;
    struct node *crd = crd_flatten(a, crd_text, crd_parts, crd_part_count, &error);
    if (!crd)
        fail(arena_cstr(a, name), error.text);
    return node_at(node_first(node_at(crd, "spec.versions")), "schema.openAPIV3Schema");
}

/* A CRD may not describe the root's metadata; the server checks it as ObjectMeta. So does the compiled
 * schema. */
static void describe_metadata(struct arena *a, struct node *openapi)
{
    struct node *known =
        openapi_of(a, LIT("objectMeta"),
                   LIT("spec: {group: meta, versions: [{schema: {openAPIV3Schema: {$use: objectMeta}}}]}"));
    struct node *metadata = node_at(openapi, "properties.metadata");
    metadata->first = known->first;
    metadata->last = known->last;
    metadata->count = known->count;
    for (struct node *m = metadata->first; m; m = m->next)
        m->parent = metadata;
}

static void add_kind(struct arena *a, struct schema_set *set, const struct crd_source *source)
{
    struct schema_kind kind = {.group = source->group,
                               .version = LIT("v1alpha1"),
                               .kind = source->kind,
                               .plural = source->plural,
                               .api_version = arena_fmt(a, "%.*s/v1alpha1", FMT(source->group))};
    struct node *openapi = openapi_of(a, source->plural, source->text);
    struct error error;
    describe_metadata(a, openapi);
    hide_descriptions(openapi);
    if (!schema_set_add(set, kind, openapi, &error))
        fail(arena_cstr(a, source->plural), error.text);
}

int main(int argc, char **argv)
{
    struct table_writer w = {.arena = arena_new((size_t)1 << 30)};
    if (argc != 2 || !w.arena || !(w.out = fopen(argv[1], "w")))
        fail(argc == 2 ? argv[1] : "usage: compile OUT.c", strerror(errno));
    struct schema_set *set = schema_set_new(w.arena, &(struct schema_tables){0});
    for (size_t i = 0; i < crd_source_count; i++)
        add_kind(w.arena, set, &crd_sources[i]);
    const struct schema_tables *tables = schema_set_tables(set);
    fputs("/* Generated from schemas/crds and schemas/parts by schemas/compile.c. */\n"
          "#include \"builtin_schemas.h\"\n#include \"schema.h\"\n",
          w.out);
    put_kinds(&w, tables);
    put_patterns(&w, tables);
    fprintf(w.out, "const struct schema_tables builtin_schemas = {kinds, patterns, %zu, %zu};\n",
            tables->kind_count, tables->pattern_count);
    bool written = fclose(w.out) == 0;
    arena_free(w.arena);
    if (!written)
        fail(argv[1], strerror(errno));
    return 0;
}
