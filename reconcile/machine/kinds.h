/* The kinds of objects that the machine reads. Internal to this layer. */
#ifndef BRGATE_MACHINE_KINDS_H
#define BRGATE_MACHINE_KINDS_H

#include "machine.h"

/* The first are those of MACHINE_KIND, in its order: the ones that can be handled. */
enum kind_number {
    K_BR_BACKUP,
    K_BR_SCHEDULE,
    K_BR_COMPACT,
    K_PINGCAP_BACKUP,
    K_PINGCAP_SCHEDULE,
    K_PINGCAP_COMPACT,
    K_HANDLED, /* their number */
    K_JOB = K_HANDLED,
    K_POD,
    K_CLUSTER,
    K_PD_GROUP,
    K_TIKV_GROUP,
    K_TIDB_CLUSTER,
    K_OPERATOR, /* Deployments of TiDB Operator */
    K_WATCHED, /* the number of those that are listed and watched; the others are read or written one at a time */
    K_CLAIM = K_WATCHED,
    K_COUNT
};

struct kind {
    const char *group_version, *resource, *name;
    const char *selector; /* of labels, encoded; NULL: all objects */
    unsigned needed_by;   /* the kinds (MACHINE_KIND) that cannot be planned for without it */
    unsigned unknown;     /* of plan.h: what is unknown when it cannot be listed */
    bool has_status;      /* the status is a subresource */
    bool drop_spec;       /* no plan reads its spec: the cache does without */
};

extern const struct kind kinds[K_COUNT];

/* K_COUNT when the machine does not know it. */
enum kind_number kind_of(slice api_version, slice kind);

/* The kinds (MACHINE_KIND) that TiDB Operator handles whose Deployment has that app.kubernetes.io/component. */
unsigned kinds_of_operator(slice component);

bool kind_is_handled(unsigned handled, enum kind_number k); /* `handled` of MACHINE_KIND */
enum api_group kind_group(enum kind_number k);              /* of a kind that can be handled */
enum resource_kind kind_resource(enum kind_number k);       /* the same */

#endif
