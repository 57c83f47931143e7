/* brgate rules, brgate explain: prints the catalogue. */
#include "command.h"

#include "brgate_limits.h"
#include "buf.h"
#include "catalogue.h"
#include "json_memory.h"
#include "options.h"
#include "policy.h"

#include <stdio.h>
#include <string.h>

static const char rules_help[] =
    "Usage: brgate rules [--format table|json|markdown]\n"
    "\n"
    "Lists the rules: their names, their default severity when a manifest is linted\n"
    "and when an object is created, updated or deleted, and what they find.\n"
    "'brgate explain RULE' explains one.\n"
    "\n"
    "  --format table|json|markdown\n"
    "                 for people (table), as data, or as docs/RULES.md\n";

static const char explain_help[] = "Usage: brgate explain RULE...\n"
                                   "\n"
                                   "Explains what a rule finds, why it matters and how to fix it, and shows\n"
                                   "a bad and a good example.\n";

static const char *const context_names[CONTEXT_COUNT] = {"manifest", "create", "update", "delete"};

static const char *level_word(enum severity s)
{
    return s == SEVERITY_OFF ? "-" : severity_word(s);
}

/* ---- rules ---- */

static void put_table(struct buf *b)
{
    buf_fmt(b, "%-32s %-8s %-8s %-8s %-8s %s\n", "rule", "manifest", "create", "update", "delete", "what");
    for (size_t i = 0; i < rule_count(); i++) {
        const struct rule *r = rule_at(i);
        buf_fmt(b, "%-32s ", r->slug);
        for (unsigned c = 0; c < CONTEXT_COUNT; c++)
            buf_fmt(b, "%-8s ", level_word(r->severity[c]));
        buf_fmt(b, "%s\n", r->what);
    }
}

static cJSON *item_of(const struct rule *r)
{
    cJSON *item = cJSON_CreateObject();
    json_put_text(item, "rule", slice_of(r->slug));
    cJSON *severity = json_put_object(item, "severity");
    for (unsigned c = 0; c < CONTEXT_COUNT; c++)
        json_put_text(severity, context_names[c],
                      slice_of(r->severity[c] == SEVERITY_OFF ? "off" : severity_word(r->severity[c])));
    json_put_text(item, "what", slice_of(r->what));
    json_put_text(item, "why", slice_of(r->why));
    json_put_text(item, "fix", slice_of(r->fix));
    json_put_text(item, "source", slice_of(r->source));
    json_put_text(item, "bad", slice_of(r->bad));
    json_put_text(item, "good", slice_of(r->good));
    return item;
}

/* One rule a line. */
static void put_json(struct buf *b)
{
    for (size_t i = 0; i < rule_count(); i++) {
        json_memory_enter(b->arena);
        slice text = json_print(item_of(rule_at(i)));
        json_memory_leave();
        buf_put(b, i ? LIT(",\n") : LIT("[\n"));
        buf_put(b, text);
        b->failed = b->failed || !text.n;
    }
    buf_put(b, LIT("\n]\n"));
}

/* Text as Markdown shows it plainly. */
static void put_escaped(struct buf *b, const char *text)
{
    for (; *text; text++) {
        if (*text == '<') {
            buf_put(b, LIT("&lt;"));
            continue;
        }
        if (*text == '|' || *text == '*')
            buf_char(b, '\\');
        buf_char(b, *text);
    }
}

static void put_paragraph(struct buf *b, const char *lead, const char *text)
{
    buf_fmt(b, "\n%s", lead);
    put_escaped(b, text);
    buf_char(b, '\n');
}

static void put_index(struct buf *b)
{
    buf_put(b, LIT("| rule | manifest | create | update | delete | what |\n|---|---|---|---|---|---|\n"));
    for (size_t i = 0; i < rule_count(); i++) {
        const struct rule *r = rule_at(i);
        buf_fmt(b, "| [%s](#%s) |", r->slug, r->slug);
        for (unsigned c = 0; c < CONTEXT_COUNT; c++)
            buf_fmt(b, " %s |", level_word(r->severity[c]));
        buf_char(b, ' ');
        put_escaped(b, r->what);
        buf_put(b, LIT(" |\n"));
    }
}

