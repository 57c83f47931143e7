/* Sends requests with libcurl: credentials, time limits, patience. */
#include "outcome.h"

#include "clock.h"
#include "curl.h"
#include "num.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/random.h>
#include <unistd.h>

enum {
    CONFIG_BYTES = 16 << 20,
    TOKEN_BYTES = 32 << 10, /* tokens with many audiences and claims stay below 4 KB */
    TOKEN_LIFE_MS = 60000,  /* as client-go: the kubelet replaces the file long before the token ends */
    ANSWER_BYTES = 8 << 20, /* what json_read() takes */
    LOOK_MS = 50,           /* how soon a stop is seen */
};

struct kube {
    struct arena *arena; /* the configuration */
    struct kube_access config;
    struct kube_limits limits;
    const atomic_bool *stop; /* NULL: never */
    const struct curl *curl;
    CURL *handle;
    char token[TOKEN_BYTES];
    uint64_t token_read_at; /* milliseconds; 0: not yet */
};

/* One attempt. */
struct attempt {
    const struct curl *curl;
    struct buf body;
    int status;
    unsigned retry_after; /* milliseconds */
    int64_t date;         /* Unix seconds; 0: none */
    CURLcode code;
    char why[CURL_ERROR_SIZE];
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

static void set_text(struct kube *k, CURLoption option, slice s)
{
    if (s.n)
        k->curl->easy_setopt(k->handle, option, s.p);
}

static void set_blob(struct kube *k, CURLoption option, slice s)
{
    struct curl_blob blob = {.data = (void *)(uintptr_t)s.p, .len = s.n, .flags = CURL_BLOB_NOCOPY};
    if (s.n)
        k->curl->easy_setopt(k->handle, option, &blob);
}

static int on_progress(void *context, curl_off_t down_total, curl_off_t down, curl_off_t up_total,
                       curl_off_t up)
{
    (void)down_total, (void)down, (void)up_total, (void)up;
    return stopped(context);
}

static size_t on_body(char *data, size_t size, size_t count, void *context)
{
    struct attempt *t = context;
    buf_put(&t->body, (slice){data, size * count});
    return t->body.failed ? 0 : size * count;
}

/* The value of a header line when it has this name ("date:"). */
static bool header_value(slice line, slice name, slice *ret)
{
    *ret = slice_trim(slice_from(line, name.n));
    return slice_eq_nocase(slice_cut(line, 0, name.n), name);
}

static int64_t parsed_date(const struct curl *curl, slice value)
{
    char text[64];
    snprintf(text, sizeof text, "%.*s", FMT(value));
    time_t seconds = curl->getdate(text, NULL);
    return seconds > 0 ? seconds : 0;
}

static size_t on_header(char *data, size_t size, size_t count, void *context)
{
    struct attempt *t = context;
    slice line = {data, size * count}, value;
    while (line.n && (line.p[line.n - 1] == '\r' || line.p[line.n - 1] == '\n'))
        line.n--;
    uint64_t seconds; /* the other form, a date, is not used by API servers */
    if (header_value(line, LIT("retry-after:"), &value) && num_u64(value, &seconds))
        t->retry_after = seconds < 86400 ? (unsigned)seconds * 1000U : 86400000U;
    if (header_value(line, LIT("date:"), &value))
        t->date = parsed_date(t->curl, value);
    return size * count;
}

/* What stays the same for all requests. */
static void prepare(struct kube *k)
{
    const struct kube_access *c = &k->config;
    void *h = k->handle;
    __typeof__(k->curl->easy_setopt) set = k->curl->easy_setopt;
    set(h, CURLOPT_NOSIGNAL, 1L);
    set(h, CURLOPT_PROTOCOLS_STR, slice_starts(c->server, LIT("http://")) ? "http" : "https");
    set(h, CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_1_1);
    set(h, CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2);
    set(h, CURLOPT_USERAGENT, "brgate/" BRGATE_VERSION);
    set(h, CURLOPT_CONNECTTIMEOUT_MS, (long)k->limits.connect);
    set(h, CURLOPT_TIMEOUT_MS, (long)k->limits.request);
    set(h, CURLOPT_TCP_KEEPALIVE, 1L);
    set(h, CURLOPT_NOPROGRESS, 0L);
    set(h, CURLOPT_XFERINFOFUNCTION, on_progress);
    set(h, CURLOPT_XFERINFODATA, k);
    set(h, CURLOPT_WRITEFUNCTION, on_body);
    set(h, CURLOPT_HEADERFUNCTION, on_header);
    set_text(k, CURLOPT_PROXY, c->proxy);
    set_text(k, CURLOPT_CAINFO, c->ca_file);
    set_blob(k, CURLOPT_CAINFO_BLOB, c->ca);
    set_text(k, CURLOPT_SSLCERT, c->certificate_file);
    set_blob(k, CURLOPT_SSLCERT_BLOB, c->certificate);
    set_text(k, CURLOPT_SSLKEY, c->key_file);
    set_blob(k, CURLOPT_SSLKEY_BLOB, c->key);
}

struct loading {
    struct kube *kube;
    const struct kube_place *place;
    struct error *reterr;
    bool loaded;
};

static void load(void *context)
{
    struct loading *l = context;
    l->loaded = kube_access_find(l->kube->arena, l->place, &l->kube->config, l->reterr);
}

static bool load_config(struct kube *k, const struct kube_place *place, struct error *reterr)
{
    struct loading l = {.kube = k, .place = place, .reterr = reterr};
    if (arena_run(k->arena, load, &l))
        return l.loaded;
    return error_set(reterr, "the kubeconfig is too large");
}

struct kube *kube_open(const struct kube_place *place, const struct kube_limits *limits, struct error *reterr)
{
    struct error why;
    struct kube *k = calloc(1, sizeof *k);
    if (k)
        k->arena = arena_new(CONFIG_BYTES);
    if (!k || !k->arena) {
        kube_close(k);
        error_set(reterr, "out of memory");
        return NULL;
    }
    k->limits = *limits;
    if (!load_config(k, place, reterr)) {
        kube_close(k);
        return NULL;
    }
    k->curl = curl_load(&why);
    k->handle = k->curl ? k->curl->easy_init() : NULL;
    if (k->handle) {
        prepare(k);
        return k;
    }
    error_set(reterr, "libcurl cannot be used: %s (Debian package libcurl4)", why.text);
    kube_close(k);
    return NULL;
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

/* False, and errno, when the file cannot be read. An unreadable file leaves the old token in use. */
static bool read_token(struct kube *k)
{
    char text[TOKEN_BYTES];
    int fd = open(k->config.token_file.p, O_RDONLY | O_CLOEXEC | O_NONBLOCK); /* it may be no file */
    if (fd < 0)
        return k->token[0];
    ssize_t n = read(fd, text, sizeof text - 1);
    close(fd);
    text[n > 0 ? n : 0] = '\0';
    text[strcspn(text, "\r\n")] = '\0'; /* nothing of it may become a header of its own */
    if (text[0])
        memcpy(k->token, text, sizeof text);
    explicit_bzero(text, sizeof text);
    k->token_read_at = clock_lived_ms(); /* a token grows old while the machine sleeps */
    return k->token[0];
}

static bool refresh_token(struct kube *k, bool forced)
{
    if (!k->config.token_file.n)
        return true;
    if (!forced && k->token_read_at && clock_lived_ms() - k->token_read_at < TOKEN_LIFE_MS)
        return true;
    return read_token(k);
}

static bool add_header(struct kube *k, struct curl_slist **list, const char *text)
{
    struct curl_slist *longer = k->curl->slist_append(*list, text);
    if (longer)
        *list = longer;
    return longer != NULL;
}

static struct curl_slist *headers(struct kube *k, struct arena *a, const struct kube_request *q)
{
    static const char *const types[KUBE_METHOD_COUNT] = {
        [KUBE_POST] = "application/json",
        [KUBE_PUT] = "application/json",
        [KUBE_PATCH_JSON] = "application/json-patch+json",
        [KUBE_PATCH_MERGE] = "application/merge-patch+json",
        [KUBE_PATCH_STRATEGIC] = "application/strategic-merge-patch+json",
    };
    struct curl_slist *list = NULL;
    const char *token = k->config.token.n ? k->config.token.p : k->token;
    bool done = add_header(k, &list, "Accept: application/json") && add_header(k, &list, "Expect:");
    if (done && types[q->method])
        done = add_header(k, &list, arena_fmt(a, "Content-Type: %s", types[q->method]).p);
    if (done && token[0])
        done = add_header(k, &list, arena_fmt(a, "Authorization: Bearer %s", token).p);
    if (done)
        return list;
    k->curl->slist_free_all(list);
    return NULL;
}

static void try_once(struct kube *k, struct arena *a, const struct kube_request *q, struct attempt *t)
{
    void *h = k->handle;
    __typeof__(k->curl->easy_setopt) set = k->curl->easy_setopt;
    *t = (struct attempt){.curl = k->curl, .body = buf_new(a, ANSWER_BYTES), .code = CURLE_OUT_OF_MEMORY};
    slice path = kube_path(a, q);
    slice url = arena_fmt(a, "%.*s%.*s", FMT(k->config.server), FMT(path));
    struct curl_slist *list = headers(k, a, q);
    set(h, CURLOPT_URL, url.p);
    set(h, CURLOPT_HTTPHEADER, list);
    set(h, CURLOPT_WRITEDATA, t);
    set(h, CURLOPT_HEADERDATA, t);
    set(h, CURLOPT_ERRORBUFFER, t->why);
    set(h, CURLOPT_HTTPGET, 1L);
    if (q->method != KUBE_GET) {
        set(h, CURLOPT_POST, 1L);
        set(h, CURLOPT_POSTFIELDS, slice_c(q->body));
        set(h, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)q->body.n);
    }
    set(h, CURLOPT_CUSTOMREQUEST, kube_method_word(q->method));
    if (list)
        t->code = k->curl->easy_perform(h);
    long status = 0;
    k->curl->easy_getinfo(h, CURLINFO_RESPONSE_CODE, &status);
    t->status = t->code == CURLE_OK ? (int)status : 0;
    if (!t->why[0])
        snprintf(t->why, sizeof t->why, "%s", k->curl->easy_strerror(t->code));
    set(h, CURLOPT_HTTPHEADER, NULL);
    set(h, CURLOPT_ERRORBUFFER, NULL);
    k->curl->slist_free_all(list);
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

static const char *silence_hint(CURLcode code)
{
    switch (code) {
    case CURLE_PEER_FAILED_VERIFICATION:
    case CURLE_SSL_CACERT_BADFILE:
        return "the server's certificate is not signed by the configured CA, or not valid for this name";
    case CURLE_SSL_CERTPROBLEM:
        return "the client certificate or its key cannot be read";
    case CURLE_COULDNT_RESOLVE_HOST:
        return "DNS does not know the server's name";
    case CURLE_WRITE_ERROR:
        return "the answer is larger than 8 MiB";
    default:
        return "check that the API server is up, and that firewalls and NetworkPolicies allow the connection";
    }
}

static struct kube_answer conclude(struct kube *k, struct arena *a, const struct kube_request *q,
                                   const struct attempt *t)
{
    struct kube_answer answer = {.outcome = KUBE_UNREACHABLE, .status = t->status, .date = t->date};
    if (!t->status) {
        answer.error = kube_silence_text(a, &k->config, q, t->why, silence_hint(t->code));
        return answer;
    }
    slice body = buf_slice(&t->body);
    answer.outcome = kube_outcome_of(t->status);
    answer.retry_after = t->retry_after;
    if (answer.outcome != KUBE_OK) {
        answer.error = kube_refusal_text(a, &k->config, q, t->status, body);
        return answer;
    }
    struct findings f = findings_new(a);
    answer.root = json_read(a, body, &f);
    if (answer.root)
        return answer;
    answer.outcome = KUBE_UNREACHABLE;
    answer.error =
        kube_silence_text(a, &k->config, q, "the answer is not JSON", "check that this is an API server");
    return answer;
}

struct kube_answer kube_do(struct kube *k, struct arena *a, const struct kube_request *q)
{
    struct attempt t;
    bool renewed = false;
    uint64_t wait = k->limits.backoff;
    if (!refresh_token(k, false))
        return (struct kube_answer){
            .outcome = KUBE_FORBIDDEN,
            .error = arena_fmt(a, "%.*s: it is empty or cannot be read", FMT(k->config.token_file))};
    for (unsigned attempt = 1;; attempt++) {
        try_once(k, a, q, &t);
        if (t.status == 401 && k->config.token_file.n && !renewed) {
            renewed = true;
            refresh_token(k, true);
            try_once(k, a, q, &t);
        }
        bool again = t.status && kube_outcome_of(t.status) == KUBE_RETRY && attempt < k->limits.attempts;
        if (!again || t.retry_after > k->limits.patience || stopped(k))
            return conclude(k, a, q, &t);
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
