/* Backup specs: a Backup's own, and the templates of a schedule. */
#include "checks.h"

#include "duration.h"

#define SUBJECT struct backup_spec
#define RULES   "rule_backup.def"
#include "rule_table.h"

enum { GC_LIFE_SECONDS = 600, MOST_RETRIES = 10, RANDOM_SUFFIX = 5, JOB_NAME_BYTES = 63 };
enum { FARTHEST_EAST = 14 * 3600, FARTHEST_WEST = 12 * 3600 }; /* of UTC, that a time zone lies */

/* ---- what is backed up ---- */

static bool type_is(const struct backup_spec *spec, const char *type)
{
    return text_given(&spec->backup_type) && slice_eq(spec->backup_type.value, slice_of(type));
}

/* backupType db or table without the names that it needs: BR is not asked for anything. */
static bool lacks_type_names(const struct backup_spec *spec)
{
    const struct br *br = &spec->job.br;
    bool table = type_is(spec, "table");
    return br->node &&
           ((table && text_empty(&br->table)) || ((table || type_is(spec, "db")) && text_empty(&br->db)));
}

static void type_db_table(struct rule_run *run, const struct backup_spec *spec)
{
    const struct br *br = &spec->job.br;
    if (!lacks_type_names(spec))
        return;
    const struct text *missing[] = {text_empty(&br->db) ? &br->db : NULL,
                                    type_is(spec, "table") && text_empty(&br->table) ? &br->table : NULL};
    static const char *const names[] = {"db", "table"};
    for (size_t i = 0; i < 2; i++) {
        if (!missing[i])
            continue;
        struct finding *x =
            finding_at(run->findings, &rule_type_db_table, FIELD_REQUIRED, at_member(br->node, names[i]),
                       "required by backupType %.*s", FMT(spec->backup_type.value));
        finding_note(x, at_key(spec->backup_type.node), "the type is set here");
        finding_hint(x, "name the %s, or omit backupType and write tableFilter: [%s]",
                     i ? "table" : "database", i ? "\"db.table\"" : "\"db.*\"");
    }
}

/* br backup db and br backup table take no filter. */
static bool type_hides_filter(const struct backup_spec *spec)
{
    return spec->job.br.node && node_first(spec->table_filter.node) &&
           (type_is(spec, "db") || type_is(spec, "table"));
}

/* The filter's flag that has no field. */
static void filter_option(struct rule_run *run, const struct backup_spec *spec)
{
    static const slice flag = SLICE("--case-sensitive");
    slice type = spec->backup_type.value;
    if (!slice_eq(type, LIT("db")) && !slice_eq(type, LIT("table")))
        return;
    for (const struct node *n = node_first(spec->job.br.options.node); n; n = node_next(n)) {
        if (n->kind != NODE_STRING || !slice_eq(slice_cut(n->text, 0, slice_find_char(n->text, '=')), flag))
            continue;
        struct finding *x =
            finding_at(run->findings, &rule_type_with_filter, FIELD_FORBIDDEN, at_part(n, 0, flag.n),
                       "may not be set when backupType is %.*s: br backup %.*s does not "
                       "support --case-sensitive",
                       FMT(type), FMT(type));
        finding_note(x, at_key(spec->backup_type.node), "the type is set here");
        finding_hint(x, "remove it");
    }
}

static void type_with_filter(struct rule_run *run, const struct backup_spec *spec)
{
    if (spec->is_log)
        return;
    filter_option(run, spec);
    if (!type_hides_filter(spec))
        return;
    struct finding *x =
        finding_at(run->findings, &rule_type_with_filter, FIELD_FORBIDDEN, at_key(spec->table_filter.node),
                   "may not be set when backupType is %.*s: br backup %.*s does not support --filter",
                   FMT(spec->backup_type.value), FMT(spec->backup_type.value));
    finding_note(x, at_key(spec->backup_type.node), "the type is set here");
    finding_hint(x, "omit backupType, br.db and br.table: the filter selects the tables");
}

