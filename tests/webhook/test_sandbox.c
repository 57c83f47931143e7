/* What the process may and may not do once it serves, in children that enter the sandbox. */
#include "check.h"

#include "sandbox.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

/* ---- what is refused: each returns what the system call did ---- */

static long run_a_program(void)
{
    return execl("/bin/true", "true", (char *)NULL);
}

static long run_an_open_program(void)
{
    return syscall(SYS_execveat, 0, "/bin/true", NULL, NULL, 0);
}

static long become_two(void)
{
    return fork();
}

static long become_two_by_clone3(void)
{
    unsigned long arguments[11] = {0};
    return syscall(SYS_clone3, arguments, sizeof arguments);
}

static long write_a_file(void)
{
    return open("/dev/null", O_WRONLY);
}

static long create_a_file(void)
{
    return open("/tmp", O_TMPFILE | O_RDWR, 0600);
}

static long remove_a_file(void)
{
    return unlink("/tmp/no-such-file");
}

static long map_executable_memory(void)
{
    void *p = mmap(NULL, 4096, PROT_READ | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    return p == MAP_FAILED ? -1 : 0;
}

static long make_memory_executable(void)
{
    void *p = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    assert_true(p != MAP_FAILED);
    return mprotect(p, 4096, PROT_READ | PROT_EXEC);
}

static long trace_a_process(void)
{
    return ptrace(PTRACE_ATTACH, getppid(), NULL, NULL);
}

static long signal_a_process(void)
{
    return kill(1, 0);
}

static long signal_a_thread(void)
{
    return syscall(SYS_tgkill, getppid(), getppid(), 0);
}

static long raise_a_limit(void)
{
    return setrlimit(RLIMIT_NOFILE, &(struct rlimit){64, 64});
}

static long inject_input(void)
{
    return syscall(SYS_ioctl, 0, 0x5412 /* TIOCSTI */, "x");
}

static long listen_at_a_socket(void)
{
    return listen(0, 1);
}

static long open_a_packet_socket(void)
{
    return socket(AF_PACKET, SOCK_RAW, 0);
}

static long use_io_uring(void)
{
    return syscall(SYS_io_uring_setup, 1, NULL);
}

static long make_a_namespace(void)
{
    return unshare(CLONE_NEWUSER);
}

static long load_a_program_into_the_kernel(void)
{
    return syscall(SYS_bpf, 0, NULL, 0);
}

static long change_user(void)
{
    return syscall(SYS_setuid, 0);
}

static long connect_to_a_host(void)
{
    return socket(AF_INET, SOCK_STREAM, 0);
}

static const struct refused {
    const char *label;
    long (*call)(void);
    bool client_may;
    int error; /* 0: EPERM */
} refused[] = {
    {"run a program", run_a_program, false, 0},
    {"run an open program", run_an_open_program, false, 0},
    {"become two", become_two, false, 0},
    {"become two by clone3", become_two_by_clone3, false, ENOSYS},
    {"write a file", write_a_file, false, 0},
    {"create a file", create_a_file, false, 0},
    {"remove a file", remove_a_file, false, 0},
    {"map executable memory", map_executable_memory, false, 0},
    {"make memory executable", make_memory_executable, false, 0},
    {"trace a process", trace_a_process, false, 0},
    {"signal a process", signal_a_process, false, 0},
    {"signal a thread of another process", signal_a_thread, false, 0},
    {"raise a limit", raise_a_limit, false, 0},
    {"inject input", inject_input, false, 0},
    {"listen at a socket", listen_at_a_socket, false, 0},
    {"open a packet socket", open_a_packet_socket, false, 0},
    {"use io_uring", use_io_uring, false, 0},
    {"make a namespace", make_a_namespace, false, 0},
    {"load a program into the kernel", load_a_program_into_the_kernel, false, 0},
    {"change user", change_user, false, 0},
    {"connect to a host", connect_to_a_host, true, 0},
};

/* ---- what goes on ---- */

static void *nothing(void *context)
{
    return context;
}

static bool starts_a_thread(void)
{
    pthread_t thread;
    void *result = NULL;
    int word = 0;
    return pthread_create(&thread, NULL, nothing, &word) == 0 && pthread_join(thread, &result) == 0 &&
           result == &word;
}

static bool takes_and_gives_memory(void)
{
    enum { LARGE = 64 << 20 };
    char *p = malloc(LARGE);
    char *more = p ? realloc(p, 2 * (size_t)LARGE) : NULL;
    free(more ? more : p);
    return more != NULL;
}

static bool reads_a_file(void)
{
    char text[16];
    int fd = open("/proc/self/statm", O_RDONLY | O_CLOEXEC);
    bool read_it = fd >= 0 && read(fd, text, sizeof text) > 0;
    close(fd);
    return read_it;
}

static bool reads_the_time(void)
{
    struct timespec now;
    return syscall(SYS_clock_gettime, CLOCK_MONOTONIC, &now) == 0 &&
           nanosleep(&(struct timespec){0, 1}, NULL) == 0;
}

/* Calls that getaddrinfo() needs beside sockets, which only a client has. */
static bool looks_a_name_up(void)
{
    struct addrinfo hints = {.ai_socktype = SOCK_STREAM, .ai_flags = AI_ADDRCONFIG}, *found = NULL;
    bool done = getaddrinfo("localhost", "443", &hints, &found) == 0;
    if (done)
        freeaddrinfo(found);
    return done;
}

static const struct granted {
    const char *label;
    bool (*does)(void);
    bool client_only;
} granted[] = {{"start a thread", starts_a_thread, false},
               {"take and give memory", takes_and_gives_memory, false},
               {"read a file", reads_a_file, false},
               {"read the time", reads_the_time, false},
               {"look a name up", looks_a_name_up, true}};

/* Runs in a child of its own, so that one row cannot spoil the next; true when it is as the row says. */
static bool holds_in_a_child(const struct refused *r, const struct granted *g, bool client)
{
    int status;
    pid_t id = fork();
    assert_true(id >= 0);
    if (id == 0) {
        struct error error;
        if (!sandbox_enter(client, &error))
            _exit(2);
        if (g)
            _exit(!g->does());
        errno = 0;
        bool did = r->call() != -1;
        _exit(client && r->client_may ? !did : did || errno != (r->error ? r->error : EPERM));
    }
    assert_int_equal(waitpid(id, &status, 0), id);
    return WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

static void nothing_else_is_possible(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(refused); i++)
        for (int client = 0; client < 2; client++)
            assert_row(refused[i].label, holds_in_a_child(&refused[i], NULL, client));
}

static void what_a_server_does_is(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(granted); i++)
        for (int client = granted[i].client_only; client < 2; client++)
            assert_row(granted[i].label, holds_in_a_child(NULL, &granted[i], client));
}

