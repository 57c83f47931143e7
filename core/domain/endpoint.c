/* Parses URLs as Go does. */
#include "endpoint.h"

#include "ascii.h"
#include "utf8.h"

#include <stdio.h>
#include <string.h>

/* The state of parsing a URL, and where a refusal goes. */
struct endpoint_reader {
    slice s;
    struct refusal *refusal;
};

static size_t offset_of(const struct endpoint_reader *r, slice part)
{
    return part.p ? (size_t)(part.p - r->s.p) : r->s.n;
}

/* Length of the scheme before its colon; 0 when there is none. */
static size_t scheme_length(slice s)
{
    for (size_t i = 0; i < s.n; i++) {
        char c = s.p[i];
        if (c == ':')
            return i;
        if (!ascii_is_letter(c) && (i == 0 || (!ascii_is_digit(c) && c != '+' && c != '-' && c != '.')))
            return 0;
    }
    return 0;
}

/* The part up to `c`; the rest behind it goes to `*ret_rest`. */
static slice cut(slice s, char c, slice *ret_rest, bool *ret_found)
{
    size_t n = slice_find_char(s, c);
    *ret_found = n != SLICE_NONE;
    *ret_rest = *ret_found ? (slice){s.p + n + 1, s.n - n - 1} : (slice){0};
    return *ret_found ? (slice){s.p, n} : s;
}

static bool bad_escape(const struct endpoint_reader *r, slice part, size_t at)
{
    return refuse(r->refusal, offset_of(r, part) + at, part.n - at < 3 ? part.n - at : 3,
                  "invalid URL escape \"%.*s\"", FMT(utf8_cut(slice_from(part, at), 3)));
}

/* Two hexadecimal digits behind each percent sign. */
static bool check_escapes(const struct endpoint_reader *r, slice part)
{
    for (size_t i = 0; i < part.n; i++)
        if (part.p[i] == '%' &&
            (i + 2 >= part.n || ascii_hex(part.p[i + 1]) < 0 || ascii_hex(part.p[i + 2]) < 0))
            return bad_escape(r, part, i);
    return true;
}

static bool is_host_char(char c)
{
    return ascii_is_letter(c) || ascii_is_digit(c) || (unsigned char)c >= 0x80 ||
           (c && strchr("-_.~!$&'()*+,;=:[]<>\"", c));
}

/* A host's characters; percent signs escape bytes beyond ASCII only, or in a zone what a host may hold. */
static bool check_host(const struct endpoint_reader *r, slice part, bool zone)
{
    if (!check_escapes(r, part))
        return false;
    for (size_t i = 0; i < part.n; i++) {
        if (part.p[i] == '%') {
            int byte = ascii_hex(part.p[i + 1]) * 16 + ascii_hex(part.p[i + 2]);
            bool in_zone = byte == ' ' || (byte < 0x80 && is_host_char((char)byte));
            bool allowed = byte == '%' || (zone ? in_zone : byte >= 0x80);
            if (!allowed)
                return bad_escape(r, part, i);
            i += 2;
        } else if (!is_host_char(part.p[i])) {
            return refuse(r->refusal, offset_of(r, part) + i, 1, "invalid character \"%c\" in the host",
                          part.p[i]);
        }
    }
    return true;
}

static bool check_port(const struct endpoint_reader *r, slice colon_port)
{
    bool digits = colon_port.n == 0 || colon_port.p[0] == ':';
    for (size_t i = 1; i < colon_port.n; i++)
        digits = digits && ascii_is_digit(colon_port.p[i]);
    return digits || refuse(r->refusal, offset_of(r, colon_port), colon_port.n,
                            "invalid port \"%.*s\" after host", FMT(utf8_cut(colon_port, 40)));
}

static bool is_ipv4(slice s)
{
    for (int field = 0; field < 4; field++) {
        size_t n = 0;
        int value = 0;
        while (n < s.n && n < 4 && ascii_is_digit(s.p[n]))
            value = value * 10 + (s.p[n++] - '0');
        if (n == 0 || n > 3 || value > 255 || (n > 1 && s.p[0] == '0'))
            return false;
        s = slice_from(s, n);
        if (field < 3 && (s.n == 0 || s.p[0] != '.'))
            return false;
        s = field < 3 ? slice_from(s, 1) : s;
    }
    return s.n == 0;
}

