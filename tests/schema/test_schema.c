/* The structural engine, row by row. That the words are the API server's is for tests/fidelity to say; these
 * rows run without it, and hold what it taught. */
#include "check.h"

#include "brgate_limits.h"
#include "builtin_schemas.h"
#include "schema.h"

#include <string.h>

static const char head[] =
    "{\"apiVersion\":\"br.pingcap.com/v1alpha1\",\"kind\":\"Backup\",\"metadata\":{\"name\":\"x\"},";

struct row {
    const char *kind, *object; /* behind `head` */
    const char *findings;      /* path: message, one a line, sorted by place */
    const char *result;        /* spec and status as the server would keep them; NULL: not looked at */
};

static const struct row rows[] = {
    {"Backup", "\"spec\":{}}", "",
     "{\"spec\":{\"backupMode\":\"snapshot\",\"cleanPolicy\":\"Retain\","
     "\"volumeBackupInitJobMaxActiveSeconds\":600}}"},
    {"Backup", "\"spec\":{\"bukcet\":1,\"s3\":{\"provider\":\"aws\",\"bukcet\":\"b\"}}}",
     "spec.bukcet: unknown field\nspec.s3.bukcet: unknown field\n",
     "{\"spec\":{\"s3\":{\"provider\":\"aws\"},\"backupMode\":\"snapshot\",\"cleanPolicy\":\"Retain\","
     "\"volumeBackupInitJobMaxActiveSeconds\":600}}"},
    {"Backup", "\"spec\":{\"toolImage\":null,\"cleanPolicy\":null,\"tableFilter\":[null]}}",
     "spec.tableFilter[0]: Invalid value: \"null\": spec.tableFilter[0] in body must be of type string: "
     "\"null\"\n",
     "{\"spec\":{\"tableFilter\":[null],\"backupMode\":\"snapshot\",\"cleanPolicy\":\"Retain\","
     "\"volumeBackupInitJobMaxActiveSeconds\":600}}"},
    {"Backup", "\"spec\":{\"cleanOption\":{}}}", "",
     "{\"spec\":{\"cleanOption\":{\"retryCount\":5},\"backupMode\":\"snapshot\",\"cleanPolicy\":\"Retain\","
     "\"volumeBackupInitJobMaxActiveSeconds\":600}}"},
    {"Backup", "\"spec\":null}", "spec: Required value\n", NULL},
    {"Backup", "\"spec\":{\"s3\":{}}}", "spec.s3.provider: Required value\n", NULL},
    {"Backup", "\"spec\":{\"backupType\":7}}",
     "spec.backupType: Invalid value: \"integer\": spec.backupType in body must be of type string: "
     "\"integer\"\n",
     NULL},
    {"Backup", "\"spec\":{\"cleanPolicy\":\"delete\"}}",
     "spec.cleanPolicy: Unsupported value: \"delete\": supported values: \"Retain\", \"OnFailure\", "
     "\"Delete\"\n",
     NULL},
    {"Backup", "\"spec\":{\"br\":{\"cluster\":\"c\",\"concurrency\":0.5}}}",
     "spec.br.concurrency: Invalid value: \"float64\": spec.br.concurrency in body must be of type int32: "
     "\"float64\"\n",
     NULL},
    {"Backup", "\"spec\":{\"br\":{\"cluster\":\"c\",\"concurrency\":4.0}}}", "", NULL},
    {"Backup", "\"spec\":{\"br\":{\"cluster\":\"c\",\"concurrency\":2147483648}}}",
     "spec.br.concurrency: Invalid value: 2147483648: Checked value must be of type integer with format "
     "int32 in "
     "spec.br.concurrency\n",
     NULL},
    {"Backup", "\"spec\":{\"br\":{\"cluster\":\"c\",\"concurrency\":1.0000000001}}}",
     "spec.br.concurrency: Invalid value: 1.0000000001: Checked value must be of type integer with format "
     "int32 in spec.br.concurrency\n",
     NULL},
    {"Backup", "\"spec\":{\"volumeBackupInitJobMaxActiveSeconds\":500000000.5}}",
     "spec.volumeBackupInitJobMaxActiveSeconds: Invalid value: 500000000.5: Checked value must be of type "
     "integer (default format) in spec.volumeBackupInitJobMaxActiveSeconds\n",
     NULL},
    {"Backup", "\"spec\":{\"resources\":{\"limits\":{\"cpu\":1.0000000001}}}}",
     "spec.resources.limits.cpu: Invalid value: 1.0000000001: Checked value must be of type integer (default "
     "format) in spec.resources.limits.cpu\n",
     NULL},
    {"Backup", "\"spec\":{},\"status\":{\"timeStarted\":[{\"name\":1,\"of\":[{}]}]}}",
     "status.timeStarted[0].name: unknown field\nstatus.timeStarted[0].of: unknown field\n", NULL},
    {"Backup", "\"spec\":{\"resources\":{\"limits\":{\"cpu\":1.0,\"memory\":\"lots\",\"x\":true}}}}",
     "spec.resources.limits.memory: Invalid value: \"lots\": spec.resources.limits.memory in body should "
     "match "
     "'^(\\+|-)?(([0-9]+(\\.[0-9]*)?)|(\\.[0-9]+))(([KMGTPE]i)|[numkMGTPE]|([eE](\\+|-)?(([0-9]+(\\.[0-9]*)?)"
     "|(\\.[0-9]+))))?$'\n"
     "spec.resources.limits.x: Invalid value: \"boolean\": spec.resources.limits.x in body must be of type "
     "integer,string: \"boolean\"\n",
     NULL},
    {"Backup", "\"spec\":{\"resources\":{\"claims\":[{\"name\":\"a\"},{\"name\":\"a\"},{\"name\":\"a\"}]}}}",
     "spec.resources.claims[1]: Duplicate value: {\"name\":\"a\"}\n", NULL},
    {"Backup", "\"spec\":{\"resources\":{\"claims\":[{},null]}}}",
     "spec.resources.claims[0].name: Required value\nspec.resources.claims[1]: Invalid value: \"null\": "
     "spec.resources.claims[1] in body must be of type object: \"null\"\n",
     NULL},
    {"Backup", "\"spec\":{\"logSubcommand\":\"log-start\",\"logStop\":false}}",
     "spec: Invalid value: logSubcommand and logStop exclude each other, leave out logStop\n", NULL},
    {"Backup", "\"spec\":{},\"status\":{\"timeStarted\":\"2024-02-30T00:00:00Z\",\"timeCompleted\":null}}",
     "status.timeStarted: Invalid value: \"2024-02-30T00:00:00Z\": status.timeStarted in body must be of "
     "type date-time: "
     "\"2024-02-30T00:00:00Z\"\n",
     NULL},
    {"Backup",
     "\"spec\":{},\"status\":{\"conditions\":[{\"type\":\"Failed\",\"status\":\"True\",\"reason\":\"a "
     "b\",\"message\":\"\","
     "\"lastTransitionTime\":\"2024-02-29T00:00:00Z\"}]}}",
     "status.conditions[0].reason: Invalid value: \"a b\": status.conditions[0].reason in body should match "
     "'^[A-Za-z]([A-Za-z0-9_,:]*[A-Za-z0-9_])?$'\n",
     NULL},
    {"BackupSchedule",
     "\"spec\":{\"schedule\":\"@daily\",\"compactInterval\":\"1h\",\"backupTemplate\":{\"cleanOption\":{}}}}",
     "",
     "{\"spec\":{\"schedule\":\"@daily\",\"compactInterval\":\"1h\",\"backupTemplate\":{\"cleanOption\":{"
     "\"retryCount\":5},"
     "\"backupMode\":\"snapshot\",\"cleanPolicy\":\"Retain\",\"volumeBackupInitJobMaxActiveSeconds\":600}}}"},
    {"BackupSchedule", "\"spec\":{}}", "spec.backupTemplate: Required value\nspec.schedule: Required value\n",
     NULL},
    {"CompactBackup", "\"spec\":{}}", "", "{\"spec\":{\"concurrency\":4,\"maxRetryTimes\":6}}"},
};

