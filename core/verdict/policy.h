/* What a team has decided about the rules, from `.brgate.yaml` and flags:
 *
 *     rules:
 *       cleanpolicy-delete: off        # error, warn or off
 *     overridable: [prefix-missing]    # rules that an annotation may lower on the server
 *     defaults: effective              # or documented, none: what `brgate default` and /mutate add */
#ifndef BRGATE_POLICY_H
#define BRGATE_POLICY_H

#include "catalogue.h"
#include "defaults.h"
#include "error.h"
#include "finding.h"

enum policy_level { POLICY_DEFAULT, POLICY_OFF, POLICY_WARN, POLICY_ERROR };

struct policy {
    uint8_t level[RULES_MOST]; /* by number; enum policy_level */
    bool overridable[RULES_MOST];
    enum defaults_mode defaults;
};

/* Reads a configuration file over `policy`. False when it has a fault: `reterr` is `line:column: what is
 * wrong`, in the arena. */
bool policy_read(struct policy *policy, struct arena *a, slice bytes, struct error *reterr);

/* Sets one rule by its slug ("all" for every rule). False and a text with the nearest slug when there is
 * none. */
bool policy_set(struct policy *policy, slice slug, enum policy_level level, struct error *reterr);

/* The severity of the rule of that number in a context. Nothing is raised to an error on DELETE. */
enum severity policy_severity(const struct policy *policy, size_t rule, enum context context);

#endif
