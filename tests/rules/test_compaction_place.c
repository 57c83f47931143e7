/* When the storage of a schedule's compaction is the place that its log backup writes to. */
#include "check.h"

#include "builtin_schemas.h"
#include "fixtures.h"

extern const struct rule rule_compact_storage_differs;

struct pair {
    const char *log, *compact;
    const char
        *differs; /* the member of compactBackupTemplate that the finding is at; NULL: the same place */
};

static const struct pair pairs[] = {
    {"s3: {provider: aws, bucket: b, prefix: log}", "s3: {provider: aws, bucket: b, prefix: log}", NULL},
    {"s3: {provider: aws, bucket: b, prefix: log}", "s3: {provider: aws, bucket: b, prefix: /log/}", NULL},
    {"s3: {provider: aws, bucket: b, prefix: x/log}", "s3: {provider: aws, bucket: b, prefix: x//./log}",
     NULL},
    {"s3: {provider: aws, bucket: b, prefix: x/log}", "s3: {provider: aws, bucket: b/x, prefix: log}", NULL},
    {"s3: {provider: aws, bucket: b}", "s3: {provider: aws, bucket: b, prefix: ''}", NULL},
    {"s3: {provider: aws, bucket: b, prefix: log}", "s3: {provider: aws, bucket: b, prefix: Log}",
     "s3.prefix"},
    {"s3: {provider: aws, bucket: b, prefix: log}", "s3: {provider: aws, bucket: b}", "s3.prefix"},
    {"s3: {provider: aws, bucket: b, prefix: log}", "s3: {provider: aws, bucket: c, prefix: log}",
     "s3.bucket"},
    {"s3: {provider: aws, bucket: b, prefix: log}", "s3: {provider: aws, bucket: '${b}', prefix: log}", NULL},
    {"s3: {provider: aws, bucket: b, prefix: log}", "s3: {provider: aws, bucket: b, prefix: '${p}'}", NULL},
    {"s3: {provider: aws, bucket: b, prefix: log}", "s3: {provider: aws, bucket: b, prefix: 5}", NULL},
    {"s3: {provider: aws, bucket: b, secretName: one}", "s3: {provider: aws, bucket: b, secretName: two}",
     NULL},
    {"s3: {provider: aws, bucket: b, region: us-west-1}", "s3: {provider: aws, bucket: b}", NULL},
    {"s3: {provider: aws, bucket: b, region: us-west-1}", "s3: {provider: aws, bucket: b, region: us-west-2}",
     "s3.region"},
    {"s3: {provider: minio, bucket: b, endpoint: 'http://minio:80'}",
     "s3: {provider: other, bucket: b, endpoint: 'HTTP://MinIO/'}", NULL},
    {"s3: {provider: minio, bucket: b, endpoint: 'https://minio'}",
     "s3: {provider: minio, bucket: b, endpoint: 'https://minio:443'}", NULL},
    {"s3: {provider: minio, bucket: b, endpoint: 'http://minio:9000'}",
     "s3: {provider: minio, bucket: b, endpoint: 'http://minio:9001'}", "s3.endpoint"},
    {"s3: {provider: minio, bucket: b, endpoint: 'http://minio'}",
     "s3: {provider: minio, bucket: b, endpoint: 'https://minio'}", NULL},
    {"s3: {provider: minio, bucket: b, endpoint: 'http://minio:9000'}",
     "s3: {provider: minio, bucket: b, endpoint: 'https://minio:9000'}", NULL},
    {"s3: {provider: aws, bucket: b, endpoint: 'https://s3.us-west-1.amazonaws.com'}",
     "s3: {provider: aws, bucket: b}", NULL},
    {"s3: {provider: aws, bucket: b}", "s3: {provider: alibaba, bucket: b}", "s3.provider"},
    {"s3: {provider: aws, bucket: b}", "gcs: {projectId: p, bucket: b}", "gcs"},
    {"s3: {provider: aws, bucket: b}", "gcs: {projectId: '${p}', bucket: b}", "gcs"},
    {"gcs: {projectId: p, bucket: b, prefix: log}", "gcs: {projectId: q, bucket: b, prefix: log/}", NULL},
    {"gcs: {projectId: p, bucket: b, prefix: log}", "gcs: {projectId: p, bucket: b, prefix: logs}",
     "gcs.prefix"},
    {"azblob: {container: c, prefix: log, storageAccount: one}", "azblob: {container: c, prefix: log}", NULL},
    {"azblob: {container: c, prefix: log, storageAccount: one}",
     "azblob: {container: c, prefix: log, storageAccount: two}", "azblob.storageAccount"},
    {"azblob: {container: c, prefix: log}", "azblob: {container: d, prefix: log}", "azblob.container"},
    {"local: {prefix: log, volume: {name: a, nfs: {server: s, path: /p}}, volumeMount: {name: a, mountPath: "
     "/x}}",
     "local: {prefix: log, volume: {name: b, nfs: {path: /p, server: s}}, volumeMount: {name: b, mountPath: "
     "/y}}",
     NULL},
    {"local: {prefix: log, volume: {name: a, nfs: {server: s, path: /p}}, volumeMount: {name: a, mountPath: "
     "/x}}",
     "local: {prefix: log, volume: {name: a, nfs: {server: t, path: /p}}, volumeMount: {name: a, mountPath: "
     "/x}}",
     "local.volume"},
    {"local: {prefix: log, volume: {name: a, nfs: {server: s, path: /p}}, volumeMount: {name: a, mountPath: "
     "/x}}",
     "local: {prefix: logs, volume: {name: a, nfs: {server: s, path: /p}}, volumeMount: {name: a, mountPath: "
     "/x}}",
     "local.prefix"},
};

