/* The list of topics. */
#include "topics.h"

const struct fidelity_topic *const fidelity_topics[] = {
#define TOPIC(name) &topic_##name,
#include "topics.def"
#undef TOPIC
};
const size_t fidelity_topic_count = COUNT(fidelity_topics);
