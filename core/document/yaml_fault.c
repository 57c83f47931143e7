/* Rewrites libyaml's errors in words that help the author of a manifest. */
#include "yaml_reader.h"

#include <string.h>

struct words {
    const char *problem; /* libyaml's text, or its beginning */
    const char *message, *hint;
    bool at_context; /* the place to fix is where the construct began */
    const char *note;
};

static const struct words words[] = {
    {"mapping keys are not allowed", "unexpected key", "check the indentation", false, NULL},
    {"block sequence entries are not allowed", "unexpected list item (-)",
     "begin the list on the line below its key; quote a value that begins with \"- \"", false, NULL},
    {"could not find expected ':'", "this is neither a key with a colon nor part of the previous value",
     "write \"key: value\"; check indentation and quotes", true, NULL},
    {"did not find expected key", "this line's indentation matches no key of its block",
     "indent all keys of a block equally", false, "the block begins here"},
    {"did not find expected '-' indicator", "this line's indentation matches no item of its list",
     "indent all items of a list equally", false, "the list begins here"},
    {"did not find expected ',' or ']'", "the list opened here is malformed or not closed",
     "put a comma between items and ] at the end; quote a value that begins with [", true, NULL},
    {"did not find expected ',' or '}'", "the mapping opened here is malformed or not closed",
     "put a comma between members and } at the end; quote a value that begins with {", true, NULL},
    {"found unexpected end of stream", "the quote opened here is never closed",
     "close it; a quoted value ends at the latest where the document ends", true, NULL},
    {"found unexpected document indicator", "the quote opened here is not closed before the document ends",
     "close it", true, NULL},
    {"found unknown escape character", "unknown escape in double quotes",
     "write \\\\ for a backslash, or use single quotes", false, NULL},
    {"did not find expected hexdecimal number", "an escape without its hexadecimal digits", "", false, NULL},
    {"found invalid Unicode character escape code", "the escape does not name a character",
     "write the character itself: \\u does not support surrogate pairs in YAML", false, NULL},
    {"did not find expected alphabetic or numeric character",
     "* and & begin an alias or an anchor, which needs a name", "quote a value that begins with * or &", true,
     NULL},
    {"did not find expected comment or line break", "text after | or > belongs on the next line",
     "quote a value that begins with | or >", false, NULL},
    {"did not find expected whitespace or line break", "! begins a tag, but this is not a tag",
     "quote a value that begins with !", true, NULL},
    {"did not find expected tag URI", "! begins a tag, but this is not a tag",
     "quote a value that begins with !", true, NULL},
    {"did not find expected '!'", "! begins a tag, but this is not a tag", "quote a value that begins with !",
     true, NULL},
    {"found undefined tag handle", "! begins a tag, but this one is not defined",
     "quote a value that begins with !", false, NULL},
    {"did not find expected <document start>", "text after the end of the document's only value",
     "a document is one mapping; check the indentation", false, NULL},
    {"found unexpected ':'", "a colon without a space after it, between brackets or braces",
     "write \"key: value\", or quote the text", false, NULL},
    {"found unknown directive name", "a line that begins with % is a directive", "put the value in quotes",
     false, NULL},
    {"did not find expected node content", "a value is missing here", "", false, NULL},
    {"found a tab character", "a tab where spaces are required", "indent only with spaces", false, NULL},
    {"found an indentation indicator equal to 0", "an indentation of 0", "write | without a number", false,
     NULL},
    {"found incompatible YAML document", "a YAML version that kubectl does not support",
     "remove the %YAML line", false, NULL},
};

const char *const yaml_template_hint =
    "check the rendered template (helm template CHART | brgate lint -); quote a value that begins with {";

static slice line_at(slice stream, const struct yaml_fault *fault, uint32_t at, uint32_t *ret_start)
{
    uint32_t from = at < fault->end ? at : fault->end, to = from;
    while (from > fault->doc_at && stream.p[from - 1] != '\n')
        from--;
    while (to < fault->end && stream.p[to] != '\n')
        to++;
    *ret_start = from;
    return slice_cut(stream, from, to - from);
}

/* Returns whether the fault is where the parser says: in a quoted text, a tag, an anchor or an alias, and not in
 * the spaces before it. */
static bool is_sure(const struct yaml_fault *fault)
{
    static const slice inside[] = {SLICE("while parsing a quoted"), SLICE("while scanning a tag"),
                                   SLICE("while parsing a tag"), SLICE("while scanning an a")};
    for (size_t i = 0; i < COUNT(inside); i++)
        if (slice_starts(fault->context, inside[i]))
            return true;
    return slice_starts(fault->problem, LIT("found unexpected ':'"));
}

