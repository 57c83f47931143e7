#include "suppress.h"

#include "across.h"
#include "suggest.h"

static const slice marker = SLICE("brgate:"); /* behind a # */
static const slice verb = SLICE("allow ");
static const slice annotation_domain = SLICE("brgate.io/");
static const slice annotation_verb = SLICE("allow.");

static slice strip(slice s)
{
    while (s.n && (s.p[s.n - 1] == '\r' || s.p[s.n - 1] == '\n'))
        s.n--;
    return slice_trim(s);
}

/* `RULE: REASON` */
static struct suppression *add(struct arena *a, struct suppression **list, slice slug, slice reason)
{
    struct suppression *s = ARENA_NEW(a, struct suppression);
    *s = (struct suppression){.next = *list, .slug = slug, .reason = reason, .understood = true};
    s->known = rule_by_slug(slug, &s->rule);
    *list = s;
    return s;
}

static bool only_a_comment(slice line)
{
    line = strip(line);
    return line.n == 0 || line.p[0] == '#';
}

/* Where the comment begins that the marker at `hit` stands first in; SLICE_NONE when it stands elsewhere. */
static size_t comment_start(slice line, size_t hit)
{
    size_t i = hit;
    while (i && line.p[i - 1] == ' ')
        i--;
    if (!i || line.p[i - 1] != '#' || (i > 1 && line.p[i - 2] != ' ' && line.p[i - 2] != '\t'))
        return SLICE_NONE;
    return i - 1;
}

/* `allow RULE: REASON` */
static struct suppression *add_comment(struct arena *a, struct suppression **list, slice text)
{
    text = strip(text);
    if (!slice_starts(text, verb)) {
        struct suppression *s = add(a, list, (slice){0}, (slice){0});
        s->understood = false;
        return s;
    }
    slice rest = slice_from(text, verb.n);
    size_t colon = slice_find_char(rest, ':');
    return add(a, list, strip(slice_cut(rest, 0, colon)),
               colon == SLICE_NONE ? (slice){0} : strip(slice_from(rest, colon + 1)));
}

struct suppression *suppressions_in_text(struct arena *a, slice bytes, const struct line_table *lines)
{
    struct suppression *list = NULL;
    uint32_t below = 0; /* the line that the block of comments at hand stands above */
    for (size_t at = 0;;) {
        size_t hit = slice_find(slice_from(bytes, at), marker);
        if (hit == SLICE_NONE)
            return list;
        hit += at;
        at = hit + marker.n;
        uint32_t line = line_of(lines, (uint32_t)hit);
        slice text = line_text(lines, line);
        size_t begin = (size_t)(text.p - bytes.p), start = comment_start(text, hit - begin);
        if (start == SLICE_NONE)
            continue;
        struct suppression *s = add_comment(a, &list, slice_from(text, hit - begin + marker.n));
        s->from = (uint32_t)(begin + start);
        s->to = (uint32_t)(begin + text.n);
        if (only_a_comment(text) && line >= below)
            for (below = line + 1; line_text(lines, below).p && only_a_comment(line_text(lines, below));)
                below++;
        s->line = only_a_comment(text) ? below : line;
        at = s->to > at ? s->to : at;
    }
}

struct suppression *suppressions_in_annotations(struct arena *a, const struct object *o)
{
    struct suppression *list = NULL;
    for (const struct node *n = node_first(o->metadata.annotations.node); n; n = node_next(n)) {
        if (n->kind != NODE_STRING || !slice_starts(n->key, annotation_domain))
            continue;
        slice word = slice_from(n->key, annotation_domain.n);
        bool understood = slice_starts(word, annotation_verb);
        struct suppression *s =
            add(a, &list, slice_from(word, understood ? annotation_verb.n : 0), strip(n->text));
        s->understood = understood;
        s->node = n;
    }
    return list;
}

struct suppression *suppression_for(struct suppression *list, const struct row *row,
                                    const struct line_table *lines)
{
    if (!list)
        return NULL;
    uint32_t line = lines ? line_of(lines, row->from) : 0;
    for (struct suppression *s = list; s; s = s->next) {
        if (!s->known || s->rule != row->rule || !s->reason.n || (s->line && s->line != line))
            continue;
        s->used = true;
        return s;
    }
    return NULL;
}

static bool stands_in(const struct suppression *s, const struct verdict *v)
{
    return s->node || (s->from >= v->at && s->from < v->end);
}

size_t suppressions_count(const struct suppression *list, const struct verdict *v)
{
    size_t n = 0;
    for (; list; list = list->next)
        n += stands_in(list, v);
    return n;
}

static struct finding *report_no_rule(const struct suppression *s, struct findings *f)
{
    enum rule_id known;
    if (rule_by_slug(s->slug, &known))
        return finding_say(f, RULE_suppression, s->node, "the settings let no annotation allow the rule %.*s",
                           FMT(s->slug));
    struct finding *x =
        finding_say(f, RULE_suppression, s->node, "there is no rule %.*s to allow", FMT(s->slug));
    slice slugs[RULE_COUNT];
    for (unsigned i = 0; i < RULE_COUNT; i++)
        slugs[i] = slice_of(rule_info((enum rule_id)i)->slug);
    slice near = suggest_nearest(s->slug, slugs, RULE_COUNT);
    if (near.n)
        finding_hint(f, x, "did you mean %.*s?", FMT(near));
    else if (slice_find_char(s->slug, ',') != SLICE_NONE)
        finding_hint(f, x, "name one rule; each takes a comment with a reason of its own");
    return x;
}

/* What is wrong with it; NULL when nothing is. */
static struct finding *report(const struct suppression *s, struct findings *f)
{
    struct finding *x;
    if (!s->understood) {
        x = finding_say(f, RULE_suppression, s->node, "brgate knows no such %s",
                        s->node ? "annotation" : "comment");
        finding_hint(f, x,
                     s->node ? "write brgate.io/allow.RULE: REASON" : "write # brgate: allow RULE: REASON");
        return x;
    }
    if (!s->known)
        return report_no_rule(s, f);
    if (!s->reason.n)
        return finding_say(f, RULE_suppression, s->node,
                           "a reason is wanted: allow %.*s: <why this is right here>", FMT(s->slug));
    if (s->used || across_has(s->rule)) /* the latter is known only when the whole run has been judged */
        return NULL;
    x = finding_say(f, RULE_suppression, s->node, "nothing here breaks the rule %.*s any more", FMT(s->slug));
    finding_hint(f, x, "remove the %s", s->node ? "annotation" : "comment");
    return x;
}

void suppressions_report(const struct suppression *list, const struct verdict *v, struct findings *f)
{
    for (const struct suppression *s = list; s; s = s->next) {
        if (!stands_in(s, v) || (!s->known && findings_full(f, RULE_suppression)))
            continue;
        struct finding *x = report(s, f);
        if (!x)
            continue;
        x->at_key = s->node != NULL;
        if (!s->node) {
            x->from = s->from;
            x->to = s->to;
        }
    }
}
