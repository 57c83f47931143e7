/* Puts the parts together: sockets, certificates, libmicrohttpd's daemon, the health port. */
#include "server.h"

#include "brgate_limits.h"
#include "connection.h"
#include "health.h"
#include "listen.h"
#include "process.h"

#include <errno.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

enum {
    /* libmicrohttpd clears this between requests, so it is no larger than headers and half a body need. */
    CONNECTION_MEMORY = 32 << 10,
    CONNECTION_INCREMENT = 8 << 10, /* a TLS record has up to 16 KB */
    SPARE_CONNECTIONS = 64,         /* shut to make room, not yet cleaned up */
    LEAST_CONNECTIONS = 8,
    SPARE_DESCRIPTORS = 256, /* those, health port, epoll, draining, files being read */
};

struct server {
    const struct server_options *options;
    struct service service;
    struct tls *tls;
    struct connections *connections;
    struct health *health;
    struct MHD_Daemon *daemon;
    int fd; /* the socket of the HTTPS port, or -1 */
    bool quiesced;
    unsigned port, health_port;
    atomic_bool accepting;
    char daemon_says[256]; /* libmicrohttpd's reason while it starts */
};

struct server_options server_defaults(void)
{
    long processors = sysconf(_SC_NPROCESSORS_ONLN);
    return (struct server_options){
        .listen = ":8443",
        .health_listen = ":8080",
        .max_body = LIMIT_DOCUMENT_BYTES,
        .max_connections = 512,
        .max_in_flight = 64,
        .threads = processors < 2   ? 1
                   : processors > 8 ? 8
                                    : (unsigned)processors,
        /* old and new object of 1.5 MiB, the most that etcd stores, of the densest kind: brgate_limits.h */
        .review_memory = 200 << 20,
        .reviews_memory = 200 << 20,
        .handshake_timeout = 10000, /* Go gives up after ten seconds as well */
        .request_timeout = 30000,   /* the largest timeoutSeconds a webhook can have */
        .idle_timeout = 120000,     /* the API server closes after 90 s: let it be the first */
        .shutdown_delay = 10000,
        .drain_timeout = 30000,
        .reload_interval = 10000,
        .log_fd = STDERR_FILENO,
    };
}

__attribute__((format(printf, 2, 0))) static void on_daemon_message(void *context, const char *format,
                                                                    va_list args)
{
    struct server *s = context;
    if (!atomic_load(&s->accepting)) /* later messages are about clients only */
        vsnprintf(s->daemon_says, sizeof s->daemon_says, format, args);
}

/* As many as asked for, or as there are descriptors for: with none left no connection could be accepted, not even to
 * make room for it. */
static unsigned connections_allowed(const struct server *s)
{
    struct rlimit limit;
    unsigned most = s->options->max_connections;
    rlim_t want = most + SPARE_DESCRIPTORS;
    if (getrlimit(RLIMIT_NOFILE, &limit) != 0 || limit.rlim_cur >= want)
        return most;
    limit.rlim_cur = want < limit.rlim_max ? want : limit.rlim_max;
    setrlimit(RLIMIT_NOFILE, &limit);
    if (getrlimit(RLIMIT_NOFILE, &limit) != 0 || limit.rlim_cur >= want)
        return most;
    most = limit.rlim_cur < SPARE_DESCRIPTORS + LEAST_CONNECTIONS
               ? LEAST_CONNECTIONS
               : (unsigned)(limit.rlim_cur - SPARE_DESCRIPTORS);
    log_event(s->service.log, LOG_LEVEL_WARNING, "limits",
              "--max-connections %u needs %llu file descriptors, but the system allows %llu: at most %u "
              "connections are accepted",
              s->options->max_connections, (unsigned long long)want, (unsigned long long)limit.rlim_cur,
              most);
    return most;
}

