/* A small API server for tests, over HTTPS on a port of its own: objects by path with resourceVersions,
 * create and update with conflicts, dry runs of creations, strategic merge of webhooks, one bearer token; and it fails when told
 * to. */
#ifndef BRGATE_API_DOUBLE_H
#define BRGATE_API_DOUBLE_H

#include "certificate.h"

struct api;

enum { API_TEXT = 64 << 10 };

struct api *api_start(void); /* asserts that it starts */
void api_stop(struct api *api);

unsigned api_port(const struct api *api);
slice api_ca(const struct api *api); /* PEM */

/* The only token that is taken; "token" at first. */
void api_set_token(struct api *api, const char *token);

/* The clock of all doubles, as their answers tell it: seconds that it is ahead of ours; 0 at first. */
void api_set_clock(int64_t ahead);

/* Stores an object as it is, with a resourceVersion of its own. */
void api_put(struct api *api, const char *path, const char *json);
void api_delete(struct api *api, const char *path);

/* Serves a list of these objects' JSON, which must last, at the path of a collection: page by page, as `limit` and
 * `continue` ask. */
void api_list(struct api *api, const char *path, const char *const *items, size_t count);

/* Answers all requests with this text, which must last, whatever their token: another server with JSON, such as PD. NULL
 * ends that. Faults come first. */
void api_say(struct api *api, const char *json);

/* Sets the answer to SubjectAccessReviews; yes at first. */
void api_answer_reviews(struct api *api, bool allowed);

/* A text of the object: "metadata.name", "webhooks[0].clientConfig.caBundle"; "" when it is not there. */
const char *api_text(struct api *api, const char *path, const char *at);

/* The object as JSON, in the double's memory until the next call. */
const char *api_json(struct api *api, const char *path);

/* The next `times` requests whose "METHOD /path" begins with `request` get this status and these headers
 * ("Retry-After: 1", or NULL). Status 0: the answer takes a second. */
void api_fail(struct api *api, const char *request, int status, const char *header, unsigned times);

/* ---- watches: GETs with "watch=1", which last until they are ended ---- */

/* Sends these bytes that many times to all open watches of the path. */
void api_push(struct api *api, const char *path, slice bytes, unsigned times);
unsigned api_watches(struct api *api, const char *path); /* open ones */
/* Ends all watches: properly, or in the middle of a chunk. */
void api_end_watches(struct api *api, bool orderly);

/* Ends all connections and listens again, on the same port. */
void api_restart(struct api *api);

/* So many requests began with this so far. */
unsigned api_count(struct api *api, const char *request);

/* A kubeconfig for it below `directory`; its path, in static memory. */
const char *api_kubeconfig(struct api *api, const char *directory, const char *token);

#endif
