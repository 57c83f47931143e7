/* Counters in one shard per thread, and their exposition. */
#include "metrics.h"

#include "samples.h"

#include <stdatomic.h>

enum { SHARDS = 16, CACHE_LINE = 64 };

typedef atomic_uint_least64_t counter;

/* Upper bounds in microseconds: a review takes about 10 us, the API server waits for 1 to 30 seconds. */
static const unsigned bounds[] = {10,   25,   50,    75,    100,   150,    200,    300,    500,    1000,
                                  2500, 5000, 10000, 25000, 50000, 100000, 250000, 500000, 1000000};
enum { BUCKETS = COUNT(bounds) + 1 };

/* The counters of one shard are one array; these are the places in it. */
struct layout {
    size_t requests; /* [endpoint][operation][kind][verdict][dry run] */
    size_t buckets;  /* [endpoint][BUCKETS] */
    size_t sums;     /* [endpoint], nanoseconds */
    size_t rules;    /* [endpoint][rule][effect][dry run] */
    size_t refused;  /* [reason] */
    size_t connections, handshakes, aborted;
    size_t stride; /* counters of one shard */
};

struct metrics {
    const struct server_handler *handler;
    struct layout at;
    counter *counters; /* [SHARDS][stride] */
    atomic_uint next_shard;
    int64_t started_at;
};

static _Thread_local unsigned my_shard; /* 1-based; 0: none yet */

struct metrics *metrics_new(const struct server_handler *h)
{
    struct metrics *m = calloc(1, sizeof *m);
    if (!m)
        return NULL;
    size_t n = 0;
    m->handler = h;
    m->at.requests = n;
    n += h->path_count * SERVER_OPERATION_COUNT * (h->kind_count + 1) * SERVER_VERDICT_COUNT * 2;
    m->at.buckets = n;
    n += h->path_count * BUCKETS;
    m->at.sums = n;
    n += h->path_count;
    m->at.rules = n;
    n += h->path_count * h->rule_count * SERVER_EFFECT_COUNT * 2;
    m->at.refused = n;
    n += REJECTED_REASON_COUNT;
    m->at.connections = n++;
    m->at.handshakes = n++;
    m->at.aborted = n++;
    size_t line = CACHE_LINE / sizeof(counter);
    m->at.stride = (n + line - 1) / line * line;
    m->counters = aligned_alloc(CACHE_LINE, SHARDS * m->at.stride * sizeof(counter));
    if (!m->counters) {
        free(m);
        return NULL;
    }
    for (size_t i = 0; i < SHARDS * m->at.stride; i++)
        atomic_init(&m->counters[i], 0);
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    m->started_at = now.tv_sec;
    return m;
}

void metrics_free(struct metrics *m)
{
    if (m)
        free(m->counters);
    free(m);
}

static void count(struct metrics *m, size_t at, uint64_t more)
{
    if (!my_shard)
        my_shard = atomic_fetch_add(&m->next_shard, 1) % SHARDS + 1;
    atomic_fetch_add_explicit(&m->counters[(my_shard - 1) * m->at.stride + at], more, memory_order_relaxed);
}

static uint64_t total(const struct metrics *m, size_t at)
{
    uint64_t sum = 0;
    for (size_t s = 0; s < SHARDS; s++)
        sum += atomic_load_explicit(&m->counters[s * m->at.stride + at], memory_order_relaxed);
    return sum;
}

static size_t request_at(const struct metrics *m, size_t endpoint, size_t operation, size_t kind,
                         size_t verdict, bool dry_run)
{
    size_t kinds = m->handler->kind_count + 1;
    size_t at = ((endpoint * SERVER_OPERATION_COUNT + operation) * kinds + kind) * SERVER_VERDICT_COUNT;
    return m->at.requests + (at + verdict) * 2 + dry_run;
}

static size_t hit_at(const struct metrics *m, size_t endpoint, size_t rule, size_t effect, bool dry_run)
{
    size_t at = (endpoint * m->handler->rule_count + rule) * SERVER_EFFECT_COUNT;
    return m->at.rules + (at + effect) * 2 + dry_run;
}

void metrics_review(struct metrics *m, size_t endpoint, const struct server_answer *answer, uint64_t ns)
{
    const struct server_handler *h = m->handler;
    size_t kind = answer->kind < h->kind_count ? answer->kind : h->kind_count, bucket = 0;
    count(m, request_at(m, endpoint, answer->operation, kind, answer->verdict, answer->dry_run), 1);
    while (bucket < BUCKETS - 1 && ns > bounds[bucket] * 1000ULL)
        bucket++;
    count(m, m->at.buckets + endpoint * BUCKETS + bucket, 1);
    count(m, m->at.sums + endpoint, ns);
    for (size_t i = 0; i < answer->hit_count; i++)
        if (answer->hits[i].rule < h->rule_count)
            count(m, hit_at(m, endpoint, answer->hits[i].rule, answer->hits[i].effect, answer->dry_run), 1);
}

void metrics_refused(struct metrics *m, enum rejection_reason reason)
{
    count(m, m->at.refused + reason, 1);
}

void metrics_connection(struct metrics *m)
{
    count(m, m->at.connections, 1);
}

