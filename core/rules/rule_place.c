/* Buckets and prefixes. BR joins them into a URL, and cleaning takes the bucket apart at its first slash:
 * a value that is not a plain name or path means different places to the two. */
#include "checks.h"

#include "endpoint.h"
#include "kube_name.h"
#include "storage_path.h"
#include "utf8.h"

/* Where the data of a job goes. */
struct job_place {
    const struct job_spec *job;
    const struct text *bucket; /* or container; NULL: local, or no text */
    const struct text *prefix; /* NULL: no text, or the root */
};

#define SUBJECT struct job_place
#define RULES   "rule_place.def"
#include "rule_table.h"

static bool is_control(char c)
{
    return (unsigned char)c < ' ' || c == 0x7f;
}

/* The next segment of a path from *at on; false at the end. */
static bool next_segment(slice path, size_t *at, size_t *ret_from, slice *ret)
{
    if (*at > path.n)
        return false;
    size_t slash = slice_find_char(slice_from(path, *at), '/');
    *ret_from = *at;
    *ret = slice_cut(path, *at, slash == SLICE_NONE ? path.n - *at : slash);
    *at += ret->n + 1;
    return true;
}

/* The path without empty and "." segments. */
static slice plain_path(struct arena *a, slice path)
{
    struct buf b = buf_new(a, path.n + 1);
    slice segment;
    for (size_t at = 0, from; next_segment(path, &at, &from, &segment);) {
        if (!segment.n || slice_eq(segment, LIT(".")))
            continue;
        buf_put(&b, b.n ? LIT("/") : (slice){0});
        buf_put(&b, segment);
    }
    return buf_slice(&b);
}

/* ---- buckets ---- */

static const char *bucket_word(const struct job_spec *job)
{
    return job->storage.used == STORAGE_AZBLOB ? "container" : "bucket";
}

/* In https://host/... the bucket may be anywhere. */
static bool is_web(slice url)
{
    return slice_starts(url, LIT("http://")) || slice_starts(url, LIT("https://"));
}

/* `s3://my-bucket/a`: which part belongs in bucket, which in prefix. */
static void bucket_url(struct rule_run *run, const struct job_spec *job, const struct text *bucket,
                       size_t scheme)
{
    struct finding *x =
        finding_at(run->findings, &rule_bucket_syntax, FIELD_INVALID, at_part(bucket->node, 0, scheme + 3),
                   "%.*s: expected a name, not a URL", FMT(node_value(run->arena, bucket->node)));
    slice rest = slice_from(bucket->value, scheme + 3);
    while (rest.n && rest.p[rest.n - 1] == '/')
        rest.n--;
    size_t slash = slice_find_char(rest, '/');
    if (!rest.n || !slash || is_web(bucket->value)) {
        finding_hint(x, "write only the name of the %s", bucket_word(job));
    } else if (slash == SLICE_NONE) {
        finding_edit(x, at_value(bucket->node), rest);
        finding_hint(x, "write %.*s", FMT(rest));
    } else {
        finding_hint(x, "write %s: %.*s and prefix: %.*s", bucket_word(job), FMT(slice_cut(rest, 0, slash)),
                     FMT(slice_from(rest, slash + 1)));
    }
}

/* `arn:aws:s3:::my-bucket`: the name is what follows the last colon. */
static void bucket_arn(struct rule_run *run, const struct job_spec *job, const struct text *bucket)
{
    slice name = bucket->value;
    struct finding *x =
        finding_at(run->findings, &rule_bucket_syntax, FIELD_INVALID, at_value(bucket->node),
                   "%.*s: expected a name, not an ARN", FMT(node_value(run->arena, bucket->node)));
    for (size_t colon; (colon = slice_find_char(name, ':')) != SLICE_NONE;)
        name = slice_from(name, colon + 1);
    if (name.n && slice_find_char(name, '/') == SLICE_NONE) {
        finding_edit(x, at_value(bucket->node), name);
        finding_hint(x, "write %.*s", FMT(name));
    } else {
        finding_hint(x, "write only the name of the %s", bucket_word(job));
    }
}

/* The bytes of the character at `i` if it is none of ASCII. */
static size_t foreign_character(slice value, size_t i, uint32_t *ret)
{
    return (unsigned char)value.p[i] < 0x80 ? 0 : utf8_decode(slice_from(value, i), ret);
}

