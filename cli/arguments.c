/* Reads a command line, option by option. */
#include "arguments.h"

#include "suggest.h"

#include <string.h>

enum { MOST_OPTIONS = 32 };

static int wrong_option(const struct arguments *a, const struct option *options, size_t count, slice name)
{
    slice names[MOST_OPTIONS];
    for (size_t i = 0; i < count && i < MOST_OPTIONS; i++)
        names[i] = slice_of(options[i].name);
    slice near = suggest_nearest(name, names, count < MOST_OPTIONS ? count : MOST_OPTIONS);
    if (near.n)
        command_fails(a->argv[0], "there is no option %.*s; did you mean %.*s?", FMT(name), FMT(near));
    else
        command_fails(a->argv[0], "there is no option %.*s; 'brgate %s --help' lists them", FMT(name),
                      a->argv[0]);
    return ARGUMENT_WRONG;
}

static int find(const struct option *options, size_t count, slice name)
{
    for (size_t i = 0; i < count; i++)
        if (slice_eq(name, slice_of(options[i].name)) ||
            (options[i].letter && name.n == 2 && name.p[0] == '-' && name.p[1] == options[i].letter))
            return (int)i;
    return -1;
}

int arguments_next(struct arguments *a, const struct option *options, size_t count, char **ret_value)
{
    if (a->at == 0)
        a->at = 1;
    if (a->at < a->argc && !a->operands_only && !strcmp(a->argv[a->at], "--")) {
        a->operands_only = true;
        a->at++;
    }
    if (a->at >= a->argc)
        return ARGUMENT_END;
    char *word = a->argv[a->at++];
    if (a->operands_only || word[0] != '-' || !word[1]) {
        *ret_value = word;
        return ARGUMENT_OPERAND;
    }
    slice text = slice_of(word);
    size_t equals = slice_find_char(text, '=');
    slice name = slice_cut(text, 0, equals);
    int i = find(options, count, name);
    if (i < 0)
        return wrong_option(a, options, count, name);
    *ret_value = equals == SLICE_NONE ? NULL : word + equals + 1;
    if (!options[i].takes_value && *ret_value) {
        command_fails(a->argv[0], "%s takes no value", options[i].name);
        return ARGUMENT_WRONG;
    }
    if (options[i].takes_value && !*ret_value) {
        if (a->at >= a->argc) {
            command_fails(a->argv[0], "%s requires a value", options[i].name);
            return ARGUMENT_WRONG;
        }
        *ret_value = a->argv[a->at++];
    }
    return i;
}
