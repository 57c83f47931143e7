/* The subcommands. Each reads its own arguments (argv[0] is its name), prints help for --help, and returns
 * the program's exit code: 0 all is well, 1 findings, 2 it could not run (usage, a file that cannot be
 * read). */
#ifndef BRGATE_COMMAND_H
#define BRGATE_COMMAND_H

#include "slice.h"

enum exit_code { EXIT_CLEAN = 0, EXIT_FINDINGS = 1, EXIT_UNABLE = 2 };

/* One line on stderr, "brgate COMMAND: ..."; returns EXIT_UNABLE. */
int command_fails(const char *command, const char *format, ...) __attribute__((format(printf, 2, 3)));

struct options;

/* Reads the options and the one file that may follow them, "-" without one. OPTIONS_READ, or the exit status. */
int command_reads_file(const struct options *o, int argc, char **argv, void *settings, const char **ret_file);

/* OPTIONS_READ, or the exit status when `file` and what `option` names (NULL: nothing) are both standard input. */
int command_reads_once(const char *command, const char *file, const char *option, const char *named);

/* Flushes standard output. EXIT_CLEAN, or EXIT_UNABLE when stderr says that it cannot be written. */
int command_printed(const char *command);

/* Writes to standard output or, when `path` is not NULL, to that file. Returns false when it cannot be written, which
 * stderr has then reported. */
struct output {
    const char *command, *path;
    void *stream;
};
bool output_open(struct output *o, const char *command, const char *path);
void output_put(struct output *o, slice text);
bool output_close(struct output *o);

/* The functions of main.c's table. */
int command_lint(int argc, char **argv);
int command_audit(int argc, char **argv);
int command_default(int argc, char **argv);
int command_plan(int argc, char **argv);
int command_reconcile(int argc, char **argv);
int command_simulate(int argc, char **argv);
int command_probe(int argc, char **argv);
int command_certs(int argc, char **argv);
int command_crds(int argc, char **argv);
int command_rules(int argc, char **argv);
int command_explain(int argc, char **argv);

#endif
