/* The list of foreign_names.def: look-up, and the words. */
#include "foreign_names.h"

#include "ascii.h"
#include "brgate_limits.h"

#include <string.h>

/* ---- where a field is ---- */

enum block_bit {
    ROOT = 1 << 0,
    BACKUP = 1 << 1, /* the spec of a Backup */
    SNAPSHOT_TEMPLATE = 1 << 2,
    SCHEDULE = 1 << 3,
    COMPACT = 1 << 4, /* the spec of a CompactBackup */
    COMPACT_TEMPLATE = 1 << 5,
    S3 = 1 << 6,
    GCS = 1 << 7,
    AZBLOB = 1 << 8,
    LOCAL = 1 << 9,
    BR = 1 << 10,
    FROM = 1 << 11,
    DUMPLING = 1 << 12,
    RESOURCES = 1 << 13,
    CLEAN_OPTION = 1 << 14,
    RETRY_POLICY = 1 << 15,
    SECRET_VOLUME = 1 << 16,
    CLAIM = 1 << 17, /* persistentVolumeClaim */
    /* not blocks but conditions */
    LATE = 1 << 18,    /* see foreign_name_explain() */
    WITH_BR = 1 << 19, /* br is beside it, or in the backupTemplate beside it */
    RETAINS = 1 << 20, /* cleanPolicy beside it is Retain, or missing */
    UNUSED = 1 << 21,  /* without effect in its own spelling, too: see foreign_name_explain() */
    LOG_TEMPLATE = 1 << 22,
};

enum {
    TEMPLATE = SNAPSHOT_TEMPLATE | LOG_TEMPLATE,
    BACKUPS = BACKUP | TEMPLATE,
    COMPACTIONS = COMPACT | COMPACT_TEMPLATE,
    JOB = BACKUPS | COMPACTIONS,
    SPECS = BACKUP | SCHEDULE | COMPACT,
    STORES = S3 | GCS | AZBLOB,
};

static unsigned spec_of(const struct schema_kind *kind)
{
    return slice_eq(kind->kind, LIT("Backup"))           ? BACKUP
           : slice_eq(kind->kind, LIT("BackupSchedule")) ? SCHEDULE
                                                         : COMPACT;
}

static unsigned block_of(const struct node *n, const struct schema_kind *kind)
{
    static const struct {
        slice key;
        unsigned block;
    } blocks[] = {
        {SLICE("backupTemplate"), SNAPSHOT_TEMPLATE},
        {SLICE("logBackupTemplate"), LOG_TEMPLATE},
        {SLICE("compactBackupTemplate"), COMPACT_TEMPLATE},
        {SLICE("s3"), S3},
        {SLICE("gcs"), GCS},
        {SLICE("azblob"), AZBLOB},
        {SLICE("local"), LOCAL},
        {SLICE("br"), BR},
        {SLICE("from"), FROM},
        {SLICE("dumpling"), DUMPLING},
        {SLICE("resources"), RESOURCES},
        {SLICE("cleanOption"), CLEAN_OPTION},
        {SLICE("backoffRetryPolicy"), RETRY_POLICY},
        {SLICE("secret"), SECRET_VOLUME},
        {SLICE("persistentVolumeClaim"), CLAIM},
    };
    if (!n->parent)
        return ROOT;
    if (!n->parent->parent)
        return slice_eq(n->key, LIT("spec")) ? spec_of(kind) : 0;
    for (size_t i = 0; i < COUNT(blocks); i++)
        if (slice_eq(n->key, blocks[i].key))
            return blocks[i].block;
    return 0;
}

/* ---- the list ---- */

struct foreign_name {
    unsigned blocks;
    const char *words, *value, *meant, *becomes, *hint;
};

static const struct foreign_name fields[] = {
#define FIELD(blocks, words, meant, hint)                    {blocks, words, NULL, meant, NULL, hint},
#define FIELD_OF(blocks, words, value, meant, becomes, hint) {blocks, words, value, meant, becomes, hint},
#define VALUE(field, words, becomes, hint)
#define VALUE_IN(block, field, words, becomes, hint)
#include "foreign_names.def"
#undef FIELD
#undef FIELD_OF
#undef VALUE
#undef VALUE_IN
};