/* Names that cannot be a bucket at any provider. */
static void bucket_syntax(struct rule_run *run, const struct job_place *p)
{
    const struct job_spec *job = p->job;
    const struct text *bucket = p->bucket;
    if (!bucket)
        return;
    slice value = bucket->value;
    size_t scheme = slice_find(value, LIT("://")), dots = slice_find(value, LIT(".."));
    if (scheme != SLICE_NONE) {
        bucket_url(run, job, bucket, scheme);
        return;
    }
    if (slice_starts(value, LIT("arn:"))) {
        bucket_arn(run, job, bucket);
        return;
    }
    for (size_t i = 0; i < value.n; i++) {
        char c = value.p[i];
        uint32_t code = 0;
        size_t foreign = foreign_character(value, i, &code);
        if (c != ' ' && !is_control(c) && c != '?' && c != '#' && c != ':' && i != dots && !foreign)
            continue;
        const char *what = i == dots              ? "\"..\""
                           : c == ':'             ? "':'"
                           : c == '?' || c == '#' ? "'?' or '#', which end the path of a URL"
                           : foreign              ? "characters other than ASCII"
                                                  : "spaces or control characters";
        slice named =
            foreign ? arena_fmt(run->arena, "%s, such as U+%04X", what, (unsigned)code) : slice_of(what);
        struct finding *x =
            finding_at(run->findings, &rule_bucket_syntax, FIELD_INVALID,
                       at_part(bucket->node, i,
                               i + (foreign     ? foreign
                                    : i == dots ? 2
                                                : 1)),
                       "%.*s: must not contain %.*s", FMT(node_value(run->arena, bucket->node)), FMT(named));
        finding_hint(x, "write only the name of the %s", bucket_word(job));
        return;
    }
}

static void bucket_slash(struct rule_run *run, const struct job_spec *job, const struct text *bucket,
                         size_t slash)
{
    slice plain = plain_path(run->arena, bucket->value),
          name = slice_cut(plain, 0, slice_find_char(plain, '/')), rest = slice_from(plain, name.n + 1);
    struct finding *x = finding_at(run->findings, &rule_bucket_style, FIELD_NONE,
                                   at_part(bucket->node, slash, bucket->value.n),
                                   "%.*s: the part after the slash is used as the beginning of the prefix",
                                   FMT(node_value(run->arena, bucket->node)));
    if (!name.n) {
        finding_hint(x, "write the name of the %s", bucket_word(job));
        return;
    }
    if (!rest.n) {
        finding_edit(x, at_value(bucket->node), name);
        finding_hint(x, "write %.*s", FMT(name));
        return;
    }
    const struct text *prefix = storage_prefix(&job->storage);
    bool plain_prefix = slice_eq(plain_path(run->arena, prefix->value), slice_trim_slashes(prefix->value)) &&
                        slice_find(prefix->value, LIT("..")) == SLICE_NONE;
    if (!plain_prefix) /* another finding reports that */
        finding_hint(x, "write %s: %.*s, and %.*s/ before the prefix", bucket_word(job), FMT(name),
                     FMT(rest));
    else
        finding_hint(x, "write %s: %.*s and prefix: %.*s%s%.*s", bucket_word(job), FMT(name), FMT(rest),
                     text_given(prefix) ? "/" : "", FMT(slice_trim_slashes(prefix->value)));
}

static bool is_ip_address(slice s)
{
    size_t dots = 0;
    for (size_t i = 0; i < s.n; i++) {
        if ((s.p[i] < '0' || s.p[i] > '9') && s.p[i] != '.')
            return false;
        dots += s.p[i] == '.';
    }
    return dots == 3;
}

/* What no service of the kind has as a name; NULL when there is nothing of it. */
static const char *odd_shape(const struct job_spec *job, slice name)
{
    char first = name.p[0], last = name.p[name.n - 1];
    bool aws = job->storage.used == STORAGE_S3 && s3_provider_is(&job->storage.s3, "aws");
    if (is_ip_address(name))
        return "are no IP addresses";
    if (endpoint_is_aws(name) || endpoint_host_in(name, LIT("aliyuncs.com")) ||
        endpoint_host_in(name, LIT("googleapis.com")) || endpoint_host_in(name, LIT("windows.net")))
        return "do not contain the host of their service";
    if (first == '-' || first == '.' || last == '-' || last == '.')
        return "begin and end with a letter or digit";
    return aws && slice_find_char(name, '_') != SLICE_NONE ? "of AWS contain no underscores" : NULL;
}

