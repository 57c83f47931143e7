/* A default says what happens without it, too: over every fixture, the official manifests and generated
 * objects, what runs is the same before and after. Only in mode documented it is not, which shows that this
 * test can tell. */
#include "check.h"

#include "br_arguments.h"
#include "builtin_schemas.h"
#include "completed.h"
#include "document.h"
#include "fixtures.h"
#include "patch.h"

#include <string.h>

enum { ARENA_BYTES = 1 << 30, TEXT_BYTES = 16 << 20 };

static struct gate *gates[DEFAULTS_MODE_COUNT];

static slice what_runs(struct arena *a, const struct node *root)
{
    struct buf b = buf_new(a, TEXT_BYTES);
    if (root)
        put_what_runs(&b, root);
    assert_false(b.failed);
    return buf_slice(&b);
}

/* How many objects run otherwise once the defaults of `mode` are filled in. */
static unsigned changed(const char *label, slice bytes, enum defaults_mode mode)
{
    struct arena *a = arena_new(ARENA_BYTES);
    const struct stream_verdict *s = verdict_manifest(gates[mode], a, bytes, FIXTURE_NOW);
    assert_row(label, s && verdict_complete(gates[mode], a, s));
    struct findings f = findings_new(a);
    const struct document *d = stream_read(a, bytes, &f)->first;
    unsigned count = 0;
    for (const struct verdict *v = s->first; v && d; v = v->next, d = d->next) {
        slice before = what_runs(a, d->root), after = what_runs(a, v->root);
        if (mode != DEFAULTS_DOCUMENTED)
            assert_slice(label, after, before);
        count += !slice_eq(before, after);
    }
    arena_free(a);
    return count;
}

static unsigned check(const char *label, slice bytes)
{
    assert_int_equal(changed(label, bytes, DEFAULTS_EFFECTIVE), 0);
    assert_int_equal(changed(label, bytes, DEFAULTS_NONE), 0);
    return changed(label, bytes, DEFAULTS_DOCUMENTED);
}

static void test_fixtures(void **state)
{
    (void)state;
    struct arena *a = arena_new(ARENA_BYTES);
    const struct fixtures all = fixtures_read(a, NULL, 0);
    unsigned filled = 0;
    for (size_t i = 0; i < all.count; i++)
        filled += check(all.items[i].slug, all.items[i].manifest);
    assert_true(filled > 100);
    arena_free(a);
}

static void test_manifests(void **state)
{
    (void)state;
    struct arena *a = arena_new(ARENA_BYTES);
    unsigned filled = 0;
    size_t count;
    const struct manifest *all = manifests_read(a, &count);
    for (size_t i = 0; i < count; i++)
        filled += check(all[i].name, all[i].text);
    arena_free(a);
    assert_true(filled > 5);
}

/* ---- generated objects ---- */

/* One choice a member; the last of a list is the empty one. */
static const char *const providers[] = {"aws", "ceph", "minio", "other", ""};
static const char *const s3_more[] = {", acl: private",          ", storageClass: STANDARD",
                                      ", endpoint: 'h:80'",      ", endpoint: 'http://h:80'",
                                      ", acl: '', endpoint: ''", ""};
static const char *const spec_more[] = {", br: {cluster: c}", ", br: {cluster: c, concurrency: 8}",
                                        ", from: {host: h, secretName: s}, storageSize: 1Gi",
                                        ", cleanOption: {}, backoffRetryPolicy: {}", ""};
static const char *const modes[] = {", backupMode: snapshot", ", backupMode: log", ""};
static const char *const groups[] = {"br.pingcap.com", "pingcap.com"};

static const char *job_of(struct arena *a, size_t pick)
{
    const char *provider = providers[pick % COUNT(providers)];
    pick /= COUNT(providers);
    const char *more = s3_more[pick % COUNT(s3_more)];
    pick /= COUNT(s3_more);
    const char *spec = spec_more[pick % COUNT(spec_more)];
    pick /= COUNT(spec_more);
    return arena_cstr(a, arena_fmt(a, "{s3: {provider: '%s', bucket: b%s}%s%s}", provider, more, spec,
                                   modes[pick % COUNT(modes)]));
}

