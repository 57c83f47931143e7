/* brgate certs: shows the webhook's certificates, makes some, keeps them. */
#include "certs.h"

#include "arguments.h"
#include "command.h"
#include "issue.h"
#include "keeper.h"
#include "num.h"
#include "suggest.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

enum { ARENA_BYTES = 1 << 20, MOST_NAMES = 16 };

static const char help[] =
    "Usage: brgate certs show | make | self [OPTION]...\n"
    "\n"
    "  show  what is served, by whom it is signed, until when, and whether the webhook\n"
    "        configurations trust it\n"
    "  make  a CA and a certificate as files, for `brgate serve --tls-cert`\n"
    "  self  make or renew the Secret of `brgate serve --certs-secret` once, from a Job\n"
    "\n"
    "'brgate certs show --help' and so on tell more.\n";

static const char make_help[] =
    "Usage: brgate certs make --dir DIR --service NAME --namespace NAMESPACE\n"
    "                         [OPTION]...\n"
    "\n"
    "Writes ca.crt, tls.crt and tls.key into DIR. The CA's key is not kept: it has\n"
    "signed this one certificate and will sign no other. ca.crt belongs into the\n"
    "caBundle of the webhook configurations, where the old one should stay beside it\n"
    "until every replica serves the new certificate.\n"
    "\n"
    "  --dir DIR              an existing folder; no file is overwritten\n"
    "  --service NAME         the webhook's Service\n"
    "  --namespace NAMESPACE  its namespace\n"
    "  --name NAME            one more DNS name or IP address; may be repeated\n"
    "  --life DURATION        90d, 36h, 30m or 45s (90d)\n";

static const char self_help[] =
    "Usage: brgate certs self --secret [NAMESPACE/]NAME --service NAME\n"
    "                         --webhook-configuration NAME [OPTION]...\n"
    "\n"
    "Does once what `brgate serve --certs-secret` goes on doing:\n"
    "\n"
    "  1. Where there is no Secret, one is made with a CA and a certificate. If\n"
    "     several do so at once the first wins, and the others take up what it made.\n"
    "  2. The CA is merged into the caBundle of every webhook of the Validating- and\n"
    "     the MutatingWebhookConfiguration of that name. A CA that is there stays\n"
    "     until it has expired.\n"
    "  3. After two thirds of its life a certificate gets a successor with a CA of\n"
    "     its own. It waits in the Secret as next.crt until its CA is in all bundles\n"
    "     and has been there for --settle, so that every API server knows it. Then it\n"
    "     becomes tls.crt, which the servers take up at their next look.\n"
    "\n"
    "No review fails on the way, whatever is lost or repeated: the old CA leaves the\n"
    "bundles only when the one certificate that it signed has expired. No CA key is\n"
    "kept. To give up a stolen certificate delete the Secret and take its CA out of\n"
    "the caBundles.\n"
    "\n"
    "Rights: get, create and update of the Secret, get and patch of both\n"
    "configurations. Exit code: 0 in force, 1 not yet, 2 it could not be done.\n"
    "\n"
    "  --secret [NAMESPACE/]NAME     where the certificate lives\n"
    "  --service NAME                the webhook's Service, in the same namespace\n"
    "  --webhook-configuration NAME  of both kinds\n"
    "  --name NAME                   one more DNS name or IP address; may be repeated\n"
    "  --life DURATION               90d, 36h, 30m or 45s (90d)\n"
    "  --settle DURATION             (60s)\n"
    "  --wait                        stay until a rotation that is under way is done\n"
    "  --kubeconfig FILE             instead of $KUBECONFIG, the pod's account or\n"
    "                                ~/.kube/config\n";

bool certs_seconds(const char *text, int64_t *ret)
{
    static const struct {
        char unit;
        int64_t seconds;
    } units[] = {{'s', 1}, {'m', 60}, {'h', 3600}, {'d', 86400}};
    slice s = slice_of(text);
    int64_t n;
    if (!s.n || !num_i64(slice_cut(s, 0, s.n - 1), &n) || n < 1 || n > 36500)
        return false;
    for (size_t i = 0; i < COUNT(units); i++)
        if (s.p[s.n - 1] == units[i].unit) {
            *ret = n * units[i].seconds;
            return true;
        }
    return false;
}

void certs_split(const char *text, slice *ret_namespace, slice *ret_name)
{
    slice s = slice_of(text);
    size_t slash = slice_find_char(s, '/');
    *ret_namespace = slash == SLICE_NONE ? (slice){0} : slice_cut(s, 0, slash);
    *ret_name = slash == SLICE_NONE ? s : slice_from(s, slash + 1);
}

/* What make and self share. */
struct wishes {
    const char *dir, *service, *namespace, *secret, *configuration, *kubeconfig;
    slice names[MOST_NAMES];
    size_t name_count;
    int64_t life, settle;
    bool wait, help;
};

static const struct option options[] = {
    {"--help", 'h', false},     {"--dir", 0, true},    {"--service", 0, true},
    {"--namespace", 'n', true}, {"--secret", 0, true}, {"--webhook-configuration", 0, true},
    {"--kubeconfig", 0, true},  {"--name", 0, true},   {"--life", 0, true},
    {"--settle", 0, true},      {"--wait", 0, false}};
enum {
    HELP,
    DIR,
    SERVICE,
    NAMESPACE,
    SECRET,
    CONFIGURATION,
    KUBECONFIG,
    NAME,
    LIFE,
    SETTLE,
    WAIT,
    OPTION_COUNT
};

