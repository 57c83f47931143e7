/* Timestamps: refusals stay within the text, and what is offered instead is taken. */
#include "fuzz.h"

#include "timestamp.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
    slice s = {(const char *)bytes, size};
    struct timestamp t, instead;
    struct refusal why = {0};
    if (timestamp_parse(s, &t, &why)) {
        bool has_tso = t.ms >= 0 && t.ms < INT64_MAX / 1000000; /* others wrap, as in the operator */
        PROMISE(!has_tso || t.ms == timestamp_ms(t.tso));
        why = (struct refusal){0};
        timestamp_plausible(s, &t, 1700000000, &why);
    }
    PROMISE((size_t)why.at + why.n <= size);
    PROMISE(!why.better[0] || timestamp_parse(slice_of(why.better), &instead, NULL));
    why = (struct refusal){0};
    if (!timestamp_br_takes(s, &why))
        PROMISE((size_t)why.at + why.n <= size && why.why[0]);
    PROMISE(!why.better[0] || timestamp_br_takes(slice_of(why.better), NULL));
    return 0;
}
