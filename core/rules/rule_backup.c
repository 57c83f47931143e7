/* Backup specs: a Backup's own, and the templates of a schedule. */
#include "rule_backup.h"

#include "duration.h"

enum { GC_LIFE_SECONDS = 600, MOST_RETRIES = 10, RANDOM_SUFFIX = 5, JOB_NAME_BYTES = 63 };
enum { FARTHEST_EAST = 14 * 3600, FARTHEST_WEST = 12 * 3600 }; /* of UTC, that a time zone lies */

/* ---- what is backed up ---- */

static bool type_is(const struct backup_spec *spec, const char *type)
{
    return text_given(&spec->backup_type) && slice_eq(spec->backup_type.value, slice_of(type));
}

bool backup_lacks_type_names(const struct backup_spec *spec)
{
    const struct br *br = &spec->job.br;
    bool table = type_is(spec, "table");
    return br->node &&
           ((table && text_empty(&br->table)) || ((table || type_is(spec, "db")) && text_empty(&br->db)));
}

static void type_db_table(struct rule_run *run, const struct backup_spec *spec)
{
    const struct br *br = &spec->job.br;
    if (!backup_lacks_type_names(spec))
        return;
    const struct text *missing[] = {text_empty(&br->db) ? &br->db : NULL,
                                    type_is(spec, "table") && text_empty(&br->table) ? &br->table : NULL};
    static const char *const names[] = {"db", "table"};
    for (size_t i = 0; i < 2; i++) {
        if (!missing[i])
            continue;
        struct finding *x = rule_missing(run, RULE_type_db_table, br->node, names[i], missing[i],
                                         "backupType %.*s needs it", FMT(spec->backup_type.value));
        x->note_node = spec->backup_type.node;
        x->note = LIT("the type is set here");
        finding_hint(run->findings, x, "name the %s, or leave out backupType and write tableFilter: [%s]",
                     i ? "table" : "database", i ? "\"db.table\"" : "\"db.*\"");
    }
}

static bool type_hides_filter(const struct backup_spec *spec)
{
    return spec->job.br.node && node_first(spec->table_filter.node) &&
           (type_is(spec, "db") || type_is(spec, "table"));
}

static void type_with_filter(struct rule_run *run, const struct backup_spec *spec)
{
    if (spec->is_log || !type_hides_filter(spec))
        return;
    struct finding *x =
        finding_add(run->findings, RULE_type_with_filter, FIELD_FORBIDDEN, spec->table_filter.node,
                    "may not be set when backupType is %.*s: br backup %.*s does not know --filter",
                    FMT(spec->backup_type.value), FMT(spec->backup_type.value));
    x->at_key = true;
    x->note_node = spec->backup_type.node;
    x->note = LIT("the type is set here");
    finding_hint(run->findings, x, "leave out backupType, br.db and br.table: the filter chooses the tables");
}

static void br_db_deprecated(struct rule_run *run, const struct backup_spec *spec)
{
    const struct text *fields[] = {&spec->job.br.db, &spec->job.br.table};
    if (spec->is_log || backup_lacks_type_names(spec) || type_hides_filter(spec))
        return;
    for (size_t i = 0; i < 2; i++) {
        if (!text_given(fields[i]))
            continue;
        struct finding *x = finding_say(run->findings, RULE_br_db_deprecated, fields[i]->node,
                                        "br.%s is deprecated since BR 4.0.3", i ? "table" : "db");
        x->at_key = true;
        finding_hint(run->findings, x, "leave out backupType, br.db and br.table, and write tableFilter");
    }
}

/* ---- when ---- */

static slice moment_text(struct arena *a, int64_t ms)
{
    struct buf b = buf_new(a, 64);
    timestamp_put(&b, ms);
    return buf_slice(&b);
}

