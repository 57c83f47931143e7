/* Answers as an API server would, as far as the tests need it. */
#include "check.h"

#include "api_double.h"
#include "api_watches.h"

#include <cjson/cJSON.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { MOST_OBJECTS = 16, MOST_REQUESTS = 4096, MOST_FAULTS = 8, MOST_LISTS = 8, NAME = 256 };

struct resource {
    char path[NAME];
    cJSON *json;
};

struct list {
    char path[NAME];
    const char *const *items;
    size_t count;
};

struct fault {
    char request[NAME], header[NAME];
    int status;
    unsigned left;
};

struct api {
    struct arena *arena;
    struct certificate_pair ca, leaf;
    struct MHD_Daemon *daemon;
    unsigned port;
    pthread_mutex_t lock;
    char token[NAME];
    struct resource objects[MOST_OBJECTS];
    unsigned version;
    char *requests[MOST_REQUESTS];
    size_t request_count;
    struct fault faults[MOST_FAULTS];
    struct list lists[MOST_LISTS];
    size_t list_count;
    bool denies_reviews;
    const char *says; /* to everything; NULL: nothing */
    struct watches watches;
    char text[API_TEXT];
};

static atomic_llong clock_ahead;

struct call { /* one request */
    char body[API_TEXT];
    size_t n;
};

/* ---- objects ---- */

static struct resource *find(struct api *api, const char *path)
{
    for (size_t i = 0; i < MOST_OBJECTS; i++)
        if (api->objects[i].json && strcmp(api->objects[i].path, path) == 0)
            return &api->objects[i];
    return NULL;
}

static void store(struct api *api, const char *path, cJSON *json)
{
    struct resource *o = find(api, path);
    for (size_t i = 0; !o && i < MOST_OBJECTS; i++)
        if (!api->objects[i].json)
            o = &api->objects[i];
    if (!o)
        abort();
    char version[16];
    snprintf(version, sizeof version, "%u", ++api->version);
    cJSON *metadata = cJSON_GetObjectItem(json, "metadata");
    cJSON_DeleteItemFromObject(metadata, "resourceVersion");
    cJSON_AddStringToObject(metadata, "resourceVersion", version);
    if (o->json != json)
        cJSON_Delete(o->json);
    if (path != o->path)
        snprintf(o->path, sizeof o->path, "%s", path);
    o->json = json;
}

static const char *version_of(const cJSON *json)
{
    const char *v =
        cJSON_GetStringValue(cJSON_GetObjectItem(cJSON_GetObjectItem(json, "metadata"), "resourceVersion"));
    return v ? v : "";
}

static void merge_hooks(cJSON *to, const cJSON *from)
{
    const cJSON *patch;
    cJSON *hook;
    cJSON_ArrayForEach(patch, from)
    {
        const char *name = cJSON_GetStringValue(cJSON_GetObjectItem(patch, "name"));
        cJSON_ArrayForEach(hook, to)
        {
            if (strcmp(cJSON_GetStringValue(cJSON_GetObjectItem(hook, "name")), name) != 0)
                continue;
            const char *bundle = cJSON_GetStringValue(
                cJSON_GetObjectItem(cJSON_GetObjectItem(patch, "clientConfig"), "caBundle"));
            cJSON *config = cJSON_GetObjectItem(hook, "clientConfig");
            cJSON_DeleteItemFromObject(config, "caBundle");
            cJSON_AddStringToObject(config, "caBundle", bundle);
        }
    }
}

/* ---- answers ---- */

static enum MHD_Result respond(struct MHD_Connection *c, int status, char *body, const char *header)
{
    struct MHD_Response *r = MHD_create_response_from_buffer(strlen(body), body, MHD_RESPMEM_MUST_FREE);
    const char *colon = header && *header ? strchr(header, ':') : NULL;
    char date[64];
    time_t now = time(NULL) + atomic_load(&clock_ahead);
    struct tm tm;
    strftime(date, sizeof date, "%a, %d %b %Y %H:%M:%S GMT", gmtime_r(&now, &tm));
    MHD_add_response_header(r, "Date", date);
    MHD_add_response_header(r, "Content-Type", "application/json");
    if (colon) {
        char name[NAME];
        snprintf(name, sizeof name, "%.*s", (int)(colon - header), header);
        MHD_add_response_header(r, name, colon + 2);
    }
    enum MHD_Result result = MHD_queue_response(c, (unsigned)status, r);
    MHD_destroy_response(r);
    return result;
}

