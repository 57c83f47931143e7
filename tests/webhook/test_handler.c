/* A handler for tests: the body chooses the answer, and the answer tells what arrived. */
#include "test_handler.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

static const char *const paths[] = {"/validate", "/mutate"};
static const char *const kinds[] = {"Backup"};
static const char *const rules[] = {"first-rule", "second-rule"};

static void answer(void *context, struct arena *a, size_t endpoint, slice body, struct server_answer *ret)
{
    (void)context;
    static const struct server_hit hits[] = {{0, true}, {0, true}, {1, false}};
    ret->operation = SERVER_CREATE;
    ret->uid = LIT("u-1");
    ret->kind_name = LIT("Backup");
    ret->namespace = LIT("ns");
    ret->name = LIT("a\"b\nc");
    ret->verdict = SERVER_ALLOWED;
    if (slice_starts(body, LIT("fail")))
        return;
    if (slice_starts(body, LIT("greedy"))) {
        while (arena_try(a, 4096))
            ;
        return;
    }
    if (slice_starts(body, LIT("costly")) && !arena_try(a, 1 << 20))
        return;
    if (slice_starts(body, LIT("large and costly")) && !arena_try(a, 8 << 20))
        return;
    if (slice_starts(body, LIT("forge"))) /* a blank, CSI of eight bits, right-to-left override */
        ret->name = LIT("x in 1 us, uid forged\xc2\x9b\xe2\x80\xae");
    if (slice_starts(body, LIT("slow")))
        nanosleep(&(struct timespec){0, 300000000}, NULL);
    if (slice_starts(body, LIT("deny"))) {
        ret->verdict = SERVER_DENIED;
        ret->hits = hits;
        ret->hit_count = 3;
    }
    if (slice_starts(body, LIT("junk")))
        ret->verdict = SERVER_MALFORMED;
    size_t n = slice_starts(body, LIT("large")) ? 4 << 20 : 64;
    char *text = arena_try(a, n);
    if (!text)
        return;
    int begin = snprintf(text, n, "{\"endpoint\":%zu,\"bytes\":%zu}", endpoint, body.n);
    memset(text + begin, ' ', n - (size_t)begin);
    ret->body = (slice){text, n > 64 ? n : (size_t)begin};
}

static enum server_reload reload(void *context, bool forced, struct error *reterr)
{
    (void)context;
    error_set(reterr, "policy %d", test_policy);
    return test_policy == 0 && !forced ? SERVER_UNCHANGED
           : test_policy < 0           ? SERVER_NOT_RELOADED
                                       : SERVER_RELOADED;
}

int test_policy;

const struct server_handler test_handler = {.answer = answer,
                                            .paths = paths,
                                            .path_count = 2,
                                            .kinds = kinds,
                                            .kind_count = 1,
                                            .rules = rules,
                                            .rule_count = 2,
                                            .reload = reload};

bool test_handler_open(const char *config_file, const char *defaults, struct server_handler *ret,
                       struct error *reterr)
{
    (void)defaults;
    *ret = test_handler;
    if (config_file)
        error_set(reterr, "--config %s: not readable", config_file);
    return !config_file;
}
