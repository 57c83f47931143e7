/* The regions in the hosts of S3 services. */
#include "region.h"

#include "ascii.h"
#include "endpoint.h"

bool aws_region_valid(slice s)
{
    size_t dash = SLICE_NONE, words = 0;
    for (size_t i = 0; i < s.n; i++) {
        bool letter = s.p[i] >= 'a' && s.p[i] <= 'z', digit = s.p[i] >= '0' && s.p[i] <= '9';
        if (s.p[i] == '-') {
            if (dash != SLICE_NONE ? i == dash + 1 : i != 2)
                return false;
            dash = i;
            words++;
        } else if (!letter && !(digit && words >= 2 && i == s.n - 1 && i == dash + 1)) {
            return false;
        }
    }
    return words >= 2 && s.p[s.n - 1] >= '0' && s.p[s.n - 1] <= '9';
}

/* `us-south`, `cn-beijing`, `us-east-005`: two letters, and words after dashes. */
static bool is_dashed(slice s)
{
    if (s.n < 5 || !ascii_is_letter(s.p[0]) || !ascii_is_letter(s.p[1]) || s.p[2] != '-')
        return false;
    for (size_t i = 3; i < s.n; i++)
        if (!ascii_is_alnum(s.p[i]) && (s.p[i] != '-' || s.p[i - 1] == '-'))
            return false;
    return ascii_is_letter(s.p[3]) && s.p[s.n - 1] != '-';
}

/* `nyc3`: an airport and a number. */
static bool is_site(slice s)
{
    return s.n == 4 && ascii_is_letter(s.p[0]) && ascii_is_letter(s.p[1]) && ascii_is_letter(s.p[2]) &&
           ascii_is_digit(s.p[3]);
}

static const struct service {
    slice domain;
    bool (*is_region)(slice s);
    bool us_east_1; /* it is a region of its own there */
} services[] = {
    {SLICE("amazonaws.com"), aws_region_valid, true},
    {SLICE("amazonaws.com.cn"), aws_region_valid, true},
    {SLICE("api.aws"), aws_region_valid, true},
    {SLICE("wasabisys.com"), aws_region_valid, true},
    {SLICE("aliyuncs.com"), is_dashed, true},
    {SLICE("digitaloceanspaces.com"), is_site, false},
    {SLICE("vultrobjects.com"), is_site, false},
    {SLICE("dream.io"), is_dashed, true},
    {SLICE("cloud-object-storage.appdomain.cloud"), is_dashed, false},
    {SLICE("objectstorage.softlayer.net"), is_dashed, false},
    {SLICE("backblazeb2.com"), is_dashed, false},
    {SLICE("scw.cloud"), is_dashed, false},
    {SLICE("linodeobjects.com"), is_dashed, true},
    {SLICE("myqcloud.com"), is_dashed, false},
    {SLICE("myhuaweicloud.com"), is_dashed, false},
};

static const struct service *service_of(slice host)
{
    for (size_t i = 0; i < COUNT(services); i++)
        if (endpoint_host_in(host, services[i].domain))
            return &services[i];
    return NULL;
}

/* What some services put around the region: `s3-us-west-2`, `oss-cn-beijing-internal`, `objects-us-east-1`. */
static slice without_affixes(slice s)
{
    static const slice before[] = {SLICE("s3-"), SLICE("fips-"), SLICE("oss-"), SLICE("objects-")};
    static const slice internal = SLICE("-internal");
    for (size_t i = 0; i < COUNT(before); i++)
        if (slice_starts(s, before[i]))
            s = slice_from(s, before[i].n);
    bool inside = s.n > internal.n && slice_eq(slice_from(s, s.n - internal.n), internal);
    return slice_cut(s, 0, inside ? s.n - internal.n : s.n);
}

slice region_of_host(slice host)
{
    const struct service *service = service_of(host);
    slice rest = service ? slice_cut(host, 0, host.n - service->domain.n) : (slice){0}, there = {0};
    while (rest.n) { /* the last one: a bucket may precede it */
        size_t dot = slice_find_char(rest, '.');
        slice part = without_affixes(slice_cut(rest, 0, dot == SLICE_NONE ? rest.n : dot));
        if (service->is_region(part))
            there = part;
        rest = slice_from(rest, dot == SLICE_NONE ? rest.n : dot + 1);
    }
    return there;
}

bool region_contradicts(slice host, slice there, slice region)
{
    const struct service *service = service_of(host);
    slice here = without_affixes(region);
    if (!service || !there.n || (!service->us_east_1 && slice_eq(here, LIT("us-east-1"))))
        return false;
    if (aws_region_valid(there) && endpoint_is_aws(host))
        return !slice_eq(region, there);
    bool same = slice_eq_nocase(slice_cut(here, 0, there.n), there) &&
                (here.n == there.n || here.p[there.n] == '-'); /* us-south-standard, a class of IBM's */
    return service->is_region(here) && !same;
}
