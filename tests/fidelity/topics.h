#ifndef BRGATE_TOPICS_H
#define BRGATE_TOPICS_H

#include "fidelity.h"

#define TOPIC(name) extern const struct fidelity_topic topic_##name;
#include "topics.def"
#undef TOPIC

#endif
