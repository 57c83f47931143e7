/* The character rules of names. */
#include "kube_name.h"

#include "ascii.h"

#include <stdio.h>

static bool is_lower_alnum(char c)
{
    return (c >= 'a' && c <= 'z') || ascii_is_digit(c);
}

/* Returns the offset of the first byte that is not allowed in an RFC 1123 label, s.n when it ends too early, or
 * SLICE_NONE when it is valid. */
static size_t label_fault(slice s, bool any_case)
{
    for (size_t i = 0; i < s.n; i++) {
        bool alnum = any_case ? ascii_is_alnum(s.p[i]) : is_lower_alnum(s.p[i]);
        bool inner = i > 0 && i + 1 < s.n;
        if (!alnum && !(inner && s.p[i] == '-'))
            return i;
    }
    return s.n ? SLICE_NONE : 0;
}

static size_t subdomain_fault(slice s, bool any_case)
{
    for (size_t at = 0;;) {
        size_t dot = slice_find_char(slice_from(s, at), '.');
        size_t fault = label_fault(slice_cut(s, at, dot == SLICE_NONE ? s.n : dot), any_case);
        if (fault != SLICE_NONE)
            return at + fault;
        if (dot == SLICE_NONE)
            return SLICE_NONE;
        at += dot + 1;
    }
}

static bool too_long(slice s, size_t at, size_t most, const char *what, struct refusal *refusal)
{
    return refuse(refusal, at + most, s.n - most, "%smust be no more than %zu bytes", what, most);
}

/* Suggests the name in lower case, with hyphens and without surrounding spaces, if that makes it valid. */
static void propose(slice s, bool (*check)(slice, struct refusal *), struct refusal *refusal)
{
    char text[64];
    while (s.n && s.p[0] == ' ')
        s = slice_from(s, 1);
    while (s.n && s.p[s.n - 1] == ' ')
        s.n--;
    if (slice_starts(s, LIT("\xe2\x80")) && s.n > 6 && slice_starts(slice_from(s, s.n - 3), LIT("\xe2\x80")))
        s = slice_cut(s, 3, s.n - 6); /* typographic quotes */
    if (!refusal || s.n >= sizeof text || s.n == 0)
        return;
    for (size_t i = 0; i < s.n; i++) {
        char c = s.p[i];
        text[i] = c >= 'A' && c <= 'Z' ? (char)(c + 32) : c == '_' || c == ' ' ? '-' : c;
    }
    if (!check((slice){text, s.n}, NULL))
        return;
    snprintf(refusal->better, sizeof refusal->better, "%.*s", (int)s.n, text);
    refuse_hint(refusal, "write %s", refusal->better);
}

bool kube_label(slice s, struct refusal *refusal)
{
    if (s.n > KUBE_LABEL_BYTES)
        return too_long(s, 0, KUBE_LABEL_BYTES, "", refusal);
    size_t fault = label_fault(s, false);
    if (fault == SLICE_NONE)
        return true;
    if (subdomain_fault(s, false) == SLICE_NONE)
        return refuse(refusal, fault, 1, "must not contain dots");
    refuse(refusal, fault, s.n > fault,
           "a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', and must "
           "start "
           "and end with an alphanumeric character");
    propose(s, kube_label, refusal);
    return false;
}

bool kube_subdomain(slice s, struct refusal *refusal)
{
    if (s.n > KUBE_SUBDOMAIN_BYTES)
        return too_long(s, 0, KUBE_SUBDOMAIN_BYTES, "", refusal);
    size_t fault = subdomain_fault(s, false);
    if (fault == SLICE_NONE)
        return true;
    refuse(
        refusal, fault, s.n > fault,
        "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and "
        "must start and end with an alphanumeric character");
    propose(s, kube_subdomain, refusal);
    return false;
}

/* A part was refused: what it could be is no reference. */
static void propose_whole(slice s, struct refusal *refusal)
{
    if (!refusal)
        return;
    refusal->hint[0] = refusal->better[0] = '\0';
    propose(s, kube_reference, refusal);
}

