#include "finding.h"

#include "ceilings.h"
#include "utf8.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

struct findings findings_new(struct arena *a)
{
    return (struct findings){.arena = a};
}

static bool silent(const struct findings *f, enum rule_id rule)
{
    return f->silent && f->silent[rule];
}

bool findings_full(struct findings *f, enum rule_id rule)
{
    if (silent(f, rule))
        return true;
    size_t errors = f->errors, kept = f->denies && f->denies[rule] ? errors : f->count - errors;
    if (kept < LIMIT_FINDINGS)
        return false;
    f->dropped++;
    return true;
}

static struct finding *append(struct findings *f, enum rule_id rule, const struct node *node, slice message)
{
    struct finding *x = ARENA_NEW(f->arena, struct finding);
    *x = (struct finding){.rule = rule, .node = node, .message = message};
    if (silent(f, rule))
        return x;
    if (findings_full(f, rule))
        return x;
    if (!f->last)
        f->last = &f->first;
    *f->last = x;
    f->last = &x->next;
    f->count++;
    f->errors += f->denies && f->denies[rule];
    return x;
}

/* `<words>: <format>`, in the arena; nothing when nobody will hear of the rule. */
__attribute__((format(printf, 4, 0))) static slice
message_of(const struct findings *f, enum rule_id rule, const char *words, const char *format, va_list args)
{
    char text[LIMIT_MESSAGE_BYTES];
    if (silent(f, rule))
        return (slice){0};
    size_t lead = strlen(words), n = lead;
    memcpy(text, words, lead);
    if (lead) {
        memcpy(text + lead, ": ", 2);
        n += 2;
    }
    int m = vsnprintf(text + n, sizeof text - n, format, args);
    size_t length = m > 0 ? n + (size_t)m : lead;
    if (length >= sizeof text) {
        length = utf8_cut((slice){text, length}, sizeof text - 1).n;
    }
    return arena_copy(f->arena, (slice){text, length});
}

struct finding *finding_add(struct findings *f, enum rule_id rule, enum field_error error,
                            const struct node *node, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    slice message = message_of(f, rule, field_error_words(error), format, args);
    va_end(args);
    struct finding *x = append(f, rule, node, message);
    x->error = error;
    return x;
}

struct finding *finding_say(struct findings *f, enum rule_id rule, const struct node *node,
                            const char *format, ...)
{
    va_list args;
    va_start(args, format);
    slice message = message_of(f, rule, "", format, args);
    va_end(args);
    return append(f, rule, node, message);
}

void finding_hint(struct findings *f, struct finding *finding, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    finding->hint = message_of(f, finding->rule, "", format, args);
    va_end(args);
}

const char *field_error_words(enum field_error e)
{
    static const char *const words[FIELD_ERROR_COUNT] = {
        "Invalid value",   "Required value", "Invalid value", "Unsupported value",
        "Duplicate value", "Forbidden",      "Too long",      "Too many",
    };
    return words[e];
}

const char *field_error_reason(enum field_error e)
{
    static const char *const reasons[FIELD_ERROR_COUNT] = {
        "FieldValueInvalid",   "FieldValueRequired",  "FieldValueTypeInvalid", "FieldValueNotSupported",
        "FieldValueDuplicate", "FieldValueForbidden", "FieldValueTooLong",     "FieldValueTooMany",
    };
    return reasons[e];
}

const char *severity_word(enum severity s)
{
    static const char *const words[] = {"off", "warning", "error"};
    return words[s];
}
