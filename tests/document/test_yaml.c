/* YAML: what scalars, keys, merges and aliases mean to kubectl, and how faults are reported. */
#include "check.h"

#include "brgate_limits.h"
#include "document.h"
#include "position.h"

static struct arena *arena;
static struct findings found;

static int setup(void **state)
{
    (void)state;
    arena = arena_new(LIMIT_ARENA_BYTES);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    arena_free(arena);
    return 0;
}

static struct stream *read(slice text)
{
    arena_reset(arena);
    found = findings_new(arena);
    return stream_read(arena, text, &found);
}

/* The documents as JSON, a line each; "-" is a broken one. */
static slice documents(const struct stream *s)
{
    struct buf b = buf_new(arena, SIZE_MAX / 2);
    for (const struct document *d = s->first; d; d = d->next) {
        if (b.n)
            buf_char(&b, '\n');
        if (d->root)
            node_put_json(&b, d->root, false);
        else
            buf_char(&b, '-');
    }
    return buf_slice(&b);
}

/* The findings as "line:column rule: message", a line each. */
static slice complaints(slice text)
{
    struct buf b = buf_new(arena, SIZE_MAX / 2);
    const struct line_table *lines = line_table_new(arena, text);
    for (const struct finding *x = found.first; x; x = x->next) {
        uint32_t from, to;
        place_span(x->place, text, &from, &to);
        struct position p = position_of(lines, from);
        buf_fmt(&b, "%s%u:%u %s: %.*s", b.n ? "\n" : "", p.line, p.column, x->rule->slug, FMT(x->message));
    }
    return buf_slice(&b);
}

struct row {
    const char *in, *out;
};

static void check_rows(const struct row *rows, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        slice got = documents(read(slice_of(rows[i].in)));
        assert_slice(rows[i].in, got, slice_of(rows[i].out));
    }
}

#define CHECK_ROWS(rows) check_rows((rows), COUNT(rows))

static void scalars_mean_what_go_yaml_says(void **state)
{
    (void)state;
    static const struct {
        const char *scalars, *value; /* several scalars, parted by blanks, that mean the same */
    } rows[] = {
        {"y Y yes Yes YES true True TRUE on On ON", "true"},
        {"n N no No NO false False FALSE off Off OFF", "false"},
        {"~ null Null NULL", "null"},
        {"0777 511 0x1ff 0X1FF 0o777 0b111111111 5_1_1 +511 +0x1ff 51_1. 5.11e2", "511"},
        {"-0777 -511 -0x1ff -0b111111111 0b-111111111", "-511"},
        {"08 8 8.0 8. 8e0 0b1000 0b+1000", "8"},
        {"1_000 1e3 1E+3 1000.0 10000e-1", "1000"},
        {"0 -0 0x0 00 0. -0.0 .0 0e9 1e-400", "0"},
        {".5 0.5 5e-1 +.5 .5_0 00.5", "0.5"},
        {"-.5e1 -5", "-5"},
        {"9223372036854775807 0x7fffffffffffffff", "9223372036854775807"},
        {"-9223372036854775808 -0x8000000000000000", "-9223372036854775808"},
        {"12345678901234567890", "12345678901234567000"},
        {"18446744073709551616 1.8446744073709552e19", "18446744073709552000"},
        {"4611686018427387904.0", "4611686018427388000"},
        {"1e21", "1e+21"},
        {"1.10", "1.1"},
    };
    for (size_t i = 0; i < COUNT(rows); i++) {
        for (slice rest = slice_of(rows[i].scalars); rest.n;) {
            size_t blank = slice_find_char(rest, ' ');
            slice scalar = slice_cut(rest, 0, blank);
            rest = blank == SLICE_NONE ? (slice){0} : slice_from(rest, blank + 1);
            slice text = arena_fmt(arena, "v: %.*s\n", FMT(scalar)),
                  want = arena_fmt(arena, "{\"v\":%s}", rows[i].value);
            char in[100], out[100];
            snprintf(in, sizeof in, "%.*s", FMT(text));
            snprintf(out, sizeof out, "%.*s", FMT(want));
            check_rows(&(struct row){in, out}, 1);
        }
    }
}