static void br_db_deprecated(struct rule_run *run, const struct backup_spec *spec)
{
    const struct text *fields[] = {&spec->job.br.db, &spec->job.br.table};
    if (spec->is_log || !text_known(&spec->backup_mode) || !text_known(&spec->backup_type))
        return;
    for (size_t i = 0; i < 2; i++) {
        if (!text_given(fields[i]))
            continue;
        struct finding *x =
            finding_at(run->findings, &rule_br_db_deprecated, FIELD_NONE, at_key(fields[i]->node),
                       "br.%s is deprecated since BR 4.0.3", i ? "table" : "db");
        finding_hint(x, "omit backupType, br.db and br.table, and write tableFilter");
    }
}

/* ---- when ---- */

static slice moment_text(struct arena *a, int64_t ms)
{
    struct buf b = buf_new(a, 64);
    timestamp_put(&b, ms);
    return buf_slice(&b);
}

static void snapshot_moment(struct rule_run *run, const struct backup_spec *spec)
{
    if (spec->is_snapshot)
        check_timestamp(run, &spec->commit_ts, READ_BY_BR);
}

static void committs_old(struct rule_run *run, const struct backup_spec *spec)
{
    const struct timestamp_field *t = &spec->commit_ts;
    if (!spec->is_snapshot || !timestamp_is_sound(run, t, READ_BY_BR))
        return;
    bool zoneless = t->value.kind == TIMESTAMP_ZONELESS;
    int64_t age = run->now - t->value.ms / 1000;
    int64_t east = zoneless ? FARTHEST_EAST : 0, west = zoneless ? FARTHEST_WEST : 0;
    if (age >= -east && age <= GC_LIFE_SECONDS + west) /* in some time zone it fits */
        return;
    struct finding *x =
        finding_at(run->findings, &rule_committs_old, FIELD_NONE, at_value(t->text.node), "%.*s is %s",
                   FMT(zoneless ? t->text.value : moment_text(run->arena, t->value.ms)),
                   age < 0 ? "in the future"
                           : "older than the 10 minutes that TiDB keeps old versions by "
                             "default (tidb_gc_life_time)");
    finding_hint(x, age < 0 ? "omit commitTs: the backup then uses the time it starts"
                            : "omit commitTs, or make sure that the GC life time reaches back that far");
}

static const struct node *option_named(const struct br *br, slice flag)
{
    for (const struct node *n = node_first(br->options.node); n; n = node_next(n))
        if (n->kind == NODE_STRING && slice_starts(n->text, flag) &&
            (n->text.n == flag.n || n->text.p[flag.n] == '='))
            return n;
    return NULL;
}

static void committs_timeago(struct rule_run *run, const struct backup_spec *spec)
{
    const struct text *ago = &spec->job.br.time_ago.text;
    const struct node *other = text_given(&spec->commit_ts.text)
                                   ? spec->commit_ts.text.node
                                   : option_named(&spec->job.br, LIT("--backupts"));
    if (!spec->is_snapshot || !text_given(ago) || !other)
        return;
    struct finding *x = finding_at(run->findings, &rule_committs_timeago, FIELD_NONE, at_key(ago->node),
                                   "timeAgo and %s both choose the moment of the snapshot",
                                   text_given(&spec->commit_ts.text) ? "commitTs" : "--backupts");
    finding_note(x, at_key(other), "the other one");
    finding_hint(x, "keep one of them");
}

static void timeago_syntax(struct rule_run *run, const struct backup_spec *spec)
{
    const struct duration_field *d = &spec->job.br.time_ago;
    if (!spec->is_snapshot || !text_given(&d->text))
        return;
    if (!d->ok)
        rule_refused_duration(run, &rule_timeago_syntax, d);
    else if (d->ns < 0)
        finding_hint(finding_at(run->findings, &rule_timeago_syntax, FIELD_INVALID, at_value(d->text.node),
                                "%.*s: must be greater than or equal to 0s",
                                FMT(node_value(run->arena, d->text.node))),
                     "write it without the sign: it counts back from now");
}

