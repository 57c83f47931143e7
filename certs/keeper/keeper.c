/* Observes, decides, acts, and tells the server what to serve. */
#include "keeper.h"

#include "bundle.h"
#include "civil.h"
#include "clock.h"
#include "issue.h"
#include "json_memory.h"
#include "observe.h"
#include "thread.h"

#include <pthread.h>
#include <stdarg.h>
#include <stdatomic.h>

enum {
    ARENA_BYTES = 64 << 20,
    CHANGE_PENDING_MS = 1000, /* between observations while no review can be answered */
    QUIET_MS = 300000,        /* at most, however long the API server asks to be left alone */
    MOST_IN_A_ROW = 12,       /* steps without a pause; a whole rotation has four */
};

/* For /metrics; copied under the lock. */
struct facts {
    bool seen; /* the rest is known */
    int64_t looked_at, step_at, expires_at;
    enum rotation_action action;
    int matches[STORE_KINDS]; /* -1: there is no such configuration */
    bool serving_current;
    int64_t clock_ahead;
    uint64_t steps[ROTATION_ACTION_COUNT], failures;
    uint64_t requests[KUBE_OUTCOME_COUNT];
};

struct keeper {
    struct keeper_options options;
    struct keeper_callbacks callbacks;
    struct store store;
    struct arena *arena;
    struct observer observer;
    char served[65];            /* fingerprint; empty: nothing yet */
    struct arena *served_arena; /* of the chain, and of observer.served_ca */
    slice served_chain;
    int64_t served_until;
    bool ready;
    unsigned in_a_row;
    struct error trouble; /* the message reported last, which still applies */
    struct facts facts;
    pthread_mutex_t lock; /* of `facts` */
    pthread_t thread;
    bool running;
    atomic_bool stop;
    pthread_cond_t woken;
};

static struct issue_request request_of(const struct keeper_options *o, int64_t now)
{
    return (struct issue_request){.service = o->service,
                                  .namespace = o->namespace,
                                  .more_names = o->more_names,
                                  .more_count = o->more_count,
                                  .now = now,
                                  .life = o->life};
}

bool keeper_check(const struct keeper_options *o, struct error *reterr)
{
    int64_t third = o->life / 3, interval = (int64_t)o->interval / 1000;
    struct issue_request request = request_of(o, 0);
    if (!issue_check(&request, reterr))
        return false;
    if (third >= 2 * (o->settle + interval))
        return true;
    error_set(reterr, "a life of %llds leaves %llds for a rotation, which takes %llds and must fit twice",
              (long long)o->life, (long long)third, (long long)(o->settle + interval));
    return false;
}

struct keeper *keeper_new(const struct keeper_options *o, struct kube *kube,
                          const struct keeper_callbacks *callbacks)
{
    struct keeper *k = calloc(1, sizeof *k);
    if (k) {
        k->options = *o;
        k->callbacks = *callbacks;
        k->store = (struct store){kube, o->namespace, o->secret, o->configuration};
        kube_stop_on(kube, &k->stop);
        k->arena = arena_new(ARENA_BYTES);
        k->served_arena = arena_new(ARENA_BYTES);
        pthread_mutex_init(&k->lock, NULL);
        thread_condition_init(&k->woken);
    }
    if (k && k->arena && k->served_arena)
        return k;
    kube_close(kube);
    if (k)
        k->store.kube = NULL;
    keeper_stop(k);
    return NULL;
}

static struct rotation_policy policy_of(const struct keeper *k)
{
    return (struct rotation_policy){.settle = k->options.settle, .apart = rotation_apart(k->options.life)};
}

__attribute__((format(printf, 3, 4))) static void say(struct keeper *k, enum keeper_news news,
                                                      const char *format, ...)
{
    struct error line;
    va_list args;
    va_start(args, format);
    vsnprintf(line.text, sizeof line.text, format, args);
    va_end(args);
    if (news == KEEPER_TROUBLE) { /* once, not at every observation */
        if (strcmp(line.text, k->trouble.text) == 0)
            return;
        k->trouble = line;
    }
    if (k->callbacks.say)
        k->callbacks.say(k->callbacks.context, news, line.text);
}

