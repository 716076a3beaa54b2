/* SPDX-License-Identifier: MIT */

/* Lists of names, the same on every system. */

#include <stdlib.h>

#include "platform/place.h"

void hcs_names_deinit(struct hcs_names *n) {
        for (size_t i = 0; i < n->n; i++)
                free(n->items[i]);
        free(n->items);
        *n = (struct hcs_names){0};
}
