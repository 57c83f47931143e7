/* Builds a seccomp filter from a list of system calls, and one more list for clients. */
#include "sandbox.h"

#include "slice.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <seccomp.h>
#include <stdint.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <unistd.h>

struct call {
    int number;
    unsigned limits; /* 0 or 1 */
    struct scmp_arg_cmp limit;
};

/* Allowed always; if the argument (0 is the first) equals the value; or if its bits under the mask do. */
#define ANY(name)                                                                                            \
    {                                                                                                        \
        SCMP_SYS(name), 0,                                                                                   \
        {                                                                                                    \
            0                                                                                                \
        }                                                                                                    \
    }
#define IS(name, argument, value)                                                                            \
    {                                                                                                        \
        SCMP_SYS(name), 1,                                                                                   \
        {                                                                                                    \
            argument, SCMP_CMP_EQ, value, 0                                                                  \
        }                                                                                                    \
    }
#define HAS(name, argument, mask, value)                                                                     \
    {                                                                                                        \
        SCMP_SYS(name), 1,                                                                                   \
        {                                                                                                    \
            argument, SCMP_CMP_MASKED_EQ, mask, value                                                        \
        }                                                                                                    \
    }

/* Calls of glibc, GnuTLS, libmicrohttpd and brgate. A call that an architecture lacks is skipped there. */
static const struct call calls[] = {
    /* connections */
    ANY(accept4), ANY(recvfrom), ANY(recvmsg), ANY(sendto), ANY(sendmsg), ANY(shutdown), ANY(getsockname),
    ANY(getpeername), ANY(getsockopt), ANY(setsockopt), ANY(epoll_ctl), ANY(epoll_wait), ANY(epoll_pwait),
    ANY(poll), ANY(ppoll), IS(ioctl, 1, FIONREAD),
    /* certificates, policies and /proc are read; the log is written */
    HAS(openat, 2, O_ACCMODE | O_CREAT | O_TRUNC, O_RDONLY), ANY(read), ANY(pread64), ANY(lseek), ANY(fstat),
    ANY(newfstatat), ANY(statx), ANY(fcntl), ANY(close), ANY(write), ANY(writev),
    /* memory, none of it executable */
    ANY(brk), HAS(mmap, 2, PROT_EXEC, 0), HAS(mprotect, 2, PROT_EXEC, 0), ANY(munmap), ANY(mremap),
    ANY(madvise),
    /* threads, and no other processes */
    HAS(clone, 0, CLONE_THREAD, CLONE_THREAD), ANY(futex), ANY(set_robust_list), ANY(rseq), ANY(sched_yield),
    ANY(sched_getaffinity), IS(prctl, 0, PR_SET_NAME), ANY(gettid), ANY(getpid), ANY(exit), ANY(exit_group),
    /* time and signals */
    ANY(clock_gettime), ANY(clock_getres), ANY(clock_nanosleep), ANY(gettimeofday), ANY(nanosleep),
    ANY(restart_syscall), ANY(rt_sigaction), ANY(rt_sigprocmask), ANY(rt_sigreturn), ANY(rt_sigtimedwait),
    /* what the system is */
    ANY(getrandom), ANY(getrusage), IS(prlimit64, 2, 0), ANY(sysinfo), ANY(uname), ANY(getuid), ANY(geteuid),
    ANY(getgid), ANY(getegid)};

/* libcurl, whose threads look names up. */
static const struct call client_calls[] = {IS(socket, 0, AF_INET),
                                           IS(socket, 0, AF_INET6),
                                           IS(socket, 0, AF_NETLINK),
                                           ANY(socketpair),
                                           ANY(bind),
                                           ANY(connect),
                                           ANY(sendmmsg),
                                           ANY(pipe2),
                                           ANY(eventfd2)};

static int add(scmp_filter_ctx filter, const struct call *allowed, size_t count)
{
    int error = 0;
    for (size_t i = 0; !error && i < count; i++)
        error = seccomp_rule_add_array(filter, SCMP_ACT_ALLOW, allowed[i].number, allowed[i].limits,
                                       &allowed[i].limit);
    return error;
}

/* clone3 has its flags in memory, where a filter cannot see them: without it, glibc uses clone. */
static int fill(scmp_filter_ctx filter, bool client)
{
    int error = seccomp_attr_set(filter, SCMP_FLTATR_CTL_TSYNC, 1);
    if (!error)
        error = seccomp_rule_add(filter, SCMP_ACT_ERRNO(ENOSYS), SCMP_SYS(clone3), 0);
    if (!error) /* abort() signals the process itself */
        error = seccomp_rule_add(filter, SCMP_ACT_ALLOW, SCMP_SYS(tgkill), 1,
                                 SCMP_A0(SCMP_CMP_EQ, (scmp_datum_t)getpid(), 0));
    if (!error)
        error = add(filter, calls, COUNT(calls));
    if (!error && client)
        error = add(filter, client_calls, COUNT(client_calls));
    return error ? error : seccomp_load(filter);
}

bool sandbox_enter(bool client, struct error *reterr)
{
    scmp_filter_ctx filter = seccomp_init(SCMP_ACT_ERRNO(EPERM));
    int error = filter ? fill(filter, client) : -ENOMEM;
    if (filter)
        seccomp_release(filter);
    return !error || error_set(reterr, "the kernel takes no system call filter: %s", strerror(-error));
}
