/* The five fields and the descriptors, with hints for what other crons read. */
#include "cron.h"
#include "duration.h"
#include "num.h"
#include "utf8.h"

#include <string.h>

enum { FIELDS = 5 };

static const struct bounds {
    const char *what;
    unsigned least, most;
    const char *names; /* three letters each, from `least` on; NULL: none */
} bounds[FIELDS] = {
    {"minute", 0, 59, NULL},
    {"hour", 0, 23, NULL},
    {"day of month", 1, 31, NULL},
    {"month", 1, 12, "janfebmaraprmayjunjulaugsepoctnovdec"},
    {"day of week", 0, 6, "sunmontuewedthufrisat"},
};

static const struct {
    slice name;
    slice same_as;
} descriptors[] = {
    {SLICE("@yearly"), SLICE("0 0 1 1 *")},  {SLICE("@annually"), SLICE("0 0 1 1 *")},
    {SLICE("@monthly"), SLICE("0 0 1 * *")}, {SLICE("@weekly"), SLICE("0 0 * * 0")},
    {SLICE("@daily"), SLICE("0 0 * * *")},   {SLICE("@midnight"), SLICE("0 0 * * *")},
    {SLICE("@hourly"), SLICE("0 * * * *")},
};

/* The state of reading an expression. */
struct cron_reader {
    slice whole;
    const struct bounds *field;
    struct refusal *refusal;
};

/* Offers the expression with `n` bytes at `at` replaced, when that can be read; as the text to write instead
 * if it means exactly what was written. */
static void propose(const struct cron_reader *r, size_t at, size_t n, slice replacement, bool exact,
                    const char *remark)
{
    char text[64];
    struct cron ignored;
    if (!r->refusal || slice_find_char(r->whole, 0) != SLICE_NONE)
        return;
    slice rest = slice_from(r->whole, at + n);
    int length =
        snprintf(text, sizeof text, "%.*s%.*s%.*s", (int)at, r->whole.p, FMT(replacement), FMT(rest));
    slice better = slice_of(text);
    if ((size_t)length < sizeof text && cron_parse(better, &ignored, NULL)) {
        if (exact)
            snprintf(r->refusal->better, sizeof r->refusal->better, "%s", text);
        refuse_hint(r->refusal, "%s%swrite %s", remark, *remark ? ": " : "", text);
    } else if (*remark) {
        refuse_hint(r->refusal, "%s", remark);
    }
}

static size_t offset_of(const struct cron_reader *r, slice part)
{
    return part.p ? (size_t)(part.p - r->whole.p) : r->whole.n;
}

/* Cuts the next word off `*rest`; false when only spaces are left. */
static bool next_word(slice *rest, slice *ret)
{
    size_t n;
    while ((n = utf8_space(*rest)) > 0)
        *rest = slice_from(*rest, n);
    if (rest->n == 0)
        return false;
    size_t end = 0;
    while (end < rest->n && !utf8_space(slice_from(*rest, end)))
        end++;
    *ret = slice_cut(*rest, 0, end);
    *rest = slice_from(*rest, end);
    return true;
}

/* The part of `*rest` up to `separator`; what follows it stays, and `*last` tells when nothing does. */
static slice cut_at(slice *rest, char separator, bool *last)
{
    size_t n = slice_find_char(*rest, separator);
    *last = n == SLICE_NONE;
    slice part = {rest->p, *last ? rest->n : n};
    *rest = *last ? (slice){rest->p + rest->n, 0} : (slice){rest->p + n + 1, rest->n - n - 1};
    return part;
}

/* Go's Atoi: a sign is allowed. */
static bool read_int(slice s, int64_t *ret)
{
    bool plus = s.n && s.p[0] == '+';
    slice digits = slice_from(s, plus);
    return num_i64(digits, ret) && !(plus && digits.p[0] == '-');
}

static int name_at(const char *names, slice word)
{
    for (size_t i = 0; names && names[i] && word.n >= 3; i += 3)
        if (slice_eq_nocase(slice_cut(word, 0, 3), (slice){names + i, 3}))
            return (int)(i / 3);
    return -1;
}

