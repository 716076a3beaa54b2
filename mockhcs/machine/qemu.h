/* SPDX-License-Identifier: MIT */
#ifndef MOCKHCS_MACHINE_QEMU_H
#define MOCKHCS_MACHINE_QEMU_H

/* The inside of a machine by QEMU. */

#include "mockhcs/machine/com_port.h"
#include "mockhcs/machine/document.h"
#include "mockhcs/machine/switch.h"
#include "platform/thread.h"

/* What is plugged in; of the emulator's thread. */
struct machine_pmem {
        char *path; /* NULL: nothing */
        bool read_only;
};
struct machine_adapter {
        char *id;      /* NULL: no adapter */
        char *network; /* NULL: the cable is out */
};

struct emu_machine {
        struct emu_machine_settings settings;
        struct machine_plan plan;
        void (*ended)(void *ctx, const struct emu_end *end);
        void *ctx;
        struct hcs_mutex lock;
        struct vm *vm; /* replaced by the emulator's thread only, with the lock */
        bool killed;
        struct com_port *console; /* COM port 0, or NULL */
        struct machine_pmem pmem[VM_PMEM];
        struct machine_adapter adapters[VM_NICS];
};

/* The machine that runs, or NULL. */
struct vm *machine_running(struct emu_machine *m);

#endif
