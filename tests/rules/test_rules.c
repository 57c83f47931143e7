/* Every rule has a firing and a silent fixture whose exact output is recorded.
 *
 *     test_rules [SLUG]...     with BLESS=1 in the environment the records are written anew: read the diff */
#include "check.h"

#include "brgate_limits.h"
#include "builtin_schemas.h"
#include "fixtures.h"

#include <stdlib.h>
#include <string.h>

static char **named;
static size_t named_count;

struct test {
    struct arena *arena;
    struct gate *gate;
    struct fixtures all;
    unsigned faults;
};

__attribute__((format(printf, 3, 4))) static void fault(struct test *t, const struct fixture *f,
                                                        const char *format, ...)
{
    va_list args;
    char text[400];
    va_start(args, format);
    vsnprintf(text, sizeof text, format, args);
    va_end(args);
    print_error(FIXTURES_DIR "/%s/%s: %s\n", f->slug, side_word(f->side), text);
    t->faults++;
}

/* The lines of the rule's example are in the fixture, so that `brgate explain` shows the truth. A remark after a line ("# it
 * was nightly") describes a state that the fixture keeps elsewhere. */
static void check_example(struct test *t, const struct fixture *f, const char *example)
{
    for (slice rest = slice_of(example); rest.n;) {
        size_t end = slice_find_char(rest, '\n');
        slice line = slice_trim(slice_cut(rest, 0, end));
        size_t remark = slice_find(line, LIT(" # "));
        if (remark != SLICE_NONE && slice_find(line, LIT("# brgate:")) == SLICE_NONE)
            line = slice_trim(slice_cut(line, 0, remark));
        if (slice_find(f->manifest, line) == SLICE_NONE)
            fault(t, f, "the catalogue's example is not in it: %.*s", FMT(line));
        rest = slice_from(rest, end == SLICE_NONE ? rest.n : end + 1);
    }
}

static void check_recorded(struct test *t, const struct fixture *f, slice text)
{
    const char *name = f->side == FIRES ? "fires.txt" : "silent.txt";
    const char *path = arena_cstr(t->arena, arena_fmt(t->arena, FIXTURES_DIR "/%s/%s", f->slug, name));
    slice want = fixture_file(t->arena, f->slug, name);
    if (slice_eq(text, want))
        return;
    if (getenv("BLESS")) {
        FILE *out = fopen(path, "we");
        assert_non_null(out);
        fwrite(text.p, 1, text.n, out);
        assert_int_equal(fclose(out), 0);
        return;
    }
    fault(t, f, "differs from the record; BLESS=1 writes it anew");
    print_error("--- got\n%.*s--- want\n%.*s---\n", FMT(text), FMT(want));
}

/* A rule that is off everywhere is on in its own fixtures only. */
static struct gate *gate_with(const struct rule *rule)
{
    struct policy policy = {0};
    for (int context = 0; context < CONTEXT_COUNT; context++)
        if (rule->severity[context] != SEVERITY_OFF)
            return NULL;
    size_t id;
    assert_true(rule_find(slice_of(rule->slug), &id));
    policy.level[id] = POLICY_WARN;
    return gate_open(&policy, &builtin_schemas);
}

static void check_fixture(struct test *t, const struct fixture *f, const struct rule *rule)
{
    if (!f->manifest.p) {
        fault(t, f, "there is no such manifest");
        return;
    }
    struct gate *own = gate_with(rule), *gate = own ? own : t->gate;
    slice text = fixture_text(t->arena, gate, f), again = fixture_text(t->arena, gate, f);
    gate_close(own);
    if (!slice_eq(text, again))
        fault(t, f, "judged twice it says two things");
    slice slug = arena_fmt(t->arena, "[%s]", rule->slug);
    bool fires = slice_find(text, slug) != SLICE_NONE;
    if (fires != (f->side == FIRES))
        fault(t, f, fires ? "the rule speaks" : "the rule is silent");
    check_example(t, f, f->side == FIRES ? rule->bad : rule->good);
    check_recorded(t, f, text);
}

static int setup(void **state)
{
    struct test *t = calloc(1, sizeof *t);
    const struct policy policy = {0};
    t->arena = arena_new((size_t)1 << 30);
    t->gate = gate_open(&policy, &builtin_schemas);
    *state = t;
    return !t->arena || !t->gate;
}

static int teardown(void **state)
{
    struct test *t = *state;
    gate_close(t->gate);
    arena_free(t->arena);
    free(t);
    return 0;
}

static void test_fixtures(void **state)
{
    struct test *t = *state;
    t->all = fixtures_read(t->arena, named, named_count);
    for (size_t i = 0; i < t->all.count; i++) {
        size_t rule;
        if (rule_find(slice_of(t->all.items[i].slug), &rule))
            check_fixture(t, &t->all.items[i], rule_at(rule));
        else
            fault(t, &t->all.items[i], "there is no rule of the folder's name");
    }
    assert_int_equal(t->faults, 0);
}

static void test_every_rule_has_fixtures(void **state)
{
    struct test *t = *state;
    if (named_count)
        skip();
    unsigned missing = 0;
    for (size_t i = 0; i < rule_count(); i++) {
        const char *slug = rule_at(i)->slug;
        /* With our kinds, another rule reports it; tests/audit has the rules that need a cluster. */
        if (rule_at(i)->flags & (RULE_GENERAL | RULE_CLUSTER))
            continue;
        if (fixture_file(t->arena, slug, "fires.txt").p && fixture_file(t->arena, slug, "silent.txt").p)
            continue;
        print_error(FIXTURES_DIR "/%s: no fixtures\n", slug);
        missing++;
    }
    assert_int_equal(missing, 0);
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_fixtures, setup, teardown),
        cmocka_unit_test_setup_teardown(test_every_rule_has_fixtures, setup, teardown),
    };
    named = argv + 1;
    named_count = (size_t)argc - 1;
    return cmocka_run_group_tests(tests, NULL, NULL);
}