static void put_markdown(struct buf *b)
{
    buf_put(
        b,
        LIT("<!-- Made by `brgate rules --format markdown`. -->\n\n# The rules\n\n"
            "A rule's severity depends on the moment: *manifest* is `brgate lint`, the others are what the\n"
            "webhook is asked about; - is off. The last ones need the state of a cluster, and only\n"
            "`brgate audit` checks them. A settings file raises, lowers or silences a rule by its "
            "name.\n\n"));
    put_index(b);
    for (size_t i = 0; i < rule_count(); i++) {
        const struct rule *r = rule_at(i);
        buf_fmt(b, "\n## %s\n", r->slug);
        put_paragraph(b, "", r->what);
        put_paragraph(b, "Why: ", r->why);
        put_paragraph(b, "Fix: ", r->fix);
        put_paragraph(b, "Source: ", r->source);
        buf_fmt(b, "\n```yaml\n# bad\n%s\n```\n\n```yaml\n# good\n%s\n```\n", r->bad, r->good);
    }
}

struct printed_page {
    struct arena *arena;
    void (*put)(struct buf *b);
    struct buf text;
};

static void render(void *context)
{
    struct printed_page *p = context;
    p->text = buf_new(p->arena, LIMIT_RESPONSE_BYTES);
    p->put(&p->text);
}

static int print(const char *command, void (*put)(struct buf *b))
{
    struct printed_page p = {.arena = arena_new(LIMIT_ARENA_BYTES), .put = put};
    int code = EXIT_UNABLE;
    if (p.arena && arena_run(p.arena, render, &p)) {
        struct output out;
        output_open(&out, command, NULL);
        output_put(&out, buf_slice(&p.text));
        code = output_close(&out) && !p.text.failed ? EXIT_CLEAN : EXIT_UNABLE;
    } else {
        command_fails(command, "out of memory");
    }
    arena_free(p.arena);
    return code;
}

struct settings {
    unsigned format;
};

int command_rules(int argc, char **argv)
{
    static const char *const words[] = {"table", "json", "markdown", NULL};
    static void (*const puts_by_word[])(struct buf * b) = {put_table, put_json, put_markdown};
    static const struct option list[] = {{OPTION_WORD("--format", settings, format, words)}};
    static const struct options options = {
        .command = "rules", .help = rules_help, .list = list, .count = COUNT(list), .operands_most = 1};
    struct settings s = {0};
    struct operands rules;
    int status = options_read(&options, argc, argv, &s, &rules);
    if (status != OPTIONS_READ)
        return status;
    if (rules.count)
        return command_fails("rules", "unexpected argument %s; use 'brgate explain %s' to explain a rule",
                             rules.items[0], rules.items[0]);
    return print("rules", puts_by_word[s.format]);
}

/* ---- explain ---- */

static void print_example(const char *title, const char *text)
{
    printf("  %s\n", title);
    for (slice rest = slice_of(text); rest.n;) {
        size_t end = slice_find_char(rest, '\n');
        slice line = slice_cut(rest, 0, end);
        printf("    %.*s\n", FMT(line));
        rest = slice_from(rest, end == SLICE_NONE ? rest.n : end + 1);
    }
}

static void print_rule(const struct rule *r)
{
    printf("%s\n\n  %s\n\n  Why:    %s\n  Fix:    %s\n  Source: %s\n", r->slug, r->what, r->why, r->fix,
           r->source);
    bool ever = false;
    printf("  When:  ");
    for (unsigned c = 0; c < CONTEXT_COUNT; c++) {
        if (r->severity[c] == SEVERITY_OFF)
            continue;
        printf("%s %s %s", ever ? "," : "", r->flags & RULE_CLUSTER ? "audit" : context_names[c],
               severity_word(r->severity[c]));
        ever = true;
    }
    puts(ever ? "\n" : " off, unless the settings, --warn or --error switch it on\n");
    print_example("Bad:", r->bad);
    printf("\n");
    print_example("Good:", r->good);
}

int command_explain(int argc, char **argv)
{
    static const struct options options = {
        .command = "explain", .help = explain_help, .operands_most = SIZE_MAX};
    struct operands rules;
    int code = options_read(&options, argc, argv, NULL, &rules);
    if (code != OPTIONS_READ)
        return code;
    if (!rules.count)
        return command_fails("explain", "no rule given; 'brgate rules' lists them");
    unsigned printed = 0;
    code = EXIT_CLEAN;
    for (size_t i = 0; i < rules.count; i++) {
        size_t rule;
        struct error why;
        if (!policy_rule(slice_of(rules.items[i]), &rule, &why)) {
            code = command_fails("explain", "%s", why.text);
            continue;
        }
        fputs(printed++ ? "\n" : "", stdout);
        print_rule(rule_at(rule));
    }
    int printed_all = command_printed("explain");
    return printed_all == EXIT_CLEAN ? code : printed_all;
}