static const struct foreign_name_value {
    const char *block; /* its key; NULL: any */
    const char *field, *words, *becomes, *hint;
} values[] = {
#define FIELD(blocks, words, meant, hint)
#define FIELD_OF(blocks, words, value, meant, becomes, hint)
#define VALUE(field, words, becomes, hint)           {NULL, field, words, becomes, hint},
#define VALUE_IN(block, field, words, becomes, hint) {block, field, words, becomes, hint},
#include "foreign_names.def"
#undef FIELD
#undef FIELD_OF
#undef VALUE
#undef VALUE_IN
};

static slice skip_separators(slice s)
{
    while (s.n && (s.p[0] == '_' || s.p[0] == '-' || s.p[0] == ' ' || s.p[0] == '.'))
        s = slice_from(s, 1);
    return s;
}

static bool same_word(slice a, slice b)
{
    for (;; a = slice_from(a, 1), b = slice_from(b, 1)) {
        a = skip_separators(a);
        b = skip_separators(b);
        if (!a.n || !b.n)
            return a.n == b.n;
        if (ascii_lower(a.p[0]) != ascii_lower(b.p[0]))
            return false;
    }
}

static bool has_word(const char *words, slice word)
{
    for (slice rest = slice_of(words); rest.n;) {
        size_t end = slice_find_char(rest, ' ');
        if (same_word(slice_cut(rest, 0, end), word))
            return true;
        rest = slice_from(rest, end == SLICE_NONE ? rest.n : end + 1);
    }
    return false;
}

/* ---- the field that is meant ---- */

struct target {
    const struct node *base; /* the block that its path begins in */
    slice path;              /* from there */
    const struct schema *schema;
};

/* Below metadata everything is known: the schemas of these kinds say nothing about it. */
static bool is_metadata(const struct node *base, slice path)
{
    return !base->parent && slice_starts(path, LIT("metadata"));
}

static const struct schema *schema_below(const struct schema *s, slice path)
{
    while (s && path.n) {
        size_t end = slice_find_char(path, '.');
        s = schema_property(s, slice_cut(path, 0, end));
        path = slice_from(path, end == SLICE_NONE ? path.n : end + 1);
    }
    return s;
}

static bool find_target(const struct node *block, const char *meant, const struct schema_kind *kind,
                        struct target *ret)
{
    slice path = slice_of(meant);
    const struct node *base = block;
    for (; slice_starts(path, LIT("../")); path = slice_from(path, 3)) {
        base = base->parent;
        if (!base)
            return false;
    }
    const struct schema *above = schema_at(kind->schema, base);
    *ret = (struct target){base, path, above ? schema_below(above, path) : NULL};
    return ret->schema || is_metadata(base, path);
}

static bool has_br(const struct node *block)
{
    return node_get(block, LIT("br")) || node_at(block, "backupTemplate.br");
}

static bool retains(const struct node *block)
{
    slice policy = node_text(node_get(block, LIT("cleanPolicy")));
    return !policy.n || slice_eq(policy, LIT("Retain"));
}

static bool fits(const struct foreign_name *b, const struct node *n)
{
    if (!has_word(b->words, n->key) || ((b->blocks & WITH_BR) && !has_br(n->parent)) ||
        ((b->blocks & RETAINS) && !retains(n->parent)))
        return false;
    if (!b->value)
        return true;
    return n->kind == NODE_BOOL     ? has_word(b->value, n->boolean ? LIT("true") : LIT("false"))
               : n->kind == NODE_STRING ? has_word(b->value, n->text)
                                    : false;
}

static bool is_of(const struct foreign_name *b, enum foreign_stage stage)
{
    return stage == FOREIGN_UNUSED ? b->blocks & UNUSED : !(b->blocks & LATE) == (stage == FOREIGN_EARLY);
}

static const struct foreign_name *look_up(const struct node *n, const struct node *block,
                                          const struct schema_kind *kind, enum foreign_stage stage,
                                          struct target *ret)
{
    unsigned here = block_of(block, kind);
    for (size_t i = 0; here && i < COUNT(fields); i++) {
        const struct foreign_name *b = &fields[i];
        *ret = (struct target){0};
        if ((b->blocks & here) && is_of(b, stage) && fits(b, n) &&
            (!b->meant[0] || find_target(block, b->meant, kind, ret)))
            return b;
    }
    return NULL;
}

