/* Findings as workflow commands: GitHub shows them beside the lines of a pull request. */
#include "report.h"

#include "excerpt.h"

static bool is_escaped(char c, bool property)
{
    return c == '%' || c == '\r' || c == '\n' || (property && (c == ':' || c == ','));
}

/* ':' and ',' end a property; in messages and properties '%' and line breaks are written as in URLs. */
static void put_escaped(struct buf *b, slice s, bool property)
{
    for (size_t i = 0, run; i < s.n; i = run) {
        for (run = i; run < s.n && !is_escaped(s.p[run], property);)
            run++;
        put_plain(b, slice_cut(s, i, run - i));
        for (; run < s.n && is_escaped(s.p[run], property); run++)
            buf_fmt(b, "%%%02X", (unsigned)s.p[run]);
    }
}

static void put_place(struct buf *b, const struct report_file *f, const struct diagnostic *d)
{
    struct position start = position_of(f->lines, d->from), end = position_of(f->lines, d->to);
    buf_put(b, LIT("file="));
    put_escaped(b, f->name, true);
    buf_fmt(b, ",line=%u,col=%u,endLine=%u,endColumn=%u,", start.line, start.column, end.line, end.column);
}

void report_put_github(struct buf *b, const struct report_file *f, bool colour)
{
    (void)colour;
    for (size_t i = 0; i < f->count; i++) {
        const struct diagnostic *d = &f->reported[i].diagnostic;
        buf_fmt(b, "::%s ", severity_word(d->severity));
        if (f->lines)
            put_place(b, f, d);
        buf_fmt(b, "title=%s::", d->rule->slug);
        if (!f->lines) {
            put_escaped(b, f->name, false);
            buf_put(b, LIT(": "));
        }
        put_escaped(b, d->path, false);
        buf_put(b, d->path.n ? LIT(": ") : LIT(""));
        put_escaped(b, d->message, false);
        buf_put(b, d->hint.n ? LIT("; ") : LIT(""));
        put_escaped(b, d->hint, false);
        buf_char(b, '\n');
    }
}
