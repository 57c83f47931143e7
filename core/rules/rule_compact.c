/* CompactBackups, and the compaction template of a schedule. */
#include "checks.h"

#include "quantity.h"

#define SUBJECT struct compact_spec
#define RULES   "rule_compact.def"
#include "rule_table.h"

enum {
    NAME_MOST = 63, /* the name becomes the Job's and its pods' label */
    GENERATED = 5,  /* what the API server appends to generateName */
};

static bool is_template(const struct rule_run *run)
{
    return run->object->kind == KIND_BACKUP_SCHEDULE;
}

static bool is_sharded(const struct compact_spec *c)
{
    return text_given(&c->mode) && slice_eq(c->mode.value, LIT("sharded"));
}

static void v2_compact_unsupported(struct rule_run *run, const struct compact_spec *c)
{
    (void)c;
    if (run->object->group != GROUP_BR || is_template(run))
        return;
    struct finding *x =
        finding_at(run->findings, &rule_v2_compact_unsupported, FIELD_NONE,
                   at_value(node_get(run->object->root, LIT("kind"))),
                   "TiDB Operator v2 has no controller for CompactBackup: by itself it compacts nothing");
    finding_hint(x,
                 "run brgate reconcile beside it and set this rule to off, or run TiDB Operator v1 and write "
                 "pingcap.com/v1alpha1");
}

/* ---- the range of time ---- */

static void check_time(struct rule_run *run, const struct compact_spec *c, const struct timestamp_field *t,
                       const char *name, const char *why)
{
    if (text_empty(&t->text)) {
        struct finding *x =
            finding_at(run->findings, &rule_compact_ts, FIELD_REQUIRED, at_member(c->node, name), "%s", why);
        finding_hint(x, "write a TSO, or a time such as 2022-10-10T15:21:00+08:00");
    } else if (t->text.state == FIELD_GIVEN && !t->ok) {
        struct refusal refusal = {0};
        struct timestamp ignored;
        timestamp_parse(t->text.value, &ignored, &refusal);
        rule_refused(run, &rule_compact_ts, &t->text, &refusal);
    } else {
        check_timestamp(run, t, READ_BY_POD);
    }
}

static bool is_sound(const struct rule_run *run, const struct timestamp_field *t)
{
    return t->ok && timestamp_plausible(t->text.value, &t->value, run->now, NULL);
}

/* A time without zone moves with the time zone of the pod: it compares with its like only. */
static bool comparable(const struct rule_run *run, const struct compact_spec *c)
{
    const struct timestamp_field *a = &c->start_ts, *b = &c->end_ts;
    bool zoneless = a->value.kind == TIMESTAMP_ZONELESS;
    return is_sound(run, a) && is_sound(run, b) && zoneless == (b->value.kind == TIMESTAMP_ZONELESS);
}

/* The largest TSO is "no upper bound" to TiKV, and the operator takes it. */
static bool is_unbounded(const struct timestamp_field *end)
{
    return end->ok && end->value.tso == UINT64_MAX;
}

static void compact_ts(struct rule_run *run, const struct compact_spec *c)
{
    if (is_template(run)) /* the schedule writes them */
        return;
    check_time(run, c, &c->start_ts, "startTs", "the start of the log range to compact");
    if ((!is_sharded(c) || c->end_ts.text.state == FIELD_GIVEN) && !is_unbounded(&c->end_ts))
        check_time(run, c, &c->end_ts, "endTs", "the end of the log range to compact");
    if (!comparable(run, c) || c->end_ts.value.tso >= c->start_ts.value.tso)
        return;
    struct finding *x =
        finding_at(run->findings, &rule_compact_ts, FIELD_INVALID, at_value(c->end_ts.text.node),
                   "%.*s: is before startTs", FMT(node_value(run->arena, c->end_ts.text.node)));
    finding_note(x, at_key(c->start_ts.text.node), "startTs");
    finding_hint(x, "swap the two");
}

static void compact_range_empty(struct rule_run *run, const struct compact_spec *c)
{
    if (is_template(run) || !comparable(run, c) || c->end_ts.value.tso != c->start_ts.value.tso)
        return;
    struct finding *x =
        finding_at(run->findings, &rule_compact_range_empty, FIELD_NONE, at_value(c->end_ts.text.node),
                   "endTs is the same time as startTs: there is nothing to compact");
    finding_note(x, at_key(c->start_ts.text.node), "startTs");
    finding_hint(x, "write a later endTs");
}

