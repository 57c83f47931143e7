/* audit BRGATE: `brgate audit` over a cluster of 10,000 objects, each with 4 KB, beside listing them alone from the same scripted
 * API server, with the same client. Goals: 3 s beyond the listing, 30 MB, and one request for 250 objects plus those for what
 * the objects need. */
#include "api_double.h"
#include "kube.h"

#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum {
    OBJECTS = 10000,
    NAMESPACES = 5,
    BAD_EVERY = 7,
    PAGE = 250,
    ROUNDS = 5,
    LONGEST = 8192,
    OWNED_FIELDS = 60
};

static void die(const char *what)
{
    perror(what);
    exit(2);
}

/* ---- the cluster ---- */

/* What server-side apply and the operator's updates leave in metadata: most of a stored object. */
static int put_owned_fields(char *p, size_t size)
{
    int n =
        snprintf(p, size,
                 "\"managedFields\":[{\"manager\":\"kubectl\",\"operation\":\"Update\",\"apiVersion\":"
                 "\"br.pingcap.com/v1alpha1\",\"time\":\"2026-01-02T03:04:05Z\",\"fieldsType\":\"FieldsV1\","
                 "\"fieldsV1\":{\"f:spec\":{\".\":{}");
    for (int i = 0; i < OWNED_FIELDS; i++)
        n += snprintf(p + n, size - (size_t)n, ",\"f:fieldThatIsOwned%02d\":{\".\":{},\"f:value\":{}}", i);
    return n + snprintf(p + n, size - (size_t)n, "}}}]");
}

static const char *backup(int i)
{
    char text[LONGEST];
    int n = snprintf(
        text, sizeof text,
        "{\"apiVersion\":\"br.pingcap.com/v1alpha1\",\"kind\":\"Backup\",\"metadata\":{\"name\":\"nightly-"
        "%05d\",\"namespace\":\"team-%d\",\"uid\":\"9f0c2f6a-0000-4000-8000-%012d\",\"resourceVersion\":\"%"
        "d\","
        "\"generation\":1,\"creationTimestamp\":\"2026-01-02T03:04:05Z\",",
        i, i % NAMESPACES, i, i + 1000);
    n += put_owned_fields(text + n, sizeof text - (size_t)n);
    snprintf(text + n, sizeof text - (size_t)n,
             "},\"spec\":{\"backupType\":\"full\",\"backupMode\":\"snapshot\",\"cleanPolicy\":\"Retain\","
             "\"br\":{\"cluster\":"
             "\"demo1\"},\"s3\":{\"provider\":\"aws\",\"region\":\"us-west-1\",\"bucket\":\"company-tidb-"
             "backups\","
             "\"prefix\":\"team-%d/"
             "nightly-%05d\",\"secretName\":\"s3-secret\"}%s},\"status\":{\"phase\":\"Complete\","
             "\"commitTs\":\"449000000000000000\"}}",
             i % NAMESPACES, i,
             i % BAD_EVERY ? "" : ",\"backoffRetryPolicy\":{\"minRetryDuration\":\"5 minutes\"}");
    return strdup(text);
}

static void put_needs(struct api *api, int namespace)
{
    static const char *const groups[] = {
        "{\"spec\":{\"cluster\":{\"name\":\"demo1\"},\"template\":{\"spec\":{\"version\":\"v8.5.2\"}}}}"};
    char path[200];
    snprintf(path, sizeof path, "/api/v1/namespaces/team-%d/secrets/s3-secret", namespace);
    api_put(api, path, "{\"data\":{\"access_key\":\"QQ==\",\"secret_key\":\"QQ==\"}}");
    snprintf(path, sizeof path, "/api/v1/namespaces/team-%d/serviceaccounts/tidb-backup-manager", namespace);
    api_put(api, path, "{}");
    snprintf(path, sizeof path, "/apis/core.pingcap.com/v1alpha1/namespaces/team-%d/clusters/demo1",
             namespace);
    api_put(api, path, "{}");
    snprintf(path, sizeof path, "/apis/core.pingcap.com/v1alpha1/namespaces/team-%d/tikvgroups", namespace);
    api_list(api, path, groups, 1);
}

/* Serves the cluster until its parent ends it. A process of its own, because a new process begins with the peak memory of the
 * one that starts it. */
static void serve(const char *folder, int ready)
{
    static const char *items[OBJECTS];
    struct api *api = api_start();
    for (int i = 0; i < OBJECTS; i++)
        items[i] = backup(i);
    for (int i = 0; i < NAMESPACES; i++)
        put_needs(api, i);
    api_list(api, "/apis/br.pingcap.com/v1alpha1/backups", items, OBJECTS);
    api_kubeconfig(api, folder, "token");
    if (write(ready, "", 1) != 1)
        die("pipe");
    for (;;)
        pause();
}

