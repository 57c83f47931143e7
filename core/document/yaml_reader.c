/* Reads YAML as kubectl does: libyaml parses the events, go-yaml's rules give them their meaning. */
#include "yaml_reader.h"

#include "brgate_limits.h"
#include "num.h"
#include "yaml_scalar.h"

#include <math.h>
#include <string.h>
#include <yaml.h>

/* What may come next in an open collection. */
enum expect { ITEM, KEY, VALUE, MERGE, MERGE_ITEM };

struct anchor {
    struct anchor *children[4]; /* a trie by the bits of the name's hash */
    slice name;
    struct node *node;         /* a copy of nothing: the anchored node itself */
    struct yaml_scalar scalar; /* what it means as a key */
    uint64_t weight;           /* decode operations of go-yaml, aliases inside expanded */
    bool open;                 /* still being read: an alias would contain itself */
};

struct frame {
    struct node *node;
    struct anchor *anchor;
    uint64_t decodes; /* before this collection */
    slice key;        /* of the value that comes next */
    uint32_t key_at, key_end;
    enum expect expect;
    bool flow;
};

/* libyaml's own memory, closed with the arena. */
struct yaml_run {
    yaml_parser_t parser;
    yaml_event_t event;
    bool open;
};

struct yaml_reader {
    struct arena *arena;
    struct findings *findings;
    struct node_pool pool;
    struct yaml_source source;
    struct yaml_run run;
    uint32_t last_end; /* of the last scalar, alias or bracket */
    struct node *root;
    struct anchor *anchors;
    uint64_t decodes, alias_decodes;
    size_t expanded; /* in all documents: memory of a stream follows its size */
    unsigned depth;
    struct frame frames[LIMIT_DEPTH + 1];
};

static void close_run(void *resource)
{
    struct yaml_run *run = resource;
    if (!run->open)
        return;
    run->open = false;
    yaml_event_delete(&run->event);
    yaml_parser_delete(&run->parser);
}

struct yaml_reader *yaml_reader_new(struct arena *a, slice stream)
{
    struct yaml_reader *y = ARENA_NEW(a, struct yaml_reader);
    y->arena = y->pool.arena = a;
    y->source.bytes = stream;
    arena_defer(a, close_run, &y->run);
    return y;
}

static struct finding *say(struct yaml_reader *y, const struct rule *rule, uint32_t from, uint32_t to,
                           const char *message)
{
    return finding_at(y->findings, rule, FIELD_NONE, at_bytes(from, to), "%s", message);
}

static bool fail(struct yaml_reader *y, uint32_t from, uint32_t to, const char *message, const char *hint)
{
    finding_hint(say(y, &rule_yaml_syntax, from, to, message), "%s", hint);
    return false;
}

/* ---- values ---- */

static uint64_t hash_of(slice s)
{
    uint64_t h = UINT64_C(0xcbf29ce484222325);
    for (size_t i = 0; i < s.n; i++)
        h = (h ^ (unsigned char)s.p[i]) * UINT64_C(0x100000001b3);
    return h ^ h >> 32;
}

/* The place for an anchor of that name: `**slot` is NULL when there is none yet. */
static struct anchor **anchor_slot(struct yaml_reader *y, slice name)
{
    struct anchor **slot = &y->anchors;
    for (uint64_t h = hash_of(name); *slot && !slice_eq((*slot)->name, name); h = h << 2 | h >> 62)
        slot = &(*slot)->children[h >> 62];
    return slot;
}

/* Notes the anchor of the current event, if it has one. */
static struct anchor *anchor_set(struct yaml_reader *y, const yaml_char_t *name, struct node *node)
{
    if (!name)
        return NULL;
    struct anchor **slot = anchor_slot(y, slice_of((const char *)name));
    struct anchor *fresh = ARENA_NEW(y->arena, struct anchor);
    if (*slot) { /* an anchor may be redefined; frames keep the old one */
        *fresh = **slot;
        fresh->open = false;
        fresh->weight = 0;
    } else {
        fresh->name = arena_copy(y->arena, slice_of((const char *)name));
    }
    fresh->node = node;
    *slot = fresh;
    return fresh;
}

