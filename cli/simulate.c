/* brgate simulate: a schedule played forward. */
#include "command.h"

#include "account.h"
#include "brgate_limits.h"
#include "builtin_schemas.h"
#include "file.h"
#include "judged.h"
#include "options.h"
#include "play.h"
#include "timeline.h"
#include "tree.h"
#include "zone_file.h"

#include <time.h>

static const char help[] =
    "Usage: brgate simulate [OPTION]... [FILE|-]\n"
    "\n"
    "Plays the BackupSchedule of the manifest (standard input without a FILE) forward, with\n"
    "the reconciler's own decisions and a model of the cluster: what is made, kept and\n"
    "deleted, and what could be restored at each moment. Nothing is sent anywhere.\n"
    "\n"
    "  --from TIME        when the schedule is created, such as 2026-01-02T15:04:05Z\n"
    "                     (default: now)\n"
    "  --for SPAN         how long to play: 1y, 2w, 36h, ... (default: 30d)\n"
    "  --scenario FILE    how long Jobs take, which fail, and what else happens (default:\n"
    "                     nothing does, and the values below)\n"
    "  --timezone ZONE    the zone in which the schedule is read (default: UTC)\n"
    "  --format FORMAT    text, json or svg (default: text)\n"
    "  --all              text: a line for each event, including those that repeat\n"
    "                     (default: the first of each kind, and counts)\n"
    "  -o, --output FILE  write there (default: standard output)\n"
    "\n"
    "A scenario is YAML. Every key may be left out. These are the defaults:\n"
    "\n"
    "  durations: {snapshot: 30m, compaction: 10m, clean: 1m, logCommand: 10s, logLag: 2m}\n"
    "  sizes: {snapshot: 100Gi, growthPerDay: 0, logPerHour: 1Gi, compacted: 30%}\n"
    "\n"
    "By default nothing fails and nothing happens. One example of each kind:\n"
    "\n"
    "  failures: {snapshotEvery: 20, compactionEvery: 50}    # each 20th, each 50th\n"
    "  events:                                 # `at`: a moment, or a span after the beginning\n"
    "  - {at: 5d, controllerDown: 6h}\n"
    "  - {at: 10d, pause: 3d}\n"
    "  - {at: 2026-03-01T00:00:00Z, edit: {spec: {maxReservedTime: 48h}}}\n"
    "  - {at: 20d, delete: snapshot}           # the newest; log, schedule, or a name\n"
    "  - {at: 22d, snapshotsFail: 2d}          # also snapshotPodsDie: 2d, compactionsFail: 2d\n"
    "  - {at: 24d, logStalls: 12h}             # also logPaused: 12h, logLost: true\n"
    "  - {at: 25d, durations: {snapshot: 5h}}  # from then on; compaction, too\n"
    "\n"
    "Exit code: 0 all is well, 1 something is WRONG (nothing can be restored, the window that\n"
    "maxReservedTime promises is broken, no log runs, runs overlap, the gate refuses the\n"
    "manifest or an edit), 2 it could not run.\n";

enum format { FORMAT_TEXT, FORMAT_JSON, FORMAT_SVG };

struct simulate_run {
    struct arena *arena;
    const char *file, *scenario_file, *output;
    unsigned format;
    bool all;
    int64_t from, span;
    struct plan_settings settings;
    struct scenario scenario;
    struct gate *gate;
    int code;
};

static bool take_from(void *run, const struct option *o, const char *value, struct error *reterr)
{
    (void)o;
    return judged_moment(value, &((struct simulate_run *)run)->from, reterr);
}

static bool take_span(void *run, const struct option *o, const char *value, struct error *reterr)
{
    (void)o;
    return span_parse(slice_of(value), &((struct simulate_run *)run)->span) ||
           error_set(reterr, "expected a span of time such as 1y, 2w or 36h, of at most 100 years");
}

static bool take_zone(void *run, const struct option *o, const char *name, struct error *reterr)
{
    struct simulate_run *r = run;
    (void)o;
    return zone_file_read(r->arena, name, &r->settings, reterr);
}

static const char *const formats[] = {"text", "json", "svg", NULL};

static const struct option option_list[] = {
    {OPTION_TAKEN("--from", take_from)},
    {OPTION_TAKEN("--for", take_span)},
    {OPTION_TEXT("--scenario", simulate_run, scenario_file)},
    {OPTION_TAKEN("--timezone", take_zone)},
    {OPTION_WORD("--format", simulate_run, format, formats)},
    {OPTION_SWITCH("--all", simulate_run, all)},
    {OPTION_TEXT("--output", simulate_run, output), .letter = 'o'},
};

/* OPTIONS_READ, or the exit status. */
static int read_options(struct simulate_run *r, int argc, char **argv)
{
    static const struct options options = {.command = "simulate",
                                           .help = help,
                                           .list = option_list,
                                           .count = COUNT(option_list),
                                           .operands_most = 1};
    int status = command_reads_file(&options, argc, argv, r, &r->file);
    if (status != OPTIONS_READ)
        return status;
    return command_reads_once("simulate", r->file, "--scenario", r->scenario_file);
}

