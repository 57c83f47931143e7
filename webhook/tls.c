/* Loads certificate, key and client CA, and hands them to sessions. */
#include "tls.h"

#include "certificate.h"
#include "civil.h"
#include "clock.h"
#include "tls_files.h"
#include "tls_selftest.h"

#include <errno.h>
#include <gnutls/x509.h>
#include <pthread.h>
#include <stdatomic.h>
#include <unistd.h>

enum {
    CHAIN_MOST = 8,
    ARENA_BYTES = 8 << 20,
};

struct tls_pair {
    atomic_uint references;
    gnutls_pcert_st chain[CHAIN_MOST];
    unsigned chain_count;
    gnutls_privkey_t key;
    gnutls_x509_trust_list_t client_cas; /* NULL: clients are not asked */
    int64_t not_before, not_after;
    bool for_name; /* of --tls-name, if that is given */
    char fingerprint[65];
};

struct tls {
    const struct server_options *options;
    struct log *log;
    pthread_mutex_t reloading;            /* held while a pair is loaded */
    char *given_cert, *given_key;         /* instead of files, by tls_replace(); under `reloading` */
    pthread_mutex_t lock;                 /* of everything below; held for a few loads only */
    struct tls_pair *current;             /* NULL: none has been given yet */
    bool current_given;                   /* by tls_replace() */
    unsigned char seen[TLS_DIGEST_BYTES]; /* of the texts tried last */
    bool unreadable;                      /* at the last check */
    const char *trouble;                  /* what tls_trouble() was at the last look; under `reloading` */
    bool matches_file;
    uint64_t reloads, failures;
    int64_t loaded_at;
    int64_t too_early; /* the texts tried last are of a pair that begins then; 0: they are not */
};

static void pair_release(struct tls_pair *p)
{
    if (!p || atomic_fetch_sub(&p->references, 1) != 1)
        return;
    for (unsigned i = 0; i < p->chain_count; i++)
        gnutls_pcert_deinit(&p->chain[i]);
    if (p->key)
        gnutls_privkey_deinit(p->key);
    if (p->client_cas)
        gnutls_x509_trust_list_deinit(p->client_cas, 1);
    free(p);
}

static bool fail(struct error *reterr, const char *what, const char *file, const char *reason)
{
    return error_set(reterr, "%s%s%s: %s", what, file ? " " : "", file ? file : "", reason);
}

/* Once more until they agree with the texts that were tried last, or with themselves. */
static bool read_texts(struct arena *a, const struct tls *t, struct tls_files *ret, struct error *reterr)
{
    const struct server_options *o = t->options;
    slice cert = t->given_cert ? slice_of(t->given_cert) : o->cert_pem;
    slice key = t->given_key ? slice_of(t->given_key) : o->key_pem;
    return tls_files_read(a, o, cert, key, t->seen, ret, reterr);
}

static gnutls_datum_t datum(slice s)
{
    return (gnutls_datum_t){(unsigned char *)(uintptr_t)s.p, (unsigned)s.n}; /* GnuTLS does not write to it */
}

static bool load_chain(struct tls_pair *p, const struct server_options *o, slice pem, struct error *reterr)
{
    gnutls_datum_t text = datum(pem);
    p->chain_count = CHAIN_MOST;
    int error = gnutls_pcert_list_import_x509_raw(p->chain, &p->chain_count, &text, GNUTLS_X509_FMT_PEM, 0);
    if (error < 0) {
        p->chain_count = 0;
        return fail(reterr, "--tls-cert", o->cert_file, gnutls_strerror(error));
    }
    return true;
}

static bool load_key(struct tls_pair *p, const struct server_options *o, slice pem, struct error *reterr)
{
    gnutls_datum_t text = datum(pem);
    int error = gnutls_privkey_init(&p->key);
    if (error == 0)
        error = gnutls_privkey_import_x509_raw(p->key, &text, GNUTLS_X509_FMT_PEM, NULL, 0);
    return error == 0 || fail(reterr, "--tls-key", o->key_file, gnutls_strerror(error));
}

