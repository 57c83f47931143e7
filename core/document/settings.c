#include "settings.h"

#include "position.h"

#include <stdarg.h>

bool settings_fault(const struct settings *s, uint32_t at, const char *format, ...)
{
    struct position p = position_of(line_table_new(s->arena, s->bytes), at);
    va_list args;
    va_start(args, format);
    slice what = arena_vfmt(s->arena, format, args);
    va_end(args);
    return error_set(s->reterr, "%u:%u: %.*s", p.line, p.column, FMT(what));
}

/* Returns the message; if it is about lost text, only what is wrong and how to write it. */
static bool complain(const struct settings *s, const struct finding *x)
{
    uint32_t from, to;
    bool loses = x->rule->flags & RULE_LOSES_TEXT;
    slice message = slice_cut(x->message, 0, loses ? slice_find_char(x->message, ';') : SLICE_NONE);
    slice hint = loses ? x->hint : (slice){0};
    place_span(x->place, s->bytes, &from, &to);
    return settings_fault(s, from, "%.*s%s%.*s", FMT(message), hint.n ? "; " : "", FMT(hint));
}

const struct stream *settings_read(const struct settings *s)
{
    struct findings f = findings_new(s->arena);
    const struct stream *stream = stream_read(s->arena, s->bytes, &f);
    if (!f.first)
        return stream;
    complain(s, f.first);
    return NULL;
}
