/* No reader and no rule takes work that grows faster than its text: each shape is judged at a size and at eight times
 * that size, and may take as many times the counted steps, with something for what is sorted, and twice as many times the memory.
 * What is quadratic grows to eight times that. */
#include "check.h"

#include "counted.h"

#include "across.h"
#include "brgate_limits.h"
#include "buf.h"
#include "builtin_schemas.h"

/* 2026-06-01T00:00:00Z */
#define TEST_NOW INT64_C(1780272000)

enum {
    TEXT_BYTES = 16 << 20,
    SIZE = 80 << 10, /* enough for the limits on findings, below which more of them come */
    TIMES = 8,
    MOST_GROWTH = 10,
    PAGES = 1 << 20
};

/* `each` again and again, # being its number, in a text that begins and ends as said. */
struct shape {
    const char *label, *before, *each, *behind;
};

#define HEAD                                                                                                 \
    "apiVersion: br.pingcap.com/v1alpha1\nkind: Backup\nmetadata: {name: nightly, namespace: tidb}\nspec:\n" \
    "  br: {cluster: basic}\n  s3: {provider: aws, region: us-west-1, bucket: backups, secretName: keys, "   \
    "prefix: p}\n"
#define SCHEDULE                                                                                             \
    "apiVersion: br.pingcap.com/v1alpha1\nkind: BackupSchedule\nmetadata: {name: nightly, namespace: "       \
    "tidb}\nspec:\n"                                                                                         \
    "  backupTemplate:\n    br: {cluster: basic}\n"                                                          \
    "    s3: {provider: aws, region: us-west-1, bucket: backups, secretName: keys, prefix: p}\n"
#define OBJECT                                                                                               \
    "apiVersion: br.pingcap.com/v1alpha1\nkind: Backup\nmetadata: {name: b#, namespace: tidb}\nspec: {br: "  \
    "{cluster: "                                                                                             \
    "basic}, s3: {provider: aws, region: r, bucket: backups, prefix: p#}}\n"

