/* Endpoints of S3 services: whether they are URLs, and whether they fit the provider. */
#include "rule_storage.h"

#include "endpoint.h"

#define COUNT(list) (sizeof(list) / sizeof *(list))

/* What the rules look at: the endpoint could be read. */
struct place {
    const struct s3 *s3;
    const struct text *field;
    struct endpoint url;
    slice address; /* host and port */
    bool tls, web; /* https; http or https */
};

static bool host_in(slice host, slice domain)
{
    if (host.n < domain.n)
        return false;
    bool part = host.n > domain.n && host.p[host.n - domain.n - 1] == '.';
    return (part || host.n == domain.n) && slice_eq_nocase(slice_from(host, host.n - domain.n), domain);
}

static bool host_among(slice host, const slice *domains, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (host_in(host, domains[i]))
            return true;
    return false;
}

static bool is_amazon(slice host)
{
    static const slice domains[] = {SLICE("amazonaws.com"), SLICE("amazonaws.com.cn"), SLICE("api.aws"),
                                    SLICE("amazonwebservices.com.cn")};
    return host_among(host, domains, COUNT(domains));
}

/* ---- without an endpoint that can be read ---- */

static void s3_endpoint_url(struct rule_run *run, const struct s3 *s, const struct refusal *refusal)
{
    struct finding *x = rule_refused(run, RULE_s3_endpoint_url, &s->endpoint, refusal);
    if (!x->hint.n)
        finding_hint(run->findings, x, "write it with scheme and host: http://minio.example.com:9000");
}

static void endpoint_absent(struct rule_run *run, const struct s3 *s)
{
    struct finding *x;
    if (s3_provider_is(s, "ceph")) {
        x = rule_missing(run, RULE_ceph_https, s->node, "endpoint", &s->endpoint,
                         "ceph has no default endpoint, the operator refuses to start the job");
        finding_hint(run->findings, x, "write http:// and the host and port of the gateway");
    } else if (s3_is_foreign(s)) {
        x = rule_wanting(run, RULE_provider_endpoint_mismatch, s->node, "endpoint", &s->endpoint,
                         "without an endpoint the requests go to AWS");
        x->note_node = s->provider.node;
        x->note = LIT("the provider is not aws");
        finding_hint(run->findings, x, "write the URL of the service");
    }
}

/* ---- with one ---- */

static void s3_endpoint_odd(struct rule_run *run, const struct place *p)
{
    const struct endpoint *u = &p->url;
    struct finding *x;
    if (!p->web && !s3_provider_is(p->s3, "ceph"))
        x = finding_say(run->findings, RULE_s3_endpoint_odd, p->field->node,
                        "S3 is spoken over http or https, not %.*s", FMT(u->scheme));
    else if (u->has_userinfo)
        x = finding_say(run->findings, RULE_s3_endpoint_odd, p->field->node,
                        "the user before the host is not used, and stands here in plain text");
    else if (u->has_query || u->has_fragment)
        x = finding_say(run->findings, RULE_s3_endpoint_odd, p->field->node, "%.*s: an endpoint has no query",
                        FMT(node_value(run->arena, p->field->node)));
    else if (u->path.n && !slice_eq(u->path, LIT("/")))
        x = finding_say(run->findings, RULE_s3_endpoint_odd, p->field->node, "%.*s: an endpoint has no path",
                        FMT(node_value(run->arena, p->field->node)));
    else
        return;
    x->suggested = arena_fmt(run->arena, "%s://%.*s", p->tls ? "https" : "http", FMT(p->address));
    finding_hint(run->findings, x, "write %.*s%s", FMT(x->suggested),
                 u->has_userinfo ? ", and put the credentials into a secret"
                 : u->path.n > 1 ? "; folders belong into prefix"
                                 : "");
}

