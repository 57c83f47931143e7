/* Every word of foreign_names.def, in every block that it is listed for and in both API groups, is explained by
 * meaning; and following the hint leaves a known field and nothing else to correct. */
#include "check.h"

#include "arena_state.h"
#include "builtin_schemas.h"
#include "fixtures.h"
#include "schema.h"

#include <stdlib.h>
#include <string.h>

enum {
    ROOT,
    BACKUP,
    SNAPSHOT_TEMPLATE,
    LOG_TEMPLATE,
    SCHEDULE,
    COMPACT,
    COMPACT_TEMPLATE,
    S3,
    GCS,
    AZBLOB,
    LOCAL,
    BR,
    FROM,
    DUMPLING,
    RESOURCES,
    CLEAN_OPTION,
    RETRY_POLICY,
    SECRET_VOLUME,
    CLAIM,
    BLOCKS
};

#define HEAD(kind)  "/v1alpha1\nkind: " kind "\nmetadata: {name: x, namespace: tidb}\n"
#define CLUSTER     "br: {cluster: shop}\n"
#define STORAGE     "s3: {provider: aws, region: us-west-2, bucket: dumps, secretName: s3, prefix: x}\n"
#define LOG_STORAGE "s3: {provider: aws, region: us-west-2, bucket: dumps, secretName: s3, prefix: log}\n"
#define SCHEDULED   HEAD("BackupSchedule") "spec:\n  schedule: 0 2 * * *\n  maxReservedTime: 168h\n"
#define TIMES       "  startTs: \"409054741514944513\"\n  endTs: \"409054741514944999\"\n"

/* An object without errors, but for the line `@`, which is where the word comes. */
static const char *const objects[BLOCKS] = {
    [ROOT] = HEAD("Backup") "@\nspec:\n  " CLUSTER "  " STORAGE,
    [BACKUP] = HEAD("Backup") "spec:\n  @\n  " CLUSTER "  " STORAGE,
    [SNAPSHOT_TEMPLATE] = SCHEDULED "  backupTemplate:\n    @\n    " CLUSTER "    " STORAGE,
    [LOG_TEMPLATE] =
        SCHEDULED "  backupTemplate:\n    " CLUSTER "    " STORAGE
                  "  logBackupTemplate:\n    @\n    backupMode: log\n    " CLUSTER "    " LOG_STORAGE,
    [SCHEDULE] =
        HEAD("BackupSchedule") "spec:\n  schedule: 0 2 * * *\n  maxBackups: 9\n  @\n  backupTemplate:\n"
                               "    " CLUSTER "    " STORAGE,
    [COMPACT] = HEAD("CompactBackup") "spec:\n  @\n" TIMES
                                      "  br: {cluster: shop, clusterNamespace: tidb}\n  " STORAGE,
    [S3] = HEAD("Backup") "spec:\n  " CLUSTER
                          "  s3:\n    @\n    provider: other\n    endpoint: http://minio:9000\n    bucket: "
                          "dumps\n    prefix: x\n    region: us-west-2\n",
    [GCS] = HEAD("Backup") "spec:\n  " CLUSTER
                           "  gcs:\n    @\n    projectId: shop\n    bucket: dumps\n    prefix: x\n",
    [AZBLOB] = HEAD("Backup") "spec:\n  " CLUSTER
                              "  azblob:\n    @\n    container: dumps\n    secretName: s\n    prefix: x\n",
    [LOCAL] = HEAD("Backup") "spec:\n  " CLUSTER
                             "  local:\n    @\n    volume: {name: v, nfs: {server: nas, path: /dumps}}\n"
                             "    volumeMount: {name: v, mountPath: /dumps}\n",
    [BR] = HEAD("Backup") "spec:\n  br:\n    @\n    cluster: shop\n  " STORAGE,
    [FROM] = HEAD("Backup") "spec:\n  storageSize: 9Gi\n  from:\n    @\n    host: shop\n    secretName: "
                            "shop\n  " STORAGE,
    [DUMPLING] = HEAD(
        "Backup") "spec:\n  storageSize: 9Gi\n  from: {host: shop, secretName: shop}\n  dumpling:\n    @\n"
                  "    options: [--threads=1]\n  " STORAGE,
    [CLEAN_OPTION] =
        HEAD("Backup") "spec:\n  cleanPolicy: Delete\n  cleanOption:\n    @\n    batchConcurrency: 3\n"
                       "  " CLUSTER "  " STORAGE,
    [SECRET_VOLUME] = HEAD("Backup") "spec:\n  additionalVolumes:\n  - name: ca\n    secret:\n      @\n"
                                     "      optional: true\n  " CLUSTER "  " STORAGE,
    [CLAIM] =
        HEAD("Backup") "spec:\n  additionalVolumes:\n  - name: ca\n    persistentVolumeClaim:\n      @\n"
                       "      readOnly: true\n  " CLUSTER "  " STORAGE,
    [RETRY_POLICY] = HEAD("Backup") "spec:\n  backoffRetryPolicy:\n    @\n  " CLUSTER "  " STORAGE,
    [RESOURCES] = HEAD("Backup") "spec:\n  resources:\n    @\n    limits: {cpu: 1}\n  " CLUSTER "  " STORAGE,
};