bool ipv6_valid(slice s)
{
    size_t zone = slice_find_char(s, '%');
    if (zone != SLICE_NONE) {
        if (zone + 1 == s.n)
            return false;
        s = slice_cut(s, 0, zone);
    }
    int groups = 0;
    bool gap = slice_starts(s, LIT("::"));
    if (gap)
        s = slice_from(s, 2);
    while (s.n && groups < 8) {
        size_t n = 0;
        while (n < s.n && ascii_hex(s.p[n]) >= 0)
            n++;
        if (n < s.n && n > 0 && s.p[n] == '.') {
            groups += 2;
            return is_ipv4(s) && (gap ? groups < 8 : groups == 8);
        }
        if (n == 0 || n > 4)
            return false;
        groups++;
        s = slice_from(s, n);
        if (s.n == 0)
            break;
        if (s.p[0] != ':' || s.n == 1)
            return false;
        s = slice_from(s, 1);
        if (s.p[0] == ':') {
            if (gap)
                return false;
            gap = true;
            s = slice_from(s, 1);
        }
    }
    return s.n == 0 && (gap ? groups < 8 : groups == 8);
}

/* [address] or [address%25zone], with a port behind. */
static bool read_bracketed(const struct endpoint_reader *r, slice host, struct endpoint *ret)
{
    size_t close = host.n;
    while (close > 0 && host.p[close - 1] != ']')
        close--;
    if (close == 0)
        return refuse(r->refusal, offset_of(r, host), host.n, "missing ']' in host");
    ret->host = slice_cut(host, 0, close);
    slice colon_port = slice_from(host, close), address = slice_cut(host, 1, close - 2);
    ret->port = slice_from(colon_port, 1);
    if (!check_port(r, colon_port))
        return false;
    size_t zone = slice_find(address, LIT("%25"));
    slice bare = slice_cut(address, 0, zone == SLICE_NONE ? address.n : zone);
    if (!check_host(r, bare, false) ||
        (zone != SLICE_NONE && !check_host(r, slice_from(address, zone), true)))
        return false;
    bool empty_zone = zone != SLICE_NONE && zone + 3 == address.n;
    if (empty_zone || slice_find_char(bare, '%') != SLICE_NONE || !ipv6_valid(bare))
        return refuse(r->refusal, offset_of(r, host), close, "no IPv6 address between the brackets");
    return true;
}

static bool read_host(const struct endpoint_reader *r, slice host, struct endpoint *ret)
{
    size_t bracket = host.n;
    while (bracket > 0 && host.p[bracket - 1] != '[')
        bracket--;
    if (bracket == 1)
        return read_bracketed(r, host, ret);
    if (bracket > 1)
        return refuse(r->refusal, offset_of(r, host) + bracket - 1, 1, "'[' inside the host");
    /* Only http and https are strict about a second colon. */
    bool strict = slice_eq_nocase(ret->scheme, LIT("http")) || slice_eq_nocase(ret->scheme, LIT("https"));
    size_t colon = slice_find_char(host, ':');
    for (size_t i = host.n; !strict && i > 0; i--)
        if (host.p[i - 1] == ':') {
            colon = i - 1;
            break;
        }
    ret->host = colon == SLICE_NONE ? host : slice_cut(host, 0, colon);
    ret->port = colon == SLICE_NONE ? (slice){0} : slice_from(host, colon + 1);
    if (colon != SLICE_NONE && !check_port(r, slice_from(host, colon)))
        return false;
    return check_host(r, host, false);
}

static bool read_authority(const struct endpoint_reader *r, slice authority, struct endpoint *ret)
{
    size_t at = authority.n;
    while (at > 0 && authority.p[at - 1] != '@')
        at--;
    ret->has_userinfo = at > 0;
    if (!read_host(r, slice_from(authority, at), ret))
        return false;
    if (!ret->has_userinfo)
        return true;
    ret->userinfo = slice_cut(authority, 0, at - 1);
    for (size_t i = 0; i < ret->userinfo.n; i++) {
        char c = ret->userinfo.p[i];
        if (!ascii_is_letter(c) && !ascii_is_digit(c) && !(c && strchr("-._:~!$&'()*+,;=%@", c)))
            return refuse(r->refusal, offset_of(r, authority) + i, 1, "invalid character in the user name");
    }
    slice password, user;
    bool colon;
    user = cut(ret->userinfo, ':', &password, &colon);
    return check_escapes(r, user) && check_escapes(r, password);
}

