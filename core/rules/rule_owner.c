/* Who set a field of a live object: the API server keeps account in metadata.managedFields, by field and manager.
 * [apimachinery: FieldsV1, "f:<name>" for a member, "." for the container itself] */
#include "checks.h"

/* Whether the entry's tree of fields holds `n`. A container that is listed without members is held whole, and so is
 * every element of a list, as elements have keys of their own. */
static bool holds(struct arena *a, const struct node *fields, const struct node *n, const struct node **ret)
{
    if (!n->parent) {
        *ret = fields;
        return false;
    }
    const struct node *above;
    if (holds(a, fields, n->parent, &above))
        return true;
    *ret = NULL;
    if (!above)
        return false;
    if (n->parent->kind == NODE_ARRAY || (above != fields && !node_first(above)))
        return true;
    *ret = node_get(above, arena_fmt(a, "f:%.*s", FMT(n->key)));
    return false;
}

bool rule_field_is_unowned(const struct rule_run *run, const struct node *n)
{
    bool has_owners = false;
    const struct node *list = node_at(run->object->root, "metadata.managedFields");
    for (const struct node *entry = node_first(list); entry; entry = node_next(entry)) {
        const struct node *fields = node_get(entry, LIT("fieldsV1")), *found = NULL;
        if (!node_get(fields, LIT("f:spec")))
            continue;
        has_owners = true;
        if (holds(run->arena, fields, n, &found) || found)
            return false;
    }
    return has_owners;
}
