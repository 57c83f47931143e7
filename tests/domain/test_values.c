/* Endpoints, quantities, storage places and names, each from its table. */
#include "tsv.h"

#include "buf.h"
#include "duration.h"
#include "endpoint.h"
#include "image_name.h"
#include "kube_name.h"
#include "quantity.h"
#include "retention.h"
#include "storage_path.h"

static struct arena *arena;

/* True when the row wants a refusal, which is then checked. */
static bool check_refusal(const struct tsv_row *row, slice want, bool ok, const struct refusal *why)
{
    if (want.n == 0 || want.p[0] != '!') {
        if (!ok)
            assert_slice(row->label, slice_of(why->why), want);
        return false;
    }
    assert_row(row->label, !ok);
    if (slice_find(slice_of(why->why), slice_from(want, 1)) == SLICE_NONE)
        assert_slice(row->label, slice_of(why->why), slice_from(want, 1));
    return true;
}

static void check_endpoint(const struct tsv_row *row)
{
    struct endpoint e;
    struct refusal why = {0};
    bool ok = endpoint_parse(row->column[0], &e, &why);
    if (check_refusal(row, row->column[1], ok, &why)) {
        if (row->columns < 4)
            return;
        char place[32];
        snprintf(place, sizeof place, "%u:%u", why.at, why.n);
        assert_slice(row->label, slice_of(why.hint), row->column[2]);
        assert_slice(row->label, slice_of(place), row->column[3]);
        return;
    }
    slice got = arena_fmt(arena, "%.*s|%.*s|%.*s|%.*s|%.*s|%.*s|%.*s", FMT(e.scheme), FMT(e.userinfo),
                          FMT(e.host), FMT(e.port), FMT(e.path), FMT(e.query), FMT(e.fragment));
    assert_slice(row->label, got, row->column[1]);
}

static void endpoints(void **state)
{
    (void)state;
    assert_true(tsv_each("tests/domain/endpoint.tsv", check_endpoint) >= 38);
}

static void check_quantity(const struct tsv_row *row)
{
    struct quantity q;
    struct refusal why = {0};
    bool ok = quantity_parse(row->column[0], &q, &why);
    if (check_refusal(row, row->column[1], ok, &why)) {
        assert_slice(row->label, slice_of(why.better), row->column[2]);
        return;
    }
    char digits[50];
    size_t at = sizeof digits;
    unsigned __int128 left = q.nanos;
    do
        digits[--at] = (char)('0' + (int)(left % 10));
    while (left /= 10);
    if (q.negative)
        digits[--at] = '-';
    slice got = {digits + at, sizeof digits - at};
    assert_slice(row->label, got, row->column[1]);
}

static void quantities(void **state)
{
    (void)state;
    assert_true(tsv_each("tests/domain/quantity.tsv", check_quantity) >= 40);
}

static void quantities_have_an_order(void **state)
{
    (void)state;
    static const char *const rising[] = {"-9Ei", "-1Ki", "-1", "-1n", "0",   "1n",
                                         "500m", "1",    "1k", "1Ki", "1E99"};
    size_t n = COUNT(rising);
    for (size_t i = 0; i < n; i++)
        for (size_t k = 0; k < n; k++) {
            struct quantity a, b;
            assert_true(quantity_parse(slice_of(rising[i]), &a, NULL));
            assert_true(quantity_parse(slice_of(rising[k]), &b, NULL));
            assert_row(rising[i], quantity_cmp(&a, &b) == (i > k) - (i < k));
            assert_row(rising[i], quantity_sign(&a) == (i > 4) - (i < 4));
        }
}

static void check_place(const struct tsv_row *row)
{
    struct storage_place p = storage_place(arena, row->column[0], row->column[1]);
    assert_slice(row->label, p.bucket, row->column[2]);
    assert_slice(row->label, p.prefix, row->column[3]);
    assert_slice(row->label, p.clean_bucket, row->column[4]);
    assert_slice(row->label, p.clean_prefix, row->column[5]);
    slice faults = arena_fmt(arena, "%s%s%s", p.outside ? "outside " : "",
                             storage_clean_misses(&p) ? "misses " : "", p.cut_short ? "cut " : "");
    assert_slice(row->label, slice_trim(faults), row->column[6]);
}

