/* Reads the settings file, and decides each rule's severity by the policy. */
#include "policy.h"

#include "document.h"
#include "position.h"
#include "suggest.h"

struct reading {
    struct arena *arena;
    slice bytes;
    struct policy *policy;
    struct policy_excludes *excludes; /* or NULL */
    struct error *reterr;
};

static bool complain(const struct reading *r, uint32_t at, const char *what)
{
    struct position p = position_of(line_table_new(r->arena, r->bytes), at);
    return error_set(r->reterr, "%u:%u: %s", p.line, p.column, what);
}

static bool find_rule(slice slug, size_t *ret, struct error *reterr)
{
    if (rule_find(slug, ret))
        return true;
    slice near = rule_nearest(slug);
    return near.n ? error_set(reterr, "unknown rule %.*s; did you mean %.*s?", FMT(slug), FMT(near))
                  : error_set(reterr, "unknown rule %.*s; `brgate rules` lists them", FMT(slug));
}

static void set_all(struct policy *policy, enum policy_level level)
{
    for (size_t i = 0; i < rule_count(); i++)
        if (level == POLICY_OFF || policy->level[i] != POLICY_OFF)
            policy->level[i] = POLICY_DEFAULT;
    policy->all = (uint8_t)level;
}

bool policy_set(struct policy *policy, slice slug, enum policy_level level, struct error *reterr)
{
    size_t rule;
    if (slice_eq(slug, LIT("all"))) {
        set_all(policy, level);
        return true;
    }
    if (!find_rule(slug, &rule, reterr))
        return false;
    policy->level[rule] = (uint8_t)level;
    return true;
}

/* ---- the file ---- */

static bool read_level(const struct reading *r, const struct node *n, enum policy_level *ret)
{
    static const slice words[] = {SLICE("error"), SLICE("warn"), SLICE("off")};
    static const enum policy_level levels[] = {POLICY_ERROR, POLICY_WARN, POLICY_OFF};
    slice word = n->kind == NODE_STRING                ? n->text
                 : n->kind == NODE_BOOL && !n->boolean ? LIT("off") /* YAML 1.1 reads a bare off as false */
                                                       : (slice){0};
    for (size_t i = 0; i < COUNT(words); i++) {
        if (slice_eq(word, words[i])) {
            *ret = levels[i];
            return true;
        }
    }
    slice near = suggest_nearest(word, words, COUNT(words));
    if (slice_eq(word, LIT("warning")))
        near = LIT("warn");
    struct error what;
    error_set(&what, "rules.%.*s: expected error, warn or off%s%.*s%s", FMT(n->key),
              near.n ? "; did you mean " : "", FMT(near), near.n ? "?" : "");
    return complain(r, n->at, what.text);
}

/* A rule's own line takes precedence over that of `all`, whatever their order. */
static bool read_rules(const struct reading *r, const struct node *rules)
{
    if (rules->kind != NODE_OBJECT)
        return complain(r, rules->at, "rules: expected a mapping from rules to error, warn or off");
    for (int own = 0; own <= 1; own++) {
        for (const struct node *n = node_first(rules); n; n = node_next(n)) {
            enum policy_level level = POLICY_DEFAULT;
            struct error why;
            if (slice_eq(n->key, LIT("all")) == own)
                continue;
            if (!policy_set(r->policy, n->key, POLICY_DEFAULT, &why))
                return complain(r, n->key_at, why.text);
            if (!read_level(r, n, &level))
                return false;
            policy_set(r->policy, n->key, level, NULL);
        }
    }
    return true;
}

static bool read_overridable(const struct reading *r, const struct node *list)
{
    if (list->kind != NODE_ARRAY)
        return complain(r, list->at, "overridable: expected a list of rules");
    for (const struct node *n = node_first(list); n; n = node_next(n)) {
        size_t rule;
        struct error why = {"overridable: expected the name of a rule"};
        if (n->kind != NODE_STRING || !find_rule(n->text, &rule, &why))
            return complain(r, n->at, why.text);
        r->policy->overridable[rule] = true;
    }
    return true;
}

