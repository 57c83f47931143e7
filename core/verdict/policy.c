#include "policy.h"

#include "document.h"
#include "position.h"

static bool complain(struct arena *a, slice bytes, const struct node *n, slice what, struct error *reterr)
{
    struct position at = position_of(line_table_new(a, bytes), n->key.n ? n->key_at : n->at);
    return error_set(reterr, "%u:%u: %.*s", at.line, at.column, FMT(what));
}

static bool find_rule(slice slug, size_t *ret, struct error *reterr)
{
    if (rule_find(slug, ret))
        return true;
    slice near = rule_nearest(slug);
    return near.n ? error_set(reterr, "unknown rule %.*s; did you mean %.*s?", FMT(slug), FMT(near))
                  : error_set(reterr, "unknown rule %.*s; `brgate rules` lists them", FMT(slug));
}

bool policy_set(struct policy *policy, slice slug, enum policy_level level, struct error *reterr)
{
    size_t rule;
    if (slice_eq(slug, LIT("all"))) {
        for (size_t i = 0; i < rule_count(); i++)
            policy->level[i] = (uint8_t)level;
        return true;
    }
    if (!find_rule(slug, &rule, reterr))
        return false;
    policy->level[rule] = (uint8_t)level;
    return true;
}

static bool read_level(const struct node *n, enum policy_level *ret)
{
    static const struct {
        slice word;
        enum policy_level level;
    } words[] = {{SLICE("error"), POLICY_ERROR}, {SLICE("warn"), POLICY_WARN}, {SLICE("off"), POLICY_OFF}};
    if (n->kind == NODE_BOOL && !n->boolean) { /* YAML 1.1 reads a bare off as false */
        *ret = POLICY_OFF;
        return true;
    }
    for (size_t i = 0; n->kind == NODE_STRING && i < COUNT(words); i++) {
        if (slice_eq(n->text, words[i].word)) {
            *ret = words[i].level;
            return true;
        }
    }
    return false;
}

static bool read_rules(struct policy *policy, struct arena *a, slice bytes, const struct node *rules,
                       struct error *reterr)
{
    if (rules->kind != NODE_OBJECT)
        return complain(a, bytes, rules, LIT("rules: expected a mapping from rule to error, warn or off"),
                        reterr);
    for (const struct node *n = node_first(rules); n; n = node_next(n)) {
        enum policy_level level;
        struct error why;
        if (!read_level(n, &level))
            return complain(a, bytes, n, arena_fmt(a, "rules.%.*s: expected error, warn or off", FMT(n->key)),
                            reterr);
        if (!policy_set(policy, n->key, level, &why))
            return complain(a, bytes, n, slice_of(why.text), reterr);
    }
    return true;
}

static bool read_overridable(struct policy *policy, struct arena *a, slice bytes, const struct node *list,
                             struct error *reterr)
{
    if (list->kind != NODE_ARRAY)
        return complain(a, bytes, list, LIT("overridable: expected a list of rules"), reterr);
    for (const struct node *n = node_first(list); n; n = node_next(n)) {
        size_t rule;
        struct error why = {"overridable: expected the name of a rule"};
        if (n->kind != NODE_STRING || !find_rule(n->text, &rule, &why))
            return complain(a, bytes, n, slice_of(why.text), reterr);
        policy->overridable[rule] = true;
    }
    return true;
}

static bool read_defaults(struct policy *policy, struct arena *a, slice bytes, const struct node *n,
                          struct error *reterr)
{
    if (n->kind == NODE_STRING && defaults_mode_read(n->text, &policy->defaults))
        return true;
    return complain(a, bytes, n, LIT("defaults: expected effective, documented or none"), reterr);
}

static bool read_document(struct policy *policy, struct arena *a, slice bytes, const struct node *root,
                          struct error *reterr)
{
    static const slice keys[] = {SLICE("rules"), SLICE("overridable"), SLICE("defaults")};
    if (root->kind != NODE_OBJECT)
        return complain(a, bytes, root,
                        LIT("expected a mapping with the keys rules, overridable and defaults"), reterr);
    for (const struct node *n = node_first(root); n; n = node_next(n)) {
        bool ok;
        if (slice_eq(n->key, keys[0]))
            ok = read_rules(policy, a, bytes, n, reterr);
        else if (slice_eq(n->key, keys[1]))
            ok = read_overridable(policy, a, bytes, n, reterr);
        else if (slice_eq(n->key, keys[2]))
            ok = read_defaults(policy, a, bytes, n, reterr);
        else
            return complain(
                a, bytes, n,
                arena_fmt(a, "unknown key %.*s: expected rules, overridable or defaults", FMT(n->key)),
                reterr);
        if (!ok)
            return false;
    }
    return true;
}

bool policy_read(struct policy *policy, struct arena *a, slice bytes, struct error *reterr)
{
    struct findings f = findings_new(a);
    struct stream *s = stream_read(a, bytes, &f);
    if (f.first) {
        uint32_t from, to;
        place_span(f.first->place, bytes, &from, &to);
        struct position at = position_of(line_table_new(a, bytes), from);
        return error_set(reterr, "%u:%u: %.*s", at.line, at.column, FMT(f.first->message));
    }
    for (const struct document *d = s->first; d; d = d->next)
        if (!read_document(policy, a, bytes, d->root, reterr))
            return false;
    return true;
}

enum severity policy_severity(const struct policy *policy, size_t rule, enum context context)
{
    enum severity severity = rule_at(rule)->severity[context];
    switch (policy->level[rule]) {
    case POLICY_OFF:
        severity = SEVERITY_OFF;
        break;
    case POLICY_WARN:
        severity = SEVERITY_WARNING;
        break;
    case POLICY_ERROR:
        severity = SEVERITY_ERROR;
        break;
    default:
        break;
    }
    return context == CONTEXT_DELETE && severity == SEVERITY_ERROR ? SEVERITY_WARNING : severity;
}