void metrics_handshake(struct metrics *m)
{
    count(m, m->at.handshakes, 1);
}

void metrics_aborted(struct metrics *m)
{
    count(m, m->at.aborted, 1);
}

static void head(struct buf *b, const char *name, const char *type, const char *help)
{
    buf_fmt(b, "# HELP brgate_%s %s\n# TYPE brgate_%s %s\n", name, help, name, type);
}

static void single(struct buf *b, const char *name, const char *type, const char *help, int64_t value)
{
    head(b, name, type, help);
    buf_fmt(b, "brgate_%s %lld\n", name, (long long)value);
}

static const char *const operations[SERVER_OPERATION_COUNT] = {"other", "CREATE", "UPDATE", "DELETE",
                                                               "CONNECT"};
static const char *const verdicts[SERVER_VERDICT_COUNT] = {"failed", "malformed", "allowed", "would_deny",
                                                           "denied"};
static const char *const dry_runs[] = {"false", "true"};

/* Prometheus sees no increase in a counter that appears with its first event, so alerts would miss that: every series that
 * an API server can cause exists from the start. */
static bool is_expected(size_t operation, bool known_kind)
{
    return known_kind ? operation >= SERVER_CREATE && operation <= SERVER_DELETE
                      : operation == SERVER_OTHER_OPERATION;
}

static void render_requests_of(const struct metrics *m, struct buf *b, size_t endpoint, size_t operation,
                               size_t kind)
{
    const struct server_handler *h = m->handler;
    bool known = kind < h->kind_count;
    for (size_t v = 0; v < SERVER_VERDICT_COUNT; v++)
        for (int dry = 0; dry < 2; dry++) {
            uint64_t n = total(m, request_at(m, endpoint, operation, kind, v, dry));
            if (n || is_expected(operation, known))
                buf_fmt(b,
                        "brgate_webhook_requests_total{endpoint=\"%s\",operation=\"%s\",kind=\"%s\","
                        "verdict=\"%s\",dry_run=\"%s\"} %llu\n",
                        h->paths[endpoint] + 1, operations[operation], known ? h->kinds[kind] : "other",
                        verdicts[v], dry_runs[dry], (unsigned long long)n);
        }
}

static void render_requests(const struct metrics *m, struct buf *b)
{
    const struct server_handler *h = m->handler;
    head(b, "webhook_requests_total", "counter", "Reviews answered.");
    for (size_t e = 0; e < h->path_count; e++)
        for (size_t o = 0; o < SERVER_OPERATION_COUNT; o++)
            for (size_t k = 0; k <= h->kind_count; k++)
                render_requests_of(m, b, e, o, k);
}

static void render_latency(const struct metrics *m, struct buf *b)
{
    const struct server_handler *h = m->handler;
    head(b, "webhook_review_duration_seconds", "histogram",
         "Time from a complete request to its answer, without the network.");
    for (size_t e = 0; e < h->path_count; e++) {
        const char *endpoint = h->paths[e] + 1;
        uint64_t below = 0;
        for (size_t i = 0; i < BUCKETS; i++) {
            below += total(m, m->at.buckets + e * BUCKETS + i);
            buf_fmt(b, "brgate_webhook_review_duration_seconds_bucket{endpoint=\"%s\",le=\"", endpoint);
            if (i < BUCKETS - 1)
                buf_fmt(b, "%g\"} ", bounds[i] / 1e6);
            else
                buf_put(b, LIT("+Inf\"} "));
            buf_fmt(b, "%llu\n", (unsigned long long)below);
        }
        uint64_t sum = total(m, m->at.sums + e);
        buf_fmt(b, "brgate_webhook_review_duration_seconds_sum{endpoint=\"%s\"} %llu.%09llu\n", endpoint,
                (unsigned long long)(sum / 1000000000U), (unsigned long long)(sum % 1000000000U));
        buf_fmt(b, "brgate_webhook_review_duration_seconds_count{endpoint=\"%s\"} %llu\n", endpoint,
                (unsigned long long)below);
    }
}

static void render_hits_of(const struct metrics *m, struct buf *b, size_t endpoint, size_t rule)
{
    static const char *const effects[SERVER_EFFECT_COUNT] = {
        [SERVER_WARNS] = "warning", [SERVER_WOULD_REFUSE] = "would_deny", [SERVER_REFUSES] = "error"};
    const struct server_handler *h = m->handler;
    for (size_t e = 0; e < SERVER_EFFECT_COUNT; e++)
        for (int dry = 0; dry < 2; dry++) {
            uint64_t n = total(m, hit_at(m, endpoint, rule, e, dry));
            if (n)
                buf_fmt(b,
                        "brgate_webhook_rule_hits_total{endpoint=\"%s\",rule=\"%s\",severity=\"%s\","
                        "dry_run=\"%s\"} %llu\n",
                        h->paths[endpoint] + 1, h->rules[rule], effects[e], dry_runs[dry],
                        (unsigned long long)n);
        }
}

