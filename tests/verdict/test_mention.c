/* Which texts that are no YAML are meant for brgate. */
#include "check.h"

#include "mention.h"

static const struct {
    const char *text;
    bool ours;
} rows[] = {
    {"", false},
    {"{{ include \"x\" . }}\n", false},
    {"apiVersion: br.pingcap.com/v1alpha1\nkind: Backup\nspec: {{ x }}\n", true},
    {"apiVersion: {{ .Values.version }}\nkind: BackupSchedule\n", true},
    {"kind: CompactBackup\n\tspec: x\n", true},
    {"{\"kind\" : \"Backup\", // comment\n", true},
    {"{\"apiVersion\":\"pingcap.com/v1alpha1\",\"kind\":{{ x }}}", true},
    {"kind: Bakcup\n\tx\n", true},
    {"Kind: Backup\n\tx\n", true},
    {"apiVersion: br.pingcp.com/v1alpha1\nkind: {{ x }}\n", true},
    {"apiVersion: velero.io/v1\nkind: Backup\nspec: {{ x }}\n", false},
    {"apiVersion: velero.io/v1\nkind: BackupStorageLocation\nspec: {{ x }}\n", false},
    {"apiVersion: pingcap.com/v1alpha1\nkind: TidbCluster\nspec: {{ x }}\n", false},
    {"apiVersion: apps/v1\nkind: Deployment\n{{ x }}\n---\napiVersion: pingcap.com/v1alpha1\nkind: Backup\n",
     true},
    {"apiVersion: apps/v1\n---\nkind: Deployment\n{{ x }}\n", false},
    {"see https://docs.pingcap.com about kind: and Backup {{\n", false},
    {"mankind: Backup\n\tx\n", false},
    {"kind", false},
    {"kind:", false},
    {"ind: Backup", false},
};

static void test_texts(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++)
        assert_row(rows[i].text, text_names_ours(NULL, slice_of(rows[i].text)) == rows[i].ours);
}

/* kubectl reads them: brgate must not skip them. */
static void test_wide_texts(void **state)
{
    static const char *const texts[] = {"kind: Backup\n",
                                        "apiVersion: br.pingcap.com/v1alpha1\nkind: Backup\n"};
    struct arena *a = arena_new(1 << 20);
    (void)state;
    for (size_t i = 0; i < COUNT(texts); i++)
        for (size_t width = 2; width <= 4; width += 2)
            for (size_t at = 0; at < width; at += width - 1) { /* the byte that is not zero: first or last */
                char wide[512] = {0};
                size_t n = 0;
                for (const char *p = texts[i]; *p; p++, n++)
                    wide[n * width + at] = *p;
                assert_row(texts[i], text_names_ours(a, (slice){wide, n * width}));
            }
    const char other[] = "k\0i\0n\0d\0:\0 \0P\0o\0d\0\n";
    assert_false(text_names_ours(a, (slice){other, sizeof other}));
    arena_free(a);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_texts), cmocka_unit_test(test_wide_texts)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
