/* Findings for people: a line that tools find too, the source line, carets. */
#include "report.h"

#include "excerpt.h"

static const slice none = SLICE(""), bold = SLICE("\x1b[1m"), red = SLICE("\x1b[1;31m"),
                   yellow = SLICE("\x1b[1;33m"), cyan = SLICE("\x1b[1;36m"), green = SLICE("\x1b[32m"),
                   dim = SLICE("\x1b[2m"), reset = SLICE("\x1b[0m");

static void put_coloured(struct buf *b, slice colour_on, slice text, bool colour)
{
    buf_put(b, colour ? colour_on : none);
    put_plain(b, text);
    buf_put(b, colour ? reset : none);
}

static void put_place(struct buf *b, const struct report_file *f, uint32_t at, bool colour)
{
    buf_put(b, colour ? bold : none);
    put_plain(b, f->name);
    if (f->lines) {
        struct position p = position_of(f->lines, at);
        buf_fmt(b, ":%u:%u", p.line, p.column);
    }
    buf_char(b, ':');
    buf_put(b, colour ? reset : none);
    buf_char(b, ' ');
}

/* Where there is no source line to put it below. */
static void put_hint(struct buf *b, slice hint, bool colour)
{
    if (!hint.n)
        return;
    buf_put(b, LIT("    "));
    put_coloured(b, green, hint, colour);
    buf_char(b, '\n');
}

void report_put_diagnostic(struct buf *b, const struct report_file *f, const struct diagnostic *d,
                           bool colour)
{
    put_place(b, f, d->from, colour);
    put_coloured(b, d->severity == SEVERITY_ERROR ? red : yellow, slice_of(severity_word(d->severity)),
                 colour);
    buf_put(b, LIT(": "));
    if (d->path.n) {
        put_plain(b, d->path);
        buf_put(b, LIT(": "));
    }
    put_plain(b, d->message);
    buf_put(b, colour ? dim : none);
    buf_fmt(b, " [%s]", d->rule->slug);
    buf_put(b, colour ? reset : none);
    buf_char(b, '\n');
    if (!f->lines) {
        put_hint(b, d->hint, colour);
        return;
    }
    struct excerpt e = {
        f->bytes, f->lines, d->from, d->to, d->hint, colour ? green : none, colour ? reset : none};
    excerpt_put(b, &e);
    if (!d->note.n)
        return;
    put_place(b, f, d->note_from, colour);
    put_coloured(b, cyan, LIT("note"), colour);
    buf_put(b, LIT(": "));
    put_plain(b, d->note);
    buf_char(b, '\n');
    e.from = d->note_from;
    e.to = d->note_to;
    e.hint = none;
    excerpt_put(b, &e);
}

void report_put_text(struct buf *b, const struct report_file *f, bool colour)
{
    const struct diagnostic *noted = NULL;
    for (size_t i = 0; i < f->count; i++) {
        struct diagnostic d = f->reported[i].diagnostic;
        if (noted && d.note_from == noted->note_from && slice_eq(d.note, noted->note))
            d.note.n = 0; /* it is a few lines above */
        else if (d.note.n)
            noted = &f->reported[i].diagnostic;
        report_put_diagnostic(b, f, &d, colour);
    }
}

/* ---- the closing line ---- */

static void put_count(struct buf *b, size_t n, const char *one, const char *many)
{
    buf_fmt(b, "%zu %s", n, n == 1 ? one : many);
}

/* "; " or the like before everything but the first. */
static void put_part(struct buf *b, bool *begun, const char *lead, size_t n, const char *one,
                     const char *many)
{
    if (!n)
        return;
    buf_fmt(b, "%s", *begun ? ", " : lead);
    put_count(b, n, one, many);
    *begun = true;
}

/* How many objects the findings are about, and which of them matter today. */
static void put_audit(struct buf *b, const struct report_audit *audit)
{
    if (!audit->faulty)
        return;
    buf_char(b, ' ');
    put_count(b, audit->faulty, "object has errors: ", "objects have errors: ");
    if (audit->denied == audit->faulty)
        buf_put(b, audit->faulty == 1 ? LIT("it") : LIT("they"));
    else
        buf_fmt(b, "%zu of them", audit->denied);
    buf_put(b, LIT(" would be denied if created today."));
}

static void put_policy_reports(struct buf *b, const struct report_policy_reports *p)
{
    if (p->absent)
        buf_put(
            b, LIT("PolicyReports: none: the cluster does not have policyreports.wgpolicyk8s.io; install its "
                   "definition, which Kyverno and Policy Reporter bring\n"));
    else
        buf_fmt(b, "PolicyReports: %zu written, %zu unchanged, %zu removed\n", p->written, p->unchanged,
                p->removed);
}

void report_put_text_end(struct buf *b, const struct report_end *e)
{
    const struct report_totals *t = &e->totals;
    bool begun = false;
    if (!e->audit) {
        put_count(b, t->files, "file", "files");
        buf_put(b, LIT(", "));
    }
    put_count(b, t->objects, "object", "objects");
    put_part(b, &begun, ": ", t->errors, "error", "errors");
    put_part(b, &begun, ": ", t->warnings, "warning", "warnings");
    if (!begun)
        buf_put(b, t->objects ? LIT(": no findings") : LIT(": nothing to judge"));
    begun = true;
    put_part(b, &begun, "", t->suppressed, "finding suppressed", "findings suppressed");
    put_part(b, &begun, "", t->dropped, "more finding not shown", "more findings not shown");
    buf_char(b, '.');
    if (e->audit)
        put_audit(b, e->audit);
    begun = false;
    put_part(b, &begun, " Not judged: ", t->broken, "document that cannot be read",
             "documents that cannot be read");
    put_part(b, &begun, " Not judged: ", t->unreadable,
             e->audit ? "kind that cannot be listed" : "file that cannot be opened",
             e->audit ? "kinds that cannot be listed" : "files that cannot be opened");
    put_part(b, &begun, " Not judged: ", t->skipped, "object of another kind", "objects of other kinds");
    put_part(b, &begun, " Not judged: ", t->other_files, "file that is neither YAML nor JSON",
             "files that are neither YAML nor JSON");
    put_part(b, &begun, " Not judged: ", t->not_ours, "unreadable file without a backup resource",
             "unreadable files without a backup resource");
    put_part(b, &begun, " Not judged: ", t->ignored, "ignored file or folder", "ignored files or folders");
    put_part(b, &begun, " Not judged: ", t->links, "link to a folder", "links to folders");
    put_part(b, &begun, " Not judged: ", t->missing, "broken link or removed file",
             "broken links or removed files");
    buf_put(b, begun ? LIT(".\n") : LIT("\n"));
    for (size_t i = 0; e->audit && i < e->audit->note_count; i++) {
        buf_put(b, LIT("Not checked: "));
        put_plain(b, e->audit->notes[i]);
        buf_char(b, '\n');
    }
    if (e->audit && e->audit->policy_reports)
        put_policy_reports(b, e->audit->policy_reports);
}