/* go-yaml's guard: the share of decode operations that aliases cause sinks from 99 % to 10 %. */
static bool count_decodes(struct yaml_reader *y, uint64_t own, uint64_t from_alias, uint32_t at, uint32_t end)
{
    const double low = 400000, high = 4000000;
    y->decodes += own + from_alias;
    y->alias_decodes += from_alias;
    if (y->alias_decodes <= 100 || y->decodes <= 1000)
        return true;
    double all = (double)y->decodes, share = (double)y->alias_decodes / all;
    double most = all <= low ? 0.99 : all >= high ? 0.10 : 0.99 - 0.89 * ((all - low) / (high - low));
    if (share <= most)
        return true;
    finding_hint(
        say(y, &rule_document_too_large, at, end, "the aliases of this document expand to too many values"),
        "write the values out instead of nesting aliases");
    return false;
}

static bool too_deep(struct yaml_reader *y, uint32_t at, uint32_t end)
{
    slice message = arena_fmt(y->arena, "nested more than %d levels deep", LIMIT_DEPTH);
    finding_hint(say(y, &rule_document_too_deep, at, end, message.p), "look for an unclosed bracket");
    return false;
}

/* Attaches a value where the open collection expects it. */
static void place(struct yaml_reader *y, struct node *n)
{
    struct frame *top = y->depth ? &y->frames[y->depth - 1] : NULL;
    if (!top) {
        y->root = n;
    } else if (top->expect == VALUE) {
        n->key = top->key;
        n->key_at = top->key_at;
        n->key_end = top->key_end;
        member_attach(top->node, n);
        top->expect = KEY;
    } else if (top->expect == ITEM || top->expect == MERGE_ITEM) {
        node_attach(top->node, n);
    }
}

/* A deep copy for an alias or merge key, or NULL and a finding at [at, end). */
static struct node *copy_aliased(struct yaml_reader *y, const struct node *n, unsigned depth, uint32_t at,
                                 uint32_t end)
{
    bool container = n->kind == NODE_ARRAY || n->kind == NODE_OBJECT;
    if (container && depth >= LIMIT_DEPTH) {
        too_deep(y, at, end);
        return NULL;
    }
    if (++y->expanded > LIMIT_EXPANDED_NODES) {
        slice message =
            arena_fmt(y->arena, "aliases add more than %d values to this file", LIMIT_EXPANDED_NODES);
        say(y, &rule_document_too_large, at, end, message.p);
        return NULL;
    }
    struct node *copy = pool_take(&y->pool);
    *copy = *n;
    copy->parent = copy->next = NULL;
    copy->flags |= NODE_ALIASED;
    if (!container)
        return copy;
    copy->first = copy->last = NULL;
    copy->index = NULL;
    copy->count = 0;
    for (const struct node *m = n->first; m; m = m->next) {
        struct node *child = copy_aliased(y, m, depth + 1, at, end);
        if (!child)
            return NULL;
        node_attach(copy, child);
    }
    if (n->index)
        object_index(y->arena, copy);
    return copy;
}

/* Copies the members of `from` into `to`, as if they had been written there. */
static bool merge(struct yaml_reader *y, struct node *to, const struct node *from, uint32_t at, uint32_t end)
{
    for (const struct node *m = from->first; m; m = m->next) {
        if (m->flags & NODE_SHADOWED)
            continue;
        struct node *copy = copy_aliased(y, m, y->depth, at, end);
        if (!copy)
            return false;
        copy->flags |= NODE_MERGED;
        member_attach(to, copy);
    }
    return true;
}

/* ---- events ---- */

/* Moves `*at` behind an event's anchor and tag. go-yaml takes "[!!str, x]" for a tag "!!str,": rather than
 * read one or the other, such a tag is refused. */
static bool skip_properties(struct yaml_reader *y, uint32_t *at, uint32_t end, slice *ret_tag)
{
    uint32_t odd;
    *at = yaml_source_value(&y->source, *at, end, ret_tag, &odd);
    if (!odd)
        return true;
    uint32_t tag = (uint32_t)(ret_tag->p - y->source.bytes.p);
    return fail(y, tag, odd + 1, "a tag that continues with punctuation",
                "put a space after the tag; quote a value that begins with !");
}

