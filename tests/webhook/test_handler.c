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
    static const struct server_hit hits[] = {{0, SERVER_REFUSES}, {0, SERVER_REFUSES}, {1, SERVER_WARNS}};
    static const struct server_hit watched[] = {{0, SERVER_WOULD_REFUSE}};
    ret->operation = SERVER_CREATE;
    ret->uid = LIT("u-1");
    ret->kind_name = LIT("Backup");
    ret->namespace = LIT("ns");
    ret->name = LIT("a\"b\nc");
    ret->user = LIT("system:serviceaccount:ns:op");
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
    if (slice_starts(body, LIT("watch"))) {
        ret->verdict = SERVER_WOULD_DENY;
        ret->hits = watched;
        ret->hit_count = 1;
    }
    ret->dry_run = slice_ends(body, LIT("dry run"));
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

static void policy(void *context, struct server_policy *ret)
{
    (void)context;
    *ret = (struct server_policy){.sha256 = "5e1f", .enforcement = "deny"};
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
                                            .reload = reload,
                                            .policy = policy};

bool test_handler_open(const struct server_judging *o, struct server_handler *ret, struct error *reterr)
{
    *ret = test_handler;
    if (o->config_file)
        error_set(reterr, "--config %s: not readable", o->config_file);
    return !o->config_file;
}
