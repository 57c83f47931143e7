/* What is wrong with the user's document, as data.
 *
 * A finding names a rule, a place and two texts: `message` (what was found and what was expected, one line,
 * as the API server words field errors: `Unsupported value: "x": supported values: "a", "b"`) and `hint` (how
 * to fix it; may be empty). It never makes a function fail: layers add findings and go on.
 *
 * Everything lives in the arena of the list. Beyond LIMIT_ERRORS errors and LIMIT_FINDINGS others, they are only
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

/* A repair: `text` instead of the value or key at `place`. */
struct edit {
    struct place place;
    slice text; /* the new value, unquoted; empty: there is no repair that is certain to be right */
    bool plain; /* no string but a number or true or false */
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
    /* What was written at the wrong place or under the wrong name, and the path that it should have; NULL: it is not
     * known. What is missing there is not missing. */
    const struct node *moved;
    slice moved_to;
    bool leaves;         /* its list; internal to findings_move() */
    struct arena *arena; /* of its texts; NULL: it is not kept, and they are not put together */
};

struct findings {
    struct arena *arena;
    const struct rule_levels *levels; /* NULL: every rule is a warning */
    enum context context;
    struct finding *first, **last;
    size_t count, errors; /* errors: those of `count` that are errors by the levels */
    size_t dropped, dropped_errors;
    struct finding *unkept; /* finding_unkept() */
    /* Rules with a finding, each once a subject, dropped or not; those from `subject` on are of the present
     * one. */
    const struct rule **reported;
    size_t reported_count, reported_capacity, subject;
};

struct findings findings_new(struct arena *a);

/* True when the list holds all it may of this rule's kind, so that one more would only be counted (and that
 * is what this does), and when the rule is off. True counts as a finding. Whoever reports many findings of one kind asks before putting
 * texts together, so that a hostile document costs nothing. */
bool findings_full(struct findings *f, const struct rule *rule);

/* What is returned for every finding of a rule that is off, and for those that only count: the caller may complete
 * it, and nobody looks at it. */
struct finding *finding_unkept(struct findings *f);

/* Begins a subject: until findings_leave(), which takes the result, findings_blocked() looks at what is
 * reported from now on. Behind that, it counts for the outer subject as well. */
size_t findings_enter(struct findings *f);
void findings_leave(struct findings *f, size_t outer);

/* Whether a rule that this one needs has reported on the present subject. */
bool findings_blocked(const struct findings *f, const struct rule *rule);

/* Moves findings to the end of another list: those that `wanted` returns true for (NULL: all), asked with the
 * list as it was. Order stays, and no limit applies. */
void findings_move(struct findings *to, struct findings *from,
                   bool (*wanted)(const struct finding *x, const void *context), const void *context);

/* Adds a finding and returns it, for the caller to add what follows; never NULL. The message is `<words of
 * error>: <format>`; an empty format gives the words alone. A format that needs the value quoted as the API
 * server does uses node_value(). */
struct finding *finding_at(struct findings *f, const struct rule *rule, enum field_error error,
                           struct place place, const char *format, ...) __attribute__((format(printf, 5, 6)));

void finding_hint(struct finding *x, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* A second place and what is there. */
void finding_note(struct finding *x, struct place place, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* The repair: a string, or (plain) a number or boolean. An empty text takes an earlier one back. */
void finding_edit(struct finding *x, struct place place, slice text);
void finding_edit_plain(struct finding *x, struct place place, slice text);

#endif