/* Hints at what may have been meant by a word that is neither a number nor a name. */
static bool no_number(const struct cron_reader *r, slice word)
{
    const struct bounds *f = r->field;
    size_t at = offset_of(r, word);
    if (word.n == 0)
        refuse(r->refusal, at, 0, "%s: number missing", f->what);
    else
        refuse(r->refusal, at, word.n, "%s: \"%.*s\" is not a number%s", f->what, FMT(utf8_cut(word, 40)),
               f->names ? " or a name of three letters" : "");
    int64_t number;
    static const char *const full[] = {
        "sunday",   "monday",   "tuesday", "wednesday", "thursday", "friday", "saturday",  "january",
        "february", "march",    "april",   "june",      "july",     "august", "september", "october",
        "november", "december", "sept",    "tues",      "wednes",   "thur",   "thurs"};
    for (size_t i = 0; i < COUNT(full); i++) {
        if (slice_eq_nocase(word, slice_of(full[i])) && name_at(f->names, word) >= 0) {
            propose(r, at, word.n, slice_cut(word, 0, 3), true, "names have three letters");
            return false;
        }
    }
    if (word.n && (slice_find_char(word, '#') != SLICE_NONE || word.p[word.n - 1] == 'L' ||
                   word.p[word.n - 1] == 'W' || slice_eq_nocase(word, LIT("LW"))))
        refuse_hint(r->refusal, "L, W and # are Quartz syntax, which is not supported here");
    else if (word.n && word.p[0] == 'H')
        refuse_hint(r->refusal, "H is Jenkins syntax, which is not supported here");
    else if (word.n > 1 && word.p[0] == '*' && num_i64(slice_from(word, 1), &number))
        refuse_hint(r->refusal, "for a step write */%.*s", FMT(slice_from(word, 1)));
    else if (name_at(bounds[3].names, word) >= 0 || name_at(bounds[4].names, word) >= 0)
        refuse_hint(r->refusal, "the order is minute, hour, day of month, month, day of week");
    return false;
}

static bool read_value(const struct cron_reader *r, slice word, int64_t *ret)
{
    int name = word.n == 3 ? name_at(r->field->names, word) : -1;
    if (name >= 0) {
        *ret = name + (int64_t)r->field->least;
        return true;
    }
    if (!read_int(word, ret))
        return no_number(r, word);
    return *ret >= 0 || refuse(r->refusal, offset_of(r, word), word.n, "%s: negative number", r->field->what);
}

/* The item as text for a message, cut to a bearable length. */
#define SHORT(s) FMT(utf8_cut((s), 40))

static bool check_range(const struct cron_reader *r, slice item, int64_t first, int64_t last, int64_t step)
{
    const struct bounds *f = r->field;
    size_t at = offset_of(r, item);
    if (first >= f->least && last <= f->most && first <= last && step > 0)
        return true;
    if (step == 0) {
        refuse(r->refusal, at, item.n, "%s: step 0 in \"%.*s\"", f->what, SHORT(item));
        refuse_hint(r->refusal, "the smallest step is 1");
    } else if (first < f->least) {
        refuse(r->refusal, at, item.n, "%s: %lld is below the minimum, %u", f->what, (long long)first,
               f->least);
    } else if (last > f->most) {
        refuse(r->refusal, at, item.n, "%s: %lld is above the maximum, %u", f->what, (long long)last,
               f->most);
        if (f == &bounds[4] && last == 7 && item.n == 1)
            propose(r, at, 1, LIT("0"), true, "Sunday is 0");
        else if (f == &bounds[4] && last == 7)
            refuse_hint(r->refusal, "Sunday is 0; days run from 0 to 6");
    } else {
        refuse(r->refusal, at, item.n, "%s: the range \"%.*s\" runs backwards", f->what, SHORT(item));
        char both[64];
        snprintf(both, sizeof both, "%lld-%u,%u-%lld", (long long)first, f->most, f->least, (long long)last);
        if (slice_find_char(item, '/') == SLICE_NONE)
            propose(r, at, item.n, slice_of(both), false, "");
    }
    return false;
}

