/* Requests on libcurl's multi interface, and the lines of watches. */
#include "loop.h"
#include "transfer.h"

#include "clock.h"

enum {
    CALL_BYTES = 64 << 20,  /* a body of ANSWER_BYTES that has grown by copying, and what is sent */
    KEEP_BYTES = 256 << 10, /* of an idle watch */
    WAIT_MOST_MS = 60000,
};

enum call_state {
    CALL_RUNS,
    CALL_ENDED,     /* libcurl has finished it, or we gave up */
    CALL_CANCELLED, /* waits to be freed */
};

struct kube_call {
    struct kube_call *next;
    struct kube_loop *loop;
    struct kube *kube;
    struct kube_listener listener;
    struct kube_request request;
    CURL *handle;
    struct arena *arena; /* of the request and of an answer that is no watch */
    struct transfer transfer;
    enum call_state state;
    bool renewed;
    struct kube_bounds bounds;
    const char *broken, *hint; /* why we gave up, and what to check; NULL: we did not */
    /* Of a watch. */
    struct arena *line_arena;
    struct buf lines; /* what has arrived and was not delivered: whole lines and the beginning of one */
    bool fresh;       /* some of it has not been looked at */
    uint64_t heard_at;
};

struct kube_loop {
    const struct curl *curl;
    CURLM *multi;
    struct kube_call *first;
    bool delivering; /* the list is walked; what is cancelled is freed afterwards */
};

/* ---- a call's life ---- */

/* For a call that is not, or no longer, in the loop's list. */
static void call_free(struct kube_call *c)
{
    struct kube_loop *loop = c->loop;
    if (c->handle)
        loop->curl->easy_cleanup(c->handle);
    arena_free(c->line_arena);
    arena_free(c->arena);
    free(c);
}

static void sweep(struct kube_loop *loop)
{
    for (struct kube_call **at = &loop->first; *at;) {
        struct kube_call *c = *at;
        if (c->state != CALL_CANCELLED) {
            at = &c->next;
            continue;
        }
        *at = c->next;
        call_free(c);
    }
}

/* Ends the call's transfer in libcurl. */
static void detach(struct kube_call *c, CURLcode code)
{
    c->loop->curl->multi_remove_handle(c->loop->multi, c->handle);
    transfer_end(&c->transfer, code);
    c->state = CALL_ENDED;
}

struct starting {
    struct kube_call *call;
    const struct kube_request *request;
    bool begun;
};

static const char *copy_text(struct arena *a, const char *text)
{
    return text ? arena_cstr(a, slice_of(text)) : NULL;
}

static void copy_request(void *context)
{
    struct starting *s = context;
    struct arena *a = s->call->arena;
    const struct kube_request *q = s->request;
    s->call->request = (struct kube_request){
        .method = q->method,
        .path = copy_text(a, q->path),
        .group_version = copy_text(a, q->group_version),
        .resource = copy_text(a, q->resource),
        .subresource = copy_text(a, q->subresource),
        .namespace = arena_copy(a, q->namespace),
        .name = arena_copy(a, q->name),
        .query = arena_copy(a, q->query),
        .body = arena_copy(a, q->body),
        .watch = q->watch,
    };
}

static void begin_transfer(void *context)
{
    struct starting *s = context;
    struct kube_call *c = s->call;
    s->begun = transfer_begin(&c->transfer, c->kube, c->handle, c->arena, &c->request, 0);
}

/* One attempt; false when memory runs out. */
static bool attempt(struct kube_call *c)
{
    struct starting s = {.call = c};
    struct kube_loop *loop = c->loop;
    bool able = arena_run(c->arena, begin_transfer, &s) && s.begun &&
                loop->curl->multi_add_handle(loop->multi, c->handle) == CURLM_OK;
    if (able) {
        c->state = CALL_RUNS;
        c->heard_at = clock_lived_ms();
    } else if (c->transfer.kube) {
        transfer_end(&c->transfer, CURLE_OUT_OF_MEMORY);
    }
    return able;
}

static bool take_lines(void *context, slice bytes);

