/* One YAML document into a tree. Internal to this layer. */
#ifndef BRGATE_YAML_READER_H
#define BRGATE_YAML_READER_H

#include "reader.h"

struct yaml_reader;

struct yaml_reader *yaml_reader_new(struct arena *a, slice stream);

/* Reads bytes [at, end) of the stream as one document. False, and a finding, when it is broken; `*ret_root`
 * is NULL when it is empty. */
bool yaml_read(struct yaml_reader *y, uint32_t at, uint32_t end, struct findings *f, struct node **ret_root);

/* ---- yaml_source.c: libyaml counts characters, nodes count bytes ---- */

struct yaml_source {
    slice bytes;      /* the stream */
    uint32_t at, end; /* the document */
    uint32_t text_at; /* where libyaml's character 0 stands */
    uint32_t fed;     /* how far libyaml has been given the document */
    bool fed_break;   /* and the line break that kubectl's line reader puts at its end */
    bool simple;      /* ASCII with single line breaks: characters are bytes */
    size_t index;     /* a character and its byte: the cursor */
    uint32_t offset;
};

/* False, and a finding, when the document is not UTF-8 or holds control characters: libyaml would say so
 * without a place. */
bool yaml_source_start(struct yaml_source *s, uint32_t at, uint32_t end, struct findings *f);

/* The next bytes for libyaml, with LF for CR LF, as kubectl's line reader leaves them. */
size_t yaml_source_feed(struct yaml_source *s, char *to, size_t size);

/* The byte at which libyaml's character stands. Marks come nearly in order, so the cursor moves little. */
uint32_t yaml_source_offset(struct yaml_source *s, size_t index);

/* Where the value of an event begins that stands in [at, end): behind its anchor and its tag, `end` at most.
 * `*ret_tag` is the tag as it is written, or empty; `*ret_odd` a byte in it that ends it elsewhere
 * ("!!str,"), or 0. */
uint32_t yaml_source_value(const struct yaml_source *s, uint32_t at, uint32_t end, slice *ret_tag,
                           uint32_t *ret_odd);

/* ---- yaml_fault.c: what libyaml complains about, in words that help ---- */

struct yaml_fault {
    slice problem, context; /* libyaml's; `context` may be empty */
    uint32_t at;            /* of the problem: a byte of the stream */
    uint32_t context_at;    /* of the context */
    uint32_t doc_at, end;   /* the document */
};

extern const char *const yaml_template_hint; /* what to do where {{ }} stands in the text */

void yaml_fault_report(struct findings *f, slice stream, const struct yaml_fault *fault);

#endif