static enum MHD_Result refuse_with(struct MHD_Connection *c, int status, const char *message,
                                   const char *header)
{
    cJSON *json = cJSON_CreateObject();
    cJSON_AddStringToObject(json, "kind", "Status");
    cJSON_AddStringToObject(json, "message", message);
    cJSON_AddNumberToObject(json, "code", status);
    char *text = cJSON_PrintUnformatted(json);
    cJSON_Delete(json);
    return respond(c, status, text, header);
}

static enum MHD_Result show(struct MHD_Connection *c, int status, const cJSON *json)
{
    return respond(c, status, cJSON_PrintUnformatted(json), NULL);
}

static enum MHD_Result create(struct api *api, struct MHD_Connection *c, const char *path, cJSON *json)
{
    char full[NAME];
    if (MHD_lookup_connection_value(c, MHD_GET_ARGUMENT_KIND, "dryRun")) {
        enum MHD_Result shown = show(c, 201, json);
        cJSON_Delete(json);
        return shown;
    }
    snprintf(full, sizeof full, "%s/%s", path,
             cJSON_GetStringValue(cJSON_GetObjectItem(cJSON_GetObjectItem(json, "metadata"), "name")));
    if (find(api, full)) {
        cJSON_Delete(json);
        return refuse_with(c, 409, "it already exists", NULL);
    }
    store(api, full, json);
    return show(c, 201, json);
}

static enum MHD_Result answer_review(struct api *api, struct MHD_Connection *c, cJSON *json)
{
    cJSON_AddBoolToObject(cJSON_AddObjectToObject(json, "status"), "allowed", !api->denies_reviews);
    enum MHD_Result result = show(c, 201, json);
    cJSON_Delete(json);
    return result;
}

/* Answers like an API server that has the resource, but not the object. */
static enum MHD_Result not_found(struct MHD_Connection *c, const char *path)
{
    cJSON *json = cJSON_CreateObject();
    cJSON_AddStringToObject(json, "kind", "Status");
    cJSON_AddStringToObject(json, "message", "not found");
    cJSON_AddStringToObject(cJSON_AddObjectToObject(json, "details"), "name", strrchr(path, '/') + 1);
    enum MHD_Result result = show(c, 404, json);
    cJSON_Delete(json);
    return result;
}

static enum MHD_Result change(struct api *api, struct MHD_Connection *c, const char *method,
                              struct resource *o, cJSON *json)
{
    if (strcmp(version_of(json), version_of(o->json)) != 0) {
        cJSON_Delete(json);
        return refuse_with(c, 409, "the object has been modified", NULL);
    }
    if (strcmp(method, "PUT") == 0) {
        store(api, o->path, json);
        return show(c, 200, json);
    }
    const char *type = MHD_lookup_connection_value(c, MHD_HEADER_KIND, "Content-Type");
    bool strategic = type && strcmp(type, "application/strategic-merge-patch+json") == 0;
    if (strategic)
        merge_hooks(cJSON_GetObjectItem(o->json, "webhooks"), cJSON_GetObjectItem(json, "webhooks"));
    cJSON_Delete(json);
    if (!strategic)
        return refuse_with(c, 415, "the body of the request was in an unknown format", NULL);
    store(api, o->path, o->json);
    return show(c, 200, o->json);
}

/* With the preconditions of its DeleteOptions. */
static enum MHD_Result erase(struct MHD_Connection *c, struct resource *o, cJSON *options)
{
    const char *version = cJSON_GetStringValue(
        cJSON_GetObjectItem(cJSON_GetObjectItem(options, "preconditions"), "resourceVersion"));
    bool other = version && strcmp(version, version_of(o->json)) != 0;
    cJSON_Delete(options);
    if (other)
        return refuse_with(c, 409, "the precondition does not hold", NULL);
    cJSON *gone = o->json;
    o->json = NULL;
    enum MHD_Result result = show(c, 200, gone);
    cJSON_Delete(gone);
    return result;
}

/* ---- lists ---- */