/* "- !mysql.*" is a tag without a value, which kubectl reads as an empty text. */
static void report_swallowed_key(struct yaml_reader *y, slice tag)
{
    uint32_t at = (uint32_t)(tag.p - y->source.bytes.p);
    slice message =
        arena_fmt(y->arena, "%.*s is read as a YAML tag, not as text: the value is empty", FMT(tag));
    struct finding *x = say(y, &rule_tag_without_value, at, at + (uint32_t)tag.n, message.p);
    finding_hint(x, "put it in quotes: '%.*s'", FMT(tag));
}

/* A block scalar ends behind its line breaks: for a reader it ends with its text. */
static uint32_t trim_end(const struct yaml_reader *y, uint32_t at, uint32_t end)
{
    const char *p = y->source.bytes.p;
    while (end > at && (p[end - 1] == ' ' || p[end - 1] == '\t' || p[end - 1] == '\n' || p[end - 1] == '\r'))
        end--;
    return end;
}

/* Returns the event's text: in the stream if it occurs there verbatim, otherwise a copy. */
static slice text_of(struct yaml_reader *y, const yaml_event_t *e, uint32_t at, uint32_t end, bool quoted)
{
    slice value = {(const char *)e->data.scalar.value, e->data.scalar.length};
    slice source = quoted && end - at >= 2 ? slice_cut(y->source.bytes, at + 1, end - at - 2)
                                           : slice_cut(y->source.bytes, at, end - at);
    return slice_eq(value, source) ? source : arena_copy(y->arena, value);
}

/* libyaml knows the escape \/ and go-yaml does not. */
static bool check_escapes(struct yaml_reader *y, uint32_t at, uint32_t end)
{
    const char *p = y->source.bytes.p;
    for (uint32_t i = at; i + 1 < end; i++) {
        if (p[i] != '\\')
            continue;
        if (p[i + 1] == '/')
            return fail(y, i, i + 2, "unknown escape in double quotes", "write / without a backslash");
        i++;
    }
    return true;
}

static bool scalar_node(struct yaml_reader *y, const struct yaml_scalar *s, slice source, struct node *n)
{
    n->text = source;
    switch (s->kind) {
    case YAML_NULL:
        n->kind = NODE_NULL;
        return true;
    case YAML_BOOL:
        n->kind = NODE_BOOL;
        n->boolean = s->boolean;
        return true;
    case YAML_INT:
        n->kind = NODE_INT;
        n->integer = s->integer;
        return true;
    case YAML_STRING:
        n->kind = NODE_STRING;
        n->text = s->text;
        return true;
    default:
        break;
    }
    n->kind = NODE_FLOAT;
    n->real = s->kind == YAML_UINT ? (double)s->beyond : s->real;
    if (isnan(n->real) || isinf(n->real))
        return fail(y, n->at, n->end, "JSON has no infinity or nan, so kubectl cannot send this",
                    "quote it if it is meant as text");
    /* On its way through JSON 1.0 becomes 1: an integer where it has no fraction left. */
    struct buf json = buf_new(y->arena, 64);
    int64_t integer;
    if (s->kind == YAML_FLOAT && fabs(n->real) < 0x1p63 && n->real == floor(n->real)) {
        num_put_f64(&json, n->real);
        if (num_i64(buf_slice(&json), &integer)) {
            n->kind = NODE_INT;
            n->integer = integer;
        }
    }
    return true;
}

static bool take_key(struct yaml_reader *y, const struct yaml_scalar *s, uint32_t at, uint32_t end)
{
    struct frame *top = &y->frames[y->depth - 1];
    if (!yaml_scalar_key(y->arena, s, &top->key)) {
        if (s->kind == YAML_NULL)
            return fail(y, at, end, "the key is empty (null), which JSON does not allow",
                        "write the key, or \"\" for an empty one");
        return fail(y, at, end, "the key is an integer beyond 64 bits, which kubectl refuses",
                    "put the key in quotes");
    }
    top->key_at = at;
    top->key_end = end;
    top->expect = VALUE;
    return true;
}