/* One of the items between commas. */
static bool read_item(const struct cron_reader *r, slice item, uint64_t *bits, bool *star)
{
    bool no_step, single, only, one_slash = true;
    slice rest = item, range = cut_at(&rest, '/', &no_step), step_text = rest;
    if (!no_step) {
        slice after = rest;
        cut_at(&after, '/', &one_slash);
    }
    slice high = range, low = cut_at(&high, '-', &single);
    int64_t first = r->field->least, last = r->field->most, step = 1;
    bool all = slice_eq(low, LIT("*")) || slice_eq(low, LIT("?"));
    if (!all) {
        if (!read_value(r, low, &first))
            return false;
        last = first;
        if (!single) {
            slice more = high, text = cut_at(&more, '-', &only);
            if (!only)
                return refuse(r->refusal, offset_of(r, item), item.n, "%s: two hyphens in \"%.*s\"",
                              r->field->what, SHORT(item));
            if (!read_value(r, text, &last))
                return false;
        }
    }
    if (!one_slash)
        return refuse(r->refusal, offset_of(r, item), item.n, "%s: two slashes in \"%.*s\"", r->field->what,
                      SHORT(item));
    if (!no_step) {
        const struct bounds plain = {r->field->what, 0, 0, NULL};
        const struct cron_reader for_step = {r->whole, &plain, r->refusal};
        if (!read_value(&for_step, step_text, &step))
            return false;
        if (single)
            last = r->field->most;
    }
    if (!check_range(r, item, first, last, step))
        return false;
    for (int64_t i = first; i <= last; i += step > 64 ? 64 : step)
        *bits |= UINT64_C(1) << i;
    *star = *star || all;
    return true;
}

static bool read_field(const struct cron_reader *r, slice field, uint64_t *bits, bool *star)
{
    *bits = 0;
    *star = false;
    for (bool last = false; !last;) {
        slice item = cut_at(&field, ',', &last);
        if (item.n > 0 && !read_item(r, item, bits, star)) /* empty items are passed over */
            return false;
    }
    return true;
}

static unsigned bits_of(uint64_t bits)
{
    unsigned n = 0;
    for (; bits; bits &= bits - 1)
        n++;
    return n;
}

/* How often it fires on a day that it fires on. */
static void say_rhythm(slice s, char *text, size_t size)
{
    struct cron c;
    unsigned times = cron_parse(s, &c, NULL) ? bits_of(c.minutes) * bits_of(c.hours) : 0;
    if (times == 24 && bits_of(c.hours) == 24)
        snprintf(text, size, "every hour");
    else if (times == 1)
        snprintf(text, size, "once a day");
    else
        snprintf(text, size, "%u times a day", times);
}

/* Six fields: the first for seconds, as in Quartz and Spring, or one too many? */
static void propose_five(const struct cron_reader *r, slice first, slice behind_first, slice last)
{
    struct cron ignored;
    char one[40], other[40];
    slice without_last = slice_trim(slice_cut(r->whole, 0, offset_of(r, last))), word, rest = behind_first;
    next_word(&rest, &word);
    next_word(&rest, &word);
    bool both = slice_eq(word, LIT("*")) && slice_eq(first, LIT("0")) && behind_first.n < 24 &&
                cron_parse(behind_first, &ignored, NULL) && cron_parse(without_last, &ignored, NULL);
    if (!both) {
        propose(r, 0, offset_of(r, behind_first), LIT(""), slice_eq(first, LIT("0")),
                "there is no field for seconds");
        return;
    }
    say_rhythm(behind_first, one, sizeof one);
    say_rhythm(without_last, other, sizeof other);
    refuse_hint(r->refusal, "for %s write %.*s, for %s write %.*s", other, FMT(without_last), one,
                FMT(behind_first));
}

static bool wrong_count(const struct cron_reader *r, size_t count)
{
    slice s = r->whole, word = {0}, rest = s;
    slice trimmed = s;
    size_t n;
    while ((n = utf8_space(trimmed)) > 0)
        trimmed = slice_from(trimmed, n);
    refuse(r->refusal, 0, s.n, "expected 5 fields (minute hour day-of-month month day-of-week), found %zu",
           count);
    next_word(&rest, &word);
    size_t hash = slice_find(s, LIT(" #"));
    int64_t year;
    if (count > 0 && trimmed.p[0] == '@') {
        propose(r, 0, offset_of(r, trimmed), LIT(""), true, "");
    } else if (count > 0 && (slice_starts(word, LIT("TZ=")) || slice_starts(word, LIT("CRON_TZ=")))) {
        size_t end = offset_of(r, rest);
        propose(r, 0, end + utf8_space(rest), LIT(""), false, "a time zone is not supported here");
    } else if (hash != SLICE_NONE) {
        propose(r, hash, s.n - hash, LIT(""), true, "comments are not supported here");
    } else if (count == 6) {
        slice last = word;
        for (slice others = rest; next_word(&others, &last);)
            ;
        if (last.n == 4 && num_i64(last, &year) && year >= 1970)
            propose(r, offset_of(r, last) - 1, last.n + 1, LIT(""), false, "there is no field for years");
        else
            propose_five(r, word, slice_from(rest, utf8_space(rest)), last);
    }
    return false;
}