static const struct shape manifests[] = {
    {"objects in flow style", HEAD "  env: [", "{name: A#, value: x},", "]\n"},
    {"objects in blocks", HEAD "  env:\n", "  - name: A#\n    value: x\n", ""},
    {"the same key", HEAD, "  tableFilter: []\n", ""},
    {"many keys", HEAD "  resources:\n    limits:\n", "      k#: 1\n", ""},
    {"wrong values behind right ones", HEAD "  tableFilter: [", "a#.b,", "1,1,1,1,1,1,1,1,1]\n"},
    {"unknown fields", HEAD, "  unknown#: 1\n", ""},
    {"unknown blocks", HEAD, "  s#: {bucket: x}\n", ""},
    {"items of a list of sets", HEAD "  resources:\n    claims: [", "{name: a#},", "]\n"},
    {"equal items", HEAD "  resources:\n    claims: [", "{name: a},", "]\n"},
    {"volumes of one name", HEAD "  additionalVolumes: [", "{name: a, emptyDir: {}},", "]\n"},
    {"volumes and mounts", HEAD "  additionalVolumeMounts: [", "{name: a#, mountPath: /a#},", "]\n"},
    {"anchors", "", "k#: &a# x\nl#: *a#\n", ""},
    {"one anchor anew", "", "k#: &a x\nl#: *a\n", ""},
    {"aliases of a list", "a: &a [x, x, x, x]\nb:\n", "- *a\n", ""},
    {"merge keys", "a: &a {x: 1, y: 2}\nb:\n", "- {<<: *a, z: 3}\n", ""},
    {"merge keys of one mapping", "a: &a {x: 1}\nb: {<<: [", "*a,", "*a]}\n"},
    {"tags", "a:\n", "- !!str x#\n", ""},
    {"tag directives", "", "%TAG !a#! tag:x:\n", "---\na: 1\n"},
    {"tag directives behind the document", "a: 1\n...\n", "%TAG !a#! tag:x:\n", "---\na: 1\n"},
    {"comments", HEAD, "# a comment\n", "  tableFilter: []\n"},
    {"suppressions", "", "# brgate: allow log-type: because\n", HEAD},
    {"suppressions in lines", HEAD "  tableFilter:\n", "  - x # brgate: allow table-filter-syntax: because\n",
     ""},
    {"the word of a suppression", "a: ", "brgate:#", "\n"},
    {"documents", "", "---\n" OBJECT, ""},
    {"documents with suppressions", "", "---\n" OBJECT "# brgate: allow log-type: because\n", ""},
    {"empty documents", "", "---\n", ""},
    {"broken documents", "", "---\na: [\n", ""},
    {"items of a List", "kind: List\nitems:\n",
     "- {apiVersion: br.pingcap.com/v1alpha1, kind: Backup, metadata: {name: b#}}\n", ""},
    {"wrong indentation", HEAD, "   x#: 1\n  y#: 2\n", ""},
    {"a block scalar", "a: |\n", "  some text\n", ""},
    {"a folded scalar", "a: >\n", "  some text\n\n", ""},
    {"a plain scalar of many lines", "a:\n", "  some text\n", ""},
    {"double quotes with escapes", "a: \"", "\\u00e9\\n", "\"\n"},
    {"long lines beyond ASCII", "a: [", "\xc3\xa9, ", "x]\r\n"},
    {"complex keys", "", "? k#\n: v\n", ""},
    {"JSON values in a row", "", "{\"a\": #}\n", ""},
    {"JSON in JSON", "{\"a\": [", "{\"b\": \"\\u00e9\"},", "1]}"},
    {"broken JSON", "{\"a\": [", "[1], ", ""},
    {"placeholders", HEAD "  tableFilter: [\"", "${a#}", "\"]\n"},
    {"openings of placeholders", HEAD "  tableFilter: [\"", "${{<a", "\"]\n"},
    {"a cron list", SCHEDULE "  schedule: \"", "1,", "1 * * * *\"\n"},
    {"a cron field of steps", SCHEDULE "  schedule: \"", "*/7,", "1 * * * *\"\n"},
    {"cron fields", SCHEDULE "  schedule: \"", "* ", "\"\n"},
    {"digits of a cron field", SCHEDULE "  schedule: \"", "1", " * * * *\"\n"},
    {"a duration", SCHEDULE "  maxReservedTime: ", "1h", "\n"},
    {"digits of a duration", SCHEDULE "  maxReservedTime: ", "1", "h\n"},
    {"a timestamp", HEAD "  commitTs: \"", "1", "\"\n"},
    {"a time zone", HEAD "  commitTs: \"2026-01-01 00:00:00", "+08:00", "\"\n"},
    {"filters", HEAD "  tableFilter: [", "'a#.b#',", "]\n"},
    {"expressions", HEAD "  tableFilter: [", "'/a#|b/.c*',", "]\n"},
    {"a filter of wildcards", HEAD "  tableFilter: ['", "*?", ".*']\n"},
    {"a filter of dots", HEAD "  tableFilter: ['", "a.", "']\n"},
    {"alternatives", HEAD "  tableFilter: ['/", "a|", "b/.*']\n"},
    {"groups", HEAD "  tableFilter: ['/", "(a)", "b/.*']\n"},
    {"repetitions", HEAD "  tableFilter: ['/", "a{5}", "b/.*']\n"},
    {"a quantity", HEAD "  resources: {limits: {cpu: \"", "1", "\"}}\n"},
    {"a quantity of letters", HEAD "  resources: {limits: {cpu: \"", "Gi", "\"}}\n"},
    {"an endpoint", HEAD "  s3: {endpoint: \"http://", "a.", "\"}\n"},
    {"an endpoint of escapes", HEAD "  s3: {endpoint: \"http://", "%41", "/\"}\n"},
    {"folders", HEAD "  s3: {prefix: \"", "a/", "\"}\n"},
    {"folders above", HEAD "  s3: {prefix: \"", "a/../", "\"}\n"},
    {"options", HEAD "  br:\n    cluster: basic\n    options: [", "--flag#=x,", "]\n"},
    {"annotations", "metadata:\n  annotations:\n", "    brgate.io/allow.log-type-#: because\n", HEAD},
    {"finalizers", "metadata:\n  finalizers:\n", "  - a/b#\n", HEAD},
    {"labels", "metadata:\n  labels:\n", "    -a#: -b\n", HEAD},
};

