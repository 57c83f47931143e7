/* Schedules: robfig/cron v1.2.0's ParseStandard and Next. */
#include "topics.h"

#include "civil.h"
#include "cron.h"
#include "num.h"

static void put_item(struct dice *d, struct buf *b, unsigned field)
{
    static const unsigned most[] = {60, 24, 32, 13, 8};
    static const char *const names[] = {"jan", "FEB", "Mar", "dec",    "sun",
                                        "MON", "fri", "sat", "Sunday", "L"};
    static const char *const steps[] = {"2", "3", "5", "15", "7", "0", "100", "1"};
    if (dice_one_in(d, 3))
        buf_char(b, dice_one_in(d, 4) ? '?' : '*');
    else if (field > 2 && dice_one_in(d, 4))
        DICE_PUT(d, b, names);
    else
        dice_put_number(d, b, most[field]);
    if (dice_one_in(d, 4))
        buf_fmt(b, "-%u", dice_below(d, most[field]));
    if (dice_one_in(d, 4)) {
        buf_char(b, '/');
        DICE_PUT(d, b, steps);
    }
}

static void put_expression(struct dice *d, struct buf *b)
{
    static const char *const descriptors[] = {
        "@yearly",   "@annually",     "@monthly",    "@weekly",    "@daily",     "@midnight", "@hourly",
        "@every 1h", "@every 90m30s", "@every 1.5s", "@every 1ms", "@every -3h", "@every 1d"};
    if (dice_one_in(d, 12)) {
        DICE_PUT(d, b, descriptors);
        return;
    }
    for (unsigned field = 0; field < 5; field++) {
        if (field)
            buf_char(b, ' ');
        if (dice_one_in(d, 3)) {
            buf_char(b, '*');
            continue;
        }
        for (unsigned n = dice_one_in(d, 4) ? dice_below(d, 3) + 1 : 1; n > 0; n--) {
            put_item(d, b, field);
            if (n > 1)
                buf_char(b, ',');
        }
    }
}

static void make(struct dice *d, struct buf *b)
{
    buf_fmt(b, "%u ", 946684800 + dice_below(d, 3155760000U)); /* within 2000 to 2100 */
    size_t from = b->n;
    put_expression(d, b);
    dice_damage(d, b, from, "0123456789*?/-, @LW#\tjansu");
}

static void answer(struct arena *a, slice input, struct buf *b)
{
    struct cron c;
    struct refusal why = {0};
    int64_t at = 0;
    size_t blank = slice_find_char(input, ' ');
    num_i64(slice_cut(input, 0, blank), &at);
    if (!cron_parse(slice_from(input, blank + 1), &c, &why)) {
        buf_put(b, LIT("-"));
        return;
    }
    (void)a;
    buf_char(b, '+');
    for (int i = 0; i < 3; i++) {
        buf_char(b, ' ');
        if (!cron_next(&c, at, &at)) {
            buf_put(b, LIT("never"));
            return;
        }
        civil_put(b, at);
    }
}

const struct fidelity_topic topic_cron = {"cron", make, answer, NULL, 0};
