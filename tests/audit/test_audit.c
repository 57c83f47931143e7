/* Auditing a scripted API server. */
#include "check.h"
#include "directory.h"

#include "api_double.h"
#include "audit.h"
#include "builtin_schemas.h"
#include "schema.h"

#include <stdlib.h>
#include <unistd.h>

#define NAMESPACE "/api/v1/namespaces/team-a/"
#define CORE      "/apis/core.pingcap.com/v1alpha1/namespaces/team-a/"
#define CLUSTER   CORE "clusters/demo1"
#define BACKUPS   "/apis/br.pingcap.com/v1alpha1/backups"

/* What the audit has reported, a line for each finding. */
struct heard {
    char text[64 << 10];
    size_t n, objects;
};

struct setting {
    struct api *api;
    struct arena *arena;
    struct kube *kube;
    struct gate *gate;
    struct audit_options options;
    struct audit_result result;
    struct heard heard;
    const char *groups[1];
};

static void hear(void *context, struct arena *a, const struct report_file *f)
{
    struct heard *h = context;
    (void)a;
    h->objects++;
    assert_null(f->lines);
    assert_int_equal(f->bytes.n, 0);
    for (size_t i = 0; i < f->count; i++)
        h->n += (size_t)snprintf(h->text + h->n, sizeof h->text - h->n, "%.*s %s %s%s%.*s\n", FMT(f->name),
                                 severity_word(f->reported[i].diagnostic.severity),
                                 f->reported[i].diagnostic.rule->slug, f->reported[i].effect.n ? " " : "",
                                 FMT(f->reported[i].effect));
    assert_true(h->n < sizeof h->text);
}

static int setup(void **state)
{
    struct setting *s = calloc(1, sizeof *s);
    struct error error = {0};
    struct kube_limits limits = {
        .connect = 5000, .request = 10000, .attempts = 1, .backoff = 1, .patience = 1};
    *state = s;
    s->api = api_start();
    s->arena = arena_new(256 << 20);
    struct kube_place place = {.kubeconfig = api_kubeconfig(s->api, directory, "token")};
    s->kube = kube_open(&place, &limits, &error);
    s->gate = gate_open(&(struct policy){0}, &builtin_schemas);
    api_put(s->api, NAMESPACE "secrets/s", "{\"data\":{\"access_key\":\"QQ==\",\"secret_key\":\"QQ==\"}}");
    api_put(s->api, NAMESPACE "serviceaccounts/tidb-backup-manager", "{}");
    api_put(s->api, CLUSTER, "{}");
    s->groups[0] =
        "{\"spec\":{\"cluster\":{\"name\":\"demo1\"},\"template\":{\"spec\":{\"version\":\"v8.5.2\"}}}}";
    api_list(s->api, CORE "tikvgroups", s->groups, 1);
    s->options = (struct audit_options){.kube = s->kube,
                                        .gate = s->gate,
                                        .schemas = &builtin_schemas,
                                        .now = 1767225600,
                                        .kinds = ~0u,
                                        .put = hear,
                                        .context = &s->heard};
    return !s->arena || !s->kube || !s->gate;
}

static int teardown(void **state)
{
    struct setting *s = *state;
    gate_close(s->gate);
    kube_close(s->kube);
    api_stop(s->api);
    arena_free(s->arena);
    free(s);
    return 0;
}

static const struct report_totals *audit(struct setting *s)
{
    assert_true(audit_run(&s->options, s->arena, &s->result));
    return &s->result.end.totals;
}

static const char *backup(struct setting *s, const char *name, const char *more)
{
    return arena_cstr(
        s->arena,
        arena_fmt(
            s->arena,
            "{\"apiVersion\":\"br.pingcap.com/v1alpha1\",\"kind\":\"Backup\",\"metadata\":{\"name\":\"%s\","
            "\"namespace\":\"team-a\"},\"spec\":{\"br\":{\"cluster\":\"demo1\"},\"s3\":{\"provider\":"
            "\"aws\",\"secretName\":\"s\",\"region\":\"us-west-1\",\"bucket\":\"my-bucket\",\"prefix\":\"%"
            "s\"}%s}}",
            name, name, more));
}