static size_t argument(struct MHD_Connection *c, const char *name, size_t otherwise)
{
    const char *value = MHD_lookup_connection_value(c, MHD_GET_ARGUMENT_KIND, name);
    return value ? strtoul(value, NULL, 10) : otherwise;
}

static const struct list *find_list(const struct api *api, const char *path)
{
    for (size_t i = 0; i < api->list_count; i++)
        if (strcmp(api->lists[i].path, path) == 0)
            return &api->lists[i];
    return NULL;
}

#define LIST_VERSION "1000000000" /* later than that of any object */

/* The token of the next page is the number of its first object. */
static enum MHD_Result show_list(struct MHD_Connection *c, const struct list *l)
{
    size_t from = argument(c, "continue", 0), to = from + argument(c, "limit", l->count);
    char *body, more[32] = "";
    size_t n;
    FILE *f = open_memstream(&body, &n);
    assert_non_null(f);
    if (to < l->count)
        snprintf(more, sizeof more, "%zu", to);
    fprintf(f,
            "{\"kind\":\"List\",\"metadata\":{\"resourceVersion\":\"" LIST_VERSION
            "\",\"continue\":\"%s\"},\"items\":[",
            more);
    for (size_t i = from; i < to && i < l->count; i++)
        fprintf(f, "%s%s", i > from ? "," : "", l->items[i]);
    fputs("]}", f);
    assert_int_equal(fclose(f), 0);
    return respond(c, 200, body, NULL);
}

/* ---- requests ---- */

static struct fault *fault_for(struct api *api, const char *request)
{
    for (size_t i = 0; i < MOST_FAULTS; i++) {
        struct fault *f = &api->faults[i];
        if (f->left && strncmp(request, f->request, strlen(f->request)) == 0) {
            f->left--;
            return f;
        }
    }
    return NULL;
}

static bool token_is_right(const struct api *api, struct MHD_Connection *c)
{
    const char *got = MHD_lookup_connection_value(c, MHD_HEADER_KIND, "Authorization");
    char want[NAME + 8];
    snprintf(want, sizeof want, "Bearer %s", api->token);
    return got && strcmp(got, want) == 0;
}

static enum MHD_Result answer_locked(struct api *api, struct MHD_Connection *c, const char *method,
                                     const char *path, const struct call *call)
{
    char request[NAME * 2];
    snprintf(request, sizeof request, "%s %s", method, path);
    if (api->request_count < MOST_REQUESTS)
        api->requests[api->request_count++] = strdup(request);
    if (!api->says && !token_is_right(api, c))
        return refuse_with(c, 401, "Unauthorized", NULL);
    struct fault *fault = fault_for(api, request);
    if (fault && fault->status)
        return refuse_with(c, fault->status, "as the test\nwants it", fault->header);
    if (fault)
        nanosleep(&(struct timespec){.tv_sec = 1}, NULL);
    if (api->says)
        return respond(c, 200, strdup(api->says), NULL);
    if (MHD_lookup_connection_value(c, MHD_GET_ARGUMENT_KIND, "watch"))
        return watches_open(&api->watches, c, path);
    const struct list *list = find_list(api, path);
    if (list)
        return show_list(c, list);
    struct resource *o = find(api, path);
    if (strcmp(method, "GET") == 0)
        return o ? show(c, 200, o->json) : not_found(c, path);
    cJSON *json = cJSON_ParseWithLength(call->body, call->n);
    if (!json)
        return refuse_with(c, 400, "no JSON", NULL);
    if (strcmp(method, "POST") == 0 && strstr(path, "/subjectaccessreviews"))
        return answer_review(api, c, json);
    if (strcmp(method, "POST") == 0)
        return create(api, c, path, json);
    if (o && strcmp(method, "DELETE") == 0)
        return erase(c, o, json);
    if (o)
        return change(api, c, method, o, json);
    cJSON_Delete(json);
    return refuse_with(c, 404, "not found", NULL);
}

