/* Names: label, subdomain, label key, annotation key, label value. */
#include "topics.h"

#include "kube_name.h"

static void make(struct dice *d, struct buf *b)
{
    if (dice_one_in(d, 3)) {
        dice_put_name(d, b);
        if (dice_one_in(d, 20))
            for (unsigned n = 120 + dice_below(d, 10); n > 0; n--)
                buf_put(b, LIT(".x"));
        buf_char(b, '/');
    }
    if (!dice_one_in(d, 30))
        dice_put_name(d, b);
    dice_damage(d, b, 0, "ab09AZ-._/ ");
}

static void answer(struct arena *a, slice input, struct buf *b)
{
    (void)a;
    struct refusal why = {0};
    buf_char(b, '+');
    buf_char(b, kube_label(input, &why) ? 'y' : 'n');
    buf_char(b, kube_subdomain(input, &why) ? 'y' : 'n');
    buf_char(b, kube_label_key(input, &why) ? 'y' : 'n');
    buf_char(b, kube_annotation_key(input, &why) ? 'y' : 'n');
    buf_char(b, kube_label_value(input, &why) ? 'y' : 'n');
}

const struct fidelity_topic topic_names = {"names", make, answer, NULL, 0};
