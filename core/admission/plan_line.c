#include "plan_line.h"

#include "plan.h"
#include "surroundings.h"
#include "tree.h"

slice plan_line(struct arena *a, const struct schema_set *schemas, const struct resource *o, int64_t now)
{
    enum { LINE_BYTES = 1024 };
    struct world w = world_new(a, schemas, now);
    const struct plan_settings settings = {.time_zone = LIT("UTC")};
    struct buf b = buf_new(a, LINE_BYTES);
    surround(&w, o);
    struct observed seen = {.items = w.items, .count = w.count};
    struct plan p = plan(a, o, &seen, now, &settings);
    buf_put(&b, LIT("when its cluster is ready: "));
    for (const struct plan_action *x = p.first; x; x = x->next)
        if (x->verb == PLAN_CREATE)
            buf_fmt(&b, "create %.*s %.*s; ", FMT(tree_text(x->object, "kind")),
                    FMT(tree_text_at(x->object, "metadata.name")));
    buf_put(&b, p.why);
    return buf_slice(&b);
}