/* An assertion that does not hold ends the process as it always does. */
static void an_abort_is_one(void **state)
{
    (void)state;
    int status;
    pid_t id = fork();
    if (id == 0) {
        struct error error;
        setrlimit(RLIMIT_CORE, &(struct rlimit){0, 0});
        if (sandbox_enter(false, &error))
            abort();
        _exit(2);
    }
    assert_int_equal(waitpid(id, &status, 0), id);
    assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGABRT);
}

/* Threads that are there already are inside too. */
static void *run_later(void *context)
{
    int *gate = context;
    char byte;
    if (read(gate[0], &byte, 1) != 1)
        return NULL;
    return run_a_program() == -1 && errno == EPERM ? context : NULL;
}

static void all_threads_are_inside(void **state)
{
    (void)state;
    int gate[2], status;
    assert_int_equal(pipe(gate), 0);
    pid_t id = fork();
    if (id == 0) {
        pthread_t thread;
        void *result = NULL;
        struct error error;
        pthread_create(&thread, NULL, run_later, gate);
        if (!sandbox_enter(false, &error) || write(gate[1], "x", 1) != 1)
            _exit(2);
        pthread_join(thread, &result);
        _exit(result != gate);
    }
    assert_int_equal(waitpid(id, &status, 0), id);
    assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 0);
    close(gate[0]);
    close(gate[1]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(nothing_else_is_possible),
        cmocka_unit_test(what_a_server_does_is),
        cmocka_unit_test(an_abort_is_one),
        cmocka_unit_test(all_threads_are_inside),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
