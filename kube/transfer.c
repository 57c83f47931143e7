/* Sets up libcurl's handles and reads their answers. */
#include "transfer.h"

#include "clock.h"
#include "num.h"

#include <fcntl.h>
#include <unistd.h>

enum {
    WARNING_BYTES = 4096, /* the API server cuts a warning at 256 bytes, and all of an answer at 4 KiB */
    WARNINGS_BYTES = 64 << 10,
    TOKEN_LIFE_MS = 60000, /* as client-go: the kubelet replaces the file long before the token ends */
};

/* ---- what the client brings ---- */

/* False, and errno, when the file cannot be read. An unreadable file leaves the old token in use. */
static bool read_token(struct kube *k)
{
    char text[TOKEN_BYTES];
    int fd =
        open(k->config.token_file.p, O_RDONLY | O_CLOEXEC | O_NONBLOCK); /* it may not be a regular file */
    if (fd < 0)
        return k->token[0];
    ssize_t n = read(fd, text, sizeof text - 1);
    close(fd);
    text[n > 0 ? n : 0] = '\0';
    text[strcspn(text, "\r\n")] = '\0'; /* no part of it may become another header */
    if (text[0])
        memcpy(k->token, text, sizeof text);
    explicit_bzero(text, sizeof text);
    k->token_read_at = clock_lived_ms(); /* a token grows old while the machine sleeps */
    return k->token[0];
}

bool kube_refresh_token(struct kube *k, bool forced)
{
    if (!k->config.token_file.n)
        return true;
    if (!forced && k->token_read_at && clock_lived_ms() - k->token_read_at < TOKEN_LIFE_MS)
        return true;
    return read_token(k);
}

struct kube_answer kube_no_token(const struct kube *k, struct arena *a)
{
    return (struct kube_answer){
        .outcome = KUBE_FORBIDDEN,
        .error = arena_fmt(a, "%.*s: it is empty or cannot be read", FMT(k->config.token_file))};
}

/* ---- libcurl's callbacks ---- */

static int on_progress(void *context, curl_off_t down_total, curl_off_t down, curl_off_t up_total,
                       curl_off_t up)
{
    (void)down_total, (void)down, (void)up_total, (void)up;
    const struct kube *k = context;
    return k->stop && atomic_load(k->stop);
}

struct part {
    struct buf *body;
    slice bytes;
};

static void put_part(void *context)
{
    const struct part *p = context;
    buf_put(p->body, p->bytes);
}

bool transfer_keep(struct buf *b, slice bytes)
{
    struct part p = {b, bytes};
    return arena_run(b->arena, put_part, &p) && !b->failed;
}

