/* Keeps the best choice for each rule while the members are added. */
#include "crowd.h"

#include <stddef.h>

/* While an answer goes out, no more is read. */
static bool is_ours(const struct crowd_member *m)
{
    return m->unread && !m->answer;
}

static bool is_due(const struct crowd_member *m, uint64_t now, uint64_t longer_than)
{
    return m->phase == PHASE_REQUEST && m->due && !is_ours(m) && now > m->since + longer_than;
}

bool crowd_stalled(const struct crowd_member *m, uint64_t now)
{
    return is_due(m, now, STALLED_MS);
}

/* Of those that have waited equally long, the first counts. */
static void choose(struct crowd_choice *best, uint64_t since, void *who)
{
    if (!best->who || since < best->since)
        *best = (struct crowd_choice){who, since};
}

struct crowd crowd_begin(unsigned places, uint64_t now)
{
    return (struct crowd){.now = now, .places = places};
}

void crowd_add(struct crowd *c, const struct crowd_member *m, void *who)
{
    if (crowd_stalled(m, c->now))
        choose(&c->stalled, m->since, who);
    if (m->answer && is_due(m, c->now, YIELD_MS))
        choose(&c->answer, m->since, who);
    if (!m->known) {
        c->unserved_count++;
        if (!c->unserved.who)
            c->unserved.who = who;
    } else if (m->phase == PHASE_IDLE && !m->unread) {
        choose(&c->idle, m->since, who);
    } else {
        choose(&c->busy, is_ours(m) ? c->now : m->since, who);
    }
}

void *crowd_victim(const struct crowd *c)
{
    if (c->stalled.who)
        return c->stalled.who;
    if (c->unserved_count > c->places / 2)
        return c->unserved.who;
    if (c->idle.who)
        return c->idle.who;
    return c->busy.who ? c->busy.who : c->unserved.who;
}

void *crowd_yielder(const struct crowd *c)
{
    return c->answer.who;
}