static void other_scalars_are_strings(void **state)
{
    (void)state;
    static const char *const rows[] = {
        "tRUE",
        "yEs",
        "nULL",
        "1:30:00",
        "2024-01-02",
        "2024-01-02T03:04:05Z",
        "0x",
        "0b2",
        "0o8",
        "1e400",
        "1e",
        "e3",
        ".",
        "..",
        "._5",
        ".5__0",
        ".5_",
        "1.2.3",
        "--1",
        "+-1",
        "=",
        "1k",
        "0xg",
        "a:b",
        "a#b",
        "/5 * * * *",
        "-a",
        "${x}",
        "0x@70",
        "_1x",
        "Inf",
        "nan",
        "\xc3\xa9",
        "0b-2",
        "+",
        "1 2",
        "+0xffffffffffffffff",
    };
    for (size_t i = 0; i < COUNT(rows); i++) {
        char in[100], out[100];
        snprintf(in, sizeof in, "v: %s\n", rows[i]);
        snprintf(out, sizeof out, "{\"v\":\"%s\"}", rows[i]);
        check_rows(&(struct row){in, out}, 1);
    }
}

static void quotes_blocks_and_tags(void **state)
{
    (void)state;
    static const struct row rows[] = {
        {"v: \"yes\"", "{\"v\":\"yes\"}"},
        {"v: 'it''s'", "{\"v\":\"it's\"}"},
        {"v: \"\\x41\\u00e9\\U0001F600\\n\\0\"", "{\"v\":\"A\xc3\xa9\xf0\x9f\x98\x80\\n\\u0000\"}"},
        {"v: \"a\n  b\n\n  c\"", "{\"v\":\"a b\\nc\"}"},
        {"v: |\n  a\n   b\nw: 1", "{\"v\":\"a\\n b\\n\",\"w\":1}"},
        {"v: >-\n  a\n  b\n", "{\"v\":\"a b\"}"},
        {"v: |\n  12\n", "{\"v\":\"12\\n\"}"},
        {"v:", "{\"v\":null}"},
        {"v: !!str 1", "{\"v\":\"1\"}"},
        {"v: !!str", "{\"v\":\"\"}"},
        {"v: ! yes", "{\"v\":\"yes\"}"},
        {"v: !x 1", "{\"v\":\"1\"}"},
        {"v: !!int \"5\"", "{\"v\":5}"},
        {"v: !!float 1", "{\"v\":1}"},
        {"v: !!bool \"on\"", "{\"v\":true}"},
        {"v: !!null \"\"", "{\"v\":null}"},
        {"v: !!timestamp 2024-1-2", "{\"v\":\"2024-1-2\"}"},
        {"v: !!timestamp 2024-02-29T3:4:5.5Z", "{\"v\":\"2024-02-29T3:4:5.5Z\"}"},
        {"v: !!timestamp 2024-02-29 03:04:05,5", "{\"v\":\"2024-02-29 03:04:05,5\"}"},
        {"v: !!timestamp 2023-02-29", "-"},
        {"v: !!timestamp 5", "-"},
        {"v: !!binary YWI=", "{\"v\":\"ab\"}"},
        {"v: !!binary /w==", "{\"v\":\"\xef\xbf\xbd\"}"},
        {"v: !!binary YWI", "-"},
        {"v: !!int x", "-"},
        {"v: !!float 0xffffffffffffffff", "-"},
        {"v: !!map {a: 1}", "{\"v\":{\"a\":1}}"},
        {"v: .inf", "-"},
        {"v: [.nan]", "-"},
    };
    CHECK_ROWS(rows);
}

static void keys_are_strings(void **state)
{
    (void)state;
    static const struct row rows[] = {
        {"1: a", "{\"1\":\"a\"}"},
        {"0x10: a", "{\"16\":\"a\"}"},
        {"yes: a", "{\"true\":\"a\"}"},
        {"1.5: a", "{\"1.5\":\"a\"}"},
        {"1e3: a", "{\"1000\":\"a\"}"},
        {"1e6: a", "{\"1e+06\":\"a\"}"},
        {"16777217.0: a", "{\"1.6777216e+07\":\"a\"}"},
        {"0.00001: a", "{\"1e-05\":\"a\"}"},
        {".inf: a", "{\".inf\":\"a\"}"},
        {"1e39: a", "{\".inf\":\"a\"}"},
        {"2024-01-02: a", "{\"2024-01-02\":\"a\"}"},
        {"\"\": a", "{\"\":\"a\"}"},
        {"? a\n: b", "{\"a\":\"b\"}"},
        {"{a, b: 1}", "{\"a\":null,\"b\":1}"},
        {"[a: 1]", "[{\"a\":1}]"},
        {"~: a", "-"},
        {"18446744073709551615: a", "-"},
        {"? [a]\n: b", "-"},
        {"{a: b}: c", "-"},
        {"v: {{ .Values.x }}", "-"},
    };
    CHECK_ROWS(rows);
}

