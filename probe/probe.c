/* Asks until the answer is the expected one or patience ends, and words the last one. */
#include "probe.h"

#include "clock.h"
#include "reception.h"

#include <time.h>

enum { PAUSE_MS = 1000, TEXT_BYTES = 16 << 10 };

static const char *const groups[] = {"br.pingcap.com", "pingcap.com"};

struct probing {
    const struct probe_options *options;
    struct arena *arena;
    const char *group; /* of the Backup, one that the cluster has */
    slice message;     /* the server's */
};

static enum reception create(struct probing *p, bool bad)
{
    struct kube_request request = {.method = KUBE_POST,
                                   .group_version = arena_fmt(p->arena, "%s/v1alpha1", p->group).p,
                                   .resource = "backups",
                                   .namespace = p->options->namespace,
                                   .query = LIT("dryRun=All"),
                                   .body = probe_backup(p->arena, p->group, bad)};
    struct kube_answer answer = kube_do(p->options->kube, p->arena, &request);
    return reception_of(p->arena, &answer, &p->message);
}

static enum reception create_bad(struct probing *p)
{
    enum reception r = RECEPTION_NO_KIND;
    for (size_t i = 0; i < COUNT(groups) && r == RECEPTION_NO_KIND; i++) {
        p->group = groups[i];
        r = create(p, true);
    }
    return r;
}

static bool as_expected(enum reception r, enum enforcement enforcement)
{
    switch (r) {
    case RECEPTION_DENIED:
        return enforcement != ENFORCEMENT_WARN;
    case RECEPTION_WATCHED:
        return enforcement != ENFORCEMENT_DENY;
    case RECEPTION_ADVISED:
        return enforcement == ENFORCEMENT_DEFAULT;
    default:
        return false;
    }
}

/* Whether it may become another by itself: the webhook is registered or its servers are replaced right now. */
static bool may_change(enum reception r)
{
    return r != RECEPTION_REFUSED && r != RECEPTION_UNASKED && r != RECEPTION_NO_KIND;
}

/* ---- why nothing was judged ---- */

static const struct node *webhook_of(const struct node *configuration)
{
    for (const struct node *n = node_first(node_get(configuration, LIT("webhooks"))); n; n = node_next(n))
        if (slice_eq(node_text_at(n, "name"), LIT("validate.brgate.io")))
            return n;
    return NULL;
}

static struct kube_answer get(const struct probing *p, const char *group_version, const char *resource,
                              slice name)
{
    return kube_do(
        p->options->kube, p->arena,
        &(struct kube_request){
            .method = KUBE_GET, .group_version = group_version, .resource = resource, .name = name});
}

/* A selector that leaves out the namespace, as far as the account may read its labels. */
static bool put_selector(const struct probing *p, struct buf *b, const struct node *webhook)
{
    const struct node *selector = node_get(webhook, LIT("namespaceSelector"));
    struct kube_answer answer = get(p, "v1", "namespaces", p->options->namespace);
    bool known = answer.outcome == KUBE_OK;
    if (!node_first(selector) ||
        (known && !selector_leaves_out(selector, node_at(answer.root, "metadata.labels"))))
        return false;
    buf_fmt(b, "its namespaceSelector ");
    node_put_json(b, selector, true);
    buf_fmt(b,
            " %s the namespace; choose one that is judged (the chart's value test.namespace), or change the "
            "values "
            "webhook.namespaceSelector and webhook.excludeNamespaces",
            known ? "leaves out" : "may leave out");
    return true;
}

