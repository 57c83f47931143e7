/* What `brgate default` prints, over every fixture and the official manifests: the patch turns the input into
 * the output, the output is complete, and it has no fault that the input has not. */
#include "check.h"

#include "builtin_schemas.h"
#include "completed.h"
#include "document.h"
#include "fixtures.h"
#include "json_patch.h"
#include "patch.h"

#include <string.h>

enum { ARENA_BYTES = 1 << 30, TEXT_BYTES = 64 << 20 };

static struct gate *gate;

static size_t schema_faults(const struct stream_verdict *s)
{
    size_t count = 0;
    for (const struct verdict *v = s->first; v; v = v->next)
        for (size_t i = 0; i < v->diagnostic_count; i++)
            count += slice_starts(slice_of(v->diagnostics[i].rule->slug), LIT("schema-"));
    return count;
}

static slice printed(struct arena *a, const struct stream_verdict *s)
{
    struct buf b = buf_new(a, TEXT_BYTES);
    for (const struct verdict *v = s->first; v; v = v->next) {
        buf_put(&b, LIT("---\n"));
        node_put_yaml(&b, v->root, false);
    }
    assert_false(b.failed);
    return buf_slice(&b);
}

static void check_patches(const char *label, struct arena *a, const struct stream_verdict *s)
{
    struct findings f = findings_new(a);
    const struct document *d = stream_read(a, s->bytes, &f)->first;
    for (const struct verdict *v = s->first; v; v = v->next, d = d->next) {
        slice patch = patch_of(a, v->root);
        assert_row(label, !patch.n || json_patch_apply(a, d->root, patch));
        assert_row(label, node_equal(d->root, v->root));
    }
    assert_row(label, d == NULL);
}

static void check_complete(const char *label, struct arena *a, const struct stream_verdict *s,
                           const struct stream_verdict *again)
{
    const struct verdict *w = again->first;
    for (const struct verdict *v = s->first; v; v = v->next, w = w->next) {
        assert_row(label, node_equal(v->root, w->root));
        assert_slice(label, patch_of(a, w->root), (slice){0});
    }
    assert_row(label, schema_faults(again) <= schema_faults(s));
}

static bool readable(const struct stream_verdict *s)
{
    for (const struct verdict *v = s->first; v; v = v->next)
        if (!v->root)
            return false;
    return true;
}

static void check(const char *label, slice bytes)
{
    struct arena *a = arena_new(ARENA_BYTES), *b = arena_new(ARENA_BYTES);
    const struct stream_verdict *s = verdict_manifest(gate, a, bytes, FIXTURE_NOW), *again;
    assert_row(label, s && (!readable(s) || verdict_complete(gate, a, s)));
    if (readable(s)) {
        check_patches(label, a, s);
        again = verdict_manifest(gate, b, printed(a, s), FIXTURE_NOW);
        assert_row(label, again && verdict_complete(gate, b, again));
        check_complete(label, a, s, again);
    }
    arena_free(a);
    arena_free(b);
}

static void test_fixtures(void **state)
{
    (void)state;
    struct arena *a = arena_new(ARENA_BYTES);
    const struct fixtures all = fixtures_read(a, NULL, 0);
    for (size_t i = 0; i < all.count; i++)
        check(all.items[i].slug, all.items[i].manifest);
    arena_free(a);
}

static void test_manifests(void **state)
{
    (void)state;
    struct arena *a = arena_new(ARENA_BYTES);
    size_t count;
    const struct manifest *all = manifests_read(a, &count);
    for (size_t i = 0; i < count; i++)
        check(all[i].name, all[i].text);
    arena_free(a);
    assert_int_equal(count, 27);
}

static void test_odd_inputs(void **state)
{
    (void)state;
    static const char *const texts[] = {
        "apiVersion: br.pingcap.com/v1alpha1\nkind: Backup\nmetadata: {name: a}\nspec: {unknown: {x: null}, "
        "logStop: null, backupMode: null, s3: {provider: aws, extra: [1, null]}}\n",
        "apiVersion: br.pingcap.com/v1alpha1\nkind: Backup\nmetadata: {name: a, labels: {a/b~c: d}}\n"
        "spec: {additionalVolumes: [{name: x, iscsi: {iqn: i, lun: 1, targetPortal: p, iscsiInterface: "
        "null}}]}\n",
        "apiVersion: v1\nkind: List\nitems:\n- {apiVersion: br.pingcap.com/v1alpha1, kind: Backup, metadata: "
        "{name: a}, spec: {s3: {provider: aws}}}\n- {kind: Pod}\n",
        "apiVersion: br.pingcap.com/v1alpha1\nkind: Backup\nmetadata: {name: a}\nspec: {s3: {provider: aws}, "
        "s3: {provider: ceph, endpoint: 10.0.0.1:80}}\n",
        "- a\n- b\n",
        "just text\n",
    };
    for (size_t i = 0; i < COUNT(texts); i++)
        check(texts[i], slice_of(texts[i]));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_fixtures),
        cmocka_unit_test(test_manifests),
        cmocka_unit_test(test_odd_inputs),
    };
    const struct policy policy = {0};
    gate = gate_open(&policy, &builtin_schemas);
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    gate_close(gate);
    return failed;
}
