/* YAML streams as kubectl reads them, and the keys that a document sets twice. */
#include "topic_yaml.h"
#include "topics.h"

#include "document.h"
#include "document_rules.h"

#include <stdio.h>

enum { DEPTH = 4 };

struct making {
    struct dice *dice;
    struct buf *b;
    bool merges;
    unsigned anchors; /* a0, a1, ... defined so far */
    bool merge;       /* the key was <<: what follows is its value */
    unsigned mapping; /* an anchor of a mapping, for merging; `anchors` of them when there is none */
};

/* One of `good`, seldom one of `odd`, which most readers refuse: most documents should be read to their
 * end. */
#define PUT_MOSTLY(m, good, odd)                                                                             \
    buf_put((m)->b,                                                                                          \
            slice_of(dice_one_in((m)->dice, 30) ? DICE_PICK((m)->dice, odd) : DICE_PICK((m)->dice, good)))

static void put_number(struct making *m)
{
    static const char *const fronts[] = {"",   "",    "",    "-",   "+", "0",  "0x", "0o",
                                         "0b", "-0x", "0b-", "0b+", ".", "-.", "0X", "-0b"};
    static const char *const tails[] = {"",    "",     "",     ".",    ".5",     "e3",
                                        "e-3", "E+10", "e400", "_",    "_0",     "_000",
                                        ":30", ".0",   "e",    ".5e1", "-01-02", "-1-2T3:4:5Z"};
    DICE_PUT(m->dice, m->b, fronts);
    dice_put_digits(m->dice, m->b, dice_one_in(m->dice, 8) ? 25 : 4);
    DICE_PUT(m->dice, m->b, tails);
}

static const char *const plain_words[] = {
    "a",
    "b",
    "name",
    "true",
    "yes",
    "no",
    "on",
    "Off",
    "y",
    "N",
    "~",
    "null",
    "NULL",
    "Null",
    "nULL",
    "=",
    "0777",
    "08",
    "1_000",
    "1.10",
    ".5",
    "..",
    ".",
    "._5",
    ".1_0",
    ".5e3",
    "--",
    "-a",
    ":a",
    "a:b",
    "::",
    "a#b",
    "1:30:00",
    "2024-01-02",
    "2024-01-02T03:04:05Z",
    "12345678901234567890",
    "9223372036854775807",
    "-9223372036854775808",
    "18446744073709551615",
    "18446744073709551616",
    "-9223372036854775809",
    "0x7fffffffffffffff",
    "0xffffffffffffffff",
    "1e400",
    "1e15",
    "4611686018427387904.0",
    "1e20",
    "0.1",
    "-0",
    "-0.0",
    "0",
    "+5",
    "plain text",
    "\xc3\xa9t\xc3\xa9",
    "\xe4\xb8\xad",
    "\xf0\x9f\x98\x80",
    "\xc2\xa0x",
    "\xc2\x85",
    "\xe2\x80\xa8",
    "x%",
    "x@",
    "${x}",
    "*/5 * * * *",
    "16777217.0",
    "1234567.5",
    "100000.5",
    "0.00001",
    "1e-400",
    "3.4e39",
    "True",
    "tRUE",
    "FALSE",
    "O",
    "ON",
    "oN",
    "f",
    "t",
    "F",
    "~a",
    "nan",
};

static void put_word(struct making *m)
{
    static const char *const odd[] = {"a b: c", "@x",    "`x",    "%x",   "a]", "<<",  "-",  "\xef\xbb\xbf",
                                      ".inf",   "-.INF", "+.Inf", ".NaN", "?a", "a,b", "---"};
    PUT_MOSTLY(m, plain_words, odd);
}

static void put_quoted(struct making *m)
{
    static const char *const doubles[] = {
        "a",        " ",   "\\n", "\\x41", "\\u00e9", "\\U0001F600", "\\e", "\\_",    "\\N",
        "\\L",      "\\P", "\\0", "\\\"",  "\\\\",    "'",           "\n ", "\n\n  ", "\\\n  ",
        "\xc3\xa9", ": ",  " #",  "\t",    "\\\t",    "\\x80",       "\\r"};
    static const char *const odd[] = {"\\ud83d", "\\q", "\\/", "\\'"};
    static const char *const singles[] = {"a",  " ",  "''",       "\"", "\\n", "\n ", "\n\n ",
                                          ": ", " #", "\xc3\xa9", "\t", "{",   "yes", "1"};
    bool twice = dice_one_in(m->dice, 2);
    buf_char(m->b, twice ? '"' : '\'');
    for (unsigned n = dice_below(m->dice, 4); n > 0; n--) {
        if (twice)
            PUT_MOSTLY(m, doubles, odd);
        else
            DICE_PUT(m->dice, m->b, singles);
    }
    buf_char(m->b, twice ? '"' : '\'');
}

