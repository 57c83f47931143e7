/* Checks what libmicrohttpd lets through, collects the body, asks the handler, answers. */
#include "request.h"

#include "ascii.h"
#include "clock.h"
#include "connection.h"
#include "num.h"

enum {
    FIRST_BODY_BYTES = 64 << 10,
    BUFFERED_BYTES = 8 << 10, /* of a body that libmicrohttpd has certainly read with the headers */
};

struct headers {
    unsigned lengths, hosts, types;
    bool malformed, transfer_encoding, unknown_expectation;
    slice length, host, type;
    uintptr_t next_line; /* where the next header must begin */
};

enum { CRLF = 2 };

struct rejection {
    enum rejection_reason reason;
    unsigned status;
    const char *text;
};

static size_t endpoint_of(const struct server_handler *h, const char *uri)
{
    slice path = {uri, strcspn(uri, "?")};
    for (size_t i = 0; i < h->path_count; i++)
        if (slice_eq(path, slice_of(h->paths[i])))
            return i;
    return SLICE_NONE;
}

static bool is_graphic(slice s)
{
    for (size_t i = 0; i < s.n; i++)
        if (s.p[i] <= ' ' || s.p[i] > '~')
            return false;
    return true;
}

void *request_begin(void *service, const char *uri, struct MHD_Connection *mhd)
{
    const struct service *s = service;
    struct connection *c = connection_of(mhd);
    if (!c)
        return NULL;
    struct request *r = &c->request;
    r->step = REQUEST_NEW;
    r->target = slice_of(uri);
    r->odd_target = !is_graphic(r->target);
    r->endpoint = endpoint_of(s->handler, uri);
    r->length = r->capacity = r->expected = 0;
    r->body = NULL;
    r->lost = r->unread = false;
    transport_progress(&c->transport);
    connection_enter(c, PHASE_REQUEST);
    return c;
}

/* RFC 9110, 5.6.2. */
static bool is_token(slice name)
{
    for (size_t i = 0; i < name.n; i++)
        if (!ascii_is_alnum(name.p[i]) && !memchr("!#$%&'*+-.^_`|~", name.p[i], 15))
            return false;
    return name.n > 0;
}

/* RFC 9110, 5.5: no control characters but tabs. A bare carriage return is one. */
static bool is_field_value(slice value)
{
    for (size_t i = 0; i < value.n; i++)
        if (value.p[i] == 127 || ((unsigned char)value.p[i] < ' ' && value.p[i] != '\t'))
            return false;
    return true;
}

/* libmicrohttpd ends a method, a target and a value at its first NUL and says nothing, skips spaces in the request
 * line, takes a bare line feed for the end of a line and joins folded lines. It parses in place, so all of that
 * shows: parts do not follow each other as closely as they must. */
static bool is_request_line(const struct request *r, const char *method, const char *version)
{
    return !r->odd_target && r->target.p == method + strlen(method) + 1 &&
           version == r->target.p + r->target.n + 1;
}

static enum MHD_Result on_header(void *owner, enum MHD_ValueKind kind, const char *key, size_t key_size,
                                 const char *value, size_t value_size)
{
    (void)kind;
    struct headers *h = owner;
    slice name = {key, key_size}, text = slice_trim((slice){value, value_size});
    if ((uintptr_t)key != h->next_line || !is_token(name) || !is_field_value(text))
        h->malformed = true;
    h->next_line = (uintptr_t)value + value_size + CRLF;
    if (slice_eq_nocase(name, LIT("Content-Length"))) {
        h->lengths++;
        h->length = text;
    } else if (slice_eq_nocase(name, LIT("Transfer-Encoding"))) {
        h->transfer_encoding = true;
    } else if (slice_eq_nocase(name, LIT("Host"))) {
        h->hosts++;
        h->host = text;
    } else if (slice_eq_nocase(name, LIT("Content-Type"))) {
        h->types++;
        h->type = text;
    } else if (slice_eq_nocase(name, LIT("Expect"))) {
        h->unknown_expectation |= !slice_eq_nocase(text, LIT("100-continue"));
    }
    return MHD_YES;
}

static void read_headers(struct MHD_Connection *mhd, const char *method, struct headers *ret)
{
    const union MHD_ConnectionInfo *info =
        MHD_get_connection_info(mhd, MHD_CONNECTION_INFO_REQUEST_HEADER_SIZE);
    MHD_get_connection_values_n(mhd, MHD_HEADER_KIND, on_header, ret);
    uintptr_t end =
        (uintptr_t)method + (info ? info->header_size : 0); /* the request begins with the method */
    if (ret->next_line + CRLF != end)
        ret->malformed = true;
}

