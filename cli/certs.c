/* brgate certs: shows the webhook's certificates, makes and renews them. */
#include "certs.h"

#include "certificate.h"
#include "civil.h"
#include "clock.h"
#include "command.h"
#include "issue.h"
#include "keeper.h"
#include "kube_name.h"
#include "options.h"
#include "suggest.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

enum { ARENA_BYTES = 1 << 20 };

static const char help[] =
    "Usage: brgate certs show | make | self [OPTION]...\n"
    "\n"
    "  show  the served certificate, its issuer and expiry, and whether the webhook\n"
    "        configurations trust it\n"
    "  make  a CA and a certificate as files, for `brgate serve --tls-cert`\n"
    "  self  make or renew the Secret of `brgate serve --certs-secret` once, from a Job\n"
    "\n"
    "See also 'brgate certs show --help' and so on.\n";

static const char make_help[] =
    "Usage: brgate certs make --dir DIR --service NAME --namespace NAMESPACE\n"
    "                         [OPTION]...\n"
    "\n"
    "Writes ca.crt, tls.crt and tls.key into DIR. The CA's key is not kept: it has\n"
    "signed this one certificate and will sign no other. ca.crt belongs in the\n"
    "caBundle of the webhook configurations, where the old one should stay beside it\n"
    "until every replica serves the new certificate.\n"
    "\n"
    "  --dir DIR                  an existing folder; no file is overwritten\n"
    "  --service NAME             the webhook's Service\n"
    "  -n, --namespace NAMESPACE  its namespace\n"
    "  --name NAME                one more DNS name or IP address; may be repeated\n"
    "  --life DURATION            such as 45s, 36h or 90d (90d)\n"
    "\n"
    "Exit code: 0 written, 2 it could not be done.\n";

static const char self_help[] =
    "Usage: brgate certs self --secret [NAMESPACE/]NAME --service NAME\n"
    "                         --webhook-configuration NAME [OPTION]...\n"
    "\n"
    "Does once what `brgate serve --certs-secret` keeps doing:\n"
    "\n"
    "  1. If there is no Secret, it creates one with a CA and a certificate. If\n"
    "     several do so at once the first wins, and the others use what it made.\n"
    "  2. The CA is merged into the caBundle of every webhook of the Validating- and\n"
    "     the MutatingWebhookConfiguration of that name. An existing CA stays\n"
    "     until it has expired.\n"
    "  3. After two thirds of its life a certificate gets a successor with a CA of\n"
    "     its own. It waits in the Secret as next.crt until its CA is in all bundles\n"
    "     and has been there for --settle, so that every API server knows it. Then it\n"
    "     becomes tls.crt, which the servers use from their next look.\n"
    "\n"
    "No review fails meanwhile, whatever is lost or repeated: the old CA leaves the\n"
    "bundles only when the one certificate that it signed has expired. No CA key is\n"
    "kept. To give up a stolen certificate, delete the Secret, wait until all servers\n"
    "serve the new one, and take the old CA out of the caBundles.\n"
    "\n"
    "Permissions: get, create and update the Secret, get and patch both\n"
    "configurations. Exit code: 0 in effect, 1 not yet, 2 it could not be done.\n"
    "\n"
    "  --secret [NAMESPACE/]NAME     where the certificate lives\n"
    "  --service NAME                the webhook's Service, in the same namespace\n"
    "  --webhook-configuration NAME  of both kinds\n"
    "  --name NAME                   one more DNS name or IP address; may be repeated\n"
    "  --life DURATION               such as 45s, 36h or 90d (90d)\n"
    "  --settle DURATION             (60s)\n"
    "  --wait                        wait until a rotation in progress is done\n"
    "  --kubeconfig FILE             instead of $KUBECONFIG, the pod's account or\n"
    "                                ~/.kube/config\n";

/* What make and self share. */
struct settings {
    const char *dir, *service, *namespace, *secret, *configuration, *kubeconfig;
    struct option_texts names;
    int64_t life, settle;
    bool wait;
};

/* The names of an argument, in the form that certificates need. */
static size_t list_names(const struct option_texts *names, slice ret[OPTION_TEXTS_MOST])
{
    for (size_t i = 0; i < names->count; i++)
        ret[i] = slice_of(names->items[i]);
    return names->count;
}

