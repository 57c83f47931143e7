/* The subcommand `crds`. */
#include "arguments.h"
#include "command.h"

#include "bug.h"
#include "crd_source.h"
#include "schemas.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

enum { ARENA_BYTES = 256 << 20, CRD_BYTES = 1 << 20 }; /* etcd takes no object above 1.5 MiB */

static const char help[] =
    "Usage: brgate crds [--group GROUP]\n"
    "\n"
    "Prints the CustomResourceDefinitions of Backup, BackupSchedule and CompactBackup\n"
    "as YAML, ready for 'kubectl apply -f -'.\n"
    "\n"
    "  --group GROUP  only br.pingcap.com or only pingcap.com; both without it\n"
    "  --help         print this and stop\n";

static bool group_known(slice group)
{
    for (size_t i = 0; i < crd_source_count; i++)
        if (slice_eq(crd_sources[i].group, group))
            return true;
    return false;
}

static void print_crd(struct arena *a, const struct crd_source *source)
{
    struct error error;
    const struct node *flat = crd_flatten(a, source->text, crd_parts, crd_part_count, &error);
    BUG_IF(!flat); /* the sources are ours and the tests flatten them all */
    struct buf b = buf_new(a, CRD_BYTES);
    node_put_yaml(&b, flat, true);
    BUG_IF(b.failed);
    printf("---\n%.*s", FMT(buf_slice(&b)));
}

struct printing {
    struct arena *arena;
    slice group; /* empty: all */
};

static void print_group(void *context)
{
    const struct printing *p = context;
    for (size_t i = 0; i < crd_source_count; i++)
        if (!p->group.n || slice_eq(p->group, crd_sources[i].group))
            print_crd(p->arena, &crd_sources[i]);
}

static int print_crds(slice group)
{
    struct printing p = {arena_new(ARENA_BYTES), group};
    bool printed = p.arena && arena_run(p.arena, print_group, &p);
    arena_free(p.arena);
    if (!printed) {
        fprintf(stderr, "brgate crds: out of memory\n");
        return EXIT_UNABLE;
    }
    if (fflush(stdout) != 0 || ferror(stdout)) {
        fprintf(stderr, "brgate crds: standard output: %s\n", strerror(errno));
        return EXIT_UNABLE;
    }
    return EXIT_CLEAN;
}

int command_crds(int argc, char **argv)
{
    static const struct option options[] = {{"--group", 0, true}, {"--help", 'h', false}};
    struct arguments a = {.argv = argv, .argc = argc};
    slice group = {0};
    char *value;
    for (int i; (i = arguments_next(&a, options, 2, &value)) != ARGUMENT_END;) {
        if (i == ARGUMENT_WRONG)
            return EXIT_UNABLE;
        if (i == ARGUMENT_OPERAND)
            return command_fails("crds", "unexpected argument %s; see 'brgate crds --help'", value);
        if (i == 1) {
            fputs(help, stdout);
            return EXIT_CLEAN;
        }
        group = slice_of(value);
        if (!group_known(group))
            return command_fails("crds", "--group %s: expected br.pingcap.com or pingcap.com", value);
    }
    return print_crds(group);
}
