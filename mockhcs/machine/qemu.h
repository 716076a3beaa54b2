/* SPDX-License-Identifier: MIT */
#ifndef MOCKHCS_MACHINE_QEMU_H
#define MOCKHCS_MACHINE_QEMU_H

/* The inside of a machine by QEMU. */

#include "mockhcs/machine/com_port.h"
#include "mockhcs/machine/document.h"
#include "mockhcs/machine/switch.h"
#include "mockhcs/vm/plan9/plan9.h"
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

struct machine_share_server {
        struct machine_share_server *next;
        uint32_t port;
        struct plan9_server *server;
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
        struct machine_share_server *share_servers;
};

/* share.c: a Plan9Share, which `where` names in errors. */
HRESULT machine_share_add(struct emu_machine *m, const struct hcs_json *settings, const char *where,
                          struct hcs_error **err);
HRESULT machine_share_remove(struct emu_machine *m, const struct hcs_json *settings, struct hcs_error **err);
/* Those of the document; and the end of all. */
HRESULT machine_shares_start(struct emu_machine *m, struct hcs_error **err);
void machine_shares_end(struct emu_machine *m);

/* The machine that runs, or NULL. */
struct vm *machine_running(struct emu_machine *m);

#endif
