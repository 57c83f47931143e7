/* Timestamps: the operator's ParseTSString. */
#include "topics.h"

#include "timestamp.h"

static void make(struct dice *d, struct buf *b)
{
    static const char *const seconds[] = {":05", ":59", ":60", ".5", ":5"};
    static const char *const fractions[] = {"", "", ".5", ",25", ".123456789", ".12345678901", "."};
    static const char *const zones[] = {"",  "",       "Z",      "+08:00",  "-00:00", "+0800",
                                        "z", "+24:60", "-25:00", " +08:00", "-14:01"};
    static const char *const separators[] = {" ", " ", "T", "T", "  ", "t", ""};
    if (dice_one_in(d, 5)) {
        dice_put_digits(d, b, 21);
    } else {
        buf_fmt(b, dice_one_in(d, 20) ? "%u-%u-%u" : "%04u-%02u-%02u",
                dice_one_in(d, 5) ? dice_below(d, 10000) : 2015 + dice_below(d, 20),
                dice_below(d, 13) + !dice_one_in(d, 9), dice_below(d, 31) + 1);
        DICE_PUT(d, b, separators);
        buf_fmt(b, dice_one_in(d, 10) ? "%u:%02u" : "%02u:%02u", dice_below(d, 25), dice_below(d, 61));
        if (dice_one_in(d, 6))
            DICE_PUT(d, b, seconds);
        else
            buf_fmt(b, ":%02u", dice_below(d, 60));
        DICE_PUT(d, b, fractions);
        DICE_PUT(d, b, zones);
    }
    dice_damage(d, b, 0, "0123456789.,+-:TZ tz/");
}

static void answer(struct arena *a, slice input, struct buf *b)
{
    (void)a;
    static const char *const kinds[] = {"tso", "zoned", "zoneless"};
    struct timestamp t;
    struct refusal why = {0};
    if (timestamp_parse(input, &t, &why))
        buf_fmt(b, "+%s %llu", kinds[t.kind], (unsigned long long)t.tso);
    else
        buf_put(b, LIT("-"));
}

const struct fidelity_topic topic_timestamp = {"timestamp", make, answer, NULL, 0};