/* ---- what is played ---- */

static bool fails(struct simulate_run *r, const char *what)
{
    r->code = command_fails("simulate", "%s: %s", file_shown(r->file, "<stdin>"), what);
    return false;
}

/* The only schedule of the manifest. */
static bool find_schedule(struct simulate_run *r, const struct stream_verdict *stream,
                          const struct resource **ret)
{
    *ret = NULL;
    for (const struct verdict *v = stream->first; v; v = v->next) {
        if (!v->object || v->object->kind != KIND_BACKUP_SCHEDULE)
            continue;
        if (*ret)
            return fails(r, "there are several BackupSchedules: expected one, in a file of its own");
        *ret = v->object;
    }
    return *ret || fails(r, "there is no BackupSchedule to play");
}

/* Sets the namespace default, as the API server would. */
static const struct resource *with_namespace(struct arena *a, const struct resource *o)
{
    if (text_given(&o->metadata.namespace))
        return o;
    struct node *root = node_copy(a, o->root, 0);
    tree_set_text(a, node_get(root, LIT("metadata")), "namespace", LIT("default"));
    return resource_decode(a, o->group, o->kind, root);
}

static bool put_played(struct simulate_run *r, const struct played *played)
{
    struct buf b = buf_new(r->arena, LIMIT_ARENA_BYTES);
    struct output out;
    if (r->format == FORMAT_SVG)
        timeline_put_svg(&b, played);
    else if (r->format == FORMAT_JSON)
        timeline_put_json(&b, played);
    else
        timeline_put_text(&b, played, r->all);
    if (b.failed || !output_open(&out, "simulate", r->output))
        return false;
    output_put(&out, buf_slice(&b));
    return output_close(&out);
}

static void play_schedule(struct simulate_run *r, const struct resource *schedule)
{
    struct play_request request = {.schedule = with_namespace(r->arena, schedule),
                                   .gate = r->gate,
                                   .schemas = schema_set_new(r->arena, &builtin_schemas),
                                   .scenario = &r->scenario,
                                   .settings = r->settings,
                                   .from = r->from,
                                   .until = r->from + r->span};
    int64_t most = play_most(&request) - r->from;
    if (most < r->span) {
        r->code = command_fails(
            "simulate", "more than %d runs are due in that time: choose a shorter --for, at most %lldh",
            PLAY_MOST_RUNS, (long long)(most / 3600));
        return;
    }
    const struct played *played = play(r->arena, &request);
    if (!played)
        r->code = command_fails("simulate", "out of memory");
    else if (put_played(r, played))
        r->code = account_of(r->arena, played).wrong ? EXIT_FINDINGS : EXIT_CLEAN;
}

/* ---- the command ---- */

struct playing_run {
    struct simulate_run *run;
    const struct stream_verdict *stream;
    slice scenario;
};

static void judge_and_play(void *context)
{
    struct playing_run *p = context;
    struct simulate_run *r = p->run;
    const struct resource *schedule;
    struct error why;
    judged_print(r->arena, r->file, p->stream, SEVERITY_WARNING);
    r->code = EXIT_FINDINGS;
    if (p->stream->errors)
        return;
    r->code = EXIT_UNABLE;
    if (r->scenario_file &&
        !scenario_read(r->arena, p->scenario, r->from, r->from + r->span, &r->scenario, &why))
        command_fails("simulate", "%s:%s", file_shown(r->scenario_file, "<stdin>"), why.text);
    else if (find_schedule(r, p->stream, &schedule))
        play_schedule(r, schedule);
}

static int simulate(struct simulate_run *r)
{
    const struct policy policy = {0};
    struct playing_run p = {.run = r};
    slice bytes;
    if (!judged_read(r->arena, "simulate", r->file, &bytes) ||
        (r->scenario_file && !judged_read(r->arena, "simulate", r->scenario_file, &p.scenario)))
        return EXIT_UNABLE;
    r->gate = gate_open(&policy, &builtin_schemas);
    p.stream = r->gate ? verdict_manifest(r->gate, r->arena, bytes, r->from) : NULL;
    if (!p.stream || !arena_run(r->arena, judge_and_play, &p))
        r->code = command_fails("simulate", "out of memory");
    gate_close(r->gate);
    return r->code;
}

int command_simulate(int argc, char **argv)
{
    struct simulate_run r = {.arena = arena_new(LIMIT_ARENA_BYTES),
                             .from = time(NULL),
                             .span = INT64_C(30) * SPAN_DAY,
                             .scenario = scenario_default(),
                             .settings = {.time_zone = LIT("UTC")}};
    if (!r.arena)
        return command_fails("simulate", "out of memory");
    int code = read_options(&r, argc, argv);
    if (code == OPTIONS_READ)
        code = simulate(&r);
    arena_free(r.arena);
    return code;
}
