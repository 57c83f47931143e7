/* Table filters: what BR will refuse, and what will select nothing. */
#include "checks.h"

#include "brgate_limits.h"
#include "table_filter.h"

#define SUBJECT struct backup_spec
#define RULES   "rule_filter.def"
#include "rule_table.h"

/* The filter of one spec, as far as it could be read. */
struct filter_reading {
    struct filter_rule *rules;
    const struct node **nodes; /* of the rules */
    size_t count;
    bool complete; /* every element was read: something can be said of the whole */
};

static void report_import(struct rule_run *run, const struct node *n)
{
    struct finding *x =
        finding_at(run->findings, &rule_table_filter_import, FIELD_NONE, at_value(n),
                   "%.*s is a file that BR opens inside its pod", FMT(node_value(run->arena, n)));
    finding_hint(x, "write the rules themselves, one per element");
}

static void report_too_large(struct rule_run *run, const struct node *n, const struct refusal *why)
{
    struct finding *x = finding_at(run->findings, &rule_table_filter_too_large, FIELD_FORBIDDEN, at_value(n),
                                   "%s: brgate does not read it", why->why);
    finding_hint(x, "shorten it, or write several rules");
}

static void report_too_many(struct rule_run *run, const struct node *list)
{
    struct finding *x = finding_at(run->findings, &rule_table_filter_too_large, FIELD_TOO_MANY, at_key(list),
                                   "%u: must have at most %d rules", list->count, LIMIT_FILTER_RULES);
    finding_hint(x, "use wildcards, or divide the tables among several objects");
}

/* On admission, BR would get the placeholder. */
static void report_refused(struct rule_run *run, const struct node *n, const struct refusal *why)
{
    const struct text element = {n, n->text, FIELD_GIVEN};
    struct finding *x = rule_refused(run, &rule_table_filter_syntax, &element, why);
    if (!filter_is_placeholder(n->text))
        return;
    finding_edit(x, at_value(n), (slice){0});
    finding_hint(x, "it is a placeholder: write the real value");
}

static void read_element(struct rule_run *run, const struct node *n, struct filter_reading *f)
{
    struct refusal why = {0};
    switch (table_filter_parse(run->arena, n->text, FILTER_CASE_INSENSITIVE, &f->rules[f->count], &why)) {
    case FILTER_RULE:
        f->nodes[f->count++] = n;
        break;
    case FILTER_NOTHING:
        break;
    case FILTER_IMPORT:
        report_import(run, n);
        f->complete = false;
        break;
    case FILTER_REFUSED:
        report_refused(run, n, &why);
        f->complete = false;
        break;
    case FILTER_BEYOND:
        report_too_large(run, n, &why);
        f->complete = false;
        break;
    }
}

static struct filter_reading read_filter(struct rule_run *run, const struct node *list)
{
    size_t most = list->count < LIMIT_FILTER_RULES ? list->count : LIMIT_FILTER_RULES, seen = 0;
    struct filter_reading f = {.rules = ARENA_ARRAY(run->arena, struct filter_rule, most + 1),
                               .nodes = ARENA_ARRAY(run->arena, const struct node *, most + 1),
                               .complete = list->count <= LIMIT_FILTER_RULES};
    if (!f.complete)
        report_too_many(run, list);
    for (const struct node *n = node_first(list); n && seen < most; n = node_next(n), seen++) {
        if (n->kind == NODE_STRING && !(n->flags & (NODE_BAD | NODE_PLACEHOLDER)))
            read_element(run, n, &f);
        else
            f.complete = false;
    }
    return f;
}

static void empty_result(struct rule_run *run, const struct node *list, const struct filter_reading *f)
{
    if (f->complete && f->count && filter_selects_nothing(f->rules, f->count)) {
        struct finding *x =
            finding_at(run->findings, &rule_table_filter_empty_result, FIELD_NONE, at_key(list),
                       "the filter selects no table: BR makes an empty backup and reports it as complete");
        finding_hint(x, "put the rule \"*.*\" before the excluding rules");
        return;
    }
    for (size_t i = 0; i < f->count; i++) {
        if (f->rules[i].negated || !filter_rule_matches_none(&f->rules[i]))
            continue;
        struct finding *x = finding_at(
            run->findings, &rule_table_filter_empty_result, FIELD_NONE, at_value(f->nodes[i]),
            "%.*s matches nothing: no schema has an empty name", FMT(node_value(run->arena, f->nodes[i])));
        finding_hint(x, "write *%.*s for the table in every schema", FMT(slice_trim(f->nodes[i]->text)));
    }
}

static void table_filter(struct rule_run *run, const struct backup_spec *spec)
{
    const struct node *list = spec->table_filter.node;
    if (spec->is_log || !list || list->kind != NODE_ARRAY)
        return;
    struct filter_reading f = read_filter(run, list);
    empty_result(run, list, &f);
}

void check_filter(struct rule_run *run, const struct backup_spec *spec)
{
    run_checks(run, spec);
}
