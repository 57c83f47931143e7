/* brgate lint: judges manifests as their authors see them. */
#include "arguments.h"
#include "command.h"

#include "brgate_limits.h"
#include "config.h"
#include "run.h"
#include "suggest.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

static const char help[] = "Usage: brgate lint [OPTION]... FILE|FOLDER|-...\n"
                           "\n"
                           "Judges the Backup, BackupSchedule and CompactBackup objects in YAML and JSON\n"
                           "files. Folders are searched for .yaml, .yml and .json; what is hidden, or named\n"
                           "in .gitignore, is passed over. Objects of other kinds, and files that cannot be\n"
                           "read and show no sign of ours, are counted, not judged. Nothing is sent\n"
                           "anywhere.\n"
                           "\n"
                           "Files\n"
                           "  --exclude PATTERN      do not read files and folders that the pattern of\n"
                           "                         gitignore(5) names, counted from the current folder;\n"
                           "                         may be repeated\n"
                           "  --no-gitignore         read what .gitignore names\n"
                           "  --require-objects      fail when there was nothing to judge\n"
                           "\n"
                           "Report\n"
                           "  --format text|json|github\n"
                           "                         for people (text), as data, or as annotations\n"
                           "                         that GitHub shows in a pull request\n"
                           "  -o, --output FILE      write the report there, not to standard output\n"
                           "  --color auto|always|never\n"
                           "                         auto: on a terminal, unless NO_COLOR is set\n"
                           "  -q, --quiet            no closing line: print findings only\n"
                           "  --stdin-filename NAME  what standard input (-) is called in the report\n"
                           "\n"
                           "Rules (brgate rules lists them, brgate explain RULE tells more)\n"
                           "  --error RULE[,RULE]... treat as errors; 'all' is every rule that is on\n"
                           "  --warn RULE[,RULE]...  treat as warnings\n"
                           "  --off RULE[,RULE]...   leave out\n"
                           "  --config FILE          read these settings, not the nearest .brgate.yaml\n"
                           "  --no-config            read no settings file\n"
                           "  --fail-on error|warning|never\n"
                           "                         what makes the exit code 1 (error)\n"
                           "\n"
                           "Later options win over earlier ones and over the settings file. A comment\n"
                           "'# brgate: allow RULE: REASON' suppresses a finding in place.\n"
                           "\n"
                           "Exit code: 0 no errors, 1 errors (see --fail-on), 2 something could not be read\n"
                           "or was asked wrongly; all other files have been judged nevertheless.\n";

enum { REPORT_BYTES = 256 << 20 };

enum choice {
    CHOICE_EXCLUDE,
    CHOICE_NO_GITIGNORE,
    CHOICE_REQUIRE_OBJECTS,
    CHOICE_FAIL_ON,
    CHOICE_FORMAT,
    CHOICE_OUTPUT,
    CHOICE_COLOR,
    CHOICE_QUIET,
    CHOICE_STDIN_FILENAME,
    CHOICE_ERROR,
    CHOICE_WARN,
    CHOICE_OFF,
    CHOICE_CONFIG,
    CHOICE_NO_CONFIG,
    CHOICE_HELP,
    CHOICE_COUNT
};

static const struct option options[CHOICE_COUNT] = {
    [CHOICE_EXCLUDE] = {"--exclude", 0, true},
    [CHOICE_NO_GITIGNORE] = {"--no-gitignore", 0, false},
    [CHOICE_REQUIRE_OBJECTS] = {"--require-objects", 0, false},
    [CHOICE_FAIL_ON] = {"--fail-on", 0, true},
    [CHOICE_FORMAT] = {"--format", 0, true},
    [CHOICE_OUTPUT] = {"--output", 'o', true},
    [CHOICE_COLOR] = {"--color", 0, true},
    [CHOICE_QUIET] = {"--quiet", 'q', false},
    [CHOICE_STDIN_FILENAME] = {"--stdin-filename", 0, true},
    [CHOICE_ERROR] = {"--error", 0, true},
    [CHOICE_WARN] = {"--warn", 0, true},
    [CHOICE_OFF] = {"--off", 0, true},
    [CHOICE_CONFIG] = {"--config", 0, true},
    [CHOICE_NO_CONFIG] = {"--no-config", 0, false},
    [CHOICE_HELP] = {"--help", 'h', false},
};

