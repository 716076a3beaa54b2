/* SPDX-License-Identifier: MIT */
#ifndef MOCKHCS_MACHINE_SWITCH_H
#define MOCKHCS_MACHINE_SWITCH_H

/* The inside of adapter.h. */

#include "mockhcs/machine/adapter.h"
#include "mockhcs/vm/vm.h"

/* The switch of the adapter's network, made for the first; NULL for one whose cable is out. Each is to be let go of. */
HRESULT emu_switch_enter(struct emu_switches *s, const struct emu_adapter *a, struct vm_network **ret,
                         struct hcs_error **err);
/* By the network's id; NULL is fine. */
void emu_switch_leave(struct emu_switches *s, const char *network);

#endif
