/* What `brgate probe` makes of the answers of an API server. tests/e2e/stories/68-probe.sh asks a real one. */
#include "check.h"
#include "directory.h"

#include "api_double.h"
#include "builtin_schemas.h"
#include "live.h"
#include "probe.h"
#include "reception.h"

#define BACKUPS       "POST /apis/br.pingcap.com/v1alpha1/namespaces/team/backups"
#define CONFIGURATION "/apis/admissionregistration.k8s.io/v1/validatingwebhookconfigurations/gate"

struct setting {
    struct api *api;
    struct arena *arena;
    struct kube *kube;
    struct probe_options options;
    slice text;
};

static int setup(void **state)
{
    struct setting *s = calloc(1, sizeof *s);
    struct error error = {0};
    struct kube_limits limits = {.connect = 5000, .request = 10000, .attempts = 1};
    *state = s;
    s->api = api_start();
    s->arena = arena_new(64 << 20);
    struct kube_place place = {.kubeconfig = api_kubeconfig(s->api, directory, "token")};
    s->kube = kube_open(&place, &limits, &error);
    assert_non_null(s->kube);
    s->options = (struct probe_options){
        .kube = s->kube, .namespace = kube_namespace(s->kube), .configuration = LIT("gate")};
    return 0;
}

static int teardown(void **state)
{
    struct setting *s = *state;
    kube_close(s->kube);
    arena_free(s->arena);
    api_stop(s->api);
    free(s);
    return 0;
}

/* ---- the objects ---- */

static void the_bad_one_breaks_three_rules_and_the_good_one_none(void **state)
{
    const struct setting *s = *state;
    static const char *const groups[] = {"br.pingcap.com", "pingcap.com"};
    struct gate *gate = gate_open(&(struct policy){0}, &builtin_schemas);
    for (size_t i = 0; i < 2 * COUNT(groups); i++) {
        const char *group = groups[i / 2];
        slice version = arena_fmt(s->arena, "%s/v1alpha1", group);
        bool bad = i % 2;
        const struct live_verdict *v = live_judge(gate, s->arena, gate_kind(gate, version, LIT("Backup")),
                                                  probe_backup(s->arena, group, bad), 1767225600);
        size_t errors = 0;
        for (size_t j = 0; j < v->count; j++)
            if (v->findings[j].severity[MOMENT_CREATE] == SEVERITY_ERROR) {
                const char *slug = v->findings[j].diagnostic.rule->slug;
                errors++;
                assert_row(slug, strstr(PROBE_RULES, slug));
            }
        assert_int_equal(errors, bad ? 3 : 0);
    }
    gate_close(gate);
}

/* Where the chart's admission policy denied the bad one, the webhook would never be asked. */
static void the_admission_policy_knows_none_of_them(void **state)
{
    (void)state;
    static char text[64 << 10];
    FILE *f = fopen("charts/brgate/files/admission-rules.yaml", "r");
    assert_non_null(f);
    size_t n = fread(text, 1, sizeof text - 1, f);
    fclose(f);
    text[n] = '\0';
    assert_non_null(strstr(text, "- rule: cluster-empty"));
    assert_null(strstr(text, "table-filter-syntax"));
    assert_null(strstr(text, "toolimage-syntax"));
    assert_null(strstr(text, "s3-storageclass-value"));
}

/* ---- answers ---- */

static const struct {
    int status;
    const char *message, *warnings;
    enum reception reception;
} answers[] = {
    {201, "", "", RECEPTION_UNJUDGED},
    {201, "", "metadata.name: this is used in Pod names\n", RECEPTION_UNJUDGED},
    {201, "", "would be denied: spec.toolImage: Invalid value: x [toolimage-syntax]\n", RECEPTION_WATCHED},
    {201, "", "spec.toolImage: Invalid value: x [toolimage-syntax]\n", RECEPTION_ADVISED},
    {422, "admission webhook \"validate.brgate.io\" denied the request: spec.toolImage: x [toolimage-syntax]",
     "", RECEPTION_DENIED},
    {422, "admission webhook \"default.brgate.io\" denied the request: spec.toolImage: x", "",
     RECEPTION_DENIED},
    {403, "admission webhook \"validate.kyverno.svc-fail\" denied the request: no", "", RECEPTION_REFUSED},
    {422,
     "The backups \"x\" is invalid: : ValidatingAdmissionPolicy 'gate' with binding 'gate' denied request: x",
     "", RECEPTION_REFUSED},
    {403, "backups.br.pingcap.com \"x\" is forbidden: exceeded quota: q", "", RECEPTION_REFUSED},
    {500,
     "Internal error occurred: failed calling webhook \"validate.brgate.io\": failed to call webhook: Post "
     "\"https://gate.ns.svc:443/validate?timeout=5s\": x509: certificate signed by unknown authority",
     "", RECEPTION_NOT_CALLED},
    {500, "Internal error occurred: failed calling webhook \"other.example.com\": failed to call webhook", "",
     RECEPTION_REFUSED},
    {404, "the server could not find the requested resource", "", RECEPTION_NO_KIND},
    {404, "namespaces \"team\" not found", "", RECEPTION_REFUSED},
    {403, "backups.br.pingcap.com is forbidden: User \"x\" cannot create resource \"backups\" in API group",
     "", RECEPTION_UNASKED},
    {401, "Unauthorized", "", RECEPTION_UNASKED},
    {0, "", "", RECEPTION_UNASKED},
};

