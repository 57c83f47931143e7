/* The parts of an image's name, from the left. */
#include "image_name.h"

#include "ascii.h"

#include <stdio.h>

enum { TAG_BYTES = 128 };

static bool is_path_character(char c)
{
    return (c >= 'a' && c <= 'z') || ascii_is_digit(c);
}

/* Returns the first byte that cannot be at its place between two slashes, its length when it ends too early, or SLICE_NONE.
 * Words are joined by one dot, one or two underscores, or hyphens. */
static size_t component_fault(slice s)
{
    for (size_t i = 0; i < s.n; i++) {
        char c = s.p[i], before = i ? s.p[i - 1] : 0;
        bool starts_joint = i && is_path_character(before);
        bool continues = c == before && (c == '-' || (c == '_' && i >= 2 && is_path_character(s.p[i - 2])));
        if (!is_path_character(c) && !(strchr("._-", c) && c && (starts_joint || continues)))
            return i;
    }
    return s.n && is_path_character(s.p[s.n - 1]) ? SLICE_NONE : s.n;
}

/* Which hosts there are is for the resolver. A port is a number. */
static size_t registry_fault(slice s)
{
    size_t port = SLICE_NONE;
    for (size_t i = 0; i < s.n; i++) {
        bool digit = ascii_is_digit(s.p[i]);
        if (s.p[i] == ':')
            port = i + 1;
        else if (s.p[i] == ']')
            port = SLICE_NONE; /* the colons were an address's */
        else if (!ascii_is_alnum(s.p[i]) && (!s.p[i] || !strchr("-_.[", s.p[i])))
            return i;
        else if (port != SLICE_NONE && !digit && !slice_starts(s, LIT("[")))
            return i;
    }
    return port == s.n ? s.n : SLICE_NONE;
}

static bool is_registry(slice s)
{
    return slice_find_char(s, '.') != SLICE_NONE || slice_find_char(s, ':') != SLICE_NONE ||
           slice_eq(s, LIT("localhost"));
}

static size_t tag_fault(slice s)
{
    for (size_t i = 0; i < s.n; i++)
        if (i >= TAG_BYTES ||
            (!ascii_is_alnum(s.p[i]) && s.p[i] != '_' && !(i && (s.p[i] == '.' || s.p[i] == '-'))))
            return i;
    return s.n ? SLICE_NONE : 0;
}

/* Of the name without its digest. */
static size_t name_fault(slice s)
{
    size_t at = 0, slash = slice_find_char(s, '/');
    if (slash != SLICE_NONE && is_registry(slice_cut(s, 0, slash))) {
        size_t fault = registry_fault(slice_cut(s, 0, slash));
        if (fault != SLICE_NONE)
            return fault;
        at = slash + 1;
    }
    for (;;) {
        slice rest = slice_from(s, at), part = slice_cut(rest, 0, slice_find_char(rest, '/'));
        size_t colon = slice_find_char(part, ':'), fault = component_fault(slice_cut(part, 0, colon));
        bool last = part.n == rest.n;
        if (fault == SLICE_NONE && colon != SLICE_NONE) {
            size_t in_tag = last ? tag_fault(slice_from(part, colon + 1)) : 0;
            fault = in_tag == SLICE_NONE ? SLICE_NONE : colon + 1 + in_tag;
        }
        if (fault != SLICE_NONE)
            return at + fault;
        if (last)
            return SLICE_NONE;
        at += part.n + 1;
    }
}

static bool is_lower_hex(slice s)
{
    for (size_t i = 0; i < s.n; i++)
        if (!ascii_is_digit(s.p[i]) && !(s.p[i] >= 'a' && s.p[i] <= 'f'))
            return false;
    return true;
}

/* Whether the bytes from `at` on are a digest. */
static bool check_digest(slice s, size_t at, struct refusal *refusal)
{
    static const struct {
        slice algorithm;
        size_t digits;
    } known[] = {{SLICE("sha256"), 64}, {SLICE("sha384"), 96}, {SLICE("sha512"), 128}};
    slice digest = slice_from(s, at);
    size_t colon = slice_find_char(digest, ':');
    for (size_t i = 0; i < COUNT(known); i++) {
        if (colon == SLICE_NONE || !slice_eq(slice_cut(digest, 0, colon), known[i].algorithm))
            continue;
        slice digits = slice_from(digest, colon + 1);
        if (digits.n == known[i].digits && is_lower_hex(digits))
            return true;
        refuse(refusal, at, digest.n, "a %.*s digest has %zu lowercase hexadecimal digits",
               FMT(known[i].algorithm), known[i].digits);
        refuse_hint(refusal, "copy the whole digest, or write a tag");
        return false;
    }
    refuse(refusal, at, digest.n, "a digest begins with its algorithm, as in sha256:0123...");
    refuse_hint(refusal, "copy the whole digest, or write a tag");
    return false;
}

static bool refuse_name(slice s, size_t at, struct refusal *refusal)
{
    size_t scheme = slice_find(s, LIT("://"));
    slice better = scheme == SLICE_NONE ? (slice){0} : slice_from(s, scheme + 3);
    refuse(refusal, at, at < s.n, "not the name of an image");
    if (better.n && refusal && better.n < sizeof refusal->better && image_name(better, NULL)) {
        snprintf(refusal->better, sizeof refusal->better, "%.*s", FMT(better));
        refuse_hint(refusal, "write %.*s", FMT(better));
    } else if (scheme != SLICE_NONE) {
        refuse_hint(refusal, "write REGISTRY/PATH:TAG without a scheme");
    } else if (at < s.n && (unsigned char)s.p[at] >= 0x80) {
        refuse_hint(refusal, "retype the value with plain ASCII characters");
    } else {
        refuse_hint(refusal, "write REGISTRY/PATH:TAG without spaces, and the path in lowercase");
    }
    return false;
}

bool image_name(slice s, struct refusal *refusal)
{
    size_t at = slice_find_char(s, '@'), fault = name_fault(slice_cut(s, 0, at));
    if (fault != SLICE_NONE)
        return refuse_name(s, fault, refusal);
    return at == SLICE_NONE || check_digest(s, at + 1, refusal);
}
