/* Converts byte offsets to lines, columns and the bytes to underline. */
#include "position.h"

#include "ascii.h"
#include "document.h"
#include "utf8.h"

#include <string.h>

struct line_table {
    slice bytes;
    uint32_t *starts; /* of each line; `count` of them */
    uint32_t count;
};

/* A byte order mark has no column of its own. */
static uint32_t text_start(slice bytes)
{
    return slice_starts(bytes, LIT("\xef\xbb\xbf")) ? 3 : 0;
}

struct line_table *line_table_new(struct arena *a, slice bytes)
{
    struct line_table *t = ARENA_NEW(a, struct line_table);
    t->bytes = bytes;
    t->count = 1;
    const char *p = bytes.p, *end = bytes.p + bytes.n;
    while (p < end && (p = memchr(p, '\n', (size_t)(end - p)))) {
        t->count++;
        p++;
    }
    t->starts = ARENA_ARRAY(a, uint32_t, t->count);
    t->starts[0] = text_start(bytes);
    uint32_t line = 1;
    for (size_t i = 0; line < t->count; line++) {
        i += slice_find_char(slice_from(bytes, i), '\n') + 1;
        t->starts[line] = (uint32_t)i;
    }
    return t;
}

uint32_t line_of(const struct line_table *t, uint32_t offset)
{
    uint32_t low = 0, high = t->count;
    while (high - low > 1) {
        uint32_t middle = low + (high - low) / 2;
        if (t->starts[middle] <= offset)
            low = middle;
        else
            high = middle;
    }
    return low + 1;
}

struct position position_of(const struct line_table *t, uint32_t offset)
{
    if (offset > t->bytes.n)
        offset = (uint32_t)t->bytes.n;
    uint32_t line = line_of(t, offset), start = t->starts[line - 1];
    size_t before = offset > start ? utf8_count(slice_cut(t->bytes, start, offset - start)) : 0;
    return (struct position){line, (uint32_t)before + 1};
}

slice line_text(const struct line_table *t, uint32_t line)
{
    if (line == 0 || line > t->count)
        return (slice){0};
    uint32_t start = t->starts[line - 1];
    size_t end = line < t->count ? t->starts[line] - 1 : t->bytes.n;
    if (end > start && line < t->count && t->bytes.p[end - 1] == '\r')
        end--;
    return slice_cut(t->bytes, start, end - start);
}

/* ---- what a finding points at ---- */

/* Returns the length of the escape (JSON's or YAML's) at `s`, and the number of bytes of text it denotes. */
static size_t escape_length(slice s, size_t *ret_text)
{
    *ret_text = 1;
    if (s.n < 2)
        return s.n;
    size_t digits = s.p[1] == 'x' ? 2 : s.p[1] == 'u' ? 4 : s.p[1] == 'U' ? 8 : 0;
    if (digits == 0)
        return 2;
    uint32_t c = 0;
    for (size_t i = 2; i < 2 + digits; i++) {
        if (i >= s.n || ascii_hex(s.p[i]) < 0)
            return 2;
        c = c << 4 | (uint32_t)ascii_hex(s.p[i]);
    }
    if (c >= 0xd800 && c < 0xdc00 && slice_starts(slice_from(s, 6), LIT("\\u"))) { /* half of a JSON pair */
        *ret_text = 4;
        return s.n < 12 ? s.n : 12;
    }
    char bytes[4];
    *ret_text = utf8_encode(c > 0x10ffff ? 0xfffd : c, bytes);
    return 2 + digits;
}

/* Returns the byte of a quoted scalar's source that yields byte `want` of its text, or SLICE_NONE when that
 * is unknown (folded lines). */
