/* The picture has each number of its list, without covering another, and only words that fit. */
#include "trial.h"

#include <stdio.h>
#include <stdlib.h>

static const char *picture_of(struct trial *t, const char *scenario, int64_t span)
{
    struct buf b = buf_new(t->arena, 16 << 20);
    trial_play(t, "schedule: '0 2 * * *', maxReservedTime: 48h", true, slice_of(scenario), span);
    assert_non_null(t->played);
    timeline_put_svg(&b, t->played);
    return arena_cstr(t->arena, buf_slice(&b));
}

static void every_number_is_drawn_and_covers_no_other(void **state)
{
    enum { MOST = 20, APART = 16 };
    (void)state;
    struct trial t = trial_open();
    const char *p =
        picture_of(&t,
                   "events: [{at: 2d, edit: {spec: {maxReservedTime: 24h}}}, {at: 2d, pause: 1d}, {at: 2d, "
                   "controllerDown: 2h}, {at: 49h, delete: snapshot}, {at: 7d, logLost: true}, {at: 7d, "
                   "delete: absent}]",
                   8 * SPAN_DAY);
    double x[MOST], y[MOST];
    size_t count = 0;
    for (p = strstr(p, "<circle cx="); p; p = strstr(p + 1, "<circle cx=")) {
        int radius;
        if (sscanf(p, "<circle cx=\"%lf\" cy=\"%lf\" r=\"%d\"", &x[count], &y[count], &radius) != 3 ||
            radius != 8)
            continue;
        for (size_t i = 0; i < count; i++)
            if (x[count] - x[i] < APART && x[i] - x[count] < APART && y[count] - y[i] < APART &&
                y[i] - y[count] < APART)
                fail_msg("numbers %zu and %zu are at the same place", i + 1, count + 1);
        if (++count == MOST)
            break;
    }
    assert_in_range(count, 6, MOST);
    trial_close(&t);
}

static bool has(const char *picture, const char *what)
{
    return strstr(picture, what) != NULL;
}

/* What a mark means is in the key if, and only if, the picture has the mark. */
static void the_key_has_the_marks_of_the_picture(void **state)
{
    static const struct {
        const char *scenario, *name;
    } rows[] = {{"failures: {snapshotEvery: 2}", ">failed<"},
                {"events: [{at: 2d, controllerDown: 30h}]", ">was due, waited<"},
                {"events: [{at: 2d, pause: 4d}]", ">missed<"},
                {"events: [{at: 2d, snapshotPodsDie: 1d}]", ">pod died, tried again<"},
                {"events: [{at: 2d, logStalls: 1d}]", ">log stalls or is paused<"},
                {"events: [{at: 2d, logLost: true}]", ">no log<"},
                {"events: [{at: 2d, delete: snapshot}]", ">deleted by hand<"}};
    (void)state;
    struct trial t = trial_open();
    const char *plain = picture_of(&t, "", 8 * SPAN_DAY);
    assert_true(has(plain, ">snapshot<") && has(plain, ">log runs<") && has(plain, ">compaction<"));
    for (size_t i = 0; i < COUNT(rows); i++)
        if (has(plain, rows[i].name) || !has(picture_of(&t, rows[i].scenario, 8 * SPAN_DAY), rows[i].name))
            fail_msg("%s: %s", rows[i].scenario, rows[i].name);
    trial_close(&t);
}

/* A run that waits for the controller is no bar from its due time on. */
static void a_waiting_run_is_no_bar(void **state)
{
    (void)state;
    struct trial t = trial_open();
    trial_play(&t, "schedule: '0 2 * * *', maxReservedTime: 48h", true,
               LIT("events: [{at: 1h, controllerDown: 20h}]"), 2 * SPAN_DAY);
    size_t i = 0;
    while (i < t.played->event_count && t.played->events[i].kind != PLAYED_SNAPSHOT)
        i++;
    assert_true(i < t.played->event_count);
    assert_int_equal(t.played->events[i].due, TRIAL_FROM + 2 * 3600);
    assert_int_equal(t.played->events[i].from, TRIAL_FROM + 21 * 3600);
    assert_int_equal(t.played->events[i].at, TRIAL_FROM + 21 * 3600 + 1800);
    trial_close(&t);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(every_number_is_drawn_and_covers_no_other),
                                       cmocka_unit_test(the_key_has_the_marks_of_the_picture),
                                       cmocka_unit_test(a_waiting_run_is_no_bar)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