static enum MHD_Result answer(void *owner, struct MHD_Connection *c, const char *url, const char *method,
                              const char *version, const char *data, size_t *size, void **context)
{
    (void)version;
    struct api *api = owner;
    struct call *call = *context;
    if (!call) {
        *context = calloc(1, sizeof *call);
        return *context ? MHD_YES : MHD_NO;
    }
    if (*size) {
        size_t room = sizeof call->body - call->n, n = *size < room ? *size : room;
        memcpy(call->body + call->n, data, n);
        call->n += n;
        *size = 0;
        return MHD_YES;
    }
    pthread_mutex_lock(&api->lock);
    enum MHD_Result result = answer_locked(api, c, method, url, call);
    pthread_mutex_unlock(&api->lock);
    return result;
}

static void done(void *owner, struct MHD_Connection *c, void **context, enum MHD_RequestTerminationCode how)
{
    (void)owner, (void)c, (void)how;
    free(*context);
    *context = NULL;
}

/* ---- from outside ---- */

static void make_certificates(struct api *api)
{
    const slice names[] = {LIT("127.0.0.1"), LIT("localhost")};
    int64_t now = time(NULL);
    struct error error = {0};
    struct certificate_request ca = {CERTIFICATE_CA, LIT("test CA"), NULL, 0, now - 60, now + 3600};
    struct certificate_request leaf = {CERTIFICATE_SERVER, LIT("api"), names, 2, now - 60, now + 3600};
    assert_true(certificate_make(api->arena, &ca, NULL, &api->ca, &error));
    assert_true(certificate_make(api->arena, &leaf, &api->ca, &api->leaf, &error));
}

static void start_daemon(struct api *api, unsigned port)
{
    api->daemon = MHD_start_daemon(MHD_USE_EPOLL_INTERNAL_THREAD | MHD_USE_TLS | MHD_ALLOW_SUSPEND_RESUME,
                                   (uint16_t)port, NULL, NULL, answer, api, MHD_OPTION_HTTPS_MEM_CERT,
                                   api->leaf.certificate.p, MHD_OPTION_HTTPS_MEM_KEY, api->leaf.key.p,
                                   MHD_OPTION_NOTIFY_COMPLETED, done, NULL,
                                   MHD_OPTION_LISTENING_ADDRESS_REUSE, 1, MHD_OPTION_END);
    assert_non_null(api->daemon);
    api->port = MHD_get_daemon_info(api->daemon, MHD_DAEMON_INFO_BIND_PORT)->port;
}

struct api *api_start(void)
{
    struct api *api = calloc(1, sizeof *api);
    assert_non_null(api);
    api->arena = arena_new(1 << 20);
    api_set_clock(0);
    make_certificates(api);
    api_set_token(api, "token");
    pthread_mutex_init(&api->lock, NULL);
    pthread_mutex_init(&api->watches.lock, NULL);
    start_daemon(api, 0);
    return api;
}

static void stop_daemon(struct api *api)
{
    api_end_watches(api, false);
    MHD_stop_daemon(api->daemon);
}

void api_stop(struct api *api)
{
    stop_daemon(api);
    for (size_t i = 0; i < MOST_OBJECTS; i++)
        cJSON_Delete(api->objects[i].json);
    for (size_t i = 0; i < api->request_count; i++)
        free(api->requests[i]);
    pthread_mutex_destroy(&api->lock);
    pthread_mutex_destroy(&api->watches.lock);
    arena_free(api->arena);
    free(api);
}

void api_restart(struct api *api)
{
    stop_daemon(api);
    start_daemon(api, api->port);
}

void api_push(struct api *api, const char *path, slice bytes, unsigned times)
{
    watches_push(&api->watches, path, bytes, times);
}

unsigned api_watches(struct api *api, const char *path)
{
    return watches_count(&api->watches, path);
}

void api_end_watches(struct api *api, bool orderly)
{
    watches_end(&api->watches, orderly);
}

unsigned api_port(const struct api *api)
{
    return api->port;
}

slice api_ca(const struct api *api)
{
    return api->ca.certificate;
}

void api_set_token(struct api *api, const char *token)
{
    snprintf(api->token, sizeof api->token, "%s", token);
}

void api_say(struct api *api, const char *json)
{
    pthread_mutex_lock(&api->lock);
    api->says = json;
    pthread_mutex_unlock(&api->lock);
}

void api_set_clock(int64_t ahead)
{
    atomic_store(&clock_ahead, ahead);
}

