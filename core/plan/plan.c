/* Which kind is it? */
#include "backup.h"
#include "compact.h"
#include "schedule.h"

struct plan plan(struct arena *a, const struct resource *o, const struct observed *seen, int64_t now,
                 const struct plan_settings *settings)
{
    struct planning p = {.arena = a, .object = o, .seen = seen, .now = now, .settings = settings};
    switch (o->kind) {
    case KIND_BACKUP:
        plan_backup(&p);
        break;
    case KIND_COMPACT_BACKUP:
        plan_compaction(&p);
        break;
    case KIND_BACKUP_SCHEDULE:
        plan_schedule(&p);
        break;
    }
    return p.result;
}

const char *plan_verb_word(enum plan_verb verb)
{
    static const char *const words[] = {"create", "delete", "patch", "status", "ask"};
    return words[verb];
}