static void bucket_style(struct rule_run *run, const struct job_place *p)
{
    const struct job_spec *job = p->job;
    const struct text *bucket = p->bucket;
    if (!bucket)
        return;
    slice value = bucket->value;
    size_t slash = slice_find_char(value, '/');
    if (slash != SLICE_NONE) {
        bucket_slash(run, job, bucket, slash);
        return;
    }
    /* Google counts the parts of a name with dots one by one. */
    size_t most = job->storage.used == STORAGE_GCS && slice_find_char(value, '.') != SLICE_NONE ? 222 : 63;
    size_t capital = 0;
    while (capital < value.n && (value.p[capital] < 'A' || value.p[capital] > 'Z'))
        capital++;
    struct finding *x;
    if (value.n < 3 || value.n > most) {
        x = finding_at(run->findings, &rule_bucket_style, FIELD_NONE, at_value(bucket->node),
                       "%.*s has %zu character%s: names of %ss have 3 to %zu",
                       FMT(node_value(run->arena, bucket->node)), value.n, value.n == 1 ? "" : "s",
                       bucket_word(job), most);
    } else if (capital < value.n) {
        x = finding_at(run->findings, &rule_bucket_style, FIELD_NONE,
                       at_part(bucket->node, capital, capital + 1),
                       "%.*s: names of %ss contain no capital letters",
                       FMT(node_value(run->arena, bucket->node)), bucket_word(job));
    } else {
        const char *odd = odd_shape(job, value);
        if (!odd)
            return;
        x = finding_at(run->findings, &rule_bucket_style, FIELD_NONE, at_value(bucket->node),
                       "%.*s: names of %ss %s", FMT(node_value(run->arena, bucket->node)), bucket_word(job),
                       odd);
    }
    finding_hint(x, "check it against the actual name");
}

/* ---- prefixes ---- */

/* Only slashes, and dots that mean the folder itself. */
static bool is_root(slice s)
{
    for (size_t i = 0; i < s.n; i++)
        if (s.p[i] != '/' && (s.p[i] != '.' || (i && s.p[i - 1] == '.')))
            return false;
    return true;
}

static void prefix_traversal(struct rule_run *run, const struct job_place *p)
{
    const struct text *bucket = p->bucket, *prefix = p->prefix;
    slice segment;
    for (size_t at = 0, from; prefix && next_segment(prefix->value, &at, &from, &segment);) {
        if (!slice_eq(segment, LIT("..")))
            continue;
        struct storage_place to =
            storage_place(run->arena, bucket ? bucket->value : (slice){0}, prefix->value);
        bool known = bucket && !slice_starts(to.bucket, LIT("."));
        slice folder = slice_cut(to.prefix, 0, to.prefix.n - (to.prefix.n > 0)); /* without its slash */
        slice where = folder.n ? arena_fmt(run->arena, "the folder %.*s", FMT(folder)) : LIT("the root");
        slice what = known && to.outside
                         ? arena_fmt(run->arena, "out of the bucket %.*s, to %.*s of the bucket %.*s",
                                     FMT(bucket->value), FMT(where), FMT(to.bucket))
                     : known ? arena_fmt(run->arena, "to %.*s of the bucket", FMT(where))
                             : LIT("out of the bucket");
        struct finding *x = finding_at(run->findings, &rule_prefix_traversal, FIELD_INVALID,
                                       at_part(prefix->node, from, from + 2), "%.*s: \"..\" leads BR %.*s",
                                       FMT(node_value(run->arena, prefix->node)), FMT(what));
        if (known && !to.outside && folder.n)
            finding_hint(x, "write %.*s", FMT(folder));
        else
            finding_hint(x, "write the path from the root of the bucket, without ..");
        return;
    }
}

static void prefix_special(struct rule_run *run, const struct job_place *p)
{
    const struct text *prefix = p->prefix;
    for (size_t i = 0; prefix && i < prefix->value.n; i++) {
        char c = prefix->value.p[i];
        if (c != '?' && c != '#' && !is_control(c))
            continue;
        slice value = node_value(run->arena, prefix->node);
        struct place place = at_part(prefix->node, i, i + 1);
        struct finding *x =
            is_control(c)
                ? finding_at(run->findings, &rule_prefix_special, FIELD_INVALID, place,
                             "%.*s: BR refuses a URL with a control character", FMT(value))
                : finding_at(run->findings, &rule_prefix_special, FIELD_INVALID, place,
                             "%.*s: '%c' ends the path of a URL: BR writes to another folder", FMT(value), c);
        finding_hint(x, "use only letters, digits, '-', '_', '.' and '/'");
        return;
    }
}

