/* Go's regular expressions on PCRE2, with bounded memory and bounded steps. */
#include "regex.h"

#include "brgate_limits.h"
#include "bug.h"
#include "regex_syntax.h"
#include "utf8.h"

#define PCRE2_CODE_UNIT_WIDTH 8
#include <pcre2.h>

struct regex {
    pcre2_code *code;
    pcre2_match_context *limits;
};

struct regex_scratch {
    struct arena *arena;
    pcre2_match_data *data;
};

enum {
    DEEPEST_GROUPS = 2 * LIMIT_PATTERN_DEPTH + 10, /* each of ours may be wrapped once more */
    HEAP_KIB = 8192,
    LONGEST_TRANSLATION = 4 << 20,
};

static void *take(PCRE2_SIZE size, void *arena)
{
    return arena_try_bytes(arena, size);
}

static void leave(void *p, void *arena)
{
    (void)p;
    (void)arena;
}

static pcre2_general_context *memory_of(struct arena *a)
{
    pcre2_general_context *memory = pcre2_general_context_create(take, leave, a);
    if (!memory)
        arena_exhausted(a);
    return memory;
}

static pcre2_compile_context *compile_context(struct arena *a, pcre2_general_context *memory)
{
    pcre2_compile_context *context = pcre2_compile_context_create(memory);
    if (!context)
        arena_exhausted(a);
    pcre2_set_newline(context, PCRE2_NEWLINE_LF);
    pcre2_set_parens_nest_limit(context, DEEPEST_GROUPS);
    pcre2_set_compile_extra_options(context, PCRE2_EXTRA_ALLOW_SURROGATE_ESCAPES);
    return context;
}

enum regex_verdict regex_compile(struct arena *a, slice pattern, unsigned flags, const struct regex **ret,
                                 struct refusal *refusal)
{
    if (pattern.n > LIMIT_PATTERN_BYTES) {
        refuse(refusal, 0, pattern.n, "regular expression of more than %d bytes", LIMIT_PATTERN_BYTES);
        return REGEX_TOO_LARGE;
    }
    struct buf text = buf_new(a, LONGEST_TRANSLATION);
    enum regex_verdict verdict =
        regex_translate(pattern, flags & REGEX_NOCASE ? REGEX_FOLD : 0, &text, refusal);
    if (verdict != REGEX_GOOD)
        return verdict;
    pcre2_general_context *memory = memory_of(a);
    int error;
    PCRE2_SIZE at;
    slice s = text.n ? buf_slice(&text) : LIT(""); /* PCRE2 takes no NULL */
    pcre2_code *code = text.failed ? NULL
                                   : pcre2_compile((PCRE2_SPTR)s.p, s.n,
                                                   PCRE2_UTF | PCRE2_DOTALL | PCRE2_NO_AUTO_CAPTURE |
                                                       PCRE2_NEVER_BACKSLASH_C | PCRE2_NO_UTF_CHECK,
                                                   &error, &at, compile_context(a, memory));
    if (!code) {
        if (!text.failed && error == PCRE2_ERROR_HEAP_FAILED)
            arena_exhausted(a);
        refuse(refusal, 0, pattern.n, "regular expression too large");
        return REGEX_TOO_LARGE;
    }
    struct regex *re = ARENA_NEW(a, struct regex);
    *re = (struct regex){code, pcre2_match_context_create(memory)};
    if (!re->limits)
        arena_exhausted(a);
    pcre2_set_match_limit(re->limits, LIMIT_PATTERN_STEPS);
    pcre2_set_depth_limit(re->limits, LIMIT_PATTERN_STEPS);
    pcre2_set_heap_limit(re->limits, HEAP_KIB);
    *ret = re;
    return REGEX_GOOD;
}

struct regex_scratch *regex_scratch_new(struct arena *a)
{
    struct regex_scratch *scratch = ARENA_NEW(a, struct regex_scratch);
    *scratch = (struct regex_scratch){a, pcre2_match_data_create(1, memory_of(a))};
    if (!scratch->data)
        arena_exhausted(a);
    return scratch;
}

struct arena *regex_scratch_arena(const struct regex_scratch *scratch)
{
    return scratch->arena;
}

/* As Go's range over a string sees it. */
static slice replace_invalid(struct arena *a, slice text)
{
    struct buf out = buf_new(a, 3 * text.n + 1);
    for (size_t i = 0; i < text.n;) {
        uint32_t c;
        size_t n = utf8_decode(slice_from(text, i), &c);
        buf_put(&out, n ? slice_cut(text, i, n) : LIT("\xef\xbf\xbd"));
        i += n ? n : 1;
    }
    return buf_slice(&out);
}

enum regex_outcome regex_match(const struct regex *re, slice text, struct regex_scratch *scratch)
{
    if (utf8_invalid_at(text) != SLICE_NONE)
        text = replace_invalid(scratch->arena, text);
    PCRE2_SPTR subject = text.p ? (PCRE2_SPTR)text.p : (PCRE2_SPTR) "";
    int result = pcre2_match(re->code, subject, text.n, 0, PCRE2_NO_UTF_CHECK, scratch->data, re->limits);
    switch (result) {
    case PCRE2_ERROR_NOMATCH:
        return REGEX_NO;
    case PCRE2_ERROR_NOMEMORY:
        arena_exhausted(scratch->arena);
    case PCRE2_ERROR_MATCHLIMIT:
    case PCRE2_ERROR_DEPTHLIMIT:
    case PCRE2_ERROR_HEAPLIMIT:
        return REGEX_TOO_COSTLY;
    default:
        BUG_IF(result < 0);
        return REGEX_YES;
    }
}