static void put_indent(struct making *m, unsigned indent)
{
    for (unsigned i = 0; i < indent; i++)
        buf_char(m->b, ' ');
}

static void put_block_scalar(struct making *m, unsigned indent)
{
    static const char *const heads[] = {"|", ">", "|-", ">-", "|+", ">+", "|2", ">1-", "| # c", ">-2"};
    static const char *const odd[] = {"|9", "|0", "|x"};
    static const char *const lines[] = {"a",   "b c", "",     " more",   "- x", "k: v", "# no comment",
                                        "---", "\ta", "end ", "\xc3\xa9"};
    static const char *const breaks[] = {"\n", "\n", "\n", "\n", "\r\n", "\n\n"};
    PUT_MOSTLY(m, heads, odd);
    for (unsigned n = dice_below(m->dice, 4); n > 0; n--) {
        DICE_PUT(m->dice, m->b, breaks);
        put_indent(m, dice_one_in(m->dice, 12) ? dice_below(m->dice, 4) : indent + 2);
        DICE_PUT(m->dice, m->b, lines);
    }
}

/* Anchor and tag. */
static void put_properties(struct making *m)
{
    static const char *const tags[] = {"!!str ",   "!x ",    "! ",     "!!merge ",
                                       "!!float ", "!!map ", "!!seq ", "!<tag:yaml.org,2002:str> "};
    static const char *const odd[] = {
        "!!str ",    "!!int ", "!y!z ",  "!!float ", "!!bool ", "!!null ",  "!!timestamp ",
        "!!binary ", "!!map ", "!!seq ", "!x ",      "! ",      "!!merge ", "!<tag:yaml.org,2002:int> ",
        "!y!z ",     "!!x"};
    if (dice_one_in(m->dice, 25))
        PUT_MOSTLY(m, tags, odd);
    if (dice_one_in(m->dice, 10)) {
        unsigned name =
            m->anchors && dice_one_in(m->dice, 6) ? dice_below(m->dice, m->anchors) : m->anchors++;
        buf_fmt(m->b, "&a%u ", name);
    }
    if (dice_one_in(m->dice, 200))
        PUT_MOSTLY(m, tags, odd);
}

static void put_alias(struct making *m)
{
    if (m->anchors && !dice_one_in(m->dice, 20))
        buf_fmt(m->b, "*a%u", dice_below(m->dice, m->anchors));
    else
        buf_put(m->b, dice_one_in(m->dice, 20) ? LIT("*none") : LIT("x"));
}

static void put_scalar(struct making *m)
{
    static const char *const base64[] = {
        "YQ==", "YWI=", "YWJj", "YQ", "/w==", "Y Q==", "YQ=", "=", "YQ==YQ=="};
    unsigned kind = dice_below(m->dice, 12);
    if (kind == 0)
        put_alias(m);
    else if (kind < 4)
        put_quoted(m);
    else if (kind < 6)
        put_number(m);
    else if (kind == 6 && dice_one_in(m->dice, 4))
        DICE_PUT(m->dice, m->b, base64);
    else
        put_word(m);
}

static void put_key(struct making *m)
{
    static const char *const plain[] = {"a", "b", "c", "d", "kind", "name", "a", "b"};
    m->merge = m->merges && dice_one_in(m->dice, 15);
    if (m->merge)
        buf_put(m->b, LIT("<<"));
    else if (!dice_one_in(m->dice, 6))
        DICE_PUT(m->dice, m->b, plain);
    else
        put_properties(m), put_scalar(m);
}

/* The values of a merge key. */
static void put_merged(struct making *m)
{
    static const char *const maps[] = {
        "{a: 1, b: 2}", "{c: {d: x}}", "[{a: 1}, {a: 2, b: 3}]", "{a: 1, a: 2}", "{<<: {a: 1}, b: ~}",
        "{}",           "[]"};
    m->merge = false;
    if (dice_one_in(m->dice, 3)) {
        m->mapping = m->anchors++;
        buf_fmt(m->b, "&a%u {a: 0, %s: x}", m->mapping, dice_one_in(m->dice, 2) ? "b" : "name");
    } else if (m->mapping < m->anchors && dice_one_in(m->dice, 2)) {
        buf_fmt(m->b, dice_one_in(m->dice, 2) ? "*a%u" : "[{b: first}, *a%u, {name: last}]", m->mapping);
    } else {
        DICE_PUT(m->dice, m->b, maps);
    }
}

