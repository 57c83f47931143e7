/* Rotation: every interleaving of two replicas, the passing of time, crashes and lost writes, to the last
 * state; and the claim of rotation.h checked in each.
 *
 * The model has no certificates: a leaf is a number, its CA the bit of that number, a bundle a set of bits.
 * Time goes in ticks, at any moment. An API server uses a bundle for up to SETTLE ticks after it has been
 * replaced. A replica's clock may be ahead or behind; API servers go by the true one. */
#include "check.h"

#include "bundle.h"
#include "rotation.h"

#include <stdlib.h>
#include <string.h>

enum { REPLICAS = 2, HOOKS = 2, LEAVES = 4, SETTLE = 1, NEVER = 0xff };

enum { EPOCH = 1000 }; /* tick 0 as rotation_next() sees it */

struct secret {
    uint8_t exists, current, next, cas; /* leaves from 1; 0: none */
};

enum phase { LOOK_SECRET, LOOK_FIRST, LOOK_SECOND, WRITE_SECRET, WRITE_FIRST, WRITE_SECOND };

struct replica {
    uint8_t phase, action;
    struct secret secret;               /* as it was read */
    uint8_t bundle[HOOKS];              /* as read */
    uint8_t stale_secret, stale[HOOKS]; /* another observer has written since: our version will be refused */
    uint8_t served, ready;
    uint8_t seen[LEAVES + 1]; /* ticks for which it has been seen covered, SETTLE at most; or NEVER */
    uint8_t cas;              /* what it would have in each bundle */
    int8_t skew;              /* ticks that its clock is ahead */
    uint8_t fresh;            /* since the Secret was deleted, it began with nothing to serve */
};

struct world {
    uint8_t tick, made, life;
    uint8_t born[LEAVES + 1];
    struct secret secret;
    uint8_t bundle[HOOKS];
    uint16_t used[HOOKS][SETTLE]; /* bundles (a bit for each set) that were replaced so many ticks ago */
    struct replica replicas[REPLICAS];
    uint8_t meddled;
    uint8_t overwritten; /* a user has emptied the bundles */
    uint8_t lost;        /* a valid CA has left a bundle, by a replica's doing */
};

struct search {
    struct rotation_policy policy;
    unsigned horizon;                    /* ticks */
    unsigned hooks;                      /* configurations: one or two */
    unsigned life;                       /* of a leaf, ticks */
    bool crashes, meddling, overwriting; /* what may happen besides */
    int8_t skews[REPLICAS];
    bool one_clock; /* replicas judge by their own clock alone */
    uint64_t *seen;
    size_t capacity, count;
    struct world *stack;
    size_t depth, room;
    bool violated;
    struct world witness;
};

static uint8_t bit(unsigned leaf)
{
    return (uint8_t)(leaf ? 1U << (leaf - 1) : 0);
}

static bool alive_at(const struct world *w, unsigned leaf, int tick)
{
    return tick <= w->born[leaf] + w->life;
}

static bool alive(const struct world *w, unsigned leaf)
{
    return alive_at(w, leaf, w->tick);
}

static uint8_t outlived_at(const struct world *w, uint8_t cas, int tick)
{
    uint8_t set = 0;
    for (unsigned leaf = 1; leaf <= w->made; leaf++)
        if (tick > w->born[leaf] + w->life + w->life / BUNDLE_OUTLIVED_PART)
            set |= bit(leaf);
    return cas & set;
}

/* ---- the claim ---- */

static bool believed(const struct world *w, unsigned bundle, unsigned leaf)
{
    for (unsigned other = 1; other <= w->made; other++)
        if ((bundle & bit(other)) && alive(w, other))
            return bundle & bit(leaf);
    return true; /* this API server trusts no certificate: reviews fail with any certificate */
}

static bool review_fails(const struct world *w, unsigned hooks, bool meddling)
{
    for (unsigned r = 0; r < REPLICAS; r++) {
        unsigned leaf = w->replicas[r].served;
        if (!w->replicas[r].ready || !leaf || !alive(w, leaf) || (meddling && w->replicas[r].fresh))
            continue;
        for (unsigned h = 0; h < hooks; h++) {
            unsigned used = 1U << w->bundle[h];
            for (unsigned age = 0; age < SETTLE; age++)
                used |= w->used[h][age];
            for (unsigned bundle = 0; bundle < 16; bundle++)
                if ((used >> bundle & 1) && !believed(w, bundle, leaf))
                    return true;
        }
    }
    return false;
}

/* ---- what a replica does ---- */

