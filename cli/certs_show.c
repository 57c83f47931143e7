/* brgate certs show: shows the served and the stored certificate, and whether the API servers trust it. */
#include "certs.h"

#include "brgate_limits.h"
#include "bundle.h"
#include "certificate.h"
#include "civil.h"
#include "clock.h"
#include "command.h"
#include "file.h"
#include "kube.h"
#include "kube_name.h"
#include "options.h"
#include "store.h"

#include <errno.h>

enum { ARENA_BYTES = 64 << 20, TEXT_BYTES = 4 << 20 };

static const char help[] = "Usage: brgate certs show [OPTION]... [FILE]...\n"
                           "\n"
                           "Shows certificates: their subject and issuer, when they are valid, and whether\n"
                           "the webhook configurations trust the one that is served\n"
                           "(by --server, else what the Secret holds, else the first file's).\n"
                           "Exit code: 0 all is well, 1 something is wrong, 2 something could not be read.\n"
                           "\n"
                           "  --server HOST:PORT            the certificate of this server\n"
                           "  --name NAME                   ask it for this name; the certificate must be\n"
                           "                                valid for it\n"
                           "  --secret [NAMESPACE/]NAME     the certificate in this Secret\n"
                           "  --webhook-configuration NAME  which CAs the API server trusts\n"
                           "  --kubeconfig FILE             instead of $KUBECONFIG, the pod's account or\n"
                           "                                ~/.kube/config\n";

struct places {
    const char *server, *name, *secret, *configuration, *kubeconfig;
    struct operands files;
};

struct show {
    const struct places *places;
    struct kube *kube; /* NULL: the cluster is not asked */
    struct arena *arena;
    struct buf out;
    int64_t now;
    slice name;
    slice served;      /* chain, PEM */
    const char *whose; /* "the server's" */
    bool kept;         /* what is shown is renewed by brgate */
    bool problem, unable;
};

static void problem(struct show *s, const char *indent, const char *what, slice why)
{
    s->problem = true;
    buf_fmt(&s->out, "%sPROBLEM      %s%s%.*s\n", indent, what, why.n ? ": " : "", FMT(why));
}

static void unable(struct show *s, slice why)
{
    s->unable = true;
    command_fails("certs show", "%.*s", FMT(why));
}

/* "in 61 days", "3 hours ago" */
static void put_distance(struct buf *b, int64_t seconds)
{
    buf_put(b, seconds < 0 ? LIT("") : LIT("in "));
    civil_put_span(b, seconds);
    buf_put(b, seconds < 0 ? LIT(" ago") : LIT(""));
}

static void put_time(struct show *s, int64_t when)
{
    civil_put(&s->out, when);
    buf_put(&s->out, LIT(" ("));
    put_distance(&s->out, when - s->now);
    buf_char(&s->out, ')');
}

static void put_certificate(struct show *s, const char *label, const struct certificate_info *c)
{
    struct buf *b = &s->out;
    buf_fmt(b, "  %-12s %.*s\n", label, FMT(c->subject));
    buf_fmt(b, "    issuer     %.*s%s\n", FMT(c->issuer), slice_eq(c->issuer, c->subject) ? " (itself)" : "");
    for (size_t i = 0; i < c->name_count; i++)
        buf_fmt(b, "%s%.*s%s", i ? ", " : "    names      ", FMT(c->names[i]),
                i + 1 == c->name_count ? "\n" : "");
    buf_put(b, LIT("    valid      from "));
    put_time(s, c->not_before);
    buf_put(b, LIT("\n               until "));
    put_time(s, c->not_after);
    buf_fmt(b, "\n    sha256     %.*s\n", FMT(c->fingerprint));
    if (c->not_after < s->now)
        problem(s, "    ", "it has expired", (slice){0});
    if (c->not_before > s->now)
        problem(s, "    ", "it is not valid yet", (slice){0});
    if (!s->kept || c->ca || c->not_after < s->now)
        return;
    buf_put(b, LIT("    renewal    "));
    put_time(s, certificate_renewal_time(c));
    buf_char(b, '\n');
}