static void put_flow(struct making *m, unsigned depth)
{
    static const char *const commas[] = {",", ", ", " , ", ",\n  ", ", # c\n  "};
    static const char *const colons[] = {": ", ": ", ": ", ": ", ": ", ":", " : "};
    if (m->merge && !dice_one_in(m->dice, 20)) {
        put_merged(m);
        return;
    }
    m->merge = false;
    put_properties(m);
    unsigned kind = dice_below(m->dice, depth ? 5 : 3);
    if (kind < 3) {
        put_scalar(m);
        return;
    }
    buf_char(m->b, kind == 3 ? '[' : '{');
    for (unsigned i = 0, n = dice_below(m->dice, 4); i < n; i++) {
        if (i)
            DICE_PUT(m->dice, m->b, commas);
        if (dice_one_in(m->dice, 30))
            buf_put(m->b, LIT("? "));
        if (kind == 4 || dice_one_in(m->dice, 15)) {
            put_key(m);
            if (dice_one_in(m->dice, 15))
                continue;
            DICE_PUT(m->dice, m->b, colons);
        }
        put_flow(m, depth - 1);
    }
    buf_char(m->b, kind == 3 ? ']' : '}');
}

static void put_break(struct making *m)
{
    static const char *const breaks[] = {"\n",   "\n",   "\n",     "\n",      "\n",  "\n",
                                         "\r\n", "\n\n", " # c\n", "\n# c\n", " \n", "\t\n"};
    DICE_PUT(m->dice, m->b, breaks);
}

/* A value behind "key:" or "-", up to its line break. */
static void put_block(struct making *m, unsigned depth, unsigned indent)
{
    unsigned kind = m->merge ? 1 : dice_below(m->dice, depth ? 10 : 5);
    if (kind == 0) {
        put_properties(m);
        put_block_scalar(m, indent);
        put_break(m);
    } else if (kind < 5) {
        put_flow(m, kind == 1 ? 2 : 0);
        put_break(m);
    } else {
        bool list = kind > 7;
        put_properties(m);
        put_break(m);
        unsigned inner = indent + (list && dice_one_in(m->dice, 2) ? 0 : 2), n = dice_below(m->dice, 4) + 1;
        for (unsigned i = 0; i < n; i++) {
            put_indent(m, dice_one_in(m->dice, 60) ? inner + 1 : inner);
            if (list) {
                buf_put(m->b, LIT("- "));
            } else {
                if (dice_one_in(m->dice, 60))
                    buf_put(m->b, LIT("? "));
                put_key(m);
                buf_put(m->b, dice_one_in(m->dice, 40) ? LIT(" :") : LIT(":"));
                buf_put(m->b, dice_one_in(m->dice, 40) ? LIT("\t") : LIT(" "));
            }
            put_block(m, depth - 1, inner);
        }
    }
}

static void put_document(struct making *m)
{
    m->anchors = m->mapping = 0;
    m->merge = false;
    if (dice_one_in(m->dice, 6)) {
        put_flow(m, DEPTH);
        put_break(m);
        return;
    }
    for (unsigned n = dice_below(m->dice, 5) + 1; n > 0; n--) {
        put_key(m);
        buf_put(m->b, LIT(": "));
        put_block(m, DEPTH - 1, 0);
    }
}

static const char alphabet[] = " \n\t:-?[]{}&*!|>'\"%@`#,\\0123456789abcnuxyYN.~<=_+\r";

static void make(struct dice *d, struct buf *b)
{
    static const char *const odd[] = {"---x\n", "...\n", "--- |\n", "%YAML 1.1\n---\n"};
    static const char *const separators[] = {"---\n",  "---\n",      "---\n", "--- # c\n", "---\r\n",
                                             "--- \n", "---\n---\n", "\n",    "---\t\n",   "---\xc2\xa0\n"};
    static const char *const starts[] = {"\xef\xbb\xbf", "# c\n",       "\n",
                                         " \n",          "---\n",       "{}\n",
                                         "{\"a\":1}",    "%YAML 1.2\n", "\xef\xbb\xbf---\n"};
    struct making m = {.dice = d, .b = b, .merges = true};
    if (dice_one_in(d, 8))
        DICE_PUT(d, b, starts);
    for (unsigned i = 0, n = dice_one_in(d, 3) ? 3 : 1; i < n; i++) {
        if (i || dice_one_in(d, 8))
            PUT_MOSTLY(&m, separators, odd);
        put_document(&m);
    }
    if (dice_one_in(d, 10) && b->n)
        b->n--; /* no line break at the end */
    dice_damage(d, b, 0, alphabet);
}

