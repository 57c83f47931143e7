/* Reads JSON as the API server does, strictly and in one pass without recursion. */
#include "ascii.h"
#include "brgate_limits.h"
#include "num.h"
#include "reader.h"
#include "scan.h"
#include "utf8.h"

#include <string.h>

struct json {
    struct arena *arena;
    struct findings *findings;
    struct node_pool pool;
    const char *start, *end;
    bool row;     /* a sequence of values: one may follow another without a space */
    bool refused; /* the syntax is valid, but a limit of brgate or the API server is exceeded */
};

/* The reading functions take the position to start at and return the position after what they read, or NULL after
 * adding a finding. (Passing the position keeps it in a register.) */

static bool digit_at(const struct json *r, const char *p)
{
    return p < r->end && ascii_is_digit(*p);
}

static bool word_char(char c)
{
    return ascii_is_alnum(c) || c == '_' || c == '-';
}

/* ---- errors ---- */

/* Returns the word or character at `at`: the bytes a finding points at. */
static slice token_at(const struct json *r, const char *at)
{
    slice rest = {at, (size_t)(r->end - at)};
    size_t n = 0;
    while (n < rest.n && n < 20 && word_char(at[n]))
        n++;
    if (n == 0 && rest.n) {
        uint32_t c;
        n = utf8_decode(rest, &c);
        n = n ? n : 1;
    }
    return slice_cut(rest, 0, n);
}

static const char *hint_for(const struct json *r, const char *at, slice token)
{
    static const struct {
        slice word;
        const char *hint;
    } words[] = {
        {SLICE("True"), "write true in lowercase"},
        {SLICE("TRUE"), "write true in lowercase"},
        {SLICE("False"), "write false in lowercase"},
        {SLICE("FALSE"), "write false in lowercase"},
        {SLICE("None"), "write null"},
        {SLICE("NULL"), "write null in lowercase"},
        {SLICE("Null"), "write null in lowercase"},
        {SLICE("NaN"), "JSON has no such number"},
        {SLICE("Infinity"), "JSON has no such number"},
        {SLICE("-Infinity"), "JSON has no such number"},
        {SLICE("'"), "JSON strings use double quotes"},
        {SLICE("/"), "JSON has no comments"},
        {SLICE("#"), "JSON has no comments"},
        {SLICE("+"), "a number begins with a digit or -"},
        {SLICE("."), "a number begins with a digit or -"},
    };
    if (token.n == 0)
        return "the text ends too early; check that it is complete";
    for (size_t i = 0; i < COUNT(words); i++)
        if (slice_eq(token, words[i].word))
            return words[i].hint;
    if (at == r->start && (unsigned char)*at >= 0xef)
        return "save the text as UTF-8 without a byte order mark";
    const char *before = at;
    while (before > r->start &&
           (before[-1] == ' ' || before[-1] == '\n' || before[-1] == '\r' || before[-1] == '\t'))
        before--;
    if ((*at == '}' || *at == ']') && before > r->start && before[-1] == ',')
        return "remove the comma before it";
    if (word_char(*at) && !ascii_is_digit(*at))
        return "put text in double quotes";
    return "";
}

static const char *fail_at(struct json *r, const char *at, slice token, const char *hint, slice message)
{
    struct finding *x = finding_at(r->findings, &rule_json_syntax, FIELD_NONE,
                                   at_bytes((size_t)(at - r->start), (size_t)(at - r->start) + token.n),
                                   "%.*s", FMT(message));
    finding_hint(x, "%s", hint);
    return NULL;
}

/* Reports that something other than `wanted` was found. */
static const char *fail_wanted(struct json *r, const char *at, const char *wanted)
{
    slice token = token_at(r, at);
    struct buf found = buf_new(r->arena, 200);
    if (slice_eq(token, LIT("\"")))
        buf_put(&found, LIT("a string"));
    else if (token.n)
        buf_quote(&found, token);
    else
        buf_put(&found, LIT("the end of the text"));
    return fail_at(r, at, token, hint_for(r, at, token),
                   arena_fmt(r->arena, "invalid JSON at byte %zu: found %.*s, expected %s",
                             (size_t)(at - r->start), FMT(buf_slice(&found)), wanted));
}

