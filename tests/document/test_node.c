/* The tree: look-up, equality, printing. */
#include "check.h"

#include "document.h"

static struct arena *arena;

static int setup(void **state)
{
    (void)state;
    arena = arena_new(16 << 20);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    arena_free(arena);
    return 0;
}

static struct node *tree(const char *json)
{
    struct findings f = findings_new(arena);
    struct node *n = json_read(arena, slice_of(json), &f);
    assert_row(json, n != NULL);
    return n;
}

static slice json_of(const struct node *n, bool sorted)
{
    struct buf b = buf_new(arena, 1 << 20);
    node_put_json(&b, n, sorted);
    return buf_slice(&b);
}

static void lookup_skips_what_the_server_drops(void **state)
{
    (void)state;
    struct node *root = tree("{\"spec\":{\"s3\":{\"acl\":\"x\"},\"gone\":1,\"list\":[1,2,3]}}");
    assert_slice("value", node_at(root, "spec.s3.acl")->text, LIT("x"));
    assert_null(node_at(root, "spec.s4.acl"));
    assert_null(node_at(root, "spec.list.x"));
    assert_null(node_get(NULL, LIT("x")));
    assert_null(node_first(NULL));
    node_at(root, "spec.gone")->flags |= NODE_PRUNED;
    assert_null(node_at(root, "spec.gone"));
    assert_slice("json", json_of(root, false), LIT("{\"spec\":{\"s3\":{\"acl\":\"x\"},\"list\":[1,2,3]}}"));
    assert_slice("path", node_path(arena, node_at(root, "spec.list")->first->next), LIT("spec.list[1]"));
    assert_slice("path", node_path(arena, node_at(root, "spec.s3.acl")), LIT("spec.s3.acl"));
    assert_slice("path", node_path(arena, root), LIT(""));
}

static void equality_is_that_of_values(void **state)
{
    (void)state;
    static const struct {
        const char *a, *b;
        bool equal;
    } rows[] = {
        {"{\"a\":1,\"b\":2}", "{\"b\":2,\"a\":1}", true},
        {"{\"a\":1}", "{\"a\":1,\"b\":2}", false},
        {"{\"a\":1,\"b\":2}", "{\"a\":1}", false},
        {"{\"a\":1,\"b\":2}", "{\"a\":1,\"c\":2}", false},
        {"{\"a\":9,\"a\":1}", "{\"a\":1}", true},
        {"[1,2]", "[2,1]", false},
        {"[1,2]", "[1]", false},
        {"[]", "{}", false},
        {"1", "1.0", true},
        {"1.5", "1", false},
        {"9223372036854775807", "9223372036854775808", false},
        {"9007199254740993", "9007199254740992.0", false},
        {"\"1\"", "1", false},
        {"null", "null", true},
        {"null", "false", false},
        {"true", "false", false},
        {"\"a\"", "\"\\u0061\"", true},
    };
    for (size_t i = 0; i < COUNT(rows); i++) {
        assert_row(rows[i].a, node_equal(tree(rows[i].a), tree(rows[i].b)) == rows[i].equal);
        assert_row(rows[i].b, node_equal(tree(rows[i].b), tree(rows[i].a)) == rows[i].equal);
    }
}

static void sorted_json_is_go_s(void **state)
{
    (void)state;
    struct node *n = tree("{\"b\":[{\"z\":1,\"A\":2}],\"a\":\"<&>\",\"\":1.50}");
    assert_slice("sorted", json_of(n, true),
                 LIT("{\"\":1.5,\"a\":\"\\u003c\\u0026\\u003e\",\"b\":[{\"A\":2,\"z\":1}]}"));
}

static void copies_stand_alone(void **state)
{
    (void)state;
    struct node *n = tree("{\"a\":{\"b\":[1,\"x\"]}}"), *copy = node_copy(arena, n->first, NODE_DEFAULTED);
    assert_null(copy->parent);
    assert_true(node_equal(copy, n->first));
    assert_true(copy->first->first->flags & NODE_DEFAULTED);
    copy->first->first->integer = 2;
    assert_false(node_equal(copy, n->first));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(lookup_skips_what_the_server_drops, setup, teardown),
        cmocka_unit_test_setup_teardown(equality_is_that_of_values, setup, teardown),
        cmocka_unit_test_setup_teardown(sorted_json_is_go_s, setup, teardown),
        cmocka_unit_test_setup_teardown(copies_stand_alone, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