static void ceph_https(struct rule_run *run, const struct place *p)
{
    if (!s3_provider_is(p->s3, "ceph") || slice_eq(p->url.scheme, LIT("http")))
        return;
    struct finding *x =
        FOUND(run, ceph_https, FIELD_INVALID, p->field, "%.*s: the endpoint of ceph must begin with http://",
              FMT(node_value(run->arena, p->field->node)));
    size_t end = slice_find(p->field->value, LIT("://"));
    if (end != SLICE_NONE)
        x->to = (uint32_t)(end + 3);
    x->suggested = arena_fmt(run->arena, "http://%.*s", FMT(p->address));
    finding_hint(run->findings, x, "write %.*s; where only TLS is served, use provider: other",
                 FMT(x->suggested));
}

static void provider_endpoint_mismatch(struct rule_run *run, const struct place *p)
{
    if (!s3_provider_is(p->s3, "aws") || is_amazon(p->url.host))
        return;
    struct finding *x =
        finding_say(run->findings, RULE_provider_endpoint_mismatch, p->field->node,
                    "%.*s is not a host of AWS, and with provider aws BR asks it for the bucket's "
                    "region as AWS answers it",
                    FMT(p->url.host));
    x->note_node = p->s3->provider.node;
    x->note = LIT("the provider");
    finding_hint(run->findings, x, "set provider to whose service it is, or remove endpoint");
}

static void aws_custom_endpoint(struct rule_run *run, const struct place *p)
{
    if (!s3_provider_is(p->s3, "aws") || !is_amazon(p->url.host) || !text_empty(&p->s3->secret_name))
        return;
    struct finding *x =
        finding_say(run->findings, RULE_aws_custom_endpoint, p->field->node,
                    "with an endpoint of your own the pod's role is not found: the endpoint is used "
                    "for STS as well");
    finding_hint(run->findings, x, "remove endpoint, or use a secret");
}

static void endpoint_contains_bucket(struct rule_run *run, const struct place *p)
{
    const struct text *bucket = &p->s3->bucket;
    slice host = p->url.host;
    if (!text_given(bucket) || host.n <= bucket->value.n + 1 || !slice_starts(host, bucket->value) ||
        host.p[bucket->value.n] != '.')
        return;
    slice rest = slice_from(p->address, bucket->value.n + 1);
    struct finding *x = finding_say(run->findings, RULE_endpoint_contains_bucket, p->field->node,
                                    "the host begins with the bucket, which is added once more");
    size_t at = slice_find(p->field->value, host);
    if (at != SLICE_NONE) {
        x->from = (uint32_t)at;
        x->to = (uint32_t)(at + bucket->value.n + 1);
    }
    x->suggested = arena_fmt(run->arena, "%.*s://%.*s", FMT(p->url.scheme), FMT(rest));
    finding_hint(run->findings, x, "write %.*s", FMT(x->suggested));
}

static void oss_endpoint(struct rule_run *run, const struct place *p)
{
    if (!host_in(p->url.host, LIT("aliyuncs.com")) || !text_given(&p->s3->provider))
        return;
    const struct flag *path_style = &p->s3->force_path_style;
    struct finding *x;
    if (!s3_provider_is(p->s3, "alibaba")) {
        if (s3_provider_is(p->s3, "aws") || s3_provider_is(p->s3, "ceph"))
            return; /* said already */
        x = finding_say(run->findings, RULE_oss_endpoint, p->field->node,
                        "Alibaba's OSS refuses the bucket in the path, which is where %.*s has it",
                        FMT(p->s3->provider.value));
        x->note_node = p->s3->provider.node;
        x->note = LIT("the provider");
        finding_hint(run->findings, x, "write provider: alibaba");
    } else if (path_style->state == FIELD_GIVEN && path_style->value) {
        x = finding_say(run->findings, RULE_oss_endpoint, path_style->node,
                        "Alibaba's OSS refuses the bucket in the path");
        x->suggested = LIT("false");
        finding_hint(run->findings, x, "remove forcePathStyle");
    }
}

/* ---- certificates ---- */

