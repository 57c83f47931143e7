/* Finds suppressions in comments and annotations, applies them, and reports faulty ones. */
#include "suppress.h"

#include "ascii.h"
#include "model.h"
#include "utf8.h"
#include "verdict_rules.h"

static const slice marker = SLICE("brgate:"); /* behind # */
static const slice verb = SLICE("allow ");
static const slice annotation_domain = SLICE("brgate.io/");
static const slice annotation_verb = SLICE("allow.");

static slice strip(slice s)
{
    while (s.n && (s.p[s.n - 1] == '\r' || s.p[s.n - 1] == '\n'))
        s.n--;
    return slice_trim(s);
}

/* Returns whether a printable character is invisible or only a mark: fillers, combining marks, punctuation. Each row is
 * a range. */
static bool is_blank_or_mark(uint32_t c)
{
    static const uint32_t ranges[][2] = {
        {0x00a1, 0x00bf}, {0x0300, 0x036f}, {0x115f, 0x1160},   {0x17b4, 0x17b5}, {0x180b, 0x180f},
        {0x2000, 0x206f}, {0x2800, 0x2800}, {0x3000, 0x3003},   {0x3164, 0x3164}, {0xfe00, 0xfe0f},
        {0xfeff, 0xfeff}, {0xffa0, 0xffa0}, {0xe0000, 0xe0fff},
    };
    for (size_t i = 0; i < COUNT(ranges); i++)
        if (c >= ranges[i][0] && c <= ranges[i][1])
            return true;
    return false;
}

/* Returns whether the reason has at least one letter or digit. */
static bool says_something(slice reason)
{
    for (size_t n; reason.n; reason = slice_from(reason, n)) {
        uint32_t c;
        n = utf8_decode(reason, &c);
        if (n == 0)
            n = 1;
        else if (c < 0x80 ? ascii_is_alnum((char)c) : utf8_printable(c) && !is_blank_or_mark(c))
            return true;
    }
    return false;
}

/* `RULE: REASON` */
static struct suppression *add(struct arena *a, struct suppressions *all, slice slug, slice reason)
{
    all->items = arena_grow(a, all->items, all->count, &all->capacity, sizeof *all->items);
    struct suppression *s = &all->items[all->count++];
    *s = (struct suppression){.slug = slug, .understood = true};
    if (says_something(reason))
        s->reason = reason;
    size_t number;
    s->known = rule_find(slug, &number);
    s->rule = s->known ? rule_at(number) : NULL;
    return s;
}

static bool only_a_comment(slice line)
{
    line = strip(line);
    return line.n == 0 || line.p[0] == '#';
}

/* What a comment says to brgate that begins at that #; false when it says nothing to it. */
static bool is_ours(slice bytes, size_t hash, slice *ret)
{
    if (hash && bytes.p[hash - 1] != ' ' && bytes.p[hash - 1] != '\t' && bytes.p[hash - 1] != '\n')
        return false;
    slice text = slice_from(bytes, hash + 1);
    while (text.n && text.p[0] == ' ')
        text = slice_from(text, 1);
    *ret = slice_from(text, marker.n);
    return slice_starts(text, marker);
}

/* `allow RULE: REASON` */
static struct suppression *add_comment(struct arena *a, struct suppressions *all, slice text)
{
    text = strip(text);
    if (!slice_starts(text, verb)) {
        struct suppression *s = add(a, all, (slice){0}, (slice){0});
        s->understood = false;
        return s;
    }
    slice rest = slice_from(text, verb.n);
    size_t colon = slice_find_char(rest, ':');
    return add(a, all, strip(slice_cut(rest, 0, colon)),
               colon == SLICE_NONE ? (slice){0} : strip(slice_from(rest, colon + 1)));
}

struct suppressions suppressions_in_text(struct arena *a, slice bytes, const struct line_table *lines)
{
    struct suppressions all = {0};
    uint32_t below = 0; /* the line below the current block of comments */
    for (size_t at = 0;;) {
        slice words;
        size_t hash = slice_find_char(slice_from(bytes, at), '#');
        if (hash == SLICE_NONE)
            return all;
        hash += at;
        at = hash + 1;
        if (!is_ours(bytes, hash, &words))
            continue;
        uint32_t line = line_of(lines, (uint32_t)hash);
        slice text = line_text(lines, line);
        size_t end = (size_t)(text.p - bytes.p) + text.n;
        struct suppression *s = add_comment(a, &all, slice_cut(words, 0, end - (size_t)(words.p - bytes.p)));
        s->from = (uint32_t)hash;
        s->to = (uint32_t)end;
        if (only_a_comment(text) && line >= below)
            for (below = line + 1; line_text(lines, below).p && only_a_comment(line_text(lines, below));)
                below++;
        s->line = only_a_comment(text) ? below : line;
        at = end > at ? end : at;
    }
}

