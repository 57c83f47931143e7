/* The gate as the server's handler: a body goes to review_answer(), and what that found out to the log and the metrics. */
#include "review_handler.h"

#include "brgate_limits.h"
#include "builtin_schemas.h"
#include "clock.h"
#include "file.h"
#include "live_gate.h"
#include "review.h"

#include <gnutls/crypto.h>
#include <gnutls/gnutls.h>
#include <pthread.h>

enum { MOST_KINDS = 16 };

struct review_handler {
    struct live_gate gate;
    const char *config_file; /* or NULL */
    const char *defaults;    /* the word of `mode`, which goes before the policy's; or NULL */
    enum defaults_mode mode;
    enum enforcement enforcement; /* before the policy's word; DEFAULT: the policy's */
    bool has_policy;              /* the gate in force has a policy that sets something */
    char *tried;                  /* its text when it was last read; NULL: it could not be read */
    size_t tried_size;
    struct arena *names;
    const char *kinds[MOST_KINDS];
    size_t kind_count;
    const char *rules[RULES_MOST];
    pthread_mutex_t lock;
    struct server_policy in_effect; /* under the lock */
};

/* In the order of enum endpoint. */
static const char *const paths[] = {"/validate", "/mutate"};

static enum server_operation operation_of(slice word)
{
    static const struct {
        slice word;
        enum server_operation operation;
    } rows[] = {{SLICE("CREATE"), SERVER_CREATE},
                {SLICE("UPDATE"), SERVER_UPDATE},
                {SLICE("DELETE"), SERVER_DELETE},
                {SLICE("CONNECT"), SERVER_CONNECT}};
    for (size_t i = 0; i < COUNT(rows); i++)
        if (slice_eq(word, rows[i].word))
            return rows[i].operation;
    return SERVER_OTHER_OPERATION;
}

static unsigned kind_of(const struct review_handler *handler, slice word)
{
    unsigned i = 0;
    while (i < handler->kind_count && !slice_eq(word, slice_of(handler->kinds[i])))
        i++;
    return i;
}

/* Without memory for them the metrics lack these findings, which is better than no answer. */
static void copy_hits(struct arena *a, const struct review_facts *facts, struct server_answer *ret)
{
    static const enum server_effect effects[] = {[EFFECT_WARNS] = SERVER_WARNS,
                                                 [EFFECT_WOULD_DENY] = SERVER_WOULD_REFUSE,
                                                 [EFFECT_DENIES] = SERVER_REFUSES};
    struct server_hit *hits = arena_try(a, facts->rule_count * sizeof *hits);
    for (size_t i = 0; hits && i < facts->rule_count; i++)
        hits[i] = (struct server_hit){facts->rules[i], effects[facts->effects[i]]};
    ret->hits = hits;
    ret->hit_count = hits ? facts->rule_count : 0;
}

static enum server_verdict verdict_of(const struct review_facts *facts)
{
    return !facts->answered    ? SERVER_MALFORMED
           : !facts->allowed   ? SERVER_DENIED
           : facts->would_deny ? SERVER_WOULD_DENY
                               : SERVER_ALLOWED;
}

static void answer(void *context, struct arena *a, size_t endpoint, slice body, struct server_answer *ret)
{
    struct review_handler *handler = context;
    struct review_facts facts = {0};
    struct gate_place *place = live_gate_enter(&handler->gate);
    ret->body = review_answer(place->gate, a, (enum endpoint)endpoint, body, clock_unix(), &facts);
    live_gate_leave(place);
    ret->verdict = verdict_of(&facts);
    ret->error = facts.error;
    ret->operation = operation_of(facts.operation);
    ret->kind = kind_of(handler, facts.kind);
    ret->uid = facts.uid;
    ret->kind_name = facts.kind;
    ret->namespace = facts.namespace;
    ret->name = facts.name;
    ret->user = facts.user;
    ret->dry_run = facts.dry_run;
    copy_hits(a, &facts, ret);
}

/* The whole file, or NULL with the reason. */
static char *read_config(const char *path, size_t *ret_size, struct error *reterr)
{
    struct arena *a = arena_new(2 * LIMIT_SETTINGS_BYTES);
    struct error error = {"out of memory"};
    slice text;
    char *copy = NULL;
    if (a && file_read(a, path, LIMIT_SETTINGS_BYTES, &text, &error) && (copy = malloc(text.n + 1))) {
        memcpy(copy, text.p, text.n);
        *ret_size = text.n;
    } else {
        error_set(reterr, "--config %s", error.text);
    }
    arena_free(a);
    return copy;
}

struct opening {
    struct arena *arena;
    struct policy *policy;
    slice text;
    struct error error;
    bool read;
};

static void read_policy(void *context)
{
    struct opening *o = context;
    o->read = policy_read(o->policy, o->arena, o->text, NULL, &o->error);
}

/* An editor that empties a file before it writes it, or a mistake in a template, must not lift a policy without a
 * word. */
static bool lifts_policy(const struct review_handler *handler, const struct policy *policy,
                         struct error *reterr)
{
    if (!handler->has_policy || !policy_is_empty(policy))
        return false;
    error_set(reterr, " the file sets nothing any more; to lift the policy, restart the server");
    return true;
}

static void sha256_of(slice text, char ret[65])
{
    unsigned char digest[32];
    ret[0] = '\0';
    if (gnutls_hash_fast(GNUTLS_DIG_SHA256, slice_c(text), text.n, digest) != 0)
        return;
    for (size_t i = 0; i < sizeof digest; i++)
        snprintf(ret + 2 * i, 3, "%02x", digest[i]);
}

