/* Translates a pattern from Go's regexp/syntax to PCRE2. Captures and greediness are dropped: the answer is only
 * yes or no. */
#include "regex_syntax.h"

#include "ascii.h"
#include "brgate_limits.h"
#include "bug.h"
#include "utf8.h"

enum { MOST_REPEATS = 1000 }; /* of one item, nested counts multiplied */

enum atom {
    ATOM_NONE,     /* nothing a repetition could apply to */
    ATOM_PLAIN,    /* one unit to PCRE2 too */
    ATOM_EMPTY,    /* ^ $ \b ...: matches no character */
    ATOM_REPEATED, /* has its repetition already */
};

/* An open parenthesis, or the whole pattern at the bottom. */
struct level {
    unsigned flags;   /* as they were before it */
    bool folding;     /* what the output had switched on before it */
    size_t out_at;    /* where it begins in the output */
    unsigned repeats; /* the largest product of counts among the items that are complete */
};

struct regex_reader {
    slice go;
    size_t at;
    unsigned flags;
    struct buf *out;
    bool folding; /* the output has switched (?i) on */
    struct level levels[LIMIT_PATTERN_DEPTH + 1];
    size_t depth;
    enum atom atom;                      /* the item just before `at` */
    size_t atom_at;                      /* where it begins in the output */
    unsigned repeats;                    /* its product of counts */
    size_t last_repeat, last_repeat_end; /* the repetition right before `at`, if end is `at` */
    struct refusal *refusal;
    enum regex_verdict verdict; /* after a refusal */
};

static bool wrong(struct regex_reader *r, size_t from, size_t to, const char *words)
{
    slice part = slice_cut(r->go, from, to - from);
    size_t n = part.n;
    if (n > 120) /* `why` is short; cut between characters */
        for (n = 120; n > 0 && (part.p[n] & 0xc0) == 0x80; n--)
            ;
    r->verdict = REGEX_BAD;
    return refuse(r->refusal, from, part.n, "error parsing regexp: %s: `%.*s`", words, (int)n, part.p);
}

static char peek(const struct regex_reader *r, size_t ahead)
{
    return r->at + ahead < r->go.n ? r->go.p[r->at + ahead] : 0;
}

static bool more(const struct regex_reader *r, size_t ahead)
{
    return r->at + ahead < r->go.n;
}

static uint32_t next(struct regex_reader *r)
{
    uint32_t c = 0;
    size_t n = utf8_decode(slice_from(r->go, r->at), &c);
    BUG_IF(n == 0); /* checked as a whole before */
    r->at += n;
    return c;
}

/* Starts an item in the output; the previous item is complete. */
static void begin_atom(struct regex_reader *r, enum atom kind, bool cased)
{
    bool fold = r->flags & REGEX_FOLD;
    if (cased && fold != r->folding) {
        buf_put(r->out, fold ? LIT("(?i)") : LIT("(?-i)"));
        r->folding = fold;
    }
    if (r->levels[r->depth].repeats < r->repeats)
        r->levels[r->depth].repeats = r->repeats;
    r->atom = kind;
    r->atom_at = r->out->n;
    r->repeats = 1;
}

