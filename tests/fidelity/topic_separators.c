/* Where documents begin and end: simple documents between separators of all kinds, as kubectl splits them. */
#include "topic_yaml.h"
#include "topics.h"

static void put_break(struct dice *d, struct buf *b)
{
    static const char *const breaks[] = {"\n", "\n",   "\n",  "\n",   "\r\n", "\r\n",
                                         "\r", "\n\n", " \n", "\t\n", "\n\r"};
    DICE_PUT(d, b, breaks);
}

static void put_separator(struct dice *d, struct buf *b)
{
    static const char *const fronts[] = {
        "", "", "", "", "", "", "", " ", "\t", "  ", "\xef\xbb\xbf", "#", "\r", "\f", "\xc2\xa0"};
    static const char *const marks[] = {"---", "---",  "---", "---",  "---",  "---",
                                        "...", "----", "--",  "- --", "....", "---\n---"};
    static const char *const ends[] = {"",
                                       "",
                                       "",
                                       "",
                                       " ",
                                       "\t",
                                       " # a comment",
                                       "# no comment",
                                       " #",
                                       "\t# tab",
                                       " a: 1",
                                       " {a: 1}",
                                       " {\"a\":1}",
                                       " |",
                                       " >-",
                                       " !!map",
                                       " &x",
                                       " [a]",
                                       " 'x'",
                                       "\xc2\xa0",
                                       " \r",
                                       "a",
                                       ":",
                                       ": 1",
                                       " ---",
                                       " ...",
                                       " - a",
                                       " \"a\": 1",
                                       "\xef\xbb\xbf",
                                       " %YAML",
                                       "\xe2\x80\xa8",
                                       " ? a",
                                       " *x"};
    DICE_PUT(d, b, fronts);
    DICE_PUT(d, b, marks);
    DICE_PUT(d, b, ends);
}

/* A comma where a flow collection begins or ends, or behind it. */
static void put_commas(struct dice *d, struct buf *b)
{
    static const char *const documents[] = {"{\"a\":1},", "{\"a\":1,}", "{\"a\":[1,,]}", "{a: 1,}",
                                            "{a: 1,,}",   "{, a: 1}",   "{a: 1},",       "a: [b,]",
                                            "a: [b,,]",   "a: [, b]"};
    DICE_PUT(d, b, documents);
}

static void put_document(struct dice *d, struct buf *b)
{
    static const char *const documents[] = {"a: 1",
                                            "a: 1\nb: 2",
                                            "a:\n  b: 1",
                                            "{\"a\":1}",
                                            "{\"a\":1}{\"b\":2}",
                                            "{a: 1}",
                                            "[1]",
                                            "- a",
                                            "x",
                                            "\"x\"",
                                            "null",
                                            "~",
                                            "",
                                            "",
                                            "# c",
                                            "# c\na: 1",
                                            "a: |\n  x\n  ---\n  y",
                                            "a: |\n  x\n---",
                                            "a: >\n x\n ...\n y",
                                            "a: 'x\n  --- y'",
                                            "a: \"x\n---\n\"",
                                            "a: {b: 1,\n---\nc: 2}",
                                            "a:\n- 1\n-\n",
                                            "a: ---",
                                            "--- a",
                                            "a: ...",
                                            "\ta: 1",
                                            "a:\t1",
                                            "a: 1\n\t",
                                            "%YAML 1.1",
                                            "%TAG ! x\n---\na: !y 1",
                                            "a: 1\n...",
                                            "...",
                                            "...\n...",
                                            "a: 1\n# ---",
                                            "a: b\n  ---",
                                            "a: \"---\"",
                                            ("\xef\xbb\xbf"
                                             "a: 1"),
                                            "{\n\"a\": \"---\"\n}",
                                            "{\"a\":\n---\n1}",
                                            "  a: 1",
                                            " {\"a\":1} ",
                                            "{\"a\":1},",
                                            "{\"a\":1} # c",
                                            "{\"a\":1}\n# c\n{\"b\":2}",
                                            "a: 1\r",
                                            "&x a: 1",
                                            "a: &x 1\nb: *x"};
    if (dice_one_in(d, 6))
        put_commas(d, b);
    else
        DICE_PUT(d, b, documents);
}

static void make(struct dice *d, struct buf *b)
{
    if (dice_one_in(d, 12))
        buf_put(b, LIT("\xef\xbb\xbf"));
    if (dice_one_in(d, 4))
        put_separator(d, b), put_break(d, b);
    for (unsigned i = 0, n = dice_below(d, 4) + 1; i < n; i++) {
        if (i)
            put_separator(d, b), put_break(d, b);
        put_document(d, b);
        if (i + 1 < n || !dice_one_in(d, 4))
            put_break(d, b);
    }
    if (dice_one_in(d, 6))
        put_separator(d, b);
    if (dice_one_in(d, 3))
        dice_damage(d, b, 0, "-.\n\r\t #:{}\"a1\xef");
}

const struct fidelity_topic topic_separators = {
    .name = "separators",
    .make = make,
    .answer = yaml_answer,
    .exceptions = yaml_exceptions,
    .exception_count = YAML_EXCEPTIONS,
};
