/* The replicas that the tests of the keeper step. */
#include "check.h"

#include "keepers.h"

#include "base64.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

static bool serve(void *context, const struct certificate_pair *pair, struct error *reterr)
{
    struct replica *r = context;
    struct certificate_info info;
    struct arena *a = arena_new(1 << 20);
    bool good = certificate_read(a, pair->certificate, &info, NULL) &&
                certificate_key_matches(pair->certificate, pair->key, NULL);
    if (good)
        snprintf(r->served, sizeof r->served, "%.*s", FMT(info.fingerprint));
    else
        error_set(reterr, "not a pair");
    r->serves++;
    arena_free(a);
    return good;
}

static void ready(void *context, const char *why_not)
{
    struct replica *r = context;
    snprintf(r->why_not, sizeof r->why_not, "%s", why_not ? why_not : "");
}

static void say(void *context, enum keeper_news news, const char *text)
{
    struct replica *r = context;
    size_t n = strlen(r->said);
    snprintf(r->said + n, sizeof r->said - n, "%s %s\n", news == KEEPER_TROUBLE ? "TROUBLE" : "done", text);
}

static void replica_start(struct setting *s, struct replica *r)
{
    struct error error = {0};
    struct kube_place place = {.kubeconfig = api_kubeconfig(s->api, s->directory, "token")};
    struct kube_limits limits = {.connect = 5000, .request = 10000, .attempts = 1, .patience = 1};
    struct kube *k = kube_open(&place, &limits, &error);
    assert_string_equal(error.text, "");
    struct keeper_options o = {.namespace = LIT("team"),
                               .secret = LIT("brgate-tls"),
                               .configuration = LIT("brgate"),
                               .service = LIT("hook"),
                               .life = 90 * DAY,
                               .interval = 10000};
    *r = (struct replica){0};
    r->keeper = keeper_new(&o, k, &(struct keeper_callbacks){r, serve, ready, say});
    assert_non_null(r->keeper);
}

void hooks_put(struct setting *s, const char *path, const char *bundle)
{
    char json[8192];
    snprintf(json, sizeof json,
             "{\"metadata\":{\"name\":\"brgate\"},\"webhooks\":["
             "{\"name\":\"a.brgate.io\",\"failurePolicy\":\"Fail\",\"clientConfig\":{\"caBundle\":\"%s\"}},"
             "{\"name\":\"b.brgate.io\",\"clientConfig\":{\"service\":{\"name\":\"hook\"}}}]}",
             bundle);
    api_put(s->api, path, json);
}

struct setting *setting_new(void)
{
    struct setting *s = calloc(1, sizeof *s);
    assert_non_null(s);
    s->api = api_start();
    s->arena = arena_new(16 << 20);
    assert_non_null(s->arena);
    snprintf(s->directory, sizeof s->directory, "%s", "/tmp/brgate-keeper-XXXXXX");
    assert_non_null(mkdtemp(s->directory));
    hooks_put(s, VALIDATING, "");
    hooks_put(s, MUTATING, "Cg==");
    for (size_t i = 0; i < REPLICAS; i++)
        replica_start(s, &s->replicas[i]);
    return s;
}

void setting_free(struct setting *s)
{
    char path[128];
    for (size_t i = 0; i < REPLICAS; i++) {
        assert_null(strstr(s->replicas[i].said, "PRIVATE KEY"));
        keeper_stop(s->replicas[i].keeper);
    }
    snprintf(path, sizeof path, "%s/ca.crt", s->directory);
    unlink(path);
    snprintf(path, sizeof path, "%s/kubeconfig", s->directory);
    unlink(path);
    rmdir(s->directory);
    api_stop(s->api);
    arena_free(s->arena);
    free(s);
}

void settle(struct setting *s)
{
    for (size_t i = 0, quiet = 0; quiet < REPLICAS; i++) {
        struct keeper_result r = keeper_step(s->replicas[i % REPLICAS].keeper);
        quiet = r.wait ? quiet + 1 : 0;
        assert_true(i < 100);
    }
}

slice stored(struct setting *s, const char *path, const char *at)
{
    slice bytes = {0};
    assert_true(base64_decode(s->arena, arena_copy(s->arena, slice_of(api_text(s->api, path, at))), &bytes));
    return bytes;
}

struct bundle bundle_at(struct setting *s, const char *path, const char *at)
{
    struct bundle b;
    if (!bundle_read(s->arena, stored(s, path, at), &b, NULL))
        b.count = 0;
    return b;
}

slice fingerprint(struct setting *s, slice pem)
{
    struct certificate_info info = {0};
    certificate_read(s->arena, pem, &info, NULL);
    return info.fingerprint;
}

void assert_bundles(struct setting *s, const slice *fingerprints, size_t count)
{
    static const char *const at[] = {"webhooks[0].clientConfig.caBundle",
                                     "webhooks[1].clientConfig.caBundle"};
    static const char *const paths[] = {VALIDATING, MUTATING};
    for (size_t i = 0; i < 4; i++) {
        struct bundle b = bundle_at(s, paths[i / 2], at[i % 2]);
        assert_int_equal(b.count, count);
        for (size_t f = 0; f < count; f++)
            assert_true(bundle_has(&b, fingerprints[f]));
    }
}

struct issue issued(struct setting *s, int64_t days_ago)
{
    struct issue made = {0};
    struct issue_request request = {.service = LIT("hook"),
                                    .namespace = LIT("team"),
                                    .now = time(NULL) - days_ago * DAY,
                                    .life = 90 * DAY};
    assert_true(issue_make(s->arena, &request, &made, NULL));
    return made;
}

const char *encoded(struct setting *s, slice bytes)
{
    return base64_encode(s->arena, bytes).p;
}

void secret_put(struct setting *s, slice cas, slice cert, slice key)
{
    api_put(
        s->api, SECRET,
        arena_fmt(s->arena,
                  "{\"apiVersion\":\"v1\",\"kind\":\"Secret\",\"type\":\"kubernetes.io/tls\",\"metadata\":{"
                  "\"name\":\"brgate-tls\",\"labels\":{\"owner\":\"them\"}},\"data\":{\"ca.crt\":\"%s\","
                  "\"tls.crt\":\"%s\",\"tls.key\":\"%s\",\"other\":\"b3RoZXI=\"}}",
                  encoded(s, cas), encoded(s, cert), encoded(s, key))
            .p);
}

void assert_all_serve_the_secret(struct setting *s)
{
    slice want = fingerprint(s, stored(s, SECRET, "data./tls/crt"));
    for (size_t i = 0; i < REPLICAS; i++) {
        assert_slice("served", slice_of(s->replicas[i].served), want);
        assert_string_equal(s->replicas[i].why_not, "");
    }
    assert_true(certificate_chain_valid(stored(s, SECRET, "data./tls/crt"), stored(s, SECRET, "data./ca/crt"),
                                        LIT("hook.team.svc"), time(NULL), NULL));
}

slice everything(struct setting *s)
{
    struct buf b = buf_new(s->arena, 1 << 16);
    static const char *const at[] = {"webhooks[0].clientConfig.caBundle", "webhooks[1].clientConfig.caBundle",
                                     "metadata.resourceVersion"};
    for (size_t i = 0; i < 3; i++)
        buf_fmt(&b, "%s %s ", api_text(s->api, VALIDATING, at[i]),
                arena_cstr(s->arena, slice_of(api_text(s->api, MUTATING, at[i]))));
    buf_fmt(&b, "%s", api_text(s->api, SECRET, "metadata.resourceVersion"));
    return arena_copy(s->arena, buf_slice(&b));
}