/* ---- the words ---- */

bool is_plain_word(slice s)
{
    for (size_t i = 0; i < s.n; i++)
        if (!ascii_is_alnum(s.p[i]) && s.p[i] != '_' && s.p[i] != '-' && s.p[i] != '.')
            return false;
    return s.n > 0 && s.n <= 253;
}

void put_variable(struct buf *b, const struct node *n)
{
    slice value = n->kind == NODE_BOOL   ? (n->boolean ? LIT("true") : LIT("false"))
                  : n->kind == NODE_NULL ? (slice){0}
                                         : n->text;
    buf_put(b, LIT("{name: "));
    if (is_plain_word(n->key) && n->key.p[0] >= 'A' && n->key.p[0] <= 'Z') /* not true, on, 7 */
        buf_put(b, n->key);
    else
        buf_json_text(b, n->key);
    buf_put(b, LIT(", value: "));
    buf_json_text(b, value);
    buf_put(b, LIT("}"));
}

static slice path_in(struct arena *a, const struct node *base, slice path)
{
    slice above = node_path(a, base);
    return above.n ? arena_fmt(a, "%.*s.%.*s", FMT(above), FMT(path)) : path;
}

void finding_moves(struct finding *x, const struct node *n, slice to)
{
    x->moved = n;
    x->moved_to = to;
}

static const char *what_it_takes(const struct schema *s)
{
    switch (s->type) {
    case SCHEMA_OBJECT:
        return "a block of fields";
    case SCHEMA_ARRAY:
        return "a list";
    case SCHEMA_BOOLEAN:
        return "true or false";
    case SCHEMA_INTEGER:
        return "a whole number";
    default:
        return "a string";
    }
}

/* `{name: shop}` where a name is expected, as other resources refer to an object. */
static slice referenced_name(const struct node *n)
{
    slice name = n->kind == NODE_OBJECT ? node_text(node_get(n, LIT("name"))) : (slice){0};
    return is_plain_word(name) ? name : (slice){0};
}

static bool is_enum_value(const struct schema *s, slice value)
{
    for (size_t i = 0; s && i < s->enum_count; i++)
        if (slice_eq(node_text(s->enums[i]), value))
            return true;
    return false;
}

/* Whether the message, `"x": supported values: "a", "b"`, has the word in its second part. */
static bool is_supported(slice message, slice word)
{
    size_t begin = slice_find(message, LIT("supported values: "));
    if (begin == SLICE_NONE)
        return false;
    slice list = slice_from(message, begin);
    for (size_t at; (at = slice_find(list, word)) != SLICE_NONE; list = slice_from(list, at + word.n))
        if (at && list.p[at - 1] == '"' && slice_starts(slice_from(list, at + word.n), LIT("\"")))
            return true;
    return false;
}

/* What the text means as a value of the block's field; NULL: it is not in the list. */
static const struct foreign_name_value *value_of(const struct node *block, slice field, slice text,
                                                 const struct schema *s, slice message)
{
    for (size_t i = 0; i < COUNT(values); i++) {
        const struct foreign_name_value *v = &values[i];
        slice becomes = slice_of(v->becomes);
        bool known = !becomes.n || is_enum_value(s, becomes) || is_supported(message, becomes);
        if (slice_eq(field, slice_of(v->field)) && has_word(v->words, text) && known &&
            (!v->block || slice_eq(block->key, slice_of(v->block))))
            return v;
    }
    return NULL;
}

static slice last_of(slice path)
{
    for (size_t dot; (dot = slice_find_char(path, '.')) != SLICE_NONE;)
        path = slice_from(path, dot + 1);
    return path;
}

/* The field has a closed set of values, and this one is not among them. */
static void say_value(struct finding *x, slice name, const struct target *t, slice text)
{
    const struct schema *s = t->schema;
    const struct foreign_name_value *v = value_of(t->base, last_of(t->path), text, s, (slice){0});
    if (v && v->hint) {
        finding_hint(x, "%s", v->hint);
        return;
    }
    if (v) {
        finding_hint(x, "write %.*s: %s instead", FMT(name), v->becomes);
        return;
    }
    struct buf b = buf_new(x->arena, LIMIT_MESSAGE_BYTES);
    for (size_t i = 0; i < s->enum_count; i++)
        if (node_text(s->enums[i]).n)
            buf_fmt(&b, "%s%.*s", b.n ? ", " : "", FMT(node_text(s->enums[i])));
    finding_hint(x, "use %.*s, with one of %.*s", FMT(name), FMT(buf_slice(&b)));
}

