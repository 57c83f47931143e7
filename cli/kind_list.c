#include "kind_list.h"

#include "ascii.h"
#include "builtin_schemas.h"
#include "schema.h"
#include "suggest.h"

enum { NAME_BYTES = 64, MOST_KINDS = 32 };

struct name {
    char text[NAME_BYTES];
};

static slice full_name(const struct schema_kind *k, struct name *ret)
{
    snprintf(ret->text, sizeof ret->text, "%.*s.%.*s", FMT(k->plural), FMT(k->group));
    return slice_of(ret->text);
}

/* The resources whose plural or kind is the nearest to a name without a group: "backup" means two. */
static bool suggest_of_kind(slice got, const struct schema_kind *all, size_t count, struct error *reterr)
{
    slice words[2 * MOST_KINDS];
    struct name name;
    struct error which = {0};
    for (size_t i = 0; i < count; i++) {
        words[2 * i] = all[i].plural;
        words[2 * i + 1] = all[i].kind;
    }
    slice near = suggest_nearest(got, words, 2 * count);
    for (size_t i = 0; i < count && near.n; i++)
        if (slice_eq(near, all[i].plural) || slice_eq(near, all[i].kind))
            error_set(&which, "%s%s%.*s", which.text, which.text[0] ? " or " : "",
                      FMT(full_name(&all[i], &name)));
    return near.n && !error_set(reterr, "unknown kind %.*s; did you mean %s?", FMT(got), which.text);
}

static bool unknown(slice got, const struct schema_kind *all, size_t count, struct error *reterr)
{
    struct name names[MOST_KINDS];
    slice words[MOST_KINDS];
    for (size_t i = 0; i < count; i++)
        words[i] = full_name(&all[i], &names[i]);
    bool without_group = slice_find_char(got, '.') == SLICE_NONE;
    return (!without_group || !suggest_of_kind(got, all, count, reterr)) &&
           suggest_unknown_of(reterr, "kind", got, words, count);
}

bool kind_list_read(const char *list, unsigned *ret, struct error *reterr)
{
    const struct schema_tables *schemas = &builtin_schemas;
    size_t count = schemas->kind_count < MOST_KINDS ? schemas->kind_count : MOST_KINDS;
    *ret = 0;
    for (slice rest = slice_of(list); rest.n;) {
        struct name name;
        size_t comma = slice_find_char(rest, ','), i = 0;
        slice got = slice_cut(rest, 0, comma);
        while (i < count && !slice_eq(full_name(&schemas->kinds[i], &name), got))
            i++;
        if (i == count)
            return unknown(got, schemas->kinds, count, reterr);
        *ret |= 1u << i;
        rest = comma == SLICE_NONE ? (slice){0} : slice_from(rest, comma + 1);
    }
    return *ret || error_set(reterr, "expected at least one kind");
}
