/* The timeline as JSON: everything that was recorded, for other programs. */
#include "timeline.h"

#include "account.h"
#include "civil.h"

static void put_time(struct buf *b, const char *key, int64_t at)
{
    buf_fmt(b, ",\"%s\":", key);
    if (!at) {
        buf_put(b, LIT("null"));
        return;
    }
    buf_char(b, '"');
    civil_put(b, at);
    buf_char(b, '"');
}

static void put_text(struct buf *b, const char *key, slice text)
{
    buf_fmt(b, ",\"%s\":", key);
    buf_json_text(b, text);
}

static void put_number(struct buf *b, const char *key, long long n)
{
    buf_fmt(b, ",\"%s\":%lld", key, n);
}

static void put_bytes(struct buf *b, const char *key, double bytes)
{
    buf_fmt(b, ",\"%s\":%.0f", key, bytes);
}

static void put_bool(struct buf *b, const char *key, bool value)
{
    buf_fmt(b, ",\"%s\":%s", key, value ? "true" : "false");
}

static void put_times(struct buf *b, const char *what, const struct played_times *t)
{
    buf_fmt(b, ",\"%sSeconds\":%lld", what, (long long)t->seconds);
    put_time(b, arena_cstr(b->arena, arena_fmt(b->arena, "%sAt", what)), t->at);
}

static void put_schedule(struct buf *b, const struct played *r)
{
    const struct scenario *s = r->scenario;
    buf_put(b, LIT("{\"schedule\":{\"kind\":\"BackupSchedule\""));
    put_text(b, "namespace", r->namespace);
    put_text(b, "name", r->name);
    put_text(b, "schedule", r->cron);
    put_number(b, "maxBackups", r->most);
    put_number(b, "maxReservedSeconds", r->reserved);
    put_bool(b, "log", r->with_log);
    put_bool(b, "compaction", r->with_compaction);
    buf_char(b, '}');
    put_time(b, "from", r->from);
    put_time(b, "until", r->until);
    buf_fmt(b, ",\n\"assumed\":{\"snapshotSeconds\":%lld", (long long)s->snapshot_takes);
    put_number(b, "compactionSeconds", s->compaction_takes);
    put_number(b, "cleanSeconds", s->clean_takes);
    put_number(b, "logCommandSeconds", s->log_command_takes);
    put_number(b, "logLagSeconds", s->log_lag);
    put_bytes(b, "snapshotBytes", s->snapshot_bytes);
    put_bytes(b, "growthBytesPerDay", s->growth_per_day);
    put_bytes(b, "logBytesPerHour", s->log_per_hour);
    buf_fmt(b, ",\"compactedShare\":%.4g}", s->compacted_share);
}

static void put_verdict(struct buf *b, const struct played *r)
{
    static const char *const marks[] = {[MARK_FINE] = "ok", [MARK_NOTE] = "note", [MARK_WRONG] = "wrong"};
    const struct played_verdict *v = &r->verdict;
    struct account s = account_of(b->arena, r);
    buf_fmt(b, ",\n\"verdict\":{\"wrong\":%s,\"runs\":{\"due\":%zu", s.wrong ? "true" : "false", v->due);
    put_number(b, "made", (long long)v->made);
    put_number(b, "waiting", (long long)v->waiting);
    put_number(b, "complete", (long long)v->complete);
    put_number(b, "failed", (long long)v->failed);
    put_number(b, "triedAgain", (long long)v->retried);
    buf_put(b, LIT(",\"missed\":{"));
    for (size_t i = 0; i < MISS_KINDS; i++)
        buf_fmt(b, "%s\"%s\":%zu", i ? "," : "", played_miss_word((enum miss)i), v->missed[i]);
    buf_put(b, LIT("}}"));
    if (v->first_restorable < 0)
        buf_put(b, LIT(",\"firstRestorableSeconds\":null"));
    else
        put_number(b, "firstRestorableSeconds", v->first_restorable);
    put_number(b, "oldestNewestPointSeconds", v->blind);
    put_time(b, "oldestNewestPointAt", v->blind_at);
    put_times(b, "nothingRestorable", &v->lost);
    put_times(b, "windowBroken", &v->broken);
    put_times(b, "logDown", &v->log_down);
    put_times(b, "logStalled", &v->log_stalled);
    put_bool(b, "logEnded", v->log_ended != NULL);
    put_time(b, "scheduleDeletedAt", v->deleted_at);
    put_number(b, "peakBackups", (long long)v->peak_backups);
    put_time(b, "peakBackupsAt", v->peak_backups_at);
    put_bytes(b, "peakBytes", v->peak_bytes);
    put_time(b, "peakBytesAt", v->peak_bytes_at);
    put_number(b, "compactions", (long long)v->compactions);
    put_number(b, "compactionsFailed", (long long)v->compactions_failed);
    put_number(b, "expired", (long long)v->expired);
    put_number(b, "truncations", (long long)v->truncations);
    buf_put(b, LIT(",\n\"summary\":["));
    for (size_t i = 0; i < s.count; i++) {
        buf_fmt(b, "%s{\"mark\":\"%s\"", i ? ",\n" : "", marks[s.rows[i].mark]);
        put_text(b, "about", slice_of(s.rows[i].label));
        put_text(b, "text", s.rows[i].text);
        buf_char(b, '}');
    }
    buf_put(b, LIT("]}"));
}

static void put_event(struct buf *b, const struct played_event *x)
{
    buf_fmt(b, "{\"event\":\"%s\"", played_kind_word(x->kind));
    put_time(b, "at", x->at);
    if (x->from)
        put_time(b, "from", x->from);
    if (x->due)
        put_time(b, "due", x->due);
    if (x->name.n)
        put_text(b, "name", x->name);
    put_text(b, "text", account_event(b->arena, x));
    buf_char(b, '}');
}

static void put_span(struct buf *b, const struct played_span *x)
{
    buf_fmt(b, "{\"snapshots\":%zu", x->snapshots);
    put_number(b, "failed", (long long)x->failed);
    put_time(b, "from", x->from);
    put_time(b, "to", x->to);
    put_time(b, "oldest", x->oldest);
    put_time(b, "newestFrom", x->newest_from);
    put_time(b, "newest", x->newest);
    put_time(b, "promised", x->promised);
    put_text(b, "log", slice_of(played_log_word(x->log)));
    put_bytes(b, "snapshotBytes", x->snapshot_bytes);
    put_bytes(b, "orphanedBytes", x->orphaned_bytes);
    put_bytes(b, "logBytes", x->log_bytes);
    put_bytes(b, "compactedBytes", x->compacted_bytes);
    buf_char(b, '}');
}

void timeline_put_json(struct buf *b, const struct played *r)
{
    put_schedule(b, r);
    put_verdict(b, r);
    buf_put(b, LIT(",\n\"events\":[\n"));
    for (size_t i = 0; i < r->event_count; i++) {
        buf_put(b, i ? LIT(",\n") : LIT(""));
        put_event(b, &r->events[i]);
    }
    buf_put(b, LIT("],\n\"spans\":[\n"));
    for (size_t i = 0; i < r->span_count; i++) {
        buf_put(b, i ? LIT(",\n") : LIT(""));
        put_span(b, &r->spans[i]);
    }
    buf_put(b, LIT("]}\n"));
}