static bool not_mergeable(struct yaml_reader *y, uint32_t at, uint32_t end)
{
    return fail(y, at, end, "the merge key << requires a mapping, an alias of one, or a list of those", "");
}

/* Makes the node of a scalar at [at, end); NULL when that fails. */
static struct node *scalar_new(struct yaml_reader *y, const struct yaml_scalar *scalar, slice value,
                               bool quoted, uint32_t at, uint32_t end)
{
    struct node *n = pool_take(&y->pool);
    n->at = at;
    n->end = end;
    n->flags = scalar->kind == YAML_STRING && quoted ? NODE_QUOTED : 0;
    return scalar_node(y, scalar, value, n) ? n : NULL;
}

static bool on_scalar(struct yaml_reader *y, const yaml_event_t *e, uint32_t at, uint32_t end)
{
    struct frame *top = y->depth ? &y->frames[y->depth - 1] : NULL;
    bool quoted = e->data.scalar.style != YAML_PLAIN_SCALAR_STYLE;
    slice written;
    if (!skip_properties(y, &at, end, &written))
        return false;
    if (e->data.scalar.style == YAML_LITERAL_SCALAR_STYLE || e->data.scalar.style == YAML_FOLDED_SCALAR_STYLE)
        end = trim_end(y, at, end);
    y->last_end = end;
    if (e->data.scalar.style == YAML_DOUBLE_QUOTED_SCALAR_STYLE && !check_escapes(y, at, end))
        return false;
    if (!quoted && top && top->flow && end > at && memchr(y->source.bytes.p + at, '?', end - at))
        return fail(y, at, end, "a value with ? between brackets or braces, where ? begins a key",
                    "quote the value");
    /* libyaml does not report a tag "!" */
    slice tag = slice_eq(written, LIT("!")) ? written : slice_of((const char *)e->data.scalar.tag);
    slice value = text_of(y, e, at, end, quoted);
    bool implicit = e->data.scalar.plain_implicit;
    if (top && (top->expect == MERGE || top->expect == MERGE_ITEM))
        return not_mergeable(y, at, end);
    bool key = top && top->expect == KEY;
    if (!key && !quoted && value.n == 0 && written.n > 1 && written.p[1] != '!' && written.p[1] != '<')
        report_swallowed_key(y, written);
    bool merge_key =
        key && slice_eq(value, LIT("<<")) && (implicit || slice_eq(tag, LIT("tag:yaml.org,2002:merge")));
    struct yaml_scalar scalar;
    if (!yaml_scalar_resolve(y->arena, tag, implicit, value, &scalar)) {
        slice message = arena_fmt(y->arena, "the value does not match its tag: it is %.*s", FMT(scalar.text));
        return fail(y, at, end, message.p, "remove the tag, or write a value that matches it");
    }
    struct node *n = NULL;
    if ((!key || e->data.scalar.anchor) && !(n = scalar_new(y, &scalar, value, quoted, at, end)))
        return false;
    struct anchor *anchor = anchor_set(y, e->data.scalar.anchor, n);
    if (anchor) {
        anchor->scalar = scalar;
        anchor->weight = 1;
    }
    if (merge_key) {
        top->expect = MERGE;
        return true;
    }
    if (!count_decodes(y, 1, 0, at, end))
        return false;
    if (key)
        return take_key(y, &scalar, at, end);
    place(y, n);
    return true;
}

