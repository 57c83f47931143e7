/* Lists of findings, and the composition of their texts. */
#include "finding.h"

#include "brgate_limits.h"
#include "buf.h"
#include "format.h"
#include "scan.h"
#include "utf8.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

struct findings findings_new(struct arena *a)
{
    return (struct findings){.arena = a};
}

static enum severity level_in(const struct findings *f, const struct rule *rule)
{
    return f->levels ? (enum severity)rule_level_of(f->levels, rule)->severity[f->context] : SEVERITY_WARNING;
}

static bool is_full(struct findings *f, enum severity severity)
{
    bool error = severity == SEVERITY_ERROR;
    if (error ? f->errors < LIMIT_ERRORS : f->count - f->errors < LIMIT_FINDINGS)
        return false;
    f->dropped++;
    f->dropped_errors += error;
    return true;
}

/* ---- subjects ---- */

size_t findings_enter(struct findings *f)
{
    size_t outer = f->subject;
    f->subject = f->reported_count;
    return outer;
}

void findings_leave(struct findings *f, size_t outer)
{
    f->subject = outer;
}

static bool has_reported(const struct findings *f, const struct rule *rule)
{
    for (size_t i = f->subject; i < f->reported_count; i++)
        if (f->reported[i] == rule)
            return true;
    return false;
}

bool findings_blocked(const struct findings *f, const struct rule *rule)
{
    for (const struct rule *const *needed = rule->needs; needed && *needed; needed++)
        if (has_reported(f, *needed))
            return true;
    return false;
}

static void set_reported(struct findings *f, const struct rule *rule)
{
    if (has_reported(f, rule))
        return;
    f->reported =
        arena_grow(f->arena, f->reported, f->reported_count, &f->reported_capacity, sizeof *f->reported);
    f->reported[f->reported_count++] = rule;
}

bool findings_full(struct findings *f, const struct rule *rule)
{
    enum severity severity = level_in(f, rule);
    if (severity != SEVERITY_OFF && !is_full(f, severity))
        return false;
    set_reported(f, rule);
    return true;
}

/* ---- findings ---- */

static void link_last(struct findings *f, struct finding *x, enum severity severity)
{
    if (!f->last)
        f->last = &f->first;
    x->next = NULL;
    *f->last = x;
    f->last = &x->next;
    f->count++;
    f->errors += severity == SEVERITY_ERROR;
}

void findings_move(struct findings *to, struct findings *from,
                   bool (*selected)(const struct finding *x, const void *context), const void *context)
{
    for (struct finding *x = from->first; x; x = x->next)
        x->leaves = !selected || selected(x, context);
    struct finding *x = from->first;
    from->first = NULL;
    from->last = NULL;
    from->count = from->errors = 0;
    for (struct finding *next; x; x = next) {
        struct findings *list = x->leaves ? to : from;
        next = x->next;
        link_last(list, x, level_in(list, x->rule));
    }
    if (!selected) {
        to->dropped += from->dropped;
        to->dropped_errors += from->dropped_errors;
        from->dropped = from->dropped_errors = 0;
    }
}

static uint64_t is_control(uint64_t eight)
{
    return scan_below(eight, ' ');
}

static size_t first_control(slice s)
{
    size_t at = scan_until(s, is_control);
    while (at < s.n && (unsigned char)s.p[at] >= ' ')
        at += 1 + scan_until(slice_from(s, at + 1), is_control);
    return at;
}

/* A value that the text quotes may hold line ends and tabs: they are written as Go's %q writes them. */
static slice in_one_line(struct arena *a, slice s)
{
    struct buf b = buf_new(a, 4 * s.n);
    for (size_t at; (at = first_control(s)) < s.n; s = slice_from(s, at + 1)) {
        char c = s.p[at];
        buf_put(&b, slice_cut(s, 0, at));
        if (c == '\n' || c == '\t' || c == '\r')
            buf_fmt(&b, "\\%c", c == '\n' ? 'n' : c == '\t' ? 't' : 'r');
        else
            buf_fmt(&b, "\\x%02x", (unsigned)(unsigned char)c);
    }
    buf_put(&b, s);
    return buf_slice(&b);
}

/* `<words>: <format>` in one line, in the arena. */
__attribute__((format(printf, 3, 0))) static slice message_of(struct arena *a, const char *words,
                                                              const char *format, va_list args)
{
    char text[LIMIT_MESSAGE_BYTES]
        __attribute__((uninitialized)); /* clearing it takes longer than filling it */
    size_t lead = strlen(words), n = lead;
    memcpy(text, words, lead);
    if (lead && format[0]) {
        memcpy(text + lead, ": ", 2);
        n += 2;
    }
    size_t length = n + format_text(text + n, sizeof text - n, format, args);
    if (length >= sizeof text)
        length = utf8_cut((slice){text, length}, sizeof text - 1).n;
    slice whole = {text, length};
    return first_control(whole) == length ? arena_copy(a, whole) : in_one_line(a, whole);
}

struct finding *finding_unkept(struct findings *f)
{
    if (!f->unkept)
        f->unkept = ARENA_NEW(f->arena, struct finding);
    return f->unkept;
}

struct finding *finding_at(struct findings *f, const struct rule *rule, enum field_error error,
                           struct place place, const char *format, ...)
{
    if (findings_full(f, rule))
        return finding_unkept(f);
    set_reported(f, rule);
    struct finding *x = ARENA_NEW(f->arena, struct finding);
    *x = (struct finding){.rule = rule, .error = error, .place = place, .arena = f->arena};
    va_list args;
    va_start(args, format);
    x->message = message_of(f->arena, field_error_words(error), format, args);
    va_end(args);
    link_last(f, x, level_in(f, rule));
    return x;
}

void finding_hint(struct finding *x, const char *format, ...)
{
    if (!x->arena)
        return;
    va_list args;
    va_start(args, format);
    x->hint = message_of(x->arena, "", format, args);
    va_end(args);
}

void finding_note(struct finding *x, struct place place, const char *format, ...)
{
    if (!x->arena)
        return;
    va_list args;
    va_start(args, format);
    x->note = message_of(x->arena, "", format, args);
    va_end(args);
    x->note_place = place;
}

void finding_edit(struct finding *x, struct place place, slice text)
{
    x->edit = (struct edit){place, text, false};
}

void finding_edit_plain(struct finding *x, struct place place, slice text)
{
    x->edit = (struct edit){place, text, true};
}

/* ---- words ---- */

const char *field_error_words(enum field_error e)
{
    static const char *const words[FIELD_ERROR_COUNT] = {
        "",
        "Invalid value",
        "Required value",
        "Invalid value",
        "Unsupported value",
        "Duplicate value",
        "Forbidden",
        "Too long",
        "Too many",
    };
    return words[e];
}

const char *field_error_reason(enum field_error e)
{
    static const char *const reasons[FIELD_ERROR_COUNT] = {
        "FieldValueInvalid",     "FieldValueInvalid",      "FieldValueRequired",
        "FieldValueTypeInvalid", "FieldValueNotSupported", "FieldValueDuplicate",
        "FieldValueForbidden",   "FieldValueTooLong",      "FieldValueTooMany",
    };
    return reasons[e];
}
