/* The model API server as a machine sees it: requests in, statuses and JSON out; lists in pages, watches from a
 * resourceVersion, forgotten versions. The objects are those of a simulated world (core/simulate). */
#ifndef BRGATE_TEST_API_H
#define BRGATE_TEST_API_H

#include "machine.h"
#include "simulation.h"

enum { PAGE_MOST = 5, PAGES_KEPT = 4 }; /* pages are short, so that lists have several */

struct api_change {
    uint64_t version;
    const char *kind, *type; /* "Job", "ADDED" */
    bool older;              /* of pingcap.com */
    char *line;              /* of a watch */
    size_t n;
};

struct snapshot { /* the objects for the rest of a list */
    uint64_t token, version;
    char **items;
    size_t count;
};

struct known_object {
    uint64_t uid, version;
    const char *kind;
    char *json;
    size_t n;
};

struct api {
    struct simulation *s;
    struct api_change *changes; /* since version `forgotten` */
    size_t change_count, change_capacity, changes_dropped;
    uint64_t forgotten, polled;
    struct known_object *known;
    size_t known_count, known_capacity, deletions_seen;
    struct snapshot snapshots[PAGES_KEPT];
    uint64_t last_token;
    bool has_namespaces; /* the world has an object for each; an object of any other is refused */
    /* Counters for the invariants. */
    size_t requests, writes, events;
};

void api_open(struct api *a, struct simulation *s);
void api_close(struct api *a);

struct api_answer {
    int status;
    slice body; /* in the scratch arena of the simulation */
};

/* Carries out a request other than a watch or a question. */
struct api_answer api_do(struct api *a, const struct machine_request *q);

/* Records what has changed in the world. Call it after each change. */
void api_poll(struct api *a);

/* Returns the number of the first change after that version; SIZE_MAX: it is forgotten (410). */
size_t api_watch(const struct api *a, slice resource_version);
/* Returns the change of that number, counted from the beginning; NULL: it is of another resource, or forgotten. */
const struct api_change *api_change_at(const struct api *a, size_t number, const char *group_version,
                                       const char *resource);
size_t api_changes(const struct api *a); /* their number, including forgotten ones */
bool api_has_forgotten(const struct api *a, size_t number);
void api_forget(struct api *a, size_t kept); /* all changes except the last `kept` */

slice query_value(slice query, const char *key); /* not decoded */

#endif