static void snapshot_commit_ts(struct rule_run *run, const struct backup_spec *spec)
{
    const struct timestamp_field *t = &spec->commit_ts;
    if (!spec->is_snapshot || !judge_timestamp(run, t, READ_BY_BR))
        return;
    bool zoneless = t->value.kind == TIMESTAMP_ZONELESS;
    int64_t age = run->now - t->value.ms / 1000;
    int64_t east = zoneless ? FARTHEST_EAST : 0, west = zoneless ? FARTHEST_WEST : 0;
    if (age >= -east && age <= GC_LIFE_SECONDS + west) /* in some time zone it fits */
        return;
    struct finding *x = finding_say(run->findings, RULE_committs_old, t->text.node, "%.*s is %s",
                                    FMT(zoneless ? t->text.value : moment_text(run->arena, t->value.ms)),
                                    age < 0 ? "in the future"
                                            : "older than the 10 minutes that TiDB keeps old versions by "
                                              "default (tidb_gc_life_time)");
    finding_hint(run->findings, x,
                 age < 0 ? "leave commitTs out: the backup then shows the moment it starts"
                         : "leave commitTs out, or make sure that the GC life time reaches back that far");
}

static const struct node *option_named(const struct br *br, slice flag)
{
    for (const struct node *n = node_first(br->options.node); n; n = node_next(n))
        if (n->kind == NODE_STRING && slice_starts(n->text, flag) &&
            (n->text.n == flag.n || n->text.p[flag.n] == '='))
            return n;
    return NULL;
}

static void commit_ts_and_time_ago(struct rule_run *run, const struct backup_spec *spec)
{
    const struct text *ago = &spec->job.br.time_ago.text;
    const struct node *other = text_given(&spec->commit_ts.text)
                                   ? spec->commit_ts.text.node
                                   : option_named(&spec->job.br, LIT("--backupts"));
    if (!spec->is_snapshot || !text_given(ago) || !other)
        return;
    struct finding *x = finding_say(run->findings, RULE_committs_timeago, ago->node,
                                    "timeAgo and %s both choose the moment of the snapshot",
                                    text_given(&spec->commit_ts.text) ? "commitTs" : "--backupts");
    x->at_key = true;
    x->note_node = other;
    x->note = LIT("the other one");
    finding_hint(run->findings, x, "keep one of them");
}

