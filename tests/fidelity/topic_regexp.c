/* Regular expressions: Go's regexp, whether it compiles, its message, and whether it matches. */
#include "topics.h"

#include "regex.h"

static void put_class_item(struct dice *d, struct buf *b)
{
    static const char *const items[] = {"a",
                                        "b-d",
                                        "A-Z",
                                        "0-9",
                                        "\\d",
                                        "\\W",
                                        "\\s",
                                        "-",
                                        "^",
                                        "\\]",
                                        "\\x41",
                                        "\\n",
                                        "[:alpha:]",
                                        "[:^space:]",
                                        "[:word:]",
                                        "\\pL",
                                        "\\p{Greek}",
                                        "\xc3\xa9",
                                        "\\x{3b1}-\\x{3c9}",
                                        "k",
                                        "S",
                                        "\\S",
                                        "z-a",
                                        "[:foo:]",
                                        "\\Z",
                                        "\\p{^Lu}"};
    DICE_PUT(d, b, items);
}

static void put_pattern(struct dice *d, struct buf *b, unsigned depth)
{
    static const char *const atoms[] = {
        "a",   "b",   "ab",  ".",   "^",         "$",       "\\b",   "\\B",  "\\A",      "\\z",
        "\\d", "\\D", "\\s", "\\S", "\\w",       "\\W",     "\\pN",  "\\PL", "\\p{Lu}",  "k",
        "S",   "\\.", "\\/", "\\n", "\\x61",     "\\x{e9}", "\\101", "\\0",  "\xc3\xa9", "\xce\xb1",
        "x",   "_",   "-",   " ",   "\\Qa.b\\E", "\\Q*",    "\\a",   "\\v",  "1"};
    static const char *const rare[] = {"\\Z",      "\\G", "\\h", "\\R", "\\K", "\\1", "\\C", "\\X",
                                       "\\p{Foo}", "\\8", "\\e", "{",   "}",   "]",   ")",   "(",
                                       "[",        "*",   "+",   "?",   "|",   "\\"};
    static const char *const groups[] = {
        "(",     "(",      "(?:",   "(?i)", "(?i:", "(?s)", "(?m)", "(?U)",     "(?P<n>", "(?<n>",
        "(?-i:", "(?i-s:", "(?ms)", "(?=",  "(?!",  "(?<=", "(?>",  "(?P<a-b>", "(?#"};
    static const char *const repeats[] = {"*",      "+",      "?",     "*?",  "+?",   "??",
                                          "{2}",    "{2,}",   "{1,3}", "{0}", "{,2}", "{3,1}",
                                          "{1001}", "{1000}", "**",    "*+",  "{30}", "{2}?"};
    for (unsigned n = dice_below(d, 4) + 1; n > 0; n--) {
        if (depth && dice_one_in(d, 4)) {
            const char *group = DICE_PICK(d, groups);
            buf_put(b, slice_of(group));
            bool flags_only = slice_ends(slice_of(group), LIT(")"));
            if (!flags_only) {
                put_pattern(d, b, depth - 1);
                buf_char(b, ')');
            }
        } else if (dice_one_in(d, 5)) {
            buf_put(b, dice_one_in(d, 3) ? LIT("[^") : LIT("["));
            for (unsigned k = dice_below(d, 3) + 1; k > 0; k--)
                put_class_item(d, b);
            buf_char(b, ']');
        } else if (dice_one_in(d, 40)) {
            DICE_PUT(d, b, rare);
        } else {
            DICE_PUT(d, b, atoms);
        }
        if (dice_one_in(d, 3))
            DICE_PUT(d, b, repeats);
        if (dice_one_in(d, 8))
            buf_char(b, '|');
    }
}

static void make(struct dice *d, struct buf *b)
{
    static const char *const texts[] = {
        "a",  "b", "A",  "k",    "K",        "S",        "s",        "\n",           "1",
        " ",  "_", "-",  ".",    "\xc3\xa9", "\xc3\x89", "\xce\xb1", "\xe2\x84\xaa", "\xc5\xbf",
        "\v", "x", "ab", "\xff", "*"};
    put_pattern(d, b, 3);
    dice_damage(d, b, 0, "ab()[]{}*+?|\\^$.:<>=!-iPp1,0");
    for (size_t i = 0; i < b->n; i++)
        if (b->p[i] == 0)
            b->p[i] = 'a';
    buf_char(b, 0);
    for (unsigned n = dice_below(d, 8); n > 0; n--)
        DICE_PUT(d, b, texts);
}

static void answer(struct arena *a, slice input, struct buf *b)
{
    size_t end = slice_find_char(input, 0);
    const struct regex *re;
    struct refusal why = {0};
    switch (regex_compile(a, slice_cut(input, 0, end), 0, &re, &why)) {
    case REGEX_BAD:
        buf_fmt(b, "-%s", why.why);
        return;
    case REGEX_TOO_LARGE:
        buf_fmt(b, "?%s", why.why);
        return;
    default:
        break;
    }
    static const char *const outcomes[] = {
        [REGEX_NO] = "+no", [REGEX_YES] = "+yes", [REGEX_TOO_COSTLY] = "?too costly"};
    buf_put(b, slice_of(outcomes[regex_match(re, slice_from(input, end + 1), regex_scratch_new(a))]));
}

static bool undecided(slice input, slice ours, slice theirs)
{
    (void)input;
    (void)theirs;
    return ours.n && ours.p[0] == '?';
}

static bool other_message(slice input, slice ours, slice theirs)
{
    (void)input;
    return ours.n && theirs.n && ours.p[0] == '-' && theirs.p[0] == '-';
}

static const struct fidelity_exception exceptions[] = {
    {"beyond", "the pattern or the match exceeds our ceilings, and we say so", undecided},
    {"message", "both refuse; the message names another fault first or is cut short", other_message},
};

const struct fidelity_topic topic_regexp = {"regexp", make, answer, exceptions, COUNT(exceptions)};
