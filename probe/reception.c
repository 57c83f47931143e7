/* Reads what an API server says about a dry run. */
#include "reception.h"

static const slice ours = SLICE("brgate.io\""); /* the end of our webhooks' names, quoted */
static const slice rules[] = {SLICE("[table-filter-syntax]"), SLICE("[toolimage-syntax]"),
                              SLICE("[s3-storageclass-value]")};

slice probe_backup(struct arena *a, const char *group, bool bad)
{
    return arena_fmt(
        a,
        "{\"apiVersion\":\"%s/v1alpha1\",\"kind\":\"Backup\",\"metadata\":{\"generateName\":"
        "\"brgate-probe-\"},\"spec\":{\"br\":{\"cluster\":\"brgate-probe\"},\"s3\":{\"provider\":\"aws\","
        "\"region\":\"us-east-1\",\"bucket\":\"brgate-probe\",\"prefix\":\"brgate-probe\","
        "\"secretName\":\"brgate-probe\"%s}%s}}",
        group, bad ? ",\"storageClass\":\"no such class\"" : "",
        bad ? ",\"tableFilter\":[\"no-schema\"],\"toolImage\":\"https://example.com/br:v8.5.0\"" : "");
}

static bool holds(slice text, slice part)
{
    return slice_find(text, part) != SLICE_NONE;
}

static bool names_a_rule(slice text)
{
    for (size_t i = 0; i < COUNT(rules); i++)
        if (holds(text, rules[i]))
            return true;
    return false;
}

enum reception reception_of(struct arena *a, const struct kube_answer *answer, slice *ret_message)
{
    *ret_message = answer->error;
    if (answer->outcome == KUBE_OK) {
        if (!names_a_rule(answer->warnings))
            return RECEPTION_UNJUDGED;
        return holds(answer->warnings, LIT("would be denied: ")) ? RECEPTION_WATCHED : RECEPTION_ADVISED;
    }
    struct findings ignored = findings_new(a);
    slice message =
        answer->status ? node_text_at(json_read(a, answer->body, &ignored), "message") : (slice){0};
    if (!message.n || answer->outcome == KUBE_UNREACHABLE || answer->status == 401)
        return RECEPTION_UNASKED;
    if (answer->outcome == KUBE_NOT_FOUND && holds(message, LIT("could not find the requested resource")))
        return RECEPTION_NO_KIND;
    if (holds(message, LIT(" cannot create resource ")))
        return RECEPTION_UNASKED;
    *ret_message = message;
    if (holds(message, LIT("failed calling webhook")) && holds(message, ours))
        return RECEPTION_NOT_CALLED;
    return holds(message, LIT("denied the request")) && holds(message, ours) ? RECEPTION_DENIED
                                                                             : RECEPTION_REFUSED;
}

const char *reception_advice(slice message)
{
    static const struct {
        slice part;
        const char *advice;
    } rows[] = {
        {SLICE("unknown authority"), "the caBundle is not of the authority that signed the servers' "
                                     "certificate: compare them with 'brgate certs "
                                     "show --webhook-configuration NAME --secret NAMESPACE/SECRET'"},
        {SLICE("certificate is"), "the servers' certificate is for other names: it must be for the Service, "
                                  "or for the host in webhook.url"},
        {SLICE("x509: "),
         "the API server does not take the servers' certificate: see it with 'brgate certs show --secret "
         "NAMESPACE/SECRET'"},
        {SLICE("tls: "),
         "what answers at that address does not speak TLS as brgate does: check the Service's port"},
        {SLICE("no endpoints available"),
         "no server is ready: see 'kubectl get pods' in the namespace of the Service, and their logs"},
        {SLICE("not found"), "the Service is missing: install the chart again"},
    };
    for (size_t i = 0; i < COUNT(rows); i++)
        if (holds(message, rows[i].part))
            return rows[i].advice;
    return "the API server cannot connect to the servers: check that they are ready, and that firewalls and "
           "NetworkPolicies "
           "let it reach their port (docs/clouds.md)";
}

/* ---- label selectors ---- */

static bool among(const struct node *values, slice value)
{
    for (const struct node *n = node_first(values); n; n = node_next(n))
        if (slice_eq(node_text(n), value))
            return true;
    return false;
}

static bool expression_holds(const struct node *e, const struct node *labels)
{
    const struct node *label = node_get(labels, node_text_at(e, "key")), *values = node_get(e, LIT("values"));
    slice operator= node_text_at(e, "operator");
    if (slice_eq(operator, LIT("Exists")))
        return label;
    if (slice_eq(operator, LIT("DoesNotExist")))
        return !label;
    bool in = label && among(values, node_text(label));
    return slice_eq(operator, LIT("NotIn")) ? !in : in;
}

bool selector_leaves_out(const struct node *selector, const struct node *labels)
{
    for (const struct node *n = node_first(node_get(selector, LIT("matchExpressions"))); n; n = node_next(n))
        if (!expression_holds(n, labels))
            return true;
    for (const struct node *n = node_first(node_get(selector, LIT("matchLabels"))); n; n = node_next(n)) {
        const struct node *label = node_get(labels, n->key);
        if (!label || !slice_eq(node_text(label), node_text(n)))
            return true;
    }
    return false;
}
