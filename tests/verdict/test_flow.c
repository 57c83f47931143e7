/* The documents' own story of a log backup, played through as reviews: start, pause, resume, stop, truncate,
 * delete. The operator's writes come in between, and none of them may be refused. */
#include "reviewing.h"

/* 2022-10-10T10:00:00Z, in the evening of the documents' day. */
#define STORY_NOW INT64_C(1665396000)

enum writer {
    USER,     /* the object */
    OPERATOR, /* status: of v2 as subresource, of v1 with the object */
    TYPED,    /* the object, by a client that writes `resources: {}` and a finalizer */
};

struct step {
    const char *what;
    enum writer writer;
    const char *spec;   /* members of spec that are not always there, each with a comma behind it */
    const char *status; /* NULL: as before */
    const char *causes, *warnings;
};

#define BEGUN                                                                                                \
    "\"backupPath\":\"s3://my-bucket/my-log-backup-folder/\",\"timeStarted\":\"2022-10-10T04:45:20Z\","      \
    "\"commitTs\":\"436568622965194754\","
#define CHECKPOINT "\"logCheckpointTs\":\"436573250000000000\","
#define TRUNCATED  "\"logSuccessTruncateUntil\":\"2022-10-10T15:21:00+08:00\","
#define PAUSE      "\"logSubcommand\":\"log-pause\","
#define START      "\"logSubcommand\":\"log-start\","
#define STOP       "\"logSubcommand\":\"log-stop\","
#define UNTIL      "\"logTruncateUntil\":\"2022-10-10T15:21:00+08:00\","

static const struct step story[] = {
    {"the operator adds its finalizer", TYPED, "", NULL, "", ""},
    {"the start is scheduled", OPERATOR, "", "\"phase\":\"Scheduled\"", "", ""},
    {"and prepared", OPERATOR, "", "\"phase\":\"Prepare\"", "", ""},
    {"and runs", OPERATOR, "", BEGUN "\"phase\":\"Running\"", "", ""},
    {"the tracker writes a checkpoint", OPERATOR, "", BEGUN CHECKPOINT "\"phase\":\"Running\"", "", ""},
    {"pause", USER, PAUSE, NULL, "", "pause-24h"},
    {"paused", OPERATOR, PAUSE, BEGUN CHECKPOINT "\"phase\":\"Paused\"", "", ""},
    {"resume", USER, START, NULL, "", ""},
    {"runs again", OPERATOR, START, BEGUN CHECKPOINT "\"phase\":\"Running\"", "", ""},
    {"stop", USER, STOP, NULL, "", "log-stop-final"},
    {"stopped", OPERATOR, STOP, BEGUN CHECKPOINT "\"phase\":\"Stopped\"", "", ""},
    {"start again", USER, START, NULL, "log-start-after-stop", ""},
    {"pause what is stopped", USER, PAUSE, NULL, "log-start-after-stop", ""},
    {"the line of the documents that lists the choices", USER,
     "\"logSubcommand\":\"log-start/log-pause/log-stop\"," UNTIL, NULL, "schema-enum", "log-truncate-final"},
    {"truncate into the future", USER, STOP "\"logTruncateUntil\":\"2022-10-11T15:21:00+08:00\",", NULL,
     "truncate-future", ""},
    {"truncate beyond the checkpoint", USER, STOP "\"logTruncateUntil\":\"2022-10-10T17:59:00+08:00\",", NULL,
     "truncate-future", ""},
    {"truncate without a zone", USER, STOP "\"logTruncateUntil\":\"2022-10-10 15:21:00\",", NULL,
     "time-zone-missing", ""},
    {"truncate", USER, STOP UNTIL, NULL, "", "log-truncate-final"},
    {"truncating", OPERATOR, STOP UNTIL,
     BEGUN CHECKPOINT "\"logSubCommandStatuses\":{\"log-truncate\":{\"command\":\"log-truncate\","
                      "\"phase\":\"Running\",\"logTruncatingUntil\":\"2022-10-10T15:21:00+08:00\"}},"
                      "\"phase\":\"Stopped\"",
     "", ""},
    {"truncated", OPERATOR, STOP UNTIL, BEGUN CHECKPOINT TRUNCATED "\"phase\":\"Stopped\"", "", ""},
    {"truncate backwards", USER, STOP "\"logTruncateUntil\":\"2022-10-10T15:00:00+08:00\",", NULL, "",
     "truncate-backwards"},
    {"the schedule's retention truncates, as a TSO", TYPED,
     STOP "\"logTruncateUntil\":\"436572900000000000\",", NULL, "", "log-truncate-final"},
};

struct play {
    struct arena *arena;
    const char *group;
    const char *finalizers, *typed; /* "" until the operator writes them */
    const char *spec, *status;
    slice object;
};