bool kube_reference(slice s, struct refusal *refusal)
{
    size_t slash = slice_find_char(s, '/');
    slice name = slash == SLICE_NONE ? s : slice_from(s, slash + 1);
    size_t second = slice_find_char(name, '/');
    if (second != SLICE_NONE)
        return refuse(refusal, slash + 1 + second, 1, "must be NAME or NAMESPACE/NAME, with one '/' at most");
    if (slash == 0 || !name.n)
        return refuse(refusal, slash == 0 ? 0 : s.n, slash == 0,
                      "must be NAME or NAMESPACE/NAME, and has no %s", slash == 0 ? "namespace" : "name");
    if (slash != SLICE_NONE && !kube_label(slice_cut(s, 0, slash), refusal)) {
        propose_whole(s, refusal);
        return false;
    }
    if (kube_subdomain(name, refusal))
        return true;
    propose_whole(s, refusal);
    if (refusal)
        refusal->at += (uint32_t)(s.n - name.n);
    return false;
}

/* Letters, digits, - _ . with a letter or digit at both ends. */
static bool check_word(slice s, size_t at, const char *what, struct refusal *refusal)
{
    for (size_t i = 0; i < s.n; i++) {
        bool inner = i > 0 && i + 1 < s.n && (s.p[i] == '-' || s.p[i] == '_' || s.p[i] == '.');
        if (!ascii_is_alnum(s.p[i]) && !inner)
            return refuse(
                refusal, at + i, 1,
                "%s must consist of alphanumeric characters, '-', '_' or '.', and must start and end "
                "with an alphanumeric character",
                what);
    }
    return true;
}

static bool check_key(slice s, bool any_case, struct refusal *refusal)
{
    size_t slash = slice_find_char(s, '/');
    size_t name_at = slash == SLICE_NONE ? 0 : slash + 1;
    slice name = slice_from(s, name_at);
    if (slash != SLICE_NONE) {
        slice prefix = slice_cut(s, 0, slash);
        size_t second = slice_find_char(name, '/');
        if (second != SLICE_NONE)
            return refuse(refusal, name_at + second, 1, "a key has at most one '/'");
        if (prefix.n == 0)
            return refuse(refusal, 0, 1, "prefix part must be non-empty");
        if (prefix.n > KUBE_SUBDOMAIN_BYTES)
            return too_long(prefix, 0, KUBE_SUBDOMAIN_BYTES, "prefix part ", refusal);
        size_t fault = subdomain_fault(prefix, any_case);
        if (fault != SLICE_NONE)
            return refuse(refusal, fault, 1,
                          "prefix part must be an RFC 1123 subdomain, such as example.com");
    }
    if (name.n == 0)
        return refuse(refusal, name_at, 0, "name part must be non-empty");
    if (name.n > KUBE_LABEL_BYTES)
        return too_long(name, name_at, KUBE_LABEL_BYTES, "name part ", refusal);
    return check_word(name, name_at, "name part", refusal);
}

bool kube_label_key(slice s, struct refusal *refusal)
{
    return check_key(s, false, refusal);
}

/* The API server checks an annotation's key in lower case, and two letters beyond ASCII have their lower case in it: the
 * Kelvin sign, and I with a dot above. */
static slice fold_to_ascii(slice s, char *buffer, size_t size)
{
    static const struct {
        slice letter;
        char lower;
    } letters[] = {{SLICE("\xe2\x84\xaa"), 'k'}, {SLICE("\xc4\xb0"), 'i'}};
    size_t n = 0;
    for (size_t i = 0; i < s.n && n < size; n++) {
        slice rest = slice_from(s, i);
        size_t l = 0;
        while (l < COUNT(letters) && !slice_starts(rest, letters[l].letter))
            l++;
        buffer[n] = l < COUNT(letters) ? letters[l].lower : s.p[i];
        i += l < COUNT(letters) ? letters[l].letter.n : 1;
    }
    return (slice){buffer, n};
}

bool kube_annotation_key(slice s, struct refusal *refusal)
{
    char folded[KUBE_SUBDOMAIN_BYTES + 1 + KUBE_LABEL_BYTES + 1]; /* one more byte than a valid key has */
    if (slice_find_char(s, '\xe2') != SLICE_NONE || slice_find_char(s, '\xc4') != SLICE_NONE)
        s = fold_to_ascii(s, folded, sizeof folded);
    return check_key(s, true, refusal);
}

bool kube_label_value(slice s, struct refusal *refusal)
{
    if (s.n > KUBE_LABEL_BYTES)
        return too_long(s, 0, KUBE_LABEL_BYTES, "", refusal);
    return check_word(s, 0, "a label's value", refusal);
}
