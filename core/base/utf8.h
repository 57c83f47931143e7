/* UTF-8 as RFC 3629 defines it: no overlong forms, no surrogates, nothing above U+10FFFF. */
#ifndef BRGATE_UTF8_H
#define BRGATE_UTF8_H

#include "slice.h"

#include <stdint.h>

/* Length in bytes of the code point that `s` begins with, or 0 when it begins with none (or is empty). */
size_t utf8_decode(slice s, uint32_t *ret_code_point);

/* Writes the code point (at most 4 bytes) and returns its length. */
size_t utf8_encode(uint32_t code_point, char out[4]);

/* Returns how many bytes at the start of `s` are ASCII. */
size_t utf8_ascii(slice s);

/* Offset of the first byte that is not UTF-8, or SLICE_NONE. */
size_t utf8_invalid_at(slice s);

/* Code points in `s`; each invalid byte counts as one, as a Go string's runes do. */
size_t utf8_count(slice s);

/* Returns whether Go's %q prints the character unescaped: not a control, format, private or space character (except
 * U+0020). Covers the ranges that matter; unlike in Go, an unassigned code point counts as printable. */
bool utf8_printable(uint32_t code_point);

/* Takes the first character of `s`, which is not empty: returns its bytes, and in `ret` the text that may go to a terminal
 * in its place. Unprintable characters (control characters, escapes, marks that change the direction of writing) and bytes
 * that are not UTF-8 become U+FFFD. */
size_t utf8_shown(slice s, slice *ret);

/* Returns the length of the white space character (Go's unicode.IsSpace) that `s` begins with, or 0. */
size_t utf8_space(slice s);

/* Columns a terminal uses for the text: two for wide East Asian characters, none for combining marks. */
size_t utf8_width(slice s);

/* Returns at most `most` bytes from the start of `s`, cut at a character's end. */
slice utf8_cut(slice s, size_t most);

#endif
