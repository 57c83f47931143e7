/* The grammar of one line. */
#include "table_filter.h"

#include "ascii.h"
#include "buf.h"
#include "utf8.h"

#include <stdio.h>

struct filter_reader {
    struct arena *arena;
    slice line; /* as given; offsets of refusals count from its beginning */
    size_t at, end;
    enum filter_case sensitivity;
    struct refusal *refusal;
    enum filter_line failure;
};

static bool is_bare(char c)
{
    return ascii_is_alnum(c) || c == '$' || c == '_' || (unsigned char)c >= 0x80;
}

static bool compile(struct filter_reader *r, size_t at, size_t n, slice text, const struct regex **ret)
{
    struct refusal why = {0};
    unsigned flags = r->sensitivity == FILTER_CASE_INSENSITIVE ? REGEX_NOCASE : 0;
    switch (regex_compile(r->arena, text, flags, ret, &why)) {
    case REGEX_GOOD:
        return true;
    case REGEX_BAD:
        if (text.p == r->line.p + at) { /* as written: the place within it is known */
            at += why.at;
            n = why.n;
        }
        refuse(r->refusal, at, n, "invalid pattern: %s", why.why);
        break;
    default:
        r->failure = FILTER_BEYOND;
        refuse(r->refusal, at, n, "%s", why.why);
    }
    return false;
}

/* Texts beyond ASCII are folded by a regular expression; ASCII is compared directly. */
static bool set_text(struct filter_reader *r, size_t at, slice name, struct filter_pattern *ret)
{
    *ret = (struct filter_pattern){.kind = PATTERN_TEXT, .text = name};
    bool ascii = true;
    for (size_t i = 0; i < name.n; i++)
        ascii = ascii && (unsigned char)name.p[i] < 0x80;
    if (ascii || r->sensitivity == FILTER_CASE_SENSITIVE || utf8_invalid_at(name) != SLICE_NONE)
        return true;
    struct buf b = buf_new(r->arena, 8 * name.n + 100);
    buf_char(&b, '^');
    for (size_t i = 0; i < name.n; i++) {
        if (!is_bare(name.p[i]) || name.p[i] == '$')
            buf_fmt(&b, "\\x{%x}", (unsigned)name.p[i]);
        else
            buf_char(&b, name.p[i]);
    }
    buf_char(&b, '$');
    return compile(r, at, name.n, buf_slice(&b), &ret->re);
}

/* /body/: returns the offset of the closing slash, or 0. A slash after a backslash belongs to the body, unless no
 * other is left to close it. */
static size_t closing_slash(const struct filter_reader *r)
{
    size_t last = 0;
    for (size_t i = r->at + 1; i < r->end; i++) {
        char c = r->line.p[i];
        if (c == '/')
            return i > r->at + 1 ? i : 0;
        if (c == '\\' && i + 1 < r->end && r->line.p[i + 1] != '\n') {
            i++;
            if (r->line.p[i] == '/')
                last = i;
        }
    }
    return last;
}

static bool read_regexp(struct filter_reader *r, struct filter_pattern *ret)
{
    size_t close = closing_slash(r);
    if (!close) {
        refuse(r->refusal, r->at, r->end - r->at,
               "incomplete regexp: it begins with / but does not end with /");
        return false;
    }
    slice body = slice_cut(r->line, r->at + 1, close - r->at - 1);
    *ret = (struct filter_pattern){.kind = PATTERN_REGEX, .text = body};
    size_t at = r->at + 1;
    r->at = close + 1;
    if (!slice_eq(body, LIT("(?s)^.*$")))
        return compile(r, at, body.n, body, &ret->re);
    *ret = (struct filter_pattern){.kind = PATTERN_ALL};
    return true;
}

/* The closing quote, or 0: a doubled one belongs to the name, unless no other is left to close it. */
static size_t closing_quote(const struct filter_reader *r, char quote)
{
    size_t last = 0;
    for (size_t i = r->at + 1; i < r->end; i++) {
        if (r->line.p[i] != quote)
            continue;
        if (i + 1 >= r->end || r->line.p[i + 1] != quote)
            return i > r->at + 1 ? i : last;
        if (i > r->at + 1)
            last = i;
        i++;
    }
    return last;
}

static bool read_quoted(struct filter_reader *r, char quote, struct filter_pattern *ret)
{
    size_t close = closing_quote(r, quote);
    if (!close) {
        refuse(r->refusal, r->at, r->end - r->at, "the quoted name is not closed");
        refuse_hint(r->refusal, "end it with %c, with at least one character in between", quote);
        return false;
    }
    struct buf name = buf_new(r->arena, r->line.n + 1);
    for (size_t i = r->at + 1; i < close; i++) {
        buf_char(&name, r->line.p[i]);
        if (r->line.p[i] == quote)
            i++; /* doubled */
    }
    size_t at = r->at;
    r->at = close + 1;
    return set_text(r, at, buf_slice(&name), ret);
}