static slice findings_text(struct arena *a, const struct findings *f)
{
    struct buf b = buf_new(a, 1 << 20);
    for (const struct finding *x = f->first; x; x = x->next) {
        slice path = node_path(a, x->place.node);
        buf_put(&b, path);
        if (x->place.kind == PLACE_MISSING)
            buf_fmt(&b, "%s%.*s", path.n ? "." : "", FMT(x->place.member));
        buf_fmt(&b, ": %.*s\n", FMT(x->message));
    }
    return buf_slice(&b);
}

static slice kept(struct arena *a, struct node *root)
{
    static const char *const hidden[] = {"apiVersion", "kind", "metadata"};
    for (size_t i = 0; i < 3; i++)
        node_get(root, slice_of(hidden[i]))->flags |= NODE_PRUNED;
    struct buf b = buf_new(a, 1 << 20);
    node_put_json(&b, root, false);
    return buf_slice(&b);
}

static void apply(struct arena *a, const struct schema_set *set, const struct row *row)
{
    struct findings read = findings_new(a), f = findings_new(a);
    struct node *root = json_read(a, arena_fmt(a, "%s%s", head, row->object), &read);
    assert_row(row->object, root);
    struct schema_run run = {a, &f, set, regex_scratch_new(a)};
    schema_apply(&run, schema_find(set, LIT("br.pingcap.com/v1alpha1"), slice_of(row->kind))->schema, root);
    assert_slice(row->object, findings_text(a, &f), slice_of(row->findings));
    if (row->result)
        assert_slice(row->object, kept(a, root), slice_of(row->result));
}

