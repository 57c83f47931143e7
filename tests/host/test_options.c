/* Command lines by a table: what is taken, and what is said of what is not. */
#include "check.h"

#include "options.h"

#include <stdio.h>
#include <unistd.h>

enum { WORDS_MOST = 24 };

struct settings {
    bool quiet, pair;
    const char *output, *taken, *digits;
    struct option_texts names;
    unsigned format, threads, patience;
    size_t room;
    int64_t life;
};

static bool take_even(void *settings, const struct option *o, const char *value, struct error *reterr)
{
    struct settings *s = settings;
    (void)o;
    s->taken = value;
    return strlen(value) % 2 == 0 || error_set(reterr, "expected an even text");
}

static bool is_digits(slice s, struct refusal *refusal)
{
    for (size_t i = 0; i < s.n; i++)
        if (s.p[i] < '0' || s.p[i] > '9')
            return refuse(refusal, i, 1, "must have digits only");
    if (s.n < 3)
        return true;
    refuse(refusal, 2, s.n - 2, "must have two digits at most");
    refuse_hint(refusal, "write %.*s", 2, s.p);
    return false;
}

static bool both(void *settings, const struct option *o, const char *value, struct error *reterr)
{
    (void)o, (void)reterr;
    ((struct settings *)settings)->pair = !value;
    return true;
}

static const char *const formats[] = {"text", "json", "yaml", NULL};
static const struct option list[] = {
    {OPTION_SWITCH("--quiet", settings, quiet), .letter = 'q'},
    {OPTION_TEXT("--output", settings, output), .letter = 'o'},
    {OPTION_TEXT("--digits", settings, digits), .check = is_digits},
    {OPTION_TEXTS("--name", settings, names)},
    {OPTION_WORD("--format", settings, format, formats)},
    {OPTION_NUMBER("--threads", settings, threads, 1, 64)},
    {OPTION_SIZE("--room", settings, room, 1 << 10, 4ULL << 30)},
    {OPTION_MILLISECONDS("--patience", settings, patience, 0, 90000)},
    {OPTION_SECONDS("--life", settings, life, 30000, 366ULL * OPTION_DAY)},
    {OPTION_DONE("--pair", both)},
    {OPTION_TAKEN("--even", take_even)},
};
static const char help[] =
    "-q, --quiet -o, --output --digits --name --format --threads --room --patience --life --pair --even\n";
static const struct options options = {
    .command = "test", .help = help, .list = list, .count = COUNT(list), .operands_most = 2};

/* Reads a line of words, which are put into `words`. `*ret_said` is what standard error got. */
static int read_line(const char *line, struct settings *s, struct operands *ret, char said[512])
{
    static char text[512], *words[WORDS_MOST];
    int count = 0, pipes[2], saved = dup(STDERR_FILENO);
    snprintf(text, sizeof text, "test %s", line);
    for (char *rest = text, *word; (word = strsep(&rest, " ")); count++)
        words[count] = word;
    words[count] = NULL;
    *s = (struct settings){0};
    assert_int_equal(pipe(pipes), 0);
    fflush(stderr);
    dup2(pipes[1], STDERR_FILENO);
    int status = options_read(&options, count, words, s, ret);
    fflush(stderr);
    dup2(saved, STDERR_FILENO);
    close(pipes[1]);
    close(saved);
    ssize_t n = read(pipes[0], said, 511);
    said[n > 0 ? n : 0] = '\0';
    close(pipes[0]);
    return status;
}