/* ---- make ---- */

static bool write_new(const char *dir, const char *name, slice text, mode_t mode)
{
    char path[4096];
    snprintf(path, sizeof path, "%s/%s", dir, name);
    int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, mode);
    bool done = fd >= 0 && write(fd, text.p, text.n) == (ssize_t)text.n;
    int error = errno;
    if (fd >= 0 && close(fd) != 0 && done) {
        done = false;
        error = errno;
    }
    if (!done)
        command_fails("certs make", "%s: %s", path, strerror(error));
    return done;
}

static bool tell_made(struct arena *a, const char *dir, slice certificate)
{
    struct certificate_info info;
    struct error why;
    if (!certificate_read(a, certificate, &info, &why))
        return command_fails("certs make", "%s", why.text), false;
    struct buf until = buf_new(a, 64);
    civil_put(&until, info.not_after);
    struct output out;
    output_open(&out, "certs make", NULL);
    output_put(&out, arena_fmt(a, "%s: tls.crt, tls.key and ca.crt, valid until %.*s\n", dir,
                               FMT(buf_slice(&until))));
    return output_close(&out);
}

static bool is_folder(const char *path)
{
    struct stat s;
    int error = stat(path, &s) ? errno : S_ISDIR(s.st_mode) ? 0 : ENOTDIR;
    if (error)
        command_fails("certs make", "--dir %s: %s; expected an existing folder", path, strerror(error));
    return !error;
}

static bool make(struct arena *a, const struct settings *s)
{
    if (!is_folder(s->dir))
        return false;
    slice names[OPTION_TEXTS_MOST];
    struct issue_request request = {.service = slice_of(s->service),
                                    .namespace = slice_of(s->namespace),
                                    .more_names = names,
                                    .more_count = list_names(&s->names, names),
                                    .now = clock_unix(),
                                    .life = s->life};
    struct issue made;
    struct error why;
    if (!issue_make(a, &request, &made, &why)) {
        command_fails("certs make", "%s", why.text);
        return false;
    }
    return write_new(s->dir, "tls.key", made.leaf.key, 0600) &&
           write_new(s->dir, "tls.crt", made.leaf.certificate, 0644) &&
           write_new(s->dir, "ca.crt", made.ca, 0644) && tell_made(a, s->dir, made.leaf.certificate);
}

int certs_make(int argc, char **argv)
{
    static const struct option list[] = {
        {OPTION_TEXT("--dir", settings, dir)},
        {OPTION_TEXT("--service", settings, service), .check = kube_label},
        {OPTION_TEXT("--namespace", settings, namespace), .check = kube_label, .letter = 'n'},
        {OPTION_TEXTS("--name", settings, names), .check = certificate_name},
        {OPTION_SECONDS("--life", settings, life, ISSUE_LEAST_LIFE * 1000, 36500ULL * OPTION_DAY)},
    };
    static const struct options options = {
        .command = "certs make", .help = make_help, .list = list, .count = COUNT(list)};
    struct settings s = {.life = ISSUE_LIFE};
    int status = options_read(&options, argc, argv, &s, NULL);
    if (status != OPTIONS_READ)
        return status;
    if (!s.dir || !s.service || !s.namespace)
        return command_fails("certs make",
                             "--dir DIR, --service NAME and --namespace NAMESPACE are required");
    struct arena *a = arena_new(ARENA_BYTES);
    bool done = a && make(a, &s);
    arena_free(a);
    return done ? EXIT_CLEAN : EXIT_UNABLE;
}

/* ---- self ---- */

static void say(void *context, enum keeper_news news, const char *text)
{
    (void)context;
    fprintf(news == KEEPER_TROUBLE ? stderr : stdout, "%s%s\n",
            news == KEEPER_TROUBLE ? "brgate certs self: " : "", text);
}