static size_t on_body(char *data, size_t size, size_t count, void *context)
{
    struct transfer *t = context;
    slice bytes = {data, size * count};
    long status = 0;
    t->kube->curl->easy_getinfo(t->handle, CURLINFO_RESPONSE_CODE, &status);
    if (t->stream && kube_outcome_of((int)status) == KUBE_OK)
        return t->stream(t->context, bytes) ? bytes.n : 0;
    return transfer_keep(&t->body, bytes) ? bytes.n : 0;
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

/* `299 - "text"`, in which quotes and backslashes have a backslash (RFC 9110 does not ask for more than one a line, and Go
 * sends no more). What does not fit is left out. */
static void keep_warning(struct buf *b, slice value)
{
    char line[WARNING_BYTES];
    size_t n = 0, quote = slice_find_char(value, '"');
    for (size_t i = quote + 1; quote != SLICE_NONE && i < value.n && n < sizeof line - 1; i++) {
        if (value.p[i] == '"')
            break;
        if (value.p[i] == '\\' && i + 1 < value.n)
            i++;
        line[n++] = value.p[i];
    }
    line[n++] = '\n';
    if (n > 1)
        transfer_keep(b, (slice){line, n});
}

static size_t on_header(char *data, size_t size, size_t count, void *context)
{
    struct transfer *t = context;
    slice line = {data, size * count}, value;
    while (line.n && (line.p[line.n - 1] == '\r' || line.p[line.n - 1] == '\n'))
        line.n--;
    uint64_t seconds; /* the other form, a date, is not used by API servers */
    if (header_value(line, LIT("retry-after:"), &value) && num_u64(value, &seconds))
        t->retry_after = seconds < 86400 ? (unsigned)seconds * 1000U : 86400000U;
    if (header_value(line, LIT("date:"), &value))
        t->date = parsed_date(t->kube->curl, value);
    if (header_value(line, LIT("warning:"), &value))
        keep_warning(&t->warnings, value);
    return size * count;
}

/* ---- handles ---- */

static void set_text(struct kube *k, CURL *handle, CURLoption option, slice s)
{
    if (s.n)
        k->curl->easy_setopt(handle, option, s.p);
}

static void set_blob(struct kube *k, CURL *handle, CURLoption option, slice s)
{
    struct curl_blob blob = {.data = (void *)(uintptr_t)s.p, .len = s.n, .flags = CURL_BLOB_NOCOPY};
    if (s.n)
        k->curl->easy_setopt(handle, option, &blob);
}

void transfer_prepare(struct kube *k, CURL *handle)
{
    const struct kube_access *c = &k->config;
    __typeof__(k->curl->easy_setopt) set = k->curl->easy_setopt;
    set(handle, CURLOPT_NOSIGNAL, 1L);
    set(handle, CURLOPT_PROTOCOLS_STR, slice_starts(c->server, LIT("http://")) ? "http" : "https");
    set(handle, CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_1_1);
    set(handle, CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2);
    set(handle, CURLOPT_USERAGENT, "brgate/" BRGATE_VERSION);
    set(handle, CURLOPT_CONNECTTIMEOUT_MS, (long)k->limits.connect);
    set(handle, CURLOPT_TCP_KEEPALIVE, 1L);
    set(handle, CURLOPT_TCP_KEEPIDLE,
        30L); /* seconds; with the kernel's nine probes a dead peer is noticed in two minutes */
    set(handle, CURLOPT_TCP_KEEPINTVL, 10L);
    set(handle, CURLOPT_NOPROGRESS, 0L);
    set(handle, CURLOPT_XFERINFOFUNCTION, on_progress);
    set(handle, CURLOPT_XFERINFODATA, k);
    set(handle, CURLOPT_WRITEFUNCTION, on_body);
    set(handle, CURLOPT_HEADERFUNCTION, on_header);
    set_text(k, handle, CURLOPT_PROXY, c->proxy);
    if (c->direct)
        set(handle, CURLOPT_NOPROXY, "*");
    set_text(k, handle, CURLOPT_CAINFO, c->ca_file);
    set_blob(k, handle, CURLOPT_CAINFO_BLOB, c->ca);
    set_text(k, handle, CURLOPT_SSLCERT, c->certificate_file);
    set_blob(k, handle, CURLOPT_SSLCERT_BLOB, c->certificate);
    set_text(k, handle, CURLOPT_SSLKEY, c->key_file);
    set_blob(k, handle, CURLOPT_SSLKEY_BLOB, c->key);
}

static bool add_header(struct transfer *t, const char *text)
{
    struct curl_slist *longer = t->kube->curl->slist_append(t->headers, text);
    if (longer)
        t->headers = longer;
    return longer != NULL;
}

static bool add_headers(struct transfer *t, const struct kube_request *q)
{
    static const char *const types[KUBE_METHOD_COUNT] = {
        [KUBE_POST] = "application/json",
        [KUBE_PUT] = "application/json",
        [KUBE_DELETE] = "application/json",
        [KUBE_PATCH_JSON] = "application/json-patch+json",
        [KUBE_PATCH_MERGE] = "application/merge-patch+json",
        [KUBE_PATCH_STRATEGIC] = "application/strategic-merge-patch+json",
    };
    const struct kube *k = t->kube;
    const char *token = k->config.token.n ? k->config.token.p : k->token;
    bool done = add_header(t, "Accept: application/json") && add_header(t, "Expect:");
    if (done && types[q->method])
        done = add_header(t, arena_fmt(t->arena, "Content-Type: %s", types[q->method]).p);
    if (done && token[0])
        done = add_header(t, arena_fmt(t->arena, "Authorization: Bearer %s", token).p);
    return done;
}

bool transfer_begin(struct transfer *t, struct kube *k, CURL *handle, struct arena *a,
                    const struct kube_request *q, unsigned timeout)
{
    __typeof__(k->curl->easy_setopt) set = k->curl->easy_setopt;
    *t = (struct transfer){.kube = k,
                           .handle = handle,
                           .arena = a,
                           .body = buf_new(a, ANSWER_BYTES),
                           .warnings = buf_new(a, WARNINGS_BYTES),
                           .stream = t->stream,
                           .context = t->context,
                           .code = CURLE_OUT_OF_MEMORY};
    slice path = kube_path(a, q);
    slice url = arena_fmt(a, "%.*s%.*s", FMT(k->config.server), FMT(path));
    bool able = add_headers(t, q);
    set(handle, CURLOPT_URL, url.p);
    set(handle, CURLOPT_HTTPHEADER, t->headers);
    set(handle, CURLOPT_WRITEDATA, t);
    set(handle, CURLOPT_HEADERDATA, t);
    set(handle, CURLOPT_ERRORBUFFER, t->why);
    set(handle, CURLOPT_TIMEOUT_MS, (long)timeout);
    set(handle, CURLOPT_HTTPGET, 1L);
    if (q->method != KUBE_GET) {
        set(handle, CURLOPT_POST, 1L);
        set(handle, CURLOPT_POSTFIELDS, slice_c(q->body));
        set(handle, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)q->body.n);
    }
    set(handle, CURLOPT_CUSTOMREQUEST, kube_method_word(q->method));
    return able;
}

