/* Answers probes and scrapes on a port of their own, so that they need no TLS and no client certificate. */
#include "health.h"
#include "connection.h"

enum {
    MOST_CONNECTIONS = 64,
    SPARE_CONNECTIONS = 16, /* shut to make room, not yet cleaned up */
    DEADLINE_MS = 5000,     /* for a whole request; kubelet gives up earlier */
    IDLE_MS = 60000,        /* a scraper comes every 15 or 30 seconds */
    SCRAPE_BYTES = 16 << 20,
};

struct health {
    struct health_source source;
    struct connections *connections;
    struct MHD_Daemon *daemon;
};

static void *begin(void *owner, const char *uri, struct MHD_Connection *mhd)
{
    (void)owner, (void)uri;
    struct connection *c = connection_of(mhd);
    if (!c)
        return NULL;
    c->request.step = REQUEST_NEW;
    connection_enter(c, PHASE_REQUEST);
    return c;
}

static void end(void *owner, struct MHD_Connection *mhd, void **context, enum MHD_RequestTerminationCode how)
{
    (void)owner, (void)mhd, (void)how;
    if (*context)
        connection_enter(*context, PHASE_IDLE);
}

static enum MHD_Result respond(struct MHD_Connection *mhd, unsigned status, const char *type, slice body)
{
    struct MHD_Response *response =
        MHD_create_response_from_buffer(body.n, (void *)(uintptr_t)body.p, MHD_RESPMEM_MUST_COPY);
    if (!response)
        return MHD_NO;
    MHD_add_response_header(response, MHD_HTTP_HEADER_CONTENT_TYPE, type);
    if (status == MHD_HTTP_METHOD_NOT_ALLOWED)
        MHD_add_response_header(response, MHD_HTTP_HEADER_ALLOW, "GET, HEAD");
    enum MHD_Result queued = MHD_queue_response(mhd, status, response);
    MHD_destroy_response(response);
    return queued;
}

static enum MHD_Result say(struct MHD_Connection *mhd, unsigned status, const char *text)
{
    return respond(mhd, status, "text/plain; charset=utf-8", slice_of(text));
}

static enum MHD_Result say_why(struct MHD_Connection *mhd, const char *why)
{
    char line[256];
    snprintf(line, sizeof line, "%s\n", why);
    return say(mhd, MHD_HTTP_SERVICE_UNAVAILABLE, line);
}

struct page {
    const struct health_source *source;
    struct arena *arena;
    struct buf text;
};

static void render(void *context)
{
    struct page *p = context;
    p->text = buf_new(p->arena, SCRAPE_BYTES);
    p->source->metrics(p->source->context, &p->text);
}

static enum MHD_Result scrape(const struct health_source *s, struct MHD_Connection *mhd)
{
    struct page p = {.source = s, .arena = arena_new(SCRAPE_BYTES)};
    enum MHD_Result result = MHD_NO;
    if (p.arena && arena_run(p.arena, render, &p))
        result = p.text.failed ? say(mhd, MHD_HTTP_INTERNAL_SERVER_ERROR, "too many series\n")
                               : respond(mhd, MHD_HTTP_OK, "text/plain; version=0.0.4; charset=utf-8",
                                         buf_slice(&p.text));
    arena_free(p.arena);
    return result;
}

static enum MHD_Result answer(void *owner, struct MHD_Connection *mhd, const char *url, const char *method,
                              const char *version, const char *data, size_t *size, void **context)
{
    (void)version, (void)data;
    struct health *h = owner;
    struct connection *c = *context;
    if (!c)
        return MHD_NO;
    if (c->request.step == REQUEST_NEW || *size) { /* an answer before the end would close the connection */
        c->request.step = REQUEST_BODY;
        *size = 0;
        return MHD_YES;
    }
    if (strcmp(method, MHD_HTTP_METHOD_GET) != 0 && strcmp(method, MHD_HTTP_METHOD_HEAD) != 0)
        return say(mhd, MHD_HTTP_METHOD_NOT_ALLOWED, "only GET and HEAD are supported here\n");
    if (strcmp(url, "/livez") == 0 || strcmp(url, "/healthz") == 0)
        return say(mhd, MHD_HTTP_OK, "ok\n");
    if (strcmp(url, "/readyz") == 0) {
        const char *why = h->source.not_ready(h->source.context);
        return why ? say_why(mhd, why) : say(mhd, MHD_HTTP_OK, "ok\n");
    }
    if (strcmp(url, "/metrics") == 0)
        return scrape(&h->source, mhd);
    return say(mhd, MHD_HTTP_NOT_FOUND, "no such path: use /livez, /readyz or /metrics\n");
}

struct health *health_start(const struct health_source *source, int fd)
{
    struct health *h = calloc(1, sizeof *h);
    if (!h)
        return NULL;
    h->source = *source;
    struct connection_limits limits = {
        .handshake = DEADLINE_MS, .idle = IDLE_MS, .request = DEADLINE_MS, .most = MOST_CONNECTIONS};
    h->connections = connections_new(&limits, NULL, NULL);
    if (h->connections)
        h->daemon = MHD_start_daemon(
            MHD_USE_EPOLL_INTERNAL_THREAD | MHD_USE_ITC, 0, NULL, NULL, answer, h, MHD_OPTION_LISTEN_SOCKET,
            fd, MHD_OPTION_CONNECTION_LIMIT, (unsigned)MOST_CONNECTIONS + SPARE_CONNECTIONS,
            MHD_OPTION_STRICT_FOR_CLIENT, 1, MHD_OPTION_NOTIFY_CONNECTION, connections_notify, h->connections,
            MHD_OPTION_URI_LOG_CALLBACK, begin, h, MHD_OPTION_NOTIFY_COMPLETED, end, h, MHD_OPTION_END);
    if (h->daemon)
        return h;
    connections_free(h->connections);
    free(h);
    return NULL;
}

void health_stop(struct health *h)
{
    if (!h)
        return;
    MHD_stop_daemon(h->daemon);
    connections_free(h->connections);
    free(h);
}
