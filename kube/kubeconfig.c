/* Reads kubeconfig files as kubectl merges them: the first file that names a thing wins. */
#include "kubeconfig.h"

#include "base64.h"
#include "file.h"

#include <errno.h>
#include <unistd.h>

enum { MOST_FILES = 16, MOST_BYTES = 4 << 20 };

struct kubeconfig {
    struct arena *arena;
    struct {
        slice path;
        struct node *root;
    } files[MOST_FILES];
    size_t count;
    struct error *reterr;
};

static bool fails(struct kubeconfig *k, slice path, slice why)
{
    return error_set(k->reterr, "%.*s: %.*s", FMT(path), FMT(why));
}

static bool read_one(struct kubeconfig *k, slice path)
{
    struct arena *a = k->arena;
    slice bytes;
    if (access(arena_cstr(a, path), F_OK) != 0 && errno == ENOENT)
        return true;
    if (!file_read(a, arena_cstr(a, path), MOST_BYTES, &bytes, k->reterr))
        return false;
    struct findings f = findings_new(a);
    struct stream *s = stream_read(a, bytes, &f);
    if (f.first)
        return fails(k, path, f.first->message);
    if (!s->first)
        return true;
    if (k->count == MOST_FILES)
        return fails(k, path, LIT("too many kubeconfig files"));
    k->files[k->count].path = path;
    k->files[k->count++].root = s->first->root;
    return true;
}

static bool read_all(struct kubeconfig *k, slice paths)
{
    while (paths.n) {
        size_t end = slice_find_char(paths, ':');
        slice path = slice_cut(paths, 0, end);
        paths = end == SLICE_NONE ? (slice){0} : slice_from(paths, end + 1);
        if (path.n && !read_one(k, arena_copy(k->arena, path)))
            return false;
    }
    return true;
}

/* The entry of that name in one of the lists, and the file that has it. */
static const struct node *find(const struct kubeconfig *k, slice list, slice kind, slice name,
                               slice *ret_path)
{
    for (size_t i = 0; i < k->count; i++)
        for (struct node *n = node_first(node_get(k->files[i].root, list)); n; n = node_next(n))
            if (slice_eq(node_text(node_get(n, LIT("name"))), name)) {
                *ret_path = k->files[i].path;
                return node_get(n, kind);
            }
    return NULL;
}

static slice beside(struct arena *a, slice file, slice path)
{
    size_t end = file.n;
    while (end && file.p[end - 1] != '/')
        end--;
    return !path.n || path.p[0] == '/' ? path : arena_fmt(a, "%.*s%.*s", (int)end, slice_c(file), FMT(path));
}

/* "certificate-authority" and "certificate-authority-data": the data win. */
static bool text_or_file(struct kubeconfig *k, const struct node *n, slice path, const char *key,
                         slice *ret_text, slice *ret_file)
{
    slice data_key = arena_fmt(k->arena, "%s-data", key);
    slice data = node_text(node_get(n, data_key));
    if (data.n && !base64_decode(k->arena, data, ret_text))
        return fails(k, path, arena_fmt(k->arena, "%.*s is not base64", FMT(data_key)));
    if (!data.n)
        *ret_file = beside(k->arena, path, node_text(node_get(n, slice_of(key))));
    return true;
}

/* Refuses settings that are not supported: ignoring them would mean another identity or an unverified server. */
static bool none_of(struct kubeconfig *k, const struct node *n, slice path, const char *const (*unknown)[2],
                    size_t count)
{
    for (size_t i = 0; i < count; i++) {
        const struct node *set = node_get(n, slice_of(unknown[i][0]));
        if (set && set->kind != NODE_NULL && !(set->kind == NODE_BOOL && !set->boolean))
            return fails(k, path, arena_fmt(k->arena, "%s: %s", unknown[i][0], unknown[i][1]));
    }
    return true;
}

