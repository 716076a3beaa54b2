/* SPDX-License-Identifier: MIT */
#ifndef MOCKHCS_VM_VM_H
#define MOCKHCS_VM_VM_H

/*
 * A virtual machine by QEMU: what a compute system document becomes. It has a kernel and an initrd, disks by SCSI
 * controller and LUN, persistent memory, adapters by MAC address, a serial console, and AF_VSOCK.
 *
 *   vm_new()    a run folder and the sockets of vsock are there: listeners can be put beside them
 *   vm_start()  QEMU runs
 *   vm_wait()   it has ended, and why
 *   vm_free()   nothing is left
 *
 * QEMU dies with this process, however that ends. A guest that panics ends its machine at once. Calls may come from any
 * thread, but vm_free() only when no other call is on its way. Every failure of a machine says what its console said
 * last and where everything that was recorded of it is kept.
 *
 * Facts about QEMU: its 7.2 manual, docs/interop (QMP, vhost-user), and what was measured with it.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/mem.h"
#include "hcsshim/error.h"
#include "mockhcs/vm/network/network.h"
#include "mockhcs/vm/vsock/vsock.h"

struct vm;

enum vm_accelerator {
        VM_ACCELERATOR_AUTO, /* KVM where a guest truly boots with it, else TCG; see accelerator.h */
        VM_ACCELERATOR_KVM,
        VM_ACCELERATOR_TCG,
};

enum vm_vsock {
        VM_VSOCK_OURS,     /* the device of mockhcs/vm/vsock: Unix sockets in the run folder */
        VM_VSOCK_EXTERNAL, /* the program vhost-device-vsock: the same Unix sockets */
        VM_VSOCK_KERNEL,   /* /dev/vhost-vsock: AF_VSOCK on the host, guest_cid must be unique there */
        VM_VSOCK_NONE,
};

#define VM_CONTROLLERS  4  /* as hcsshim has SCSI controllers */
#define VM_LUNS         64 /* of a controller */
#define VM_PMEM         64
#define VM_NICS         8  /* from the start */
#define VM_SLOTS        64 /* for what comes later */
#define VM_PROCESSORS   64
#define VM_MEMORY_SLOTS 255 /* modules and persistent memory */

struct vm_disk {
        unsigned controller, lun;
        const char *path; /* raw, or VHD of a fixed size (its footer is no harm), VHDX, dynamic VHD: found out */
        bool read_only;
};

struct vm_pmem {
        unsigned number;  /* names the device */
        const char *path; /* size a multiple of 2 MiB: what virtio-pmem can map */
        bool read_only;
};

enum vm_nic_kind {
        VM_NIC_NAT,     /* behind QEMU's own NAT, alone: needs no rights */
        VM_NIC_NETWORK, /* on a cable: to a network, or to none */
};

struct vm_nic {
        const char *id;  /* names it; letters, digits, - and _ */
        const char *mac; /* "00-15-5D-..." or with colons; NULL, without a network only: one of QEMU's */
        enum vm_nic_kind kind;
        struct vm_network
                *network;    /* the machine takes a reference; NULL: the cable is out, the guest sees no carrier */
        const char *address; /* what it may send from, see vm_network_plug(); may be NULL */
};

