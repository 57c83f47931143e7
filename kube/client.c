/* Opens clients and sends one request at a time, with retries. */
#include "transfer.h"

#include "clock.h"

#include <sys/random.h>

enum {
    CONFIG_BYTES = 16 << 20,
    LOOK_MS = 50, /* how soon a stop is seen */
};

struct kube_limits kube_defaults(void)
{
    return (struct kube_limits){
        .connect = 5000, .request = 15000, .attempts = 4, .backoff = 500, .patience = 10000};
}

static bool stopped(const struct kube *k)
{
    return k->stop && atomic_load(k->stop);
}

/* Fills in the configuration, in the client's arena. */
struct configuring {
    struct kube *kube;
    const struct kube_place *place; /* of an API server; NULL: `peer` says it */
    const struct kube_peer *peer;
    struct error *reterr;
    bool done;
};

static slice copy_text(struct arena *a, slice s)
{
    return s.n ? arena_fmt(a, "%.*s", FMT(s)) : s;
}

static void configure(void *context)
{
    struct configuring *c = context;
    struct arena *a = c->kube->arena;
    const struct kube_peer *peer = c->peer;
    if (c->place) {
        c->done = kube_access_find(a, c->place, &c->kube->config, c->reterr);
        return;
    }
    c->kube->config = (struct kube_access){.source = copy_text(a, peer->source),
                                           .server = copy_text(a, peer->server),
                                           .direct = true,
                                           .ca = copy_text(a, peer->ca),
                                           .certificate = copy_text(a, peer->certificate),
                                           .key = copy_text(a, peer->key)};
    c->done = true;
}

static bool configured(struct configuring *c)
{
    if (arena_run(c->kube->arena, configure, c))
        return c->done;
    return error_set(c->reterr, "the kubeconfig is too large");
}

static bool load_library(struct kube *k, struct error *reterr)
{
    struct error why;
    k->curl = curl_load(&why);
    k->handle = k->curl ? k->curl->easy_init() : NULL;
    if (k->handle)
        transfer_prepare(k, k->handle);
    return k->handle || error_set(reterr, "libcurl cannot be used: %s (Debian package libcurl4)", why.text);
}

static struct kube *open_with(const struct kube_place *place, const struct kube_peer *peer,
                              const struct kube_limits *limits, struct error *reterr)
{
    struct kube *k = calloc(1, sizeof *k);
    struct configuring c = {.kube = k, .place = place, .peer = peer, .reterr = reterr};
    if (k)
        k->arena = arena_new(CONFIG_BYTES);
    if (k && k->arena) {
        k->limits = *limits;
        if (configured(&c) && load_library(k, reterr))
            return k;
    } else {
        error_set(reterr, "out of memory");
    }
    kube_close(k);
    return NULL;
}

struct kube *kube_open(const struct kube_place *place, const struct kube_limits *limits, struct error *reterr)
{
    return open_with(place, NULL, limits, reterr);
}

struct kube *kube_open_peer(const struct kube_peer *peer, const struct kube_limits *limits,
                            struct error *reterr)
{
    return open_with(NULL, peer, limits, reterr);
}

void kube_close(struct kube *k)
{
    if (!k)
        return;
    if (k->handle)
        k->curl->easy_cleanup(k->handle);
    explicit_bzero(k->token, sizeof k->token);
    arena_free(k->arena);
    free(k);
}

void kube_stop_on(struct kube *k, const atomic_bool *stop)
{
    k->stop = stop;
}

slice kube_namespace(const struct kube *k)
{
    return k->config.namespace;
}

slice kube_server(const struct kube *k)
{
    return k->config.server;
}

static void try_once(struct kube *k, struct arena *a, const struct kube_request *q, struct transfer *t)
{
    CURLcode code = CURLE_OUT_OF_MEMORY;
    if (transfer_begin(t, k, k->handle, a, q, k->limits.request))
        code = k->curl->easy_perform(k->handle);
    transfer_end(t, code);
}

/* Between a half and one and a half of the time, so that clients that failed together do not come
 * together. */
static uint64_t jittered(uint64_t milliseconds)
{
    uint32_t random = 0;
    if (getrandom(&random, sizeof random, GRND_NONBLOCK) != sizeof random)
        random = (uint32_t)clock_lived_ms();
    return milliseconds / 2 + random % (milliseconds + 1);
}

static void rest(const struct kube *k, uint64_t milliseconds)
{
    struct timespec look = {.tv_nsec = LOOK_MS * 1000000L};
    for (uint64_t until = clock_lived_ms() + milliseconds; clock_lived_ms() < until && !stopped(k);)
        nanosleep(&look, NULL);
}

static struct kube_answer conclude(struct arena *a, const struct kube_request *q, const struct transfer *t)
{
    struct kube_answer answer = transfer_answer(t, a, q);
    struct findings f = findings_new(a);
    if (answer.outcome != KUBE_OK)
        return answer;
    answer.root = json_read(a, answer.body, &f);
    if (answer.root)
        return answer;
    answer.outcome = KUBE_UNREACHABLE;
    answer.error = kube_silence_text(a, &t->kube->config, q, "the answer is not JSON",
                                     "check that this is an API server");
    return answer;
}

struct kube_answer kube_do(struct kube *k, struct arena *a, const struct kube_request *q)
{
    struct transfer t = {0};
    bool renewed = false;
    uint64_t wait = k->limits.backoff;
    if (!kube_refresh_token(k, false))
        return kube_no_token(k, a);
    for (unsigned attempt = 1;; attempt++) {
        try_once(k, a, q, &t);
        if (!renewed && transfer_renews_token(k, &t)) {
            renewed = true;
            try_once(k, a, q, &t);
        }
        bool again = t.status && kube_outcome_of(t.status) == KUBE_RETRY && attempt < k->limits.attempts;
        if (!again || t.retry_after > k->limits.patience || stopped(k))
            return conclude(a, q, &t);
        uint64_t own = jittered(wait < k->limits.patience ? wait : k->limits.patience);
        rest(k, own > t.retry_after ? own : t.retry_after);
        wait *= 2;
    }
}

void kube_split_name(const char *text, slice *namespace, slice *ret_name)
{
    slice s = slice_of(text);
    size_t slash = slice_find_char(s, '/');
    if (slash != SLICE_NONE)
        *namespace = slice_cut(s, 0, slash);
    *ret_name = slash == SLICE_NONE ? s : slice_from(s, slash + 1);
}
