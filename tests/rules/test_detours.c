/* Whatever way a user takes, with annotations, labels, a deletion, errors by the hundred or a status taken away and put
 * back, in several updates: what is stored at the end is what one plain update could have stored. Over every object of
 * every fixture, with edits made from a seed. */
#include "variation.h"

#include "brgate_limits.h"

#include <stdlib.h>
#include <string.h>

enum { WALKS_EACH = 8, STEPS_MOST = 4 };

static unsigned faults;

/* ---- what a user can do to an object besides editing its spec ---- */

struct disguise {
    bool dying, labelled, padded;
    bool allowing, pretending; /* annotations that the settings know, and others */
    bool forgetful;            /* without a status */
    unsigned lost;             /* of the status' members, one by one */
};

static struct disguise throw_disguise(bool dying, bool padded)
{
    return (struct disguise){.dying = dying || dice(4) == 0,
                             .labelled = dice(2),
                             .allowing = dice(2),
                             .pretending = dice(2),
                             .padded = padded && dice(4),
                             .forgetful = dice(5) == 0,
                             .lost = dice(3) ? 0 : dice(8)};
}

static void set_member(struct arena *a, struct node *object, const char *key, slice json)
{
    struct node *before = node_get(object, slice_of(key)), *n = read_object(a, json);
    if (before)
        before->flags |= NODE_SHADOWED;
    n->key = slice_of(key);
    node_append(object, n);
}

#define ALLOW                                                                                                \
    "\"brgate.io/allow.table-filter-syntax\":\"legacy\",\"brgate.io/allow.prefix-traversal\":\"legacy\""
/* Of these they know nothing. */
#define PRETEND                                                                                              \
    ",\"brgate.io/allow.all\":\"x\",\"brgate.io/allow.storage-immutable\":\"x\",\"brgate.io/"                \
    "allow.log-immutable\":"                                                                                 \
    "\"x\",\"brgate.io/allow.too-many-findings\":\"x\",\"brgate.io/allow.schema-enum\":\"x\""

static void disguise_metadata(struct arena *a, struct node *metadata, const struct disguise *d)
{
    if (!metadata)
        return;
    if (d->dying) {
        set_member(a, metadata, "deletionTimestamp", LIT("\"2026-05-31T00:00:00Z\""));
        if (!node_get(metadata, LIT("finalizers")))
            set_member(a, metadata, "finalizers", LIT("[\"tidb.pingcap.com/backup-protection\"]"));
    }
    if (d->labelled)
        set_member(a, metadata, "labels", LIT("{\"team\":\"shop\"}"));
    if (d->allowing)
        set_member(a, metadata, "annotations",
                   d->pretending ? LIT("{" ALLOW PRETEND "}") : LIT("{" ALLOW "}"));
}

/* More errors than are shown, which the object may have had before there was a gate. */
static void pad(struct arena *a, struct node *spec)
{
    struct buf b = buf_new(a, 1 << 16);
    for (unsigned i = 0; i < LIMIT_FINDINGS + 50; i++)
        buf_fmt(&b, "%s\"a b%u\"", i ? "," : "[", i);
    buf_char(&b, ']');
    set_member(a, spec, "tableFilter", buf_slice(&b));
}

static bool owns_status(const struct sample *s)
{
    return slice_eq(s->kind->group, LIT("pingcap.com"));
}

static void lose_status(struct node *root, const struct disguise *d)
{
    static const char *const members[] = {"phase", "commitTs", "backupPath"};
    struct node *status = node_get(root, LIT("status"));
    if (status && d->forgetful)
        status->flags |= NODE_SHADOWED;
    for (size_t i = 0; i < COUNT(members); i++) {
        struct node *n = node_get(status, slice_of(members[i]));
        if (n && (d->lost >> i & 1))
            n->flags |= NODE_SHADOWED;
    }
}

/* The object that a request brings: `text` with the status of the one that is stored, but for what the user takes away. */
static slice disguised(struct arena *a, const struct sample *s, slice text, slice stored,
                       const struct disguise *d)
{
    struct node *root = read_object(a, text), *metadata = node_get(root, LIT("metadata"));
    const struct node *status = node_get(read_object(a, stored), LIT("status"));
    disguise_metadata(a, metadata, d);
    if (d->padded && node_get(root, LIT("spec")))
        pad(a, node_get(root, LIT("spec")));
    if (status)
        set_member(a, root, "status", json_of(a, status));
    else if (node_get(root, LIT("status")))
        node_get(root, LIT("status"))->flags |= NODE_SHADOWED;
    if (owns_status(s))
        lose_status(root, d);
    return json_of(a, root);
}