static bool load_client_cas(struct arena *a, struct tls_pair *p, const struct server_options *o, slice pem,
                            struct error *reterr)
{
    struct certificate_info info;
    struct error error;
    if (!o->client_ca_file)
        return true;
    if (!certificate_read(a, pem, &info, &error))
        return fail(reterr, "--client-ca", o->client_ca_file, error.text);
    gnutls_datum_t text = datum(pem);
    int count = gnutls_x509_trust_list_init(&p->client_cas, 0);
    if (count == 0)
        count = gnutls_x509_trust_list_add_trust_mem(p->client_cas, &text, NULL, GNUTLS_X509_FMT_PEM, 0, 0);
    return count > 0 || fail(reterr, "--client-ca", o->client_ca_file,
                             count ? gnutls_strerror(count) : "it contains no certificate");
}

/* Asks OpenSSL about the same texts: whether key and certificate belong together, and until when they are valid. */
static bool check_pair(struct arena *a, struct tls_pair *p, const struct server_options *o,
                       const struct tls_files *s, struct error *reterr)
{
    struct certificate_info info;
    struct error error;
    if (!certificate_read(a, s->cert, &info, &error)) {
        bool exchanged = certificate_read(a, s->key, &info, NULL);
        error_set(&error, "%s%s", error.text, exchanged ? "; are the two files exchanged?" : "");
        return fail(reterr, "--tls-cert", o->cert_file, error.text);
    }
    if (!certificate_key_matches(s->cert, s->key, &error))
        return fail(reterr, "--tls-key", o->key_file, error.text);
    p->not_before = info.not_before;
    p->not_after = info.not_after;
    p->for_name = !o->tls_name || certificate_is_for(s->cert, slice_of(o->tls_name));
    snprintf(p->fingerprint, sizeof p->fingerprint, "%.*s", FMT(info.fingerprint));
    return true;
}

static bool check_handshake(struct tls_pair *p, const struct server_options *o, struct error *reterr)
{
    int error = tls_selftest(p->chain, p->chain_count, p->key,
                             o->tls_priority ? o->tls_priority : SERVER_TLS_PRIORITY);
    struct error reason;
    error_set(&reason, "no client could complete a handshake with it: %s", gnutls_strerror(error));
    return error == 0 || fail(reterr, "--tls-cert", o->cert_file, reason.text);
}

static struct tls_pair *pair_load(struct arena *a, const struct server_options *o, const struct tls_files *s,
                                  struct error *reterr)
{
    struct tls_pair *p = calloc(1, sizeof *p);
    if (!p) {
        fail(reterr, "certificate", NULL, "out of memory");
        return NULL;
    }
    atomic_init(&p->references, 1);
    if (check_pair(a, p, o, s, reterr) && load_chain(p, o, s->cert, reterr) &&
        load_key(p, o, s->key, reterr) && check_handshake(p, o, reterr) &&
        load_client_cas(a, p, o, s->client_ca, reterr))
        return p;
    pair_release(p);
    return NULL;
}

static const char *trouble_of(const struct tls_pair *p)
{
    int64_t now = clock_unix();
    if (p->not_after < now)
        return "the certificate has expired";
    if (p->not_before > now)
        return "the certificate is not valid yet";
    return p->for_name ? NULL : "the certificate is not for the name that --tls-name gives";
}

/* One line with the certificate's names and the one that is missing. */
static bool other_name(struct arena *a, const struct server_options *o, slice cert, struct error *reterr)
{
    struct certificate_info info;
    struct error reason;
    if (!certificate_read(a, cert, &info, reterr))
        return false;
    error_set(&reason, "the certificate is for ");
    for (size_t i = 0; i < info.name_count; i++)
        error_set(&reason, "%s%s%.*s", reason.text, i ? ", " : "", FMT(info.names[i]));
    error_set(&reason, "%s, not for %s, as --tls-name requires",
              info.name_count ? reason.text : "the certificate is for no name", o->tls_name);
    return fail(reterr, o->cert_file ? "--tls-cert" : "--self-signed", o->cert_file, reason.text);
}

static void report_loaded(struct tls *t, const struct tls_pair *p)
{
    struct civil c = civil_of(p->not_after);
    log_event(t->log, LOG_LEVEL_INFO, "certificate",
              "certificate %s is valid until %04d-%02d-%02dT%02d:%02d:%02dZ", p->fingerprint, c.year, c.month,
              c.day, c.hour, c.minute, c.second);
}

/* Logged when the trouble begins or changes, not at every check. */
static void report_trouble(struct tls *t)
{
    const char *trouble = tls_trouble(t);
    if (trouble && trouble != t->trouble)
        log_event(t->log, LOG_LEVEL_ERROR, "certificate", "%s: not ready until there is a better one",
                  trouble);
    t->trouble = trouble;
}