struct vm_options {
        const char *name;            /* "uvm": what errors call it */
        const char *qemu;            /* NULL: qemu-system-x86_64 of PATH */
        const char *kernel, *initrd; /* initrd may be NULL */
        const char *command_line;    /* of the kernel; with TCG words for an emulated machine are put in front of it */
        unsigned processors;         /* 0: 2, or 1 where the host has one */
        unsigned processor_limit;    /* what adding processors may lead to; 0: their number stays */
        unsigned memory_mb;          /* 0: 1024 */
        unsigned memory_limit_mb;    /* what adding memory may lead to, persistent memory included; 0: no more */
        enum vm_accelerator accelerator;
        enum vm_vsock vsock;
        uint32_t guest_cid;          /* 0: 3 */
        unsigned controllers;        /* SCSI; 0: none */
        const struct vm_disk *disks; /* there from the start; what strings they hold is copied */
        size_t n_disks;
        const struct vm_pmem *pmem;
        size_t n_pmem;
        const struct vm_nic *nics;
        size_t n_nics;
        unsigned free_slots; /* for adapters and persistent memory that are added later; up to 56 */
        const char *saved;   /* file of vm_save(): go on from it; the other options are those of the machine then */
        const char *vsock_folder; /* of v.sock, which the caller makes and removes; NULL: the run folder */
        const char *run_base;     /* NULL: platform/work_folder.h's default */
        const char *artefacts; /* folder for console, QEMU's words and what callers add; NULL: kept only on failure */
        bool expendable;       /* nothing of it is kept when it fails */
        /* Each piece of the console as it comes, on the machine's own thread; may be NULL. */
        void (*console)(void *ctx, const char *data, size_t n);
        /* Once, when the machine has ended, on its own thread; it may still run when vm_wait() has returned, but not
         * when vm_free() has, which must not be called from it. May be NULL. */
        void (*ended)(void *ctx, struct vm *vm);
        void *ctx;
};

enum vm_end_kind {
        VM_END_POWER_OFF, /* the guest's wish */
        VM_END_RESET,     /* the guest wanted to start over: HCS calls that StopOnReset */
        VM_END_PANIC,     /* the guest's kernel gave up; detail is its line */
        VM_END_STOPPED,   /* vm_kill(), vm_free() */
        VM_END_DIED,      /* QEMU or vhost-device-vsock ended by itself; detail is its last line */
};

struct vm_end {
        enum vm_end_kind kind;
        int exit_code;      /* QEMU's; 128 + N after signal N */
        const char *detail; /* belongs to the machine; NULL when there is nothing to say */
};

/* Errors: options that cannot be, or are others than those of the saved machine (E_INVALIDARG, naming them), what
 * making the folder and its sockets says. */
HRESULT vm_new(const struct vm_options *options, struct vm **ret, struct hcs_error **err);
/*
 * Starts QEMU and waits until its processors run. HCS_WIN32(ERROR_FILE_NOT_FOUND) for a QEMU or a file that is absent;
 * HCS_E_UNEXPECTED_EXIT with QEMU's words; HCS_E_CONNECTION_TIMEOUT when it does not come up by the deadline
 * (monotonic, HCS_FOREVER for none).
 */
HRESULT vm_start(struct vm *vm, uint64_t deadline_ns, struct hcs_error **err);
/* HCS_E_OPERATION_TIMEOUT at the deadline. ret may be NULL. */
HRESULT vm_wait(struct vm *vm, uint64_t deadline_ns, struct vm_end *ret, struct hcs_error **err);
bool vm_has_ended(struct vm *vm, struct vm_end *ret);
/* The guest's power button; it may take its time or not listen at all. */
HRESULT vm_power_down(struct vm *vm, struct hcs_error **err);
/*
 * The magic keys of Linux (SysRq) at its keyboard, in this order: "suo" syncs, makes file systems read-only and powers
 * off. The kernel does it by itself, if the keys are enabled there (kernel.sysrq).
 */
HRESULT vm_magic_keys(struct vm *vm, const char *keys, struct hcs_error **err);
HRESULT vm_pause(struct vm *vm, struct hcs_error **err);
HRESULT vm_resume(struct vm *vm, struct hcs_error **err);
/*
 * Writes all of a machine that runs or is paused into a file (mode 0600), which is there, whole, when this succeeds.
 * Then the machine is paused: it is killed, or resumed. To be saved the guest has to let go of its vsock device (QEMU
 * cannot save it), for which a paused guest runs a moment; it gets it again when it goes on. Streams end by that, for
 * the guest with ECONNRESET; listeners of the guest stay. E_NOTIMPL with persistent memory and with vsock that is not
 * ours; HCS_E_OPERATION_TIMEOUT when it is not done by the deadline. After a failure the machine is as it was before,
 * but for streams.
 *
 * A machine of vm_options.saved is made of the same files, processors, memory, disks and adapters, those that were
 * added later included; vm_start() goes on where it was. What its disks hold, and that they are as they were, is the
 * caller's.
 */
