/* Points in time: who will read the field decides which spellings are right. */
#include "rule.h"

static bool refused(struct rule_run *run, enum rule_id rule, const struct timestamp_field *t,
                    const struct refusal *why)
{
    rule_refused(run, rule, &t->text, why);
    return false;
}

/* `t` is read by one process only, in its time zone. */
static bool judge_moment(struct rule_run *run, const struct timestamp_field *t)
{
    struct refusal why = {0};
    if (t->value.kind == TIMESTAMP_ZONELESS) {
        timestamp_br_takes(t->text.value, &why); /* for its hint */
        struct finding *x = finding_say(run->findings, RULE_time_zone_unclear, t->text.node,
                                        "%.*s has no time zone: it is read in that of the pod",
                                        FMT(node_value(run->arena, t->text.node)));
        x->hint = arena_copy(run->arena, slice_of(why.hint));
        return true;
    }
    return timestamp_plausible(t->text.value, &t->value, run->now, &why) ||
           refused(run, RULE_tso_implausible, t, &why);
}

/* The operator hands it to BR as it stands, and BR takes more spellings than we know. */
static bool judge_for_snapshot(struct rule_run *run, const struct timestamp_field *t)
{
    struct refusal why = {0};
    if (t->ok)
        return judge_moment(run, t);
    if (!timestamp_br_takes(t->text.value, &why))
        refused(run, RULE_committs_form, t, &why);
    return false; /* nobody here knows the moment */
}

/* First the operator reads it, then BR with its demand for a zone. */
static bool judge_for_log(struct rule_run *run, const struct timestamp_field *t)
{
    struct refusal why = {0};
    struct timestamp value;
    if (!timestamp_parse(t->text.value, &value, &why))
        return refused(run, RULE_tso_syntax, t, &why);
    if (!timestamp_br_takes(t->text.value, &why))
        return refused(run, value.kind == TIMESTAMP_ZONELESS ? RULE_time_zone_missing : RULE_tso_syntax, t,
                       &why);
    return timestamp_plausible(t->text.value, &value, run->now, &why) ||
           refused(run, RULE_tso_implausible, t, &why);
}

bool judge_timestamp(struct rule_run *run, const struct timestamp_field *t, enum timestamp_reader reader)
{
    if (!text_given(&t->text))
        return false;
    switch (reader) {
    case READ_BY_BR:
        return judge_for_snapshot(run, t);
    case READ_BY_POD:
        return t->ok && judge_moment(run, t);
    default:
        return judge_for_log(run, t);
    }
}
