/* Decodes, counts and measures UTF-8. */
#include "utf8.h"

#include "scan.h"

static bool continues(slice s, size_t i)
{
    return i < s.n && ((unsigned char)s.p[i] & 0xc0) == 0x80;
}

size_t utf8_decode(slice s, uint32_t *ret_code_point)
{
    if (s.n == 0)
        return 0;
    const unsigned char *p = (const unsigned char *)s.p;
    if (p[0] < 0x80) {
        *ret_code_point = p[0];
        return 1;
    }
    uint32_t c;
    if (p[0] >= 0xc2 && p[0] <= 0xdf && continues(s, 1)) {
        *ret_code_point = (p[0] & 0x1fu) << 6 | (p[1] & 0x3fu);
        return 2;
    }
    if ((p[0] & 0xf0) == 0xe0 && continues(s, 1) && continues(s, 2)) {
        c = (p[0] & 0x0fu) << 12 | (p[1] & 0x3fu) << 6 | (p[2] & 0x3fu);
        if (c < 0x800 || (c >= 0xd800 && c <= 0xdfff))
            return 0;
        *ret_code_point = c;
        return 3;
    }
    if ((p[0] & 0xf8) == 0xf0 && continues(s, 1) && continues(s, 2) && continues(s, 3)) {
        c = (p[0] & 0x07u) << 18 | (p[1] & 0x3fu) << 12 | (p[2] & 0x3fu) << 6 | (p[3] & 0x3fu);
        if (c < 0x10000 || c > 0x10ffff)
            return 0;
        *ret_code_point = c;
        return 4;
    }
    return 0;
}

size_t utf8_encode(uint32_t c, char out[4])
{
    if (c < 0x80) {
        out[0] = (char)c;
        return 1;
    }
    if (c < 0x800) {
        out[0] = (char)(0xc0 | c >> 6);
        out[1] = (char)(0x80 | (c & 0x3f));
        return 2;
    }
    if (c < 0x10000) {
        out[0] = (char)(0xe0 | c >> 12);
        out[1] = (char)(0x80 | (c >> 6 & 0x3f));
        out[2] = (char)(0x80 | (c & 0x3f));
        return 3;
    }
    out[0] = (char)(0xf0 | c >> 18);
    out[1] = (char)(0x80 | (c >> 12 & 0x3f));
    out[2] = (char)(0x80 | (c >> 6 & 0x3f));
    out[3] = (char)(0x80 | (c & 0x3f));
    return 4;
}

size_t utf8_ascii(slice s)
{
    return scan_until(s, scan_beyond_ascii);
}

size_t utf8_invalid_at(slice s)
{
    for (size_t i = 0;;) {
        i += utf8_ascii(slice_from(s, i));
        if (i >= s.n)
            return SLICE_NONE;
        uint32_t c;
        size_t n = utf8_decode(slice_from(s, i), &c);
        if (n == 0)
            return i;
        i += n;
    }
}

size_t utf8_count(slice s)
{
    size_t count = 0;
    for (size_t i = 0; i < s.n; count++) {
        uint32_t c;
        size_t n = utf8_decode(slice_from(s, i), &c);
        i += n ? n : 1;
    }
    return count;
}

static bool between(uint32_t c, uint32_t first, uint32_t last)
{
    return c >= first && c <= last;
}

size_t utf8_space(slice s)
{
    uint32_t c = 0;
    size_t n = utf8_decode(s, &c);
    bool space = n && (c == ' ' || between(c, '\t', '\r') || c == 0x85 || c == 0xa0 || c == 0x1680 ||
                       between(c, 0x2000, 0x200a) || c == 0x2028 || c == 0x2029 || c == 0x202f ||
                       c == 0x205f || c == 0x3000);
    return space ? n : 0;
}

slice utf8_cut(slice s, size_t most)
{
    if (s.n <= most)
        return s;
    size_t start = most;
    while (start && ((unsigned char)s.p[start - 1] & 0xc0) == 0x80)
        start--;
    uint32_t c;
    bool half = start && utf8_decode((slice){s.p + start - 1, most - start + 1}, &c) == 0;
    return (slice){s.p, half ? start - 1 : most};
}

bool utf8_printable(uint32_t c)
{
    if (c < 0x7f)
        return c >= 0x20;
    return !(between(c, 0x7f, 0xa0) || c == 0xad || between(c, 0x600, 0x605) || c == 0x61c || c == 0x6dd ||
             c == 0x70f || c == 0x1680 || c == 0x180e || between(c, 0x2000, 0x200f) ||
             between(c, 0x2028, 0x202f) || between(c, 0x205f, 0x206f) || c == 0x3000 ||
             between(c, 0xd800, 0xf8ff) || c == 0xfeff || between(c, 0xfff0, 0xfffb) ||
             (c & 0xfffe) == 0xfffe || between(c, 0xe0000, 0xe00ff) || c >= 0xe01f0);
}

size_t utf8_width(slice s)
{
    size_t width = 0;
    for (size_t i = 0; i < s.n;) {
        uint32_t c;
        size_t n = utf8_decode(slice_from(s, i), &c);
        i += n ? n : 1;
        if (n && (between(c, 0x300, 0x36f) || between(c, 0x200b, 0x200f) || c == 0xfeff))
            continue;
        bool wide =
            n && (between(c, 0x1100, 0x115f) || between(c, 0x2e80, 0xa4cf) || between(c, 0xac00, 0xd7a3) ||
                  between(c, 0xf900, 0xfaff) || between(c, 0xfe30, 0xfe6f) || between(c, 0xff00, 0xff60) ||
                  between(c, 0xffe0, 0xffe6) || between(c, 0x1f300, 0x1faff) || between(c, 0x20000, 0x3fffd));
        width += wide ? 2 : 1;
    }
    return width;
}

size_t utf8_shown(slice s, slice *ret)
{
    uint32_t c;
    size_t n = utf8_decode(s, &c);
    *ret = n && utf8_printable(c) ? slice_cut(s, 0, n) : LIT("\xef\xbf\xbd");
    return n ? n : 1;
}
