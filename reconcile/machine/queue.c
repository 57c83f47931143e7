/* Lanes and timers. */
#include "queue.h"

struct lane {
    struct link by_name;
    struct lane *next;         /* in the order of turns, while it has items that are ready */
    struct item *first, *last; /* those that are ready */
    size_t items;              /* of this namespace, ready or not */
    uint32_t namespace_n;
    char namespace[];
};

slice item_namespace(const struct item *i)
{
    return (slice){i->text, i->namespace_n};
}

slice item_name(const struct item *i)
{
    return (slice){i->text + i->namespace_n, i->name_n};
}

struct queue queue_new(struct keep *k)
{
    return (struct queue){
        .keep = k, .items = {.keep = k}, .holds = {.keep = k}, .waits = {.keep = k}, .lanes = {.keep = k}};
}

/* ---- timers ---- */

static void place(struct queue *q, size_t at, struct item *i)
{
    q->timers[at - 1] = i;
    i->timer = at;
}

static void sift(struct queue *q, size_t at)
{
    struct item *i = q->timers[at - 1];
    for (; at > 1 && q->timers[at / 2 - 1]->due > i->due; at /= 2)
        place(q, at, q->timers[at / 2 - 1]);
    for (size_t child; (child = 2 * at) <= q->timer_count; at = child) {
        if (child < q->timer_count && q->timers[child]->due < q->timers[child - 1]->due)
            child++;
        if (q->timers[child - 1]->due >= i->due)
            break;
        place(q, at, q->timers[child - 1]);
    }
    place(q, at, i);
}

static void timer_stop(struct queue *q, struct item *i)
{
    size_t at = i->timer;
    if (!at)
        return;
    q->delayed_count -= i->delayed;
    i->delayed = false;
    i->timer = 0;
    struct item *last = q->timers[--q->timer_count];
    if (last == i)
        return;
    place(q, at, last);
    sift(q, at);
}

static void timer_start(struct queue *q, struct item *i, int64_t due, bool delayed)
{
    if (q->timer_count == q->timer_capacity) {
        size_t more = q->timer_capacity ? 2 * q->timer_capacity : 64;
        q->timers =
            keep_resize(q->keep, q->timers, q->timer_capacity * sizeof *q->timers, more * sizeof *q->timers);
        q->timer_capacity = more;
    }
    i->due = due;
    i->delayed = delayed;
    q->delayed_count += delayed;
    place(q, ++q->timer_count, i);
    sift(q, q->timer_count);
}

int64_t queue_next_due(const struct queue *q)
{
    return q->timer_count ? q->timers[0]->due : INT64_MAX;
}

/* ---- lanes ---- */

static struct lane *lane_of(struct queue *q, slice namespace)
{
    uint64_t hash = hash_text(hash_start(), namespace);
    for (struct link *l = index_first(&q->lanes, hash); l; l = index_next(l)) {
        struct lane *lane = LINKED(l, struct lane, by_name);
        if (slice_eq((slice){lane->namespace, lane->namespace_n}, namespace))
            return lane;
    }
    index_reserve(&q->lanes);
    struct lane *lane = keep_alloc(q->keep, sizeof *lane + namespace.n);
    lane->namespace_n = (uint32_t) namespace.n;
    if (namespace.n)
        memcpy(lane->namespace, namespace.p, namespace.n);
    index_add(&q->lanes, &lane->by_name, hash);
    return lane;
}

static void lane_free(struct queue *q, struct lane *lane)
{
    index_remove(&q->lanes, &lane->by_name);
    keep_free(q->keep, lane, sizeof *lane + lane->namespace_n);
}

static void line_up(struct queue *q, struct lane *lane)
{
    lane->next = NULL;
    if (q->last)
        q->last->next = lane;
    else
        q->first = lane;
    q->last = lane;
}

static void make_ready(struct queue *q, struct item *i)
{
    timer_stop(q, i);
    if (i->queued)
        return;
    i->queued = true;
    i->next = NULL;
    if (i->lane->last) {
        i->lane->last->next = i;
    } else {
        i->lane->first = i;
        line_up(q, i->lane);
    }
    i->lane->last = i;
    q->ready++;
}

struct item *queue_take(struct queue *q)
{
    struct lane *lane = q->first;
    if (!lane)
        return NULL;
    struct item *i = lane->first;
    lane->first = i->next;
    if (!lane->first)
        lane->last = NULL;
    q->first = lane->next;
    if (!q->first)
        q->last = NULL;
    if (lane->first)
        line_up(q, lane);
    q->ready--;
    i->queued = false;
    i->busy = true;
    i->again = false;
    return i;
}

static void take_out(struct queue *q, struct item *i)
{
    struct lane *before = NULL;
    struct item **at = &i->lane->first, *previous = NULL;
    while (*at != i) {
        previous = *at;
        at = &previous->next;
    }
    *at = i->next;
    if (i->lane->last == i)
        i->lane->last = previous;
    q->ready--;
    i->queued = false;
    if (i->lane->first)
        return;
    for (struct lane *l = q->first; l != i->lane; l = l->next)
        before = l;
    if (before)
        before->next = i->lane->next;
    else
        q->first = i->lane->next;
    if (q->last == i->lane)
        q->last = before;
}

/* ---- items ---- */

static uint64_t item_key(enum kind_number kind, slice namespace, slice name)
{
    return hash_text(hash_text(hash_start() + kind, namespace), name);
}

