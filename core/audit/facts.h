/* What the objects of a cluster need from it, and what is wrong with that. Pure: the caller asks the cluster.
 *
 *     facts_note(...)           for each object, while they are listed
 *     facts_first/next()        each thing that is needed, once: the caller asks for it and sets what it learns
 *     facts_judge()             tells each object's findings
 *
 * Of a Secret it keeps only whether it exists and which of the needed keys it has. */
#ifndef BRGATE_FACTS_H
#define BRGATE_FACTS_H

#include "model.h"
#include "verdict.h"

enum fact_kind { FACT_SECRET, FACT_ACCOUNT, FACT_CLUSTER, FACT_KIND_COUNT };

enum fact_state { FACT_UNKNOWN, FACT_ABSENT, FACT_PRESENT };

/* What the pods of a service account do with an object: read it, and write its status. */
enum fact_right { RIGHT_READ = 1, RIGHT_WRITE = 2 };

/* One thing that objects need. The first part is asked for, the second is what has been learnt. */
struct fact {
    struct fact *next, *next_in_slot;
    enum fact_kind kind;
    enum api_group group; /* of the objects; of a Secret: always GROUP_BR */
    slice namespace, name;
    bool runs_backups, runs_compactions; /* an account */

    enum fact_state state;
    unsigned keys;                             /* of a Secret: as facts_keys() has them */
    unsigned lacks_backups, lacks_compactions; /* of an account: enum fact_right */
    slice version;                             /* of a cluster: "v8.5.2"; empty: not known */
};

struct facts;

struct facts *facts_new(struct arena *a, const struct gate *g); /* NULL when the arena is exhausted */

/* Notes what the object of that number needs; numbers come in order. Rules that are off need nothing. False when the arena
 * is exhausted. */
bool facts_note(struct facts *f, uint32_t object, const struct verdict *v);

struct fact *facts_first(struct facts *f); /* the rest by `next` */

/* Returns which of the keys that storages ask for the Secret has. */
unsigned facts_keys(const struct node *secret);

/* Returns the version of TiKV that a TidbCluster or a TiKVGroup gives; empty when it gives none. */
slice facts_version(const struct node *cluster);

/* Calls `tell` for each finding, in the order of the objects. The diagnostic's texts live in `a` until `tell` returns. False
 * when `a` is exhausted; call it outside arena_run(). */
bool facts_judge(const struct facts *f, struct arena *a,
                 void (*tell)(void *context, uint32_t object, const struct diagnostic *d), void *context);

#endif
