/* Two replicas' keepers against a small API server.
 *
 * Nothing waits: certificates that are due were made with an earlier date, and changes settle at once. */
#ifndef BRGATE_KEEPERS_H
#define BRGATE_KEEPERS_H

#include "api_double.h"
#include "bundle.h"
#include "issue.h"
#include "keeper.h"

#define SECRET     "/api/v1/namespaces/team/secrets/brgate-tls"
#define VALIDATING "/apis/admissionregistration.k8s.io/v1/validatingwebhookconfigurations/brgate"
#define MUTATING   "/apis/admissionregistration.k8s.io/v1/mutatingwebhookconfigurations/brgate"

enum { DAY = 86400, REPLICAS = 2 };

struct replica {
    struct keeper *keeper;
    char served[65], why_not[128], said[8192];
    unsigned serves;
};

struct setting {
    struct api *api;
    struct arena *arena;
    char directory[64];
    struct replica replicas[REPLICAS];
};

/* Configurations without a caBundle, no Secret. */
struct setting *setting_new(void);
void setting_free(struct setting *s);

/* All keepers in turn until none has anything to do. */
void settle(struct setting *s);

/* A webhook configuration with two webhooks, the first with this caBundle (base64), the second with none. */
void hooks_put(struct setting *s, const char *path, const char *bundle);
void secret_put(struct setting *s, slice cas, slice cert, slice key);

/* A pair and its CA, with 90 days of life, made so many days ago. */
struct issue issued(struct setting *s, int64_t days_ago);
const char *encoded(struct setting *s, slice bytes); /* base64 */

slice stored(struct setting *s, const char *path, const char *at); /* decoded */
struct bundle bundle_at(struct setting *s, const char *path, const char *at);
slice fingerprint(struct setting *s, slice pem);

/* The four bundles and the versions of all objects, as one text to compare. */
slice everything(struct setting *s);

/* All four webhooks believe these CAs and no others. */
void assert_bundles(struct setting *s, const slice *fingerprints, size_t count);
void assert_all_serve_the_secret(struct setting *s);

#endif
