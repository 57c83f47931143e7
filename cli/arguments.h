/* Reading a command line: options may stand anywhere before "--", as `--name VALUE`, `--name=VALUE` or
 * `-n`. */
#ifndef BRGATE_ARGUMENTS_H
#define BRGATE_ARGUMENTS_H

#include "command.h"

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

#endif