static struct gate *gate;
static unsigned explained, done, faults;

static slice object_with(struct arena *a, unsigned block, const char *group, slice line)
{
    slice text = arena_fmt(a, "apiVersion: %s%s", group, objects[block]);
    size_t at = slice_find_char(text, '@');
    return arena_fmt(a, "%.*s%.*s%.*s", FMT(slice_cut(text, 0, at)), FMT(line),
                     FMT(slice_from(text, at + 1)));
}

static const struct verdict *judge(struct arena *a, slice text)
{
    const struct stream_verdict *s = verdict_manifest(gate, a, text, FIXTURE_NOW);
    assert_non_null(s);
    return s->first;
}

static const struct diagnostic *unknown(const struct verdict *v)
{
    for (size_t i = 0; i < v->diagnostic_count; i++)
        if (strcmp(v->diagnostics[i].rule->slug, "unknown-field") == 0)
            return &v->diagnostics[i];
    return NULL;
}

/* Doing what a hint says in so many words; the rest of the hint, behind ':' or ';', gives the reason. */
static bool follow(struct arena *a, const struct diagnostic *d, slice value, slice *ret_line)
{
    size_t end = slice_find_char(d->hint, ':');
    if (slice_starts(d->hint, LIT("remove it"))) {
        *ret_line = LIT("");
    } else if (d->suggested.n) {
        *ret_line = arena_fmt(a, "%.*s: %.*s", FMT(d->suggested), FMT(value));
    } else if (slice_starts(d->hint, LIT("write ")) && end != SLICE_NONE &&
               slice_find_char(slice_cut(d->hint, 6, end - 6), ' ') == SLICE_NONE &&
               slice_find_char(slice_from(d->hint, end + 2), ' ') == SLICE_NONE) {
        *ret_line = slice_from(d->hint, 6);
    } else {
        return false;
    }
    return true;
}

static void expect(bool condition, const char *label, const struct diagnostic *d)
{
    if (condition)
        return;
    print_error("%s: \"%.*s\"\n", label, FMT(d->hint));
    faults++;
}

static void try_word(unsigned block, const char *group, slice word, const char *value)
{
    struct arena *a = arena_new((size_t)1 << 26);
    slice written = slice_of(value ? value : "7"), line = arena_fmt(a, "%.*s: %.*s", FMT(word), FMT(written));
    const struct verdict *clean = judge(a, object_with(a, block, group, (slice){0}));
    const struct diagnostic *d = unknown(judge(a, object_with(a, block, group, line)));
    const char *label = arena_cstr(a, arena_fmt(a, "%.*s in %s", FMT(line), group));
    bool older = block == FROM || block == DUMPLING, nameless = block == SECRET_VOLUME || block == CLAIM;
    assert_row(label,
               clean->errors == 0 || older || nameless); /* of the older group alone; a name is required */
    if (d && d->hint.n) {
        explained++;
        expect(slice_find(d->hint, LIT("did you mean")) == SLICE_NONE, label, d);
        if (follow(a, d, written, &line)) {
            const struct verdict *again = judge(a, object_with(a, block, group, line));
            done++;
            expect(!unknown(again), label, d);
            expect(!value || again->errors <= clean->errors, label, d); /* 7 may be wrong there */
        }
    }
    arena_free(a);
}