/* Reports `what` for the `length` bytes at that position. */
static const char *fail_text(struct json *r, const char *at, size_t length, const char *what,
                             const char *hint)
{
    return fail_at(r, at, (slice){at, length}, hint,
                   arena_fmt(r->arena, "invalid JSON at byte %zu: %s", (size_t)(at - r->start), what));
}

static const char *fail_deep(struct json *r, const char *at)
{
    struct finding *x = finding_at(r->findings, &rule_document_too_deep, FIELD_NONE,
                                   at_bytes((size_t)(at - r->start), (size_t)(at - r->start) + 1),
                                   "nested more than %d levels deep", LIMIT_DEPTH);
    finding_hint(x, "look for an unclosed bracket");
    r->refused = true;
    return NULL;
}

/* ---- strings ---- */

/* The four digits of \uXXXX from `p` on, or -1. */
static int32_t hex4(const char *p, const char *end)
{
    int32_t value = 0;
    if (end - p < 4)
        return -1;
    for (int i = 0; i < 4; i++) {
        int digit = ascii_hex(p[i]);
        if (digit < 0)
            return -1;
        value = value << 4 | digit;
    }
    return value;
}

/* The code point of the escape whose \u begins at `*p`; a lone surrogate becomes U+FFFD, as in Go. */
static uint32_t unescape_u(const char **p, const char *end)
{
    uint32_t c = (uint32_t)hex4(*p + 2, end);
    *p += 6;
    if (c < 0xd800 || c > 0xdfff)
        return c;
    int32_t low = end - *p >= 6 && (*p)[0] == '\\' && (*p)[1] == 'u' ? hex4(*p + 2, end) : -1;
    if (c > 0xdbff || low < 0xdc00 || low > 0xdfff)
        return 0xfffd;
    *p += 6;
    return 0x10000 + ((c & 0x3ff) << 10 | ((uint32_t)low & 0x3ff));
}

/* The text between the quotes without its escapes, which have been checked. Never longer than its source. */
static slice unescape(struct arena *a, const char *p, const char *end)
{
    static const char letters[] = "bfnrt", values[] = "\b\f\n\r\t";
    char *text = arena_bytes(a, (size_t)(end - p)), *out = text;
    while (p < end) {
        const char *escape = memchr(p, '\\', (size_t)(end - p));
        size_t n = (size_t)((escape ? escape : end) - p);
        memcpy(out, p, n);
        out += n;
        p += n;
        if (p == end)
            break;
        if (p[1] == 'u') {
            char bytes[4];
            size_t length = utf8_encode(unescape_u(&p, end), bytes);
            memcpy(out, bytes, length);
            out += length;
            continue;
        }
        const char *letter = strchr(letters, p[1]);
        *out++ = letter ? values[letter - letters] : p[1];
        p += 2;
    }
    return (slice){text, (size_t)(out - text)};
}

/* Steps over an escape or a code point beyond ASCII inside a string. */
static const char *string_step(struct json *r, const char *opening, const char *p)
{
    static const char escapes[] = "\"\\/bfnrtu";
    if (p == r->end)
        return fail_text(r, opening, 1, "the string that begins here is not closed",
                         "close it with a double quote");
    if (*p == '\\') {
        if (r->end - p < 2 || !p[1] || !strchr(escapes, p[1]))
            return fail_text(
                r, p, r->end - p < 2 ? 1 : 2, "unknown escape in a string",
                "a backslash must precede one of \" \\ / b f n r t uXXXX; write \\\\ for a backslash");
        if (p[1] == 'u' && hex4(p + 2, r->end) < 0)
            return fail_text(r, p, 2, "\\u without four hexadecimal digits", "");
        return p + (p[1] == 'u' ? 6 : 2);
    }
    if ((unsigned char)*p < 0x20)
        return fail_text(
            r, p, 1, *p == '\n' || *p == '\r' ? "line break in a string" : "control character in a string",
            *p == '\t'   ? "write \\t"
            : *p == '\n' ? "write \\n, or close the string"
                         : "write \\u00XX");
    uint32_t c;
    size_t n = utf8_decode((slice){p, (size_t)(r->end - p)}, &c);
    return n ? p + n : fail_text(r, p, 1, "the text is not UTF-8", "save it as UTF-8");
}