/* [a-z], [!0-9]: where it ends (behind the bracket), or 0. */
static size_t class_end(const struct filter_reader *r, size_t at)
{
    for (size_t i = at + 1; i < r->end; i++) {
        char c = r->line.p[i];
        if (c == ']')
            return i > at + 1 + (r->line.p[at + 1] == '!') ? i + 1 : 0;
        if (c == '\\' && (++i >= r->end || ascii_is_alnum(r->line.p[i])))
            return 0;
    }
    return 0;
}

static void put_class(struct buf *regex, slice class)
{
    slice rest = slice_from(class, 2);
    if (class.p[1] == '!')
        buf_put(regex, LIT("[^"));
    else if (class.p[1] == '^') /* literal in a class of this grammar */
        buf_put(regex, LIT("[\\^"));
    else
        rest = class;
    buf_put(regex, rest);
}

static bool special_character(struct filter_reader *r)
{
    char c = r->line.p[r->at];
    switch (c) {
    case '\n':
    case '\r':
        refuse(r->refusal, r->at, 1, "unexpected line break");
        refuse_hint(r->refusal, "write each rule as a separate element");
        return false;
    case ' ':
    case '\t':
        refuse(r->refusal, r->at, 1, "unexpected space");
        refuse_hint(r->refusal, "write a name with spaces between ` and `");
        return false;
    default:
        refuse(r->refusal, r->at, 1, "unexpected special character '%c'", c);
    }
    static const struct {
        char c;
        const char *hint;
    } hints[] = {
        {',', "write each rule as a separate element"},
        {';', "write each rule as a separate element"},
        {'{', "alternatives are not supported: write one rule for each"},
        {'%', "the wildcards are * and ?"},
        {'\'', "quote names with ` or \""},
        {'-', "escape it as \\-, or quote the whole name with `"},
        {'#', "write a comment as a separate element"},
        {'!', "use a single ! at the beginning to exclude"},
        {'@', "write a file of rules as @file, without ! before it"},
        {':', "separate schema and table by a dot"},
        {'/', "a regular expression is the whole name, between slashes"},
        {'^', "write a regular expression between slashes"},
        {'(', "write a regular expression between slashes"},
        {'+', "write a regular expression between slashes"},
        {'`', "quote the whole name"},
        {'"', "a quoted name is the whole name"},
    };
    for (size_t i = 0; i < COUNT(hints); i++)
        if (hints[i].c == c)
            refuse_hint(r->refusal, "%s", hints[i].hint);
    return false;
}

static bool read_escape(struct filter_reader *r, struct buf *text, struct buf *regex)
{
    if (r->at + 1 == r->end)
        return refuse(r->refusal, r->at, 1, "nothing follows the backslash");
    char c = r->line.p[r->at + 1];
    if (ascii_is_alnum(c)) {
        refuse(r->refusal, r->at, 2, "a letter or digit cannot be escaped (\\%c)", c);
        refuse_hint(r->refusal, "write a regular expression between slashes");
        return false;
    }
    buf_char(text, c);
    if ((unsigned char)c < 0x80)
        buf_char(regex, '\\');
    buf_char(regex, c);
    r->at += 2;
    return true;
}

/* Names and wildcards up to a dot or the end. */
static bool read_wildcard(struct filter_reader *r, struct filter_pattern *ret)
{
    size_t from = r->at;
    struct buf text = buf_new(r->arena, r->line.n + 1), regex = buf_new(r->arena, 2 * r->line.n + 20);
    bool literal = true;
    buf_put(&regex, LIT("(?s)^"));
    while (r->at < r->end && r->line.p[r->at] != '.') {
        char c = r->line.p[r->at];
        if (c == '\\') {
            if (!read_escape(r, &text, &regex))
                return false;
        } else if (c == '*' || c == '?') {
            literal = false;
            buf_put(&regex, c == '*' ? LIT(".*") : LIT("."));
            r->at++;
        } else if (c == '[') {
            size_t end = class_end(r, r->at);
            if (!end)
                return refuse(r->refusal, r->at, r->end - r->at,
                              "not a set of characters: expected one such as [a-z] or [!a-z]");
            literal = false;
            put_class(&regex, slice_cut(r->line, r->at, end - r->at));
            r->at = end;
        } else if (is_bare(c)) {
            buf_char(&text, c);
            buf_char(&regex, c);
            r->at++;
        } else {
            return special_character(r);
        }
    }
    if (literal)
        return set_text(r, from, buf_slice(&text), ret);
    buf_char(&regex, '$');
    slice body = slice_cut(r->line, from, r->at - from);
    *ret = (struct filter_pattern){.kind = PATTERN_REGEX, .text = body};
    if (!slice_eq(buf_slice(&regex), LIT("(?s)^.*$")))
        return compile(r, from, body.n, buf_slice(&regex), &ret->re);
    *ret = (struct filter_pattern){.kind = PATTERN_ALL};
    return true;
}