static bool on_alias(struct yaml_reader *y, const yaml_event_t *e, uint32_t at, uint32_t end)
{
    struct frame *top = y->depth ? &y->frames[y->depth - 1] : NULL;
    const struct anchor *anchor = *anchor_slot(y, slice_of((const char *)e->data.alias.anchor));
    y->last_end = end;
    if (!anchor)
        return fail(y, at, end, "no such anchor is defined above",
                    "quote a value that begins with *; otherwise define the anchor with & first");
    if (anchor->open)
        return fail(y, at, end, "the anchor contains itself", "");
    if (!count_decodes(y, 1, anchor->weight, at, end))
        return false;
    bool container = anchor->node->kind == NODE_ARRAY || anchor->node->kind == NODE_OBJECT;
    if (top && top->expect == KEY)
        return container ? fail(y, at, end, "a list or mapping cannot be a key", "")
                         : take_key(y, &anchor->scalar, at, end);
    if (top && (top->expect == MERGE || top->expect == MERGE_ITEM)) {
        if (anchor->node->kind != NODE_OBJECT)
            return not_mergeable(y, at, end);
        if (top->expect == MERGE) {
            top->expect = KEY;
            return merge(y, top->node, anchor->node, at, end);
        }
    }
    struct node *copy = copy_aliased(y, anchor->node, y->depth, at, end);
    if (!copy)
        return false;
    copy->flags &= (uint16_t)~NODE_SHADOWED; /* its anchor may have lost to a later key */
    place(y, copy);
    return true;
}

static bool on_start(struct yaml_reader *y, enum node_kind kind, const yaml_char_t *anchor, bool flow,
                     uint32_t at, uint32_t end)
{
    struct frame *top = y->depth ? &y->frames[y->depth - 1] : NULL;
    slice tag;
    if (!skip_properties(y, &at, y->source.end, &tag))
        return false;
    if (top && top->expect == KEY) {
        bool template = kind == NODE_OBJECT && at && y->source.bytes.p[at - 1] == '{';
        if (template)
            return fail(y, at - 1, at + 1, "found a template, expected YAML", yaml_template_hint);
        return fail(y, at, end > at ? end : at + 1, "a list or mapping cannot be a key",
                    kind == NODE_OBJECT ? "quote a value that begins with {" : "");
    }
    if (top && top->expect == MERGE_ITEM && kind == NODE_ARRAY)
        return not_mergeable(y, at, end);
    if (y->depth >= LIMIT_DEPTH)
        return too_deep(y, at, end > at ? end : at + 1);
    struct node *n = pool_take(&y->pool);
    n->kind = (uint8_t)kind;
    n->at = at;
    bool merged = top && top->expect == MERGE;
    if (!merged)
        place(y, n);
    struct frame *f = &y->frames[y->depth++];
    *f = (struct frame){.node = n, .flow = flow, .decodes = y->decodes};
    f->expect = kind == NODE_OBJECT ? KEY : merged ? MERGE_ITEM : ITEM;
    f->anchor = anchor_set(y, anchor, n);
    if (f->anchor)
        f->anchor->open = true;
    /* go-yaml looks at the items of a merge list, never at the list itself. */
    return (merged && kind == NODE_ARRAY) || count_decodes(y, 1, 0, at, end);
}

/* Handles the complete mapping or list of a merge key. */
static bool merge_read(struct yaml_reader *y, struct frame *top, const struct node *n)
{
    top->expect = KEY;
    if (n->kind == NODE_OBJECT)
        return merge(y, top->node, n, n->at, n->end);
    struct node **items = ARENA_ARRAY(y->arena, struct node *, n->count);
    size_t count = 0;
    for (struct node *item = n->first; item; item = item->next)
        items[count++] = item;
    while (count) /* from the last: go-yaml lets the first one win by writing it last */
        if (!merge(y, top->node, items[--count], n->at, n->end))
            return false;
    return true;
}

static bool on_end(struct yaml_reader *y, uint32_t end)
{
    struct frame *f = &y->frames[--y->depth], *top = y->depth ? f - 1 : NULL;
    struct node *n = f->node;
    if (f->flow)
        y->last_end = end;
    n->end = y->last_end > n->at ? y->last_end : n->at;
    if (n->kind == NODE_OBJECT)
        object_close(y->arena, n, y->findings);
    if (f->anchor) {
        f->anchor->open = false;
        f->anchor->weight = y->decodes - f->decodes;
    }
    return top && top->expect == MERGE ? merge_read(y, top, n) : true;
}

/* ---- the document ---- */

