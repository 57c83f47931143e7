/* Reads one YAML document into a tree; internal to this layer. */
#ifndef BRGATE_YAML_READER_H
#define BRGATE_YAML_READER_H

#include "reader.h"

struct yaml_reader;

/* A reader of the documents in `stream`; it and all trees live in the arena. */
struct yaml_reader *yaml_reader_new(struct arena *a, slice stream);

/* Reads bytes [at, end) of the stream as one document. Returns false and adds a finding when it is broken; `*ret_root`
 * is NULL when it is empty. */
bool yaml_read(struct yaml_reader *y, uint32_t at, uint32_t end, struct findings *f, struct node **ret_root);

/* ---- yaml_source.c: libyaml counts characters, nodes count bytes ---- */

struct yaml_source {
    slice bytes;      /* the stream */
    uint32_t at, end; /* the document */
    uint32_t text_at; /* the byte of libyaml's character 0 */
    uint32_t fed;     /* how far libyaml has been given the document */
    bool fed_break;   /* also the line break that kubectl's line reader puts at its end */
    bool simple;      /* ASCII with single line breaks: characters are bytes */
    size_t index;     /* the cursor: a character and its byte */
    uint32_t offset;
};

/* Returns false and adds a finding when the document is not UTF-8 or contains control characters: libyaml would report
 * that without a position. */
bool yaml_source_start(struct yaml_source *s, uint32_t at, uint32_t end, struct findings *f);

/* Copies the next bytes for libyaml, at most `size`, with LF for CR LF as in kubectl's line reader; returns their
 * number, 0 at the end. */
size_t yaml_source_feed(struct yaml_source *s, char *to, size_t size);

/* Returns the byte of libyaml's character `index`. Marks come nearly in order, so the cursor moves little. */
uint32_t yaml_source_offset(struct yaml_source *s, size_t index);

/* Returns where the value of the event at [at, end) begins: after its anchor and tag, at most `end`. `*ret_tag` is the
 * tag as written, or empty; `*ret_odd` is a byte in it at which other readers end the tag ("!!str,"), or 0. */
uint32_t yaml_source_value(const struct yaml_source *s, uint32_t at, uint32_t end, slice *ret_tag,
                           uint32_t *ret_odd);

/* ---- yaml_fault.c: libyaml's errors in words that help ---- */

struct yaml_fault {
    slice problem, context; /* libyaml's; `context` may be empty */
    uint32_t at;            /* of the problem: a byte of the stream */
    uint32_t context_at;    /* of the context */
    uint32_t doc_at, end;   /* the document */
};

extern const char *const yaml_template_hint; /* the hint for text that contains {{ }} */

/* Adds the finding for an error of libyaml. */
void yaml_fault_report(struct findings *f, slice stream, const struct yaml_fault *fault);

#endif
