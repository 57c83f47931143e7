/* The server's log: each thread formats its own lines, and one thread writes them. */
#include "log.h"

#include "civil.h"
#include "clock.h"
#include "log_limit.h"
#include "thread.h"
#include "utf8.h"

#include <limits.h>
#include <poll.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <unistd.h>

enum {
    QUEUE_BYTES = 256 << 10, /* about 700 lines: 20 ms under full load */
    ENOUGH_BYTES = 32 << 10, /* not to be gathered any further */
    LINE_BYTES = 16 << 10,
    EVENT_BYTES = 1024,
    TEXT_BYTES = 256,    /* of one name from a request: a Kubernetes name has at most 253 */
    HITS_LOOKED_AT = 32, /* for a line; more are in the answer and in the metrics */
    GATHER_MS = 20,      /* so that a burst is written together */
    CLOSE_MS = 1000,
};

/* Anyone who can connect can cause lines. A flood of one kind must not push the others out of the log, nor fill the
 * disk. API servers send some reviews each second when many objects are applied at once, and nothing malformed. */
static const struct log_rate rates[SERVER_VERDICT_COUNT] = {[SERVER_FAILED] = {20, 2},
                                                            [SERVER_MALFORMED] = {20, 2},
                                                            [SERVER_ALLOWED] = {1000, 100},
                                                            [SERVER_WOULD_DENY] = {1000, 100},
                                                            [SERVER_DENIED] = {1000, 100}};
static const char *const verdict_words[SERVER_VERDICT_COUNT] = {"failed", "malformed", "allowed",
                                                                "would_deny", "denied"};

const char *const log_level_words[LOG_LEVEL_COUNT + 1] = {"info", "warning", "error", NULL};

struct log {
    int fd;
    bool text;
    enum log_level least;
    pthread_t thread;
    pthread_mutex_t lock;
    pthread_cond_t filled;
    size_t n;
    bool closing;
    struct log_limit limits[SERVER_VERDICT_COUNT];
    atomic_uint_least64_t dropped, left_out;
    char queue[QUEUE_BYTES], writing[QUEUE_BYTES];
};

/* Writes whole lines, PIPE_BUF at most each time: poll(2) promises that much without blocking. */
static void write_lines(struct log *l, const char *p, size_t n, uint64_t give_up)
{
    while (n) {
        size_t part = n < PIPE_BUF ? n : PIPE_BUF;
        const char *end = part < n ? memrchr(p, '\n', part) : NULL;
        if (end)
            part = (size_t)(end - p) + 1;
        struct pollfd ready = {.fd = l->fd, .events = POLLOUT};
        int polled = poll(&ready, 1, 100);
        if (polled == 0) {
            pthread_mutex_lock(&l->lock);
            if (l->closing && !give_up)
                give_up = clock_ms() + CLOSE_MS;
            pthread_mutex_unlock(&l->lock);
            if (give_up && clock_ms() > give_up)
                return;
            continue;
        }
        ssize_t done = write(l->fd, p, part);
        if (done <= 0)
            return; /* the reader has gone away: this cannot be reported */
        p += done;
        n -= (size_t)done;
    }
}

/* Waits a moment for more lines. */
static void gather(struct log *l)
{
    uint64_t until = clock_ms() + GATHER_MS;
    while (!l->closing && l->n < ENOUGH_BYTES && thread_wait_until(&l->filled, &l->lock, until))
        ;
}

/* Waits until there is a line, or a number of omitted lines to report. */
static void wait_for_lines(struct log *l)
{
    uint64_t due = UINT64_MAX;
    for (size_t i = 0; i < SERVER_VERDICT_COUNT; i++) {
        uint64_t this_due = log_limit_due(&l->limits[i]);
        due = this_due < due ? this_due : due;
    }
    if (due == UINT64_MAX)
        pthread_cond_wait(&l->filled, &l->lock);
    else
        thread_wait_until(&l->filled, &l->lock, due);
}

/* The caller holds the lock, which is released for a moment. */
static void tell_left_out(struct log *l)
{
    for (size_t i = 0; i < SERVER_VERDICT_COUNT; i++) {
        uint64_t n = log_limit_tell(&l->limits[i], clock_ms(), l->closing);
        if (!n)
            continue;
        pthread_mutex_unlock(&l->lock);
        log_event(l, LOG_LEVEL_WARNING, "left-out",
                  "%llu more reviews were %s: there are too many to log each", (unsigned long long)n,
                  verdict_words[i]);
        pthread_mutex_lock(&l->lock);
    }
}

