/* For any object, every answer, log line, metric and report is UTF-8, without control characters, and valid JSON where it is
 * JSON. The tests replace each text of each fixture by hostile ones: bytes that are not characters, halves of characters,
 * and so many characters of several bytes that every limit cuts through one of them. */
#include "check.h"

#include "builtin_schemas.h"
#include "fixtures.h"
#include "log.h"
#include "metrics.h"
#include "report.h"
#include "review_handler.h"
#include "utf8.h"

#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

enum { ARENA_BYTES = 1 << 28, TEXTS_MOST = 400, LONGEST = 3000 };

#define MARK "@hostile@"

/* ---- hostile texts, as the inside of a JSON string ---- */

static const char *const pieces[] = {"\xff",
                                     "caf\xe9",
                                     "\xc0\x80",
                                     "\xed\xa0\x80",
                                     "\xf4\x90\x80\x80",
                                     "\xe4\xb8",
                                     "\xf0\x9f\x98",
                                     "\x80",
                                     "\\ud800",
                                     "\\udc00\\ud800",
                                     "\\ud83d",
                                     "\\u0000",
                                     "\\u0085",
                                     "\\u2028",
                                     "\\ufffe",
                                     "\\u009b",
                                     "\x01",
                                     "\x7f",
                                     "\\u001b[31m",
                                     "\xc2\x85",
                                     "\xe2\x80\xae",
                                     "a\\n- b",
                                     "\\r\\n::error::",
                                     "%zz\xc3\xa9",
                                     "%e9",
                                     "7\xc3\xa9",
                                     "0 2 * * \xc3\xa9",
                                     "\xef\xbb\xbf",
                                     "http://\xc3\xa9:x/",
                                     "2026-01-01T00:00:00\xe4\xb8\xad",
                                     "--\xc3\xa9=",
                                     "!\xe4\xb8\xad.*",
                                     "/\\\\p{\xc3\xa9/"};
static const char *const long_pieces[] = {"\xc3\xa9",       "\xe4\xb8\xad", "\xf0\x9f\x98\x80", "\\u00e9",
                                          "\\ud83d\\ude00", "\"\xc3\xa9",   "e\xcc\x81"};

static slice hostile(struct arena *a, size_t turn)
{
    static const size_t lengths[] = {20, 33, 64, 100, 130, 200, 254, 300, 1025, 2050};
    if (turn % 2)
        return slice_of(pieces[turn / 2 % COUNT(pieces)]);
    struct buf b = buf_new(a, 8 * LONGEST);
    const char *piece = long_pieces[turn / 2 % COUNT(long_pieces)];
    for (size_t i = 0; i < turn / 3 % 5; i++)
        buf_char(&b, 'a');
    for (size_t n = lengths[turn / 7 % COUNT(lengths)]; b.n < n;)
        buf_put(&b, *piece == '"' ? LIT("\\\"\xc3\xa9") : slice_of(piece));
    return buf_slice(&b);
}

static slice replace_mark(struct arena *a, slice text, slice by)
{
    struct buf b = buf_new(a, SIZE_MAX / 2);
    for (size_t at; (at = slice_find(text, LIT(MARK))) != SLICE_NONE;
         text = slice_from(text, at + sizeof MARK - 1)) {
        buf_put(&b, slice_cut(text, 0, at));
        buf_put(&b, by);
    }
    buf_put(&b, text);
    return buf_slice(&b);
}

/* ---- what must hold ---- */

static const char *row;
static bool whole; /* the input is printable: no character of it is cut or replaced */

enum text_kind { PLAIN, COLOURED, JSON };

static bool is_allowed(unsigned char c, enum text_kind kind)
{
    return (c >= 0x20 && c != 0x7f) || c == '\n' || (kind == COLOURED && c == 0x1b) ||
           (kind == JSON && c == 0x7f);
}

static void check_text(slice text, enum text_kind kind)
{
    size_t bad = utf8_invalid_at(text);
    for (size_t i = 0; bad == SLICE_NONE && i < text.n; i++)
        if (!is_allowed((unsigned char)text.p[i], kind))
            bad = i;
    if (bad != SLICE_NONE)
        print_error("%s: byte %zu: ...%.*s\n", row, bad, FMT(slice_cut(text, bad > 60 ? bad - 60 : 0, 90)));
    assert_row(row, bad == SLICE_NONE);
    size_t cut = whole ? slice_find(text, LIT("\xef\xbf\xbd")) : SLICE_NONE;
    if (cut != SLICE_NONE)
        print_error("%s: a character is cut: ...%.*s\n", row,
                    FMT(slice_cut(text, cut > 60 ? cut - 60 : 0, 90)));
    assert_row(row, cut == SLICE_NONE);
}

