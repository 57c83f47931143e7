/* Encrypts with the session's own keys and counts its record as sent. */
#include "forge.h"

#include <gnutls/crypto.h>
#include <string.h>
#include <sys/socket.h>

enum { HEAD = 5, SEQUENCE = 8, NONCE = 12, SALT = 4, TAG = 16, RECORD_BYTES = HEAD + RECORD_MOST + 64 };

struct record {
    unsigned char bytes[RECORD_BYTES];
    size_t n;
};

static void put_head(struct record *r, unsigned type, size_t length)
{
    const unsigned char head[HEAD] = {(unsigned char)type, 3, 3, (unsigned char)(length >> 8),
                                      (unsigned char)length};
    memcpy(r->bytes, head, sizeof head);
    r->n = HEAD;
}

static bool encrypt(struct record *r, const gnutls_datum_t *key, const unsigned char *nonce, slice known,
                    slice plain)
{
    gnutls_aead_cipher_hd_t cipher;
    size_t n = sizeof r->bytes - r->n;
    if (gnutls_aead_cipher_init(&cipher, GNUTLS_CIPHER_AES_128_GCM, key) != 0)
        return false;
    int error = gnutls_aead_cipher_encrypt(cipher, nonce, NONCE, known.p, known.n, TAG, plain.p, plain.n,
                                           r->bytes + r->n, &n);
    gnutls_aead_cipher_deinit(cipher);
    r->n += n;
    return error == 0;
}

/* The type is behind the content; the nonce is the sequence number over the IV (RFC 8446, 5.2 and 5.3). */
static bool make_13(struct record *r, enum record_type type, slice content, const gnutls_datum_t *key,
                    const gnutls_datum_t *iv, const unsigned char *sequence)
{
    char inner[RECORD_MOST + 1];
    unsigned char nonce[NONCE];
    memcpy(nonce, iv->data, NONCE);
    for (size_t i = 0; i < SEQUENCE; i++)
        nonce[NONCE - SEQUENCE + i] ^= sequence[i];
    if (content.n)
        memcpy(inner, content.p, content.n);
    inner[content.n] = (char)type;
    put_head(r, RECORD_DATA, content.n + 1 + TAG);
    return encrypt(r, key, nonce, (slice){(char *)r->bytes, HEAD}, (slice){inner, content.n + 1});
}

/* The explicit half of the nonce is the sequence number (RFC 5288, 3; RFC 5246, 6.2.3.3). */
static bool make_12(struct record *r, enum record_type type, slice content, const gnutls_datum_t *key,
                    const gnutls_datum_t *iv, const unsigned char *sequence)
{
    unsigned char nonce[NONCE];
    const unsigned char kind[] = {(unsigned char)type, 3, 3, (unsigned char)(content.n >> 8),
                                  (unsigned char)content.n};
    char known[SEQUENCE + sizeof kind];
    memcpy(nonce, iv->data, SALT);
    memcpy(nonce + SALT, sequence, SEQUENCE);
    memcpy(known, sequence, SEQUENCE);
    memcpy(known + SEQUENCE, kind, sizeof kind);
    put_head(r, type, SEQUENCE + content.n + TAG);
    memcpy(r->bytes + r->n, sequence, SEQUENCE);
    r->n += SEQUENCE;
    return encrypt(r, key, nonce, (slice){known, sizeof known}, content);
}

bool forge_record(struct peer *p, enum record_type type, slice content)
{
    struct record r;
    gnutls_datum_t key, iv;
    unsigned char sequence[SEQUENCE];
    bool tls13 = gnutls_protocol_get_version(p->session) == GNUTLS_TLS1_3;
    if (content.n > RECORD_MOST || gnutls_record_get_state(p->session, 0, NULL, &iv, &key, sequence) != 0 ||
        !(tls13 ? make_13 : make_12)(&r, type, content, &key, &iv, sequence))
        return false;
    for (size_t i = SEQUENCE; i-- && ++sequence[i] == 0;)
        ;
    if (gnutls_record_set_state(p->session, 0, sequence) != 0)
        return false;
    slice left = {(char *)r.bytes, r.n};
    while (left.n) {
        ssize_t sent = send(p->fd, left.p, left.n, MSG_NOSIGNAL);
        if (sent <= 0)
            return false;
        left = slice_from(left, (size_t)sent);
    }
    return true;
}
