/* SPDX-License-Identifier: MIT */

/* Memory across the ABI on Linux: the C library's heap. */

#include "platform/abi_memory.h"

#include <stdlib.h>

void *hcs_abi_alloc(size_t size) {
        return malloc(size);
}

void *hcs_abi_adopt(void *p, size_t size) {
        return p;
}

void hcs_abi_free(void *p) {
        free(p);
}