static void test_generated(void **state)
{
    (void)state;
    enum { JOBS = 5 * 6 * 5 * 3 };
    unsigned filled = 0;
    for (size_t i = 0; i < JOBS; i++) {
        struct arena *a = arena_new(ARENA_BYTES);
        const char *job = job_of(a, i), *other = job_of(a, i * 7 + 3);
        struct buf b = buf_new(a, TEXT_BYTES);
        for (size_t g = 0; g < COUNT(groups); g++) {
            buf_fmt(&b, "apiVersion: %s/v1alpha1\nkind: Backup\nspec: %s\n---\n", groups[g], job);
            buf_fmt(&b, "apiVersion: %s/v1alpha1\nkind: CompactBackup\nspec: %s\n---\n", groups[g], job);
            buf_fmt(&b,
                    "apiVersion: %s/v1alpha1\nkind: BackupSchedule\nspec:\n  schedule: '@daily'\n"
                    "  backupTemplate: %s\n  logBackupTemplate: %s\n  compactBackupTemplate: %s\n---\n",
                    groups[g], job, other, job);
        }
        filled += check(job, buf_slice(&b));
        arena_free(a);
    }
    assert_true(filled > JOBS / 5);
}

static void check_added(const char *text, enum defaults_mode mode, const char *want)
{
    static const struct {
        slice path;
        char initial;
    } defaults[] = {{SLICE("/s3/acl\""), 'a'},
                    {SLICE("/s3/storageClass\""), 's'},
                    {SLICE("/s3/endpoint\""), 'e'},
                    {SLICE("/backoffRetryPolicy\""), 'b'}};
    struct arena *a = arena_new(ARENA_BYTES);
    const struct stream_verdict *s = verdict_manifest(gates[mode], a, slice_of(text), FIXTURE_NOW);
    assert_true(s && verdict_complete(gates[mode], a, s));
    slice patch = patch_of(a, s->first->root);
    struct buf added = buf_new(a, TEXT_BYTES);
    for (size_t i = 0; i < COUNT(defaults); i++)
        if (slice_find(patch, defaults[i].path) != SLICE_NONE)
            buf_char(&added, defaults[i].initial);
    assert_slice(text, buf_slice(&added), slice_of(want));
    arena_free(a);
}

/* The defaults that the policy asks for are added, and no others. */
static void test_modes(void **state)
{
    (void)state;
    static const char v1[] = "apiVersion: pingcap.com/v1alpha1\nkind: Backup\nspec: ";
    static const char v2[] = "apiVersion: br.pingcap.com/v1alpha1\nkind: Backup\nspec: ";
    static const struct {
        const char *version, *spec;
        const char
            *added[DEFAULTS_MODE_COUNT]; /* acl, storageClass, endpoint, backoffRetryPolicy by initial */
    } rows[] = {
        {v2, "{br: {cluster: c}, s3: {provider: aws}}", {"b", "asb", ""}},
        {v1, "{br: {cluster: c}, s3: {provider: aws}}", {"b", "asb", ""}},
        {v1, "{from: {host: h, secretName: s}, s3: {provider: aws}}", {"asb", "asb", ""}},
        {v1, "{s3: {provider: aws, acl: private}}", {"sb", "sb", ""}},
        {v1, "{s3: {provider: minio}}", {"b", "b", ""}},
        {v2, "{br: {cluster: c}, backupMode: log, s3: {provider: aws}}", {"", "as", ""}},
        {v2, "{br: {cluster: c}, s3: {provider: ceph, endpoint: 'h:1'}}", {"b", "eb", ""}},
        {v2, "{backoffRetryPolicy: {}, s3: {provider: minio}}", {"", "", ""}},
    };
    for (size_t i = 0; i < COUNT(rows); i++) {
        char text[300];
        snprintf(text, sizeof text, "%s%s\n", rows[i].version, rows[i].spec);
        for (unsigned mode = 0; mode < DEFAULTS_MODE_COUNT; mode++)
            check_added(text, (enum defaults_mode)mode, rows[i].added[mode]);
    }
}

static void test_words(void **state)
{
    (void)state;
    enum defaults_mode mode = DEFAULTS_NONE;
    for (unsigned i = 0; i < DEFAULTS_MODE_COUNT; i++) {
        assert_true(defaults_mode_read(slice_of(defaults_mode_word((enum defaults_mode)i)), &mode, NULL));
        assert_int_equal(mode, i);
    }
    assert_false(defaults_mode_read(LIT("all"), &mode, NULL));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_fixtures), cmocka_unit_test(test_manifests), cmocka_unit_test(test_generated),
        cmocka_unit_test(test_modes),    cmocka_unit_test(test_words),
    };
    for (unsigned i = 0; i < DEFAULTS_MODE_COUNT; i++) {
        const struct policy policy = {.defaults = (enum defaults_mode)i};
        gates[i] = gate_open(&policy, &builtin_schemas);
    }
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    for (unsigned i = 0; i < DEFAULTS_MODE_COUNT; i++)
        gate_close(gates[i]);
    return failed;
}
