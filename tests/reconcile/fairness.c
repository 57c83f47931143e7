/* Namespaces take turns in a machine's queue, seen from outside after each step. */
#include "life.h"

#include "state.h"

static bool is_next_of_another(const struct queue *q, const struct item *i)
{
    size_t bucket = 0;
    for (struct link *l = NULL; (l = index_walk(&q->items, &bucket, l));) {
        const struct item *other = LINKED(l, struct item, by_name);
        if (other->queued && other->next == i)
            return true;
    }
    return false;
}

/* Writes the first item of each namespace whose items wait for a turn; returns their number. */
static size_t first_items(const struct queue *q, const struct item *ret[MOST_FIRST])
{
    size_t count = 0, bucket = 0;
    for (struct link *l = NULL; (l = index_walk(&q->items, &bucket, l));) {
        const struct item *i = LINKED(l, struct item, by_name);
        if (i->queued && count < MOST_FIRST && !is_next_of_another(q, i))
            ret[count++] = i;
    }
    return count;
}

static const struct first *seen_before(const struct host *h, const struct item *i)
{
    for (size_t k = 0; k < h->first_count; k++)
        if (h->first[k].item == i)
            return &h->first[k];
    return NULL;
}

void fairness_check(struct life *l, struct host *h)
{
    const struct item *items[MOST_FIRST];
    struct first first[MOST_FIRST];
    uint64_t turns = h->m ? machine_count(h->m, MACHINE_TURNS) : 0;
    size_t count = h->m && h->m->queue.ready ? first_items(&h->m->queue, items) : 0;
    for (size_t k = 0; k < count; k++) {
        const struct first *before = seen_before(h, items[k]);
        first[k] = before ? *before : (struct first){items[k], turns, count};
        l->waits += !before;
        if (turns - first[k].turns >= first[k].namespaces)
            invariant_broken(&l->s,
                             "%.*s of namespace %.*s waits for a turn while %llu others get one: %zu "
                             "namespaces take turns",
                             FMT(item_name(items[k])), FMT(item_namespace(items[k])),
                             (unsigned long long)(turns - first[k].turns), first[k].namespaces);
    }
    h->first_count = count;
    memcpy(h->first, first, count * sizeof *first);
}
