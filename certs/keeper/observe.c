/* Reads the Secret and the configurations, and works out what a decision needs to know. */
#include "observe.h"

#include "bundle.h"
#include "clock.h"

static void fingerprint_of(struct arena *a, slice certificate, char ret[65])
{
    struct certificate_info info;
    ret[0] = '\0';
    if (certificate.n && certificate_read(a, certificate, &info, NULL))
        snprintf(ret, 65, "%.*s", FMT(info.fingerprint));
}

bool look_covers(struct arena *a, const struct look *l, slice chain)
{
    size_t hooks = 0;
    for (unsigned kind = 0; kind < STORE_KINDS; kind++) {
        if (!hooks_cover(a, &l->hooks[kind], chain, (slice){0}, l->now))
            return false;
        hooks += hooks_first(&l->hooks[kind]) != NULL;
    }
    return hooks;
}

/* The begin of an unbroken observation; `ticks` when it begins now. */
static uint64_t seen_since(const struct observation observations[2], const char *fingerprint, uint64_t ticks)
{
    for (size_t i = 0; i < 2; i++)
        if (observations[i].fingerprint[0] && strcmp(observations[i].fingerprint, fingerprint) == 0)
            return observations[i].since;
    return ticks;
}

static void judge_coverage(struct arena *a, struct look *l, struct observation observations[2])
{
    struct observation fresh[2] = {0};
    const char *fingerprints[2] = {l->current, l->next};
    const slice chains[2] = {l->secret.current.certificate, l->secret.next.certificate};
    struct rotation_leaf *leaves[2] = {&l->view.current, &l->view.next};
    for (size_t i = 0; i < 2; i++) {
        if (!fingerprints[i][0] || !look_covers(a, l, chains[i]))
            continue;
        memcpy(fresh[i].fingerprint, fingerprints[i], sizeof fresh[i].fingerprint);
        fresh[i].since = seen_since(observations, fingerprints[i], l->ticks);
        leaves[i]->covered = true;
        leaves[i]->covered_for = (int64_t)((l->ticks - fresh[i].since) / 1000);
    }
    memcpy(observations, fresh, sizeof fresh);
}

static bool any_outlived(struct arena *a, slice cas, int64_t now)
{
    struct bundle b;
    if (!bundle_read(a, cas, &b, NULL))
        return false;
    for (size_t i = 0; i < b.count; i++)
        if (bundle_outlived(&b.entries[i].info, now))
            return true;
    return false;
}

static void judge_secret(struct arena *a, struct look *l, slice dns_name)
{
    const struct stored_secret *s = &l->secret;
    l->view.secret = s->root != NULL;
    if (!s->root)
        return;
    l->view.current = rotation_look(a, &s->current, s->cas, dns_name, l->now, &l->why_unusable);
    l->view.has_next = s->next.certificate.n || s->next.key.n;
    if (l->view.has_next)
        l->view.next = rotation_look(a, &s->next, s->cas, dns_name, l->now, NULL);
    l->view.cas_outlived = any_outlived(a, s->cas, l->now);
    fingerprint_of(a, s->current.certificate, l->current);
    fingerprint_of(a, s->next.certificate, l->next);
}

static void read_clocks(struct look *l)
{
    l->own = clock_unix();
    l->ticks = clock_lived_ms();
}

static bool count_answer(struct look *l, struct observer *o, struct kube_answer answer)
{
    if (answer.date) {
        read_clocks(l);
        o->heard = true;
        o->ahead = l->own - answer.date;
    }
    l->outcomes[l->outcome_count++] = answer.outcome;
    if (answer.outcome == KUBE_OK)
        return true;
    if (!l->error.n)
        l->error = answer.error;
    if (l->retry_after < answer.retry_after)
        l->retry_after = answer.retry_after;
    return false;
}

void observe(const struct store *s, struct arena *a, slice dns_name, struct observer *o, struct look *ret)
{
    bool changed;
    *ret = (struct look){0};
    ret->secret_read = count_answer(ret, o, store_read_secret(s, a, &ret->secret));
    ret->view.bundles_seen = true;
    for (unsigned kind = 0; kind < STORE_KINDS; kind++)
        if (!count_answer(ret, o, store_read_hooks(s, a, kind, &ret->hooks[kind])))
            ret->view.bundles_seen = false;
    /* After the answers: the bundles have been in force for at least as long as we then count. */
    read_clocks(ret);
    ret->now = ret->own - o->ahead;
    ret->view.server_now = o->heard ? ret->now : 0;
    if (!ret->secret_read)
        return;
    judge_secret(a, ret, dns_name);
    if (!bundle_merge(a, ret->secret.cas, o->served_ca, ret->now, &ret->cas, &changed, NULL))
        arena_exhausted(a);
    if (!ret->view.bundles_seen)
        return;
    judge_coverage(a, ret, o->observations);
    ret->view.bundles_complete = true;
    for (unsigned kind = 0; kind < STORE_KINDS; kind++)
        if (hooks_incomplete(a, &ret->hooks[kind], ret->cas, ret->now))
            ret->view.bundles_complete = false;
}
