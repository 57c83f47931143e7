/* brgate lint: judges manifests as their authors see them. */
#include "command.h"

#include "brgate_limits.h"
#include "builtin_schemas.h"
#include "config.h"
#include "file.h"
#include "options.h"
#include "reporting.h"
#include "run.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

static const char help[] = "Usage: brgate lint [OPTION]... FILE|FOLDER|-...\n"
                           "\n"
                           "Judges the Backup, BackupSchedule and CompactBackup objects in YAML and JSON\n"
                           "files. Folders are searched for .yaml, .yml and .json; hidden files and those\n"
                           "that .gitignore names are skipped. Objects of other kinds, and unreadable files\n"
                           "that do not mention ours, are counted, not judged. Nothing is sent\n"
                           "anywhere.\n"
                           "\n"
                           "Files\n"
                           "  --exclude PATTERN      skip files and folders that match this pattern of\n"
                           "                         gitignore(5), relative to the current folder;\n"
                           "                         may be repeated\n"
                           "  --no-gitignore         read what .gitignore names\n"
                           "  --require-objects      fail if there is nothing to judge\n"
                           "\n"
                           "Report\n"
                           "  --format text|json|github\n"
                           "                         for people (text), as data, or as annotations\n"
                           "                         that GitHub shows in a pull request\n"
                           "  -o, --output FILE      write the report there, not to standard output\n"
                           "  --color auto|always|never\n"
                           "                         auto: on a terminal, unless NO_COLOR is set\n"
                           "  -q, --quiet            no closing line: print findings only\n"
                           "  --stdin-filename NAME  name of standard input (-) in the report\n"
                           "\n"
                           "Rules (brgate rules lists them, brgate explain RULE explains one)\n"
                           "  --error RULE[,RULE]... treat as errors; 'all' is every rule that is on\n"
                           "  --warn RULE[,RULE]...  treat as warnings\n"
                           "  --off RULE[,RULE]...   switch off\n"
                           "  --config FILE          read these settings, not the nearest .brgate.yaml\n"
                           "  --no-config            read no settings file\n"
                           "  --fail-on error|warning|never\n"
                           "                         what makes the exit code 1 (error)\n"
                           "\n"
                           "Later options win over earlier ones and over the settings file. A comment\n"
                           "'# brgate: allow RULE: REASON' suppresses a finding in place.\n"
                           "\n"
                           "Exit code: 0 no errors, 1 errors (see --fail-on), 2 something could not be read\n"
                           "or the command line was wrong; all other files are still judged.\n";

struct settings {
    struct reporting reporting; /* its options take it for the whole */
    struct arena *arena;
    const char *stdin_name;
    bool no_gitignore, require_objects;
    struct operands operands;
    const char **excludes;
    size_t exclude_count;
};

static bool take_exclude(void *settings, const struct option *o, const char *value, struct error *reterr)
{
    struct settings *s = settings;
    (void)o;
    s->excludes[s->exclude_count++] = value;
    return ignore_check(slice_of(value), reterr);
}

static const struct option option_list[] = {
    {OPTION_TAKEN("--exclude", take_exclude)},
    {OPTION_SWITCH("--no-gitignore", settings, no_gitignore)},
    {OPTION_SWITCH("--require-objects", settings, require_objects)},
    {OPTION_TEXT("--stdin-filename", settings, stdin_name)},
    REPORTING_OPTIONS(settings, reporting),
};

static bool reads_stdin(const struct settings *s)
{
    for (size_t i = 0; i < s->operands.count; i++)
        if (file_is_stdin(s->operands.items[i]))
            return true;
    return false;
}

/* OPTIONS_READ, or the exit status. */
static int read_options(struct settings *s, int argc, char **argv)
{
    static const struct options options = {.command = "lint",
                                           .help = help,
                                           .list = option_list,
                                           .count = COUNT(option_list),
                                           .operands_most = SIZE_MAX};
    s->excludes = ARENA_ARRAY(s->arena, const char *, (size_t)argc);
    reporting_begin(&s->reporting, "lint", s->arena, argc);
    int status = options_read(&options, argc, argv, s, &s->operands);
    if (status != OPTIONS_READ)
        return status;
    if (!s->operands.count)
        return command_fails("lint", "no files given; name files or folders, or - for standard input");
    if (s->stdin_name && !reads_stdin(s))
        return command_fails("lint", "--stdin-filename names standard input, which is not read: add -");
    if (!s->stdin_name)
        s->stdin_name = "<stdin>";
    return OPTIONS_READ;
}

