/* Which connection is closed when there is one too many: the rules one by one, and what honest clients may rely on,
 * played in simulated milliseconds against attackers that a seed draws. */
#include "check.h"

#include "crowd.h"

#include <stdlib.h>
#include <string.h>

/* ---- the rules ---- */

enum { NOW = 100000, MOST_MEMBERS = 8 };

#define AGO(ms) (NOW - (ms))

static const struct {
    const char *label;
    unsigned places;
    const char *goes, *yields;                 /* the letter of the client that does; NULL: none */
    struct crowd_member members[MOST_MEMBERS]; /* a, b, c ... */
    size_t count;
} rows[] = {
    {"nobody is there", 4, NULL, NULL, {{0}}, 0},
    {"a single unserved client", 4, "a", NULL, {{PHASE_HANDSHAKE, AGO(1), false, false, false, false}}, 1},
    {"a stalled client, before unserved and idle ones",
     4,
     "c",
     NULL,
     {{PHASE_HANDSHAKE, AGO(9000), false, false, false, false},
      {PHASE_IDLE, AGO(9000), true, false, false, false},
      {PHASE_REQUEST, AGO(1001), true, true, false, false}},
     3},
    {"the longest in its request",
     4,
     "b",
     NULL,
     {{PHASE_REQUEST, AGO(1001), false, true, false, false},
      {PHASE_REQUEST, AGO(2000), true, true, false, false},
      {PHASE_REQUEST, AGO(1500), true, true, false, false}},
     3},
    {"a request that is young, that is being judged, or whose bytes wait, is not stalled",
     8,
     "d",
     NULL,
     {{PHASE_REQUEST, AGO(1000), true, true, false, false},
      {PHASE_REQUEST, AGO(5000), true, false, false, false},
      {PHASE_REQUEST, AGO(5000), true, true, true, false},
      {PHASE_IDLE, AGO(1), true, false, false, false}},
     4},
    {"the oldest unserved client, when they have more than half",
     4,
     "b",
     NULL,
     {{PHASE_IDLE, AGO(9000), true, false, false, false},
      {PHASE_IDLE, AGO(10), false, false, false, false},
      {PHASE_HANDSHAKE, AGO(500), false, false, false, false},
      {PHASE_HANDSHAKE, AGO(1), false, false, false, false}},
     4},
    {"the client idle for the longest time, when unserved ones have half",
     4,
     "b",
     NULL,
     {{PHASE_HANDSHAKE, AGO(9000), false, false, false, false},
      {PHASE_IDLE, AGO(9000), true, false, false, false},
      {PHASE_IDLE, AGO(500), true, false, false, false},
      {PHASE_HANDSHAKE, AGO(1), false, false, false, false}},
     4},
    {"not who is idle, when its next request waits to be read",
     4,
     "b",
     NULL,
     {{PHASE_IDLE, AGO(9000), true, false, true, false},
      {PHASE_REQUEST, AGO(500), true, true, false, false},
      {PHASE_HANDSHAKE, AGO(1), false, false, false, false}},
     3},
    {"whose answer waits for the longest time yields its place",
     4,
     "a",
     "c",
     {{PHASE_IDLE, AGO(9000), true, false, false, false},
      {PHASE_REQUEST, AGO(101), true, true, false, true},
      {PHASE_REQUEST, AGO(500), true, true, false, true},
      {PHASE_REQUEST, AGO(900), true, true, false, false},
      {PHASE_REQUEST, AGO(900), true, false, false, true}},
     5},
    {"whose answer waits is late, whatever it sends in the meantime",
     4,
     "b",
     "b",
     {{PHASE_REQUEST, AGO(1500), true, true, true, false},
      {PHASE_REQUEST, AGO(1200), true, true, true, true},
      {PHASE_REQUEST, AGO(1100), true, true, false, true}},
     3},
    {"an answer that has just been given does not",
     4,
     "a",
     NULL,
     {{PHASE_REQUEST, AGO(100), true, true, false, true}, {PHASE_REQUEST, AGO(99), true, true, false, true}},
     2},
};

static const char *letter_of(const void *who)
{
    return who ? who : "nobody";
}

static void each_rule_has_its_turn(void **state)
{
    (void)state;
    static const char *const letters[MOST_MEMBERS] = {"a", "b", "c", "d", "e", "f", "g", "h"};
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct crowd crowd = crowd_begin(rows[i].places, NOW);
        for (size_t k = 0; k < rows[i].count; k++)
            crowd_add(&crowd, &rows[i].members[k], (void *)(uintptr_t)letters[k]);
        assert_slice(rows[i].label, slice_of(letter_of(crowd_victim(&crowd))),
                     slice_of(letter_of(rows[i].goes)));
        assert_slice(rows[i].label, slice_of(letter_of(crowd_yielder(&crowd))),
                     slice_of(letter_of(rows[i].yields)));
    }
}

