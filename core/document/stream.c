/* Splits a stream into documents as apimachinery's YAML-or-JSON decoder does. */
#include "brgate_limits.h"
#include "position.h"
#include "reader.h"
#include "utf8.h"
#include "yaml_reader.h"

#include <string.h>

enum { GUESS_BYTES = 4096 }; /* how far kubectl looks for the brace that makes a stream JSON */

struct splitter {
    struct arena *arena;
    struct findings *findings;
    struct yaml_reader *yaml;
    slice bytes;
    struct stream *stream;
    struct document **last;
    uint32_t number;
    bool full; /* LIMIT_DOCUMENTS */
};

static size_t spaces_at(slice s)
{
    size_t i = 0;
    for (size_t n; (n = utf8_space(slice_from(s, i))) > 0; i += n)
        ;
    return i;
}

static void append(struct splitter *s, struct node *root, uint32_t at, uint32_t end, bool from_list)
{
    struct document *d = ARENA_NEW(s->arena, struct document);
    *d = (struct document){.root = root, .at = at, .end = end, .number = s->number, .from_list = from_list};
    *s->last = d;
    s->last = &d->next;
    s->stream->count++;
}

/* An item of a BackupList may leave kind and apiVersion to the list. */
static void inherit(struct splitter *s, struct node *item, slice kind, const struct node *version)
{
    if (item->kind != NODE_OBJECT || node_get(item, LIT("kind")) || kind.n == 0)
        return;
    struct node *k = node_new(s->arena, NODE_STRING, NODE_DEFAULTED);
    k->key = LIT("kind");
    k->text = kind;
    node_append(item, k);
    if (version && version->kind == NODE_STRING && !node_get(item, LIT("apiVersion"))) {
        struct node *v = node_copy(s->arena, version, NODE_DEFAULTED);
        v->key = LIT("apiVersion");
        node_append(item, v);
    }
}

static bool has_object(const struct node *list)
{
    for (const struct node *item = node_first(list); item; item = node_next(item))
        if (node_get(item, LIT("kind")) || node_get(item, LIT("apiVersion")))
            return true;
    return false;
}

/* The items of a List, or of a list of objects as jq prints it; NULL when the node is an object of its own. */
static const struct node *items_of(const struct node *n, slice *ret_kind)
{
    const struct node *kind = node_get(n, LIT("kind")), *items = node_get(n, LIT("items"));
    *ret_kind = (slice){0};
    if (n && n->kind == NODE_ARRAY)
        return has_object(n) ? n : NULL;
    if (!kind || kind->kind != NODE_STRING || !slice_ends(kind->text, LIT("List")) || !items ||
        items->kind != NODE_ARRAY)
        return NULL;
    *ret_kind = slice_cut(kind->text, 0, kind->text.n - 4);
    return items;
}

/* Each item is a document; those of a list within the list take its place. */
static void add_items(struct splitter *s, const struct node *list, const struct node *items, slice kind)
{
    for (struct node *item = items->first, *next; item; item = next) {
        slice inner_kind;
        next = item->next;
        item->parent = item->next = NULL;
        inherit(s, item, kind, node_get(list, LIT("apiVersion")));
        const struct node *inner = items_of(item, &inner_kind);
        if (inner)
            add_items(s, item, inner, inner_kind);
        else
            append(s, item, item->at, item->end, true);
    }
}

/* Adds what was read as number `s->number`; `root` NULL means broken. */
static void add_document(struct splitter *s, struct node *root, uint32_t at, uint32_t end)
{
    slice kind;
    const struct node *items = items_of(root, &kind);
    if (items)
        add_items(s, root, items, kind);
    else if (!root || root->kind != NODE_NULL)
        append(s, root, at, end, false);
}

/* Counts a document that begins; false when there are too many. */
static bool begin(struct splitter *s, uint32_t at)
{
    if (s->number < LIMIT_DOCUMENTS) {
        s->number++;
        return true;
    }
    if (!s->full) {
        finding_at(s->findings, &rule_document_too_large, FIELD_NONE, at_bytes(at, at),
                   "more than %d documents: the rest is not read", LIMIT_DOCUMENTS);
    }
    s->full = true;
    return false;
}

