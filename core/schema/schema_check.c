/* The checks of an object against its schema, worded as the API server words them.
 * [kube-openapi: pkg/validation/validate; apiextensions-apiserver: pkg/apiserver/validation, schema/listtype]
 *
 * On purpose unlike the API server: after a type error nothing more is said of the same value, and the
 * composite errors that it reports at <nil> are reported at the value they are about. */
#include "schema.h"

#include "ascii.h"
#include "brgate_limits.h"
#include "civil.h"
#include "num.h"
#include "schema_rules.h"
#include "suggest.h"
#include "utf8.h"

#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

/* The value is bad. False when no text is needed for that: a hostile object has a million of them. */
static bool blamed(struct schema_run *run, const struct rule *rule, struct node *n)
{
    n->flags |= NODE_BAD;
    return !findings_full(run->findings, rule);
}

/* `<value>: <path> in body <says>`. A format that does not fit counts as a wrong type; the value of a list is
 * its length. */
__attribute__((format(printf, 4, 5))) static void
blame_in_body(struct schema_run *run, const struct rule *rule, struct node *n, const char *format, ...)
{
    char says[LIMIT_MESSAGE_BYTES];
    if (!blamed(run, rule, n))
        return;
    va_list args;
    va_start(args, format);
    vsnprintf(says, sizeof says, format, args);
    va_end(args);
    slice path = node_path(run->arena, n),
          value = n->kind == NODE_ARRAY ? arena_fmt(run->arena, "%u", n->count) : node_value(run->arena, n);
    finding_at(run->findings, rule, rule == &rule_schema_format ? FIELD_TYPE_INVALID : FIELD_INVALID,
               at_value(n), "%.*s: %.*s in body %s", FMT(value), FMT(path), says);
}

/* ---- types ---- */

/* Decides as go-openapi does whether a float counts as an integer: by value or within 1e-9 of it. */
static bool float_is_integer(double f)
{
    static const double max_exact = 9007199254740991.0; /* 2^53 - 1 */
    if (!(fabs(f) <= max_exact))
        return false;
    double whole = trunc(f), difference = fabs(f - whole);
    return difference == 0 || (f > 0 && difference / (fabs(f) + fabs(whole)) < 1e-9);
}

static const char *schema_type_word(const struct schema *s)
{
    static const char *const words[] = {"",        "object", "array",   "string",
                                        "integer", "number", "boolean", "integer,string"};
    return words[s->type];
}

static bool type_fits(const struct schema *s, const struct node *n)
{
    switch (s->type) {
    case SCHEMA_OBJECT:
        return n->kind == NODE_OBJECT;
    case SCHEMA_ARRAY:
        return n->kind == NODE_ARRAY;
    case SCHEMA_STRING:
        return n->kind == NODE_STRING || (s->format != FORMAT_NONE && n->kind == NODE_ARRAY);
    case SCHEMA_INTEGER:
        return n->kind == NODE_INT || (n->kind == NODE_FLOAT && float_is_integer(n->real));
    case SCHEMA_NUMBER:
        return n->kind == NODE_INT || n->kind == NODE_FLOAT;
    case SCHEMA_BOOLEAN:
        return n->kind == NODE_BOOL;
    case SCHEMA_INT_OR_STRING:
        return n->kind == NODE_STRING || n->kind == NODE_INT ||
               (n->kind == NODE_FLOAT && float_is_integer(n->real));
    default:
        return true;
    }
}

static const char *format_word(enum schema_format f)
{
    static const char *const words[] = {"", "int32", "int64", "date-time", "float", "double"};
    return words[f];
}

/* Fields are expected, but a line without a colon, or without the space after it, is a plain text. */
static void hint_fields(struct finding *x, const struct schema *s, slice text)
{
    size_t end = 0;
    while (end < text.n && text.p[end] != ':' && text.p[end] != ' ')
        end++;
    slice key = slice_cut(text, 0, end);
    if (end < text.n && schema_property(s, key))
        finding_hint(x, "%s is missing after %.*s", text.p[end] == ':' ? "a space" : "a colon",
                     FMT(text.p[end] == ':' ? slice_cut(text, 0, end + 1) : key));
    else if (s->property_count == 1 && text.n && text.n <= 63)
        finding_hint(x, "write %.*s: %.*s", FMT(s->properties[0].name), FMT(text));
    else
        finding_hint(x, "expected fields, each as \"key: value\"");
}

