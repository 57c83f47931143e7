/* Matching in linear time: a star goes back to the last star only, as no earlier one could do better. */
#include "ignore.h"

#include <ctype.h>

struct ignore_pattern {
    slice text; /* without ! and the slashes at both ends */
    bool back;  /* it began with ! */
    bool folders_only;
    bool whole; /* it holds a slash: fits the path from the base, not the last name */
};

struct ignore_list *ignore_new(struct arena *a, const char *base)
{
    struct ignore_list *list = ARENA_NEW(a, struct ignore_list);
    list->base = base;
    return list;
}

/* Spaces at the end do not count unless the last of them is escaped. */
static slice without_blanks(slice line)
{
    while (line.n && (line.p[line.n - 1] == '\r' || line.p[line.n - 1] == '\n'))
        line.n--;
    while (line.n && line.p[line.n - 1] == ' ' && !(line.n > 1 && line.p[line.n - 2] == '\\'))
        line.n--;
    return line;
}

/* Returns false for a line that names nothing: an empty one, a comment. */
static bool read_line(slice line, struct ignore_pattern *ret)
{
    struct ignore_pattern p = {.text = without_blanks(line)};
    if (!p.text.n || p.text.p[0] == '#')
        return false;
    if (p.text.p[0] == '!') {
        p.back = true;
        p.text = slice_from(p.text, 1);
    }
    if (slice_ends(p.text, LIT("/"))) {
        p.folders_only = true;
        p.text.n--;
    }
    p.whole = slice_find_char(p.text, '/') != SLICE_NONE;
    if (slice_starts(p.text, LIT("/")))
        p.text = slice_from(p.text, 1);
    *ret = p;
    return p.text.n > 0;
}

void ignore_add(struct arena *a, struct ignore_list *list, slice line)
{
    struct ignore_pattern p;
    if (!read_line(line, &p))
        return;
    list->patterns = arena_grow(a, list->patterns, list->count, &list->capacity, sizeof *list->patterns);
    list->patterns[list->count++] = p;
}

void ignore_add_lines(struct arena *a, struct ignore_list *list, slice text)
{
    while (text.n) {
        size_t end = slice_find_char(text, '\n');
        ignore_add(a, list, slice_cut(text, 0, end));
        text = slice_from(text, end == SLICE_NONE ? text.n : end + 1);
    }
}

/* ---- one name ---- */

static const struct {
    slice name;
    int (*has)(int c);
} classes[] = {
    {SLICE("[:alnum:]"), isalnum}, {SLICE("[:alpha:]"), isalpha}, {SLICE("[:blank:]"), isblank},
    {SLICE("[:cntrl:]"), iscntrl}, {SLICE("[:digit:]"), isdigit}, {SLICE("[:graph:]"), isgraph},
    {SLICE("[:lower:]"), islower}, {SLICE("[:print:]"), isprint}, {SLICE("[:punct:]"), ispunct},
    {SLICE("[:space:]"), isspace}, {SLICE("[:upper:]"), isupper}, {SLICE("[:xdigit:]"), isxdigit},
};

/* Reads a member of a set at `*at` and moves past it: a class, or a character, escaped or not. */
static bool take_class(slice p, size_t *at, unsigned char c, bool *fits)
{
    for (size_t i = 0; i < COUNT(classes); i++) {
        if (!slice_starts(slice_from(p, *at), classes[i].name))
            continue;
        *at += classes[i].name.n;
        *fits = *fits || classes[i].has(c);
        return true;
    }
    return false;
}

static unsigned char take_character(slice p, size_t *at)
{
    if (p.p[*at] == '\\' && *at + 1 < p.n)
        ++*at;
    return (unsigned char)p.p[(*at)++];
}

/* Reads "[a-z]" at `*at` and moves past it. Returns false when it is not closed: it then matches nothing. */
static bool fits_set(slice p, size_t *at, unsigned char c, bool *ret_fits)
{
    size_t i = *at + 1;
    bool negated = i < p.n && (p.p[i] == '!' || p.p[i] == '^'), fits = false;
    i += negated;
    for (size_t first = i; i < p.n && (p.p[i] != ']' || i == first);) {
        if (p.p[i] == '[' && take_class(p, &i, c, &fits))
            continue;
        unsigned char low = take_character(p, &i), high = low;
        if (i + 1 < p.n && p.p[i] == '-' && p.p[i + 1] != ']') {
            i++;
            high = take_character(p, &i);
        }
        fits = fits || (c >= low && c <= high);
    }
    if (i >= p.n)
        return false;
    *at = i + 1;
    *ret_fits = fits != negated;
    return true;
}