/* ---- judging ---- */

static const struct verdict *judge(struct arena *a, const struct sample *s, slice text, slice old)
{
    return variation_judge(a, s, old.n ? CONTEXT_UPDATE : CONTEXT_CREATE, text, old);
}

static bool same_member(struct arena *a, slice x, slice y, const char *name)
{
    const struct node *m = node_get(read_object(a, x), slice_of(name)),
                      *n = node_get(read_object(a, y), slice_of(name));
    return m && n ? node_equal(m, n) : m == n;
}

static void check_end(struct arena *a, const struct sample *s, slice first, slice last)
{
    const struct disguise allowed = {.allowing = true};
    slice plain = disguised(a, s, last, first, &allowed);
    const struct verdict *v = judge(a, s, plain, first);
    if (!v->errors || same_member(a, first, last, "spec"))
        return;
    faults++;
    for (size_t i = 0; i < v->diagnostic_count; i++)
        if (v->diagnostics[i].severity == SEVERITY_ERROR)
            print_error("%s: a detour leads to %.*s: %.*s [%s]\n", s->slug, FMT(v->diagnostics[i].path),
                        FMT(slice_cut(v->diagnostics[i].message, 0, 200)), v->diagnostics[i].rule->slug);
    print_error("  from %.*s\n",
                FMT(slice_cut(json_of(a, node_get(read_object(a, first), LIT("spec"))), 0, 900)));
    print_error("  to   %.*s\n",
                FMT(slice_cut(json_of(a, node_get(read_object(a, last), LIT("spec"))), 0, 900)));
}

/* ---- the ways ---- */

static void walk(struct arena *a, const struct sample *s)
{
    struct node *nodes[VARIATION_NODES];
    unsigned count = list_nodes(read_object(a, s->text), nodes);
    if (!count)
        return;
    struct strokes target = throw_edits(a, s, nodes, count);
    bool dying = dice(3) == 0, padded = dice(3) == 0 && slice_eq(s->kind->kind, LIT("Backup"));
    const struct disguise start = {.padded = padded};
    slice first = disguised(a, s, s->text, s->text, &start), now = first;
    for (unsigned step = 0, steps = 1 + dice(STEPS_MOST); step <= steps; step++) {
        struct strokes some = {0};
        for (size_t i = 0; i < target.count; i++)
            if (step == steps || dice(2))
                some.items[some.count++] = target.items[i];
        struct disguise d = throw_disguise(dying, padded);
        if (step == steps && dice(2)) { /* at the end the status is back */
            d.forgetful = false;
            d.lost = 0;
        }
        slice next = disguised(a, s, edited(a, s, &some), d.forgetful || d.lost ? now : first, &d);
        if (!judge(a, s, next, now)->errors)
            now = next;
    }
    check_end(a, s, first, now);
}

static void test_updates(void **state)
{
    struct arena *a = *state;
    faults = 0;
    for (size_t i = 0; i < sample_count; i++)
        for (int k = 0; k < WALKS_EACH; k++) {
            arena_reset(a);
            walk(a, &samples[i]);
        }
    assert_int_equal(faults, 0);
}

/* An object that is born with anything is judged as if it had been born without. */
static void test_creations(void **state)
{
    struct arena *a = *state;
    for (size_t i = 0; i < sample_count; i++) {
        arena_reset(a);
        const struct disguise allowed = {.allowing = true};
        struct disguise d = throw_disguise(true, false);
        d.allowing = true;
        d.labelled = false; /* labels are judged, too */
        const struct verdict *plain =
            judge(a, &samples[i], disguised(a, &samples[i], samples[i].text, samples[i].text, &allowed),
                  (slice){0});
        const struct verdict *v = judge(
            a, &samples[i], disguised(a, &samples[i], samples[i].text, samples[i].text, &d), (slice){0});
        assert_row(samples[i].slug, v->errors == plain->errors);
    }
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_updates),
        cmocka_unit_test(test_creations),
    };
    return variation_run(argc, argv, "overridable: [table-filter-syntax, prefix-traversal]\n", tests,
                         COUNT(tests));
}
