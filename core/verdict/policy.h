/* The policy: a team's decisions about the rules, from `.brgate.yaml` and flags:
 *
 *     rules:
 *       cleanpolicy-delete: off        # error, warn or off
 *       all: warn                      # every rule that is on and has no line of its own
 *     enforcement: warn                # or deny: what the server does about errors; also by rule, as a mapping
 *     namespaces:                      # the first entry with a matching name applies
 *     - names: [team-a, dev-*]
 *       enforcement: deny              # rules and enforcement, on top of those above
 *     overridable: [prefix-missing]    # rules that an annotation may lower on the server
 *     defaults: effective              # or documented, none: what `brgate default` and /mutate add
 *     docs: https://host/docs          # where the rules' pages are, for denials
 *     exclude: [charts/]               # files that `brgate lint` does not read, as in .gitignore */
#ifndef BRGATE_POLICY_H
#define BRGATE_POLICY_H

#include "catalogue.h"
#include "error.h"
#include "finding.h"

/* Which defaults a policy adds. */
enum defaults_mode {
    DEFAULTS_EFFECTIVE,  /* those that only state the effective value: no argument of BR changes */
    DEFAULTS_DOCUMENTED, /* also the documented ones that BR does not apply */
    DEFAULTS_NONE,       /* only those of the CRDs, which the API server adds by itself */
    DEFAULTS_MODE_COUNT
};

/* "effective", "documented", "none". */
const char *defaults_mode_word(enum defaults_mode mode);
bool defaults_mode_read(slice word, enum defaults_mode *ret, struct error *reterr);

enum policy_level { POLICY_DEFAULT, POLICY_OFF, POLICY_WARN, POLICY_ERROR };

/* What the server does about an error: refuse the object, or store it and warn that it would be denied. Severities say what
 * is wrong, in the linter as well; this says how far a roll-out has got. */
enum enforcement { ENFORCEMENT_DEFAULT, ENFORCEMENT_WARN, ENFORCEMENT_DENY };

struct policy_namespaces;

struct policy {
    uint8_t level[RULES_MOST];       /* by number; enum policy_level */
    uint8_t all;                     /* of rules that have none; turns on none that is off by default */
    uint8_t enforcement[RULES_MOST]; /* by number; enum enforcement */
    uint8_t enforcement_all;         /* of rules that have none */
    bool overridable[RULES_MOST];
    enum defaults_mode defaults;
    bool audit_plan; /* the audit log gets the plan for each new object */
    slice docs;      /* URL without a slash at its end; empty: none */
    struct policy_namespaces *namespaces;
    size_t namespaces_count;
};

/* Settings for some namespaces. */
struct policy_namespaces {
    const slice *names; /* `*` matches any text */
    size_t name_count;
    struct policy policy;  /* complete; it has no namespaces of its own */
    bool sets_enforcement; /* for all rules */
};

struct policy_excludes {
    const slice *patterns; /* of gitignore(5) */
    size_t count;
};

/* Applies a settings file to `policy`, and reads its patterns into `ret`, which may be NULL. What `policy` points to
 * lives in the arena and in `bytes`. Returns false when the file has an error: `reterr` is `line:column: <error>`. */
bool policy_read(struct policy *policy, struct arena *a, slice bytes, struct policy_excludes *ret,
                 struct error *reterr);

/* The number of the rule that a setting names; false when there is none, and `reterr` names the nearest one. */
bool policy_rule(slice slug, size_t *ret, struct error *reterr);

/* Sets one rule by its slug, in every namespace. "all" replaces all earlier settings: it turns every rule off, or raises or
 * lowers those that are on. Returns false when there is no such rule; `reterr` names the nearest one. */
bool policy_set(struct policy *policy, slice slug, enum policy_level level, struct error *reterr);

/* Reads `deny` or `warn`; false when the word is neither. */
bool enforcement_read(slice word, enum enforcement *ret, struct error *reterr);
const char *enforcement_word(enum enforcement e); /* DEFAULT is "deny" */

/* Sets the enforcement of all rules and namespaces for which the policy does not set it. */
void policy_enforce(struct policy *policy, enum enforcement e);

/* Whether the policy says nothing: every rule is at its default, none is overridable. */
bool policy_is_empty(const struct policy *policy);

/* The severity of the rule of that number in a context. Nothing is raised to an error on DELETE. */
enum severity policy_severity(const struct policy *policy, size_t rule, enum context context);

/* Whether an error of the rule of that number refuses the object. */
bool policy_denies(const struct policy *policy, size_t rule);

/* Returns whether one of the names matches the namespace. A text that cannot be the name of a namespace matches nothing. */
bool policy_names_match(const slice *names, size_t count, slice namespace);

#endif
