/* Finds the first byte of a few kinds in a text, eight bytes at a time: most texts contain none. */
#ifndef BRGATE_SCAN_H
#define BRGATE_SCAN_H

#include "slice.h"

#include <endian.h>
#include <stdint.h>

/* Eight bytes as a number, the first byte lowest on every machine. */
#define SCAN_ALL(byte) (UINT64_C(0x0101010101010101) * (unsigned char)(byte))

static inline uint64_t scan_eight(const char *p)
{
    uint64_t w;
    memcpy(&w, p, sizeof w);
    return le64toh(w);
}

static inline uint64_t scan_four(const char *p)
{
    uint32_t w;
    memcpy(&w, p, sizeof w);
    return le32toh(w);
}

/* Fewer than eight bytes in the same form, followed by zeros. Loads overlap: a byte that is read twice is put twice in its
 * own place. */
static inline uint64_t scan_few(const char *p, size_t n)
{
    if (n >= 4)
        return scan_four(p) | scan_four(p + n - 4) << 8 * (n - 4);
    if (n == 0)
        return 0;
    return (uint64_t)(unsigned char)p[0] | (uint64_t)(unsigned char)p[n / 2] << 8 * (n / 2) |
           (uint64_t)(unsigned char)p[n - 1] << 8 * (n - 1);
}

/* Kinds of bytes: each sets the high bit of the bytes that are of the kind. Bits above the first such byte may be set
 * without reason, and a byte from 0x80 on counts as being of every kind. */
static inline uint64_t scan_beyond_ascii(uint64_t w)
{
    return w & SCAN_ALL(0x80);
}

static inline uint64_t scan_is(uint64_t w, char c)
{
    return (((w ^ SCAN_ALL(c)) - SCAN_ALL(1)) | w) & SCAN_ALL(0x80);
}

static inline uint64_t scan_below(uint64_t w, char c)
{
    return ((w - SCAN_ALL(c)) | w) & SCAN_ALL(0x80);
}

/* Characters that a string of JSON or Go has to escape: a quote, a backslash, a control character. */
static inline uint64_t scan_needs_escape(uint64_t w)
{
    return scan_is(w, '"') | scan_is(w, '\\') | scan_below(w, ' ');
}

/* The number of bytes before the first one of the kind; all, if there is none. The letter `a` must not be of it. */
__attribute__((always_inline)) static inline size_t scan_until(slice s, uint64_t (*kind)(uint64_t eight))
{
    size_t i = 0;
    for (; s.n - i >= 8; i += 8) {
        uint64_t found = kind(scan_eight(s.p + i));
        if (found)
            return i + (size_t)__builtin_ctzll(found) / 8;
    }
    size_t few = s.n - i;
    uint64_t found = few ? kind(scan_few(s.p + i, few) | SCAN_ALL('a') << 8 * few) : 0;
    return found ? i + (size_t)__builtin_ctzll(found) / 8 : s.n;
}

#endif
