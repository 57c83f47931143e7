/* Endpoints of S3 services: whether they are URLs, and whether they fit the provider. */
#include "checks.h"

#include "endpoint.h"
#include "region.h"

/* What the checks look at. The URL is empty when there is none that can be read. */
struct s3_endpoint {
    const struct job_spec *job;
    const struct s3 *s3;
    const struct text *field;
    bool readable;
    struct endpoint url;
    slice address; /* host and port */
    bool tls, web; /* https; http or https */
};

extern const struct rule rule_region_zone; /* rule_s3.def */

#define SUBJECT struct s3_endpoint
#define RULES   "rule_endpoint.def"
#include "rule_table.h"

static bool host_among(slice host, const slice *domains, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (endpoint_host_in(host, domains[i]))
            return true;
    return false;
}

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
        SLICE("contabostorage.com"),
        SLICE("idrivee2.com"),
        SLICE("impossibleapi.net"),
        SLICE("your-objectstorage.com"),
        SLICE("ovh.us"),
        SLICE("upcloudobjects.com"),
        SLICE("storjshare.io"),
        SLICE("yandexcloud.net"),
        SLICE("infomaniak.cloud"),
        SLICE("ionoscloud.com"),
        SLICE("outscale.com"),
        SLICE("qiniucs.com"),
        SLICE("jdcloud-oss.com"),
        SLICE("ctyunapi.cn"),
        SLICE("tebi.io"),
        SLICE("storage.dev"),
        SLICE("civo.com"),
        SLICE("gcore.com"),
    };
    return host_among(host, domains, COUNT(domains));
}

/* Of an address without scheme. */
static slice host_of(slice address)
{
    size_t end = 0;
    while (end < address.n && address.p[end] != ':' && address.p[end] != '/')
        end++;
    return slice_cut(address, 0, end);
}

static void s3_endpoint_url(struct rule_run *run, const struct s3_endpoint *p)
{
    struct refusal refusal = {0};
    struct endpoint ignored;
    if (p->readable || !text_given(p->field) || endpoint_parse(p->field->value, &ignored, &refusal))
        return;
    struct finding *x = rule_refused(run, &rule_s3_endpoint_url, p->field, &refusal);
    static const char plain[] = "write http://";
    slice address = slice_from(x->hint, sizeof plain - 1);
    if (slice_starts(x->hint, slice_of(plain)) && is_public_cloud(host_of(address)))
        finding_hint(x, "write https://%.*s%s", FMT(address),
                     endpoint_is_aws(host_of(address)) ? ", or omit endpoint: AWS has its own" : "");
    else if (!x->hint.n)
        finding_hint(x, "write it with scheme and host: http://minio.example.com:9000");
}

static void s3_endpoint_odd(struct rule_run *run, const struct s3_endpoint *p)
{
    const struct endpoint *u = &p->url;
    struct finding *x;
    if (!p->readable)
        return;
    if (!p->web && text_known(&p->s3->provider) && !s3_provider_is(p->s3, "ceph"))
        x = finding_at(run->findings, &rule_s3_endpoint_odd, FIELD_NONE, at_value(p->field->node),
                       "S3 uses http or https, not %.*s", FMT(u->scheme));
    else if (u->has_userinfo)
        x = finding_at(run->findings, &rule_s3_endpoint_odd, FIELD_NONE, at_value(p->field->node),
                       "the user before the host is not used, and is in plain text here");
    else if (u->has_query || u->has_fragment)
        x = finding_at(run->findings, &rule_s3_endpoint_odd, FIELD_NONE, at_value(p->field->node),
                       "%.*s: an endpoint has no query", FMT(node_value(run->arena, p->field->node)));
    else if (u->path.n && !slice_eq(u->path, LIT("/")))
        x = finding_at(run->findings, &rule_s3_endpoint_odd, FIELD_NONE, at_value(p->field->node),
                       "%.*s: an endpoint has no path", FMT(node_value(run->arena, p->field->node)));
    else
        return;
    slice better = arena_fmt(run->arena, "%s://%.*s", p->tls || is_public_cloud(u->host) ? "https" : "http",
                             FMT(p->address));
    finding_edit(x, at_value(p->field->node), better);
    finding_hint(x, "write %.*s%s", FMT(better),
                 u->has_userinfo ? ", and put the credentials in a Secret"
                 : u->path.n > 1 ? "; folders belong in prefix"
                                 : "");
}