static void make_without_merges(struct dice *d, struct buf *b)
{
    struct making m = {.dice = d, .b = b};
    put_document(&m);
}

/* The offset of the first separator that kubectl refuses, or SLICE_NONE. */
static size_t bad_separator(const struct findings *f)
{
    for (const struct finding *x = f->first; x; x = x->next)
        if (slice_starts(x->message, LIT("a line that begins with ---")))
            return x->place.from;
    return SLICE_NONE;
}

void yaml_answer(struct arena *a, slice input, struct buf *b)
{
    struct findings f = findings_new(a);
    struct stream *s = stream_read(a, input, &f);
    struct buf documents = buf_new(a, SIZE_MAX / 2);
    size_t bad = bad_separator(&f);
    bool good = bad == SLICE_NONE;
    for (const struct document *d = s->first; d; d = d->next) {
        /* kubectl stops here; it drops what a wrong separator ends, but not JSON values before it. */
        bool dropped = bad != SLICE_NONE && (d->end > bad || (d->end == bad && input.p[bad - 1] == '\n'));
        if (!d->root || dropped) {
            good = false;
            break;
        }
        node_put_json(&documents, d->root, true);
        buf_char(&documents, '\n');
    }
    buf_char(b, good ? '+' : '-');
    buf_put(b, buf_slice(&documents));
}

static void answer_duplicates(struct arena *a, slice input, struct buf *b)
{
    struct findings f = findings_new(a);
    struct stream *s = stream_read(a, input, &f);
    bool again = false;
    for (const struct finding *x = f.first; x; x = x->next)
        again = again || x->rule == &rule_duplicate_key;
    if (s->first && !s->first->root)
        buf_char(b, '-');
    else
        buf_put(b, again ? LIT("+again") : LIT("+"));
}

/* Whether one of our complaints about the input says so. */
static bool complains(slice input, const char *message)
{
    struct arena *a = arena_new(64 << 20);
    struct findings f = findings_new(a);
    bool found = false;
    stream_read(a, input, &f);
    for (const struct finding *x = f.first; x && !found; x = x->next)
        found = slice_find(x->message, slice_of(message)) != SLICE_NONE;
    arena_free(a);
    return found;
}

/* Ours stops at a document that theirs takes. */
static bool refused(slice input, slice ours, slice theirs, const char *message)
{
    return slice_starts(ours, LIT("-")) && !slice_eq(ours, theirs) && complains(input, message);
}

static bool no_json(slice input, slice ours, slice theirs)
{
    return refused(input, ours, theirs, "JSON has no infinity or nan") ||
           refused(input, ours, theirs, "the key is");
}

static bool inner_mark(slice input, slice ours, slice theirs)
{
    return refused(input, ours, theirs, "a byte order mark inside") ||
           (slice_find(input, LIT("\xef\xbb\xbf")) != SLICE_NONE &&
            refused(input, ours, theirs, "invalid JSON"));
}

static bool odd_tag(slice input, slice ours, slice theirs)
{
    return refused(input, ours, theirs, "a tag that continues with punctuation") ||
           refused(input, ours, theirs, "! begins a tag, but this is not a tag");
}

static bool colon(slice input, slice ours, slice theirs)
{
    bool json = slice_find(input, LIT(":}")) != SLICE_NONE || slice_find(input, LIT(":]")) != SLICE_NONE;
    return refused(input, ours, theirs, "a colon without a space after it") ||
           (json && refused(input, ours, theirs, "invalid JSON"));
}

static bool not_utf8(slice input, slice ours, slice theirs)
{
    return refused(input, ours, theirs, "not UTF-8") || refused(input, ours, theirs, "control character");
}

static bool quote_escape(slice input, slice ours, slice theirs)
{
    return slice_find(input, LIT("\\'")) != SLICE_NONE && refused(input, ours, theirs, "unknown escape");
}

static bool list_key(slice input, slice ours, slice theirs)
{
    return refused(input, ours, theirs, "cannot be a key");
}

/* The next character at or after `at` that is not a bracket, comma or line end. */
static size_t behind_separators(slice text, size_t at)
{
    while (at < text.n && strchr("[],\n", text.p[at]))
        at++;
    return at;
}

/* The items of a list of objects are documents of their own for us: then the two answers differ in separators
 * only. Where the input is broken, the library that splits it for the oracle may end earlier. */
