/* Log lines, JSON or text, written by a thread of their own: a reader that stalls costs lines (counted),
 * never a review. More reviews than a limit, for each verdict its own, are not logged one by one: every ten seconds
 * and at the end a line says how many were left out. Lines that arrive together go out in one write(2) of at most PIPE_BUF bytes, so they are
 * never torn by another writer of the same pipe. */
#ifndef BRGATE_LOG_H
#define BRGATE_LOG_H

#include "server.h"

struct log;

/* A review's level is error when no answer could be given, and info otherwise. */
enum log_level { LOG_LEVEL_INFO, LOG_LEVEL_WARNING, LOG_LEVEL_ERROR, LOG_LEVEL_COUNT };
extern const char *const log_level_words[LOG_LEVEL_COUNT + 1]; /* NULL ends them */

/* Lines below `least` are not written. NULL when the system has no memory or threads. */
struct log *log_new(int fd, bool text, enum log_level least);
void log_close(struct log *l); /* writes what is left, for at most a second; NULL is allowed */

/* Logs an event of the server itself. */
void log_event(struct log *l, enum log_level level, const char *event, const char *format, ...)
    __attribute__((format(printf, 4, 5)));

/* Logs an event of an object in the cluster, in fields of their own; empty fields are omitted. */
struct log_object {
    slice kind, namespace, name;
};
void log_about(struct log *l, enum log_level level, const char *event, const struct log_object *about,
               slice message);

/* One review, unless too many have come; a line that does not fit is dropped. Both are counted. */
void log_review(struct log *l, struct arena *a, const struct server_handler *h, size_t endpoint,
                const struct server_answer *answer, uint64_t duration_ns);

/* Lines that did not fit, because the reader is slow; reviews that were too many to be logged one by one. */
uint64_t log_dropped(const struct log *l);
uint64_t log_left_out(const struct log *l);

#endif
