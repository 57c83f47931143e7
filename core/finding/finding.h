/* Findings: errors and warnings about the user's document, as data.
 *
 * A finding has a rule, a place and two texts: `message` (what was found and what was expected, one line,
 * as the API server words field errors: `Unsupported value: "x": supported values: "a", "b"`) and `hint` (how
 * to fix it; may be empty). It never makes a function fail: layers add findings and continue.
 *
 * Everything lives in the arena of the list. Beyond LIMIT_ERRORS errors and LIMIT_FINDINGS others, findings are only
 * counted. Severity is decided when the verdict is closed, from the rule, the context and the user's policy;
 * see verdict.h. */
#ifndef BRGATE_FINDING_H
#define BRGATE_FINDING_H

#include "arena.h"
#include "rule.h"

#include <stdint.h>

struct node; /* document.h */

/* The cause's reason in a Status; the words printed for it lead the message ("Required value", ...).
 * [apimachinery: pkg/util/validation/field/errors.go] */
enum field_error {
    FIELD_NONE,         /* not an error of a field's value: no words, reason FieldValueInvalid */
    FIELD_INVALID,      /* "Invalid value" */
    FIELD_REQUIRED,     /* "Required value" */
    FIELD_TYPE_INVALID, /* "Invalid value", reason FieldValueTypeInvalid */
    FIELD_NOT_SUPPORTED,
    FIELD_DUPLICATE,
    FIELD_FORBIDDEN,
    FIELD_TOO_LONG,
    FIELD_TOO_MANY,
    FIELD_ERROR_COUNT
};

const char *field_error_words(enum field_error e);  /* "Required value" */
const char *field_error_reason(enum field_error e); /* "FieldValueRequired" */

/* ---- places ---- */

enum place_kind {
    PLACE_BYTES,   /* of the stream */
    PLACE_VALUE,   /* the node */
    PLACE_KEY,     /* its key */
    PLACE_MISSING, /* a member that the node lacks */
    PLACE_PART,    /* a part of the scalar's text */
};

struct place {
    enum place_kind kind;
    uint32_t from, to; /* PLACE_BYTES and PLACE_PART; an empty part is the whole value */
    const struct node *node;
    slice member; /* PLACE_MISSING */
};

static inline struct place at_bytes(size_t from, size_t to)
{
    return (struct place){.kind = PLACE_BYTES, .from = (uint32_t)from, .to = (uint32_t)to};
}

static inline struct place at_value(const struct node *n)
{
    return (struct place){.kind = PLACE_VALUE, .node = n};
}

static inline struct place at_key(const struct node *n)
{
    return (struct place){.kind = PLACE_KEY, .node = n};
}

static inline struct place at_missing(const struct node *parent, slice member)
{
    return (struct place){.kind = PLACE_MISSING, .node = parent, .member = member};
}

static inline struct place at_part(const struct node *n, size_t from, size_t to)
{
    return (struct place){.kind = PLACE_PART, .node = n, .from = (uint32_t)from, .to = (uint32_t)to};
}

/* ---- findings ---- */

/* A repair: `text` replaces the value or key at `place`. */
struct edit {
    struct place place;
    slice text; /* the new value, unquoted; empty: no repair is certain to be right */
    bool plain; /* a number, true or false rather than a string */
};

struct finding {
    struct finding *next;
    const struct rule *rule;
    enum field_error error;
    struct place place;
    slice message, hint;
    slice note; /* of a second place ("first set here"); empty: there is none */
    struct place note_place;
    struct edit edit;
    /* A value at the wrong place or under the wrong name, and the path that it should have; NULL: not known. The value
     * then does not count as missing at that path. */
    const struct node *moved;
    slice moved_to;
    bool leaves;         /* it is being moved to another list; internal to findings_move() */
    struct arena *arena; /* of its texts; NULL: it is only counted, and its texts are not composed */
};

struct findings {
    struct arena *arena;
    const struct rule_levels *levels; /* NULL: every rule is a warning */
    enum context context;
    struct finding *first, **last;
    size_t count, errors; /* errors: those of `count` that are errors by the levels */
    size_t dropped, dropped_errors;
    struct finding *unkept; /* finding_unkept() */
    /* Rules with a finding, dropped or not, each once per subject; those from `subject` on belong to the current
     * subject. */
    const struct rule **reported;
    size_t reported_count, reported_capacity, subject;
};

struct findings findings_new(struct arena *a); /* an empty list */

/* Returns true, and counts a finding, when the rule is off or the list is full, so that a finding of this rule would
 * only be counted. Callers that may report many findings of one kind ask this before they compose texts, so that a
 * hostile document costs nothing. */
bool findings_full(struct findings *f, const struct rule *rule);

/* Returns a dummy finding, for a rule that is off or a finding that is only counted: the caller may complete it, and
 * it is never read. */
struct finding *finding_unkept(struct findings *f);

/* Begins a subject (a spec, its metadata, ...): until findings_leave(), which takes the result, findings_blocked()
 * considers only findings reported from now on. Afterwards they count for the outer subject as well. */
size_t findings_enter(struct findings *f);
void findings_leave(struct findings *f, size_t outer);

/* Returns whether a rule that `rule` needs has reported on the current subject. */
bool findings_blocked(const struct findings *f, const struct rule *rule);

/* Moves the findings for which `selected` returns true (NULL: all) to the end of another list. `selected` is called for
 * every finding before the first one moves. The order is kept, and no limit applies. */
void findings_move(struct findings *to, struct findings *from,
                   bool (*selected)(const struct finding *x, const void *context), const void *context);

/* The functions from here on are cold: the code around their calls is kept apart from the code of a judgement that finds
 * nothing, which then needs fewer lines of the instruction cache. */

/* Adds a finding and returns it, never NULL, for the caller to add a hint, note or edit. The message is `<words of
 * error>: <format>`; an empty format gives the words alone. Use node_value() to quote a value as the API server
 * does. */
struct finding *finding_at(struct findings *f, const struct rule *rule, enum field_error error,
                           struct place place, const char *format, ...)
    __attribute__((cold, format(printf, 5, 6)));

/* Sets how to fix it, replacing an earlier hint. */
void finding_hint(struct finding *x, const char *format, ...) __attribute__((cold, format(printf, 2, 3)));

/* Sets a second place and the text about it. */
void finding_note(struct finding *x, struct place place, const char *format, ...)
    __attribute__((cold, format(printf, 3, 4)));

/* Sets the repair: a string, or (plain) a number or boolean. An empty text removes an earlier repair. */
void finding_edit(struct finding *x, struct place place, slice text) __attribute__((cold));
void finding_edit_plain(struct finding *x, struct place place, slice text) __attribute__((cold));

#endif
