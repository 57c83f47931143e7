/* Reads a command line by its table, and says what is wrong with it. */
#include "options.h"

#include "ascii.h"
#include "bug.h"
#include "num.h"
#include "say.h"
#include "suggest.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>

enum { OPTIONS_MOST = 64, WORDS_MOST = 8 };

struct unit {
    slice name;
    uint64_t factor;
};

/* Largest first, so that a limit is shown in the largest unit that it is a multiple of. */
static const struct unit sizes[] = {
    {SLICE("Gi"), 1 << 30}, {SLICE("Mi"), 1 << 20}, {SLICE("Ki"), 1 << 10}, {SLICE(""), 1}};
static const struct unit durations[] = {{SLICE("d"), OPTION_DAY},
                                        {SLICE("h"), 3600000},
                                        {SLICE("m"), 60000},
                                        {SLICE("s"), 1000},
                                        {SLICE("ms"), 1}};
static const struct unit plain[] = {{SLICE(""), 1}};

/* How a kind's numbers are written, and what an error message calls them. */
static const struct notation {
    const struct unit *units;
    size_t count;
    bool sums; /* of parts: 1h30m */
    const char *what;
} notations[OPTION_IS_TAKEN + 1] = {
    [OPTION_IS_COUNT] = {plain, COUNT(plain), false, "a number"},
    [OPTION_IS_SIZE] = {sizes, COUNT(sizes), false, "a size such as 512Ki or 8Mi,"},
    [OPTION_IS_MILLISECONDS] = {durations, COUNT(durations), true, "a duration such as 500ms, 30s or 2m,"},
    [OPTION_IS_SECONDS] = {durations, COUNT(durations), true, "a duration such as 45s, 36h or 90d,"},
};

static const struct unit *unit_find(const struct notation *n, slice name)
{
    for (size_t i = 0; i < n->count; i++)
        if (slice_eq(n->units[i].name, name))
            return &n->units[i];
    return NULL;
}

/* Cuts digits and a unit off `*rest`. */
static bool read_part(const struct notation *n, slice *rest, uint64_t *sum)
{
    size_t digits = 0, end;
    while (digits < rest->n && ascii_is_digit(rest->p[digits]))
        digits++;
    for (end = digits; end < rest->n && !ascii_is_digit(rest->p[end]);)
        end++;
    const struct unit *unit = unit_find(n, slice_cut(*rest, digits, end - digits));
    uint64_t number, part;
    if (!unit || !num_u64(slice_cut(*rest, 0, digits), &number) ||
        __builtin_mul_overflow(number, unit->factor, &part) || __builtin_add_overflow(*sum, part, sum))
        return false;
    *rest = slice_from(*rest, end);
    return true;
}

static bool read_number(const struct option *o, const char *value, uint64_t *ret)
{
    const struct notation *n = &notations[o->kind];
    slice rest = slice_of(value);
    *ret = 0;
    bool read = read_part(n, &rest, ret);
    while (read && n->sums && rest.n)
        read = read_part(n, &rest, ret);
    return read && !rest.n && *ret >= o->least && *ret <= o->most;
}

static void put_limit(char *text, size_t size, const struct notation *n, uint64_t limit)
{
    size_t i = 0;
    while (i + 1 < n->count && (limit == 0 || limit % n->units[i].factor))
        i++;
    snprintf(text, size, "%llu%.*s", (unsigned long long)(limit / n->units[i].factor), FMT(n->units[i].name));
}

static bool expected_number(const struct option *o, struct error *reterr)
{
    char least[32], most[32];
    put_limit(least, sizeof least, &notations[o->kind], o->least);
    put_limit(most, sizeof most, &notations[o->kind], o->most);
    return error_set(reterr, "expected %s from %s to %s", notations[o->kind].what, least, most);
}

static bool take_word(const struct option *o, unsigned *field, const char *value, struct error *reterr)
{
    slice words[WORDS_MOST];
    unsigned count = 0;
    for (; o->words[count]; count++) {
        BUG_IF(count == WORDS_MOST);
        words[count] = slice_of(o->words[count]);
        if (strcmp(o->words[count], value) == 0) {
            *field = count;
            return true;
        }
    }
    return suggest_expected(reterr, slice_of(value), words, count);
}

static bool take_text(struct option_texts *texts, const char *value, struct error *reterr)
{
    if (texts->count == OPTION_TEXTS_MOST)
        return error_set(reterr, "this option may be given at most %d times", OPTION_TEXTS_MOST);
    texts->items[texts->count++] = value;
    return true;
}

static bool check(const struct option *o, const char *value, struct error *reterr)
{
    struct refusal r = {0};
    return !o->check || o->check(slice_of(value), &r) ||
           error_set(reterr, "%s%s%s", r.why, r.hint[0] ? "; " : "", r.hint);
}

