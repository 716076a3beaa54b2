/* SPDX-License-Identifier: MIT */
#ifndef HCS_UVM_BUILD_H
#define HCS_UVM_BUILD_H

/* Putting documents together: texts, optional parts and maps of the generated structs. Everything is owned by the
 * document it is put into. */

#include <stddef.h>

#include "base/mem.h"

/* Replaces the text by a copy, or by one that the slot takes over. */
void uvm_set_text(char **slot, const char *text);
void uvm_take_text(char **slot, char *text);

/* Makes an optional part; gives it back. */
#define UVM_NEW(slot) ((slot) = hcs_calloc(1, sizeof(*(slot))))

/* The entry of that key, which is added empty when there is none. */
void *uvm_map_entry(char ***keys, void **values, size_t *n, size_t size, const char *key);
#define UVM_MAP_ENTRY(map, key)                                                                     \
        ((__typeof__((map)->values))uvm_map_entry(&(map)->keys, (void **)&(map)->values, &(map)->n, \
                                                  sizeof(*(map)->values), (key)))

/* A new, empty element at the end. */
void *uvm_list_add(void **items, size_t *n, size_t size);
#define UVM_LIST_ADD(list) \
        ((__typeof__((list)->items))uvm_list_add((void **)&(list)->items, &(list)->n, sizeof(*(list)->items)))

#endif