/* Steps over ASCII characters that need no escape. */
static const char *skip_plain(const char *p, const char *end)
{
    return p + scan_until((slice){p, (size_t)(end - p)}, scan_needs_escape);
}

/* Continues read_string() at the first byte that needs attention; not inline, because few strings have one. */
__attribute__((noinline)) static const char *read_special(struct json *r, const char *opening, const char *p,
                                                          slice *ret)
{
    const char *start = opening + 1;
    bool escaped = false;
    for (; p == r->end || *p != '"'; p = skip_plain(p, r->end)) {
        escaped = escaped || (p < r->end && *p == '\\');
        p = string_step(r, opening, p);
        if (!p)
            return NULL;
    }
    *ret = escaped ? unescape(r->arena, start, p) : (slice){start, (size_t)(p - start)};
    return p + 1;
}

static inline const char *read_string(struct json *r, const char *opening, slice *ret)
{
    const char *start = opening + 1, *p = skip_plain(start, r->end);
    if (p == r->end || *p != '"')
        return read_special(r, opening, p, ret);
    *ret = (slice){start, (size_t)(p - start)};
    return p + 1;
}

/* ---- values ---- */

static const char *skip_blanks(const struct json *r, const char *p)
{
    while (p < r->end && (unsigned char)*p <= ' ' && /* usually there is none: one comparison, not four */
           (*p == ' ' || *p == '\n' || *p == '\r' || *p == '\t'))
        p++;
    return p;
}

static const char *skip_digits(struct json *r, const char *p)
{
    if (!digit_at(r, p))
        return fail_wanted(r, p, "a digit");
    while (digit_at(r, p))
        p++;
    return p;
}

/* Fraction and exponent. */
static const char *skip_tail(struct json *r, const char *p)
{
    if (p < r->end && *p == '.' && !(p = skip_digits(r, p + 1)))
        return NULL;
    if (p < r->end && (*p == 'e' || *p == 'E')) {
        p++;
        p = skip_digits(r, p + (p < r->end && (*p == '+' || *p == '-')));
    }
    return p;
}

static const char *read_number(struct json *r, const char *start, struct node *n)
{
    const char *first = start + (*start == '-'), *whole = skip_digits(r, first);
    if (whole && *first == '0' && r->row && !n->parent)
        whole = first + 1; /* Go takes 01 for 0 and 1 there */
    if (whole && *first == '0' && whole - first > 1)
        return fail_text(r, start, (size_t)(whole - start), "a number with a leading zero",
                         "JSON numbers are decimal: remove the zero");
    const char *p = whole ? skip_tail(r, whole) : NULL;
    if (!p)
        return NULL;
    n->text = (slice){start, (size_t)(p - start)};
    n->kind = NODE_INT;
    if (p == whole && num_i64(n->text, &n->integer))
        return p;
    n->kind = NODE_FLOAT;
    if (num_f64(r->arena, n->text, &n->real))
        return p;
    r->refused = true;
    return fail_text(r, start, n->text.n, "a number too large for a double", "");
}

static const char *read_word(struct json *r, const char *p, struct node *n)
{
    slice word = token_at(r, p);
    if (slice_eq(word, LIT("true")) || slice_eq(word, LIT("false"))) {
        n->kind = NODE_BOOL;
        n->boolean = word.n == 4;
    } else if (!slice_eq(word, LIT("null"))) {
        return fail_wanted(r, p, "a value");
    }
    return p + word.n;
}