static bool style_characters(struct rule_run *run, const struct text *prefix)
{
    for (size_t i = 0; i < prefix->value.n; i++) {
        char c = prefix->value.p[i];
        if (c != ' ' && c != '%')
            continue;
        struct finding *x =
            finding_at(run->findings, &rule_prefix_style, FIELD_NONE, at_part(prefix->node, i, i + 1),
                       "%.*s: tools encode %s differently when they build the URL",
                       FMT(node_value(run->arena, prefix->node)), c == '%' ? "'%'" : "a space");
        finding_hint(x, "use only letters, digits, '-', '_', '.' and '/'");
        return true;
    }
    return false;
}

/* `s3://my-bucket/a`: the folder is what follows the bucket. */
static bool prefix_url(struct rule_run *run, const struct job_place *p)
{
    const struct text *prefix = p->prefix, *bucket = storage_bucket(&p->job->storage);
    size_t scheme = slice_find(prefix->value, LIT("://"));
    if (scheme == SLICE_NONE)
        return false;
    struct finding *x = finding_at(run->findings, &rule_prefix_style, FIELD_NONE, at_value(prefix->node),
                                   "%.*s: expected a folder, not a URL: all of it becomes the folder's name",
                                   FMT(node_value(run->arena, prefix->node)));
    slice rest = slice_from(prefix->value, scheme + 3), name = bucket ? bucket->value : (slice){0};
    bool here = name.n && slice_starts(rest, name) && rest.n > name.n && rest.p[name.n] == '/';
    slice folder = here ? plain_path(run->arena, slice_from(rest, name.n)) : (slice){0};
    finding_edit(x, at_value(prefix->node), folder);
    if (folder.n)
        finding_hint(x, "write %.*s", FMT(folder));
    else
        finding_hint(x, "write only the path within the %s", bucket ? "bucket" : "volume");
    return true;
}

static void prefix_style(struct rule_run *run, const struct job_place *p)
{
    const struct text *prefix = p->prefix;
    if (!prefix || prefix_url(run, p))
        return;
    slice value = prefix->value, plain = plain_path(run->arena, value), inner = value;
    if (style_characters(run, prefix) || slice_eq(value, plain))
        return;
    while (inner.n && inner.p[0] == '/')
        inner = slice_from(inner, 1);
    while (inner.n && inner.p[inner.n - 1] == '/')
        inner.n--;
    struct finding *x =
        slice_eq(inner, plain)
            ? finding_at(run->findings, &rule_prefix_style, FIELD_NONE, at_value(prefix->node),
                         "%.*s: leading and trailing slashes have no meaning",
                         FMT(node_value(run->arena, prefix->node)))
            : finding_at(run->findings, &rule_prefix_style, FIELD_NONE, at_value(prefix->node),
                         "%.*s: BR writes to %.*s, but cleanup looks below %.*s/ and finds nothing",
                         FMT(node_value(run->arena, prefix->node)), FMT(plain), FMT(inner));
    finding_edit(x, at_value(prefix->node), plain);
    finding_hint(x, "write %.*s", FMT(plain));
}

/* The runs of a schedule get folders of their own, Dumpling makes one, and a volume is mounted for the
 * purpose. */
static void prefix_missing(struct rule_run *run, const struct job_place *p)
{
    const struct job_spec *job = p->job;
    const struct text *prefix = storage_prefix(&job->storage);
    if (job->role != JOB_OF_BACKUP || job_is_dumpling(run, job) || job->storage.used == STORAGE_LOCAL ||
        (!text_empty(prefix) && !(text_given(prefix) && is_root(prefix->value))))
        return;
    struct finding *x = finding_at(run->findings, &rule_prefix_missing, FIELD_NONE,
                                   at_member(storage_node(&job->storage), "prefix"),
                                   "the backup goes to the root of the %s: cleanup cannot find it there, and "
                                   "no other backup can share it",
                                   bucket_word(job));
    const struct text *name = &run->object->metadata.name;
    bool good = text_given(name) && kube_subdomain(name->value, NULL);
    finding_hint(x, "%s prefix: %.*s", prefix->node ? "write" : "add",
                 FMT(good ? name->value : LIT("<a folder of its own>")));
}

void check_place(struct rule_run *run, const struct job_spec *job)
{
    const struct text *bucket = storage_bucket(&job->storage), *prefix = storage_prefix(&job->storage);
    struct job_place p = {.job = job,
                          .bucket = bucket && text_given(bucket) ? bucket : NULL,
                          .prefix = text_given(prefix) && !is_root(prefix->value) ? prefix : NULL};
    run_checks(run, &p);
}