static bool too_large(struct splitter *s, uint32_t at, size_t length)
{
    if (length <= LIMIT_DOCUMENT_BYTES)
        return false;
    finding_at(s->findings, &rule_document_too_large, FIELD_NONE, at_bytes(at, at + 1),
               "the document has %zu bytes, the limit is %d", length, LIMIT_DOCUMENT_BYTES);
    return true;
}

/* ---- YAML ---- */

/* `separated`: the separator before it is valid. */
static void read_yaml(struct splitter *s, uint32_t at, uint32_t end, bool separated)
{
    struct node *root = NULL;
    if (!begin(s, at))
        return;
    bool good = separated && !too_large(s, at, end - at) && yaml_read(s->yaml, at, end, s->findings, &root);
    if (root || !good)
        add_document(s, root, at, end);
}

/* A line that begins with "---" separates documents wherever it occurs, even inside a block scalar. Only
 * spaces and a comment may follow: otherwise kubectl refuses the document that begins there. */
static bool check_separator(struct splitter *s, uint32_t at, slice line)
{
    slice rest = slice_from(line, 3);
    size_t spaces = spaces_at(rest);
    if (spaces == rest.n || rest.p[spaces] == '#')
        return true;
    uint32_t end = at + (uint32_t)line.n;
    while (end > at + 3 && (s->bytes.p[end - 1] == '\n' || s->bytes.p[end - 1] == '\r'))
        end--;
    struct finding *x =
        finding_at(s->findings, &rule_yaml_syntax, FIELD_NONE, at_bytes(at, end),
                   "a line that begins with --- separates documents, and only a comment may follow on it");
    finding_hint(x, "begin the document on the next line; text that begins with --- must be indented");
    return false;
}

static slice line_at(slice bytes, uint32_t at)
{
    slice rest = slice_from(bytes, at);
    size_t n = slice_find_char(rest, '\n');
    return slice_cut(rest, 0, n == SLICE_NONE ? rest.n : n + 1);
}

static void split_yaml(struct splitter *s, uint32_t from)
{
    uint32_t begins = from;
    bool separated = true;
    for (uint32_t at = from; at < s->bytes.n;) {
        slice line = line_at(s->bytes, at);
        bool separator = slice_starts(line, LIT("---"));
        if (separator) {
            bool ends = at > begins;
            if (ends)
                read_yaml(s, begins, at, separated);
            separated = check_separator(s, at, line);
            if (ends) /* a faulty separator belongs to the document that it spoils */
                begins = separated ? at + (uint32_t)line.n : at;
        }
        at += (uint32_t)line.n;
    }
    if (begins < s->bytes.n)
        read_yaml(s, begins, (uint32_t)s->bytes.n, separated);
}

/* ---- JSON ---- */

static bool looks_like_json(slice bytes)
{
    slice head = slice_cut(bytes, 0, GUESS_BYTES);
    return slice_starts(slice_from(head, spaces_at(head)), LIT("{"));
}

static uint32_t json_blanks(slice bytes, uint32_t at)
{
    while (at < bytes.n && (bytes.p[at] == ' ' || (bytes.p[at] && strchr("\t\r\n", bytes.p[at]))))
        at++;
    return at;
}

/* Where kubectl begins to read YAML when JSON has failed: behind white space up to the line's end. It looks
 * at four bytes at a time and gives up when there are fewer. */
static bool yaml_begins(slice bytes, uint32_t behind, uint32_t *ret)
{
    for (uint32_t at = behind; bytes.n - at >= 4;) {
        size_t n = utf8_space(slice_from(bytes, at));
        *ret = at + (uint32_t)n;
        if (n == 0 || bytes.p[at] == '\n')
            return true;
        at += (uint32_t)n;
    }
    return false;
}

/* Returns whether the broken document looks like JSON rather than YAML's flow style, and the JSON error is
 * inside it. */
