/* Following a hint word by word, or applying its edit, removes the finding and adds no error. Over every fixture, as a
 * manifest, on create and on update, and for every hint whose form says exactly what to do. */
#include "check.h"

#include "builtin_schemas.h"
#include "fixtures.h"
#include "schema.h"

#include <string.h>

static struct gate *gate;
static unsigned tried, faults;

/* ---- objects, as JSON text so that they can be changed and read again ---- */

struct trial {
    struct arena *arena;
    const char *slug;
    enum context context;
    slice object, old; /* old: UPDATE only */
};

static struct node *read_one(struct arena *a, slice text)
{
    struct findings unread = findings_new(a);
    const struct document *d = stream_read(a, text, &unread)->first;
    return d ? d->root : NULL;
}

static slice json_of(struct arena *a, const struct node *root)
{
    struct buf b = buf_new(a, 1 << 20);
    node_put_json(&b, root, false);
    return buf_slice(&b);
}

static const struct verdict *judge(const struct trial *t, slice object)
{
    struct arena *a = t->arena;
    if (t->context == CONTEXT_MANIFEST)
        return verdict_manifest(gate, a, object, FIXTURE_NOW)->first;
    struct change change = {.context = t->context, .object = read_one(a, object)};
    change.kind =
        gate_kind(gate, node_text_at(change.object, "apiVersion"), node_text_at(change.object, "kind"));
    if (!change.kind)
        return NULL;
    if (t->context == CONTEXT_UPDATE)
        change.old_object = read_one(a, t->old);
    return verdict_change(gate, a, &change, false, FIXTURE_NOW);
}

/* What becomes wrong because the author's meaning has become clear: a name that is too long for a log backup, a stop of
 * what has not been started. */
static bool follows(const struct diagnostic *d, const struct diagnostic *new)
{
    static const char *const pairs[][2] = {{"schema-enum", "name-too-long"},
                                           {"schema-enum", "log-create-with-stop"},
                                           {"provider-unknown", "compact-storage-differs"},
                                           {"schema-type", "templates-cluster-differ"},
                                           {"time-zone-unclear", "compact-ts"},
                                           {"compact-ts", "compact-ts"}}; /* the second: in the wrong order */
    for (size_t i = 0; i < COUNT(pairs); i++)
        if (strcmp(d->rule->slug, pairs[i][0]) == 0 && strcmp(new->rule->slug, pairs[i][1]) == 0)
            return !slice_eq(new->hint, d->hint);
    return false;
}

static unsigned count_of(const struct verdict *v, const struct diagnostic *d)
{
    unsigned n = 0;
    for (size_t i = 0; i < v->diagnostic_count; i++)
        n += v->diagnostics[i].rule == d->rule && slice_eq(v->diagnostics[i].path, d->path);
    return n;
}

static bool stays(const struct verdict *before, const struct verdict *after, const struct diagnostic *d)
{
    for (size_t i = 0; i < after->diagnostic_count; i++)
        if (after->diagnostics[i].rule == d->rule && follows(d, &after->diagnostics[i]))
            return false;
    return count_of(after, d) >= count_of(before, d);
}

/* ---- what a hint says ---- */

enum action { NOTHING, SET, RENAME, REMOVE };

struct advice {
    enum action action;
    bool instead; /* of the field at the path */
    slice name;   /* of a member beside the one at the path, or below it; empty: that one */
    slice value;  /* as YAML, or the new name */
    slice also;   /* "NAME: VALUE" beside it; empty: nothing */
};

/* The first thing that is named, without what follows: "write 24h, or ...". */
static slice first_of(slice s)
{
    static const slice ends[] = {SLICE("; "),   SLICE(", "),   SLICE(" or "),
                                 SLICE(" if "), SLICE(" to "), SLICE(": ")};
    for (size_t i = 0; i < COUNT(ends); i++)
        s = slice_cut(s, 0, slice_find(s, ends[i]));
    return slice_trim(s);
}

static bool is_one_word(slice s)
{
    return s.n && slice_find_char(s, ' ') == SLICE_NONE && slice_find_char(s, '<') == SLICE_NONE;
}

