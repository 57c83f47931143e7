/* What the API server checks of a Job's pod and the CRDs do not: the object is stored, and its Job is refused each time
 * the operator creates it. [kubernetes: pkg/apis/core/validation/validation.go] */
#include "checks.h"

#include "ascii.h"
#include "kube_name.h"
#include "quantity.h"

#define SUBJECT struct job_spec
#define RULES   "rule_pod.def"
#include "rule_table.h"

static bool is_not_empty(const struct node *n)
{
    return n && (n->kind != NODE_STRING || n->text.n);
}

static void refuse_value(struct rule_run *run, const struct rule *rule, const struct node *n, const char *why,
                         const char *hint)
{
    if (findings_full(run->findings, rule))
        return;
    struct finding *x = finding_at(run->findings, rule, FIELD_INVALID, at_value(n), "%.*s: %s",
                                   FMT(node_value(run->arena, n)), why);
    finding_hint(x, "%s", hint);
}

/* Reports a text that is none of `values`. */
static void check_among(struct rule_run *run, const struct rule *rule, const struct node *n,
                        const slice *values, size_t count)
{
    if (!value_is_text(n) || !n->text.n || slice_among(n->text, values, count) ||
        findings_full(run->findings, rule))
        return;
    const struct text field = {n, n->text, FIELD_GIVEN};
    rule_unsupported(run, rule, &field, values, count);
}

/* ---- resources ---- */

static bool is_huge_pages(slice name)
{
    return slice_starts(name, LIT("hugepages-"));
}

/* Kubernetes' own resources, and those that a device plugin adds. */
static bool is_native(slice name)
{
    return slice_find_char(name, '/') == SLICE_NONE || slice_find(name, LIT("kubernetes.io/")) != SLICE_NONE;
}

static bool may_exceed(slice name)
{
    return is_native(name) && !is_huge_pages(name);
}

static void check_resource_name(struct rule_run *run, const struct node *n)
{
    static const slice standard[] = {SLICE("cpu"), SLICE("memory"), SLICE("ephemeral-storage")};
    struct refusal why = {0};
    bool bare = slice_find_char(n->key, '/') == SLICE_NONE;
    if (kube_label_key(n->key, &why) &&
        (!bare || is_huge_pages(n->key) || slice_among(n->key, standard, COUNT(standard))))
        return;
    struct finding *x = finding_at(run->findings, &rule_pod_resources, FIELD_INVALID, at_key(n),
                                   "\"%.*s\": no container can have this resource", FMT(n->key));
    finding_hint(x, "use cpu, memory, ephemeral-storage, hugepages-<size>, or a name with a domain");
}

static bool amount_of(const struct node *n, struct quantity *ret)
{
    return n && value_usable(n) && (n->kind == NODE_STRING || n->kind == NODE_INT) &&
           quantity_parse(n->text, ret, NULL);
}

static void check_amount(struct rule_run *run, const struct node *n)
{
    struct quantity q;
    if (!amount_of(n, &q))
        return;
    if (q.negative)
        refuse_value(run, &rule_pod_resources, n, "must be greater than or equal to 0", "write 0 or more");
    else if (!is_native(n->key) && q.nanos % 1000000000)
        refuse_value(run, &rule_pod_resources, n, "must be an integer", "write a whole number");
}

/* A request against the limit of the same resource. */
static void check_request(struct rule_run *run, const struct node *request, const struct node *limits)
{
    const struct node *limit = node_get(limits, request->key);
    struct quantity asked, most;
    if (!limit && !may_exceed(request->key)) {
        struct finding *x = finding_at(run->findings, &rule_pod_resources, FIELD_REQUIRED, at_key(request),
                                       "%.*s requires a limit equal to the request", FMT(request->key));
        finding_hint(x, "add it to limits");
        return;
    }
    if (!amount_of(request, &asked) || !amount_of(limit, &most))
        return;
    int order = quantity_cmp(&asked, &most);
    if (order == 0 || (order < 0 && may_exceed(request->key)))
        return;
    struct finding *x =
        finding_at(run->findings, &rule_pod_resources, FIELD_INVALID, at_value(request),
                   "%.*s: must be %s the %.*s limit", FMT(node_value(run->arena, request)),
                   may_exceed(request->key) ? "less than or equal to" : "equal to", FMT(request->key));
    finding_note(x, at_value(limit), "the limit");
    if (may_exceed(request->key))
        finding_hint(x, "write %.*s, or raise the limit", FMT(limit->text));
    else
        finding_hint(x, "request as much as the limit");
}