static bool start_daemon(struct server *s, unsigned most_connections)
{
    const struct server_options *o = s->options;
    /* Each thread has its share of these, and accepts no more when it is used up; another one does. */
    intptr_t most = (intptr_t)most_connections + SPARE_CONNECTIONS;
    struct MHD_OptionItem items[] = {
        {MHD_OPTION_LISTEN_SOCKET, s->fd, NULL},
        {MHD_OPTION_CONNECTION_LIMIT, most, NULL},
        {MHD_OPTION_CONNECTION_MEMORY_LIMIT, CONNECTION_MEMORY, NULL},
        {MHD_OPTION_CONNECTION_MEMORY_INCREMENT, CONNECTION_INCREMENT, NULL},
        {MHD_OPTION_STRICT_FOR_CLIENT, 0, NULL}, /* request.c is stricter, and its answers are well-formed */
        {MHD_OPTION_HTTPS_PRIORITIES, 0,
         (void *)(uintptr_t)(o->tls_priority ? o->tls_priority : SERVER_TLS_PRIORITY)},
        {MHD_OPTION_HTTPS_CERT_CALLBACK, 0, (void *)(uintptr_t)tls_retrieve},
        {MHD_OPTION_NOTIFY_CONNECTION, (intptr_t)connections_notify, s->connections},
        {MHD_OPTION_URI_LOG_CALLBACK, (intptr_t)request_begin, &s->service},
        {MHD_OPTION_NOTIFY_COMPLETED, (intptr_t)request_end, &s->service},
        /* A pool of one is not a pool; the daemon's own thread does the work. */
        {o->threads > 1 ? MHD_OPTION_THREAD_POOL_SIZE : MHD_OPTION_END, (intptr_t)o->threads, NULL},
        {MHD_OPTION_END, 0, NULL},
    };
    s->daemon = MHD_start_daemon(MHD_USE_EPOLL_INTERNAL_THREAD | MHD_USE_ITC | MHD_USE_TLS |
                                     MHD_USE_ERROR_LOG | MHD_ALLOW_SUSPEND_RESUME,
                                 0, NULL, NULL, request_continue, &s->service, MHD_OPTION_EXTERNAL_LOGGER,
                                 on_daemon_message, s, MHD_OPTION_ARRAY, items, MHD_OPTION_END);
    return s->daemon != NULL;
}

static bool no_memory(struct error *reterr)
{
    error_set(reterr, "out of memory or threads");
    return false;
}

static bool start_https(struct server *s, struct error *reterr)
{
    const struct server_options *o = s->options;
    struct connection_limits limits = {.handshake = o->handshake_timeout,
                                       .idle = o->idle_timeout,
                                       .request = o->request_timeout,
                                       .most = connections_allowed(s)};
    s->connections = connections_new(&limits, s->service.metrics, s->tls);
    if (!s->connections)
        return no_memory(reterr);
    if (start_daemon(s, limits.most))
        return true;
    s->daemon_says[strcspn(s->daemon_says, "\n")] = '\0';
    error_set(reterr, "the HTTPS server cannot start: %s",
              s->daemon_says[0] ? s->daemon_says : "no reason given");
    return false;
}

static const char *not_ready(void *context)
{
    struct server *s = context;
    if (atomic_load(&s->service.draining))
        return "draining";
    const char *held = atomic_load(&s->service.held);
    if (held)
        return held;
    const char *trouble = tls_trouble(s->tls);
    if (trouble)
        return trouble;
    return atomic_load(&s->accepting) ? NULL : "not listening yet";
}

static void put_metrics(void *context, struct buf *b)
{
    struct server *s = context;
    const struct server_addon *companion = s->options->companion;
    struct metrics_gauges g = {.in_flight = atomic_load(&s->service.in_flight),
                               .connections = connections_count(s->connections),
                               .log_lines_dropped = log_dropped(s->service.log),
                               .log_lines_left_out = log_left_out(s->service.log),
                               .ready = !not_ready(s),
                               .policy = s->service.handler->reload != NULL,
                               .policy_reloads = atomic_load(&s->service.policy.done),
                               .policy_reload_failures = atomic_load(&s->service.policy.failed),
                               .policy_matches_file = atomic_load(&s->service.policy.matches_file)};
    tls_gauges(s->tls, &g);
    metrics_render(s->service.metrics, &g, b);
    if (companion && companion->metrics)
        companion->metrics(companion->context, b);
}

static bool start_health(struct server *s, struct error *reterr)
{
    int fd = listen_on(s->options->health_listen, "--health-listen", reterr);
    if (fd < 0)
        return false;
    s->health_port = listen_port(fd);
    struct health_source source = {s, not_ready, put_metrics};
    s->health = health_start(&source, fd);
    if (s->health)
        return true;
    close(fd);
    error_set(reterr, "--health-listen %s: the server cannot start", s->options->health_listen);
    return false;
}

static void report_started(const struct server *s)
{
    const struct server_options *o = s->options;
    char place[LISTEN_TEXT_BYTES], health_place[LISTEN_TEXT_BYTES];
    struct server_policy p = {.enforcement = "deny"};
    if (s->service.handler->policy)
        s->service.handler->policy(s->service.handler->context, &p);
    log_event(s->service.log, LOG_LEVEL_INFO, "started",
              "brgate %s, policy %s, enforcement %s: HTTPS on %s, health on %s", BRGATE_VERSION,
              p.sha256[0] ? p.sha256 : "none", p.enforcement, listen_text(o->listen, s->port, place),
              listen_text(o->health_listen, s->health_port, health_place));
}

/* What the options say by themselves, before anything is read, reported or opened. */
static bool check_options(const struct server_options *o, struct error *reterr)
{
    return listen_check(o->listen, "--listen", reterr) &&
           listen_check(o->health_listen, "--health-listen", reterr) && tls_priority_check(o, reterr);
}

