/* JSON as the API server reads it, strictly and in one pass without recursion. */
#include "limits.h"
#include "num.h"
#include "reader.h"
#include "utf8.h"

#include <string.h>

struct json {
    struct arena *arena;
    struct findings *findings;
    struct node_pool pool;
    const char *start, *p, *end;
};

/* What may stand inside a string as it is: ASCII from space on, but '"' and '\\'. */
static bool plain(char c)
{
    return (unsigned char)c >= 0x20 && (unsigned char)c < 0x80 && c != '"' && c != '\\';
}

static bool digit_at(const struct json *r, const char *p)
{
    return p < r->end && *p >= '0' && *p <= '9';
}

static bool word_char(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' || c == '-';
}

/* ---- errors ------------------------------------------------------------------------------------------- */

/* The word or character that stands there: the bytes a finding points at. */
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
        {SLICE("True"), "write true in lower case"},
        {SLICE("TRUE"), "write true in lower case"},
        {SLICE("False"), "write false in lower case"},
        {SLICE("FALSE"), "write false in lower case"},
        {SLICE("None"), "write null"},
        {SLICE("NULL"), "write null in lower case"},
        {SLICE("Null"), "write null in lower case"},
        {SLICE("NaN"), "JSON has no such number"},
        {SLICE("Infinity"), "JSON has no such number"},
        {SLICE("-Infinity"), "JSON has no such number"},
        {SLICE("'"), "JSON strings take double quotes"},
        {SLICE("/"), "JSON has no comments"},
        {SLICE("#"), "JSON has no comments"},
        {SLICE("+"), "a number begins with a digit or -"},
        {SLICE("."), "a number begins with a digit or -"},
    };
    if (token.n == 0)
        return "the text ends too early: is it complete?";
    for (size_t i = 0; i < sizeof words / sizeof *words; i++)
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
    if (word_char(*at) && (*at < '0' || *at > '9'))
        return "text stands in double quotes";
    return "";
}

static bool fail_at(struct json *r, const char *at, slice token, const char *hint, slice message)
{
    struct finding *x = finding_say(r->findings, RULE_json_syntax, NULL, "%.*s", FMT(message));
    x->from = (uint32_t)(at - r->start);
    x->to = x->from + (uint32_t)token.n;
    finding_hint(r->findings, x, "%s", hint);
    return false;
}

/* Something else stands where `wanted` belongs. */
static bool fail_wanted(struct json *r, const char *at, const char *wanted)
{
    slice token = token_at(r, at);
    struct buf found = buf_new(r->arena, 200);
    if (token.n)
        buf_quote(&found, token);
    else
        buf_put(&found, LIT("the end of the text"));
    return fail_at(r, at, token, hint_for(r, at, token),
                   arena_fmt(r->arena, "invalid JSON at byte %zu: found %.*s where %s belongs",
                             (size_t)(at - r->start), FMT(buf_slice(&found)), wanted));
}

/* `what` is wrong with the `length` bytes that stand there. */
static bool fail_text(struct json *r, const char *at, size_t length, const char *what, const char *hint)
{
    return fail_at(r, at, (slice){at, length}, hint,
                   arena_fmt(r->arena, "invalid JSON at byte %zu: %s", (size_t)(at - r->start), what));
}

static bool fail_deep(struct json *r)
{
    struct finding *x = finding_say(r->findings, RULE_document_too_deep, NULL,
                                    "nested more than %d levels deep", LIMIT_DEPTH);
    x->from = (uint32_t)(r->p - r->start);
    x->to = x->from + 1;
    finding_hint(r->findings, x, "look for an unclosed bracket");
    return false;
}

/* ---- strings ------------------------------------------------------------------------------------------ */