static void compact_future(struct rule_run *run, const struct compact_spec *c)
{
    const struct timestamp_field *end = &c->end_ts;
    if (is_template(run) || !is_sound(run, end) || end->value.kind == TIMESTAMP_ZONELESS ||
        end->value.ms <= run->now * 1000)
        return;
    struct finding *x = finding_at(run->findings, &rule_compact_future, FIELD_NONE, at_value(end->text.node),
                                   "endTs is in the future: the log up to that time is not written yet");
    finding_hint(x, "write a time up to the log backup's status.logCheckpointTs");
}

/* ---- br and storage: what of them is special here ---- */

static void compact_br(struct rule_run *run, const struct compact_spec *c)
{
    const struct br *br = &c->job.br;
    if (!node_get(c->node, LIT("br"))) {
        struct place place = at_block(c->node, "br");
        struct finding *x = finding_at(run->findings, &rule_compact_br, FIELD_REQUIRED, place,
                                       "it names the cluster whose log is compacted");
        finding_hint(x, "%s", block_hint(place, "add br with cluster: <name of the cluster>"));
        return;
    }
    if (!br->node || run->object->group != GROUP_PINGCAP || !text_empty(&br->cluster_namespace))
        return;
    struct finding *x =
        finding_at(run->findings, &rule_compact_br, FIELD_REQUIRED, at_member(br->node, "clusterNamespace"),
                   "there is no default here, and without it the cluster is not found");
    const struct text *namespace = &run->object->metadata.namespace;
    if (text_given(namespace))
        finding_hint(x, "add clusterNamespace: %.*s, or the namespace the cluster is in",
                     FMT(namespace->value));
    else
        finding_hint(x, "add clusterNamespace with the cluster's namespace");
}

static void compact_storage(struct rule_run *run, const struct compact_spec *c)
{
    static const slice blocks[] = {SLICE("s3"), SLICE("gcs"), SLICE("azblob"), SLICE("local")};
    const struct node *empty = NULL;
    for (const struct node *n = c->node->first; n; n = n->next) {
        if (!slice_among(n->key, blocks, COUNT(blocks)) || n->flags & (NODE_SHADOWED | NODE_PRUNED))
            continue;
        if (!(n->flags & NODE_DROPPED))
            return;
        empty = n;
    }
    struct finding *x =
        finding_at(run->findings, &rule_compact_storage, FIELD_REQUIRED, at_key(empty ? empty : c->node),
                   "one of s3, gcs, azblob and local is required: the storage of the log backup");
    if (empty)
        finding_hint(x, "it is empty: indent the fields that belong under it");
    else
        finding_hint(x, "copy the block of %s", is_template(run) ? "logBackupTemplate" : "the log Backup");
}

/* Folders that hold snapshots by their name. A folder may be called anything, so only these are doubtful. */
static void compact_log_path(struct rule_run *run, const struct compact_spec *c)
{
    const struct text *prefix = storage_prefix(&c->job.storage);
    if (is_template(run) || !prefix || !text_given(prefix) ||
        slice_find(prefix->value, LIT("log")) != SLICE_NONE)
        return;
    bool made_by_schedule = slice_find(prefix->value, LIT("-pd.")) != SLICE_NONE &&
                            slice_find(prefix->value, LIT("-2379-")) != SLICE_NONE;
    if (!made_by_schedule && slice_find(prefix->value, LIT("snapshot")) == SLICE_NONE)
        return;
    struct finding *x = finding_at(run->findings, &rule_compact_log_path, FIELD_NONE, at_value(prefix->node),
                                   "%.*s looks like a folder of snapshots: it contains no log to compact",
                                   FMT(node_value(run->arena, prefix->node)));
    finding_hint(x, "write the prefix of the log Backup");
}

/* ---- numbers and shards ---- */

static void compact_concurrency(struct rule_run *run, const struct compact_spec *c)
{
    if (c->concurrency.state != FIELD_GIVEN || c->concurrency.value > 0)
        return;
    struct finding *x =
        finding_at(run->findings, &rule_compact_concurrency, FIELD_INVALID, at_value(c->concurrency.node),
                   "%lld: must be greater than 0", (long long)c->concurrency.value);
    finding_hint(x, "write the number of threads; omit it to use the default, 4");
}

static void compact_retry(struct rule_run *run, const struct compact_spec *c)
{
    if (c->max_retry_times.state != FIELD_GIVEN || c->max_retry_times.value >= 0)
        return;
    struct finding *x =
        finding_at(run->findings, &rule_compact_retry, FIELD_INVALID, at_value(c->max_retry_times.node),
                   "%lld: must be greater than or equal to 0", (long long)c->max_retry_times.value);
    finding_hint(x, "0 means a single attempt; omit it to use the default, 6");
}

