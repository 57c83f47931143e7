/* brgate default: a manifest with every default filled in. */
#include "command.h"

#include "brgate_limits.h"
#include "builtin_schemas.h"
#include "completed.h"
#include "config.h"
#include "file.h"
#include "options.h"
#include "patch.h"
#include "report.h"
#include "say.h"
#include "suggest.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

static const char help[] =
    "Usage: brgate default [OPTION]... [FILE|-]\n"
    "\n"
    "Prints the manifest (standard input without a FILE) as the cluster will hold it:\n"
    "with the defaults of the schema and those that no schema can express. It only\n"
    "adds: unknown fields stay, objects of other kinds pass unchanged. Comments are\n"
    "not kept. Nothing is printed if part of the input cannot be read.\n"
    "\n"
    "  --defaults MODE     which defaults to add, whatever the settings say:\n"
    "      effective       those that only spell out what happens anyway (default)\n"
    "      documented      also the documented ones that change what BR does: acl\n"
    "                      and storageClass on aws, the scheme of a ceph endpoint\n"
    "      none            only those of the schema\n"
    "  --config FILE       read these settings, not the nearest .brgate.yaml\n"
    "  --no-config         read no settings\n"
    "  --diff              print only what is added\n"
    "  --patch             print it as JSON Patch (RFC 6902), one line per object\n"
    "  --format yaml|json  how to print the objects (yaml); json is one line each\n"
    "  -o, --output FILE   write there, not to standard output\n"
    "\n"
    "Exit code: 0 printed, 1 the input cannot be read as YAML or JSON, 2 it could not\n"
    "run.\n";

enum shape { SHAPE_YAML, SHAPE_JSON, SHAPE_DIFF, SHAPE_PATCH };

struct settings {
    struct arena *arena;
    enum shape shape;
    bool shaped; /* by an option */
    const char *file, *output, *config;
    bool no_config;
    bool chosen; /* `mode`, by an option */
    enum defaults_mode mode;
};

static bool choose_shape(struct settings *s, enum shape shape, struct error *reterr)
{
    if (s->shaped && s->shape != shape)
        return error_set(reterr, "--diff, --patch and --format exclude each other");
    s->shape = shape;
    s->shaped = true;
    return true;
}

static bool take_format(void *settings, const struct option *o, const char *value, struct error *reterr)
{
    (void)o;
    static const slice words[] = {SLICE("yaml"), SLICE("json")};
    if (!strcmp(value, "json"))
        return choose_shape(settings, SHAPE_JSON, reterr);
    return !strcmp(value, "yaml") ? choose_shape(settings, SHAPE_YAML, reterr)
                                  : suggest_expected(reterr, slice_of(value), words, COUNT(words));
}

static bool take_shape(void *settings, const struct option *o, const char *value, struct error *reterr)
{
    (void)value;
    return choose_shape(settings, !strcmp(o->name, "--diff") ? SHAPE_DIFF : SHAPE_PATCH, reterr);
}

static bool take_mode(void *settings, const struct option *o, const char *value, struct error *reterr)
{
    struct settings *s = settings;
    (void)o;
    s->chosen = defaults_mode_read(slice_of(value), &s->mode, reterr);
    return s->chosen;
}

static const struct option option_list[] = {
    {OPTION_TAKEN("--defaults", take_mode)},
    {OPTION_TEXT("--config", settings, config)},
    {OPTION_SWITCH("--no-config", settings, no_config)},
    {OPTION_DONE("--diff", take_shape)},
    {OPTION_DONE("--patch", take_shape)},
    {OPTION_TAKEN("--format", take_format)},
    {OPTION_TEXT("--output", settings, output), .letter = 'o'},
};

/* OPTIONS_READ, or the exit status. */
static int read_options(struct settings *s, int argc, char **argv)
{
    static const struct options options = {.command = "default",
                                           .help = help,
                                           .list = option_list,
                                           .count = COUNT(option_list),
                                           .operands_most = 1};
    return command_reads_file(&options, argc, argv, s, &s->file);
}

/* Only findings that make the result differ from the author's intention; the others are for `brgate lint`. */
static bool concerns_reading(const struct reported *r)
{
    return (r->diagnostic.rule->flags & RULE_LOSES_TEXT) || !r->object->readable ||
           r->object->status == VERDICT_BROKEN;
}

/* Reports on stderr; returns false when a document could not be read at all. */
static bool check_readable(struct settings *s, const struct stream_verdict *stream)
{
    slice name = slice_of(file_shown(s->file, "<stdin>"));
    struct report_file f = report_file_of(s->arena, name, stream);
    struct buf b = buf_new(s->arena, LIMIT_RESPONSE_BYTES);
    for (size_t i = 0; i < f.count; i++) {
        struct diagnostic d = f.reported[i].diagnostic;
        if (f.reported[i].object->readable)
            d.severity = SEVERITY_WARNING;
        if (concerns_reading(&f.reported[i]))
            report_put_diagnostic(&b, &f, &d, false);
    }
    fprintf(stderr, "%.*s", FMT(buf_slice(&b)));
    struct report_totals totals = {0};
    report_count(&totals, stream);
    return totals.broken == 0;
}

/* "Backup ns/name (defaults: effective):" and a line for each addition; nothing for an object that is
 * complete. */
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
    if (!stream->first)
        say("brgate default: %s: there is no object in it", file_shown(s->file, "<stdin>"));
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
    int unread = file_read_stream(s->arena, s->file, LIMIT_STREAM_BYTES + 1, &bytes);
    if (unread)
        return command_fails("default", "%s: %s", s->file, file_why(unread));
    struct gate *gate = gate_open(&config.policy, &builtin_schemas);
    const struct stream_verdict *stream = gate ? verdict_manifest(gate, s->arena, bytes, time(NULL)) : NULL;
    int code = stream && verdict_complete(gate, s->arena, stream) ? print(s, stream)
                                                                  : command_fails("default", "out of memory");
    gate_close(gate);
    return code;
}

struct default_invocation {
    struct settings settings;
    int code;
};

static void run(void *context)
{
    struct default_invocation *f = context;
    f->code = fill(&f->settings);
}

int command_default(int argc, char **argv)
{
    struct default_invocation f = {0};
    f.code = read_options(&f.settings, argc, argv);
    if (f.code != OPTIONS_READ)
        return f.code;
    f.settings.arena = arena_new(LIMIT_ARENA_BYTES);
    if (!f.settings.arena || !arena_run(f.settings.arena, run, &f))
        f.code = command_fails("default", "out of memory");
    arena_free(f.settings.arena);
    return f.code;
}