/* The clock by which it judges what it sees. */
static int judged_at(const struct search *s, const struct world *w, const struct replica *r)
{
    return w->tick + (s->one_clock ? r->skew : 0);
}

static struct rotation_leaf leaf_of(const struct world *w, const struct replica *r, unsigned leaf, int now)
{
    struct rotation_leaf l = {0};
    if (!leaf)
        return l;
    l.usable = alive_at(w, leaf, now) && (r->secret.cas & bit(leaf));
    l.covered = r->seen[leaf] != NEVER;
    l.covered_for = l.covered ? r->seen[leaf] : 0;
    l.not_before = EPOCH + w->born[leaf];
    l.not_after = EPOCH + w->born[leaf] + w->life;
    return l;
}

static uint8_t merged(const struct world *w, uint8_t bundle, uint8_t cas, int now)
{
    uint8_t all = bundle | cas;
    return all & (uint8_t)~outlived_at(w, all, now);
}

static void see(const struct world *w, struct replica *r, int now)
{
    for (unsigned leaf = 1; leaf <= LEAVES; leaf++) {
        bool named = leaf == r->secret.current || leaf == r->secret.next;
        bool covered = (r->bundle[0] & r->bundle[1] & bit(leaf)) && leaf <= w->made && alive_at(w, leaf, now);
        if (!named || !covered)
            r->seen[leaf] = NEVER;
        else if (r->seen[leaf] == NEVER)
            r->seen[leaf] = 0;
    }
}

static void decide(const struct search *s, const struct world *w, struct replica *r)
{
    int now = judged_at(s, w, r);
    see(w, r, now);
    r->cas = r->secret.cas | bit(r->served);
    struct rotation_view v = {
        .server_now = s->one_clock ? 0 : EPOCH + w->tick,
        .secret = r->secret.exists,
        .current = leaf_of(w, r, r->secret.current, now),
        .has_next = r->secret.next,
        .next = leaf_of(w, r, r->secret.next, now),
        .cas_outlived = outlived_at(w, r->secret.cas, now),
        .bundles_seen = true,
        .bundles_complete = merged(w, r->bundle[0], r->cas, now) == r->bundle[0] &&
                            merged(w, r->bundle[1], r->cas, now) == r->bundle[1],
    };
    bool serving = r->served && (alive_at(w, r->served, now) || alive_at(w, r->served, w->tick + r->skew));
    if (r->served != r->secret.current && rotation_may_serve(&s->policy, serving, &v.current)) {
        r->served = r->secret.current;
        r->fresh = w->meddled && !serving;
    }
    if (!serving && r->served != r->secret.current)
        r->ready = false;
    else if (r->bundle[0] & r->bundle[1] & bit(r->served))
        r->ready = true;
    r->action = (uint8_t)rotation_next(&s->policy, &v, EPOCH + w->tick + r->skew).action;
    r->phase = !rotation_writes(r->action)     ? LOOK_SECRET
               : r->action == ROTATION_PUBLISH ? WRITE_FIRST
                                               : WRITE_SECRET;
}

static uint8_t make(struct world *w)
{
    w->made++;
    w->born[w->made] = w->tick;
    return w->made;
}

/* False when the model has no more leaves. */
static bool write_secret(struct world *w, struct replica *r, int clock)
{
    struct secret *now = &w->secret;
    r->phase = LOOK_SECRET;
    if (r->stale_secret)
        return true;
    if (r->action <= ROTATION_PREPARE && w->made == LEAVES)
        return false;
    switch (r->action) {
    case ROTATION_CREATE:
    case ROTATION_REPLACE: {
        uint8_t leaf = make(w);
        *now = (struct secret){1, leaf, 0, merged(w, r->secret.cas, bit(leaf), clock)};
        break;
    }
    case ROTATION_PREPARE:
        now->next = make(w);
        now->cas = merged(w, r->secret.cas, bit(now->next), clock);
        break;
    case ROTATION_SWITCH:
        now->current = r->secret.next;
        now->next = 0;
        break;
    default:
        now->cas = merged(w, r->secret.cas, 0, clock);
    }
    for (unsigned i = 0; i < REPLICAS; i++)
        w->replicas[i].stale_secret = true;
    return true;
}

static void write_bundle(struct world *w, struct replica *r, unsigned hook, int clock)
{
    uint8_t fresh = merged(w, r->bundle[hook], r->cas, clock);
    r->phase = hook ? LOOK_SECRET : WRITE_SECOND;
    if (r->stale[hook]) /* refused: the rest is not tried */
        r->phase = LOOK_SECRET;
    else if (fresh != r->bundle[hook]) {
        w->used[hook][0] |= (uint16_t)(1U << w->bundle[hook]);
        for (unsigned leaf = 1; leaf <= w->made; leaf++)
            w->lost |= (w->bundle[hook] & ~fresh & bit(leaf)) && alive(w, leaf);
        w->bundle[hook] = fresh;
        for (unsigned i = 0; i < REPLICAS; i++)
            w->replicas[i].stale[hook] = true;
    }
}