static bool is_set(struct arena *a, const struct target *t)
{
    const struct node *there = t->base ? node_at(t->base, arena_cstr(a, t->path)) : NULL;
    return there && !(there->flags & NODE_DEFAULTED);
}

static void say_target(struct finding *x, const struct node *n, const struct target *t)
{
    bool here = t->base == n->parent && slice_find_char(t->path, '.') == SLICE_NONE;
    slice name = here ? t->path : path_in(x->arena, t->base, t->path), reference = referenced_name(n);
    if (is_set(x->arena, t)) {
        finding_hint(x, "remove it: %.*s is set, too", FMT(name));
    } else if (n->kind == NODE_STRING && t->schema && t->schema->enum_count &&
               !is_enum_value(t->schema, n->text)) {
        say_value(x, name, t, n->text);
    } else if (t->schema && t->schema->type == SCHEMA_BOOLEAN && n->kind == NODE_STRING &&
               (slice_eq_nocase(n->text, LIT("true")) || slice_eq_nocase(n->text, LIT("false")))) {
        finding_hint(x, "write %.*s: %s instead", FMT(name),
                     slice_eq_nocase(n->text, LIT("true")) ? "true" : "false");
    } else if (!t->schema || schema_could_take(t->schema, n)) {
        if (here)
            finding_edit(x, x->place, name);
        finding_hint(x, here ? "write %.*s" : "write it as %.*s", FMT(name));
    } else if (reference.n && t->schema->type == SCHEMA_STRING) {
        finding_hint(x, "write %.*s: %.*s instead", FMT(name), FMT(reference));
    } else {
        finding_hint(x, "use %.*s, which takes %s", FMT(name), what_it_takes(t->schema));
    }
}

static void say(struct finding *x, const struct foreign_name *b, const struct target *t)
{
    const struct node *n = x->place.node;
    finding_edit(x, x->place, (slice){0});
    if (t->base)
        finding_moves(x, n, path_in(x->arena, t->base, t->path));
    if (b->hint)
        finding_hint(x, "%s", b->hint);
    else if (b->becomes && is_set(x->arena, t))
        finding_hint(x, "remove it: %.*s is set, too", FMT(t->path));
    else if (b->becomes)
        finding_hint(x, "write %.*s: %s instead", FMT(t->path), b->becomes);
    else
        say_target(x, n, t);
}

static bool explain_in(struct finding *x, const struct node *block, const struct schema_kind *kind,
                       enum foreign_stage stage)
{
    struct target t;
    const struct foreign_name *b = look_up(x->place.node, block, kind, stage, &t);
    if (b)
        say(x, b, &t);
    return b;
}

bool foreign_name_explain(struct finding *x, const struct schema_kind *kind, enum foreign_stage stage)
{
    return explain_in(x, x->place.node->parent, kind, stage);
}

bool foreign_name_explain_around(struct finding *x, const struct schema_kind *kind)
{
    const struct node *parent = x->place.node->parent;
    for (const struct node *c = node_first(parent); c; c = node_next(c))
        if (c->kind == NODE_OBJECT && !(c->flags & NODE_DEFAULTED) && explain_in(x, c, kind, FOREIGN_EARLY))
            return true;
    return parent->parent && parent->parent->parent && explain_in(x, parent->parent, kind, FOREIGN_EARLY);
}

/* ---- values ---- */

bool foreign_name_explain_value(struct finding *x)
{
    const struct node *n = x->place.node;
    const struct foreign_name_value *v =
        n->kind == NODE_STRING ? value_of(n->parent, n->key, n->text, n->schema, x->message) : NULL;
    if (!v)
        return false;
    finding_edit(x, at_value(n), slice_of(v->becomes));
    if (v->hint)
        finding_hint(x, "%s", v->hint);
    else
        finding_hint(x, "write %s", v->becomes);
    return true;
}
