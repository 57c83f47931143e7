/* The rules' fixtures: tests/rules/cases/<slug>/fires.yaml and silent.yaml, and what is said of them. */
#ifndef BRGATE_FIXTURES_H
#define BRGATE_FIXTURES_H

#include "document.h"
#include "verdict.h"

/* 2026-06-01T00:00:00Z, when all fixtures are judged. */
#define FIXTURE_NOW INT64_C(1780272000)

#define FIXTURES_DIR "tests/rules/cases"

enum side { FIRES, SILENT };

/* One half of a rule's folder. The texts are empty where there is no such file. */
struct fixture {
    const char *slug; /* the folder */
    enum side side;
    slice name; /* of the manifest: "fires.yaml" or "fires.json" */
    slice manifest;
    slice old;     /* fires.old.yaml: the objects before an update */
    slice deleted; /* fires.delete.yaml: objects that go */
};

struct fixtures {
    struct fixture *items; /* two for each folder, by slug */
    size_t count;
};

/* Reads all folders, or those that are named. The program runs in the source directory. */
struct fixtures fixtures_read(struct arena *a, char *const *slugs, size_t count);

struct manifest {
    const char *name; /* of the file */
    slice text;
};

/* Reads all files of tests/corpus/manifests. */
const struct manifest *manifests_read(struct arena *a, size_t *ret_count);

/* The file "tests/rules/cases/<slug>/<name>"; empty when there is none. */
slice fixture_file(struct arena *a, const char *slug, const char *name);
const char *side_word(enum side s); /* "fires" */

/* The kind of a fixture's object; NULL: not one that brgate judges. */
const struct schema_kind *fixture_kind(const struct gate *g, const struct node *root);

/* Everything that is said of the fixture: the text of `brgate lint` and the rows of each change. */
slice fixture_text(struct arena *a, const struct gate *g, const struct fixture *f);

#endif