static bool advance(const struct search *s, struct world *w, unsigned which)
{
    struct replica *r = &w->replicas[which];
    switch (r->phase) {
    case LOOK_SECRET:
        r->secret = w->secret;
        r->stale_secret = false;
        r->phase = LOOK_FIRST;
        return true;
    case LOOK_FIRST:
        r->bundle[0] = w->bundle[0];
        r->stale[0] = false;
        r->phase = LOOK_SECOND;
        if (s->hooks == 1) {
            r->bundle[1] = r->bundle[0];
            decide(s, w, r);
        }
        return true;
    case LOOK_SECOND:
        r->bundle[1] = w->bundle[1];
        r->stale[1] = false;
        decide(s, w, r);
        return true;
    case WRITE_SECRET:
        return write_secret(w, r, judged_at(s, w, r));
    default:
        write_bundle(w, r, r->phase - WRITE_FIRST, judged_at(s, w, r));
        if (s->hooks == 1)
            r->phase = LOOK_SECRET;
        return true;
    }
}

/* Values that no code reads again must not make states differ. */
static void forget(struct replica *r)
{
    if (r->phase == LOOK_SECRET) {
        r->action = 0;
        r->secret = (struct secret){0};
        r->stale_secret = false;
    }
    if (r->phase <= LOOK_SECOND)
        r->cas = 0;
    if (r->phase <= LOOK_FIRST)
        r->bundle[0] = r->stale[0] = 0;
    if (r->phase <= LOOK_SECOND || r->phase == WRITE_SECRET)
        r->bundle[1] = r->stale[1] = 0;
}

/* ---- repairs ---- */

static bool take_turn(const struct search *s, struct world *w, unsigned which)
{
    do {
        if (!advance(s, w, which))
            return false;
    } while (w->replicas[which].phase != LOOK_SECRET);
    return true;
}

/* Whether bundles that were emptied hold the CA of all that is served when both replicas have looked a few times more. No
 * time passes. */
static bool repairs(const struct search *s, struct world w)
{
    for (unsigned i = 0; i < 4 * REPLICAS; i++)
        if (!take_turn(s, &w, i % REPLICAS))
            return true; /* the model has no more leaves */
    for (unsigned i = 0; i < REPLICAS; i++)
        if (alive(&w, w.replicas[i].served) && !(w.bundle[0] & w.bundle[1] & bit(w.replicas[i].served)))
            return false;
    return true;
}

/* What must hold in each state. */
static bool holds(const struct search *s, const struct world *w)
{
    if (w->lost)
        return false;
    return w->overwritten ? repairs(s, *w) : !review_fails(w, s->hooks, s->meddling);
}

/* ---- the search ---- */

static uint64_t hash_of(const struct world *w)
{
    const unsigned char *p = (const unsigned char *)w;
    uint64_t h = 14695981039346656037U;
    for (size_t i = 0; i < sizeof *w; i++)
        h = (h ^ p[i]) * 1099511628211U;
    h ^= h >> 29;
    return h ? h : 1;
}

/* States are known by 64 bits of hash: two of some millions are the same with a chance of one in a
 * million. */
static bool is_new(struct search *s, uint64_t hash)
{
    size_t at = hash & (s->capacity - 1);
    while (s->seen[at] && s->seen[at] != hash)
        at = (at + 1) & (s->capacity - 1);
    if (s->seen[at])
        return false;
    s->seen[at] = hash;
    s->count++;
    assert_true(s->count < s->capacity / 10 * 9);
    return true;
}

static void reach(struct search *s, struct world *w)
{
    for (unsigned i = 0; i < REPLICAS; i++)
        forget(&w->replicas[i]);
    if (memcmp(&w->replicas[0], &w->replicas[1], sizeof w->replicas[0]) > 0) { /* it is all the same */
        struct replica first = w->replicas[0];
        w->replicas[0] = w->replicas[1];
        w->replicas[1] = first;
    }
    if (!is_new(s, hash_of(w)))
        return;
    if (!s->violated && !holds(s, w)) {
        s->violated = true;
        s->witness = *w;
    }
    if (s->depth == s->room) {
        s->room = s->room ? s->room * 2 : 1024;
        s->stack = realloc(s->stack, s->room * sizeof *s->stack);
        assert_non_null(s->stack);
    }
    s->stack[s->depth++] = *w;
}

