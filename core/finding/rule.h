/* A rule: one thing that can be wrong with a document, and everything there is to say about it.
 *
 * This layer knows what a rule is and not one of them. Each layer, and each file of core/rules, declares its
 * rules in a .def beside it, with named fields, and defines them by including that .def:
 *
 *     RULE(cron_never_fires,
 *          .slug = "cron-never-fires",
 *          .severity = SEVERITIES(ERROR, ERROR, ERROR, OFF),
 *          .what = "...", .why = "...", .fix = "...", .source = "...",
 *          .bad = "schedule: \"0 2 30 2 *\"", .good = "schedule: \"0 2 28 2 *\"")
 *
 * is the constant `rule_cron_never_fires`. The slug is its name with hyphens. Only core/verdict/catalogue.c
 * joins the .def files: it puts the rules in order, and finds them by slug. */
#ifndef BRGATE_RULE_H
#define BRGATE_RULE_H

#include "slice.h"

#include <stdint.h>

enum severity { SEVERITY_OFF, SEVERITY_WARNING, SEVERITY_ERROR };

/* The moment of judging, which decides what a rule's severity is. */
enum context { CONTEXT_MANIFEST, CONTEXT_CREATE, CONTEXT_UPDATE, CONTEXT_DELETE, CONTEXT_COUNT };

enum rule_flag {
    RULE_BY_SCHEMA = 1,  /* the API server's own schema check refuses it too: the mutating endpoint denies */
    RULE_ACROSS = 2,     /* compares the objects of a run: known only when all of them have been judged */
    RULE_LOSES_TEXT = 4, /* part of what is written is lost without a word: the object is not what it seems */
    RULE_GENERAL = 8, /* of the schema engine; what it finds in the kinds of brgate, other rules say better */
};

struct rule {
    const char *slug;                      /* stable name, e.g. "s3-storageclass-value" */
    enum severity severity[CONTEXT_COUNT]; /* the default in each context */
    const char *what;                      /* one sentence: the condition */
    const char *why;                       /* what happens if it is ignored */
    const char *fix;                       /* what to write instead */
    const char *source;                    /* where this is known from */
    const char *bad, *good;                /* YAML fragments; each line is in the rule's fixtures */
    unsigned flags;                        /* enum rule_flag */
    /* Rules that come first, ended by NULL: where one of them has reported on a subject (a spec, its
     * metadata, ...), this rule is not checked there. NULL: none. */
    const struct rule *const *needs;
};

/* For the declarations: in a manifest, on CREATE, on UPDATE, on DELETE. */
#define SEVERITIES(manifest, create, update, delete)                                                         \
    {                                                                                                        \
        SEVERITY_##manifest, SEVERITY_##create, SEVERITY_##update, SEVERITY_##delete                         \
    }
#define NEEDS(...) ((const struct rule *const[]){__VA_ARGS__, NULL})

/* What a policy makes of each rule, found by the rule in a step or two. */
enum { RULE_SLOTS = 512 }; /* open addressing; at most half of them are in use */

struct rule_level {
    const struct rule *rule;         /* NULL: the slot is free */
    uint16_t number;                 /* its place in the catalogue */
    uint8_t severity[CONTEXT_COUNT]; /* enum severity */
};

struct rule_levels {
    struct rule_level slots[RULE_SLOTS];
};

/* Adds a rule and returns its slot, for the caller to complete. A rule is added once. */
struct rule_level *rule_levels_add(struct rule_levels *levels, const struct rule *rule);
/* A rule that was not added is a bug. */
const struct rule_level *rule_level_of(const struct rule_levels *levels, const struct rule *rule);

const char *severity_word(enum severity s); /* "error" */

#endif
