/* SPDX-License-Identifier: MIT */

#include "mockhcs/machine/adapter.h"

#include "base/mem.h"

void emu_adapter_deinit(struct emu_adapter *a) {
        free(a->name);
        free(a->mac);
        free(a->address);
        free(a->network);
        free(a->network_name);
        free(a->subnet);
        free(a->gateway);
        *a = (struct emu_adapter){0};
}