static bool list_of_objects(slice input, slice ours, slice theirs)
{
    size_t at = 0, there = 0;
    if (slice_find_char(input, '[') == SLICE_NONE && slice_find_char(input, '-') == SLICE_NONE)
        return false;
    for (;;) {
        at = behind_separators(ours, at);
        there = behind_separators(theirs, there);
        if (at == ours.n || there == theirs.n)
            break;
        if (ours.p[at++] != theirs.p[there++])
            return false;
    }
    return there == theirs.n && (at == ours.n || slice_starts(theirs, LIT("-")));
}

static bool tail(slice input, slice ours, slice theirs)
{
    (void)ours, (void)theirs;
    return complains(input, "kubectl ignores the rest of this document");
}

/* The second topic asks about one YAML document; we read a stream, which may be JSON. */
static bool beyond_double(slice input, slice ours, slice theirs)
{
    return refused(input, ours, theirs, "a number too large for a double");
}

static bool as_stream(slice input, slice ours, slice theirs)
{
    (void)ours, (void)theirs;
    return slice_starts(input, LIT("---")) || slice_find(input, LIT("\n---")) != SLICE_NONE;
}

/* A key is set twice that is, or looks like, something else than a string. */
static bool typed_keys(slice input, slice ours, slice theirs)
{
    static const char *const starts[] = {"0", "1", "2", "3", "4", "5",    "6",
                                         "7", "8", "9", "-", ".", "true", "false"};
    for (size_t i = 0; i < COUNT(starts); i++) {
        char text[20];
        snprintf(text, sizeof text, "key \"%s", starts[i]);
        if (complains(input, text))
            return true;
    }
    return slice_find(ours, LIT("\"-0\"")) != SLICE_NONE || slice_find(theirs, LIT("\"-0\"")) != SLICE_NONE;
}

const struct fidelity_exception yaml_exceptions[YAML_EXCEPTIONS] = {
    {"no JSON", "we refuse what JSON cannot hold also where a later key replaces it", no_json},
    {"inner byte order mark", "kubectl makes it part of the key that follows, which no API server takes",
     inner_mark},
    {"tags with commas", "libyaml ends the tag there, go-yaml does not: we refuse it", odd_tag},
    {"colon before a bracket", "libyaml refuses [a:] and {a:}, which go-yaml takes for texts with a colon",
     colon},
    {"not UTF-8",
     "in a JSON stream Go puts U+FFFD for bytes that are not UTF-8, and it reads only as far as it needs to",
     not_utf8},
    {"number beyond a double",
     "in a JSON stream Go gives what it cannot read to YAML, which takes such a number for a text",
     beyond_double},
    {"escaped single quote", "go-yaml takes \\' in double quotes, libyaml and YAML do not", quote_escape},
    {"list as key", "go-yaml forgets what stands behind an empty list and a colon", list_key},
    {"keys that are one in JSON",
     "1 and \"1\" differ in go-yaml, and which wins is chance; 0.0 and -0.0 are one there, and two in JSON",
     typed_keys},
    {"list of objects", "its items are documents of their own, as those of a List are", list_of_objects},
    {"behind the document",
     "go-yaml sees faults behind the end of the only document or not, as its buffer has it", tail},
};

static bool as_in_yaml(slice input, slice ours, slice theirs)
{
    for (size_t i = 0; i < YAML_EXCEPTIONS; i++)
        if (yaml_exceptions[i].applies(input, ours, theirs))
            return true;
    return false;
}

/* go-yaml sees a key set again where we do not. */
static bool only_theirs(slice ours, slice theirs)
{
    return slice_eq(ours, LIT("+")) && slice_eq(theirs, LIT("+again"));
}

static bool replaced_merge(slice input, slice ours, slice theirs)
{
    return only_theirs(ours, theirs) && slice_find(input, LIT("<<")) != SLICE_NONE;
}

static bool two_zeros(slice input, slice ours, slice theirs)
{
    return only_theirs(ours, theirs) && slice_find(input, LIT("-0.0")) != SLICE_NONE;
}

static const struct fidelity_exception duplicate_exceptions[] = {
    {"refused", "as in the topic yaml", as_in_yaml},
    {"merged members replaced", "that is what merge keys are for", replaced_merge},
    {"0.0 and -0.0", "are one key in go-yaml, and two in JSON", two_zeros},
    {"read as a stream", "a line of --- in the document", as_stream},
};

const struct fidelity_topic topic_yaml = {"yaml", make, yaml_answer, yaml_exceptions, YAML_EXCEPTIONS};
const struct fidelity_topic topic_yaml_duplicates = {"yaml-duplicates", make_without_merges,
                                                     answer_duplicates, duplicate_exceptions,
                                                     COUNT(duplicate_exceptions)};
