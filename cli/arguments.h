/* Reading a command line: options may stand anywhere before "--", as `--name VALUE`, `--name=VALUE` or
 * `-n`. */
#ifndef BRGATE_ARGUMENTS_H
#define BRGATE_ARGUMENTS_H

#include "slice.h"

struct option {
    const char *name; /* "--format" */
    char letter;      /* 'q' for -q; 0: none */
    bool takes_value;
};

struct arguments {
    char **argv; /* argv[0] is the command */
    int argc, at;
    bool operands_only; /* behind "--" */
};

enum { ARGUMENT_END = -1, ARGUMENT_OPERAND = -2, ARGUMENT_WRONG = -3 };

/* The next option's index in the table, or one of the above. `*ret_value` is the option's value or the
 * operand. What is wrong has been said on stderr, with the nearest option. */
int arguments_next(struct arguments *a, const struct option *options, size_t count, char **ret_value);

/* One line on stderr, "brgate COMMAND: ..."; returns EXIT_UNABLE. */
int command_fails(const char *command, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* Writes to standard output or, when `path` is not NULL, to that file. False when it cannot be written; this
 * has been said on stderr. */
struct output {
    const char *command, *path;
    void *stream;
};
bool output_open(struct output *o, const char *command, const char *path);
void output_put(struct output *o, slice text);
bool output_close(struct output *o);

#endif
