/* What all parts use: requests in flight, notes, and the questions whether to act. */
#include "state.h"

#include "bug.h"

bool machine_acts(const struct machine *m)
{
    return m->settings.dry_run || m->lease.held;
}

bool machine_may_write(const struct machine *m)
{
    return m->lease.held && m->now.ms < m->lease.renewed + m->settings.lease_renew_deadline;
}

bool machine_synced(const struct machine *m)
{
    for (unsigned k = 0; k < K_WATCHED; k++)
        if (m->informers[k].needed && !m->informers[k].synced)
            return false;
    return true;
}

/* ---- flights ---- */

static bool is_of_item(const struct flight *f)
{
    return f->purpose >= FOR_WRITE;
}

struct flight *flight_new(struct machine *m, enum purpose purpose, struct machine_request *ret)
{
    struct flight *f = m->flights;
    while (f < m->flights + MOST_FLIGHTS && f->purpose != FOR_NOTHING)
        f++;
    BUG_IF(f == m->flights + MOST_FLIGHTS);
    *f = (struct flight){.id = ++m->last_id, .purpose = purpose};
    m->item_flights += is_of_item(f);
    *ret = (struct machine_request){.id = f->id};
    return f;
}

void item_look(struct machine *m, struct item *i, enum kind_number k, slice name)
{
    struct memory *r = item_memory(&m->queue, i);
    keep_forget(&m->keep, &r->look_name);
    r->look_kind = k;
    r->look_name = keep_text(&m->keep, name);
}

void flight_end(struct machine *m, struct flight *f)
{
    m->item_flights -= is_of_item(f);
    m->teller.in_flight -= f->purpose == FOR_EVENT;
    keep_forget(&m->keep, &f->namespace);
    keep_forget(&m->keep, &f->name);
    keep_forget(&m->keep, &f->why);
    *f = (struct flight){0};
}

/* ---- notes ---- */

static void forget_note(struct machine *m, struct noted *n)
{
    keep_forget(&m->keep, &n->kind);
    keep_forget(&m->keep, &n->namespace);
    keep_forget(&m->keep, &n->name);
    keep_forget(&m->keep, &n->text);
}

void note(struct machine *m, enum machine_level level, const struct item *item, const char *format, ...)
{
    va_list args;
    if (m->note_count == MOST_NOTES) {
        forget_note(m, &m->notes[m->note_first]);
        m->note_first = (m->note_first + 1) % MOST_NOTES;
        m->note_count--;
        m->counts[MACHINE_NOTES_DROPPED]++;
    }
    struct noted *n = &m->notes[(m->note_first + m->note_count) % MOST_NOTES];
    n->level = level;
    va_start(args, format);
    slice text = arena_vfmt(m->scratch, format, args);
    va_end(args);
    n->text = keep_text(&m->keep, text);
    if (item) {
        n->kind = keep_text(&m->keep, slice_of(kinds[item->kind].name));
        n->namespace = keep_text(&m->keep, item_namespace(item));
        n->name = keep_text(&m->keep, item_name(item));
    }
    m->note_count++;
}

void notes_close(struct machine *m)
{
    forget_note(m, &m->note_taken);
    for (size_t i = 0; i < MOST_NOTES; i++) /* also one whose last text could not be kept */
        forget_note(m, &m->notes[i]);
    m->note_count = 0;
}

bool machine_note(struct machine *m, struct machine_note *ret)
{
    struct noted *taken = &m->note_taken;
    forget_note(m, taken);
    if (!m->note_count)
        return false;
    struct noted *n = &m->notes[m->note_first];
    *taken = *n;
    *n = (struct noted){0};
    m->note_first = (m->note_first + 1) % MOST_NOTES;
    m->note_count--;
    *ret = (struct machine_note){taken->level, taken->kind, taken->namespace, taken->name, taken->text};
    return true;
}

/* ---- small things ---- */

slice reason_of(struct machine *m, const struct machine_event *e)
{
    if (e->error.n)
        return e->error;
    return e->status ? arena_fmt(m->scratch, "the answer with status %d cannot be used", e->status)
                     : LIT("no answer");
}

int64_t backoff(unsigned failures, int64_t most, uint64_t seed)
{
    int64_t wait = 1000;
    for (unsigned i = 1; i < failures && wait < most; i++)
        wait *= 2;
    wait = wait < most ? wait : most;
    return wait + (int64_t)((seed + failures) * UINT64_C(0x9e3779b97f4a7c15) >> 40) % (wait / 4);
}

struct node *read_body(struct machine *m, slice body)
{
    struct findings ignored = findings_new(m->scratch);
    return json_read(m->scratch, body, &ignored);
}

bool machine_lag(const struct machine *m, struct machine_lag *walk)
{
    struct link *l = (struct link *)(uintptr_t)walk->at;
    while ((l = index_walk(&m->queue.items, &walk->bucket, l))) {
        const struct item *i = LINKED(l, struct item, by_name);
        walk->at = l;
        walk->lag = i->lag;
        if (!i->lag.overdue && !i->lag.checkpoint && !i->lag.paused)
            continue;
        walk->kind = slice_of(kinds[i->kind].name);
        walk->namespace = item_namespace(i);
        walk->name = item_name(i);
        return true;
    }
    return false;
}
