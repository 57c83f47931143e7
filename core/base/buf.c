/* A growing output buffer with a limit, and the quoting of Go and JSON. */
#include "buf.h"

#include "format.h"
#include "utf8.h"

#include <stdarg.h>
#include <string.h>

struct buf buf_new(struct arena *a, size_t limit)
{
    return (struct buf){.arena = a, .limit = limit};
}

static bool make_room(struct buf *b, size_t more)
{
    if (b->failed || more > b->limit - b->n) {
        b->failed = true;
        return false;
    }
    if (b->n + more <= b->capacity)
        return true;
    size_t wider = b->capacity ? b->capacity * 2 : 128;
    while (wider < b->n + more)
        wider *= 2;
    char *p = arena_alloc(b->arena, 1, wider);
    if (b->n)
        memcpy(p, b->p, b->n);
    b->p = p;
    b->capacity = wider;
    return true;
}

void buf_put(struct buf *b, slice s)
{
    if (s.n && make_room(b, s.n)) {
        memcpy(b->p + b->n, s.p, s.n);
        b->n += s.n;
    }
}

void buf_char(struct buf *b, char c)
{
    buf_put(b, (slice){&c, 1});
}

/* The number of bytes that fit without growing. */
static size_t room(const struct buf *b)
{
    return b->failed ? 0 : (b->capacity < b->limit ? b->capacity : b->limit) - b->n;
}

void buf_fmt(struct buf *b, const char *format, ...)
{
    va_list args, again;
    va_start(args, format);
    va_copy(again, args);
    size_t space = room(b);
    size_t n = format_text(space ? b->p + b->n : NULL, space, format, args);
    va_end(args);
    bool fits = n < space; /* it ends with a NUL, which the next put overwrites */
    if (!fits && make_room(b, n + 1)) {
        format_text(b->p + b->n, n + 1, format, again);
        fits = true;
    }
    if (fits)
        b->n += n;
    va_end(again);
}

slice buf_slice(const struct buf *b)
{
    return (slice){b->p, b->n};
}

static void quote_code_point(struct buf *b, uint32_t c)
{
    if (c < 0x20 || c == 0x7f)
        buf_fmt(b, "\\x%02x", c);
    else if (c <= 0xffff)
        buf_fmt(b, "\\u%04x", c);
    else
        buf_fmt(b, "\\U%08x", c);
}

void buf_quote(struct buf *b, slice s)
{
    static const char named[] = "\a\b\f\n\r\t\v", letters[] = "abfnrtv";
    buf_char(b, '"');
    for (size_t i = 0; i < s.n;) {
        uint32_t c;
        size_t n = utf8_decode(slice_from(s, i), &c);
        const char *name = n && c && c < 0x20 ? strchr(named, (int)c) : NULL;
        if (n == 0) {
            buf_fmt(b, "\\x%02x", (unsigned char)s.p[i]);
            n = 1;
        } else if (c == '"' || c == '\\') {
            buf_fmt(b, "\\%c", (char)c);
        } else if (name) {
            buf_fmt(b, "\\%c", letters[name - named]);
        } else if (utf8_printable(c)) {
            buf_put(b, (slice){s.p + i, n});
        } else {
            quote_code_point(b, c);
        }
        i += n;
    }
    buf_char(b, '"');
}

static bool go_escapes(uint32_t c)
{
    return c == '<' || c == '>' || c == '&' || c == 0x2028 || c == 0x2029;
}

/* How many ASCII characters at the beginning of `s` are written unescaped in a JSON string. */
static size_t json_plain(slice s, bool as_go)
{
    size_t n = 0;
    for (; n < s.n; n++) {
        unsigned char c = (unsigned char)s.p[n];
        if (c < ' ' || c >= 0x80 || c == '"' || c == '\\' || (as_go && go_escapes(c)))
            break;
    }
    return n;
}

static void put_json_string(struct buf *b, slice s, bool as_go)
{
    buf_char(b, '"');
    for (size_t i = 0; i < s.n;) {
        uint32_t c;
        size_t plain = json_plain(slice_from(s, i), as_go);
        buf_put(b, slice_cut(s, i, plain));
        i += plain;
        if (i == s.n)
            break;
        size_t n = utf8_decode(slice_from(s, i), &c);
        if (n == 0) {
            buf_put(b, LIT("\\ufffd"));
            n = 1;
        } else if (c == '"' || c == '\\') {
            buf_fmt(b, "\\%c", (char)c);
        } else if (c == '\n') {
            buf_put(b, LIT("\\n"));
        } else if (c == '\r') {
            buf_put(b, LIT("\\r"));
        } else if (c == '\t') {
            buf_put(b, LIT("\\t"));
        } else if (c == '\b') {
            buf_put(b, LIT("\\b"));
        } else if (c == '\f') {
            buf_put(b, LIT("\\f"));
        } else if (c < 0x20 || (as_go && go_escapes(c))) {
            buf_fmt(b, "\\u%04x", c);
        } else {
            buf_put(b, (slice){s.p + i, n});
        }
        i += n;
    }
    buf_char(b, '"');
}

void buf_json_string(struct buf *b, slice s)
{
    put_json_string(b, s, true);
}

void buf_json_text(struct buf *b, slice s)
{
    put_json_string(b, s, false);
}
