/* fidelity ORACLE [--seed N] [--count N] [--topic T]...: runs the topics against the oracle program.
 * Exit 0: no unnamed difference. 1: there are some. 2: could not run. */
#include "fidelity.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

enum { BATCH = 1000, SHOWN = 10, MOST_TOPICS = 20, MOST_EXCEPTIONS = 20, INPUT_BYTES = 1 << 20 };

struct oracle {
    pid_t process;
    FILE *in, *out;
};

struct tally {
    uint64_t differences, accepted, excepted[MOST_EXCEPTIONS];
};

static _Noreturn void fail(const char *what)
{
    fprintf(stderr, "fidelity: %s: %s\n", what, errno ? strerror(errno) : "failed");
    exit(2);
}

static struct oracle oracle_start(const char *program)
{
    int to[2], from[2];
    if (pipe(to) || pipe(from))
        fail("pipe");
    pid_t process = fork();
    if (process < 0)
        fail("fork");
    if (process == 0) {
        dup2(to[0], STDIN_FILENO);
        dup2(from[1], STDOUT_FILENO);
        close(to[0]), close(to[1]), close(from[0]), close(from[1]);
        execl(program, program, (char *)NULL);
        fail(program);
    }
    close(to[0]), close(from[1]);
    struct oracle o = {process, fdopen(to[1], "w"), fdopen(from[0], "r")};
    if (!o.in || !o.out)
        fail("fdopen");
    return o;
}

static void oracle_stop(struct oracle *o)
{
    int status;
    fclose(o->in);
    fclose(o->out);
    if (waitpid(o->process, &status, 0) < 0 || status != 0) {
        errno = 0;
        fail("oracle");
    }
}

static void put_u32(struct buf *b, size_t n)
{
    for (int shift = 0; shift < 32; shift += 8)
        buf_char(b, (char)(n >> shift & 0xff));
}

static size_t get_u32(const char *p)
{
    const unsigned char *u = (const unsigned char *)p;
    return u[0] | (size_t)u[1] << 8 | (size_t)u[2] << 16 | (size_t)u[3] << 24;
}

static slice cut(slice *rest)
{
    size_t n = rest->n >= 4 ? get_u32(rest->p) : 0;
    if (rest->n < 4 + n) {
        errno = EPROTO;
        fail("answers");
    }
    slice text = {rest->p + 4, n};
    *rest = slice_from(*rest, 4 + n);
    return text;
}

/* Sends the batch and returns the answers, in the arena. */
static slice oracle_ask(struct oracle *o, struct arena *a, slice batch)
{
    char size[4] = {(char)batch.n, (char)(batch.n >> 8), (char)(batch.n >> 16), (char)(batch.n >> 24)};
    if (fwrite(size, 1, 4, o->in) != 4 || fwrite(batch.p, 1, batch.n, o->in) != batch.n || fflush(o->in))
        fail("write to the oracle");
    errno = 0;
    if (fread(size, 1, 4, o->out) != 4)
        fail("the oracle is gone");
    size_t n = get_u32(size);
    char *answers = arena_alloc(a, 1, n + 1);
    if (fread(answers, 1, n, o->out) != n)
        fail("the oracle is gone");
    return (slice){answers, n};
}

static void print_quoted(struct arena *a, const char *what, slice s)
{
    struct buf b = buf_new(a, 8 * s.n + 100);
    buf_quote(&b, s);
    printf("  %-8s %.*s\n", what, FMT(buf_slice(&b)));
}

static void compare(struct arena *a, const struct fidelity_topic *t, slice input, slice theirs,
                    struct tally *tally)
{
    struct buf answer = buf_new(a, INPUT_BYTES);
    t->answer(a, input, &answer);
    slice ours = buf_slice(&answer);
    tally->accepted += theirs.n && theirs.p[0] == '+';
    if (slice_eq(ours, theirs))
        return;
    for (size_t i = 0; i < t->exception_count; i++) {
        if (t->exceptions[i].applies(input, ours, theirs)) {
            tally->excepted[i]++;
            return;
        }
    }
    if (tally->differences++ >= SHOWN)
        return;
    printf("%s differs:\n", t->name);
    print_quoted(a, "input", input);
    print_quoted(a, "ours", ours);
    print_quoted(a, "theirs", theirs);
}

