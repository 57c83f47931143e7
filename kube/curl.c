/* Loads libcurl of Debian's OpenSSL flavour. */
#include "curl.h"

#include <dlfcn.h>
#include <pthread.h>
#include <stdbool.h>

static struct curl functions;
static struct error why;
static bool loaded;

static void load(void)
{
    void *library = dlopen("libcurl.so.4", RTLD_NOW | RTLD_LOCAL);
    bool complete = library != NULL;
#define LOAD(name)                                                                                           \
    if (complete) {                                                                                          \
        void *symbol = dlsym(library, "curl_" #name);                                                        \
        memcpy(&functions.name, &symbol, sizeof symbol);                                                     \
        complete = symbol != NULL;                                                                           \
    }
    CURL_FUNCTIONS(LOAD)
#undef LOAD
    if (!complete)
        error_set(&why, "%s", dlerror());
    else
        loaded = functions.global_init(CURL_GLOBAL_DEFAULT) == CURLE_OK;
}

const struct curl *curl_load(struct error *reterr)
{
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    pthread_once(&once, load);
    if (loaded)
        return &functions;
    error_set(reterr, "%s", why.text[0] ? why.text : "it cannot be initialized");
    return NULL;
}
