/* The files of crds/ and parts/, embedded unchanged at build time; crd_source.h makes flat CRDs from them. */
#ifndef BRGATE_CRD_FILES_H
#define BRGATE_CRD_FILES_H

#include "slice.h"

struct crd_source {
    slice group, plural, kind;
    slice text; /* YAML, with $use */
};

extern const struct crd_source crd_sources[]; /* by file name */
extern const size_t crd_source_count;
extern const slice crd_parts[];
extern const size_t crd_part_count;

#endif
