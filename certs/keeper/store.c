/* Reads and writes the Secret and the webhook configurations. */
#include "store.h"

#include "base64.h"
#include "brgate_limits.h"
#include "bundle.h"
#include "json_memory.h"

#define MANAGER           "fieldManager=brgate"
#define MANAGED_BY        "app.kubernetes.io/managed-by" /* a label of the Secret */
#define MANAGED_BY_BRGATE "brgate"

static const char *const resources[STORE_KINDS] = {"validatingwebhookconfigurations",
                                                   "mutatingwebhookconfigurations"};

const char *store_kind_word(unsigned kind)
{
    static const char *const words[STORE_KINDS] = {"validating", "mutating"};
    return words[kind];
}

/* A member of `data`; a value that is not base64 counts as absent and is rewritten. */
static slice datum(struct arena *a, const struct node *secret, slice key)
{
    slice bytes;
    const struct node *n = node_get(node_get(secret, LIT("data")), key);
    return n && n->kind == NODE_STRING && base64_decode(a, n->text, &bytes) ? bytes : (slice){0};
}

static struct kube_request secret_request(const struct store *s, enum kube_method method)
{
    return (struct kube_request){.method = method,
                                 .group_version = "v1",
                                 .resource = "secrets",
                                 .namespace = s->namespace,
                                 .name = s->secret};
}

static struct kube_answer absent_is_fine(struct kube_answer answer)
{
    if (answer.outcome == KUBE_NOT_FOUND) {
        answer.outcome = KUBE_OK;
        answer.root = NULL;
    }
    return answer;
}

struct kube_answer store_read_secret(const struct store *s, struct arena *a, struct stored_secret *ret)
{
    struct kube_request q = secret_request(s, KUBE_GET);
    struct kube_answer answer = absent_is_fine(kube_do(s->kube, a, &q));
    *ret = (struct stored_secret){.root = answer.root};
    ret->cas = datum(a, answer.root, LIT("ca.crt"));
    ret->current.certificate = datum(a, answer.root, LIT("tls.crt"));
    ret->current.key = datum(a, answer.root, LIT("tls.key"));
    ret->next.certificate = datum(a, answer.root, LIT("next.crt"));
    ret->next.key = datum(a, answer.root, LIT("next.key"));
    const struct node *labels = node_get(node_get(answer.root, LIT("metadata")), LIT("labels"));
    const struct node *manager = node_get(labels, LIT(MANAGED_BY));
    ret->kept = manager && slice_eq(manager->text, LIT(MANAGED_BY_BRGATE));
    return answer;
}

struct kube_answer store_read_hooks(const struct store *s, struct arena *a, unsigned kind,
                                    struct stored_hooks *ret)
{
    *ret = (struct stored_hooks){0};
    if (!s->configuration.n)
        return (struct kube_answer){.outcome = KUBE_OK};
    struct kube_request q = {.method = KUBE_GET,
                             .group_version = "admissionregistration.k8s.io/v1",
                             .resource = resources[kind],
                             .name = s->configuration};
    struct kube_answer answer = absent_is_fine(kube_do(s->kube, a, &q));
    ret->root = answer.root;
    return answer;
}

static slice printed(struct arena *a, const struct node *n)
{
    struct buf b = buf_new(a, LIMIT_DOCUMENT_BYTES);
    node_put_json(&b, n, false);
    return arena_copy(a, buf_slice(&b));
}

static void put_datum(struct arena *a, cJSON *data, const char *key, slice bytes)
{
    if (bytes.n)
        json_put_text(data, key, base64_encode(a, bytes));
}

/* Everything from here to json_text() is in the arena; keeper_step() ends this where the arena runs full in between. */
static cJSON *object_new(struct arena *a)
{
    json_memory_enter(a);
    return cJSON_CreateObject();
}

static slice json_text(struct arena *a, cJSON *json)
{
    slice text = json_print(json);
    json_memory_leave();
    if (!text.n)
        arena_exhausted(a);
    return text;
}

static bool is_ours(slice key)
{
    static const char *const ours[] = {"ca.crt", "tls.crt", "tls.key", "next.crt", "next.key"};
    for (size_t i = 0; i < COUNT(ours); i++)
        if (slice_eq(key, slice_of(ours[i])))
            return true;
    return false;
}