static int keep(struct keeper *k, bool wait)
{
    for (;;) {
        struct keeper_result r = keeper_step(k);
        if (r.failed || r.action == ROTATION_HOLD)
            return EXIT_UNABLE;
        bool under_way = r.wait == 0 || (wait && (r.action == ROTATION_SETTLE || !r.ready));
        if (under_way && r.wait) {
            struct timespec pause = {.tv_sec = r.wait / 1000, .tv_nsec = r.wait % 1000 * 1000000L};
            nanosleep(&pause, NULL);
        }
        if (under_way)
            continue;
        if (!r.ready)
            puts("not in effect yet: the webhook configurations do not trust the certificate");
        else if (r.action == ROTATION_SETTLE)
            puts("in effect; the next certificate waits until every API server knows its CA");
        else
            puts("in effect; there is nothing to do");
        int status = command_printed("certs self");
        return status == EXIT_CLEAN && !r.ready ? EXIT_FINDINGS : status;
    }
}

static int keep_once(const struct settings *s)
{
    slice names[OPTION_TEXTS_MOST];
    struct error error;
    struct keeper_options o = {.configuration = slice_of(s->configuration),
                               .service = slice_of(s->service),
                               .more_names = names,
                               .more_count = list_names(&s->names, names),
                               .life = s->life,
                               .settle = s->settle,
                               .interval = 1000};
    kube_split_name(s->secret, &o.namespace, &o.secret);
    if (!keeper_check(&o, &error))
        return command_fails("certs self", "%s", error.text);
    struct kube_place place = {.kubeconfig = s->kubeconfig};
    struct kube_limits limits = kube_defaults();
    struct kube *kube = kube_open(&place, &limits, &error);
    if (!kube)
        return command_fails("certs self", "%s", error.text);
    o.namespace = o.namespace.n ? o.namespace : kube_namespace(kube);
    struct keeper *k = keeper_new(&o, kube, &(struct keeper_callbacks){.say = say});
    int status = k ? keep(k, s->wait) : command_fails("certs self", "out of memory");
    keeper_stop(k);
    return status;
}

int certs_self(int argc, char **argv)
{
    static const struct option list[] = {
        {OPTION_TEXT("--secret", settings, secret), .check = kube_reference},
        {OPTION_TEXT("--service", settings, service), .check = kube_label},
        {OPTION_TEXT("--webhook-configuration", settings, configuration), .check = kube_subdomain},
        {OPTION_TEXTS("--name", settings, names), .check = certificate_name},
        {OPTION_SECONDS("--life", settings, life, ISSUE_LEAST_LIFE * 1000, 366ULL * OPTION_DAY)},
        {OPTION_SECONDS("--settle", settings, settle, 1000, OPTION_DAY)},
        {OPTION_SWITCH("--wait", settings, wait)},
        {OPTION_TEXT("--kubeconfig", settings, kubeconfig)},
    };
    static const struct options options = {
        .command = "certs self", .help = self_help, .list = list, .count = COUNT(list)};
    struct settings s = {.life = ISSUE_LIFE, .settle = 60};
    int status = options_read(&options, argc, argv, &s, NULL);
    if (status != OPTIONS_READ)
        return status;
    if (!s.secret || !s.service || !s.configuration)
        return command_fails("certs self", "--secret, --service and --webhook-configuration are required");
    return keep_once(&s);
}

/* ---- which ---- */

int command_certs(int argc, char **argv)
{
    static const struct {
        slice name;
        int (*run)(int argc, char **argv);
    } parts[] = {{SLICE("show"), certs_show}, {SLICE("make"), certs_make}, {SLICE("self"), certs_self}};
    slice word = slice_of(argc > 1 ? argv[1] : "");
    if (slice_eq(word, LIT("--help")) || slice_eq(word, LIT("-h"))) {
        fputs(help, stdout);
        return command_printed("certs");
    }
    for (size_t i = 0; i < COUNT(parts); i++)
        if (slice_eq(word, parts[i].name))
            return parts[i].run(argc - 1, argv + 1);
    if (!word.n)
        return command_fails("certs", "expected show, make or self; see 'brgate certs --help'");
    if (word.p[0] == '-')
        return command_fails("certs", "expected show, make or self before the option %.*s", FMT(word));
    slice names[COUNT(parts)];
    for (size_t i = 0; i < COUNT(parts); i++)
        names[i] = parts[i].name;
    struct error why;
    suggest_unknown_of(&why, "command", word, names, COUNT(parts));
    return command_fails("certs", "%s", why.text);
}