struct suppressions suppressions_in_annotations(struct arena *a, const struct resource *o)
{
    struct suppressions all = {0};
    for (const struct node *n = node_first(o->metadata.annotations.node); n; n = node_next(n)) {
        if (n->kind != NODE_STRING || !slice_starts(n->key, annotation_domain))
            continue;
        slice word = slice_from(n->key, annotation_domain.n);
        bool understood = slice_starts(word, annotation_verb);
        struct suppression *s =
            add(a, &all, slice_from(word, understood ? annotation_verb.n : 0), strip(n->text));
        s->understood = understood;
        s->node = n;
    }
    return all;
}

/* The first one that applies to the line or a later one: in a text, lines come in the order of the comments. */
static size_t first_for_line(const struct suppressions *all, uint32_t line)
{
    size_t low = 0, high = all->count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (all->items[middle].line < line)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

struct suppression *suppression_for(const struct suppressions *all, const struct diagnostic *d,
                                    const struct line_table *lines)
{
    bool in_text = all->count && all->items[0].line;
    uint32_t line = in_text ? line_of(lines, d->from) : 0;
    for (size_t i = in_text ? first_for_line(all, line) : 0; i < all->count; i++) {
        struct suppression *s = &all->items[i];
        if (s->line != line)
            return NULL;
        if (!s->known || s->rule != d->rule || !s->reason.n)
            continue;
        s->used = true;
        return s;
    }
    return NULL;
}

/* Returns the first suppression in the verdict's document, or after it. */
static size_t first_in(const struct suppressions *all, const struct verdict *v)
{
    size_t low = 0, high = all->count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (!all->items[middle].node && all->items[middle].from < v->at)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

static bool stands_in(const struct suppression *s, const struct verdict *v)
{
    return s->node || (s->from >= v->at && s->from < v->end);
}

size_t suppressions_count(const struct suppressions *all, const struct verdict *v)
{
    size_t first = first_in(all, v), i = first;
    while (i < all->count && stands_in(&all->items[i], v))
        i++;
    return i - first;
}

/* Returns its place: the comment, or the annotation's key. */
static struct place place_of(const struct suppression *s)
{
    return s->node ? at_key(s->node) : at_bytes(s->from, s->to);
}

static void report_no_rule(const struct suppression *s, struct findings *f)
{
    size_t known;
    if (rule_find(s->slug, &known)) {
        finding_at(f, &rule_suppression, FIELD_NONE, place_of(s),
                   "the settings do not let an annotation allow the rule %.*s", FMT(s->slug));
        return;
    }
    struct finding *x =
        finding_at(f, &rule_suppression, FIELD_NONE, place_of(s), "unknown rule %.*s", FMT(s->slug));
    slice near = rule_nearest(s->slug);
    if (near.n)
        finding_hint(x, "did you mean %.*s?", FMT(near));
    else if (slice_find_char(s->slug, ',') != SLICE_NONE)
        finding_hint(x, "name one rule; write a separate comment with a reason for each");
    else if (slice_eq(s->slug, LIT("all")))
        finding_hint(x, "name the rule; write a separate comment with a reason for each");
    else
        finding_hint(x, "'brgate rules' lists them");
}

/* A rule that is off finds nothing anywhere, and findings across objects or in a cluster are known only when all objects
 * have been judged. */
static bool is_unknown_whether_used(const struct suppression *s, const struct findings *f)
{
    return s->rule->flags & (RULE_ACROSS | RULE_CLUSTER) ||
           (f->levels && rule_level_of(f->levels, s->rule)->severity[f->context] == SEVERITY_OFF);
}

/* Reports a fault of the suppression, if it has one. */
static void report(const struct suppression *s, struct findings *f)
{
    const char *form = s->node ? "annotation" : "comment";
    struct finding *x;
    if (!s->understood) {
        x = finding_at(f, &rule_suppression, FIELD_NONE, place_of(s), "unknown brgate %s", form);
        finding_hint(x,
                     s->node ? "write brgate.io/allow.RULE: REASON" : "write # brgate: allow RULE: REASON");
    } else if (!s->known) {
        report_no_rule(s, f);
    } else if (!s->reason.n) {
        finding_at(f, &rule_suppression, FIELD_NONE, place_of(s),
                   "a reason is required: allow %.*s: <why this is right here>", FMT(s->slug));
    } else if (!s->used && !is_unknown_whether_used(s, f)) {
        x = finding_at(f, &rule_suppression, FIELD_NONE, place_of(s), "the rule %.*s finds nothing here",
                       FMT(s->slug));
        finding_hint(x, "remove the %s", form);
    }
}

void suppressions_report(const struct suppressions *all, const struct verdict *v, struct findings *f)
{
    for (size_t i = first_in(all, v); i < all->count && stands_in(&all->items[i], v); i++)
        if (all->items[i].known || !findings_full(f, &rule_suppression))
            report(&all->items[i], f);
}