static void check_json(struct arena *a, slice text)
{
    struct findings f = findings_new(a);
    check_text(text, JSON);
    if (!json_read(a, text, &f))
        print_error("%s: no JSON: %.*s\n", row, FMT(text));
    assert_row(row, f.first == NULL);
}

struct subjects {
    struct arena *arena;
    struct gate *gate;
    struct server_handler handler;
    struct log *log;
    struct metrics *metrics;
    int file; /* of the log */
    size_t turn;
};

static void check_reports(const struct subjects *s, slice text, slice name)
{
    struct arena *a = s->arena;
    const struct stream_verdict *stream = verdict_manifest(s->gate, a, text, FIXTURE_NOW);
    assert_non_null(stream);
    struct report_file file = report_file_of(a, name, stream);
    file.lines = line_table_new(a, text);
    struct report_failure failure = {name, LIT("No such file")};
    struct report_end end = {.failures = &failure, .failure_count = 1};
    for (size_t i = 0; i < report_format_count; i++)
        for (int colour = 0; colour < 2; colour++) {
            const struct report_format *f = &report_formats[i];
            struct buf b = buf_new(a, SIZE_MAX / 2);
            buf_put(&b, f->open);
            if (file.count)
                f->put_file(&b, &file, colour);
            f->put_end(&b, &end);
            if (slice_eq(f->name, LIT("json")))
                check_json(a, buf_slice(&b));
            else
                check_text(buf_slice(&b), colour ? COLOURED : PLAIN);
        }
}

static void check_review(struct subjects *s, slice object, slice old)
{
    static const char *const operations[] = {"CREATE", "UPDATE", "DELETE"};
    for (size_t i = 0; i < COUNT(operations); i++)
        for (size_t endpoint = 0; endpoint < s->handler.path_count; endpoint++) {
            struct buf b = buf_new(s->arena, SIZE_MAX / 2);
            buf_fmt(&b, "{\"apiVersion\":\"admission.k8s.io/"
                        "v1\",\"kind\":\"AdmissionReview\",\"request\":{\"uid\":\"u" MARK "\",");
            buf_fmt(&b, "\"operation\":\"%s\",\"name\":\"n" MARK "\",\"namespace\":\"s" MARK "\",",
                    operations[i]);
            buf_fmt(
                &b,
                "\"userInfo\":{\"username\":\"" MARK
                "\"},\"kind\":{\"group\":\"br.pingcap.com\",\"version\":\"v1alpha1\",\"kind\":\"Backup\"},");
            buf_fmt(&b, "\"object\":%.*s,\"oldObject\":%.*s}}", FMT(i == 2 ? LIT("null") : object),
                    FMT(i ? old : LIT("null")));
            slice by = i || endpoint ? LIT("x") : hostile(s->arena, s->turn);
            struct server_answer answer = {0};
            s->handler.answer(s->handler.context, s->arena, endpoint,
                              replace_mark(s->arena, buf_slice(&b), by), &answer);
            if (answer.body.n)
                check_json(s->arena, answer.body);
            check_text(answer.error, PLAIN);
            log_review(s->log, s->arena, &s->handler, endpoint, &answer, 1);
            metrics_review(s->metrics, endpoint, &answer, 1);
        }
}

/* ---- where they are put ---- */

struct slots {
    struct node *items[TEXTS_MOST];
    size_t count;
};

static void list_slots(struct node *n, struct slots *ret)
{
    if ((n->kind == NODE_STRING || n->key.n) && ret->count < TEXTS_MOST)
        ret->items[ret->count++] = n;
    if (n->kind == NODE_OBJECT || n->kind == NODE_ARRAY)
        for (struct node *c = node_first(n); c; c = node_next(c))
            list_slots(c, ret);
}

static slice json_of(struct arena *a, const struct node *root)
{
    struct buf b = buf_new(a, SIZE_MAX / 2);
    node_put_json(&b, root, false);
    return buf_slice(&b);
}