static bool read_pattern(struct filter_reader *r, const char *what, struct filter_pattern *ret)
{
    if (r->at == r->end)
        return refuse(r->refusal, r->at, 0, "no %s: a rule is SCHEMA.TABLE", what);
    char c = r->line.p[r->at];
    if (c == '/')
        return read_regexp(r, ret);
    if (c == '"' || c == '`')
        return read_quoted(r, c, ret);
    return read_wildcard(r, ret);
}

/* After a pattern for schemas, which ends with its dot, or lacks it. */
static void propose_all_tables(struct filter_reader *r, const char *dot)
{
    slice schemas = slice_cut(r->line, 0, r->end);
    bool none = slice_eq(schemas, LIT(".")) ||
                slice_eq(schemas, LIT("!.")); /* of an empty name, which matches nothing */
    if (none)
        refuse_hint(r->refusal, "write *.* for all tables of all schemas");
    else if (r->end > 80)
        refuse_hint(r->refusal, "write %s* after it for all tables", dot);
    else
        refuse_hint(r->refusal, "write %.*s%s* for all tables", FMT(schemas), dot);
}

static bool read_rule(struct filter_reader *r, struct filter_rule *ret)
{
    if (!read_pattern(r, "schema", &ret->schema))
        return false;
    if (r->at == r->end) {
        refuse(r->refusal, r->at, 0, "no table: a rule is SCHEMA.TABLE");
        propose_all_tables(r, ".");
        return false;
    }
    if (r->line.p[r->at] != '.') {
        refuse(r->refusal, r->at, 1, "no dot between schema and table");
        refuse_hint(r->refusal, "a quoted name or regular expression is the whole pattern");
        return false;
    }
    r->at++;
    bool ends = r->at == r->end;
    if (!read_pattern(r, "table", &ret->table)) {
        if (ends)
            propose_all_tables(r, "");
        return false;
    }
    if (r->at == r->end)
        return true;
    refuse(r->refusal, r->at, r->end - r->at, "unexpected text after SCHEMA.TABLE");
    if (r->line.p[r->at] == '.' && r->at + 1 < r->end && r->line.p[r->at - 1] != '.')
        refuse_hint(r->refusal, "write DATABASE.TABLE; put a name that contains a dot into backquotes");
    return false;
}

/* The line with backslashes before its hyphens, or with ' as `, when that is the only fault. */
static void propose(struct filter_reader *r)
{
    struct refusal *refusal = r->refusal;
    char fault = refusal && refusal->n == 1 ? r->line.p[refusal->at] : 0;
    if ((fault != '-' && fault != '\'') || r->line.n > sizeof refusal->better / 2 ||
        slice_find_char(r->line, 0) != SLICE_NONE)
        return;
    struct buf b = buf_new(r->arena, sizeof refusal->better - 1);
    for (size_t i = 0; i < r->line.n; i++) {
        char c = r->line.p[i];
        if (c == '-' && fault == '-')
            buf_char(&b, '\\');
        buf_char(&b, c == fault && fault == '\'' ? '`' : c);
    }
    struct filter_rule ignored;
    if (b.failed ||
        table_filter_parse(r->arena, buf_slice(&b), r->sensitivity, &ignored, NULL) != FILTER_RULE)
        return;
    snprintf(refusal->better, sizeof refusal->better, "%.*s", FMT(buf_slice(&b)));
    refuse_hint(refusal, "write %s", refusal->better);
}

enum filter_line table_filter_parse(struct arena *a, slice line, enum filter_case sensitivity,
                                    struct filter_rule *ret, struct refusal *refusal)
{
    struct filter_reader r = {a, line, 0, line.n, sensitivity, refusal, FILTER_REFUSED};
    *ret = (struct filter_rule){0};
    while (r.at < r.end && (line.p[r.at] == ' ' || line.p[r.at] == '\t'))
        r.at++;
    while (r.end > r.at && (line.p[r.end - 1] == ' ' || line.p[r.end - 1] == '\t'))
        r.end--;
    if (r.at == r.end || line.p[r.at] == '#')
        return FILTER_NOTHING;
    if (line.p[r.at] == '@') {
        ret->schema.text = slice_cut(line, r.at + 1, r.end - r.at - 1);
        return FILTER_IMPORT;
    }
    if (line.p[r.at] == '!') {
        ret->negated = true;
        r.at++;
    }
    if (read_rule(&r, ret))
        return FILTER_RULE;
    propose(&r);
    return r.failure;
}
