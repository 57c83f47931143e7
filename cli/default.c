/* brgate default: a manifest with every default filled in. */
#include "arguments.h"
#include "command.h"

#include "brgate_limits.h"
#include "completed.h"
#include "config.h"
#include "patch.h"
#include "report.h"
#include "source.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

static const char help[] =
    "Usage: brgate default [OPTION]... [FILE|-]\n"
    "\n"
    "Prints the manifest (standard input without a FILE) as the cluster will hold it:\n"
    "with the defaults of the schema and those that no schema can express. It only\n"
    "adds: unknown fields stay, objects of other kinds pass unchanged. Comments are\n"
    "not kept. Nothing is printed when a part of the input cannot be read.\n"
    "\n"
    "  --defaults MODE     which defaults to add, whatever the settings say:\n"
    "      effective       those that say what happens without them, too (default)\n"
    "      documented      also those of the documents that change what BR does: acl\n"
    "                      and storageClass on aws, the scheme of a ceph endpoint\n"
    "      none            those of the schema alone\n"
    "  --config FILE       read these settings, not the nearest .brgate.yaml\n"
    "  --no-config         read no settings\n"
    "  --diff              print only what is added\n"
    "  --patch             print it as JSON Patch (RFC 6902), one line per object\n"
    "  --format yaml|json  how to print the objects (yaml); json is one line each\n"
    "  -o, --output FILE   write there, not to standard output\n"
    "\n"
    "Exit code: 0 printed, 1 the input cannot be read as YAML or JSON, 2 it could not\n"
    "run.\n";

enum choice {
    CHOICE_DEFAULTS,
    CHOICE_CONFIG,
    CHOICE_NO_CONFIG,
    CHOICE_DIFF,
    CHOICE_PATCH,
    CHOICE_FORMAT,
    CHOICE_OUTPUT,
    CHOICE_HELP,
    CHOICE_COUNT
};

static const struct option options[CHOICE_COUNT] = {
    [CHOICE_DEFAULTS] = {"--defaults", 0, true},    [CHOICE_CONFIG] = {"--config", 0, true},
    [CHOICE_NO_CONFIG] = {"--no-config", 0, false}, [CHOICE_DIFF] = {"--diff", 0, false},
    [CHOICE_PATCH] = {"--patch", 0, false},         [CHOICE_FORMAT] = {"--format", 0, true},
    [CHOICE_OUTPUT] = {"--output", 'o', true},      [CHOICE_HELP] = {"--help", 'h', false},
};

enum shape { SHAPE_YAML, SHAPE_JSON, SHAPE_DIFF, SHAPE_PATCH };

struct settings {
    struct arena *arena;
    enum shape shape;
    bool shaped; /* by an option */
    const char *file, *output, *config;
    bool no_config;
    bool chosen; /* `mode`, by an option */
    enum defaults_mode mode;
    bool help;
};

static bool choose_shape(struct settings *s, enum shape shape)
{
    if (s->shaped && s->shape != shape)
        return command_fails("default", "--diff, --patch and --format exclude each other"), false;
    s->shape = shape;
    s->shaped = true;
    return true;
}

static bool choose_format(struct settings *s, const char *word)
{
    if (!strcmp(word, "json"))
        return choose_shape(s, SHAPE_JSON);
    if (!strcmp(word, "yaml"))
        return choose_shape(s, SHAPE_YAML);
    return command_fails("default", "--format %s: expected yaml or json", word), false;
}

static bool choose_mode(struct settings *s, const char *word)
{
    s->chosen = defaults_mode_read(slice_of(word), &s->mode);
    if (!s->chosen)
        command_fails("default", "--defaults %s: expected effective, documented or none", word);
    return s->chosen;
}