/* The Job's pod, and each TiKV pod, would connect to itself. */
static void endpoint_loopback(struct rule_run *run, const struct s3_endpoint *p)
{
    slice host = p->url.host;
    if (!p->readable || !p->web || !endpoint_is_loopback(host))
        return;
    struct finding *x = finding_at(run->findings, &rule_s3_endpoint_odd, FIELD_NONE, at_value(p->field->node),
                                   "%.*s is the pod itself, and no storage runs in it", FMT(host));
    finding_hint(x, "write the host of the storage's Service, such as http://minio.minio.svc:9000");
}

static void ceph_needs_endpoint(struct rule_run *run, const struct s3_endpoint *p)
{
    struct finding *x =
        finding_at(run->findings, &rule_ceph_https, FIELD_REQUIRED, at_member(p->s3->node, "endpoint"),
                   "ceph has no default endpoint: BR would look for the bucket in AWS");
    finding_hint(x, "write http:// and the host and port of the gateway");
}

static void ceph_https(struct rule_run *run, const struct s3_endpoint *p)
{
    if (!s3_provider_is(p->s3, "ceph"))
        return;
    if (text_empty(p->field))
        ceph_needs_endpoint(run, p);
    if (!p->readable || slice_eq(p->url.scheme, LIT("http")))
        return;
    size_t end = slice_find(p->field->value, LIT("://"));
    struct finding *x = finding_at(run->findings, &rule_ceph_https, FIELD_INVALID,
                                   at_part(p->field->node, 0, end == SLICE_NONE ? 0 : end + 3),
                                   "%.*s: the endpoint of ceph must begin with http://",
                                   FMT(node_value(run->arena, p->field->node)));
    slice better = arena_fmt(run->arena, "http://%.*s", FMT(p->address));
    finding_edit(x, at_value(p->field->node), better);
    finding_hint(x, "write %.*s; if the gateway serves only TLS, use provider: other", FMT(better));
}

static void foreign_needs_endpoint(struct rule_run *run, const struct s3_endpoint *p)
{
    struct finding *x =
        finding_at(run->findings, &rule_provider_endpoint_mismatch, FIELD_NONE,
                   at_member(p->s3->node, "endpoint"), "without an endpoint the requests go to AWS");
    finding_note(x, at_key(p->s3->provider.node), "the provider is not aws");
    finding_hint(x, "write the URL of the service");
}

static void provider_endpoint_mismatch(struct rule_run *run, const struct s3_endpoint *p)
{
    if (text_empty(p->field) && s3_is_foreign(p->s3))
        foreign_needs_endpoint(run, p);
    if (!p->readable || !s3_provider_is(p->s3, "aws") || endpoint_is_aws(p->url.host))
        return;
    struct finding *x = finding_at(
        run->findings, &rule_provider_endpoint_mismatch, FIELD_NONE, at_value(p->field->node),
        "%.*s is not an AWS host, and with provider aws BR asks it for the bucket's region in AWS's way",
        FMT(p->url.host));
    finding_note(x, at_key(p->s3->provider.node), "the provider");
    finding_hint(x, "set provider to the service's provider, or remove endpoint");
}

static void aws_custom_endpoint(struct rule_run *run, const struct s3_endpoint *p)
{
    if (!p->readable || !s3_provider_is(p->s3, "aws") || !endpoint_is_aws(p->url.host) ||
        !text_empty(&p->s3->secret_name))
        return;
    struct finding *x = finding_at(
        run->findings, &rule_aws_custom_endpoint, FIELD_NONE, at_value(p->field->node),
        "with a custom endpoint the pod's role cannot be used: BR also sends STS requests to this endpoint");
    finding_hint(x, "remove endpoint, or use a Secret");
}

/* Host and region contradict each other, with any provider. */
static void region_endpoint(struct rule_run *run, const struct s3_endpoint *p)
{
    const struct text *region = &p->s3->region;
    if (!p->readable || !text_given(region))
        return;
    slice there = region_of_host(p->url.host);
    if (!region_contradicts(p->url.host, there, region->value))
        return;
    struct finding *x =
        finding_at(run->findings, &rule_region_endpoint, FIELD_NONE, at_value(p->field->node),
                   "the host is that of %.*s, but region is %.*s", FMT(there), FMT(region->value));
    finding_note(x, at_value(region->node), "the region");
    finding_hint(x, "%swrite the region of the bucket in both",
                 endpoint_is_aws(p->url.host) ? "remove endpoint, or " : "");
}

