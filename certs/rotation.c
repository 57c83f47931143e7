/* Decides the next step of a rotation. */
#include "rotation.h"

#include "bundle.h"
#include "issue.h"

enum { LEAST_APART = 2 };

int64_t rotation_apart(int64_t life)
{
    int64_t outlived = life / BUNDLE_OUTLIVED_PART;
    int64_t apart = outlived < ISSUE_CLOCKS_APART ? outlived : ISSUE_CLOCKS_APART;
    return apart < LEAST_APART ? LEAST_APART : apart;
}

static bool clocks_agree(const struct rotation_policy *p, const struct rotation_view *v, int64_t now)
{
    int64_t ahead = now - v->server_now;
    return !v->server_now || (ahead <= p->apart && -ahead <= p->apart);
}

static struct rotation_step step(enum rotation_action action, int64_t at)
{
    return (struct rotation_step){action, at};
}

static bool settled(const struct rotation_policy *p, const struct rotation_leaf *l)
{
    return l->covered && l->covered_for >= p->settle;
}

static int64_t renewal(const struct rotation_leaf *l)
{
    return certificate_renewal_time(
        &(struct certificate_info){.not_before = l->not_before, .not_after = l->not_after});
}

struct rotation_step rotation_next(const struct rotation_policy *p, const struct rotation_view *v,
                                   int64_t now)
{
    bool next = v->has_next && v->next.usable;
    if (!clocks_agree(p, v, now))
        return step(ROTATION_HOLD, now);
    if (!v->secret)
        return step(ROTATION_CREATE, now);
    if (!v->current.usable)
        return step(next ? ROTATION_SWITCH : ROTATION_REPLACE, now);
    if (!v->bundles_seen)
        return step(ROTATION_REST, renewal(&v->current));
    if (!v->bundles_complete)
        return step(ROTATION_PUBLISH, now);
    if (next)
        return settled(p, &v->next) ? step(ROTATION_SWITCH, now)
                                    : step(ROTATION_SETTLE, now + p->settle - v->next.covered_for);
    if (v->has_next || now >= renewal(&v->current))
        return step(ROTATION_PREPARE, now);
    return v->cas_outlived ? step(ROTATION_TIDY, now) : step(ROTATION_REST, renewal(&v->current));
}

bool rotation_may_serve(const struct rotation_policy *p, bool serving, const struct rotation_leaf *current)
{
    return current->usable && (!serving || settled(p, current));
}

bool rotation_writes(enum rotation_action action)
{
    return action > ROTATION_HOLD;
}

const char *rotation_word(enum rotation_action action)
{
    static const char *const words[ROTATION_ACTION_COUNT] = {
        "rest", "settle", "hold", "create", "replace", "prepare", "publish", "switch", "tidy"};
    return words[action];
}

struct rotation_leaf rotation_look(struct arena *a, const struct certificate_pair *pair, slice cas,
                                   slice host, int64_t now, struct error *reterr)
{
    struct rotation_leaf leaf = {0};
    struct certificate_info info;
    if (!certificate_read(a, pair->certificate, &info, reterr))
        return leaf;
    leaf.not_before = info.not_before;
    leaf.not_after = info.not_after;
    leaf.usable = certificate_key_matches(pair->certificate, pair->key, reterr) &&
                  certificate_chain_valid(pair->certificate, cas, host, now, reterr);
    return leaf;
}
