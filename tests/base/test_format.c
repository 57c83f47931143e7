/* format_text() against vsnprintf(): the same text and length, whatever fits. */
#include "check.h"

#include "format.h"
#include "slice.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

enum { ROOM = 200 };

__attribute__((format(printf, 1, 2))) static void agree(const char *format, ...)
{
    static const size_t sizes[] = {0, 1, 2, 3, 7, 20, ROOM};
    for (size_t i = 0; i < COUNT(sizes); i++) {
        char ours[ROOM], theirs[ROOM];
        memset(ours, '#', ROOM);
        memset(theirs, '#', ROOM);
        va_list args, again;
        va_start(args, format);
        va_copy(again, args);
        size_t n = format_text(sizes[i] ? ours : NULL, sizes[i], format, args);
        int expected = vsnprintf(sizes[i] ? theirs : NULL, sizes[i], format, again);
        va_end(again);
        va_end(args);
        if (n != (size_t)expected || memcmp(ours, theirs, ROOM) != 0)
            print_error("%s in %zu bytes: \"%.*s\" (%zu), not \"%.*s\" (%d)\n", format, sizes[i], ROOM, ours,
                        n, ROOM, theirs, expected);
        assert_int_equal(n, expected);
        assert_memory_equal(ours, theirs, ROOM);
    }
}

static void what_messages_use(void **state)
{
    (void)state;
    const slice name = LIT("nightly"), none = {0};
    agree("%s", "");
    agree("no conversion");
    agree("100%%");
    agree("%s is %s, %.*s%c", "a", "b", FMT(name), '!');
    agree("[%.*s]", FMT(none));
    agree("[%.3s|%.9s]", "abcdef", "abc");
    agree("%d %i %u %x %X", -7, 0, 4000000000u, 0xbeefu, 0xbeefu);
    agree("%ld %lu %lld %llu %zu", -1L, ~0UL, -9223372036854775807LL, ~0ULL, SIZE_MAX);
    agree("%02u:%02u %04x %08x %5d %3d|", 7u, 59u, 0xfu, 0xabcu, 42, 12345);
    agree("%05d %05lld", -42, -1234567LL);
    agree("%" PRId64 " %" PRIu64 " %" PRIx64, INT64_MAX, (uint64_t)0, UINT64_MAX);
}

/* What is left to vsnprintf(), wherever in the text it is met. */
static void what_they_do_not(void **state)
{
    (void)state;
    agree("%.0f%% of %s", 12.5, "all");
    agree("%s %g %d", "x", 1e300, 5);
    agree("%-5d|%+d|% d|%#x", 42, 42, 42, 42u);
    agree("%10s|%-10s|", "right", "left");
    agree("%.5d|%hhu|%*d|%p", 42, (unsigned char)255, 4, 7, (const void *)NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_messages_use),
        cmocka_unit_test(what_they_do_not),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
