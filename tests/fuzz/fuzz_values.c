/* Endpoints, quantities, names and storage places, all from the same text. */
#include "fuzz.h"

#include "endpoint.h"
#include "kube_name.h"
#include "location.h"
#include "quantity.h"
#include "storage_path.h"

#define CHECK_WITHIN(call)                                                                                   \
    do {                                                                                                     \
        struct refusal why = {0};                                                                            \
        bool ok = (call);                                                                                    \
        PROMISE(ok || ((size_t)why.at + why.n <= size && why.why[0]));                                       \
    } while (0)

static void check_places(struct arena *a, slice s)
{
    size_t n = slice_find_char(s, ' ');
    slice bucket = slice_cut(s, 0, n), prefix = slice_from(s, n == SLICE_NONE ? s.n : n + 1);
    struct storage_place p = storage_place(a, bucket, prefix);
    slice clean = path_clean(a, s);
    PROMISE(slice_eq(path_clean(a, clean), clean));
    PROMISE(!p.prefix.n || p.prefix.p[p.prefix.n - 1] == '/');
    const struct location_text text = {s, true}, first = {bucket, true}, second = {prefix, true};
    const struct location_fields fields = {.type = STORAGE_S3,
                                           .endpoint = text,
                                           .provider = first,
                                           .region = second,
                                           .bucket = first,
                                           .prefix = second};
    struct location l = location_of(a, &fields);
    struct location_comparison c = location_compare(&l, &l);
    PROMISE(!c.differs && (c.relation == LOCATION_SAME || !l.known));
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
    slice s = {(const char *)bytes, size};
    struct endpoint e;
    struct quantity q;
    CHECK_WITHIN(endpoint_parse(s, &e, &why));
    CHECK_WITHIN(quantity_parse(s, &q, &why));
    CHECK_WITHIN(kube_label(s, &why));
    CHECK_WITHIN(kube_subdomain(s, &why));
    CHECK_WITHIN(kube_label_key(s, &why));
    CHECK_WITHIN(kube_annotation_key(s, &why));
    CHECK_WITHIN(kube_label_value(s, &why));
    return fuzz_in_arena(check_places, bytes, size);
}