static bool json_fits(slice bytes, const struct document *d, const struct finding *complaint)
{
    uint32_t brace = json_blanks(bytes, d->at), quote = json_blanks(bytes, brace + 1), from, to;
    place_span(complaint->place, bytes, &from, &to);
    return from >= d->at && from < d->end && brace < bytes.n && bytes.p[brace] == '{' && quote < bytes.n &&
           (bytes.p[quote] == '"' || bytes.p[quote] == '}');
}

static bool is_it(const struct finding *x, const void *it)
{
    return x == it;
}

/* The last finding in a document is the one at which its reader stopped: maybe at its very end, where a faulty separator
 * has one of its own. */
static const struct finding *last_in(const struct findings *f, slice bytes, const struct document *d)
{
    const struct finding *last = NULL;
    for (const struct finding *x = f->first; x; x = x->next) {
        uint32_t from, to;
        place_span(x->place, bytes, &from, &to);
        if (from >= d->at && (from < d->end || (from == d->end && to == from)))
            last = x;
    }
    return last;
}

static const struct finding *last_of(const struct findings *f)
{
    const struct finding *last = f->first;
    while (last && last->next)
        last = last->next;
    return last;
}

/* The rest of a stream that is not JSON after all. When it is not YAML either, the complaint that fits the text better
 * stays: that about JSON, the last of `json`, when it fits the first document. All other faults both readers have
 * found: those of the YAML reader stay. */
static void fall_back(struct splitter *s, uint32_t behind, struct findings *json)
{
    uint32_t from;
    if (!yaml_begins(s->bytes, behind, &from)) {
        findings_move(s->findings, json, NULL, NULL);
        if (begin(s, behind))
            append(s, NULL, behind, (uint32_t)s->bytes.n, false);
        return;
    }
    struct document **first = s->last;
    struct findings *all = s->findings, yaml = findings_new(s->arena);
    s->findings = &yaml;
    split_yaml(s, from);
    s->findings = all;
    bool broken = *first && !(*first)->root;
    const struct finding *of_yaml = broken ? last_in(&yaml, s->bytes, *first) : NULL,
                         *of_json = of_yaml ? last_of(json) : NULL;
    struct findings worse = findings_new(s->arena);
    if (of_json && json_fits(s->bytes, *first, of_json)) {
        findings_move(all, json, is_it, of_json);
        findings_move(&worse, &yaml, is_it, of_yaml);
    }
    findings_move(all, &yaml, NULL, NULL);
}

/* JSON values in a row. */
static void split_json(struct splitter *s)
{
    uint32_t behind = 0;
    for (size_t values = 0;; values++) {
        uint32_t at = json_blanks(s->bytes, behind);
        if (at == s->bytes.n)
            return;
        struct findings json = findings_new(s->arena);
        size_t pos = at;
        bool refused;
        struct node *root = json_read_at(s->arena, s->bytes, &pos, &json, &refused);
        if (!root && !refused && values <= 1) { /* kubectl is not yet sure that it reads JSON */
            fall_back(s, behind, &json);
            return;
        }
        findings_move(s->findings, &json, NULL, NULL);
        if (!begin(s, at))
            return;
        if (root && too_large(s, at, pos - at))
            root = NULL;
        add_document(s, root, at, root ? (uint32_t)pos : (uint32_t)s->bytes.n);
        if (!root)
            return;
        behind = (uint32_t)pos;
    }
}

struct stream *stream_read(struct arena *a, slice bytes, struct findings *f)
{
    struct stream *stream = ARENA_NEW(a, struct stream);
    stream->bytes = bytes;
    struct splitter s = {.arena = a, .findings = f, .bytes = bytes, .stream = stream, .last = &stream->first};
    if (bytes.n > LIMIT_STREAM_BYTES) {
        finding_at(s.findings, &rule_document_too_large, FIELD_NONE, at_bytes(0, 1),
                   "the file has %zu bytes, the limit is %d", bytes.n, LIMIT_STREAM_BYTES);
        append(&s, NULL, 0, LIMIT_STREAM_BYTES, false);
        return stream;
    }
    s.yaml = yaml_reader_new(a, bytes);
    if (looks_like_json(bytes))
        split_json(&s);
    else
        split_yaml(&s, 0);
    return stream;
}