void transfer_end(struct transfer *t, CURLcode code)
{
    const struct curl *curl = t->kube->curl;
    long status = 0;
    t->code = code;
    curl->easy_getinfo(t->handle, CURLINFO_RESPONSE_CODE, &status);
    t->status = code == CURLE_OK ? (int)status : 0;
    if (!t->why[0])
        snprintf(t->why, sizeof t->why, "%s", curl->easy_strerror(code));
    curl->easy_setopt(t->handle, CURLOPT_HTTPHEADER, NULL);
    curl->easy_setopt(t->handle, CURLOPT_ERRORBUFFER, NULL);
    curl->slist_free_all(t->headers);
    t->headers = NULL;
}

/* ---- answers ---- */

static const char *silence_hint(CURLcode code)
{
    switch (code) {
    case CURLE_SSL_CACERT_BADFILE:
        return "the configured CA cannot be read, or has no certificate in PEM form";
    case CURLE_PEER_FAILED_VERIFICATION:
        return "the server's certificate is not signed by the configured CA, or not valid for this name";
    case CURLE_SSL_CERTPROBLEM:
        return "the client certificate or its key cannot be read";
    case CURLE_COULDNT_RESOLVE_HOST:
        return "DNS does not know the server's name";
    case CURLE_WRITE_ERROR:
        return "the answer is larger than 8 MiB";
    default:
        return "check that the server is up, and that firewalls and NetworkPolicies allow the connection";
    }
}

struct kube_answer transfer_answer(const struct transfer *t, struct arena *a, const struct kube_request *q)
{
    const struct kube_access *config = &t->kube->config;
    struct kube_answer answer = {.outcome = KUBE_UNREACHABLE, .status = t->status, .date = t->date};
    if (!t->status) {
        answer.error = kube_silence_text(a, config, q, t->why, silence_hint(t->code));
        answer.too_large = t->code == CURLE_WRITE_ERROR;
        return answer;
    }
    answer.body = buf_slice(&t->body);
    answer.warnings = buf_slice(&t->warnings);
    answer.outcome = kube_outcome_of(t->status);
    answer.retry_after = t->retry_after;
    if (answer.outcome != KUBE_OK)
        answer.error = kube_refusal_text(a, config, q, t->status, answer.body);
    return answer;
}

bool transfer_renews_token(struct kube *k, const struct transfer *t)
{
    return t->status == 401 && k->config.token_file.n && kube_refresh_token(k, true);
}
