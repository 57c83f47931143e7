/* Table filters as BR reads them: one rule per line, the last rule that matches decides.
 * [tidb: pkg/util/table-filter] */
#ifndef BRGATE_TABLE_FILTER_H
#define BRGATE_TABLE_FILTER_H

#include "regex.h"

enum filter_pattern_kind { PATTERN_ALL, PATTERN_TEXT, PATTERN_REGEX };

struct filter_pattern {
    enum filter_pattern_kind kind;
    slice text;             /* PATTERN_TEXT: the name; PATTERN_REGEX: the body as written */
    const struct regex *re; /* PATTERN_REGEX, and texts that need folding beyond ASCII */
};

struct filter_rule {
    bool negated;
    struct filter_pattern schema, table;
};

enum filter_case {
    FILTER_CASE_INSENSITIVE, /* BR's default */
    FILTER_CASE_SENSITIVE,   /* with --case-sensitive */
};

enum filter_line {
    FILTER_RULE,
    FILTER_NOTHING, /* empty, or a comment */
    FILTER_IMPORT,  /* "@file": read where BR runs; the rule's schema.text is the file's name */
    FILTER_REFUSED, /* BR refuses it; the refusal says why */
    FILTER_BEYOND,  /* a regular expression exceeds our limits: the result is unknown */
};

/* Parses one element of spec.tableFilter. The rule's texts are in `a` or in `line`. */
enum filter_line table_filter_parse(struct arena *a, slice line, enum filter_case sensitivity,
                                    struct filter_rule *ret, struct refusal *refusal);

/* Returns whether the table is selected: it is not if no rule matches. */
enum regex_outcome table_filter_match(const struct filter_rule *rules, size_t count,
                                      enum filter_case sensitivity, slice schema, slice table,
                                      struct regex_scratch *scratch);

bool filter_rule_matches_none(const struct filter_rule *rule); /* .tbl: no schema has an empty name */
bool filter_selects_nothing(const struct filter_rule *rules,
                            size_t count); /* no positive rule that can match */

#endif
