/* One request for each thing that is needed, two more for the rights of an account. */
#include "ask.h"

enum { REVIEW_BYTES = 4096 };

struct question {
    struct asking *asking;
    struct fact *fact;
    size_t *unasked; /* by kind */
};

/* A resource that the server does not have is refused with the same status as an object that it does not have, but without
 * a name. */
static bool is_absent(struct arena *a, const struct kube_answer *answer)
{
    struct findings ignored = findings_new(a);
    return answer->outcome == KUBE_NOT_FOUND &&
           node_text_at(json_read(a, answer->body, &ignored), "details.name").n;
}

static struct kube_answer ask(const struct question *q, const struct kube_request *request)
{
    struct asking *a = q->asking;
    if (a->silence.n)
        return (struct kube_answer){.outcome = KUBE_UNREACHABLE, .error = a->silence};
    a->requests++;
    struct kube_answer answer = kube_do(a->kube, a->arena, request);
    if (answer.outcome == KUBE_UNREACHABLE && !answer.status && !answer.too_large)
        a->silence = arena_copy(a->kept, answer.error);
    if (answer.outcome == KUBE_NOT_FOUND && !is_absent(a->arena, &answer))
        answer.error = arena_fmt(a->arena, "the cluster does not have %s of %s", request->resource,
                                 request->group_version);
    return answer;
}

static void note(const struct question *q, const struct kube_answer *answer)
{
    slice *note = &q->asking->notes[q->fact->kind];
    q->unasked[q->fact->kind]++;
    if (!note->n)
        *note = arena_copy(q->asking->kept, answer->error);
}

/* Returns the thing itself; NULL when it does not exist. */
static const struct node *ask_for(const struct question *q, const char *group_version, const char *resource)
{
    struct fact *f = q->fact;
    struct kube_answer answer = ask(q, &(struct kube_request){.method = KUBE_GET,
                                                              .group_version = group_version,
                                                              .resource = resource,
                                                              .namespace = f->namespace,
                                                              .name = f->name});
    if (answer.outcome == KUBE_OK)
        f->state = FACT_PRESENT;
    else if (is_absent(q->asking->arena, &answer))
        f->state = FACT_ABSENT;
    else
        note(q, &answer);
    return answer.root;
}

static void ask_secret(const struct question *q)
{
    q->fact->keys = facts_keys(ask_for(q, "v1", "secrets"));
}

/* ---- service accounts ---- */

/* Returns whether the account may do it. When the server does not answer that, it counts as allowed. */
static bool may(const struct question *q, const char *verb, const char *resource, const char *subresource)
{
    const struct fact *f = q->fact;
    struct buf b = buf_new(q->asking->arena, REVIEW_BYTES);
    buf_fmt(&b,
            "{\"apiVersion\":\"authorization.k8s.io/v1\",\"kind\":\"SubjectAccessReview\",\"spec\":{\"user\":"
            "\"system:serviceaccount:%.*s:%.*s\",\"groups\":[\"system:serviceaccounts\","
            "\"system:serviceaccounts:%.*s\",\"system:authenticated\"],\"resourceAttributes\":{\"namespace\":"
            "\"%.*s\",\"verb\":\"%s\",\"group\":\"%s\",\"resource\":\"%s\",\"subresource\":\"%s\"}}}",
            FMT(f->namespace), FMT(f->name), FMT(f->namespace), FMT(f->namespace), verb,
            f->group == GROUP_BR ? "br.pingcap.com" : "pingcap.com", resource, subresource);
    struct kube_answer answer = ask(q, &(struct kube_request){.method = KUBE_POST,
                                                              .group_version = "authorization.k8s.io/v1",
                                                              .resource = "subjectaccessreviews",
                                                              .body = buf_slice(&b)});
    const struct node *allowed = node_at(answer.root, "status.allowed");
    if (answer.outcome != KUBE_OK)
        note(q, &answer);
    return !allowed || allowed->kind != NODE_BOOL || allowed->boolean;
}

static unsigned lacks(const struct question *q, const char *resource)
{
    const char *status = q->fact->group == GROUP_BR ? "status" : ""; /* v1 has it in the object itself */
    return (may(q, "get", resource, "") ? 0u : RIGHT_READ) |
           (may(q, "update", resource, status) ? 0u : RIGHT_WRITE);
}

static void ask_account(const struct question *q)
{
    struct fact *f = q->fact;
    if (!ask_for(q, "v1", "serviceaccounts"))
        return;
    if (f->runs_backups)
        f->lacks_backups = lacks(q, "backups");
    if (f->runs_compactions)
        f->lacks_compactions = lacks(q, "compactbackups");
}

/* ---- clusters ---- */

/* Returns the version of the cluster's first TiKVGroup that has one. */
static slice version_of_groups(const struct question *q)
{
    const struct fact *f = q->fact;
    struct kube_answer answer = ask(q, &(struct kube_request){.method = KUBE_GET,
                                                              .group_version = "core.pingcap.com/v1alpha1",
                                                              .resource = "tikvgroups",
                                                              .namespace = f->namespace});
    if (answer.outcome != KUBE_OK)
        note(q, &answer);
    for (const struct node *n = node_first(node_get(answer.root, LIT("items"))); n; n = node_next(n))
        if (slice_eq(node_text_at(n, "spec.cluster.name"), f->name) && facts_version(n).n)
            return facts_version(n);
    return (slice){0};
}

static void ask_cluster(const struct question *q)
{
    struct fact *f = q->fact;
    bool v2 = f->group == GROUP_BR;
    const struct node *cluster = v2 ? ask_for(q, "core.pingcap.com/v1alpha1", "clusters")
                                    : ask_for(q, "pingcap.com/v1alpha1", "tidbclusters");
    if (cluster)
        f->version = arena_copy(q->asking->kept, v2 ? version_of_groups(q) : facts_version(cluster));
}

/* ---- all ---- */

static void ask_one(void *question)
{
    static void (*const asks[])(const struct question *) = {
        [FACT_SECRET] = ask_secret, [FACT_ACCOUNT] = ask_account, [FACT_CLUSTER] = ask_cluster};
    const struct question *q = question;
    asks[q->fact->kind](q);
}

static void put_notes(struct asking *a, const size_t *unasked)
{
    static const char *const what[] = {
        [FACT_SECRET] = "Secret", [FACT_ACCOUNT] = "service account", [FACT_CLUSTER] = "cluster"};
    for (unsigned k = 0; k < FACT_KIND_COUNT; k++)
        if (unasked[k])
            a->notes[k] = arena_fmt(a->kept, "%zu question%s about a %s: %.*s", unasked[k],
                                    unasked[k] == 1 ? "" : "s", what[k], FMT(a->notes[k]));
}

bool ask_all(struct asking *a, struct facts *facts)
{
    size_t unasked[FACT_KIND_COUNT] = {0};
    bool done = true;
    for (struct fact *f = facts_first(facts); f && done; f = f->next) {
        arena_reset(a->arena);
        done = arena_run(a->arena, ask_one, &(struct question){a, f, unasked});
        if (f->kind == FACT_SECRET)
            arena_wipe(a->arena);
    }
    put_notes(a, unasked);
    return done;
}