static bool load_first(struct arena *a, struct tls *t, struct error *reterr)
{
    struct tls_files s;
    if (!t->options->cert_file && !t->options->cert_pem.n)
        return true;
    if (read_texts(a, t, &s, reterr))
        t->current = pair_load(a, t->options, &s, reterr);
    if (!t->current)
        return false;
    memcpy(t->seen, s.digest, sizeof t->seen);
    t->matches_file = true;
    t->loaded_at = clock_unix();
    report_loaded(t, t->current);
    report_trouble(t);
    return true;
}

/* Whether a client would accept the pair now; false with one line. */
static bool check_accepted(struct arena *a, const struct tls_pair *p, const struct server_options *o,
                           slice cert, struct error *reterr)
{
    const char *trouble = trouble_of(p);
    if (!p->for_name)
        return other_name(a, o, cert, reterr);
    return !trouble || fail(reterr, o->cert_file ? "--tls-cert" : "--self-signed", o->cert_file, trouble);
}

bool tls_check(const struct server_options *o, struct log *l, struct error *reterr)
{
    struct tls t = {.options = o, .log = l};
    struct tls_files s;
    struct arena *a = arena_new(ARENA_BYTES);
    if (!a)
        return error_set(reterr, "out of memory");
    bool given = o->cert_file || o->cert_pem.n;
    struct tls_pair *p = given && read_texts(a, &t, &s, reterr) ? pair_load(a, o, &s, reterr) : NULL;
    bool usable = p ? check_accepted(a, p, o, s.cert, reterr) : !given;
    if (p && usable)
        report_loaded(&t, p);
    pair_release(p);
    arena_free(a);
    return usable;
}

bool tls_priority_check(const struct server_options *o, struct error *reterr)
{
    gnutls_priority_t parsed;
    const char *at = NULL;
    if (!o->tls_priority || gnutls_priority_init(&parsed, o->tls_priority, &at) == 0) {
        if (o->tls_priority)
            gnutls_priority_deinit(parsed);
        return true;
    }
    return error_set(reterr, "--tls-priority %s: not a GnuTLS priority string%s%s", o->tls_priority,
                     at && *at ? ", from here: " : "", at ? at : "");
}

struct tls *tls_new(const struct server_options *o, struct log *l, struct error *reterr)
{
    struct arena *a = arena_new(ARENA_BYTES);
    struct tls *t = calloc(1, sizeof *t);
    bool done = false;
    error_set(reterr, "out of memory");
    if (a && t) {
        t->options = o;
        t->log = l;
        pthread_mutex_init(&t->lock, NULL);
        pthread_mutex_init(&t->reloading, NULL);
        done = load_first(a, t, reterr);
    }
    arena_free(a);
    if (done)
        return t;
    free(t);
    return NULL;
}

static void forget(char *text)
{
    if (text)
        explicit_bzero(text, strlen(text));
    free(text);
}

void tls_free(struct tls *t)
{
    if (!t)
        return;
    pair_release(t->current);
    forget(t->given_cert);
    forget(t->given_key);
    pthread_mutex_destroy(&t->lock);
    pthread_mutex_destroy(&t->reloading);
    free(t);
}

/* A pair that clients cannot accept never replaces one that they can. */
static bool is_worse(const struct tls_pair *fresh, const struct tls_pair *current, struct error *reterr)
{
    const char *trouble = trouble_of(fresh);
    return trouble && current && !trouble_of(current) && !fail(reterr, "the new pair", NULL, trouble);
}

static bool replace(struct tls *t, struct arena *a, const struct tls_files *s, struct error *reterr)
{
    struct tls_pair *fresh = pair_load(a, t->options, s, reterr);
    t->too_early = 0;
    if (fresh && !t->given_cert && is_worse(fresh, t->current, reterr)) {
        t->too_early = fresh->not_before > clock_unix() ? fresh->not_before : 0;
        pair_release(fresh);
        fresh = NULL;
    }
    pthread_mutex_lock(&t->lock);
    struct tls_pair *old = fresh ? t->current : NULL;
    memcpy(t->seen, s->digest, sizeof t->seen);
    t->matches_file = fresh != NULL;
    if (fresh) {
        t->current = fresh;
        t->current_given = t->given_cert != NULL;
        t->reloads++;
        t->loaded_at = clock_unix();
    } else {
        t->failures++;
    }
    pthread_mutex_unlock(&t->lock);
    pair_release(old);
    if (fresh)
        report_loaded(t, fresh);
    else
        log_event(t->log, LOG_LEVEL_ERROR, "certificate", "%s; the old certificate stays in use",
                  reterr->text);
    return fresh;
}

