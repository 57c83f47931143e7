/* A growing output buffer with a limit, and the quoting of Go and JSON. */
#include "buf.h"

#include "format.h"
#include "scan.h"
#include "utf8.h"

#include <stdarg.h>
#include <string.h>

struct buf buf_new(struct arena *a, size_t limit)
{
    return (struct buf){.arena = a, .limit = limit};
}

/* Makes room for more than the capacity. False when the limit does not allow it. */
static bool grow(struct buf *b, size_t more)
{
    if (b->failed || more > b->limit - b->n) {
        b->failed = true;
        b->capacity = b->n; /* so that nothing smaller fits from now on either */
        return false;
    }
    size_t wider = b->capacity ? b->capacity * 2 : 128;
    while (wider < b->n + more)
        wider *= 2;
    wider = wider < b->limit ? wider : b->limit;
    char *p = arena_bytes(b->arena, wider);
    if (b->n)
        memcpy(p, b->p, b->n);
    b->p = p;
    b->capacity = wider;
    return true;
}

static inline bool make_room(struct buf *b, size_t more)
{
    return more <= b->capacity - b->n || grow(b, more);
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
    if (make_room(b, 1))
        b->p[b->n++] = c;
}

void buf_fmt(struct buf *b, const char *format, ...)
{
    va_list args, again;
    va_start(args, format);
    va_copy(again, args);
    size_t space = b->capacity - b->n;
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

static void put_escape(struct buf *b, char letter)
{
    buf_put(b, (slice){(const char[]){'\\', letter}, 2});
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

static uint64_t needs_escape_in_quotes(uint64_t eight)
{
    return scan_needs_escape(eight) | scan_is(eight, 0x7f);
}

/* Puts the character that `s` begins with, which needs_escape_in_quotes() stopped at. Returns its length. */
static size_t put_quoted_character(struct buf *b, slice s)
{
    static const char named[] = "\a\b\f\n\r\t\v", letters[] = "abfnrtv";
    uint32_t c = 0;
    size_t n = utf8_decode(s, &c);
    const char *name = n && c && c < 0x20 ? strchr(named, (int)c) : NULL;
    if (n == 0)
        buf_fmt(b, "\\x%02x", (unsigned char)s.p[0]);
    else if (c == '"' || c == '\\')
        put_escape(b, (char)c);
    else if (name)
        put_escape(b, letters[name - named]);
    else if (utf8_printable(c))
        buf_put(b, slice_cut(s, 0, n));
    else
        quote_code_point(b, c);
    return n ? n : 1;
}

void buf_quote(struct buf *b, slice s)
{
    buf_char(b, '"');
    while (s.n) {
        size_t plain = scan_until(s, needs_escape_in_quotes);
        buf_put(b, slice_cut(s, 0, plain));
        s = slice_from(s, plain);
        if (s.n)
            s = slice_from(s, put_quoted_character(b, s));
    }
    buf_char(b, '"');
}

static bool go_escapes(uint32_t c)
{
    return c == '<' || c == '>' || c == '&' || c == 0x2028 || c == 0x2029;
}

static uint64_t needs_escape_in_go(uint64_t eight)
{
    return scan_needs_escape(eight) | scan_is(eight, '<') | scan_is(eight, '>') | scan_is(eight, '&');
}

/* The letter of JSON's short escape for the character; 0: it has none. */
static char json_letter(uint32_t c)
{
    static const char named[] = "\b\f\n\r\t", letters[] = "bfnrt";
    const char *name = c && c < 0x20 ? strchr(named, (int)c) : NULL;
    if (c == '"' || c == '\\')
        return (char)c;
    return name ? letters[name - named] : '\0';
}

/* Puts the character that `s` begins with, which scan_needs_escape() or needs_escape_in_go() stopped at. Returns its
 * length. */
static size_t put_json_character(struct buf *b, slice s, bool as_go)
{
    uint32_t c = 0;
    size_t n = utf8_decode(s, &c);
    char letter = json_letter(c);
    if (n == 0)
        buf_put(b, LIT("\\ufffd"));
    else if (letter)
        put_escape(b, letter);
    else if (c < 0x20 || (as_go && go_escapes(c)))
        buf_fmt(b, "\\u%04x", c);
    else
        buf_put(b, slice_cut(s, 0, n));
    return n ? n : 1;
}

static void put_json_string(struct buf *b, slice s, bool as_go)
{
    buf_char(b, '"');
    while (s.n) {
        size_t plain = as_go ? scan_until(s, needs_escape_in_go) : scan_until(s, scan_needs_escape);
        buf_put(b, slice_cut(s, 0, plain));
        s = slice_from(s, plain);
        if (s.n)
            s = slice_from(s, put_json_character(b, s, as_go));
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