static bool read_cluster(struct kubeconfig *k, slice name, struct kube_access *ret)
{
    static const char *const unknown[][2] = {
        {"insecure-skip-tls-verify",
         "brgate connects only to servers it can verify; put the CA in certificate-authority-data"},
        {"tls-server-name", "is not supported; use the name of the server's certificate in `server`"},
    };
    slice path;
    const struct node *n = find(k, LIT("clusters"), LIT("cluster"), name, &path);
    if (!n)
        return fails(k, k->files[0].path, arena_fmt(k->arena, "unknown cluster \"%.*s\"", FMT(name)));
    ret->server = node_text(node_get(n, LIT("server")));
    ret->proxy = node_text(node_get(n, LIT("proxy-url")));
    if (!ret->server.n)
        return fails(k, path, arena_fmt(k->arena, "cluster \"%.*s\" has no server", FMT(name)));
    return none_of(k, n, path, unknown, COUNT(unknown)) &&
           text_or_file(k, n, path, "certificate-authority", &ret->ca, &ret->ca_file);
}

static bool read_user(struct kubeconfig *k, slice name, struct kube_access *ret)
{
    static const char *const unknown[][2] = {
        {"exec", "brgate does not run credential plugins; use a token (`kubectl create token ACCOUNT`) or a "
                 "client certificate"},
        {"auth-provider", "was removed from Kubernetes 1.26; use a token or a client certificate"},
        {"username", "was removed from Kubernetes 1.19; use a token or a client certificate"},
        {"as", "impersonation is not supported; use the account's own token"},
    };
    slice path;
    if (!name.n)
        return true;
    const struct node *n = find(k, LIT("users"), LIT("user"), name, &path);
    if (!n)
        return fails(k, k->files[0].path, arena_fmt(k->arena, "unknown user \"%.*s\"", FMT(name)));
    if (!none_of(k, n, path, unknown, COUNT(unknown)))
        return false;
    ret->token = node_text(node_get(n, LIT("token")));
    if (!ret->token.n)
        ret->token_file = beside(k->arena, path, node_text(node_get(n, LIT("tokenFile"))));
    if (!text_or_file(k, n, path, "client-certificate", &ret->certificate, &ret->certificate_file) ||
        !text_or_file(k, n, path, "client-key", &ret->key, &ret->key_file))
        return false;
    bool certificate = ret->certificate.n || ret->certificate_file.n, key = ret->key.n || ret->key_file.n;
    return certificate == key ||
           fails(k, path, LIT("client-certificate and client-key must be set together"));
}

static slice current_context(const struct kubeconfig *k)
{
    for (size_t i = 0; i < k->count; i++) {
        slice s = node_text(node_get(k->files[i].root, LIT("current-context")));
        if (s.n)
            return s;
    }
    return (slice){0};
}

static void keep(struct arena *a, slice *s)
{
    if (s->n)
        *s = arena_copy(a, *s);
}

bool kubeconfig_load(struct arena *a, slice paths, const char *context, struct kube_access *ret,
                     struct error *reterr)
{
    struct kubeconfig k = {.arena = a, .reterr = reterr};
    if (!read_all(&k, paths))
        return false;
    if (!k.count)
        return error_set(reterr, "%.*s: no kubeconfig there", FMT(paths));
    slice name = context ? slice_of(context) : current_context(&k), path;
    ret->source = k.files[0].path;
    if (!name.n)
        return fails(&k, ret->source, LIT("no current-context; `kubectl config use-context NAME` sets one"));
    const struct node *n = find(&k, LIT("contexts"), LIT("context"), name, &path);
    if (!n)
        return fails(&k, ret->source, arena_fmt(a, "unknown context \"%.*s\"", FMT(name)));
    ret->namespace = node_text(node_get(n, LIT("namespace")));
    if (!read_cluster(&k, node_text(node_get(n, LIT("cluster"))), ret) ||
        !read_user(&k, node_text(node_get(n, LIT("user"))), ret))
        return false;
    slice *const texts[] = {&ret->server, &ret->namespace, &ret->token,    &ret->token_file,
                            &ret->proxy,  &ret->ca_file,   &ret->key_file, &ret->certificate_file};
    for (size_t i = 0; i < COUNT(texts); i++)
        keep(a, texts[i]);
    return true;
}