static void hint_boolean(struct finding *x, const struct node *n)
{
    static const slice yes[] = {SLICE("true"), SLICE("yes"), SLICE("on")},
                       no[] = {SLICE("false"), SLICE("no"), SLICE("off")};
    const char *meant = NULL;
    for (size_t i = 0; i < COUNT(yes) && n->kind == NODE_STRING; i++)
        meant = slice_eq_nocase(n->text, yes[i]) ? "true" : slice_eq_nocase(n->text, no[i]) ? "false" : meant;
    if (meant)
        finding_hint(x, "write %s, without quotes", meant);
    else
        finding_hint(x, "expected true or false");
}

static void hint_string(struct finding *x, const struct node *n)
{
    if (n->kind == NODE_BOOL)
        finding_hint(x, "expected a string, but this is read as %s: quote it", n->boolean ? "true" : "false");
    else if (n->kind == NODE_INT || n->kind == NODE_FLOAT)
        finding_hint(x, "expected a string: quote the value");
    else if (n->kind == NODE_NULL)
        finding_hint(x, "expected a string: write one, or remove the \"-\"");
    else
        finding_hint(x, "expected a string, but this is %s", n->kind == NODE_ARRAY ? "a list" : "a field");
}

static void hint_type(struct schema_run *run, struct finding *x, const struct schema *s, const struct node *n)
{
    double number;
    switch (s->type) {
    case SCHEMA_OBJECT:
        if (n->kind == NODE_NULL)
            finding_hint(x, "it is empty: check that the block below is indented");
        else if (n->kind == NODE_ARRAY)
            finding_hint(x, "expected fields, not a list: remove the \"- \"");
        else
            hint_fields(x, s, n->kind == NODE_STRING ? n->text : (slice){0});
        break;
    case SCHEMA_ARRAY:
        finding_hint(x, "expected a list: begin each item with \"- \"");
        break;
    case SCHEMA_STRING:
        hint_string(x, n);
        break;
    case SCHEMA_BOOLEAN:
        hint_boolean(x, n);
        break;
    default:
        if (n->kind == NODE_STRING && num_f64(run->arena, n->text, &number))
            finding_hint(x, "expected a number: write it without quotes");
        else
            finding_hint(x, "expected a %snumber", s->type == SCHEMA_NUMBER ? "" : "whole ");
    }
}

/* With a format, a value that is neither string nor list is measured by format instead of type. */
static void blame_type(struct schema_run *run, const struct schema *s, struct node *n)
{
    if (!blamed(run, &rule_schema_type, n))
        return;
    const char *wanted = schema_type_word(s), *got = node_type_name(n);
    bool by_format =
        s->format != FORMAT_NONE && n->kind != NODE_STRING && n->kind != NODE_ARRAY && n->kind != NODE_NULL;
    if (by_format) {
        wanted = format_word((enum schema_format)s->format);
        got = n->kind == NODE_INT ? "int64" : n->kind == NODE_FLOAT ? "float64" : "";
    }
    slice path = node_path(run->arena, n);
    struct finding *x =
        finding_at(run->findings, &rule_schema_type, FIELD_TYPE_INVALID, at_value(n),
                   "\"%s\": %.*s in body must be of type %s: \"%s\"", got, FMT(path), wanted, got);
    hint_type(run, x, s, n);
}

static bool check_type(struct schema_run *run, const struct schema *s, struct node *n)
{
    if (type_fits(s, n))
        return true;
    blame_type(run, s, n);
    return false;
}

/* ---- scalars ---- */

/* Whether the format can hold the value. A number may be close enough to a whole one for its type, and is refused here. */
static bool check_format(struct schema_run *run, const struct schema *s, struct node *n, double value)
{
    bool whole = s->type == SCHEMA_NUMBER || value == trunc(value);
    if (whole && !(s->format == FORMAT_INT32 && (value < -2147483648.0 || value > 2147483647.0)))
        return true;
    if (!blamed(run, &rule_schema_range, n))
        return false;
    const char *format = s->format == FORMAT_NONE ? "" : format_word((enum schema_format)s->format);
    struct finding *x =
        finding_at(run->findings, &rule_schema_range, FIELD_INVALID, at_value(n),
                   "%.*s: Checked value must be of type integer %s%s in %.*s", FMT(node_value(run->arena, n)),
                   format[0] ? "with format " : "(default format)", format, FMT(node_path(run->arena, n)));
    if (!whole)
        finding_hint(x, "expected a whole number");
    return false;
}