static void try_entry(const char *blocks, const char *words, const char *value)
{
    static const struct {
        const char *name;
        const unsigned blocks[6];
        size_t count;
    } names[] = {
        {"JOB", {BACKUP, SNAPSHOT_TEMPLATE, LOG_TEMPLATE, COMPACT}, 4},
        {"BACKUPS", {BACKUP, SNAPSHOT_TEMPLATE, LOG_TEMPLATE}, 3},
        {"COMPACTIONS", {COMPACT}, 1},
        {"SPECS", {BACKUP, SCHEDULE, COMPACT}, 3},
        {"STORES", {S3, GCS, AZBLOB}, 3},
        {"ROOT", {ROOT}, 1},
        {"BACKUP", {BACKUP}, 1},
        {"TEMPLATE", {SNAPSHOT_TEMPLATE, LOG_TEMPLATE}, 2},
        {"SNAPSHOT_TEMPLATE", {SNAPSHOT_TEMPLATE}, 1},
        {"LOG_TEMPLATE", {LOG_TEMPLATE}, 1},
        {"SCHEDULE", {SCHEDULE}, 1},
        {"COMPACT", {COMPACT}, 1},
        {"S3", {S3}, 1},
        {"GCS", {GCS}, 1},
        {"AZBLOB", {AZBLOB}, 1},
        {"LOCAL", {LOCAL}, 1},
        {"BR", {BR}, 1},
        {"FROM", {FROM}, 1},
        {"DUMPLING", {DUMPLING}, 1},
        {"RESOURCES", {RESOURCES}, 1},
        {"CLEAN_OPTION", {CLEAN_OPTION}, 1},
        {"RETRY_POLICY", {RETRY_POLICY}, 1},
        {"SECRET_VOLUME", {SECRET_VOLUME}, 1},
        {"CLAIM", {CLAIM}, 1},
    };
    static const char *const groups[] = {"br.pingcap.com", "pingcap.com"};
    for (size_t i = 0; i < COUNT(names); i++) {
        const char *at = strstr(blocks, names[i].name);
        size_t n = strlen(names[i].name);
        if (!at || (at[n] && at[n] != ' ') || (at != blocks && at[-1] != ' '))
            continue;
        for (slice rest = slice_of(words); rest.n;) {
            size_t end = slice_find_char(rest, ' ');
            for (size_t k = 0; k < names[i].count * COUNT(groups); k++)
                try_word(names[i].blocks[k / 2], groups[k % 2], slice_cut(rest, 0, end), value);
            rest = slice_from(rest, end == SLICE_NONE ? rest.n : end + 1);
        }
    }
}

static void test_fields(void **state)
{
    (void)state;
    const struct policy policy = {0};
    gate = gate_open(&policy, &builtin_schemas);
#define FIELD(blocks, words, meant, hint)                    try_entry(#blocks, words, NULL);
#define FIELD_OF(blocks, words, value, meant, becomes, hint) try_entry(#blocks, words, value);
#define VALUE(field, words, becomes, hint)
#define VALUE_IN(block, field, words, becomes, hint)
#include "foreign_names.def"
#undef FIELD
#undef FIELD_OF
#undef VALUE
#undef VALUE_IN
    gate_close(gate);
    print_message("%u fields explained, %u hints followed\n", explained, done);
    assert_int_equal(faults, 0);
    assert_true(explained > 500 && done > 300);
}

/* ---- values ---- */

#define SCHEDULE_SPEC        "spec:\n  schedule: 0 2 * * *\n  maxReservedTime: 168h\n  backupTemplate:\n    "
#define IN_SNAPSHOT_TEMPLATE SCHEDULE_SPEC "@\n    " CLUSTER "    " STORAGE
#define IN_LOG_TEMPLATE      SCHEDULE_SPEC CLUSTER "    " STORAGE "  logBackupTemplate:\n    @\n"