static bool prepare(struct kube_call *c)
{
    struct kube_loop *loop = c->loop;
    c->handle = loop->curl->easy_init();
    c->arena = arena_new(CALL_BYTES);
    if (!c->handle || !c->arena)
        return false;
    transfer_prepare(c->kube, c->handle);
    if (!c->request.watch)
        return true;
    c->line_arena = arena_new(CALL_BYTES);
    if (!c->line_arena)
        return false;
    c->lines = buf_new(c->line_arena, ANSWER_BYTES + (4 << 20)); /* libcurl brings less than 2 MiB at once */
    c->transfer.stream = take_lines;
    c->transfer.context = c;
    return true;
}

struct kube_call *kube_loop_start(struct kube_loop *loop, struct kube *k, const struct kube_request *q,
                                  const struct kube_bounds *bounds, const struct kube_listener *listener)
{
    struct kube_call *c = calloc(1, sizeof *c);
    if (!c)
        return NULL;
    *c = (struct kube_call){.loop = loop, .kube = k, .listener = *listener, .request = *q, .bounds = *bounds};
    struct starting s = {.call = c, .request = q};
    kube_refresh_token(k, false); /* without a token the server says what is missing */
    if (!prepare(c) || !arena_run(c->arena, copy_request, &s) || !attempt(c)) {
        call_free(c);
        return NULL;
    }
    c->next = loop->first;
    loop->first = c;
    return c;
}

void kube_call_cancel(struct kube_call *c)
{
    if (c->state == CALL_RUNS)
        detach(c, CURLE_ABORTED_BY_CALLBACK);
    c->state = CALL_CANCELLED;
    if (!c->loop->delivering)
        sweep(c->loop);
}

/* ---- lines of a watch ---- */

/* Called from within libcurl: lines are delivered after it has returned. */
static bool take_lines(void *context, slice bytes)
{
    struct kube_call *c = context;
    c->heard_at = clock_lived_ms();
    c->fresh = true;
    if (transfer_keep(&c->lines, bytes))
        return true;
    c->broken = "a line is larger than 8 MiB";
    c->hint = "etcd stores no such object: check what answers there";
    return false;
}

static void give_up(struct kube_call *c, const char *why)
{
    c->broken = why;
    c->hint = "check that the server is up and not overloaded";
    if (c->state == CALL_RUNS)
        detach(c, CURLE_ABORTED_BY_CALLBACK);
}

/* Does not keep the memory of an unusually large event. */
static void shrink(struct kube_call *c)
{
    struct arena *fresh = arena_reserved(c->line_arena) > KEEP_BYTES ? arena_new(CALL_BYTES) : NULL;
    if (fresh) {
        arena_free(c->line_arena);
        c->line_arena = fresh;
    }
    arena_reset(c->line_arena);
    c->lines = buf_new(c->line_arena, c->lines.limit);
}

/* Passes whole lines to the listener; the beginning of one stays. */
static void deliver_lines(struct kube_call *c)
{
    size_t at = 0;
    c->fresh = false;
    for (size_t n; c->state != CALL_CANCELLED && !c->broken; at += n + 1) {
        slice rest = slice_from(buf_slice(&c->lines), at);
        n = slice_find_char(rest, '\n');
        if (n == SLICE_NONE)
            break;
        c->listener.line(c->listener.context, slice_cut(rest, 0, n));
    }
    if (c->state == CALL_CANCELLED || !at)
        return;
    c->lines.n -= at;
    memmove(c->lines.p, c->lines.p + at, c->lines.n);
    if (!c->lines.n)
        shrink(c);
}

static uint64_t end_of(const struct kube_call *c)
{
    uint64_t silent = c->request.watch ? c->heard_at + c->bounds.idle : UINT64_MAX;
    return silent < c->bounds.deadline ? silent : c->bounds.deadline;
}

static void end_overdue(struct kube_loop *loop)
{
    uint64_t now = clock_lived_ms();
    for (struct kube_call *c = loop->first; c; c = c->next)
        if (c->state == CALL_RUNS && end_of(c) <= now)
            give_up(c, now >= c->bounds.deadline ? "no answer in time" : "the watch is silent");
}

/* ---- ends ---- */

