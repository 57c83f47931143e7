/* Endpoints of S3 storage: a URL that Go's net/url.Parse takes, with scheme and host. [Go 1.26:
 * net/url/url.go] */
#ifndef BRGATE_ENDPOINT_H
#define BRGATE_ENDPOINT_H

#include "refusal.h"

/* The parts as written, in `s`. An endpoint should have only scheme, host and port; the operator accepts the other
 * parts, and passes them on. */
struct endpoint {
    slice scheme;   /* any case */
    slice userinfo; /* without the @ */
    slice host;     /* brackets of an IPv6 address included */
    slice port;     /* digits; may be empty behind a colon */
    slice path;     /* from the first slash on */
    slice query;    /* without the ? */
    slice fragment; /* without the # */
    bool has_userinfo, has_query, has_fragment;
};

/* Accepts what the operator accepts: the URL parses, and neither scheme nor host (with port) is empty. */
bool endpoint_parse(slice s, struct endpoint *ret, struct refusal *refusal);

/* Returns whether the host is the domain itself, or in it. */
bool endpoint_host_in(slice host, slice domain);
bool endpoint_is_aws(slice host);
/* Returns whether the host is the machine itself: localhost, 127.0.0.0/8, ::1. */
bool endpoint_is_loopback(slice host);

/* Returns whether Go's net/netip reads it as an IPv6 address, with or without a %zone. */
bool ipv6_valid(slice s);

#endif
