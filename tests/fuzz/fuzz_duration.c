/* Durations: what is read prints and reads back; what is refused is refused within the text. */
#include "fuzz.h"

#include "duration.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
    slice s = {(const char *)bytes, size};
    int64_t ns, back;
    struct refusal why = {0};
    if (!duration_parse(s, &ns, &why)) {
        PROMISE((size_t)why.at + why.n <= size && why.why[0]);
        PROMISE(!why.better[0] || duration_parse(slice_of(why.better), &ns, NULL));
        return 0;
    }
    struct arena *a = arena_new(1 << 16);
    struct buf go = buf_new(a, 100), people = buf_new(a, 100);
    duration_put(&go, ns);
    duration_put_short(&people, ns);
    PROMISE(duration_parse(buf_slice(&go), &back, NULL) && back == ns);
    PROMISE(duration_parse(buf_slice(&people), &back, NULL) && back == ns);
    arena_free(a);
    return 0;
}
