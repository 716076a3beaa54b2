/* SPDX-License-Identifier: MIT */

/* Memory across the ABI on Windows: the process heap, which CoTaskMemFree and LocalFree give back alike. */

#include "platform/abi_memory.h"

#include <string.h>

#include "base/mem.h"

void *hcs_abi_alloc(size_t size) {
        return HeapAlloc(GetProcessHeap(), 0, size);
}

void *hcs_abi_adopt(void *p, size_t size) {
        void *copy = p ? hcs_abi_alloc(size) : NULL;

        if (copy)
                memcpy(copy, p, size);
        free(p);
        return copy;
}

void hcs_abi_free(void *p) {
        if (p)
                HeapFree(GetProcessHeap(), 0, p);
}
