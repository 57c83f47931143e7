/* The loop around the machine. */
#include "reconcile.h"
#include "ask.h"
#include "meters.h"

#include "clock.h"
#include "health.h"
#include "listen.h"
#include "log.h"
#include "sandbox.h"

#include <errno.h>
#include <signal.h>
#include <sys/random.h>
#include <sys/signalfd.h>
#include <unistd.h>

enum { IDENTITY_BYTES = 96 };

/* A request of the machine that is under way. */
struct flight {
    struct flight *next;
    struct controller *controller;
    uint64_t id;
    enum machine_verb verb;
    struct kube_call *call; /* NULL: it is a question to PD */
    struct asking *asking;
    bool over; /* its answer has come */
};

struct controller {
    const struct reconcile_options *options;
    struct machine *machine;
    struct kube *kube;
    struct kube_loop *loop;
    struct log *log;
    struct health *health;
    struct meters meters;
    struct flight *flights;
    int signals; /* a descriptor */
    bool stopping;
    char identity[IDENTITY_BYTES];
};

static struct machine_moment now(void)
{
    return (struct machine_moment){.ms = (int64_t)clock_lived_ms(), .wall = clock_unix()};
}

/* ---- answers ---- */

static void tell(struct controller *c, const struct machine_event *e)
{
    machine_event(c->machine, now(), e);
}

static void on_line(void *context, slice line)
{
    const struct flight *f = context;
    tell(f->controller, &(struct machine_event){.kind = MACHINE_WATCH_LINE, .id = f->id, .body = line});
}

static void on_answer(void *context, const struct kube_answer *answer)
{
    struct flight *f = context;
    f->over = true;
    meters_answer(&f->controller->meters, f->verb, answer->outcome);
    tell(f->controller,
         &(struct machine_event){.kind = f->verb == MACHINE_WATCH ? MACHINE_WATCH_END : MACHINE_ANSWER,
                                 .id = f->id,
                                 .status = answer->status,
                                 .body = answer->body,
                                 .error = answer->error,
                                 .retry_after = answer->retry_after});
}

static void on_task(void *context, const struct log_task *task, slice error)
{
    struct flight *f = context;
    f->over = true;
    meters_answer(&f->controller->meters, f->verb, task->known ? KUBE_OK : KUBE_UNREACHABLE);
    if (error.n)
        log_about(f->controller->log, LOG_LEVEL_WARNING, "log-task", NULL, error);
    tell(f->controller,
         &(struct machine_event){.kind = MACHINE_TASK, .id = f->id, .task = task, .error = error});
}

/* ---- requests ---- */

static struct kube_request as_kube_request(const struct machine_request *r)
{
    static const enum kube_method methods[MACHINE_VERB_COUNT] = {
        [MACHINE_LIST] = KUBE_GET,     [MACHINE_WATCH] = KUBE_GET,  [MACHINE_GET] = KUBE_GET,
        [MACHINE_CREATE] = KUBE_POST,  [MACHINE_UPDATE] = KUBE_PUT, [MACHINE_PATCH] = KUBE_PATCH_MERGE,
        [MACHINE_DELETE] = KUBE_DELETE};
    return (struct kube_request){.method = methods[r->verb],
                                 .group_version = r->group_version,
                                 .resource = r->resource,
                                 .subresource = r->subresource,
                                 .namespace = r->namespace,
                                 .name = r->name,
                                 .query = r->query,
                                 .body = r->body,
                                 .watch = r->verb == MACHINE_WATCH};
}

static bool fly(struct flight *f, const struct machine_request *r)
{
    struct controller *c = f->controller;
    if (r->verb == MACHINE_ASK) {
        f->asking = asking_start(c->loop, c->kube, r, on_task, f);
        return f->asking;
    }
    struct kube_request q = as_kube_request(r);
    struct kube_bounds bounds = {.deadline = (uint64_t)r->deadline, .idle = KUBE_WATCH_IDLE_MS};
    struct kube_listener listener = {f, on_line, on_answer};
    f->call = kube_loop_start(c->loop, c->kube, &q, &bounds, &listener);
    return f->call;
}

static void start(struct controller *c, const struct machine_request *r)
{
    struct flight *f = calloc(1, sizeof *f);
    enum machine_event_kind kind = r->verb == MACHINE_ASK     ? MACHINE_TASK
                                   : r->verb == MACHINE_WATCH ? MACHINE_WATCH_END
                                                              : MACHINE_ANSWER;
    struct machine_event lost = {
        .kind = kind, .id = r->id, .task = &(struct log_task){0}, .error = LIT("out of memory")};
    if (f)
        *f = (struct flight){.controller = c, .id = r->id, .verb = r->verb};
    if (!f || !fly(f, r)) {
        free(f);
        tell(c, &lost);
        return;
    }
    f->next = c->flights;
    c->flights = f;
}

static void cancel(struct flight *f)
{
    if (f->over)
        return;
    if (f->call)
        kube_call_cancel(f->call);
    else
        asking_cancel(f->asking);
}

/* Cancels requests that the machine no longer waits for, and forgets those that were answered. Returns the number of
 * watches. */
static size_t sweep(struct controller *c)
{
    size_t watches = 0;
    for (struct flight **at = &c->flights; *at;) {
        struct flight *f = *at;
        if (!f->over && machine_awaits(c->machine, f->id)) {
            watches += f->verb == MACHINE_WATCH;
            at = &f->next;
            continue;
        }
        *at = f->next;
        cancel(f);
        free(f);
    }
    return watches;
}

/* ---- the loop ---- */

