/* Comparing our readers with the programs that read the values later (tests/oracle), on made-up inputs.
 *
 * A topic makes an input from a seed, and says what we make of it in the words of the oracle's answer.
 * Answers that differ are faults, unless a named exception of the topic covers them. */
#ifndef BRGATE_FIDELITY_H
#define BRGATE_FIDELITY_H

#include "buf.h"

#include <stdint.h>

/* ---- made-up values ---- */

struct dice {
    uint64_t state;
};

unsigned dice_below(struct dice *d, unsigned n); /* 0 to n - 1 */
bool dice_one_in(struct dice *d, unsigned n);

/* One of the texts. */
#define DICE_PICK(d, texts)   ((texts)[dice_below((d), COUNT(texts))])
#define DICE_PUT(d, b, texts) buf_put((b), slice_of(DICE_PICK(d, texts)))

void dice_put_digits(struct dice *d, struct buf *b, unsigned most); /* one to `most` digits */
void dice_put_number(struct dice *d, struct buf *b, unsigned below);
void dice_put_name(struct dice *d,
                   struct buf *b); /* of an object, a label or a domain, often a bad one; may be long */

/* With the same odds: leaves what `b` holds from `from` on, or changes, drops, adds, doubles or swaps a byte
 * or two of it. New bytes come mostly from `alphabet`. */
void dice_damage(struct dice *d, struct buf *b, size_t from, const char *alphabet);

/* ---- topics ---- */

/* A difference that is meant. It covers a pair of answers when `applies` says so. */
struct fidelity_exception {
    const char *name, *reason;
    bool (*applies)(slice input, slice ours, slice theirs);
};

struct fidelity_topic {
    const char *name;
    void (*make)(struct dice *d, struct buf *input);
    void (*answer)(struct arena *a, slice input, struct buf *answer);
    const struct fidelity_exception *exceptions;
    size_t exception_count;
    uint64_t most; /* inputs, when there are not more to make; 0 is no limit */
};

extern const struct fidelity_topic *const fidelity_topics[];
extern const size_t fidelity_topic_count;

#endif
