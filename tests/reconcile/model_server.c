/* model_server: the model API server of the simulation, for a script: each line of standard input is METHOD, path with query and
 * body, separated by tabs; the answer is the status, a tab and the body on one line. Two more methods: COLLECT lets the garbage
 * collector work, FORGET drops the versions that a watch could start from. A watch answers with the lines that are there, and a
 * bookmark, as a JSON array. tests/e2e/stories/75-model.sh gives the same lines to a real API server. */
#include "api.h"

#include "brgate_limits.h"
#include "builtin_schemas.h"
#include "tree.h"

#include <stdio.h>
#include <stdlib.h>

struct server {
    struct simulation s;
    struct api api;
    const struct schema_set *schemas;
    char *line;
};

static slice cut_word(slice *rest, char end)
{
    size_t n = slice_find_char(*rest, end);
    slice word = slice_cut(*rest, 0, n);
    *rest = n == SLICE_NONE ? (slice){0} : slice_from(*rest, n + 1);
    return word;
}

/* "/apis/batch/v1/namespaces/NS/jobs/NAME/status" and "/api/v1/..." */
static struct machine_request request_of(struct arena *a, slice path)
{
    struct machine_request q = {0};
    slice rest = cut_word(&path, '?');
    q.query = path;
    cut_word(&rest, '/');
    bool core = slice_eq(cut_word(&rest, '/'), LIT("api"));
    slice group = core ? (slice){0} : cut_word(&rest, '/'), version = cut_word(&rest, '/');
    q.group_version = arena_cstr(a, core ? version : arena_fmt(a, "%.*s/%.*s", FMT(group), FMT(version)));
    cut_word(&rest, '/'); /* namespaces */
    q.namespace = cut_word(&rest, '/');
    q.resource = arena_cstr(a, cut_word(&rest, '/'));
    q.name = cut_word(&rest, '/');
    q.subresource = rest.n ? arena_cstr(a, rest) : NULL;
    return q;
}

static enum machine_verb verb_of(slice method, const struct machine_request *q)
{
    static const struct {
        slice method;
        enum machine_verb verb;
    } verbs[] = {{SLICE("POST"), MACHINE_CREATE},
                 {SLICE("PUT"), MACHINE_UPDATE},
                 {SLICE("PATCH"), MACHINE_PATCH},
                 {SLICE("DELETE"), MACHINE_DELETE}};
    for (size_t i = 0; i < COUNT(verbs); i++)
        if (slice_eq(verbs[i].method, method))
            return verbs[i].verb;
    return q->name.n ? MACHINE_GET : query_value(q->query, "watch").n ? MACHINE_WATCH : MACHINE_LIST;
}

static void watch(struct server *s, const struct machine_request *q)
{
    size_t at = api_watch(&s->api, query_value(q->query, "resourceVersion"));
    if (at == SIZE_MAX) {
        printf("410\t{\"kind\":\"Status\",\"reason\":\"Expired\"}\n");
        return;
    }
    printf("200\t[");
    for (; at < api_changes(&s->api); at++) {
        const struct api_change *c = api_change_at(&s->api, at, q->group_version, q->resource);
        if (c)
            printf("%.*s,", (int)c->n, c->line);
    }
    printf("{\"type\":\"BOOKMARK\",\"object\":{\"metadata\":{\"resourceVersion\":\"%llu\"}}}]\n",
           (unsigned long long)s->s.world.next_uid - 1);
}

static void serve(void *context)
{
    struct server *s = context;
    slice rest = slice_of(s->line);
    slice method = cut_word(&rest, '\t'), path = cut_word(&rest, '\t');
    if (slice_eq(method, LIT("COLLECT"))) {
        world_collect(&s->s.world);
        api_poll(&s->api);
        printf("200\t{}\n");
        return;
    }
    if (slice_eq(method, LIT("FORGET"))) {
        api_forget(&s->api, 0);
        printf("200\t{}\n");
        return;
    }
    struct machine_request q = request_of(s->s.scratch, path);
    q.verb = verb_of(method, &q);
    q.body = rest;
    if (q.verb == MACHINE_WATCH) {
        watch(s, &q);
        return;
    }
    struct api_answer answer = api_do(&s->api, &q);
    printf("%d\t%.*s\n", answer.status, FMT(answer.body));
}

static void in_world(void *context)
{
    struct server *s = context;
    if (!arena_run(s->s.world.arena, serve, s))
        abort();
}

static void load(void *context)
{
    struct server *s = context;
    s->schemas = schema_set_new(s->s.scratch, &builtin_schemas);
}

int main(void)
{
    struct server s = {.s.scratch = arena_new(LIMIT_ARENA_BYTES)};
    struct arena *own = s.s.scratch;
    size_t capacity = 0;
    ssize_t n;
    if (!own || !arena_run(own, load, &s) || !simulation_open(&s.s, s.schemas, 1))
        return 2;
    api_open(&s.api, &s.s);
    while ((n = getline(&s.line, &capacity, stdin)) > 0) {
        s.line[n - 1] = 0;
        if (!arena_run(s.s.scratch, in_world, &s))
            return 2;
        arena_reset(s.s.scratch);
        fflush(stdout);
    }
    free(s.line);
    api_close(&s.api);
    simulation_close(&s.s);
    arena_free(own);
    return 0;
}