struct level_flag {
    enum policy_level level;
    slice rules; /* comma between them */
};

struct settings {
    struct arena *arena;
    const struct report_format *format;
    const char *output, *color, *stdin_name, *config;
    bool quiet, no_config, help, no_gitignore, require_objects;
    enum fail_on fail_on;
    char **operands, **excludes;
    size_t operand_count, exclude_count, level_count;
    struct level_flag *levels;
};

static bool choose_format(struct settings *s, const char *word)
{
    for (size_t i = 0; i < report_format_count; i++) {
        if (slice_eq(slice_of(word), report_formats[i].name)) {
            s->format = &report_formats[i];
            return true;
        }
    }
    command_fails("lint", "--format %s: expected text, json or github", word);
    return false;
}

static bool choose_color(struct settings *s, const char *word)
{
    s->color = word;
    if (!strcmp(word, "auto") || !strcmp(word, "always") || !strcmp(word, "never"))
        return true;
    command_fails("lint", "--color %s: expected auto, always or never", word);
    return false;
}

static bool choose_fail_on(struct settings *s, const char *word)
{
    static const char *const words[] = {
        [FAIL_ON_ERROR] = "error", [FAIL_ON_WARNING] = "warning", [FAIL_ON_NEVER] = "never"};
    for (unsigned i = 0; i < COUNT(words); i++) {
        if (!strcmp(word, words[i])) {
            s->fail_on = (enum fail_on)i;
            return true;
        }
    }
    command_fails("lint", "--fail-on %s: expected error, warning or never", word);
    return false;
}

static bool take_option(struct settings *s, int choice, char *value)
{
    switch ((enum choice)choice) {
    case CHOICE_EXCLUDE:
        s->excludes[s->exclude_count++] = value;
        return true;
    case CHOICE_NO_GITIGNORE:
        s->no_gitignore = true;
        return true;
    case CHOICE_REQUIRE_OBJECTS:
        s->require_objects = true;
        return true;
    case CHOICE_FAIL_ON:
        return choose_fail_on(s, value);
    case CHOICE_FORMAT:
        return choose_format(s, value);
    case CHOICE_OUTPUT:
        s->output = value;
        return true;
    case CHOICE_COLOR:
        return choose_color(s, value);
    case CHOICE_QUIET:
        s->quiet = true;
        return true;
    case CHOICE_STDIN_FILENAME:
        s->stdin_name = value;
        return true;
    case CHOICE_ERROR:
        s->levels[s->level_count++] = (struct level_flag){POLICY_ERROR, slice_of(value)};
        return true;
    case CHOICE_WARN:
        s->levels[s->level_count++] = (struct level_flag){POLICY_WARN, slice_of(value)};
        return true;
    case CHOICE_OFF:
        s->levels[s->level_count++] = (struct level_flag){POLICY_OFF, slice_of(value)};
        return true;
    case CHOICE_CONFIG:
        s->config = value;
        s->no_config = false;
        return true;
    case CHOICE_NO_CONFIG:
        s->no_config = true;
        return true;
    case CHOICE_HELP:
        s->help = true;
        return true;
    case CHOICE_COUNT:
        break;
    }
    return false;
}

