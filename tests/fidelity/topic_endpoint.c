/* Endpoints: Go's url.Parse, with scheme and host. */
#include "topics.h"

#include "endpoint.h"

static void make(struct dice *d, struct buf *b)
{
    static const char *const schemes[] = {
        "http://", "https://", "http://", "HTTP://",  "s3://",      "ftp://", "",        "//",
        "http:/",  "http:",    "${x}",    "1http://", "a.b+c-1://", "://",    "http:///"};
    static const char *const users[] = {"",        "",       "",      "",  "u@",         "u:p@",
                                        "u:p%20@", "u:p@q@", "u%zz@", "@", "u\xc3\xa9@", "a b@"};
    static const char *const hosts[] = {"minio",
                                        "minio.minio.svc",
                                        "10.0.0.1",
                                        "[::1]",
                                        "[fe80::1%25en0]",
                                        "[::ffff:1.2.3.4]",
                                        "[1.2.3.4]",
                                        "[1:2:3:4:5:6:7:8]",
                                        "[1:2:3:4:5:6:7::]",
                                        "[1::2::3]",
                                        "[::1",
                                        "::1",
                                        "",
                                        "h%C3%A9",
                                        "h%41",
                                        "mi nio",
                                        "\xe4\xb8\xad",
                                        "a_b",
                                        "a<b>",
                                        "[12345::]",
                                        "[::%25]",
                                        "h\"x",
                                        "[1:2:3:4:5:6:1.2.3.4]",
                                        "[::1.2.3.04]",
                                        "a:b:c",
                                        "h%",
                                        "[::1%25%41]",
                                        "a[b",
                                        "a]b"};
    static const char *const ports[] = {"", "", ":9000", ":", ":abc", ":65536000", ":-1", ":9000:1", ":%20"};
    static const char *const rests[] = {"",     "",       "",     "/",      "/path", "?x=1",   "?",    "#f",
                                        "/%zz", "/a%20b", "#%zz", "/a?b?c", "??",    "/a\x7f", "#\x01"};
    /* Mostly one odd part at a time: otherwise nearly everything is refused. */
    buf_put(b, slice_of(dice_one_in(d, 3) ? DICE_PICK(d, schemes) : "https://"));
    buf_put(b, slice_of(dice_one_in(d, 4) ? DICE_PICK(d, users) : ""));
    buf_put(b, slice_of(dice_one_in(d, 2) ? DICE_PICK(d, hosts) : "minio"));
    buf_put(b, slice_of(dice_one_in(d, 3) ? DICE_PICK(d, ports) : ":9000"));
    buf_put(b, slice_of(dice_one_in(d, 3) ? DICE_PICK(d, rests) : "/"));
    dice_damage(d, b, 0, "htp:/@[]%25?#. 0af*");
}

static void answer(struct arena *a, slice input, struct buf *b)
{
    (void)a;
    struct endpoint e;
    struct refusal why = {0};
    if (!endpoint_parse(input, &e, &why)) {
        buf_put(b, LIT("-"));
        return;
    }
    buf_char(b, '+');
    for (size_t i = 0; i < e.scheme.n; i++)
        buf_char(b,
                 (char)(e.scheme.p[i] >= 'A' && e.scheme.p[i] <= 'Z' ? e.scheme.p[i] + 32 : e.scheme.p[i]));
    buf_put(b, LIT(" port="));
    buf_put(b, e.port);
    if (e.has_userinfo)
        buf_put(b, LIT(" user"));
    if (e.has_query)
        buf_put(b, LIT(" query"));
    if (e.path.n)
        buf_put(b, LIT(" path"));
}

const struct fidelity_topic topic_endpoint = {"endpoint", make, answer, NULL, 0};
