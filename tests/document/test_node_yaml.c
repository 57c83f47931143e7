/* The YAML writer: its layout, and that what it writes reads back as the same tree. */
#include "check.h"

#include "arena_state.h"
#include "document.h"

static struct node *json(struct arena *a, const char *text)
{
    struct findings f = findings_new(a);
    struct node *n = json_read(a, slice_of(text), &f);
    assert_row(text, n && f.count == 0);
    return n;
}

static void layout(void **state)
{
    static const struct {
        const char *label, *json, *yaml;
    } rows[] = {
        {"scalars at the root", "7", "7\n"},
        {"an empty mapping", "{}", "{}\n"},
        {"scalars", "{\"a\":null,\"b\":true,\"c\":-3,\"d\":1.5,\"e\":\"x\"}",
         "a: null\nb: true\nc: -3\nd: 1.5\ne: x\n"},
        {"numbers with an exponent", "[1e21,1.5e-7,2.0]", "- 1.0e+21\n- 1.5e-7\n- 2\n"},
        {"levels", "{\"spec\":{\"s3\":{\"bucket\":\"b\"},\"x\":{}}}",
         "spec:\n  s3:\n    bucket: b\n  x: {}\n"},
        {"lists are as deep as their key", "{\"a\":[1,2],\"b\":[]}", "a:\n- 1\n- 2\nb: []\n"},
        {"mappings in lists", "{\"a\":[{\"b\":1,\"c\":[{\"d\":2}]},{}]}",
         "a:\n- b: 1\n  c:\n  - d: 2\n- {}\n"},
        {"lists in lists", "[[1,[2]],[]]", "- - 1\n  - - 2\n- []\n"},
        {"lines", "{\"a\":\"x\\ny\",\"b\":\"x\\n\",\"c\":\"x\\n\\n\",\"d\":[\"x\\n\\ny\"]}",
         "a: |-\n  x\n  y\nb: |\n  x\nc: |+\n  x\n\nd:\n- |-\n  x\n\n  y\n"},
        {"lines that a block cannot hold", "[\" x\\ny\",\"x \\ny\",\"\\nx\",\"x\\r\\ny\"]",
         "- \" x\\ny\"\n- \"x \\ny\"\n- \"\\nx\"\n- \"x\\x0D\\ny\"\n"},
        {"a key with a line break", "{\"a\\nb\":1}", "\"a\\nb\": 1\n"},
    };
    struct arena *a = *state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct buf b = buf_new(a, 1 << 20);
        node_put_yaml(&b, json(a, rows[i].json), false);
        assert_slice(rows[i].label, buf_slice(&b), slice_of(rows[i].yaml));
    }
}

static const struct {
    const char *text, *yaml; /* NULL: as it is */
} quoted[] = {
    {"", "\"\""},
    {"full", NULL},
    {"s3://my-bucket/folder/", NULL},
    {"300s", NULL},
    {"10.0.0.1:7480", NULL},
    {"8.5.0", NULL},
    {"v1", NULL},
    {"http://minio:9000", NULL},
    {"--lastbackupts=1", NULL},
    {"pingcap/br:v8.5.0", NULL},
    {"db.*", NULL},
    {"!db.tmp", "'!db.tmp'"},
    {"*.*", "'*.*'"},
    {"*/2 * * * *", "'*/2 * * * *'"},
    {"0 */2 * * *", NULL},
    {"@daily", "'@daily'"},
    {"it's", NULL},
    {"'it", "'''it'"},
    {"a: b", "'a: b'"},
    {"a:b", NULL},
    {"a:", "'a:'"},
    {"a #b", "'a #b'"},
    {"a#b", NULL},
    {"- a", "'- a'"},
    {"-a", NULL},
    {"-", "'-'"},
    {"---", "'---'"},
    {" a", "' a'"},
    {"a ", "'a '"},
    {"true", "\"true\""},
    {"on", "\"on\""},
    {"y", "\"y\""},
    {"~", "\"~\""},
    {"null", "\"null\""},
    {"<<", "\"<<\""},
    {"7", "\"7\""},
    {"-7", "\"-7\""},
    {"+7", "\"+7\""},
    {"0777", "\"0777\""},
    {"0o17", "\"0o17\""},
    {"0x1F", "\"0x1F\""},
    {"0b11", "\"0b11\""},
    {"1_000", "\"1_000\""},
    {"1.5", "\"1.5\""},
    {".5", "\".5\""},
    {"1e3", "\"1e3\""},
    {"1e+21", "\"1e+21\""},
    {"12:30:45", "\"12:30:45\""},
    {".inf", "\".inf\""},
    {"-.INF", "\"-.INF\""},
    {"1.2.x", NULL},
    {"2022-10-10", "\"2022-10-10\""},
    {"2022-10-10T15:21:00+08:00", "\"2022-10-10T15:21:00+08:00\""},
    {"2022-10-10 15:21:00", "\"2022-10-10 15:21:00\""},
    {"2022-10-10-folder", NULL},
    {"a\tb", "\"a\\tb\""},
    {"a\x01", "\"a\\x01\""},
    {"a\"b", NULL},
    {"\"b", "'\"b'"},
    {"日志备份", NULL},
    {"a\xe2\x80\xa8", "\"a\\u2028\""},
};

