/* soak [--short] BRGATE [SCENARIO...]: in minutes, the load that `brgate serve` must bear for hours. Prints figures;
 * exits 1 at the first promise that is not kept. --short runs everything once with small numbers, and does not judge
 * times. Run from the root of the repository. */
#include "certificate.h"
#include "child.h"
#include "count_allocations.h"
#include "flood.h"
#include "hammer.h"
#include "hold.h"
#include "load.h"
#include "server.h"
#include "slow.h"

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

enum { HAMMERS = 6, MESSAGE_BYTES = 1 << 16, SLOW_ROUNDS = 5, ALLOCATION_ROUNDS = 5, FLAT_MIB = 2 };

/* What server.h promises for the defaults; and what is left when the clients have gone. */
enum {
    MIB = 1 << 20,
    BOUND_MIB = 200 + 512 * SERVER_CONNECTION_BYTES / MIB + SERVER_BASE_BYTES / MIB,
    REST_MIB = 100
};

static const char *brgate;
static bool is_short;
static struct arena *texts; /* messages and paths */
static const char review_file[] = "tests/corpus/reviews/k1.36.2_v1_03_update-spec.json";
static const char schedule_file[] = "tests/corpus/reviews/k1.36.2_v1_14_create-backupschedule.json";

/* A POST with that file, in which the first `from` is `to` (of the same length). */
static slice message_of(const char *path, const char *file, const char *from, const char *to)
{
    static char body[MESSAGE_BYTES];
    FILE *f = fopen(file, "re");
    size_t n = f ? fread(body, 1, sizeof body - 1, f) : 0;
    if (!n)
        give_up("cannot read %s: run this from the root of the repository", file);
    fclose(f);
    body[n] = '\0';
    char *at = from ? strstr(body, from) : NULL;
    if (from && !at)
        give_up("%s has no %s", file, from);
    if (at)
        memcpy(at, to, strlen(to));
    char *text = ARENA_ARRAY(texts, char, n + 512);
    int head = snprintf(text, 512,
                        "POST %s?timeout=10s HTTP/1.1\r\nHost: localhost\r\n"
                        "Content-Length: %zu\r\nContent-Type: application/json\r\n\r\n",
                        path, n);
    memcpy(text + head, body, n);
    return (slice){text, n + (size_t)head};
}

static void nothing(void *closure)
{
    (void)closure;
}

/* The 99th percentile in microseconds. */
static double p99(const struct child *c, unsigned connections, size_t requests, slice message)
{
    struct load load = {c->port, connections, requests, message.p, message.n};
    struct load_result r = {0};
    if (!load_run(&load, nothing, NULL, &r) || r.failures)
        give_up("%zu of %zu reviews were not answered with 200", r.failures, requests);
    double us = (double)r.latencies[r.count * 99 / 100] / 1e3;
    free(r.latencies);
    return us;
}

