#include "trial.h"

#include "brgate_limits.h"
#include "builtin_schemas.h"

static const char snapshots[] =
    ", backupTemplate: {cleanPolicy: Delete, br: {cluster: c}, s3: {provider: aws, "
    "region: eu-west-1, secretName: s, bucket: backups, prefix: snap}}";
static const char logs[] =
    ", compactSpan: 3h, logBackupTemplate: {backupMode: log, br: {cluster: c}, s3: {provider: aws, region: "
    "eu-west-1, secretName: s, bucket: backups, prefix: log}}, compactBackupTemplate: {br: {cluster: c}, s3: "
    "{provider: aws, region: eu-west-1, secretName: s, bucket: backups, prefix: log}}";

struct trial trial_open(void)
{
    const struct policy policy = {0};
    struct trial t = {.arena = arena_new(LIMIT_ARENA_BYTES), .gate = gate_open(&policy, &builtin_schemas)};
    assert_non_null(t.arena);
    assert_non_null(t.gate);
    return t;
}

void trial_close(struct trial *t)
{
    gate_close(t->gate);
    arena_free(t->arena);
}

void trial_play(struct trial *t, const char *spec, bool log, slice text, int64_t span)
{
    struct arena *a = t->arena;
    struct scenario *scenario = ARENA_NEW(a, struct scenario);
    struct error why = {0};
    *scenario = scenario_default();
    bool read = !text.n || scenario_read(a, text, TRIAL_FROM, TRIAL_FROM + span, scenario, &why);
    assert_string_equal(why.text, "");
    assert_true(read);
    slice manifest =
        arena_fmt(a,
                  "{apiVersion: br.pingcap.com/v1alpha1, kind: BackupSchedule, metadata: {name: s, "
                  "namespace: prod}, spec: {%s%s%s}}",
                  spec, snapshots, log ? logs : "");
    const struct stream_verdict *v = verdict_manifest(t->gate, a, manifest, TRIAL_FROM);
    assert_non_null(v);
    if (v->errors)
        fail_msg("%s: %.*s", spec, FMT(v->first->diagnostics[0].message));
    struct play_request r = {.schedule = v->first->object,
                             .gate = t->gate,
                             .schemas = schema_set_new(a, &builtin_schemas),
                             .scenario = scenario,
                             .from = TRIAL_FROM,
                             .until = TRIAL_FROM + span};
    if (t->fail_at)
        arena_fail_at(a, t->fail_at);
    t->played = play(a, &r);
    arena_fail_at(a, 0);
}
