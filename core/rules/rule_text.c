/* Characters that look like others, or are invisible, such as the quotes and hyphens of a word processor. */
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

static void check_text(struct rule_run *run, const struct node *n)
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
static bool is_passed_over(const struct node *n)
{
    static const slice keys[] = {SLICE("tableFilter"), SLICE("env"), SLICE("bucket"), SLICE("container")};
    return slice_among(n->key, keys, COUNT(keys));
}

void report_lookalikes(struct rule_run *run, const struct node *n)
{
    if (!n || is_passed_over(n))
        return;
    if (value_is_text(n))
        check_text(run, n);
    if (n->kind != NODE_OBJECT && n->kind != NODE_ARRAY)
        return;
    for (const struct node *c = node_first(n); c; c = node_next(c))
        report_lookalikes(run, c);
}
