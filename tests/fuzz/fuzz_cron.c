/* Schedules: fire times rise, keep to the rhythm, and what is offered instead can be read. */
#include "fuzz.h"

#include "cron.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
    slice s = {(const char *)bytes, size};
    struct cron c;
    struct refusal why = {0};
    if (!cron_parse(s, &c, &why)) {
        PROMISE((size_t)why.at + why.n <= size && why.why[0]);
        PROMISE(!why.better[0] || cron_parse(slice_of(why.better), &c, NULL));
        return 0;
    }
    struct cron_rhythm r = cron_rhythm(&c);
    PROMISE(!r.fires ||
            (r.shortest_gap > 0 && r.shortest_gap <= r.longest_gap && r.per_day <= r.most_per_day));
    int64_t at = 1700000000, next;
    if (!cron_next(&c, at, &next))
        return 0;
    PROMISE(r.fires && next > at && next - at <= r.longest_gap);
    for (int i = 0; i < 20 && cron_next(&c, at = next, &next); i++)
        PROMISE(next - at >= r.shortest_gap && next - at <= r.longest_gap);
    return 0;
}
