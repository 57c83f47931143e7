/* Durations: Go's time.ParseDuration and Duration.String. */
#include "topics.h"

#include "duration.h"

static void make(struct dice *d, struct buf *b)
{
    static const char *const signs[] = {"", "", "", "-", "+"};
    static const char *const units[] = {"h",  "m", "s", "ms", "us", "\xc2\xb5s", "\xce\xbcs",
                                        "ns", "h", "m", "d",  "",   "H"};
    static const char *const edges[] = {"0",
                                        "2562047h47m16.854775807s",
                                        "-2562047h47m16.854775808s",
                                        "9223372036854775807ns",
                                        "9223372036854775808ns",
                                        "153722867m",
                                        "2562047h48m"};
    if (dice_one_in(d, 50)) {
        DICE_PUT(d, b, edges);
    } else {
        DICE_PUT(d, b, signs);
        for (unsigned n = dice_below(d, 3) + 1; n > 0; n--) {
            if (!dice_one_in(d, 10))
                dice_put_digits(d, b, dice_one_in(d, 10) ? 20 : 4);
            if (dice_one_in(d, 3)) {
                buf_char(b, '.');
                if (!dice_one_in(d, 10))
                    dice_put_digits(d, b, dice_one_in(d, 10) ? 25 : 9);
            }
            DICE_PUT(d, b, units);
        }
    }
    dice_damage(d, b, 0, "0123456789.+-hmsunµ d");
}

static void answer(struct arena *a, slice input, struct buf *b)
{
    int64_t ns;
    struct buf text = buf_new(a, 100);
    struct refusal why = {0};
    if (!duration_parse(input, &ns, &why)) {
        buf_put(b, LIT("-"));
        return;
    }
    duration_put(&text, ns);
    buf_fmt(b, "+%lld %.*s", (long long)ns, FMT(buf_slice(&text)));
}

const struct fidelity_topic topic_duration = {"duration", make, answer, NULL, 0};