static int by_value(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

/* Adds to `rounds`. */
static void measure(const struct child *c, slice message, double *rounds, size_t *count)
{
    for (size_t i = 0; i < SLOW_ROUNDS; i++)
        rounds[(*count)++] = p99(c, 1, is_short ? 500 : 20000, message);
}

static double median(double *rounds, size_t count)
{
    qsort(rounds, count, sizeof *rounds, by_value);
    return rounds[count / 2];
}

/* The share of a processor that the server takes without other clients. */
static double share_of_processor(const struct child *c)
{
    struct timespec rest = {is_short ? 0 : 3, 200000000};
    double before = child_seconds(c);
    nanosleep(&rest, NULL);
    return (child_seconds(c) - before) / ((double)rest.tv_sec + (double)rest.tv_nsec / 1e9);
}

static void judge_slow_clients(const char *label, const char *flag, size_t count, double limit)
{
    slice message = message_of("/validate", review_file, NULL, NULL);
    double alone[2 * SLOW_ROUNDS], among[SLOW_ROUNDS];
    size_t alone_count = 0, among_count = 0;
    struct child c;
    child_start(&c, brgate, (const char *const[]){"--self-signed", "--shutdown-delay=0s", flag, NULL}, NULL);
    measure(&c, message, alone, &alone_count);
    double before = child_memory(&c);
    struct slow *slow = slow_start(c.port, count);
    double share = share_of_processor(&c);
    measure(&c, message, among, &among_count);
    double memory = child_memory(&c), open = child_metric(&c, "brgate_webhook_connections");
    size_t cut = slow_stop(slow);
    measure(&c, message, alone, &alone_count);
    double usual = median(alone, alone_count), slowed = median(among, among_count);
    printf("%zu slow clients, %s: p99 %.0f us, without them %.0f us (%.2f times); %.0f connections open, %zu "
           "cut off; by themselves they take %.0f%% of a processor; %.1f MiB, before %.1f\n",
           count, label, slowed, usual, slowed / usual, open, cut, share * 100, memory, before);
    if (!is_short && slowed > limit * usual)
        give_up("slow clients slow others down");
    child_end(&c);
}

/* Once with a place for each, and once with the usual 512, where they come back as soon as they are cut
 * off. */
static void slow_clients_harm_nobody(void)
{
    size_t count = is_short ? 600 : 5000;
    judge_slow_clients("a place for each", "--max-connections=6000", count, 2);
    judge_slow_clients("512 places", "--max-connections=512", count, 20);
}

static void memory_is_flat(void)
{
    enum { STEPS = 10 };
    struct child c;
    size_t reviews = is_short ? 2000 : 100000;
    slice message = message_of("/validate", review_file, NULL, NULL);
    child_start(&c, brgate, (const char *const[]){"--self-signed", "--shutdown-delay=0s", NULL}, NULL);
    p99(&c, 8, reviews / 10, message);
    double first = child_memory(&c), last = first, begin = child_seconds(&c);
    printf("memory over %zu reviews of 8 connections, MiB:", reviews * STEPS);
    for (int i = 0; i < STEPS; i++) {
        p99(&c, 8, reviews, message);
        printf(" %.1f", last = child_memory(&c));
        fflush(stdout);
    }
    double spent = child_seconds(&c) - begin;
    printf("; %.1f us of CPU each\n", spent / 1.1 / (double)(reviews * STEPS) * 1e6);
    if (child_metric(&c, "brgate_webhook_log_lines_dropped_total") > 0)
        printf("(%.0f log lines were dropped)\n", child_metric(&c, "brgate_webhook_log_lines_dropped_total"));
    if (last > first + FLAT_MIB && !SANITIZED) /* a sanitizer keeps what was freed */
        give_up("memory grows: %.1f MiB at first, %.1f at last", first, last);
    child_end(&c);
}

/* Bodies of all sizes before and while 400 other clients hold what they can. */
static void memory_is_bounded(void)
{
    struct child c;
    size_t each = is_short ? 10 : 100;
    child_start(&c, brgate,
                (const char *const[]){"--self-signed", "--shutdown-delay=0s", "--threads=8", NULL}, NULL);
    double before = child_memory(&c);
    flood(c.port, 40, each);
    struct hold *h = hold_start(c.port, 400, HOLD_BODY_13, false);
    flood(c.port, 40, each);
    hold_end(h);
    double peak = child_peak(&c), after = child_memory(&c);
    printf("bodies of all sizes on all connections: %.1f MiB at most, %.1f before, %.1f afterwards\n", peak,
           before, after);
    if (!SANITIZED && (peak > BOUND_MIB || after > REST_MIB))
        give_up("memory has no bound: %d MiB is what the limits allow, %d afterwards", BOUND_MIB, REST_MIB);
    child_end(&c);
}

static void judge_holders(size_t count, enum hold_kind kind, bool greedy)
{
    static const char *const labels[HOLD_KINDS] = {"the handshake", "a request, TLS 1.2",
                                                   "a request, TLS 1.3"};
    struct child c;
    child_start(&c, brgate, (const char *const[]){"--self-signed", "--shutdown-delay=0s", NULL}, NULL);
    struct hold *h = hold_start(c.port, count, kind, greedy);
    nanosleep(&(struct timespec){0, 300000000}, NULL); /* what is in the sockets is read */
    double peak = child_peak(&c), bound = (double)(count * SERVER_CONNECTION_BYTES + SERVER_BASE_BYTES) / MIB;
    size_t cut = hold_end(h);
    printf("%zu clients send %s in %s: %.1f MiB at most, %.0f are allowed; %zu cut off\n", count,
           greedy ? "on and on" : "what they may", labels[kind], peak, bound, cut);
    if (cut && !greedy)
        give_up("those were within the limits");
    if (!SANITIZED && peak > bound)
        give_up("memory has no bound");
    child_end(&c);
}

static void holders_are_bounded(void)
{
    for (enum hold_kind kind = 0; kind < HOLD_KINDS; kind++)
        for (int greedy = 0; greedy < 2; greedy++) {
            judge_holders(50, kind, greedy);
            judge_holders(500, kind, greedy);
        }
}

static const char *path_of(const char *name)
{
    return arena_cstr(texts, arena_fmt(texts, "%s/%s", work_directory(), name));
}

static void write_file(const char *name, slice text)
{
    const char *path = path_of(name);
    FILE *f = fopen(path, "we");
    if (!f || fwrite(text.p, 1, text.n, f) != text.n || fclose(f) != 0)
        give_up("cannot write %s", path);
}

static struct certificate_pair issue(struct arena *a)
{
    slice name = LIT("localhost");
    struct error error;
    int64_t now = time(NULL);
    struct certificate_request request = {CERTIFICATE_SERVER, name, &name, 1, now - 60, now + 86400};
    struct certificate_pair pair;
    if (!certificate_make(a, &request, NULL, &pair, &error))
        give_up("no certificate: %s", error.text);
    return pair;
}

#define RELOADS(of, result) "brgate_webhook_" of "_reloads_total{result=\"" result "\"}"

/* Pairs and policies in turns; every tenth is broken and must change nothing. */
static void reload_in_turns(struct child *c, const struct certificate_pair *pairs, int turns)
{
    static const slice policies[] = {SLICE("rules: {cleanpolicy-delete: error}\n"),
                                     SLICE("rules: {cleanpolicy-delete: off}\n")};
    double good = 0, bad = 0;
    for (int i = 1; i <= turns; i++) {
        bool broken = i % 10 == 0;
        write_file("tls.crt", broken ? LIT("nothing") : pairs[i % 2].certificate);
        write_file("tls.key", pairs[i % 2].key);
        write_file("policy.yaml", broken ? LIT("rules: {no-such-rule: off}\n") : policies[i % 2]);
        kill(c->id, SIGHUP);
        broken ? bad++ : good++;
        child_await(c, broken ? RELOADS("certificate", "failure") : RELOADS("certificate", "success"),
                    broken ? bad : good);
        child_await(c, broken ? RELOADS("policy", "failure") : RELOADS("policy", "success"),
                    broken ? bad : good);
    }
}

static void reloads_fail_no_review(void)
{
    static struct hammer hammers[HAMMERS];
    struct child c;
    atomic_bool stop = false;
    size_t answered, failed;
    int turns = is_short ? 20 : 200;
    struct certificate_pair pairs[] = {issue(texts), issue(texts)};
    const char *certificate = path_of("tls.crt"), *key = path_of("tls.key"), *policy = path_of("policy.yaml");
    write_file("tls.crt", pairs[0].certificate);
    write_file("tls.key", pairs[0].key);
    write_file("policy.yaml", LIT("rules: {}\n"));
    child_start(&c, brgate,
                (const char *const[]){"--tls-cert", certificate, "--tls-key", key, "--config", policy,
                                      "--shutdown-delay=0s", NULL},
                NULL);
    double before = child_memory(&c);
    hammers_start(hammers, HAMMERS, c.port, message_of("/validate", review_file, NULL, NULL), &stop);
    reload_in_turns(&c, pairs, turns);
    atomic_store(&stop, true);
    hammers_join(hammers, HAMMERS, &answered, &failed);
    printf("%d reloads of certificate and policy, every tenth broken, under load: %zu reviews answered, %zu "
           "failed; %.1f MiB, before %.1f\n",
           turns, answered, failed, child_memory(&c), before);
    if (failed || !answered)
        give_up("a reload fails reviews");
    child_end(&c);
}

static void restarts_fail_no_review(void)
{
    static struct hammer hammers[HAMMERS];
    slice message = message_of("/validate", review_file, NULL, NULL);
    size_t all_answered = 0;
    int turns = is_short ? 2 : 20;
    for (int i = 0; i < turns; i++) {
        struct child c;
        size_t answered, failed;
        child_start(&c, brgate, (const char *const[]){"--self-signed", "--shutdown-delay=200ms", NULL}, NULL);
        hammers_start(hammers, HAMMERS, c.port, message, NULL);
        nanosleep(&(struct timespec){0, 200000000}, NULL);
        child_end(&c);
        hammers_join(hammers, HAMMERS, &answered, &failed);
        all_answered += answered;
        if (failed)
            give_up("stop %d: %zu reviews failed", i + 1, failed);
    }
    printf("%d stops under load: %zu reviews answered, none failed\n", turns, all_answered);
}

static struct allocation_counts *share_counts(void)
{
    const char *path = path_of("allocations");
    int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    if (fd < 0 || ftruncate(fd, sizeof(struct allocation_counts)) != 0)
        give_up("cannot write %s", path);
    void *page = mmap(NULL, sizeof(struct allocation_counts), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    close(fd);
    setenv("BRGATE_ALLOCATIONS", path, 1);
    if (page == MAP_FAILED)
        give_up("out of memory to share");
    return page;
}

/* On at the end of the warm-up, off at the end. */
static void toggle(void *counts)
{
    struct allocation_counts *c = counts;
    atomic_store(&c->on, !atomic_load(&c->on));
}

/* Two reviews at once need a second arena, and only the processor's turns decide when that first happens:
 * what is allocated once is forgiven in later rounds, what a review allocates is not. */
static void expect_no_allocation(const struct child *c, const char *label, slice message,
                                 struct allocation_counts *counts)
{
    for (int round = 1;; round++) {
        struct load load = {c->port, 8, 1000, message.p, message.n};
        struct load_result r = {0};
        atomic_store(&counts->ours, 0);
        atomic_store(&counts->theirs, 0);
        if (!load_run(&load, toggle, counts, &r) || r.failures)
            give_up("a review is not answered with 200");
        free(r.latencies);
        unsigned long ours = atomic_load(&counts->ours), theirs = atomic_load(&counts->theirs);
        printf("allocations in 1000 reviews, %s: %lu of ours, %lu in libmicrohttpd and GnuTLS\n", label, ours,
               theirs);
        if (!theirs)
            give_up("nothing was counted");
        if (!ours)
            return;
        if (round == ALLOCATION_ROUNDS)
            give_up("the first at %#lx of its code", (unsigned long)atomic_load(&counts->first));
    }
}

static void reviews_allocate_nothing(void)
{
    if (SANITIZED) {
        printf("allocations are not counted under a sanitizer\n");
        return;
    }
    const struct {
        const char *label;
        slice message;
    } rows[] = {
        {"allowed", message_of("/validate", review_file, NULL, NULL)},
        {"denied", message_of("/validate", review_file, "\"provider\":\"aws\"", "\"provider\":\"awz\"")},
        {"defaulted", message_of("/mutate", review_file, NULL, NULL)},
        {"a schedule", message_of("/validate", schedule_file, NULL, NULL)},
        {"a schedule defaulted", message_of("/mutate", schedule_file, NULL, NULL)}};
    struct allocation_counts *counts = share_counts();
    struct child c;
    child_start(&c, brgate, (const char *const[]){"--self-signed", "--shutdown-delay=0s", NULL}, COUNTER);
    for (size_t i = 0; i < COUNT(rows); i++)
        expect_no_allocation(&c, rows[i].label, rows[i].message, counts);
    child_end(&c);
}

static const struct {
    const char *name;
    void (*run)(void);
} scenarios[] = {{"slow", slow_clients_harm_nobody},
                 {"memory", memory_is_flat},
                 {"flood", memory_is_bounded},
                 {"hold", holders_are_bounded},
                 {"reload", reloads_fail_no_review},
                 {"restart", restarts_fail_no_review},
                 {"allocation", reviews_allocate_nothing}};

static bool wanted(const char *name, char **names, int count)
{
    for (int i = 0; i < count; i++)
        if (strcmp(name, names[i]) == 0)
            return true;
    return count == 0;
}

int main(int argc, char **argv)
{
    int at = 1;
    struct rlimit descriptors;
    is_short = argc > 1 && strcmp(argv[1], "--short") == 0;
    at += is_short;
    if (at >= argc)
        give_up(
            "usage: soak [--short] BRGATE [slow | memory | flood | hold | reload | restart | allocation]...");
    brgate = argv[at++];
    texts = arena_new(16 << 20);
    signal(SIGPIPE, SIG_IGN);
    getrlimit(RLIMIT_NOFILE, &descriptors);
    descriptors.rlim_cur = descriptors.rlim_max;
    setrlimit(RLIMIT_NOFILE, &descriptors);
    for (size_t i = 0; i < COUNT(scenarios); i++) {
        if (wanted(scenarios[i].name, argv + at, argc - at))
            scenarios[i].run();
        fflush(stdout);
    }
    return 0;
}
