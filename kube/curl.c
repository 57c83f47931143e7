/* Loads libcurl of Debian's OpenSSL flavour. */
#include "curl.h"

#include <dlfcn.h>
#include <pthread.h>
#include <stdbool.h>

static struct curl functions;
static char why[256];
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
        snprintf(why, sizeof why, "%s", dlerror());
    else
        loaded = functions.global_init(CURL_GLOBAL_DEFAULT) == CURLE_OK;
}

const struct curl *curl_load(const char **ret_why)
{
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    pthread_once(&once, load);
    *ret_why = why[0] ? why : "it cannot be initialised";
    return loaded ? &functions : NULL;
}
