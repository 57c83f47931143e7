/* cJSON builds JSON that is put together out of order: reports, and the objects that the keeper of certificates sends.
 * Its hooks have no context argument, so they use an arena of the current thread: between json_memory_enter() and
 * json_memory_leave() every cJSON item lives in that arena (cJSON_Delete is not needed), and a cJSON call returns NULL
 * when the arena is exhausted. Otherwise cJSON uses malloc. */
#ifndef BRGATE_JSON_MEMORY_H
#define BRGATE_JSON_MEMORY_H

#include "arena.h"

#include <cjson/cJSON.h>

/* cJSON's numbers are doubles, which cannot represent every TSO, and these look-ups ignore case. */
#define cJSON_CreateNumber(n)            BANNED(cJSON_CreateNumber)
#define cJSON_AddNumberToObject(o, k, n) BANNED(cJSON_AddNumberToObject)
#define cJSON_GetObjectItem(o, k)        BANNED(cJSON_GetObjectItem)
#define cJSON_HasObjectItem(o, k)        BANNED(cJSON_HasObjectItem)

void json_memory_enter(struct arena *a); /* for this thread; calls do not nest */
void json_memory_leave(void);            /* back to malloc */

/* These add to objects and lists, which may be NULL. Keys are constants: they are not copied. A NUL inside a text
 * becomes U+FFFD, as C strings cannot hold it. */
void json_put_text(cJSON *object, const char *key, slice text);
void json_put_raw(cJSON *object, const char *key, slice json); /* JSON already */
void json_put_bool(cJSON *object, const char *key, bool value);
void json_put_count(cJSON *object, const char *key, uint64_t value); /* exact, unlike cJSON's own numbers */
cJSON *json_put_object(cJSON *object, const char *key);
cJSON *json_put_list(cJSON *object, const char *key);
void json_append(cJSON *list, cJSON *item);
void json_append_text(cJSON *list, slice text);

/* Prints the tree on one line, in the arena and always as UTF-8. Returns the empty slice when memory ran out while
 * the tree was built. cJSON's own printer reads each byte twice and cannot write into the arena. */
slice json_print(const cJSON *root);

#endif
