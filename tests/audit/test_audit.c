/* Auditing a scripted API server. */
#include "check.h"

#include "api_double.h"
#include "audit.h"
#include "builtin_schemas.h"
#include "schema.h"

#include <stdlib.h>
#include <unistd.h>

static char directory[64];

#define BACKUPS "/apis/br.pingcap.com/v1alpha1/backups"

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
    assert_int_equal(s->result.audit.requests, 3 + 5); /* pages, and kinds that are not there */
}

static void a_kind_that_is_not_there_is_a_note(void **state)
{
    struct setting *s = *state;
    api_list(s->api, BACKUPS, NULL, 0);
    const struct report_totals *t = audit(s);
    assert_int_equal(t->unreadable, 0);
    assert_int_equal(s->result.audit.note_count, 5);
}

/* The others are judged all the same. */
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

/* 20 MB in objects of 1 MB: no page of 250 of them has room in an answer. */
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
    assert_int_equal(api_count(s->api, ""), 1);
}

static int make_directory(void **state)
{
    (void)state;
    strcpy(directory, "/tmp/brgate-audit-XXXXXX");
    return !mkdtemp(directory);
}

static int remove_directory(void **state)
{
    static const char *const files[] = {"ca.crt", "kubeconfig"};
    char path[128];
    (void)state;
    for (size_t i = 0; i < COUNT(files); i++) {
        snprintf(path, sizeof path, "%s/%s", directory, files[i]);
        unlink(path);
    }
    return rmdir(directory);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(every_page_is_read),
        TEST(a_kind_that_is_not_there_is_a_note),
        TEST(a_kind_that_may_not_be_listed_is_a_failure),
        TEST(large_objects_come_in_smaller_pages),
        TEST(objects_are_compared),
        TEST(one_namespace_and_one_kind_are_asked_for),
    };
    return cmocka_run_group_tests(tests, make_directory, remove_directory);
}
