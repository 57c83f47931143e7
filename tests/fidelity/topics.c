/* The list of topics; each is a source of its own. */
#include "topics.h"

const struct fidelity_topic *const fidelity_topics[] = {
    &topic_crd,  &topic_duration, &topic_timestamp,       &topic_cron, &topic_regexp, &topic_schema,
    &topic_json, &topic_yaml,     &topic_yaml_duplicates,
};
const size_t fidelity_topic_count = sizeof fidelity_topics / sizeof *fidelity_topics;
