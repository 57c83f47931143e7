/* What a YAML scalar means to kubectl, before its conversion to JSON. Internal to this layer. */
#ifndef BRGATE_YAML_SCALAR_H
#define BRGATE_YAML_SCALAR_H

#include "buf.h"

struct yaml_scalar {
    enum { YAML_NULL, YAML_BOOL, YAML_INT, YAML_UINT, YAML_FLOAT, YAML_STRING } kind;
    union {
        bool boolean;
        int64_t integer;
        uint64_t beyond; /* YAML_UINT: above INT64_MAX */
        double real;
    };
    slice text; /* YAML_STRING: the value */
};

/* Resolves a scalar. `tag` is the full one ("tag:yaml.org,2002:int") or empty; `implicit` is libyaml's plain_implicit.
 * Returns false when the value does not match its tag: `ret->text` then says what it was read as. Decoded
 * !!binary is allocated from `a`. */
bool yaml_scalar_resolve(struct arena *a, slice tag, bool implicit, slice value, struct yaml_scalar *ret);

/* Converts the scalar to the key of a JSON object. Returns false for null and integers above INT64_MAX, which kubectl
 * refuses. */
bool yaml_scalar_key(struct arena *a, const struct yaml_scalar *s, slice *ret);

#endif