static void takes(void **state)
{
    (void)state;
    struct settings s;
    struct operands o;
    char said[512];
    assert_int_equal(read_line("a --output=x -q b --name one --name=two", &s, &o, said), OPTIONS_READ);
    assert_true(s.quiet && o.count == 2 && s.names.count == 2);
    assert_string_equal(s.output, "x");
    assert_string_equal(o.items[0], "a");
    assert_string_equal(o.items[1], "b");
    assert_string_equal(s.names.items[1], "two");
    assert_int_equal(read_line("-o first -o - -- -q", &s, &o, said), OPTIONS_READ);
    assert_string_equal(s.output, "-");
    assert_string_equal(o.items[0], "-q");
    assert_false(s.quiet);
    assert_int_equal(read_line("- --format yaml --threads 64 --room 4Gi --patience 0ms", &s, &o, said),
                     OPTIONS_READ);
    assert_true(s.format == 2 && s.threads == 64 && s.room == (size_t)4 << 30 && s.patience == 0);
    assert_int_equal(read_line("--room 1024 --patience 1m30s --life 90d --pair --even ab", &s, &o, said),
                     OPTIONS_READ);
    assert_true(s.room == 1024 && s.patience == 90000 && s.life == 90 * 86400 && s.pair && o.count == 0);
    assert_string_equal(s.taken, "ab");
    assert_int_equal(read_line("--digits 12", &s, &o, said), OPTIONS_READ);
    assert_string_equal(s.digits, "12");
    assert_int_equal(read_line("--nonsense --help", &s, &o, said), OPTIONS_WRONG);
    assert_int_equal(read_line("-h --nonsense", &s, &o, said), OPTIONS_HELPED);
}

static void says_what_is_wrong(void **state)
{
    (void)state;
    static const struct {
        const char *line, *said;
    } rows[] = {
        {"--quit", "unknown option --quit; did you mean --quiet?"},
        {"--hlep", "unknown option --hlep; did you mean --help?"},
        {"-x", "unknown option -x; 'brgate test --help' lists them"},
        {"--quiet=yes", "--quiet takes no value"},
        {"--pair=", "--pair takes no value"},
        {"--output", "--output requires a value"},
        {"--output=", "--output '': the value is empty"},
        {"--format yml", "--format yml: expected text, json or yaml; did you mean yaml?"},
        {"--digits 1x", "--digits 1x: must have digits only"},
        {"--digits=123", "--digits 123: must have two digits at most; write 12"},
        {"--format xml", "--format xml: expected text, json or yaml"},
        {"--threads 0", "--threads 0: expected a number from 1 to 64"},
        {"--threads 18446744073709551616", "--threads 18446744073709551616: expected a number from 1 to 64"},
        {"--threads -1", "--threads -1: expected a number from 1 to 64"},
        {"--threads 1s", "--threads 1s: expected a number from 1 to 64"},
        {"--room 8M", "--room 8M: expected a size such as 512Ki or 8Mi, from 1Ki to 4Gi"},
        {"--room 1Ki1", "--room 1Ki1: expected a size such as 512Ki or 8Mi, from 1Ki to 4Gi"},
        {"--patience 30", "--patience 30: expected a duration such as 500ms, 30s or 2m, from 0ms to 90s"},
        {"--patience 2m", "--patience 2m: expected a duration such as 500ms, 30s or 2m, from 0ms to 90s"},
        {"--life 1h30", "--life 1h30: expected a duration such as 45s, 36h or 90d, from 30s to 366d"},
        {"--life 99999999999999999999d", "from 30s to 366d"},
        {"--even abc", "--even abc: expected an even text"},
        {"a b c", "unexpected argument c after b; see 'brgate test --help'"},
    };
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct settings s;
        char said[512];
        assert_row(rows[i].line, read_line(rows[i].line, &s, NULL, said) == OPTIONS_WRONG);
        if (!strstr(said, rows[i].said))
            print_error("%s\n  said:     %s  expected: %s\n", rows[i].line, said, rows[i].said);
        assert_row(rows[i].line, strstr(said, rows[i].said));
    }
}

static void texts_are_bounded(void **state)
{
    (void)state;
    char line[256] = "", said[512];
    struct settings s;
    for (int i = 0; i < OPTION_TEXTS_MOST; i++)
        strncat(line, " --name=x", sizeof line - strlen(line) - 1);
    assert_int_equal(read_line(line + 1, &s, NULL, said), OPTIONS_READ);
    strncat(line, " --name=y", sizeof line - strlen(line) - 1);
    assert_int_equal(read_line(line + 1, &s, NULL, said), OPTIONS_WRONG);
    assert_non_null(strstr(said, "--name y: this option may be given at most 16 times"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(takes),
        cmocka_unit_test(says_what_is_wrong),
        cmocka_unit_test(texts_are_bounded),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
