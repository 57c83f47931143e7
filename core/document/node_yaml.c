/* A tree as YAML, laid out as kubectl prints it, in a form that every YAML 1.1 reader reads back as the same
 * tree. */
#include "reader.h"

#include "ascii.h"
#include "num.h"
#include "utf8.h"
#include "yaml_scalar.h"

/* libyaml and go-yaml look for the colon of a plain `key: value` within 1024 characters; a byte may be
 * printed as four (\x01). */
enum { KEY_INLINE_BYTES = 250 };

enum style { STYLE_PLAIN, STYLE_SINGLE, STYLE_DOUBLE, STYLE_BLOCK };

struct yaml_writer {
    struct buf *b;
    bool sorted;
};

static size_t skip_digits(slice s, size_t at)
{
    while (at < s.n && (ascii_is_digit(s.p[at]) || s.p[at] == '_'))
        at++;
    return at;
}

/* 12:30:45.5, a number to base 60 in YAML 1.1; go-yaml has none of these. */
static bool is_sexagesimal(slice s)
{
    size_t at = skip_digits(s, s.n && (s.p[0] == '-' || s.p[0] == '+'));
    if (at == s.n || s.p[at] != ':')
        return false;
    while (at + 1 < s.n && s.p[at] == ':' && skip_digits(s, at + 1) > at + 1)
        at = skip_digits(s, at + 1);
    if (at < s.n && s.p[at] == '.')
        at = skip_digits(s, at + 1);
    return at == s.n;
}

/* 2022-10-10 alone or before a time, whether or not there is such a day. */
static bool is_timestamp(slice s)
{
    size_t month = skip_digits(s, 0) + 1, day, end;
    if (month != 5 || month > s.n || s.p[month - 1] != '-')
        return false;
    day = skip_digits(s, month) + 1;
    if (day == month + 1 || day > s.n || s.p[day - 1] != '-')
        return false;
    end = skip_digits(s, day);
    return end > day && (end == s.n || s.p[end] == 'T' || s.p[end] == 't' || s.p[end] == ' ');
}

/* Returns whether a YAML 1.1 reader (kubectl's, or one that follows the specification to the letter) would read the
 * unquoted text as something other than a string. */
static bool is_special(struct arena *a, slice s)
{
    struct yaml_scalar scalar;
    yaml_scalar_resolve(a, (slice){0}, true, s, &scalar);
    return scalar.kind != YAML_STRING || slice_eq(s, LIT("<<")) || slice_eq(s, LIT("=")) ||
           is_sexagesimal(s) || is_timestamp(s);
}

/* Returns whether a block scalar can hold the text: lines of printable characters, the first neither empty nor
 * indented (that would need an indentation indicator), none with trailing spaces. */
static bool fits_block(slice s)
{
    if (s.p[0] == ' ' || s.p[0] == '\t' || s.p[0] == '\n')
        return false;
    for (size_t i = 0; i + 1 <= s.n; i++)
        if ((s.p[i] == ' ' || s.p[i] == '\t') && (i + 1 == s.n || s.p[i + 1] == '\n'))
            return false;
    return true;
}

static enum style style_of(struct arena *a, slice s)
{
    bool lines = false, tabs = false;
    for (size_t i = 0; i < s.n;) {
        uint32_t c;
        size_t n = utf8_decode(slice_from(s, i), &c);
        lines |= c == '\n';
        tabs |= c == '\t';
        if (n == 0 || (!utf8_printable(c) && c != '\n' && c != '\t'))
            return STYLE_DOUBLE;
        i += n;
    }
    if (lines)
        return fits_block(s) ? STYLE_BLOCK : STYLE_DOUBLE;
    if (s.n == 0 || tabs || is_special(a, s))
        return STYLE_DOUBLE;
    if (slice_find_char(LIT("?:,[]{}#&*!|>'\"%@` "), s.p[0]) != SLICE_NONE || s.p[s.n - 1] == ' ' ||
        s.p[s.n - 1] == ':' || slice_find(s, LIT(": ")) != SLICE_NONE ||
        slice_find(s, LIT(" #")) != SLICE_NONE || slice_starts(s, LIT("- ")) || slice_eq(s, LIT("-")) ||
        slice_starts(s, LIT("---")) || slice_starts(s, LIT("...")))
        return STYLE_SINGLE;
    return STYLE_PLAIN;
}

static void put_double(struct buf *b, slice s)
{
    buf_char(b, '"');
    for (size_t i = 0; i < s.n;) {
        uint32_t c;
        size_t n = utf8_decode(slice_from(s, i), &c);
        if (c == '"' || c == '\\')
            buf_fmt(b, "\\%c", (int)c);
        else if (c == '\n')
            buf_put(b, LIT("\\n"));
        else if (c == '\t')
            buf_put(b, LIT("\\t"));
        else if (utf8_printable(c))
            buf_put(b, slice_cut(s, i, n));
        else
            buf_fmt(b, c <= 0xff ? "\\x%02X" : c <= 0xffff ? "\\u%04X" : "\\U%08X", (unsigned)c);
        i += n;
    }
    buf_char(b, '"');
}