static pid_t start_server(const char *folder)
{
    int ends[2];
    char byte;
    pid_t child = -1;
    if (pipe2(ends, O_CLOEXEC) != 0 || (child = fork()) < 0)
        die("fork");
    if (child == 0) {
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        serve(folder, ends[1]);
    }
    close(ends[1]);
    if (read(ends[0], &byte, 1) != 1)
        die("the API server");
    close(ends[0]);
    return child;
}

/* ---- the floor ---- */

static int list(const char *kubeconfig)
{
    const struct kube_place place = {.kubeconfig = kubeconfig};
    const struct kube_limits limits = kube_defaults();
    struct error error = {0};
    struct arena *page = arena_new(128 << 20);
    struct kube *kube = kube_open(&place, &limits, &error);
    if (!kube || !page)
        die(error.text);
    for (int from = 0; from < OBJECTS; from += PAGE) {
        arena_reset(page);
        const struct kube_request request = {.method = KUBE_GET,
                                             .group_version = "br.pingcap.com/v1alpha1",
                                             .resource = "backups",
                                             .query = arena_fmt(page, "limit=%d&continue=%d", PAGE, from)};
        if (kube_do(kube, page, &request).outcome != KUBE_OK)
            die("list");
    }
    kube_close(kube);
    arena_free(page);
    return 0;
}

/* ---- measuring ---- */

struct cost {
    double wall, cpu; /* seconds */
    double mb;        /* at its peak */
};

static double seconds(struct timeval t)
{
    return (double)t.tv_sec + (double)t.tv_usec / 1e6;
}

static struct cost run(const char *const *argv)
{
    extern char **environ;
    struct timespec start, end;
    struct rusage usage;
    int status = 0;
    pid_t child;
    clock_gettime(CLOCK_MONOTONIC, &start);
    if (posix_spawn(&child, argv[0], NULL, NULL, (char *const *)(uintptr_t)argv, environ) != 0 ||
        wait4(child, &status, 0, &usage) < 0 || !WIFEXITED(status) || WEXITSTATUS(status) != 0)
        die(argv[0]);
    clock_gettime(CLOCK_MONOTONIC, &end);
    return (struct cost){(double)(end.tv_sec - start.tv_sec) + (double)(end.tv_nsec - start.tv_nsec) / 1e9,
                         seconds(usage.ru_utime) + seconds(usage.ru_stime), (double)usage.ru_maxrss / 1024};
}

static void keep_best(struct cost *best, struct cost got)
{
    if (best->wall == 0 || got.wall < best->wall)
        best->wall = got.wall;
    if (best->cpu == 0 || got.cpu < best->cpu)
        best->cpu = got.cpu;
    if (got.mb > best->mb)
        best->mb = got.mb;
}

/* The number behind the key in the report. */
static long number_of(const char *report, const char *key)
{
    char line[4096];
    long number = -1;
    FILE *f = fopen(report, "re");
    if (!f)
        die(report);
    while (fgets(line, sizeof line, f)) {
        const char *at = strstr(line, key);
        number = at ? strtol(at + strlen(key), NULL, 10) : number;
    }
    fclose(f);
    return number;
}

int main(int argc, char **argv)
{
    if (argc == 3 && !strcmp(argv[1], "--list"))
        return list(argv[2]);
    char folder[] = "/tmp/brgate-bench-XXXXXX", kubeconfig[sizeof folder + 20], report[sizeof folder + 20],
         ca[sizeof folder + 20];
    if (argc != 2 || !mkdtemp(folder)) {
        fputs("usage: audit BRGATE\n", stderr);
        return 2;
    }
    snprintf(kubeconfig, sizeof kubeconfig, "%s/kubeconfig", folder);
    snprintf(ca, sizeof ca, "%s/ca.crt", folder);
    snprintf(report, sizeof report, "%s/report", folder);
    const char *list_argv[] = {"/proc/self/exe", "--list", kubeconfig, NULL};
    const char *audit_argv[] = {argv[1], "audit", "--no-config", "--kubeconfig", kubeconfig, "--format",
                                "json",  "-o",    report,        "--fail-on",    "never",    NULL};
    pid_t server = start_server(folder);
    struct cost listing = {0}, audit = {0};
    for (int i = 0; i < ROUNDS; i++) {
        keep_best(&listing, run(list_argv));
        keep_best(&audit, run(audit_argv));
    }
    printf("%-36s %6.2f s wall %6.2f s CPU %7.1f MB\n", "listing 10,000 objects", listing.wall, listing.cpu,
           listing.mb);
    printf("%-36s %6.2f s wall %6.2f s CPU %7.1f MB   %.2f s beyond the listing, %ld requests, %ld errors\n",
           "brgate audit", audit.wall, audit.cpu, audit.mb, audit.wall - listing.wall,
           number_of(report, "\"requests\":"), number_of(report, "\"errors\":"));
    kill(server, SIGKILL);
    waitpid(server, NULL, 0);
    unlink(kubeconfig);
    unlink(report);
    unlink(ca);
    rmdir(folder);
    return 0;
}