static bool is_field(slice s)
{
    for (size_t i = 0; i < s.n; i++)
        if (!((s.p[i] >= 'a' && s.p[i] <= 'z') || (s.p[i] >= 'A' && s.p[i] <= 'Z') || s.p[i] == '.' ||
              (i && s.p[i] >= '0' && s.p[i] <= '9')))
            return false;
    return s.n > 0;
}

static struct advice read_assignment(slice rest)
{
    size_t colon = slice_find(rest, LIT(": "));
    slice name = slice_cut(rest, 0, colon);
    if (colon == SLICE_NONE || !is_field(name))
        return (struct advice){0};
    slice value = slice_from(rest, colon + 2);
    bool instead = slice_ends(value, LIT(" instead"));
    if (instead)
        value.n -= LIT(" instead").n;
    size_t and = slice_find(value, LIT(" and "));
    slice also = and == SLICE_NONE ? (slice){0} : slice_from(value, and+5);
    value = slice_cut(value, 0, and);
    if (value.n && value.p[0] != '[' && value.p[0] != '{' && value.p[0] != '"')
        value = first_of(value);
    bool known = slice_find_char(value, '<') == SLICE_NONE && slice_find_char(also, '<') == SLICE_NONE;
    return known ? (struct advice){SET, instead, name, value, also} : (struct advice){0};
}

static bool is_of_key(const char *slug)
{
    static const char *const slugs[] = {"unknown-field", "wrong-group-field", "compact-span-name",
                                        "api-version"};
    for (size_t i = 0; i < COUNT(slugs); i++)
        if (strcmp(slug, slugs[i]) == 0)
            return true;
    return false;
}

/* The reason comes first: "Sunday is 0: write 0 2 * * 0", "for one per hour write "0 * * * *"": an expression of cron has
 * spaces. */
static struct advice read_reasoned(const struct diagnostic *d)
{
    bool cron = slice_starts(slice_of(d->rule->slug), LIT("cron-"));
    size_t at = slice_find(d->hint, cron ? LIT("write ") : LIT(": write "));
    slice text = slice_from(d->hint, at == SLICE_NONE ? d->hint.n : at + (cron ? 6 : 8));
    if (cron)
        text = slice_cut(text, 0, slice_find(text, LIT(", for ")));
    else
        text = first_of(text);
    bool whole = cron && text.n && text.p[0] != '*' && slice_find(text, LIT(" for ")) == SLICE_NONE;
    if (slice_eq(text, LIT("one")) || (!whole && !is_one_word(text))) /* "it has no value: write one" */
        return (struct advice){0};
    if (cron && slice_find_char(text, ' ') == SLICE_NONE) /* a part of it */
        return (struct advice){0};
    return (struct advice){.action = SET, .value = text};
}

static struct advice read_hint(const struct diagnostic *d)
{
    static const slice adds[] = {SLICE("add, for example, "), SLICE("add "), SLICE("write ")};
    slice hint = d->hint;
    bool of_key = is_of_key(d->rule->slug);
    if (slice_starts(hint, LIT("remove it")) || slice_starts(hint, LIT("omit it")))
        return (struct advice){.action = REMOVE};
    if (slice_starts(hint, LIT("did you mean "))) {
        slice word = slice_cut(slice_from(hint, 13), 0, slice_find_char(slice_from(hint, 13), '?'));
        return (struct advice){of_key ? RENAME : SET, false, {0}, word, {0}};
    }
    if (slice_starts(hint, LIT("omit ")) && is_field(first_of(slice_from(hint, 5))))
        return (struct advice){.action = REMOVE, .name = first_of(slice_from(hint, 5))};
    for (size_t i = 0; i < COUNT(adds); i++) {
        slice rest = slice_from(hint, adds[i].n);
        if (!slice_starts(hint, adds[i]))
            continue;
        struct advice pair = read_assignment(rest);
        if (pair.action || i < 2)
            return pair;
        slice word = rest.p[0] == '"' || rest.p[0] == '[' ? rest : first_of(rest);
        if (is_one_word(word))
            return (struct advice){of_key ? RENAME : SET, false, {0}, word, {0}};
    }
    return read_reasoned(d);
}

