/* Shared by the commands that report findings: the options for the report, the rules and the settings file. */
#ifndef BRGATE_REPORTING_H
#define BRGATE_REPORTING_H

#include "command.h"
#include "config.h"
#include "options.h"
#include "report.h"

enum { REPORTING_BYTES = 256 << 20 }; /* of one file's findings */

struct level_flag {
    enum policy_level level;
    slice rules; /* separated by commas */
};

/* The first member of a command's settings. */
struct reporting {
    const char *command;
    struct arena *arena;
    const struct report_format *format;
    const char *output, *config;
    bool quiet, no_config;
    unsigned fail_on, color; /* enum fail_on; of reporting_colors */
    struct level_flag *levels;
    size_t level_count;
};

extern const char *const reporting_colors[];
extern const char *const reporting_fail_on[];

/* The functions that take the values of REPORTING_OPTIONS(): `settings` begins with a struct reporting, which keeps the
 * value. False with one line in `reterr` when the value is not usable. */
bool reporting_take_format(void *settings, const struct option *o, const char *value, struct error *reterr);
/* See reporting_take_format(); --error, --warn and --off. */
bool reporting_take_level(void *settings, const struct option *o, const char *value, struct error *reterr);
/* See reporting_take_format(). */
bool reporting_take_config(void *settings, const struct option *o, const char *value, struct error *reterr);

/* Rows of an option table. */
#define REPORTING_OPTIONS(s, field)                                                                          \
    {OPTION_WORD("--fail-on", s, field.fail_on, reporting_fail_on)},                                         \
        {OPTION_TAKEN("--format", reporting_take_format)},                                                   \
        {OPTION_TEXT("--output", s, field.output), .letter = 'o'},                                           \
        {OPTION_WORD("--color", s, field.color, reporting_colors)},                                          \
        {OPTION_SWITCH("--quiet", s, field.quiet), .letter = 'q'},                                           \
        {OPTION_TAKEN("--error", reporting_take_level)}, {OPTION_TAKEN("--warn", reporting_take_level)},     \
        {OPTION_TAKEN("--off", reporting_take_level)}, {OPTION_TAKEN("--config", reporting_take_config)},    \
    {                                                                                                        \
        OPTION_SWITCH("--no-config", s, field.no_config)                                                     \
    }

/* Before the options are read. */
void reporting_begin(struct reporting *r, const char *command, struct arena *a, int argc);

/* Reads the settings file and applies the options to it. False when that cannot be done; stderr has said why. */
bool reporting_read_settings(const struct reporting *r, struct config *config);

bool reporting_colour(const struct reporting *r); /* whether the report has colours */

/* Writes the end of the report: counts, or the end of a document. */
void reporting_put_end(const struct reporting *r, struct output *out, const struct report_end *end);

#endif
