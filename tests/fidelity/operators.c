/* operators FILE...: what the real operators refused, the gate denies on CREATE; and what they ran and the gate denies is
 * in one table, with the reason. The files are recorded histories (tests/plan/histories/README.md): facts, the object,
 * and what became of it. Exit 0: it is so; 1: it is not; 2: a file cannot be read. */
#include "brgate_limits.h"
#include "error.h"
#include "file.h"
#include "schema.h"
#include "verdict.h"

#include "builtin_schemas.h"
#include "document.h"

#include <stdio.h>

enum { RECORDED_AT = 1795694400 }; /* 2026-11-26T12:00:00Z, in Unix seconds */

/* Rules that deny objects of which the operator made a Job. */
static const struct {
    const char *slug, *reason;
} denied_though_run[] = {
    {"azblob-account", "no account has a name with a hyphen: the host that BR asks does not exist"},
    {"azblob-container", "BR is given a URL without a container and fails"},
    {"clusterns-v2",
     "the Job takes the address of the cluster of that name in its own namespace: another one"},
    {"local-volume-lost", "the volume is deleted with the pod, and the backup's metadata with it"},
    {"log-filter", "stop, pause, resume and truncate fail on --filter: the task can never be stopped"},
    {"log-options", "br log does not have the flag: the start fails"},
    {"log-timeago", "br log does not know --timeago: the start fails"},
    {"maxbackups-with-log", "recorded: the schedule deletes its log backup and makes no further snapshot"},
    {"name-too-long", "the names of the later Jobs (truncate, pause) are refused"},
    {"prefix-traversal", "BR writes to another folder or bucket, and cleanup misses it"},
    {"provider-empty", "the CRD of br.pingcap.com accepts it, and BR asks AWS for the region"},
    {"provider-unknown", "BR gets a provider that it does not know"},
    {"s3-endpoint-url", "the operator does not check a compaction's endpoint, and BR fails on it"},
    {"storage-multiple", "all blocks but the first are ignored: the backup is not where it was meant to be"},
    {"time-zone-missing", "the operator reads the time, and BR refuses it"},
    {"tso-syntax", "read only when a compaction is due, which then is never made"},
    {"volume-name-clash", "a volume of the operator's name: recorded as refused where the cluster uses TLS"},
    {"type-with-filter", "br backup db and table do not know --filter"},
};

static size_t used[COUNT(denied_though_run)];
static size_t files, refused, ran, denied;
static bool faulty;

struct history {
    const struct gate *gate;
    struct arena *arena;
    const char *path;
    slice bytes;
};

/* A condition that ends the object, or a Job that the API server does not take. */
static slice refusal_in(const struct node *object)
{
    const struct node *status = node_get(object, LIT("status"));
    for (const struct node *c = node_first(node_get(status, LIT("conditions"))); c; c = node_next(c)) {
        slice type = node_text(node_get(c, LIT("type"))), reason = node_text(node_get(c, LIT("reason")));
        if (slice_eq(type, LIT("Invalid")) || slice_eq(reason, LIT("CreateBackupJobFailed")))
            return node_text(node_get(c, LIT("message")));
    }
    return (slice){0};
}

static void report(const struct history *h, const char *what, slice detail)
{
    printf("%s: %s: %.*s\n", h->path, what, FMT(detail));
    faulty = true;
}

static void count_denials(const struct history *h, const struct verdict *v)
{
    for (size_t d = 0; d < v->diagnostic_count; d++) {
        const struct diagnostic *x = &v->diagnostics[d];
        size_t i = 0;
        if (x->severity != SEVERITY_ERROR)
            continue;
        while (i < COUNT(denied_though_run) &&
               !slice_eq(slice_of(x->rule->slug), slice_of(denied_though_run[i].slug)))
            i++;
        if (i < COUNT(denied_though_run))
            used[i]++;
        else
            report(h, "the operator ran it, and this rule denies it without a reason in the table",
                   slice_of(x->rule->slug));
    }
}

static void play(void *context)
{
    const struct history *h = context;
    struct findings unread = findings_new(h->arena);
    const struct document *d = stream_read(h->arena, h->bytes, &unread)->first;
    if (!d || !d->next || !d->next->root) {
        report(h, "no history", LIT("expected Facts and an object"));
        return;
    }
    struct change change = {.context = CONTEXT_CREATE, .object = d->next->root};
    slice kind = node_text_at(change.object, "kind"), why = {0};
    bool api_refused = false, job = false;
    for (d = d->next->next; d; d = d->next) {
        slice other = node_text_at(d->root, "kind");
        api_refused = api_refused || node_get(d->root, LIT("refusedByAPIServer"));
        job = job || slice_eq(other, LIT("Job"));
        if (!why.n && slice_eq(other, kind))
            why = refusal_in(d->root);
    }
    change.kind = gate_kind(h->gate, node_text_at(change.object, "apiVersion"), kind);
    if (!change.kind) {
        report(h, "not ours", kind);
        return;
    }
    const struct verdict *v = verdict_change(h->gate, h->arena, &change, false, RECORDED_AT);
    files++;
    refused += api_refused || why.n;
    if ((api_refused || why.n) && !v->errors)
        report(h, "refused, but not denied", api_refused ? LIT("by the API server") : why);
    if (job && !why.n && !api_refused) {
        ran++;
        denied += v->errors > 0;
        count_denials(h, v);
    }
}

static bool play_file(const struct gate *g, const char *path)
{
    struct error error = {0};
    struct history h = {.gate = g, .arena = arena_new(LIMIT_ARENA_BYTES), .path = path};
    bool fine = h.arena && file_read(h.arena, path, LIMIT_STREAM_BYTES, &h.bytes, &error) &&
                arena_run(h.arena, play, &h);
    if (!fine)
        fprintf(stderr, "operators: %s cannot be read\n", path);
    arena_free(h.arena);
    return fine;
}

int main(int argc, char **argv)
{
    const struct policy usual = {0};
    struct gate *g = gate_open(&usual, &builtin_schemas);
    bool fine = g && argc > 1;
    for (int i = 1; i < argc && fine; i++)
        fine = play_file(g, argv[i]);
    gate_close(g);
    if (!fine)
        return 2;
    printf("%zu objects: %zu refused by the operators or the API server; of %zu that they ran, %zu are "
           "denied:\n",
           files, refused, ran, denied);
    for (size_t i = 0; i < COUNT(denied_though_run); i++)
        printf("  %4zu %s: %s\n", used[i], denied_though_run[i].slug, denied_though_run[i].reason);
    return faulty;
}