static void time_ago_syntax(struct rule_run *run, const struct backup_spec *spec)
{
    const struct duration_field *d = &spec->job.br.time_ago;
    struct refusal why = {0};
    int64_t ns;
    if (!spec->is_snapshot || !text_given(&d->text))
        return;
    if (!duration_parse(d->text.value, &ns, &why))
        rule_refused(run, RULE_timeago_syntax, &d->text, &why);
    else if (ns < 0)
        finding_hint(run->findings,
                     FOUND(run, timeago_syntax, FIELD_INVALID, &d->text,
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
        struct refusal why = {0};
        int64_t ns;
        if (!text_given(t))
            continue;
        if (!duration_parse(t->value, &ns, &why))
            rule_refused(run, RULE_retry_duration, t, &why);
        else if (ns <= 0)
            finding_hint(run->findings,
                         FOUND(run, retry_duration, FIELD_INVALID, t, "%.*s: must be greater than 0s",
                               FMT(node_value(run->arena, t->node))),
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
    struct finding *x = finding_say(
        run->findings, RULE_retry_policy_sane, written_one(r),
        "only %lld of %lld retries can happen: with minRetryDuration %.*s retry %lld would come %.*s after "
        "the "
        "first failure, and retryTimeout is %.*s",
        (long long)reached, (long long)wanted, FMT(duration_text(run->arena, min)), (long long)reached + 1,
        FMT(min < INT64_MAX / sum ? duration_text(run->arena, min * sum) : LIT("centuries")),
        FMT(duration_text(run->arena, timeout)));
    finding_hint(run->findings, x, "raise retryTimeout, or lower minRetryDuration or maxRetryTimes");
}

static void retry_policy_sane(struct rule_run *run, const struct backup_spec *spec)
{
    const struct retry_policy *r = &spec->retry;
    if (r->max_retry_times.state != FIELD_GIVEN)
        return;
    int64_t times = r->max_retry_times.value;
    if (times < 0 || times > MOST_RETRIES) {
        struct finding *x = FOUND(run, retry_policy_sane, FIELD_INVALID, &r->max_retry_times,
                                  "%lld: must be between 0 and %d", (long long)times, MOST_RETRIES);
        finding_hint(run->findings, x, "each retry doubles the wait; the default is 2");
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
    struct finding *x = finding_say(run->findings, RULE_retry_policy_absent, spec->node,
                                    "there is no backoffRetryPolicy: a backup whose pod dies without a word "
                                    "stays Running");
    x->at_key = true;
    x->child = LIT("backoffRetryPolicy");
    finding_hint(run->findings, x, "write backoffRetryPolicy: {} to have its defaults filled in");
}

/* ---- the end of it ---- */

/* In the template of a schedule Delete is what frees storage, and the schedule's own rules speak of it. */
static void clean_policy(struct rule_run *run, const struct backup_spec *spec)
{
    const struct text *p = &spec->clean_policy;
    bool deletes = text_given(p) && slice_eq(p->value, LIT("Delete"));
    struct finding *x;
    if (spec->is_log && spec->role != ROLE_SNAPSHOT_TEMPLATE &&
        (deletes || slice_eq(p->value, LIT("OnFailure")))) {
        x = finding_say(run->findings, RULE_onfailure_log, p->node, "deleting %s deletes the log%s",
                        spec->role == ROLE_BACKUP ? "this object" : "the schedule",
                        deletes ? "" : " when the log backup has failed");
        finding_hint(run->findings, x, "write Retain, and trim the log with logTruncateUntil");
    } else if (deletes && spec->role == ROLE_BACKUP && !spec->is_log) {
        x = finding_say(run->findings, RULE_cleanpolicy_delete, p->node,
                        "deleting this object deletes the data as well");
        finding_hint(run->findings, x,
                     "write Retain unless the data may go with the object (GitOps tools prune)");
    }
}

static void clean_numbers(struct rule_run *run, const struct backup_spec *spec)
{
    const struct clean_option *c = &spec->clean_option;
    judge_not_negative(run, &c->page_size);
    judge_not_negative(run, &c->batch_concurrency);
    judge_not_negative(run, &c->routine_concurrency);
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
    struct finding *x =
        FOUND(run, name_too_long, FIELD_TOO_LONG, name,
              "may not be more than %zu bytes: the Job %s%.*s%s%s would have %zu, and may have %d", most,
              f->before, FMT(name->value), generated ? "xxxxx" : "", f->after,
              name->value.n + frame + (generated ? RANDOM_SUFFIX : 0), JOB_NAME_BYTES);
    x->from = (uint32_t)most;
    x->to = (uint32_t)name->value.n;
    finding_hint(run->findings, x, "shorten it by %zu", name->value.n - most);
}

static void name_dots(struct rule_run *run, const struct backup_spec *spec)
{
    const struct text *name = &run->object->metadata.name;
    size_t dot = text_given(name) ? slice_find_char(name->value, '.') : SLICE_NONE;
    if (spec->role != ROLE_BACKUP || dot == SLICE_NONE)
        return;
    struct finding *x = finding_say(run->findings, RULE_name_dots, name->node,
                                    "a dot in the name goes into the names of Jobs and pods%s",
                                    spec->is_log ? " and of BR's log task" : "");
    x->from = (uint32_t)dot;
    x->to = (uint32_t)dot + 1;
    finding_hint(run->findings, x, "write '-' instead");
}

static backup_rule *const rules[] = {
    type_db_table,          type_with_filter,     br_db_deprecated,  snapshot_commit_ts,  time_ago_syntax,
    commit_ts_and_time_ago, retry_duration,       retry_policy_sane, retry_policy_absent, clean_policy,
    clean_numbers,          name_too_long,        name_dots,         judge_filter,        judge_br_options,
    judge_dumpling,         storageclass_ignored, judge_log,
};

void judge_backup(struct rule_run *run, const struct backup_spec *spec)
{
    judge_job(run, &spec->job, spec->node);
    for (size_t i = 0; i < sizeof rules / sizeof *rules; i++)
        rules[i](run, spec);
}
