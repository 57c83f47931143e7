/* Buckets and prefixes. BR joins them into a URL, and cleaning takes the bucket apart at its first slash:
 * what is not a plain name or path means different places to the two. */
#include "rule_storage.h"

#include "storage_path.h"

static bool is_blank_or_control(char c)
{
    return (unsigned char)c <= ' ' || c == 0x7f;
}

/* Points the finding at bytes [from, to) of the value. */
static void point(struct finding *x, size_t from, size_t to)
{
    x->from = (uint32_t)from;
    x->to = (uint32_t)to;
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

/* `s3://my-bucket/a`: what belongs into bucket, what into prefix. */
static void bucket_url(struct rule_run *run, const struct job_spec *job, const struct text *bucket,
                       size_t scheme)
{
    struct finding *x = FOUND(run, bucket_syntax, FIELD_INVALID, bucket, "%.*s: a name is wanted, not a URL",
                              FMT(node_value(run->arena, bucket->node)));
    point(x, 0, scheme + 3);
    slice rest = slice_from(bucket->value, scheme + 3);
    while (rest.n && rest.p[rest.n - 1] == '/')
        rest.n--;
    size_t slash = slice_find_char(rest, '/');
    if (!rest.n || !slash || is_web(bucket->value)) {
        finding_hint(run->findings, x, "write the name of the %s alone", bucket_word(job));
    } else if (slash == SLICE_NONE) {
        x->suggested = rest;
        finding_hint(run->findings, x, "write %.*s", FMT(rest));
    } else {
        finding_hint(run->findings, x, "write %s: %.*s and prefix: %.*s", bucket_word(job),
                     FMT(slice_cut(rest, 0, slash)), FMT(slice_from(rest, slash + 1)));
    }
}

/* True when the bucket cannot be a bucket at all, which is reported. */
static bool bucket_syntax(struct rule_run *run, const struct job_spec *job, const struct text *bucket)
{
    slice value = bucket->value;
    size_t scheme = slice_find(value, LIT("://")), dots = slice_find(value, LIT(".."));
    if (scheme != SLICE_NONE) {
        bucket_url(run, job, bucket, scheme);
        return true;
    }
    for (size_t i = 0; i < value.n; i++) {
        char c = value.p[i];
        if (!is_blank_or_control(c) && c != '?' && c != '#' && i != dots)
            continue;
        struct finding *x = FOUND(run, bucket_syntax, FIELD_INVALID, bucket, "%.*s: must not contain %s",
                                  FMT(node_value(run->arena, bucket->node)),
                                  i == dots              ? "\"..\""
                                  : c == '?' || c == '#' ? "'?' or '#', which end the path of a URL"
                                                         : "blanks or control characters");
        point(x, i, i + (i == dots ? 2 : 1));
        finding_hint(run->findings, x, "write the name of the %s alone", bucket_word(job));
        return true;
    }
    return false;
}

static void bucket_slash(struct rule_run *run, const struct job_spec *job, const struct text *bucket,
                         size_t slash)
{
    slice name = slice_cut(bucket->value, 0, slash), rest = slice_from(bucket->value, slash + 1);
    struct finding *x = finding_say(run->findings, RULE_bucket_style, bucket->node,
                                    "%.*s: what follows the slash is taken as the beginning of the prefix",
                                    FMT(node_value(run->arena, bucket->node)));
    point(x, slash, bucket->value.n);
    if (!rest.n) {
        x->suggested = name;
        finding_hint(run->findings, x, "write %.*s", FMT(name));
        return;
    }
    const struct text *prefix = storage_prefix(&job->storage);
    finding_hint(run->findings, x, "write %s: %.*s and prefix: %.*s%s%.*s", bucket_word(job), FMT(name),
                 FMT(rest), text_given(prefix) ? "/" : "", FMT(prefix->value));
}

static void bucket_style(struct rule_run *run, const struct job_spec *job, const struct text *bucket)
{
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
        x = finding_say(run->findings, RULE_bucket_style, bucket->node,
                        "%.*s has %zu character%s: names of %ss have 3 to %zu",
                        FMT(node_value(run->arena, bucket->node)), value.n, value.n == 1 ? "" : "s",
                        bucket_word(job), most);
    } else if (capital < value.n) {
        x = finding_say(run->findings, RULE_bucket_style, bucket->node,
                        "%.*s: names of %ss have no capital letters",
                        FMT(node_value(run->arena, bucket->node)), bucket_word(job));
        point(x, capital, capital + 1);
    } else {
        return;
    }
    finding_hint(run->findings, x, "compare it with the name in the storage");
}

/* ---- prefixes ---- */

