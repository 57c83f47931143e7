/* What a rule needs (.needs): a policy that turns the needed rule off does not make the other one report. */
#include "check.h"

#include "builtin_schemas.h"
#include "fixtures.h"

#include <stdlib.h>

enum { TEXT_BYTES = 4 << 20 };

static bool is_needed(const struct rule *rule)
{
    for (size_t i = 0; i < rule_count(); i++)
        for (const struct rule *const *n = rule_at(i)->needs; n && *n; n++)
            if (*n == rule)
                return true;
    return false;
}

/* Everything that is said but for one rule, and how much that one says. */
static slice said(struct arena *a, const struct gate *g, slice manifest, const struct rule *but,
                  size_t *ret_but)
{
    struct buf b = buf_new(a, TEXT_BYTES);
    const struct stream_verdict *s = verdict_manifest(g, a, manifest, FIXTURE_NOW);
    assert_true(s);
    for (const struct verdict *v = s->first; v; v = v->next)
        for (size_t i = 0; i < v->diagnostic_count; i++) {
            const struct diagnostic *d = &v->diagnostics[i];
            if (d->rule == but)
                ++*ret_but;
            else
                buf_fmt(&b, "%s %.*s: %.*s\n", d->rule->slug, FMT(d->path), FMT(d->message));
        }
    return buf_slice(&b);
}

static void silence_does_not_unblock(void **state)
{
    (void)state;
    struct arena *a = arena_new((size_t)2 << 30);
    struct policy policy = {0};
    struct gate *usual = gate_open(&policy, &builtin_schemas);
    struct fixtures all = fixtures_read(a, NULL, 0);
    size_t needed = 0, silenced = 0;
    for (size_t r = 0; r < rule_count(); r++) {
        if (!is_needed(rule_at(r)))
            continue;
        needed++;
        policy.level[r] = POLICY_OFF;
        struct gate *without = gate_open(&policy, &builtin_schemas);
        policy.level[r] = POLICY_DEFAULT;
        for (size_t i = 0; i < all.count; i++) {
            size_t none = 0;
            slice before = said(a, usual, all.items[i].manifest, rule_at(r), &silenced);
            slice after = said(a, without, all.items[i].manifest, rule_at(r), &none);
            assert_slice(all.items[i].slug, after, before);
            assert_int_equal(none, 0);
        }
        gate_close(without);
    }
    assert_true(needed > 10 && silenced > needed);
    gate_close(usual);
    arena_free(a);
}

/* In the order of the catalogue, which is that of checking: so there is no circle. */
static void needed_rules_come_first(void **state)
{
    (void)state;
    for (size_t i = 0; i < rule_count(); i++)
        for (const struct rule *const *n = rule_at(i)->needs; n && *n; n++) {
            size_t k = 0;
            while (k < i && rule_at(k) != *n)
                k++;
            assert_row(rule_at(i)->slug, k < i);
        }
}

static void slugs_are_names(void **state)
{
    (void)state;
#define RULE(name, ...)        #name,
#define ALSO(name, check, ...) #name,
#define CHECK(name)
    static const char *const names[] = {
#include "catalogue.def"
    };
    assert_int_equal(rule_count(), COUNT(names));
    for (size_t i = 0; i < COUNT(names); i++) {
        const char *slug = rule_at(i)->slug;
        assert_row(slug, strlen(slug) == strlen(names[i]));
        for (size_t k = 0; slug[k]; k++)
            assert_row(slug, slug[k] == (names[i][k] == '_' ? '-' : names[i][k]));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(silence_does_not_unblock),
        cmocka_unit_test(needed_rules_come_first),
        cmocka_unit_test(slugs_are_names),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