static void aliases_and_merges(void **state)
{
    (void)state;
    static const struct row rows[] = {
        {"a: &x 0x10\nb: *x", "{\"a\":16,\"b\":16}"},
        {"a: &x {k: [1]}\nb: *x", "{\"a\":{\"k\":[1]},\"b\":{\"k\":[1]}}"},
        {"a: &x 1\nb: &x 2\nc: *x", "{\"a\":1,\"b\":2,\"c\":2}"},
        {"d: {k: &x 1, k: 2}\na: *x", "{\"d\":{\"k\":2},\"a\":1}"},
        {"&x <<: {k: 1}\na: *x", "{\"k\":1,\"a\":\"\\u003c\\u003c\"}"},
        {"&x a: *x", "{\"a\":\"a\"}"},
        {"a: &x 1.0\n*x : v", "{\"a\":1,\"1\":\"v\"}"},
        {"a: *x", "-"},
        {"a: &x [*x]", "-"},
        {"a: &x {b: {c: *x}}", "-"},
        {"a: &x [1]\n*x : v", "-"},
        {"b: &x {k: 1, l: 2}\na: {<<: *x, k: 3}", "{\"b\":{\"k\":1,\"l\":2},\"a\":{\"l\":2,\"k\":3}}"},
        /* go-yaml v2 writes merged members at the merge key, so they win over those before it */
        {"a: {k: 3, <<: {k: 1}}", "{\"a\":{\"k\":1}}"},
        {"a: {<<: [{k: 1}, {k: 2, l: 2}]}", "{\"a\":{\"l\":2,\"k\":1}}"},
        {"a: {<<: {<<: {k: 1}, l: 2}}", "{\"a\":{\"k\":1,\"l\":2}}"},
        {"a: {\"<<\": {k: 1}}", "{\"a\":{\"\\u003c\\u003c\":{\"k\":1}}}"},
        {"a: <<", "{\"a\":\"\\u003c\\u003c\"}"},
        {"a: {<<: 1}", "-"},
        {"a: {<<: [[{k: 1}]]}", "-"},
        {"x: &x [1]\na: {<<: *x}", "-"},
    };
    CHECK_ROWS(rows);
}

static void streams_are_split_as_kubectl_splits(void **state)
{
    (void)state;
    static const struct row rows[] = {
        {"", ""},
        {"\n# nothing\n", ""},
        {"---\n---\n---\n", ""},
        {"~\n", ""},
        {"a: 1\n---\nb: 2", "{\"a\":1}\n{\"b\":2}"},
        {"---\na: 1\n--- # second\nb: 2\n---\t\n", "{\"a\":1}\n{\"b\":2}"},
        {"a: 1\r\n---\r\nb: |\r\n  x\r\n  y\r\n", "{\"a\":1}\n{\"b\":\"x\\ny\\n\"}"},
        {"\xef\xbb\xbf"
         "a: 1\n---\n\xef\xbb\xbf"
         "b: 2\n",
         "{\"a\":1}\n{\"b\":2}"},
        {"a: |\n  x\n---\n  z\n", "{\"a\":\"x\\n\"}\n\"z\""},
        {"a: 1\n---x\nb: 2\n", "{\"a\":1}\n-"},
        {"--- {a: 1}\n", "-"},
        {"--- |\n", "-"},
        {"--- !!map\na: 1\n", "-"},
        {"--- # a comment\na: 1\n", "{\"a\":1}"},
        {"a: 1\n--- |\n", "{\"a\":1}\n-"},
        {"a: [\n---\nb: 2\n", "-\n{\"b\":2}"},
        {"a: 1\n...\nb: 2\n", "{\"a\":1}"},
        {"{\"a\":1}{\"b\":2} [3]", "{\"a\":1}\n{\"b\":2}\n[3]"},
        {"{\"a\":1}\n---\nb: 2\n", "{\"a\":1}\n{\"b\":2}"},
        {"{\"a\":1}{\"b\":2}\n---\nc: 3\n", "{\"a\":1}\n{\"b\":2}\n-"},
        {"{a: 1}\n---\nb: 2\n", "{\"a\":1}\n{\"b\":2}"},
        {" \n {\"a\":\"\\ud83d\\ude00\"}", "{\"a\":\"\xf0\x9f\x98\x80\"}"},
        {"{\"a\":1e999}", "-"},
        {"{\"a\" 1}", "-"},
        {"null", ""},
        {"[1]", "[1]"},
        /* kubectl takes four bytes at once when it turns from JSON to YAML, and needs them */
        {"{} # c", "{}\n-"},
        {"{} # comment", "{}"},
    };
    CHECK_ROWS(rows);
}

