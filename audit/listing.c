/* Pages through a list. */
#include "listing.h"

/* Objects in a page: with their managedFields most have 3 to 6 KB, so a page is about 1 MB. An answer has at most 8
 * MiB: when a page of large objects does not fit, we ask for it again with half as many. */
enum { PAGE_OBJECTS = 250 };

/* A list that takes longer than the server remembers it continues with the objects that exist now. */
struct paging {
    struct listing *listing;
    struct arena *page, *kept;
    slice next; /* the token; empty: from the start */
    unsigned most;
    struct kube_answer answer;
    bool ended; /* object() has ended it */
};

static void ask(struct paging *p)
{
    struct listing *l = p->listing;
    struct kube_request q = {.method = KUBE_GET,
                             .group_version = l->group_version,
                             .resource = l->resource,
                             .namespace = l->namespace};
    struct buf query = buf_new(p->page, SIZE_MAX);
    buf_fmt(&query, "limit=%u", p->most);
    if (p->next.n)
        buf_fmt(&query, "&continue=%.*s", FMT(p->next));
    if (l->selector.n)
        buf_fmt(&query, "&labelSelector=%.*s", FMT(l->selector));
    q.query = buf_slice(&query);
    l->requests++;
    p->answer = kube_do(l->kube, p->page, &q);
}

/* Returns the token of the next page, in base64 for URLs. It comes from a list, or from a refusal that offers to
 * continue. */
static slice token_of(struct paging *p, const struct node *root)
{
    return arena_copy(p->kept, node_text_at(root, "metadata.continue"));
}

static void take_objects(struct paging *p)
{
    const struct listing *l = p->listing;
    const struct node *root = p->answer.root;
    p->next = token_of(p, root);
    for (const struct node *n = node_first(node_get(root, LIT("items"))); n && !p->ended; n = node_next(n))
        p->ended = !l->object(l->context, slice_cut(p->answer.body, n->at, n->end - n->at));
}

static void turn(void *context)
{
    struct paging *p = context;
    ask(p);
    if (p->answer.outcome == KUBE_OK) {
        take_objects(p);
    } else if (p->answer.outcome == KUBE_GONE) {
        struct findings ignored = findings_new(p->page);
        p->next = token_of(p, json_read(p->page, p->answer.body, &ignored));
    }
    p->answer.error = arena_copy(p->kept, p->answer.error);
}

/* Asks for the next page, with fewer objects as long as it does not fit. */
static enum kube_outcome next_page(struct paging *p)
{
    for (;; p->most /= 2) {
        arena_reset(p->page);
        bool fits = arena_run(p->page, turn, p);
        if (fits && !p->answer.too_large)
            return p->answer.outcome;
        if (p->most == 1) {
            p->answer.error = LIT("a single object is larger than 8 MiB");
            return KUBE_UNREACHABLE;
        }
    }
}

enum kube_outcome listing_run(struct listing *l, struct arena *page, struct arena *kept)
{
    struct paging p = {.listing = l, .page = page, .kept = kept, .most = PAGE_OBJECTS};
    do {
        enum kube_outcome outcome = next_page(&p);
        l->error = p.answer.error;
        l->silent = outcome == KUBE_UNREACHABLE && !p.answer.status && !p.answer.too_large;
        if (outcome != KUBE_OK && !(outcome == KUBE_GONE && p.next.n))
            return outcome;
    } while (p.next.n && !p.ended);
    return KUBE_OK;
}