/* The rest of the object is sent back unchanged. */
static void put_foreign(struct arena *a, cJSON *secret, cJSON *data, const struct node *old)
{
    for (struct node *n = node_first(node_get(old, LIT("data"))); n; n = node_next(n))
        if (!is_ours(n->key))
            json_put_raw(data, arena_cstr(a, n->key), printed(a, n));
    json_put_raw(secret, "metadata", printed(a, node_get(old, LIT("metadata"))));
    json_put_text(secret, "type", node_text_at(old, "type"));
}

static void put_birth(const struct store *s, cJSON *secret)
{
    cJSON *metadata = json_put_object(secret, "metadata");
    json_put_text(metadata, "name", s->secret);
    json_put_text(metadata, "namespace", s->namespace);
    cJSON *labels = json_put_object(metadata, "labels");
    json_put_text(labels, MANAGED_BY, LIT(MANAGED_BY_BRGATE));
    json_put_text(secret, "type", LIT("kubernetes.io/tls"));
}

struct kube_answer store_write_secret(const struct store *s, struct arena *a, const struct stored_secret *old,
                                      const struct stored_secret *fresh)
{
    cJSON *secret = object_new(a);
    json_put_text(secret, "apiVersion", LIT("v1"));
    json_put_text(secret, "kind", LIT("Secret"));
    cJSON *data = json_put_object(secret, "data");
    if (old->root)
        put_foreign(a, secret, data, old->root);
    else
        put_birth(s, secret);
    put_datum(a, data, "ca.crt", fresh->cas);
    put_datum(a, data, "tls.crt", fresh->current.certificate);
    put_datum(a, data, "tls.key", fresh->current.key);
    put_datum(a, data, "next.crt", fresh->next.certificate);
    put_datum(a, data, "next.key", fresh->next.key);
    struct kube_request q = secret_request(s, old->root ? KUBE_PUT : KUBE_POST);
    if (!old->root)
        q.name = (slice){0};
    q.query = LIT(MANAGER);
    q.body = json_text(a, secret);
    return kube_do(s->kube, a, &q);
}

const struct node *hooks_first(const struct stored_hooks *h)
{
    return node_first(node_get(h->root, LIT("webhooks")));
}

slice hook_bundle(struct arena *a, const struct node *hook)
{
    slice bytes;
    return base64_decode(a, node_text_at(hook, "clientConfig.caBundle"), &bytes) ? bytes : (slice){0};
}

/* The bundle that the webhook should have, if it has another. */
static bool hook_lacks(struct arena *a, const struct node *hook, slice cas, int64_t now, slice *ret_bundle)
{
    bool changed = false;
    if (!bundle_merge(a, hook_bundle(a, hook), cas, now, ret_bundle, &changed, NULL))
        arena_exhausted(a);
    return changed;
}

bool hooks_incomplete(struct arena *a, const struct stored_hooks *h, slice cas, int64_t now)
{
    slice ignored;
    for (const struct node *hook = hooks_first(h); hook; hook = node_next(hook))
        if (hook_lacks(a, hook, cas, now, &ignored))
            return true;
    return false;
}

bool hooks_cover(struct arena *a, const struct stored_hooks *h, slice chain, slice dns_name, int64_t now)
{
    for (const struct node *hook = hooks_first(h); hook; hook = node_next(hook))
        if (!certificate_chain_valid(chain, hook_bundle(a, hook), dns_name, now, NULL))
            return false;
    return true;
}

struct kube_answer store_publish(const struct store *s, struct arena *a, unsigned kind,
                                 const struct stored_hooks *h, slice cas, int64_t now)
{
    cJSON *patch = object_new(a);
    cJSON *metadata = json_put_object(patch, "metadata");
    json_put_text(metadata, "resourceVersion", node_text_at(h->root, "metadata.resourceVersion"));
    cJSON *hooks = json_put_list(patch, "webhooks");
    for (const struct node *hook = hooks_first(h); hook; hook = node_next(hook)) {
        slice bundle;
        if (!hook_lacks(a, hook, cas, now, &bundle))
            continue;
        cJSON *entry = cJSON_CreateObject();
        json_append(hooks, entry);
        json_put_text(entry, "name", node_text_at(hook, "name"));
        json_put_text(json_put_object(entry, "clientConfig"), "caBundle", base64_encode(a, bundle));
    }
    struct kube_request q = {.method = KUBE_PATCH_STRATEGIC,
                             .group_version = "admissionregistration.k8s.io/v1",
                             .resource = resources[kind],
                             .name = s->configuration,
                             .query = LIT(MANAGER),
                             .body = json_text(a, patch)};
    return kube_do(s->kube, a, &q);
}
