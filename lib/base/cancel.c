/* SPDX-License-Identifier: MIT */

/* The cancel token: a counted flag. */

#include <stdatomic.h>

#include "base/mem.h"
#include "hcsshim/call.h"

struct hcs_cancel {
        atomic_uint refs;
        atomic_bool set;
};

struct hcs_cancel *hcs_cancel_new(void) {
        struct hcs_cancel *t = hcs_calloc(1, sizeof(*t));

        atomic_init(&t->refs, 1);
        return t;
}

struct hcs_cancel *hcs_cancel_ref(struct hcs_cancel *t) {
        atomic_fetch_add(&t->refs, 1);
        return t;
}

struct hcs_cancel *hcs_cancel_unref(struct hcs_cancel *t) {
        if (t && atomic_fetch_sub(&t->refs, 1) == 1)
                free(t);
        return NULL;
}

void hcs_cancel_set(struct hcs_cancel *t) {
        atomic_store(&t->set, true);
}

bool hcs_cancel_is_set(struct hcs_cancel *t) {
        return atomic_load(&t->set);
}
