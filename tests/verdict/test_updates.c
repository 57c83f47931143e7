/* Every state of a log backup by every change, against a table that was written without the code. */
#include "../domain/tsv.h"
#include "reviewing.h"

enum { MOST_ROWS = 120 };

/* ---- the states ---- */

struct state {
    const char *phase;
    bool started;
    const char *asked; /* logSubcommand that has led here */
};

static const struct state states[] = {
    {"none", false, "log-start"},        {"Scheduled", false, "log-start"},
    {"Prepare", false, "log-start"},     {"Running", true, "log-start"},
    {"Paused", true, "log-pause"},       {"Stopped", true, "log-stop"},
    {"Failed", false, "log-start"},      {"Failed", true, "log-start"},
    {"RetryFailed", false, "log-start"}, {"RetryFailed", true, "log-start"},
    {"Invalid", false, "log-start"},     {"Invalid", true, "log-start"},
};

/* ---- the changes ---- */

enum part {
    METADATA,
    SUBCOMMAND,
    SPEC,
    MODE,
    BR,
    CLUSTER,
    BUCKET,
    PREFIX,
    SECRET,
    STATUS,
    PART_COUNT,
    PREFIX_BEFORE
};

struct change_part {
    const char *name;
    enum part part;
    const char *text;
};

/* Deletion, or what looks like it, exempts from nothing: the same holds whatever deletionTimestamp both
 * objects have. */
#define DELETED "\"deletionTimestamp\":\"2026-05-31T23:59:00Z\","

static const struct {
    const char *before, *after;
} deletions[] = {
    {"", ""},
    {DELETED, DELETED},
    {"", DELETED},
    {"", "\"deletionTimestamp\":null,"},
};

static const struct change_part changes[] = {
    {"nothing at all", METADATA, ""},
    {"labels", METADATA, "\"labels\":{\"team\":\"shop\"},"},
    {"typed zero values", SPEC, "\"resources\":{},\"tolerations\":[],\"env\":null,"},
    {"status written beside", STATUS,
     "\"phase\":\"Running\",\"commitTs\":\"466600000000000000\",\"backupPath\":\"s3://my-bucket/log/\""},
    {"log-start", SUBCOMMAND, "\"logSubcommand\":\"log-start\","},
    {"log-pause", SUBCOMMAND, "\"logSubcommand\":\"log-pause\","},
    {"log-stop", SUBCOMMAND, "\"logSubcommand\":\"log-stop\","},
    {"log-resume", SUBCOMMAND, "\"logSubcommand\":\"log-resume\","},
    {"logStop", SUBCOMMAND, "\"logStop\":true,"},
    {"no subcommand", SUBCOMMAND, ""},
    {"table filter", SPEC, "\"tableFilter\":[\"shop.*\"],"},
    {"image", SPEC, "\"toolImage\":\"pingcap/br:v8.5.0\","},
    {"start", SPEC, "\"commitTs\":\"2026-05-28T08:00:00Z\","},
    {"mode", MODE, "snapshot"},
    {"mode", SUBCOMMAND, ""},
    {"bucket", BUCKET, "other"},
    {"slashes gone from the prefix", PREFIX_BEFORE, "/log/"},
    {"secret", SECRET, "new-secret"},
    {"cluster", CLUSTER, "demo2"},
    {"own namespace", BR, "\"clusterNamespace\":\"tidb\","},
    {"other namespace", BR, "\"clusterNamespace\":\"other\","},
    {"truncate", SPEC, "\"logTruncateUntil\":\"2026-05-31T08:00:00Z\","},
    {"truncate before the start", SPEC, "\"logTruncateUntil\":\"2026-05-20T08:00:00Z\","},
    {"truncate beyond the checkpoint", SPEC, "\"logTruncateUntil\":\"2026-05-31T23:00:00Z\","},
    {"truncate into the future", SPEC, "\"logTruncateUntil\":\"2026-06-01T02:00:00Z\","},
};

static slice object_text(struct arena *a, const char *group, const char *deletion, const char *const *parts)
{
    return arena_fmt(
        a,
        "{\"apiVersion\":\"%s/v1alpha1\",\"kind\":\"Backup\",\"metadata\":{%s%s\"name\":\"demo1-log\","
        "\"namespace\":\"tidb\"},\"spec\":{%s%s\"backupMode\":\"%s\",\"cleanPolicy\":\"Retain\","
        "\"br\":{%s\"cluster\":\"%s\"},\"s3\":{\"provider\":\"aws\",\"region\":\"us-west-1\","
        "\"bucket\":\"%s\",\"prefix\":\"%s\",\"secretName\":\"%s\"}},\"status\":{%s}}",
        group, deletion, parts[METADATA], parts[SUBCOMMAND], parts[SPEC], parts[MODE], parts[BR],
        parts[CLUSTER], parts[BUCKET], parts[PREFIX], parts[SECRET], parts[STATUS]);
}

static void parts_of(struct arena *a, const struct state *s, const char **parts)
{
    const char *begun =
        s->started ? "\"commitTs\":\"466600000000000000\",\"logCheckpointTs\":\"466680000000000000\","
                     "\"backupPath\":\"s3://my-bucket/log/\","
                   : "";
    bool none = slice_eq(slice_of(s->phase), LIT("none"));
    const char *const usual[PART_COUNT] = {
        [METADATA] = "",        [SPEC] = "",      [MODE] = "log",        [BR] = "", [CLUSTER] = "demo1",
        [BUCKET] = "my-bucket", [PREFIX] = "log", [SECRET] = "s3-secret"};
    for (size_t i = 0; i < PART_COUNT; i++)
        parts[i] = usual[i];
    parts[SUBCOMMAND] = arena_cstr(a, arena_fmt(a, "\"logSubcommand\":\"%s\",", s->asked));
    parts[STATUS] = none ? "" : arena_cstr(a, arena_fmt(a, "%s\"phase\":\"%s\"", begun, s->phase));
}

