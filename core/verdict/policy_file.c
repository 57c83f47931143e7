/* Reads the settings file. */
#include "policy.h"

#include "ascii.h"
#include "brgate_limits.h"
#include "settings.h"
#include "suggest.h"

struct reading {
    struct settings file;
    struct policy *policy;            /* of the file, or of some namespaces */
    struct policy_excludes *excludes; /* or NULL */
};

static bool complain(const struct reading *r, uint32_t at, const char *what)
{
    return settings_fault(&r->file, at, "%s", what);
}

/* Returns the empty slice for what is not a string. */
static slice word_of(const struct node *n)
{
    return n->kind == NODE_STRING ? n->text : (slice){0};
}

static bool read_level(const struct reading *r, const struct node *n, enum policy_level *ret)
{
    static const slice words[] = {SLICE("error"), SLICE("warn"), SLICE("off")};
    static const enum policy_level levels[] = {POLICY_ERROR, POLICY_WARN, POLICY_OFF};
    bool off = n->kind == NODE_BOOL && !n->boolean; /* YAML 1.1 reads a bare off as false */
    slice word = off ? LIT("off") : word_of(n);
    for (size_t i = 0; i < COUNT(words); i++) {
        if (slice_eq(word, words[i])) {
            *ret = levels[i];
            return true;
        }
    }
    struct error what;
    suggest_expected(&what, slice_eq(word, LIT("warning")) ? LIT("warn") : word, words, COUNT(words));
    return settings_fault(&r->file, n->at, "rules.%.*s: %s", FMT(n->key), what.text);
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

static bool read_one_enforcement(const struct reading *r, const struct node *n, enum enforcement *ret)
{
    struct error why;
    return enforcement_read(word_of(n), ret, &why) ||
           settings_fault(&r->file, n->at, "enforcement: %s", why.text);
}

/* Sets all rules, in place of earlier settings. */
static void enforce_all(struct policy *policy, enum enforcement e)
{
    memset(policy->enforcement, ENFORCEMENT_DEFAULT, sizeof policy->enforcement);
    policy->enforcement_all = (uint8_t)e;
}

/* A word for all rules, or a mapping from rules to words; a rule's own line takes precedence over that of `all`. */
static bool read_enforcement(const struct reading *r, const struct node *node)
{
    enum enforcement e = ENFORCEMENT_DEFAULT;
    if (node->kind != NODE_OBJECT) {
        if (!read_one_enforcement(r, node, &e))
            return false;
        enforce_all(r->policy, e);
        return true;
    }
    const struct node *all = node_get(node, LIT("all"));
    if (all && !read_one_enforcement(r, all, &e))
        return false;
    if (all)
        enforce_all(r->policy, e);
    for (const struct node *n = node_first(node); n; n = node_next(n)) {
        size_t rule;
        struct error why;
        if (n == all)
            continue;
        if (!policy_rule(n->key, &rule, &why))
            return complain(r, n->key_at, why.text);
        if (!read_one_enforcement(r, n, &e))
            return false;
        r->policy->enforcement[rule] = (uint8_t)e;
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
        if (n->kind == NODE_STRING && slice_eq(n->text, LIT("all")))
            return complain(r, n->at,
                            "overridable: expected the name of a rule: name each one, all is not read here");
        if (n->kind != NODE_STRING || !policy_rule(n->text, &rule, &why))
            return complain(r, n->at, why.text);
        r->policy->overridable[rule] = true;
    }
    return true;
}

static bool read_defaults(const struct reading *r, const struct node *n)
{
    struct error why;
    return defaults_mode_read(word_of(n), &r->policy->defaults, &why) ||
           settings_fault(&r->file, n->at, "defaults: %s", why.text);
}

/* Printable ASCII: it is part of what clients show. */
static bool is_url(slice s)
{
    for (size_t i = 0; i < s.n; i++)
        if (s.p[i] <= ' ' || s.p[i] > '~' || s.p[i] == '"' || s.p[i] == '\\')
            return false;
    return s.n <= LIMIT_DOCS_URL_BYTES &&
           (slice_starts(s, LIT("https://")) || slice_starts(s, LIT("http://")));
}

static bool read_docs(const struct reading *r, const struct node *n)
{
    if (n->kind != NODE_STRING || !is_url(n->text))
        return complain(r, n->at,
                        "docs: expected the URL of a folder with RULES.md, such as https://host/docs");
    r->policy->docs = n->text;
    while (slice_ends(r->policy->docs, LIT("/")))
        r->policy->docs.n--;
    return true;
}

static bool read_audit_plan(const struct reading *r, const struct node *n)
{
    r->policy->audit_plan = n->kind == NODE_BOOL && n->boolean;
    return n->kind == NODE_BOOL || complain(r, n->at, "auditPlan: expected true or false");
}

static bool read_exclude(const struct reading *r, const struct node *list)
{
    if (list->kind != NODE_ARRAY)
        return complain(r, list->at, "exclude: expected a list of patterns, such as [charts/, '*.tpl.yaml']");
    slice *patterns = ARENA_ARRAY(r->file.arena, slice, list->count);
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

enum { KEYS_MOST = 8 };

struct key {
    slice name;
    bool (*read)(const struct reading *r, const struct node *n);
};

/* Calls the reader of each key of the mapping; a key without one is passed over. */
static bool read_keys(const struct reading *r, const struct node *mapping, const struct key *keys,
                      size_t count)
{
    for (const struct node *n = node_first(mapping); n; n = node_next(n)) {
        size_t i = 0;
        while (i < count && !slice_eq(n->key, keys[i].name))
            i++;
        if (i == count) {
            slice names[KEYS_MOST];
            struct error what;
            for (size_t k = 0; k < count; k++)
                names[k] = keys[k].name;
            suggest_unknown_of(&what, "key", n->key, names, count);
            return complain(r, n->key_at, what.text);
        }
        if (keys[i].read && !keys[i].read(r, n))
            return false;
    }
    return true;
}

/* ---- namespaces ---- */

static bool is_name_pattern(const struct node *n)
{
    if (n->kind != NODE_STRING || !n->text.n)
        return false;
    for (size_t i = 0; i < n->text.n; i++) {
        char c = n->text.p[i];
        if (!(c >= 'a' && c <= 'z') && !ascii_is_digit(c) && c != '-' && c != '*')
            return false;
    }
    return true;
}

static bool read_names(const struct reading *r, const struct node *entry, struct policy_namespaces *ret)
{
    const struct node *list = node_get(entry, LIT("names"));
    if (!list || list->kind != NODE_ARRAY || !list->count)
        return complain(r, list ? list->at : entry->at,
                        "namespaces: names: expected a list of namespaces, such as [team-a, dev-*]");
    slice *names = ARENA_ARRAY(r->file.arena, slice, list->count);
    for (const struct node *n = node_first(list); n; n = node_next(n)) {
        if (!is_name_pattern(n))
            return complain(
                r, n->at, "namespaces: names: expected the name of a namespace, in which * matches any text");
        names[ret->name_count++] = n->text;
    }
    ret->names = names;
    return true;
}

static bool read_namespaces_entry(const struct reading *r, const struct node *entry,
                                  struct policy_namespaces *ret)
{
    static const struct key keys[] = {
        {SLICE("names"), NULL}, {SLICE("rules"), read_rules}, {SLICE("enforcement"), read_enforcement}};
    if (entry->kind != NODE_OBJECT)
        return complain(r, entry->at, "namespaces: expected a mapping with names, rules and enforcement");
    struct reading own = *r;
    ret->policy = *r->policy;
    ret->policy.namespaces = NULL;
    ret->policy.namespaces_count = 0;
    own.policy = &ret->policy;
    const struct node *enforcement = node_get(entry, LIT("enforcement"));
    ret->sets_enforcement =
        enforcement && (enforcement->kind != NODE_OBJECT || node_get(enforcement, LIT("all")));
    return read_names(r, entry, ret) && read_keys(&own, entry, keys, COUNT(keys));
}

static bool read_namespaces(const struct reading *r, const struct node *list)
{
    if (list->kind != NODE_ARRAY)
        return complain(r, list->at,
                        "namespaces: expected a list, such as [{names: [dev-*], enforcement: warn}]");
    if (list->count > LIMIT_POLICY_NAMESPACES) {
        struct error what;
        error_set(&what,
                  "namespaces: %u entries, at most %d are read: put names with the same settings into one",
                  list->count, LIMIT_POLICY_NAMESPACES);
        return complain(r, list->at, what.text);
    }
    struct policy_namespaces *all = ARENA_ARRAY(r->file.arena, struct policy_namespaces, list->count);
    size_t count = 0;
    for (const struct node *n = node_first(list); n; n = node_next(n))
        if (!read_namespaces_entry(r, n, &all[count++]))
            return false;
    r->policy->namespaces = all;
    r->policy->namespaces_count = count;
    return true;
}

/* ---- the file ---- */

static bool read_document(const struct reading *r, const struct node *root)
{
    static const struct key keys[] = {{SLICE("rules"), read_rules},
                                      {SLICE("enforcement"), read_enforcement},
                                      {SLICE("namespaces"), NULL}, /* later: they begin with all the others */
                                      {SLICE("overridable"), read_overridable},
                                      {SLICE("defaults"), read_defaults},
                                      {SLICE("docs"), read_docs},
                                      {SLICE("auditPlan"), read_audit_plan},
                                      {SLICE("exclude"), read_exclude}};
    if (root->kind != NODE_OBJECT)
        return complain(
            r, root->at,
            "expected a mapping with the keys rules, enforcement, namespaces, overridable, defaults, "
            "docs, auditPlan and exclude");
    return read_keys(r, root, keys, COUNT(keys));
}

bool policy_read(struct policy *policy, struct arena *a, slice bytes, struct policy_excludes *ret,
                 struct error *reterr)
{
    const struct reading r = {{a, bytes, reterr}, policy, ret};
    const struct stream *s = settings_read(&r.file);
    if (!s)
        return false;
    for (const struct document *d = s->first; d; d = d->next)
        if (!read_document(&r, d->root))
            return false;
    for (const struct document *d = s->first; d; d = d->next) {
        const struct node *namespaces = node_get(d->root, LIT("namespaces"));
        if (namespaces && !read_namespaces(&r, namespaces))
            return false;
    }
    return true;
}
