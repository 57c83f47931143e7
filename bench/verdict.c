/* verdict FILE...: what a whole verdict costs, against parsing alone. For each captured review it prints the
 * time of review_answer() (read, prune, default, check, rules, answer) and of cJSON_Parse + cJSON_Delete of
 * the same bytes, the best of many rounds in one run, and their ratio. */
#include "brgate_limits.h"
#include "builtin_schemas.h"
#include "review.h"

#include <cjson/cJSON.h>

#include <stdio.h>
#include <stdlib.h>
#include <time.h>

enum { ROUNDS = 40, REPEAT = 200 };

static double seconds(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static slice read_file(const char *path)
{
    FILE *f = fopen(path, "rb");
    static char bytes[4 << 20];
    size_t n = f ? fread(bytes, 1, sizeof bytes - 1, f) : 0;
    if (!f || n == 0) {
        fprintf(stderr, "verdict: cannot read %s\n", path);
        exit(2);
    }
    fclose(f);
    bytes[n] = 0;
    return (slice){bytes, n};
}

static double time_verdict(const struct gate *g, struct arena *a, slice body)
{
    double best = 1e9;
    for (int round = 0; round < ROUNDS; round++) {
        double start = seconds();
        for (int i = 0; i < REPEAT; i++) {
            struct review_facts log;
            arena_reset(a);
            if (review_answer(g, a, ENDPOINT_VALIDATE, body, 1780272000, &log).n == 0)
                exit(2);
        }
        double took = (seconds() - start) / REPEAT;
        best = took < best ? took : best;
    }
    return best;
}

static double time_cjson(slice body)
{
    double best = 1e9;
    for (int round = 0; round < ROUNDS; round++) {
        double start = seconds();
        for (int i = 0; i < REPEAT; i++)
            cJSON_Delete(cJSON_ParseWithLength(body.p, body.n));
        double took = (seconds() - start) / REPEAT;
        best = took < best ? took : best;
    }
    return best;
}

static const char *base_name(const char *path)
{
    const char *name = path;
    for (const char *p = path; *p; p++)
        name = *p == '/' ? p + 1 : name;
    return name;
}

int main(int argc, char **argv)
{
    struct gate *g = gate_open(&(struct policy){0}, &builtin_schemas);
    struct arena *a = arena_new(LIMIT_ARENA_BYTES);
    if (!g || !a)
        return 2;
    printf("%-52s %7s %10s %10s %6s\n", "review", "bytes", "verdict", "cJSON", "ratio");
    for (int i = 1; i < argc; i++) {
        slice body = read_file(argv[i]);
        double verdict = time_verdict(g, a, body), parse = time_cjson(body);
        printf("%-52s %7zu %7.2f us %7.2f us %6.2f\n", base_name(argv[i]), body.n, verdict * 1e6, parse * 1e6,
               verdict / parse);
    }
    arena_free(a);
    gate_close(g);
    return 0;
}