/* A pair that was refused only because it is not valid yet is tried again when it is. */
static bool has_begun(const struct tls *t)
{
    return t->too_early && clock_unix() >= t->too_early;
}

/* With `reloading` held, so `seen`, `unreadable` and `current` do not change beneath it. */
static void reload(struct tls *t, struct arena *a, bool forced)
{
    struct error error;
    struct tls_files s;
    bool was_unreadable = t->unreadable;
    t->unreadable = !read_texts(a, t, &s, &error);
    if (!t->unreadable) {
        if (forced || has_begun(t) || memcmp(s.digest, t->seen, sizeof s.digest) != 0)
            replace(t, a, &s, &error);
    } else if (!was_unreadable || forced) { /* once, not at every check */
        pthread_mutex_lock(&t->lock);
        t->matches_file = false;
        t->failures++;
        memset(t->seen, 0, sizeof t->seen);
        pthread_mutex_unlock(&t->lock);
        log_event(t->log, LOG_LEVEL_ERROR, "certificate", "%s; the old certificate stays in use", error.text);
    }
}

static bool awaits_its_first(const struct tls *t)
{
    return !t->options->cert_file && !t->options->cert_pem.n && !t->given_cert;
}

void tls_reload(struct tls *t, bool forced)
{
    struct arena *a = arena_new(ARENA_BYTES);
    pthread_mutex_lock(&t->reloading);
    if (a && !awaits_its_first(t))
        reload(t, a, forced);
    report_trouble(t);
    pthread_mutex_unlock(&t->reloading);
    arena_free(a);
}

bool tls_replace(struct tls *t, slice cert, slice key, struct error *reterr)
{
    struct tls_files s;
    struct arena *a = arena_new(ARENA_BYTES);
    char *given_cert = strndup(slice_c(cert), cert.n), *given_key = strndup(slice_c(key), key.n);
    pthread_mutex_lock(&t->reloading);
    char *old_cert = t->given_cert, *old_key = t->given_key;
    t->given_cert = given_cert;
    t->given_key = given_key;
    error_set(reterr, "out of memory");
    bool done = a && given_cert && given_key && read_texts(a, t, &s, reterr) && replace(t, a, &s, reterr);
    if (!done) {
        t->given_cert = old_cert;
        t->given_key = old_key;
    }
    pthread_mutex_unlock(&t->reloading);
    arena_free(a);
    forget(done ? old_cert : given_cert);
    forget(done ? old_key : given_key);
    return done;
}

const char *tls_trouble(struct tls *t)
{
    pthread_mutex_lock(&t->lock);
    const char *trouble = t->current && !t->current_given ? trouble_of(t->current) : NULL;
    pthread_mutex_unlock(&t->lock);
    return trouble;
}

void tls_gauges(struct tls *t, struct metrics_gauges *ret)
{
    pthread_mutex_lock(&t->lock);
    ret->tls = t->current != NULL;
    if (!t->current) {
        pthread_mutex_unlock(&t->lock);
        return;
    }
    ret->valid = t->current_given || !trouble_of(t->current);
    ret->not_before = t->current->not_before;
    ret->not_after = t->current->not_after;
    ret->loaded_at = t->loaded_at;
    memcpy(ret->fingerprint, t->current->fingerprint, sizeof ret->fingerprint);
    ret->reloads = t->reloads;
    ret->reload_failures = t->failures;
    ret->matches_file = t->matches_file;
    pthread_mutex_unlock(&t->lock);
}

static struct tls_pair *hold_current(struct tls_hold *hold)
{
    if (!hold->pair) {
        pthread_mutex_lock(&hold->tls->lock);
        hold->pair = hold->tls->current;
        if (hold->pair)
            atomic_fetch_add(&hold->pair->references, 1);
        pthread_mutex_unlock(&hold->tls->lock);
    }
    return hold->pair;
}

void tls_release(struct tls_hold *hold)
{
    pair_release(hold->pair);
    hold->pair = NULL;
}