static bool put_chain(struct show *s, const char *label, slice pem)
{
    struct bundle chain;
    struct error why;
    if (!bundle_read(s->arena, pem, &chain, &why)) {
        problem(s, "  ", label, slice_of(why.text));
        return false;
    }
    for (size_t i = 0; i < chain.count; i++)
        put_certificate(s, i ? "" : label, &chain.entries[i].info);
    return true;
}

static void serve(struct show *s, slice chain, const char *whose)
{
    if (s->served.n)
        return;
    s->served = chain;
    s->whose = whose;
    if (s->name.n && !certificate_is_for(chain, s->name))
        problem(s, "  ", arena_fmt(s->arena, "it is not valid for %.*s", FMT(s->name)).p, (slice){0});
}

static void show_server(struct show *s, const char *address)
{
    slice chain;
    struct error why;
    if (!certs_peer(s->arena, address, s->name, &chain, &why)) {
        unable(s, slice_of(why.text));
        return;
    }
    buf_fmt(&s->out, "server %s\n", address);
    chain = arena_copy(s->arena, chain);
    if (put_chain(s, "shows", chain))
        serve(s, chain, "the server's certificate");
}

/* Secrets from elsewhere need no ca.crt: the webhook configurations have the CA. */
static void show_cas(struct show *s, const struct stored_secret *secret)
{
    struct error why;
    if (!secret->cas.n)
        return;
    if (!certificate_chain_valid(secret->current.certificate, secret->cas, (slice){0}, s->now, &why))
        problem(s, "  ", "ca.crt did not sign tls.crt", slice_of(why.text));
    put_chain(s, "ca.crt", secret->cas);
}

static void show_secret(struct show *s, const struct store *store)
{
    struct stored_secret secret;
    struct error why;
    struct kube_answer answer = store_read_secret(store, s->arena, &secret);
    if (answer.outcome != KUBE_OK || !secret.root) {
        unable(s, answer.error.n ? answer.error : LIT("there is no such Secret"));
        return;
    }
    buf_fmt(&s->out, "secret %.*s/%.*s\n", FMT(store->namespace), FMT(store->secret));
    s->kept = secret.kept;
    if (put_chain(s, "tls.crt", secret.current.certificate)) {
        if (!certificate_key_matches(secret.current.certificate, secret.current.key, &why))
            problem(s, "  ", "tls.key", slice_of(why.text));
        struct certificate_info served, stored;
        if (s->served.n && certificate_read(s->arena, s->served, &served, &why) &&
            certificate_read(s->arena, secret.current.certificate, &stored, &why) &&
            !slice_eq(served.fingerprint, stored.fingerprint))
            buf_put(
                &s->out,
                LIT("  note         the server shows another one; it takes up a new one a moment later\n"));
        serve(s, secret.current.certificate, "tls.crt of the Secret");
    }
    if (secret.next.certificate.n)
        put_chain(s, "next.crt", secret.next.certificate);
    show_cas(s, &secret);
    s->kept = false;
}

static void show_hook(struct show *s, const struct node *hook)
{
    struct bundle bundle;
    struct error why;
    slice pem = hook_bundle(s->arena, hook);
    const struct node *name = node_get(hook, LIT("name"));
    buf_fmt(&s->out, "  %.*s\n", FMT(name ? name->text : LIT("webhook")));
    if (!bundle_read(s->arena, pem, &bundle, &why)) {
        problem(s, "    ", pem.n ? "its caBundle is not a list of certificates" : "it has no caBundle",
                (slice){0});
        return;
    }
    for (size_t i = 0; i < bundle.count; i++) {
        const struct certificate_info *ca = &bundle.entries[i].info;
        buf_fmt(&s->out, "    trusts     %.*s, until ", FMT(ca->subject));
        put_time(s, ca->not_after);
        buf_char(&s->out, '\n');
    }
    if (!s->served.n)
        return;
    if (certificate_chain_valid(s->served, pem, s->name, s->now, &why))
        buf_fmt(&s->out, "    covers     %s\n", s->whose);
    else
        problem(s, "    ", arena_fmt(s->arena, "it does not trust %s", s->whose).p, slice_of(why.text));
}