static const char **backups(struct setting *s, size_t count)
{
    const char **items = ARENA_ARRAY(s->arena, const char *, count);
    for (size_t i = 0; i < count; i++)
        items[i] = backup(s, arena_fmt(s->arena, "n%04zu", i).p, "");
    return items;
}

#define BAD ",\"backoffRetryPolicy\":{\"minRetryDuration\":\"5 minutes\"}"

static void every_page_is_read(void **state)
{
    struct setting *s = *state;
    const char **items = backups(s, 600);
    items[0] = backup(s, "n0000", BAD);
    items[599] = backup(s, "n0599", BAD);
    api_list(s->api, BACKUPS, items, 600);
    const struct report_totals *t = audit(s);
    assert_int_equal(t->objects, 600);
    assert_int_equal(t->errors, 2);
    assert_string_equal(s->heard.text, "backups.br.pingcap.com team-a/n0000 error retry-duration denied\n"
                                       "backups.br.pingcap.com team-a/n0599 error retry-duration denied\n");
    assert_int_equal(s->result.audit.faulty, 2);
    assert_int_equal(s->result.audit.denied, 2);
    assert_int_equal(s->result.audit.requests,
                     3 + 5 + 6); /* pages, kinds that the cluster lacks, and what the objects need */
}

/* However many there are, memory is enough: a cluster may have a hundred thousand. */
static void little_is_kept_of_an_object(void **state)
{
    enum { OBJECTS = 2000, KEPT_BYTES = 800 };
    struct setting *s = *state;
    struct arena *kept = arena_new(256 << 20);
    api_list(s->api, BACKUPS, backups(s, OBJECTS), OBJECTS);
    assert_non_null(kept);
    assert_true(audit_run(&s->options, kept, &s->result));
    assert_int_equal(s->result.end.totals.objects, OBJECTS);
    assert_in_range(arena_used(kept) / OBJECTS, 1, KEPT_BYTES);
    arena_free(kept);
}

static void a_kind_that_is_not_there_is_a_note(void **state)
{
    struct setting *s = *state;
    api_list(s->api, BACKUPS, NULL, 0);
    const struct report_totals *t = audit(s);
    assert_int_equal(t->unreadable, 0);
    assert_int_equal(s->result.audit.note_count, 5);
}

/* The others are judged nevertheless. */
static void a_kind_that_may_not_be_listed_is_a_failure(void **state)
{
    struct setting *s = *state;
    const char *items[] = {backup(s, "one", BAD)};
    api_list(s->api, BACKUPS, items, 1);
    api_fail(s->api, "GET /apis/br.pingcap.com/v1alpha1/backupschedules", 403, NULL, 1);
    const struct report_totals *t = audit(s);
    assert_int_equal(t->unreadable, 1);
    assert_int_equal(t->errors, 1);
    assert_slice("resource", s->result.end.failures[0].name, LIT("backupschedules.br.pingcap.com"));
    assert_true(s->result.end.failures[0].reason.n);
}

/* 20 MB in objects of 1 MB: a page of 250 of them does not fit into an answer. */
/* With a firewall that drops packets each question would take seconds. */
static void a_server_that_does_not_answer_is_asked_once(void **state)
{
    struct setting *s = *state;
    kube_close(s->kube);
    struct error error = {0};
    struct kube_limits limits = {.connect = 5000, .request = 50, .attempts = 1};
    char path[256];
    snprintf(path, sizeof path, "%s/kubeconfig", directory);
    s->kube = kube_open(&(struct kube_place){.kubeconfig = path}, &limits, &error);
    s->options.kube = s->kube;
    api_fail(s->api, "GET", 0, NULL, 99);
    const struct report_totals *t = audit(s);
    assert_int_equal(t->unreadable, 6);
    assert_int_equal(s->result.end.failure_count, 6);
    assert_int_equal(s->result.audit.requests, 1);
    assert_slice("the same reason", s->result.end.failures[5].reason, s->result.end.failures[0].reason);
    assert_true(slice_find(s->result.end.failures[0].reason, LIT("timed out")) != SLICE_NONE);
}