/* ---- what honest clients may rely on ---- */

enum {
    MOST_PLACES = 64,
    LONGEST_MS = 20, /* T: an honest client takes less than this from connecting to the end of its answer */
    GAME_MS = 6000,
    GAMES = 300,
    MOST_KEEPERS = 4,
};

enum habit {
    SILENT,  /* stays in its handshake */
    IDLE,    /* asks for nothing */
    STALLS,  /* begins a request and sends no more */
    JUNK,    /* begins a new request again and again, within STALLED_MS or about; none is a review */
    REVIEWS, /* the same with reviews */
    RESTS,   /* a review, and then nothing for a while */
    HABITS,
    KEEPS = HABITS, /* honest: keeps its connection and sends a review now and then */
    COMES,          /* honest: connects, sends a review and goes */
};

struct client {
    struct crowd_member m;
    enum habit habit;
    uint64_t next; /* when it does its next thing */
};

struct game {
    uint64_t seed, now;
    unsigned places;
    size_t keepers;                  /* honest clients that keep their connections */
    size_t allowed;                  /* things that attackers may begin in any LONGEST_MS */
    uint64_t begun[MOST_PLACES * 2]; /* when they began the last ones */
    size_t begun_count;
    unsigned weights[HABITS];
    uint64_t restless;                       /* 0: attackers begin connections only while there are places */
    struct client *clients[MOST_PLACES + 1]; /* the oldest first */
    size_t count;
    size_t cut_short, lost_idle, answered; /* honest ones */
    size_t
        least_known_at_loss; /* attackers that were known, and were not stalled, when an honest idle connection went */
};

static uint64_t draw(struct game *g, uint64_t below)
{
    g->seed = g->seed * 6364136223846793005U + 1442695040888963407U;
    return (g->seed >> 33) % below;
}

/* Takes note of one more thing that attackers begin; false when the limit forbids it now. */
static bool may_begin(struct game *g)
{
    size_t at = g->begun_count % g->allowed;
    if (g->begun_count >= g->allowed && g->now < g->begun[at] + LONGEST_MS)
        return false;
    g->begun[at] = g->now;
    g->begun_count++;
    return true;
}

static void enter(struct game *g, struct client *c, enum phase phase, uint64_t stay)
{
    c->m.phase = phase;
    c->m.since = g->now;
    c->m.due = phase == PHASE_REQUEST;
    c->next = g->now + stay;
}

static void leave(struct game *g, size_t at)
{
    free(g->clients[at]);
    memmove(&g->clients[at], &g->clients[at + 1], (--g->count - at) * sizeof(struct client *));
}

static size_t known_attackers(const struct game *g)
{
    size_t n = 0;
    for (size_t i = 0; i < g->count; i++)
        n += g->clients[i]->m.known && g->clients[i]->habit < HABITS &&
             !crowd_stalled(&g->clients[i]->m, g->now);
    return n;
}

static void cut_off(struct game *g, const struct client *c)
{
    size_t at = 0;
    while (g->clients[at] != c)
        at++;
    if (c->habit >= HABITS && (c->m.phase != PHASE_IDLE || !c->m.known))
        g->cut_short++;
    else if (c->habit >= HABITS) {
        size_t known = known_attackers(g);
        g->lost_idle++;
        if (known < g->least_known_at_loss)
            g->least_known_at_loss = known;
    }
    leave(g, at);
}

static void open_connection(struct game *g, enum habit habit)
{
    struct client *c = calloc(1, sizeof *c);
    assert_non_null(c);
    c->habit = habit;
    enter(g, c, PHASE_HANDSHAKE, habit == SILENT ? GAME_MS : 1 + draw(g, LONGEST_MS / 4));
    g->clients[g->count++] = c;
    if (g->count <= g->places)
        return;
    struct crowd crowd = crowd_begin(g->places, g->now);
    for (size_t i = 0; i < g->count; i++)
        crowd_add(&crowd, &g->clients[i]->m, g->clients[i]);
    cut_off(g, crowd_victim(&crowd));
}

static void end_request(struct game *g, struct client *c)
{
    c->m.known = c->habit != JUNK;
    g->answered += c->habit >= HABITS;
}

/* An attacker's next step, when it is due. */
static void attack(struct game *g, struct client *c)
{
    bool renews = c->habit == JUNK || c->habit == REVIEWS;
    if (c->m.phase == PHASE_REQUEST) {
        if (c->habit == STALLS)
            return enter(g, c, PHASE_REQUEST, GAME_MS);
        end_request(g, c);
        enter(g, c, PHASE_IDLE, renews ? 0 : draw(g, GAME_MS));
    }
    if (c->habit == IDLE || !may_begin(g))
        return enter(g, c, PHASE_IDLE, c->habit == IDLE ? GAME_MS : 1);
    enter(g, c, PHASE_REQUEST, renews ? draw(g, STALLED_MS * 5 / 4) : 1 + draw(g, LONGEST_MS));
}