/* ---- serving ---- */

/* Names both clocks: it cannot know which of them is wrong. */
static bool served_has_expired(const struct keeper *k, const struct look *l)
{
    return l->now >= k->served_until && l->own >= k->served_until;
}

static slice remembered(struct keeper *k, slice s)
{
    char *p = s.n ? arena_try(k->served_arena, s.n + 1) : NULL;
    if (!p)
        return (slice){0};
    memcpy(p, s.p, s.n);
    return (slice){p, s.n};
}

static void serve(struct keeper *k, const struct look *l)
{
    struct error why;
    bool serving = k->served[0] && !served_has_expired(k, l);
    struct rotation_policy policy = policy_of(k);
    if (strcmp(k->served, l->current) == 0 || !rotation_may_serve(&policy, serving, &l->view.current))
        return;
    if (k->callbacks.serve && !k->callbacks.serve(k->callbacks.context, &l->secret.current, &why)) {
        say(k, KEEPER_TROUBLE, "the certificate of the Secret cannot be served: %s", why.text);
        return;
    }
    arena_reset(k->served_arena);
    slice chain = l->secret.current.certificate;
    k->served_chain = remembered(k, chain);
    k->observer.served_ca = remembered(k, bundle_issuer(k->arena, l->secret.cas, chain, l->now));
    k->served_until = l->view.current.not_after;
    memcpy(k->served, l->current, sizeof k->served);
}

/* Once ready, the server stays ready until the certificate ends: when a bundle loses its CA, leaving the Service as well
 * would not help. */
static void judge_readiness(struct keeper *k, const struct look *l, enum rotation_action action)
{
    const char *why = NULL;
    bool covered = k->served[0] && l->view.bundles_seen && look_covers(k->arena, l, k->served_chain);
    if (!k->served[0])
        why = action == ROTATION_HOLD
                  ? "there is no certificate yet, and none is made: the clocks of this server and of the "
                    "API server disagree"
                  : "there is no certificate yet";
    else if (served_has_expired(k, l))
        why = "the certificate has expired";
    else if (!covered && !k->ready)
        why = l->view.bundles_seen ? "the webhook configurations do not trust the certificate yet"
                                   : "the webhook configurations cannot be read";
    k->ready = !why;
    if (k->callbacks.ready)
        k->callbacks.ready(k->callbacks.context, why);
}

/* ---- acting ---- */

static bool issue(struct keeper *k, const struct look *l, struct issue *ret, slice *ret_cas)
{
    struct error why;
    bool changed;
    struct issue_request request = request_of(&k->options, l->now);
    if (issue_make(k->arena, &request, ret, &why) &&
        bundle_merge(k->arena, l->secret.cas, ret->ca, l->now, ret_cas, &changed, &why))
        return true;
    say(k, KEEPER_TROUBLE, "no certificate can be made: %s", why.text);
    return false;
}

/* The Secret after the action. */
static bool write_secret(struct keeper *k, const struct look *l, enum rotation_action action,
                         struct kube_answer *ret)
{
    struct stored_secret fresh = l->secret;
    struct issue made;
    bool changed;
    switch (action) {
    case ROTATION_CREATE:
    case ROTATION_REPLACE:
        if (!issue(k, l, &made, &fresh.cas))
            return false;
        fresh.current = made.leaf;
        fresh.next = (struct certificate_pair){0};
        break;
    case ROTATION_PREPARE:
        if (!issue(k, l, &made, &fresh.cas))
            return false;
        fresh.next = made.leaf;
        break;
    case ROTATION_SWITCH:
        fresh.current = l->secret.next;
        fresh.next = (struct certificate_pair){0};
        break;
    default: /* TIDY */
        if (!bundle_merge(k->arena, l->secret.cas, (slice){0}, l->now, &fresh.cas, &changed, NULL))
            return false;
        break;
    }
    *ret = store_write_secret(&k->store, k->arena, &l->secret, &fresh);
    return true;
}

