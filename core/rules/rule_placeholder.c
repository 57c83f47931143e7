/* Values that a template left behind. */
#include "rule.h"

/* `<region>`: a name and nothing else between the brackets. `rest` begins behind the first. */
static bool closes_brackets(slice rest)
{
    size_t i = 0;
    while (i < rest.n && rest.p[i] != '>' && rest.p[i] != '<')
        i++;
    return i > 0 && i < rest.n && rest.p[i] == '>' && rest.p[0] != ' ';
}

static bool only_stars(slice s)
{
    size_t i = 0;
    while (i < s.n && s.p[i] == '*')
        i++;
    return i == s.n;
}

/* `${region}` or `{{ region }}`. */
static bool has_pair(slice s, slice open, slice close)
{
    size_t at = slice_find(s, open);
    return at != SLICE_NONE && slice_find(slice_from(s, at + open.n), close) != SLICE_NONE;
}

static bool has_brackets(slice s)
{
    for (size_t at; (at = slice_find_char(s, '<')) != SLICE_NONE; s = slice_from(s, at + 1))
        if (closes_brackets(slice_from(s, at + 1)))
            return true;
    return false;
}

static bool is_placeholder(slice s)
{
    bool braces = slice_find_char(s, '{') != SLICE_NONE; /* mostly there is none: every text comes by here */
    return (braces && (has_pair(s, LIT("${"), LIT("}")) || has_pair(s, LIT("{{"), LIT("}}")))) ||
           has_brackets(s) ||
           (s.n > 2 && (only_stars(s) || slice_starts(s, LIT("your-")) || slice_starts(s, LIT("your_"))));
}

/* Shell variables are at home in an environment, `$` and `{` in the regular expressions of a filter, and
 * annotations are free text. */
static bool passed_over(slice key)
{
    static const slice keys[] = {SLICE("env"), SLICE("tableFilter"), SLICE("annotations"),
                                 SLICE("managedFields"), SLICE("status")};
    return slice_among(key, keys, sizeof keys / sizeof *keys);
}

static bool has_finding(const struct findings *f, const struct node *n)
{
    for (const struct finding *x = f->first; x; x = x->next)
        if (x->node == n && !x->child.n)
            return true;
    return false;
}

static void walk(struct arena *a, struct findings *f, struct node *n, bool mark)
{
    if (n->kind == NODE_STRING && is_placeholder(n->text)) {
        if (!mark && has_finding(f, n))
            return;
        if (mark)
            n->flags |= NODE_PLACEHOLDER;
        struct finding *x =
            finding_say(f, RULE_placeholder, n, "%.*s is a placeholder", FMT(node_value(a, n)));
        finding_hint(f, x, "write the real value before you apply it");
    }
    if (n->kind != NODE_OBJECT && n->kind != NODE_ARRAY)
        return;
    for (struct node *c = node_first(n); c; c = node_next(c))
        if (!passed_over(c->key))
            walk(a, f, c, mark);
}

void rules_mark_placeholders(struct arena *a, struct findings *f, struct node *root)
{
    walk(a, f, root, true);
}

void rules_report_placeholders(struct arena *a, struct findings *f, struct node *root)
{
    walk(a, f, root, false);
}
