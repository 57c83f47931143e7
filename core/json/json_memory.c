/* cJSON's allocation hooks on a thread's arena, and a printer that writes into the arena. */
#include "json_memory.h"

#include "buf.h"
#include "bug.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static _Thread_local struct arena *current;
static _Thread_local bool exhausted;

static void *take(size_t size)
{
    if (!current)
        return malloc(size);
    void *p = arena_try_bytes(current, size);
    exhausted = exhausted || !p;
    return p;
}

static void give_back(void *p)
{
    if (!current)
        free(p);
}

/* Before main(), so before there are threads: cJSON's hooks are of the process. */
__attribute__((constructor)) static void install(void)
{
    cJSON_InitHooks(&(cJSON_Hooks){.malloc_fn = take, .free_fn = give_back});
}

void json_memory_enter(struct arena *a)
{
    BUG_IF(current);
    current = a;
    exhausted = false;
}

void json_memory_leave(void)
{
    current = NULL;
}

static const char *c_text(slice text)
{
    BUG_IF(!current);
    size_t nuls = 0, n = 0;
    if (text.n && memchr(text.p, 0, text.n))
        for (size_t i = 0; i < text.n; i++)
            nuls += text.p[i] == 0;
    char *copy = arena_try_bytes(current, text.n + 2 * nuls + 1);
    exhausted = exhausted || !copy;
    if (!copy)
        return "";
    if (!nuls && text.n)
        memcpy(copy, text.p, n = text.n);
    for (size_t i = 0; nuls && i < text.n; i++) {
        if (text.p[i])
            copy[n++] = text.p[i];
        else
            n += (size_t)snprintf(copy + n, 4, "\xef\xbf\xbd");
    }
    copy[n] = '\0';
    return copy;
}

void json_put_text(cJSON *object, const char *key, slice text)
{
    cJSON_AddItemToObjectCS(object, key, cJSON_CreateStringReference(c_text(text)));
}

void json_put_raw(cJSON *object, const char *key, slice json)
{
    cJSON_AddRawToObject(object, key, c_text(json));
}

void json_put_bool(cJSON *object, const char *key, bool value)
{
    cJSON_AddItemToObjectCS(object, key, cJSON_CreateBool(value));
}

void json_put_count(cJSON *object, const char *key, uint64_t value)
{
    char digits[24];
    snprintf(digits, sizeof digits, "%llu", (unsigned long long)value);
    cJSON_AddItemToObjectCS(object, key, cJSON_CreateRaw(digits));
}

cJSON *json_put_object(cJSON *object, const char *key)
{
    cJSON *item = cJSON_CreateObject();
    cJSON_AddItemToObjectCS(object, key, item);
    return item;
}

cJSON *json_put_list(cJSON *object, const char *key)
{
    cJSON *item = cJSON_CreateArray();
    cJSON_AddItemToObjectCS(object, key, item);
    return item;
}

void json_append(cJSON *list, cJSON *item)
{
    cJSON_AddItemToArray(list, item);
}

void json_append_text(cJSON *list, slice text)
{
    cJSON_AddItemToArray(list, cJSON_CreateStringReference(c_text(text)));
}

static void print_item(struct buf *b, const cJSON *item)
{
    if (cJSON_IsString(item)) {
        buf_json_text(b, slice_of(item->valuestring));
    } else if (cJSON_IsRaw(item)) {
        buf_put(b, slice_of(item->valuestring));
    } else if (cJSON_IsBool(item)) {
        buf_put(b, cJSON_IsTrue(item) ? LIT("true") : LIT("false"));
    } else {
        bool object = cJSON_IsObject(item);
        BUG_IF(!object && !cJSON_IsArray(item));
        buf_char(b, object ? '{' : '[');
        for (const cJSON *child = item->child; child; child = child->next) {
            if (child != item->child)
                buf_char(b, ',');
            if (object) {
                buf_json_text(b, slice_of(child->string));
                buf_char(b, ':');
            }
            print_item(b, child);
        }
        buf_char(b, object ? '}' : ']');
    }
}

slice json_print(const cJSON *root)
{
    BUG_IF(!current);
    if (exhausted || !root)
        return (slice){0};
    struct buf b = buf_new(current, SIZE_MAX);
    print_item(&b, root);
    return buf_slice(&b);
}
