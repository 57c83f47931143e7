#include "judged.h"

#include "brgate_limits.h"
#include "command.h"
#include "file.h"
#include "report.h"
#include "timestamp.h"

#include <stdio.h>

bool judged_moment(const char *value, int64_t *ret, struct error *reterr)
{
    struct timestamp t;
    if (!timestamp_parse(slice_of(value), &t, NULL) || t.kind != TIMESTAMP_ZONED)
        return error_set(reterr, "expected a moment like 2026-01-02T15:04:05Z");
    *ret = t.ms / 1000;
    return true;
}

bool judged_read(struct arena *a, const char *command, const char *path, slice *ret)
{
    int unread = file_read_stream(a, path, LIMIT_STREAM_BYTES + 1, ret);
    if (unread)
        command_fails(command, "%s: %s", path, file_why(unread));
    return !unread;
}

void judged_print(struct arena *a, const char *path, const struct stream_verdict *stream, enum severity least)
{
    struct report_file f = report_file_of(a, slice_of(file_shown(path, "<stdin>")), stream);
    struct buf b = buf_new(a, LIMIT_RESPONSE_BYTES);
    for (size_t i = 0; i < f.count; i++)
        if (f.reported[i].diagnostic.severity >= least)
            report_put_diagnostic(&b, &f, &f.reported[i].diagnostic, false);
    fprintf(stderr, "%.*s", FMT(buf_slice(&b)));
}
