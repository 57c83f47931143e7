/* Writes and reads etcd's JSON, and the few fields of BR's protobuf messages that matter. */
#include "question.h"

#include "base64.h"
#include "document.h"

/* The ranges of the transaction, in their order. */
enum { RANGE_INFO, RANGE_PAUSE, RANGE_CHECKPOINT, RANGE_ERRORS, RANGE_COUNT };

enum {
    BODY_BYTES = 64 << 10,
    INFO_START_TS = 2, /* StreamBackupTaskInfo.start_ts */
    ERROR_MESSAGE = 3, /* StreamBackupError.error_message */
    CHECKPOINT_BYTES = 8,
};

/* ---- the question ---- */

static void put_range(struct buf *b, slice key, bool all_below)
{
    struct arena *a = b->arena;
    buf_fmt(b, "%s{\"requestRange\":{\"key\":\"%.*s\"", b->p[b->n - 1] == '[' ? "" : ",",
            FMT(base64_encode(a, key)));
    if (all_below) { /* up to the first key that does not begin with this one, which ends in '/' */
        slice end = arena_fmt(a, "%.*s0", FMT(slice_cut(key, 0, key.n - 1)));
        buf_fmt(b, ",\"range_end\":\"%.*s\",\"limit\":\"1\"", FMT(base64_encode(a, end)));
    }
    buf_put(b, LIT("}}"));
}

slice question_body(struct arena *a, slice task)
{
    struct buf b = buf_new(a, BODY_BYTES);
    buf_put(&b, LIT("{\"success\":["));
    put_range(&b, arena_fmt(a, "/tidb/br-stream/info/%.*s", FMT(task)), false);
    put_range(&b, arena_fmt(a, "/tidb/br-stream/pause/%.*s", FMT(task)), false);
    put_range(&b, arena_fmt(a, "/tidb/br-stream/checkpoint/%.*s/central_global", FMT(task)), false);
    put_range(&b, arena_fmt(a, "/tidb/br-stream/last-error/%.*s/", FMT(task)), true);
    buf_put(&b, LIT("]}"));
    return buf_slice(&b);
}

/* ---- protobuf ---- */

/* One field of a message; `rest` begins with it. */
struct field {
    uint64_t number, value; /* value: of a varint */
    slice bytes;            /* of a length-delimited field */
};

static bool take_varint(slice *rest, uint64_t *ret)
{
    *ret = 0;
    for (unsigned shift = 0; rest->n && shift < 64; shift += 7) {
        unsigned char c = (unsigned char)rest->p[0];
        *rest = slice_from(*rest, 1);
        *ret |= (uint64_t)(c & 0x7f) << shift;
        if (c < 0x80)
            return true;
    }
    return false;
}

/* False at the end, and when the bytes are not protobuf. */
static bool take_field(slice *rest, struct field *ret)
{
    enum { VARINT, FIXED64, BYTES, FIXED32 = 5 };
    uint64_t tag, size = 0;
    *ret = (struct field){0};
    if (!take_varint(rest, &tag))
        return false;
    ret->number = tag >> 3;
    switch (tag & 7) {
    case VARINT:
        return take_varint(rest, &ret->value);
    case FIXED64:
        size = 8;
        break;
    case FIXED32:
        size = 4;
        break;
    case BYTES:
        if (!take_varint(rest, &size))
            return false;
        break;
    default:
        return false;
    }
    if (size > rest->n)
        return false;
    ret->bytes = slice_cut(*rest, 0, size);
    *rest = slice_from(*rest, size);
    return true;
}

/* The last field of that number wins, as in protobuf; zeroed when there is none. */
static struct field field_of(slice message, uint64_t number)
{
    struct field f, found = {0};
    while (take_field(&message, &f))
        if (f.number == number)
            found = f;
    return found;
}

/* ---- the answer ---- */

/* The value of the first key in the response's range. False when there is none; `*whole` is cleared when the response is
 * not as etcd writes it. */
static bool first_value(struct arena *a, const struct node *response, slice *ret, bool *whole)
{
    const struct node *range = node_get(response, LIT("response_range"));
    const struct node *kv = node_first(node_get(range, LIT("kvs")));
    *ret = (slice){0};
    if (!range || range->kind != NODE_OBJECT)
        *whole = false;
    else if (kv && !base64_decode(a, node_text_at(kv, "value"), ret)) /* an empty value is left out */
        *whole = false;
    return kv != NULL;
}

static uint64_t big_endian(slice bytes)
{
    uint64_t number = 0;
    for (size_t i = 0; bytes.n == CHECKPOINT_BYTES && i < bytes.n; i++)
        number = number << 8 | (unsigned char)bytes.p[i];
    return number;
}

struct log_task question_answer(struct arena *a, slice body)
{
    struct findings f = findings_new(a);
    const struct node *responses = node_get(json_read(a, body, &f), LIT("responses"));
    slice values[RANGE_COUNT];
    bool there[RANGE_COUNT], whole = true;
    size_t count = 0;
    for (const struct node *r = node_first(responses); r; r = node_next(r), count++)
        if (count < RANGE_COUNT)
            there[count] = first_value(a, r, &values[count], &whole);
    if (count != RANGE_COUNT || !whole)
        return (struct log_task){0};
    if (!there[RANGE_INFO])
        return (struct log_task){.known = true};
    return (struct log_task){.known = true,
                             .found = true,
                             .paused = there[RANGE_PAUSE],
                             .start_ts = field_of(values[RANGE_INFO], INFO_START_TS).value,
                             .checkpoint = big_endian(values[RANGE_CHECKPOINT]),
                             .error = field_of(values[RANGE_ERRORS], ERROR_MESSAGE).bytes};
}