static bool read_arguments(struct settings *s, int argc, char **argv)
{
    struct arguments a = {.argv = argv, .argc = argc};
    s->operands = ARENA_ARRAY(s->arena, char *, (size_t)argc);
    s->excludes = ARENA_ARRAY(s->arena, char *, (size_t)argc);
    s->levels = ARENA_ARRAY(s->arena, struct level_flag, (size_t)argc);
    char *value;
    for (int i; (i = arguments_next(&a, options, CHOICE_COUNT, &value)) != ARGUMENT_END;) {
        if (i == ARGUMENT_OPERAND)
            s->operands[s->operand_count++] = value;
        else if (i == ARGUMENT_WRONG || !take_option(s, i, value))
            return false;
    }
    if (s->operand_count || s->help)
        return true;
    command_fails("lint", "no files given; name files or folders, or - for standard input");
    return false;
}

/* ---- policy ---- */

static bool set_levels(struct policy *policy, const struct level_flag *f)
{
    struct error error;
    for (size_t at = 0; at <= f->rules.n;) {
        slice rest = slice_from(f->rules, at);
        size_t comma = slice_find_char(rest, ',');
        slice slug = slice_trim(slice_cut(rest, 0, comma));
        if (!policy_set(policy, slug, f->level, &error)) {
            command_fails("lint", "%s", error.text);
            return false;
        }
        if (comma == SLICE_NONE)
            return true;
        at += comma + 1;
    }
    return true;
}

static bool read_settings(const struct settings *s, struct config *config)
{
    struct error error;
    if (!s->no_config && !config_load(s->arena, s->config, config, &error)) {
        command_fails("lint", "%s", error.text);
        return false;
    }
    for (size_t i = 0; i < s->level_count; i++)
        if (!set_levels(&config->policy, &s->levels[i]))
            return false;
    return true;
}

/* The patterns of --exclude, and behind them those of the settings. */
static const struct ignore_list *excludes_of(const struct settings *s, const struct config *config)
{
    char here[PATH_MAX];
    if (!s->exclude_count || !getcwd(here, sizeof here))
        return config->exclude;
    struct ignore_list *list =
        ignore_new(s->arena, arena_cstr(s->arena, slice_of(strcmp(here, "/") ? here : "")));
    for (size_t i = 0; i < s->exclude_count; i++)
        ignore_add(s->arena, list, slice_of(s->excludes[i]));
    list->next = config->exclude;
    return list;
}

/* ---- the run ---- */

static bool with_colour(const struct settings *s)
{
    if (strcmp(s->color, "auto") != 0)
        return !strcmp(s->color, "always");
    const char *no_color = getenv("NO_COLOR"), *term = getenv("TERM");
    return !s->output && isatty(STDOUT_FILENO) && !(no_color && *no_color) &&
           !(term && !strcmp(term, "dumb"));
}

struct rendering {
    const struct report_format *format;
    bool colour;
    struct arena *arena; /* of the file at hand */
    struct report_file *file;
    struct buf text;
};

static void render(void *context)
{
    struct rendering *r = context;
    r->file->lines = line_table_new(r->arena, r->file->bytes);
    r->text = buf_new(r->arena, REPORT_BYTES);
    r->format->put_file(&r->text, r->file, r->colour);
}

/* The reports of the files that have findings; false when one of them exceeds the memory. */
static bool put_files(const struct settings *s, struct output *out, const struct run *run, size_t count)
{
    struct rendering r = {
        .format = s->format, .colour = with_colour(s), .arena = arena_new(LIMIT_ARENA_BYTES)};
    bool begun = false, ok = r.arena;
    for (size_t i = 0; ok && i < count; i++) {
        r.file = run->files[i].report;
        if (!r.file || !r.file->count)
            continue;
        ok = arena_run(r.arena, render, &r) && !r.text.failed;
        output_put(out, begun ? s->format->between : (slice){0});
        output_put(out, ok ? buf_slice(&r.text) : (slice){0});
        arena_reset(r.arena);
        begun = true;
    }
    arena_free(r.arena);
    if (!ok)
        command_fails("lint", "out of memory");
    return ok;
}

