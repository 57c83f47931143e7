/* Collects what objects need, and compares it with what the cluster has. */
#include "facts.h"

#include "ascii.h"
#include "audit_rules.h"
#include "judge.h"
#include "num.h"
#include "operator.h"
#include "texts.h"

#include "brgate_limits.h"

#include <limits.h>

enum { SLOTS = 1024 };

/* The keys that storages and databases ask for, by bit.
 * [operator: pkg/backup/util/util.go] */
static const char *const key_names[] = {"access_key", "secret_key", "credentials", "AZURE_STORAGE_ACCOUNT",
                                        "password"};
enum {
    KEYS_S3 = 1 | 2,
    KEYS_GCS = 4,
    KEYS_AZBLOB = 8,
    KEYS_DATABASE = 16,
};

/* The first versions whose clusters have the command. Compaction came with v9.0, and was backported to v8.5.5.
 * [tikv: pull request 19169; documentation of TiDB: br-compact-log-backup] */
struct version {
    unsigned major, minor, patch;
    const char *text;
};
static const struct version log_from = {6, 3, 0, "v6.3"}, compaction_from = {8, 5, 5, "v8.5.5"};

/* What one object needs of a fact. */
struct need {
    struct need *next;
    uint32_t object;
    struct fact *fact;
    const char *job, *field; /* the path: of the Job's spec, and from there */
    uint8_t keys;            /* by 1 << their place in key_names */
    uint8_t allowed;         /* rules that an annotation allows, by 1 << their place in cluster_rules */
    bool compacts, logs;     /* what runs: a compaction, a log backup */
};

struct facts {
    struct arena *arena;
    const struct gate *gate;
    struct need *needs, **last_need;
    struct fact *first, **last;
    struct fact *slots[SLOTS];
};

static const struct rule *const cluster_rules[] = {
    &rule_secret_missing,         &rule_secret_keys,     &rule_service_account_missing,
    &rule_service_account_rights, &rule_cluster_missing, &rule_cluster_too_old};

static enum severity severity_of(const struct facts *f, const struct rule *rule)
{
    return (enum severity)rule_level_of(&f->gate->levels, rule)->severity[CONTEXT_MANIFEST];
}

static unsigned bit_of(const struct rule *rule)
{
    unsigned i = 0;
    while (cluster_rules[i] != rule)
        i++;
    return 1u << i;
}

struct facts *facts_new(struct arena *a, const struct gate *g)
{
    struct facts *f = arena_try(a, sizeof *f);
    if (!f)
        return NULL;
    f->arena = a;
    f->gate = g;
    f->last = &f->first;
    f->last_need = &f->needs;
    return f;
}

struct fact *facts_first(struct facts *f)
{
    return f->first;
}

/* ---- noting ---- */

struct noting {
    struct facts *facts;
    const struct resource *object;
    uint32_t number;
    uint8_t allowed;
    const char *job; /* the path of the Job's spec whose needs are noted */
};

static size_t slot_of(const struct fact *x)
{
    return hash_text(hash_text(hash_start(), x->namespace), x->name) % SLOTS;
}

/* The one fact about the thing. */
static struct fact *intern(struct facts *f, struct fact wanted)
{
    size_t slot = slot_of(&wanted);
    for (struct fact *x = f->slots[slot]; x; x = x->next_in_slot)
        if (x->kind == wanted.kind && x->group == wanted.group && slice_eq(x->name, wanted.name) &&
            slice_eq(x->namespace, wanted.namespace))
            return x;
    struct fact *x = ARENA_NEW(f->arena, struct fact);
    *x = wanted;
    x->namespace = arena_copy(f->arena, wanted.namespace);
    x->name = arena_copy(f->arena, wanted.name);
    x->next_in_slot = f->slots[slot];
    f->slots[slot] = x;
    *f->last = x;
    f->last = &x->next;
    return x;
}

static struct need *need(struct noting *n, struct fact wanted, const char *field)
{
    struct facts *f = n->facts;
    struct need *x = ARENA_NEW(f->arena, struct need);
    *x = (struct need){
        .object = n->number, .fact = intern(f, wanted), .job = n->job, .field = field, .allowed = n->allowed};
    *f->last_need = x;
    f->last_need = &x->next;
    return x;
}

static void need_secret(struct noting *n, const struct text *name, const char *field, uint8_t keys)
{
    if (!text_given(name) || (severity_of(n->facts, &rule_secret_missing) == SEVERITY_OFF &&
                              severity_of(n->facts, &rule_secret_keys) == SEVERITY_OFF))
        return;
    struct fact wanted = {
        .kind = FACT_SECRET, .namespace = n->object->metadata.namespace.value, .name = name->value};
    need(n, wanted, field)->keys = keys;
}