static void put_char(struct regex_reader *r, uint32_t c)
{
    bool word = c == '_' || (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z');
    if (word)
        buf_char(r->out, (char)c);
    else if (c > ' ' && c < 0x7f)
        buf_fmt(r->out, "\\%c", (char)c);
    else
        buf_fmt(r->out, "\\x{%x}", (unsigned)c);
}

static void literal(struct regex_reader *r, uint32_t c)
{
    bool cased = c >= 0x80 || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z');
    begin_atom(r, ATOM_PLAIN, cased);
    put_char(r, c);
}

static void put_item(struct regex_reader *r, enum atom kind, const char *text)
{
    begin_atom(r, kind, false);
    buf_put(r->out, slice_of(text));
}

/* \x41 or \x{41}; `at` is behind the x. */
static bool read_hex(struct regex_reader *r, uint32_t *ret)
{
    uint32_t value = 0;
    if (peek(r, 0) != '{') {
        int high = ascii_hex(peek(r, 0)), low = ascii_hex(peek(r, 1));
        if (!more(r, 1) || high < 0 || low < 0)
            return false;
        r->at += 2;
        *ret = (uint32_t)(high * 16 + low);
        return true;
    }
    size_t first = ++r->at;
    for (; more(r, 0) && peek(r, 0) != '}'; r->at++) {
        int digit = ascii_hex(peek(r, 0));
        if (digit < 0 || (value = value * 16 + (uint32_t)digit) > 0x10ffff)
            return false;
    }
    if (!more(r, 0) || r->at == first)
        return false;
    r->at++;
    *ret = value;
    return true;
}

/* Reads an escape that denotes one character; `at` is at the backslash. */
static bool read_escape(struct regex_reader *r, uint32_t *ret)
{
    size_t from = r->at++;
    if (!more(r, 0))
        return wrong(r, from, from, "trailing backslash at end of expression");
    uint32_t c = next(r);
    bool alnum = (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z');
    if (c < 0x80 && !alnum) {
        *ret = c;
        return true;
    }
    static const char names[] = "afnrtv", values[] = "\a\f\n\r\t\v";
    const char *name = c < 0x80 ? memchr(names, (int)c, sizeof names - 1) : NULL;
    if (name) {
        *ret = (uint32_t)values[name - names];
        return true;
    }
    bool octal_next = peek(r, 0) >= '0' && peek(r, 0) <= '7';
    if (c == '0' || (c >= '1' && c <= '7' && octal_next)) {
        uint32_t value = c - '0';
        for (int i = 1; i < 3 && peek(r, 0) >= '0' && peek(r, 0) <= '7'; i++)
            value = value * 8 + (uint32_t)(r->go.p[r->at++] - '0');
        *ret = value;
        return true;
    }
    if (c == 'x' && read_hex(r, ret))
        return true;
    return wrong(r, from, r->at, "invalid escape sequence");
}

/* \pL, \p{Greek}, \P{^Lu}; `at` is at the backslash. */
static bool read_unicode_class(struct regex_reader *r)
{
    size_t from = r->at;
    bool negated = peek(r, 1) == 'P';
    r->at += 2;
    if (!more(r, 0))
        return wrong(r, from, r->go.n, "invalid character class range");
    slice name;
    if (peek(r, 0) == '{') {
        size_t close = slice_find_char(slice_from(r->go, r->at), '}');
        if (close == SLICE_NONE)
            return wrong(r, from, r->go.n, "invalid character class range");
        name = slice_cut(r->go, r->at + 1, close - 1);
        r->at += close + 1;
    } else {
        size_t name_at = r->at;
        next(r);
        name = slice_cut(r->go, name_at, r->at - name_at);
    }
    if (name.n && name.p[0] == '^') {
        negated = !negated;
        name = slice_from(name, 1);
    }
    if (!regex_put_unicode_class(r->out, name, negated, r->flags & REGEX_FOLD))
        return wrong(r, from, r->at, "invalid character class range");
    return true;
}

static bool is_ascii_class(char c)
{
    return c != 0 && strchr("dDsSwW", c);
}

/* \d and the like, to be put inside brackets; `at` is at the backslash. */
static void read_ascii_class(struct regex_reader *r)
{
    char name[2] = {'\\', (char)(peek(r, 1) | 32)};
    regex_put_ascii_class(r->out, (slice){name, 2}, !(peek(r, 1) & 32), r->flags & REGEX_FOLD);
    r->at += 2;
}

/* [:alpha:] inside brackets; true in `*ret_is` when there is one. */
static bool read_named_class(struct regex_reader *r, bool *ret_is)
{
    *ret_is = false;
    if (peek(r, 0) != '[' || peek(r, 1) != ':')
        return true;
    size_t end = slice_find(slice_from(r->go, r->at + 2), LIT(":]"));
    if (end == SLICE_NONE)
        return true;
    slice name = slice_cut(r->go, r->at + 2, end);
    bool negated = name.n && name.p[0] == '^';
    slice bare = slice_from(name, negated);
    bool known =
        bare.n && bare.p[0] != '\\' && regex_put_ascii_class(r->out, bare, negated, r->flags & REGEX_FOLD);
    if (!known)
        return wrong(r, r->at, r->at + end + 4, "invalid character class range");
    r->at += end + 4;
    return *ret_is = true;
}

static bool read_class_char(struct regex_reader *r, size_t class_at, uint32_t *ret)
{
    if (!more(r, 0))
        return wrong(r, class_at, r->go.n, "missing closing ]");
    if (peek(r, 0) == '\\')
        return read_escape(r, ret);
    *ret = next(r);
    return true;
}

static bool read_class_item(struct regex_reader *r, size_t class_at)
{
    bool named;
    if (!read_named_class(r, &named))
        return false;
    if (named)
        return true;
    if (peek(r, 0) == '\\' && (peek(r, 1) == 'p' || peek(r, 1) == 'P'))
        return read_unicode_class(r);
    if (peek(r, 0) == '\\' && is_ascii_class(peek(r, 1))) {
        read_ascii_class(r);
        return true;
    }
    size_t from = r->at;
    uint32_t first = 0, last;
    if (!read_class_char(r, class_at, &first))
        return false;
    last = first;
    if (peek(r, 0) == '-' && more(r, 1) && peek(r, 1) != ']') {
        r->at++;
        if (!read_class_char(r, class_at, &last))
            return false;
        if (last < first)
            return wrong(r, from, r->at, "invalid character class range");
    }
    put_char(r, first);
    if (last != first) {
        buf_char(r->out, '-');
        put_char(r, last);
    }
    return true;
}

/* A bracket expression; `at` is at the bracket. */
static bool read_class(struct regex_reader *r)
{
    size_t class_at = r->at++;
    begin_atom(r, ATOM_PLAIN, true);
    buf_char(r->out, '[');
    if (peek(r, 0) == '^') {
        buf_char(r->out, '^');
        r->at++;
    }
    for (bool first = true; first || peek(r, 0) != ']'; first = false)
        if (!read_class_item(r, class_at))
            return false;
    r->at++;
    buf_char(r->out, ']');
    return true;
}

static bool open_group(struct regex_reader *r, unsigned flags_before)
{
    begin_atom(r, ATOM_NONE, false);
    if (r->depth == LIMIT_PATTERN_DEPTH) {
        r->verdict = REGEX_TOO_LARGE;
        return refuse(r->refusal, r->at, 1, "groups nested deeper than %d", LIMIT_PATTERN_DEPTH);
    }
    r->levels[++r->depth] = (struct level){flags_before, r->folding, r->out->n, 1};
    buf_put(r->out, LIT("(?:"));
    return true;
}

static bool close_group(struct regex_reader *r)
{
    if (r->depth == 0)
        return wrong(r, 0, r->go.n, "unexpected )");
    begin_atom(r, ATOM_NONE, false); /* the last item counts, too */
    struct level *l = &r->levels[r->depth--];
    buf_char(r->out, ')');
    r->flags = l->flags;
    r->folding = l->folding;
    r->atom = ATOM_PLAIN;
    r->atom_at = l->out_at;
    r->repeats = l->repeats;
    r->at++;
    return true;
}

static bool is_name(slice s)
{
    for (size_t i = 0; i < s.n; i++) {
        char c = s.p[i];
        if (c != '_' && !(c >= '0' && c <= '9') && !(c >= 'A' && c <= 'Z') && !(c >= 'a' && c <= 'z'))
            return false;
    }
    return s.n > 0;
}

/* (?P<name> or (?<name>, `prefix` bytes up to the name. */
static bool open_named_group(struct regex_reader *r, size_t prefix)
{
    size_t end = slice_find_char(slice_from(r->go, r->at), '>');
    if (end == SLICE_NONE)
        return wrong(r, r->at, r->go.n, "invalid named capture");
    if (!is_name(slice_cut(r->go, r->at + prefix, end - prefix)))
        return wrong(r, r->at, r->at + end + 1, "invalid named capture");
    if (!open_group(r, r->flags))
        return false;
    r->at += end + 1;
    return true;
}

/* (?...; `at` is at the parenthesis. */
static bool read_flags(struct regex_reader *r)
{
    size_t from = r->at;
    if (peek(r, 2) == 'P' && peek(r, 3) == '<' && more(r, 4))
        return open_named_group(r, 4);
    if (peek(r, 2) == '<' && more(r, 3))
        return open_named_group(r, 3);
    unsigned set = 0, clear = 0, *side = &set;
    bool empty = false; /* a minus without letters behind it */
    for (r->at += 2; more(r, 0);) {
        uint32_t c = next(r);
        static const char letters[] = "imsU"; /* in the order of the bits */
        const char *letter = c < 0x80 ? memchr(letters, (int)c, sizeof letters - 1) : NULL;
        if (letter) {
            *side |= 1U << (letter - letters);
            empty = false;
        } else if (c == '-' && side == &set) {
            side = &clear;
            empty = true;
        } else if ((c == ':' || c == ')') && !empty) {
            unsigned before = r->flags;
            r->flags = (before | set) & ~clear;
            return c == ')' || open_group(r, before);
        } else {
            break;
        }
    }
    return wrong(r, from, r->at, "invalid or unsupported Perl syntax");
}

/* Reads a decimal number without leading zeros; returns MOST_REPEATS + 1 for anything above. */
static bool read_count(struct regex_reader *r, size_t *at, unsigned *ret)
{
    size_t i = *at;
    unsigned value = 0;
    for (; i < r->go.n && r->go.p[i] >= '0' && r->go.p[i] <= '9'; i++)
        value = value > MOST_REPEATS ? value : value * 10 + (unsigned)(r->go.p[i] - '0');
    if (i == *at || (i > *at + 1 && r->go.p[*at] == '0'))
        return false;
    *at = i;
    *ret = value > MOST_REPEATS ? MOST_REPEATS + 1 : value;
    return true;
}

/* Reads the repetition at `at`: its counts, and where it ends. Returns false when the braces are literal text. */
static bool read_repetition(struct regex_reader *r, unsigned *ret_least, unsigned *ret_most,
                            bool *ret_bounded, size_t *ret_end)
{
    char c = peek(r, 0);
    *ret_least = c == '+';
    *ret_most = c == '?';
    *ret_bounded = c == '?';
    *ret_end = r->at + 1;
    if (c != '{')
        return true;
    size_t i = r->at + 1;
    if (!read_count(r, &i, ret_least) || i == r->go.n)
        return false;
    *ret_bounded = true;
    *ret_most = *ret_least;
    if (r->go.p[i] == ',') {
        i++;
        if (i < r->go.n && r->go.p[i] == '}')
            *ret_bounded = false;
        else if (!read_count(r, &i, ret_most))
            return false;
    }
    if (i == r->go.n || r->go.p[i] != '}')
        return false;
    *ret_end = i + 1;
    return true;
}

static void wrap_atom(struct regex_reader *r)
{
    slice atom = arena_copy(r->out->arena, slice_from(buf_slice(r->out), r->atom_at));
    r->out->n = r->atom_at;
    buf_put(r->out, LIT("(?:"));
    buf_put(r->out, atom);
    buf_char(r->out, ')');
}

static void put_repetition(struct regex_reader *r, unsigned least, unsigned most, bool bounded)
{
    if (r->atom == ATOM_EMPTY) { /* once is as good as often; PCRE2 does not repeat these */
        if (least == 0) {
            r->out->n = r->atom_at;
            buf_put(r->out, LIT("(?:)"));
        }
    } else {
        if (r->atom == ATOM_REPEATED)
            wrap_atom(r);
        if (!bounded)
            buf_fmt(r->out, "{%u,}", least);
        else
            buf_fmt(r->out, "{%u,%u}", least, most);
    }
    r->atom = ATOM_REPEATED;
}

/* * + ? {n,m}; `at` is there. */
static bool read_repeat(struct regex_reader *r)
{
    unsigned least, most;
    bool bounded;
    size_t from = r->at, end;
    if (!read_repetition(r, &least, &most, &bounded, &end)) {
        r->at++;
        literal(r, '{');
        return true;
    }
    bool counted = r->go.p[from] == '{';
    if (counted && (least > MOST_REPEATS || (bounded && (most > MOST_REPEATS || least > most))))
        return wrong(r, from, end, "invalid repeat count");
    if (end < r->go.n && r->go.p[end] == '?')
        end++;
    if (r->last_repeat_end == from && r->last_repeat_end > r->last_repeat)
        return wrong(r, r->last_repeat, end, "invalid nested repetition operator");
    if (r->atom == ATOM_NONE)
        return wrong(r, from, end, "missing argument to repetition operator");
    put_repetition(r, least, most, bounded);
    if (counted) {
        unsigned times = bounded ? most : least;
        if (times > 0)
            r->repeats *= times;
        else if (bounded)
            r->repeats = 1;
        if (r->repeats > MOST_REPEATS && (least >= 2 || times >= 2))
            return wrong(r, from, end, "invalid repeat count");
    }
    r->at = r->last_repeat_end = end;
    r->last_repeat = from;
    return true;
}

/* \Q...\E or to the end. */
static void read_quoted(struct regex_reader *r)
{
    r->at += 2;
    size_t length = slice_find(slice_from(r->go, r->at), LIT("\\E"));
    size_t end = length == SLICE_NONE ? r->go.n : r->at + length;
    while (r->at < end)
        literal(r, next(r));
    if (length != SLICE_NONE)
        r->at += 2;
}

static bool read_backslash(struct regex_reader *r)
{
    char c = peek(r, 1);
    const char *empty = c == 'A' ? "\\A" : c == 'z' ? "\\z" : c == 'b' ? "\\b" : c == 'B' ? "\\B" : NULL;
    if (empty) {
        put_item(r, ATOM_EMPTY, empty);
        r->at += 2;
        return true;
    }
    if (c == 'C')
        return wrong(r, r->at, r->at + 2, "invalid escape sequence");
    if (c == 'Q') {
        read_quoted(r);
        return true;
    }
    if (c == 'p' || c == 'P' || is_ascii_class(c)) {
        begin_atom(r, ATOM_PLAIN, true);
        buf_char(r->out, '[');
        bool known = true;
        if (is_ascii_class(c))
            read_ascii_class(r);
        else
            known = read_unicode_class(r);
        buf_char(r->out, ']');
        return known;
    }
    uint32_t value = 0;
    if (!read_escape(r, &value))
        return false;
    literal(r, value);
    return true;
}

static bool read_one(struct regex_reader *r)
{
    switch (peek(r, 0)) {
    case '(':
        if (peek(r, 1) == '?')
            return read_flags(r);
        if (!open_group(r, r->flags))
            return false;
        r->at++;
        return true;
    case ')':
        return close_group(r);
    case '|':
        begin_atom(r, ATOM_NONE, false);
        buf_char(r->out, '|');
        break;
    case '^':
        put_item(r, ATOM_EMPTY, r->flags & REGEX_LINES ? "(?<![^\\n])" : "\\A");
        break;
    case '$':
        put_item(r, ATOM_EMPTY, r->flags & REGEX_LINES ? "(?![^\\n])" : "\\z");
        break;
    case '.':
        put_item(r, ATOM_PLAIN, r->flags & REGEX_DOT_ALL ? "." : "[^\\n]");
        break;
    case '[':
        return read_class(r);
    case '*':
    case '+':
    case '?':
    case '{':
        return read_repeat(r);
    case '\\':
        return read_backslash(r);
    default:
        literal(r, next(r));
        return true;
    }
    r->at++;
    return true;
}

enum regex_verdict regex_translate(slice go, unsigned flags, struct buf *out, struct refusal *refusal)
{
    struct regex_reader r = {.go = go, .flags = flags, .out = out, .refusal = refusal, .repeats = 1};
    r.levels[0].repeats = 1;
    size_t invalid = utf8_invalid_at(go);
    if (invalid != SLICE_NONE) {
        refuse(refusal, invalid, 1, "error parsing regexp: invalid UTF-8");
        return REGEX_BAD;
    }
    while (r.at < go.n)
        if (!read_one(&r))
            return r.verdict;
    if (r.depth > 0) {
        wrong(&r, 0, go.n, "missing closing )");
        return r.verdict;
    }
    return REGEX_GOOD;
}