/* ---- doing it ---- */

static struct node *child_named(struct node *n, slice name)
{
    for (struct node *c = n->kind == NODE_OBJECT ? n->first : NULL; c; c = c->next)
        if (slice_eq(c->key, name) && !(c->flags & NODE_GONE))
            return c;
    return NULL;
}

/* The node at a path "spec.env[0].name"; the last that exists, and the rest of the path. */
static struct node *walk(struct node *root, slice path, slice *ret_rest)
{
    struct node *n = root;
    while (path.n) {
        size_t end = 0;
        while (end < path.n && path.p[end] != '.' && path.p[end] != '[')
            end++;
        struct node *c = end ? child_named(n, slice_cut(path, 0, end)) : NULL;
        slice rest = slice_from(path, end);
        if (!end && path.p[0] == '[') {
            unsigned number = (unsigned)(path.p[1] - '0');
            c = n->kind == NODE_ARRAY ? n->first : NULL;
            while (c && number--)
                c = c->next;
            rest = slice_from(path, slice_find_char(path, ']') + 1);
        }
        if (!c)
            break;
        n = c;
        path = rest.n && rest.p[0] == '.' ? slice_from(rest, 1) : rest;
    }
    *ret_rest = path;
    return n;
}

static slice parent_path(slice path)
{
    size_t dot = path.n;
    while (dot && path.p[dot - 1] != '.')
        dot--;
    return slice_cut(path, 0, dot ? dot - 1 : 0);
}

static bool set(struct arena *a, struct node *root, slice path, slice value)
{
    slice rest;
    struct node *n = walk(root, path, &rest);
    struct node *wrapper = read_one(a, arena_fmt(a, "x: %.*s\n", FMT(value)));
    const struct node *read = wrapper ? child_named(wrapper, LIT("x")) : NULL;
    struct node *new = read ? node_copy(a, read, 0) : NULL;
    if (!new || slice_find_char(rest, '[') != SLICE_NONE)
        return false;
    bool number = new->kind == NODE_INT || new->kind == NODE_FLOAT;
    if (!rest.n && n->kind == NODE_STRING && number) {
        n->text = value; /* a string stays one */
        return true;
    }
    while (rest.n && n->kind == NODE_OBJECT) {
        size_t dot = slice_find_char(rest, '.');
        struct node *c = dot == SLICE_NONE ? new : node_new(a, NODE_OBJECT, 0);
        c->key = slice_cut(rest, 0, dot);
        node_append(n, c);
        if (dot == SLICE_NONE)
            return true;
        n = c;
        rest = slice_from(rest, dot + 1);
    }
    if (rest.n || !n->parent)
        return false;
    new->key = n->key;
    struct node *above = n->parent;
    n->flags |= NODE_SHADOWED;
    new->next = n->next;
    new->parent = above;
    n->next = new;
    if (above->last == n)
        above->last = new;
    return true;
}

/* Where `br.timeAgo`, written in a hint on spec.s3.prefix, is meant: below the nearest block that has its beginning, else
 * beside the field. */
static slice resolve(struct arena *a, struct node *root, const struct diagnostic *d, slice name)
{
    slice path = d->path, last = slice_from(path, parent_path(path).n ? parent_path(path).n + 1 : 0), rest;
    if (!name.n || slice_eq(last, name))
        return path;
    size_t dot = slice_find_char(name, '.');
    if (slice_starts(name, LIT("spec.")) || slice_starts(name, LIT("metadata.")))
        return name;
    slice up = parent_path(path);
    for (slice above = up; dot != SLICE_NONE && above.n; above = parent_path(above)) {
        struct node *n = walk(root, above, &rest);
        if (!rest.n && child_named(n, slice_cut(name, 0, dot)))
            return arena_fmt(a, "%.*s.%.*s", FMT(above), FMT(name));
    }
    return up.n ? arena_fmt(a, "%.*s.%.*s", FMT(up), FMT(name)) : name;
}