struct ending {
    struct kube_call *call;
    struct kube_answer answer;
};

static void conclude(void *context)
{
    struct ending *e = context;
    const struct kube_call *c = e->call;
    e->answer = transfer_answer(&c->transfer, c->arena, &c->request);
    if (c->broken)
        e->answer.error = kube_silence_text(c->arena, &c->kube->config, &c->request, c->broken, c->hint);
}

/* True when another attempt is under way. */
static bool goes_on(struct kube_call *c)
{
    if (c->renewed || c->broken || !transfer_renews_token(c->kube, &c->transfer))
        return false;
    c->renewed = true;
    return attempt(c);
}

static void end(struct kube_call *c)
{
    struct ending e = {.call = c};
    if (goes_on(c))
        return;
    if (!arena_run(c->arena, conclude, &e))
        e.answer = (struct kube_answer){.outcome = KUBE_UNREACHABLE,
                                        .error = LIT("the answer needs more memory than an answer may use")};
    c->listener.done(c->listener.context, &e.answer);
    c->state = CALL_CANCELLED;
}

/* ---- the loop ---- */

struct kube_loop *kube_loop_new(const struct kube *any)
{
    struct kube_loop *loop = calloc(1, sizeof *loop);
    if (!loop)
        return NULL;
    *loop = (struct kube_loop){.curl = any->curl, .multi = any->curl->multi_init()};
    if (loop->multi)
        return loop;
    free(loop);
    return NULL;
}

void kube_loop_free(struct kube_loop *loop)
{
    if (!loop)
        return;
    for (struct kube_call *c = loop->first; c; c = c->next) {
        if (c->state == CALL_RUNS)
            detach(c, CURLE_ABORTED_BY_CALLBACK);
        c->state = CALL_CANCELLED;
    }
    sweep(loop);
    loop->curl->multi_cleanup(loop->multi);
    free(loop);
}

static uint64_t first_end(const struct kube_loop *loop, uint64_t deadline)
{
    for (const struct kube_call *c = loop->first; c; c = c->next)
        if (end_of(c) < deadline)
            deadline = end_of(c);
    return deadline;
}

static struct kube_call *call_of(const struct kube_loop *loop, const CURL *handle)
{
    struct kube_call *c = loop->first;
    while (c->handle != handle)
        c = c->next;
    return c;
}

static void collect_ends(struct kube_loop *loop)
{
    int left;
    for (CURLMsg *m; (m = loop->curl->multi_info_read(loop->multi, &left));)
        if (m->msg == CURLMSG_DONE)
            detach(call_of(loop, m->easy_handle), m->data.result);
}

/* Callbacks add calls at the front, where this does not look, and cancelled ones stay until the end. */
static void deliver(struct kube_loop *loop)
{
    loop->delivering = true;
    for (struct kube_call *c = loop->first; c; c = c->next) {
        if (c->request.watch && c->state != CALL_CANCELLED)
            deliver_lines(c);
        if (c->state == CALL_ENDED)
            end(c);
    }
    loop->delivering = false;
    sweep(loop);
}

/* Overdue requests end first: a request sent after its deadline may do harm. */
static void progress(struct kube_loop *loop)
{
    int running;
    end_overdue(loop);
    loop->curl->multi_perform(loop->multi, &running);
    collect_ends(loop);
}

static bool has_news(const struct kube_loop *loop)
{
    for (const struct kube_call *c = loop->first; c; c = c->next)
        if (c->state != CALL_RUNS || c->fresh)
            return true;
    return false;
}

void kube_loop_wait(struct kube_loop *loop, int fd, uint64_t deadline)
{
    struct curl_waitfd extra = {.fd = fd, .events = CURL_WAIT_POLLIN};
    int ready;
    progress(loop);
    if (!has_news(loop)) {
        uint64_t now = clock_lived_ms(), until = first_end(loop, deadline);
        uint64_t wait = until > now ? until - now : 0;
        loop->curl->multi_poll(loop->multi, &extra, fd >= 0 ? 1 : 0,
                               (int)(wait < WAIT_MOST_MS ? wait : WAIT_MOST_MS), &ready);
        progress(loop);
    }
    deliver(loop);
}