/* An object of the older group, which has more values, with `@` for a field with its value. */
static const struct {
    const char *field, *object;
    const char *takes; /* the values that entries for this place propose; NULL: all of the field's */
    const char *block; /* a template of a schedule; NULL: of a Backup */
} places[] = {
    {"provider", "spec:\n  " CLUSTER "  s3: {@, region: r, bucket: dumps, secretName: s3, prefix: x}\n", NULL,
     NULL},
    {"storageClass",
     "spec:\n  " CLUSTER "  s3: {@, provider: aws, region: r, bucket: dumps, secretName: s3, prefix: x}\n",
     NULL, NULL},
    {"acl",
     "spec:\n  " CLUSTER "  s3: {@, provider: aws, region: r, bucket: dumps, secretName: s3, prefix: x}\n",
     NULL, NULL},
    {"sse",
     "spec:\n  " CLUSTER "  s3: {@, provider: aws, region: r, bucket: dumps, secretName: s3, prefix: x}\n",
     NULL, NULL},
    {"accessTier", "spec:\n  " CLUSTER "  azblob: {@, container: dumps, secretName: s, prefix: x}\n", NULL,
     NULL},
    {"operator", "spec:\n  tolerations: [{key: a, value: b, @}]\n  " CLUSTER "  " STORAGE, "Equal", NULL},
    {"operator", "spec:\n  tolerations: [{key: a, @}]\n  " CLUSTER "  " STORAGE, "Exists", NULL},
    {"operator", "spec:\n  tolerations: [{key: a, @}]\n  " CLUSTER "  " STORAGE, "", NULL},
    {"operator",
     "spec:\n  affinity: {nodeAffinity: {requiredDuringSchedulingIgnoredDuringExecution: {nodeSelectorTerms: "
     "[{matchExpressions: [{key: a, values: [b], @}]}]}}}\n  " CLUSTER "  " STORAGE,
     "In NotIn Gt Lt", NULL},
    {"operator",
     "spec:\n  affinity: {nodeAffinity: {requiredDuringSchedulingIgnoredDuringExecution: {nodeSelectorTerms: "
     "[{matchExpressions: [{key: a, @}]}]}}}\n  " CLUSTER "  " STORAGE,
     "DoesNotExist", NULL},
    {"effect", "spec:\n  tolerations: [{key: a, operator: Exists, @}]\n  " CLUSTER "  " STORAGE, NULL, NULL},
    {"type", "spec:\n  additionalVolumes: [{name: v, hostPath: {path: /x, @}}]\n  " CLUSTER "  " STORAGE,
     NULL, NULL},
    {"logLevel", "spec:\n  br: {cluster: x, clusterNamespace: x, @}\n  " STORAGE, NULL, NULL},
    {"backupMode", "spec:\n  @\n  " CLUSTER "  " STORAGE, "log snapshot volume-snapshot", NULL},
    {"backupType", "spec:\n  @\n  " CLUSTER "  " STORAGE, NULL, NULL},
    {"cleanPolicy", "spec:\n  @\n  " CLUSTER "  " STORAGE, NULL, NULL},
    {"logSubcommand", "spec:\n  @\n  backupMode: log\n  " CLUSTER "  " STORAGE, NULL, NULL},
    {"backupMode", IN_SNAPSHOT_TEMPLATE, NULL, "backupTemplate"},
    {"backupType", IN_SNAPSHOT_TEMPLATE, "full", "backupTemplate"},
    {"backupType", IN_SNAPSHOT_TEMPLATE, "", "backupTemplate"},
    {"cleanPolicy", IN_SNAPSHOT_TEMPLATE, NULL, "backupTemplate"},
    {"backupMode", IN_LOG_TEMPLATE "    " CLUSTER "    " LOG_STORAGE, NULL, "logBackupTemplate"},
    {"backupType", IN_LOG_TEMPLATE "    backupMode: log\n    " CLUSTER "    " LOG_STORAGE, "full",
     "logBackupTemplate"},
    {"backupType", IN_LOG_TEMPLATE "    backupMode: log\n    " CLUSTER "    " LOG_STORAGE, "",
     "logBackupTemplate"},
    {"cleanPolicy", IN_LOG_TEMPLATE "    backupMode: log\n    " CLUSTER "    " LOG_STORAGE, NULL,
     "logBackupTemplate"},
    {"logSubcommand", IN_LOG_TEMPLATE "    backupMode: log\n    " CLUSTER "    " LOG_STORAGE, NULL,
     "logBackupTemplate"},
};

