/* Answers of etcd about log backups, well-formed and not. */
#include "check.h"

#include "base64.h"
#include "question.h"

enum { ARENA_BYTES = 4 << 20 };

struct asking {
    struct arena *arena;
    slice body;
    struct log_task task;
};

static void read_answer(void *context)
{
    struct asking *q = context;
    q->task = question_answer(q->arena, q->body);
}

static struct asking answered(slice body)
{
    struct asking q = {.arena = arena_new(ARENA_BYTES), .body = body};
    assert_non_null(q.arena);
    assert_true(arena_run(q.arena, read_answer, &q));
    return q;
}

/* The answers of etcd 3.5.15; the info has start_ts, a table filter and a name. */
#define HEADER "\"header\":{\"cluster_id\":\"1\",\"revision\":\"9\"}"
#define NONE   "{\"response_range\":{" HEADER "}}"
#define VALUE(it)                                                                                            \
    "{\"response_range\":{" HEADER ",\"kvs\":[{\"key\":\"eA==\",\"value\":\"" it "\"}],\"count\":\"1\"}}"
#define EMPTY              "{\"response_range\":{" HEADER ",\"kvs\":[{\"key\":\"eA==\"}],\"count\":\"1\"}}"
#define INFO               "EICAtKfak66fBiICdDE=" /* start_ts: 450000000000000000, name: "t1" */
#define CHECKPOINT         "Bj64naTtAAE="         /* 450000000000000001 */
#define ERROR              "EgR0ZXN0GhB0b28gbXVjaCBsYWcgbm93"
#define ANSWER(a, b, c, d) SLICE("{" HEADER ",\"succeeded\":true,\"responses\":[" a "," b "," c "," d "]}")

static void what_an_answer_says(void **state)
{
    (void)state;
    static const struct {
        const char *label;
        slice body;
        struct log_task task;
    } rows[] = {
        {"no task", ANSWER(NONE, NONE, NONE, NONE), {.known = true}},
        {"leftovers of another", ANSWER(NONE, EMPTY, VALUE(CHECKPOINT), NONE), {.known = true}},
        {"just started",
         ANSWER(VALUE(INFO), NONE, NONE, NONE),
         {.known = true, .found = true, .start_ts = UINT64_C(450000000000000000)}},
        {"it runs",
         ANSWER(VALUE(INFO), NONE, VALUE(CHECKPOINT), NONE),
         {.known = true,
          .found = true,
          .start_ts = UINT64_C(450000000000000000),
          .checkpoint = UINT64_C(450000000000000001)}},
        {"paused, with the empty value that older versions write",
         ANSWER(VALUE(INFO), EMPTY, NONE, NONE),
         {.known = true, .found = true, .paused = true, .start_ts = UINT64_C(450000000000000000)}},
        {"paused by a fault",
         ANSWER(VALUE(INFO), VALUE("e30="), NONE, VALUE(ERROR)),
         {.known = true,
          .found = true,
          .paused = true,
          .start_ts = UINT64_C(450000000000000000),
          .error = SLICE("too much lag now")}},
        {"an info that is not protobuf",
         ANSWER(VALUE("////"), NONE, NONE, NONE),
         {.known = true, .found = true}},
        {"a checkpoint of another size",
         ANSWER(VALUE(INFO), NONE, VALUE("AAE="), NONE),
         {.known = true, .found = true, .start_ts = UINT64_C(450000000000000000)}},
        /* none of these is an answer, so nothing is known */
        {"no JSON", SLICE("<html>"), {0}},
        {"an error", SLICE("{\"error\":\"etcdserver: no leader\",\"code\":14}"), {0}},
        {"too few", SLICE("{\"responses\":[" NONE "]}"), {0}},
        {"too many", SLICE("{\"responses\":[" NONE "," NONE "," NONE "," NONE "," NONE "]}"), {0}},
        {"not ranges", SLICE("{\"responses\":[{},{},{},{}]}"), {0}},
        {"not base64", ANSWER(VALUE("?"), NONE, NONE, NONE), {0}},
    };
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct asking q = answered(rows[i].body);
        const struct log_task *want = &rows[i].task;
        assert_row(rows[i].label, q.task.known == want->known);
        assert_row(rows[i].label, q.task.found == want->found);
        assert_row(rows[i].label, q.task.paused == want->paused);
        assert_row(rows[i].label, q.task.start_ts == want->start_ts);
        assert_row(rows[i].label, q.task.checkpoint == want->checkpoint);
        assert_row(rows[i].label, slice_eq(q.task.error, want->error));
        arena_free(q.arena);
    }
}

/* An answer that is cut anywhere is not an answer. */
static void half_an_answer_is_none(void **state)
{
    (void)state;
    static const slice whole = ANSWER(VALUE(INFO), EMPTY, VALUE(CHECKPOINT), VALUE(ERROR));
    for (size_t n = 0; n < whole.n; n++) {
        struct asking q = answered(slice_cut(whole, 0, n));
        assert_false(q.task.known);
        arena_free(q.arena);
    }
}

static void ask(void *context)
{
    struct asking *q = context;
    q->body = question_body(q->arena, LIT("t1"));
}

static void the_question_names_brs_keys(void **state)
{
    (void)state;
    static const char *const keys[] = {"/tidb/br-stream/info/t1", "/tidb/br-stream/pause/t1",
                                       "/tidb/br-stream/checkpoint/t1/central_global",
                                       "/tidb/br-stream/last-error/t1/"};
    struct asking q = {.arena = arena_new(ARENA_BYTES)};
    assert_true(arena_run(q.arena, ask, &q));
    struct findings f = findings_new(q.arena);
    const struct node *range = node_first(node_get(json_read(q.arena, q.body, &f), LIT("success")));
    for (size_t i = 0; i < COUNT(keys); i++, range = node_next(range)) {
        slice key, end;
        assert_true(base64_decode(q.arena, node_text_at(range, "requestRange.key"), &key));
        assert_slice("key", key, slice_of(keys[i]));
        assert_true(base64_decode(q.arena, node_text_at(range, "requestRange.range_end"), &end));
        assert_slice("end", end, i == 3 ? LIT("/tidb/br-stream/last-error/t10") : (slice){0});
    }
    assert_null(range);
    arena_free(q.arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_an_answer_says),
        cmocka_unit_test(half_an_answer_is_none),
        cmocka_unit_test(the_question_names_brs_keys),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