static void quotes(void **state)
{
    struct arena *a = *state;
    for (size_t i = 0; i < COUNT(quoted); i++) {
        struct node *n = node_new(a, NODE_STRING, 0);
        n->text = slice_of(quoted[i].text);
        struct buf b = buf_new(a, 1 << 20);
        node_put_yaml(&b, n, false);
        slice got = slice_cut(buf_slice(&b), 0, buf_slice(&b).n - 1);
        assert_slice(quoted[i].text, got, slice_of(quoted[i].yaml ? quoted[i].yaml : quoted[i].text));
    }
}

static void order_and_flags(void **state)
{
    struct arena *a = *state;
    struct node *n = json(a, "{\"c\":1,\"a\":{\"z\":1,\"y\":2},\"b\":[2,1]}");
    node_get(n, LIT("c"))->flags |= NODE_PRUNED;
    struct buf b = buf_new(a, 1 << 20);
    node_put_yaml(&b, n, true);
    assert_slice("sorted, without what is gone", buf_slice(&b),
                 LIT("a:\n  \"y\": 2\n  z: 1\nb:\n- 2\n- 1\n"));
}

/* ---- read(write(tree)) == tree, for trees made of texts that are hard to write ---- */

struct maker {
    struct arena *arena;
    uint64_t random;
};

static unsigned pick(struct maker *m, unsigned below)
{
    m->random = m->random * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
    return (unsigned)(m->random >> 33) % below;
}

static const char *const pieces[] = {
    " ",
    "  ",
    "\n",
    "\n\n",
    "\t",
    "\r",
    ":",
    "#",
    "-",
    "?",
    ",",
    "[",
    "]",
    "{",
    "}",
    "&",
    "*",
    "!",
    "|",
    ">",
    "'",
    "\"",
    "%",
    "@",
    "`",
    "\\",
    "~",
    "<<",
    "=",
    "_",
    "+",
    ".",
    "e",
    "0",
    "1",
    "12",
    "0x1f",
    "0o7",
    "0b1",
    "1_0",
    ".5",
    "1e3",
    ".inf",
    "-.Inf",
    ".nan",
    "null",
    "true",
    "No",
    "y",
    "a",
    "b c",
    "---",
    "...",
    "2022-10",
    "-10",
    "T15:",
    "12:3",
    ": ",
    " #",
    "- ",
    "\xc3\xa9",
    "\xe2\x80\xa8",
    "\x01",
    "\xef\xbb\xbf",
    "\xf0\x9f\x98\x80",
};

static slice make_text(struct maker *m)
{
    struct buf b = buf_new(m->arena, 1 << 16);
    for (unsigned n = pick(m, 5); n; n--)
        buf_put(&b, slice_of(pieces[pick(m, COUNT(pieces))]));
    static const slice fillers[] = {SLICE("long key "), SLICE("\n"), SLICE("\x01"), SLICE("\xc3\xa9")};
    if (pick(m, 100) == 0)
        for (size_t most = pick(m, 1100), i = pick(m, 4); b.n < most;)
            buf_put(&b, fillers[i]);
    return buf_slice(&b);
}

static struct node *make_tree(struct maker *m, unsigned depth)
{
    static const double reals[] = {1.5, -0.25, 1e21, 1e-7, 1.5e300, 5e-324, 123456789.125};
    enum node_kind kind = (enum node_kind)pick(m, depth ? NODE_OBJECT + 1 : NODE_STRING + 1);
    struct node *n = node_new(m->arena, pick(m, 2) && depth ? NODE_OBJECT : kind, 0);
    n->boolean = n->kind == NODE_BOOL && pick(m, 2);
    if (n->kind == NODE_INT)
        n->integer = (int64_t)((uint64_t)pick(m, 1u << 30) << pick(m, 33)) * (pick(m, 2) ? 1 : -1);
    if (n->kind == NODE_FLOAT)
        n->real = reals[pick(m, COUNT(reals))];
    if (n->kind == NODE_STRING)
        n->text = make_text(m);
    for (unsigned i = n->kind >= NODE_ARRAY ? pick(m, 4) : 0; i; i--) {
        slice key = n->kind == NODE_OBJECT ? make_text(m) : (slice){0};
        if (n->kind == NODE_OBJECT && node_get(n, key))
            continue;
        struct node *child = make_tree(m, depth - 1);
        child->key = key;
        node_append(n, child);
    }
    return n;
}

static void reads_back(void **state)
{
    for (unsigned i = 0; i < 3000; i++) {
        arena_reset(*state);
        struct maker m = {*state, i};
        struct node *root = node_new(m.arena, NODE_OBJECT, 0), *tree = make_tree(&m, 4);
        tree->key = LIT("tree");
        node_append(root, tree);
        struct buf b = buf_new(m.arena, 1 << 20);
        node_put_yaml(&b, root, false);
        struct findings f = findings_new(m.arena);
        struct stream *stream = stream_read(m.arena, buf_slice(&b), &f);
        const char *label = arena_cstr(m.arena, buf_slice(&b));
        if (f.first)
            print_error("%.*s\n", FMT(f.first->message));
        assert_row(label, f.count == 0 && stream->count == 1);
        assert_row(label, node_equal(stream->first->root, root));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(layout),
        cmocka_unit_test(quotes),
        cmocka_unit_test(order_and_flags),
        cmocka_unit_test(reads_back),
    };
    return cmocka_run_group_tests(tests, open_arena, close_arena);
}