static bool take_argument(struct settings *s, int choice, char *value)
{
    if (choice == ARGUMENT_OPERAND) {
        if (s->file)
            return command_fails("default", "unexpected argument %s: one file at a time, and %s is given",
                                 value, s->file),
                   false;
        s->file = value;
        return true;
    }
    switch ((enum choice)choice) {
    case CHOICE_DEFAULTS:
        return choose_mode(s, value);
    case CHOICE_CONFIG:
        s->config = value;
        return true;
    case CHOICE_NO_CONFIG:
        s->no_config = true;
        return true;
    case CHOICE_DIFF:
        return choose_shape(s, SHAPE_DIFF);
    case CHOICE_PATCH:
        return choose_shape(s, SHAPE_PATCH);
    case CHOICE_FORMAT:
        return choose_format(s, value);
    case CHOICE_OUTPUT:
        s->output = value;
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
    char *value;
    for (int i; (i = arguments_next(&a, options, CHOICE_COUNT, &value)) != ARGUMENT_END;)
        if (i == ARGUMENT_WRONG || !take_argument(s, i, value))
            return false;
    if (!s->file)
        s->file = "-";
    return true;
}

/* The rest of what is wrong is for `brgate lint`: this is what makes the result differ from what was
 * meant. */
static bool concerns_reading(const struct report_row *r)
{
    return (r->row.rule->flags & RULE_LOSES_TEXT) || !r->object->readable ||
           r->object->status == VERDICT_BROKEN;
}

/* Complains on stderr; false when a document could not be read at all. */
static bool check_readable(struct settings *s, const struct stream_verdict *stream)
{
    slice name = strcmp(s->file, "-") ? slice_of(s->file) : LIT("<stdin>");
    struct report_file f = report_file_of(s->arena, name, stream);
    struct buf b = buf_new(s->arena, LIMIT_RESPONSE_BYTES);
    for (size_t i = 0; i < f.count; i++) {
        struct diagnostic row = f.rows[i].row;
        if (f.rows[i].object->readable)
            row.severity = SEVERITY_WARNING;
        if (concerns_reading(&f.rows[i]))
            report_put_row(&b, &f, &row, false);
    }
    fprintf(stderr, "%.*s", FMT(buf_slice(&b)));
    struct report_totals totals = {0};
    report_count(&totals, stream);
    return totals.broken == 0;
}

/* "Backup ns/name (defaults: effective):" and a line for each addition; nothing for an object that is
 * complete.
 */
static void put_additions(struct buf *b, const struct verdict *v, enum defaults_mode mode)
{
    struct buf additions = buf_new(b->arena, LIMIT_RESPONSE_BYTES);
    completed_put_additions(&additions, v);
    if (additions.n)
        buf_fmt(b, "%.*s %.*s%s%.*s (defaults: %s):\n", FMT(v->kind), FMT(v->namespace),
                v->namespace.n ? "/" : "", FMT(v->name), defaults_mode_word(mode));
    buf_put(b, buf_slice(&additions));
    b->failed = b->failed || additions.failed;
}

static void put_object(struct buf *b, const struct settings *s, const struct verdict *v, bool first)
{
    slice patch;
    switch (s->shape) {
    case SHAPE_YAML:
        buf_put(b, first ? LIT("") : LIT("---\n"));
        completed_put_yaml(b, v);
        return;
    case SHAPE_JSON:
        completed_put_json(b, v);
        buf_char(b, '\n');
        return;
    case SHAPE_DIFF:
        put_additions(b, v, s->mode);
        return;
    case SHAPE_PATCH:
        patch = patch_of(s->arena, v->root);
        buf_put(b, patch.n ? patch : LIT("[]"));
        buf_char(b, '\n');
        return;
    }
}

static int print(struct settings *s, const struct stream_verdict *stream)
{
    if (!check_readable(s, stream))
        return EXIT_FINDINGS;
    struct buf b = buf_new(s->arena, LIMIT_ARENA_BYTES);
    for (const struct verdict *v = stream->first; v; v = v->next)
        if (v->root)
            put_object(&b, s, v, v == stream->first);
    struct output out;
    if (b.failed)
        return command_fails("default", "out of memory");
    if (!output_open(&out, "default", s->output))
        return EXIT_UNABLE;
    output_put(&out, buf_slice(&b));
    return output_close(&out) ? EXIT_CLEAN : EXIT_UNABLE;
}

static int fill(struct settings *s)
{
    struct config config = {0};
    struct error error;
    slice bytes;
    if (!s->no_config && !config_load(s->arena, s->config, &config, &error))
        return command_fails("default", "%s", error.text);
    if (s->chosen)
        config.policy.defaults = s->mode;
    s->mode = config.policy.defaults;
    if (!source_read(s->arena, s->file, &bytes))
        return command_fails("default", "%s: %s", s->file, strerror(errno));
    struct gate *gate = gate_open(&config.policy);
    const struct stream_verdict *stream = gate ? verdict_manifest(gate, s->arena, bytes, time(NULL)) : NULL;
    int code = stream && verdict_complete(gate, s->arena, stream) ? print(s, stream)
                                                                  : command_fails("default", "out of memory");
    gate_close(gate);
    return code;
}

struct invocation {
    struct settings settings;
    int argc;
    char **argv;
    int code;
};

static void run(void *context)
{
    struct invocation *i = context;
    i->code = EXIT_UNABLE;
    if (!read_arguments(&i->settings, i->argc, i->argv))
        return;
    if (i->settings.help)
        fputs(help, stdout);
    i->code = i->settings.help ? EXIT_CLEAN : fill(&i->settings);
}

int command_default(int argc, char **argv)
{
    struct invocation i = {.settings.arena = arena_new(LIMIT_ARENA_BYTES), .argc = argc, .argv = argv};
    if (!i.settings.arena || !arena_run(i.settings.arena, run, &i))
        i.code = command_fails("default", "out of memory");
    arena_free(i.settings.arena);
    return i.code;
}