static bool start(struct server *s, const struct server_handler *h, struct error *reterr)
{
    const struct server_options *o = s->options;
    if (!check_options(o, reterr))
        return false;
    s->service.options = o;
    s->service.handler = h;
    s->service.log = log_new(o->log_fd, o->text_log, o->log_level);
    s->service.metrics = metrics_new(h);
    atomic_init(&s->service.memory.left, o->reviews_memory);
    atomic_init(&s->service.policy.matches_file, true);
    s->service.arenas = arena_pool_new(o->max_in_flight, o->review_memory, &s->service.memory);
    if (!s->service.log || !s->service.metrics || !s->service.arenas)
        return no_memory(reterr);
    s->tls = tls_new(o, s->service.log, reterr);
    if (!s->tls)
        return false;
    if (!o->cert_file && !o->cert_pem.n)
        server_set_unready(s, "there is no certificate yet");
    s->fd = listen_on(o->listen, "--listen", reterr);
    if (s->fd < 0)
        return false;
    s->port = listen_port(s->fd);
    if (!start_https(s, reterr) || !start_health(s, reterr))
        return false;
    atomic_store(&s->accepting, true);
    report_started(s);
    return true;
}

struct server *server_start(const struct server_options *o, const struct server_handler *h,
                            struct error *reterr)
{
    struct server *s = calloc(1, sizeof *s);
    if (!s) {
        no_memory(reterr);
        return NULL;
    }
    s->options = o;
    s->fd = -1;
    if (start(s, h, reterr))
        return s;
    server_stop(s);
    return NULL;
}

bool server_check(const struct server_options *o, struct error *reterr)
{
    if (!check_options(o, reterr))
        return false;
    struct log *log = log_new(o->log_fd, o->text_log, o->log_level);
    bool usable = log ? tls_check(o, log, reterr) : no_memory(reterr);
    log_close(log);
    return usable;
}

unsigned server_port(const struct server *s)
{
    return s->port;
}

unsigned server_health_port(const struct server *s)
{
    return s->health_port;
}

static void reload_policy(struct server *s, bool forced)
{
    const struct server_handler *h = s->service.handler;
    struct policy_reloads *policy = &s->service.policy;
    struct error error;
    struct server_policy p = {.enforcement = "deny"};
    switch (h->reload(h->context, forced, &error)) {
    case SERVER_UNCHANGED:
        return;
    case SERVER_RELOADED:
        atomic_fetch_add(&policy->done, 1);
        atomic_store(&policy->matches_file, true);
        if (h->policy)
            h->policy(h->context, &p);
        log_event(s->service.log, LOG_LEVEL_INFO, "policy", "now applying the policy file %s, enforcement %s",
                  p.sha256, p.enforcement);
        return;
    case SERVER_NOT_RELOADED:
        atomic_fetch_add(&policy->failed, 1);
        atomic_store(&policy->matches_file, false);
        log_event(s->service.log, LOG_LEVEL_ERROR, "policy", "%s; the old policy stays in effect",
                  error.text);
        return;
    }
}

void server_reload(struct server *s, bool forced)
{
    tls_reload(s->tls, forced);
    if (s->service.handler->reload)
        reload_policy(s, forced);
}

bool server_certify(struct server *s, slice cert_pem, slice key_pem, struct error *reterr)
{
    return tls_replace(s->tls, cert_pem, key_pem, reterr);
}

void server_set_unready(struct server *s, const char *why)
{
    atomic_store(&s->service.held, why);
}

void server_drain(struct server *s)
{
    atomic_store(&s->service.draining, true);
}

void server_quiesce(struct server *s)
{
    if (s->quiesced)
        return;
    s->quiesced = true;
    MHD_quiesce_daemon(s->daemon);
    /* Clients in the backlog are connected already and would be reset when listening ends. */
    struct sockaddr_storage from;
    socklen_t size = sizeof from;
    for (int fd; (fd = accept4(s->fd, (struct sockaddr *)&from, &size, SOCK_CLOEXEC | SOCK_NONBLOCK)) >= 0;
         size = sizeof from)
        MHD_add_connection(s->daemon, fd, (struct sockaddr *)&from, size); /* closes it when it fails */
    shutdown(s->fd, SHUT_RDWR); /* a worker may still name the descriptor: it is closed when they have gone */
}

bool server_busy(struct server *s)
{
    return connections_busy(s->connections);
}

void server_stop(struct server *s)
{
    const struct server_addon *companion = s->options->companion;
    health_stop(s->health); /* the companion is no longer asked for samples */
    if (companion && companion->stop)
        companion->stop(companion->context);
    connections_end(s->connections);
    if (s->daemon)
        MHD_stop_daemon(s->daemon); /* closes the listening socket unless it was quiesced */
    if (s->fd >= 0 && (!s->daemon || s->quiesced))
        close(s->fd);
    connections_free(s->connections);
    tls_free(s->tls);
    arena_pool_free(s->service.arenas);
    metrics_free(s->service.metrics);
    log_close(s->service.log);
    free(s);
}

const struct server_options *server_options_of(const struct server *s)
{
    return s->options;
}

struct log *server_log(const struct server *s)
{
    return s->service.log;
}