static void pass_time(struct world *w)
{
    w->tick++;
    for (unsigned h = 0; h < HOOKS; h++) {
        memmove(&w->used[h][1], &w->used[h][0], (SETTLE - 1) * sizeof w->used[h][0]);
        w->used[h][0] = 0;
    }
    for (unsigned i = 0; i < REPLICAS; i++)
        for (unsigned leaf = 1; leaf <= LEAVES; leaf++)
            if (w->replicas[i].seen[leaf] < SETTLE)
                w->replicas[i].seen[leaf]++;
}

static void restart(struct replica *r)
{
    *r = (struct replica){.skew = r->skew};
    memset(r->seen, NEVER, sizeof r->seen);
}

/* The first certificate is believed by every API server. */
static bool in_force(const struct world *w)
{
    return w->secret.exists && w->bundle[0] && w->bundle[1] && !w->used[0][0] && !w->used[1][0];
}

static void expand(struct search *s, const struct world *w)
{
    struct world next = *w;
    if (w->tick < s->horizon) {
        pass_time(&next);
        reach(s, &next);
    }
    for (unsigned i = 0; i < REPLICAS; i++) {
        next = *w;
        if (advance(s, &next, i))
            reach(s, &next);
        if (w->replicas[i].phase >= WRITE_SECRET) { /* the request is lost, or its answer never comes */
            next = *w;
            next.replicas[i].phase = LOOK_SECRET;
            reach(s, &next);
        }
        if (s->crashes) {
            next = *w;
            restart(&next.replicas[i]);
            reach(s, &next);
        }
    }
    if (s->meddling && !w->meddled && in_force(w)) { /* a user deletes the Secret */
        next = *w;
        next.secret = (struct secret){0};
        next.meddled = true;
        for (unsigned i = 0; i < REPLICAS; i++)
            next.replicas[i].stale_secret = true;
        reach(s, &next);
    }
    if (s->overwriting && !w->overwritten && w->bundle[0] && w->bundle[1]) {
        next = *w;
        next.bundle[0] = next.bundle[1] = 0;
        next.overwritten = true;
        for (unsigned i = 0; i < REPLICAS; i++)
            memset(next.replicas[i].stale, true, sizeof next.replicas[i].stale);
        reach(s, &next);
    }
}

static void search_all(struct search *s)
{
    struct world w;
    memset(&w, 0, sizeof w);
    w.life = (uint8_t)s->life;
    for (unsigned i = 0; i < REPLICAS; i++) {
        w.replicas[i].skew = s->skews[i];
        restart(&w.replicas[i]);
    }
    s->capacity = (size_t)1 << 24;
    s->seen = calloc(s->capacity, sizeof *s->seen);
    assert_non_null(s->seen);
    reach(s, &w);
    while (s->depth && !s->violated) {
        struct world top = s->stack[--s->depth];
        expand(s, &top);
    }
    print_message("%zu states\n", s->count);
    if (s->violated)
        print_message("%s at tick %u: secret %u/%u cas %x, bundles %x %x, served %u %u\n",
                      s->witness.lost          ? "a valid CA leaves a bundle"
                      : s->witness.overwritten ? "a bundle is not repaired"
                                               : "a review fails",
                      s->witness.tick, s->witness.secret.current, s->witness.secret.next,
                      s->witness.secret.cas, s->witness.bundle[0], s->witness.bundle[1],
                      s->witness.replicas[0].served, s->witness.replicas[1].served);
    free(s->seen);
    free(s->stack);
}

static void no_review_fails_whatever_happens(void **state)
{
    (void)state;
    struct search s = {.policy = {SETTLE, 0}, .horizon = 7, .life = 3, .hooks = 2, .crashes = true};
    search_all(&s);
    assert_false(s.violated);
}

/* A deleted Secret means a new CA out of turn. Those that run go on with what they serve until it is
 * believed; only a replica that starts at that very moment has nothing else to serve. */
static void deleting_the_secret_harms_nobody_who_runs(void **state)
{
    (void)state;
    struct search s = {.policy = {SETTLE, 0}, .horizon = 4, .life = 5, .hooks = 2, .meddling = true};
    search_all(&s);
    assert_false(s.violated);
}

/* Two faults: the Secret is deleted, and the bundles are emptied at any moment before or after, while some serve the old
 * certificate. They put its CA back, whatever the Secret holds. */
