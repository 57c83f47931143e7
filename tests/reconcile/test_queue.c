/* The queue of the machine: whose turn it is. */
#include "check.h"

#include "brgate_limits.h"
#include "queue.h"

#include <stdio.h>
#include <stdlib.h>

static struct keep keep;
static struct queue queue;

static int set_up(void **state)
{
    (void)state;
    keep = (struct keep){.unwind = arena_new(LIMIT_ARENA_BYTES)};
    queue = queue_new(&keep);
    return keep.unwind ? 0 : -1;
}

static int tear_down(void **state)
{
    (void)state;
    queue_clear(&queue);
    assert_int_equal(keep.bytes, 0);
    arena_free(keep.unwind);
    return 0;
}

static struct item *touched(const char *namespace, unsigned number)
{
    char name[16];
    snprintf(name, sizeof name, "%u", number);
    struct item *i = queue_item(&queue, K_BR_SCHEDULE, slice_of(namespace), slice_of(name));
    queue_touch(&queue, i);
    return i;
}

static void namespaces_take_turns(void **state)
{
    enum { MANY = 1000 };
    (void)state;
    for (unsigned i = 0; i < MANY; i++)
        touched("large", i);
    struct item *small = touched("small", 0);
    assert_int_equal(queue.ready, MANY + 1);
    struct item *first = queue_take(&queue);
    assert_slice("order of arrival", item_name(first), LIT("0"));
    assert_ptr_equal(queue_take(&queue), small);
    assert_slice("then the next one", item_name(queue_take(&queue)), LIT("1"));
    assert_int_equal(queue.ready, MANY - 2);
}

static unsigned roll(uint64_t *dice, unsigned below)
{
    *dice = *dice * 6364136223846793005u + 1442695040888963407u;
    return (unsigned)(*dice >> 33) % below;
}

/* What becomes of an item of the crowd after its turn. */
static void end_turn(struct item *i, uint64_t *dice, int64_t now)
{
    if (roll(dice, 2))
        queue_touch(&queue, i); /* it has changed meanwhile */
    if (roll(dice, 10))
        queue_rest(&queue, i, now + 1 + roll(dice, 50));
    else
        queue_delay(&queue, i, now + 1 + roll(dice, 500));
}

/* Thousands of objects of one namespace change all the time; those of others get their turns after one of each namespace. */
static void a_crowd_keeps_nobody_waiting(void **state)
{
    enum { CROWD = 3000, OTHERS = 5, TURNS = 100000, CHANGES = 3 };
    struct item *others[OTHERS];
    unsigned waits[OTHERS] = {0}, turns[OTHERS] = {0};
    uint64_t dice = 1;
    (void)state;
    for (unsigned i = 0; i < CROWD; i++)
        touched("crowd", i);
    for (unsigned i = 0; i < OTHERS; i++)
        others[i] = touched((const char *[OTHERS]){"a", "b", "c", "d", "e"}[i], 0);
    for (int64_t now = 0; now < TURNS; now++) {
        for (int c = 0; c < CHANGES; c++)
            touched("crowd", roll(&dice, CROWD));
        queue_wake(&queue, now);
        struct item *i = queue_take(&queue);
        assert_non_null(i);
        for (unsigned o = 0; o < OTHERS; o++) {
            turns[o] += others[o] == i;
            waits[o] = others[o]->queued ? waits[o] + 1 : 0;
            assert_in_range(waits[o], 0, OTHERS);
        }
        if (roll(&dice, 100) == 0 && slice_eq(item_namespace(i), LIT("crowd"))) {
            queue_rest(&queue, i, 0);
            queue_forget(&queue, i);
        } else {
            end_turn(i, &dice, now);
        }
        if (!roll(&dice, 3))
            queue_touch(&queue, others[roll(&dice, OTHERS)]);
    }
    for (unsigned o = 0; o < OTHERS; o++)
        assert_true(turns[o] > 100);
}

static void an_item_is_there_once(void **state)
{
    (void)state;
    struct item *i = touched("a", 1);
    assert_ptr_equal(touched("a", 1), i);
    assert_int_equal(queue.ready, 1);
    assert_ptr_equal(queue_take(&queue), i);
    assert_null(queue_take(&queue));
    /* What changes while it is busy gives it another turn; what changes after a failure does not. */
    queue_touch(&queue, i);
    assert_null(queue_take(&queue));
    queue_rest(&queue, i, 0);
    assert_ptr_equal(queue_take(&queue), i);
    queue_touch(&queue, i);
    queue_delay(&queue, i, 1000);
    queue_touch(&queue, i);
    assert_null(queue_take(&queue));
    queue_wake(&queue, 999);
    assert_null(queue_take(&queue));
    queue_wake(&queue, 1000);
    assert_ptr_equal(queue_take(&queue), i);
}

static void what_is_forgotten_is_nowhere(void **state)
{
    (void)state;
    struct item *one = touched("a", 1), *two = touched("a", 2), *other = touched("b", 1);
    queue_forget(&queue, two);
    queue_forget(&queue, one);
    assert_ptr_equal(queue_take(&queue), other);
    assert_null(queue_take(&queue));
    assert_null(queue_find(&queue, K_BR_SCHEDULE, LIT("a"), LIT("1")));
}

/* After delays and touches in any order, the due times come in order, and each item once. */
static void timers_come_in_their_order(void **state)
{
    enum { ITEMS = 300, MOMENTS = 1000 };
    uint64_t dice = 88172645463325252u;
    struct item *items[ITEMS];
    (void)state;
    for (unsigned i = 0; i < ITEMS; i++) {
        items[i] = touched("a", i);
        assert_ptr_equal(queue_take(&queue), items[i]);
        dice = dice * 6364136223846793005u + 1442695040888963407u;
        queue_rest(&queue, items[i], 1 + (int64_t)(dice >> 40) % MOMENTS);
    }
    for (unsigned i = 0; i < ITEMS; i += 3) { /* some change, and are delayed again */
        queue_touch(&queue, items[i]);
        assert_ptr_equal(queue_take(&queue), items[i]);
        dice = dice * 6364136223846793005u + 1442695040888963407u;
        queue_delay(&queue, items[i], 1 + (int64_t)(dice >> 40) % MOMENTS);
    }
    size_t taken = 0;
    for (int64_t now = 1; now <= MOMENTS; now++) {
        assert_true(queue_next_due(&queue) >= now);
        queue_wake(&queue, now);
        for (struct item *i; (i = queue_take(&queue)); taken++) {
            assert_int_equal(i->due, now);
            queue_rest(&queue, i, 0);
        }
    }
    assert_int_equal(taken, ITEMS);
    assert_int_equal(queue.delayed_count, 0);
}

static void what_one_holds_another_waits_for(void **state)
{
    (void)state;
    struct item *one = touched("a", 1), *two = touched("b", 1);
    queue_hold(&queue, one, 42);
    assert_false(queue_is_held(&queue, one, 42));
    assert_true(queue_is_held(&queue, two, 42));
    assert_false(queue_is_held(&queue, two, 43));
    queue_release(&queue, one);
    assert_false(queue_is_held(&queue, two, 42));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(namespaces_take_turns, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_crowd_keeps_nobody_waiting, set_up, tear_down),
        cmocka_unit_test_setup_teardown(an_item_is_there_once, set_up, tear_down),
        cmocka_unit_test_setup_teardown(what_is_forgotten_is_nowhere, set_up, tear_down),
        cmocka_unit_test_setup_teardown(timers_come_in_their_order, set_up, tear_down),
        cmocka_unit_test_setup_teardown(what_one_holds_another_waits_for, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