/* The first tab in the indentation of the line at fault or the one before it: the parser may notice late. */
static bool find_tab(slice stream, const struct yaml_fault *fault, uint32_t *ret)
{
    uint32_t at = fault->at;
    for (int back = 0; back < 2; back++) {
        uint32_t start;
        slice line = line_at(stream, fault, at, &start);
        size_t i = 0;
        while (i < line.n && line.p[i] == ' ')
            i++;
        size_t text = i;
        while (text < line.n && strchr(" \t\r", line.p[text]))
            text++;
        if (text < line.n && line.p[i] == '\t') {
            *ret = start + (uint32_t)i;
            return true;
        }
        if (start == fault->doc_at)
            break;
        at = start - 1;
    }
    return false;
}

/* Characters that editors and web pages display as spaces, and YAML reads as text. */
static const struct {
    slice bytes;
    const char *name;
} odd_blanks[] = {{SLICE("\xc2\xa0"), "a no-break space (U+00A0)"},
                  {SLICE("\xe3\x80\x80"), "an ideographic space (U+3000)"}};

/* Returns the first of them in the indentation of a line, or after its first colon; NULL if there is none. */
static const char *odd_blank_in(slice line, size_t *ret)
{
    size_t text = 0, colon = slice_find_char(line, ':');
    while (text < line.n && strchr(" \t-", line.p[text]))
        text++;
    const size_t places[] = {text, colon == SLICE_NONE ? line.n : colon + 1};
    for (size_t i = 0; i < 4; i++) {
        *ret = places[i / 2];
        if (slice_starts(slice_from(line, *ret), odd_blanks[i % 2].bytes))
            return odd_blanks[i % 2].name;
    }
    return NULL;
}

/* As with tabs, the parser notices on the next line, or at the end of what it took for one text. */
static bool report_odd_blank(struct findings *f, slice stream, const struct yaml_fault *fault)
{
    uint32_t start;
    line_at(stream, fault, fault->at, &start);
    const uint32_t places[] = {fault->at, start > fault->doc_at ? start - 1 : start,
                               fault->context.n ? fault->context_at : fault->at};
    for (size_t i = 0; i < COUNT(places); i++) {
        size_t at;
        slice line = line_at(stream, fault, places[i], &start);
        const char *name = odd_blank_in(line, &at);
        if (!name)
            continue;
        struct finding *x = finding_at(f, &rule_yaml_syntax, FIELD_NONE,
                                       at_bytes(start + at, start + at + (line.p[at] == '\xc2' ? 2 : 3)),
                                       "%s is used instead of a space", name);
        finding_hint(x, "replace it with a space: YAML reads it as a letter");
        return true;
    }
    return false;
}

/* The first {{ on the line of `at` that no quote opens before. */
static bool find_template(slice stream, const struct yaml_fault *fault, uint32_t at, uint32_t *ret)
{
    uint32_t start;
    slice line = line_at(stream, fault, at, &start);
    size_t brace = slice_find(line, LIT("{{"));
    if (brace == SLICE_NONE || (brace && strchr("\"'", line.p[brace - 1])))
        return false;
    *ret = start + (uint32_t)brace;
    return true;
}

/* The end of what a caret should underline: the word at `from`, at least one character. */
static uint32_t word_end(slice stream, const struct yaml_fault *fault, uint32_t from)
{
    uint32_t to = from;
    while (to < fault->end && !strchr(" \t\r\n,[]{}", stream.p[to]))
        to++;
    if (to == from && to < fault->end)
        to++;
    return to;
}

static struct finding *add(struct findings *f, slice stream, const struct yaml_fault *fault, uint32_t from,
                           const char *message, const char *hint)
{
    /* At a line's end there is nothing to underline: take the text before it. */
    while (from > fault->doc_at && (from >= fault->end || strchr(" \t\r\n", stream.p[from])))
        from--;
    while (from > fault->doc_at && ((unsigned char)stream.p[from] & 0xc0) == 0x80)
        from--;
    struct finding *x = finding_at(f, &rule_yaml_syntax, FIELD_NONE,
                                   at_bytes(from, word_end(stream, fault, from)), "%s", message);
    finding_hint(x, "%s", hint);
    return x;
}

/* Returns whether there is a word before `at` on its line; `*ret_first` is the line's first word. */
static bool is_behind(slice stream, const struct yaml_fault *fault, uint32_t at, uint32_t *ret_first)
{
    slice line = line_at(stream, fault, at, ret_first);
    while (line.n && (line.p[0] == ' ' || line.p[0] == '\t')) {
        line = slice_from(line, 1);
        ++*ret_first;
    }
    return *ret_first < at;
}