static void check_range(struct schema_run *run, const struct schema *s, struct node *n)
{
    double value = n->kind == NODE_INT ? (double)n->integer : n->real;
    if (!check_format(run, s, n, value))
        return;
    if ((s->flags & SCHEMA_HAS_MAXIMUM) && value > (double)s->maximum)
        blame_in_body(run, &rule_schema_range, n, "should be less than or equal to %lld",
                      (long long)s->maximum);
    if ((s->flags & SCHEMA_HAS_MINIMUM) && value < (double)s->minimum)
        blame_in_body(run, &rule_schema_range, n, "should be greater than or equal to %lld",
                      (long long)s->minimum);
}

static int two_digits(slice s, size_t at)
{
    if (at + 2 > s.n || !ascii_is_digit(s.p[at]) || !ascii_is_digit(s.p[at + 1]))
        return -1;
    return (s.p[at] - '0') * 10 + (s.p[at + 1] - '0');
}

static bool full_date(slice s)
{
    int century = two_digits(s, 0), year = two_digits(s, 2), month = two_digits(s, 5), day = two_digits(s, 8);
    return s.n == 10 && century >= 0 && year >= 0 && s.p[4] == '-' && s.p[7] == '-' && month >= 1 &&
           month <= 12 && day >= 1 && day <= civil_days_in_month(century * 100 + year, month);
}

/* hh:mm:ss, then any one character and digits, then z or an offset; [kube-openapi:
 * pkg/validation/strfmt/time.go]. */
static bool date_time(slice s)
{
    size_t t = 0;
    while (t < s.n && s.p[t] != 't' && s.p[t] != 'T')
        t++;
    slice time = slice_from(s, t + 1);
    int hour = two_digits(time, 0), minute = two_digits(time, 3), second = two_digits(time, 6);
    if (!full_date((slice){s.p, t}) || hour < 0 || hour > 23 || minute < 0 || minute > 59 || second < 0 ||
        second > 59 || time.p[2] != ':' || time.p[5] != ':')
        return false;
    slice zone = slice_from(time, 8);
    if (zone.n >= 2 && ascii_is_digit(zone.p[1]) && zone.p[0] != '\n') {
        size_t i = 1;
        while (i < zone.n && ascii_is_digit(zone.p[i]))
            i++;
        bool offset_itself = (zone.p[0] == '+' || zone.p[0] == '-') && i == 3 && zone.n == 6;
        if (!offset_itself)
            zone = slice_from(zone, i);
    }
    if (zone.n == 1)
        return zone.p[0] == 'z' || zone.p[0] == 'Z';
    return zone.n == 6 && (zone.p[0] == '+' || zone.p[0] == '-') && two_digits(zone, 1) >= 0 &&
           zone.p[3] == ':' && two_digits(zone, 4) >= 0;
}

static void check_string(struct schema_run *run, const struct schema *s, struct node *n)
{
    if ((s->flags & SCHEMA_HAS_MAX_LENGTH) && n->text.n > (size_t)s->max_length &&
        utf8_count(n->text) > (size_t)s->max_length) {
        if (blamed(run, &rule_schema_length, n))
            finding_at(run->findings, &rule_schema_length, FIELD_TOO_LONG, at_value(n),
                       "may not be more than %lld bytes", (long long)s->max_length);
    } else if (s->min_length > 0 && utf8_count(n->text) < (size_t)s->min_length) {
        blame_in_body(run, &rule_schema_length, n, "should be at least %lld chars long",
                      (long long)s->min_length);
    } else if (s->pattern && !schema_set_matches(run->set, s->pattern, n->text, run->scratch)) {
        blame_in_body(run, &rule_schema_pattern, n, "should match '%.*s'",
                      FMT(schema_set_tables(run->set)->patterns[s->pattern - 1]));
    }
    if (s->format == FORMAT_DATE_TIME && !date_time(n->text)) {
        if (blamed(run, &rule_schema_format, n))
            blame_in_body(run, &rule_schema_format, n, "must be of type date-time: %.*s",
                          FMT(node_value(run->arena, n)));
    }
}

static bool matches_enum(const struct schema *s, const struct node *n)
{
    for (size_t i = 0; i < s->enum_count; i++)
        if (node_equal(s->enums[i], n))
            return true;
    return s->enum_count == 0;
}

