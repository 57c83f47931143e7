/* Passes the certificate that the keeper maintains to the server. */
#include "serve_keeping.h"

#include "issue.h"
#include "keeper.h"
#include "process.h"

struct cert_keeping {
    struct keeper *keeper;
    struct server *server;
    slice more_name;
    struct server_addon companion;
};

struct keeping_options keeping_defaults(void)
{
    return (struct keeping_options){.life = ISSUE_LIFE, .settle = 60, .interval = 10000};
}

static bool serve(void *context, const struct certificate_pair *pair, struct error *reterr)
{
    struct cert_keeping *s = context;
    return server_certify(s->server, pair->certificate, pair->key, reterr);
}

static void ready(void *context, const char *why_not)
{
    server_set_unready(((struct cert_keeping *)context)->server, why_not);
}

static void say(void *context, enum keeper_news news, const char *text)
{
    log_event(server_log(((struct cert_keeping *)context)->server),
              news == KEEPER_TROUBLE ? LOG_LEVEL_ERROR : LOG_LEVEL_INFO, "certificates", "%s", text);
}

static void stop(void *context)
{
    struct cert_keeping *s = context;
    keeper_stop(s->keeper);
    s->keeper = NULL;
}

static void metrics(void *context, struct buf *b)
{
    struct cert_keeping *s = context;
    if (s->keeper)
        keeper_metrics(s->keeper, b);
}

static struct keeper_options options_of(struct cert_keeping *s, const struct keeping_options *o,
                                        const struct kube *k)
{
    slice secret, namespace = kube_namespace(k);
    kube_split_name(o->secret, &namespace, &secret);
    s->more_name = slice_of(o->name);
    return (struct keeper_options){.namespace = namespace,
                                   .secret = secret,
                                   .configuration = slice_of(o->configuration),
                                   .service = slice_of(o->service),
                                   .more_names = &s->more_name,
                                   .more_count = o->name != NULL,
                                   .life = o->life,
                                   .settle = o->settle,
                                   .interval = o->interval};
}

struct cert_keeping *keeping_open(const struct keeping_options *o, struct server_options *server,
                                  struct error *reterr)
{
    struct kube_place place = {.kubeconfig = o->kubeconfig};
    struct kube_limits limits = kube_defaults();
    struct keeper_callbacks host = {.serve = serve, .ready = ready, .say = say};
    struct error why = {"out of memory"};
    struct cert_keeping *s = calloc(1, sizeof *s);
    struct kube *k = s ? kube_open(&place, &limits, &why) : NULL;
    if (k) {
        struct keeper_options options = options_of(s, o, k);
        host.context = s;
        if (keeper_check(&options, &why))
            s->keeper = keeper_new(&options, k, &host);
        else
            kube_close(k);
    }
    if (!s || !s->keeper) {
        error_set(reterr, "--certs-secret: %s", why.text);
        free(s);
        return NULL;
    }
    s->companion = (struct server_addon){s, stop, metrics};
    server->companion = &s->companion;
    return s;
}

bool keeping_start(struct cert_keeping *s, struct server *server, struct error *reterr)
{
    s->server = server;
    if (keeper_start(s->keeper))
        return true;
    error_set(reterr, "--certs-secret: cannot start a thread");
    server_stop(server);
    return false;
}

void keeping_close(struct cert_keeping *s)
{
    if (!s)
        return;
    stop(s);
    free(s);
}
