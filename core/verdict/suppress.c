#include "suppress.h"

#include "across.h"

static const slice marker = SLICE("# brgate: allow ");
static const slice annotation_prefix = SLICE("brgate.io/allow.");

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
    *s = (struct suppression){.next = *list, .slug = slug, .reason = reason};
    s->known = rule_by_slug(slug, &s->rule);
    *list = s;
    return s;
}

static bool only_a_comment(slice line)
{
    line = strip(line);
    return line.n == 0 || line.p[0] == '#';
}

struct suppression *suppressions_in_text(struct arena *a, slice bytes, const struct line_table *lines)
{
    struct suppression *list = NULL;
    for (size_t at = 0;;) {
        size_t hit = slice_find(slice_from(bytes, at), marker);
        if (hit == SLICE_NONE)
            return list;
        at += hit;
        uint32_t line = position_of(lines, (uint32_t)at).line;
        slice text = line_text(lines, line), rest = slice_from(bytes, at + marker.n);
        rest.n = (size_t)(text.p + text.n - rest.p);
        size_t colon = slice_find_char(rest, ':');
        slice slug = strip(slice_cut(rest, 0, colon)),
              reason = colon == SLICE_NONE ? (slice){0} : strip(slice_from(rest, colon + 1));
        struct suppression *s = add(a, &list, slug, reason);
        s->from = (uint32_t)at;
        s->to = (uint32_t)(text.p + text.n - bytes.p);
        if (only_a_comment(text))
            while (++line, line_text(lines, line).p && only_a_comment(line_text(lines, line)))
                ;
        s->line = line;
        at = s->to > at ? s->to : at + marker.n;
    }
}

struct suppression *suppressions_in_annotations(struct arena *a, const struct object *o)
{
    struct suppression *list = NULL;
    for (const struct node *n = node_first(o->metadata.annotations.node); n; n = node_next(n)) {
        if (n->kind != NODE_STRING || !slice_starts(n->key, annotation_prefix))
            continue;
        add(a, &list, slice_from(n->key, annotation_prefix.n), strip(n->text))->node = n;
    }
    return list;
}

struct suppression *suppression_for(struct suppression *list, const struct row *row,
                                    const struct line_table *lines)
{
    if (!list)
        return NULL;
    uint32_t line = lines ? position_of(lines, row->from).line : 0;
    for (struct suppression *s = list; s; s = s->next) {
        if (!s->known || s->rule != row->rule || !s->reason.n || (s->line && s->line != line))
            continue;
        s->used = true;
        return s;
    }
    return NULL;
}

size_t suppressions_count(const struct suppression *list)
{
    size_t n = 0;
    for (; list; list = list->next)
        n++;
    return n;
}

void suppressions_report(const struct suppression *list, const struct verdict *v, struct findings *f)
{
    for (const struct suppression *s = list; s; s = s->next) {
        if (!s->node && (s->from < v->at || s->from >= v->end))
            continue;
        struct finding *x;
        if (!s->known)
            x = finding_say(f, RULE_suppression, s->node, "there is no rule %.*s to allow", FMT(s->slug));
        else if (!s->reason.n)
            x = finding_say(f, RULE_suppression, s->node,
                            "a reason is wanted: allow %.*s: <why this is right here>", FMT(s->slug));
        else if (!s->used && !across_has(s->rule)) /* that is known only when the whole run has been judged */
            x = finding_say(f, RULE_suppression, s->node, "nothing here breaks the rule %.*s any more",
                            FMT(s->slug));
        else
            continue;
        if (s->known && s->reason.n)
            finding_hint(f, x, "remove the %s", s->node ? "annotation" : "comment");
        x->at_key = s->node != NULL;
        if (!s->node) {
            x->from = s->from;
            x->to = s->to;
        }
    }
}