/* What could not be read, in the order of the names; folders have been named on stderr. */
static void note_failures(const struct settings *s, const struct paths *paths, const struct run *run,
                          struct report_end *end)
{
    struct report_failure *list = ARENA_ARRAY(s->arena, struct report_failure, paths->failed + paths->count);
    size_t n = 0;
    for (; n < paths->failed; n++)
        list[n] = (struct report_failure){slice_of(paths->failures[n].name),
                                          arena_copy(s->arena, slice_of(strerror(paths->failures[n].error)))};
    for (size_t i = 0; i < paths->count; i++) {
        if (!run->files[i].error)
            continue;
        const char *name = strcmp(paths->names[i], "-") ? paths->names[i] : s->stdin_name;
        list[n] = (struct report_failure){slice_of(name),
                                          arena_copy(s->arena, slice_of(strerror(run->files[i].error)))};
        command_fails("lint", "%s: %.*s", name, FMT(list[n].reason));
        n++;
    }
    end->failures = list;
    end->failure_count = n;
}

/* False when the report could not be written. */
static bool print_report(const struct settings *s, const struct paths *paths, const struct run *run)
{
    struct output out;
    struct report_end end = {.totals = run->totals};
    if (!output_open(&out, "lint", s->output))
        return false;
    note_failures(s, paths, run, &end);
    output_put(&out, s->format->open);
    bool ok = put_files(s, &out, run, paths->count);
    struct buf text = buf_new(s->arena, REPORT_BYTES);
    s->format->put_end(&text, &end);
    if (!(s->quiet && s->format->quiet_end))
        output_put(&out, buf_slice(&text));
    return output_close(&out) && ok;
}

static int code_of(const struct settings *s, const struct report_totals *t)
{
    if (t->unreadable)
        return EXIT_UNABLE;
    if (s->require_objects && !t->objects) {
        command_fails("lint", "--require-objects: no Backup, BackupSchedule or CompactBackup was found");
        return EXIT_FINDINGS;
    }
    return report_failed(t, s->fail_on) ? EXIT_FINDINGS : EXIT_CLEAN;
}

static int judge_all(const struct settings *s)
{
    struct config config = {0};
    if (!read_settings(s, &config))
        return EXIT_UNABLE;
    const struct paths_options from = {
        .who = "brgate lint", .exclude = excludes_of(s, &config), .gitignore = !s->no_gitignore};
    struct paths paths = paths_collect(s->arena, s->operands, s->operand_count, &from);
    struct gate *gate = gate_open(&config.policy);
    if (!gate)
        return command_fails("lint", "out of memory");
    const struct run_options with = {.gate = gate, .now = time(NULL), .stdin_name = s->stdin_name};
    struct run run;
    bool judged = run_files(&with, &paths, &run);
    bool printed = judged && print_report(s, &paths, &run);
    struct report_totals totals = run.totals;
    run_free(&run);
    gate_close(gate);
    if (!judged)
        return command_fails("lint", "out of memory");
    return printed ? code_of(s, &totals) : EXIT_UNABLE;
}

struct invocation {
    struct arena *arena;
    int argc;
    char **argv;
    int code;
};

static void run(void *context)
{
    struct invocation *i = context;
    struct settings s = {
        .arena = i->arena, .format = &report_formats[0], .color = "auto", .stdin_name = "<stdin>"};
    i->code = EXIT_UNABLE;
    if (!read_arguments(&s, i->argc, i->argv))
        return;
    if (s.help)
        fputs(help, stdout);
    i->code = s.help ? EXIT_CLEAN : judge_all(&s);
}

int command_lint(int argc, char **argv)
{
    struct invocation i = {.arena = arena_new(LIMIT_ARENA_BYTES), .argc = argc, .argv = argv};
    if (!i.arena || !arena_run(i.arena, run, &i))
        i.code = command_fails("lint", "out of memory");
    arena_free(i.arena);
    return i.code;
}
