/* A token bucket that counts what was spent: a new one, all zero, is full. */
#include "log_limit.h"

enum { LINE = 1000 };

bool log_limit_allows(struct log_limit *l, const struct log_rate *rate, uint64_t now)
{
    uint64_t earned = (now - l->at) * rate->per_second;
    l->spent = l->spent > earned ? l->spent - earned : 0;
    l->at = now;
    if (l->spent + LINE <= (uint64_t)rate->burst * LINE) {
        l->spent += LINE;
        return true;
    }
    if (l->left_out++ == 0)
        l->since = now;
    return false;
}

uint64_t log_limit_due(const struct log_limit *l)
{
    return l->left_out ? l->since + LOG_LIMIT_TELL_MS : UINT64_MAX;
}

uint64_t log_limit_tell(struct log_limit *l, uint64_t now, bool end)
{
    uint64_t left_out = l->left_out;
    if (!end && now < log_limit_due(l))
        return 0;
    l->left_out = 0;
    return left_out;
}