/* An honest client's next step: handshake, request and answer take less than LONGEST_MS together. Returns true when it
 * has gone. */
static bool go_on(struct game *g, struct client *c)
{
    bool new = !c->m.known;
    if (c->m.phase == PHASE_REQUEST) {
        end_request(g, c);
        enter(g, c, PHASE_IDLE, draw(g, GAME_MS / 4));
        return c->habit == COMES;
    }
    if (c->m.phase == PHASE_HANDSHAKE)
        enter(g, c, PHASE_IDLE, draw(g, LONGEST_MS / 4));
    else
        enter(g, c, PHASE_REQUEST, draw(g, new ? LONGEST_MS / 4 : LONGEST_MS));
    return false;
}

static enum habit draw_habit(struct game *g)
{
    unsigned sum = 0;
    for (size_t i = 0; i < HABITS; i++)
        sum += g->weights[i];
    uint64_t at = draw(g, sum);
    for (enum habit h = 0;; h++) {
        if (at < g->weights[h])
            return h;
        at -= g->weights[h];
    }
}

static size_t kept(const struct game *g)
{
    size_t n = 0;
    for (size_t i = 0; i < g->count; i++)
        n += g->clients[i]->habit == KEEPS;
    return n;
}

static void tick(struct game *g)
{
    for (size_t i = 0; i < g->count; i++) {
        struct client *c = g->clients[i];
        if (c->next > g->now)
            continue;
        if (c->habit < HABITS)
            attack(g, c);
        else if (go_on(g, c))
            leave(g, i--);
    }
    if (kept(g) < g->keepers)
        open_connection(g, KEEPS);
    if (g->now % LONGEST_MS == 0)
        open_connection(g, COMES);
    while ((g->count < g->places || draw(g, 4) < g->restless) && may_begin(g))
        open_connection(g, draw_habit(g));
}

/* `excess`: so many things more than honest clients can bear. */
static struct game play(uint64_t seed, size_t excess)
{
    static const unsigned sizes[] = {16, 17, 32, 64};
    struct game g = {.seed = seed, .least_known_at_loss = SIZE_MAX};
    g.places = sizes[draw(&g, COUNT(sizes))];
    /* Fewer than half; and the honest ones are others to each other. */
    g.keepers = draw(&g, 2) ? 0 : 1 + draw(&g, MOST_KEEPERS);
    g.allowed = g.places / 2 - 1 - g.keepers - 2 + excess;
    g.restless = draw(&g, 4);
    for (size_t i = 0, mixed = draw(&g, 2); mixed && i < HABITS; i++)
        g.weights[i] = (unsigned)draw(&g, 2) * (1 + (unsigned)draw(&g, 9));
    g.weights[draw(&g, HABITS)]++;
    for (g.now = STALLED_MS; g.now < STALLED_MS + GAME_MS; g.now++)
        tick(&g);
    while (g.count)
        leave(&g, 0);
    return g;
}

static void honest_clients_are_answered(void **state)
{
    (void)state;
    size_t answered = 0, lost_idle = 0;
    for (uint64_t seed = 0; seed < GAMES; seed++) {
        struct game g = play(seed, 0);
        if (g.cut_short || (g.lost_idle && g.least_known_at_loss < g.places / 2 - g.keepers))
            print_error("seed %d, %u places: %zu cut short, %zu lost while idle, with %zu known\n", (int)seed,
                        g.places, g.cut_short, g.lost_idle, g.least_known_at_loss);
        assert_int_equal(g.cut_short, 0);
        assert_true(!g.lost_idle || g.least_known_at_loss >= g.places / 2 - g.keepers);
        answered += g.answered;
        lost_idle += g.lost_idle;
    }
    printf("%zu honest reviews answered of as many; %zu connections went while idle\n", answered, lost_idle);
    assert_true(answered > GAMES * 100);
}

/* The limit is one: with twice as many, some honest clients are cut off, so the game above can be lost. */
static void beyond_the_limit_some_are_not(void **state)
{
    (void)state;
    size_t cut_short = 0;
    for (uint64_t seed = 0; seed < GAMES; seed++)
        cut_short += play(seed, MOST_PLACES).cut_short;
    assert_true(cut_short > 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_rule_has_its_turn),
        cmocka_unit_test(honest_clients_are_answered),
        cmocka_unit_test(beyond_the_limit_some_are_not),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
