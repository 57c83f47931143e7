/* brgate audit: judges what is in a cluster. */
#include "audit.h"
#include "command.h"
#include "enforcement_option.h"
#include "kind_list.h"
#include "reporting.h"

#include "brgate_limits.h"
#include "builtin_schemas.h"
#include "kube_name.h"
#include "schema.h"

#include <time.h>

static const char help[] =
    "Usage: brgate audit [OPTION]...\n"
    "\n"
    "Lists the Backup, BackupSchedule and CompactBackup objects of a cluster and judges\n"
    "each: as if it were created today, as it is now, and at the next update of its\n"
    "spec. Then it compares them with each other and, where its account has the rights,\n"
    "checks what they need: Secrets (whether they have the keys; values are never kept\n"
    "or shown), service accounts and their rights, clusters and their versions. It\n"
    "changes nothing, unless --policy-reports asks for it. It requires the right to list\n"
    "these kinds.\n"
    "\n"
    "Cluster\n"
    "  --kubeconfig FILE      how to reach the API server; by default $KUBECONFIG, the\n"
    "                         pod's service account or ~/.kube/config\n"
    "  --context NAME         the kubeconfig's context to use, not its current one\n"
    "  -n, --namespace NAME   judge the objects of this namespace only\n"
    "  --kinds KIND,...       backups.br.pingcap.com, backupschedules.br.pingcap.com,\n"
    "                         compactbackups.br.pingcap.com, and the same three of\n"
    "                         pingcap.com; by default all that the cluster has\n"
    "\n"
    "Report\n"
    "  --enforcement deny|warn\n"
    "                         as for brgate serve: what happens to an object with\n"
    "                         errors where the policy does not say; the report\n"
    "                         shows what the server denies, and what it would deny\n"
    "  --format text|json|github\n"
    "                         for people (text), as data, or as annotations\n"
    "                         that GitHub shows\n"
    "  --policy-reports       also keep a PolicyReport (wgpolicyk8s.io/v1alpha2) in the\n"
    "                         cluster for each object with findings, in its namespace;\n"
    "                         a report whose object has none any more is deleted\n"
    "  -o, --output FILE      write the report there, not to standard output\n"
    "  --color auto|always|never\n"
    "                         auto: on a terminal, unless NO_COLOR is set\n"
    "  -q, --quiet            no closing lines: print findings only\n"
    "\n"
    "Rules (brgate rules lists them, brgate explain RULE explains one)\n"
    "  --error RULE[,RULE]... treat as errors; 'all' is every rule that is on\n"
    "  --warn RULE[,RULE]...  treat as warnings\n"
    "  --off RULE[,RULE]...   switch off\n"
    "  --config FILE          read these settings (the server's policy), not the nearest\n"
    "                         .brgate.yaml\n"
    "  --no-config            read no settings file\n"
    "  --fail-on error|warning|never\n"
    "                         what makes the exit code 1 (error)\n"
    "\n"
    "Exit code: 0 no errors, 1 errors (see --fail-on), 2 a kind could not be listed, a\n"
    "PolicyReport could not be written, or the command line was wrong.\n";

struct settings {
    struct reporting reporting; /* its options take it for the whole */
    struct arena *arena;
    struct kube_place place;
    const char *namespace;
    unsigned kinds; /* 1 << the number in the schemas */
    bool policy_reports;
    enum enforcement enforcement;
};

/* ---- options ---- */

static bool take_kinds(void *settings, const struct option *o, const char *value, struct error *reterr)
{
    (void)o;
    return kind_list_read(value, &((struct settings *)settings)->kinds, reterr);
}

static const struct option option_list[] = {
    {OPTION_TEXT("--kubeconfig", settings, place.kubeconfig)},
    {OPTION_TEXT("--context", settings, place.context)},
    {OPTION_TEXT("--namespace", settings, namespace), .letter = 'n', .check = kube_label},
    {OPTION_TAKEN("--kinds", take_kinds)},
    {OPTION_SWITCH("--policy-reports", settings, policy_reports)},
    {OPTION_ENFORCEMENT(settings, enforcement)},
    REPORTING_OPTIONS(settings, reporting),
};

/* ---- the report ---- */

struct printing {
    const struct settings *settings;
    struct output out;
    bool begun;
};

static void put_object(void *context, struct arena *a, const struct report_file *f)
{
    struct printing *p = context;
    const struct report_format *format = p->settings->reporting.format;
    struct buf text = buf_new(a, REPORTING_BYTES);
    format->put_file(&text, f, reporting_colour(&p->settings->reporting));
    output_put(&p->out, p->begun ? format->between : (slice){0});
    output_put(&p->out, buf_slice(&text));
    p->begun = true;
}

