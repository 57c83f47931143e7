#include "source.h"

#include "brgate_limits.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

enum { MOST = LIMIT_STREAM_BYTES + 1 };

static bool read_all(struct arena *a, int fd, slice *ret)
{
    struct stat s;
    if (fstat(fd, &s) != 0)
        return false;
    if (S_ISDIR(s.st_mode)) {
        errno = EISDIR;
        return false;
    }
    /* One byte more than the size, so that the end of the file shows without another buffer. */
    size_t room = S_ISREG(s.st_mode) && s.st_size < MOST ? (size_t)s.st_size + 1 : 64 << 10, n = 0;
    char *p = arena_try(a, room);
    while (p) {
        ssize_t got = read(fd, p + n, (room < MOST ? room : MOST) - n);
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0)
            return false;
        n += (size_t)got;
        if (got == 0 || n == MOST) {
            *ret = (slice){p, n};
            return true;
        }
        if (n < room)
            continue;
        char *wider = arena_try(a, room * 2);
        if (wider)
            memcpy(wider, p, n);
        p = wider;
        room *= 2;
    }
    errno = ENOMEM;
    return false;
}

bool source_read(struct arena *a, const char *name, slice *ret)
{
    if (!strcmp(name, "-"))
        return read_all(a, STDIN_FILENO, ret);
    int fd = open(name, O_RDONLY | O_CLOEXEC | O_NOCTTY);
    if (fd < 0)
        return false;
    bool ok = read_all(a, fd, ret);
    int error = errno;
    close(fd);
    errno = error;
    return ok;
}
