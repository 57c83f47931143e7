/* The values of a gcs block. */
#include "checks.h"

#include "ascii.h"
#include "region.h"

#define SUBJECT struct job_spec
#define RULES   "rule_gcs.def"
#include "rule_table.h"

static void gcs_required(struct rule_run *run, const struct job_spec *job)
{
    const struct gcs *g = &job->storage.gcs;
    if (g->project_id.state == FIELD_GIVEN && !g->project_id.value.n) {
        struct finding *x =
            finding_at(run->findings, &rule_gcs_required, FIELD_REQUIRED, at_value(g->project_id.node), "");
        finding_hint(x, "write the project that owns the bucket");
    }
    if (text_empty(&g->bucket)) {
        struct finding *x =
            finding_at(run->findings, &rule_gcs_required, FIELD_REQUIRED, at_member(g->node, "bucket"), "");
        finding_hint(x, "write the name of the bucket that receives the data");
    }
}

static void gcs_values(struct rule_run *run, const struct job_spec *job)
{
    static const slice classes[] = {SLICE("STANDARD"),
                                    SLICE("NEARLINE"),
                                    SLICE("COLDLINE"),
                                    SLICE("ARCHIVE"),
                                    SLICE("MULTI_REGIONAL"),
                                    SLICE("REGIONAL"),
                                    SLICE("DURABLE_REDUCED_AVAILABILITY")};
    static const slice object_acls[] = {SLICE("private"),         SLICE("projectPrivate"),
                                        SLICE("publicRead"),      SLICE("authenticatedRead"),
                                        SLICE("bucketOwnerRead"), SLICE("bucketOwnerFullControl")};
    static const slice bucket_acls[] = {SLICE("private"), SLICE("projectPrivate"), SLICE("publicRead"),
                                        SLICE("publicReadWrite"), SLICE("authenticatedRead")};
    const struct gcs *g = &job->storage.gcs;
    const struct {
        const struct text *field;
        const slice *values;
        size_t count;
    } checks[] = {{&g->storage_class, classes, COUNT(classes)},
                  {&g->object_acl, object_acls, COUNT(object_acls)},
                  {&g->bucket_acl, bucket_acls, COUNT(bucket_acls)}};
    for (size_t i = 0; i < COUNT(checks); i++)
        if (text_given(checks[i].field) &&
            !slice_among(checks[i].field->value, checks[i].values, checks[i].count))
            rule_unsupported(run, &rule_gcs_values, checks[i].field, checks[i].values, checks[i].count);
}

/* The ID of a project, which a domain may precede (`example.com:shop`), or its number. New ones have six
 * characters at least. */
static bool could_be_project(slice s)
{
    enum { MOST = 30 };
    size_t domain = slice_find_char(s, ':'), digits = 0;
    slice id = domain == SLICE_NONE ? s : slice_from(s, domain + 1);
    for (size_t i = 0; i < id.n; i++) {
        bool letter = id.p[i] >= 'a' && id.p[i] <= 'z', digit = ascii_is_digit(id.p[i]);
        if (!letter && !digit && id.p[i] != '-')
            return false;
        digits += digit;
    }
    bool number = digits == id.n, word = id.n && id.p[0] >= 'a' && id.p[id.n - 1] != '-';
    return id.n && id.n <= MOST && (number || word);
}

/* Whether the name is another cloud's or a zone's: us-west-1, us-central1-a. Empty `*ret_better`: not known. */
static bool is_no_location(struct arena *a, slice s, slice *ret_better)
{
    size_t last = s.n; /* the last dash */
    *ret_better = (slice){0};
    for (size_t i = 0; i < s.n; i++) {
        if (!ascii_is_alnum(s.p[i]) && s.p[i] != '-')
            return true;
        last = s.p[i] == '-' ? i : last;
    }
    bool zone = last + 2 == s.n && ascii_is_letter(s.p[s.n - 1]) && last > 0 && ascii_is_digit(s.p[last - 1]);
    if (zone)
        *ret_better = slice_cut(s, 0, last);
    else if (aws_region_valid(s))
        *ret_better = arena_fmt(a, "%.*s%.*s", FMT(slice_cut(s, 0, last)), FMT(slice_from(s, last + 1)));
    return ret_better->n > 0;
}

static void gcs_style(struct rule_run *run, const struct job_spec *job)
{
    const struct text *project = &job->storage.gcs.project_id, *location = &job->storage.gcs.location;
    struct finding *x;
    slice better;
    if (text_given(project) && project->value.n && !text_is_placeholder(project->value) &&
        !could_be_project(project->value)) {
        x = finding_at(
            run->findings, &rule_gcs_style, FIELD_NONE, at_value(project->node),
            "%.*s cannot be a project's ID, which has up to 30 lowercase letters, digits and hyphens",
            FMT(node_value(run->arena, project->node)));
        finding_hint(x, "write the ID, which gcloud projects list shows, not the display name");
    }
    if (!text_given(location) || text_is_placeholder(location->value) ||
        !is_no_location(run->arena, location->value, &better))
        return;
    x = finding_at(run->findings, &rule_gcs_style, FIELD_NONE, at_value(location->node),
                   "%.*s is not a location of Google Cloud", FMT(node_value(run->arena, location->node)));
    finding_edit(x, at_value(location->node), better);
    if (better.n)
        finding_hint(x, "write %.*s", FMT(better));
    else
        finding_hint(x, "write the bucket's location, such as us-central1 or EU");
}

void check_gcs(struct rule_run *run, const struct job_spec *job)
{
    run_checks(run, job);
}