static bool read_defaults(const struct reading *r, const struct node *n)
{
    return (n->kind == NODE_STRING && defaults_mode_read(n->text, &r->policy->defaults)) ||
           complain(r, n->at, "defaults: expected effective, documented or none");
}

static bool read_exclude(const struct reading *r, const struct node *list)
{
    if (list->kind != NODE_ARRAY)
        return complain(r, list->at, "exclude: expected a list of patterns, such as [charts/, '*.tpl.yaml']");
    slice *patterns = ARENA_ARRAY(r->arena, slice, list->count);
    size_t count = 0;
    for (const struct node *n = node_first(list); n; n = node_next(n)) {
        if (n->kind != NODE_STRING || !n->text.n)
            return complain(r, n->at, "exclude: expected a pattern, such as charts/ or '*.tpl.yaml'");
        patterns[count++] = n->text;
    }
    if (r->excludes)
        *r->excludes = (struct policy_excludes){patterns, count};
    return true;
}

static bool read_document(const struct reading *r, const struct node *root)
{
    static const struct {
        slice key;
        bool (*read)(const struct reading *r, const struct node *n);
    } keys[] = {{SLICE("rules"), read_rules},
                {SLICE("overridable"), read_overridable},
                {SLICE("defaults"), read_defaults},
                {SLICE("exclude"), read_exclude}};
    enum { KEYS = COUNT(keys) };
    if (root->kind != NODE_OBJECT)
        return complain(r, root->at,
                        "expected a mapping with the keys rules, overridable, defaults and exclude");
    for (const struct node *n = node_first(root); n; n = node_next(n)) {
        size_t i = 0;
        while (i < KEYS && !slice_eq(n->key, keys[i].key))
            i++;
        if (i == KEYS) {
            struct error what;
            error_set(&what, "unknown key %.*s: expected rules, overridable, defaults or exclude",
                      FMT(n->key));
            return complain(r, n->key_at, what.text);
        }
        if (!keys[i].read(r, n))
            return false;
    }
    return true;
}

/* Where a manifest only loses text, a setting is refused. */
static bool complain_unread(const struct reading *r, const struct finding *x)
{
    uint32_t from, to;
    struct error what;
    bool loses = x->rule->flags & RULE_LOSES_TEXT;
    place_span(x->place, r->bytes, &from, &to);
    error_set(&what, "%.*s%s",
              FMT(slice_cut(x->message, 0, loses ? slice_find_char(x->message, ';') : SLICE_NONE)),
              loses && x->hint.n ? "; " : "");
    if (loses)
        error_set(&what, "%s%.*s", what.text, FMT(x->hint));
    return complain(r, from, what.text);
}

bool policy_read(struct policy *policy, struct arena *a, slice bytes, struct policy_excludes *ret,
                 struct error *reterr)
{
    const struct reading r = {a, bytes, policy, ret, reterr};
    struct findings f = findings_new(a);
    struct stream *s = stream_read(a, bytes, &f);
    if (f.first)
        return complain_unread(&r, f.first);
    for (const struct document *d = s->first; d; d = d->next)
        if (!read_document(&r, d->root))
            return false;
    return true;
}

/* A rule's own level applies in every context; the level of `all` does not turn on rules that are off. */
bool policy_is_empty(const struct policy *policy)
{
    static const struct policy nothing;
    return memcmp(policy->level, nothing.level, sizeof nothing.level) == 0 &&
           memcmp(policy->overridable, nothing.overridable, sizeof nothing.overridable) == 0 &&
           policy->defaults == nothing.defaults;
}

enum severity policy_severity(const struct policy *policy, size_t rule, enum context context)
{
    static const enum severity severities[] = {
        [POLICY_OFF] = SEVERITY_OFF, [POLICY_WARN] = SEVERITY_WARNING, [POLICY_ERROR] = SEVERITY_ERROR};
    enum severity severity = rule_at(rule)->severity[context];
    if (policy->level[rule] != POLICY_DEFAULT)
        severity = severities[policy->level[rule]];
    else if (policy->all != POLICY_DEFAULT && severity != SEVERITY_OFF)
        severity = severities[policy->all];
    return context == CONTEXT_DELETE && severity == SEVERITY_ERROR ? SEVERITY_WARNING : severity;
}