/* Matches one character of the name against the pattern at `*at`, and moves past that. */
static bool fits_one(slice p, size_t *at, unsigned char c)
{
    bool fits = false;
    switch (p.p[*at]) {
    case '?':
        ++*at;
        return true;
    case '[':
        return fits_set(p, at, c, &fits) && fits;
    default:
        return take_character(p, at) == c;
    }
}

static bool fits_name(slice p, slice name)
{
    size_t at = 0, i = 0, star = SLICE_NONE, star_i = 0;
    while (i < name.n) {
        size_t next = at;
        if (at < p.n && p.p[at] == '*') {
            star = ++at;
            star_i = i;
        } else if (at < p.n && fits_one(p, &next, (unsigned char)name.p[i])) {
            at = next;
            i++;
        } else if (star != SLICE_NONE) {
            at = star;
            i = ++star_i;
        } else {
            return false;
        }
    }
    while (at < p.n && p.p[at] == '*')
        at++;
    return at == p.n;
}

/* ---- a path ---- */

static slice first_part(slice path)
{
    return slice_cut(path, 0, slice_find_char(path, '/'));
}

static slice behind(slice path, slice part)
{
    return slice_from(path, part.n < path.n ? part.n + 1 : path.n);
}

bool ignore_check(slice pattern, struct error *reterr)
{
    struct ignore_pattern p;
    bool fits;
    if (!read_line(pattern, &p))
        return error_set(reterr, "expected a pattern of gitignore(5), such as charts/ or '*.tpl.yaml'");
    for (slice rest = p.text; rest.n; rest = behind(rest, first_part(rest))) {
        slice part = first_part(rest);
        for (size_t at = 0; at < part.n;) {
            if (part.p[at] != '[')
                take_character(part, &at);
            else if (!fits_set(part, &at, 0, &fits))
                return error_set(
                    reterr,
                    "it matches no file: [ opens a set that no ] closes before the next /; write \\[ for the "
                    "character itself");
        }
    }
    return true;
}

/* Part by part; "**" matches any number of them, at the end for at least one. */
static bool fits_path(slice p, slice path)
{
    slice star = {0}, star_path = {0};
    bool has_star = false;
    while (path.n) {
        slice pattern = first_part(p), part = first_part(path);
        if (p.n && slice_eq(pattern, LIT("**"))) {
            if (pattern.n == p.n)
                return true;
            has_star = true;
            star = p = behind(p, pattern);
            star_path = path;
        } else if (p.n && fits_name(pattern, part)) {
            p = behind(p, pattern);
            path = behind(path, part);
        } else if (has_star) {
            p = star;
            path = star_path = behind(star_path, first_part(star_path));
        } else {
            return false;
        }
    }
    return p.n == 0;
}

/* The path from the base; empty when it is not below. */
static slice below(const char *base, slice path)
{
    slice b = slice_of(base);
    return slice_starts(path, b) && path.n > b.n && path.p[b.n] == '/' ? slice_from(path, b.n + 1)
                                                                       : (slice){0};
}

static slice last_name(slice path)
{
    for (size_t i = path.n; i > 0; i--)
        if (path.p[i - 1] == '/')
            return slice_from(path, i);
    return path;
}

enum ignore_answer ignore_ask(const struct ignore_list *list, slice path, bool is_folder)
{
    slice inside = below(list->base, path), name = last_name(path);
    for (size_t i = list->count; i-- > 0;) {
        const struct ignore_pattern *p = &list->patterns[i];
        bool fits = p->whole ? inside.n && fits_path(p->text, inside) : fits_name(p->text, name);
        if (fits && (is_folder || !p->folders_only))
            return p->back ? IGNORE_IN : IGNORE_OUT;
    }
    return IGNORE_SILENT;
}
