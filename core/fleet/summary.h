/* Summary of one object, kept after its file is freed, for the rules that compare objects; private to this layer. */
#ifndef BRGATE_SUMMARY_H
#define BRGATE_SUMMARY_H

#include "across.h"
#include "model.h"
#include "texts.h"

struct source_place {
    uint32_t from, to, line;
    unsigned allowed; /* rules that a comment or annotation allows here, by 1u << their number */
};

/* The rules that are judged here, by their number. */
extern const struct rule *const across_rules[];
extern const size_t across_rule_count;

/* What comparing needs of a location. A run keeps one for each object, and the fields as written are four times as large. */
struct kept_location {
    enum storage_type type;
    bool known;
    slice service, bucket, folder;
};

/* A Backup, one of the two templates of a schedule, or (named) any object for its name alone. */
struct object_summary {
    struct object_summary *next;
    uint32_t file;
    slice file_name;
    enum api_group group;
    enum resource_kind kind;
    slice namespace, name; /* of the object; empty when it has none */
    enum backup_role role;
    slice owner; /* the schedule that made a Backup, according to its label */
    bool is_log, stops, cleans;
    slice clean_policy;
    slice cluster, cluster_namespace; /* empty: not known */
    struct kept_location location;
    slice runs; /* the runs of a template are in folders whose paths begin with this */
    bool named; /* holds only the object's name, which is at `name_place` */
    struct source_place place, cluster_place, schedule_place, name_place;
    bool patch;          /* named: it has no storage, so that it may be a patch of the other */
    bool fires_by_clock; /* an unpaused schedule whose cron could be read; of its snapshot template */
    struct cron cron;
    slice schedule_group;
    unsigned reported; /* while comparing: the rules that have reported it, by 1u << their number */
};

struct object_summaries {
    struct arena *arena;
    struct arena *scratch; /* of one location while it is found */
    struct texts texts;
    struct object_summary *first, **last;
    size_t count;
};

#endif
