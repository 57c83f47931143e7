/* Storage and br, wherever they stand. */
#include "rule.h"

static void storage_multiple(struct rule_run *run, const struct job_spec *job, const struct node *spec)
{
    (void)spec;
    const struct storage *s = &job->storage;
    if (s->count < 2)
        return;
    const struct node *blocks[] = {s->s3.node, s->gcs.node, s->azblob.node, s->local.node};
    const struct node *used = storage_node(s);
    for (size_t i = 0; i < 4; i++) {
        if (!blocks[i] || blocks[i] == used)
            continue;
        struct finding *x = finding_add(run->findings, RULE_storage_multiple, FIELD_FORBIDDEN, blocks[i],
                                        "only one storage block is used: %s comes first, this one is ignored",
                                        storage_type_name(s->used));
        x->at_key = true;
        x->note_node = used;
        x->note = LIT("this one is used");
        finding_hint(run->findings, x, "remove one of them");
    }
}

static job_rule *const rules[] = {
    storage_multiple,
};

void judge_job(struct rule_run *run, const struct job_spec *job, const struct node *spec)
{
    for (size_t i = 0; i < sizeof rules / sizeof *rules; i++)
        rules[i](run, job, spec);
}
