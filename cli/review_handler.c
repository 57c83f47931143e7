/* Joins the server to the judge: a request's body goes to review_answer(), its log to the server's answer. */
#include "review_handler.h"

#include "ceilings.h"
#include "review.h"
#include "schema.h"

#include <errno.h>
#include <time.h>

enum { CONFIG_BYTES = 1 << 20, MOST_KINDS = 16 };

struct judge {
    struct gate *gate;
    struct arena *names;
    const char *kinds[MOST_KINDS];
    size_t kind_count;
    const char *rules[RULE_COUNT];
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
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
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

/* Without memory for them the hits are missing in the metrics, which is better than no answer. */
static void copy_hits(struct arena *a, const struct review_log *log, struct server_answer *ret)
{
    struct server_hit *hits = arena_try(a, log->rule_count * sizeof *hits);
    for (size_t i = 0; hits && i < log->rule_count; i++)
        hits[i] = (struct server_hit){log->rules[i], log->severities[i] == SEVERITY_ERROR};
    ret->hits = hits;
    ret->hit_count = hits ? log->rule_count : 0;
}

static void answer(void *self, struct arena *a, size_t endpoint, slice body, struct server_answer *ret)
{
    const struct judge *judge = self;
    struct review_log log = {0};
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    ret->body = review_answer(judge->gate, a, (enum endpoint)endpoint, body, now.tv_sec, &log);
    ret->verdict = !log.answered ? SERVER_MALFORMED : log.allowed ? SERVER_ALLOWED : SERVER_DENIED;
    ret->error = log.error;
    ret->operation = operation_of(log.operation);
    ret->kind = kind_of(judge, log.kind);
    ret->uid = log.uid;
    ret->kind_name = log.kind;
    ret->namespace = log.namespace;
    ret->name = log.name;
    ret->dry_run = log.dry_run;
    copy_hits(a, &log, ret);
}

static bool read_policy(struct arena *a, const char *path, struct policy *ret, slice *ret_error)
{
    char *text = arena_alloc(a, 1, CONFIG_BYTES);
    FILE *file = fopen(path, "rbe");
    if (!file) {
        *ret_error = slice_of(strerror(errno));
        return false;
    }
    size_t n = fread(text, 1, CONFIG_BYTES, file);
    bool whole = n < CONFIG_BYTES && !ferror(file);
    fclose(file);
    if (!whole)
        *ret_error = LIT("not readable, or larger than 1 MiB");
    return whole && policy_read(ret, a, (slice){text, n}, ret_error);
}

static bool load_policy(const char *config_file, struct policy *ret, char ret_error[SERVER_ERROR_SIZE])
{
    struct arena *a = arena_new(LIMIT_ARENA_BYTES);
    bool loaded = false;
    slice why = LIT("out of memory");
    if (a && !arena_guard(a)) {
        loaded = read_policy(a, config_file, ret, &why);
        arena_unguard(a);
    }
    if (!loaded)
        snprintf(ret_error, SERVER_ERROR_SIZE, "--config %s: %.*s", config_file, FMT(why));
    arena_free(a);
    return loaded;
}

static void list_names(struct judge *judge)
{
    for (size_t i = 0; i < RULE_COUNT; i++)
        judge->rules[i] = rule_info((enum rule_id)i)->slug;
    for (size_t i = 0; i < schema_kind_count && judge->kind_count < MOST_KINDS; i++)
        if (kind_of(judge, schema_kinds[i].kind) == judge->kind_count) /* a kind of two groups is one */
            judge->kinds[judge->kind_count++] = arena_cstr(judge->names, schema_kinds[i].kind);
}

bool review_handler_open(const char *config_file, struct server_handler *ret,
                         char ret_error[SERVER_ERROR_SIZE])
{
    static struct judge judge; /* the process has one */
    struct policy *policy = calloc(1, sizeof *policy);
    judge.names = arena_new(1 << 16);
    snprintf(ret_error, SERVER_ERROR_SIZE, "out of memory");
    if (!policy || !judge.names || (config_file && !load_policy(config_file, policy, ret_error))) {
        free(policy);
        return false;
    }
    judge.gate = gate_open(policy);
    free(policy);
    if (!judge.gate || arena_guard(judge.names))
        return false;
    list_names(&judge);
    arena_unguard(judge.names);
    *ret = (struct server_handler){.self = &judge,
                                   .answer = answer,
                                   .paths = paths,
                                   .path_count = sizeof paths / sizeof *paths,
                                   .kinds = judge.kinds,
                                   .kind_count = judge.kind_count,
                                   .rules = judge.rules,
                                   .rule_count = RULE_COUNT};
    return true;
}
