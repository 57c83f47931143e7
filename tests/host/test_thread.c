/* A wait ends with its signal or with its deadline. */
#include "check.h"

#include "clock.h"
#include "thread.h"

struct waiting {
    pthread_mutex_t lock;
    pthread_cond_t changed;
    bool done;
};

static void *signal_it(void *waiting)
{
    struct waiting *w = waiting;
    pthread_mutex_lock(&w->lock);
    w->done = true;
    pthread_cond_signal(&w->changed);
    pthread_mutex_unlock(&w->lock);
    return NULL;
}

static void waits(void **state)
{
    (void)state;
    struct waiting w = {.lock = PTHREAD_MUTEX_INITIALIZER};
    pthread_t thread;
    thread_condition_init(&w.changed);
    pthread_mutex_lock(&w.lock);
    uint64_t deadline = clock_ms() + 5;
    while (thread_wait_until(&w.changed, &w.lock, deadline))
        assert_true(clock_ms() <= deadline);
    assert_true(clock_ms() >= deadline);
    assert_int_equal(pthread_create(&thread, NULL, signal_it, &w), 0);
    while (!w.done)
        assert_true(thread_wait_until(&w.changed, &w.lock, clock_ms() + 60000));
    pthread_mutex_unlock(&w.lock);
    pthread_join(thread, NULL);
    pthread_cond_destroy(&w.changed);
    pthread_mutex_destroy(&w.lock);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(waits)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