static bool is_printable(slice text)
{
    for (slice shown; text.n; text = slice_from(text, utf8_shown(text, &shown)))
        if (utf8_shown(text, &shown) != shown.n || slice_eq(shown, LIT("\xef\xbf\xbd")))
            return false;
    return true;
}

static void check_object(struct subjects *s, slice json)
{
    bool printable = is_printable(json);
    struct arena *kept = arena_new(ARENA_BYTES);
    struct findings f = findings_new(kept);
    struct node *root = json_read(kept, json, &f);
    struct slots slots = {.count = 0};
    list_slots(root, &slots);
    for (size_t i = 0; i < slots.count; i++) {
        struct node *n = slots.items[i], before = *n;
        bool in_key = n->key.n && (n->kind != NODE_STRING || s->turn % 3 == 0);
        if (in_key)
            n->key = LIT(MARK);
        else
            n->text = LIT(MARK);
        slice by = hostile(s->arena, s->turn), text = replace_mark(s->arena, json_of(s->arena, root), by);
        *n = before;
        whole = printable && s->turn % 2 == 0;
        check_reports(s, text, s->turn % 4 == 1 ? LIT("caf\xe9\n\xe4\xb8.yaml") : LIT("a.yaml"));
        check_review(s, text, json);
        arena_reset(s->arena);
        s->turn++;
    }
    arena_free(kept);
}

/* ---- what the server writes about them ---- */

static void open_log(struct subjects *s)
{
    s->file = memfd_create("log", MFD_CLOEXEC);
    s->log = log_new(s->file, false, LOG_LEVEL_INFO);
    s->metrics = metrics_new(&s->handler);
    assert_true(s->log && s->metrics);
}

static void check_log(struct subjects *s)
{
    struct stat st;
    size_t count = 0;
    for (size_t turn = 0; turn < 100; turn++) {
        slice text = hostile(s->arena, turn);
        log_about(s->log, LOG_LEVEL_ERROR, "about", &(struct log_object){text, text, text}, text);
        log_event(s->log, LOG_LEVEL_ERROR, "event", "%.*s", FMT(text));
    }
    log_close(s->log);
    /* Its length depends on how long all this takes: the log limits lines by the second. */
    assert_true(fstat(s->file, &st) == 0 && st.st_size > 0);
    char *lines = mmap(NULL, (size_t)st.st_size, PROT_READ, MAP_PRIVATE, s->file, 0);
    close(s->file);
    assert_ptr_not_equal(lines, MAP_FAILED);
    row = "log";
    whole = false;
    for (slice rest = {lines, (size_t)st.st_size}; rest.n; count++) {
        size_t end = slice_find_char(rest, '\n');
        check_json(s->arena, slice_cut(rest, 0, end));
        rest = slice_from(rest, end == SLICE_NONE ? rest.n : end + 1);
    }
    munmap(lines, (size_t)st.st_size);
    assert_true(count > 200);
}

static void check_metrics(struct subjects *s)
{
    struct buf b = buf_new(s->arena, SIZE_MAX / 2);
    metrics_render(s->metrics, &(struct metrics_gauges){.fingerprint = ""}, &b);
    row = "metrics";
    check_text(buf_slice(&b), PLAIN);
    metrics_free(s->metrics);
}

static void test_objects(void **state)
{
    struct arena *a = arena_new(ARENA_BYTES);
    struct policy policy = {0};
    struct error error;
    struct subjects s = {.arena = arena_new(ARENA_BYTES), .gate = gate_open(&policy, &builtin_schemas)};
    (void)state;
    assert_true(review_handler_open(&(struct server_judging){0}, &s.handler, &error));
    open_log(&s);
    const struct fixtures all = fixtures_read(a, NULL, 0);
    for (size_t i = 0; i < all.count; i++) {
        struct findings f = findings_new(a);
        row = all.items[i].slug;
        const struct document *d = stream_read(a, all.items[i].manifest, &f)->first;
        if (d && d->root && d->root->kind == NODE_OBJECT)
            check_object(&s, json_of(a, d->root));
    }
    assert_true(s.turn > 3000);
    check_log(&s);
    check_metrics(&s);
    s.handler.close(s.handler.context);
    gate_close(s.gate);
    arena_free(s.arena);
    arena_free(a);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_objects)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