/* Read in sharded mode only; a value of spaces counts as empty. */
static void cache_capacity(struct rule_run *run, const struct compact_spec *c)
{
    const struct text *t = &c->physical_file_cache_capacity;
    struct refusal refusal = {0};
    struct quantity q;
    if (!is_sharded(c) || !text_given(t) || !slice_trim(t->value).n)
        return;
    if (!quantity_parse(t->value, &q, &refusal)) {
        rule_refused(run, &rule_compact_sharded, t, &refusal);
    } else if (quantity_sign(&q) < 0) {
        struct finding *x =
            finding_at(run->findings, &rule_compact_sharded, FIELD_INVALID, at_value(t->node),
                       "%.*s: must be greater than or equal to 0", FMT(node_value(run->arena, t->node)));
        finding_hint(x, "write 0 for no cache");
    }
}

static void compact_sharded(struct rule_run *run, const struct compact_spec *c)
{
    const struct number *count = &c->shard_count;
    bool plain = text_empty(&c->mode);
    struct finding *x;
    if (is_sharded(c) && count->state == FIELD_ABSENT) {
        x = finding_at(run->findings, &rule_compact_sharded, FIELD_REQUIRED,
                       at_missing(c->node, LIT("shardCount")),
                       "required by mode: sharded, the number of pods");
        finding_note(x, at_key(c->mode.node), "sharded mode is set here");
        finding_hint(x, "add, for example, shardCount: 3");
    } else if (plain && count->state == FIELD_GIVEN) {
        x = finding_at(run->findings, &rule_compact_sharded, FIELD_FORBIDDEN, at_key(count->node),
                       "shardCount may be set only with mode: sharded");
        finding_hint(x, "add mode: sharded, or remove shardCount");
    }
    cache_capacity(run, c);
}

static void compact_name(struct rule_run *run, const struct compact_spec *c)
{
    const struct metadata *m = &run->object->metadata;
    if (is_template(run))
        return;
    bool generated = !text_given(&m->name);
    const struct text *name = generated ? &m->generate_name : &m->name;
    size_t most = NAME_MOST - (generated ? GENERATED : 0), index = 0;
    if (is_sharded(c) && c->shard_count.state == FIELD_GIVEN && c->shard_count.value > 0)
        index = 1 + arena_fmt(run->arena, "%lld", (long long)c->shard_count.value - 1).n;
    most -= index;
    if (!text_given(name) || name->value.n <= most)
        return;
    struct finding *x = finding_at(run->findings, &rule_compact_name, FIELD_TOO_LONG,
                                   at_part(name->node, most, name->value.n),
                                   "may not be more than %zu bytes, has %zu%s", most, name->value.n,
                                   index ? ": the names of its pods end in the number of the shard" : "");
    finding_hint(x, "shorten it by %zu", name->value.n - most);
}

/* ---- change ---- */

static bool is_empty(const struct node *n)
{
    return n->kind == NODE_NULL || ((n->kind == NODE_OBJECT || n->kind == NODE_ARRAY) && !node_first(n));
}

/* A member of `a` that `b` has not, or otherwise; NULL: none. A typed client writes `resources: {}` where
 * there was nothing. */
static const struct node *member_that_differs(const struct node *a, const struct node *b)
{
    for (const struct node *n = node_first(a); n; n = node_next(n)) {
        const struct node *other = node_get(b, n->key);
        if (other ? !node_equal(n, other) : !is_empty(n))
            return n;
    }
    return NULL;
}

static void compact_immutable(struct rule_run *run, const struct compact_spec *c)
{
    if (!run->old || !run->old->compact->node || !run->old->compact_state.n)
        return;
    if (slice_eq(run->old->compact_state,
                 LIT("Invalid"))) /* denied: there is no Job, and the change may correct it */
        return;
    const struct node *changed = member_that_differs(c->node, run->old->compact->node);
    const struct node *removed = changed ? NULL : member_that_differs(run->old->compact->node, c->node);
    if (!changed && !removed)
        return;
    struct finding *x =
        finding_at(run->findings, &rule_compact_immutable, FIELD_NONE,
                   changed ? at_key(changed) : at_missing(c->node, removed->key),
                   "the Job of this compaction already exists, and the change does not reach it");
    finding_hint(x, "delete the object and create it again");
}

void check_compact(struct rule_run *run, const struct compact_spec *spec)
{
    run_checks(run, spec);
}