/* It stops to answer when the objects have been listed. */
static void nor_is_it_asked_what_each_object_needs(void **state)
{
    struct setting *s = *state;
    api_list(s->api, BACKUPS, backups(s, 30), 30);
    s->options.kinds = 1;
    api_fail(s->api, "GET /api/v1/namespaces", 0, NULL, 99);
    api_fail(s->api, "GET " CLUSTER, 0, NULL, 99);
    api_fail(s->api, "POST", 0, NULL, 99);
    kube_close(s->kube);
    struct error error = {0};
    struct kube_limits limits = {.connect = 5000, .request = 500, .attempts = 1};
    char path[256];
    snprintf(path, sizeof path, "%s/kubeconfig", directory);
    s->kube = kube_open(&(struct kube_place){.kubeconfig = path}, &limits, &error);
    s->options.kube = s->kube;
    const struct report_totals *t = audit(s);
    assert_int_equal(t->unreadable, 0);
    assert_int_equal(s->result.audit.requests, 1 + 1);
    assert_int_equal(s->result.audit.note_count, 3);
}

static void a_server_that_fails_is_asked_for_each_kind(void **state)
{
    struct setting *s = *state;
    api_fail(s->api, "GET", 500, NULL, 99);
    const struct report_totals *t = audit(s);
    assert_int_equal(t->unreadable, 6);
    assert_int_equal(s->result.audit.requests, 6);
    for (size_t i = 0; i < 6; i++)
        assert_true(slice_find(s->result.end.failures[i].reason, LIT("its log says why")) != SLICE_NONE);
}

static void large_objects_come_in_smaller_pages(void **state)
{
    enum { LARGE = 20, PAD = 1 << 20 };
    struct setting *s = *state;
    const char **items = backups(s, LARGE);
    char *pad = arena_alloc(s->arena, PAD + 1, 1);
    memset(pad, 'x', PAD);
    for (size_t i = 0; i < LARGE; i++)
        items[i] = arena_cstr(s->arena, arena_fmt(s->arena, "%.*s,\"status\":{\"phase\":\"%s\"}}",
                                                  (int)strlen(items[i]) - 1, items[i], pad));
    api_list(s->api, BACKUPS, items, LARGE);
    const struct report_totals *t = audit(s);
    assert_int_equal(t->unreadable, 0);
    assert_int_equal(t->objects, LARGE);
}

static void objects_are_compared(void **state)
{
    struct setting *s = *state;
    const char *items[] = {backup(s, "one", ",\"backupMode\":\"log\""),
                           backup(s, "two", ",\"backupMode\":\"log\"")};
    api_list(s->api, BACKUPS, items, 2);
    audit(s);
    assert_non_null(strstr(s->heard.text, "backups.br.pingcap.com team-a/two warning second-log-backup\n"));
    assert_null(strstr(s->heard.text, "team-a/one warning second-log-backup"));
}

static void one_namespace_and_one_kind_are_asked_for(void **state)
{
    struct setting *s = *state;
    const struct schema_tables *schemas = &builtin_schemas;
    const char *items[] = {backup(s, "one", BAD)};
    api_list(s->api, "/apis/br.pingcap.com/v1alpha1/namespaces/team-a/backups", items, 1);
    s->options.namespace = LIT("team-a");
    s->options.kinds = 0;
    for (size_t i = 0; i < schemas->kind_count; i++)
        if (slice_eq(schemas->kinds[i].plural, LIT("backups")) &&
            slice_eq(schemas->kinds[i].group, LIT("br.pingcap.com")))
            s->options.kinds = 1u << i;
    assert_int_equal(audit(s)->errors, 1);
    assert_int_equal(api_count(s->api, "GET /apis/br.pingcap.com"), 1);
}

/* ---- rules that need the cluster ---- */

static const struct report_totals *audit_one(struct setting *s, const char *more)
{
    static const char *items[1];
    items[0] = backup(s, "one", more);
    api_list(s->api, BACKUPS, items, 1);
    return audit(s);
}