static const struct shape settings[] = {
    {"rules", "rules:\n", "  rule-#: warn\n", ""},
    {"one rule", "rules:\n", "  log-type: warn\n", ""},
    {"overridable rules", "overridable: [", "log-type,", "]\n"},
    {"excluded files", "exclude: [", "charts/**/*#,", "]\n"},
};

static slice text_of(struct arena *a, const struct shape *s, size_t size)
{
    struct buf b = buf_new(a, TEXT_BYTES);
    buf_put(&b, slice_of(s->before));
    for (unsigned i = 0; b.n < size; i++)
        for (const char *p = s->each; *p; p++) {
            if (*p == '#')
                buf_fmt(&b, "%u", i);
            else
                buf_char(&b, *p);
        }
    buf_put(&b, slice_of(s->behind));
    assert_false(b.failed);
    return buf_slice(&b);
}

/* ---- what is done with a text; the arena is fresh ---- */

typedef void reading(const struct gate *g, struct arena *a, slice text);

/* As lint does with a file: judges it, and compares its objects. */
static void judge_file(const struct gate *g, struct arena *a, slice text)
{
    const struct stream_verdict *stream = verdict_manifest(g, a, text, TEST_NOW);
    assert_non_null(stream);
    struct object_summaries *list = object_summaries_new(a);
    struct across across;
    assert_true(object_summaries_note(list, 0, LIT("all.yaml"), stream));
    assert_true(across_judge(g, a, &list, 1, &across));
}

static void read_settings(const struct gate *g, struct arena *a, slice text)
{
    (void)g;
    struct policy policy = {0};
    struct policy_excludes excludes;
    struct error error;
    (void)policy_read(&policy, a, text, &excludes, &error);
}

/* ---- measuring ---- */

struct cost {
    size_t memory, steps;
};

static struct cost cost_of(const struct gate *g, reading *work, slice text)
{
    struct arena *a = arena_new(LIMIT_ARENA_BYTES);
    size_t before = counted_steps();
    work(g, a, text);
    struct cost cost = {.memory = arena_used(a), .steps = counted_steps() - before};
    arena_free(a);
    return cost;
}

static void check_growth(const struct gate *g, struct arena *texts, reading *work, const struct shape *s)
{
    slice small = text_of(texts, s, SIZE), large = text_of(texts, s, SIZE * TIMES);
    struct cost one = cost_of(g, work, small), many = cost_of(g, work, large);
    if (many.memory > 2 * TIMES * one.memory + PAGES || many.steps > MOST_GROWTH * one.steps)
        fail_msg("%s: %zu bytes take %zu bytes and %zu steps, %zu take %zu and %zu", s->label, small.n,
                 one.memory, one.steps, large.n, many.memory, many.steps);
    arena_reset(texts);
}

static void check_shapes(reading *work, const struct shape *shapes, size_t count)
{
    struct gate *g = gate_open(&(struct policy){0}, &builtin_schemas);
    struct arena *texts = arena_new(LIMIT_ARENA_BYTES);
    for (size_t i = 0; i < count; i++)
        check_growth(g, texts, work, &shapes[i]);
    arena_free(texts);
    gate_close(g);
}

static void files_are_judged_in_proportion(void **state)
{
    (void)state;
    check_shapes(judge_file, manifests, sizeof manifests / sizeof *manifests);
}

static void settings_are_read_in_proportion(void **state)
{
    (void)state;
    check_shapes(read_settings, settings, sizeof settings / sizeof *settings);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(files_are_judged_in_proportion),
        cmocka_unit_test(settings_are_read_in_proportion),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
