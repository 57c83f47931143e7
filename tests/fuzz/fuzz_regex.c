/* Regular expressions: whatever Go takes PCRE2 takes as well, or it is said to be beyond us. The first line
 * is the pattern, the rest the text. */
#include "fuzz.h"

#include "regex.h"

static void run(struct arena *a, slice pattern, slice text)
{
    const struct regex *re;
    struct refusal why = {0};
    if (regex_compile(a, pattern, 0, &re, &why) != REGEX_GOOD) {
        PROMISE((size_t)why.at + why.n <= pattern.n && why.why[0]);
        return;
    }
    struct regex_scratch *scratch = regex_scratch_new(a);
    enum regex_outcome first = regex_match(re, text, scratch);
    PROMISE(regex_match(re, text, scratch) == first);
}

static void split(struct arena *a, slice s)
{
    size_t n = slice_find_char(s, '\n');
    run(a, slice_cut(s, 0, n), slice_from(s, n == SLICE_NONE ? s.n : n + 1));
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
    return fuzz_in_arena(split, bytes, size);
}
