/* Records and triggers retries of failed Jobs.
 * [tidb-operator v2: pkg/controllers/common/job.go, api/br/v1alpha1/backup.go; v1: pkg/controller/backup] */
#include "retry.h"

#include "duration.h"
#include "timestamp.h"

#define DEFAULT_RETRY_NS   (300 * DURATION_SECOND) /* the CRD's defaults, which need the parent to be there */
#define DEFAULT_TIMEOUT_NS (30 * DURATION_MINUTE)
enum { DEFAULT_RETRIES = 2, MOST_DOUBLINGS = 20 };

struct retry_limits {
    int64_t first_ns, timeout_ns, times;
};

static int64_t positive_ns(const struct duration_field *d, int64_t otherwise)
{
    return d->ok && d->ns >= 0 ? d->ns : otherwise;
}

static struct retry_limits limits_of(const struct planning *p)
{
    const struct retry_policy *r = &p->object->backup->retry;
    return (struct retry_limits){
        .first_ns = positive_ns(&r->min_retry_duration, DEFAULT_RETRY_NS),
        .timeout_ns = positive_ns(&r->retry_timeout, DEFAULT_TIMEOUT_NS),
        .times = r->max_retry_times.state == FIELD_GIVEN ? r->max_retry_times.value : DEFAULT_RETRIES,
    };
}

static struct node *records_of(const struct status *s)
{
    struct node *list = node_get(s->root, LIT("backoffRetryStatus"));
    return list && list->kind == NODE_ARRAY ? list : NULL;
}

static slice reason_of(const struct planning *p, slice job_name)
{
    return arena_fmt(p->arena, "Job %.*s/%.*s has failed", FMT(plan_namespace(p)), FMT(job_name));
}

/* A log Backup's commands share the list: the reason tells whose record it is. */
struct records {
    struct node *first, *last; /* NULL: none */
};

static struct records records_for(const struct status *s, slice reason)
{
    struct records r = {0};
    for (struct node *n = node_first(records_of(s)); n; n = node_next(n)) {
        if (!slice_eq(tree_text(n, "retryReason"), reason))
            continue;
        r.first = r.first ? r.first : n;
        r.last = n;
    }
    return r;
}

/* Unix seconds of a time that the API server wrote; 0 when there is none. */
static int64_t time_of(const struct node *record, const char *key)
{
    struct timestamp t;
    slice text = tree_text(record, key);
    return text.n && timestamp_parse(text, &t, NULL) ? t.ms / 1000 : 0;
}

static int64_t number_of(const struct node *record)
{
    const struct node *n = node_get(record, LIT("retryNum"));
    return n && n->kind == NODE_INT ? n->integer : 0;
}

enum retry retry_pending(struct planning *p, struct status *s, slice job_name)
{
    const struct node *last = records_for(s, reason_of(p, job_name)).last;
    if (!last || time_of(last, "realRetryAt"))
        return RETRY_NONE;
    int64_t at = time_of(last, "expectedRetryAt");
    if (p->now > at)
        return RETRY_DUE;
    plan_wait(p, at + 1, "the Job failed: retry %lld at %.*s", (long long)number_of(last),
              FMT(plan_time(p, at)));
    return RETRY_WAITS;
}

/* v2 gives up at the limit, v1 behind it; neither before one retry. */
static slice reached_limit(const struct planning *p, const struct records *r, const struct retry_limits *l)
{
    if (!r->last)
        return (slice){0};
    if (p->now - time_of(r->first, "detectFailedAt") > l->timeout_ns / DURATION_SECOND) {
        struct buf b = buf_new(p->arena, SIZE_MAX);
        const struct text *given = &p->object->backup->retry.retry_timeout.text;
        buf_put(&b, LIT("retry timeout, max is "));
        if (text_given(given))
            buf_put(&b, given->value);
        else
            duration_put_short(&b, l->timeout_ns);
        buf_char(&b, '.');
        return buf_slice(&b);
    }
    int64_t number = number_of(r->last);
    bool reached = plan_v2(p) ? number >= l->times : number > l->times;
    return reached ? arena_fmt(p->arena, "exceed retry times, max is %lld. ", (long long)l->times)
                   : (slice){0};
}

static void put_result(struct status *s, enum logbackup_command command, struct condition c)
{
    if (command == LOGBACKUP_UNKNOWN)
        status_condition(s, c);
    else
        status_command(s, command, c);
}

enum retry retry_record(struct planning *p, struct status *s, enum logbackup_command command,
                        const struct node *job)
{
    struct arena *a = p->arena;
    struct retry_limits l = limits_of(p);
    slice reason = reason_of(p, tree_text_at(job, "metadata.name"));
    struct records known = records_for(s, reason);
    slice limit = reached_limit(p, &known, &l);
    if (limit.n) {
        put_result(s, command,
                   (struct condition){.type = "Failed", .reason = LIT("ExceedRetryLimit"), .message = limit});
        return RETRY_GIVEN_UP;
    }
    int64_t number = number_of(known.last) + 1;
    int64_t doublings = number - 1 < MOST_DOUBLINGS ? number - 1 : MOST_DOUBLINGS;
    int64_t delay = l.first_ns / DURATION_SECOND;
    for (int64_t i = 0; i < doublings && delay < INT32_MAX; i++)
        delay *= 2;
    if (!records_of(s))
        tree_set(s->root, "backoffRetryStatus", tree_array(a));
    struct node *record = tree_put_object(a, records_of(s), NULL);
    tree_put_int(a, record, "retryNum", number);
    tree_put_text(a, record, "detectFailedAt", plan_time(p, p->now));
    tree_put_text(a, record, "expectedRetryAt", plan_time(p, p->now + delay));
    tree_put_text(a, record, "retryReason", reason);
    tree_put_text(a, record, "originalReason", job_failure_reason(job));
    put_result(s, command,
               (struct condition){.type = "RetryFailed",
                                  .reason = LIT("RetryFailedBackup"),
                                  .message = arena_fmt(a, "reason %.*s, original reason %.*s", FMT(reason),
                                                       FMT(job_failure_reason(job)))});
    plan_wait(p, p->now + delay + 1, "the Job failed: retry %lld at %.*s", (long long)number,
              FMT(plan_time(p, p->now + delay)));
    return RETRY_WAITS;
}

void retry_trigger(struct planning *p, struct status *s, slice job_name)
{
    tree_set_text(p->arena, records_for(s, reason_of(p, job_name)).last, "realRetryAt", plan_time(p, p->now));
    status_condition(s, (struct condition){.type = "Restart",
                                           .reason = LIT("RetryTriggered"),
                                           .message = arena_fmt(p->arena, "retry triggered at %.*s",
                                                                FMT(plan_time(p, p->now)))});
}
