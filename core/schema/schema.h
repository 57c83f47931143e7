/* Structural schemas of CustomResourceDefinitions, compiled, and the API server's four passes over an
 * object.
 *
 * A compiled schema is constant data. It belongs to a `struct schema_set`, which has the kinds and the regular
 * expressions that their schemas refer to by number, compiled once. A set begins with tables that the build has made
 * (schemas/compile.c) or empty; schema_set_add() compiles another kind into it.
 *
 * The passes, in the order in which the API server runs them: schema_prune(), schema_drop_nulls(),
 * schema_default(), schema_check(); schema_apply() is all four. They flag and add nodes, never remove any. */
#ifndef BRGATE_SCHEMA_H
#define BRGATE_SCHEMA_H

#include "document.h"
#include "error.h"
#include "regex.h"

enum schema_type {
    SCHEMA_ANY, /* x-kubernetes-preserve-unknown-fields without a type */
    SCHEMA_OBJECT,
    SCHEMA_ARRAY,
    SCHEMA_STRING,
    SCHEMA_INTEGER,
    SCHEMA_NUMBER,
    SCHEMA_BOOLEAN,
    SCHEMA_INT_OR_STRING,
};

enum schema_format { FORMAT_NONE, FORMAT_INT32, FORMAT_INT64, FORMAT_DATE_TIME, FORMAT_FLOAT, FORMAT_DOUBLE };
enum list_type { LIST_ATOMIC, LIST_SET, LIST_MAP };

enum schema_flag {
    SCHEMA_NULLABLE = 1,
    SCHEMA_PRESERVE_UNKNOWN = 2,
    SCHEMA_EMBEDDED = 4, /* x-kubernetes-embedded-resource */
    SCHEMA_ROOT = 8,     /* apiVersion, kind and metadata are known without being declared */
    SCHEMA_HAS_MINIMUM = 16,
    SCHEMA_HAS_MAXIMUM = 32,
    SCHEMA_HAS_MAX_LENGTH = 64,
    SCHEMA_HAS_DEFAULTS = 128, /* this schema or one below it has a default: otherwise defaulting passes by */
};

struct schema_property {
    slice name;
    const struct schema *schema;
};

/* `has(self.left) ? !has(self.right) : true`, the one CEL shape in these CRDs; `rule` is its text. */
struct schema_exclusion {
    slice left, right, rule, message;
};

struct schema {
    uint8_t type, format, list_type;
    uint16_t flags;
    uint16_t property_count, required_count, enum_count, key_count, exclusion_count;
    uint16_t index_mask;                      /* size of `index` - 1 */
    const struct schema_property *properties; /* sorted by name */
    const uint16_t *index;                    /* open addressing: position + 1 in properties, 0 is free */
    const slice *required;
    const struct schema *items, *additional;
    const struct node *const *enums;
    const struct node *default_value;
    const slice *keys; /* x-kubernetes-list-map-keys */
    const struct schema_exclusion *exclusions;
    uint16_t pattern;         /* its number in the set; 0: none */
    int64_t minimum, maximum; /* by flag */
    int64_t max_length;       /* by flag; code points */
    int64_t min_length, min_items;
};

struct schema_kind {
    slice group, version, kind, plural;
    slice api_version; /* "group/version" */
    const struct schema *schema;
};

/* Hash of a property's name; the generator and the look-up share it. */
uint32_t schema_hash(slice name);
/* Returns the schema of a declared property; NULL when there is none of that name. */
const struct schema *schema_property(const struct schema *s, slice name);

/* Returns whether the value could be meant for a field of that schema: a scalar is not for a block, a block not for a
 * list, true and false only for a boolean. */
bool schema_could_take(const struct schema *s, const struct node *n);

/* Returns the schema of an object's member, its own or that of additionalProperties; NULL when it is unknown. The
 * result is cached in the node. */
const struct schema *schema_member(const struct schema *s, struct node *member);

/* The schema of `n` in an object whose root has the schema `root`; NULL when there is none. */
const struct schema *schema_at(const struct schema *root, const struct node *n);

/* ---- sets ---- */

/* The contents of a set, as constant data. */
struct schema_tables {
    const struct schema_kind *kinds;
    const slice *patterns; /* pattern number n is patterns[n - 1] */
    size_t kind_count, pattern_count;
};

/* Once complete it is immutable: threads may share it. */
struct schema_set;

/* Returns a set with the contents of the tables, and with their patterns compiled; the tables must outlive it. The arena
 * owns the set and everything added to it; call this and schema_set_add() within arena_run(). */
struct schema_set *schema_set_new(struct arena *a, const struct schema_tables *tables);

/* Compiles an openAPIV3Schema node, and adds it as the schema of the kind whose names `kind` has. The texts of both
 * must outlive the set. False, and why, for a construct that the engine does not support and for a pattern that does
 * not compile: no verdict is better than a wrong one. Equal subtrees become one schema. Moves the kinds: pointers to
 * them no longer hold. */
bool schema_set_add(struct schema_set *set, struct schema_kind kind, const struct node *openapi,
                    struct error *reterr);

/* Returns the present contents of the set, which are valid until the next schema_set_add(). */
const struct schema_tables *schema_set_tables(const struct schema_set *set);

/* Return the set's kind of those names, or NULL. */
const struct schema_kind *schema_find(const struct schema_set *set, slice api_version, slice kind);
const struct schema_kind *schema_find_in(const struct schema_set *set, slice group, slice version,
                                         slice kind);

/* Returns whether the text matches the pattern of that number, from 1 on; a match that costs more than
 * LIMIT_PATTERN_STEPS counts as none. */
bool schema_set_matches(const struct schema_set *set, uint16_t number, slice text,
                        struct regex_scratch *scratch);

/* The arguments of the passes. Findings go to `findings`, added nodes and texts to the arena; the caller owns all. */
struct schema_run {
    struct arena *arena;
    struct findings *findings;
    const struct schema_set *set;  /* that the schemas belong to */
    struct regex_scratch *scratch; /* of the arena; shared by all runs in it */
};

/* Flags unknown fields NODE_PRUNED and reports them (rule unknown-field). */
void schema_prune(struct schema_run *run, const struct schema *s, struct node *n);
/* Flags nulls NODE_DROPPED where the schema has neither nullable nor a default. */
void schema_drop_nulls(const struct schema *s, struct node *n);
/* Adds missing defaults, flagged NODE_DEFAULTED. */
void schema_default(struct schema_run *run, const struct schema *s, struct node *n);
/* Reports values that violate the schema (rules schema-*) and flags them NODE_BAD. */
void schema_check(struct schema_run *run, const struct schema *s, struct node *n);
/* Runs the four passes in order. */
void schema_apply(struct schema_run *run, const struct schema *s, struct node *n);

#endif
