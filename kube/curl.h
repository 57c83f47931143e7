/* libcurl, loaded when it is first needed. Internal to this layer. */
#ifndef BRGATE_KUBE_CURL_H
#define BRGATE_KUBE_CURL_H

#define CURL_DISABLE_TYPECHECK
#include "error.h"

#include <curl/curl.h>

#define CURL_FUNCTIONS(X)                                                                                    \
    X(global_init)                                                                                           \
    X(easy_init)                                                                                             \
    X(easy_cleanup)                                                                                          \
    X(easy_setopt)                                                                                           \
    X(easy_perform)                                                                                          \
    X(easy_getinfo)                                                                                          \
    X(easy_strerror)                                                                                         \
    X(getdate)                                                                                               \
    X(slist_append)                                                                                          \
    X(slist_free_all)                                                                                        \
    X(multi_init)                                                                                            \
    X(multi_cleanup)                                                                                         \
    X(multi_add_handle)                                                                                      \
    X(multi_remove_handle)                                                                                   \
    X(multi_perform)                                                                                         \
    X(multi_info_read)                                                                                       \
    X(multi_poll)

struct curl {
#define CURL_FUNCTION(name) __typeof__(curl_##name) *name;
    CURL_FUNCTIONS(CURL_FUNCTION)
#undef CURL_FUNCTION
};

/* NULL with the loader's reason when the library is not there. Loaded once, never unloaded. */
const struct curl *curl_load(struct error *reterr);

#endif
