/* Errors and output of the subcommands. */
#include "command.h"

#include "file.h"
#include "options.h"
#include "say.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>

int command_fails(const char *command, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    say_of(command, format, args);
    va_end(args);
    return EXIT_UNABLE;
}

int command_reads_file(const struct options *o, int argc, char **argv, void *settings, const char **ret_file)
{
    struct operands files;
    int status = options_read(o, argc, argv, settings, &files);
    if (status == OPTIONS_READ)
        *ret_file = files.count ? files.items[0] : "-";
    return status;
}

int command_reads_once(const char *command, const char *file, const char *option, const char *named)
{
    if (named && file_is_stdin(named) && file_is_stdin(file))
        return command_fails(command, "FILE and %s cannot both be standard input", option);
    return OPTIONS_READ;
}

int command_printed(const char *command)
{
    struct output out;
    output_open(&out, command, NULL);
    return output_close(&out) ? EXIT_CLEAN : EXIT_UNABLE;
}

bool output_open(struct output *o, const char *command, const char *path)
{
    *o = (struct output){command, path, path ? fopen(path, "we") : stdout};
    if (!o->stream)
        command_fails(command, "%s: %s", path, strerror(errno));
    return o->stream;
}

void output_put(struct output *o, slice text)
{
    if (text.n)
        fwrite(text.p, 1, text.n, o->stream);
}

bool output_close(struct output *o)
{
    bool failed = fflush(o->stream) != 0 || ferror(o->stream);
    int error = errno;
    if (o->path && fclose(o->stream) != 0 && !failed) {
        failed = true;
        error = errno;
    }
    if (failed)
        command_fails(o->command, "%s: %s", o->path ? o->path : "standard output", strerror(error));
    return !failed;
}
