/* Visits every text of an object, for what may be wrong with any of them: characters that look like others or are
 * invisible, such as the quotes and hyphens of a word processor, and placeholders. */
#include "checks.h"

#include "utf8.h"

#define RULE(name, ...) const struct rule rule_##name = {__VA_ARGS__};
#include "rule_text.def"

static const char *name_of(uint32_t c)
{
    if (c >= 0x2010 && c <= 0x2015)
        return "a typographic dash";
    if ((c >= 0x2018 && c <= 0x201f) || c == 0xab || c == 0xbb)
        return "a typographic quote";
    if ((c >= 0x200b && c <= 0x200f) || (c >= 0x202a && c <= 0x202e) || (c >= 0x2060 && c <= 0x2064) ||
        c == 0xfeff || c == 0xad)
        return "a character that cannot be seen";
    return c == 0xa0 || (c >= 0x2000 && c <= 0x200a) || c == 0x202f || c == 0x3000 ? "a special space" : NULL;
}

static bool has_finding(const struct findings *f, const struct node *n)
{
    for (const struct finding *x = f->first; x; x = x->next)
        if (x->place.node == n && x->place.kind != PLACE_MISSING && x->place.kind != PLACE_KEY)
            return true;
    return false;
}

static void report_lookalike(struct rule_run *run, const struct node *n)
{
    for (size_t i = utf8_ascii(n->text), bytes; i < n->text.n; i += bytes) {
        uint32_t c = 0;
        bytes = utf8_decode(slice_from(n->text, i), &c);
        bytes += !bytes;
        const char *name = name_of(c);
        if (!name)
            continue;
        if (has_finding(run->findings, n) || findings_full(run->findings, &rule_text_lookalike))
            return;
        struct finding *x =
            finding_at(run->findings, &rule_text_lookalike, FIELD_NONE, at_part(n, i, i + bytes),
                       "%.*s contains %s, U+%04X", FMT(node_value(run->arena, n)), name, (unsigned)c);
        finding_hint(x, "retype the value with plain ASCII characters");
        return;
    }
}

/* The values of variables are for others to read, and names of tables may have any character. What the name of a
 * variable or bucket may have is other rules' matter. */
static bool key_takes_lookalikes(slice key)
{
    static const slice keys[] = {SLICE("tableFilter"), SLICE("env"), SLICE("bucket"), SLICE("container")};
    return slice_among(key, keys, COUNT(keys));
}

/* What is reported about the texts at `n` and below. */
struct sought {
    bool lookalikes, placeholders;
};

static void check_texts(struct rule_run *run, const struct node *n, struct sought sought)
{
    if (n->kind == NODE_STRING && !text_is_ordinary(n->text)) {
        if (sought.lookalikes && value_is_text(n))
            report_lookalike(run, n);
        if (sought.placeholders)
            report_placeholder(run, n);
    }
    if (n->kind != NODE_OBJECT && n->kind != NODE_ARRAY)
        return;
    for (const struct node *c = node_first(n); c; c = node_next(c)) {
        struct sought below = {sought.lookalikes && !key_takes_lookalikes(c->key),
                               sought.placeholders && !key_takes_placeholders(c->key)};
        if (below.lookalikes || below.placeholders)
            check_texts(run, c, below);
    }
}

void report_texts(struct rule_run *run, const struct node *root)
{
    for (const struct node *c = node_first(root); c; c = node_next(c)) {
        struct sought sought = {slice_eq(c->key, LIT("spec")), !key_takes_placeholders(c->key)};
        check_texts(run, c, sought);
    }
}