struct item *queue_find(const struct queue *q, enum kind_number kind, slice namespace, slice name)
{
    for (struct link *l = index_first(&q->items, item_key(kind, namespace, name)); l; l = index_next(l)) {
        struct item *i = LINKED(l, struct item, by_name);
        if (i->kind == kind && slice_eq(item_name(i), name) && slice_eq(item_namespace(i), namespace))
            return i;
    }
    return NULL;
}

struct item *queue_item(struct queue *q, enum kind_number kind, slice namespace, slice name)
{
    struct item *i = queue_find(q, kind, namespace, name);
    if (i)
        return i;
    struct lane *lane = lane_of(q, namespace);
    index_reserve(&q->items);
    i = keep_alloc(q->keep, sizeof *i + namespace.n + name.n);
    i->kind = kind;
    i->lane = lane;
    i->namespace_n = (uint32_t) namespace.n;
    i->name_n = (uint32_t)name.n;
    if (namespace.n)
        memcpy(i->text, namespace.p, namespace.n);
    if (name.n)
        memcpy(i->text + namespace.n, name.p, name.n);
    index_add(&q->items, &i->by_name, item_key(kind, namespace, name));
    lane->items++;
    return i;
}

struct memory *item_memory(struct queue *q, struct item *i)
{
    if (!i->memory)
        i->memory = keep_alloc(q->keep, sizeof *i->memory);
    return i->memory;
}

static void forget_memory(struct queue *q, struct item *i)
{
    struct memory *m = i->memory;
    if (!m)
        return;
    slice *const texts[] = {&m->task_error,      &m->refused_kind, &m->refused_name,
                            &m->refused_message, &m->beside_name,  &m->look_name};
    for (size_t k = 0; k < COUNT(texts); k++)
        keep_forget(q->keep, texts[k]);
    for (size_t k = 0; k < MOST_SECRETS; k++) {
        keep_forget(q->keep, &m->secrets[k].name);
        keep_forget(q->keep, &m->secrets[k].json);
    }
    keep_free(q->keep, m, sizeof *m);
    i->memory = NULL;
}

void queue_forget(struct queue *q, struct item *i)
{
    struct lane *lane = i->lane;
    timer_stop(q, i);
    if (i->queued)
        take_out(q, i);
    forget_memory(q, i);
    index_remove(&q->holds, &i->hold);
    index_remove(&q->waits, &i->wait);
    index_remove(&q->items, &i->by_name);
    keep_free(q->keep, i, sizeof *i + i->namespace_n + i->name_n);
    if (--lane->items == 0)
        lane_free(q, lane);
}

void queue_hold(struct queue *q, struct item *i, uint64_t what)
{
    index_remove(&q->holds, &i->hold);
    index_add(&q->holds, &i->hold, what);
}

void queue_release(struct queue *q, struct item *i)
{
    index_remove(&q->holds, &i->hold);
}

bool queue_is_held(const struct queue *q, const struct item *i, uint64_t what)
{
    for (const struct link *l = index_first(&q->holds, what); l; l = index_next(l))
        if (l != &i->hold)
            return true;
    return false;
}

void queue_touch(struct queue *q, struct item *i)
{
    if (i->busy)
        i->again = true;
    else if (!i->delayed)
        make_ready(q, i);
}

void queue_wait(struct queue *q, struct item *i, uint64_t what, int64_t since)
{
    index_remove(&q->waits, &i->wait);
    i->waits_since = since;
    index_add(&q->waits, &i->wait, what);
}

void queue_wait_over(struct queue *q, struct item *i)
{
    index_remove(&q->waits, &i->wait);
}

/* An item that waits after a failure holds up no other. */
bool queue_is_behind(const struct queue *q, const struct item *i, uint64_t what, int64_t since)
{
    for (struct link *l = index_first(&q->waits, what); l; l = index_next(l)) {
        const struct item *other = LINKED(l, struct item, wait);
        if (other != i && !other->delayed && other->waits_since < since)
            return true;
    }
    return false;
}

void queue_touch_waiting(struct queue *q, uint64_t what)
{
    for (struct link *l = index_first(&q->waits, what); l; l = index_next(l))
        queue_touch(q, LINKED(l, struct item, wait));
}

void queue_rest(struct queue *q, struct item *i, int64_t due)
{
    i->busy = false;
    if (i->again)
        make_ready(q, i);
    else if (due)
        timer_start(q, i, due, false);
}

void queue_delay(struct queue *q, struct item *i, int64_t due)
{
    i->busy = false;
    timer_start(q, i, due, true);
}

void queue_wake(struct queue *q, int64_t now)
{
    while (q->timer_count && q->timers[0]->due <= now)
        make_ready(q, q->timers[0]);
}

void queue_wake_rested(struct queue *q)
{
    for (size_t k = q->timer_count; k-- > 0;)
        if (k < q->timer_count && !q->timers[k]->delayed)
            make_ready(q, q->timers[k]);
}

void queue_clear(struct queue *q)
{
    size_t bucket = 0;
    for (struct link *l; (l = index_walk(&q->items, &bucket, NULL));) {
        struct item *i = LINKED(l, struct item, by_name);
        i->queued = false;
        i->timer = 0;
        queue_forget(q, i);
    }
    /* A lane whose first item could not be allocated. */
    for (struct link *l; (l = index_walk(&q->lanes, &bucket, NULL));)
        lane_free(q, LINKED(l, struct lane, by_name));
    index_close(&q->items);
    index_close(&q->holds);
    index_close(&q->waits);
    index_close(&q->lanes);
    keep_free(q->keep, q->timers, q->timer_capacity * sizeof *q->timers);
    *q = queue_new(q->keep);
}
