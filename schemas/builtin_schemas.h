/* The schemas of the kinds that brgate judges, compiled from crds/ and parts/ when brgate is built. */
#ifndef BRGATE_BUILTIN_SCHEMAS_H
#define BRGATE_BUILTIN_SCHEMAS_H

struct schema_tables; /* schema.h: hosts only pass it on */

extern const struct schema_tables builtin_schemas; /* kinds by the name of their file in crds/ */

#endif
