/* Faults between two minutes of the world. */
#include "life.h"

static unsigned dice(struct life *l, unsigned below)
{
    return simulation_dice(&l->s, below);
}

static struct host *any_host(struct life *l)
{
    return &l->hosts[dice(l, HOSTS)];
}

void faults_strike(struct life *l)
{
    enum { CRASH = 40, STALL = 60, CUT = 80, CLOCK = 100, FORGET = 30, KEPT = 10, MEMORY = 100 };
    if (!l->s.faults)
        return;
    people_act(l);
    if (dice(l, CRASH) == 0)
        life_crash(l, any_host(l));
    if (dice(l, STALL) == 0) {
        any_host(l)->stalled_until = l->ms + dice(l, 150000);
        life_trace(l, "a host stalls");
    }
    if (dice(l, CUT) == 0) {
        any_host(l)->cut_until = l->ms + dice(l, 300000);
        life_trace(l, "a host does not reach the lease");
    }
    if (dice(l, CLOCK) == 0) {
        any_host(l)->wall_offset = (int64_t)dice(l, 2 * MOST_CLOCK_ERROR) - MOST_CLOCK_ERROR;
        life_trace(l, "a clock is set");
    }
    struct host *h = any_host(l);
    if (dice(l, MEMORY) == 0 && h->m)
        machine_fail_at(h->m, 1 + dice(l, 300));
    if (dice(l, FORGET) == 0)
        api_forget(&l->api, KEPT);
}