static size_t source_of(slice source, slice text, size_t want)
{
    char quote = source.p[0];
    size_t at = 1, have = 0;
    while (have < want && at < source.n) {
        slice rest = slice_from(source, at);
        size_t text_bytes = 1, length = 1;
        if (quote == '"' && rest.p[0] == '\\')
            length = escape_length(rest, &text_bytes);
        else if (quote == '\'' && slice_starts(rest, LIT("''")))
            length = 2;
        else if (have >= text.n || rest.p[0] != text.p[have])
            return SLICE_NONE;
        at += length;
        have += text_bytes;
    }
    return have == want ? at : SLICE_NONE;
}

/* Maps bytes [from, to) of the scalar's text to bytes of the stream. Returns false when they are not in the stream
 * in that form. */
static bool part_span(const struct node *n, slice bytes, uint32_t from, uint32_t to, uint32_t *ret_from,
                      uint32_t *ret_to)
{
    slice source = slice_cut(bytes, n->at, n->end - n->at);
    if (to > n->text.n || from > to || source.n == 0)
        return false;
    if (n->text.n && n->text.p >= source.p && n->text.p + n->text.n <= source.p + source.n) {
        *ret_from = (uint32_t)(n->text.p - bytes.p) + from;
        *ret_to = (uint32_t)(n->text.p - bytes.p) + to;
        return true;
    }
    if (source.p[0] != '"' && source.p[0] != '\'')
        return false;
    size_t begin = source_of(source, n->text, from), end = source_of(source, n->text, to);
    if (begin == SLICE_NONE || end == SLICE_NONE)
        return false;
    *ret_from = n->at + (uint32_t)begin;
    *ret_to = n->at + (uint32_t)end;
    return true;
}

static bool is_in_stream(const struct node *n)
{
    return !(n->flags & NODE_DEFAULTED);
}

/* Spans the value's first line; for a collection that is not empty, only its key when it has one. */
static void value_span(const struct node *n, slice bytes, uint32_t *ret_from, uint32_t *ret_to)
{
    bool container = n->kind == NODE_ARRAY || n->kind == NODE_OBJECT;
    *ret_from = n->at;
    *ret_to = n->end;
    if ((container || n->at == n->end) && n->key_end > n->key_at) {
        *ret_from = n->key_at;
        *ret_to = n->key_end;
    }
    slice text = slice_cut(bytes, *ret_from, *ret_to - *ret_from);
    size_t line = slice_find_char(text, '\n');
    if (line != SLICE_NONE && line > 0)
        *ret_to = *ret_from + (uint32_t)line - (text.p[line - 1] == '\r' && line > 1);
}

static void node_span(struct place p, slice bytes, uint32_t *ret_from, uint32_t *ret_to)
{
    const struct node *n = p.node;
    bool own = is_in_stream(n), container = n->kind == NODE_ARRAY || n->kind == NODE_OBJECT;
    while (!is_in_stream(n) && n->parent)
        n = n->parent;
    if (own && p.kind == PLACE_PART && p.to > p.from && !container &&
        part_span(n, bytes, p.from, p.to, ret_from, ret_to))
        return;
    bool at_its_key = p.kind == PLACE_KEY || p.kind == PLACE_MISSING;
    if (own && at_its_key && n->key_end > n->key_at) {
        *ret_from = n->key_at;
        *ret_to = n->key_end;
        return;
    }
    value_span(n, bytes, ret_from, ret_to);
}

void place_span(struct place p, slice bytes, uint32_t *ret_from, uint32_t *ret_to)
{
    uint32_t size = (uint32_t)bytes.n;
    *ret_from = p.from;
    *ret_to = p.to;
    if (p.node)
        node_span(p, bytes, ret_from, ret_to);
    if (*ret_to > size)
        *ret_to = size;
    if (*ret_from < *ret_to || size == 0)
        return;
    /* The span is empty (an empty value, the end of the text): take the character there, or the last one. */
    uint32_t from = *ret_from < size ? *ret_from : size - 1, c;
    while (from > 0 && ((unsigned char)bytes.p[from] & 0xc0) == 0x80)
        from--;
    size_t n = utf8_decode(slice_from(bytes, from), &c);
    *ret_from = from;
    *ret_to = from + (uint32_t)(n ? n : 1);
}
