#ifndef BRGATE_TOPICS_H
#define BRGATE_TOPICS_H

#include "fidelity.h"

extern const struct fidelity_topic topic_crd, topic_duration, topic_timestamp, topic_cron, topic_regexp,
    topic_schema;
extern const struct fidelity_topic topic_json, topic_yaml, topic_yaml_duplicates;

#endif