HRESULT vm_save(struct vm *vm, const char *path, uint64_t deadline_ns, struct hcs_error **err);
/* At once; returns when QEMU is gone. One that has not been started cannot be any more: E_ABORT. */
void vm_kill(struct vm *vm);
/* The same without waiting for it. */
void vm_kill_soon(struct vm *vm);
/* Kills it if it runs, removes the run folder; what was recorded stays if the machine failed. NULL is fine. */
struct vm *vm_free(struct vm *vm);
HCS_DEFINE_CLEANUP(struct vm *, vm_free)

/*
 * Makes the error of something that did not work with this guest: says so if the machine has ended meanwhile and why
 * (then HCS_E_UNEXPECTED_EXIT instead of hr), names the folder in which console and logs stay, and has the console's
 * last lines as its hint. Returns the code. `fmt` is what was attempted: "wait for the guest's bridge".
 */
HRESULT vm_fail(struct vm *vm, HRESULT hr, struct hcs_error **err, const char *fmt, ...) _printf_(4, 5);

const char *vm_name(const struct vm *vm);
/* The run folder; with the vsock kinds that have Unix sockets it holds v.sock and is where v.sock_PORT belong. */
const char *vm_folder(const struct vm *vm);
/* Of a file that stays if the machine fails ("agent.log"). Caller frees. */
char *vm_artefact_path(struct vm *vm, const char *name);
/* What is known of the console so far: its last lines. Caller frees. */
char *vm_console_tail(struct vm *vm);
/* Types at the console; waits while the guest does not read. HCS_PIPE_BROKEN when the machine has ended. */
HRESULT vm_console_write(struct vm *vm, const char *data, size_t n, struct hcs_error **err);
enum vm_accelerator vm_accelerator_of(const struct vm *vm);
int64_t vm_pid(struct vm *vm); /* QEMU's; 0 before it runs */
/* False unless VM_VSOCK_OURS. */
bool vm_vsock_stats(struct vm *vm, struct vsock_stats *ret);

/*
 * Devices of a running machine. Adding is done when the guest can see the device; removing asks the guest and waits
 * for it until the deadline: HCS_E_OPERATION_TIMEOUT when it does not let go. A place that is taken or empty is
 * HCS_WIN32(ERROR_ALREADY_EXISTS) or HCS_WIN32(ERROR_NOT_FOUND).
 */
HRESULT vm_disk_add(struct vm *vm, const struct vm_disk *disk, struct hcs_error **err);
HRESULT vm_disk_remove(struct vm *vm, unsigned controller, unsigned lun, struct hcs_error **err);
HRESULT vm_pmem_add(struct vm *vm, const struct vm_pmem *pmem, struct hcs_error **err);
HRESULT vm_nic_add(struct vm *vm, const struct vm_nic *nic, struct hcs_error **err);
/* An adapter from the start can only go from a machine that has free_slots. */
HRESULT vm_nic_remove(struct vm *vm, const char *id, uint64_t deadline_ns, struct hcs_error **err);
/* Its cable is plugged into another network (vm_network_plug() has the errors), or pulled out: NULL. */
HRESULT vm_nic_connect(struct vm *vm, const char *id, struct vm_network *network, const char *address,
                       struct hcs_error **err);
/* False for an adapter that is not there or has no cable. */
bool vm_nic_stats(struct vm *vm, const char *id, struct vm_cable_stats *ret);
/*
 * Adds processors, up to processor_limit. It is done when the guest can see them: Linux takes them into use when it is
 * told so in /sys/devices/system/cpu/cpuN/online. Fewer than there are is E_NOTIMPL: QEMU 7.2 has no way back where it
 * emulates (the processor goes, its object stays, and the next that comes ends QEMU).
 */
HRESULT vm_processors_set(struct vm *vm, unsigned n, struct hcs_error **err);
/*
 * What the guest has of memory: less than it began with is taken by a balloon, as far as the guest gives it; more is
 * added in modules of 128 MB up to memory_limit_mb and cannot be taken out again.
 */
HRESULT vm_memory_set(struct vm *vm, unsigned mb, struct hcs_error **err);

#endif
