/* Two requests, one after the other. */
#include "ask.h"
#include "question.h"

#include "base64.h"
#include "document.h"

enum { ARENA_BYTES = 32 << 20 };

struct asking {
    struct kube_loop *loop;
    struct kube *api, *pd;
    struct kube_call *call;
    struct arena *arena;
    uint64_t deadline;
    slice namespace, secret, task, address; /* `secret` empty: no TLS */
    asking_done *done;
    void *context;
};

static void asking_free(struct asking *q)
{
    kube_close(q->pd);
    arena_free(q->arena);
    free(q);
}

static void finish(struct asking *q, const struct log_task *task, slice error)
{
    q->done(q->context, task, error);
    asking_free(q);
}

static void fail(struct asking *q, slice error)
{
    finish(q, &(struct log_task){0}, error);
}

/* ---- PD ---- */

struct reading {
    struct asking *asking;
    slice body;
    struct log_task task;
};

static void read_task(void *context)
{
    struct reading *r = context;
    r->task = question_answer(r->asking->arena, r->body);
}

static void on_task(void *context, const struct kube_answer *answer)
{
    struct asking *q = context;
    struct reading r = {.asking = q, .body = answer->body};
    if (answer->outcome != KUBE_OK)
        fail(q, answer->error);
    else if (arena_run(q->arena, read_task, &r) && r.task.known)
        finish(q, &r.task, (slice){0});
    else
        fail(q, LIT("PD's answer about the log backup is not one of etcd's"));
}

struct pd_access {
    struct asking *asking;
    const struct node *data; /* of the Secret; NULL: no TLS */
    struct kube_peer peer;
    slice body;
};

static slice member(struct arena *a, const struct node *data, const char *key)
{
    slice bytes;
    return base64_decode(a, node_text(node_get(data, slice_of(key))), &bytes) ? bytes : (slice){0};
}

static void describe_pd(void *context)
{
    struct pd_access *p = context;
    struct asking *q = p->asking;
    struct arena *a = q->arena;
    bool tls = q->secret.n != 0;
    p->peer = (struct kube_peer){
        .server = arena_fmt(a, "%s://%.*s", tls ? "https" : "http", FMT(q->address)),
        .ca = member(a, p->data, "ca.crt"),
        .certificate = member(a, p->data, "tls.crt"),
        .key = member(a, p->data, "tls.key"),
        .source = tls ? arena_fmt(a, "the Secret %.*s/%.*s", FMT(q->namespace), FMT(q->secret))
                      : LIT("the cluster's PDGroup, without TLS"),
    };
    p->body = question_body(a, q->task);
}

static bool ask_pd(struct asking *q, const struct node *data, struct error *reterr)
{
    struct pd_access p = {.asking = q, .data = data};
    struct kube_limits limits = kube_defaults();
    struct kube_listener listener = {.context = q, .done = on_task};
    struct kube_bounds bounds = {.deadline = q->deadline};
    if (!arena_run(q->arena, describe_pd, &p))
        return error_set(reterr, "out of memory");
    if (q->secret.n && (!p.peer.ca.n || !p.peer.certificate.n || !p.peer.key.n))
        return error_set(reterr, "%.*s: ca.crt, tls.crt and tls.key are required to ask PD",
                         FMT(p.peer.source));
    q->pd = kube_open_peer(&p.peer, &limits, reterr);
    if (!q->pd)
        return false;
    struct kube_request r = {.method = KUBE_POST, .path = QUESTION_PATH, .body = p.body};
    q->call = kube_loop_start(q->loop, q->pd, &r, &bounds, &listener);
    return q->call || error_set(reterr, "out of memory");
}

/* ---- the Secret ---- */

struct secret_reading {
    struct asking *asking;
    slice body;
    const struct node *data;
};

/* The tree's texts point into the body, which is freed. */
static void read_secret(void *context)
{
    struct secret_reading *r = context;
    struct arena *a = r->asking->arena;
    struct findings f = findings_new(a);
    r->data = node_get(json_read(a, arena_copy(a, r->body), &f), LIT("data"));
}

static void on_secret(void *context, const struct kube_answer *answer)
{
    struct asking *q = context;
    struct secret_reading r = {.asking = q, .body = answer->body};
    struct error error = {"out of memory"};
    if (answer->outcome != KUBE_OK)
        fail(q, answer->error);
    else if (!arena_run(q->arena, read_secret, &r) || !ask_pd(q, r.data, &error))
        fail(q, slice_of(error.text));
}

static bool ask_secret(struct asking *q)
{
    struct kube_listener listener = {.context = q, .done = on_secret};
    struct kube_bounds bounds = {.deadline = q->deadline};
    struct kube_request r = {
        .group_version = "v1", .resource = "secrets", .namespace = q->namespace, .name = q->secret};
    q->call = kube_loop_start(q->loop, q->api, &r, &bounds, &listener);
    return q->call != NULL;
}

/* ---- from outside ---- */

struct copying {
    struct asking *asking;
    const struct machine_request *request;
};

static void copy_texts(void *context)
{
    struct copying *c = context;
    struct asking *q = c->asking;
    const struct machine_question *question = c->request->question;
    q->namespace = arena_copy(q->arena, c->request->namespace);
    q->secret = arena_copy(q->arena, question->tls_secret);
    q->task = arena_copy(q->arena, question->task);
    q->address = arena_copy(q->arena, question->pd_address);
}

struct asking *asking_start(struct kube_loop *loop, struct kube *api, const struct machine_request *r,
                            asking_done *done, void *context)
{
    struct error ignored;
    struct asking *q = calloc(1, sizeof *q);
    struct copying c = {q, r};
    if (!q)
        return NULL;
    *q = (struct asking){.loop = loop,
                         .api = api,
                         .arena = arena_new(ARENA_BYTES),
                         .deadline = (uint64_t)r->deadline,
                         .done = done,
                         .context = context};
    bool able = q->arena && arena_run(q->arena, copy_texts, &c);
    if (able && (q->secret.n ? ask_secret(q) : ask_pd(q, NULL, &ignored)))
        return q;
    asking_free(q);
    return NULL;
}

void asking_cancel(struct asking *q)
{
    kube_call_cancel(q->call);
    asking_free(q);
}
