/* The subcommand `crds`. */
#include "command.h"

#include "bug.h"
#include "crd_files.h"
#include "crd_source.h"
#include "options.h"
#include "suggest.h"

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
    "  --group GROUP  only br.pingcap.com or only pingcap.com; both without it\n";

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

struct crds_printing {
    struct arena *arena;
    slice group; /* empty: all */
};

static void print_group(void *context)
{
    const struct crds_printing *p = context;
    for (size_t i = 0; i < crd_source_count; i++)
        if (!p->group.n || slice_eq(p->group, crd_sources[i].group))
            print_crd(p->arena, &crd_sources[i]);
}

static int print_crds(slice group)
{
    struct crds_printing p = {arena_new(ARENA_BYTES), group};
    bool printed = p.arena && arena_run(p.arena, print_group, &p);
    arena_free(p.arena);
    if (!printed)
        return command_fails("crds", "out of memory");
    return command_printed("crds");
}

struct settings {
    slice group;
};

static bool take_group(void *settings, const struct option *o, const char *value, struct error *reterr)
{
    struct settings *s = settings;
    (void)o;
    static const slice groups[] = {SLICE("br.pingcap.com"), SLICE("pingcap.com")};
    s->group = slice_of(value);
    return group_known(s->group) || suggest_expected(reterr, s->group, groups, COUNT(groups));
}

int command_crds(int argc, char **argv)
{
    static const struct option list[] = {{OPTION_TAKEN("--group", take_group)}};
    static const struct options options = {
        .command = "crds", .help = help, .list = list, .count = COUNT(list)};
    struct settings s = {0};
    int status = options_read(&options, argc, argv, &s, NULL);
    return status == OPTIONS_READ ? print_crds(s.group) : status;
}
