/* Points in time: who will read the field decides which spellings are right. */
#include "checks.h"

/* A field that is given, and who reads it. */
struct read_timestamp {
    const struct timestamp_field *field;
    enum timestamp_reader reader;
};

#define SUBJECT struct read_timestamp
#define RULES   "rule_timestamp.def"
#include "rule_table.h"

static slice text_of(const struct read_timestamp *t)
{
    return t->field->text.value;
}

/* A snapshot's timestamp. The operator passes it to BR unchanged, and BR accepts more spellings than brgate knows. */
static void committs_form(struct rule_run *run, const struct read_timestamp *t)
{
    struct refusal why = {0};
    if (t->reader == READ_BY_BR && !t->field->ok && !timestamp_br_takes(text_of(t), &why))
        rule_refused(run, &rule_committs_form, &t->field->text, &why);
}

/* The operator reads it, and of a log backup then BR with its demand for a zone. */
static void tso_syntax(struct rule_run *run, const struct read_timestamp *t)
{
    struct refusal why = {0};
    struct timestamp value;
    if (t->reader != READ_BY_OPERATOR && t->reader != READ_BY_OPERATOR_AND_BR)
        return;
    bool fine = timestamp_parse(text_of(t), &value, &why);
    if (fine && t->reader == READ_BY_OPERATOR_AND_BR && value.kind != TIMESTAMP_ZONELESS)
        fine = timestamp_br_takes(text_of(t), &why);
    if (!fine)
        rule_refused(run, &rule_tso_syntax, &t->field->text, &why);
}

static void time_zone_missing(struct rule_run *run, const struct read_timestamp *t)
{
    struct refusal why = {0};
    if (t->reader == READ_BY_OPERATOR_AND_BR && t->field->ok && t->field->value.kind == TIMESTAMP_ZONELESS &&
        !timestamp_br_takes(text_of(t), &why))
        rule_refused(run, &rule_time_zone_missing, &t->field->text, &why);
}

static void time_fraction(struct rule_run *run, const struct read_timestamp *t)
{
    const struct node *n = t->field->text.node;
    struct buf b = buf_new(run->arena, 64);
    if (t->reader != READ_BY_OPERATOR_AND_BR || !t->field->ok || !timestamp_comma_fraction(text_of(t)))
        return;
    buf_put(&b, text_of(t));
    b.p[slice_find_char(text_of(t), ',')] = '.';
    struct finding *x = finding_at(run->findings, &rule_time_fraction, FIELD_NONE, at_value(n),
                                   "%.*s: the operator keeps a fraction after a comma, and BR drops it",
                                   FMT(node_value(run->arena, n)));
    finding_edit(x, at_value(n), buf_slice(&b));
    finding_hint(x, "write %.*s", FMT(buf_slice(&b)));
}

/* One process only reads it, in its time zone. */
static void time_zone_unclear(struct rule_run *run, const struct read_timestamp *t)
{
    struct refusal why = {0};
    const struct node *n = t->field->text.node;
    if (t->reader == READ_BY_OPERATOR_AND_BR || !t->field->ok || t->field->value.kind != TIMESTAMP_ZONELESS)
        return;
    timestamp_br_takes(text_of(t), &why); /* for its hint */
    struct finding *x = finding_at(run->findings, &rule_time_zone_unclear, FIELD_NONE, at_value(n),
                                   "%.*s has no time zone: it is read in the pod's time zone",
                                   FMT(node_value(run->arena, n)));
    finding_hint(x, "%s", why.hint);
}

/* To BR a commitTs of 0 is the same as none: the backup begins now. */
static bool is_now(const struct read_timestamp *t)
{
    return t->field->value.tso == 0 && slice_eq(t->field->text.node->key, LIT("commitTs"));
}

static void tso_implausible(struct rule_run *run, const struct read_timestamp *t)
{
    struct refusal why = {0};
    if (t->field->ok && !is_now(t) && !timestamp_plausible(text_of(t), &t->field->value, run->now, &why))
        rule_refused(run, &rule_tso_implausible, &t->field->text, &why);
}

void check_timestamp(struct rule_run *run, const struct timestamp_field *t, enum timestamp_reader reader)
{
    const struct read_timestamp subject = {t, reader};
    if (!text_given(&t->text))
        return;
    size_t outer = findings_enter(run->findings);
    run_checks(run, &subject);
    findings_leave(run->findings, outer);
}

bool timestamp_is_sound(const struct rule_run *run, const struct timestamp_field *t,
                        enum timestamp_reader reader)
{
    if (!text_given(&t->text) || !t->ok)
        return false;
    if (reader == READ_BY_OPERATOR_AND_BR && !timestamp_br_takes(t->text.value, NULL))
        return false;
    return t->value.kind == TIMESTAMP_ZONELESS ||
           timestamp_plausible(t->text.value, &t->value, run->now, NULL);
}