#define ONE "backups.br.pingcap.com team-a/one "

static void what_is_all_there_is_silent(void **state)
{
    struct setting *s = *state;
    audit_one(s, ",\"backupMode\":\"log\"");
    assert_string_equal(s->heard.text, "");
    assert_int_equal(s->result.audit.requests, 6 + 1 + 3 + 2);
}

static void what_is_missing_is_told(void **state)
{
    struct setting *s = *state;
    api_delete(s->api, NAMESPACE "secrets/s");
    api_delete(s->api, NAMESPACE "serviceaccounts/tidb-backup-manager");
    api_delete(s->api, CLUSTER);
    audit_one(s, "");
    assert_string_equal(s->heard.text,
                        ONE "warning secret-missing\n" ONE "warning service-account-missing\n" ONE
                            "warning cluster-missing\n");
}

static void keys_of_a_secret_are_told_by_name(void **state)
{
    struct setting *s = *state;
    api_put(s->api, NAMESPACE "secrets/s", "{\"data\":{\"access_key\":\"QQ==\",\"SECRET_KEY\":\"QQ==\"}}");
    assert_int_equal(audit_one(s, "")->errors, 1);
    assert_string_equal(s->heard.text, ONE "error secret-keys\n");
    assert_int_equal(s->result.audit.denied, 0); /* no webhook looks at Secrets */
}

static void an_accounts_rights_are_asked_for(void **state)
{
    struct setting *s = *state;
    api_answer_reviews(s->api, false);
    audit_one(s, "");
    assert_string_equal(s->heard.text, ONE "warning service-account-rights\n");
}

static void give_version(struct setting *s, const char *version)
{
    s->groups[0] = arena_cstr(s->arena, arena_fmt(s->arena,
                                                  "{\"spec\":{\"cluster\":{\"name\":\"demo1\"},\"template\":"
                                                  "{\"spec\":{\"version\":\"%s\"}}}}",
                                                  version));
    s->heard = (struct heard){0};
}

struct age {
    const char *version;
    bool too_old;
};

static void a_cluster_may_be_too_old(void **state)
{
    static const struct age rows[] = {
        {"v6.2.9", true}, {"v6.3.0", false}, {"v5.4.0", true}, {"v10.0.0", false}, {"nightly", false}};
    struct setting *s = *state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        give_version(s, rows[i].version);
        if (i)
            audit(s);
        else
            audit_one(s, ",\"backupMode\":\"log\"");
        assert_row(rows[i].version,
                   (strstr(s->heard.text, ONE "error cluster-too-old\n") != NULL) == rows[i].too_old);
    }
}

/* tikv-ctl has the command since v8.5.5. */
static void a_cluster_may_be_too_old_for_a_compaction(void **state)
{
    static const struct age rows[] = {{"v8.5.4", true},      {"v8.5.5", false},
                                      {"v8.5.10", false},    {"v8.5.4-20251201-1a2b3c4", true},
                                      {"v8.5.5-pre", false}, {"8.5.4", true},
                                      {"v8.5", false},       {"v8.4.9", true},
                                      {"v7.9.9", true},      {"v9.0.0-beta.1", false},
                                      {"v9.0.0", false},     {"latest", false}};
    static const char *const items[] = {
        "{\"apiVersion\":\"br.pingcap.com/"
        "v1alpha1\",\"kind\":\"CompactBackup\",\"metadata\":{\"name\":\"one\","
        "\"namespace\":\"team-a\"},\"spec\":{\"br\":{\"cluster\":\"demo1\"},"
        "\"startTs\":\"450000000000000000\",\"endTs\":\"450100000000000000\",\"s3\":{\"provider\":\"aws\","
        "\"bucket\":\"backups\",\"region\":\"us-west-1\",\"secretName\":\"s\"}}}"};
    struct setting *s = *state;
    api_list(s->api, "/apis/br.pingcap.com/v1alpha1/compactbackups", items, 1);
    for (size_t i = 0; i < COUNT(rows); i++) {
        give_version(s, rows[i].version);
        audit(s);
        assert_row(
            rows[i].version,
            (strstr(s->heard.text, "compactbackups.br.pingcap.com team-a/one error cluster-too-old\n") !=
             NULL) == rows[i].too_old);
    }
}

