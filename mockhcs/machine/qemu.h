/* SPDX-License-Identifier: MIT */
#ifndef MOCKHCS_MACHINE_QEMU_H
#define MOCKHCS_MACHINE_QEMU_H

/* The inside of a machine by QEMU. */

#include "mockhcs/machine/document.h"
#include "platform/thread.h"

struct emu_machine {
        struct emu_machine_settings settings;
        struct machine_plan plan;
        void (*ended)(void *ctx, const struct emu_end *end);
        void *ctx;
        struct hcs_mutex lock;
        struct vm *vm; /* replaced by the emulator's thread only, with the lock */
        bool killed;
};

#endif