static void log_notes(struct controller *c)
{
    static const enum log_level levels[] = {[MACHINE_INFO] = LOG_LEVEL_INFO,
                                            [MACHINE_WARNING] = LOG_LEVEL_WARNING,
                                            [MACHINE_ERROR] = LOG_LEVEL_ERROR};
    struct machine_note n;
    while (machine_note(c->machine, &n)) {
        struct log_object about = {n.kind, n.namespace, n.name};
        log_about(c->log, levels[n.level], "reconcile", n.kind.n ? &about : NULL, n.text);
    }
}

static void take_signal(struct controller *c)
{
    struct signalfd_siginfo signal;
    if (read(c->signals, &signal, sizeof signal) != (ssize_t)sizeof signal)
        return;
    if (c->stopping)
        _exit(128 + (int)signal.ssi_signo);
    c->stopping = true;
    log_event(c->log, LOG_LEVEL_INFO, "stopping", "%s: waiting for the requests in flight",
              strsignal((int)signal.ssi_signo));
    tell(c, &(struct machine_event){.kind = MACHINE_STOP});
}

static enum machine_state turn(struct controller *c)
{
    struct machine_request r;
    while (machine_next(c->machine, now(), &r))
        start(c, &r);
    log_notes(c);
    meters_look(&c->meters, c->machine, sweep(c), log_dropped(c->log));
    return machine_state(c->machine);
}

static bool loop(struct controller *c, struct error *reterr)
{
    enum machine_state state;
    while ((state = turn(c)) < MACHINE_ENDED) {
        int64_t wake = machine_wake(c->machine);
        kube_loop_wait(c->loop, c->signals, wake > 0 ? (uint64_t)wake : 0);
        take_signal(c);
    }
    log_event(c->log, state == MACHINE_ENDED ? LOG_LEVEL_INFO : LOG_LEVEL_ERROR, "stopped",
              state == MACHINE_ENDED ? "no request is in flight" : "out of memory");
    return state == MACHINE_ENDED || error_set(reterr, "out of memory");
}

/* ---- start and end ---- */

/* Call it before threads start: they would take the signals. */
static bool open_signals(struct controller *c)
{
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, SIGTERM);
    sigaddset(&set, SIGINT);
    pthread_sigmask(SIG_BLOCK, &set, NULL);
    signal(SIGPIPE, SIG_IGN);
    c->signals = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
    return c->signals >= 0;
}

/* Unique among the pods of a Deployment, and among processes on one machine. */
static void name_process(struct controller *c)
{
    char host[64] = "";
    uint64_t random = clock_ns();
    if (getrandom(&random, sizeof random, GRND_NONBLOCK) < 0)
        random ^= (uint64_t)getpid() << 32;
    gethostname(host, sizeof host - 1);
    snprintf(c->identity, sizeof c->identity, "%s_%016llx", host, (unsigned long long)random);
}

static bool open_machine(struct controller *c)
{
    struct machine_settings s = c->options->machine;
    name_process(c);
    s.identity = slice_of(c->identity);
    if (!s.lease_namespace.n)
        s.lease_namespace = kube_namespace(c->kube);
    c->machine = machine_new(&s);
    return c->machine != NULL;
}

static bool open_port(struct controller *c, struct error *reterr)
{
    int fd = listen_on(c->options->listen, "--listen", reterr);
    struct health_source source = {&c->meters, meters_not_ready, meters_put};
    if (fd < 0)
        return false;
    char place[LISTEN_TEXT_BYTES];
    listen_text(c->options->listen, listen_port(fd), place);
    c->health = health_start(&source, fd);
    if (!c->health) {
        close(fd);
        return error_set(reterr, "--listen %s: the server cannot start", c->options->listen);
    }
    log_event(c->log, LOG_LEVEL_INFO, "started", "API server %.*s, identity %s, health on %s",
              FMT(kube_server(c->kube)), c->identity, place);
    return true;
}

static bool open_all(struct controller *c, struct error *reterr)
{
    struct kube_place place = {.kubeconfig = c->options->kubeconfig};
    struct kube_limits limits = kube_defaults();
    if (!open_signals(c))
        return error_set(reterr, "signalfd: %s", strerror(errno));
    c->kube = kube_open(&place, &limits, reterr);
    if (!c->kube)
        return false;
    c->loop = kube_loop_new(c->kube);
    c->log = log_new(c->options->log_fd, c->options->text_log, c->options->log_level);
    if (!c->loop || !c->log || !open_machine(c))
        return error_set(reterr, "out of memory or threads");
    return open_port(c, reterr);
}

static void close_all(struct controller *c)
{
    health_stop(c->health);
    for (struct flight *f = c->flights, *next; f; f = next) {
        next = f->next;
        cancel(f);
        free(f);
    }
    machine_free(c->machine);
    kube_loop_free(c->loop);
    kube_close(c->kube);
    log_close(c->log);
    if (c->signals >= 0)
        close(c->signals);
}

/* As in the server (process.c): the sandbox is optional, and the run-times of sanitizers make calls of their own. */
static void enter_sandbox(struct controller *c)
{
    struct error error;
    if (!SANITIZED && !sandbox_enter(true, &error))
        log_event(c->log, LOG_LEVEL_WARNING, "sandbox", "%s", error.text);
}

bool reconcile_run(const struct reconcile_options *o, struct error *reterr)
{
    struct controller c = {.options = o, .signals = -1};
    meters_open(&c.meters);
    bool done = open_all(&c, reterr);
    if (done) {
        enter_sandbox(&c);
        done = loop(&c, reterr);
    }
    close_all(&c);
    meters_close(&c.meters);
    return done;
}
