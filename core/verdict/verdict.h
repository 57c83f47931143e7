/* Judges manifests and changes: bytes in, verdict out.
 *
 * The verdict depends only on the bytes, the policy and `now`. Nothing here opens a file or socket, reads a clock,
 * environment or locale, or keeps state between calls. Everything returned lives in the given arena, or points into
 * the judged bytes. */
#ifndef BRGATE_VERDICT_H
#define BRGATE_VERDICT_H

#include "policy.h"

struct findings;      /* finding.h */
struct node;          /* document.h: hosts only pass it on */
struct resource;      /* model.h */
struct schema_kind;   /* schema.h */
struct schema_tables; /* schema.h */

/* The shared data of all judging: policy and schemas. Immutable once open; any number of threads may use it. */
struct gate;
/* Copies the policy; the schemas must outlive the gate. Returns NULL when memory runs out; free the gate with
 * gate_close(). */
struct gate *gate_open(const struct policy *policy, const struct schema_tables *schemas);
void gate_close(struct gate *g);

/* Returns the kind that the gate judges as that apiVersion and kind, or NULL. */
const struct schema_kind *gate_kind(const struct gate *g, slice api_version, slice kind);

/* Returns the gate for the objects of a namespace, with the policy's settings for it. It belongs to `g`, and is `g` when the
 * policy has none. */
const struct gate *gate_in(const struct gate *g, slice namespace);

/* One finding as hosts see it: flat and final. Texts are UTF-8 on one line. */
struct diagnostic {
    const struct rule *rule;
    enum severity severity; /* never OFF */
    enum field_error error;
    slice path;          /* "spec.s3.storageClass"; empty for the document as a whole */
    slice message, hint; /* hint may be empty */
    uint32_t from, to;   /* bytes of the stream; 0, 0 when the object has no text of its own */
    slice note;          /* a second place; empty: none */
    uint32_t note_from, note_to;
    slice suggested; /* the value or key to write instead; empty: none is certain to be right */
    /* The same as bytes of the stream: `edit_text` instead of [edit_from, edit_to). Empty where the text cannot be
     * changed there alone. */
    slice edit_text;
    uint32_t edit_from, edit_to;
    bool ratcheted; /* an error that was there before this update: a warning now */
};

/* The order in which diagnostics are reported: by position, rule, path and message. */
int diagnostic_cmp(const struct diagnostic *a, const struct diagnostic *b);

enum verdict_status {
    VERDICT_JUDGED,
    VERDICT_SKIPPED, /* another kind: not ours to judge */
    VERDICT_BROKEN,  /* not an object that could be judged; diagnostics say why */
};

/* A suppression in the text (`# brgate: allow RULE: REASON`) or in an annotation, that was used. */
struct suppressed {
    struct suppressed *next;
    const struct rule *rule;
    slice path, reason;
};

struct verdict {
    struct verdict *next;
    enum verdict_status status;
    slice api_version, kind, namespace, name; /* as written; name may be generateName */
    struct diagnostic *diagnostics;           /* errors and warnings by position in the text, then by rule */
    size_t diagnostic_count, errors, warnings, dropped; /* dropped: beyond the limits */
    struct suppressed *suppressed;
    const struct resource *object;      /* NULL unless judged */
    struct node *root;                  /* NULL when unreadable; flags tell what was pruned and defaulted */
    uint32_t at, end;                   /* bytes of the stream */
    uint32_t number;                    /* of the document in its stream, from 1 */
    const struct suppressions *allowed; /* by its annotations (suppress.h) */
};

struct stream_verdict {
    slice bytes;
    const struct line_table *lines;
    const struct suppressions *allowed; /* by comments (suppress.h) */
    struct verdict *first;
    size_t count, skipped; /* objects; those of other kinds */
    size_t errors, warnings, suppressed;
};

/* The names of the kinds that are judged, from 0; empty beyond the last. Each is a kind of both groups. */
slice verdict_kind(size_t number);

/* Judges every document of a manifest from its text alone, each with the policy of the namespace that it names. A document that cannot be read has a broken verdict among
 * the others. Returns NULL when the arena is exhausted: call it outside arena_run(). */
const struct stream_verdict *verdict_manifest(const struct gate *g, struct arena *a, slice bytes,
                                              int64_t now);

/* A change to an object, as in an admission request. */
struct change {
    enum context context; /* CREATE, UPDATE, DELETE */
    const struct schema_kind *kind;
    struct node *object;       /* on DELETE the deleted one */
    struct node *old_object;   /* UPDATE only */
    struct findings *readings; /* what reading it has found; those in `object` count. NULL: nothing */
    bool always;               /* judge an update that leaves the spec unchanged, too */
};

/* Judges a change, and modifies the trees of both objects (prune, default). An update that leaves the spec unchanged
 * has no findings, unless it is to be judged always, or removes from the status of a pingcap.com Backup that it has
 * started; nothing else is exempt, not even an object that is being deleted, as its spec decides what the deletion does.
 * `defaults` says whether to add the policy's defaults to change->object afterwards, for a patch. */
const struct verdict *verdict_change(const struct gate *g, struct arena *a, const struct change *change,
                                     bool defaults, int64_t now);

#endif