static void storage_places(void **state)
{
    (void)state;
    assert_true(tsv_each("tests/domain/storage_path.tsv", check_place) >= 14);
}

static void check_name(const struct tsv_row *row)
{
    struct refusal why = {0};
    slice s = row->column[0];
    slice got =
        arena_fmt(arena, "%s%s%s%s%s%s", kube_label(s, NULL) ? "label " : "",
                  kube_subdomain(s, &why) ? "subdomain " : "", kube_reference(s, NULL) ? "reference " : "",
                  kube_label_key(s, NULL) ? "key " : "", kube_annotation_key(s, NULL) ? "annotation " : "",
                  kube_label_value(s, NULL) ? "value " : "");
    assert_slice(row->label, got.n ? slice_trim(got) : LIT("-"), row->column[1]);
    assert_row(row->label, slice_starts(slice_of(why.why), row->column[2]));
    assert_slice(row->label, slice_of(why.better), row->column[3]);
}

static void names(void **state)
{
    (void)state;
    assert_true(tsv_each("tests/domain/kube_name.tsv", check_name) >= 16);
}

static void check_image(const struct tsv_row *row)
{
    struct refusal why = {0};
    slice got = LIT("-");
    if (!image_name(row->column[0], &why))
        got = arena_fmt(arena, "%u:%u %s", why.at, why.n, why.why);
    assert_row(row->label, slice_starts(got, row->column[1]));
    assert_slice(row->label, slice_of(why.better), row->column[2]);
}

static void images(void **state)
{
    (void)state;
    assert_true(tsv_each("tests/domain/image_name.tsv", check_image) >= 30);
}

static void retentions(void **state)
{
    (void)state;
    static const struct {
        const char *label;
        struct retention_fields fields;
        struct retention expected;
    } rows[] = {
        {"nothing", {.count_known = true}, {RETENTION_NONE, 0, 0}},
        {"a week", {true, 604800 * DURATION_SECOND, true, 0}, {RETENTION_BY_TIME, 604800, 0}},
        {"time comes before the count", {true, 60 * DURATION_SECOND, true, 5}, {RETENTION_BY_TIME, 60, 0}},
        {"time without a known count", {true, 60 * DURATION_SECOND, false, 0}, {RETENTION_BY_TIME, 60, 0}},
        {"a fraction", {true, DURATION_SECOND + 1, true, 0}, {RETENTION_BY_TIME, 2, 0}},
        {"a nanosecond", {true, 1, true, 0}, {RETENTION_BY_TIME, 1, 0}},
        {"the longest", {true, INT64_MAX, true, 0}, {RETENTION_BY_TIME, INT64_C(9223372037), 0}},
        {"no duration", {true, 0, true, 5}, {RETENTION_UNKNOWN, 0, 0}},
        {"a negative one", {true, -1, true, 5}, {RETENTION_UNKNOWN, 0, 0}},
        {"five", {false, 0, true, 5}, {RETENTION_BY_COUNT, 0, 5}},
        {"a negative count", {false, 0, true, -1}, {RETENTION_NONE, 0, 0}},
        {"an unknown count", {false, 0, false, 0}, {RETENTION_UNKNOWN, 0, 0}},
    };
    for (size_t i = 0; i < COUNT(rows); i++) {
        const struct retention r = retention_of(&rows[i].fields), *e = &rows[i].expected;
        assert_row(rows[i].label, r.kind == e->kind && r.seconds == e->seconds && r.most == e->most);
    }
    assert_int_equal(retention_for_two(86400), 172800);
    assert_int_equal(retention_for_two(60), 3600);
    assert_int_equal(retention_for_two(5400), 10800);
}

int main(void)
{
    arena = arena_new(1 << 24);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(endpoints),
        cmocka_unit_test(quantities),
        cmocka_unit_test(quantities_have_an_order),
        cmocka_unit_test(storage_places),
        cmocka_unit_test(retentions),
        cmocka_unit_test(names),
        cmocka_unit_test(images),
    };
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    arena_free(arena);
    return failed;
}