/* ---- the table ---- */

struct expected {
    const char *keys[4], *verdict, *rules[3];
    bool met;
};

static struct expected table[MOST_ROWS];
static size_t table_count;
static unsigned faults;

static const char *column(const struct tsv_row *row, size_t i)
{
    return i < row->columns ? strndup(row->column[i].p, row->column[i].n) : "";
}

static void keep_row(const struct tsv_row *row)
{
    assert_true(table_count < MOST_ROWS);
    struct expected *e = &table[table_count++];
    for (size_t i = 0; i < 4; i++)
        e->keys[i] = column(row, i);
    e->verdict = column(row, 4);
    for (size_t i = 0; i < 3; i++)
        e->rules[i] = column(row, 5 + i);
}

static struct expected *look_up(const char *const *keys)
{
    for (size_t i = 0; i < table_count; i++) {
        size_t k = 0;
        while (k < 4 && (strcmp(table[i].keys[k], "*") == 0 || strcmp(table[i].keys[k], keys[k]) == 0))
            k++;
        if (k == 4)
            return &table[i];
    }
    fail();
    return NULL;
}

/* "rule" or "rule?Phase" */
static slice rule_in(const char *text, const char *phase)
{
    slice s = slice_of(text);
    size_t question = slice_find_char(s, '?');
    if (question != SLICE_NONE && !slice_eq(slice_from(s, question + 1), slice_of(phase)))
        return (slice){0};
    return slice_cut(s, 0, question);
}

static size_t words(slice text)
{
    size_t count = text.n > 0;
    for (size_t i = 0; i < text.n; i++)
        count += text.p[i] == ' ';
    return count;
}

static bool has_word(slice text, slice word)
{
    for (size_t at; text.n; text = slice_from(text, at == SLICE_NONE ? text.n : at + 1)) {
        at = slice_find_char(text, ' ');
        if (slice_eq(slice_cut(text, 0, at), word))
            return true;
    }
    return false;
}

static void compare(const char *label, const struct expected *e, const char *phase, slice causes,
                    slice warnings)
{
    size_t wanted = 0;
    bool ok = words(causes) == (strcmp(e->verdict, "deny") == 0);
    for (size_t i = 0; i < 3; i++) {
        slice rule = rule_in(e->rules[i], phase);
        wanted += rule.n > 0;
        if (rule.n && !has_word(i == 0 && causes.n ? causes : warnings, rule))
            ok = false;
    }
    if (ok && words(causes) + words(warnings) == wanted)
        return;
    print_error("%s:\n   got: denied for \"%.*s\", warned of \"%.*s\"\n  want: %s %s %s %s\n", label,
                FMT(causes), FMT(warnings), e->verdict, e->rules[0], e->rules[1], e->rules[2]);
    faults++;
}

/* ---- the test ---- */

static void check(struct arena *a, bool v2, const struct state *s, const char *change)
{
    const char *group = v2 ? "br.pingcap.com" : "pingcap.com";
    const char *before[PART_COUNT], *after[PART_COUNT];
    parts_of(a, s, before);
    parts_of(a, s, after);
    for (size_t i = 0; i < COUNT(changes); i++)
        if (strcmp(changes[i].name, change) == 0)
            *(changes[i].part == PREFIX_BEFORE ? &before[PREFIX] : &after[changes[i].part]) = changes[i].text;
    const char *keys[] = {v2 ? "v2" : "v1", s->phase, s->started ? "yes" : "no", change};
    struct expected *e = look_up(keys);
    e->met = true;
    for (size_t i = 0; i < COUNT(deletions); i++) {
        const struct ask ask = {"UPDATE",
                                "",
                                group,
                                "Backup",
                                object_text(a, group, deletions[i].after, after),
                                object_text(a, group, deletions[i].before, before)};
        struct answer answer = ask_gate(plain_gate(), a, ENDPOINT_VALIDATE, ask_text(a, &ask), TEST_NOW);
        slice label =
            arena_fmt(a, "%s %s (commitTs: %s), %s, deletion %zu", keys[0], keys[1], keys[2], keys[3], i);
        compare(label.p, e, s->phase, answer_causes(a, &answer), answer_warnings(a, &answer));
    }
}

static void test_every_change_in_every_state(void **state)
{
    tsv_each("tests/verdict/updates.tsv", keep_row);
    for (int v2 = 0; v2 < 2; v2++)
        for (size_t s = 0; s < COUNT(states); s++)
            for (size_t c = 0; c < COUNT(changes); c++) {
                bool not_in_v1 = strcmp(changes[c].name, "log-resume") == 0;
                bool not_in_v2 = strcmp(changes[c].name, "other namespace") == 0;
                bool no_change = strstr(changes[c].text, states[s].asked) != NULL;
                if (!no_change && !(v2 ? not_in_v2 : not_in_v1))
                    check(*state, v2, &states[s], changes[c].name);
            }
    assert_int_equal(faults, 0);
    for (size_t i = 0; i < table_count; i++)
        assert_row(table[i].keys[3], table[i].met); /* a row that is never met says nothing */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_every_change_in_every_state, arena_setup, arena_teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