static void objects_are_judged_as_the_server_does(void **state)
{
    (void)state;
    struct arena *own = arena_new(64 << 20);
    const struct schema_set *set = schema_set_new(own, &builtin_schemas);
    struct arena *a = arena_new(LIMIT_ARENA_BYTES);
    for (size_t i = 0; i < COUNT(rows); i++) {
        arena_reset(a);
        apply(a, set, &rows[i]);
    }
    arena_free(a);
    arena_free(own);
}

struct applying {
    struct arena *arena;
    const struct schema_set *set;
    const struct row *row;
};

static void apply_row(void *context)
{
    const struct applying *w = context;
    apply(w->arena, w->set, w->row);
}

/* The nth allocation fails: the work ends, nothing leaks, and one more attempt with all memory
 * succeeds. */
static void running_out_of_memory_is_never_a_verdict(void **state)
{
    (void)state;
    struct arena *own = arena_new(64 << 20);
    const struct schema_set *set = schema_set_new(own, &builtin_schemas);
    struct arena *a = arena_new(LIMIT_ARENA_BYTES);
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct applying work = {a, set, &rows[i]};
        uint64_t nth = 1;
        arena_fail_at(a, nth);
        while (!arena_run(a, apply_row, &work)) {
            arena_reset(a);
            arena_fail_at(a, ++nth);
        }
        arena_fail_at(a, 0);
        assert_row(rows[i].object, nth > 3);
    }
    arena_free(a);
    arena_free(own);
}

/* `element` repeated into a list of megabytes: the work must stay proportional to the text. (What is
 * quadratic takes hours here; there is no need to look at a clock.) */