static void put_reason(const struct probing *p, struct buf *b)
{
    slice name = p->options->configuration;
    struct kube_answer answer =
        get(p, "admissionregistration.k8s.io/v1", "validatingwebhookconfigurations", name);
    const struct node *webhook = webhook_of(answer.root);
    if (answer.outcome == KUBE_NOT_FOUND)
        buf_fmt(b,
                "there is no ValidatingWebhookConfiguration %.*s: the webhook is not registered; 'helm "
                "upgrade' registers it",
                FMT(name));
    else if (answer.outcome != KUBE_OK)
        buf_fmt(b, "the reason is in ValidatingWebhookConfiguration %.*s, which could not be read: %.*s",
                FMT(name), FMT(answer.error));
    else if (!webhook)
        buf_fmt(b,
                "ValidatingWebhookConfiguration %.*s has no webhook validate.brgate.io; 'helm upgrade' "
                "registers it",
                FMT(name));
    else if (put_selector(p, b, webhook))
        return;
    else if (slice_eq(node_text_at(webhook, "failurePolicy"), LIT("Ignore")))
        buf_fmt(b, "%s, and with failurePolicy Ignore the API server does not say so; %s",
                node_text_at(webhook, "clientConfig.caBundle").n
                    ? "the servers could not be called"
                    : "its caBundle is empty, so that no server is trusted",
                "see whether they are ready and what they log, and whether 'brgate certs show "
                "--webhook-configuration' finds a problem; webhook.failurePolicy=Fail shows the API server's "
                "reason");
    else
        buf_fmt(b, "the webhook is registered: either one of its matchConditions leaves the object out, or "
                   "the policy "
                   "switches off the rules " PROBE_RULES);
}

/* ---- words ---- */

static void put_bad(const struct probing *p, struct buf *b, enum reception r)
{
    switch (r) {
    case RECEPTION_DENIED:
        buf_fmt(b, "a bad Backup was denied, although enforcement is warn: servers with another enforcement "
                   "still run "
                   "('kubectl rollout status'), or another release's webhook denies it");
        return;
    case RECEPTION_WATCHED:
        buf_fmt(b, "a bad Backup was admitted with the warning that it would be denied: the servers run with "
                   "enforcement "
                   "warn, at least for this namespace; set the value enforcement=deny, or wait until all "
                   "servers are "
                   "replaced ('kubectl rollout status')");
        return;
    case RECEPTION_ADVISED:
        buf_fmt(b, "a bad Backup was admitted with warnings: the policy makes the rules " PROBE_RULES
                   " warnings (policy.rules)");
        return;
    case RECEPTION_UNJUDGED:
        buf_fmt(b, "a bad Backup was admitted, and the webhook has not judged it: ");
        put_reason(p, b);
        return;
    case RECEPTION_NOT_CALLED:
        buf_fmt(b, "the API server cannot call the webhook: %s: %.*s", reception_advice(p->message),
                FMT(p->message));
        return;
    case RECEPTION_REFUSED:
        buf_fmt(b, "a bad Backup was refused before the webhook could deny it: %.*s", FMT(p->message));
        return;
    case RECEPTION_NO_KIND:
        buf_fmt(b, "the cluster has no Backup of br.pingcap.com or pingcap.com: install the definitions with "
                   "'brgate crds | "
                   "kubectl apply --server-side -f -'");
        return;
    case RECEPTION_UNASKED:
        buf_put(b, p->message);
    }
}

static const char *word_of(enum reception r)
{
    return r == RECEPTION_DENIED    ? "denied"
           : r == RECEPTION_WATCHED ? "admitted with the warning that it would be denied (enforcement warn)"
                                    : "admitted with warnings (policy.rules)";
}

enum probe_outcome probe_run(const struct probe_options *o, struct arena *a, slice *ret_text)
{
    struct probing p = {.options = o, .arena = a};
    uint64_t until = clock_lived_ms() + o->patience;
    struct timespec pause = {.tv_sec = PAUSE_MS / 1000};
    enum reception bad = create_bad(&p);
    while (!as_expected(bad, o->enforcement) && may_change(bad) && clock_lived_ms() < until) {
        nanosleep(&pause, NULL);
        bad = create_bad(&p);
    }
    struct buf b = buf_new(a, TEXT_BYTES);
    buf_fmt(&b, "namespace %.*s: ", FMT(o->namespace));
    if (!as_expected(bad, o->enforcement)) {
        put_bad(&p, &b, bad);
        *ret_text = buf_slice(&b);
        return bad == RECEPTION_UNASKED ? PROBE_UNABLE : PROBE_FAILS;
    }
    enum reception good = create(&p, false);
    bool admitted = good <= RECEPTION_UNJUDGED && good != RECEPTION_DENIED;
    if (admitted)
        buf_fmt(&b, "a bad Backup was %s, a good one admitted", word_of(bad));
    else
        buf_fmt(&b, "a bad Backup was %s, but a good one was not admitted: %.*s", word_of(bad),
                FMT(p.message));
    *ret_text = buf_slice(&b);
    return admitted ? PROBE_WORKS : PROBE_FAILS;
}
