/* Findings as workflow commands: GitHub shows them beside the lines of a pull request. */
#include "report.h"

/* In a property ':' and ',' end what they stand in; in both '%' and line breaks are written as in URLs. */
static void put_escaped(struct buf *b, slice s, bool property)
{
    for (size_t i = 0; i < s.n; i++) {
        char c = s.p[i];
        if (c == '%' || c == '\r' || c == '\n' || (property && (c == ':' || c == ',')))
            buf_fmt(b, "%%%02X", (unsigned)c);
        else
            buf_char(b, c);
    }
}

void report_put_github(struct buf *b, const struct report_file *f, bool colour)
{
    (void)colour;
    for (size_t i = 0; i < f->count; i++) {
        const struct diagnostic *row = &f->rows[i].row;
        struct position start = position_of(f->lines, row->from), end = position_of(f->lines, row->to);
        buf_fmt(b, "::%s file=", severity_word(row->severity));
        put_escaped(b, f->name, true);
        buf_fmt(b, ",line=%u,col=%u,endLine=%u,endColumn=%u,title=%s::", start.line, start.column, end.line,
                end.column, row->rule->slug);
        put_escaped(b, row->path, false);
        buf_put(b, row->path.n ? LIT(": ") : LIT(""));
        put_escaped(b, row->message, false);
        buf_put(b, row->hint.n ? LIT("; ") : LIT(""));
        put_escaped(b, row->hint, false);
        buf_char(b, '\n');
    }
}