static void need_account(struct noting *n, const struct job_spec *job, bool compacts)
{
    bool given = text_given(&job->service_account);
    if ((!given && !text_empty(&job->service_account)) ||
        (severity_of(n->facts, &rule_service_account_missing) == SEVERITY_OFF &&
         severity_of(n->facts, &rule_service_account_rights) == SEVERITY_OFF))
        return;
    struct fact wanted = {.kind = FACT_ACCOUNT,
                          .group = n->object->group,
                          .namespace = n->object->metadata.namespace.value,
                          .name = given ? job->service_account.value : LIT("tidb-backup-manager")};
    struct need *x = need(n, wanted, "serviceAccount");
    x->compacts = compacts;
    x->fact->runs_backups |= !compacts;
    x->fact->runs_compactions |= compacts;
}

static void need_cluster(struct noting *n, const struct br *br, bool compacts, bool logs)
{
    if (!text_given(&br->cluster) || !text_known(&br->cluster_namespace) ||
        (severity_of(n->facts, &rule_cluster_missing) == SEVERITY_OFF &&
         severity_of(n->facts, &rule_cluster_too_old) == SEVERITY_OFF))
        return;
    struct fact wanted = {.kind = FACT_CLUSTER,
                          .group = n->object->group,
                          .namespace = br_cluster_namespace(br, n->object->metadata.namespace.value),
                          .name = br->cluster.value};
    struct need *x = need(n, wanted, "br.cluster");
    x->compacts = compacts;
    x->logs = logs;
}

static void note_job(struct noting *n, const char *path, const struct job_spec *job, bool compacts, bool logs)
{
    const struct storage *s = &job->storage;
    n->job = path;
    if (!job->node)
        return;
    need_secret(n, &s->s3.secret_name, "s3.secretName", KEYS_S3);
    need_secret(n, &s->gcs.secret_name, "gcs.secretName", KEYS_GCS);
    need_secret(n, &s->azblob.secret_name, "azblob.secretName",
                text_given(&s->azblob.storage_account) ? 0 : KEYS_AZBLOB);
    need_account(n, job, compacts);
    need_cluster(n, &job->br, compacts, logs);
}

static void note_backup(struct noting *n, const char *path, const struct backup_spec *b)
{
    if (!b->node)
        return;
    note_job(n, path, &b->job, false, b->is_log);
    need_secret(n, &b->from_secret_name, "from.secretName", KEYS_DATABASE);
}

static void note_object(void *context)
{
    struct noting *n = context;
    const struct resource *o = n->object;
    note_backup(n, "spec", o->backup);
    note_backup(n, "spec.backupTemplate", &o->schedule->backup_template);
    note_backup(n, "spec.logBackupTemplate", &o->schedule->log_backup_template);
    note_job(n, "spec.compactBackupTemplate", &o->schedule->compact_template.job, true, false);
    note_job(n, "spec", &o->compact->job, true, false);
}

bool facts_note(struct facts *f, uint32_t object, const struct verdict *v)
{
    struct noting n = {.facts = f, .object = v->object, .number = object};
    for (size_t i = 0; v->allowed->count && i < COUNT(cluster_rules); i++)
        if (suppression_for(v->allowed, &(struct diagnostic){.rule = cluster_rules[i]}, NULL))
            n.allowed |= (uint8_t)(1u << i);
    return arena_run(f->arena, note_object, &n);
}

/* ---- reading ---- */

unsigned facts_keys(const struct node *secret)
{
    const struct node *data = node_get(secret, LIT("data"));
    unsigned keys = 0;
    for (unsigned i = 0; i < COUNT(key_names); i++)
        if (node_get(data, slice_of(key_names[i])))
            keys |= 1u << i;
    return keys;
}

slice facts_version(const struct node *cluster)
{
    static const char *const paths[] = {"spec.template.spec.version", "spec.tikv.version", "spec.version"};
    for (size_t i = 0; i < COUNT(paths); i++) {
        slice version = node_text_at(cluster, paths[i]);
        if (version.n)
            return version;
    }
    return (slice){0};
}

/* ---- judging ---- */

struct judging {
    const struct facts *facts;
    struct arena *arena;
    const struct need *need; /* that is judged */
    void (*tell)(void *context, uint32_t object, const struct diagnostic *d);
    void *context;
};

static void tell(const struct judging *j, const struct need *n, const struct rule *rule, slice message,
                 slice hint)
{
    const struct diagnostic d = {.rule = rule,
                                 .severity = severity_of(j->facts, rule),
                                 .path = arena_fmt(j->arena, "%s.%s", n->job, n->field),
                                 .message = message,
                                 .hint = hint};
    if (d.severity != SEVERITY_OFF && !(n->allowed & bit_of(rule)))
        j->tell(j->context, n->object, &d);
}

static slice names_of(struct arena *a, unsigned keys)
{
    struct buf b = buf_new(a, LIMIT_MESSAGE_BYTES);
    for (unsigned i = 0; i < COUNT(key_names); i++)
        if (keys >> i & 1)
            buf_fmt(&b, "%s%s", b.n ? " and " : "", key_names[i]);
    return buf_slice(&b);
}

