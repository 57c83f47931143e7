/* `brgate serve` as a child process that is looked at from outside. */
#ifndef BRGATE_CHILD_H
#define BRGATE_CHILD_H

#include <stdbool.h>
#include <sys/types.h>

struct child {
    pid_t id;
    unsigned port, health;
    char log[96]; /* its standard error */
};

/* Says what is wrong, ends the child that was started last, and exits. */
_Noreturn void give_up(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* A directory of this process, removed at its end; a path in it (the text is the caller's). */
const char *work_directory(void);

/* `arguments` end with NULL and follow `serve` with ports the system chooses; `preload` is a library or NULL.
 * Returns when the server is ready. */
void child_start(struct child *c, const char *brgate, const char *const *arguments, const char *preload);
void child_end(struct child *c); /* SIGTERM; anything but an orderly end is a failure */

double child_metric(const struct child *c, const char *sample); /* "brgate_x{y=\"z\"}"; -1: there is none */
void child_await(const struct child *c, const char *sample, double least);
double child_memory(const struct child *c);  /* resident, MiB */
double child_peak(const struct child *c);    /* the most that was ever resident */
double child_seconds(const struct child *c); /* of processor time */

#endif