static struct kube_answer publish(struct keeper *k, const struct look *l)
{
    struct kube_answer answer = {.outcome = KUBE_OK};
    for (unsigned kind = 0; kind < STORE_KINDS && answer.outcome == KUBE_OK; kind++)
        if (hooks_incomplete(k->arena, &l->hooks[kind], l->cas, l->now))
            answer = store_publish(&k->store, k->arena, kind, &l->hooks[kind], l->cas, l->now);
    return answer;
}

static void tell(struct keeper *k, const struct look *l, enum rotation_action action)
{
    static const char *const texts[ROTATION_ACTION_COUNT] = {
        [ROTATION_CREATE] = "created the Secret with a new CA and certificate",
        [ROTATION_REPLACE] = "made a new CA and certificate, because the Secret's was unusable",
        [ROTATION_PREPARE] = "made the next CA and certificate; the CA goes into the bundles first",
        [ROTATION_PUBLISH] = "put the CAs of the Secret into the webhook configurations",
        [ROTATION_SWITCH] = "switched to the next certificate",
        [ROTATION_TIDY] = "removed a long-expired CA from the Secret",
    };
    bool reason = action == ROTATION_REPLACE && l->why_unusable.text[0];
    say(k, KEEPER_DONE, "%.*s/%.*s: %s%s%s%s", FMT(k->store.namespace), FMT(k->store.secret), texts[action],
        reason ? " (" : "", reason ? l->why_unusable.text : "", reason ? ")" : "");
}

/* The span is coarse: a text that changes from look to look would be said again each time. */
static void tell_of_clocks(struct keeper *k)
{
    struct buf span = buf_new(k->arena, 64);
    civil_put_span(&span, k->observer.ahead);
    say(k, KEEPER_TROUBLE,
        "this machine's clock is %.*s %s the API server's: until they are less than %lld seconds apart no "
        "certificate is made or replaced and no CA dropped; correct the time of this node or of the control "
        "plane",
        FMT(buf_slice(&span)), k->observer.ahead < 0 ? "behind" : "ahead of", (long long)policy_of(k).apart);
}

/* Returns true when there may be more to do at once. */
static bool act(struct keeper *k, struct look *l, enum rotation_action action, bool *ret_failed)
{
    struct kube_answer answer = {.outcome = KUBE_OK};
    bool asked = true;
    if (action == ROTATION_PUBLISH)
        answer = publish(k, l);
    else
        asked = write_secret(k, l, action, &answer);
    l->retry_after = l->retry_after < answer.retry_after ? answer.retry_after : l->retry_after;
    *ret_failed = !asked || (answer.outcome != KUBE_OK && answer.outcome != KUBE_CONFLICT);
    pthread_mutex_lock(&k->lock);
    if (asked)
        k->facts.requests[answer.outcome]++;
    if (asked && answer.outcome == KUBE_OK)
        k->facts.steps[action]++;
    pthread_mutex_unlock(&k->lock);
    if (!asked)
        return false;
    if (answer.outcome == KUBE_OK)
        tell(k, l, action);
    else if (*ret_failed)
        say(k, KEEPER_TROUBLE, "%.*s", FMT(answer.error));
    return !*ret_failed;
}

/* ---- a look and what follows ---- */

