/* SPDX-License-Identifier: MIT */

/* The layers of layouts that were done already, by the digests of their blobs. */

#include "base/str.h"
#include "cmd/verity/verity.h"

struct known_layer {
        char *digest;
        struct layer layer;
};

const struct layer *known_find(const struct known *k, const struct place *p) {
        for (size_t n = 0; p->layer && n < k->n; n++)
                if (hcs_streq(k->item[n].digest, p->layer->blob.digest))
                        return &k->item[n].layer;
        return NULL;
}

void known_add(struct known *k, const struct place *p, const struct layer *layer) {
        if (!p->layer)
                return;
        if ((k->n & (k->n - 1)) == 0)
                k->item = hcs_realloc(k->item, (k->n ? 2 * k->n : 1) * sizeof(*k->item));
        k->item[k->n++] = (struct known_layer){.digest = hcs_strdup(p->layer->blob.digest), .layer = *layer};
}

void known_deinit(struct known *k) {
        for (size_t n = 0; n < k->n; n++)
                free(k->item[n].digest);
        free(k->item);
        *k = (struct known){0};
}