static bool no_scheme(const struct endpoint_reader *r)
{
    slice s = r->s;
    slice shown = utf8_cut(s, 60);
    refuse(r->refusal, 0, s.n ? 1 : 0, "no scheme");
    if (slice_starts(s, LIT("//")))
        refuse_hint(r->refusal, "write http:%.*s", FMT(shown));
    else if (s.n && (s.p[0] == ' ' || s.p[0] == '\t'))
        refuse_hint(r->refusal, "remove the leading space");
    else if (s.n && s.p[0] == '$')
        refuse_hint(r->refusal, "variables are not expanded here");
    else if (s.n)
        refuse_hint(r->refusal, "write http://%.*s", FMT(shown));
    return false;
}

bool endpoint_parse(slice s, struct endpoint *ret, struct refusal *refusal)
{
    struct endpoint_reader r = {s, refusal};
    bool found;
    *ret = (struct endpoint){0};
    slice url = cut(s, '#', &ret->fragment, &ret->has_fragment);
    for (size_t i = 0; i < url.n; i++)
        if ((unsigned char)url.p[i] < ' ' || url.p[i] == 0x7f)
            return refuse(refusal, i, 1, "control character in a URL");
    size_t scheme = scheme_length(url);
    ret->scheme = slice_cut(url, 0, scheme);
    slice rest = scheme ? (slice){url.p + scheme + 1, url.n - scheme - 1} : url;
    rest = cut(rest, '?', &ret->query, &ret->has_query);
    if (!scheme)
        return no_scheme(&r);
    if (!slice_starts(rest, LIT("//"))) {
        refuse(refusal, scheme + 1, 0, "no host: \"%.*s:\" is read as a scheme",
               FMT(utf8_cut(slice_cut(s, 0, scheme), 60)));
        bool host_and_port = rest.n && ascii_is_digit(rest.p[0]);
        bool is_host = host_and_port || slice_find_char(ret->scheme, '.') != SLICE_NONE;
        if (is_host && s.n > 60)
            refuse_hint(refusal, "write http:// in front of it");
        else if (is_host)
            refuse_hint(refusal, "write http://%.*s", FMT(s));
        else
            refuse_hint(refusal, "a scheme is followed by ://");
        return false;
    }
    slice path, authority = cut(slice_from(rest, 2), '/', &path, &found);
    if (found)
        ret->path = (slice){path.p - 1, path.n + 1};
    if (!read_authority(&r, authority, ret) || !check_escapes(&r, ret->path) ||
        !check_escapes(&r, ret->fragment))
        return false;
    bool has_host = authority.n > 0 && authority.p[authority.n - 1] != '@';
    return has_host || refuse(refusal, scheme + 3, 0, "no host");
}

/* ---- hosts ---- */

bool endpoint_host_in(slice host, slice domain)
{
    if (host.n < domain.n)
        return false;
    bool part = host.n > domain.n && host.p[host.n - domain.n - 1] == '.';
    return (part || host.n == domain.n) && slice_eq_nocase(slice_from(host, host.n - domain.n), domain);
}

bool endpoint_is_aws(slice host)
{
    static const slice domains[] = {SLICE("amazonaws.com"), SLICE("amazonaws.com.cn"), SLICE("api.aws"),
                                    SLICE("amazonwebservices.com.cn")};
    for (size_t i = 0; i < COUNT(domains); i++)
        if (endpoint_host_in(host, domains[i]))
            return true;
    return false;
}

bool endpoint_is_loopback(slice host)
{
    return slice_eq_nocase(host, LIT("localhost")) || slice_eq(host, LIT("[::1]")) ||
           (slice_starts(host, LIT("127.")) && is_ipv4(host));
}