static const char text[] = "apiVersion: pingcap.com/v1alpha1\n"
                           "kind: BackupSchedule\n"
                           "metadata: { name: nightly, namespace: tidb }\n"
                           "spec:\n"
                           "  schedule: 0 2 * * *\n"
                           "  maxReservedTime: 168h\n"
                           "  compactInterval: 8h\n"
                           "  backupTemplate:\n"
                           "    br: { cluster: demo1 }\n"
                           "  logBackupTemplate:\n"
                           "    backupMode: log\n"
                           "    br: { cluster: demo1 }\n"
                           "    %s\n"
                           "  compactBackupTemplate:\n"
                           "    br: { cluster: demo1 }\n"
                           "    %s\n";

/* The finding's path within compactBackupTemplate; "" when there is none. */
static slice place_of(const struct stream_verdict *s)
{
    const slice above = LIT("spec.compactBackupTemplate.");
    for (size_t i = 0; i < s->first->diagnostic_count; i++) {
        slice path = s->first->diagnostics[i].path;
        if (s->first->diagnostics[i].rule == &rule_compact_storage_differs)
            return slice_starts(path, above) ? slice_from(path, above.n) : path;
    }
    return (slice){0};
}

static void test_places(void **state)
{
    (void)state;
    const struct policy policy = {0};
    struct gate *gate = gate_open(&policy, &builtin_schemas);
    struct arena *a = arena_new((size_t)1 << 26);
    unsigned wrong = 0;
    assert_true(gate && a);
    for (size_t i = 0; i < COUNT(pairs); i++) {
        arena_reset(a);
        slice manifest = arena_fmt(a, text, pairs[i].log, pairs[i].compact);
        const struct stream_verdict *s = verdict_manifest(gate, a, manifest, FIXTURE_NOW);
        assert_non_null(s);
        slice got = place_of(s), want = slice_of(pairs[i].differs);
        if (slice_eq(got, want))
            continue;
        wrong++;
        print_error("%s\n%s\n  got \"%.*s\", want \"%.*s\"\n", pairs[i].log, pairs[i].compact, FMT(got),
                    FMT(want));
    }
    arena_free(a);
    gate_close(gate);
    assert_int_equal(wrong, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_places)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