/* Services on the internet, whose certificates every image trusts. */
static bool is_public_cloud(slice host)
{
    static const slice domains[] = {
        SLICE("amazonaws.com"),
        SLICE("amazonaws.com.cn"),
        SLICE("api.aws"),
        SLICE("aliyuncs.com"),
        SLICE("digitaloceanspaces.com"),
        SLICE("dream.io"),
        SLICE("dreamhost.com"),
        SLICE("appdomain.cloud"),
        SLICE("softlayer.net"),
        SLICE("163.com"),
        SLICE("126.net"),
        SLICE("163yun.com"),
        SLICE("wasabisys.com"),
        SLICE("googleapis.com"),
        SLICE("cloudflarestorage.com"),
        SLICE("backblazeb2.com"),
        SLICE("myqcloud.com"),
        SLICE("myhuaweicloud.com"),
        SLICE("volces.com"),
        SLICE("ksyuncs.com"),
        SLICE("bcebos.com"),
        SLICE("oraclecloud.com"),
        SLICE("linodeobjects.com"),
        SLICE("scw.cloud"),
        SLICE("ovh.net"),
        SLICE("vultrobjects.com"),
        SLICE("exo.io"),
    };
    return host_among(host, domains, COUNT(domains));
}

static bool mounts_certificates(const struct job_spec *job)
{
    for (const struct node *n = node_first(job->env.node); n; n = node_next(n)) {
        const struct node *name = node_get(n, LIT("name"));
        if (name && name->kind == NODE_STRING && slice_starts(name->text, LIT("SSL_CERT_")))
            return true;
    }
    for (const struct node *m = node_first(job->additional_volume_mounts.node); m; m = node_next(m)) {
        const struct node *path = node_get(m, LIT("mountPath"));
        if (path && path->kind == NODE_STRING &&
            (slice_starts(path->text, LIT("/etc/ssl")) || slice_starts(path->text, LIT("/etc/pki"))))
            return true;
    }
    return false;
}

static void minio_https_ca(struct rule_run *run, const struct place *p, const struct job_spec *job)
{
    static const slice self_hosted[] = {SLICE("minio"), SLICE("other")};
    if (!p->tls || !text_given(&p->s3->provider) ||
        !slice_among(p->s3->provider.value, self_hosted, COUNT(self_hosted)) ||
        is_public_cloud(p->url.host) || mounts_certificates(job))
        return;
    struct finding *x =
        finding_say(run->findings, RULE_minio_https_ca, p->field->node,
                    "BR and TiKV trust public certificate authorities only, and know none of your own");
    x->to = 5;
    finding_hint(
        run->findings, x,
        "make sure that %.*s has a public certificate, or mount your CA at /etc/ssl/certs here and in TiKV",
        FMT(p->url.host));
}

void judge_endpoint(struct rule_run *run, const struct job_spec *job, const struct node *spec)
{
    (void)spec;
    const struct s3 *s = &job->storage.s3;
    if (job->storage.used != STORAGE_S3)
        return;
    if (text_empty(&s->endpoint))
        endpoint_absent(run, s);
    if (!text_given(&s->endpoint))
        return;
    struct place p = {.s3 = s, .field = &s->endpoint};
    struct refusal refusal = {0};
    if (!endpoint_parse(s->endpoint.value, &p.url, &refusal)) {
        s3_endpoint_url(run, s, &refusal);
        return;
    }
    p.tls = slice_eq_nocase(p.url.scheme, LIT("https"));
    p.web = p.tls || slice_eq_nocase(p.url.scheme, LIT("http"));
    p.address =
        p.url.port.n ? arena_fmt(run->arena, "%.*s:%.*s", FMT(p.url.host), FMT(p.url.port)) : p.url.host;
    s3_endpoint_odd(run, &p);
    ceph_https(run, &p);
    provider_endpoint_mismatch(run, &p);
    aws_custom_endpoint(run, &p);
    endpoint_contains_bucket(run, &p);
    oss_endpoint(run, &p);
    minio_https_ca(run, &p, job);
}
