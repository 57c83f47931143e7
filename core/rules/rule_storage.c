/* What a job cannot do without: br, a cluster, one storage block. */
#include "rule_storage.h"

bool spec_is_compaction(const struct rule_run *run, const struct node *spec)
{
    return spec == run->object->compact->node || spec == run->object->schedule->compact_template.node;
}

bool spec_is_dumpling(const struct rule_run *run, const struct node *spec)
{
    return !spec_is_compaction(run, spec) && backup_is_dumpling(run->object->group, spec);
}

/* Any member that only Dumpling reads; which of them are missing is judged elsewhere. */
static bool has_dumpling_fields(const struct node *spec)
{
    return node_get(spec, LIT("from")) || node_get(spec, LIT("dumpling")) ||
           node_get(spec, LIT("storageSize"));
}

static bool has_storage(const struct node *spec)
{
    return node_get(spec, LIT("s3")) || node_get(spec, LIT("gcs")) || node_get(spec, LIT("azblob")) ||
           node_get(spec, LIT("local"));
}

/* Something stands at `name`, be it nothing but the name. */
static const struct node *written(const struct node *spec, const char *name)
{
    for (const struct node *c = spec->first; c; c = c->next)
        if (slice_eq(c->key, slice_of(name)))
            return c;
    return NULL;
}

static bool has_more_than_defaults(const struct node *spec)
{
    for (const struct node *c = node_first(spec); c; c = node_next(c))
        if (!(c->flags & NODE_DEFAULTED))
            return true;
    return false;
}

/* Documents print excerpts that show a few fields only. A schedule whose own br or storage stands beside its
 * templates is none. */
static bool is_fragment(const struct rule_run *run, const struct node *spec)
{
    const struct job_spec *own = &run->object->schedule->own;
    if (own->br.node || own->storage.count)
        return false;
    return run->context == CONTEXT_MANIFEST && !written(spec, "br") && !written(spec, "s3") &&
           !written(spec, "gcs") && !written(spec, "azblob") && !written(spec, "local") &&
           !has_dumpling_fields(spec) && has_more_than_defaults(spec);
}

struct finding *rule_missing_block(struct rule_run *run, enum rule_id rule, const struct node *spec,
                                   const char *name, const char *why)
{
    const struct node *null = written(spec, name);
    struct finding *x = finding_add(run->findings, rule, FIELD_REQUIRED, null ? null : spec, "%s", why);
    x->at_key = true;
    if (null)
        finding_hint(run->findings, x, "nothing stands below it: indent what belongs to it");
    else
        x->child = slice_of(name);
    return x;
}

struct finding *rule_wanting(struct rule_run *run, enum rule_id rule, const struct node *parent,
                             const char *child, const struct text *field, const char *text)
{
    bool stands_there = field->node && !(field->node->flags & NODE_GONE);
    struct finding *x = finding_say(run->findings, rule, stands_there ? field->node : parent, "%s", text);
    if (!stands_there) {
        x->at_key = true;
        x->child = slice_of(child);
    }
    return x;
}

static void spec_fragment(struct rule_run *run, const struct job_spec *job, const struct node *spec)
{
    (void)job;
    if (!is_fragment(run, spec) || spec_is_compaction(run, spec))
        return;
    struct finding *x =
        finding_say(run->findings, RULE_spec_fragment, spec, "neither br nor a storage is given");
    x->at_key = true;
    finding_hint(run->findings, x, "add br and one of s3, gcs, azblob and local before you apply it");
}

static void br_missing(struct rule_run *run, const struct job_spec *job, const struct node *spec)
{
    (void)job;
    if (node_get(spec, LIT("br")) || spec_is_compaction(run, spec) || is_fragment(run, spec))
        return;
    if (run->object->group == GROUP_PINGCAP && has_dumpling_fields(spec))
        return;
    struct finding *x =
        rule_missing_block(run, RULE_br_missing, spec, "br", "it names the cluster that is backed up");
    if (!x->hint.n)
        finding_hint(run->findings, x, "add br with cluster: <name of the cluster>");
}

static void cluster_empty(struct rule_run *run, const struct job_spec *job, const struct node *spec)
{
    (void)spec;
    const struct text *cluster = &job->br.cluster;
    if (cluster->state != FIELD_GIVEN || cluster->value.n)
        return;
    struct finding *x = FOUND(run, cluster_empty, FIELD_REQUIRED, cluster, "%s", "");
    finding_hint(run->findings, x, "write the name of the cluster that is backed up");
}

static void storage_missing(struct rule_run *run, const struct job_spec *job, const struct node *spec)
{
    (void)job;
    static const char *const blocks[] = {"s3", "gcs", "azblob", "local"};
    if (has_storage(spec) || spec_is_compaction(run, spec) || is_fragment(run, spec))
        return;
    for (size_t i = 0; i < sizeof blocks / sizeof *blocks; i++) {
        if (!written(spec, blocks[i]))
            continue;
        rule_missing_block(run, RULE_storage_missing, spec, blocks[i], "a storage is wanted");
        return;
    }
    struct finding *x = finding_add(run->findings, RULE_storage_missing, FIELD_REQUIRED, spec,
                                    "one of s3, gcs, azblob and local is wanted");
    x->at_key = true;
    finding_hint(run->findings, x, "add the block of the storage that takes the data");
}

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
    spec_fragment,  br_missing,  cluster_empty, storage_missing, storage_multiple,  judge_s3,
    judge_endpoint, judge_cloud, judge_place,   judge_volumes,   judge_credentials,
};

void judge_job(struct rule_run *run, const struct job_spec *job, const struct node *spec)
{
    for (size_t i = 0; i < sizeof rules / sizeof *rules; i++)
        rules[i](run, job, spec);
    judge_br(run, job, spec);
}
