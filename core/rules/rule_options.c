/* The extra flags and the number of threads that a backup gives to BR. */
#include "checks.h"

#define SUBJECT struct backup_spec
#define RULES   "rule_options.def"
#include "ascii.h"
#include "rule_table.h"

enum { MOST_THREADS = 256 }; /* BR caps a backup's concurrency [tidb: br/pkg/task/backup.go] */

struct managed_flag {
    slice flag;
    const char *field; /* of the spec, that sets it */
    bool always;       /* the operator gives the flag in any case, or the field is its place */
};

static const struct managed_flag managed[] = {
    {SLICE("--pd"), "br.cluster", true},
    {SLICE("-u"), "br.cluster", true},
    {SLICE("--ca"), "br.cluster", true},
    {SLICE("--cert"), "br.cluster", true},
    {SLICE("--key"), "br.cluster", true},
    {SLICE("--storage"), "the storage block", true},
    {SLICE("-s"), "the storage block", true},
    {SLICE("--s3.provider"), "s3.provider", true},
    {SLICE("--s3.region"), "s3.region", true},
    {SLICE("--s3.endpoint"), "s3.endpoint", true},
    {SLICE("--s3.acl"), "s3.acl", true},
    {SLICE("--s3.sse"), "s3.sse", true},
    {SLICE("--s3.storage-class"), "s3.storageClass", true},
    {SLICE("--gcs.storage-class"), "gcs.storageClass", true},
    {SLICE("--gcs.predefined-acl"), "gcs.objectAcl", true},
    {SLICE("--filter"), "tableFilter", true},
    {SLICE("-f"), "tableFilter", true},
    {SLICE("--db"), "br.db", true},
    {SLICE("--table"), "br.table", true},
    {SLICE("--start-ts"), "commitTs", true},
    {SLICE("--until"), "logTruncateUntil", true},
    {SLICE("--backupts"), "commitTs", false},
    {SLICE("--log-level"), "br.logLevel", false},
    {SLICE("--status-addr"), "br.statusAddr", false},
    {SLICE("--send-credentials-to-tikv"), "br.sendCredToTikv", false},
    {SLICE("--concurrency"), "br.concurrency", false},
    {SLICE("--ratelimit"), "br.rateLimit", false},
    {SLICE("--timeago"), "br.timeAgo", false},
    {SLICE("--checksum"), "br.checksum", false},
    {SLICE("--check-requirements"), "br.checkRequirements", false},
};

static void managed_option(struct rule_run *run, const struct backup_spec *spec, const struct node *option,
                           slice flag)
{
    for (size_t i = 0; i < COUNT(managed); i++) {
        const struct managed_flag *m = &managed[i];
        const struct node *field = node_at(spec->node, m->field);
        if (!slice_eq(flag, m->flag) || !(m->always || field))
            continue;
        struct finding *x = finding_at(
            run->findings, &rule_options_conflict, FIELD_NONE, at_part(option, 0, flag.n),
            "%.*s silently overrides the flag that the operator derives from %s", FMT(flag), m->field);
        if (field)
            finding_note(x, at_key(field), "set here");
        finding_hint(x, "set %s instead", m->field);
    }
}

/* `--threads 4` in one element. */
static void spaced_option(struct rule_run *run, const struct node *option, size_t space)
{
    if (findings_full(run->findings, &rule_options_conflict))
        return;
    struct finding *x =
        finding_at(run->findings, &rule_options_conflict, FIELD_NONE, at_part(option, space, space + 1),
                   "%.*s contains a space: each element is passed as one argument, so there is no such flag",
                   FMT(node_value(run->arena, option)));
    if (slice_find(option->text, LIT(" -")) != SLICE_NONE) {
        finding_hint(x, "write each flag as an element of its own");
        return;
    }
    slice better = arena_fmt(run->arena, "%.*s=%.*s", FMT(slice_cut(option->text, 0, space)),
                             FMT(slice_trim(slice_from(option->text, space))));
    finding_edit(x, at_value(option), better);
    finding_hint(x, "write %.*s", FMT(better));
}

static void one_option(struct rule_run *run, const struct backup_spec *spec, const struct node *option,
                       bool may_be_value)
{
    slice text = option->text;
    size_t space = slice_find_char(text, ' '), equals = slice_find_char(text, '=');
    slice flag = slice_cut(text, 0, equals < space ? equals : space);
    if (text.n == 0 || text.p[0] != '-') {
        if (may_be_value || findings_full(run->findings, &rule_options_conflict))
            return;
        struct finding *x = finding_at(run->findings, &rule_options_conflict, FIELD_NONE, at_value(option),
                                       "%.*s does not begin with --: br reads it as a subcommand",
                                       FMT(node_value(run->arena, option)));
        if (equals != SLICE_NONE && space == SLICE_NONE)
            finding_hint(x, "write --%.*s", FMT(text));
        else
            finding_hint(x, "write one flag per element, as --flag=value");
    } else if (space < equals) {
        spaced_option(run, option, space);
    } else {
        managed_option(run, spec, option, flag);
    }
}

