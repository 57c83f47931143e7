/* Reads kubeconfig files as kubectl merges them: the first file that names a thing wins. */
#include "kubeconfig.h"

#include "base64.h"
#include "file.h"
#include "settings.h"
#include "suggest.h"

#include <errno.h>
#include <unistd.h>

enum { MOST_FILES = 16, MOST_BYTES = 4 << 20, MOST_SUGGESTED = 64 };

struct kubeconfig {
    struct arena *arena;
    slice prefix; /* of errors: "--kubeconfig ", or empty */
    struct {
        slice path;
        struct node *root;
    } files[MOST_FILES];
    size_t count, listed, missing; /* those that were read, all, and those that do not exist */
    struct error *reterr;
};

/* "$KUBECONFIG /home/x/config: why" */
static bool fails(struct kubeconfig *k, slice path, slice why)
{
    return error_set(k->reterr, "%.*s%.*s: %.*s", FMT(k->prefix), FMT(path), FMT(why));
}

static bool check_document(struct settings *s, const struct node *root)
{
    const struct node *kind = node_get(root, LIT("kind"));
    if (root->kind != NODE_OBJECT)
        return settings_fault(s, root->at,
                              "expected a mapping with clusters, users, contexts and current-context");
    return !kind || slice_eq(node_text(kind), LIT("Config")) ||
           settings_fault(s, kind->at, "kind: %.*s: expected a kubeconfig, which has kind: Config",
                          FMT(node_text(kind)));
}

static bool read_one(struct kubeconfig *k, slice path)
{
    struct arena *a = k->arena;
    struct error why;
    struct settings file = {.arena = a, .reterr = &why};
    k->listed++;
    if (access(arena_cstr(a, path), F_OK) != 0 && errno == ENOENT) {
        k->missing++;
        return true;
    }
    if (!file_read(a, arena_cstr(a, path), MOST_BYTES, &file.bytes, &why))
        return error_set(k->reterr, "%.*s%s", FMT(k->prefix), why.text);
    const struct stream *s = settings_read(&file);
    if (!s)
        return error_set(k->reterr, "%.*s%.*s:%s; expected a kubeconfig in YAML or JSON", FMT(k->prefix),
                         FMT(path), why.text);
    if (s->first && !check_document(&file, s->first->root))
        return error_set(k->reterr, "%.*s%.*s:%s", FMT(k->prefix), FMT(path), why.text);
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
    for (slice rest = paths; rest.n;) {
        size_t end = slice_find_char(rest, ':');
        slice path = slice_cut(rest, 0, end);
        rest = end == SLICE_NONE ? (slice){0} : slice_from(rest, end + 1);
        if (path.n && !read_one(k, arena_copy(k->arena, path)))
            return false;
    }
    if (k->count)
        return true;
    if (k->missing < k->listed)
        return fails(k, paths, LIT("empty; expected a kubeconfig with clusters, users and contexts"));
    return fails(k, paths, k->listed == 1 ? LIT("no such file") : LIT("none of these files exists"));
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

static size_t names_in(const struct kubeconfig *k, slice list, slice ret[MOST_SUGGESTED])
{
    size_t count = 0;
    for (size_t i = 0; i < k->count; i++)
        for (struct node *n = node_first(node_get(k->files[i].root, list)); n; n = node_next(n)) {
            slice name = node_text(node_get(n, LIT("name")));
            if (name.n && count < MOST_SUGGESTED)
                ret[count++] = name;
        }
    return count;
}

/* No list has an entry of that name: says which there are. */
static bool unknown_name(struct kubeconfig *k, const char *list, const char *what, slice name)
{
    slice names[MOST_SUGGESTED];
    size_t count = names_in(k, slice_of(list), names);
    struct error why;
    if (count)
        suggest_unknown_of(&why, what, name, names, count);
    else
        error_set(&why, "unknown %s %.*s: there are no %s", what, FMT(name), list);
    return fails(k, k->files[0].path, slice_of(why.text));
}

static bool no_context(struct kubeconfig *k)
{
    slice names[MOST_SUGGESTED];
    size_t count = names_in(k, LIT("contexts"), names);
    struct error expected;
    if (!count)
        return fails(k, k->files[0].path, LIT("there are no contexts"));
    suggest_expected(&expected, (slice){0}, names, count);
    return fails(k, k->files[0].path,
                 arena_fmt(k->arena, "no current-context; `kubectl config use-context NAME` sets one: %s",
                           expected.text));
}

/* Whatever the file is, it must be there from the start. */
static bool check_file(struct kubeconfig *k, slice path, const char *key, slice file)
{
    return !file.n || access(arena_cstr(k->arena, file), R_OK) == 0 ||
           fails(k, path, arena_fmt(k->arena, "%s: %.*s: %s", key, FMT(file), strerror(errno)));
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
    return check_file(k, path, key, *ret_file);
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
        return unknown_name(k, "clusters", "cluster", name);
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
        return unknown_name(k, "users", "user", name);
    if (!none_of(k, n, path, unknown, COUNT(unknown)))
        return false;
    ret->token = node_text(node_get(n, LIT("token")));
    if (!ret->token.n)
        ret->token_file = beside(k->arena, path, node_text(node_get(n, LIT("tokenFile"))));
    if (!check_file(k, path, "tokenFile", ret->token_file) ||
        !text_or_file(k, n, path, "client-certificate", &ret->certificate, &ret->certificate_file) ||
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

bool kubeconfig_load(struct arena *a, const char *origin, slice paths, const char *context,
                     struct kube_access *ret, struct error *reterr)
{
    struct kubeconfig k = {
        .arena = a, .prefix = origin ? arena_fmt(a, "%s ", origin) : (slice){0}, .reterr = reterr};
    if (!read_all(&k, paths))
        return false;
    slice name = context ? slice_of(context) : current_context(&k), path;
    ret->source = arena_fmt(a, "%.*s%.*s", FMT(k.prefix), FMT(k.files[0].path));
    if (!name.n)
        return no_context(&k);
    const struct node *n = find(&k, LIT("contexts"), LIT("context"), name, &path);
    if (!n)
        return unknown_name(&k, "contexts", "context", name);
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
