/* Joins the server to the judge: a request's body goes to review_answer(), its log to the server's answer. */
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

struct judge {
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

static unsigned kind_of(const struct judge *judge, slice word)
{
    unsigned i = 0;
    while (i < judge->kind_count && !slice_eq(word, slice_of(judge->kinds[i])))
        i++;
    return i;
}

/* Without memory for them the metrics lack these findings, which is better than no answer. */
static void copy_hits(struct arena *a, const struct review_facts *log, struct server_answer *ret)
{
    static const enum server_effect effects[] = {[EFFECT_WARNS] = SERVER_WARNS,
                                                 [EFFECT_WOULD_DENY] = SERVER_WOULD_REFUSE,
                                                 [EFFECT_DENIES] = SERVER_REFUSES};
    struct server_hit *hits = arena_try(a, log->rule_count * sizeof *hits);
    for (size_t i = 0; hits && i < log->rule_count; i++)
        hits[i] = (struct server_hit){log->rules[i], effects[log->effects[i]]};
    ret->hits = hits;
    ret->hit_count = hits ? log->rule_count : 0;
}

static enum server_verdict verdict_of(const struct review_facts *log)
{
    return !log->answered    ? SERVER_MALFORMED
           : !log->allowed   ? SERVER_DENIED
           : log->would_deny ? SERVER_WOULD_DENY
                             : SERVER_ALLOWED;
}

static void answer(void *context, struct arena *a, size_t endpoint, slice body, struct server_answer *ret)
{
    struct judge *judge = context;
    struct review_facts log = {0};
    struct gate_place *place = live_gate_enter(&judge->gate);
    ret->body = review_answer(place->gate, a, (enum endpoint)endpoint, body, clock_unix(), &log);
    live_gate_leave(place);
    ret->verdict = verdict_of(&log);
    ret->error = log.error;
    ret->operation = operation_of(log.operation);
    ret->kind = kind_of(judge, log.kind);
    ret->uid = log.uid;
    ret->kind_name = log.kind;
    ret->namespace = log.namespace;
    ret->name = log.name;
    ret->user = log.user;
    ret->dry_run = log.dry_run;
    copy_hits(a, &log, ret);
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
static bool lifts_policy(const struct judge *judge, const struct policy *policy, struct error *reterr)
{
    if (!judge->has_policy || !policy_is_empty(policy))
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

static void set_in_effect(struct judge *judge, slice text, const struct policy *policy)
{
    struct server_policy p = {.enforcement = enforcement_word((enum enforcement)policy->enforcement_all)};
    if (judge->config_file)
        sha256_of(text, p.sha256);
    pthread_mutex_lock(&judge->lock);
    judge->in_effect = p;
    pthread_mutex_unlock(&judge->lock);
}

static void in_effect(void *context, struct server_policy *ret)
{
    struct judge *judge = context;
    pthread_mutex_lock(&judge->lock);
    *ret = judge->in_effect;
    pthread_mutex_unlock(&judge->lock);
}

/* A gate with the policy of that text; NULL with the reason. */
static struct gate *open_gate(struct judge *judge, slice text, struct error *reterr)
{
    struct opening o = {.arena = arena_new(LIMIT_ARENA_BYTES),
                        .policy = calloc(1, sizeof *o.policy),
                        .text = text,
                        .error = {"out of memory"}};
    bool read = o.arena && o.policy && arena_run(o.arena, read_policy, &o) && o.read &&
                !lifts_policy(judge, o.policy, &o.error);
    bool has_policy = read && !policy_is_empty(o.policy);
    if (read && judge->defaults)
        o.policy->defaults = judge->mode;
    if (read && judge->enforcement)
        policy_enforce(o.policy, judge->enforcement);
    struct gate *gate = read ? gate_open(o.policy, &builtin_schemas) : NULL;
    if (gate) {
        judge->has_policy = has_policy;
        set_in_effect(judge, text, o.policy);
    } else {
        error_set(reterr, "--config %s:%s", judge->config_file, o.error.text);
    }
    free(o.policy);
    arena_free(o.arena);
    return gate;
}

static void remember(struct judge *judge, char *text, size_t size)
{
    free(judge->tried);
    judge->tried = text;
    judge->tried_size = size;
}

static enum server_reload reload(void *context, bool forced, struct error *reterr)
{
    struct judge *judge = context;
    size_t size = 0;
    bool was_unreadable = !judge->tried;
    char *text = read_config(judge->config_file, &size, reterr);
    if (!text) {
        remember(judge, NULL, 0);
        return was_unreadable && !forced ? SERVER_UNCHANGED : SERVER_NOT_RELOADED; /* said once */
    }
    bool same = judge->tried && size == judge->tried_size && memcmp(text, judge->tried, size) == 0;
    remember(judge, text, size);
    if (same && !forced)
        return SERVER_UNCHANGED;
    struct gate *fresh = open_gate(judge, (slice){text, size}, reterr);
    if (!fresh)
        return SERVER_NOT_RELOADED;
    live_gate_replace(&judge->gate, fresh);
    return SERVER_RELOADED;
}

static void list_names(void *context)
{
    struct judge *judge = context;
    for (size_t i = 0; i < rule_count(); i++)
        judge->rules[i] = rule_at(i)->slug;
    while (judge->kind_count < MOST_KINDS && verdict_kind(judge->kind_count).n) {
        judge->kinds[judge->kind_count] = arena_cstr(judge->names, verdict_kind(judge->kind_count));
        judge->kind_count++;
    }
}

static bool open_judge(struct judge *judge, const struct server_judging *o, struct error *reterr)
{
    slice text = {0};
    error_set(reterr, "out of memory");
    judge->names = arena_new(1 << 16);
    if (!judge->names || !arena_run(judge->names, list_names, judge))
        return false;
    struct error why;
    if (judge->defaults && !defaults_mode_read(slice_of(judge->defaults), &judge->mode, &why))
        return error_set(reterr, "--defaults %s: %s", judge->defaults, why.text);
    if (o->enforcement && !enforcement_read(slice_of(o->enforcement), &judge->enforcement, &why))
        return error_set(reterr, "--enforcement %s: %s", o->enforcement, why.text);
    if (judge->config_file) {
        judge->tried = read_config(judge->config_file, &judge->tried_size, reterr);
        if (!judge->tried)
            return false;
        text = (slice){judge->tried, judge->tried_size};
    }
    struct gate *gate = open_gate(judge, text, reterr);
    judge->gate.places[0].gate = gate;
    return gate;
}

static void close_judge(void *context)
{
    struct judge *judge = context;
    live_gate_close(&judge->gate);
    arena_free(judge->names);
    free(judge->tried);
    pthread_mutex_destroy(&judge->lock);
    free(judge);
}

bool review_handler_open(const struct server_judging *o, struct server_handler *ret, struct error *reterr)
{
    struct judge *judge = calloc(1, sizeof *judge);
    if (!judge) {
        error_set(reterr, "out of memory");
        return false;
    }
    judge->config_file = o->config_file;
    judge->defaults = o->defaults;
    pthread_mutex_init(&judge->lock, NULL);
    if (!open_judge(judge, o, reterr)) {
        close_judge(judge);
        return false;
    }
    *ret = (struct server_handler){.context = judge,
                                   .answer = answer,
                                   .paths = paths,
                                   .path_count = COUNT(paths),
                                   .kinds = judge->kinds,
                                   .kind_count = judge->kind_count,
                                   .rules = judge->rules,
                                   .rule_count = rule_count(),
                                   .reload = judge->config_file ? reload : NULL,
                                   .policy = in_effect,
                                   .close = close_judge};
    return true;
}