struct closing {
    struct printing *printing;
    const struct report_end *end;
};

/* A reason without the request that it is about: "GET https://...: " */
static slice cause_of(slice reason)
{
    size_t end = slice_find(reason, LIT(": "));
    return end == SLICE_NONE ? reason : slice_from(reason, end);
}

static bool is_same(const struct report_end *end, size_t i, size_t j)
{
    return slice_eq(cause_of(end->failures[i].reason), cause_of(end->failures[j].reason));
}

/* What has the same cause is one line. */
static void put_failures(void *context)
{
    const struct closing *c = context;
    const struct report_end *end = c->end;
    struct arena *a = c->printing->settings->arena;
    for (size_t i = 0; i < end->failure_count; i++) {
        struct buf names = buf_new(a, SIZE_MAX);
        size_t first = 0;
        while (!is_same(end, first, i))
            first++;
        if (first < i)
            continue; /* it was in that line */
        for (size_t j = i; j < end->failure_count; j++)
            if (is_same(end, i, j))
                buf_fmt(&names, "%s%.*s", names.n ? ", " : "", FMT(end->failures[j].name));
        slice all = buf_slice(&names);
        command_fails("audit", "%.*s: %.*s", FMT(all), FMT(end->failures[i].reason));
    }
}

static int code_of(const struct settings *s, const struct report_end *end)
{
    if (end->failure_count)
        return EXIT_UNABLE;
    return report_failed(&end->totals, s->reporting.fail_on) ? EXIT_FINDINGS : EXIT_CLEAN;
}

/* ---- the run ---- */

static void put_end(void *context)
{
    const struct closing *c = context;
    reporting_put_end(&c->printing->settings->reporting, &c->printing->out, c->end);
}

static int audit(const struct settings *s, struct kube *kube, const struct gate *gate)
{
    struct printing p = {.settings = s};
    const struct audit_options with = {.kube = kube,
                                       .gate = gate,
                                       .schemas = &builtin_schemas,
                                       .now = time(NULL),
                                       .kinds = s->kinds,
                                       .namespace = slice_of(s->namespace),
                                       .policy_reports = s->policy_reports,
                                       .put = put_object,
                                       .context = &p};
    struct audit_result result;
    if (!output_open(&p.out, "audit", s->reporting.output))
        return EXIT_UNABLE;
    output_put(&p.out, s->reporting.format->open);
    struct closing closing = {&p, &result.end};
    bool done = audit_run(&with, s->arena, &result) && arena_run(s->arena, put_end, &closing);
    bool printed = output_close(&p.out);
    if (!done || !arena_run(s->arena, put_failures, &closing))
        return command_fails("audit", "out of memory");
    return printed ? code_of(s, &result.end) : EXIT_UNABLE;
}

static int run_with(struct settings *s, struct config *config)
{
    struct error error;
    struct kube_limits limits = kube_defaults();
    if (s->enforcement)
        policy_enforce(&config->policy, s->enforcement);
    struct kube *kube = kube_open(&s->place, &limits, &error);
    if (!kube)
        return command_fails("audit", "%s", error.text);
    struct gate *gate = gate_open(&config->policy, &builtin_schemas);
    int code = gate ? audit(s, kube, gate) : command_fails("audit", "out of memory");
    gate_close(gate);
    kube_close(kube);
    return code;
}

struct invocation {
    struct settings settings;
    int argc;
    char **argv;
    struct config config;
    int code;
};

static void prepare(void *context)
{
    static const struct options options = {
        .command = "audit", .help = help, .list = option_list, .count = COUNT(option_list)};
    struct invocation *i = context;
    reporting_begin(&i->settings.reporting, "audit", i->settings.arena, i->argc);
    i->code = options_read(&options, i->argc, i->argv, &i->settings, NULL);
    if (i->code == OPTIONS_READ && !reporting_read_settings(&i->settings.reporting, &i->config))
        i->code = EXIT_UNABLE;
}

int command_audit(int argc, char **argv)
{
    struct invocation i = {
        .settings = {.arena = arena_new(LIMIT_ARENA_BYTES), .kinds = ~0u}, .argc = argc, .argv = argv};
    if (!i.settings.arena || !arena_run(i.settings.arena, prepare, &i))
        i.code = command_fails("audit", "out of memory");
    else if (i.code == OPTIONS_READ)
        i.code = run_with(&i.settings, &i.config);
    arena_free(i.settings.arena);
    return i.code;
}
