/* Following a hint must not lose the field that it advises: a hint names a field of the CRD that TiDB Operator installs
 * for the group and kind of the object, unless the hint says to remove it. */
#include "check.h"

#include "brgate_limits.h"
#include "builtin_schemas.h"
#include "file.h"
#include "fixtures.h"
#include "schema.h"

#include <string.h>

enum { ARENA_BYTES = 1 << 30, FIELDS_MOST = 2000, CRDS = 6 };

struct fields {
    const char *crd;
    slice names[FIELDS_MOST];
    size_t count;
};

static struct fields crds[CRDS] = {
    {.crd = "backups.br.pingcap.com"},         {.crd = "backups.pingcap.com"},
    {.crd = "backupschedules.br.pingcap.com"}, {.crd = "backupschedules.pingcap.com"},
    {.crd = "compactbackups.br.pingcap.com"},  {.crd = "compactbackups.pingcap.com"},
};

static bool has_name(const struct fields *f, slice name)
{
    for (size_t i = 0; i < f->count; i++)
        if (slice_eq(f->names[i], name))
            return true;
    return false;
}

/* Every step of a path "spec.s3.storageClass" or "spec.env[].name". */
static void note_path(struct fields *f, slice path)
{
    while (path.n) {
        size_t end = slice_find_char(path, '.');
        slice name = slice_cut(path, 0, end);
        while (slice_ends(name, LIT("[]")))
            name.n -= 2;
        if (!has_name(f, name)) {
            assert_true(f->count < FIELDS_MOST);
            f->names[f->count++] = name;
        }
        path = slice_from(path, end == SLICE_NONE ? path.n : end + 1);
    }
}

static void read_fields(struct arena *a, struct fields *f, const char *crd)
{
    char path[100];
    slice text;
    snprintf(path, sizeof path, "tests/schema/fields/%s.tsv", crd);
    assert_true(file_read(a, path, LIMIT_STREAM_BYTES, &text, NULL));
    while (text.n) {
        size_t end = slice_find_char(text, '\n');
        slice line = slice_cut(text, 0, end);
        note_path(f, slice_cut(line, 0, slice_find_char(line, '\t')));
        text = slice_from(text, end == SLICE_NONE ? text.n : end + 1);
    }
}

static const struct fields *fields_of(slice api_version, slice kind)
{
    static const slice kinds[] = {SLICE("Backup"), SLICE("BackupSchedule"), SLICE("CompactBackup")};
    for (size_t i = 0; i < 3; i++)
        if (slice_eq(kind, kinds[i]))
            return &crds[2 * i + slice_eq(api_version, LIT("pingcap.com/v1alpha1"))];
    return NULL;
}

/* One that looks like a field: letters with a capital inside. Plain words may be English. */
static bool looks_like_field(slice word)
{
    for (size_t i = 1; i < word.n; i++)
        if (word.p[i] >= 'A' && word.p[i] <= 'Z')
            return word.p[0] >= 'a' && word.p[0] <= 'z';
    return false;
}

