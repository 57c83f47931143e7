/* JSON: sigs.k8s.io/json, with its strict errors. */
#include "topics.h"

#include "document.h"
#include "utf8.h"

static void put_string(struct dice *d, struct buf *b)
{
    static const char *const parts[] = {
        "a",
        "b",
        "key",
        "name",
        " ",
        "\\n",
        "\\t",
        "\\\"",
        "\\\\",
        "\\/",
        "\\u0041",
        "\\u0000",
        "\\ud83d",
        "\\ude00",
        "\\ud83d\\ude00",
        "\\u00e9",
        "\xc3\xa9",
        "\xe4\xb8\xad",
        "<&>",
        "\\u2028",
        "\xf0\x9f\x98\x80",
        "\x7f",
        "0",
        "-",
        ".",
        "{",
        "\\b\\f\\r",
        "\\uD83D\\u0041",
    };
    buf_char(b, '"');
    for (unsigned n = dice_below(d, 4); n > 0; n--)
        DICE_PUT(d, b, parts);
    buf_char(b, '"');
}

static void put_key(struct dice *d, struct buf *b)
{
    static const char *const keys[] = {"\"a\"", "\"b\"", "\"a\"", "\"\\u0061\"", "\"\"", "\"A\""};
    if (dice_one_in(d, 3))
        put_string(d, b);
    else
        DICE_PUT(d, b, keys);
}

static void put_number(struct dice *d, struct buf *b)
{
    static const char *const edges[] = {
        "0",
        "-0",
        "-0.0",
        "9223372036854775807",
        "9223372036854775808",
        "-9223372036854775808",
        "-9223372036854775809",
        "1e308",
        "1e309",
        "1e400",
        "1e-400",
        "0e0",
        "123456789012345678901",
        "1E+2",
        "5e-324",
        "1.7976931348623157e308",
        "0.1",
        "1e21",
        "1e20",
        "4611686018427387904.0",
        "1e-6",
        "1e-7",
        "100000000000000000000000",
    };
    if (dice_one_in(d, 3)) {
        DICE_PUT(d, b, edges);
        return;
    }
    if (dice_one_in(d, 4))
        buf_char(b, '-');
    dice_put_digits(d, b, dice_one_in(d, 10) ? 25 : 4);
    if (dice_one_in(d, 3)) {
        buf_char(b, '.');
        dice_put_digits(d, b, dice_one_in(d, 10) ? 25 : 3);
    }
    if (dice_one_in(d, 4)) {
        static const char *const exponents[] = {"e", "E", "e-", "e+"};
        DICE_PUT(d, b, exponents);
        dice_put_digits(d, b, 2);
    }
}

static void put_blank(struct dice *d, struct buf *b)
{
    static const char *const blanks[] = {" ", "\n", "\t", "\r\n", "  "};
    if (dice_one_in(d, 6))
        DICE_PUT(d, b, blanks);
}

static void put_value(struct dice *d, struct buf *b, unsigned depth)
{
    static const char *const words[] = {"true", "false", "null", "true", "null", "{}", "[]"};
    put_blank(d, b);
    unsigned kind = dice_below(d, depth ? 8 : 4);
    if (kind == 0) {
        DICE_PUT(d, b, words);
    } else if (kind == 1) {
        put_number(d, b);
    } else if (kind < 4) {
        put_string(d, b);
    } else {
        bool object = kind > 5;
        unsigned n = dice_one_in(d, 30) ? 20 : dice_below(d, 5); /* 20: beyond what is compared linearly */
        buf_char(b, object ? '{' : '[');
        for (unsigned i = 0; i < n; i++) {
            if (i)
                buf_char(b, ',');
            put_blank(d, b);
            if (object) {
                put_key(d, b);
                put_blank(d, b);
                buf_char(b, ':');
            }
            put_value(d, b, n > 10 ? 0 : depth - 1);
        }
        buf_char(b, object ? '}' : ']');
    }
    put_blank(d, b);
}

static void make(struct dice *d, struct buf *b)
{
    put_value(d, b, 5);
    dice_damage(d, b, 0, "{}[],:\"\\/u0123456789eE+-. \n\t\rtfnabcdef");
}

static void answer(struct arena *a, slice input, struct buf *b)
{
    struct findings f = findings_new(a);
    struct node *root = json_read(a, input, &f);
    if (!root) {
        buf_put(b, LIT("-"));
        return;
    }
    buf_put(b, f.count ? LIT("+again ") : LIT("+"));
    node_put_json(b, root, true);
}

static bool not_utf8(slice input, slice ours, slice theirs)
{
    (void)theirs;
    return slice_eq(ours, LIT("-")) && utf8_invalid_at(input) != SLICE_NONE;
}

static const struct fidelity_exception exceptions[] = {
    {"not UTF-8", "Go puts U+FFFD for bytes that are not UTF-8; what was judged would not be what was sent",
     not_utf8},
};

const struct fidelity_topic topic_json = {"json", make, answer, exceptions, COUNT(exceptions)};
