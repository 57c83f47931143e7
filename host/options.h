/* Command lines, read by a table: `--name VALUE`, `--name=VALUE`, `-n VALUE`, in any order, up to "--". Every command
 * has -h and --help.
 *
 *     static const struct option list[] = {
 *         {OPTION_TEXT("--output", settings, output), .letter = 'o'},
 *         {OPTION_TEXT("--namespace", settings, namespace), .check = kube_label},
 *         {OPTION_SECONDS("--life", settings, life, 30000, 366 * OPTION_DAY)},
 *     };
 *
 * A row names a field of `struct settings`; a field of another type does not compile. The last value wins. Sizes are
 * bytes or have Ki, Mi or Gi behind them; durations have ms, s, m, h or d, as in 90d or 1h30m. */
#ifndef BRGATE_OPTIONS_H
#define BRGATE_OPTIONS_H

#include "error.h"
#include "refusal.h"

#include <stddef.h>
#include <stdint.h>

enum { OPTION_DAY = 86400000 }; /* in milliseconds */

enum option_kind {
    OPTION_IS_SWITCH,
    OPTION_IS_TEXT, /* not empty */
    OPTION_IS_TEXTS,
    OPTION_IS_WORD,
    OPTION_IS_COUNT,
    OPTION_IS_SIZE,
    OPTION_IS_MILLISECONDS,
    OPTION_IS_SECONDS,
    OPTION_IS_DONE, /* a switch with a function */
    OPTION_IS_TAKEN,
};

struct option {
    const char *name; /* "--format" */
    char letter;      /* 'q' for -q; 0: none */
    enum option_kind kind;
    size_t at;                /* of the field in the settings */
    uint64_t least, most;     /* of numbers; durations in milliseconds */
    const char *const *words; /* ends with NULL */
    bool (*check)(slice value,
                  struct refusal *refusal); /* of TEXT, TEXTS: refuses what it cannot be; NULL: none */
    /* Of DONE and TAKEN: takes the value (of DONE: NULL). False with what is wrong with it: "expected ...". */
    bool (*take)(void *settings, const struct option *option, const char *value, struct error *reterr);
};

/* The values of an option that may be repeated. */
enum { OPTION_TEXTS_MOST = 16 };
struct option_texts {
    const char *items[OPTION_TEXTS_MOST];
    size_t count;
};

#define OPTION_AT(s, field, type)                                                                            \
    (offsetof(struct s, field) + 0 * sizeof(char[_Generic(((struct s *)0)->field, type : 1)]))
#define OPTION_ROW(option, tag, position) .name = (option), .kind = (tag), .at = (position)

#define OPTION_SWITCH(name, s, field) OPTION_ROW(name, OPTION_IS_SWITCH, OPTION_AT(s, field, bool))
#define OPTION_TEXT(name, s, field)   OPTION_ROW(name, OPTION_IS_TEXT, OPTION_AT(s, field, const char *))
#define OPTION_TEXTS(name, s, field)                                                                         \
    OPTION_ROW(name, OPTION_IS_TEXTS, OPTION_AT(s, field, struct option_texts))
#define OPTION_WORD(name, s, field, list) /* the number of the word */                                       \
    OPTION_ROW(name, OPTION_IS_WORD, OPTION_AT(s, field, unsigned)), .words = (list)
#define OPTION_NUMBER(name, s, field, from, to)                                                              \
    OPTION_ROW(name, OPTION_IS_COUNT, OPTION_AT(s, field, unsigned)), .least = (from), .most = (to)
#define OPTION_SIZE(name, s, field, from, to)                                                                \
    OPTION_ROW(name, OPTION_IS_SIZE, OPTION_AT(s, field, size_t)), .least = (from), .most = (to)
#define OPTION_MILLISECONDS(name, s, field, from, to)                                                        \
    OPTION_ROW(name, OPTION_IS_MILLISECONDS, OPTION_AT(s, field, unsigned)), .least = (from), .most = (to)
#define OPTION_SECONDS(name, s, field, from, to)                                                             \
    OPTION_ROW(name, OPTION_IS_SECONDS, OPTION_AT(s, field, int64_t)), .least = (from), .most = (to)
#define OPTION_DONE(name, function)  OPTION_ROW(name, OPTION_IS_DONE, 0), .take = (function)
#define OPTION_TAKEN(name, function) OPTION_ROW(name, OPTION_IS_TAKEN, 0), .take = (function)

struct options {
    const char *command; /* "certs show" */
    const char *help;    /* names every option of the list */
    const struct option *list;
    size_t count;
    size_t operands_most; /* SIZE_MAX: any number */
};

struct operands {
    char **items; /* in argv, which is rearranged */
    size_t count;
};

enum { OPTIONS_READ = -1, OPTIONS_HELPED = 0, OPTIONS_WRONG = 2 };

/* Reads the arguments behind argv[0] into `settings`, which hold the defaults before. OPTIONS_READ to go on, or the
 * exit status: OPTIONS_HELPED when the help has been printed, OPTIONS_WRONG when stderr says what is wrong. `ret` may
 * be NULL where there are no operands. */
int options_read(const struct options *o, int argc, char **argv, void *settings, struct operands *ret);

#endif