static bool has_cpu_or_memory(const struct node *list)
{
    return node_get(list, LIT("cpu")) || node_get(list, LIT("memory"));
}

static const struct node *first_huge_pages(const struct node *list)
{
    const struct node *n = node_first(list);
    while (n && !is_huge_pages(n->key))
        n = node_next(n);
    return n;
}

static void check_huge_pages(struct rule_run *run, const struct node *requests, const struct node *limits)
{
    const struct node *pages = first_huge_pages(limits);
    if (!pages)
        pages = first_huge_pages(requests);
    if (!pages || has_cpu_or_memory(limits) || has_cpu_or_memory(requests))
        return;
    struct finding *x = finding_at(run->findings, &rule_pod_resources, FIELD_FORBIDDEN, at_key(pages),
                                   "huge pages require cpu or memory");
    finding_hint(x, "add memory to limits");
}

static void pod_resources(struct rule_run *run, const struct job_spec *job)
{
    const struct node *requests = node_get(job->resources.node, LIT("requests")),
                      *limits = node_get(job->resources.node, LIT("limits")),
                      *claims = node_get(job->resources.node, LIT("claims")), *lists[] = {requests, limits};
    for (size_t i = 0; i < COUNT(lists); i++)
        for (const struct node *n = node_first(lists[i]); n; n = node_next(n)) {
            check_resource_name(run, n);
            check_amount(run, n);
        }
    for (const struct node *n = node_first(requests); n; n = node_next(n))
        check_request(run, n, limits);
    check_huge_pages(run, requests, limits);
    if (!node_first(claims))
        return;
    struct finding *x = finding_at(run->findings, &rule_pod_resources, FIELD_FORBIDDEN, at_key(claims),
                                   "the operator's pod has no resource claims");
    finding_hint(x, "remove it");
}

/* More than any node has, or too little for any program. */
static bool has_wrong_unit(const struct node *n, const char **ret_unit)
{
    static const struct quantity most = {.nanos = (__int128)256 * 1000000000},
                                 least = {.nanos = (__int128)(1 << 20) * 1000000000};
    struct quantity q;
    bool cpu = slice_eq(n->key, LIT("cpu"));
    bool bytes = slice_eq(n->key, LIT("memory")) || slice_eq(n->key, LIT("ephemeral-storage"));
    *ret_unit = cpu ? "m" : "Mi";
    if (!amount_of(n, &q) || quantity_sign(&q) <= 0)
        return false;
    return cpu ? quantity_cmp(&q, &most) > 0 : bytes && quantity_cmp(&q, &least) < 0;
}

static void pod_resources_unit(struct rule_run *run, const struct job_spec *job)
{
    const struct node *lists[] = {node_get(job->resources.node, LIT("requests")),
                                  node_get(job->resources.node, LIT("limits"))};
    const char *unit;
    for (size_t i = 0; i < COUNT(lists); i++)
        for (const struct node *n = node_first(lists[i]); n; n = node_next(n)) {
            if (!has_wrong_unit(n, &unit) || findings_full(run->findings, &rule_pod_resources_unit))
                continue;
            size_t digits = 0;
            while (digits < n->text.n && ascii_is_digit(n->text.p[digits]))
                digits++;
            struct finding *x = finding_at(run->findings, &rule_pod_resources_unit, FIELD_NONE, at_value(n),
                                           "%.*s is %s", FMT(node_value(run->arena, n)),
                                           unit[0] == 'm' ? "a number of whole CPUs, which no node has"
                                                          : "less than a mebibyte");
            slice suffix = slice_from(n->text, digits);
            if (digits && digits < 7 && n->text.p[0] != '0' && (!suffix.n || slice_eq(suffix, LIT("m"))))
                finding_hint(x, "write %.*s%s", FMT(slice_cut(n->text, 0, digits)), unit);
            else
                finding_hint(x, "write it with the unit %s", unit);
        }
}

/* ---- env ---- */

/* Since Kubernetes 1.32: printable ASCII, but no '='. */
static bool is_env_name(slice s)
{
    for (size_t i = 0; i < s.n; i++)
        if (s.p[i] < ' ' || s.p[i] > '~' || s.p[i] == '=')
            return false;
    return s.n > 0;
}

