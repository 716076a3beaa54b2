/* SPDX-License-Identifier: MIT */

#include "uvm/build.h"

#include <string.h>

#include "base/str.h"

void uvm_take_text(char **slot, char *text) {
        free(*slot);
        *slot = text;
}

void uvm_set_text(char **slot, const char *text) {
        uvm_take_text(slot, hcs_strdup(text));
}

void *uvm_list_add(void **items, size_t *n, size_t size) {
        *items = hcs_realloc(*items, (*n + 1) * size);
        return memset((char *)*items + size * (*n)++, 0, size);
}

void *uvm_map_entry(char ***keys, void **values, size_t *n, size_t size, const char *key) {
        for (size_t i = 0; i < *n; i++)
                if (hcs_streq((*keys)[i], key))
                        return (char *)*values + i * size;
        *keys = hcs_realloc(*keys, (*n + 1) * sizeof(**keys));
        (*keys)[*n] = hcs_strdup(key);
        return uvm_list_add(values, n, size);
}
