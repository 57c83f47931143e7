/* Variations of the objects of all fixtures: other values for a field, taken from the fixtures that have a field of that
 * name, members added and removed. A seed gives the same ones everywhere. */
#ifndef BRGATE_VARIATION_H
#define BRGATE_VARIATION_H

#include "check.h"

#include "fixtures.h"
#include "schema.h"

enum { VARIATION_NODES = 400, VARIATION_TEXT_BYTES = 1 << 20 };

/* An object of a firing fixture, or one before its update, as the API server would have stored it. */
struct sample {
    const char *slug;
    slice text; /* JSON */
    const struct schema_kind *kind;
};

extern struct sample samples[];
extern size_t sample_count;

/* Reads the fixtures into samples[] and the pool of values; what is kept lives in the arena. The gate must outlive all
 * use of what follows. */
void variation_open(struct arena *kept, const struct gate *gate, uint64_t seed);

/* Runs cmocka tests over the samples, with an arena as their state. The gate has the policy of a settings file with that
 * text; the program's first argument is the seed. */
int variation_run(int argc, char **argv, const char *settings, const struct CMUnitTest *tests, size_t count);

/* The verdict on a change of the sample's object from `old` to `text`; `old` may be empty. */
const struct verdict *variation_judge(struct arena *a, const struct sample *s, enum context context,
                                      slice text, slice old);

void variation_seed(uint64_t seed); /* begins anew */
unsigned dice(unsigned below);

struct node *read_object(struct arena *a, slice text);
slice json_of(struct arena *a, const struct node *root);

/* The text of an object as the API server keeps it: without what the schema does not know, with its defaults. */
slice as_stored(struct arena *a, const struct schema_kind *kind, struct node *root);

/* Members may be in another order. */
bool same_object(struct arena *a, slice x, slice y);

/* What the fixtures have for a field of a name in a block of a name; of an element, the list's name is both. */
struct value {
    slice parent, name;
    const struct node *node;
};

extern struct value values[];
extern size_t value_count;
slice name_of(const struct node *n);

bool is_element(const struct node *n);
bool is_block(const struct node *n);

/* The spec and all below it, at most VARIATION_NODES; 0 without a spec. */
unsigned list_nodes(const struct node *root, struct node **ret);

/* Replaces the value of the `at`th node of an object, or removes it (no value); with a name adds a member to it. */
struct stroke {
    unsigned at;
    slice add;
    const struct node *value;
    bool moves; /* it adds or removes something: what repairs it may as well */
};

struct strokes {
    struct stroke items[3];
    size_t count;
};

/* The sample's object after these. */
slice edited(struct arena *a, const struct sample *s, const struct strokes *e);

/* Up to three that make a difference to what is stored. `nodes` are the sample's. */
struct strokes throw_edits(struct arena *a, const struct sample *s, struct node *const *nodes,
                           unsigned count);

/* Another value for the field of an edit: any, its own included, or none if the edit moves something. */
void throw_value(struct node *const *nodes, unsigned count, struct stroke *e);

#endif