static int hex_digit(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    c |= 0x20;
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* The four digits of \uXXXX from `p` on, or -1. */
static int32_t hex4(const char *p, const char *end)
{
    int32_t value = 0;
    if (end - p < 4)
        return -1;
    for (int i = 0; i < 4; i++) {
        int digit = hex_digit(p[i]);
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
    char *text = arena_alloc(a, 1, (size_t)(end - p)), *out = text;
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

/* Steps over what is not plain inside a string: an escape or a code point beyond ASCII. */
static bool string_step(struct json *r, const char *opening, const char **p)
{
    static const char escapes[] = "\"\\/bfnrtu";
    const char *at = *p;
    if (at == r->end)
        return fail_text(r, opening, 1, "the string that begins here has no end",
                         "close it with a double quote");
    if (*at == '\\') {
        if (r->end - at < 2 || !at[1] || !strchr(escapes, at[1]))
            return fail_text(
                r, at, r->end - at < 2 ? 1 : 2, "unknown escape in a string",
                "a backslash stands before one of \" \\ / b f n r t uXXXX; write \\\\ for itself");
        if (at[1] == 'u' && hex4(at + 2, r->end) < 0)
            return fail_text(r, at, 2, "\\u without four hexadecimal digits", "");
        *p += at[1] == 'u' ? 6 : 2;
        return true;
    }
    if ((unsigned char)*at < 0x20)
        return fail_text(
            r, at, 1, *at == '\n' || *at == '\r' ? "line break in a string" : "control character in a string",
            *at == '\t'   ? "write \\t"
            : *at == '\n' ? "write \\n, or close the string"
                          : "write \\u00XX");
    uint32_t c;
    size_t n = utf8_decode((slice){at, (size_t)(r->end - at)}, &c);
    if (n == 0)
        return fail_text(r, at, 1, "the text is not UTF-8", "save it as UTF-8");
    *p += n;
    return true;
}

/* r->p stands on the opening quote and is left behind the closing one. */
static bool read_string(struct json *r, slice *ret)
{
    const uint64_t ones = UINT64_C(0x0101010101010101), high = ones << 7;
    const char *opening = r->p, *p = opening + 1, *start = p, *end = r->end;
    bool escaped = false;
    for (;;) {
        for (uint64_t w; end - p >= (ptrdiff_t)sizeof w; p += sizeof w) { /* eight plain bytes at a time */
            memcpy(&w, p, sizeof w);
            uint64_t quote = w ^ ones * '"', backslash = w ^ ones * '\\';
            if (((quote - ones) | (backslash - ones) | (w - ones * 0x20) | w) & high)
                break;
        }
        while (p < end && plain(*p))
            p++;
        if (p < end && *p == '"')
            break;
        escaped = escaped || (p < end && *p == '\\');
        if (!string_step(r, opening, &p))
            return false;
    }
    r->p = p + 1;
    *ret = escaped ? unescape(r->arena, start, p) : (slice){start, (size_t)(p - start)};
    return true;
}

/* ---- values ------------------------------------------------------------------------------------------- */

static void skip_blanks(struct json *r)
{
    const char *p = r->p, *end = r->end;
    while (p < end && (*p == ' ' || *p == '\n' || *p == '\r' || *p == '\t'))
        p++;
    r->p = p;
}

static bool skip_digits(struct json *r, const char **p)
{
    if (!digit_at(r, *p))
        return fail_wanted(r, *p, "a digit");
    while (digit_at(r, *p))
        (*p)++;
    return true;
}

static bool read_number(struct json *r, struct node *n)
{
    const char *start = r->p, *p = start + (*start == '-'), *first = p;
    bool whole = true;
    if (!skip_digits(r, &p))
        return false;
    if (*first == '0' && p - first > 1)
        return fail_text(r, start, (size_t)(p - start), "a number with a leading zero",
                         "JSON numbers are decimal: remove the zero");
    if (p < r->end && *p == '.') {
        whole = false;
        p++;
        if (!skip_digits(r, &p))
            return false;
    }
    if (p < r->end && (*p == 'e' || *p == 'E')) {
        whole = false;
        p++;
        p += p < r->end && (*p == '+' || *p == '-');
        if (!skip_digits(r, &p))
            return false;
    }
    n->text = (slice){start, (size_t)(p - start)};
    r->p = p;
    n->kind = NODE_INT;
    if (whole && num_i64(n->text, &n->integer))
        return true;
    n->kind = NODE_FLOAT;
    if (num_f64(n->text, &n->real))
        return true;
    return fail_text(r, start, n->text.n, "a number beyond what a double can hold", "");
}

static bool read_word(struct json *r, struct node *n)
{
    slice word = token_at(r, r->p);
    if (slice_eq(word, LIT("true")) || slice_eq(word, LIT("false"))) {
        n->kind = NODE_BOOL;
        n->boolean = word.n == 4;
    } else if (!slice_eq(word, LIT("null"))) {
        return fail_wanted(r, r->p, "a value");
    }
    r->p += word.n;
    return true;
}

static bool read_scalar(struct json *r, struct node *n)
{
    if (r->p < r->end && *r->p == '"') {
        n->kind = NODE_STRING;
        n->flags = NODE_QUOTED;
        return read_string(r, &n->text);
    }
    if (r->p < r->end && (*r->p == '-' || digit_at(r, r->p)) &&
        !(*r->p == '-' && r->end - r->p > 1 && r->p[1] == 'I'))
        return read_number(r, n);
    return read_word(r, n);
}

/* A key and the colon behind it. */
static bool read_key(struct json *r, struct node *member)
{
    if (r->p == r->end || *r->p != '"')
        return fail_wanted(r, r->p, "a key in double quotes");
    member->key_at = (uint32_t)(r->p - r->start);
    if (!read_string(r, &member->key))
        return false;
    member->key_end = (uint32_t)(r->p - r->start);
    skip_blanks(r);
    if (r->p == r->end || *r->p != ':')
        return fail_wanted(r, r->p, "the colon behind a key");
    r->p++;
    return true;
}

/* Closes what ends here; `*open` becomes the container that goes on, NULL when the root is complete. False
 * means an error. */
static bool close_containers(struct json *r, struct node **open, unsigned *depth)
{
    for (struct node *n = *open; n; n = *open) {
        bool object = n->kind == NODE_OBJECT;
        skip_blanks(r);
        if (r->p < r->end && *r->p == ',' && n->count) {
            r->p++;
            skip_blanks(r);
            return true;
        }
        if (r->p == r->end || *r->p != (object ? '}' : ']')) {
            if (n->count)
                return fail_wanted(r, r->p, object ? "a comma or }" : "a comma or ]");
            return true; /* the first member: it complains itself */
        }
        r->p++;
        n->end = (uint32_t)(r->p - r->start);
        if (object)
            object_close(r->arena, n, r->findings);
        *open = n->parent;
        --*depth;
    }
    return true;
}

static struct node *read_value(struct json *r)
{
    struct node *root = NULL, *open = NULL;
    unsigned depth = 0;
    do {
        struct node *n = pool_take(&r->pool);
        root = root ? root : n;
        if (open && open->kind == NODE_OBJECT) {
            if (!read_key(r, n))
                return NULL;
            member_attach(open, n);
        } else if (open) {
            node_attach(open, n);
        }
        skip_blanks(r);
        n->at = (uint32_t)(r->p - r->start);
        if (r->p < r->end && (*r->p == '{' || *r->p == '[')) {
            if (++depth > LIMIT_DEPTH) {
                fail_deep(r);
                return NULL;
            }
            n->kind = *r->p == '{' ? NODE_OBJECT : NODE_ARRAY;
            open = n;
            r->p++;
        } else {
            if (!read_scalar(r, n))
                return NULL;
            n->end = (uint32_t)(r->p - r->start);
        }
        if (!close_containers(r, &open, &depth))
            return NULL;
    } while (open);
    return root;
}

struct node *json_read_at(struct arena *a, slice bytes, size_t *pos, struct findings *f)
{
    struct json r = {a, f, {.arena = a}, bytes.p, bytes.p + *pos, bytes.p + bytes.n};
    struct node *root = read_value(&r);
    *pos = (size_t)(r.p - bytes.p);
    return root;
}

struct node *json_read(struct arena *a, slice bytes, struct findings *f)
{
    if (bytes.n > LIMIT_DOCUMENT_BYTES) {
        struct finding *x =
            finding_say(f, RULE_document_too_large, NULL, "the document has %zu bytes, %d are allowed",
                        bytes.n, LIMIT_DOCUMENT_BYTES);
        x->to = 1;
        return NULL;
    }
    if (bytes.n == 0)
        bytes.p = "";
    struct json r = {a, f, {.arena = a}, bytes.p, bytes.p, bytes.p + bytes.n};
    struct node *root = read_value(&r);
    if (!root)
        return NULL;
    skip_blanks(&r);
    if (r.p == r.end)
        return root;
    fail_wanted(&r, r.p, "the end of the text");
    return NULL;
}
