/* A rule: one kind of fault in a document, with its documentation and severities.
 *
 * This layer defines the type but no rules. Each layer, and each file of core/rules, declares its rules in a .def
 * beside it, with named fields, and defines them by including that .def:
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

/* When an object is judged, which decides a rule's severity. */
enum context { CONTEXT_MANIFEST, CONTEXT_CREATE, CONTEXT_UPDATE, CONTEXT_DELETE, CONTEXT_COUNT };

enum rule_flag {
    RULE_BY_SCHEMA = 1,  /* the API server's own schema check refuses it too: the mutating endpoint denies */
    RULE_ACROSS = 2,     /* compares the objects of a run: checked after all of them have been judged */
    RULE_LOSES_TEXT = 4, /* part of the document is silently ignored: the object is not what it seems */
    RULE_CLUSTER = 16,   /* needs the state of a cluster: only an audit checks it */
    RULE_GENERAL = 8, /* of the schema engine; for brgate's kinds, more specific rules replace its findings */
};

struct rule {
    const char *slug;                      /* stable name, e.g. "s3-storageclass-value" */
    enum severity severity[CONTEXT_COUNT]; /* the default in each context */
    const char *what;                      /* one sentence: the condition */
    const char *why;                       /* what happens if it is ignored */
    const char *fix;                       /* what to write instead */
    const char *source;                    /* the reference for it: documentation or source code */
    const char *bad, *good;                /* YAML fragments; each line is in the rule's fixtures */
    unsigned flags;                        /* enum rule_flag */
    /* Rules that come first, ended by NULL: where one of them has reported on a subject (a spec, its
     * metadata, ...), this rule is not checked there. NULL: none. */
    const struct rule *const *needs;
    /* Offset of the pointer, in what the rule's function looks at, that is NULL where the member that the rule is about
     * is absent: then it is not checked. 0: none. */
    size_t member;
};

/* For the declarations: in a manifest, on CREATE, on UPDATE, on DELETE. */
#define SEVERITIES(manifest, create, update, delete)                                                         \
    {                                                                                                        \
        SEVERITY_##manifest, SEVERITY_##create, SEVERITY_##update, SEVERITY_##delete                         \
    }
#define NEEDS(...) ((const struct rule *const[]){__VA_ARGS__, NULL})

/* The severities of each rule under a policy, in a hash table keyed by the rule's address. */
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
/* Returns the rule's levels. A rule that was not added is a bug. */
const struct rule_level *rule_level_of(const struct rule_levels *levels, const struct rule *rule);

const char *severity_word(enum severity s); /* "error" */

#endif