static void put_single(struct buf *b, slice s)
{
    buf_char(b, '\'');
    for (size_t i = 0; i < s.n; i++) {
        if (s.p[i] == '\'')
            buf_char(b, '\'');
        buf_char(b, s.p[i]);
    }
    buf_char(b, '\'');
}

static void put_indent(struct buf *b, size_t indent)
{
    buf_fmt(b, "%*s", (int)indent, "");
}

/* The lines of the text, `indent` deep, with the sign that keeps the line breaks at its end as they are. */
static void put_block(struct buf *b, slice s, size_t indent)
{
    bool ended = slice_ends(s, LIT("\n"));
    buf_put(b, !ended ? LIT("|-") : slice_ends(s, LIT("\n\n")) ? LIT("|+") : LIT("|"));
    for (size_t at = 0; at < s.n;) {
        slice line = slice_from(s, at);
        line = slice_cut(line, 0, slice_find_char(line, '\n'));
        buf_char(b, '\n');
        if (line.n)
            put_indent(b, indent);
        buf_put(b, line);
        at += line.n + 1;
    }
}

/* One line, but for blocks, whose lines are indented. Without the line break at its end. */
static void put_string(struct buf *b, slice s, size_t indent, bool key)
{
    enum style style = style_of(b->arena, s);
    if (style == STYLE_BLOCK && !key)
        put_block(b, s, indent);
    else if (style == STYLE_BLOCK || style == STYLE_DOUBLE)
        put_double(b, s);
    else if (style == STYLE_SINGLE)
        put_single(b, s);
    else
        buf_put(b, s);
}

void yaml_put_line(struct buf *b, slice text)
{
    put_string(b, text, 0, true);
}

/* YAML 1.1 requires a decimal point in a number with an exponent, and some readers insist on it. */
static void put_float(struct buf *b, double value)
{
    struct buf digits = buf_new(b->arena, 64);
    num_put_f64(&digits, value);
    slice text = buf_slice(&digits);
    size_t exponent = slice_find_char(text, 'e');
    if (exponent == SLICE_NONE || slice_find_char(text, '.') != SLICE_NONE)
        buf_put(b, text);
    else
        buf_fmt(b, "%.*s.0%.*s", FMT(slice_cut(text, 0, exponent)), FMT(slice_from(text, exponent)));
}

static void put_scalar(struct buf *b, const struct node *n, size_t indent)
{
    switch ((enum node_kind)n->kind) {
    case NODE_NULL:
    case NODE_BOOL:
    case NODE_INT:
        node_put_json(b, n, false);
        break;
    case NODE_FLOAT:
        put_float(b, n->real);
        break;
    case NODE_STRING:
        put_string(b, n->text, indent, false);
        break;
    case NODE_ARRAY:
        buf_put(b, LIT("[]"));
        break;
    case NODE_OBJECT:
        buf_put(b, LIT("{}"));
        break;
    }
    buf_char(b, '\n');
}

static void put_children(struct yaml_writer *w, const struct node *n, size_t indent, bool inline_first);

static void put_member(struct yaml_writer *w, const struct node *m, size_t indent)
{
    bool inline_key = m->key.n <= KEY_INLINE_BYTES;
    if (!inline_key)
        buf_put(w->b, LIT("? "));
    put_string(w->b, m->key, 0, true);
    if (!inline_key) {
        buf_char(w->b, '\n');
        put_indent(w->b, indent);
    }
    buf_char(w->b, ':');
    if (!node_first(m)) {
        buf_char(w->b, ' ');
        put_scalar(w->b, m, indent + 2);
        return;
    }
    buf_char(w->b, '\n');
    put_children(w, m, m->kind == NODE_ARRAY ? indent : indent + 2, false);
}

/* `inline_first`: the first child goes on the current line, after "- ". */
static void put_children(struct yaml_writer *w, const struct node *n, size_t indent, bool inline_first)
{
    size_t count;
    const struct node **children = node_children(w->b->arena, n, w->sorted, &count);
    for (size_t i = 0; i < count; i++) {
        if (i || !inline_first)
            put_indent(w->b, indent);
        if (n->kind == NODE_OBJECT) {
            put_member(w, children[i], indent);
            continue;
        }
        buf_put(w->b, LIT("- "));
        if (node_first(children[i]))
            put_children(w, children[i], indent + 2, true);
        else
            put_scalar(w->b, children[i], indent + 2);
    }
}

void node_put_yaml(struct buf *b, const struct node *n, bool sorted)
{
    struct yaml_writer w = {b, sorted};
    if (node_first(n))
        put_children(&w, n, 0, false);
    else
        put_scalar(b, n, 2);
}
