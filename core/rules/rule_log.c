/* Log backups: what a spec may ask of the state machine. */
#include "rule.h"

static void log_stop_deprecated(struct rule_run *run, const struct backup_spec *spec)
{
    if (spec->log_stop.state == FIELD_ABSENT || spec->log_subcommand.state != FIELD_ABSENT)
        return;
    if (spec->role == ROLE_LOG_TEMPLATE && spec->log_stop.value) /* log-stop-template speaks of it */
        return;
    struct finding *x =
        finding_say(run->findings, RULE_logstop_deprecated, spec->log_stop.node, "logStop is deprecated");
    x->at_key = true;
    finding_hint(run->findings, x, "write logSubcommand: %s",
                 spec->log_stop.value ? "log-stop" : "log-start");
}

static backup_rule *const rules[] = {
    log_stop_deprecated,
};

void judge_log(struct rule_run *run, const struct backup_spec *spec)
{
    for (size_t i = 0; i < sizeof rules / sizeof *rules; i++)
        rules[i](run, spec);
}