static bool set_duration(const struct arguments *args, int option, const char *value, int64_t *ret)
{
    if (certs_seconds(value, ret))
        return true;
    command_fails(args->argv[0], "%s %s: expected a duration such as 90d, 36h, 30m or 45s",
                  options[option].name, value);
    return false;
}

static bool set(struct wishes *w, const struct arguments *args, int option, const char *value)
{
    const char **const texts[OPTION_COUNT] = {[DIR] = &w->dir,
                                              [SERVICE] = &w->service,
                                              [NAMESPACE] = &w->namespace,
                                              [SECRET] = &w->secret,
                                              [CONFIGURATION] = &w->configuration,
                                              [KUBECONFIG] = &w->kubeconfig};
    switch (option) {
    case HELP:
        w->help = true;
        return true;
    case WAIT:
        w->wait = true;
        return true;
    case LIFE:
        return set_duration(args, option, value, &w->life);
    case SETTLE:
        return set_duration(args, option, value, &w->settle);
    case NAME:
        if (w->name_count == MOST_NAMES)
            return command_fails(args->argv[0], "--name may be given at most 16 times") == EXIT_CLEAN;
        w->names[w->name_count++] = slice_of(value);
        return true;
    default:
        *texts[option] = value;
        return true;
    }
}

static bool read_wishes(int argc, char **argv, struct wishes *w)
{
    struct arguments args = {.argv = argv, .argc = argc};
    char *value;
    *w = (struct wishes){.life = ISSUE_LIFE, .settle = 60};
    for (int option; (option = arguments_next(&args, options, OPTION_COUNT, &value)) != ARGUMENT_END;) {
        if (option == ARGUMENT_OPERAND)
            command_fails(argv[0], "unexpected argument %s", value);
        if (option < 0 || !set(w, &args, option, value))
            return false;
    }
    return true;
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

static bool make(struct arena *a, const struct wishes *w)
{
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    struct issue_request request = {.service = slice_of(w->service),
                                    .namespace = slice_of(w->namespace),
                                    .more_names = w->names,
                                    .more_count = w->name_count,
                                    .now = now.tv_sec,
                                    .life = w->life};
    struct issue made;
    struct error why;
    if (!issue_make(a, &request, &made, &why)) {
        command_fails("certs make", "%s", why.text);
        return false;
    }
    return write_new(w->dir, "tls.key", made.leaf.key, 0600) &&
           write_new(w->dir, "tls.crt", made.leaf.certificate, 0644) &&
           write_new(w->dir, "ca.crt", made.ca, 0644);
}

int certs_make(int argc, char **argv)
{
    struct wishes w;
    if (!read_wishes(argc, argv, &w))
        return EXIT_UNABLE;
    if (w.help) {
        fputs(make_help, stdout);
        return EXIT_CLEAN;
    }
    if (!w.dir || !w.service || !w.namespace)
        return command_fails(argv[0], "--dir DIR, --service NAME and --namespace NAMESPACE are required");
    struct arena *a = arena_new(ARENA_BYTES);
    bool done = a && make(a, &w);
    arena_free(a);
    return done ? EXIT_CLEAN : EXIT_UNABLE;
}

/* ---- self ---- */

static void say(void *self, enum keeper_news news, const char *text)
{
    (void)self;
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
        return r.ready ? EXIT_CLEAN : EXIT_FINDINGS;
    }
}

int certs_self(int argc, char **argv)
{
    struct wishes w;
    struct error why;
    if (!read_wishes(argc, argv, &w))
        return EXIT_UNABLE;
    if (w.help) {
        fputs(self_help, stdout);
        return EXIT_CLEAN;
    }
    if (!w.secret || !w.service || !w.configuration)
        return command_fails(argv[0], "--secret, --service and --webhook-configuration are required");
    struct keeper_options o = {.configuration = slice_of(w.configuration),
                               .service = slice_of(w.service),
                               .more_names = w.names,
                               .more_count = w.name_count,
                               .life = w.life,
                               .settle = w.settle,
                               .interval = 1000};
    if (!keeper_check(&o, &why))
        return command_fails(argv[0], "%s", why.text);
    struct kube_place place = {.kubeconfig = w.kubeconfig};
    struct kube_limits limits = kube_defaults();
    struct kube *kube = kube_open(&place, &limits, &why);
    if (!kube)
        return command_fails(argv[0], "%s", why.text);
    certs_split(w.secret, &o.namespace, &o.secret);
    if (!o.namespace.n)
        o.namespace = kube_namespace(kube);
    struct keeper *k = keeper_new(&o, kube, &(struct keeper_host){.say = say});
    int status = k ? keep(k, w.wait) : command_fails(argv[0], "out of memory");
    keeper_stop(k);
    return status;
}

/* ---- which ---- */

int command_certs(int argc, char **argv)
{
    static struct { /* argv's words may be written to, as main()'s may */
        slice name;
        char full[12];
        int (*run)(int argc, char **argv);
    } parts[] = {{SLICE("show"), "certs show", certs_show},
                 {SLICE("make"), "certs make", certs_make},
                 {SLICE("self"), "certs self", certs_self}};
    slice word = slice_of(argc > 1 ? argv[1] : "");
    if (slice_eq(word, LIT("--help")) || slice_eq(word, LIT("-h"))) {
        fputs(help, stdout);
        return EXIT_CLEAN;
    }
    for (size_t i = 0; i < COUNT(parts); i++)
        if (slice_eq(word, parts[i].name)) {
            argv[1] = parts[i].full;
            return parts[i].run(argc - 1, argv + 1);
        }
    return command_fails("certs", "expected show, make or self; see 'brgate certs --help'");
}
