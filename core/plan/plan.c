/* Which kind is it? */
#include "backup.h"
#include "compact.h"
#include "schedule.h"

struct planning planning_of(struct arena *a, const struct resource *o, const struct observed *seen,
                            int64_t now, const struct plan_settings *settings)
{
    return (struct planning){.arena = a,
                             .object = o,
                             .seen = seen,
                             .heads = seen->heads ? seen->heads : plan_heads(a, seen->items, seen->count),
                             .now = now,
                             .settings = settings};
}

struct plan plan(struct arena *a, const struct resource *o, const struct observed *seen, int64_t now,
                 const struct plan_settings *settings)
{
    struct planning p = planning_of(a, o, seen, now, settings);
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

struct plan plan_denied(struct arena *a, const struct resource *o, slice message, int64_t now)
{
    const struct observed nothing = {0};
    const struct plan_settings none = {0};
    struct planning p = planning_of(a, o, &nothing, now, &none);
    struct status s = status_open(&p);
    if (o->kind == KIND_BACKUP) {
        status_condition(&s, (struct condition){"Invalid", false, LIT("Denied"), message});
        status_close(&p, &s, message);
    }
    if (o->kind == KIND_COMPACT_BACKUP) {
        tree_set_text(a, s.root, "state", LIT("Invalid"));
        tree_set_text(a, s.root, "message", message);
        status_close(&p, &s, message);
    }
    plan_wait(&p, 0, "it is denied: %.*s", FMT(message));
    return p.result;
}

const char *plan_verb_word(enum plan_verb verb)
{
    static const char *const words[] = {"create", "delete", "patch", "status", "ask"};
    return words[verb];
}