static void lists_become_their_items(void **state)
{
    (void)state;
    static const char text[] =
        "---\nkind: List\nitems:\n- {kind: A, m: 1}\n- kind: B\n---\nkind: BackupList\n"
        "apiVersion: x/v1\nitems: [{m: 2}]\n---\nkind: Pod\nitems: []\n";
    struct stream *s = read(slice_of(text));
    assert_slice(
        "items", documents(s),
        LIT("{\"kind\":\"A\",\"m\":1}\n{\"kind\":\"B\"}\n"
            "{\"m\":2,\"kind\":\"Backup\",\"apiVersion\":\"x/v1\"}\n{\"kind\":\"Pod\",\"items\":[]}"));
    assert_int_equal(s->count, 4);
    const struct document *a = s->first, *b = a->next, *c = b->next, *d = c->next;
    assert_true(a->from_list && a->number == 1 && b->number == 1 && c->number == 2 && d->number == 3 &&
                !d->from_list);
    assert_slice("bytes", slice_cut(slice_of(text), a->at, a->end - a->at), LIT("{kind: A, m: 1}"));
    assert_slice("path", node_path(arena, node_get(a->root, LIT("m"))), LIT("m"));
}

/* As `jq` and `kubectl get A B -o json` make them. */
static void lists_within_lists_become_their_items(void **state)
{
    (void)state;
    static const struct row rows[] = {
        {"[{\"kind\":\"A\"},{\"kind\":\"B\"}]", "{\"kind\":\"A\"}\n{\"kind\":\"B\"}"},
        {"- kind: A\n- [{kind: B}, [{kind: C}]]\n", "{\"kind\":\"A\"}\n{\"kind\":\"B\"}\n{\"kind\":\"C\"}"},
        {"kind: List\nitems:\n- {kind: List, items: [{kind: A}]}\n- {kind: AList, apiVersion: v, items: [{m: "
         "1}]}\n",
         "{\"kind\":\"A\"}\n{\"m\":1,\"kind\":\"A\",\"apiVersion\":\"v\"}"},
        {"[1, {a: 2}]", "[1,{\"a\":2}]"}, /* no objects of Kubernetes */
        {"[]", "[]"},
    };
    CHECK_ROWS(rows);
}

