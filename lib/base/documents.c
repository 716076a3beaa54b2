/* SPDX-License-Identifier: MIT */

/* Lists of texts; see hcsshim/documents.h. */

#include "hcsshim/documents.h"

#include "base/mem.h"

void hcs_documents_deinit(struct hcs_documents *d) {
        for (size_t i = 0; i < d->n; i++)
                free(d->items[i]);
        free(d->items);
        *d = (struct hcs_documents){0};
}

void hcs_documents_take(struct hcs_documents *d, char *text) {
        /* The room is the next power of two. */
        if ((d->n & (d->n - 1)) == 0)
                d->items = hcs_realloc(d->items, (d->n ? d->n * 2 : 1) * sizeof(*d->items));
        d->items[d->n++] = text;
}
