/* Bytes as base64 and back. */
#include "base64.h"

static const char alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

slice base64_encode(struct arena *a, slice bytes)
{
    size_t n = (bytes.n + 2) / 3 * 4;
    char *out = ARENA_ARRAY(a, char, n + 1), *p = out;
    for (size_t i = 0; i < bytes.n; i += 3) {
        size_t left = bytes.n - i;
        uint32_t word = (uint32_t)(unsigned char)bytes.p[i] << 16;
        if (left > 1)
            word |= (uint32_t)(unsigned char)bytes.p[i + 1] << 8;
        if (left > 2)
            word |= (unsigned char)bytes.p[i + 2];
        *p++ = alphabet[word >> 18];
        *p++ = alphabet[word >> 12 & 63];
        *p++ = left > 1 ? alphabet[word >> 6 & 63] : '=';
        *p++ = left > 2 ? alphabet[word & 63] : '=';
    }
    return (slice){out, n};
}

static int value_of(char c)
{
    const char *at = c ? strchr(alphabet, c) : NULL;
    return at ? (int)(at - alphabet) : -1;
}

bool base64_decode(struct arena *a, slice text, slice *ret)
{
    char *out = ARENA_ARRAY(a, char, text.n / 4 * 3 + 3);
    size_t n = 0, digits = 0, padding = 0;
    uint32_t word = 0;
    for (size_t i = 0; i < text.n; i++) {
        char c = text.p[i];
        if (c == '\n' || c == '\r')
            continue;
        int v = value_of(c);
        if (c == '=')
            padding++;
        else if (v < 0 || padding)
            return false;
        word = word << 6 | (uint32_t)(v < 0 ? 0 : v);
        if (++digits % 4 == 0) {
            out[n++] = (char)(word >> 16);
            out[n++] = (char)(word >> 8);
            out[n++] = (char)word;
            word = 0;
        }
    }
    if (digits % 4 || padding > 2)
        return false;
    *ret = (slice){out, n - padding};
    return true;
}
