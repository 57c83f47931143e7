/* The relation of two places, by a table, and properties of every pair. */
#include "check.h"

#include "location.h"
#include "tsv.h"

static struct arena *arena;

static const struct {
    const char *name;
    size_t offset;
} names[] = {
    {"provider", offsetof(struct location_fields, provider)},
    {"endpoint", offsetof(struct location_fields, endpoint)},
    {"region", offsetof(struct location_fields, region)},
    {"account", offsetof(struct location_fields, account)},
    {"secret", offsetof(struct location_fields, secret)},
    {"volume", offsetof(struct location_fields, volume)},
    {"sub_path", offsetof(struct location_fields, sub_path)},
    {"bucket", offsetof(struct location_fields, bucket)},
    {"prefix", offsetof(struct location_fields, prefix)},
};

static enum storage_type type_of(slice word)
{
    static const char *const types[] = {"", "s3", "gcs", "azblob", "local"};
    enum storage_type type = STORAGE_S3;
    while (!slice_eq(word, slice_of(types[type])))
        type++;
    return type;
}

/* "bucket=b prefix=?": fields that are not mentioned are absent, ? is unknown. */
static struct location location_from(slice type, slice text)
{
    struct location_fields f = {.type = type_of(type)};
    for (size_t i = 0; i < COUNT(names); i++)
        ((struct location_text *)(void *)((char *)&f + names[i].offset))->known = true;
    while (text.n) {
        slice word = slice_cut(text, 0, slice_find_char(text, ' '));
        size_t equals = slice_find_char(word, '=');
        size_t i = 0;
        while (!slice_eq(slice_of(names[i].name), slice_cut(word, 0, equals)))
            assert_true(++i < COUNT(names));
        slice value = slice_from(word, equals + 1);
        bool known = !slice_eq(value, LIT("?"));
        *(struct location_text *)(void *)((char *)&f + names[i].offset) =
            (struct location_text){known ? value : (slice){0}, known};
        text = slice_from(text, word.n + 1);
    }
    return location_of(arena, &f);
}

static slice fields_text(unsigned differs)
{
    static const char *const words[LOCATION_FIELDS] = {"type",   "provider", "endpoint", "account",
                                                       "volume", "bucket",   "prefix"};
    slice text = {0};
    for (unsigned i = 0; i < LOCATION_FIELDS; i++)
        if (differs & 1u << i)
            text = arena_fmt(arena, "%.*s%s%s", FMT(text), text.n ? " " : "", words[i]);
    return text;
}

static void check_pair(const struct tsv_row *row)
{
    static const char *const relations[] = {"uncertain", "same", "inside", "around", "apart"};
    struct location a = location_from(row->column[0], row->column[1]),
                    b = location_from(row->column[0], row->column[2]);
    struct location_comparison c = location_compare(&a, &b), back = location_compare(&b, &a);
    assert_slice(row->label, slice_of(relations[c.relation]), row->column[3]);
    assert_slice(row->label, fields_text(c.differs), row->column[4]);
    /* Both ways round, and to itself. */
    enum location_relation mirrored = c.relation == LOCATION_INSIDE   ? LOCATION_AROUND
                                      : c.relation == LOCATION_AROUND ? LOCATION_INSIDE
                                                                      : c.relation;
    assert_row(row->label, back.relation == mirrored && back.differs == c.differs);
    assert_row(row->label, !location_compare(&a, &a).differs);
    /* Comparing these three gives the same answer. */
    bool equal =
        slice_eq(a.service, b.service) && slice_eq(a.bucket, b.bucket) && slice_eq(a.folder, b.folder);
    if (a.known && b.known)
        assert_row(row->label, equal == (c.relation == LOCATION_SAME));
}

static void pairs_of_places(void **state)
{
    (void)state;
    assert_true(tsv_each("tests/domain/location.tsv", check_pair) >= 50);
}

static void types_differ_whatever_the_rest_is(void **state)
{
    (void)state;
    struct location a = location_from(LIT("s3"), LIT("bucket=?")),
                    b = location_from(LIT("gcs"), LIT("bucket=b"));
    struct location_comparison c = location_compare(&a, &b);
    assert_true(c.relation == LOCATION_APART && c.differs == LOCATION_TYPE);
    struct location none = {0};
    c = location_compare(&a, &none);
    assert_true(c.relation == LOCATION_UNCERTAIN && !c.differs);
}

int main(void)
{
    arena = arena_new(16 << 20);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(pairs_of_places),
        cmocka_unit_test(types_differ_whatever_the_rest_is),
    };
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    arena_free(arena);
    return failed;
}