static slice object_text(const struct play *p, const char *spec, const char *status, const char *metadata)
{
    return arena_fmt(
        p->arena,
        "{\"apiVersion\":\"%s/v1alpha1\",\"kind\":\"Backup\",\"metadata\":{%s%s"
        "\"name\":\"demo1-log-backup-s3\",\"namespace\":\"test1\"},\"spec\":{\"backupMode\":\"log\","
        "\"cleanPolicy\":\"Retain\",%s%s\"br\":{\"cluster\":\"demo1\",\"sendCredToTikv\":true},"
        "\"s3\":{\"provider\":\"aws\",\"secretName\":\"s3-secret\",\"region\":\"us-west-1\","
        "\"bucket\":\"my-bucket\",\"prefix\":\"my-log-backup-folder\"}}%s%s%s}",
        p->group, metadata, p->finalizers, spec, p->typed, *status ? ",\"status\":{" : "", status,
        *status ? "}" : "");
}

static struct answer review(struct play *p, const char *operation, const char *sub_resource, slice object)
{
    const struct ask ask = {operation, sub_resource, p->group, "Backup", object, p->object};
    return ask_gate(plain_gate(), p->arena, ENDPOINT_VALIDATE, ask_text(p->arena, &ask), STORY_NOW);
}

static void play_step(struct play *p, const struct step *s)
{
    bool v2 = slice_eq(slice_of(p->group), LIT("br.pingcap.com"));
    if (s->writer == TYPED) {
        p->finalizers = v2 ? "\"finalizers\":[\"pingcap.com/finalizer\"],"
                           : "\"finalizers\":[\"tidb.pingcap.com/backup-protection\"],";
        p->typed =
            "\"resources\":{},\"backoffRetryPolicy\":{\"maxRetryTimes\":2,\"minRetryDuration\":\"300s\","
            "\"retryTimeout\":\"30m\"},";
    }
    slice object = object_text(p, s->spec, s->status ? s->status : p->status, "");
    struct answer answer = review(p, "UPDATE", v2 && s->writer == OPERATOR ? "status" : "", object);
    assert_slice(s->what, answer_causes(p->arena, &answer), slice_of(s->causes));
    assert_slice(s->what, answer_warnings(p->arena, &answer), slice_of(s->warnings));
    assert_row(s->what, answer.allowed == !*s->causes);
    if (!answer.allowed)
        return; /* the object stays as it was */
    p->object = object;
    p->spec = s->spec;
    p->status = s->status ? s->status : p->status;
}

static void play(struct arena *a, const char *group)
{
    struct play p = {.arena = a, .group = group, .finalizers = "", .typed = "", .spec = "", .status = ""};
    slice created = object_text(&p, "", "", "");
    struct answer answer = review(&p, "CREATE", "", created);
    assert_slice("create", answer_causes(a, &answer), (slice){0});
    assert_slice("create", answer_warnings(a, &answer), (slice){0});
    p.object = created;
    for (size_t i = 0; i < COUNT(story); i++)
        play_step(&p, &story[i]);

    answer = review(&p, "DELETE", "", (slice){0});
    assert_row("delete", answer.allowed);
    assert_slice("delete", answer_warnings(a, &answer), (slice){0});

    /* The end: the finalizer goes, and nothing is said of it. The spec is judged as long as the object is
     * there. */
    p.object = object_text(&p, p.spec, p.status, "\"deletionTimestamp\":\"2022-10-10T09:59:00Z\",");
    p.finalizers = "";
    slice bare = object_text(&p, p.spec, p.status, "\"deletionTimestamp\":\"2022-10-10T09:59:00Z\",");
    answer = review(&p, "UPDATE", "", bare);
    assert_row("remove the finalizer", answer.allowed);
    assert_slice("remove the finalizer", answer_warnings(a, &answer), (slice){0});
    bare = object_text(&p, START "\"tableFilter\":[\"x\"],", p.status,
                       "\"deletionTimestamp\":\"2022-10-10T09:59:00Z\",");
    answer = review(&p, "UPDATE", "", bare);
    assert_slice("edit the spec", answer_causes(a, &answer), LIT("log-start-after-stop log-filter"));
}

static void test_v2(void **state)
{
    play(*state, "br.pingcap.com");
}

static void test_v1(void **state)
{
    play(*state, "pingcap.com");
}

/* Deleting a log backup that runs is allowed, and the warning says what it takes. */
static void test_delete_while_running(void **state)
{
    struct play p = {.arena = *state, .group = "br.pingcap.com", .finalizers = "", .typed = ""};
    p.object = object_text(&p, START, BEGUN "\"phase\":\"Running\"", "");
    struct answer answer = review(&p, "DELETE", "", (slice){0});
    assert_true(answer.allowed);
    assert_slice("delete", answer_warnings(*state, &answer), LIT("delete-order"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_v2, arena_setup, arena_teardown),
        cmocka_unit_test_setup_teardown(test_v1, arena_setup, arena_teardown),
        cmocka_unit_test_setup_teardown(test_delete_while_running, arena_setup, arena_teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
