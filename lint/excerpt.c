#include "excerpt.h"

#include "utf8.h"

enum {
    TAB = 4,
    WIDTH = 100, /* columns of a source line that are shown */
    BEFORE = 40, /* of these, at least so many before the carets when the line is cut */
    /* Bytes of a line that are looked at around the carets: cells take four bytes at most and WIDTH is far
       below. One line may have megabytes. */
    REACH = 1024,
};

static const slice ellipsis = SLICE("\xe2\x80\xa6");

static bool is_plain(char c)
{
    return c >= ' ' && c <= '~';
}

void put_plain(struct buf *b, slice s)
{
    for (size_t i = 0; i < s.n;) {
        size_t run = i;
        while (run < s.n && is_plain(s.p[run]))
            run++;
        buf_put(b, slice_cut(s, i, run - i));
        if ((i = run) == s.n)
            return;
        slice shown;
        i += utf8_shown(slice_from(s, i), &shown);
        buf_put(b, shown);
    }
}

/* The part of a line that is looked at, in columns of the terminal. */
struct view {
    slice text;
    size_t mark_from, mark_to;   /* bytes of text */
    bool cut_left, cut_right;    /* the line continues */
    size_t caret, carets, total; /* columns */
    size_t left, right;          /* the columns that are shown */
};

/* One character of the text: its bytes and the columns it takes at that column. */
struct cell {
    slice bytes;
    size_t width;
    bool tab;
};

static struct cell cell_at(slice text, size_t i, size_t column)
{
    uint32_t c;
    size_t n = utf8_decode(slice_from(text, i), &c);
    struct cell cell = {.bytes = slice_cut(text, i, n ? n : 1), .width = 1};
    cell.tab = n && c == '\t';
    if (cell.tab)
        cell.width = TAB - column % TAB;
    else if (n && utf8_printable(c))
        cell.width = utf8_width(cell.bytes);
    return cell;
}

static bool inside_character(char c)
{
    return ((unsigned char)c & 0xc0) == 0x80;
}

static struct view view_of(slice line, size_t from, size_t to)
{
    struct view v = {0};
    size_t left = from > REACH ? from - REACH : 0, right = from + 2 * REACH;
    while (left && inside_character(line.p[left]))
        left--;
    v.cut_left = left > 0;
    v.cut_right = right < line.n;
    while (v.cut_right && inside_character(line.p[right]))
        right--;
    v.text = slice_cut(line, left, right - left);
    v.mark_from = from - left;
    v.mark_to = to - left;
    for (size_t i = 0; i < v.text.n;) {
        struct cell c = cell_at(v.text, i, v.total);
        if (i < v.mark_from)
            v.caret += c.width;
        else if (i < v.mark_to)
            v.carets += c.width;
        v.total += c.width;
        i += c.bytes.n;
    }
    return v;
}

static void choose_window(struct view *v)
{
    v->right = v->total;
    if (v->total <= WIDTH)
        return;
    v->left = v->caret > BEFORE ? v->caret - BEFORE : 0;
    v->right = v->left + WIDTH;
    if (v->right > v->total) {
        v->right = v->total;
        v->left = v->right - WIDTH;
    }
}

static void put_window(struct buf *b, const struct view *v, bool cut_left)
{
    if (cut_left)
        buf_put(b, ellipsis);
    size_t column = 0;
    for (size_t i = 0; i < v->text.n && column < v->right;) {
        struct cell c = cell_at(v->text, i, column);
        bool whole = column >= v->left && column + c.width <= v->right;
        for (size_t k = column; (c.tab || !whole) && k < column + c.width; k++)
            if (k >= v->left && k < v->right)
                buf_char(b, ' ');
        if (whole && !c.tab)
            put_plain(b, c.bytes);
        column += c.width;
        i += c.bytes.n;
    }
    if (v->right < v->total || v->cut_right)
        buf_put(b, ellipsis);
}

static void put_blanks(struct buf *b, size_t n)
{
    while (n--)
        buf_char(b, ' ');
}

static void put_carets(struct buf *b, const struct view *v, slice hint)
{
    size_t room = v->right > v->caret ? v->right - v->caret : 1;
    size_t carets = v->carets > room ? room : v->carets;
    for (size_t i = 0; i < carets || i == 0; i++)
        buf_char(b, '^');
    if (hint.n) {
        buf_char(b, ' ');
        put_plain(b, hint);
    }
}

void excerpt_put(struct buf *b, const struct excerpt *e)
{
    if (!e->bytes.n)
        return;
    uint32_t number = line_of(e->lines, e->from);
    slice line = line_text(e->lines, number);
    size_t start = line.n ? (size_t)(line.p - e->bytes.p) : e->from;
    size_t at = e->from - start < line.n ? e->from - start : line.n;
    size_t end = e->to - start < line.n ? e->to - start : line.n;
    struct view v = view_of(line, at, end > at ? end : at);
    choose_window(&v);
    bool cut_left = v.left > 0 || v.cut_left;
    size_t before = b->n;
    buf_fmt(b, "%5u", number);
    size_t gutter = b->n - before;
    buf_put(b, LIT(" | "));
    put_window(b, &v, cut_left);
    buf_char(b, '\n');
    put_blanks(b, gutter);
    buf_put(b, LIT(" | "));
    put_blanks(b, v.caret - v.left + cut_left);
    buf_put(b, e->on);
    put_carets(b, &v, e->hint);
    buf_put(b, e->off);
    buf_char(b, '\n');
}
