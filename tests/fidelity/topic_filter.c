/* Table filters: whether the lines are taken, and whether a table is selected by them. */
#include "topics.h"

#include "table_filter.h"

enum { MOST_RULES = 4 };

static void put_pattern(struct dice *d, struct buf *b)
{
    static const char *const parts[] = {"db",           "t",        "1",     "*", "?",   "[0-9]", "[!a-f]",
                                        "[^a]",         "\\-",      "\\.",   "_", "$",   "DB",    "T",
                                        "\xe4\xb8\xad", "\xc3\x89", "[\\]]", "x", "\\*", "[a-]",  "k"};
    static const char *const whole[] = {"/^db/",      "/t\\d+$/", "/(?i)T/",    "/a\\/b/",  "`db 1`",
                                        "\"t\"",      "`a``b`",   "\"a\"\"b\"", "/[/",      "//",
                                        "``",         "*",        "*",          "/./",      "/^(db|t)1$/",
                                        "/\xc3\xa9/", "",         "\xc3\x89",   "/(?-i)DB/"};
    if (dice_one_in(d, 3)) {
        DICE_PUT(d, b, whole);
        return;
    }
    for (unsigned n = dice_below(d, 3) + 1; n > 0; n--)
        DICE_PUT(d, b, parts);
}

static void put_line(struct dice *d, struct buf *b)
{
    static const char *const other[] = {"", "# note", "#", " ", "\t*.*\t", " db1.t1"};
    size_t from = b->n;
    if (dice_one_in(d, 15)) {
        DICE_PUT(d, b, other);
    } else {
        if (dice_one_in(d, 3))
            buf_char(b, '!');
        put_pattern(d, b);
        buf_char(b, '.');
        put_pattern(d, b);
    }
    if (dice_one_in(d, 2))
        dice_damage(d, b, from, "db1t*?[]!.\\/`\"#-,% x");
    for (size_t i = from; i < b->n; i++)
        if (b->p[i] == 0 || b->p[i] == '@') /* an import opens a file */
            b->p[i] = 'd';
}

static void make(struct dice *d, struct buf *b)
{
    static const char *const names[] = {
        "db",           "db1",      "DB1", "t", "t1",   "T1",  "db-1",     "a.b", "db 1",         "a/b",
        "\xe4\xb8\xad", "\xc3\xa9", "x",   "",  "a\"b", "a`b", "\xc3\x89", "k",   "\xe2\x84\xaa", "t12"};
    DICE_PUT(d, b, names);
    buf_char(b, 0);
    DICE_PUT(d, b, names);
    buf_char(b, 0);
    buf_char(b, dice_one_in(d, 2) ? 'i' : 's');
    for (unsigned n = dice_below(d, MOST_RULES) + 1; n > 0; n--) {
        buf_char(b, 0);
        put_line(d, b);
    }
}

static slice cut(slice *rest)
{
    size_t n = slice_find_char(*rest, 0);
    slice part = slice_cut(*rest, 0, n);
    *rest = n == SLICE_NONE ? (slice){0} : slice_from(*rest, n + 1);
    return part;
}

static void answer(struct arena *a, slice input, struct buf *b)
{
    struct filter_rule rules[MOST_RULES];
    size_t count = 0, lines = 0;
    for (size_t i = 0; i < input.n; i++)
        lines += input.p[i] == 0;
    slice schema = cut(&input), table = cut(&input);
    enum filter_case sensitivity = cut(&input).p[0] == 'i' ? FILTER_CASE_INSENSITIVE : FILTER_CASE_SENSITIVE;
    for (size_t i = 2; i < lines; i++) {
        struct refusal why = {0};
        enum filter_line line = table_filter_parse(a, cut(&input), sensitivity, &rules[count], &why);
        if (line == FILTER_REFUSED || line == FILTER_BEYOND) {
            buf_put(b, line == FILTER_REFUSED ? LIT("-") : LIT("?"));
            return;
        }
        count += line == FILTER_RULE;
    }
    bool yes =
        table_filter_match(rules, count, sensitivity, schema, table, regex_scratch_new(a)) == REGEX_YES;
    buf_put(b, yes ? LIT("+yes") : LIT("+no"));
}

/* Go lower-cases the name before it matches, we fold while matching: not the same for a pattern that switches
 * folding off. */
static bool beyond_ascii(slice input, slice ours, slice theirs)
{
    (void)ours;
    (void)theirs;
    bool ascii = true;
    for (size_t i = 0; i < input.n; i++)
        ascii = ascii && (unsigned char)input.p[i] < 0x80;
    return !ascii && ours.p[0] == '+' && theirs.p[0] == '+' && slice_find(input, LIT("\0i\0")) != SLICE_NONE;
}

/* "[!]\\][0-9]": the parser hands an empty class to regexp, where the bracket that closes it is a member, so
 * that the class goes on to the next bracket. */
static bool empty_class(slice input, slice ours, slice theirs)
{
    bool empty = slice_find(input, LIT("[!]")) != SLICE_NONE || slice_find(input, LIT("[]")) != SLICE_NONE;
    return empty && slice_eq(ours, LIT("-")) && slice_starts(theirs, LIT("+"));
}

static const struct fidelity_exception exceptions[] = {
    {"empty class",
     "an empty class swallows what follows it where that happens to compile: nobody means it, we refuse it",
     empty_class},
    {"beyond ASCII", "without regard to case, names beyond ASCII are folded rather than lower-cased",
     beyond_ascii},
};

const struct fidelity_topic topic_filter = {"filter", make, answer, exceptions, COUNT(exceptions)};
