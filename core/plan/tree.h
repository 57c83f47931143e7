/* Builds the trees of objects to be created or changed.
 *
 * Keys and texts are not copied: they must live as long as the arena. In an array the key is ignored; pass NULL. Empty
 * values (an empty text, an empty copy) are left out, as Go's omitempty does. */
#ifndef BRGATE_TREE_H
#define BRGATE_TREE_H

#include "document.h"

struct node *tree_object(struct arena *a); /* an empty one */
struct node *tree_array(struct arena *a);  /* an empty one */

struct node *tree_put(struct node *into, const char *key, struct node *value); /* returns `value` */
/* Puts an empty one there and returns it. */
struct node *tree_put_object(struct arena *a, struct node *into, const char *key);
struct node *tree_put_array(struct arena *a, struct node *into, const char *key); /* the same */

void tree_put_text(struct arena *a, struct node *into, const char *key, slice text); /* nothing when empty */
/* A number, true or false. */
void tree_put_int(struct arena *a, struct node *into, const char *key, int64_t value);
void tree_put_bool(struct arena *a, struct node *into, const char *key, bool value);
/* Puts a deep copy; does nothing when `n` is NULL. */
void tree_put_copy(struct arena *a, struct node *into, const char *key, const struct node *n);
/* Appends copies of the elements of `list`, which may be NULL. */
void tree_put_elements(struct arena *a, struct node *array, const struct node *list);

/* Replaces the member, or adds it. */
void tree_set(struct node *object, const char *key, struct node *value);
void tree_set_text(struct arena *a, struct node *object, const char *key, slice text);
/* Removes the member, if there is one. */
void tree_unset(struct node *object, const char *key);

bool tree_empty(const struct node *n); /* NULL, or a container without visible children */

/* Returns the text of a string member, or the empty slice. */
slice tree_text(const struct node *object, const char *key);
slice tree_text_at(const struct node *root, const char *dotted_path);

#endif