static const struct row faults[] = {
    {"a: b: c\n", "1:5 yaml-syntax: a second key on the same line"},
    {"a: 1\n b: 2\n", "2:2 yaml-syntax: unexpected key: the value above it is already complete"},
    {"a:\n\tb: 1\n", "2:1 yaml-syntax: a tab is used as indentation"},
    {"a:\n  b: 1\n\xc2\xa0\xc2\xa0x: 1\n  c: 2\n",
     "3:1 yaml-syntax: a no-break space (U+00A0) is used instead of a space"},
    {"a:\n  b:\xe3\x80\x80"
     "1\n  c: 2\n",
     "2:5 yaml-syntax: an ideographic space (U+3000) is used instead of a space"},
    {"a:\n  b: \"x\n  c: \xc2\xa0"
     "1\n",
     "2:6 yaml-syntax: the quote opened here is never closed"},
    {"b:\n- \xc2\xa0x\na: \"\\'\"\n", "3:5 yaml-syntax: unknown escape in double quotes"},
    {"# about\n%YAML 1.1\n---\na: 1\n",
     "2:1 yaml-syntax: a YAML directive, which kubectl reads as a separate document"},
    {"a:\n  b: 1\n \tc: 2\n", "3:2 yaml-syntax: a tab is used as indentation"},
    {"a: [1, 2\nb: 3\n", "1:4 yaml-syntax: the list opened here is malformed or not closed"},
    {"a: {b: 1\n", "1:4 yaml-syntax: the mapping opened here is malformed or not closed"},
    {"\xc3\xa9: \"x\nb: 1\n", "1:4 yaml-syntax: the quote opened here is never closed"},
    {"a:\n  - b\n - c\n", "3:2 yaml-syntax: this line's indentation matches no key of its block"},
    {"a: 1\nfoo\n", "2:1 yaml-syntax: this is neither a key with a colon nor part of the previous value"},
    {"a: 'it's'\n", "1:8 yaml-syntax: text after a value that is already complete"},
    {"a: [b] c\n", "1:8 yaml-syntax: text after a value that is already complete"},
    {"a: @x\n", "1:4 yaml-syntax: no value can begin with @"},
    {"- *.*\n", "1:3 yaml-syntax: * and & begin an alias or an anchor, which needs a name"},
    {"- *foo\n", "1:3 yaml-syntax: no such anchor is defined above"},
    {"a: \"\\d\"\n", "1:5 yaml-syntax: unknown escape in double quotes"},
    {"a: \"x\\/\"\n", "1:6 yaml-syntax: unknown escape in double quotes"},
    {"a: \"\\ud83d\\ude00\"\n", "1:7 yaml-syntax: the escape does not name a character"},
    {"a: |x\n", "1:5 yaml-syntax: text after | or > belongs on the next line"},
    {"a: - b\n", "1:4 yaml-syntax: unexpected list item (-)"},
    {"a: [!!str, b]\n", "1:5 yaml-syntax: a tag that continues with punctuation"},
    {"a: {b?: 1}\n", "1:5 yaml-syntax: a value with ? between brackets or braces, where ? begins a key"},
    {"a: {b:}\n", "1:6 yaml-syntax: a colon without a space after it, between brackets or braces"},
    {"a: [::]\n", "1:5 yaml-syntax: a value is missing here"},
    {"~: 1\n", "1:1 yaml-syntax: the key is empty (null), which JSON does not allow"},
    {"a: .inf\n", "1:4 yaml-syntax: JSON has no infinity or nan, so kubectl cannot send this"},
    {"a: !!int x\n", "1:10 yaml-syntax: the value does not match its tag: it is a string"},
    {"a: 1\n---x\n",
     "2:1 yaml-syntax: a line that begins with --- separates documents, and only a comment may "
     "follow on it"},
    {"a: 1\n...\nb: 2\n", "2:4 yaml-syntax: kubectl ignores the rest of this document"},
    {"a: \xff\n", "1:4 yaml-syntax: the text is not UTF-8"},
    {"\xff\xfe"
     "a",
     "1:1 yaml-syntax: the text is not UTF-8"},
    {"a: \x1b[0m\n", "1:4 yaml-syntax: control character U+001B"},
    {"a: x\x7f\n", "1:5 yaml-syntax: control character U+007F"},
    {"a: 1\n\xef\xbb\xbf"
     "b: 2\n",
     "2:1 yaml-syntax: a byte order mark inside the text"},
    {"a: 1\r\xef\xbb\xbf"
     "b: 2\n",
     "1:6 yaml-syntax: a byte order mark inside the text"},
    {"a: 1\xe2\x80\xa8\xef\xbb\xbf"
     "b: 2\n",
     "1:6 yaml-syntax: a byte order mark inside the text"},
    {"\xef\xbb\xbf\xef\xbb\xbf"
     "a: 1\n",
     "1:1 yaml-syntax: a byte order mark inside the text"},
    {"%YAML 1.3\n", "1:1 yaml-syntax: a YAML version that kubectl does not support"},
    {"{\"a\": 1 \"b\": 2}", "1:9 json-syntax: invalid JSON at byte 8: found a string, expected a comma or }"},
    {"{\"b\": {\"a\": 1, \"a\": 2}, \"c\" 3}",
     "1:29 json-syntax: invalid JSON at byte 28: found \"3\", expected a colon after the key\n"
     "1:16 duplicate-key: key \"a\" is set twice in the same object; the last one wins"},
    {"a: 1\nb: 2\na: 3\n", "3:1 duplicate-key: key \"a\" is set twice in the same object; the last one wins"},
    {"a: 1\n<<: {a: 2}\n",
     "2:6 duplicate-key: the merge key sets \"a\" again and replaces the value above it"},
    {"<<: {a: 2}\na: 1\n", ""},
    {"[{b: '\n \t',\n  name:::}]\n",
     "3:9 yaml-syntax: a colon without a space after it, between brackets or braces"},
};

static void faults_are_told_in_plain_words(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(faults); i++) {
        slice text = slice_of(faults[i].in);
        read(text);
        assert_slice(faults[i].in, complaints(text), slice_of(faults[i].out));
    }
    read(LIT("a: 1\0"));
    assert_slice("NUL", complaints(LIT("a: 1\0")), LIT("1:5 yaml-syntax: control character U+0000"));
}

