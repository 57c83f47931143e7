/* brgate: runs the subcommand that is named. */
#include "command.h"
#include "serve.h"

#include "review_handler.h"
#include "say.h"
#include "suggest.h"

#include <stdio.h>
#include <string.h>

static int command_serve(int argc, char **argv)
{
    return serve(argc, argv, review_handler_open);
}

static int command_version(int argc, char **argv)
{
    bool asks = argc == 2 && (!strcmp(argv[1], "--help") || !strcmp(argv[1], "-h"));
    if (argc > 1 && !asks)
        return command_fails("version", "unexpected argument %s", argv[1]);
    puts(asks ? "Usage: brgate version\n\nPrints the version, as -V and --version do."
              : "brgate " BRGATE_VERSION);
    return command_printed("version");
}

static const struct command {
    slice name;
    int (*run)(int argc, char **argv);
    const char *what;
} commands[] = {
    {SLICE("lint"), command_lint, "check manifests: files, folders or standard input"},
    {SLICE("audit"), command_audit, "judge the objects of a cluster"},
    {SLICE("default"), command_default, "print a manifest with every default filled in"},
    {SLICE("plan"), command_plan, "print what the reconciler would do about an object"},
    {SLICE("reconcile"), command_reconcile, "run the controller: carry out admitted objects"},
    {SLICE("simulate"), command_simulate, "play a schedule forward: what it keeps, and what can be restored"},
    {SLICE("serve"), command_serve, "answer AdmissionReviews over TLS"},
    {SLICE("probe"), command_probe, "show whether a cluster's webhook judges what is created"},
    {SLICE("certs"), command_certs, "show, make and keep the webhook's certificates"},
    {SLICE("crds"), command_crds, "print the CustomResourceDefinitions"},
    {SLICE("rules"), command_rules, "list the rules"},
    {SLICE("explain"), command_explain, "explain a rule"},
    {SLICE("version"), command_version, "print the version"},
};
enum { COMMAND_COUNT = COUNT(commands) };

static void help(FILE *out)
{
    fputs("brgate judges TiDB backup resources (Backup, BackupSchedule, CompactBackup)\n"
          "before they do harm: in the editor, in CI and on admission.\n\n"
          "Usage: brgate COMMAND [OPTION]...\n\nCommands:\n",
          out);
    for (size_t i = 0; i < COMMAND_COUNT; i++)
        fprintf(out, "  %-9.*s  %s\n", FMT(commands[i].name), commands[i].what);
    fputs("\nSee 'brgate COMMAND --help'; -V and --version print the version, too.\n"
          "Exit code: 0 no errors (warnings do not count), 1 errors, 2 it could not run.\n",
          out);
}

static int unknown(const char *word)
{
    if (word[0] == '-') {
        say("brgate: expected a command before the option %.*s",
            FMT(slice_cut(slice_of(word), 0, strcspn(word, "="))));
        say("Try 'brgate --help'.");
        return EXIT_UNABLE;
    }
    slice names[COMMAND_COUNT];
    for (size_t i = 0; i < COMMAND_COUNT; i++)
        names[i] = commands[i].name;
    struct error why;
    suggest_unknown(&why, "command", slice_of(word), suggest_nearest(slice_of(word), names, COMMAND_COUNT),
                    "");
    say("brgate: %s", why.text);
    say("Try 'brgate --help'.");
    return EXIT_UNABLE;
}

int main(int argc, char **argv)
{
    if (argc < 2) {
        help(stderr);
        return EXIT_UNABLE;
    }
    bool asks = !strcmp(argv[1], "--help") || !strcmp(argv[1], "-h") || !strcmp(argv[1], "help");
    if (asks && argc == 2) {
        help(stdout);
        return command_printed("help");
    }
    if (!strcmp(argv[1], "--version") || !strcmp(argv[1], "-V"))
        return command_version(1, argv);
    char *word = argv[asks ? 2 : 1], help_option[] = "--help", *for_help[] = {word, help_option, NULL};
    for (size_t i = 0; i < COMMAND_COUNT; i++)
        if (slice_eq(commands[i].name, slice_of(word)))
            return asks ? commands[i].run(2, for_help) : commands[i].run(argc - 1, argv + 1);
    return unknown(word);
}
