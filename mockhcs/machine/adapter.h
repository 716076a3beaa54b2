/* SPDX-License-Identifier: MIT */
#ifndef MOCKHCS_MACHINE_ADAPTER_H
#define MOCKHCS_MACHINE_ADAPTER_H

/*
 * An adapter of a virtual machine as its endpoint says, and the switches that adapters of one emulated network meet at.
 */

#include "hcsshim/error.h"

enum emu_reach { EMU_REACH_ALL, EMU_REACH_HOST, EMU_REACH_MACHINES };

struct emu_adapter {
        char *name;    /* the machine's own, as in the document */
        char *mac;     /* NULL: any */
        char *address; /* IPv4, what it may send from; NULL: any */
        char *network; /* the id of the network; NULL: the cable is out */
        char *network_name;
        char *subnet, *gateway; /* of the network; gateway NULL: none */
        enum emu_reach reach;
};
void emu_adapter_deinit(struct emu_adapter *a);

/* The switches of an emulator, each there as long as an adapter is plugged into it. Any thread. */
struct emu_switches;
struct emu_switches *emu_switches_new(void);
/* No machine may be left. NULL is fine, returns NULL. */
struct emu_switches *emu_switches_free(struct emu_switches *s);

#endif
