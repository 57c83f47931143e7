/* What every job requires: br, a cluster, one storage block. */
#include "checks.h"

#define SUBJECT struct job_spec
#define RULES   "rule_storage.def"
#include "rule_table.h"

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

static bool has_more_than_defaults(const struct node *spec)
{
    for (const struct node *c = node_first(spec); c; c = node_next(c))
        if (!(c->flags & NODE_DEFAULTED))
            return true;
    return false;
}

/* The documentation prints excerpts that show a few fields only. A schedule that has br or storage beside its
 * templates is not such an excerpt. */
static bool is_fragment(const struct rule_run *run, const struct node *spec)
{
    const struct job_spec *own = &run->object->schedule->own;
    if (own->br.node || own->storage.count)
        return false;
    return run->context == CONTEXT_MANIFEST && !written_member(spec, "br") && !written_member(spec, "s3") &&
           !written_member(spec, "gcs") && !written_member(spec, "azblob") &&
           !written_member(spec, "local") && !has_dumpling_fields(spec) && has_more_than_defaults(spec);
}

static void spec_fragment(struct rule_run *run, const struct job_spec *job)
{
    if (job_is_compaction(job) || !is_fragment(run, job->node))
        return;
    struct finding *x = finding_at(run->findings, &rule_spec_fragment, FIELD_NONE, at_key(job->node),
                                   "neither br nor a storage block is present");
    finding_hint(x, "add br and one of s3, gcs, azblob and local before applying it");
}

static void br_missing(struct rule_run *run, const struct job_spec *job)
{
    if (node_get(job->node, LIT("br")) || job_is_compaction(job))
        return;
    if (run->object->group == GROUP_PINGCAP && has_dumpling_fields(job->node))
        return;
    struct place place = at_block(job->node, "br");
    struct finding *x = finding_at(run->findings, &rule_br_missing, FIELD_REQUIRED, place,
                                   "it names the cluster that is backed up");
    finding_hint(x, "%s", block_hint(place, "add br with cluster: <name of the cluster>"));
}

static void cluster_empty(struct rule_run *run, const struct job_spec *job)
{
    const struct text *cluster = &job->br.cluster;
    if (cluster->state != FIELD_GIVEN || cluster->value.n)
        return;
    struct finding *x =
        finding_at(run->findings, &rule_cluster_empty, FIELD_REQUIRED, at_value(cluster->node), "");
    finding_hint(x, "write the name of the cluster that is backed up");
}

static void storage_missing(struct rule_run *run, const struct job_spec *job)
{
    static const char *const blocks[] = {"s3", "gcs", "azblob", "local"};
    if (has_storage(job->node) || job_is_compaction(job))
        return;
    for (size_t i = 0; i < COUNT(blocks); i++) {
        if (!written_member(job->node, blocks[i]))
            continue;
        struct place place = at_block(job->node, blocks[i]);
        struct finding *x = finding_at(run->findings, &rule_storage_missing, FIELD_REQUIRED, place,
                                       "a storage block is required");
        finding_hint(x, "%s", block_hint(place, ""));
        return;
    }
    struct finding *x = finding_at(run->findings, &rule_storage_missing, FIELD_REQUIRED, at_key(job->node),
                                   "one of s3, gcs, azblob and local is required");
    finding_hint(x, "add the block of the storage that receives the data");
}

static void storage_multiple(struct rule_run *run, const struct job_spec *job)
{
    const struct storage *s = &job->storage;
    if (s->count < 2)
        return;
    const struct node *blocks[] = {s->s3.node, s->gcs.node, s->azblob.node, s->local.node};
    const struct node *used = storage_node(s);
    for (size_t i = 0; i < 4; i++) {
        if (!blocks[i] || blocks[i] == used)
            continue;
        struct finding *x =
            finding_at(run->findings, &rule_storage_multiple, FIELD_FORBIDDEN, at_key(blocks[i]),
                       "only one storage block is used: %s comes first, this one is ignored",
                       storage_type_name(s->used));
        finding_note(x, at_key(used), "this one is used");
        finding_hint(x, "remove one of them");
    }
}

void check_storage(struct rule_run *run, const struct job_spec *job)
{
    run_checks(run, job);
}