/* Returns false with what is wrong with the value. */
static bool take(const struct option *o, void *settings, const char *value, struct error *reterr)
{
    void *field = (char *)settings + o->at;
    uint64_t number = 0;
    if ((o->kind == OPTION_IS_TEXT || o->kind == OPTION_IS_TEXTS) && !*value)
        return error_set(reterr, "the value is empty");
    if (notations[o->kind].units && !read_number(o, value, &number))
        return expected_number(o, reterr);
    switch (o->kind) {
    case OPTION_IS_SWITCH:
        *(bool *)field = true;
        return true;
    case OPTION_IS_TEXT:
        *(const char **)field = value;
        return check(o, value, reterr);
    case OPTION_IS_TEXTS:
        return take_text(field, value, reterr) && check(o, value, reterr);
    case OPTION_IS_WORD:
        return take_word(o, field, value, reterr);
    case OPTION_IS_COUNT:
    case OPTION_IS_MILLISECONDS:
        *(unsigned *)field = (unsigned)number;
        return true;
    case OPTION_IS_SIZE:
        *(size_t *)field = number;
        return true;
    case OPTION_IS_SECONDS:
        *(int64_t *)field = (int64_t)(number / 1000);
        return true;
    case OPTION_IS_DONE:
    case OPTION_IS_TAKEN:
        return o->take(settings, o, value, reterr);
    }
    return false;
}

/* ---- words ---- */

struct options_reading {
    const struct options *options;
    void *settings;
    char **argv;
    int argc, at;
    bool operands_only; /* behind "--" */
    struct operands operands;
};

__attribute__((format(printf, 2, 3))) static int wrong(const struct options *o, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    say_of(o->command, format, args);
    va_end(args);
    return OPTIONS_WRONG;
}

static int unknown(const struct options *o, slice name)
{
    slice names[OPTIONS_MOST];
    for (size_t i = 0; i < o->count; i++)
        names[i] = slice_of(o->list[i].name);
    names[o->count] = LIT("--help");
    struct error otherwise, why;
    error_set(&otherwise, "; 'brgate %s --help' lists them", o->command);
    suggest_unknown(&why, "option", name, suggest_nearest(name, names, o->count + 1), otherwise.text);
    return wrong(o, "%s", why.text);
}

/* Whether the help has "--name", or "-n, --name" when there is a letter. */
static bool is_in_help(const char *help, const struct option *o)
{
    const char *at = strstr(help, o->name), letter[] = {'-', o->letter, ',', ' ', 0};
    if (!o->letter)
        return at;
    for (; at; at = strstr(at + 1, o->name))
        if (at - help >= 4 && strncmp(at - 4, letter, 4) == 0)
            return true;
    return false;
}

static int help(const struct options *o)
{
    for (size_t i = 0; i < o->count; i++)
        BUG_IF(!is_in_help(o->help, &o->list[i]));
    fputs(o->help, stdout);
    bool written = fflush(stdout) == 0 && !ferror(stdout); /* a long text has been written in part before */
    return written ? OPTIONS_HELPED : wrong(o, "standard output: %s", strerror(errno));
}

static const struct option *find(const struct options *o, slice name)
{
    for (size_t i = 0; i < o->count; i++)
        if (slice_eq(name, slice_of(o->list[i].name)) ||
            (o->list[i].letter && name.n == 2 && name.p[0] == '-' && name.p[1] == o->list[i].letter))
            return &o->list[i];
    return NULL;
}

/* OPTIONS_READ, or the exit status. */
static int read_option(struct options_reading *r, const char *word)
{
    const struct options *o = r->options;
    slice text = slice_of(word);
    size_t equals = slice_find_char(text, '=');
    slice name = slice_cut(text, 0, equals);
    if (slice_eq(name, LIT("--help")) || slice_eq(name, LIT("-h")))
        return help(o);
    const struct option *option = find(o, name);
    if (!option)
        return unknown(o, name);
    const char *value = equals == SLICE_NONE ? NULL : word + equals + 1;
    bool is_switch = option->kind == OPTION_IS_SWITCH || option->kind == OPTION_IS_DONE;
    if (is_switch && value)
        return wrong(o, "%s takes no value", option->name);
    if (!is_switch && !value && r->at == r->argc)
        return wrong(o, "%s requires a value", option->name);
    if (!is_switch && !value)
        value = r->argv[r->at++];
    struct error error;
    if (take(option, r->settings, value, &error))
        return OPTIONS_READ;
    const char *shown = !value ? "" : *value ? value : "''";
    return wrong(o, "%s%s%s: %s", option->name, *shown ? " " : "", shown, error.text);
}

static int read_operand(struct options_reading *r, char *word)
{
    const struct options *o = r->options;
    if (!*word)
        return wrong(o, "an argument is empty: ''");
    if (r->operands.count == o->operands_most)
        return wrong(o, "unexpected argument %s%s%s; see 'brgate %s --help'", word,
                     o->operands_most ? " after " : "",
                     o->operands_most ? r->operands.items[r->operands.count - 1] : "", o->command);
    r->operands.items[r->operands.count++] = word;
    return OPTIONS_READ;
}

int options_read(const struct options *o, int argc, char **argv, void *settings, struct operands *ret)
{
    struct options_reading r = {.options = o, .settings = settings, .argv = argv, .argc = argc, .at = 1};
    BUG_IF(o->count >= OPTIONS_MOST);
    r.operands.items = argv + (argc > 0);
    while (r.at < argc) {
        char *word = argv[r.at++];
        int status = OPTIONS_READ;
        if (!r.operands_only && !strcmp(word, "--"))
            r.operands_only = true;
        else if (r.operands_only || word[0] != '-' || !word[1])
            status = read_operand(&r, word);
        else
            status = read_option(&r, word);
        if (status != OPTIONS_READ)
            return status;
    }
    if (ret)
        *ret = r.operands;
    return OPTIONS_READ;
}