static void run_batch(struct oracle *o, struct arena *a, const struct fidelity_topic *t, struct dice *dice,
                      size_t count, struct tally *tally)
{
    struct buf batch = buf_new(a, SIZE_MAX / 2);
    slice *inputs = ARENA_ARRAY(a, slice, count);
    for (size_t i = 0; i < count; i++) {
        struct buf input = buf_new(a, INPUT_BYTES);
        t->make(dice, &input);
        inputs[i] = buf_slice(&input);
        put_u32(&batch, strlen(t->name));
        buf_put(&batch, slice_of(t->name));
        put_u32(&batch, inputs[i].n);
        buf_put(&batch, inputs[i]);
    }
    slice answers = oracle_ask(o, a, buf_slice(&batch));
    for (size_t i = 0; i < count; i++)
        compare(a, t, inputs[i], cut(&answers), tally);
}

static bool run_topic(struct oracle *o, const struct fidelity_topic *t, uint64_t seed, uint64_t count)
{
    struct arena *a = arena_new((size_t)4 << 30);
    struct dice dice = {seed * UINT64_C(0x9e3779b97f4a7c15) + 1};
    struct tally tally = {0};
    if (t->most && count > t->most)
        count = t->most;
    for (uint64_t done = 0; done < count; done += BATCH) {
        size_t n = count - done < BATCH ? (size_t)(count - done) : BATCH;
        run_batch(o, a, t, &dice, n, &tally);
        arena_reset(a);
    }
    arena_free(a);
    printf("%s: %llu inputs, %llu accepted, %llu differences\n", t->name, (unsigned long long)count,
           (unsigned long long)tally.accepted, (unsigned long long)tally.differences);
    for (size_t i = 0; i < t->exception_count; i++)
        if (tally.excepted[i])
            printf("  %llu on purpose, %s: %s\n", (unsigned long long)tally.excepted[i],
                   t->exceptions[i].name, t->exceptions[i].reason);
    fflush(stdout);
    return tally.differences == 0;
}

static const struct fidelity_topic *topic_named(const char *name)
{
    for (size_t i = 0; i < fidelity_topic_count; i++)
        if (strcmp(fidelity_topics[i]->name, name) == 0)
            return fidelity_topics[i];
    fprintf(stderr, "fidelity: unknown topic %s: expected", name);
    for (size_t i = 0; i < fidelity_topic_count; i++)
        fprintf(stderr, "%s %s", i ? "," : "", fidelity_topics[i]->name);
    fputc('\n', stderr);
    exit(2);
}

static uint64_t number(const char *text)
{
    char *end;
    uint64_t n = text ? strtoull(text, &end, 10) : 0;
    if (!text || !*text || *end) {
        fprintf(stderr, "fidelity: not a number: %s\n", text ? text : "(nothing)");
        exit(2);
    }
    return n;
}

int main(int argc, char **argv)
{
    const struct fidelity_topic *topics[MOST_TOPICS];
    size_t topic_count = 0;
    uint64_t seed = 1, count = 100000;
    for (int i = 2; i < argc; i += 2) {
        if (strcmp(argv[i], "--seed") == 0)
            seed = number(argv[i + 1]);
        else if (strcmp(argv[i], "--count") == 0)
            count = number(argv[i + 1]);
        else if (strcmp(argv[i], "--topic") == 0 && argv[i + 1] && topic_count < MOST_TOPICS)
            topics[topic_count++] = topic_named(argv[i + 1]);
        else
            argc = 0;
    }
    if (argc < 2) {
        fprintf(stderr, "usage: fidelity ORACLE [--seed N] [--count N] [--topic T]...\n");
        return 2;
    }
    if (topic_count == 0)
        for (; topic_count < fidelity_topic_count; topic_count++)
            topics[topic_count] = fidelity_topics[topic_count];
    printf("seed %llu\n", (unsigned long long)seed);
    struct oracle oracle = oracle_start(argv[1]);
    bool good = true;
    for (size_t i = 0; i < topic_count; i++)
        good = run_topic(&oracle, topics[i], seed, count) && good;
    oracle_stop(&oracle);
    return good ? 0 : 1;
}
