/* Quantities: Kubernetes' ParseQuantity and the value. */
#include "topics.h"

#include "quantity.h"

/* Three digits in a row after an e make the oracle compute forever. */
static bool bears_computing(slice s)
{
    size_t digits = 0;
    bool exponent = false;
    for (size_t i = 0; i < s.n; i++) {
        exponent = exponent || s.p[i] == 'e' || s.p[i] == 'E';
        bool digit = s.p[i] >= '0' && s.p[i] <= '9';
        digits = exponent && digit ? digits + 1 : 0;
        if (digits > 2)
            return false;
    }
    return true;
}

static void make(struct dice *d, struct buf *b)
{
    static const char *const signs[] = {"", "", "", "", "-", "+"};
    static const char *const suffixes[] = {"",     "",    "n",   "u",  "m",  "k",  "M",  "G",   "T",   "P",
                                           "E",    "Ki",  "Mi",  "Gi", "Ti", "Pi", "Ei", "e3",  "E-5", "e+2",
                                           "e-40", "e20", "e12", "K",  "mi", "GB", "e",  "e99", "Gi ", "i"};
    do {
        b->n = 0;
        DICE_PUT(d, b, signs);
        if (!dice_one_in(d, 20))
            dice_put_digits(d, b, dice_one_in(d, 10) ? 30 : 5);
        if (dice_one_in(d, 3)) {
            buf_char(b, '.');
            if (!dice_one_in(d, 10))
                dice_put_digits(d, b, dice_one_in(d, 5) ? 30 : 4);
        }
        DICE_PUT(d, b, suffixes);
        dice_damage(d, b, 0, "0123456789.+-numkKMGTPEie ");
    } while (!bears_computing((slice){b->p, b->n}));
}

static void answer(struct arena *a, slice input, struct buf *b)
{
    struct quantity q;
    struct refusal why = {0};
    if (!quantity_parse(input, &q, &why)) {
        buf_put(b, LIT("-"));
        return;
    }
    if (q.nanos >> 120) {
        buf_put(b, LIT("+huge"));
        return;
    }
    char digits[50];
    size_t at = sizeof digits;
    do {
        digits[--at] = (char)('0' + (int)(q.nanos % 10));
        q.nanos /= 10;
    } while (q.nanos);
    buf_put(b, q.negative ? LIT("+-") : LIT("+"));
    buf_put(b, (slice){digits + at, sizeof digits - at});
    (void)a;
}

static bool no_digit(slice input, slice ours, slice theirs)
{
    (void)ours;
    (void)theirs;
    for (size_t i = 0; i < input.n && input.p[i] != 'e' && input.p[i] != 'E'; i++)
        if (input.p[i] >= '0' && input.p[i] <= '9')
            return false;
    return true;
}

static const struct fidelity_exception exceptions[] = {
    {"no digit", "Kubernetes takes \".\" or \"-Ki\" for zero; nobody means it", no_digit},
};

const struct fidelity_topic topic_quantity = {"quantity", make, answer, exceptions, COUNT(exceptions)};