/* Only those that happened: all would be thousands, and no alert depends on a single rule. */
static void render_rules(const struct metrics *m, struct buf *b)
{
    head(b, "webhook_rule_hits_total", "counter",
         "Findings by rule; severity would_deny is an error that is not enforced.");
    for (size_t e = 0; e < m->handler->path_count; e++)
        for (size_t r = 0; r < m->handler->rule_count; r++)
            render_hits_of(m, b, e, r);
}

static void render_refusals(const struct metrics *m, struct buf *b)
{
    static const char *const reasons[REJECTED_REASON_COUNT] = {"path",
                                                               "method",
                                                               "media_type",
                                                               "header",
                                                               "length",
                                                               "transfer_encoding",
                                                               "expectation",
                                                               "too_large",
                                                               "overload",
                                                               "handshake_deadline",
                                                               "request_deadline",
                                                               "no_progress",
                                                               "crowded"};
    head(b, "webhook_refused_total", "counter",
         "Requests refused before they were judged, and connections closed at a deadline or to make room.");
    for (size_t i = 0; i < REJECTED_REASON_COUNT; i++)
        buf_fmt(b, "brgate_webhook_refused_total{reason=\"%s\"} %llu\n", reasons[i],
                (unsigned long long)total(m, m->at.refused + i));
}

static void render_reloads(struct buf *b, const char *name, const char *help, uint64_t done, uint64_t failed)
{
    head(b, name, "counter", help);
    buf_fmt(b, "brgate_%s{result=\"success\"} %llu\n", name, (unsigned long long)done);
    buf_fmt(b, "brgate_%s{result=\"failure\"} %llu\n", name, (unsigned long long)failed);
}

static void render_certificate(const struct metrics_gauges *g, struct buf *b)
{
    single(b, "webhook_certificate_valid", "gauge",
           "0 while the served certificate is out of its time, or not for the name of --tls-name.", g->valid);
    single(b, "webhook_certificate_not_before_timestamp_seconds", "gauge",
           "Start of the served certificate's validity.", g->not_before);
    single(b, "webhook_certificate_expiry_timestamp_seconds", "gauge",
           "End of the served certificate's validity.", g->not_after);
    single(b, "webhook_certificate_loaded_timestamp_seconds", "gauge",
           "Time at which the served certificate was loaded.", g->loaded_at);
    single(b, "webhook_certificate_matches_file", "gauge",
           "1 while the served certificate is the one in the file.", g->matches_file);
    head(b, "webhook_certificate_info", "gauge", "The served certificate's SHA-256 fingerprint.");
    buf_fmt(b, "brgate_webhook_certificate_info{sha256=\"%s\"} 1\n", g->fingerprint);
    render_reloads(b, "webhook_certificate_reloads_total", "Attempts to load changed certificate files.",
                   g->reloads, g->reload_failures);
}

static void render_policy_info(const struct metrics *m, struct buf *b)
{
    struct server_policy p;
    m->handler->policy(m->handler->context, &p);
    head(b, "webhook_policy_info", "gauge",
         "The SHA-256 of the policy file in effect, and what happens to errors that it does not name.");
    buf_fmt(b, "brgate_webhook_policy_info{sha256=\"%s\",enforcement=\"%s\"} 1\n", p.sha256, p.enforcement);
}

static void render_policy(const struct metrics_gauges *g, struct buf *b)
{
    single(b, "webhook_policy_matches_file", "gauge", "1 while the policy in effect is the one in the file.",
           g->policy_matches_file);
    render_reloads(b, "webhook_policy_reloads_total", "Attempts to load a changed policy file.",
                   g->policy_reloads, g->policy_reload_failures);
}

void metrics_render(const struct metrics *m, const struct metrics_gauges *g, struct buf *b)
{
    render_requests(m, b);
    render_latency(m, b);
    render_rules(m, b);
    render_refusals(m, b);
    single(b, "webhook_requests_in_flight", "gauge", "Requests accepted and not yet answered.",
           (int64_t)g->in_flight);
    single(b, "webhook_connections", "gauge", "Open connections.", (int64_t)g->connections);
    single(b, "webhook_connections_total", "counter", "Connections accepted.",
           (int64_t)total(m, m->at.connections));
    single(b, "webhook_handshakes_total", "counter", "TLS handshakes completed.",
           (int64_t)total(m, m->at.handshakes));
    single(b, "webhook_requests_aborted_total", "counter", "Requests whose client disconnected.",
           (int64_t)total(m, m->at.aborted));
    single(b, "webhook_log_lines_dropped_total", "counter", "Log lines dropped because the reader was slow.",
           (int64_t)g->log_lines_dropped);
    single(b, "webhook_log_lines_left_out_total", "counter",
           "Reviews that were too many to be logged one by one.", (int64_t)g->log_lines_left_out);
    single(b, "webhook_ready", "gauge", "1 while /readyz answers 200.", g->ready);
    if (g->tls)
        render_certificate(g, b);
    if (m->handler->policy)
        render_policy_info(m, b);
    if (g->policy)
        render_policy(g, b);
    head(b, "build_info", "gauge", "Version of the program.");
    buf_fmt(b, "brgate_build_info{version=\"%s\"} 1\n", BRGATE_VERSION);
    samples_process(b, m->started_at);
}
