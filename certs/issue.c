/* Makes a CA for one leaf, and forgets its key. */
#include "issue.h"

#include "kube_name.h"
#include "openssl.h"

#include <openssl/rand.h>

enum { MOST_NAMES = 32, MOST_COMMON_NAME_BYTES = 64, MARK_BYTES = 6 };

static slice joined(struct arena *a, slice first, slice second, const char *end)
{
    slice dot = LIT("."), tail = slice_of(end);
    size_t n = first.n + second.n + 1 + tail.n;
    char *p = arena_try(a, n + 1);
    if (!p)
        return (slice){0};
    snprintf(p, n + 1, "%.*s%.*s%.*s%.*s", FMT(first), FMT(dot), FMT(second), FMT(tail));
    return (slice){p, n};
}

slice issue_dns_name(struct arena *a, slice service, slice namespace)
{
    return joined(a, service, namespace, ".svc");
}

/* CAs need names of their own: some clients look a CA up by name and would stop at the wrong one. */
static bool ca_name(char ret[MOST_COMMON_NAME_BYTES])
{
    unsigned char mark[MARK_BYTES];
    if (RAND_bytes(mark, sizeof mark) != 1)
        return false;
    int n = snprintf(ret, MOST_COMMON_NAME_BYTES, "brgate webhook CA ");
    for (size_t i = 0; i < sizeof mark; i++)
        n += snprintf(ret + n, MOST_COMMON_NAME_BYTES - (size_t)n, "%02x", mark[i]);
    return true;
}

static size_t leaf_names(struct arena *a, const struct issue_request *request, slice ret[MOST_NAMES])
{
    size_t n = 0;
    if (request->service.n) {
        ret[n++] = issue_dns_name(a, request->service, request->namespace);
        ret[n++] = joined(a, request->service, request->namespace, ".svc.cluster.local");
    }
    for (size_t i = 0; i < request->more_count && n < MOST_NAMES; i++)
        ret[n++] = request->more_names[i];
    return n;
}

static bool check_name(const char *what, slice name, bool (*valid)(slice, struct refusal *),
                       struct error *reterr)
{
    struct refusal r = {0};
    if (valid(name, &r))
        return true;
    return error_set(reterr, "the %s %.*s: %s%s%s", what, FMT(name.n ? name : LIT("''")), r.why,
                     r.hint[0] ? "; " : "", r.hint);
}

bool issue_check(const struct issue_request *request, struct error *reterr)
{
    if (request->life < ISSUE_LEAST_LIFE)
        return error_set(reterr, "a certificate must live for at least %d seconds", ISSUE_LEAST_LIFE);
    if (request->service.n && !check_name("Service", request->service, kube_label, reterr))
        return false;
    if (request->namespace.n && !check_name("namespace", request->namespace, kube_label, reterr))
        return false;
    for (size_t i = 0; i < request->more_count; i++)
        if (!check_name("name", request->more_names[i], certificate_name, reterr))
            return false;
    return request->service.n || request->more_count || error_set(reterr, "a certificate requires a name");
}

bool issue_make(struct arena *a, const struct issue_request *request, struct issue *ret, struct error *reterr)
{
    char name[MOST_COMMON_NAME_BYTES];
    slice names[MOST_NAMES] = {0};
    size_t count = leaf_names(a, request, names);
    int64_t early = request->life / 10 < ISSUE_CLOCKS_APART ? request->life / 10 : ISSUE_CLOCKS_APART;
    if (!issue_check(request, reterr))
        return false;
    if (!ca_name(name))
        return openssl_failed(reterr, "no random numbers available");
    struct certificate_request ca = {.use = CERTIFICATE_CA,
                                     .common_name = slice_of(name),
                                     .not_before = request->now - early,
                                     .not_after = request->now + request->life};
    struct certificate_request leaf = {.use = CERTIFICATE_SERVER,
                                       .common_name =
                                           names[0].n <= MOST_COMMON_NAME_BYTES ? names[0] : LIT("brgate"),
                                       .names = names,
                                       .name_count = count,
                                       .not_before = ca.not_before,
                                       .not_after = ca.not_after};
    struct certificate_pair issuer = {0};
    bool made = certificate_make(a, &ca, NULL, &issuer, reterr) &&
                certificate_make(a, &leaf, &issuer, &ret->leaf, reterr);
    ret->ca = issuer.certificate;
    if (issuer.key.n)
        OPENSSL_cleanse((void *)(uintptr_t)issuer.key.p, issuer.key.n);
    return made;
}