static void long_lists_cost_no_more_than_their_length(void **state)
{
    (void)state;
    static const struct {
        const char *before, *element, *after;
    } lists[] = {
        {"\"spec\":{\"tableFilter\":[", "1,", "\"\"]}}"},
        {"\"spec\":{\"resources\":{\"claims\":[", "{\"name\":\"a\"},", "{\"name\":\"b\"}]}}}"},
        {"\"spec\":{\"resources\":{\"claims\":[", "{},", "{}]}}}"},
        {"\"spec\":{\"additionalVolumes\":[", "{\"nme\":1},", "{}]}}"},
    };
    struct arena *own = arena_new(64 << 20);
    const struct schema_set *set = schema_set_new(own, &builtin_schemas);
    struct arena *a = arena_new(LIMIT_ARENA_BYTES);
    for (size_t i = 0; i < COUNT(lists); i++) {
        arena_reset(a);
        struct buf b = buf_new(a, LIMIT_DOCUMENT_BYTES);
        buf_fmt(&b, "%s%s", head, lists[i].before);
        while (b.n < (2u << 20))
            buf_put(&b, slice_of(lists[i].element));
        buf_put(&b, slice_of(lists[i].after));
        struct findings read = findings_new(a), f = findings_new(a);
        struct node *root = json_read(a, buf_slice(&b), &read);
        assert_row(lists[i].element, root);
        struct schema_run run = {a, &f, set, regex_scratch_new(a)};
        schema_apply(&run, schema_find(set, LIT("br.pingcap.com/v1alpha1"), LIT("Backup"))->schema, root);
        assert_row(lists[i].element, f.count > 0 && f.count <= LIMIT_FINDINGS);
    }
    arena_free(a);
    arena_free(own);
}

/* A kind that is added while the program runs brings patterns of its own, beside those of the build. */
static void kinds_may_come_at_run_time(void **state)
{
    (void)state;
    static const char openapi[] =
        "{\"type\":\"object\",\"properties\":{\"spec\":{\"type\":\"object\",\"properties\":{"
        "\"size\":{\"type\":\"string\",\"pattern\":\"^[sml]$\"},"
        "\"spare\":{\"type\":\"string\",\"pattern\":\"^[sml]$\"},"
        "\"name\":{\"type\":\"string\",\"pattern\":\"^[a-z]+$\"}}}}}";
    struct arena *a = arena_new(LIMIT_ARENA_BYTES);
    struct findings f = findings_new(a);
    struct schema_set *set = schema_set_new(a, &builtin_schemas);
    size_t kinds = builtin_schemas.kind_count, patterns = builtin_schemas.pattern_count;
    struct schema_kind box = {.api_version = LIT("example.com/v1"), .kind = LIT("Box")};
    struct error error;
    assert_true(schema_set_add(set, box, json_read(a, slice_of(openapi), &f), &error));
    assert_int_equal(schema_set_tables(set)->kind_count, kinds + 1);
    assert_int_equal(schema_set_tables(set)->pattern_count, patterns + 2);
    const struct schema *s = schema_find(set, LIT("example.com/v1"), LIT("Box"))->schema;
    struct node *root = json_read(a, LIT("{\"spec\":{\"size\":\"m\",\"spare\":\"xl\",\"name\":\"b4\"}}"), &f);
    struct schema_run run = {a, &f, set, regex_scratch_new(a)};
    schema_apply(&run, s, root);
    assert_slice("run time", findings_text(a, &f),
                 LIT("spec.spare: Invalid value: \"xl\": spec.spare in body should match '^[sml]$'\n"
                     "spec.name: Invalid value: \"b4\": spec.name in body should match '^[a-z]+$'\n"));
    const struct node *bad = json_read(
        a, LIT("{\"type\":\"object\",\"properties\":{\"a\":{\"type\":\"string\",\"pattern\":\"(\"}}}"), &f);
    assert_false(schema_set_add(set, box, bad, &error));
    assert_int_equal(schema_set_tables(set)->kind_count, kinds + 1);
    assert_slice("bad pattern", slice_of(error.text),
                 LIT("properties.a: pattern: error parsing regexp: missing closing ): `(`"));
    arena_free(a);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(objects_are_judged_as_the_server_does),
        cmocka_unit_test(running_out_of_memory_is_never_a_verdict),
        cmocka_unit_test(long_lists_cost_no_more_than_their_length),
        cmocka_unit_test(kinds_may_come_at_run_time),
    };
    return cmocka_run_group_tests_name("schema", tests, NULL, NULL);
}
