/* What is wrong with the user's document, as data.
 *
 * A finding names a rule of the catalogue, a place and two texts: `message` (what was found and what was
 * wanted, one line, as the API server words field errors: `Unsupported value: "x": supported values: "a",
 * "b"`) and `hint` (how to fix it; may be empty). It never makes a function fail: layers add findings and
 * go on.
 *
 * Everything lives in the arena of the list. Beyond LIMIT_FINDINGS errors, and as many others, they are
 * only counted. Severity is decided when the verdict is closed, from the rule, the context and the user's
 * policy; see verdict.h. */
#ifndef BRGATE_FINDING_H
#define BRGATE_FINDING_H

#include "arena.h"

#include <stdint.h>

struct node; /* document.h */

enum severity { SEVERITY_OFF, SEVERITY_WARNING, SEVERITY_ERROR };

/* The moment of judging, which decides what a rule's severity is. */
enum context { CONTEXT_MANIFEST, CONTEXT_CREATE, CONTEXT_UPDATE, CONTEXT_DELETE, CONTEXT_COUNT };

/* The cause's reason in a Status; the words printed for it lead the message ("Required value", ...).
 * [apimachinery: pkg/util/validation/field/errors.go] */
enum field_error {
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

/* RULE_<id> for every entry of catalogue.def. */
enum rule_id {
#define RULE(id, ...) RULE_##id,
#include "catalogue.def"
#undef RULE
    RULE_COUNT
};

struct rule_info {
    const char *slug;                      /* stable name, e.g. "s3-storageclass-value" */
    enum severity severity[CONTEXT_COUNT]; /* the default in each context */
    const char *what;                      /* one sentence: the condition */
    const char *why;                       /* what happens when nobody stops it */
    const char *fix;                       /* what to write instead */
    const char *source;                    /* where this is known from */
    const char *bad, *good;                /* YAML fragments */
};

const struct rule_info *rule_info(enum rule_id id);
bool rule_by_slug(slice slug, enum rule_id *ret);

struct finding {
    struct finding *next;
    enum rule_id rule;
    enum field_error error;
    /* The place. `node` gives path and position (its value; with `at_key` its key); `child` is a member of
     * `node` that is missing or meant ("spec" + "br"). Without a node the finding stands at bytes [from, to)
     * of the stream. With a node, [from, to) is a part of the scalar's text, in bytes; 0, 0 is the whole. */
    const struct node *node;
    bool at_key;
    slice child;
    uint32_t from, to;
    slice message, hint;
    /* A second place ("first set here"); empty text when there is none. A place without a node is bytes. */
    slice note;
    const struct node *note_node;
    uint32_t note_from, note_to;
    slice suggested; /* the text that should replace the value or key, when there is exactly one; for --fix
                        and data */
};

struct findings {
    struct arena *arena;
    const bool
        *silent; /* by rule: nobody will hear of it, so its texts are not put together; NULL: none is */
    struct finding *first, **last;
    /* By rule: it is an error here. What only warns does not take the place of errors; NULL: all share. */
    const bool *denies;
    size_t count, errors, dropped; /* errors: those of `count` that deny */
};

struct findings findings_new(struct arena *a); /* every rule is heard */

/* True when the list holds all it may of this rule's kind, so that one more would only be counted (and that
 * is what this does), and when nobody will hear of the rule. Whoever reports many findings of one kind asks
 * before putting texts together, so that a hostile document costs nothing. */
bool findings_full(struct findings *f, enum rule_id rule);

/* Adds a finding and returns it for the caller to complete (hint, note, ...); never NULL. The message is put
 * together as `<words of error>: <format>`; an empty text gives the words alone. A format that needs the
 * value quoted as the API server does uses finding_value(). */
struct finding *finding_add(struct findings *f, enum rule_id rule, enum field_error error,
                            const struct node *node, const char *format, ...)
    __attribute__((format(printf, 5, 6)));

/* The same, with a message that is taken as it is: for what is not an error of a field's value. */
struct finding *finding_say(struct findings *f, enum rule_id rule, const struct node *node,
                            const char *format, ...) __attribute__((format(printf, 4, 5)));

/* `hint` as format. */
void finding_hint(struct findings *f, struct finding *finding, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

const char *field_error_words(enum field_error e);  /* "Required value" */
const char *field_error_reason(enum field_error e); /* "FieldValueRequired" */
const char *severity_word(enum severity s);         /* "error" */

#endif
