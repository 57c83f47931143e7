/* Every limit of the program on what it reads and writes, with its reason. Limits of the server and of the
 * certificates are beside their code: they can be set by flags. */
#ifndef BRGATE_LIMITS_H
#define BRGATE_LIMITS_H

enum {
    /* The API server takes 3 MiB from a client and sends old and new object in one review: 6 MiB and the
       envelope. */
    LIMIT_DOCUMENT_BYTES = 8 << 20,
    /* A stream of documents: positions have 32 bits, and no repository holds manifests of that size. */
    LIMIT_STREAM_BYTES = 256 << 20,
    /* The deepest path in our CRDs has 18 levels; the API server stops at 10,000 and libyaml 0.2.5 is
       quadratic. */
    LIMIT_DEPTH = 200,
    /* Nodes that aliases and merge keys may add to one stream. */
    LIMIT_EXPANDED_NODES = 1 << 20,
    /* Errors shown of one object, and as many warnings; more are counted only. */
    LIMIT_FINDINGS = 200,
    /* Errors of one object that are looked at: which of them are suppressed, or were there before an update, is
       known only when all have been found. One more denies the object. Real objects have a handful. */
    LIMIT_ERRORS = 1000,
    /* Lines of %TAG and the like before one document: libyaml compares each with all before it. A document has none
       or one. */
    LIMIT_DIRECTIVES = 100,
    /* Documents in one YAML stream. */
    LIMIT_DOCUMENTS = 10000,
    /* Memory of one file. */
    LIMIT_ARENA_BYTES = 1 << 30,
    /* Memory of one review: for each byte of its body at most LIMIT_REVIEW_FACTOR, and LIMIT_REVIEW_BASE_BYTES for
       findings, patch and answer. A node takes 88 bytes; an element of imagePullSecrets, `{},`, makes two of
       them. tests/verdict/test_memory.c looks for what takes more. */
    LIMIT_REVIEW_FACTOR = 64,
    LIMIT_REVIEW_BASE_BYTES = 8 << 20,
    /* PCRE2 steps for one match: the longest run our patterns take on 10 KB of text is below 100,000. */
    LIMIT_PATTERN_STEPS = 1000000,
    /* One regular expression: PCRE2 compiles to at most 64 KiB, and the longest in our documents has 120
       bytes. */
    LIMIT_PATTERN_BYTES = 16 << 10,
    /* Groups in groups: PCRE2's own default, which keeps its recursion within a thread's stack. */
    LIMIT_PATTERN_DEPTH = 250,
    /* Rules of one table filter that are read, each perhaps with two regular expressions to compile. */
    LIMIT_FILTER_RULES = 1000,
    /* A settings file. */
    LIMIT_SETTINGS_BYTES = 1 << 20,
    /* Entries of `namespaces` in a settings file: each has the severities of all rules, some 10 KiB. */
    LIMIT_POLICY_NAMESPACES = 100,
    /* `docs` in a settings file: part of every denial. */
    LIMIT_DOCS_URL_BYTES = 200,
    /* Bytes of one finding's message: kubectl prints it on one line. */
    LIMIT_MESSAGE_BYTES = 2048,
    /* A path or a reason, quoted, in an audit annotation. All rules together stay below 100 KiB, where an API server
       with --audit-log-truncate-enabled cuts events. */
    LIMIT_AUDIT_BYTES = 200,
    /* The defaults that a review's answer adds; one that needs more goes without them. */
    LIMIT_PATCH_BYTES = 512 << 10,
    /* A review's answer. */
    LIMIT_RESPONSE_BYTES = 4 << 20,
};

#endif