/* A name or an address with an optional port; HTTP/1.0 may leave Host out. */
static bool host_well_formed(const struct headers *h, const char *version)
{
    if (h->hosts != 1)
        return h->hosts == 0 && strcmp(version, MHD_HTTP_VERSION_1_0) == 0;
    if (!h->host.n || h->host.n > 255 + sizeof ":65535")
        return false;
    for (size_t i = 0; i < h->host.n; i++) {
        char c = h->host.p[i];
        bool letter = ascii_is_alnum(c);
        if (!letter && !memchr("-._:[]", c, 6))
            return false;
    }
    return true;
}

static bool is_json(const struct headers *h)
{
    slice type = slice_trim(slice_cut(h->type, 0, slice_find_char(h->type, ';')));
    return h->types == 1 && slice_eq_nocase(type, LIT("application/json"));
}

/* Returns NULL when the request is acceptable. Faults that leave the end of the body in doubt are refused first. */
static const struct rejection *refusal_of(const struct service *s, const struct request *r,
                                          const struct headers *h, const char *method, const char *version,
                                          uint64_t *ret_length)
{
    static const struct rejection
        transfer_encoding = {REJECTED_TRANSFER_ENCODING, 501, "Transfer-Encoding: send Content-Length\n"},
        lengths = {REJECTED_LENGTH, 400, "Content-Length: more than one\n"},
        length = {REJECTED_LENGTH, 400, "Content-Length: not a number\n"},
        no_length = {REJECTED_LENGTH, 411, "Content-Length: missing\n"},
        request_line = {REJECTED_HEADER, 400, "the request line is malformed\n"},
        malformed = {REJECTED_HEADER, 400, "a header is malformed\n"},
        host = {REJECTED_HEADER, 400, "Host: exactly one name or address is required\n"},
        path = {REJECTED_PATH, 404, "no such path\n"},
        not_post = {REJECTED_METHOD, 405, "only POST is supported here\n"},
        expectation = {REJECTED_EXPECTATION, 417, "Expect: only 100-continue is supported\n"},
        media_type = {REJECTED_MEDIA_TYPE, 415, "Content-Type: only application/json is accepted\n"},
        too_large = {REJECTED_TOO_LARGE, 413, "the body exceeds the limit (--max-body)\n"};
    if (h->transfer_encoding)
        return &transfer_encoding;
    if (h->lengths > 1)
        return &lengths;
    if (h->lengths && !num_u64(h->length, ret_length))
        return &length;
    if (!is_request_line(r, method, version))
        return &request_line;
    if (h->malformed)
        return &malformed;
    if (!host_well_formed(h, version))
        return &host;
    if (r->endpoint == SLICE_NONE)
        return &path;
    if (strcmp(method, MHD_HTTP_METHOD_POST) != 0)
        return &not_post;
    if (!h->lengths)
        return &no_length;
    if (h->unknown_expectation)
        return &expectation;
    if (!is_json(h))
        return &media_type;
    return *ret_length > s->options->max_body ? &too_large : NULL;
}

/* The bytes must stay until the request has ended. */
static enum MHD_Result respond(const struct service *s, struct MHD_Connection *mhd, unsigned status,
                               const char *type, slice body, const char *extra, const char *extra_value)
{
    struct MHD_Response *response =
        MHD_create_response_from_buffer(body.n, (void *)(uintptr_t)body.p, MHD_RESPMEM_PERSISTENT);
    if (!response)
        return MHD_NO;
    MHD_add_response_header(response, MHD_HTTP_HEADER_CONTENT_TYPE, type);
    if (extra)
        MHD_add_response_header(response, extra, extra_value);
    if (atomic_load_explicit(&s->draining, memory_order_relaxed))
        MHD_add_response_header(response, MHD_HTTP_HEADER_CONNECTION, "close");
    enum MHD_Result queued = MHD_queue_response(mhd, status, response);
    MHD_destroy_response(response);
    return queued;
}

static enum MHD_Result respond_text(const struct service *s, struct MHD_Connection *mhd, unsigned status,
                                    const char *text, const char *extra, const char *extra_value)
{
    return respond(s, mhd, status, "text/plain; charset=utf-8", slice_of(text), extra, extra_value);
}

