/* Updates: the fields whose schema errors deny an update, compared with the API server's ratcheting. The input is the CRD's
 * name, the old and the new object, each on a line. */
#include "topic_schema.h"
#include "topics.h"

#include "bug.h"
#include "builtin_schemas.h"
#include "verdict.h"

#include "document.h"

enum { JUDGED_AT = 1780272000, ERRORS = 400 }; /* 2026-06-01T00:00:00Z */

static void make(struct dice *d, struct buf *b)
{
    const struct schema_kind *k = &builtin_schemas.kinds[dice_below(d, (unsigned)builtin_schemas.kind_count)];
    struct dice again = *d, noise = {d->state + 1};
    buf_fmt(b, "%.*s.%.*s\n", FMT(k->plural), FMT(k->group));
    schema_put_object(d, NULL, b, k);
    buf_char(b, '\n');
    schema_put_object(&again, &noise, b, k);
}

static struct node *read_object(struct arena *a, slice text)
{
    struct findings f = findings_new(a);
    struct node *root = json_read(a, text, &f);
    return root && root->kind == NODE_OBJECT ? root : NULL;
}

static void answer(struct arena *a, slice input, struct buf *b)
{
    static struct policy policy;
    static struct gate *gate; /* for the life of the program */
    if (!gate)
        gate = gate_open(&policy, &builtin_schemas);
    BUG_IF(!gate);
    size_t first = slice_find_char(input, '\n');
    slice objects = slice_from(input, first + 1);
    size_t second = slice_find_char(objects, '\n');
    const struct schema_kind *k = schema_kind_named(slice_cut(input, 0, first));
    const struct change change = {.context = CONTEXT_UPDATE,
                                  .kind = k,
                                  .object = read_object(a, slice_from(objects, second + 1)),
                                  .old_object = read_object(a, slice_cut(objects, 0, second))};
    if (!change.object || !change.old_object) {
        buf_char(b, '-');
        return;
    }
    const struct verdict *v = verdict_change(gate, a, &change, false, JUDGED_AT);
    slice errors[ERRORS];
    size_t count = 0;
    for (size_t i = 0; i < v->diagnostic_count && count < ERRORS; i++) {
        const struct diagnostic *d = &v->diagnostics[i];
        if (d->severity == SEVERITY_ERROR && slice_starts(slice_of(d->rule->slug), LIT("schema-")) &&
            !slice_starts(d->path, LIT("metadata")))
            errors[count++] = d->path;
    }
    buf_put(b, LIT("+\n"));
    schema_put_sorted(b, errors, count, "\n");
}

static bool has_line(slice text, slice line)
{
    for (slice rest = text; rest.n;) {
        size_t end = slice_find_char(rest, '\n');
        if (slice_eq(slice_cut(rest, 0, end), line))
            return true;
        rest = slice_from(rest, end == SLICE_NONE ? rest.n : end + 1);
    }
    return false;
}

/* Each line of ours is one of theirs, or contains the word. */
static bool is_among(slice ours, slice theirs, slice word)
{
    for (slice rest = ours; rest.n;) {
        size_t end = slice_find_char(rest, '\n');
        slice line = slice_cut(rest, 0, end);
        if (!has_line(theirs, line) && (!word.n || slice_find(line, word) == SLICE_NONE))
            return false;
        rest = slice_from(rest, end == SLICE_NONE ? rest.n : end + 1);
    }
    return true;
}

static bool finer(slice input, slice ours, slice theirs)
{
    (void)input;
    return is_among(ours, theirs, (slice){0});
}

/* claims is the one list with keys in these schemas. */
static bool bad_keys(slice input, slice ours, slice theirs)
{
    return slice_find(input, LIT("\"claims\":[")) != SLICE_NONE && is_among(ours, theirs, LIT(".claims["));
}

static const struct fidelity_exception exceptions[] = {
    {"denied by the server alone",
     "it takes a list, or an object that lacks a member, for one value: whatever changes in it, its old "
     "errors count",
     finer},
    {"keys at fault",
     "if elements of the old list have bad or duplicate keys, the server skips them; we see "
     "elements that moved",
     bad_keys},
};

const struct fidelity_topic topic_updates = {"updates", make, answer, exceptions, COUNT(exceptions), 0};
