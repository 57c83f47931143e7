/* Files are read whole, within a limit, and only when they are files. */
#include "check.h"
#include "directory.h"

#include "file.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

static const char *path_of(const char *name)
{
    static char path[128];
    snprintf(path, sizeof path, "%s/%s", directory, name);
    return path;
}

static const char *file_of(const char *name, size_t size)
{
    const char *path = path_of(name);
    FILE *f = fopen(path, "we");
    assert_non_null(f);
    for (size_t i = 0; i < size; i++)
        fputc('a' + (int)(i % 26), f);
    assert_int_equal(fclose(f), 0);
    return path;
}

static void reads_whole_files_within_the_limit(void **state)
{
    (void)state;
    struct arena *a = arena_new(1 << 24);
    struct error error;
    slice bytes = {0};
    static const size_t sizes[] = {0, 1, 4095, 4096, 200000};
    for (size_t i = 0; i < COUNT(sizes); i++) {
        const char *path = file_of("file", sizes[i]);
        assert_true(file_read(a, path, sizes[i], &bytes, &error));
        assert_int_equal(bytes.n, sizes[i]);
        assert_true(!bytes.n || bytes.p[bytes.n - 1] == 'a' + (int)((bytes.n - 1) % 26));
        assert_int_equal(file_read_stream(a, path, sizes[i] + 10, &bytes), 0);
        assert_int_equal(bytes.n, sizes[i]);
    }
    assert_false(file_read(a, file_of("file", 5000), 4096, &bytes, &error));
    assert_non_null(strstr(error.text, "/file: the file is larger than 4 KiB"));
    assert_int_equal(file_read_stream(a, path_of("file"), 4096, &bytes), 0);
    assert_int_equal(bytes.n, 4096);
    arena_free(a);
}

static void refuses_what_is_no_file(void **state)
{
    (void)state;
    static const struct {
        const char *name, *error;
    } rows[] = {{"nothing", "/nothing: No such file or directory"},
                {"pipe", "/pipe: expected a regular file"},
                {"", "/: expected a file, not a folder"},
                {"loop", "/loop: Too many levels of symbolic links"}};
    struct arena *a = arena_new(1 << 20);
    slice bytes;
    assert_int_equal(mkfifo(path_of("pipe"), 0600), 0); /* without a writer: opening it would block */
    assert_int_equal(symlink("loop", path_of("loop")), 0);
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct error error = {0};
        assert_row(rows[i].name, !file_read(a, path_of(rows[i].name), 4096, &bytes, &error));
        assert_row(rows[i].name, file_read_stream(a, path_of(rows[i].name), 4096, &bytes) != 0);
        assert_slice(rows[i].name, slice_from(slice_of(error.text), strlen(directory)),
                     slice_of(rows[i].error));
    }
    struct error error;
    assert_false(file_read(a, file_of("large", 2 << 20), 4 << 20, &bytes, &error));
    assert_non_null(strstr(error.text, "/large: out of memory"));
    arena_free(a);
}

/* The path that the shell makes of <(command). */
static void reads_pipes_of_the_shell(void **state)
{
    (void)state;
    struct arena *a = arena_new(1 << 20);
    int ends[2];
    char path[64];
    slice bytes;
    assert_int_equal(pipe2(ends, O_CLOEXEC), 0);
    assert_int_equal(write(ends[1], "text", 4), 4);
    close(ends[1]);
    snprintf(path, sizeof path, "/dev/fd/%d", ends[0]);
    assert_int_equal(file_read_stream(a, path, 4096, &bytes), 0);
    assert_slice("pipe", bytes, LIT("text"));
    close(ends[0]);
    arena_free(a);
}

/* The buffers that it outgrew stay in the arena: the last one is as large as the limit, not twice that. */
static void an_endless_stream_needs_little_more_than_the_limit(void **state)
{
    (void)state;
    enum { MOST = (128 << 10) + 1 };
    struct arena *a = arena_new(3 * MOST);
    slice bytes;
    assert_int_equal(file_read_stream(a, "/dev/zero", MOST, &bytes), 0);
    assert_int_equal(bytes.n, MOST);
    arena_free(a);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reads_whole_files_within_the_limit),
        cmocka_unit_test(refuses_what_is_no_file),
        cmocka_unit_test(reads_pipes_of_the_shell),
        cmocka_unit_test(an_endless_stream_needs_little_more_than_the_limit),
    };
    return cmocka_run_group_tests(tests, make_directory, remove_directory);
}
