/* cJSON builds the JSON that brgate sends. Its hooks have no context, so the arena it takes memory from is
 * the thread's: between json_memory_enter() and json_memory_leave() every cJSON item lives in the arena
 * (cJSON_Delete is not needed), and a cJSON call returns NULL when the arena is exhausted. Outside, cJSON
 * uses malloc as ever. */
#ifndef BRGATE_JSON_MEMORY_H
#define BRGATE_JSON_MEMORY_H

#include "arena.h"

#include <cjson/cJSON.h>

/* Its numbers are doubles, which lose TSOs, and these look-ups are blind to case. */
#define cJSON_CreateNumber(n)            BANNED(cJSON_CreateNumber)
#define cJSON_AddNumberToObject(o, k, n) BANNED(cJSON_AddNumberToObject)
#define cJSON_GetObjectItem(o, k)        BANNED(cJSON_GetObjectItem)
#define cJSON_HasObjectItem(o, k)        BANNED(cJSON_HasObjectItem)

void json_memory_enter(struct arena *a);
void json_memory_leave(void);

/* Adding to objects and lists, NULL-safe. Keys are constants: they are not copied. A NUL inside a text is written as U+FFFD: C strings cannot hold
 * it. */
void json_put_text(cJSON *object, const char *key, slice text);
void json_put_raw(cJSON *object, const char *key, slice json); /* JSON already */
void json_put_bool(cJSON *object, const char *key, bool value);
void json_put_count(cJSON *object, const char *key, uint64_t value); /* exact, unlike cJSON's own numbers */
cJSON *json_put_object(cJSON *object, const char *key);
cJSON *json_put_list(cJSON *object, const char *key);
void json_append(cJSON *list, cJSON *item);
void json_append_text(cJSON *list, slice text);

/* The text on one line, in the arena and always UTF-8; the empty slice when memory ran out while the tree was
 * made. cJSON's own printer looks at each byte twice and cannot write into the arena. */
slice json_print(const cJSON *root);

#endif