static void judge_secret(const struct judging *j, const struct need *n)
{
    const struct fact *f = n->fact;
    struct arena *a = j->arena;
    unsigned missing = n->keys & ~f->keys;
    if (f->state == FACT_ABSENT)
        tell(j, n, &rule_secret_missing,
             arena_fmt(a, "namespace %.*s has no Secret %.*s: no Job is made until it exists",
                       FMT(f->namespace), FMT(f->name)),
             n->keys ? arena_fmt(a, "create it with %.*s", FMT(names_of(a, n->keys))) : LIT("create it"));
    else if (missing)
        tell(j, n, &rule_secret_keys,
             arena_fmt(a, "the Secret %.*s/%.*s lacks %.*s: no Job is made until that is added",
                       FMT(f->namespace), FMT(f->name), FMT(names_of(a, missing))),
             LIT("add what is missing; names of keys are case-sensitive"));
}

static void judge_account(const struct judging *j, const struct need *n)
{
    const struct fact *f = n->fact;
    struct arena *a = j->arena;
    bool compacts = n->compacts;
    unsigned lacks = compacts ? f->lacks_compactions : f->lacks_backups;
    const char *kind = compacts ? "compactbackups" : "backups",
               *group = f->group == GROUP_BR ? "br.pingcap.com" : "pingcap.com";
    if (f->state == FACT_ABSENT)
        tell(j, n, &rule_service_account_missing,
             arena_fmt(a, "namespace %.*s has no service account %.*s: the Job gets no pod",
                       FMT(f->namespace), FMT(f->name)),
             LIT("create it with its role, or name another"));
    else if (lacks)
        tell(j, n, &rule_service_account_rights,
             arena_fmt(a, "the service account %.*s/%.*s may not %s %s.%s", FMT(f->namespace), FMT(f->name),
                       lacks == RIGHT_READ    ? "get"
                       : lacks == RIGHT_WRITE ? "update the status of"
                                              : "get, nor update the status of,",
                       kind, group),
             arena_fmt(a, "bind it to a role with get, list, watch and update of %s%s in group %s", kind,
                       f->group == GROUP_BR ? " and of their status" : "", group));
}

/* Reads the number that the text begins with, and a dot behind it. Returns false when there is none. */
static bool cut_number(slice *text, unsigned *ret)
{
    enum { MOST = 1000 };
    size_t n = 0;
    uint64_t value;
    while (n < text->n && ascii_is_digit(text->p[n]))
        n++;
    if (!num_u64(slice_cut(*text, 0, n), &value) || value > MOST)
        return false;
    *ret = (unsigned)value;
    *text = slice_from(*text, n + (n < text->n && text->p[n] == '.'));
    return true;
}

/* "v8.5.2", "v8.5.2-20250101-1a2b3c4"; false for what does not begin with two numbers, such as "nightly". Without a third one it
 * is the newest patch. */
static bool read_version(slice text, struct version *ret)
{
    *ret = (struct version){.patch = UINT_MAX};
    text = slice_from(text, slice_starts(text, LIT("v")));
    if (!cut_number(&text, &ret->major) || !cut_number(&text, &ret->minor))
        return false;
    cut_number(&text, &ret->patch);
    return true;
}

static bool is_before(const struct version *a, const struct version *b)
{
    if (a->major != b->major)
        return a->major < b->major;
    return a->minor != b->minor ? a->minor < b->minor : a->patch < b->patch;
}

static void judge_cluster(const struct judging *j, const struct need *n)
{
    const struct fact *f = n->fact;
    bool compacts = n->compacts;
    const struct version *from = compacts ? &compaction_from : &log_from;
    struct version is;
    const char *kind = f->group == GROUP_BR ? "Cluster" : "TidbCluster";
    if (f->state == FACT_ABSENT)
        tell(j, n, &rule_cluster_missing,
             arena_fmt(j->arena, "namespace %.*s has no %s %.*s", FMT(f->namespace), kind, FMT(f->name)),
             LIT("correct br.cluster, or br.clusterNamespace"));
    else if ((compacts || n->logs) && read_version(f->version, &is) && is_before(&is, from))
        tell(j, n, &rule_cluster_too_old,
             arena_fmt(j->arena, "the %s %.*s/%.*s has %.*s, and %s %s or later", kind, FMT(f->namespace),
                       FMT(f->name), FMT(f->version),
                       compacts ? "compactions require" : "log backups require", from->text),
             LIT("upgrade the cluster first"));
}

static void judge_need(void *context)
{
    static void (*const judges[])(const struct judging *, const struct need *) = {
        [FACT_SECRET] = judge_secret, [FACT_ACCOUNT] = judge_account, [FACT_CLUSTER] = judge_cluster};
    const struct judging *j = context;
    judges[j->need->fact->kind](j, j->need);
}

bool facts_judge(const struct facts *f, struct arena *a,
                 void (*tell_to)(void *context, uint32_t object, const struct diagnostic *d), void *context)
{
    struct judging j = {.facts = f, .arena = a, .tell = tell_to, .context = context};
    bool done = true;
    for (j.need = f->needs; j.need && done; j.need = j.need->next) {
        arena_reset(a);
        if (j.need->fact->state != FACT_UNKNOWN)
            done = arena_run(a, judge_need, &j);
    }
    return done;
}