static bool read_fields(slice s, struct cron *ret, struct refusal *refusal)
{
    struct cron_reader r = {s, bounds, refusal};
    slice words[FIELDS], rest = s, word;
    size_t count = 0;
    for (; next_word(&rest, &word); count++)
        if (count < FIELDS)
            words[count] = word;
    if (count != FIELDS)
        return wrong_count(&r, count);
    uint64_t bits[FIELDS];
    bool star[FIELDS];
    for (size_t i = 0; i < FIELDS; i++) {
        r.field = &bounds[i];
        if (!read_field(&r, words[i], &bits[i], &star[i]))
            return false;
    }
    *ret = (struct cron){.minutes = bits[0],
                         .hours = (uint32_t)bits[1],
                         .days = (uint32_t)bits[2],
                         .months = (uint32_t)bits[3],
                         .weekdays = (uint8_t)bits[4],
                         .day_star = star[2],
                         .weekday_star = star[4]};
    return true;
}

static bool read_every(slice s, struct cron *ret, struct refusal *refusal)
{
    size_t at = LIT("@every ").n;
    slice text = slice_from(s, at);
    int64_t ns;
    if (!duration_parse(text, &ns, refusal)) {
        if (!refusal)
            return false;
        refusal->at += (uint32_t)at;
        char better[sizeof refusal->better] = "";
        if (refusal->better[0]) {
            snprintf(better, sizeof better, "@every %.56s", refusal->better);
            refuse_hint(refusal, "write %s", better);
        }
        memcpy(refusal->better, better, sizeof better);
        return false;
    }
    ret->every = ns < DURATION_SECOND ? 1 : ns / DURATION_SECOND;
    return true;
}

static bool unknown_descriptor(slice s, struct refusal *refusal)
{
    struct cron_reader r = {s, NULL, refusal};
    refuse(refusal, 0, s.n, "no such descriptor \"%.*s\"", SHORT(s));
    slice rest = s, word;
    next_word(&rest, &word);
    for (size_t i = 0; i < COUNT(descriptors); i++) {
        if (slice_eq_nocase(word, descriptors[i].name)) {
            propose(&r, 0, s.n, descriptors[i].name, true, "");
            return false;
        }
    }
    if (slice_eq_nocase(word, LIT("@every"))) {
        slice ignored, amount = slice_trim(rest);
        char text[64];
        if (amount.n == 0 || !next_word(&rest, &ignored)) {
            refuse_hint(refusal, "write, for example, @every 1h");
        } else if ((size_t)snprintf(text, sizeof text, "@every %.*s", SHORT(amount)) < sizeof text) {
            propose(&r, 0, s.n, slice_of(text), true, "");
        }
    } else {
        refuse_hint(refusal, "use @yearly, @monthly, @weekly, @daily, @hourly or @every <duration>");
    }
    return false;
}

bool cron_parse(slice s, struct cron *ret, struct refusal *refusal)
{
    *ret = (struct cron){0};
    if (s.n == 0)
        return refuse(refusal, 0, 0, "empty schedule");
    if (s.p[0] != '@')
        return read_fields(s, ret, refusal);
    for (size_t i = 0; i < COUNT(descriptors); i++)
        if (slice_eq(s, descriptors[i].name))
            return read_fields(descriptors[i].same_as, ret, refusal);
    if (slice_starts(s, LIT("@every ")))
        return read_every(s, ret, refusal);
    return unknown_descriptor(s, refusal);
}

void cron_put_at_minute_zero(struct buf *b, slice expression)
{
    slice minutes;
    if (!next_word(&expression, &minutes))
        return;
    buf_char(b, '0');
    buf_put(b, expression);
}