/* Bytes [at, end) of values and keys, with everything before them that makes characters and bytes differ. */
static void nodes_know_where_they_stand(void **state)
{
    (void)state;
    static const char text[] =
        "\xef\xbb\xbf# \xe4\xb8\xad\xe6\x96\x87\r\n\xc3\xa9t\xc3\xa9: 'x\xc3\xa9'\r\nlist:\r\n- \"q\"\r\n"
        "- plain text  # c\r\n- |\r\n  one\r\n  two\r\n\r\nmap: {k: [1, 2]}\r\nempty:\r\n"
        "tag: !!str &a 5\r\nlast: *a\r\n";
    slice all = {text, sizeof text - 1};
    const struct node *root = read(all)->first->root;
    assert_int_equal(found.count, 0);
    const struct node *ete = root->first, *list = node_get(root, LIT("list")), *quoted = list->first,
                      *plain = quoted->next, *block = plain->next, *map = node_get(root, LIT("map")),
                      *empty = node_get(root, LIT("empty")), *tag = node_get(root, LIT("tag")),
                      *last = node_get(root, LIT("last"));
    const struct {
        const char *label;
        const struct node *n;
        slice key, value;
    } rows[] = {
        {"\xc3\xa9t\xc3\xa9", ete, SLICE("\xc3\xa9t\xc3\xa9"), SLICE("'x\xc3\xa9'")},
        {"list", list, SLICE("list"), SLICE("- \"q\"\r\n- plain text  # c\r\n- |\r\n  one\r\n  two")},
        {"quoted", quoted, SLICE(""), SLICE("\"q\"")},
        {"plain", plain, SLICE(""), SLICE("plain text")},
        {"block", block, SLICE(""), SLICE("|\r\n  one\r\n  two")},
        {"map", map, SLICE("map"), SLICE("{k: [1, 2]}")},
        {"inner list", map->first, SLICE("k"), SLICE("[1, 2]")},
        {"inner item", map->first->last, SLICE(""), SLICE("2")},
        {"empty", empty, SLICE("empty"), SLICE("")},
        {"tag", tag, SLICE("tag"), SLICE("5")},
        {"last", last, SLICE("last"), SLICE("5")},
    };
    for (size_t i = 0; i < COUNT(rows); i++) {
        const struct node *n = rows[i].n;
        assert_slice(rows[i].label, slice_cut(all, n->key_at, n->key_end ? n->key_end - n->key_at : 0),
                     rows[i].key);
        assert_slice(rows[i].label, slice_cut(all, n->at, n->end - n->at), rows[i].value);
    }
    assert_true(quoted->flags & NODE_QUOTED && block->flags & NODE_QUOTED && !(plain->flags & NODE_QUOTED));
    assert_true(last->flags & NODE_ALIASED && !(tag->flags & NODE_ALIASED));
    assert_ptr_equal(plain->text.p, text + plain->at);
    assert_slice("block", block->text, LIT("one\ntwo\n"));
}

static void large_whole_floats_are_integers_as_json_has_them(void **state)
{
    (void)state;
    static const struct {
        const char *in;
        enum node_kind kind;
    } rows[] = {
        {"1.0", NODE_INT}, {"1e18", NODE_INT}, {"1e19", NODE_FLOAT}, {"1.5", NODE_FLOAT}, {"-0.0", NODE_INT}};
    for (size_t i = 0; i < COUNT(rows); i++) {
        const struct node *n = read(slice_of(rows[i].in))->first->root;
        assert_row(rows[i].in, n->kind == rows[i].kind);
        assert_slice("text", n->text, slice_of(rows[i].in));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(scalars_mean_what_go_yaml_says, setup, teardown),
        cmocka_unit_test_setup_teardown(other_scalars_are_strings, setup, teardown),
        cmocka_unit_test_setup_teardown(quotes_blocks_and_tags, setup, teardown),
        cmocka_unit_test_setup_teardown(keys_are_strings, setup, teardown),
        cmocka_unit_test_setup_teardown(aliases_and_merges, setup, teardown),
        cmocka_unit_test_setup_teardown(streams_are_split_as_kubectl_splits, setup, teardown),
        cmocka_unit_test_setup_teardown(lists_within_lists_become_their_items, setup, teardown),
        cmocka_unit_test_setup_teardown(lists_become_their_items, setup, teardown),
        cmocka_unit_test_setup_teardown(faults_are_told_in_plain_words, setup, teardown),
        cmocka_unit_test_setup_teardown(nodes_know_where_they_stand, setup, teardown),
        cmocka_unit_test_setup_teardown(large_whole_floats_are_integers_as_json_has_them, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