static bool is_letter(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

static bool is_strict_env_name(slice s)
{
    for (size_t i = 0; i < s.n; i++) {
        char c = s.p[i];
        bool digit = c >= '0' && c <= '9';
        if (!is_letter(c) && c != '_' && c != '-' && c != '.' && !(digit && i > 0))
            return false;
    }
    return !slice_eq(s, LIT(".")) && !slice_starts(s, LIT(".."));
}

/* `metadata.labels['team']` */
static bool is_subscripted(slice path)
{
    return (slice_starts(path, LIT("metadata.labels['")) ||
            slice_starts(path, LIT("metadata.annotations['"))) &&
           slice_ends(path, LIT("']"));
}

static void check_field_ref(struct rule_run *run, const struct node *ref)
{
    static const slice paths[] = {
        SLICE("metadata.name"),           SLICE("metadata.namespace"), SLICE("metadata.uid"),
        SLICE("spec.nodeName"),           SLICE("status.podIP"),       SLICE("status.podIPs"),
        SLICE("spec.serviceAccountName"), SLICE("status.hostIP"),      SLICE("status.hostIPs"),
    };
    const struct node *path = node_get(ref, LIT("fieldPath"));
    if (value_is_text(path) && !is_subscripted(path->text))
        check_among(run, &rule_pod_env, path, paths, COUNT(paths));
}

static void check_key_ref(struct rule_run *run, const struct node *ref)
{
    static const char *const members[] = {"name", "key"};
    for (size_t i = 0; i < COUNT(members); i++) {
        const struct node *n = node_get(ref, slice_of(members[i]));
        bool schema_says_it = !n && i; /* key is required there */
        if (schema_says_it || (n && !(value_is_text(n) && !n->text.n)))
            continue;
        struct finding *x =
            finding_at(run->findings, &rule_pod_env, FIELD_REQUIRED, at_member(ref, members[i]), "");
        finding_hint(x, i ? "write which of its keys holds the value" : "write the name of the object");
    }
}

static void check_env_source(struct rule_run *run, const struct node *v)
{
    const struct node *value = node_get(v, LIT("value")), *from = node_get(v, LIT("valueFrom"));
    size_t sources = 0;
    bool has_value = value_is_text(value) && value->text.n;
    if (!value_usable(from) || from->kind != NODE_OBJECT)
        return;
    for (const struct node *n = node_first(from); n; n = node_next(n)) {
        sources++;
        if (slice_eq(n->key, LIT("fieldRef")))
            check_field_ref(run, n);
        else if (slice_eq(n->key, LIT("secretKeyRef")) || slice_eq(n->key, LIT("configMapKeyRef")))
            check_key_ref(run, n);
    }
    const char *why = sources != 1 ? "must have exactly one of fieldRef, resourceFieldRef, configMapKeyRef "
                                     "and secretKeyRef"
                      : has_value  ? "may not be set together with value"
                                   : NULL;
    if (!why)
        return;
    struct finding *x = finding_at(run->findings, &rule_pod_env, FIELD_INVALID, at_key(from), "%s", why);
    if (sources == 1)
        finding_note(x, at_value(value), "the value");
    finding_hint(x, sources == 1 ? "remove value or valueFrom" : "keep one");
}

static void pod_env(struct rule_run *run, const struct job_spec *job)
{
    for (const struct node *v = node_first(job->env.node); v; v = node_next(v)) {
        const struct node *name = node_get(v, LIT("name"));
        if (value_is_text(name) && !is_env_name(name->text))
            refuse_value(run, &rule_pod_env, name, "must be printable ASCII characters other than '='",
                         "use letters, digits and '_'");
        check_env_source(run, v);
    }
}

static void pod_env_name(struct rule_run *run, const struct job_spec *job)
{
    for (const struct node *v = node_first(job->env.node); v; v = node_next(v)) {
        const struct node *name = node_get(v, LIT("name"));
        if (!value_is_text(name) || is_strict_env_name(name->text) ||
            findings_full(run->findings, &rule_pod_env_name))
            continue;
        struct finding *x = finding_at(run->findings, &rule_pod_env_name, FIELD_NONE, at_value(name),
                                       "Kubernetes before 1.32 refuses a Job with a variable of this name");
        finding_hint(x, "use letters, digits and '_', beginning with a letter");
    }
}

/* ---- tolerations ---- */

static void check_toleration(struct rule_run *run, const struct node *t)
{
    static const slice operators[] = {SLICE("Exists"), SLICE("Equal")},
                       effects[] = {SLICE("NoSchedule"), SLICE("PreferNoSchedule"), SLICE("NoExecute")};
    const struct rule *rule = &rule_pod_toleration;
    const struct node *key = node_get(t, LIT("key")), *operator= node_get(t, LIT("operator")),
                      *value = node_get(t, LIT("value")), *effect = node_get(t, LIT("effect")),
                      *seconds = node_get(t, LIT("tolerationSeconds"));
    struct refusal why = {0};
    bool exists = value_is_text(operator) && slice_eq(operator->text, LIT("Exists")),
         equal =
             !is_not_empty(operator) || (value_is_text(operator) && slice_eq(operator->text, LIT("Equal")));
    check_among(run, rule, operator, operators, COUNT(operators));
    check_among(run, rule, effect, effects, COUNT(effects));
    if (value_is_text(key) && key->text.n && !kube_label_key(key->text, &why))
        rule_refused(run, rule, &(struct text){key, key->text, FIELD_GIVEN}, &why);
    why = (struct refusal){0};
    if (exists && value_is_text(value) && value->text.n)
        refuse_value(run, rule, value, "must be empty when operator is Exists",
                     "remove value, or write operator: Equal");
    else if (value_is_text(value) && !kube_label_value(value->text, &why))
        rule_refused(run, rule, &(struct text){value, value->text, FIELD_GIVEN}, &why);
    if (equal && !is_not_empty(key)) {
        struct finding *x = finding_at(run->findings, rule, FIELD_INVALID, at_member(t, "operator"),
                                       "must be Exists when key is empty, which means every taint");
        finding_hint(x, "write the taint's key, or operator: Exists");
    }
    if (seconds && (!effect || (value_is_text(effect) && !slice_eq(effect->text, LIT("NoExecute")))))
        refuse_value(run, rule, seconds, "is allowed only with effect NoExecute",
                     "remove it, or write effect: NoExecute");
}

static void pod_toleration(struct rule_run *run, const struct job_spec *job)
{
    for (const struct node *t = node_first(job->tolerations.node); t; t = node_next(t)) {
        if (value_usable(t) && t->kind == NODE_OBJECT)
            check_toleration(run, t);
    }
}

/* ---- the security context ---- */

static void check_id(struct rule_run *run, const struct node *id)
{
    if (value_usable(id) && id->kind == NODE_INT && (id->integer < 0 || id->integer > INT32_MAX))
        refuse_value(run, &rule_pod_security, id, "must be between 0 and 2147483647, inclusive",
                     "write the number of a user or group");
}

static void pod_security(struct rule_run *run, const struct job_spec *job)
{
    static const slice policies[] = {SLICE("OnRootMismatch"), SLICE("Always")},
                       profiles[] = {SLICE("RuntimeDefault"), SLICE("Localhost"), SLICE("Unconfined")};
    const struct node *c = job->pod_security_context.node, *user = node_get(c, LIT("runAsUser")),
                      *not_root = node_get(c, LIT("runAsNonRoot"));
    check_id(run, user);
    check_id(run, node_get(c, LIT("runAsGroup")));
    check_id(run, node_get(c, LIT("fsGroup")));
    for (const struct node *n = node_first(node_get(c, LIT("supplementalGroups"))); n; n = node_next(n))
        check_id(run, n);
    check_among(run, &rule_pod_security, node_get(c, LIT("fsGroupChangePolicy")), policies, COUNT(policies));
    check_among(run, &rule_pod_security, node_get(node_get(c, LIT("seccompProfile")), LIT("type")), profiles,
                COUNT(profiles));
    if (!value_usable(not_root) || not_root->kind != NODE_BOOL || !not_root->boolean || !value_usable(user) ||
        user->kind != NODE_INT || user->integer != 0)
        return;
    struct finding *x =
        finding_at(run->findings, &rule_pod_security, FIELD_INVALID, at_value(user),
                   "0: is root, which runAsNonRoot forbids: the node never starts the container");
    finding_hint(x, "write another user, or remove runAsNonRoot");
    finding_note(x, at_key(not_root), "root is forbidden");
}

void check_pod(struct rule_run *run, const struct job_spec *job)
{
    run_checks(run, job);
}