static bool set_also(struct arena *a, struct node *root, slice path, slice also)
{
    size_t colon = slice_find(also, LIT(": "));
    if (!also.n)
        return true;
    return colon != SLICE_NONE &&
           set(a, root, arena_fmt(a, "%.*s.%.*s", FMT(parent_path(path)), FMT(slice_cut(also, 0, colon))),
               slice_from(also, colon + 2));
}

static bool follow(struct arena *a, struct node *root, const struct diagnostic *d,
                   const struct advice *advice)
{
    slice rest, path = resolve(a, root, d, advice->name);
    struct node *n = walk(root, path, &rest);
    bool a_block = advice->name.n && strcmp(d->rule->slug, "schema-type") == 0; /* where the finding is */
    if (a_block)
        return set(a, root, d->path, arena_fmt(a, "{%.*s: %.*s}", FMT(advice->name), FMT(advice->value)));
    if (advice->action == RENAME && advice->value.p[0] == '{')
        return set(a, root, parent_path(d->path), advice->value);
    if (advice->instead)
        walk(root, d->path, &rest)->flags |= NODE_SHADOWED;
    if (n->kind == NODE_STRING && strcmp(d->rule->slug, "schema-type") == 0)
        n->kind = NODE_NULL; /* a string is what it must not be */
    if (advice->action == SET)
        return set(a, root, path, advice->value) && set_also(a, root, path, advice->also);
    if (rest.n || !n->parent)
        return false;
    if (advice->action == REMOVE)
        n->flags |= NODE_SHADOWED;
    else
        n->key = advice->value;
    return true;
}

/* ---- the property ---- */

static void fault(const struct trial *t, const struct diagnostic *d, const char *what,
                  const struct diagnostic *other)
{
    static const char *const contexts[] = {"manifest", "create", "update", "delete"};
    print_error("%s (%s): %.*s [%s]: \"%.*s\": %s", t->slug, contexts[t->context], FMT(d->path),
                d->rule->slug, FMT(d->hint), what);
    if (other)
        print_error(" %.*s: %.*s [%s]", FMT(other->path), FMT(other->message), other->rule->slug);
    print_error("\n");
    faults++;
}

static void try_hint(const struct trial *t, const struct verdict *before, const struct diagnostic *d)
{
    struct advice advice = read_hint(d);
    struct node *root = read_one(t->arena, t->object);
    if (!advice.action || !follow(t->arena, root, d, &advice))
        return;
    tried++;
    slice text = json_of(t->arena, root);
    const struct verdict *after = judge(t, text);
    if (before->status == VERDICT_BROKEN) /* it is judged for the first time */
        return;
    if (!after || stays(before, after, d)) {
        fault(t, d, "it stays", NULL);
        print_error("   %.*s\n", FMT(text));
        return;
    }
    for (size_t i = 0; i < after->diagnostic_count; i++) {
        const struct diagnostic *new = &after->diagnostics[i];
        if (new->severity == SEVERITY_ERROR && count_of(after, new) > count_of(before, new) &&
            !follows(d, new))
            fault(t, d, "it brings", new);
    }
}

static void try_all(const struct trial *t)
{
    const struct verdict *before = judge(t, t->object);
    for (size_t i = 0; before && i < before->diagnostic_count; i++)
        if (before->status != VERDICT_SKIPPED)
            try_hint(t, before, &before->diagnostics[i]);
}

static void try_documents(const struct fixture *f, enum context context)
{
    struct arena *a = arena_new((size_t)1 << 28);
    struct findings unread = findings_new(a);
    const struct document *old = f->old.n ? stream_read(a, f->old, &unread)->first : NULL;
    for (const struct document *d = stream_read(a, f->manifest, &unread)->first; d; d = d->next) {
        struct trial t = {a, f->slug, context, d->root ? json_of(a, d->root) : (slice){0}, {0}};
        if (old && old->root)
            t.old = json_of(a, old->root);
        if (t.object.n && (context != CONTEXT_UPDATE || t.old.n))
            try_all(&t);
        old = old ? old->next : NULL;
    }
    arena_free(a);
}

