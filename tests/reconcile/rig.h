/* A machine with a server that answers at once, and a log of what it writes. */
#ifndef BRGATE_TEST_RIG_H
#define BRGATE_TEST_RIG_H

#include "check.h"

#include "api.h"

enum { MOST_WRITES = 64, MOST_OPEN = 16, LINE_BYTES = 200 };

struct rig {
    struct simulation s;
    struct api api;
    struct machine *m;
    struct machine_moment now;
    struct {
        uint64_t id;
        const char *group_version, *resource;
        size_t cursor;
    } watches[MOST_OPEN];
    char writes[MOST_WRITES][LINE_BYTES]; /* "POST backups", "PATCH backupschedules/status a" */
    char notes[MOST_WRITES][LINE_BYTES];
    char event[1200]; /* the last one for users: its body */
    size_t write_count, note_count, request_count, list_count, lists_before_write, lists_elsewhere;
    const char *refused_resource; /* answers `refused_status` to every request of it */
    bool refuses_all;             /* the same for all resources */
    int refused_status;           /* 403 unless set; 0: there is no answer */
    const char *refused_verb;     /* only of that; NULL: all */
    const char *refusal;          /* the body */
    bool silent;                  /* the lease is never answered */
    const char *deaf_to;          /* watches of this resource show nothing */
};

/* The set-up of a group of tests, and its end. */
int rig_set_up(void **state);
int rig_tear_down(void **state);

extern const struct machine_settings rig_usual; /* the default kinds; the gate is the rig's */

void rig_open(struct rig *r, const struct machine_settings *settings);
void rig_close(struct rig *r);

/* Lets that much time pass; ends early when the machine has ended. */
void rig_run(struct rig *r, int64_t seconds);
void rig_tell(struct rig *r, const struct machine_event *e);

/* Lines that begin with `start`. */
bool has_line(char (*lines)[LINE_BYTES], size_t count, const char *start);
size_t count_lines(char (*lines)[LINE_BYTES], size_t count, const char *start);

/* Another client creates an object, or deletes it. */
struct node *rig_add(struct rig *r, slice json);
void rig_take_away(struct rig *r, struct node *o);
struct node *rig_schedule(struct rig *r, const char *name); /* in prod */

#endif