/* ---- retries ---- */

static void retry_duration(struct rule_run *run, const struct backup_spec *spec)
{
    const struct duration_field *fields[] = {&spec->retry.min_retry_duration, &spec->retry.retry_timeout};
    for (size_t i = 0; i < 2; i++) {
        const struct text *t = &fields[i]->text;
        if (!text_given(t))
            continue;
        if (!fields[i]->ok)
            rule_refused_duration(run, &rule_retry_duration, fields[i]);
        else if (fields[i]->ns <= 0)
            finding_hint(finding_at(run->findings, &rule_retry_duration, FIELD_INVALID, at_value(t->node),
                                    "%.*s: must be greater than 0s", FMT(node_value(run->arena, t->node))),
                         i ? "the default is 30m" : "the default is 300s");
    }
}

/* The field that the author has written, not one that a default filled in. */
static const struct node *written_one(const struct retry_policy *r)
{
    const struct node *nodes[] = {r->max_retry_times.node, r->min_retry_duration.text.node,
                                  r->retry_timeout.text.node};
    for (size_t i = 0; i < 3; i++)
        if (!(nodes[i]->flags & NODE_DEFAULTED))
            return nodes[i];
    return nodes[0];
}

static slice duration_text(struct arena *a, int64_t ns)
{
    struct buf b = buf_new(a, 64);
    duration_put_short(&b, ns);
    return buf_slice(&b);
}

/* The nth retry comes min * 2^(n-1) after the failure before it: min * (2^n - 1) after the first. */
static void retry_unreachable(struct rule_run *run, const struct retry_policy *r)
{
    int64_t min = r->min_retry_duration.ns, timeout = r->retry_timeout.ns, reached = 0;
    int64_t wanted = r->max_retry_times.value;
    while (reached < wanted && min <= timeout / ((INT64_C(2) << reached) - 1))
        reached++;
    if (reached == wanted)
        return;
    int64_t sum = (INT64_C(2) << reached) - 1;
    struct finding *x = finding_at(
        run->findings, &rule_retry_policy_sane, FIELD_NONE, at_value(written_one(r)),
        "only %lld of %lld retries can happen: with minRetryDuration %.*s retry %lld would come %.*s after "
        "the "
        "first failure, and retryTimeout is %.*s",
        (long long)reached, (long long)wanted, FMT(duration_text(run->arena, min)), (long long)reached + 1,
        FMT(min < INT64_MAX / sum ? duration_text(run->arena, min * sum) : LIT("centuries")),
        FMT(duration_text(run->arena, timeout)));
    finding_hint(x, "raise retryTimeout, or lower minRetryDuration or maxRetryTimes");
}

static void retry_policy_sane(struct rule_run *run, const struct backup_spec *spec)
{
    const struct retry_policy *r = &spec->retry;
    if (r->max_retry_times.state != FIELD_GIVEN)
        return;
    int64_t times = r->max_retry_times.value;
    if (times < 0 || times > MOST_RETRIES) {
        struct finding *x = finding_at(run->findings, &rule_retry_policy_sane, FIELD_INVALID,
                                       at_value(r->max_retry_times.node), "%lld: must be between 0 and %d",
                                       (long long)times, MOST_RETRIES);
        finding_hint(x, "each retry doubles the wait; the default is 2");
        return;
    }
    if (r->min_retry_duration.ok && r->retry_timeout.ok && r->min_retry_duration.ns > 0 &&
        r->retry_timeout.ns > 0)
        retry_unreachable(run, r);
}

