/* Decides each rule's severity by the policy, and whether its errors refuse an object. */
#include "policy.h"

#include "suggest.h"

bool policy_rule(slice slug, size_t *ret, struct error *reterr)
{
    if (rule_find(slug, ret))
        return true;
    return suggest_unknown(reterr, "rule", slug, rule_nearest(slug), "; 'brgate rules' lists them");
}

static void set_all(struct policy *policy, enum policy_level level)
{
    for (size_t i = 0; i < rule_count(); i++)
        if (level == POLICY_OFF || policy->level[i] != POLICY_OFF)
            policy->level[i] = POLICY_DEFAULT;
    policy->all = (uint8_t)level;
}

static void set_in(struct policy *policy, bool all, size_t rule, enum policy_level level)
{
    if (all)
        set_all(policy, level);
    else
        policy->level[rule] = (uint8_t)level;
}

bool policy_set(struct policy *policy, slice slug, enum policy_level level, struct error *reterr)
{
    size_t rule = 0;
    bool all = slice_eq(slug, LIT("all"));
    if (!all && !policy_rule(slug, &rule, reterr))
        return false;
    set_in(policy, all, rule, level);
    for (size_t i = 0; i < policy->namespaces_count; i++)
        set_in(&policy->namespaces[i].policy, all, rule, level);
    return true;
}

static const char *const enforcement_words[] = {
    [ENFORCEMENT_DEFAULT] = "deny", [ENFORCEMENT_WARN] = "warn", [ENFORCEMENT_DENY] = "deny"};

const char *enforcement_word(enum enforcement e)
{
    return enforcement_words[e];
}

bool enforcement_read(slice word, enum enforcement *ret, struct error *reterr)
{
    static const slice words[] = {SLICE("deny"), SLICE("warn")};
    for (enum enforcement e = ENFORCEMENT_WARN; e <= ENFORCEMENT_DENY; e++) {
        if (slice_eq(word, slice_of(enforcement_words[e]))) {
            *ret = e;
            return true;
        }
    }
    return suggest_expected(reterr, word, words, COUNT(words));
}

void policy_enforce(struct policy *policy, enum enforcement e)
{
    policy->enforcement_all = (uint8_t)e;
    for (size_t i = 0; i < policy->namespaces_count; i++)
        if (!policy->namespaces[i].sets_enforcement)
            policy->namespaces[i].policy.enforcement_all = (uint8_t)e;
}

bool policy_is_empty(const struct policy *policy)
{
    static const struct policy nothing;
    return memcmp(policy->level, nothing.level, sizeof nothing.level) == 0 && policy->all == nothing.all &&
           memcmp(policy->enforcement, nothing.enforcement, sizeof nothing.enforcement) == 0 &&
           policy->enforcement_all == nothing.enforcement_all && policy->namespaces_count == 0 &&
           memcmp(policy->overridable, nothing.overridable, sizeof nothing.overridable) == 0 &&
           policy->defaults == nothing.defaults;
}

/* A rule's own level applies in every context; the level of `all` does not turn on rules that are off. */
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

bool policy_denies(const struct policy *policy, size_t rule)
{
    uint8_t own = policy->enforcement[rule];
    return (own != ENFORCEMENT_DEFAULT ? own : policy->enforcement_all) != ENFORCEMENT_WARN;
}

/* The `*` that was met last takes one byte more whenever what follows it does not match. */
static bool name_matches(slice pattern, slice name)
{
    size_t p = 0, n = 0, star = SLICE_NONE, from = 0;
    while (n < name.n) {
        if (p < pattern.n && pattern.p[p] == '*') {
            star = p++;
            from = n;
        } else if (p < pattern.n && pattern.p[p] == name.p[n]) {
            p++;
            n++;
        } else if (star != SLICE_NONE) {
            p = star + 1;
            n = ++from;
        } else {
            return false;
        }
    }
    while (p < pattern.n && pattern.p[p] == '*')
        p++;
    return p == pattern.n;
}

enum { NAMESPACE_BYTES = 63 }; /* a DNS label; anything longer costs nothing here */

bool policy_names_match(const slice *names, size_t count, slice namespace)
{
    bool named = namespace.n && namespace.n <= NAMESPACE_BYTES;
    for (size_t i = 0; named && i < count; i++)
        if (name_matches(names[i], namespace))
            return true;
    return false;
}

/* ---- defaults ---- */

static const slice defaults_words[DEFAULTS_MODE_COUNT] = {SLICE("effective"), SLICE("documented"),
                                                          SLICE("none")};

const char *defaults_mode_word(enum defaults_mode mode)
{
    return defaults_words[mode].p;
}

bool defaults_mode_read(slice word, enum defaults_mode *ret, struct error *reterr)
{
    for (unsigned i = 0; i < DEFAULTS_MODE_COUNT; i++) {
        if (!slice_eq(word, defaults_words[i]))
            continue;
        *ret = (enum defaults_mode)i;
        return true;
    }
    return suggest_expected(reterr, word, defaults_words, DEFAULTS_MODE_COUNT);
}