static bool is_letter(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

/* Whether a CRD has it whose name ends so: ".br.pingcap.com" those of a group, "" any. */
static bool known_in(const char *crds_end, slice word)
{
    for (size_t i = 0; i < CRDS; i++)
        if (slice_ends(slice_of(crds[i].crd), slice_of(crds_end)) && has_name(&crds[i], word))
            return true;
    return false;
}

/* Calls `take` for each word of the text that looks like a field of some CRD or one that is none. */
static void each_field(slice text, void (*take)(slice before, slice word, const void *context),
                       const void *context)
{
    for (size_t at = 0; at < text.n;) {
        size_t end = at;
        while (end < text.n && is_letter(text.p[end]))
            end++;
        slice word = slice_cut(slice_from(text, at), 0, end - at);
        if (looks_like_field(word))
            take(slice_cut(text, 0, at), word, context);
        at = end > at ? end : at + 1;
    }
}

struct hint {
    const char *slug;
    const struct fields *fields;
    slice text;
};

static unsigned advised;

/* "status.logCheckpointTs" is of another object of the group, and a hint may advise to write a BackupSchedule. */
static void check_word(slice before, slice word, const void *context)
{
    static const slice away[] = {SLICE("remove "), SLICE("omit "), SLICE("leave out "), SLICE("leave ")};
    const struct hint *h = context;
    for (size_t i = 0; i < COUNT(away); i++)
        if (slice_ends(before, away[i]))
            return;
    if (!known_in("", word))
        return;
    advised++;
    const char *group = strchr(h->fields->crd, '.');
    const struct fields *schedule = &crds[2 + (strcmp(group, strchr(crds[2].crd, '.')) != 0)];
    bool other_kind = slice_find(h->text, LIT("BackupSchedule")) != SLICE_NONE && has_name(schedule, word);
    bool has =
        slice_ends(before, LIT("status.")) ? known_in(group, word) : has_name(h->fields, word) || other_kind;
    if (!has)
        print_error("the hint \"%.*s\" names %.*s, which %s does not have\n", FMT(h->text), FMT(word),
                    h->fields->crd);
    assert_row(h->slug, has);
}

static void check_rows(const char *label, const struct verdict *v)
{
    const struct fields *f = fields_of(v->api_version, v->kind);
    for (size_t i = 0; f && i < v->diagnostic_count; i++)
        each_field(v->diagnostics[i].hint, check_word, &(struct hint){label, f, v->diagnostics[i].hint});
}

static void check_change(struct arena *a, const struct gate *g, const char *label, enum context context,
                         const struct document *d, const struct document *old)
{
    struct change change = {.context = context, .kind = fixture_kind(g, d->root), .object = d->root};
    if (old)
        change.old_object = old->root;
    if (change.kind)
        check_rows(label, verdict_change(g, a, &change, false, FIXTURE_NOW));
}

static void check_changes(struct arena *a, const struct gate *g, const char *label, enum context context,
                          slice objects, slice olds)
{
    struct findings unread = findings_new(a);
    const struct document *old = stream_read(a, olds, &unread)->first;
    for (const struct document *d = stream_read(a, objects, &unread)->first; d; d = d->next) {
        if (context != CONTEXT_UPDATE || old)
            check_change(a, g, label, context, d, old);
        old = old ? old->next : NULL;
    }
}

static void test_hints(void **state)
{
    (void)state;
    struct arena *a = arena_new(ARENA_BYTES);
    const struct policy policy = {0};
    struct gate *g = gate_open(&policy, &builtin_schemas);
    const struct fixtures all = fixtures_read(a, NULL, 0);
    for (size_t i = 0; i < all.count; i++) {
        const struct fixture *f = &all.items[i];
        const struct stream_verdict *s = verdict_manifest(g, a, f->manifest, FIXTURE_NOW);
        for (const struct verdict *v = s->first; v; v = v->next)
            check_rows(f->slug, v);
        check_changes(a, g, f->slug, CONTEXT_CREATE, f->manifest, (slice){0});
        if (f->old.n)
            check_changes(a, g, f->slug, CONTEXT_UPDATE, f->manifest, f->old);
        check_changes(a, g, f->slug, CONTEXT_DELETE, f->deleted, (slice){0});
    }
    assert_true(advised > 50);
    gate_close(g);
    arena_free(a);
}

static void check_known(slice before, slice word, const void *context)
{
    static const slice others[] = {SLICE("generateName")};
    (void)before;
    for (size_t i = 0; i < COUNT(others); i++)
        if (slice_eq(word, others[i]))
            return;
    if (!known_in("", word))
        print_error("%.*s is no field of any CRD\n", FMT(word));
    assert_row((const char *)context, known_in("", word));
}

/* The catalogue names no group: its fixes and good examples name fields of some CRD. */
static void test_catalogue(void **state)
{
    (void)state;
    for (size_t i = 0; i < rule_count(); i++) {
        const struct rule *info = rule_at(i);
        each_field(slice_of(info->fix), check_known, info->slug);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_hints), cmocka_unit_test(test_catalogue)};
    struct arena *a = arena_new(ARENA_BYTES);
    for (size_t i = 0; i < CRDS; i++)
        read_fields(a, &crds[i], crds[i].crd);
    for (size_t i = 0; i < 2; i++) { /* a schedule's templates */
        read_fields(a, &crds[2 + i], crds[i].crd);
        read_fields(a, &crds[2 + i], crds[4 + i].crd);
    }
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    arena_free(a);
    return failed;
}