static void retry_policy_absent(struct rule_run *run, const struct backup_spec *spec)
{
    if (run->object->group != GROUP_BR || !spec->is_snapshot ||
        node_get(spec->node, LIT("backoffRetryPolicy")))
        return;
    struct finding *x = finding_at(
        run->findings, &rule_retry_policy_absent, FIELD_NONE,
        at_missing(spec->node, LIT("backoffRetryPolicy")),
        "there is no backoffRetryPolicy: a backup whose pod dies without reporting it stays Running");
    finding_hint(x, "write backoffRetryPolicy: {} so that the API server fills in its defaults");
}

/* ---- the end of it ---- */

static bool policy_is(const struct backup_spec *spec, const char *policy)
{
    return text_given(&spec->clean_policy) && slice_eq(spec->clean_policy.value, slice_of(policy));
}

static void onfailure_log(struct rule_run *run, const struct backup_spec *spec)
{
    bool deletes = policy_is(spec, "Delete");
    if (!spec->is_log || spec->role == ROLE_SNAPSHOT_TEMPLATE || (!deletes && !policy_is(spec, "OnFailure")))
        return;
    struct finding *x = finding_at(run->findings, &rule_onfailure_log, FIELD_NONE,
                                   at_value(spec->clean_policy.node), "deleting %s deletes the log%s",
                                   spec->role == ROLE_BACKUP ? "this object" : "the schedule",
                                   deletes ? "" : " if the log backup has failed");
    finding_hint(x, "write Retain, and trim the log with logTruncateUntil");
}

/* In the template of a schedule Delete is what frees storage, and the schedule's own rules speak of it. */
static void cleanpolicy_delete(struct rule_run *run, const struct backup_spec *spec)
{
    if (spec->is_log || !text_known(&spec->backup_mode) || spec->role != ROLE_BACKUP ||
        !policy_is(spec, "Delete"))
        return;
    struct finding *x =
        finding_at(run->findings, &rule_cleanpolicy_delete, FIELD_NONE, at_value(spec->clean_policy.node),
                   "deleting this object also deletes the data");
    finding_hint(x,
                 "write Retain unless the data may be deleted with the object (GitOps tools prune objects)");
}

static void clean_numbers(struct rule_run *run, const struct backup_spec *spec)
{
    const struct clean_option *c = &spec->clean_option;
    check_not_negative(run, &c->page_size);
    check_not_negative(run, &c->batch_concurrency);
    check_not_negative(run, &c->routine_concurrency);
}

/* ---- the name ---- */

struct name_frame {
    const char *before, *after; /* of the Job with the longest name */
};

static void name_too_long(struct rule_run *run, const struct backup_spec *spec)
{
    static const struct name_frame log = {"backup-", "-log-truncate"}, snapshot = {"backup-", ""},
                                   volume = {"backup-", "-init"};
    const struct metadata *m = &run->object->metadata;
    if (spec->role != ROLE_BACKUP)
        return;
    bool generated = text_empty(&m->name);
    const struct text *name = generated ? &m->generate_name : &m->name;
    const struct text *mode = &spec->backup_mode;
    bool of_volumes = text_given(mode) && slice_eq(mode->value, LIT("volume-snapshot"));
    const struct name_frame *f = spec->is_log ? &log : of_volumes ? &volume : &snapshot;
    size_t frame = slice_of(f->before).n + slice_of(f->after).n, most = JOB_NAME_BYTES - frame;
    most -= generated ? RANDOM_SUFFIX : 0;
    if (!text_given(name) || name->value.n <= most)
        return;
    struct finding *x = finding_at(
        run->findings, &rule_name_too_long, FIELD_TOO_LONG, at_part(name->node, most, name->value.n),
        "may not be more than %zu bytes: the Job %s%.*s%s%s would have %zu, and may have %d", most, f->before,
        FMT(name->value), generated ? "xxxxx" : "", f->after,
        name->value.n + frame + (generated ? RANDOM_SUFFIX : 0), JOB_NAME_BYTES);
    finding_hint(x, "shorten it by %zu", name->value.n - most);
}

