/* Bytes of the stream and characters of libyaml. */
#include "yaml_reader.h"

#include "brgate_limits.h"
#include "utf8.h"

#include <string.h>

size_t yaml_source_feed(struct yaml_source *s, char *to, size_t size)
{
    size_t n = 0;
    while (n < size && s->fed < s->end) {
        const char *from = s->bytes.p + s->fed;
        size_t left = s->end - s->fed, count = left < size - n ? left : size - n;
        const char *cr = s->simple ? NULL : memchr(from, '\r', count);
        if (cr == from) {
            s->fed++;
            if (left > 1 && from[1] == '\n')
                continue;
            to[n++] = '\r';
            continue;
        }
        count = cr ? (size_t)(cr - from) : count;
        memcpy(to + n, from, count);
        n += count;
        s->fed += (uint32_t)count;
    }
    if (n < size && !s->fed_break) {
        s->fed_break = true;
        if (s->end > s->at && s->bytes.p[s->end - 1] != '\n')
            to[n++] = '\n';
    }
    return n;
}

static uint32_t step_forward(const struct yaml_source *s, uint32_t offset)
{
    const unsigned char *p = (const unsigned char *)s->bytes.p;
    if (p[offset] == '\r' && offset + 1 < s->end && p[offset + 1] == '\n')
        return offset + 2;
    do
        offset++;
    while (offset < s->end && (p[offset] & 0xc0) == 0x80);
    return offset;
}

static uint32_t step_back(const struct yaml_source *s, uint32_t offset)
{
    const unsigned char *p = (const unsigned char *)s->bytes.p;
    do
        offset--;
    while (offset > s->text_at && (p[offset] & 0xc0) == 0x80);
    if (p[offset] == '\n' && offset > s->text_at && p[offset - 1] == '\r')
        offset--;
    return offset;
}

uint32_t yaml_source_offset(struct yaml_source *s, size_t index)
{
    if (s->simple) {
        size_t most = s->end - s->text_at;
        return s->text_at + (uint32_t)(index < most ? index : most);
    }
    while (s->index < index && s->offset < s->end) {
        s->offset = step_forward(s, s->offset);
        s->index++;
    }
    while (s->index > index && s->offset > s->text_at) {
        s->offset = step_back(s, s->offset);
        s->index--;
    }
    return s->offset;
}

static bool allowed(uint32_t c)
{
    return c == '\t' || c == '\n' || c == '\r' || (c >= 0x20 && c < 0x7f) || c == 0x85 ||
           (c >= 0xa0 && c != 0xfffe && c != 0xffff);
}

static bool fail(struct findings *f, uint32_t from, size_t length, slice message, const char *hint)
{
    struct finding *x =
        finding_at(f, &rule_yaml_syntax, FIELD_NONE, at_bytes(from, from + length), "%.*s", FMT(message));
    finding_hint(x, "%s", hint);
    return false;
}

static const slice byte_order_mark = SLICE("\xef\xbb\xbf");

/* Returns whether a line begins after the text. The line breaks are those of YAML 1.1, as in libyaml. */
static bool ends_line(slice text)
{
    static const slice breaks[] = {SLICE("\n"), SLICE("\r"), SLICE("\xc2\x85"), SLICE("\xe2\x80\xa8"),
                                   SLICE("\xe2\x80\xa9")};
    for (size_t i = 0; i < COUNT(breaks); i++)
        if (slice_ends(text, breaks[i]))
            return true;
    return slice_eq(text, byte_order_mark);
}

static bool check(struct yaml_source *s, struct findings *f)
{
    slice doc = slice_cut(s->bytes, s->at, s->end - s->at);
    s->simple = true;
    for (size_t i = 0, n; i < doc.n; i += n) {
        unsigned char byte = (unsigned char)doc.p[i];
        n = 1;
        if ((byte >= 0x20 && byte < 0x7f) || byte == '\n' || byte == '\t')
            continue;
        s->simple = false;
        uint32_t c = 0, at = s->at + (uint32_t)i;
        n = utf8_decode(slice_from(doc, i), &c);
        if (n == 0)
            return fail(f, at, 1, LIT("the text is not UTF-8"),
                        byte >= 0xfe && i == 0 ? "this looks like UTF-16: save the file as UTF-8"
                                               : "save the file as UTF-8");
        if (c == 0xfeff &&
            ends_line(slice_cut(doc, 0, i))) /* libyaml would skip it, go-yaml takes it for text */
            return fail(f, at, n, LIT("a byte order mark inside the text"),
                        "remove it; it may come from joining two files");
        if (!allowed(c))
            return fail(f, at, n, arena_fmt(f->arena, "control character U+%04X", c),
                        c ? "remove it, or write it as \\x.. in double quotes"
                          : "the file is damaged, not text, or UTF-16: save it as UTF-8");
    }
    return true;
}

/* Directives come before the first line of a document, or after the "..." of the previous one. */
static bool check_directives(const struct yaml_source *s, struct findings *f)
{
    bool may_follow = true;
    size_t count = 0;
    for (uint32_t at = s->text_at; at < s->end;) {
        slice rest = slice_cut(s->bytes, at, s->end - at);
        size_t line_end = slice_find_char(rest, '\n');
        slice line = slice_cut(rest, 0, line_end);
        if (slice_starts(line, LIT("...")))
            may_follow = true;
        else if (may_follow && line.n && line.p[0] == '%')
            count++;
        else if (line.n && line.p[0] != '#' && line.p[0] != '\r')
            may_follow = false;
        if (count > LIMIT_DIRECTIVES)
            return fail(f, at, line.n,
                        arena_fmt(f->arena,
                                  "more than %d lines that begin with %%, which are directives of YAML",
                                  LIMIT_DIRECTIVES),
                        "remove those that no tag of the document uses");
        if (line_end == SLICE_NONE)
            break;
        at += (uint32_t)line_end + 1;
    }
    return true;
}

bool yaml_source_start(struct yaml_source *s, uint32_t at, uint32_t end, struct findings *f)
{
    s->at = s->fed = s->text_at = s->offset = at;
    s->end = end;
    s->fed_break = false;
    s->index = 0;
    if (!check(s, f))
        return false;
    if (slice_starts(slice_cut(s->bytes, at, end - at), byte_order_mark))
        s->fed = s->text_at = s->offset =
            at + (uint32_t)byte_order_mark.n; /* a byte order mark is no character of the text */
    return check_directives(s, f);
}

static bool is_blank(char c)
{
    return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

uint32_t yaml_source_value(const struct yaml_source *s, uint32_t at, uint32_t end, slice *ret_tag,
                           uint32_t *ret_odd)
{
    const char *p = s->bytes.p;
    *ret_tag = (slice){0};
    *ret_odd = 0;
    while (at < end && (p[at] == '&' || p[at] == '!')) {
        uint32_t start = at, odd = 0;
        for (; at < s->end && !is_blank(p[at]); at++)
            if (!odd && strchr(",[]{}", p[at]))
                odd = at;
        if (p[start] == '!') {
            *ret_tag = slice_cut(s->bytes, start, at - start);
            if (!slice_starts(*ret_tag, LIT("!<")))
                *ret_odd = odd;
        }
        for (bool comment = false; at < end && (comment || is_blank(p[at]) || p[at] == '#'); at++)
            comment = (comment || p[at] == '#') && p[at] != '\n' && p[at] != '\r';
        if (*ret_odd)
            break;
    }
    return at < end ? at : end;
}