static const char *read_scalar(struct json *r, const char *p, struct node *n)
{
    if (p < r->end && *p == '"') {
        n->kind = NODE_STRING;
        n->flags = NODE_QUOTED;
        return read_string(r, p, &n->text);
    }
    bool infinity = r->end - p > 1 && p[0] == '-' && p[1] == 'I'; /* the hint for words fits better */
    if (p < r->end && (*p == '-' || digit_at(r, p)) && !infinity)
        return read_number(r, p, n);
    return read_word(r, p, n);
}

/* A key and the colon behind it. */
static const char *read_key(struct json *r, const char *p, struct node *member)
{
    if (p == r->end || *p != '"')
        return fail_wanted(r, p, "a key in double quotes");
    member->key_at = (uint32_t)(p - r->start);
    p = read_string(r, p, &member->key);
    if (!p)
        return NULL;
    member->key_end = (uint32_t)(p - r->start);
    p = skip_blanks(r, p);
    if (p == r->end || *p != ':')
        return fail_wanted(r, p, "a colon after the key");
    return p + 1;
}

/* After a value: closes the containers that end here; `*open` becomes the one that continues, or NULL when the root
 * is complete. */
static const char *close_containers(struct json *r, const char *p, struct node **open, unsigned *depth)
{
    for (struct node *n = *open; n; n = *open) {
        bool object = n->kind == NODE_OBJECT;
        p = skip_blanks(r, p);
        if (p < r->end && *p == ',' && n->count)
            return skip_blanks(r, p + 1);
        if (p == r->end || *p != (object ? '}' : ']')) {
            if (n->count)
                return fail_wanted(r, p, object ? "a comma or }" : "a comma or ]");
            return p; /* the first member: it complains itself */
        }
        p++;
        n->end = (uint32_t)(p - r->start);
        if (object)
            object_close(r->arena, n, r->findings);
        *open = n->parent;
        --*depth;
    }
    return p;
}

static const char *read_value(struct json *r, const char *p, struct node **ret)
{
    struct node *open = NULL;
    unsigned depth = 0;
    *ret = NULL;
    do {
        struct node *n = pool_take(&r->pool);
        if (!open) {
            *ret = n;
        } else if (open->kind == NODE_OBJECT) {
            if (!(p = read_key(r, p, n)))
                return NULL;
            member_attach(open, n);
        } else {
            node_attach(open, n);
        }
        p = skip_blanks(r, p);
        n->at = (uint32_t)(p - r->start);
        if (p < r->end && (*p == '{' || *p == '[')) {
            if (++depth > LIMIT_DEPTH)
                return fail_deep(r, p);
            n->kind = *p == '{' ? NODE_OBJECT : NODE_ARRAY;
            open = n;
            p++;
        } else {
            if (!(p = read_scalar(r, p, n)))
                return NULL;
            n->end = (uint32_t)(p - r->start);
        }
        if (!(p = close_containers(r, p, &open, &depth)))
            return NULL;
    } while (open);
    return p;
}

struct node *json_read_at(struct arena *a, slice bytes, size_t *pos, struct findings *f, bool *ret_refused)
{
    struct json r = {a, f, {.arena = a}, bytes.p, bytes.p + bytes.n, true, false};
    struct node *root;
    const char *p = read_value(&r, bytes.p + *pos, &root);
    *ret_refused = r.refused;
    if (!p)
        return NULL;
    *pos = (size_t)(p - bytes.p);
    return root;
}

struct node *json_read(struct arena *a, slice bytes, struct findings *f)
{
    if (bytes.n > LIMIT_DOCUMENT_BYTES) {
        finding_at(f, &rule_document_too_large, FIELD_NONE, at_bytes(0, 1),
                   "the document has %zu bytes, the limit is %d", bytes.n, LIMIT_DOCUMENT_BYTES);
        return NULL;
    }
    if (bytes.n == 0)
        bytes.p = "";
    struct json r = {a, f, {.arena = a}, bytes.p, bytes.p + bytes.n, false, false};
    struct node *root;
    const char *p = read_value(&r, bytes.p, &root);
    if (!p)
        return NULL;
    p = skip_blanks(&r, p);
    if (p == r.end)
        return root;
    fail_wanted(&r, p, "the end of the text");
    return NULL;
}