/* The patterns of --exclude, followed by those of the settings. */
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
    r->text = buf_new(r->arena, REPORTING_BYTES);
    r->format->put_file(&r->text, r->file, r->colour);
}

/* Writes the reports of the files that have findings; returns false when one of them exceeds the memory. */
static bool put_files(const struct settings *s, struct output *out, const struct run *run, size_t count)
{
    struct rendering r = {.format = s->reporting.format,
                          .colour = reporting_colour(&s->reporting),
                          .arena = arena_new(LIMIT_ARENA_BYTES)};
    bool begun = false, ok = r.arena;
    for (size_t i = 0; ok && i < count; i++) {
        r.file = run->files[i].report;
        if (!r.file || !r.file->count)
            continue;
        ok = arena_run(r.arena, render, &r) && !r.text.failed;
        output_put(out, begun ? s->reporting.format->between : (slice){0});
        output_put(out, ok ? buf_slice(&r.text) : (slice){0});
        arena_reset(r.arena);
        begun = true;
    }
    arena_free(r.arena);
    if (!ok)
        command_fails("lint", "out of memory");
    return ok;
}

/* Lists what could not be read, in the order of the names; stderr has named the folders. */
static void note_failures(const struct settings *s, const struct paths *paths, const struct run *run,
                          struct report_end *end)
{
    struct report_failure *list = ARENA_ARRAY(s->arena, struct report_failure, paths->failed + paths->count);
    size_t n = 0;
    for (; n < paths->failed; n++)
        list[n] = (struct report_failure){slice_of(paths->failures[n].name),
                                          arena_copy(s->arena, slice_of(file_why(paths->failures[n].error)))};
    for (size_t i = 0; i < paths->count; i++) {
        if (!run->files[i].error)
            continue;
        const char *name = file_shown(paths->names[i], s->stdin_name);
        list[n] = (struct report_failure){slice_of(name),
                                          arena_copy(s->arena, slice_of(file_why(run->files[i].error)))};
        command_fails("lint", "%s: %.*s", name, FMT(list[n].reason));
        n++;
    }
    end->failures = list;
    end->failure_count = n;
}

/* A document that cannot be read fails the run even if its finding is off: then this says which file it is in. */
static void name_silenced(const struct settings *s, const struct paths *paths, const struct run *run)
{
    for (size_t i = 0; i < paths->count; i++)
        if (run->files[i].silenced)
            command_fails("lint", "%s: a document cannot be read, and the rule that says why is off",
                          file_shown(paths->names[i], s->stdin_name));
}

/* Returns false when the report could not be written. */
static bool print_report(const struct settings *s, const struct paths *paths, const struct run *run)
{
    struct output out;
    struct report_end end = {.totals = run->totals};
    if (!output_open(&out, "lint", s->reporting.output))
        return false;
    note_failures(s, paths, run, &end);
    name_silenced(s, paths, run);
    output_put(&out, s->reporting.format->open);
    bool ok = put_files(s, &out, run, paths->count);
    reporting_put_end(&s->reporting, &out, &end);
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
    return report_failed(t, s->reporting.fail_on) ? EXIT_FINDINGS : EXIT_CLEAN;
}

static int judge_all(const struct settings *s)
{
    struct config config = {0};
    if (!reporting_read_settings(&s->reporting, &config))
        return EXIT_UNABLE;
    const struct paths_options from = {
        .who = "brgate lint", .exclude = excludes_of(s, &config), .gitignore = !s->no_gitignore};
    struct paths paths = paths_collect(s->arena, s->operands.items, s->operands.count, &from);
    struct gate *gate = gate_open(&config.policy, &builtin_schemas);
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
    struct settings s = {.arena = i->arena};
    i->code = read_options(&s, i->argc, i->argv);
    if (i->code == OPTIONS_READ)
        i->code = judge_all(&s);
}

int command_lint(int argc, char **argv)
{
    struct invocation i = {.arena = arena_new(LIMIT_ARENA_BYTES), .argc = argc, .argv = argv};
    if (!i.arena || !arena_run(i.arena, run, &i))
        i.code = command_fails("lint", "out of memory");
    arena_free(i.arena);
    return i.code;
}
