/* SPDX-License-Identifier: MIT */
#ifndef MOCKHCS_MACHINE_MACHINE_H
#define MOCKHCS_MACHINE_MACHINE_H

/*
 * The machine behind an emulated virtual machine: what its document becomes where QEMU is, and nothing elsewhere. There
 * are two implementations, of which Meson takes one: qemu.c (Linux) and none.c (a system without mockhcs/vm, where
 * every virtual machine stays on paper).
 *
 * The emulator knows systems, states and handles; a machine knows what boots. A machine belongs to one thread of the
 * emulator, which makes the calls that block, one after the other; emu_machine_kill() and emu_machine_describe() may
 * come from any thread.
 */

#include <stdbool.h>
#include <stdint.h>

#include "base/json.h"
#include "hcsshim/error.h"
#include "mockhcs/machine/adapter.h"

struct emu_machine;

enum emu_machines {
        EMU_MACHINES_AUTO,  /* boots what can be booted here */
        EMU_MACHINES_QEMU,  /* boots, or says why not */
        EMU_MACHINES_PAPER, /* boots nothing */
};

/* How machines are made: options of the layer `emulate`. Strings belong to who has it, and may be NULL. */
struct emu_machine_settings {
        enum emu_machines machines;
        const char *accelerator; /* "kvm", "tcg", or NULL: what works */
        const char *vsock;       /* "vhost-device-vsock", "kernel", or NULL: our own device */
        uint32_t first_cid;    /* of the first machine; each that is made later has the next one. 0: 3, all the same */
        const char *qemu;      /* the program */
        const char *artefacts; /* folder that keeps console and logs, one folder a machine */
        const char *drives;    /* C:\x is DRIVES/c/x */
        uint64_t start_ns;     /* for QEMU to come up */
        struct emu_switches *switches;
};

enum emu_end_kind {
        EMU_END_POWER_OFF, /* the guest's wish */
        EMU_END_RESET,     /* the guest wants to start over */
        EMU_END_CRASH,     /* the guest's kernel gave up */
        EMU_END_KILLED,    /* emu_machine_kill() */
        EMU_END_DIED,      /* QEMU is gone, nobody asked for it */
};
struct emu_end {
        enum emu_end_kind kind;
        const char *detail;  /* the last words, or NULL; the callback's */
        const char *console; /* the console's last lines, or NULL; the callback's */
};

struct emu_machine_request {
        const char *id;                     /* of the compute system */
        const struct hcs_json *document;    /* the create document */
        const char *hvsocket;               /* folder of its sockets (platform/hvsocket.h) */
        uint32_t guest_cid;                 /* 0: as the machine likes */
        const struct emu_adapter *adapters; /* of the document */
        size_t n_adapters;
        /* Once for each start whose program ran, on a thread of the machine; must not call into it. */
        void (*ended)(void *ctx, const struct emu_end *end);
        void *ctx;
};

/* Is this a document that boots here? With EMU_MACHINES_QEMU always: what cannot boot is refused then. */
bool emu_machine_is_wanted(const struct emu_machine_settings *settings, const struct hcs_json *document);
/*
 * A machine as the document says; nothing runs yet. Errors name the place in the document (hcs_error_path()): a file
 * that is absent is HCS_WIN32(2), what cannot be booted E_NOTIMPL.
 */
HRESULT emu_machine_new(const struct emu_machine_settings *settings, const struct emu_machine_request *request,
                        struct emu_machine **ret, struct hcs_error **err);
/* Kills what runs. NULL is fine, returns NULL. */
struct emu_machine *emu_machine_free(struct emu_machine *m);

/* Also after an end: as the document says, so without what was added since. */
HRESULT emu_machine_start(struct emu_machine *m, struct hcs_error **err);
bool emu_machine_stops_on_reset(const struct emu_machine *m);
HRESULT emu_machine_pause(struct emu_machine *m, struct hcs_error **err);
HRESULT emu_machine_resume(struct emu_machine *m, struct hcs_error **err);
/* A paused machine into a file, as a document names it; it stays paused. Its streams end. */
HRESULT emu_machine_save(struct emu_machine *m, const char *file, struct hcs_error **err);

enum emu_request { EMU_ADD, EMU_REMOVE, EMU_UPDATE };
struct emu_change {
        enum emu_request request;
        const char *path;                  /* "VirtualMachine/Devices/Scsi/0/Attachments/1" */
        const struct hcs_json *settings;   /* NULL: none */
        const struct emu_adapter *adapter; /* of an adapter that is added or updated */
};
/*
 * A modify request whose form was checked. What the machine has no say in (descriptors of sockets, limits of
 * processors) is S_OK; what it lacks is E_NOTIMPL. Else vm.h's errors, a guest that does not let go among them.
 */
HRESULT emu_machine_modify(struct emu_machine *m, const struct emu_change *change, struct hcs_error **err);
/* Asks the guest's kernel to sync and to power off; returns when it was asked. */
HRESULT emu_machine_shutdown(struct emu_machine *m, struct hcs_error **err);
/* The machine is on its way down: returns at once, and ends what another thread waits for in this machine. */
void emu_machine_kill(struct emu_machine *m);
/* Returns when nothing runs any more. */
void emu_machine_wait(struct emu_machine *m);

/* What a machine has used, from QEMU; bytes and nanoseconds. */
struct emu_figures {
        uint64_t uptime_ns, processor_ns;
        unsigned processors;
        uint64_t memory_assigned;
        bool memory_known; /* the guest has said what it makes of it */
        uint64_t memory_total, memory_available;
        uint64_t reads, writes, read_bytes, written_bytes; /* of all disks */
};
HRESULT emu_machine_figures(struct emu_machine *m, struct emu_figures *ret, struct hcs_error **err);

/* What it is, for people and tests: the program's process, its folders, the kernel's command line as it was asked for
 * and as it is, and what was changed in it. Adds members to o. */
void emu_machine_describe(struct emu_machine *m, struct hcs_json *o);

#endif
