/* Build tool: writes the files of crds/ and parts/ as C byte arrays behind the names of crd_files.h.
 *
 *     embed OUTPUT FILE...        a file below crds/ is named <plural>.<group>.yaml and gives its kind */
#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

_Noreturn static void fail(const char *what, const char *name)
{
    fprintf(stderr, "embed: %s: %s\n", name, what);
    exit(2);
}

static char *file_read(const char *name)
{
    FILE *f = fopen(name, "rb");
    if (!f)
        fail(strerror(errno), name);
    char *text = NULL;
    size_t n = 0, capacity = 0;
    do {
        capacity += 1 << 16;
        text = realloc(text, capacity);
        if (!text)
            fail("out of memory", name);
        n += fread(text + n, 1, capacity - 1 - n, f);
    } while (n == capacity - 1);
    if (ferror(f))
        fail(strerror(errno), name);
    fclose(f);
    text[n] = '\0';
    for (size_t i = 0; i < n; i++)
        if (text[i] <= 0)
            fail("not ASCII", name);
    return text;
}

static void put_bytes(FILE *out, int i, const char *text)
{
    fprintf(out, "static const char text_%d[] = {", i);
    for (size_t at = 0; text[at]; at++)
        fprintf(out, "%s%d,", at % 24 ? "" : "\n    ", text[at]);
    fprintf(out, "};\n");
}

/* The line `    kind: NAME` of spec.names. */
static void put_crd(FILE *out, int i, const char *file, const char *text)
{
    const char *base = strrchr(file, '/') ? strrchr(file, '/') + 1 : file;
    const char *dot = strchr(base, '.'), *kind = strstr(text, "\n    kind: ");
    size_t n = strlen(base);
    if (!dot || n < 6 || strcmp(base + n - 5, ".yaml") != 0 || dot + 5 >= base + n)
        fail("not named <plural>.<group>.yaml", file);
    if (!kind)
        fail("no spec.names.kind", file);
    kind += strlen("\n    kind: ");
    fprintf(out, "    {SLICE(\"%.*s\"), SLICE(\"%.*s\"), SLICE(\"%.*s\"), {text_%d, sizeof text_%d}},\n",
            (int)(base + n - 5 - dot - 1), dot + 1, (int)(dot - base), base, (int)strcspn(kind, "\n"), kind,
            i, i);
}

static bool is_crd(const char *file)
{
    return strstr(file, "/crds/") != NULL;
}

static void put_tables(FILE *out, int count, char **files, char **texts)
{
    int crds = 0;
    fprintf(out, "\nconst struct crd_source crd_sources[] = {\n");
    for (int i = 0; i < count; i++)
        if (is_crd(files[i])) {
            put_crd(out, i, files[i], texts[i]);
            crds++;
        }
    fprintf(out, "};\nconst size_t crd_source_count = %d;\n\nconst slice crd_parts[] = {\n", crds);
    for (int i = 0; i < count; i++)
        if (!is_crd(files[i]))
            fprintf(out, "    {text_%d, sizeof text_%d},\n", i, i);
    fprintf(out, "};\nconst size_t crd_part_count = %d;\n", count - crds);
}

int main(int argc, char **argv)
{
    if (argc < 3)
        fail("usage: embed OUTPUT FILE...", "arguments");
    FILE *out = fopen(argv[1], "w");
    char **files = argv + 2, **texts = calloc((size_t)argc, sizeof *texts);
    int count = argc - 2;
    if (!out || !texts)
        fail(strerror(errno), argv[1]);
    fprintf(out, "/* Made by embed.c from crds/ and parts/. */\n#include \"crd_files.h\"\n\n");
    for (int i = 0; i < count; i++) {
        texts[i] = file_read(files[i]);
        put_bytes(out, i, texts[i]);
    }
    put_tables(out, count, files, texts);
    for (int i = 0; i < count; i++)
        free(texts[i]);
    free(texts);
    if (fclose(out) != 0)
        fail(strerror(errno), argv[1]);
    return 0;
}