/* Answering now, before the body, makes libmicrohttpd close the connection afterwards. */
static enum MHD_Result refuse(const struct service *s, struct MHD_Connection *mhd, struct request *r,
                              const struct rejection *why)
{
    bool method = why->reason == REJECTED_METHOD;
    r->step = REQUEST_REFUSED;
    metrics_refused(s->metrics, why->reason);
    return respond_text(s, mhd, why->status, why->text, method ? MHD_HTTP_HEADER_ALLOW : NULL,
                        MHD_HTTP_METHOD_POST);
}

/* The first call: the headers are complete. */
static enum MHD_Result admit(struct service *s, struct MHD_Connection *mhd, struct request *r,
                             const char *method, const char *version)
{
    struct headers h = {.next_line = (uintptr_t)version + strlen(version) + CRLF};
    uint64_t length = 0;
    read_headers(mhd, method, &h);
    const struct rejection *why = refusal_of(s, r, &h, method, version, &length);
    if (why) {
        r->unread = h.transfer_encoding || length > BUFFERED_BYTES;
        return refuse(s, mhd, r, why);
    }
    r->expected = (size_t)length;
    r->arena = arena_pool_take(s->arenas);
    if (!r->arena)
        return MHD_NO;
    atomic_fetch_add_explicit(&s->in_flight, 1, memory_order_relaxed);
    r->step = REQUEST_BODY;
    return MHD_YES;
}

/* A quarter of the memory is for reviews that are complete, so that these are judged however many clients hold back
 * the end of theirs; less, where the largest body, which is copied as it grows, needs more than the rest. */
static size_t kept_for_judging(const struct server_options *o)
{
    size_t all = o->reviews_memory, kept = all / 4, largest = 2 * o->max_body;
    return largest < all - kept ? kept : largest < all ? all - largest : 0;
}

/* The arena refuses what is too much for one review. */
static bool may_grow(const struct service *s, const struct request *r, size_t size)
{
    return size <= FIRST_BODY_BYTES || arena_reserved(r->arena) + size > s->options->review_memory ||
           atomic_load_explicit(&s->memory.left, memory_order_relaxed) >= size + kept_for_judging(s->options);
}

/* Memory follows what has arrived, not what was announced. */
static bool body_append(const struct service *s, struct request *r, const char *data, size_t size)
{
    if (size > r->expected - r->length)
        return false;
    if (size > r->capacity - r->length) {
        size_t wider = r->capacity ? r->capacity * 2 : FIRST_BODY_BYTES;
        while (wider < r->length + size)
            wider *= 2;
        if (wider > r->expected)
            wider = r->expected;
        char *p = may_grow(s, r, wider) ? arena_try_bytes(r->arena, wider) : NULL;
        if (!p)
            return false;
        if (r->length)
            memcpy(p, r->body, r->length);
        r->body = p;
        r->capacity = wider;
    }
    memcpy(r->body + r->length, data, size);
    r->length += size;
    return true;
}

/* client-go repeats a 429 that says when; by then the client that held things up has been cut off. */
static enum MHD_Result shed(struct service *s, struct MHD_Connection *mhd, const char *text)
{
    connections_shed(connection_of(mhd)->list);
    metrics_refused(s->metrics, REJECTED_OVERLOAD);
    return respond_text(s, mhd, MHD_HTTP_TOO_MANY_REQUESTS, text, MHD_HTTP_HEADER_RETRY_AFTER, "1");
}

/* The status says what is at fault: the object, all reviews together, or the server. */
static enum MHD_Result respond_failed(struct service *s, struct MHD_Connection *mhd, struct request *r)
{
    static const char
        too_large[] = "the review needs more memory than one review may use (--review-memory)",
        too_many[] = "the reviews in progress need more memory than all reviews may use (--reviews-memory)";
    struct server_answer *a = &r->answer;
    enum arena_shortage shortage = arena_shortage(r->arena);
    a->verdict = SERVER_FAILED;
    switch (r->lost && !shortage ? ARENA_SHORT_OF_BUDGET : shortage) {
    case ARENA_SHORT_OF_LIMIT:
        a->error = slice_of(too_large);
        metrics_refused(s->metrics, REJECTED_TOO_LARGE);
        return respond_text(s, mhd, MHD_HTTP_CONTENT_TOO_LARGE, too_large, NULL, NULL);
    case ARENA_SHORT_OF_BUDGET:
        a->error = slice_of(too_many);
        return shed(s, mhd, too_many);
    default:
        if (!a->error.n)
            a->error = shortage ? LIT("out of memory") : LIT("the handler returned no answer");
        return respond_text(s, mhd, MHD_HTTP_INTERNAL_SERVER_ERROR, "the review could not be answered\n",
                            NULL, NULL);
    }
}