/* "a: b: c", or a key below one that has a value already. */
static void second_colon(struct findings *f, slice stream, const struct yaml_fault *fault)
{
    uint32_t first;
    is_behind(stream, fault, fault->at, &first);
    slice before = slice_cut(stream, first, fault->at - first);
    if (slice_find(before, LIT(": ")) != SLICE_NONE)
        add(f, stream, fault, fault->at, "a second key on the same line",
            "quote a value that contains \": \"");
    else
        add(f, stream, fault, first, "unexpected key: the value above it is already complete",
            "check the indentation of this line and the one above");
}

static void unstartable(struct findings *f, slice stream, const struct yaml_fault *fault)
{
    char c = fault->at < fault->end ? stream.p[fault->at] : 0;
    slice message = c > ' ' ? arena_fmt(f->arena, "no value can begin with %c", c)
                            : LIT("a character that no value can begin with");
    add(f, stream, fault, fault->at, message.p, "put the value in quotes");
}

/* %YAML, and kubectl cuts the stream before the --- that belongs to it. The parser notices behind the
 * line. */
static bool report_directive(struct findings *f, slice stream, const struct yaml_fault *fault)
{
    uint32_t start, at = fault->at;
    while (at > fault->doc_at && (at >= fault->end || stream.p[at] == '\n'))
        at--;
    if (!slice_starts(line_at(stream, fault, at, &start), LIT("%")))
        return false;
    add(f, stream, fault, start, "a YAML directive, which kubectl reads as a separate document",
        "remove the line");
    return true;
}

/* Reports a fault that the text shows more precisely than libyaml's words. Returns false when it shows none. */
static bool report_seen(struct findings *f, slice stream, const struct yaml_fault *fault)
{
    uint32_t tab, first;
    bool sure = is_sure(fault);
    if (!sure && find_tab(stream, fault, &tab)) {
        struct finding *x = finding_at(f, &rule_yaml_syntax, FIELD_NONE, at_bytes(tab, tab + 1),
                                       "a tab is used as indentation");
        finding_hint(x, "YAML allows only spaces for indentation");
        return true;
    }
    if (!sure && report_odd_blank(f, stream, fault))
        return true;
    if (slice_starts(fault->problem, LIT("found character that cannot start"))) {
        unstartable(f, stream, fault);
        return true;
    }
    if (slice_starts(fault->problem, LIT("mapping values are not allowed"))) {
        second_colon(f, stream, fault);
        return true;
    }
    if (find_template(stream, fault, fault->at, &first) ||
        (fault->context.n && find_template(stream, fault, fault->context_at, &first))) {
        struct finding *x =
            add(f, stream, fault, first, "found a template, expected YAML", yaml_template_hint);
        x->place = at_bytes(x->place.from, first + 2);
        return true;
    }
    if (slice_starts(fault->problem, LIT("did not find expected <document start>")) &&
        report_directive(f, stream, fault))
        return true;
    bool block = slice_eq(fault->problem, LIT("did not find expected key")) ||
                 slice_eq(fault->problem, LIT("did not find expected '-' indicator"));
    if (!block || fault->at >= fault->end || !is_behind(stream, fault, fault->at, &first))
        return false;
    add(f, stream, fault, fault->at, "text after a value that is already complete",
        "double a quote inside a quoted value; put text that follows a quote or bracket inside it");
    return true;
}

/* In the words of words[]. */
static bool report_known(struct findings *f, slice stream, const struct yaml_fault *fault)
{
    for (size_t i = 0; i < COUNT(words); i++) {
        const struct words *w = &words[i];
        if (!slice_starts(fault->problem, slice_of(w->problem)))
            continue;
        bool back = w->at_context && fault->context.n;
        struct finding *x = add(f, stream, fault, back ? fault->context_at : fault->at, w->message, w->hint);
        if (w->note && fault->context.n)
            finding_note(x, at_bytes(fault->context_at, word_end(stream, fault, fault->context_at)), "%s",
                         w->note);
        return true;
    }
    return false;
}

void yaml_fault_report(struct findings *f, slice stream, const struct yaml_fault *fault)
{
    if (report_seen(f, stream, fault) || report_known(f, stream, fault))
        return;
    slice message = arena_fmt(f->arena, "%.*s%s%.*s", FMT(fault->context), fault->context.n ? ": " : "",
                              FMT(fault->problem));
    add(f, stream, fault, fault->at, message.p, "");
}
