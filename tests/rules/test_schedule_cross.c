/* A schedule is judged by how its fields fit together; a field that is broken must not make others look
 * wrong. Every combination of up to three broken fields says of each what is wrong with it, and nothing
 * else. */
#include "check.h"

#include "brgate_limits.h"
#include "builtin_schemas.h"
#include "fixtures.h"

#include <stdlib.h>
#include <string.h>

enum { FIELDS = 9, VARIANTS = 6, BROKEN_MOST = 3 };

struct variant {
    const char *value;
    const char *slug; /* NULL: nothing is wrong */
};

/* The first of each is right. A value of NULL ends the list. */
static const struct variant fields[FIELDS][VARIANTS] = {
    {{"\"0 2 * * *\"", NULL},
     {"\"0 2 * * 7\"", "cron-syntax"},
     {"\"\"", "cron-syntax"},
     {"\"0 2 30 2 *\"", "cron-never-fires"},
     {"${cron}", "placeholder"},
     {"5", "schema-type"}},
    {{"168h", NULL},
     {"7d", "bad-duration"},
     {"-1h", "nonpositive-duration"},
     {"${keep}", "placeholder"},
     {"7", "schema-type"}},
    {{"8h", NULL},
     {"1d", "bad-duration"},
     {"0s", "nonpositive-duration"},
     {"<interval>", "placeholder"},
     {"8", "schema-type"}},
    {{"0", NULL}, {"many", "schema-type"}},
    {{"Delete", NULL}, {"delete", "schema-enum"}, {"${policy}", "placeholder"}},
    {{"log", NULL}, {"logs", "schema-enum"}, {"snapshot", "log-template-mode"}, {"${mode}", "placeholder"}},
    {{"nightly-log", NULL}, {"${prefix}", "placeholder"}, {"5", "schema-type"}},
    {{"demo1", NULL}, {"${cluster}", "placeholder"}, {"\"\"", "cluster-empty"}, {"7", "schema-type"}},
    {{"4", NULL}, {"0", "compact-concurrency"}, {"four", "schema-type"}},
};

static const char text[] =
    "apiVersion: pingcap.com/v1alpha1\n"
    "kind: BackupSchedule\n"
    "metadata: { name: nightly, namespace: tidb }\n"
    "spec:\n"
    "  schedule: %s\n"
    "  maxReservedTime: %s\n"
    "  compactInterval: %s\n"
    "  maxBackups: %s\n"
    "  backupTemplate:\n"
    "    cleanPolicy: %s\n"
    "    br: { cluster: demo1, clusterNamespace: tidb }\n"
    "    s3: &storage\n"
    "      { provider: aws, region: us-west-1, bucket: my-bucket, secretName: s3-secret, prefix: nightly }\n"
    "  logBackupTemplate:\n"
    "    backupMode: %s\n"
    "    br: { cluster: demo1, clusterNamespace: tidb }\n"
    "    s3:\n"
    "      <<: *storage\n"
    "      prefix: %s\n"
    "  compactBackupTemplate:\n"
    "    br:\n"
    "      clusterNamespace: tidb\n"
    "      cluster: %s\n"
    "    concurrency: %s\n"
    "    s3:\n"
    "      <<: *storage\n"
    "      prefix: nightly-log\n";

struct test {
    struct gate *gate;
    struct arena *arena;
    size_t chosen[FIELDS];
    size_t tried, wrong;
};

static const struct variant *variant_of(const struct test *t, size_t field)
{
    return &fields[field][t->chosen[field]];
}

static int by_text(const void *p, const void *q)
{
    return strcmp(*(const char *const *)p, *(const char *const *)q);
}

static slice joined(struct arena *a, const char **slugs, size_t count)
{
    struct buf b = buf_new(a, 4096);
    qsort(slugs, count, sizeof *slugs, by_text);
    for (size_t i = 0; i < count; i++)
        buf_fmt(&b, "%s%s", i ? ", " : "", slugs[i]);
    return buf_slice(&b);
}

static void judge(struct test *t)
{
    const char *want[FIELDS], *got[LIMIT_FINDINGS];
    size_t want_count = 0, got_count = 0;
    const char *v[FIELDS];
    for (size_t i = 0; i < FIELDS; i++) {
        v[i] = variant_of(t, i)->value;
        if (variant_of(t, i)->slug)
            want[want_count++] = variant_of(t, i)->slug;
    }
    arena_reset(t->arena);
    slice manifest = arena_fmt(t->arena, text, v[0], v[1], v[2], v[3], v[4], v[5], v[6], v[7], v[8]);
    const struct stream_verdict *s = verdict_manifest(t->gate, t->arena, manifest, FIXTURE_NOW);
    assert_non_null(s);
    for (size_t i = 0; i < s->first->diagnostic_count; i++)
        got[got_count++] = s->first->diagnostics[i].rule->slug;
    slice want_text = joined(t->arena, want, want_count), got_text = joined(t->arena, got, got_count);
    t->tried++;
    if (slice_eq(want_text, got_text))
        return;
    t->wrong++;
    print_error(
        "schedule %s, maxReservedTime %s, compactInterval %s, maxBackups %s, cleanPolicy %s, backupMode %s, "
        "prefix %s, cluster %s, concurrency %s: got %.*s, want %.*s\n",
        v[0], v[1], v[2], v[3], v[4], v[5], v[6], v[7], v[8], FMT(got_text), FMT(want_text));
}

static void choose(struct test *t, size_t field, size_t broken)
{
    if (field == FIELDS) {
        judge(t);
        return;
    }
    for (size_t i = 0; i < VARIANTS && fields[field][i].value; i++) {
        t->chosen[field] = i;
        if (i == 0 || broken < BROKEN_MOST)
            choose(t, field + 1, broken + (i > 0));
    }
}

static void test_broken_fields_stand_alone(void **state)
{
    (void)state;
    const struct policy policy = {0};
    struct test t = {.gate = gate_open(&policy, &builtin_schemas), .arena = arena_new((size_t)1 << 26)};
    assert_non_null(t.gate);
    assert_non_null(t.arena);
    choose(&t, 0, 0);
    arena_free(t.arena);
    gate_close(t.gate);
    assert_true(t.tried > 1000);
    assert_int_equal(t.wrong, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_broken_fields_stand_alone)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