static const struct diagnostic *unsupported(const struct verdict *v)
{
    for (size_t i = 0; i < v->diagnostic_count; i++)
        if (v->diagnostics[i].error == FIELD_NOT_SUPPORTED)
            return &v->diagnostics[i];
    return NULL;
}

/* With "" the field is left out. */
static slice with_value(struct arena *a, size_t place, const char *group, slice value)
{
    slice text = slice_of(places[place].object);
    size_t at = slice_find_char(text, '@');
    slice line = value.n ? arena_fmt(a, "%s: \"%.*s\"", places[place].field, FMT(value)) : value;
    return arena_fmt(a, "apiVersion: %s%s%.*s%.*s%.*s", group,
                     places[place].block ? HEAD("BackupSchedule") : HEAD("Backup"),
                     FMT(slice_cut(text, 0, at)), FMT(line), FMT(slice_from(text, at + 1)));
}

static const char *label_of(struct arena *a, size_t place, const char *group, slice word)
{
    return arena_cstr(a, arena_fmt(a, "%s in %s of %s: %.*s", places[place].field,
                                   places[place].block ? places[place].block : "a Backup", group, FMT(word)));
}

/* What the hint says is another value, and supported, or that there is none. */
static void follow_value(struct arena *a, size_t place, const char *group, slice word,
                         const struct diagnostic *d)
{
    const char *label = label_of(a, place, group, word);
    expect(!slice_eq(d->suggested, word), label, d);
    if (!d->suggested.n && !slice_starts(d->hint, LIT("remove it")))
        return;
    const struct verdict *then = judge(a, with_value(a, place, group, d->suggested));
    expect(!unsupported(then), label, d);
    expect(!places[place].block || then->errors == 0, label, d);
}

/* `becomes`: what the entry says; NULL: another entry may say something else in this place. */
static void try_value(size_t place, slice word, const char *becomes)
{
    static const char *const groups[] = {"pingcap.com", "br.pingcap.com"};
    struct arena *a = arena_new((size_t)1 << 26);
    for (size_t i = 0; i < COUNT(groups); i++) {
        const struct diagnostic *d = unsupported(judge(a, with_value(a, place, groups[i], word)));
        const char *label = label_of(a, place, groups[i], word);
        if (d) {
            expect(i || !becomes || slice_eq(d->suggested, slice_of(becomes)), label, d);
            follow_value(a, place, groups[i], word, d);
            explained++;
        } else if (i == 0) {
            print_error("%s is not refused: the entry says nothing\n", label);
            faults++;
        }
    }
    arena_free(a);
}

static bool takes(const char *list, const char *becomes)
{
    size_t n = strlen(becomes);
    for (const char *at = list; at; at = strchr(at, ' ') ? strchr(at, ' ') + 1 : NULL)
        if (strncmp(at, becomes, n) == 0 && (at[n] == ' ' || !at[n]))
            return true;
    return !list;
}

static void try_values(const char *block, const char *field, const char *words, const char *becomes)
{
    for (size_t i = 0; i < COUNT(places); i++) {
        const char *there = places[i].block;
        if (!takes(places[i].takes, becomes) || (block && (!there || strcmp(block, there) != 0)))
            continue;
        for (slice rest = slice_of(words); rest.n && strcmp(places[i].field, field) == 0;) {
            size_t end = slice_find_char(rest, ' ');
            try_value(i, slice_cut(rest, 0, end), there && !block ? NULL : becomes);
            rest = slice_from(rest, end == SLICE_NONE ? rest.n : end + 1);
        }
    }
}

