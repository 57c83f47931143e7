/* Statuses as outcomes, and outcomes in words. */
#include "outcome.h"

#include "ascii.h"

enum { MOST_MESSAGE_BYTES = 300 };

enum kube_outcome kube_outcome_of(int status)
{
    if (status >= 200 && status < 300)
        return KUBE_OK;
    switch (status) {
    case 401:
    case 403:
        return KUBE_FORBIDDEN;
    case 404:
        return KUBE_NOT_FOUND;
    case 409:
        return KUBE_CONFLICT;
    case 410:
        return KUBE_GONE;
    case 429:
        return KUBE_RETRY;
    default:
        return status >= 500 ? KUBE_RETRY : status >= 400 ? KUBE_REFUSED : KUBE_UNREACHABLE;
    }
}

const char *kube_outcome_word(enum kube_outcome o)
{
    static const char *const words[KUBE_OUTCOME_COUNT] = {
        "ok", "not_found", "conflict", "gone", "forbidden", "refused", "retry", "unreachable"};
    return words[o];
}

const char *kube_method_word(enum kube_method m)
{
    static const char *const words[KUBE_METHOD_COUNT] = {"GET",   "POST",  "PUT",  "DELETE",
                                                         "PATCH", "PATCH", "PATCH"};
    return words[m];
}

/* Names come from flags and from the server; whatever they hold must stay one segment. */
static void put_segment(struct buf *b, slice s)
{
    buf_char(b, '/');
    for (size_t i = 0; i < s.n; i++) {
        unsigned char c = (unsigned char)s.p[i];
        bool plain = ascii_is_alnum((char)c) || c == '-' || c == '_' || (c == '.' && s.n > 2);
        if (plain)
            buf_char(b, (char)c);
        else
            buf_fmt(b, "%%%02X", c);
    }
}

static void put_resource(struct buf *b, const struct kube_request *q)
{
    buf_fmt(b, "%s/%s", strchr(q->group_version, '/') ? "/apis" : "/api", q->group_version);
    if (q->namespace.n) {
        buf_put(b, LIT("/namespaces"));
        put_segment(b, q->namespace);
    }
    buf_fmt(b, "/%s", q->resource);
    if (q->name.n)
        put_segment(b, q->name);
    if (q->subresource)
        buf_fmt(b, "/%s", q->subresource);
}

slice kube_path(struct arena *a, const struct kube_request *q)
{
    struct buf b = buf_new(a, 4096);
    if (q->path)
        buf_put(&b, slice_of(q->path));
    else
        put_resource(&b, q);
    if (q->query.n)
        buf_fmt(&b, "?%.*s", FMT(q->query));
    return arena_copy(a, buf_slice(&b));
}

static const char *rbac_verb(const struct kube_request *q)
{
    switch (q->method) {
    case KUBE_GET:
        return q->watch ? "watch" : q->name.n ? "get" : "list";
    case KUBE_POST:
        return "create";
    case KUBE_PUT:
        return "update";
    case KUBE_DELETE:
        return "delete";
    default:
        return "patch";
    }
}

static void put_request(struct buf *b, const struct kube_access *c, const struct kube_request *q)
{
    slice path = kube_path(b->arena, q);
    buf_fmt(b, "%s %.*s%.*s: ", kube_method_word(q->method), FMT(c->server), FMT(path));
}

static void put_one_line(struct buf *b, slice s)
{
    for (size_t i = 0; i < s.n && i < MOST_MESSAGE_BYTES; i++)
        buf_char(b, (unsigned char)s.p[i] < ' ' ? ' ' : s.p[i]);
}

static void put_right(struct buf *b, const struct kube_request *q)
{
    const char *slash = strchr(q->group_version, '/');
    buf_fmt(b, "; a %s must grant the verb \"%s\" on \"%s%s%s\" of the API group \"%.*s\"",
            q->namespace.n ? "Role" : "ClusterRole", rbac_verb(q), q->resource, q->subresource ? "/" : "",
            q->subresource ? q->subresource : "", slash ? (int)(slash - q->group_version) : 0,
            q->group_version);
    if (q->name.n)
        buf_fmt(b, ", resourceName \"%.*s\"", FMT(q->name));
    if (q->namespace.n)
        buf_fmt(b, ", in namespace \"%.*s\"", FMT(q->namespace));
}

static void put_fix(struct buf *b, const struct kube_access *c, const struct kube_request *q, int status)
{
    if (status == 401)
        buf_fmt(b, "; the credentials from %.*s have expired or belong to another cluster", FMT(c->source));
    if (status == 403 && !q->path)
        put_right(b, q);
    if (status == 429)
        buf_put(b, LIT("; the server has too much to do: try again later"));
    if (status >= 500)
        buf_put(b, LIT("; the server, or a proxy in front of it, failed: its log says why"));
}

slice kube_refusal_text(struct arena *a, const struct kube_access *c, const struct kube_request *q,
                        int status, slice body)
{
    struct buf b = buf_new(a, 4096);
    struct findings ignored = findings_new(a);
    const struct node *message = node_get(json_read(a, body, &ignored), LIT("message"));
    put_request(&b, c, q);
    buf_fmt(&b, "%d", status);
    if (message && message->kind == NODE_STRING && message->text.n) {
        buf_put(&b, LIT(": "));
        put_one_line(&b, message->text);
    }
    put_fix(&b, c, q, status);
    return arena_copy(a, buf_slice(&b));
}

slice kube_silence_text(struct arena *a, const struct kube_access *c, const struct kube_request *q,
                        const char *why, const char *hint)
{
    struct buf b = buf_new(a, 4096);
    put_request(&b, c, q);
    put_one_line(&b, slice_of(why));
    buf_fmt(&b, "; %s (server and credentials from %.*s)", hint, FMT(c->source));
    return arena_copy(a, buf_slice(&b));
}
