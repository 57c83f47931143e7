/* The document tree, and the two strict readers that build it.
 *
 * A node records its byte offsets in the stream it was read from. Lines and columns are computed only when they are
 * needed, from the stream's text (position.h), because most documents have no findings. Nodes and texts live in the
 * arena given to the reader, or point into the bytes that were read: those must outlive the tree.
 *
 * Nodes are never unlinked: those that the API server would not see are flagged, and node_get() and node_next() skip
 * them. */
#ifndef BRGATE_DOCUMENT_H
#define BRGATE_DOCUMENT_H

#include "buf.h"
#include "finding.h"

#include <stdint.h>

struct schema; /* schema.h */

enum node_kind { NODE_NULL, NODE_BOOL, NODE_INT, NODE_FLOAT, NODE_STRING, NODE_ARRAY, NODE_OBJECT };

enum node_flag {
    NODE_SHADOWED = 1,      /* a member whose key occurs again later: the last wins */
    NODE_PRUNED = 2,        /* unknown to the schema: the API server drops it */
    NODE_DROPPED = 4,       /* null where the schema has neither nullable nor a default */
    NODE_GONE = 7,          /* any of the above */
    NODE_DEFAULTED = 8,     /* added by defaulting: not in the stream */
    NODE_BAD = 16,          /* the schema check reported this value: no rule checks it again */
    NODE_ALIASED = 32,      /* a copy that an alias or merge key made; its offsets are the anchor's */
    NODE_PLACEHOLDER = 128, /* "${bucket}": a template will replace it by a scalar of any type */
    NODE_MERGED = 256,      /* a member that a merge key added; its key's offsets are the anchor's, too */
    NODE_QUOTED = 64, /* a string that was quoted or a block scalar in the stream: text is not source bytes */
};

struct node {
    struct node *parent, *next; /* next sibling, in source order */
    slice key;                  /* of a member of an object; empty in arrays and at the root */
    union {
        slice text; /* string: the value. int, float: the number as written. */
        struct {
            struct node *first, *last; /* children */
        };
    };
    union {
        int64_t integer;
        double real;
        bool boolean;
        struct key_index *index; /* object: its members by key, when they are many; internal to this layer */
        uint64_t seen;           /* object: internal to the readers */
    };
    const struct schema
        *schema;      /* set by pruning: what the later passes would look up again; NULL: not looked up */
    uint32_t at, end; /* value: bytes [at, end) */
    union {
        uint32_t key_at; /* of a member: bytes [key_at, key_end) */
        uint32_t item;   /* of an array: its number, from 0 */
    };
    uint32_t key_end;
    uint32_t count; /* children, flagged ones included */
    uint8_t kind;
    uint16_t flags;
};

/* Returns the member `key` that the API server would see, or NULL; `object` may be NULL or not an object. */
struct node *node_get(const struct node *object, slice key);
struct node *node_at(const struct node *root,
                     const char *dotted_path); /* node_get() along "spec.s3", which is not empty */

/* Returns the text of a string node; empty when `n` is NULL or of another kind. */
slice node_text(const struct node *n);
slice node_text_at(const struct node *root, const char *dotted_path); /* of node_at() */

/* Iterate over the children that the API server would see: for (n = node_first(x); n; n = node_next(n)).
 * Both accept NULL. */
struct node *node_first(const struct node *container);
struct node *node_next(const struct node *n);

/* Returns the path of a node, such as "spec.tableFilter[1]", with map keys as plain members. The root's is empty. */
slice node_path(struct arena *a, const struct node *n);

const char *node_type_name(const struct node *n); /* "object", "integer", ... as the API server calls it */

/* Compares as Go's reflect.DeepEqual does after JSON decoding, but 1 and 1.0 are equal; flagged nodes are skipped. */
bool node_equal(const struct node *a, const struct node *b);

/* Returns whether two values mean the same. An absent value (NULL), null, {} and [] are equal, as typed clients write
 * `resources: {}` and the like for an absent field. */
bool node_same(const struct node *a, const struct node *b);

/* Puts the node as JSON: one line, members in source order (`sorted`: by key, as Go prints maps). Flagged nodes
 * are left out. */
void node_put_json(struct buf *b, const struct node *n, bool sorted);

/* Puts the node as YAML, laid out as kubectl prints it: block style, two spaces per level, lists indented like their
 * key, strings quoted only where a YAML 1.1 reader would read another type. Ends with a line break. Flagged nodes
 * are left out. */
void node_put_yaml(struct buf *b, const struct node *n, bool sorted);

/* Returns the value as the API server prints it in field errors: strings as Go's %q, numbers and booleans as they are,
 * containers as JSON with sorted keys. */
slice node_value(struct arena *a, const struct node *n);

/* These make nodes (for defaulting, plans and tests). New nodes carry `flags`. */
struct node *node_new(struct arena *a, enum node_kind kind, unsigned flags);
struct node *node_copy(struct arena *a, const struct node *n, unsigned flags); /* deep; parent is NULL */
void node_append(struct node *container, struct node *child); /* child->key set by the caller */

/* ---- readers ---- */

/* Reads one JSON value: RFC 8259, UTF-8, no trailing text, depth and size within brgate_limits.h. An error is
 * added as a finding (rules json-syntax, document-too-deep, document-too-large) and NULL is returned.
 * Duplicate keys are findings (duplicate-key) and the last wins. Integers that fit int64 without fraction or
 * exponent are NODE_INT, other numbers NODE_FLOAT. Strings without escapes point into `bytes`. */
struct node *json_read(struct arena *a, slice bytes, struct findings *f);

/* One document of a stream. */
struct document {
    struct document *next;
    struct node *root; /* NULL when the document could not be read: its findings say why */
    uint32_t at, end;  /* bytes of the stream */
    uint32_t number;   /* 1 for the first document of the stream, counting empty ones */
    bool from_list;    /* an item of a List or of a list of objects */
};

struct stream {
    slice bytes;
    struct document *first;
    size_t count; /* documents that are not empty */
};

/* Reads a stream as kubectl does: documents are separated by lines of "---", YAML 1.1 scalars are resolved as in
 * go-yaml, and a stream that starts with '{' is a sequence of JSON values. Empty documents are left out. A broken
 * document is a finding (yaml-syntax, json-syntax, document-too-deep, document-too-large) and the next one is
 * still read. Items of a `kind: List` (BackupList, ...) and of a list of objects become documents of their own, at any
 * depth: such a root has no parent, and takes kind and apiVersion from its List when it has none.
 *
 * A whole number is NODE_INT even when it was written as 1.0 or 1e3, as in the conversion to JSON. The members of a
 * merge key take the key's position, as in go-yaml v2: they override members before it and are overridden by members
 * after it. Constructs that libyaml and go-yaml read differently are refused. */
struct stream *stream_read(struct arena *a, slice bytes, struct findings *f);

#endif
