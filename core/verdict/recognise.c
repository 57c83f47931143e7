/* Objects whose apiVersion and kind are none of ours: another program's, or ours misspelt? */
#include "judge.h"

#include "suggest.h"
#include "verdict_rules.h"

static const slice kinds[] = {SLICE("Backup"), SLICE("BackupSchedule"), SLICE("CompactBackup")};

slice verdict_kind(size_t number)
{
    return number < COUNT(kinds) ? kinds[number] : (slice){0};
}

/* Recognises our kinds in an object without apiVersion: by a name that only we use, or for Backup by spec.br. */
static bool is_ours_without_version(const struct verdict *v)
{
    if (!v->root || node_get(v->root, LIT("apiVersion")))
        return false;
    if (slice_eq(v->kind, LIT("Backup")))
        return node_at(v->root, "spec.br") != NULL;
    return slice_eq(v->kind, LIT("BackupSchedule")) || slice_eq(v->kind, LIT("CompactBackup"));
}

/* Reports a key that equals `name` except for case. */
static bool report_wrong_case(struct judging *j, struct verdict *v, slice name)
{
    for (const struct node *n = node_first(v->root); n; n = node_next(n)) {
        if (!slice_eq_nocase(n->key, name) || slice_eq(n->key, name))
            continue;
        struct finding *x = finding_at(j->findings, &rule_api_version, FIELD_NONE, at_key(n),
                                       "%.*s is not %.*s: case matters", FMT(n->key), FMT(name));
        finding_edit(x, at_key(n), name);
        finding_hint(x, "write %.*s", FMT(name));
        v->status = VERDICT_BROKEN;
        return true;
    }
    return false;
}

/* apiVersion is missing, empty or no version of any group. */
static void report_version(struct judging *j, struct verdict *v)
{
    const struct node *n = node_get(v->root, LIT("apiVersion"));
    struct finding *x;
    if (v->api_version.n) {
        x = finding_at(j->findings, &rule_api_version, FIELD_NONE, at_value(n), "unknown apiVersion \"%.*s\"",
                       FMT(v->api_version));
    } else if (!n && report_wrong_case(j, v, LIT("apiVersion"))) {
        return;
    } else {
        x = finding_at(j->findings, &rule_api_version, FIELD_REQUIRED,
                       n ? at_value(n) : at_missing(v->root, LIT("apiVersion")), "");
    }
    finding_hint(x, "write br.pingcap.com/v1alpha1, or pingcap.com/v1alpha1 for TiDB Operator v1");
    v->status = VERDICT_BROKEN;
}

/* Another kind, or ours misspelt? Kinds of that name exist in other groups too (velero.io has a Backup). */
static void judge_unknown(struct judging *j, struct verdict *v)
{
    static const slice versions[] = {SLICE("br.pingcap.com/v1alpha1"), SLICE("pingcap.com/v1alpha1")};
    static const slice others[] = {SLICE("Restore"), SLICE("TiBR"), SLICE("TiBRGC")};
    slice version = suggest_nearest(v->api_version, versions, 2);
    if (!version.n && slice_find(v->api_version, LIT("br.pingcap.com")) != SLICE_NONE)
        version = versions[0];
    slice kind = suggest_nearest(v->kind, kinds, COUNT(kinds));
    bool ours_exactly = version.n && slice_eq(version, v->api_version);
    for (size_t i = 0; i < 3; i++)
        if (slice_eq(v->kind, others[i]))
            kind = (slice){0};
    v->status = VERDICT_SKIPPED;
    if (!version.n && slice_eq(v->kind, kind) && node_get(v->root, LIT("apiVersion")) &&
        slice_find_char(v->api_version, '/') == SLICE_NONE)
        report_version(j, v); /* Kubernetes' own group, which has no slash, has no kind of that name */
    if (!version.n || (v->kind.n && !kind.n))
        return;
    struct finding *x;
    const char *missing = ours_exactly ? "kind" : "apiVersion";
    const struct node *n = node_get(v->root, slice_of(missing));
    if (!ours_exactly) {
        x = finding_at(j->findings, &rule_api_version, FIELD_NONE, at_value(n), "unknown apiVersion \"%.*s\"",
                       FMT(v->api_version));
        finding_hint(x, "did you mean %.*s?", FMT(version));
        finding_edit(x, at_value(n), version);
    } else if (n) {
        x = finding_at(j->findings, &rule_api_version, FIELD_NONE, at_value(n), "unknown kind \"%.*s\"",
                       FMT(v->kind));
        finding_hint(x, "did you mean %.*s?", FMT(kind));
        finding_edit(x, at_value(n), kind);
    } else if (report_wrong_case(j, v, LIT("kind"))) {
        return;
    } else {
        x = finding_at(j->findings, &rule_api_version, FIELD_REQUIRED, at_missing(v->root, LIT("kind")), "");
        finding_hint(x, "write Backup, BackupSchedule or CompactBackup");
    }
    v->status = VERDICT_BROKEN;
}

void recognise(struct judging *j, struct verdict *v)
{
    if (is_ours_without_version(v))
        report_version(j, v);
    else
        judge_unknown(j, v);
}
