/* The process around the server: signals, the periodic check of the certificate files, the shutdown. */
#include "process.h"

#include "clock.h"
#include "sandbox.h"

#include <errno.h>
#include <signal.h>
#include <unistd.h>

enum {
    DRAIN_LOOK_MS = 20,
    SETTLE_MS = 100, /* until a connection that was just accepted is counted */
};

static sigset_t handled_signals(void)
{
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, SIGTERM);
    sigaddset(&set, SIGINT);
    sigaddset(&set, SIGHUP);
    return set;
}

void server_block_signals(void)
{
    sigset_t set = handled_signals();
    pthread_sigmask(SIG_BLOCK, &set, NULL);
    signal(SIGPIPE, SIG_IGN); /* a reader that has gone is seen as a failed write */
}

/* Returns the signal, or 0 when the time is over. */
static int wait_signal(uint64_t milliseconds)
{
    sigset_t set = handled_signals();
    struct timespec t = {(time_t)(milliseconds / 1000), (long)(milliseconds % 1000) * 1000000L};
    int signal_number = sigtimedwait(&set, NULL, &t);
    return signal_number > 0 ? signal_number : 0;
}

/* Returns true when the time is over, false when `done` returns true first. A second SIGTERM or SIGINT ends the
 * process. */
static bool wait_for(struct server *s, uint64_t milliseconds, bool (*done)(struct server *))
{
    uint64_t until = clock_ms() + milliseconds;
    for (uint64_t now; (now = clock_ms()) < until;) {
        if (done && done(s))
            return false;
        uint64_t step = until - now;
        int signal_number = wait_signal(done && step > DRAIN_LOOK_MS ? DRAIN_LOOK_MS : step);
        if (signal_number == SIGTERM || signal_number == SIGINT)
            _exit(128 + signal_number);
    }
    return !(done && done(s));
}

static bool is_idle(struct server *s)
{
    return !server_busy(s);
}

static int drain(struct server *s, int signal_number)
{
    const struct server_options *o = server_options_of(s);
    /* SIGINT comes from a person at a terminal: no endpoint has to be removed before the server stops. */
    unsigned delay = signal_number == SIGINT ? 0 : o->shutdown_delay;
    server_drain(s);
    log_event(server_log(s), LOG_LEVEL_INFO, "draining", "%s: not ready, serving for another %u ms",
              strsignal(signal_number), delay);
    wait_for(s, delay, NULL);
    server_quiesce(s);
    wait_for(s, SETTLE_MS, NULL);
    bool unfinished = wait_for(s, o->drain_timeout, is_idle);
    log_event(server_log(s), unfinished ? LOG_LEVEL_WARNING : LOG_LEVEL_INFO, "stopped",
              unfinished ? "some requests were cut off" : "all requests were answered");
    server_stop(s);
    return unfinished ? EXIT_FAILURE : EXIT_SUCCESS;
}

/* The sandbox is optional, so that old kernels work. The run-times of sanitizers make calls of their own. */
static void enter_sandbox(struct server *s)
{
    struct error error;
    if (!SANITIZED && !sandbox_enter(server_options_of(s)->companion, &error))
        log_event(server_log(s), LOG_LEVEL_WARNING, "sandbox", "%s", error.text);
}

int server_run(struct server *s)
{
    enter_sandbox(s);
    for (;;) {
        int signal_number = wait_signal(server_options_of(s)->reload_interval);
        if (signal_number == SIGTERM || signal_number == SIGINT)
            return drain(s, signal_number);
        server_reload(s, signal_number == SIGHUP);
    }
}