static bool only_slashes(slice s)
{
    for (size_t i = 0; i < s.n; i++)
        if (s.p[i] != '/')
            return false;
    return true;
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

static bool prefix_traversal(struct rule_run *run, const struct text *bucket, const struct text *prefix)
{
    slice segment;
    for (size_t at = 0, from; next_segment(prefix->value, &at, &from, &segment);) {
        if (!slice_eq(segment, LIT("..")))
            continue;
        struct storage_place to =
            storage_place(run->arena, bucket ? bucket->value : (slice){0}, prefix->value);
        slice value = node_value(run->arena, prefix->node);
        bool known = bucket && text_given(bucket) && !slice_starts(to.bucket, LIT("."));
        struct finding *x;
        if (known && to.outside)
            x = FOUND(run, prefix_traversal, FIELD_INVALID, prefix,
                      "%.*s: \"..\" leads BR out of %.*s, to %.*s/%.*s", FMT(value), FMT(bucket->value),
                      FMT(to.bucket), FMT(to.prefix));
        else if (known)
            x = FOUND(run, prefix_traversal, FIELD_INVALID, prefix, "%.*s: \"..\" leads BR to %.*s/%.*s",
                      FMT(value), FMT(to.bucket), FMT(to.prefix));
        else
            x = FOUND(run, prefix_traversal, FIELD_INVALID, prefix, "%.*s: \"..\" leads out of the folder",
                      FMT(value));
        point(x, from, from + 2);
        finding_hint(run->findings, x, "write the path from the root of the bucket");
        return true;
    }
    return false;
}

static bool prefix_special(struct rule_run *run, const struct text *prefix)
{
    for (size_t i = 0; i < prefix->value.n; i++) {
        char c = prefix->value.p[i];
        if (c != '?' && c != '#')
            continue;
        struct finding *x = FOUND(run, prefix_special, FIELD_INVALID, prefix,
                                  "%.*s: '%c' ends the path of a URL: BR writes to another folder",
                                  FMT(node_value(run->arena, prefix->node)), c);
        point(x, i, i + 1);
        finding_hint(run->findings, x, "use letters, digits, '-', '_', '.' and '/' only");
        return true;
    }
    return false;
}

static bool style_characters(struct rule_run *run, const struct text *prefix)
{
    for (size_t i = 0; i < prefix->value.n; i++) {
        char c = prefix->value.p[i];
        if (!is_blank_or_control(c) && c != '%')
            continue;
        struct finding *x =
            finding_say(run->findings, RULE_prefix_style, prefix->node,
                        "%.*s: %s is not the same to everything that reads it as part of a URL",
                        FMT(node_value(run->arena, prefix->node)),
                        c == '%'   ? "'%'"
                        : c == ' ' ? "a blank"
                                   : "a control character");
        point(x, i, i + 1);
        finding_hint(run->findings, x, "use letters, digits, '-', '_', '.' and '/' only");
        return true;
    }
    return false;
}

/* `s3://my-bucket/a`: the folder is what follows the bucket. */
static bool prefix_url(struct rule_run *run, const struct text *bucket, const struct text *prefix)
{
    size_t scheme = slice_find(prefix->value, LIT("://"));
    if (scheme == SLICE_NONE)
        return false;
    struct finding *x =
        finding_say(run->findings, RULE_prefix_style, prefix->node,
                    "%.*s: a folder is wanted, not a URL: all of it becomes the folder's name",
                    FMT(node_value(run->arena, prefix->node)));
    slice rest = slice_from(prefix->value, scheme + 3), name = bucket ? bucket->value : (slice){0};
    bool here = name.n && slice_starts(rest, name) && rest.n > name.n && rest.p[name.n] == '/';
    slice folder = here ? plain_path(run->arena, slice_from(rest, name.n)) : (slice){0};
    x->suggested = folder;
    if (folder.n)
        finding_hint(run->findings, x, "write %.*s", FMT(folder));
    else
        finding_hint(run->findings, x, "write the path within the %s alone", bucket ? "bucket" : "volume");
    return true;
}

static void prefix_style(struct rule_run *run, const struct text *bucket, const struct text *prefix)
{
    if (prefix_url(run, bucket, prefix))
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
            ? finding_say(run->findings, RULE_prefix_style, prefix->node,
                          "%.*s: slashes at the ends mean nothing", FMT(node_value(run->arena, prefix->node)))
            : finding_say(run->findings, RULE_prefix_style, prefix->node,
                          "%.*s: BR writes to %.*s, cleaning looks below %.*s/ and finds nothing",
                          FMT(node_value(run->arena, prefix->node)), FMT(plain), FMT(inner));
    x->suggested = plain;
    finding_hint(run->findings, x, "write %.*s", FMT(plain));
}

/* The runs of a schedule get folders of their own, Dumpling makes one, and a volume is mounted for the
 * purpose. */
static void prefix_missing(struct rule_run *run, const struct job_spec *job, const struct node *spec)
{
    const struct text *prefix = storage_prefix(&job->storage);
    if (spec != run->object->backup->node || spec_is_dumpling(run, spec) ||
        job->storage.used == STORAGE_LOCAL ||
        (!text_empty(prefix) && !(text_given(prefix) && only_slashes(prefix->value))))
        return;
    struct finding *x = finding_say(
        run->findings, RULE_prefix_missing, prefix->node ? prefix->node : storage_node(&job->storage),
        "the backup takes the root of the %s, where cleaning finds nothing and no other backup fits",
        bucket_word(job));
    if (!prefix->node) {
        x->at_key = true;
        x->child = LIT("prefix");
    }
    finding_hint(run->findings, x, "%s prefix: %.*s", prefix->node ? "write" : "add",
                 FMT(run->object->metadata.name.value.n ? run->object->metadata.name.value
                                                        : LIT("<a folder of its own>")));
}

void judge_place(struct rule_run *run, const struct job_spec *job, const struct node *spec)
{
    if (job->storage.used == STORAGE_NONE)
        return;
    const struct text *bucket = storage_bucket(&job->storage), *prefix = storage_prefix(&job->storage);
    if (bucket && text_given(bucket) && !bucket_syntax(run, job, bucket))
        bucket_style(run, job, bucket);
    prefix_missing(run, job, spec);
    if (text_given(prefix) && !only_slashes(prefix->value) && !prefix_traversal(run, bucket, prefix) &&
        !prefix_special(run, prefix))
        prefix_style(run, bucket, prefix);
}