static void *writer(void *context)
{
    struct log *l = context;
    pthread_mutex_lock(&l->lock);
    for (;;) {
        tell_left_out(l);
        if (!l->n && l->closing)
            break;
        if (!l->n) {
            wait_for_lines(l);
            continue;
        }
        gather(l);
        size_t n = l->n;
        memcpy(l->writing, l->queue, n);
        l->n = 0;
        bool closing = l->closing;
        pthread_mutex_unlock(&l->lock);
        write_lines(l, l->writing, n, closing ? clock_ms() + CLOSE_MS : 0);
        pthread_mutex_lock(&l->lock);
    }
    pthread_mutex_unlock(&l->lock);
    return NULL;
}

struct log *log_new(int fd, bool text, enum log_level least)
{
    struct log *l = calloc(1, sizeof *l);
    if (!l)
        return NULL;
    l->fd = fd;
    l->text = text;
    l->least = least;
    pthread_mutex_init(&l->lock, NULL);
    thread_condition_init(&l->filled);
    if (pthread_create(&l->thread, NULL, writer, l) != 0) {
        free(l);
        return NULL;
    }
    return l;
}

void log_close(struct log *l)
{
    if (!l)
        return;
    pthread_mutex_lock(&l->lock);
    l->closing = true;
    pthread_cond_signal(&l->filled);
    pthread_mutex_unlock(&l->lock);
    pthread_join(l->thread, NULL);
    pthread_cond_destroy(&l->filled);
    pthread_mutex_destroy(&l->lock);
    free(l);
}

uint64_t log_dropped(const struct log *l)
{
    return atomic_load_explicit(&l->dropped, memory_order_relaxed);
}

uint64_t log_left_out(const struct log *l)
{
    return atomic_load_explicit(&l->left_out, memory_order_relaxed);
}

static void count_dropped(struct log *l)
{
    atomic_fetch_add_explicit(&l->dropped, 1, memory_order_relaxed);
}

static void put_line(struct log *l, slice line)
{
    pthread_mutex_lock(&l->lock);
    bool fits = line.n <= QUEUE_BYTES - l->n, was_empty = l->n == 0, was_enough = l->n >= ENOUGH_BYTES;
    if (fits) {
        memcpy(l->queue + l->n, line.p, line.n);
        l->n += line.n;
    }
    if (was_empty || (!was_enough && l->n >= ENOUGH_BYTES))
        pthread_cond_signal(&l->filled);
    pthread_mutex_unlock(&l->lock);
    if (!fits)
        count_dropped(l);
}

static void write_digits(char *p, int width, int value)
{
    for (; width--; value /= 10)
        p[width] = (char)('0' + value % 10);
}

/* By hand, as it is in every line: printf reads its format anew each time, gmtime_r takes a lock. */
static void put_time(struct buf *b)
{
    char text[] = "2024-01-15T10:20:30.000Z";
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    struct civil c = civil_of(now.tv_sec);
    write_digits(text, 4, c.year);
    write_digits(text + 5, 2, c.month);
    write_digits(text + 8, 2, c.day);
    write_digits(text + 11, 2, c.hour);
    write_digits(text + 14, 2, c.minute);
    write_digits(text + 17, 2, c.second);
    write_digits(text + 20, 3, (int)(now.tv_nsec / 1000000));
    buf_put(b, slice_of(text));
}

/* Text from a request as it may stand in a line: nothing that a terminal obeys or that turns text around,
 * which beyond ASCII are too many to tell apart. A name has no blanks either, so that it cannot go on as
 * another field; users may choose one before anybody has checked it. */
static void put_ascii(struct buf *b, slice s, char least)
{
    s = slice_cut(s, 0, TEXT_BYTES);
    for (size_t i = 0; i < s.n; i++)
        buf_char(b, s.p[i] < least || s.p[i] > '~' ? '?' : s.p[i]);
}

static void put_name(struct buf *b, slice s)
{
    put_ascii(b, s, '!');
}

static void put_words(struct buf *b, slice s)
{
    put_ascii(b, s, ' ');
}

static void put_json_field(struct buf *b, slice name, slice value)
{
    if (!value.n)
        return;
    buf_put(b, name);
    buf_json_string(b, utf8_cut(value, TEXT_BYTES));
}

