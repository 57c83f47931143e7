/* A running server with the tests' handler, on ports that the system chooses. */
#ifndef BRGATE_FIXTURE_H
#define BRGATE_FIXTURE_H

#include "check.h"

#include "certificate.h"
#include "peer.h"
#include "server.h"

struct fixture {
    struct server_options options;
    struct server *server;
    struct arena *arena;
    struct certificate_pair pair;
    char directory[64];
    unsigned port, health;
    int log[2]; /* a pipe; what the server logs stays in it */
};

/* Defaults for tests: loopback, short deadlines off, a self-signed pair in memory. */
void fixture_new(struct fixture *f);
void fixture_start(struct fixture *f);
void fixture_end(struct fixture *f); /* stops the server too */

/* Runs cmocka tests with one running server as their state. `configure` (or NULL) changes the options before it
 * starts. */
int fixture_run(const struct CMUnitTest *tests, size_t count, void (*configure)(struct server_options *o));

/* A fresh self-signed pair for localhost. */
struct certificate_pair fixture_pair(struct fixture *f);
struct certificate_pair fixture_issue(struct fixture *f, enum certificate_use use, const char *name,
                                      const struct certificate_pair *issuer);

/* Files below the fixture's directory, which is made at the first. */
const char *fixture_path(struct fixture *f, const char *name);
void fixture_write(struct fixture *f, const char *name, slice text);

/* The value of a sample on the metrics page ("brgate_x{label=\"y\"}"), or -1. */
double fixture_metric(struct fixture *f, const char *sample);
/* Waits until a sample has a value; false when it never gets it. What follows an answer (counting, closing)
 * is seen a moment later than the answer. */
bool fixture_becomes(struct fixture *f, const char *sample, double value);
int fixture_health(struct fixture *f, const char *path); /* the status of a GET */

/* Everything logged so far, after the server has stopped. */
const char *fixture_log(struct fixture *f);

#endif
