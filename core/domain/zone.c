/* TZif: a header, and the same blocks twice, the second time with 64-bit times. */
#include "zone.h"

enum { HEADER = 44, MOST_TRANSITIONS = 10000 };

struct counts {
    size_t ut, standard, leap, times, types, chars;
};

static uint32_t u32(const char *p)
{
    const unsigned char *u = (const unsigned char *)p;
    return (uint32_t)u[0] << 24 | (uint32_t)u[1] << 16 | (uint32_t)u[2] << 8 | u[3];
}

static int64_t i64(const char *p)
{
    return (int64_t)((uint64_t)u32(p) << 32 | u32(p + 4));
}

static bool read_counts(slice s, struct counts *c)
{
    if (s.n < HEADER || !slice_starts(s, LIT("TZif")))
        return false;
    *c = (struct counts){u32(s.p + 20), u32(s.p + 24), u32(s.p + 28),
                         u32(s.p + 32), u32(s.p + 36), u32(s.p + 40)};
    return c->times <= MOST_TRANSITIONS && c->types > 0 && c->types <= 256 && c->chars <= 4096 &&
           c->leap <= 1000 && c->ut <= 256 && c->standard <= 256;
}

static size_t block_size(const struct counts *c, size_t time_size)
{
    return c->times * time_size + c->times + c->types * 6 + c->chars + c->leap * (time_size + 4) +
           c->standard + c->ut;
}

const struct zone *zone_read(struct arena *a, slice bytes)
{
    struct counts c;
    if (!read_counts(bytes, &c) || bytes.p[4] < '2' || bytes.n < HEADER + block_size(&c, 4))
        return NULL;
    slice second = slice_from(bytes, HEADER + block_size(&c, 4));
    if (!read_counts(second, &c) || second.n < HEADER + block_size(&c, 8))
        return NULL;
    const char *times = second.p + HEADER, *kinds = times + c.times * 8, *types = kinds + c.times;
    struct zone *z = ARENA_NEW(a, struct zone);
    int64_t *at = ARENA_ARRAY(a, int64_t, c.times + 1);
    int32_t *offset = ARENA_ARRAY(a, int32_t, c.times + 1);
    for (size_t i = 0; i < c.times; i++) {
        size_t kind = (unsigned char)kinds[i];
        if (kind >= c.types || (i > 0 && i64(times + i * 8) <= at[i - 1]))
            return NULL;
        at[i] = i64(times + i * 8);
        offset[i] = (int32_t)u32(types + kind * 6);
    }
    *z = (struct zone){c.times, at, offset, (int32_t)u32(types)};
    return z;
}

int32_t zone_offset(const struct zone *z, int64_t utc)
{
    size_t low = 0, high = z->count;
    while (low < high) {
        size_t middle = (low + high) / 2;
        if (z->at[middle] <= utc)
            low = middle + 1;
        else
            high = middle;
    }
    return low ? z->offset[low - 1] : z->first;
}

int64_t zone_utc(const struct zone *z, int64_t local)
{
    enum { DAY = 86400 };
    /* No zone changes twice within two days: the offsets of the day before and after are all there can be. */
    int32_t before = zone_offset(z, local - DAY), after = zone_offset(z, local + DAY);
    int64_t first = local - before, second = local - after;
    if (zone_offset(z, first) == before)
        return first;
    return zone_offset(z, second) == after ? second : first;
}