static void show_configurations(struct show *s, const struct store *store)
{
    size_t found = 0;
    for (unsigned kind = 0; kind < STORE_KINDS; kind++) {
        struct stored_hooks hooks;
        struct kube_answer answer = store_read_hooks(store, s->arena, kind, &hooks);
        if (answer.outcome != KUBE_OK) {
            unable(s, answer.error);
            return;
        }
        if (!hooks.root)
            continue;
        found++;
        buf_fmt(&s->out, "%swebhookconfiguration %.*s\n", store_kind_word(kind), FMT(store->configuration));
        for (const struct node *hook = hooks_first(&hooks); hook; hook = node_next(hook))
            show_hook(s, hook);
    }
    if (!found)
        unable(s, arena_fmt(s->arena, "there is no webhook configuration %.*s", FMT(store->configuration)));
}

static void show_file(struct show *s, const char *path)
{
    slice bytes;
    const char *shown = file_shown(path, "standard input");
    int error = file_read_stream(s->arena, path, LIMIT_STREAM_BYTES + 1, &bytes);
    if (error) {
        unable(s, arena_fmt(s->arena, "%s: %s", shown, file_why(error)));
        return;
    }
    buf_fmt(&s->out, file_is_stdin(path) ? "%s\n" : "file %s\n", shown);
    if (put_chain(s, "holds", bytes))
        serve(s, bytes, "the file's certificate");
}

static void show_all(void *context)
{
    struct show *s = context;
    const struct places *p = s->places;
    s->out = buf_new(s->arena, TEXT_BYTES);
    struct store store = {.kube = s->kube, .configuration = slice_of(p->configuration)};
    if (p->server)
        show_server(s, p->server);
    if (p->secret) {
        store.namespace = kube_namespace(s->kube);
        kube_split_name(p->secret, &store.namespace, &store.secret);
        show_secret(s, &store);
    }
    for (size_t i = 0; i < p->files.count; i++)
        show_file(s, p->files.items[i]);
    if (p->configuration)
        show_configurations(s, &store);
}

static int run(const struct places *p)
{
    struct error why;
    struct kube_place place = {.kubeconfig = p->kubeconfig};
    struct kube_limits limits = kube_defaults();
    struct kube *kube = NULL;
    if ((p->secret || p->configuration) && !(kube = kube_open(&place, &limits, &why)))
        return command_fails("certs show", "%s", why.text);
    struct show s = {.arena = arena_new(ARENA_BYTES),
                     .now = clock_unix(),
                     .name = slice_of(p->name),
                     .places = p,
                     .kube = kube};
    if (!s.arena || !arena_run(s.arena, show_all, &s)) {
        command_fails("certs show", "out of memory");
        s.unable = true;
    } else {
        struct output out;
        if (output_open(&out, "certs show", NULL)) {
            output_put(&out, buf_slice(&s.out));
            s.unable = !output_close(&out) || s.unable;
        }
    }
    arena_free(s.arena);
    kube_close(kube);
    return s.unable ? EXIT_UNABLE : s.problem ? EXIT_FINDINGS : EXIT_CLEAN;
}

int certs_show(int argc, char **argv)
{
    static const struct option list[] = {
        {OPTION_TEXT("--server", places, server)},
        {OPTION_TEXT("--name", places, name), .check = certificate_name},
        {OPTION_TEXT("--secret", places, secret), .check = kube_reference},
        {OPTION_TEXT("--webhook-configuration", places, configuration), .check = kube_subdomain},
        {OPTION_TEXT("--kubeconfig", places, kubeconfig)},
    };
    static const struct options options = {
        .command = "certs show", .help = help, .list = list, .count = COUNT(list), .operands_most = SIZE_MAX};
    struct places p = {0};
    int status = options_read(&options, argc, argv, &p, &p.files);
    if (status != OPTIONS_READ)
        return status;
    if (!p.server && !p.secret && !p.configuration && !p.files.count)
        return command_fails("certs show",
                             "--server, --secret, --webhook-configuration or a file is required");
    return run(&p);
}