static void name_dots(struct rule_run *run, const struct backup_spec *spec)
{
    const struct text *name = &run->object->metadata.name;
    size_t dot = text_given(name) ? slice_find_char(name->value, '.') : SLICE_NONE;
    if (spec->role != ROLE_BACKUP || dot == SLICE_NONE)
        return;
    struct finding *x =
        finding_at(run->findings, &rule_name_dots, FIELD_NONE, at_part(name->node, dot, dot + 1),
                   "a dot in the name becomes part of the names of Jobs and pods%s",
                   spec->is_log ? " and of BR's log task" : "");
    finding_hint(x, "write '-' instead");
}

/* ---- what has no effect ---- */

/* A snapshot has no use for what steers a log. */
static void log_only_fields(struct rule_run *run, const struct backup_spec *spec)
{
    const struct node *nodes[] = {
        text_given(&spec->log_subcommand) ? spec->log_subcommand.node : NULL,
        spec->log_stop.value ? spec->log_stop.node : NULL,
        text_given(&spec->log_truncate_until.text) ? spec->log_truncate_until.text.node : NULL,
    };
    if (!spec->is_snapshot || spec->role == ROLE_LOG_TEMPLATE)
        return;
    for (size_t i = 0; i < 3; i++) {
        if (!nodes[i])
            continue;
        struct finding *x = finding_at(run->findings, &rule_log_only_fields, FIELD_NONE, at_key(nodes[i]),
                                       "%.*s is ignored: backupMode is snapshot", FMT(nodes[i]->key));
        if (spec->backup_mode.node && !(spec->backup_mode.node->flags & NODE_DEFAULTED))
            finding_note(x, at_key(spec->backup_mode.node), "the mode is set here");
        finding_hint(x, "write backupMode: log, or remove it");
    }
}

/* Volumes are for Dumpling; with br nothing is stored in one. */
void check_unused_volume(struct rule_run *run, const struct text *field)
{
    if (!text_given(field))
        return;
    struct finding *x = finding_at(run->findings, &rule_storageclass_ignored, FIELD_NONE, at_key(field->node),
                                   "%.*s has no effect: BR does not use a volume", FMT(field->node->key));
    bool class = slice_eq(field->node->key, LIT("storageClassName"));
    finding_hint(
        x, class ? "remove it; to set the class of stored objects, use storageClass in the storage block"
                 : "remove it");
}

static void ignored(struct rule_run *run, const struct node *n, const char *why, const char *hint)
{
    if (!n || (n->flags & NODE_DEFAULTED) || !value_usable(n))
        return;
    struct finding *x = finding_at(run->findings, &rule_setting_ignored, FIELD_NONE, at_key(n),
                                   "%.*s has no effect: %s", FMT(n->key), why);
    finding_hint(x, "%s", hint);
}

static void setting_ignored(struct rule_run *run, const struct backup_spec *spec)
{
    const struct job_spec *job = &spec->job;
    const struct text *policy = &spec->clean_policy;
    bool retains = text_empty(policy) || slice_eq(policy->value, LIT("Retain"));
    ignored(run, node_get(storage_node(&job->storage), LIT("path")),
            "only restores of Dumpling's files read it", "remove it; prefix says where the backup goes");
    ignored(run, job->br.on_line.node, "it affects restores only", "remove it");
    if (retains)
        ignored(run, spec->clean_option.node, "cleanPolicy Retain cleans nothing",
                "remove it, or set cleanPolicy");
    if (!job->br.node)
        return;
    ignored(run, spec->dumpling.node, "with br, BR makes the backup", "remove it, or remove br");
    ignored(run, spec->tikv_gc_life_time.node, "BR sets a safepoint of its own", "remove it");
}

static void storageclass_ignored(struct rule_run *run, const struct backup_spec *spec)
{
    if (!spec->job.br.node)
        return;
    check_unused_volume(run, &spec->storage_class_name);
    check_unused_volume(run, &spec->storage_size);
}

void check_backup(struct rule_run *run, const struct backup_spec *spec)
{
    run_checks(run, spec);
}