static void test_fixtures(void **state)
{
    (void)state;
    struct arena *a = arena_new((size_t)1 << 28);
    const struct policy policy = {0};
    gate = gate_open(&policy, &builtin_schemas);
    const struct fixtures all = fixtures_read(a, NULL, 0);
    for (size_t i = 0; i < all.count; i++) {
        try_documents(&all.items[i], CONTEXT_MANIFEST);
        try_documents(&all.items[i], CONTEXT_CREATE);
        try_documents(&all.items[i], CONTEXT_UPDATE);
    }
    print_message("%u hints followed\n", tried);
    assert_int_equal(faults, 0);
    gate_close(gate);
    arena_free(a);
}

/* ---- generated objects: right ones with one value that is wrong ---- */

static const char *const wrong[] = {
    "7d",
    "P7D",
    "PT36H",
    "1w",
    "0 2 * * * *",
    "0 0 2 * * ?",
    "@daily ",
    "CHANGEME",
    ".",
    "./dumps",
    "/dumps//b/",
    "2GB",
    "1.5g",
    "true",
    "Yes",
    "My_Name",
    "a b",
    "s3.us-west-2.amazonaws.com",
    "minio:9000",
    "s3://dumps/x",
    "https://minio:9000/x?y",
    "2022-10-10",
    "2022-10-10 10:00:00",
    "1665331200",
    "1665331200000",
    "aliyun",
    "s3",
    "gcs",
    "pitr",
    "incremental",
    "delete",
    "always",
    "STOP",
    "log-resume",
    "standard-ia",
    "GLACIER",
    "Cool ",
    "AES-256",
    "publicRead",
    "us-east-1a",
    "*.*.*",
    "shop",
    "!mysql.*",
    "--checksum = false",
    "[]",
    "{}",
    "-1",
    "1.5",
    "99999999999",
    "null",
    "[x, y]",
    "{name: x}",
};

static void try_leaf(struct trial *t, slice json, slice path, slice value)
{
    struct arena *a = arena_new((size_t)1 << 26);
    struct node *root = read_one(a, json);
    if (set(a, root, path, value)) {
        struct trial one = {a, t->slug, t->context, json_of(a, root), {0}};
        try_all(&one);
    }
    arena_free(a);
}

static void try_leaves(struct trial *t, const struct node *n)
{
    bool leaf = n->kind != NODE_OBJECT && n->kind != NODE_ARRAY;
    slice path = node_path(t->arena, n);
    if (!slice_starts(path, LIT("spec")) && path.n && !slice_eq(path, LIT("metadata.name")) &&
        !slice_eq(path, LIT("metadata")))
        return;
    for (size_t i = 0; leaf && i < COUNT(wrong); i++) {
        slice text = slice_of(wrong[i]);
        try_leaf(t, t->object, path, text);
    }
    for (const struct node *c = node_first(n); c; c = node_next(c))
        try_leaves(t, c);
}

static void test_generated(void **state)
{
    static const char *const slugs[] = {"s3-acl-value",        "gcs-values",      "azblob-tier",
                                        "log-filter",          "compact-ts",      "env-reserved",
                                        "from-required",       "local-mount",     "no-retention",
                                        "retry-policy-sane",   "dumpling-filter", "compact-interval-range",
                                        "table-filter-syntax", "timeago-syntax"};
    (void)state;
    struct arena *a = arena_new((size_t)1 << 28);
    const struct policy policy = {0};
    gate = gate_open(&policy, &builtin_schemas);
    tried = faults = 0;
    const struct fixtures all = fixtures_read(a, (char *const *)(uintptr_t)slugs, COUNT(slugs));
    for (size_t i = 0; i < all.count; i++) {
        struct findings unread = findings_new(a);
        const struct document *d = stream_read(a, all.items[i].manifest, &unread)->first;
        struct trial t = {
            a, all.items[i].slug, CONTEXT_MANIFEST, d && d->root ? json_of(a, d->root) : (slice){0}, {0}};
        if (all.items[i].side == SILENT && t.object.n)
            try_leaves(&t, d->root);
    }
    print_message("%u hints followed\n", tried);
    assert_int_equal(faults, 0);
    gate_close(gate);
    arena_free(a);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_fixtures), cmocka_unit_test(test_generated)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
