#include "enforcement_option.h"

bool enforcement_take(void *settings, const struct option *o, const char *value, struct error *reterr)
{
    return enforcement_read(slice_of(value), (enum enforcement *)((char *)settings + o->at), reterr);
}
