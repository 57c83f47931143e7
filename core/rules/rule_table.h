/* Not a header but a part of each file of checks, which says what its checks look at and where its rules are
 * declared, and includes this:
 *
 *     #define SUBJECT struct timed_schedule
 *     #define RULES   "rule_cron.def"
 *     #include "rule_table.h"
 *
 * The .def has entries of three forms:
 *
 *     RULE(name, fields...)         a rule, which the function `name` checks
 *     CHECK(name)                   a function that reports several rules, or rules of other files
 *     ALSO(name, check, fields...)  a rule that the function `check` reports; what `check` needs, it needs
 *
 * A rule about one member of the subject, which has nothing to say where that is absent, names it with `.member =
 * MEMBER(br.log_level)`. Most members of most objects are absent: their functions need not even be fetched.
 *
 * This declares the functions (static: one that is missing does not compile, nor one that has no entry),
 * defines the rules, and defines run_checks(run, subject), which calls the functions in the order of the
 * entries, except where a rule's member is absent, and where a rule that the function's rule needs has reported on the
 * subject. */

#include <stddef.h>
#include <string.h>

#define MEMBER(name) offsetof(SUBJECT, name.node)

typedef void check_function(struct rule_run *run, const SUBJECT *subject);

#define RULE(name, ...)                                                                                      \
    extern const struct rule rule_##name;                                                                    \
    static check_function name;
#define CHECK(name)            static check_function name;
#define ALSO(name, check, ...) extern const struct rule rule_##name;
#include RULES
#undef RULE
#undef CHECK
#undef ALSO

#define RULE(name, ...) const struct rule rule_##name = {__VA_ARGS__};
#define CHECK(name)
#define ALSO(name, check, ...)                                                                               \
    const struct rule rule_##name = {__VA_ARGS__, .needs = NULL};                                            \
    typedef __typeof__(check) rule_##name##_reporter;
#include RULES
#undef RULE
#undef CHECK
#undef ALSO

static bool has_member(const SUBJECT *subject, size_t member)
{
    const struct node *n;
    memcpy(&n, (const char *)subject + member, sizeof n);
    return n;
}

static bool is_checked(const struct rule_run *run, const struct rule *rule, const SUBJECT *subject)
{
    return (!rule->member || has_member(subject, rule->member)) && !findings_blocked(run->findings, rule);
}

static void run_checks(struct rule_run *run, const SUBJECT *subject)
{
    static const struct {
        const struct rule *rule;
        check_function *check;
    } checks[] = {
#define RULE(name, ...) {&rule_##name, name},
#define CHECK(name)     {NULL, name},
#define ALSO(name, check, ...)
#include RULES
#undef RULE
#undef CHECK
#undef ALSO
    };
    for (size_t i = 0; i < COUNT(checks); i++)
        if (!checks[i].rule || is_checked(run, checks[i].rule, subject))
            checks[i].check(run, subject);
}

#undef MEMBER
#undef SUBJECT
#undef RULES