static void note(struct keeper *k, const struct look *l, struct rotation_step step, bool failed)
{
    int matches[STORE_KINDS];
    for (unsigned kind = 0; kind < STORE_KINDS; kind++)
        matches[kind] = !hooks_first(&l->hooks[kind]) ? -1
                        : !k->served[0]
                            ? 0
                            : hooks_cover(k->arena, &l->hooks[kind], k->served_chain, (slice){0}, l->now);
    pthread_mutex_lock(&k->lock);
    struct facts *f = &k->facts;
    for (size_t i = 0; i < l->outcome_count; i++)
        f->requests[l->outcomes[i]]++;
    f->failures += failed;
    f->clock_ahead = k->observer.ahead;
    if (l->secret_read) {
        f->seen = true;
        f->action = step.action;
        f->step_at = step.at;
        f->expires_at = l->view.current.not_after;
        f->serving_current = l->current[0] && strcmp(k->served, l->current) == 0;
        if (l->view.bundles_seen) {
            memcpy(f->matches, matches, sizeof matches);
            f->looked_at = l->now;
        }
    }
    pthread_mutex_unlock(&k->lock);
}

static unsigned pause_of(struct keeper *k, const struct look *l, bool more, int64_t at)
{
    unsigned asked_for = l->retry_after < QUIET_MS ? l->retry_after : QUIET_MS;
    unsigned pause = k->options.interval;
    k->in_a_row = more ? k->in_a_row + 1 : 0;
    if (more && k->in_a_row < MOST_IN_A_ROW)
        return asked_for;
    if (!k->ready && pause > CHANGE_PENDING_MS)
        pause = CHANGE_PENDING_MS;
    if (at > l->now && (at - l->now) * 1000 < pause)
        pause = (unsigned)(at - l->now) * 1000U;
    return pause < asked_for ? asked_for : pause;
}

static struct keeper_result look_and_act(struct keeper *k)
{
    struct look l;
    struct rotation_policy policy = policy_of(k);
    struct rotation_step step = {0};
    bool more = false, failed = false;
    slice dns_name = issue_dns_name(k->arena, k->options.service, k->options.namespace);
    observe(&k->store, k->arena, dns_name, &k->observer, &l);
    if (l.secret_read) {
        step = rotation_next(&policy, &l.view, l.own);
        serve(k, &l);
    }
    judge_readiness(k, &l, step.action);
    if (step.action == ROTATION_HOLD)
        tell_of_clocks(k);
    if (rotation_writes(step.action))
        more = act(k, &l, step.action, &failed);
    if (l.error.n) {
        failed = true;
        say(k, KEEPER_TROUBLE, "%.*s", FMT(l.error));
    }
    if (!failed && step.action != ROTATION_HOLD && k->trouble.text[0]) {
        k->trouble.text[0] = '\0';
        say(k, KEEPER_DONE, "the certificate can be kept again");
    }
    note(k, &l, step, failed);
    return (struct keeper_result){.action = step.action,
                                  .failed = failed,
                                  .ready = k->ready && strcmp(k->served, l.current) == 0,
                                  .wait = pause_of(k, &l, more, step.at),
                                  .at = step.at};
}

struct stepping {
    struct keeper *keeper;
    struct keeper_result result;
};

static void step(void *context)
{
    struct stepping *s = context;
    s->result = look_and_act(s->keeper);
}

struct keeper_result keeper_step(struct keeper *k)
{
    struct stepping s = {.keeper = k, .result = {.failed = true, .wait = k->options.interval}};
    if (!arena_run(k->arena, step, &s))
        say(k, KEEPER_TROUBLE, "the Secret or the webhook configurations are larger than %d MiB",
            ARENA_BYTES >> 20);
    json_memory_leave(); /* which the store has not done if it ran out of memory */
    arena_reset(k->arena);
    return s.result;
}

/* ---- the thread ---- */

static void pause_for(struct keeper *k, unsigned milliseconds)
{
    uint64_t until = clock_ms() + milliseconds;
    pthread_mutex_lock(&k->lock);
    while (!atomic_load(&k->stop) && thread_wait_until(&k->woken, &k->lock, until))
        ;
    pthread_mutex_unlock(&k->lock);
}

