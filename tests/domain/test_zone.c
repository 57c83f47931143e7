/* A time zone with one summer, made here byte for byte. */
#include "check.h"

#include "buf.h"
#include "zone.h"

enum { SUMMER = 1774746000 /* 2026-03-29T01:00:00Z */, WINTER = 1792890000 /* 2026-10-25T01:00:00Z */ };

static void put_u32(struct buf *b, uint32_t n)
{
    for (int shift = 24; shift >= 0; shift -= 8)
        buf_char(b, (char)(n >> shift & 0xff));
}

static void put_header(struct buf *b, uint32_t times, uint32_t types)
{
    uint32_t counts[] = {0, 0, 0, times, types, 4};
    buf_put(b, LIT("TZif2"));
    for (int i = 0; i < 15; i++)
        buf_char(b, 0);
    for (int i = 0; i < 6; i++)
        put_u32(b, counts[i]);
}

static void put_type(struct buf *b, int32_t offset)
{
    put_u32(b, (uint32_t)offset);
    buf_char(b, 0);
    buf_char(b, 0);
}

static slice berlin(struct arena *a)
{
    struct buf b = buf_new(a, 4096);
    put_header(&b, 0, 1); /* the block with 32-bit times is not read */
    put_type(&b, 0);
    buf_put(&b, (slice){"UTC\0", 4});
    put_header(&b, 2, 2);
    int64_t times[] = {SUMMER, WINTER};
    for (int i = 0; i < 2; i++) {
        put_u32(&b, (uint32_t)((uint64_t)times[i] >> 32));
        put_u32(&b, (uint32_t)times[i]);
    }
    buf_char(&b, 1);
    buf_char(&b, 0);
    put_type(&b, 3600);
    put_type(&b, 7200);
    buf_put(&b, (slice){"CET\0", 4});
    return buf_slice(&b);
}

static void offsets_and_local_times(void **state)
{
    (void)state;
    struct arena *a = arena_new(1 << 20);
    const struct zone *z = zone_read(a, berlin(a));
    assert_non_null(z);
    assert_int_equal(zone_offset(z, SUMMER - 1), 3600);
    assert_int_equal(zone_offset(z, SUMMER), 7200);
    assert_int_equal(zone_offset(z, WINTER), 3600);
    assert_int_equal(zone_utc(z, SUMMER - 3600 + 3600), SUMMER - 3600); /* 02:00 on the clock in winter */
    /* 02:30 does not come: by the offset before the gap it is 03:30 on the new clock. */
    assert_int_equal(zone_utc(z, SUMMER + 3600 + 1800), SUMMER + 1800);
    /* 02:30 comes twice: the first. */
    assert_int_equal(zone_utc(z, WINTER + 3600 + 1800), WINTER - 1800);
    for (int64_t t = SUMMER - 200000; t < SUMMER + 200000; t += 977)
        assert_int_equal(zone_utc(z, t + zone_offset(z, t)), t);
    arena_free(a);
}

static void every_cut_is_refused(void **state)
{
    (void)state;
    struct arena *a = arena_new(1 << 20);
    slice whole = berlin(a);
    for (size_t n = 0; n < whole.n; n++)
        assert_null(zone_read(a, slice_cut(whole, 0, n)));
    assert_non_null(zone_read(a, whole));
    arena_free(a);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(offsets_and_local_times),
        cmocka_unit_test(every_cut_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
