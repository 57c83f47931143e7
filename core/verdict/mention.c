/* Searches the text for words, because there is no tree. */
#include "mention.h"

#include "suggest.h"

struct names {
    bool our_kind, other_kind, our_group, other_group;
};

static bool is_word(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '.' ||
           c == '/' || c == '-' || c == '_';
}

static bool is_blank_or_quote(char c)
{
    return c == ' ' || c == '\t' || c == '"' || c == '\'';
}

/* Reads `: value` after a key; the empty slice when the value is a template or missing. Returns false when no colon
 * follows. */
static bool value_at(slice rest, slice *ret)
{
    size_t i = 0, end;
    while (i < rest.n && is_blank_or_quote(rest.p[i]))
        i++;
    if (i == rest.n || rest.p[i] != ':')
        return false;
    i++;
    while (i < rest.n && is_blank_or_quote(rest.p[i]))
        i++;
    for (end = i; end < rest.n && is_word(rest.p[end]);)
        end++;
    *ret = slice_cut(rest, i, end - i);
    return true;
}

static void note_kind(slice value, struct names *names)
{
    static const slice kinds[] = {SLICE("Backup"), SLICE("BackupSchedule"), SLICE("CompactBackup")};
    if (suggest_nearest(value, kinds, COUNT(kinds)).n)
        names->our_kind = true;
    else if (value.n)
        names->other_kind = true;
}

static void note_version(slice value, struct names *names)
{
    static const slice versions[] = {SLICE("br.pingcap.com/v1alpha1"), SLICE("pingcap.com/v1alpha1")};
    if (slice_find(value, LIT("pingcap.com")) != SLICE_NONE ||
        suggest_nearest(value, versions, COUNT(versions)).n)
        names->our_group = true;
    else if (slice_find_char(value, '/') != SLICE_NONE)
        names->other_group = true;
}

/* Visits each value of that key, in any case. */
static void each_value(slice text, slice key, void (*note)(slice value, struct names *names),
                       struct names *names)
{
    slice value, first = slice_cut(key, 1, key.n - 1); /* the first letter may be a capital */
    for (size_t at = 0, found; (found = slice_find(slice_from(text, at), first)) != SLICE_NONE;) {
        size_t begin = at + found;
        at = begin + first.n;
        bool whole = begin > 0 && slice_eq_nocase(slice_cut(text, begin - 1, key.n), key) &&
                     (begin == 1 || !is_word(text.p[begin - 2]));
        if (whole && value_at(slice_from(text, at), &value))
            note(value, names);
    }
}

static bool names_ours(slice document)
{
    struct names n = {0};
    each_value(document, LIT("kind"), note_kind, &n);
    each_value(document, LIT("apiVersion"), note_version, &n);
    return (n.our_kind && (n.our_group || !n.other_group)) || (n.our_group && !n.other_kind);
}

/* ASCII characters in UTF-16 and UTF-32 have zeros between their bytes. */
static slice without_zeros(struct arena *a, slice text)
{
    if (slice_find_char(text, 0) == SLICE_NONE)
        return text;
    char *copy = arena_try_bytes(a, text.n);
    size_t n = 0;
    for (size_t i = 0; copy && i < text.n; i++)
        if (text.p[i])
            copy[n++] = text.p[i];
    return copy ? (slice){copy, n} : text;
}

bool text_names_ours(struct arena *a, slice text)
{
    const slice separator = LIT("\n---");
    text = without_zeros(a, text);
    while (text.n) {
        size_t end = slice_find(text, separator);
        if (names_ours(slice_cut(text, 0, end)))
            return true;
        text = slice_from(text, end == SLICE_NONE ? text.n : end + separator.n);
    }
    return false;
}