static void put_text_object(struct buf *b, const struct log_object *o)
{
    put_name(b, o->kind);
    buf_char(b, ' ');
    put_name(b, o->namespace);
    buf_char(b, '/');
    put_name(b, o->name);
}

struct event {
    struct log *log;
    struct arena *arena;
    const char *level, *name;
    const struct log_object *about; /* NULL: the process */
    slice message;
};

static void put_text_event(struct buf *b, const struct event *e)
{
    put_time(b);
    buf_fmt(b, " %s: %s: ", e->level, e->name);
    if (e->about) {
        put_text_object(b, e->about);
        buf_put(b, LIT(": "));
    }
    buf_fmt(b, "%.*s\n", FMT(e->message));
}

static void put_json_event(struct buf *b, const struct event *e)
{
    buf_put(b, LIT("{\"time\":\""));
    put_time(b);
    buf_fmt(b, "\",\"level\":\"%s\",\"event\":\"%s\"", e->level, e->name);
    if (e->about) {
        put_json_field(b, LIT(",\"kind\":"), e->about->kind);
        put_json_field(b, LIT(",\"namespace\":"), e->about->namespace);
        put_json_field(b, LIT(",\"name\":"), e->about->name);
    }
    buf_put(b, LIT(",\"message\":"));
    buf_json_string(b, e->message);
    buf_put(b, LIT("}\n"));
}

static void write_event(void *context)
{
    const struct event *e = context;
    struct buf b = buf_new(e->arena, LINE_BYTES);
    if (e->log->text)
        put_text_event(&b, e);
    else
        put_json_event(&b, e);
    put_line(e->log, buf_slice(&b));
}

void log_about(struct log *l, enum log_level level, const char *event, const struct log_object *about,
               slice message)
{
    if (level < l->least)
        return;
    struct event e = {l, arena_new(LINE_BYTES * 4), log_level_words[level], event, about, message};
    if (e.arena)
        arena_run(e.arena, write_event, &e);
    arena_free(e.arena);
}

void log_event(struct log *l, enum log_level level, const char *event, const char *format, ...)
{
    char message[EVENT_BYTES];
    va_list args;
    va_start(args, format);
    int n = vsnprintf(message, sizeof message, format, args);
    va_end(args);
    if (n >= 0)
        log_about(l, level, event, NULL, slice_of(message));
}

static const char *const operation_words[SERVER_OPERATION_COUNT] = {"", "CREATE", "UPDATE", "DELETE",
                                                                    "CONNECT"};

static bool seen_before(const struct server_answer *answer, size_t at)
{
    for (size_t i = 0; i < at; i++)
        if (answer->hits[i].rule == answer->hits[at].rule &&
            answer->hits[i].effect == answer->hits[at].effect)
            return true;
    return false;
}

static bool has_effect(const struct server_answer *answer, enum server_effect effect)
{
    size_t i = 0;
    while (i < answer->hit_count && answer->hits[i].effect != effect)
        i++;
    return i < answer->hit_count;
}

/* Every rule once. */
static void put_rules(struct buf *b, const struct server_handler *h, const struct server_answer *answer,
                      enum server_effect effect, const char *name)
{
    buf_fmt(b, ",\"%s\":[", name);
    size_t count = 0, most = answer->hit_count < HITS_LOOKED_AT ? answer->hit_count : HITS_LOOKED_AT;
    for (size_t i = 0; i < most; i++) {
        const struct server_hit *hit = &answer->hits[i];
        if (hit->effect == effect && hit->rule < h->rule_count && !seen_before(answer, i))
            buf_fmt(b, "%s\"%s\"", count++ ? "," : "", h->rules[hit->rule]);
    }
    buf_char(b, ']');
}

static enum log_level review_level(const struct server_answer *answer)
{
    return answer->verdict == SERVER_FAILED ? LOG_LEVEL_ERROR : LOG_LEVEL_INFO;
}