static enum kube_outcome outcome(int status)
{
    return status == 0     ? KUBE_UNREACHABLE
           : status == 201 ? KUBE_OK
           : status == 404 ? KUBE_NOT_FOUND
           : status == 500 ? KUBE_RETRY
           : status == 422 ? KUBE_REFUSED
                           : KUBE_FORBIDDEN;
}

static slice status_of(struct arena *a, const char *message)
{
    struct buf b = buf_new(a, 4096);
    buf_fmt(&b, "{\"kind\":\"Status\",\"message\":\"");
    for (const char *c = message; *c; c++)
        buf_fmt(&b, *c == '"' ? "\\\"" : "%c", *c);
    buf_fmt(&b, "\"}");
    return buf_slice(&b);
}

static void an_answer_has_one_meaning(void **state)
{
    const struct setting *s = *state;
    for (size_t i = 0; i < COUNT(answers); i++) {
        slice message;
        struct kube_answer answer = {.outcome = outcome(answers[i].status),
                                     .status = answers[i].status,
                                     .body = status_of(s->arena, answers[i].message),
                                     .warnings = slice_of(answers[i].warnings),
                                     .error = LIT("error")};
        assert_row(answers[i].message, reception_of(s->arena, &answer, &message) == answers[i].reception);
    }
}

static void advice_follows_the_reason(void **state)
{
    (void)state;
    static const struct {
        const char *message, *advice;
    } rows[] = {
        {"Post \"https://g.n.svc:443/v\": tls: failed to verify certificate: x509: certificate signed by "
         "unknown authority",
         "the caBundle is not of the authority"},
        {"tls: failed to verify certificate: x509: certificate is valid for a, not g.n.svc",
         "is for other names"},
        {"tls: failed to verify certificate: x509: certificate has expired or is not yet valid",
         "does not take the servers'"},
        {"no endpoints available for service \"gate\"", "no server is ready"},
        {"service \"gate\" not found", "the Service is missing"},
        {"context deadline exceeded", "firewalls and NetworkPolicies"},
        {"dial tcp 10.0.0.1:8443: connect: connection refused", "firewalls and NetworkPolicies"},
    };
    for (size_t i = 0; i < COUNT(rows); i++)
        assert_row(rows[i].message, strstr(reception_advice(slice_of(rows[i].message)), rows[i].advice));
}

/* ---- selectors: labels a=1 ---- */

static void selectors_are_read_as_the_api_server_does(void **state)
{
    const struct setting *s = *state;
    static const struct {
        const char *selector;
        bool leaves_out;
    } rows[] = {
        {"{}", false},
        {"{\"matchLabels\":{\"a\":\"1\"}}", false},
        {"{\"matchLabels\":{\"a\":\"2\"}}", true},
        {"{\"matchLabels\":{\"b\":\"1\"}}", true},
        {"{\"matchExpressions\":[{\"key\":\"a\",\"operator\":\"In\",\"values\":[\"0\",\"1\"]}]}", false},
        {"{\"matchExpressions\":[{\"key\":\"b\",\"operator\":\"In\",\"values\":[\"0\",\"1\"]}]}", true},
        {"{\"matchExpressions\":[{\"key\":\"a\",\"operator\":\"NotIn\",\"values\":[\"1\"]}]}", true},
        {"{\"matchExpressions\":[{\"key\":\"b\",\"operator\":\"NotIn\",\"values\":[\"1\"]}]}", false},
        {"{\"matchExpressions\":[{\"key\":\"a\",\"operator\":\"Exists\"}]}", false},
        {"{\"matchExpressions\":[{\"key\":\"a\",\"operator\":\"DoesNotExist\"}]}", true},
    };
    struct findings f = findings_new(s->arena);
    const struct node *labels = json_read(s->arena, LIT("{\"a\":\"1\"}"), &f);
    for (size_t i = 0; i < COUNT(rows); i++) {
        const struct node *selector = json_read(s->arena, slice_of(rows[i].selector), &f);
        assert_row(rows[i].selector, selector_leaves_out(selector, labels) == rows[i].leaves_out);
    }
    assert_false(selector_leaves_out(NULL, labels));
}