static void overwritten_bundles_are_repaired_for_what_is_served(void **state)
{
    (void)state;
    struct search s = {
        .policy = {SETTLE, 0}, .horizon = 3, .life = 5, .hooks = 2, .meddling = true, .overwriting = true};
    search_all(&s);
    assert_false(s.violated);
}

/* The search sees what it looks for: without waiting for the API servers reviews do fail. */
static void without_settling_reviews_fail(void **state)
{
    (void)state;
    struct search s = {.policy = {SETTLE - 1, 0}, .horizon = 7, .life = 3, .hooks = 2, .crashes = true};
    search_all(&s);
    assert_true(s.violated);
}

/* By more than a leaf's life in either direction, as 100 and 200 days are of 90. */
static const int8_t skews[] = {4, -7};

static void a_wrong_clock_harms_nobody(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof skews; i++) {
        struct search s = {.policy = {SETTLE, 0}, .horizon = 7, .life = 3, .hooks = 1, .crashes = true};
        s.skews[1] = skews[i];
        search_all(&s);
        assert_false(s.violated);
    }
}

/* The search sees what it looks for: by its own clock alone a replica that is ahead drops valid CAs. */
static void without_the_api_servers_clock_it_does(void **state)
{
    (void)state;
    struct search s = {
        .policy = {SETTLE, 0}, .horizon = 7, .life = 3, .hooks = 1, .skews = {0, 4}, .one_clock = true};
    search_all(&s);
    assert_true(s.violated);
}

/* Two replicas that look at every tick always have something to serve, and need no more leaves than there are
 * renewals; also when the clock of one of them is wrong. */
static void goes_on(int8_t skew)
{
    struct search s = {.policy = {SETTLE, 0}, .hooks = HOOKS};
    struct world w;
    memset(&w, 0, sizeof w);
    w.life = 3;
    w.replicas[1].skew = skew;
    restart(&w.replicas[0]);
    restart(&w.replicas[1]);
    while (w.tick < 2 * LEAVES) {
        for (unsigned round = 0; round < 20; round++)
            for (unsigned i = 0; i < REPLICAS; i++)
                assert_true(advance(&s, &w, i));
        assert_false(review_fails(&w, HOOKS, false));
        for (unsigned i = 0; i < REPLICAS; i++)
            assert_true(w.replicas[i].ready && alive(&w, w.replicas[i].served));
        pass_time(&w);
    }
    assert_int_equal(w.made, LEAVES);
    assert_int_equal(w.replicas[0].served, LEAVES);
    assert_int_equal(w.bundle[0], bit(LEAVES) | bit(LEAVES - 1));
    assert_int_equal(w.bundle[1], w.bundle[0]);
}

static void rotation_goes_on(void **state)
{
    (void)state;
    goes_on(0);
    for (size_t i = 0; i < sizeof skews; i++)
        goes_on(skews[i]);
}

static void clocks_may_be_apart_as_far_as_a_certificate_allows(void **state)
{
    (void)state;
    assert_int_equal(rotation_apart(90 * 86400), 3600);
    assert_int_equal(rotation_apart(86400), 3600);
    assert_int_equal(rotation_apart(7200), 300);
    assert_int_equal(rotation_apart(30), 2);
    static const struct {
        int64_t ahead;
        enum rotation_action action;
    } rows[] = {{0, ROTATION_CREATE},         {3600, ROTATION_CREATE}, {-3600, ROTATION_CREATE},
                {3601, ROTATION_HOLD},        {-3601, ROTATION_HOLD},  {100 * 86400, ROTATION_HOLD},
                {-200 * 86400, ROTATION_HOLD}};
    struct rotation_policy p = {.settle = 60, .apart = 3600};
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct rotation_view v = {.server_now = INT64_C(1800000000)};
        struct rotation_step step = rotation_next(&p, &v, v.server_now + rows[i].ahead);
        assert_int_equal(step.action, rows[i].action);
    }
    /* A server that never says what time it is cannot be compared with. */
    assert_int_equal(rotation_next(&p, &(struct rotation_view){0}, 1).action, ROTATION_CREATE);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(no_review_fails_whatever_happens),
        cmocka_unit_test(deleting_the_secret_harms_nobody_who_runs),
        cmocka_unit_test(overwritten_bundles_are_repaired_for_what_is_served),
        cmocka_unit_test(without_settling_reviews_fail),
        cmocka_unit_test(a_wrong_clock_harms_nobody),
        cmocka_unit_test(without_the_api_servers_clock_it_does),
        cmocka_unit_test(rotation_goes_on),
        cmocka_unit_test(clocks_may_be_apart_as_far_as_a_certificate_allows),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