static void put_json_review(struct buf *b, const struct server_handler *h, size_t endpoint,
                            const struct server_answer *answer, unsigned long microseconds)
{
    buf_put(b, LIT("{\"time\":\""));
    put_time(b);
    buf_fmt(b, "\",\"level\":\"%s\",\"event\":\"review\",\"endpoint\":\"%s\",\"verdict\":\"%s\"",
            log_level_words[review_level(answer)], h->paths[endpoint], verdict_words[answer->verdict]);
    put_json_field(b, LIT(",\"uid\":"), answer->uid);
    put_json_field(b, LIT(",\"operation\":"), slice_of(operation_words[answer->operation]));
    put_json_field(b, LIT(",\"kind\":"), answer->kind_name);
    put_json_field(b, LIT(",\"namespace\":"), answer->namespace);
    put_json_field(b, LIT(",\"name\":"), answer->name);
    put_json_field(b, LIT(",\"user\":"), answer->user);
    put_json_field(b, LIT(",\"error\":"), answer->error);
    if (answer->dry_run)
        buf_put(b, LIT(",\"dryRun\":true"));
    put_rules(b, h, answer, SERVER_REFUSES, "errors");
    if (has_effect(answer, SERVER_WOULD_REFUSE))
        put_rules(b, h, answer, SERVER_WOULD_REFUSE, "wouldDeny");
    put_rules(b, h, answer, SERVER_WARNS, "warnings");
    buf_fmt(b, ",\"findings\":%zu,\"microseconds\":%lu}\n", answer->hit_count, microseconds);
}

static const char *const effect_words[SERVER_EFFECT_COUNT] = {
    [SERVER_WARNS] = "warning", [SERVER_WOULD_REFUSE] = "would deny", [SERVER_REFUSES] = "error"};

static void put_text_review(struct buf *b, const struct server_handler *h, size_t endpoint,
                            const struct server_answer *answer, unsigned long microseconds)
{
    put_time(b);
    buf_fmt(b, " %s %s", h->paths[endpoint] + 1, verdict_words[answer->verdict]);
    if (answer->kind_name.n) { /* a malformed request may not name an object */
        const struct log_object object = {answer->kind_name, answer->namespace, answer->name};
        buf_fmt(b, " %s ", operation_words[answer->operation]);
        put_text_object(b, &object);
    }
    buf_fmt(b, "%s in %lu us", answer->dry_run ? " (dry run)" : "", microseconds);
    if (answer->uid.n) {
        buf_put(b, LIT(", uid "));
        put_name(b, answer->uid);
    }
    if (answer->user.n) {
        buf_put(b, LIT(", user "));
        put_name(b, answer->user);
    }
    for (size_t i = 0; i < answer->hit_count && i < HITS_LOOKED_AT; i++)
        if (!seen_before(answer, i) && answer->hits[i].rule < h->rule_count)
            buf_fmt(b, "%s %s %s", i ? "," : ";", effect_words[answer->hits[i].effect],
                    h->rules[answer->hits[i].rule]);
    if (answer->error.n) {
        buf_put(b, LIT("; error: "));
        put_words(b, answer->error);
    }
    buf_char(b, '\n');
}

struct review {
    struct log *log;
    struct arena *arena;
    const struct server_handler *handler;
    size_t endpoint;
    const struct server_answer *answer;
    unsigned long microseconds;
};

static void write_review(void *context)
{
    const struct review *r = context;
    struct buf b = buf_new(r->arena, LINE_BYTES);
    if (r->log->text)
        put_text_review(&b, r->handler, r->endpoint, r->answer, r->microseconds);
    else
        put_json_review(&b, r->handler, r->endpoint, r->answer, r->microseconds);
    if (b.failed)
        count_dropped(r->log);
    else
        put_line(r->log, buf_slice(&b));
}

/* Wakes the writer at the first omitted line, so that it is reported in time. */
static bool may_write(struct log *l, enum server_verdict verdict)
{
    pthread_mutex_lock(&l->lock);
    struct log_limit *limit = &l->limits[verdict];
    bool waits = log_limit_due(limit) == UINT64_MAX,
         allowed = log_limit_allows(limit, &rates[verdict], clock_ms());
    if (!allowed && waits)
        pthread_cond_signal(&l->filled);
    pthread_mutex_unlock(&l->lock);
    if (!allowed)
        atomic_fetch_add_explicit(&l->left_out, 1, memory_order_relaxed);
    return allowed;
}

void log_review(struct log *l, struct arena *a, const struct server_handler *h, size_t endpoint,
                const struct server_answer *answer, uint64_t duration_ns)
{
    struct review r = {l, a, h, endpoint, answer, (unsigned long)(duration_ns / 1000)};
    if (review_level(answer) < l->least || !may_write(l, answer->verdict))
        return;
    if (arena_run(a, write_review, &r))
        return;
    /* A review that exhausted its arena is always logged: users will search for it. */
    r.arena = arena_new(LINE_BYTES * 4);
    if (!r.arena || !arena_run(r.arena, write_review, &r))
        count_dropped(l);
    arena_free(r.arena);
}