/* ---- a run ---- */

static void run(void *context)
{
    struct setting *s = context;
    enum probe_outcome outcome = probe_run(&s->options, s->arena, &s->text);
    s->text = arena_fmt(s->arena, "%d %.*s", (int)outcome, FMT(s->text));
}

static void assert_says(struct setting *s, enum probe_outcome outcome, const char *part)
{
    assert_true(arena_run(s->arena, run, s));
    assert_row(s->text.p, s->text.p[0] == (char)('0' + outcome) && strstr(s->text.p, part));
}

static void it_says_why_nothing_was_judged(void **state)
{
    struct setting *s = *state;
    assert_says(s, PROBE_FAILS, "there is no ValidatingWebhookConfiguration gate");
    api_fail(s->api, "GET " CONFIGURATION, 403, NULL, 1);
    assert_says(s, PROBE_FAILS, "which could not be read");
    api_put(s->api, CONFIGURATION, "{\"webhooks\":[{\"name\":\"other\"}]}");
    assert_says(s, PROBE_FAILS, "has no webhook validate.brgate.io");
    api_put(s->api, CONFIGURATION,
            "{\"webhooks\":[{\"name\":\"validate.brgate.io\",\"failurePolicy\":\"Ignore\",\"clientConfig\":{}"
            "}]}");
    assert_says(s, PROBE_FAILS, "its caBundle is empty");
    api_put(s->api, CONFIGURATION,
            "{\"webhooks\":[{\"name\":\"validate.brgate.io\",\"failurePolicy\":\"Ignore\","
            "\"clientConfig\":{\"caBundle\":\"eA==\"}}]}");
    assert_says(s, PROBE_FAILS, "the servers could not be called");
    api_put(s->api, CONFIGURATION,
            "{\"webhooks\":[{\"name\":\"validate.brgate.io\",\"failurePolicy\":\"Fail\"}]}");
    assert_says(s, PROBE_FAILS, "either one of its matchConditions");
    api_put(s->api, CONFIGURATION,
            "{\"webhooks\":[{\"name\":\"validate.brgate.io\",\"failurePolicy\":\"Fail\","
            "\"namespaceSelector\":{\"matchLabels\":{\"tidb\":\"yes\"}}}]}");
    assert_says(s, PROBE_FAILS, "{\"matchLabels\":{\"tidb\":\"yes\"}} may leave out the namespace");
    api_put(s->api, "/api/v1/namespaces/team", "{\"metadata\":{\"labels\":{\"tidb\":\"no\"}}}");
    assert_says(s, PROBE_FAILS, "leaves out the namespace");
    api_put(s->api, "/api/v1/namespaces/team", "{\"metadata\":{\"labels\":{\"tidb\":\"yes\"}}}");
    assert_says(s, PROBE_FAILS, "either one of its matchConditions");
}

static void it_waits_for_the_expected_answer(void **state)
{
    struct setting *s = *state;
    static const char watched[] =
        "Warning: 299 - \"would be denied: spec.toolImage: \\\"x\\\" [toolimage-syntax]\"";
    api_fail(s->api, BACKUPS, 201, watched, 1);
    assert_says(s, PROBE_WORKS,
                "admitted with the warning that it would be denied (enforcement warn), a good one admitted");
    s->options.enforcement = ENFORCEMENT_DENY;
    api_fail(s->api, BACKUPS, 201, watched, 1);
    assert_says(s, PROBE_FAILS, "set the value enforcement=deny");
    s->options.enforcement = ENFORCEMENT_WARN;
    s->options.patience = 10000;
    assert_int_equal(api_count(s->api, BACKUPS), 3);
    api_fail(s->api, BACKUPS, 500, NULL, 1); /* refused by something else: that does not change */
    assert_says(s, PROBE_FAILS, "before the webhook could deny it: as the test");
    s->options.patience = 0;
    api_fail(s->api, BACKUPS, 401, NULL, 2);
    assert_says(s, PROBE_UNABLE, "401");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(the_bad_one_breaks_three_rules_and_the_good_one_none, setup,
                                        teardown),
        cmocka_unit_test(the_admission_policy_knows_none_of_them),
        cmocka_unit_test_setup_teardown(an_answer_has_one_meaning, setup, teardown),
        cmocka_unit_test(advice_follows_the_reason),
        cmocka_unit_test_setup_teardown(selectors_are_read_as_the_api_server_does, setup, teardown),
        cmocka_unit_test_setup_teardown(it_says_why_nothing_was_judged, setup, teardown),
        cmocka_unit_test_setup_teardown(it_waits_for_the_expected_answer, setup, teardown),
    };
    return cmocka_run_group_tests(tests, make_directory, remove_directory);
}
