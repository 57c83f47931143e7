/* The policy: a team's decisions about the rules, from `.brgate.yaml` and flags:
 *
 *     rules:
 *       cleanpolicy-delete: off        # error, warn or off
 *       all: warn                      # every rule that is on and has no line of its own
 *     overridable: [prefix-missing]    # rules that an annotation may lower on the server
 *     defaults: effective              # or documented, none: what `brgate default` and /mutate add
 *     exclude: [charts/]               # files that `brgate lint` does not read, as in .gitignore */
#ifndef BRGATE_POLICY_H
#define BRGATE_POLICY_H

#include "catalogue.h"
#include "defaults.h"
#include "error.h"
#include "finding.h"

enum policy_level { POLICY_DEFAULT, POLICY_OFF, POLICY_WARN, POLICY_ERROR };

struct policy {
    uint8_t level[RULES_MOST]; /* by number; enum policy_level */
    uint8_t all;               /* of rules that have none; turns on none that is off by default */
    bool overridable[RULES_MOST];
    enum defaults_mode defaults;
};

struct policy_excludes {
    const slice *patterns; /* of gitignore(5) */
    size_t count;
};

/* Applies a settings file to `policy`, and reads its patterns into `ret`, which may be NULL. Returns false when the file
 * has an error: `reterr` is `line:column: <error>`. */
bool policy_read(struct policy *policy, struct arena *a, slice bytes, struct policy_excludes *ret,
                 struct error *reterr);

/* Sets one rule by its slug. "all" replaces all earlier settings: it turns every rule off, or raises or lowers those
 * that are on. Returns false when there is no such rule; `reterr` names the nearest one. */
bool policy_set(struct policy *policy, slice slug, enum policy_level level, struct error *reterr);

/* Whether the policy says nothing: every rule is at its default, none is overridable. */
bool policy_is_empty(const struct policy *policy);

/* The severity of the rule of that number in a context. Nothing is raised to an error on DELETE. */
enum severity policy_severity(const struct policy *policy, size_t rule, enum context context);

#endif