/* A snapshot needs no version. */
static void only_what_needs_a_version_looks_at_it(void **state)
{
    struct setting *s = *state;
    s->groups[0] =
        "{\"spec\":{\"cluster\":{\"name\":\"demo1\"},\"template\":{\"spec\":{\"version\":\"v5.0.0\"}}}}";
    audit_one(s, "");
    assert_string_equal(s->heard.text, "");
}

/* The right is missing, or the kind. */
static void what_cannot_be_asked_is_a_note(void **state)
{
    struct setting *s = *state;
    api_fail(s->api, "GET " NAMESPACE "secrets/s", 403, NULL, 1);
    api_fail(s->api, "GET " CLUSTER, 404, NULL, 1);
    audit_one(s, "");
    assert_string_equal(s->heard.text, "");
    assert_int_equal(s->result.audit.note_count, 5 + 2);
    assert_true(slice_starts(s->result.audit.notes[5], LIT("1 question about a Secret: ")));
    assert_true(slice_starts(s->result.audit.notes[6], LIT("1 question about a cluster: ")));
}

/* No Secret is read for a rule that is off. */
static void rules_that_are_off_ask_nothing(void **state)
{
    struct setting *s = *state;
    struct policy policy = {0};
    struct error error;
    assert_true(policy_set(&policy, LIT("secret-missing"), POLICY_OFF, &error));
    assert_true(policy_set(&policy, LIT("secret-keys"), POLICY_OFF, &error));
    gate_close(s->gate);
    s->options.gate = s->gate = gate_open(&policy, &builtin_schemas);
    audit_one(s, "");
    assert_int_equal(api_count(s->api, "GET " NAMESPACE "secrets"), 0);
    assert_int_equal(api_count(s->api, "GET " NAMESPACE "serviceaccounts"), 1);
}

/* ---- PolicyReports ---- */

#define REPORTS    "/apis/wgpolicyk8s.io/v1alpha2/policyreports"
#define REPORTS_IN "/apis/wgpolicyk8s.io/v1alpha2/namespaces/team-a/policyreports"

/* A backup as the server stores it: with a uid, which is its name and "-uid". */
static const char *stored(struct setting *s, const char *name, const char *more)
{
    const char *json = backup(s, name, more), *metadata = strstr(json, "\"metadata\":{");
    assert_non_null(metadata);
    metadata += sizeof "\"metadata\":{" - 1;
    return arena_cstr(s->arena, arena_fmt(s->arena, "%.*s\"uid\":\"%s-uid\",%s", (int)(metadata - json), json,
                                          name, metadata));
}

/* A report in the list of the cluster, as it is stored there. */
static const char *report(struct setting *s, const char *of, const char *kind)
{
    const char *json = arena_cstr(
        s->arena,
        arena_fmt(s->arena,
                  "{\"metadata\":{\"name\":\"brgate-%s-uid\",\"namespace\":\"team-a\",\"uid\":\"r\","
                  "\"resourceVersion\":\"1\"},\"scope\":{\"apiVersion\":\"br.pingcap.com/"
                  "v1alpha1\",\"kind\":\"%s\"}}",
                  of, kind));
    char path[200];
    snprintf(path, sizeof path, REPORTS_IN "/brgate-%s-uid", of);
    api_put(s->api, path, json);
    return json;
}

static const struct report_policy_reports *audit_with_reports(struct setting *s, const char **items,
                                                              size_t count, const char **reports,
                                                              size_t report_count)
{
    api_list(s->api, BACKUPS, items, count);
    if (reports)
        api_list(s->api, REPORTS, reports, report_count);
    s->options.policy_reports = true;
    audit(s);
    return &s->result.policy_reports;
}