/* The one word that ends in "-<text>": log-stop for stop. */
static slice ending_in(slice text, const slice *names, size_t count)
{
    slice found = {0};
    for (size_t i = 0; i < count; i++) {
        slice name = names[i];
        if (!text.n || name.n <= text.n || name.p[name.n - text.n - 1] != '-' ||
            !slice_eq_nocase(slice_from(name, name.n - text.n), text))
            continue;
        if (found.n)
            return (slice){0};
        found = name;
    }
    return found;
}

static void check_enum(struct schema_run *run, const struct schema *s, struct node *n)
{
    if (matches_enum(s, n))
        return;
    if (!blamed(run, &rule_schema_enum, n))
        return;
    struct arena *a = run->arena;
    struct buf b = buf_new(a, LIMIT_DOCUMENT_BYTES); /* the finding cuts what is too long */
    buf_put(&b, node_value(a, n));
    buf_put(&b, LIT(": supported values: "));
    slice *names = ARENA_ARRAY(a, slice, s->enum_count);
    for (size_t i = 0; i < s->enum_count; i++) {
        struct buf json = buf_new(a, LIMIT_MESSAGE_BYTES);
        node_put_json(&json, s->enums[i], true);
        names[i] = s->enums[i]->kind == NODE_STRING ? s->enums[i]->text : buf_slice(&json);
        buf_put(&b, i ? LIT(", ") : (slice){0});
        buf_quote(&b, names[i]);
    }
    struct finding *x = finding_at(run->findings, &rule_schema_enum, FIELD_NOT_SUPPORTED, at_value(n), "%.*s",
                                   FMT(buf_slice(&b)));
    slice near = n->kind == NODE_STRING ? suggest_nearest(n->text, names, s->enum_count) : (slice){0};
    if (!near.n && n->kind == NODE_STRING)
        near = ending_in(n->text, names, s->enum_count);
    if (near.n) {
        finding_edit(x, at_value(n), near);
        finding_hint(x, "did you mean %.*s?", FMT(near));
    }
}

/* ---- containers ---- */

/* A member that is null in the text, which the server drops. */
static struct node *dropped_member(struct node *n, slice key)
{
    for (struct node *c = n->first; c; c = c->next)
        if ((c->flags & NODE_DROPPED) && slice_eq(c->key, key))
            return c;
    return NULL;
}

static void check_required(struct schema_run *run, const struct schema *s, struct node *n)
{
    for (size_t i = 0; i < s->required_count; i++) {
        if (node_get(n, s->required[i]) || findings_full(run->findings, &rule_schema_required))
            continue;
        const struct node *null = dropped_member(n, s->required[i]);
        struct finding *x = finding_at(run->findings, &rule_schema_required, FIELD_REQUIRED,
                                       null ? at_key(null) : at_missing(n, s->required[i]), "");
        if (!null)
            continue;
        const struct schema *wanted = schema_property(s, s->required[i]);
        bool block = wanted && (wanted->type == SCHEMA_OBJECT || wanted->type == SCHEMA_ARRAY);
        finding_hint(x, block ? "it is empty: indent the fields that belong under it"
                              : "it has no value: write one");
    }
}

/* Rules come in pairs that say the same from both sides: one finding for both. */
static bool mirrored_before(const struct schema *s, size_t at)
{
    for (size_t i = 0; i < at; i++)
        if (slice_eq(s->exclusions[i].left, s->exclusions[at].right) &&
            slice_eq(s->exclusions[i].right, s->exclusions[at].left))
            return true;
    return false;
}

static void check_exclusions(struct schema_run *run, const struct schema *s, struct node *n)
{
    for (size_t i = 0; i < s->exclusion_count; i++) {
        const struct schema_exclusion *e = &s->exclusions[i];
        struct node *left = node_get(n, e->left), *right = node_get(n, e->right);
        if (!left || !right || mirrored_before(s, i))
            continue;
        bool failed_rule = !e->message.n;
        struct finding *x =
            finding_at(run->findings, &rule_schema_validation, FIELD_INVALID, at_key(n), "%s%.*s",
                       failed_rule ? "failed rule: " : "", FMT(failed_rule ? e->rule : e->message));
        finding_note(x, at_key(right), "%.*s is also set here; its presence counts, whatever its value",
                     FMT(e->right));
    }
}

/* Puts an item's keys, or a set's item, as text: equal texts are equal values. A missing key equals a missing
 * key; a null item has none. */
