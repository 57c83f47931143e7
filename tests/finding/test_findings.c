/* Lists of findings: subjects, levels, moving. */
#include "check.h"

#include "finding.h"

static const struct rule low = {.slug = "low", .severity = SEVERITIES(ERROR, ERROR, ERROR, OFF)};
static const struct rule high = {
    .slug = "high", .severity = SEVERITIES(WARNING, WARNING, WARNING, OFF), .needs = NEEDS(&low)};

static void in_arena(void (*test)(struct arena *a))
{
    struct arena *a = arena_new(1 << 20);
    test(a);
    arena_free(a);
}

static struct finding *report(struct findings *f, const struct rule *rule)
{
    return finding_at(f, rule, FIELD_INVALID, at_bytes(1, 2), "%d: is odd", 7);
}

static void needs(struct arena *a)
{
    struct findings f = findings_new(a);
    assert_false(findings_blocked(&f, &high));
    size_t outer = findings_enter(&f);
    report(&f, &low);
    assert_true(findings_blocked(&f, &high) && !findings_blocked(&f, &low));
    size_t inner = findings_enter(&f);
    assert_false(findings_blocked(&f, &high));
    findings_leave(&f, inner);
    assert_true(findings_blocked(&f, &high));
    findings_leave(&f, outer);
    assert_true(findings_blocked(&f, &high)); /* what is below a subject is of the subject */
}

static void levels(struct arena *a)
{
    struct rule_levels table = {0};
    rule_levels_add(&table, &low)->severity[CONTEXT_CREATE] = SEVERITY_ERROR;
    rule_levels_add(&table, &high)->severity[CONTEXT_CREATE] = SEVERITY_OFF;
    struct findings f = findings_new(a);
    f.levels = &table;
    f.context = CONTEXT_CREATE;
    struct finding *x = report(&f, &low);
    assert_slice("message", x->message, LIT("Invalid value: 7: is odd"));
    assert_slice("words", finding_at(&f, &low, FIELD_REQUIRED, at_bytes(0, 0), "")->message,
                 LIT("Required value"));
    x = report(&f, &high);
    finding_hint(x, "%s", "put together for nobody");
    assert_true(f.count == 2 && f.errors == 2 && !x->message.n && !x->hint.n);
    assert_true(findings_full(&f, &high) && !findings_full(&f, &low));
}

static bool is_high(const struct finding *x, const void *context)
{
    return x->rule == context;
}

static void moving(struct arena *a)
{
    struct findings from = findings_new(a), to = findings_new(a);
    report(&to, &low);
    report(&from, &high);
    report(&from, &low);
    report(&from, &high);
    findings_move(&to, &from, is_high, &high);
    assert_true(from.count == 1 && from.first->rule == &low && !from.first->next);
    assert_true(to.count == 3 && to.first->rule == &low && to.first->next->rule == &high);
    report(&from, &high);
    from.dropped = 5;
    findings_move(&to, &from, NULL, NULL);
    assert_true(from.count == 0 && !from.first && from.dropped == 0 && to.count == 5 && to.dropped == 5);
    report(&from, &low);
    assert_true(from.count == 1 && from.first->rule == &low);
}

static void test_needs(void **state)
{
    (void)state;
    in_arena(needs);
}

static void test_levels(void **state)
{
    (void)state;
    in_arena(levels);
}

static void test_moving(void **state)
{
    (void)state;
    in_arena(moving);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_needs), cmocka_unit_test(test_levels),
                                       cmocka_unit_test(test_moving)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