/* Fetches the next event into y->run.event. */
static bool next_event(struct yaml_reader *y)
{
    yaml_parser_t *p = &y->run.parser;
    yaml_event_delete(&y->run.event);
    if (yaml_parser_parse(p, &y->run.event))
        return true;
    if (p->error == YAML_MEMORY_ERROR)
        arena_exhausted(y->arena); /* memory ran out: the document is not at fault */
    struct yaml_fault fault = {
        .problem = slice_of(p->problem),
        .context = slice_of(p->context),
        .doc_at = y->source.at,
        .end = y->source.end,
    };
    fault.at = yaml_source_offset(&y->source, p->problem_mark.index);
    fault.context_at = yaml_source_offset(&y->source, p->context_mark.index);
    yaml_fault_report(y->findings, y->source.bytes, &fault);
    return false;
}

/* One event between the start and the end of the document. */
static bool on_event(struct yaml_reader *y)
{
    const yaml_event_t *e = &y->run.event;
    uint32_t at = yaml_source_offset(&y->source, e->start_mark.index),
             end = yaml_source_offset(&y->source, e->end_mark.index);
    switch (e->type) {
    case YAML_SCALAR_EVENT:
        return on_scalar(y, e, at, end);
    case YAML_ALIAS_EVENT:
        return on_alias(y, e, at, end);
    case YAML_SEQUENCE_START_EVENT:
        return on_start(y, NODE_ARRAY, e->data.sequence_start.anchor,
                        e->data.sequence_start.style == YAML_FLOW_SEQUENCE_STYLE, at, end);
    case YAML_MAPPING_START_EVENT:
        return on_start(y, NODE_OBJECT, e->data.mapping_start.anchor,
                        e->data.mapping_start.style == YAML_FLOW_MAPPING_STYLE, at, end);
    case YAML_SEQUENCE_END_EVENT:
    case YAML_MAPPING_END_EVENT:
        return on_end(y, end);
    default:
        return true;
    }
}

static bool read_events(struct yaml_reader *y)
{
    if (!next_event(y) || !next_event(y)) /* the stream's start, the document's start */
        return false;
    if (y->run.event.type == YAML_STREAM_END_EVENT)
        return true;
    do {
        if (!next_event(y) || (y->run.event.type != YAML_DOCUMENT_END_EVENT && !on_event(y)))
            return false;
    } while (y->run.event.type != YAML_DOCUMENT_END_EVENT);
    /* kubectl reads no further: anything after "..." in these bytes would be lost silently. */
    uint32_t behind = yaml_source_offset(&y->source, y->run.event.end_mark.index);
    yaml_event_delete(&y->run.event);
    if (!yaml_parser_parse(&y->run.parser, &y->run.event) || y->run.event.type != YAML_STREAM_END_EVENT)
        fail(y, behind, behind, "kubectl ignores the rest of this document",
             "separate documents with a line of three dashes (---)");
    return true;
}

static int feed(void *source, unsigned char *to, size_t size, size_t *ret_size)
{
    *ret_size = yaml_source_feed(source, (char *)to, size);
    return 1;
}

static void start_run(struct yaml_reader *y)
{
    memset(&y->run, 0, sizeof y->run);
    if (!yaml_parser_initialize(&y->run.parser))
        arena_exhausted(y->arena);
    y->run.open = true;
    yaml_parser_set_encoding(&y->run.parser, YAML_UTF8_ENCODING);
    yaml_parser_set_input(&y->run.parser, feed, &y->source);
}

bool yaml_read(struct yaml_reader *y, uint32_t at, uint32_t end, struct findings *f, struct node **ret_root)
{
    y->findings = f;
    y->root = NULL;
    *ret_root = NULL;
    if (!yaml_source_start(&y->source, at, end, f))
        return false;
    y->last_end = at;
    y->anchors = NULL;
    y->decodes = 1; /* go-yaml counts the document itself */
    y->alias_decodes = 0;
    y->depth = 0;
    start_run(y);
    bool good = read_events(y);
    close_run(&y->run);
    if (good)
        *ret_root = y->root;
    return good;
}
