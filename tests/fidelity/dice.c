/* Made-up values: xorshift, because a seed must give the same inputs everywhere. */
#include "fidelity.h"

#include <string.h>

static uint64_t roll(struct dice *d)
{
    uint64_t x = d->state;
    x ^= x >> 12, x ^= x << 25, x ^= x >> 27;
    d->state = x;
    return x * UINT64_C(0x2545f4914f6cdd1d) >> 16;
}

unsigned dice_below(struct dice *d, unsigned n)
{
    return (unsigned)(roll(d) % n);
}

bool dice_one_in(struct dice *d, unsigned n)
{
    return dice_below(d, n) == 0;
}

void dice_put_digits(struct dice *d, struct buf *b, unsigned most)
{
    for (unsigned n = dice_below(d, most) + 1; n > 0; n--)
        buf_char(b, (char)('0' + dice_below(d, 10)));
}

void dice_put_number(struct dice *d, struct buf *b, unsigned below)
{
    buf_fmt(b, "%u", dice_below(d, below));
}

void dice_put_name(struct dice *d, struct buf *b)
{
    static const char *const parts[] = {"a", "b1", "my-name", "-",           ".",      "x.y",
                                        "0", "A",  "_",       "example.com", "MyName", "a--b"};
    for (unsigned n = dice_below(d, 3) + 1; n > 0; n--)
        DICE_PUT(d, b, parts);
    if (dice_one_in(d, 15))
        for (unsigned n = 58 + dice_below(d, 10); n > 0; n--)
            buf_char(b, 'x');
}

static char new_byte(struct dice *d, const char *alphabet)
{
    if (dice_one_in(d, 10))
        return (char)dice_below(d, 256);
    return alphabet[dice_below(d, (unsigned)strlen(alphabet))];
}

static void damage_once(struct dice *d, struct buf *b, size_t from, const char *alphabet)
{
    size_t n = b->n - from;
    char *p = b->p + from;
    size_t at = n ? dice_below(d, (unsigned)n) : 0;
    switch (n ? dice_below(d, 5) : 1) {
    case 0:
        p[at] = new_byte(d, alphabet);
        break;
    case 1:
        buf_char(b, ' ');
        p = b->p + from; /* it may have moved */
        memmove(p + at + 1, p + at, n - at);
        p[at] = new_byte(d, alphabet);
        break;
    case 2:
        memmove(p + at, p + at + 1, n - at - 1);
        b->n--;
        break;
    case 3:
        buf_char(b, ' ');
        p = b->p + from;
        memmove(p + at + 1, p + at, n - at);
        break;
    default:
        if (at + 1 < n) {
            char c = p[at];
            p[at] = p[at + 1];
            p[at + 1] = c;
        }
    }
}

void dice_damage(struct dice *d, struct buf *b, size_t from, const char *alphabet)
{
    for (unsigned n = dice_below(d, 2) ? dice_below(d, 2) + 1 : 0; n > 0; n--)
        damage_once(d, b, from, alphabet);
}
