/* brgate reconcile: the controller. */
#include "command.h"
#include "zone_file.h"

#include "brgate_limits.h"
#include "builtin_schemas.h"
#include "file.h"
#include "image_name.h"
#include "kind_list.h"
#include "kube.h"
#include "kube_name.h"
#include "log.h"
#include "options.h"
#include "reconcile.h"
#include "schema.h"

#include <unistd.h>

static const char help[] =
    "Usage: brgate reconcile [OPTION]...\n"
    "\n"
    "Runs in a cluster and does what admitted objects ask for: makes the Backups, log\n"
    "backups and compactions of a BackupSchedule when they are due, removes what its\n"
    "retention no longer keeps, and runs the Jobs. Several replicas may run: one of\n"
    "them holds a Lease and works, the others wait. docs/RECONCILER.md says what it does\n"
    "and how to install it.\n"
    "\n"
    "  --kinds KIND,...       the kinds to handle (backupschedules.br.pingcap.com,\n"
    "                         compactbackups.br.pingcap.com); also\n"
    "                         backups.br.pingcap.com, and the same three of\n"
    "                         pingcap.com. Leave out what TiDB Operator handles\n"
    "  -n, --namespace NAME   look at this namespace only\n"
    "  --dry-run              take no Lease and write nothing: the log says what\n"
    "                         would be done\n"
    "  --lease [NS/]NAME      the Lease (brgate-reconcile, in the pod's namespace)\n"
    "  --manager-image IMAGE  the operator's backup-manager image\n"
    "  --timezone ZONE        the zone of schedules, and TZ of the Jobs' pods\n"
    "                         (UTC); '' for UTC without TZ\n"
    "  --config FILE          policy: severities of the rules that objects must pass\n"
    "  --kubeconfig FILE      how to reach the API server from outside\n"
    "  --listen ADDRESS:PORT  /livez, /readyz and /metrics (:8080: every address)\n"
    "  --log-format json|text one line per decision on standard error (json)\n"
    "  --log-level LEVEL      info, warning or error (info)\n"
    "\n"
    "SIGTERM and SIGINT end it: it waits for the requests in flight, then gives the\n"
    "Lease back. A second signal ends it at once.\n"
    "\n"
    "Exit code: 0 ended by a signal, 2 it could not run.\n";

struct settings {
    struct arena *arena;
    struct reconcile_options options;
    const char *namespace, *lease, *image, *config;
    unsigned log_format; /* of log_formats */
};

static const char *const log_formats[] = {"json", "text", NULL};

static bool take_kinds(void *settings, const struct option *o, const char *value, struct error *reterr)
{
    struct settings *s = settings;
    unsigned named;
    (void)o;
    if (!kind_list_read(value, &named, reterr))
        return false;
    s->options.machine.kinds = 0;
    for (unsigned i = 0; i < builtin_schemas.kind_count; i++) {
        const struct schema_kind *k = &builtin_schemas.kinds[i];
        if (named >> i & 1)
            s->options.machine.kinds |= MACHINE_KIND(api_group_of(k->group), resource_kind_of(k->kind));
    }
    return true;
}

static bool take_zone(void *settings, const struct option *o, const char *name, struct error *reterr)
{
    struct settings *s = settings;
    (void)o;
    return zone_file_read(s->arena, name, &s->options.machine.plan, reterr);
}

static const struct option options[] = {
    {OPTION_TAKEN("--kinds", take_kinds)},
    {OPTION_TEXT("--namespace", settings, namespace), .letter = 'n', .check = kube_label},
    {OPTION_SWITCH("--dry-run", settings, options.machine.dry_run)},
    {OPTION_TEXT("--lease", settings, lease), .check = kube_reference},
    {OPTION_TEXT("--manager-image", settings, image), .check = image_name},
    {OPTION_TAKEN("--timezone", take_zone)},
    {OPTION_TEXT("--config", settings, config)},
    {OPTION_TEXT("--kubeconfig", settings, options.kubeconfig)},
    {OPTION_TEXT("--listen", settings, options.listen)},
    {OPTION_WORD("--log-format", settings, log_format, log_formats)},
    {OPTION_WORD("--log-level", settings, options.log_level, log_level_words)},
};

static int read_options(struct settings *s, int argc, char **argv)
{
    static const struct options command = {
        .command = "reconcile", .help = help, .list = options, .count = COUNT(options)};
    int status = options_read(&command, argc, argv, s, NULL);
    if (status != OPTIONS_READ)
        return status;
    struct machine_settings *m = &s->options.machine;
    s->options.text_log = s->log_format == 1;
    m->namespace = slice_of(s->namespace);
    if (s->image)
        m->plan.manager_image = slice_of(s->image);
    kube_split_name(s->lease, &m->lease_namespace, &m->lease_name);
    return OPTIONS_READ;
}

struct opening {
    struct settings *settings;
    struct policy policy;
    struct error *reterr;
    bool read;
};

static void read_policy(void *context)
{
    struct opening *o = context;
    const char *path = o->settings->config;
    slice text;
    struct error why;
    o->read = file_read(o->settings->arena, path, LIMIT_DOCUMENT_BYTES, &text, o->reterr);
    if (!o->read)
        return;
    o->read = policy_read(&o->policy, o->settings->arena, text, NULL, &why) ||
              error_set(o->reterr, "--config %s:%s", path, why.text);
}

/* The gate that every object passes before anything is done for it; NULL with one line. */
static struct gate *open_gate(struct settings *s, struct error *reterr)
{
    struct opening o = {.settings = s, .reterr = reterr, .read = true};
    error_set(reterr, "out of memory");
    if (s->config && (!arena_run(s->arena, read_policy, &o) || !o.read))
        return NULL;
    return gate_open(&o.policy, &builtin_schemas);
}

int command_reconcile(int argc, char **argv)
{
    struct settings s = {
        .arena = arena_new(LIMIT_ARENA_BYTES),
        .options = {.listen = ":8080",
                    .log_fd = STDERR_FILENO,
                    .machine = {.kinds = MACHINE_DEFAULT_KINDS, .plan.time_zone = LIT("UTC")}},
        .lease = "brgate-reconcile"};
    struct error error;
    if (!s.arena)
        return command_fails("reconcile", "out of memory");
    int code = read_options(&s, argc, argv);
    if (code == OPTIONS_READ) {
        struct gate *gate = open_gate(&s, &error);
        s.options.machine.gate = gate;
        code = gate && reconcile_run(&s.options, &error) ? EXIT_CLEAN
                                                         : command_fails("reconcile", "%s", error.text);
        gate_close(gate);
    }
    arena_free(s.arena);
    return code;
}
