/* Values that a template left behind. */
#include "checks.h"

#include "scan.h"

#define RULE(name, ...) const struct rule rule_##name = {__VA_ARGS__};
#include "placeholder.def"

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

/* CHANGEME, and its kin. Most texts begin with another letter than they do. */
static bool is_word(slice s)
{
    static const slice words[] = {
        SLICE("changeme"),   SLICE("change-me"), SLICE("change_me"), SLICE("replaceme"), SLICE("replace-me"),
        SLICE("replace_me"), SLICE("tbd"),       SLICE("fixme"),     SLICE("xxx"),       SLICE("fill-me-in")};
    if (s.n < 3 || slice_find_char(LIT("CcRrTtFfXxy*"), s.p[0]) == SLICE_NONE)
        return false;
    for (size_t i = 0; i < COUNT(words); i++)
        if (s.n == words[i].n && slice_eq_nocase(s, words[i]))
            return true;
    return only_stars(s) || slice_starts(s, LIT("your-")) || slice_starts(s, LIT("your_"));
}

/* Text that a template, a reader or a shell should have replaced has one of these; hardly any other text has. */
static uint64_t opens(uint64_t eight)
{
    return scan_is(eight, '{') | scan_is(eight, '<') | scan_is(eight, '(');
}

bool text_is_ordinary(slice s)
{
    return scan_until(s, opens) == s.n && !is_word(s); /* for scan_is() a byte beyond ASCII is any other */
}

static bool has_gap(slice s)
{
    return has_pair(s, LIT("${"), LIT("}")) || has_pair(s, LIT("{{"), LIT("}}")) ||
           has_pair(s, LIT("$("), LIT(")")) || has_brackets(s);
}

bool text_is_placeholder(slice s)
{
    return !text_is_ordinary(s) && (has_gap(s) || is_word(s));
}

/* In a regular expression brackets, parentheses and words may mean themselves. */
bool filter_is_placeholder(slice s)
{
    if (slice_find_char(s, '/') == SLICE_NONE)
        return text_is_placeholder(s);
    return has_pair(s, LIT("${"), LIT("}")) || has_pair(s, LIT("{{"), LIT("}}"));
}

bool key_takes_placeholders(slice key)
{
    static const slice keys[] = {SLICE("env"), SLICE("subPathExpr"), SLICE("annotations"),
                                 SLICE("managedFields"), SLICE("status")};
    return slice_among(key, keys, COUNT(keys));
}

static bool is_placeholder(const struct node *n)
{
    bool filter = n->parent && slice_eq(n->parent->key, LIT("tableFilter"));
    return n->kind == NODE_STRING && (filter ? filter_is_placeholder(n->text) : text_is_placeholder(n->text));
}

void rules_mark_placeholders(struct node *root)
{
    if (is_placeholder(root))
        root->flags |= NODE_PLACEHOLDER;
    if (root->kind != NODE_OBJECT && root->kind != NODE_ARRAY)
        return;
    for (struct node *c = node_first(root); c; c = node_next(c))
        if (!key_takes_placeholders(c->key))
            rules_mark_placeholders(c);
}

static bool has_finding(const struct findings *f, const struct node *n)
{
    for (const struct finding *x = f->first; x; x = x->next)
        if (x->place.node == n && x->place.kind != PLACE_MISSING)
            return true;
    return false;
}

/* In a manifest the marked ones; on admission a placeholder is a value like any other, and another finding may
 * speak of it. */
static bool is_reported(const struct rule_run *run, const struct node *n)
{
    if (run->context == CONTEXT_MANIFEST)
        return n->flags & NODE_PLACEHOLDER;
    return is_placeholder(n) && !has_finding(run->findings, n);
}

void report_placeholder(struct rule_run *run, const struct node *n)
{
    if (!is_reported(run, n))
        return;
    struct finding *x = finding_at(run->findings, &rule_placeholder, FIELD_NONE, at_value(n),
                                   "%.*s is a placeholder", FMT(node_value(run->arena, n)));
    finding_hint(x, "write the real value before applying it");
}