static void test_values(void **state)
{
    (void)state;
    const struct policy policy = {0};
    gate = gate_open(&policy, &builtin_schemas);
    explained = faults = 0;
#define FIELD(blocks, words, meant, hint)
#define FIELD_OF(blocks, words, value, meant, becomes, hint)
#define VALUE(field, words, becomes, hint)           try_values(NULL, field, words, becomes);
#define VALUE_IN(block, field, words, becomes, hint) try_values(block, field, words, becomes);
#include "foreign_names.def"
#undef FIELD
#undef FIELD_OF
#undef VALUE
#undef VALUE_IN
    gate_close(gate);
    assert_int_equal(faults, 0);
    assert_true(explained > 150);
}

/* ---- fields without effect ---- */

static bool has_effect(const struct verdict *v)
{
    for (size_t i = 0; i < v->diagnostic_count; i++)
        if (slice_find(v->diagnostics[i].message, LIT("has no effect")) != SLICE_NONE)
            return false;
    return true;
}

static const char *value_for(const struct schema *s)
{
    return s->type == SCHEMA_OBJECT    ? "{}"
           : s->type == SCHEMA_ARRAY   ? "[]"
           : s->type == SCHEMA_BOOLEAN ? "true"
           : s->type == SCHEMA_INTEGER ? "7"
                                       : "\"7h\"";
}

/* A field of the schema in another case, where the field itself has no effect. */
static void try_case(unsigned block, const char *group, const struct schema_property *p)
{
    struct arena *a = arena_new((size_t)1 << 26);
    slice name = p->name, line = arena_fmt(a, "%.*s: %s", FMT(name), value_for(p->schema)),
          slip = arena_fmt(a, "%c%.*s", line.p[0] - ('a' - 'A'), FMT(slice_from(line, 1)));
    if (!has_effect(judge(a, object_with(a, block, group, line)))) {
        const struct diagnostic *d = unknown(judge(a, object_with(a, block, group, slip)));
        assert_row(arena_cstr(a, slip), d);
        expect(slice_starts(d->hint, LIT("remove it")), arena_cstr(a, slip), d);
        explained++;
    }
    arena_free(a);
}

static void test_case_of_fields_without_effect(void **state)
{
    static const struct {
        unsigned block;
        const char *kind, *path[3];
    } blocks[] = {
        {BACKUP, "Backup", {"spec"}},
        {SNAPSHOT_TEMPLATE, "BackupSchedule", {"spec", "backupTemplate"}},
        {SCHEDULE, "BackupSchedule", {"spec"}},
        {COMPACT, "CompactBackup", {"spec"}},
        {S3, "Backup", {"spec", "s3"}},
        {GCS, "Backup", {"spec", "gcs"}},
        {AZBLOB, "Backup", {"spec", "azblob"}},
        {LOCAL, "Backup", {"spec", "local"}},
        {BR, "Backup", {"spec", "br"}},
    };
    const struct policy policy = {0};
    gate = gate_open(&policy, &builtin_schemas);
    explained = faults = 0;
    for (size_t i = 0; i < COUNT(blocks); i++)
        for (size_t k = 0; k < builtin_schemas.kind_count; k++) {
            const struct schema_kind *kind = &builtin_schemas.kinds[k];
            const struct schema *s = slice_eq(kind->kind, slice_of(blocks[i].kind)) ? kind->schema : NULL;
            for (size_t n = 0; s && blocks[i].path[n]; n++)
                s = schema_property(s, slice_of(blocks[i].path[n]));
            for (size_t n = 0; s && n < s->property_count; n++)
                try_case(blocks[i].block, arena_cstr(*state, kind->group), &s->properties[n]);
        }
    gate_close(gate);
    print_message("%u fields without effect\n", explained);
    assert_int_equal(faults, 0);
    assert_true(explained > 15);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_fields), cmocka_unit_test(test_values),
        cmocka_unit_test_setup_teardown(test_case_of_fields_without_effect, open_arena, close_arena)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