/* Counted before the client can know. A failure is neither the client's fault nor to its credit. */
static void note_verdict(struct request *r)
{
    if (r->answer.verdict != SERVER_FAILED && r->answer.body.n)
        atomic_store_explicit(&r->known, r->answer.verdict != SERVER_MALFORMED, memory_order_relaxed);
}

static void record(const struct service *s, const struct request *r)
{
    metrics_review(s->metrics, r->endpoint, &r->answer, r->duration_ns);
    log_review(s->log, r->arena, s->handler, r->endpoint, &r->answer, r->duration_ns);
}

/* A client that does not read its answer keeps only the answer in memory, not everything that judging took. */
static void keep_answer_only(struct service *s, struct request *r)
{
    struct arena *other = arena_reserved(r->arena) > ARENA_KEEP_BYTES ? arena_pool_take(s->arenas) : NULL;
    char *copy = other ? arena_try_bytes(other, r->answer.body.n) : NULL;
    if (copy) {
        struct arena *large = r->arena;
        memcpy(copy, r->answer.body.p, r->answer.body.n);
        r->answer.body.p = copy;
        r->arena = other;
        other = large;
    }
    if (other)
        arena_pool_give(s->arenas, other);
}

static enum MHD_Result answer(struct service *s, struct MHD_Connection *mhd, struct request *r)
{
    struct server_answer *a = &r->answer;
    *a = (struct server_answer){0};
    uint64_t begin = clock_ns();
    r->step = REQUEST_JUDGED;
    if (!r->lost)
        s->handler->answer(s->handler->context, r->arena, r->endpoint, (slice){r->body, r->length}, a);
    r->duration_ns = clock_ns() - begin;
    note_verdict(r);
    r->step = REQUEST_ANSWERED;
    if (!a->body.n || a->verdict == SERVER_FAILED) {
        enum MHD_Result queued = respond_failed(s, mhd, r);
        record(s, r);
        return queued;
    }
    record(s, r);
    keep_answer_only(s, r);
    unsigned status = a->verdict == SERVER_MALFORMED ? MHD_HTTP_BAD_REQUEST : MHD_HTTP_OK;
    transport_answer_begins(&connection_of(mhd)->transport);
    return respond(s, mhd, status, "application/json", a->body, NULL, NULL);
}

/* The body is there: one of --max-in-flight, or too many. The connection survives a refusal: a new one would
 * cost more than the review. */
static enum MHD_Result complete(struct service *s, struct MHD_Connection *mhd, struct request *r)
{
    r->answering = true;
    if (atomic_fetch_add_explicit(&s->answering, 1, memory_order_relaxed) < s->options->max_in_flight ||
        connections_yield(connection_of(mhd)->list))
        return answer(s, mhd, r);
    r->step = REQUEST_SHED;
    return shed(s, mhd, "too many reviews at once\n");
}

enum MHD_Result request_continue(void *service, struct MHD_Connection *mhd, const char *url,
                                 const char *method, const char *version, const char *data, size_t *size,
                                 void **context)
{
    (void)url;
    struct service *s = service;
    struct connection *c = *context;
    if (!c)
        return MHD_NO;
    struct request *r = &c->request;
    transport_progress(&c->transport);
    if (r->step == REQUEST_NEW)
        return admit(s, mhd, r, method, version);
    if (*size) {
        if (r->step == REQUEST_BODY && !r->lost)
            r->lost = !body_append(s, r, data, *size);
        *size = 0;
        return MHD_YES;
    }
    return complete(s, mhd, r);
}

void request_end(void *service, struct MHD_Connection *mhd, void **context,
                 enum MHD_RequestTerminationCode how)
{
    (void)mhd;
    struct service *s = service;
    struct connection *c = *context;
    if (!c)
        return;
    struct request *r = &c->request;
    if (how != MHD_REQUEST_TERMINATED_COMPLETED_OK)
        metrics_aborted(s->metrics);
    if (r->arena) {
        arena_pool_give(s->arenas, r->arena);
        r->arena = NULL;
        atomic_fetch_sub_explicit(&s->in_flight, 1, memory_order_relaxed);
    }
    if (r->answering) {
        r->answering = false;
        atomic_fetch_sub_explicit(&s->answering, 1, memory_order_relaxed);
    }
    connection_enter(c, PHASE_IDLE);
    *context = NULL;
}