static bool is_number(slice s)
{
    for (size_t i = 0; i < s.n; i++)
        if (!ascii_is_digit(s.p[i]))
            return false;
    return s.n > 0;
}

static void last_backup_ts(struct rule_run *run, const struct backup_spec *spec, const struct node *option)
{
    static const slice flag = SLICE("--lastbackupts");
    if (!slice_starts(option->text, flag))
        return;
    slice value = slice_from(option->text, flag.n + 1);
    bool separate = option->text.n == flag.n;
    struct finding *x = NULL;
    if (spec->is_log) /* log-options reports it */
        return;
    if (spec->role != ROLE_BACKUP) {
        x = finding_at(run->findings, &rule_lastbackupts, FIELD_NONE, at_value(option),
                       "every run of the schedule is incremental to the same backup, however old it is");
        finding_hint(x, "remove it, and add a logBackupTemplate for the changes in between");
    } else if (!separate && !is_number(value)) {
        x = finding_at(run->findings, &rule_lastbackupts, FIELD_NONE,
                       at_part(option, flag.n + 1, option->text.n),
                       "%.*s is not a TSO, and BR accepts no other form", FMT(value));
        finding_hint(x, "copy status.commitTs of the last backup");
    }
}

static void br_options(struct rule_run *run, const struct backup_spec *spec)
{
    bool open = false; /* the element before is a flag without its value, or may be one */
    for (const struct node *n = node_first(spec->job.br.options.node); n; n = node_next(n)) {
        if (n->kind != NODE_STRING || n->flags & (NODE_BAD | NODE_PLACEHOLDER)) {
            open = true;
            continue;
        }
        one_option(run, spec, n, open);
        last_backup_ts(run, spec, n);
        open = slice_starts(n->text, LIT("-")) && slice_find_char(n->text, '=') == SLICE_NONE &&
               slice_find_char(n->text, ' ') == SLICE_NONE;
    }
}

/* Dumpling's flags are its own: only their form can be judged. */
static void dumpling_options(struct rule_run *run, const struct backup_spec *spec)
{
    const struct node *list = node_get(spec->dumpling.node, LIT("options"));
    for (const struct node *n = node_first(list); n; n = node_next(n)) {
        if (n->kind != NODE_STRING || n->flags & (NODE_BAD | NODE_PLACEHOLDER) ||
            !slice_starts(n->text, LIT("-")))
            continue;
        size_t space = slice_find_char(n->text, ' ');
        if (space < slice_find_char(n->text, '=')) /* SLICE_NONE is the greatest */
            spaced_option(run, n, space);
    }
}

static void concurrency_range(struct rule_run *run, const struct backup_spec *spec)
{
    const struct number *c = &spec->job.br.concurrency, *rate = &spec->job.br.rate_limit;
    struct finding *x = NULL;
    if (!spec->is_snapshot || c->state != FIELD_GIVEN || c->value < 0)
        return;
    if (c->value == 0 || c->value > MOST_THREADS) {
        x = finding_at(run->findings, &rule_concurrency_range, FIELD_INVALID, at_value(c->node),
                       "%lld: must be between 1 and %d", (long long)c->value, MOST_THREADS);
        finding_hint(x, c->value ? "BR uses at most 256" : "omit it to use the default, 4");
    } else if (c->value > 1 && rate->state == FIELD_GIVEN && rate->value > 0) {
        x = finding_at(run->findings, &rule_concurrency_range, FIELD_NONE, at_key(c->node),
                       "with rateLimit BR uses one thread, regardless of concurrency");
        finding_note(x, at_key(rate->node), "the limit is set here");
        finding_hint(x, "omit concurrency");
    }
}

/* Beyond what a node can read or send: 64 GiB/s. A number above it counts bytes or KiB, as other programs do. */
enum { MOST_RATE = 1 << 16 };

static void rate_limit_unit(struct rule_run *run, const struct backup_spec *spec)
{
    const struct number *rate = &spec->job.br.rate_limit;
    if (!spec->is_snapshot || rate->state != FIELD_GIVEN || rate->value <= MOST_RATE)
        return;
    bool bytes = rate->value >= 1 << 20;
    long long found = (long long)rate->value, meant = bytes ? found >> 20 : found >> 10;
    struct finding *x = finding_at(run->findings, &rule_rate_limit_unit, FIELD_INVALID, at_value(rate->node),
                                   "%lld: it counts MiB/s for each TiKV node", found);
    if (meant <= MOST_RATE)
        finding_hint(x, "write %lld if %s a second are meant", meant, bytes ? "bytes" : "KiB");
    else
        finding_hint(x, "omit it: no node is that fast");
}

void check_options(struct rule_run *run, const struct backup_spec *spec)
{
    run_checks(run, spec);
}
