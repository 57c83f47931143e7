/* One object of a cluster, judged at three moments. */
#include "check.h"

#include "builtin_schemas.h"
#include "live.h"

#include <stdlib.h>

struct setting {
    struct arena *arena;
    struct gate *gate;
};

static int setup(void **state)
{
    struct setting *s = calloc(1, sizeof *s);
    *state = s;
    s->arena = arena_new(64 << 20);
    s->gate = gate_open(&(struct policy){0}, &builtin_schemas);
    return !s->arena || !s->gate;
}

static int teardown(void **state)
{
    struct setting *s = *state;
    gate_close(s->gate);
    arena_free(s->arena);
    free(s);
    return 0;
}

static const struct live_verdict *judge(const struct setting *s, const struct gate *g, const char *json)
{
    const struct schema_kind *kind = gate_kind(g, LIT("br.pingcap.com/v1alpha1"), LIT("Backup"));
    const struct live_verdict *v = live_judge(g, s->arena, kind, slice_of(json), 1767225600);
    assert_non_null(v);
    return v;
}

static const struct live_finding *find(const struct live_verdict *v, const char *slug)
{
    for (size_t i = 0; i < v->count; i++)
        if (strcmp(v->findings[i].diagnostic.rule->slug, slug) == 0)
            return &v->findings[i];
    return NULL;
}

static void assert_finding(const struct live_verdict *v, const char *slug, enum severity severity,
                           const enum severity (*at)[MOMENT_COUNT])
{
    const struct live_finding *x = find(v, slug);
    assert_row(slug, x && x->diagnostic.severity == severity);
    for (int m = 0; m < MOMENT_COUNT; m++)
        assert_int_equal(x->severity[m], (*at)[m]);
}

#define OBJECT(status, spec)                                                                                 \
    "{\"apiVersion\":\"br.pingcap.com/v1alpha1\",\"kind\":\"Backup\",\"metadata\":{\"name\":\"nightly\","    \
    "\"namespace\":\"team-a\",\"uid\":\"5\",\"resourceVersion\":\"7\",\"generation\":1,"                     \
    "\"finalizers\":[\"tidb.pingcap.com/backup-protection\"],"                                               \
    "\"creationTimestamp\":\"2026-01-02T03:04:05Z\",\"managedFields\":[{\"manager\":\"kubectl\"}]}," status  \
    "\"spec\":{\"br\":{\"cluster\":\"demo1\"},\"s3\":{\"provider\":\"aws\",\"secretName\":\"s\","            \
    "\"region\":\"us-west-1\",\"bucket\":\"my-bucket\",\"prefix\":\"nightly\"}" spec "}}"

#define W SEVERITY_WARNING
#define E SEVERITY_ERROR
#define O SEVERITY_OFF

/* Additions of the server and the operator to a good object cause no finding. */
static void a_good_object_has_no_findings(void **state)
{
    const struct setting *s = *state;
    const struct live_verdict *v = judge(s, s->gate, OBJECT("\"status\":{\"phase\":\"Complete\"},", ""));
    for (size_t i = 0; i < v->count; i++)
        print_error("%s: %.*s\n", v->findings[i].diagnostic.rule->slug,
                    FMT(v->findings[i].diagnostic.message));
    assert_int_equal(v->count, 0);
    assert_slice("namespace", v->namespace, LIT("team-a"));
    assert_slice("name", v->name, LIT("nightly"));
    assert_non_null(v->object);
    assert_false(v->denied);
}

/* An error that the update leaves alone is a warning. */
static void an_error_is_one_for_a_creation(void **state)
{
    const struct setting *s = *state;
    const struct live_verdict *v =
        judge(s, s->gate, OBJECT("", ",\"backoffRetryPolicy\":{\"minRetryDuration\":\"5 minutes\"}"));
    assert_finding(v, "retry-duration", E, &(const enum severity[]){E, E, W});
    assert_int_equal(v->errors, 1);
    assert_int_equal(find(v, "retry-duration")->effect, LIVE_DENIED);
    assert_true(v->denied);
}

static void enforcement_decides_what_it_does(void **state)
{
    const struct setting *s = *state;
    struct policy policy = {0};
    policy_enforce(&policy, ENFORCEMENT_WARN);
    struct gate *g = gate_open(&policy, &builtin_schemas);
    const struct live_verdict *v =
        judge(s, g, OBJECT("", ",\"backoffRetryPolicy\":{\"minRetryDuration\":\"5 minutes\"}"));
    assert_int_equal(v->errors, 1);
    assert_int_equal(find(v, "retry-duration")->effect, LIVE_WOULD_BE_DENIED);
    assert_false(v->denied);
    gate_close(g);
}

/* It could not be created like this, but nothing is wrong with it. */
static void a_stopped_log_backup_is_no_error(void **state)
{
    const struct setting *s = *state;
    const struct live_verdict *v =
        judge(s, s->gate,
              OBJECT("\"status\":{\"phase\":\"Stopped\",\"commitTs\":\"456719616000000000\"},",
                     ",\"backupMode\":\"log\",\"logSubcommand\":\"log-stop\""));
    assert_finding(v, "log-create-with-stop", W, &(const enum severity[]){E, W, O});
    assert_int_equal(v->errors, 0);
    assert_false(v->denied);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_good_object_has_no_findings),
        cmocka_unit_test(an_error_is_one_for_a_creation),
        cmocka_unit_test(enforcement_decides_what_it_does),
        cmocka_unit_test(a_stopped_log_backup_is_no_error),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