void api_put(struct api *api, const char *path, const char *json)
{
    cJSON *object = cJSON_Parse(json);
    assert_non_null(object);
    pthread_mutex_lock(&api->lock);
    store(api, path, object);
    pthread_mutex_unlock(&api->lock);
}

void api_delete(struct api *api, const char *path)
{
    pthread_mutex_lock(&api->lock);
    struct resource *o = find(api, path);
    if (o) {
        cJSON_Delete(o->json);
        o->json = NULL;
    }
    pthread_mutex_unlock(&api->lock);
}

void api_list(struct api *api, const char *path, const char *const *items, size_t count)
{
    pthread_mutex_lock(&api->lock);
    assert_true(api->list_count < MOST_LISTS);
    struct list *l = &api->lists[api->list_count++];
    *l = (struct list){.items = items, .count = count};
    snprintf(l->path, sizeof l->path, "%s", path);
    pthread_mutex_unlock(&api->lock);
}

void api_answer_reviews(struct api *api, bool allowed)
{
    pthread_mutex_lock(&api->lock);
    api->denies_reviews = !allowed;
    pthread_mutex_unlock(&api->lock);
}

const char *api_text(struct api *api, const char *path, const char *at)
{
    pthread_mutex_lock(&api->lock);
    struct resource *o = find(api, path);
    const cJSON *json = o ? o->json : NULL;
    char copy[NAME], *rest;
    snprintf(copy, sizeof copy, "%s", at);
    for (char *part = strtok_r(copy, ".", &rest); part && json; part = strtok_r(NULL, ".", &rest)) {
        if (part[0] == '/') { /* ".../ca/crt": dots in keys */
            for (char *c = ++part; *c; c++)
                if (*c == '/')
                    *c = '.';
        }
        char *bracket = strchr(part, '[');
        if (bracket)
            *bracket = '\0';
        json = cJSON_GetObjectItem(json, part);
        if (bracket)
            json = cJSON_GetArrayItem(json, (int)strtol(bracket + 1, NULL, 10));
    }
    const char *text = cJSON_GetStringValue(json);
    snprintf(api->text, sizeof api->text, "%s", text ? text : "");
    pthread_mutex_unlock(&api->lock);
    return api->text;
}

const char *api_json(struct api *api, const char *path)
{
    pthread_mutex_lock(&api->lock);
    struct resource *o = find(api, path);
    assert_true(o && cJSON_PrintPreallocated(o->json, api->text, sizeof api->text, false));
    pthread_mutex_unlock(&api->lock);
    return api->text;
}

void api_fail(struct api *api, const char *request, int status, const char *header, unsigned times)
{
    pthread_mutex_lock(&api->lock);
    struct fault *f = api->faults;
    while (f->left)
        f++;
    snprintf(f->request, sizeof f->request, "%s", request);
    snprintf(f->header, sizeof f->header, "%s", header ? header : "");
    f->status = status;
    f->left = times;
    pthread_mutex_unlock(&api->lock);
}

unsigned api_count(struct api *api, const char *request)
{
    unsigned n = 0;
    pthread_mutex_lock(&api->lock);
    for (size_t i = 0; i < api->request_count; i++)
        n += strncmp(api->requests[i], request, strlen(request)) == 0;
    pthread_mutex_unlock(&api->lock);
    return n;
}

const char *api_kubeconfig(struct api *api, const char *directory, const char *token)
{
    static char path[NAME];
    char ca[NAME];
    snprintf(ca, sizeof ca, "%s/ca.crt", directory);
    FILE *f = fopen(ca, "w");
    assert_non_null(f);
    fwrite(api->ca.certificate.p, 1, api->ca.certificate.n, f);
    fclose(f);
    snprintf(path, sizeof path, "%s/kubeconfig", directory);
    f = fopen(path, "w");
    assert_non_null(f);
    fprintf(f,
            "apiVersion: v1\nkind: Config\ncurrent-context: test\n"
            "clusters:\n- name: here\n  cluster: {server: 'https://127.0.0.1:%u', certificate-authority: "
            "ca.crt}\n"
            "users:\n- name: me\n  user: {token: '%s'}\n"
            "contexts:\n- name: test\n  context: {cluster: here, user: me, namespace: team}\n",
            api->port, token);
    fclose(f);
    return path;
}