static void put_identity(struct buf *b, const struct schema *s, const struct node *item)
{
    if (s->list_type == LIST_SET) {
        node_put_json(b, item, true);
        return;
    }
    size_t start = b->n;
    buf_char(b, '{');
    for (size_t i = 0; i < s->key_count; i++) {
        const struct node *value = node_get(item, s->keys[i]);
        if (!value)
            continue;
        buf_put(b, b->n > start + 1 ? LIT(",") : (slice){0});
        buf_json_string(b, s->keys[i]);
        buf_char(b, ':');
        node_put_json(b, value, true);
    }
    buf_char(b, '}');
}

struct item {
    slice identity;
    struct node *node;
};

static int by_identity(const void *p, const void *q)
{
    const struct item *a = p, *b = q;
    int order = slice_cmp(a->identity, b->identity);
    return order ? order : (a->node->at > b->node->at) - (a->node->at < b->node->at);
}

/* The texts of all items are one text: most have a few bytes. */
static struct item *items_of(struct arena *a, const struct schema *s, const struct node *list,
                             size_t *ret_count)
{
    struct item *items = ARENA_ARRAY(a, struct item, list->count);
    struct buf b = buf_new(a, SIZE_MAX / 4);
    size_t n = 0, start = 0;
    for (struct node *x = node_first(list); x; x = node_next(x)) {
        put_identity(&b, s, x);
        items[n++] = (struct item){{NULL, b.n - start}, x};
        start = b.n;
    }
    start = 0;
    for (size_t i = 0; i < n; start += items[i++].identity.n)
        items[i].identity.p = b.p + start;
    *ret_count = n;
    return items;
}

/* The server reports the second occurrence of a value and no further one. */
static void check_duplicates(struct schema_run *run, const struct schema *s, struct node *list)
{
    if (s->list_type == LIST_ATOMIC || list->count < 2)
        return;
    if (s->list_type == LIST_MAP)
        for (struct node *x = node_first(list); x; x = node_next(x))
            if (x->kind != NODE_OBJECT && x->kind != NODE_NULL)
                return; /* as the server does: the type error comes first */
    size_t n = 0;
    struct item *items = items_of(run->arena, s, list, &n);
    qsort(items, n, sizeof *items, by_identity);
    for (size_t i = 1; i < n; i++) {
        if (!slice_eq(items[i].identity, items[i - 1].identity) ||
            (i > 1 && slice_eq(items[i].identity, items[i - 2].identity)) ||
            (items[i].node->flags & NODE_BAD) || findings_full(run->findings, &rule_schema_duplicate_item))
            continue;
        slice value = s->list_type == LIST_SET ? node_value(run->arena, items[i].node) : items[i].identity;
        struct finding *f = finding_at(run->findings, &rule_schema_duplicate_item, FIELD_DUPLICATE,
                                       at_value(items[i].node), "%.*s", FMT(value));
        finding_note(f, at_key(items[i - 1].node), "first set here");
    }
}

static void check_members(struct schema_run *run, const struct schema *s, struct node *n)
{
    check_required(run, s, n);
    for (struct node *c = node_first(n); c; c = node_next(c)) {
        const struct schema *below = schema_member(s, c);
        if (below)
            schema_check(run, below, c);
    }
    check_exclusions(run, s, n);
}

void schema_check(struct schema_run *run, const struct schema *s, struct node *n)
{
    if (n->flags & NODE_PLACEHOLDER)
        return;
    if (n->kind == NODE_NULL && (s->flags & SCHEMA_NULLABLE))
        return;
    if (!check_type(run, s, n))
        return;
    switch (n->kind) {
    case NODE_STRING:
        check_string(run, s, n);
        break;
    case NODE_INT:
    case NODE_FLOAT:
        if (s->type == SCHEMA_INTEGER || s->type == SCHEMA_NUMBER || s->type == SCHEMA_INT_OR_STRING)
            check_range(run, s, n);
        break;
    case NODE_OBJECT:
        check_members(run, s, n);
        break;
    case NODE_ARRAY:
        for (struct node *c = s->items ? node_first(n) : NULL; c; c = node_next(c))
            schema_check(run, s->items, c);
        if (s->min_items > (int64_t)n->count)
            blame_in_body(run, &rule_schema_length, n, "should have at least %lld items",
                          (long long)s->min_items);
        check_duplicates(run, s, n);
        break;
    default:
        break;
    }
    if (s->enum_count)
        check_enum(run, s, n);
}