static void set_in_effect(struct review_handler *handler, slice text, const struct policy *policy)
{
    struct server_policy p = {.enforcement = enforcement_word((enum enforcement)policy->enforcement_all)};
    if (handler->config_file)
        sha256_of(text, p.sha256);
    pthread_mutex_lock(&handler->lock);
    handler->in_effect = p;
    pthread_mutex_unlock(&handler->lock);
}

static void in_effect(void *context, struct server_policy *ret)
{
    struct review_handler *handler = context;
    pthread_mutex_lock(&handler->lock);
    *ret = handler->in_effect;
    pthread_mutex_unlock(&handler->lock);
}

/* A gate with the policy of that text; NULL with the reason. */
static struct gate *open_gate(struct review_handler *handler, slice text, struct error *reterr)
{
    struct opening o = {.arena = arena_new(LIMIT_ARENA_BYTES),
                        .policy = calloc(1, sizeof *o.policy),
                        .text = text,
                        .error = {"out of memory"}};
    bool read = o.arena && o.policy && arena_run(o.arena, read_policy, &o) && o.read &&
                !lifts_policy(handler, o.policy, &o.error);
    bool has_policy = read && !policy_is_empty(o.policy);
    if (read && handler->defaults)
        o.policy->defaults = handler->mode;
    if (read && handler->enforcement)
        policy_enforce(o.policy, handler->enforcement);
    struct gate *gate = read ? gate_open(o.policy, &builtin_schemas) : NULL;
    if (gate) {
        handler->has_policy = has_policy;
        set_in_effect(handler, text, o.policy);
    } else {
        error_set(reterr, "--config %s:%s", handler->config_file, o.error.text);
    }
    free(o.policy);
    arena_free(o.arena);
    return gate;
}

static void remember(struct review_handler *handler, char *text, size_t size)
{
    free(handler->tried);
    handler->tried = text;
    handler->tried_size = size;
}

static enum server_reload reload(void *context, bool forced, struct error *reterr)
{
    struct review_handler *handler = context;
    size_t size = 0;
    bool was_unreadable = !handler->tried;
    char *text = read_config(handler->config_file, &size, reterr);
    if (!text) {
        remember(handler, NULL, 0);
        return was_unreadable && !forced ? SERVER_UNCHANGED : SERVER_NOT_RELOADED; /* said once */
    }
    bool same = handler->tried && size == handler->tried_size && memcmp(text, handler->tried, size) == 0;
    remember(handler, text, size);
    if (same && !forced)
        return SERVER_UNCHANGED;
    struct gate *fresh = open_gate(handler, (slice){text, size}, reterr);
    if (!fresh)
        return SERVER_NOT_RELOADED;
    live_gate_replace(&handler->gate, fresh);
    return SERVER_RELOADED;
}

static void list_names(void *context)
{
    struct review_handler *handler = context;
    for (size_t i = 0; i < rule_count(); i++)
        handler->rules[i] = rule_at(i)->slug;
    while (handler->kind_count < MOST_KINDS && verdict_kind(handler->kind_count).n) {
        handler->kinds[handler->kind_count] = arena_cstr(handler->names, verdict_kind(handler->kind_count));
        handler->kind_count++;
    }
}

static bool open_handler(struct review_handler *handler, const struct server_judging *o, struct error *reterr)
{
    slice text = {0};
    error_set(reterr, "out of memory");
    handler->names = arena_new(1 << 16);
    if (!handler->names || !arena_run(handler->names, list_names, handler))
        return false;
    struct error why;
    if (handler->defaults && !defaults_mode_read(slice_of(handler->defaults), &handler->mode, &why))
        return error_set(reterr, "--defaults %s: %s", handler->defaults, why.text);
    if (o->enforcement && !enforcement_read(slice_of(o->enforcement), &handler->enforcement, &why))
        return error_set(reterr, "--enforcement %s: %s", o->enforcement, why.text);
    if (handler->config_file) {
        handler->tried = read_config(handler->config_file, &handler->tried_size, reterr);
        if (!handler->tried)
            return false;
        text = (slice){handler->tried, handler->tried_size};
    }
    struct gate *gate = open_gate(handler, text, reterr);
    handler->gate.places[0].gate = gate;
    return gate;
}

static void close_handler(void *context)
{
    struct review_handler *handler = context;
    live_gate_close(&handler->gate);
    arena_free(handler->names);
    free(handler->tried);
    pthread_mutex_destroy(&handler->lock);
    free(handler);
}

bool review_handler_open(const struct server_judging *o, struct server_handler *ret, struct error *reterr)
{
    struct review_handler *handler = calloc(1, sizeof *handler);
    if (!handler) {
        error_set(reterr, "out of memory");
        return false;
    }
    handler->config_file = o->config_file;
    handler->defaults = o->defaults;
    pthread_mutex_init(&handler->lock, NULL);
    if (!open_handler(handler, o, reterr)) {
        close_handler(handler);
        return false;
    }
    *ret = (struct server_handler){.context = handler,
                                   .answer = answer,
                                   .paths = paths,
                                   .path_count = COUNT(paths),
                                   .kinds = handler->kinds,
                                   .kind_count = handler->kind_count,
                                   .rules = handler->rules,
                                   .rule_count = rule_count(),
                                   .reload = handler->config_file ? reload : NULL,
                                   .policy = in_effect,
                                   .close = close_handler};
    return true;
}