static void endpoint_contains_bucket(struct rule_run *run, const struct s3_endpoint *p)
{
    const struct text *bucket = &p->s3->bucket;
    slice host = p->url.host;
    if (!text_given(bucket) || host.n <= bucket->value.n + 1 || !slice_starts(host, bucket->value) ||
        host.p[bucket->value.n] != '.')
        return;
    size_t at = slice_find(p->field->value, host);
    struct place place =
        at == SLICE_NONE ? at_value(p->field->node) : at_part(p->field->node, at, at + bucket->value.n + 1);
    struct finding *x = finding_at(run->findings, &rule_endpoint_contains_bucket, FIELD_NONE, place,
                                   "the host begins with the bucket, and BR adds the bucket again");
    slice rest = slice_from(p->address, bucket->value.n + 1),
          better = arena_fmt(run->arena, "%.*s://%.*s", FMT(p->url.scheme), FMT(rest));
    finding_edit(x, at_value(p->field->node), better);
    finding_hint(x, "write %.*s", FMT(better));
}

static void oss_endpoint(struct rule_run *run, const struct s3_endpoint *p)
{
    if (!endpoint_host_in(p->url.host, LIT("aliyuncs.com")) || !text_given(&p->s3->provider))
        return;
    const struct flag *path_style = &p->s3->force_path_style;
    struct finding *x;
    if (!s3_provider_is(p->s3, "alibaba")) {
        x = finding_at(run->findings, &rule_oss_endpoint, FIELD_NONE, at_value(p->field->node),
                       "Alibaba OSS rejects the bucket in the path, which is where %.*s puts it",
                       FMT(p->s3->provider.value));
        finding_note(x, at_key(p->s3->provider.node), "the provider");
        finding_hint(x, "write provider: alibaba");
    } else if (path_style->state == FIELD_GIVEN && path_style->value) {
        x = finding_at(run->findings, &rule_oss_endpoint, FIELD_NONE, at_value(path_style->node),
                       "Alibaba OSS rejects the bucket in the path");
        finding_edit_plain(x, at_value(path_style->node), LIT("false"));
        finding_hint(x, "remove forcePathStyle");
    }
}

/* ---- certificates ---- */

/* Whether a list may have an element whose member `key` begins with one of the texts. */
static bool may_have(const struct block *list, slice key, const slice *beginnings, size_t count)
{
    if (list->state != FIELD_GIVEN)
        return list->state != FIELD_ABSENT;
    for (const struct node *n = node_first(list->node); n; n = node_next(n)) {
        const struct node *text = node_get(n, key);
        if ((n->flags | (text ? text->flags : 0)) & (NODE_BAD | NODE_PLACEHOLDER))
            return true;
        for (size_t i = 0; i < count && text && text->kind == NODE_STRING; i++)
            if (slice_starts(text->text, beginnings[i]))
                return true;
    }
    return false;
}

static bool may_mount_certificates(const struct job_spec *job)
{
    static const slice names[] = {SLICE("SSL_CERT_")}, paths[] = {SLICE("/etc/ssl"), SLICE("/etc/pki")};
    return may_have(&job->env, LIT("name"), names, COUNT(names)) ||
           may_have(&job->additional_volume_mounts, LIT("mountPath"), paths, COUNT(paths));
}

/* Dumpling has no TiKV in it: the Job's pod alone talks to the storage. */
static void minio_https_ca(struct rule_run *run, const struct s3_endpoint *p)
{
    bool dumpling = job_is_dumpling(run, p->job);
    static const slice self_hosted[] = {SLICE("minio"), SLICE("other")};
    if (!p->tls || !text_given(&p->s3->provider) ||
        !slice_among(p->s3->provider.value, self_hosted, COUNT(self_hosted)) ||
        is_public_cloud(p->url.host) || may_mount_certificates(p->job))
        return;
    struct finding *x =
        finding_at(run->findings, &rule_minio_https_ca, FIELD_NONE, at_part(p->field->node, 0, 5),
                   "%s only public certificate authorities, not a private CA",
                   dumpling ? "the Job's pod trusts" : "BR and TiKV trust");
    finding_hint(x,
                 "make sure that %.*s has a publicly trusted certificate, or mount your CA at /etc/ssl/certs "
                 "here%s",
                 FMT(p->url.host), dumpling ? "" : " and in TiKV");
}

void check_endpoint(struct rule_run *run, const struct job_spec *job)
{
    const struct s3 *s = &job->storage.s3;
    struct s3_endpoint p = {.job = job, .s3 = s, .field = &s->endpoint};
    p.readable = text_given(p.field) && endpoint_parse(p.field->value, &p.url, NULL);
    if (p.readable) {
        p.tls = slice_eq_nocase(p.url.scheme, LIT("https"));
        p.web = p.tls || slice_eq_nocase(p.url.scheme, LIT("http"));
        p.address =
            p.url.port.n ? arena_fmt(run->arena, "%.*s:%.*s", FMT(p.url.host), FMT(p.url.port)) : p.url.host;
    } else {
        p.url = (struct endpoint){0};
    }
    run_checks(run, &p);
}