int tls_retrieve(gnutls_session_t session, const gnutls_datum_t *ca_names, int ca_count,
                 const gnutls_pk_algorithm_t *algorithms, int algorithm_count, gnutls_pcert_st **ret_chain,
                 unsigned *ret_count, gnutls_privkey_t *ret_key)
{
    (void)ca_names, (void)ca_count, (void)algorithms, (void)algorithm_count;
    struct tls_hold *hold = gnutls_session_get_ptr(session);
    if (!hold)
        return -1;
    struct tls_pair *p = hold_current(hold);
    if (!p)
        return -1;
    *ret_chain = p->chain;
    *ret_count = p->chain_count;
    *ret_key = p->key;
    return 0;
}

static int on_finished(gnutls_session_t session, unsigned type, unsigned when, unsigned incoming,
                       const gnutls_datum_t *message)
{
    (void)type, (void)when, (void)message;
    struct tls_hold *hold = gnutls_session_get_ptr(session);
    if (incoming) /* the client's Finished: the last message of a full handshake that waits for the client */
        hold->handshake_done(hold);
    return 0;
}

static bool name_allowed(const struct server_options *o, slice name)
{
    for (size_t i = 0; i < o->client_name_count; i++)
        if (slice_eq(name, slice_of(o->client_names[i])))
            return true;
    return false;
}

static bool client_name_allowed(const struct server_options *o, gnutls_x509_crt_t client)
{
    char name[256];
    size_t n = sizeof name;
    if (!o->client_name_count)
        return true;
    if (gnutls_x509_crt_get_dn_by_oid(client, GNUTLS_OID_X520_COMMON_NAME, 0, 0, name, &n) == 0 &&
        name_allowed(o, (slice){name, n}))
        return true;
    for (unsigned i = 0;; i++) {
        n = sizeof name;
        int type = gnutls_x509_crt_get_subject_alt_name(client, i, name, &n, NULL);
        if (type == GNUTLS_E_SHORT_MEMORY_BUFFER)
            continue;
        if (type < 0)
            return false;
        if (type == GNUTLS_SAN_DNSNAME && name_allowed(o, (slice){name, n}))
            return true;
    }
}

static bool client_trusted(struct tls_hold *hold, gnutls_x509_crt_t *chain, unsigned count)
{
    struct tls_pair *p = hold_current(hold);
    gnutls_typed_vdata_st purpose = {.type = GNUTLS_DT_KEY_PURPOSE_OID,
                                     .data = (unsigned char *)(uintptr_t)GNUTLS_KP_TLS_WWW_CLIENT};
    unsigned status = 0;
    return gnutls_x509_trust_list_verify_crt2(p->client_cas, chain, count, &purpose, 1, 0, &status, NULL) ==
               0 &&
           status == 0 && client_name_allowed(hold->tls->options, chain[0]);
}

/* Called inside the handshake, so a client that is not allowed never gets to send a request. libmicrohttpd
 * gives GnuTLS neither a ticket key nor a session store: nothing is resumed, every connection passes here. */
static int verify_client(gnutls_session_t session)
{
    struct tls_hold *hold = gnutls_session_get_ptr(session);
    gnutls_x509_crt_t chain[CHAIN_MOST];
    unsigned sent = 0, count = 0;
    const gnutls_datum_t *raw = gnutls_certificate_get_peers(session, &sent);
    bool trusted = raw && sent && sent <= CHAIN_MOST;
    while (trusted && count < sent) {
        trusted = gnutls_x509_crt_init(&chain[count]) == 0;
        if (trusted) {
            trusted = gnutls_x509_crt_import(chain[count], &raw[count], GNUTLS_X509_FMT_DER) == 0;
            count++;
        }
    }
    trusted = trusted && client_trusted(hold, chain, count);
    while (count)
        gnutls_x509_crt_deinit(chain[--count]);
    if (trusted)
        return 0;
    gnutls_alert_send(session, GNUTLS_AL_FATAL, GNUTLS_A_BAD_CERTIFICATE);
    return GNUTLS_E_CERTIFICATE_ERROR;
}

void tls_prepare(struct tls *t, gnutls_session_t session, struct tls_hold *hold)
{
    gnutls_session_set_ptr(session, hold);
    if (!hold)
        return;
    hold->tls = t;
    gnutls_handshake_set_hook_function(session, GNUTLS_HANDSHAKE_FINISHED, GNUTLS_HOOK_POST, on_finished);
    if (!t->options->client_ca_file)
        return;
    gnutls_certificate_server_set_request(session, GNUTLS_CERT_REQUIRE);
    gnutls_session_set_verify_function(session, verify_client);
}
