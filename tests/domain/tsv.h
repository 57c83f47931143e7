/* Tables of test rows: one row a line, columns between tabs, lines beginning with "//" and empty ones are
 * skipped. In a column \t \n \r \\ and \xHH are escapes. Missing columns are empty. */
#ifndef BRGATE_TSV_H
#define BRGATE_TSV_H

#include "check.h"

#include <stdlib.h>
#include <string.h>

enum { TSV_COLUMNS = 10 };

struct tsv_row {
    char label[300];
    slice column[TSV_COLUMNS];
    size_t columns;
};

static inline slice tsv_unescape(char *text)
{
    char *out = text;
    for (const char *in = text; *in;) {
        if (*in != '\\') {
            *out++ = *in++;
            continue;
        }
        static const char names[] = "tnr\\", values[] = "\t\n\r\\";
        const char *name = strchr(names, in[1]);
        if (in[1] == 'x') {
            char hex[3] = {in[2], in[3], 0};
            *out++ = (char)strtol(hex, NULL, 16);
            in += 4;
        } else {
            assert_true(name && *name);
            *out++ = values[name - names];
            in += 2;
        }
    }
    return (slice){text, (size_t)(out - text)};
}

/* Calls `check` for each row of the file, which is named relative to the repository; returns the count. */
static inline size_t tsv_each(const char *path, void (*check)(const struct tsv_row *row))
{
    FILE *file = fopen(path, "r");
    if (!file) {
        print_error("%s: cannot be opened\n", path);
        fail();
    }
    char *line = NULL;
    size_t room = 0, rows = 0, number = 0;
    while (getline(&line, &room, file) >= 0) {
        number++;
        line[strcspn(line, "\n")] = 0;
        if (!line[0] || strncmp(line, "//", 2) == 0)
            continue;
        struct tsv_row row = {0};
        snprintf(row.label, sizeof row.label, "%s:%zu: %.200s", path, number, line);
        for (char *at = line; at && row.columns < TSV_COLUMNS;) {
            char *column = strsep(&at, "\t");
            row.column[row.columns++] = tsv_unescape(column);
        }
        check(&row);
        rows++;
    }
    free(line);
    fclose(file);
    return rows;
}

#endif
