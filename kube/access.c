/* Finds the configuration: a file that is named, $KUBECONFIG, the pod's service account, ~/.kube/config. */
#include "access.h"
#include "file.h"
#include "kubeconfig.h"

#include <errno.h>
#include <unistd.h>

enum { NAMESPACE_BYTES = 4096 };

static bool load_in_cluster(struct arena *a, const char *directory, slice host, struct kube_access *ret,
                            struct error *reterr)
{
    const char *port = getenv("KUBERNETES_SERVICE_PORT");
    bool v6 = slice_find_char(host, ':') != SLICE_NONE;
    ret->source = LIT("the pod's service account");
    ret->server = arena_fmt(a, "https://%s%.*s%s:%s", v6 ? "[" : "", FMT(host), v6 ? "]" : "",
                            port && *port ? port : "443");
    ret->token_file = arena_fmt(a, "%s/token", directory);
    ret->ca_file = arena_fmt(a, "%s/ca.crt", directory);
    if (access(ret->token_file.p, R_OK) != 0) {
        return error_set(reterr,
                         "%s: %s; the pod has no service account token: set automountServiceAccountToken, or "
                         "use --kubeconfig",
                         ret->token_file.p, strerror(errno));
    }
    slice namespace;
    if (file_read(a, arena_fmt(a, "%s/namespace", directory).p, NAMESPACE_BYTES, &namespace, NULL))
        ret->namespace = arena_copy(a, slice_trim(slice_cut(namespace, 0, slice_find_char(namespace, '\n'))));
    return true;
}

static bool load(struct arena *a, const struct kube_place *place, struct kube_access *ret,
                 struct error *reterr)
{
    if (place->kubeconfig)
        return kubeconfig_load(a, "--kubeconfig", slice_of(place->kubeconfig), place->context, ret, reterr);
    slice listed = slice_of(getenv("KUBECONFIG"));
    if (listed.n)
        return kubeconfig_load(a, "$KUBECONFIG", listed, place->context, ret, reterr);
    slice host = slice_of(getenv("KUBERNETES_SERVICE_HOST"));
    if (host.n)
        return load_in_cluster(a, place->service_account ? place->service_account : KUBE_SERVICE_ACCOUNT,
                               host, ret, reterr);
    const char *home = getenv("HOME");
    slice usual = arena_fmt(a, "%s/.kube/config", home ? home : "");
    return home && access(usual.p, F_OK) == 0 && kubeconfig_load(a, NULL, usual, place->context, ret, reterr);
}

static bool refused(const struct kube_access *c, const char *why, struct error *reterr)
{
    return error_set(reterr, "%.*s: server %.*s: %s", FMT(c->source), FMT(c->server), why);
}

/* Refuses what would show the credentials to an eavesdropper. */
static bool check(const struct kube_access *c, struct error *reterr)
{
    bool credentials = c->token.n || c->token_file.n || c->certificate.n || c->certificate_file.n;
    if (slice_starts(c->server, LIT("http://")))
        return !credentials || refused(c, "credentials are sent only over https://", reterr);
    return slice_starts(c->server, LIT("https://")) ||
           refused(c, "must begin with https:// (or http:// where no credentials are sent)", reterr);
}

bool kube_access_find(struct arena *a, const struct kube_place *place, struct kube_access *ret,
                      struct error *reterr)
{
    *ret = (struct kube_access){0};
    *reterr = (struct error){0};
    if (!load(a, place, ret, reterr))
        return reterr->text[0]
                   ? false
                   : error_set(reterr, "cannot find the API server: not running in a pod, and no kubeconfig "
                                       "at --kubeconfig, $KUBECONFIG or ~/.kube/config");
    while (slice_ends(ret->server, LIT("/")))
        ret->server.n--;
    if (!ret->namespace.n)
        ret->namespace = LIT("default");
    ret->server = arena_copy(a, ret->server);
    return check(ret, reterr);
}