static void *run(void *context)
{
    struct keeper *k = context;
    while (!atomic_load(&k->stop)) {
        struct keeper_result r = keeper_step(k);
        if (r.wait)
            pause_for(k, r.wait);
    }
    return NULL;
}

bool keeper_start(struct keeper *k)
{
    k->running = pthread_create(&k->thread, NULL, run, k) == 0;
    return k->running;
}

void keeper_stop(struct keeper *k)
{
    if (!k)
        return;
    if (k->running) {
        pthread_mutex_lock(&k->lock);
        atomic_store(&k->stop, true);
        pthread_cond_signal(&k->woken);
        pthread_mutex_unlock(&k->lock);
        pthread_join(k->thread, NULL);
    }
    kube_close(k->store.kube);
    arena_free(k->arena);
    arena_free(k->served_arena);
    pthread_mutex_destroy(&k->lock);
    pthread_cond_destroy(&k->woken);
    free(k);
}

/* ---- metrics ---- */

static void head(struct buf *b, const char *name, const char *type, const char *help)
{
    buf_fmt(b, "# HELP brgate_certs_%s %s\n# TYPE brgate_certs_%s %s\n", name, help, name, type);
}

static void single(struct buf *b, const char *name, const char *type, const char *help, int64_t value)
{
    head(b, name, type, help);
    buf_fmt(b, "brgate_certs_%s %lld\n", name, (long long)value);
}

static void put_seen(const struct facts *f, struct buf *b)
{
    single(b, "last_look_timestamp_seconds", "gauge",
           "Time of the last look at which everything could be read.", f->looked_at);
    single(b, "secret_expiry_timestamp_seconds", "gauge", "Expiry of the Secret's current certificate.",
           f->expires_at);
    single(b, "next_step_timestamp_seconds", "gauge", "When the rotation's next step is due.", f->step_at);
    single(b, "clock_ahead_seconds", "gauge",
           "Seconds that this machine's clock is ahead of the API server's; negative: behind.",
           f->clock_ahead);
    single(b, "serving_secret", "gauge", "1 while the served certificate is the Secret's current one.",
           f->serving_current);
    head(b, "rotation_state", "gauge",
         "1 for what is due: rest, settle, hold (the clocks disagree), or a step that is not done yet.");
    for (int i = 0; i < ROTATION_ACTION_COUNT; i++)
        buf_fmt(b, "brgate_certs_rotation_state{state=\"%s\"} %d\n", rotation_word((enum rotation_action)i),
                f->action == (enum rotation_action)i);
    head(b, "bundle_matches", "gauge", "1 while every webhook's caBundle trusts the served certificate.");
    for (unsigned kind = 0; kind < STORE_KINDS; kind++)
        if (f->looked_at && f->matches[kind] >= 0)
            buf_fmt(b, "brgate_certs_bundle_matches{configuration=\"%s\"} %d\n", store_kind_word(kind),
                    f->matches[kind]);
}

void keeper_metrics(struct keeper *k, struct buf *b)
{
    pthread_mutex_lock(&k->lock);
    struct facts f = k->facts;
    pthread_mutex_unlock(&k->lock);
    if (f.seen)
        put_seen(&f, b);
    single(b, "failures_total", "counter", "Looks at which something could not be read or written.",
           (int64_t)f.failures);
    head(b, "steps_total", "counter", "Steps done by this replica.");
    for (int i = ROTATION_CREATE; i < ROTATION_ACTION_COUNT; i++)
        buf_fmt(b, "brgate_certs_steps_total{step=\"%s\"} %llu\n", rotation_word((enum rotation_action)i),
                (unsigned long long)f.steps[i]);
    head(b, "requests_total", "counter", "Requests to the API server, by outcome.");
    for (int i = 0; i < KUBE_OUTCOME_COUNT; i++)
        buf_fmt(b, "brgate_certs_requests_total{outcome=\"%s\"} %llu\n",
                kube_outcome_word((enum kube_outcome)i), (unsigned long long)f.requests[i]);
}
