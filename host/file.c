/* Reads files into an arena. */
#include "file.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <stdio.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

enum { FIRST_ROOM = 64 << 10 };

/* Returns 0 or an errno. `room` is a first guess; the buffer grows. */
static int read_all(struct arena *a, int fd, size_t room, size_t most, slice *ret)
{
    char *p = arena_try_bytes(a, room);
    for (size_t n = 0; p;) {
        ssize_t got = read(fd, p + n, (room < most ? room : most) - n);
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0)
            return errno;
        n += (size_t)got;
        if (got == 0 || n == most) {
            *ret = (slice){p, n};
            return 0;
        }
        if (n < room)
            continue;
        room = room < most / 2 ? room * 2 : most;
        char *wider = arena_try_bytes(a, room);
        if (wider)
            memcpy(wider, p, n);
        p = wider;
    }
    return ENOMEM;
}

/* One byte more than the size, so that the end of the file shows without another buffer. */
static size_t room_for(const struct stat *s, size_t most)
{
    size_t size = S_ISREG(s->st_mode) ? (size_t)s->st_size + 1 : FIRST_ROOM;
    return size < most ? size : most;
}

/* mkfifo(1) makes a pipe in a file system, pipe(2) one outside. */
static bool is_named_pipe(int fd, const struct stat *s)
{
    struct statfs f;
    return S_ISFIFO(s->st_mode) && fstatfs(fd, &f) == 0 && f.f_type != PIPEFS_MAGIC;
}

static int read_stream(struct arena *a, int fd, size_t most, slice *ret)
{
    struct stat s;
    if (fstat(fd, &s) != 0)
        return errno;
    if (is_named_pipe(fd, &s))
        return ENOTSUP;
    return S_ISDIR(s.st_mode) ? EISDIR : read_all(a, fd, room_for(&s, most), most, ret);
}

bool file_is_stdin(const char *path)
{
    return !strcmp(path, "-");
}

const char *file_shown(const char *path, const char *stdin_name)
{
    return file_is_stdin(path) ? stdin_name : path;
}

int file_read_stream(struct arena *a, const char *path, size_t most, slice *ret)
{
    if (file_is_stdin(path))
        return read_stream(a, STDIN_FILENO, most, ret);
    int fd =
        open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK); /* a pipe without a writer opens at once */
    if (fd < 0)
        return errno;
    fcntl(fd, F_SETFL, 0);
    int error = read_stream(a, fd, most, ret);
    close(fd);
    return error;
}

const char *file_why(int error)
{
    return error == ENOTSUP ? "a named pipe, which may have no writer: give - and redirect it"
                            : strerror(error);
}

static const char *read_regular(struct arena *a, int fd, size_t most, slice *ret)
{
    struct stat s;
    if (fstat(fd, &s) != 0)
        return strerror(errno);
    if (!S_ISREG(s.st_mode))
        return S_ISDIR(s.st_mode) ? "expected a file, not a folder" : "expected a regular file";
    int error = read_all(a, fd, room_for(&s, most + 1), most + 1, ret);
    return error == ENOMEM ? "out of memory" : error ? strerror(error) : NULL;
}

bool file_read(struct arena *a, const char *path, size_t most, slice *ret, struct error *reterr)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
    if (fd < 0)
        return error_set(reterr, "%s: %s", path, strerror(errno));
    const char *why = read_regular(a, fd, most, ret);
    close(fd);
    if (why)
        return error_set(reterr, "%s: %s", path, why);
    return ret->n <= most || error_set(reterr, "%s: the file is larger than %zu KiB", path, most >> 10);
}
