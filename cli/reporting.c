/* Options of reports and rules. */
#include "reporting.h"

#include "bug.h"
#include "suggest.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { FORMATS_MOST = 8 };

enum color { COLOR_AUTO, COLOR_ALWAYS, COLOR_NEVER };

const char *const reporting_colors[] = {
    [COLOR_AUTO] = "auto", [COLOR_ALWAYS] = "always", [COLOR_NEVER] = "never", NULL};
const char *const reporting_fail_on[] = {
    [FAIL_ON_ERROR] = "error", [FAIL_ON_WARNING] = "warning", [FAIL_ON_NEVER] = "never", NULL};

bool reporting_take_format(void *settings, const struct option *o, const char *value, struct error *reterr)
{
    struct reporting *r = settings;
    slice names[FORMATS_MOST];
    (void)o;
    BUG_IF(report_format_count > FORMATS_MOST);
    for (size_t i = 0; i < report_format_count; i++) {
        names[i] = report_formats[i].name;
        if (slice_eq(slice_of(value), names[i])) {
            r->format = &report_formats[i];
            return true;
        }
    }
    return suggest_expected(reterr, slice_of(value), names, report_format_count);
}

bool reporting_take_level(void *settings, const struct option *o, const char *value, struct error *reterr)
{
    struct reporting *r = settings;
    (void)reterr;
    enum policy_level level = !strcmp(o->name, "--error")  ? POLICY_ERROR
                              : !strcmp(o->name, "--warn") ? POLICY_WARN
                                                           : POLICY_OFF;
    r->levels[r->level_count++] = (struct level_flag){level, slice_of(value)};
    return true;
}

bool reporting_take_config(void *settings, const struct option *o, const char *value, struct error *reterr)
{
    struct reporting *r = settings;
    (void)o;
    r->config = value;
    r->no_config = false;
    return *value || error_set(reterr, "the value is empty");
}

void reporting_begin(struct reporting *r, const char *command, struct arena *a, int argc)
{
    r->command = command;
    r->arena = a;
    r->format = &report_formats[0];
    r->levels = ARENA_ARRAY(a, struct level_flag, (size_t)argc);
}

static bool set_levels(const struct reporting *r, struct policy *policy, const struct level_flag *f)
{
    struct error error;
    for (size_t at = 0; at <= f->rules.n;) {
        slice rest = slice_from(f->rules, at);
        size_t comma = slice_find_char(rest, ',');
        slice slug = slice_trim(slice_cut(rest, 0, comma));
        if (!policy_set(policy, slug, f->level, &error)) {
            command_fails(r->command, "%s", error.text);
            return false;
        }
        if (comma == SLICE_NONE)
            return true;
        at += comma + 1;
    }
    return true;
}

bool reporting_read_settings(const struct reporting *r, struct config *config)
{
    struct error error;
    if (!r->no_config && !config_load(r->arena, r->config, config, &error)) {
        command_fails(r->command, "%s", error.text);
        return false;
    }
    for (size_t i = 0; i < r->level_count; i++)
        if (!set_levels(r, &config->policy, &r->levels[i]))
            return false;
    return true;
}

bool reporting_colour(const struct reporting *r)
{
    if (r->color != COLOR_AUTO)
        return r->color == COLOR_ALWAYS;
    const char *no_color = getenv("NO_COLOR"), *term = getenv("TERM");
    return !r->output && isatty(STDOUT_FILENO) && !(no_color && *no_color) &&
           !(term && !strcmp(term, "dumb"));
}

void reporting_put_end(const struct reporting *r, struct output *out, const struct report_end *end)
{
    struct buf text = buf_new(r->arena, REPORTING_BYTES);
    r->format->put_end(&text, end);
    if (!(r->quiet && r->format->quiet_end))
        output_put(out, buf_slice(&text));
}