static void an_object_with_findings_gets_a_report(void **state)
{
    static const char *reports[1];
    static const struct {
        const char *path, *value;
    } rows[] = {{"metadata.namespace", "team-a"},
                {"metadata.ownerReferences[0].kind", "Backup"},
                {"metadata.ownerReferences[0].uid", "bad-uid"},
                {"scope.apiVersion", "br.pingcap.com/v1alpha1"},
                {"scope.name", "bad"},
                {"results[0].source", "brgate"},
                {"results[0].policy", "retry-duration"},
                {"results[0].result", "fail"},
                {"results[0].properties.effect", "denied"},
                {"results[0].properties.path", "spec.backoffRetryPolicy.minRetryDuration"}};
    struct setting *s = *state;
    const char *items[] = {stored(s, "bad", BAD), stored(s, "good", "")};
    const struct report_policy_reports *p = audit_with_reports(s, items, 2, reports, 0);
    assert_int_equal(p->written, 1);
    assert_int_equal(s->result.end.failure_count, 0);
    assert_int_equal(api_count(s->api, "POST " REPORTS_IN), 1);
    for (size_t i = 0; i < COUNT(rows); i++)
        assert_string_equal(api_text(s->api, REPORTS_IN "/brgate-bad-uid", rows[i].path), rows[i].value);
}

/* The second run finds what the first one has written. */
static void an_equal_report_is_not_written_again(void **state)
{
    static const char *reports[1];
    struct setting *s = *state;
    const char *items[] = {stored(s, "bad", BAD)};
    reports[0] = report(s, "foreign", "Pod");
    assert_int_equal(audit_with_reports(s, items, 1, reports, 1)->written, 1);
    reports[0] = arena_cstr(s->arena, slice_of(api_json(s->api, REPORTS_IN "/brgate-bad-uid")));
    audit(s);
    assert_int_equal(s->result.policy_reports.unchanged, 1);
    assert_int_equal(s->result.policy_reports.written, 0);
}

/* What the list says is old by then: the update conflicts, and is made again. */
static void a_changed_report_is_updated(void **state)
{
    static const char *reports[1];
    struct setting *s = *state;
    const char *items[] = {stored(s, "bad", BAD)};
    reports[0] = report(s, "bad", "Backup");
    api_put(s->api, REPORTS_IN "/brgate-bad-uid", reports[0]);
    const struct report_policy_reports *p = audit_with_reports(s, items, 1, reports, 1);
    assert_int_equal(p->written, 1);
    assert_int_equal(p->failed, 0);
    assert_int_equal(api_count(s->api, "PUT " REPORTS_IN "/brgate-bad-uid"), 2);
    assert_string_equal(api_text(s->api, REPORTS_IN "/brgate-bad-uid", "results[0].policy"),
                        "retry-duration");
}

static void a_report_without_findings_is_removed(void **state)
{
    static const char *reports[3];
    struct setting *s = *state;
    const char *items[] = {stored(s, "good", "")};
    reports[0] = report(s, "good", "Backup");
    reports[1] = report(s, "unlisted", "BackupSchedule"); /* of a kind whose list failed */
    reports[2] = report(s, "foreign", "Pod");
    api_fail(s->api, "GET /apis/br.pingcap.com/v1alpha1/backupschedules", 403, NULL, 1);
    const struct report_policy_reports *p = audit_with_reports(s, items, 1, reports, 3);
    assert_int_equal(p->removed, 1);
    assert_int_equal(api_count(s->api, "DELETE "), 1);
    assert_int_equal(api_count(s->api, "DELETE " REPORTS_IN "/brgate-good-uid"), 1);
}

static void a_cluster_without_reports_is_no_failure(void **state)
{
    struct setting *s = *state;
    const char *items[] = {stored(s, "bad", BAD)};
    const struct report_policy_reports *p = audit_with_reports(s, items, 1, NULL, 0);
    assert_true(p->absent);
    assert_int_equal(s->result.end.failure_count, 0);
}

