/* Scanning by words of eight bytes against a loop over bytes: every byte at every place of every short text. */
#include "check.h"

#include "scan.h"
#include "utf8.h"

#include <stdlib.h>

enum { LONGEST = 26 };

static bool byte_needs_escape(unsigned char c)
{
    return c < ' ' || c == '"' || c == '\\' || c >= 0x80;
}

static bool byte_is_bracket(unsigned char c)
{
    return c == '<' || c >= 0x80;
}

static bool byte_is_beyond_ascii(unsigned char c)
{
    return c >= 0x80;
}

static uint64_t is_bracket(uint64_t eight)
{
    return scan_is(eight, '<');
}

static size_t until(slice s, bool (*stops)(unsigned char))
{
    size_t i = 0;
    while (i < s.n && !stops((unsigned char)s.p[i]))
        i++;
    return i;
}

/* `s` ends where its allocation ends, so that the sanitizer notices a read past its end. */
static void assert_like_a_loop(slice s)
{
    assert_int_equal(scan_until(s, scan_needs_escape), until(s, byte_needs_escape));
    assert_int_equal(scan_until(s, is_bracket), until(s, byte_is_bracket));
    assert_int_equal(scan_until(s, scan_beyond_ascii), until(s, byte_is_beyond_ascii));
    assert_int_equal(utf8_ascii(s), until(s, byte_is_beyond_ascii));
}

static void it_stops_where_a_loop_does(void **state)
{
    (void)state;
    for (size_t n = 0; n <= LONGEST; n++) {
        char *text = malloc(n + !n);
        slice s = {text, n};
        memset(text, '!', n + !n);
        assert_like_a_loop(s);
        for (size_t at = 0; at < n; at++) {
            for (unsigned c = 0; c < 256; c++) {
                text[at] = (char)c;
                text[n - 1 - at] = n % 2 ? '"' : (char)c; /* a second one, before or after it */
                assert_like_a_loop(s);
            }
            text[at] = text[n - 1 - at] = '!';
        }
        free(text);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(it_stops_where_a_loop_does),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
