/* brgate probe: shows whether a cluster's webhook judges what is created. */
#include "probe.h"

#include "command.h"
#include "enforcement_option.h"
#include "kube_name.h"
#include "options.h"

#include <stdio.h>

enum { ARENA_BYTES = 64 << 20 };

static const char help[] =
    "Usage: brgate probe [OPTION]...\n"
    "\n"
    "Shows whether the webhook works: asks the API server to create a Backup with errors\n"
    "and one without, both as dry runs, so that nothing is stored. The first must be\n"
    "denied (or, with enforcement warn, admitted with warnings), the second admitted.\n"
    "Otherwise it says why, and how to fix it: the webhook is not registered, the API\n"
    "server cannot call the servers or does not trust their certificate, the namespace\n"
    "is left out, or the servers do not enforce.\n"
    "\n"
    "Rights: create backups in the namespace. For the reason when nothing was judged also\n"
    "get the ValidatingWebhookConfiguration and the namespace.\n"
    "Exit code: 0 it works, 1 it does not, 2 the API server could not be asked.\n"
    "\n"
    "  -n, --namespace NAMESPACE     where to create them; by default the kubeconfig's\n"
    "                                or the pod's namespace\n"
    "  --webhook-configuration NAME  the ValidatingWebhookConfiguration (brgate)\n"
    "  --enforcement deny|warn       what must happen to the first; by default either\n"
    "  --wait DURATION               how long to repeat it until it works (15s): an API\n"
    "                                server takes a moment to learn of a webhook\n"
    "  --kubeconfig FILE             instead of $KUBECONFIG, the pod's account or\n"
    "                                ~/.kube/config\n"
    "  --context NAME                the kubeconfig's context to use, not its current one\n";

struct settings {
    struct kube_place place;
    const char *namespace, *configuration;
    enum enforcement enforcement;
    unsigned wait;
};

struct run {
    struct probe_options options;
    struct arena *arena;
    enum probe_outcome outcome;
};

static void probe(void *context)
{
    struct run *r = context;
    slice text;
    r->outcome = probe_run(&r->options, r->arena, &text);
    if (r->outcome == PROBE_WORKS)
        printf("%.*s\n", FMT(text));
    else
        command_fails("probe", "%.*s", FMT(text));
}

int command_probe(int argc, char **argv)
{
    static const int codes[] = {
        [PROBE_WORKS] = EXIT_CLEAN, [PROBE_FAILS] = EXIT_FINDINGS, [PROBE_UNABLE] = EXIT_UNABLE};
    static const struct option list[] = {
        {OPTION_TEXT("--namespace", settings, namespace), .letter = 'n', .check = kube_label},
        {OPTION_TEXT("--webhook-configuration", settings, configuration), .check = kube_subdomain},
        {OPTION_ENFORCEMENT(settings, enforcement)},
        {OPTION_MILLISECONDS("--wait", settings, wait, 0, 3600000)},
        {OPTION_TEXT("--kubeconfig", settings, place.kubeconfig)},
        {OPTION_TEXT("--context", settings, place.context)},
    };
    static const struct options options = {
        .command = "probe", .help = help, .list = list, .count = COUNT(list)};
    struct settings s = {.configuration = "brgate", .wait = 15000};
    struct error error;
    int status = options_read(&options, argc, argv, &s, NULL);
    if (status != OPTIONS_READ)
        return status;
    struct kube_limits limits = kube_defaults();
    limits.attempts = 1; /* it repeats by itself */
    struct kube *kube = kube_open(&s.place, &limits, &error);
    if (!kube)
        return command_fails("probe", "%s", error.text);
    struct run r = {.options = {.kube = kube,
                                .namespace = s.namespace ? slice_of(s.namespace) : kube_namespace(kube),
                                .configuration = slice_of(s.configuration),
                                .enforcement = s.enforcement,
                                .patience = s.wait},
                    .arena = arena_new(ARENA_BYTES)};
    bool done = r.arena && arena_run(r.arena, probe, &r);
    arena_free(r.arena);
    kube_close(kube);
    return done ? codes[r.outcome] : command_fails("probe", "out of memory");
}