static void a_report_that_cannot_be_written_is_a_failure(void **state)
{
    static const char *reports[1];
    struct setting *s = *state;
    const char *items[] = {stored(s, "bad", BAD), stored(s, "worse", BAD)};
    api_fail(s->api, "POST " REPORTS_IN, 403, NULL, 1);
    const struct report_policy_reports *p = audit_with_reports(s, items, 2, reports, 0);
    assert_int_equal(p->failed, 1);
    assert_int_equal(p->written, 1);
    assert_int_equal(s->result.end.failure_count, 1);
    assert_int_equal(s->result.end.totals.unreadable, 0);
    assert_true(slice_starts(s->result.end.failures[0].reason, LIT("1 request failed: POST ")));
}

/* Every rule that needs a cluster fires in one of the tests above. */
static void every_rule_is_here(void **state)
{
    static const char *const fired[] = {"secret-missing",          "secret-keys",
                                        "service-account-missing", "service-account-rights",
                                        "cluster-missing",         "cluster-too-old"};
    size_t n = 0;
    (void)state;
    for (size_t i = 0; i < rule_count(); i++)
        n += (rule_at(i)->flags & RULE_CLUSTER) != 0;
    assert_int_equal(n, COUNT(fired));
    for (size_t i = 0; i < COUNT(fired); i++) {
        size_t number;
        assert_row(fired[i], rule_find(slice_of(fired[i]), &number) && rule_at(number)->flags & RULE_CLUSTER);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(every_page_is_read, setup, teardown),
        cmocka_unit_test_setup_teardown(little_is_kept_of_an_object, setup, teardown),
        cmocka_unit_test_setup_teardown(a_kind_that_is_not_there_is_a_note, setup, teardown),
        cmocka_unit_test_setup_teardown(a_kind_that_may_not_be_listed_is_a_failure, setup, teardown),
        cmocka_unit_test_setup_teardown(a_server_that_does_not_answer_is_asked_once, setup, teardown),
        cmocka_unit_test_setup_teardown(nor_is_it_asked_what_each_object_needs, setup, teardown),
        cmocka_unit_test_setup_teardown(a_server_that_fails_is_asked_for_each_kind, setup, teardown),
        cmocka_unit_test_setup_teardown(large_objects_come_in_smaller_pages, setup, teardown),
        cmocka_unit_test_setup_teardown(objects_are_compared, setup, teardown),
        cmocka_unit_test_setup_teardown(one_namespace_and_one_kind_are_asked_for, setup, teardown),
        cmocka_unit_test_setup_teardown(what_is_all_there_is_silent, setup, teardown),
        cmocka_unit_test_setup_teardown(what_is_missing_is_told, setup, teardown),
        cmocka_unit_test_setup_teardown(keys_of_a_secret_are_told_by_name, setup, teardown),
        cmocka_unit_test_setup_teardown(an_accounts_rights_are_asked_for, setup, teardown),
        cmocka_unit_test_setup_teardown(a_cluster_may_be_too_old, setup, teardown),
        cmocka_unit_test_setup_teardown(a_cluster_may_be_too_old_for_a_compaction, setup, teardown),
        cmocka_unit_test_setup_teardown(only_what_needs_a_version_looks_at_it, setup, teardown),
        cmocka_unit_test_setup_teardown(what_cannot_be_asked_is_a_note, setup, teardown),
        cmocka_unit_test_setup_teardown(rules_that_are_off_ask_nothing, setup, teardown),
        cmocka_unit_test_setup_teardown(an_object_with_findings_gets_a_report, setup, teardown),
        cmocka_unit_test_setup_teardown(an_equal_report_is_not_written_again, setup, teardown),
        cmocka_unit_test_setup_teardown(a_changed_report_is_updated, setup, teardown),
        cmocka_unit_test_setup_teardown(a_report_without_findings_is_removed, setup, teardown),
        cmocka_unit_test_setup_teardown(a_cluster_without_reports_is_no_failure, setup, teardown),
        cmocka_unit_test_setup_teardown(a_report_that_cannot_be_written_is_a_failure, setup, teardown),
        cmocka_unit_test_setup_teardown(every_rule_is_here, setup, teardown),
    };
    return cmocka_run_group_tests(tests, make_directory, remove_directory);
}
