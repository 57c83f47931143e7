/* Durations against Go's, from duration.tsv. */
#include "tsv.h"

#include "duration.h"

static struct arena *arena;

static void check_row(const struct tsv_row *row)
{
    struct refusal why = {0};
    int64_t ns = 0;
    bool ok = duration_parse(row->column[0], &ns, &why);
    slice want = row->column[1];
    if (want.n && want.p[0] == '!') {
        assert_row(row->label, !ok);
        if (slice_find(slice_of(why.why), slice_from(want, 1)) == SLICE_NONE)
            assert_slice(row->label, slice_of(why.why), slice_from(want, 1));
        assert_slice(row->label, slice_of(why.better), row->column[3]);
        char place[32];
        snprintf(place, sizeof place, "%u:%u", why.at, why.n);
        if (row->column[4].n)
            assert_slice(row->label, slice_of(place), row->column[4]);
        if (why.better[0])
            assert_row(row->label, duration_parse(slice_of(why.better), &ns, NULL));
        return;
    }
    if (!ok)
        assert_slice(row->label, slice_of(why.why), want);
    struct buf go = buf_new(arena, 100), people = buf_new(arena, 100);
    duration_put(&go, ns);
    duration_put_short(&people, ns);
    assert_slice(row->label, buf_slice(&go), want);
    assert_slice(row->label, buf_slice(&people), row->column[2]);
}

static void durations_are_read_as_go_reads_them(void **state)
{
    (void)state;
    assert_true(tsv_each("tests/domain/duration.tsv", check_row) > 60);
}

static void a_printed_duration_reads_back(void **state)
{
    (void)state;
    uint64_t x = 88172645463325252;
    for (int i = 0; i < 20000; i++) {
        x ^= x << 13, x ^= x >> 7, x ^= x << 17;
        int64_t ns = (int64_t)x >> (i % 64), back;
        struct buf go = buf_new(arena, 100), people = buf_new(arena, 100);
        duration_put(&go, ns);
        duration_put_short(&people, ns);
        assert_row(go.p, duration_parse(buf_slice(&go), &back, NULL) && back == ns);
        assert_row(people.p, duration_parse(buf_slice(&people), &back, NULL) && back == ns);
        arena_reset(arena);
    }
}

int main(void)
{
    arena = arena_new(1 << 24);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(durations_are_read_as_go_reads_them),
        cmocka_unit_test(a_printed_duration_reads_back),
    };
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    arena_free(arena);
    return failed;
}
