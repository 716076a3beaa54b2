/* SPDX-License-Identifier: MIT */
#ifndef MOCKHCS_VM_MACHINE_H
#define MOCKHCS_VM_MACHINE_H

/*
 * The inside of a machine of vm.h. Its keeper thread starts QEMU (which dies with that thread), reads the console and
 * QMP, and sees the end; everything else that may be called from any thread takes the lock.
 */

#include "mockhcs/vm/console.h"
#include "mockhcs/vm/qmp.h"
#include "mockhcs/vm/vm.h"
#include "platform/companion.h"
#include "platform/pipe.h"
#include "platform/thread.h"
#include "platform/work_folder.h"

enum machine_state { MACHINE_NEW, MACHINE_STARTING, MACHINE_SPAWNED, MACHINE_ENDED };

/* What is plugged in, by the id QEMU knows it by. */
struct machine_slot {
        char *id;   /* of the NIC or pmem; NULL: free */
        bool going; /* the guest was asked to let go of it */
};

/* An adapter; with the lock. */
struct machine_nic {
        char *id;
        struct vm_cable *cable; /* NULL: behind QEMU's NAT */
        int theirs;             /* QEMU's end of the cable, until it has it; -1 */
        bool linked;
};

struct vm {
        struct vm_options options; /* strings owned by `strings` */
        char **strings;
        size_t n_strings;
        enum vm_accelerator accelerator;

        struct hcs_work_folder *folder;
        char *artefacts; /* a folder */
        bool kept;       /* artefacts stay when the run folder goes */
        struct vsock_device *vsock;
        int vhost_theirs, console_theirs, qmp_theirs; /* QEMU's ends, until it has them */
        HANDLE console_ours;
        struct hcs_poller *poller;
        struct qmp qmp;

        struct hcs_mutex lock;
        struct hcs_cond changed;
        enum machine_state state;
        struct hcs_error *start_error; /* QEMU could not be started */
        struct hcs_companion *qemu, *vsock_program;
        struct hcs_thread keeper;
        bool keeper_started;
        struct console console;
        bool kill_wanted, killed, guest_off, guest_reset;
        struct vm_end end;
        char *end_detail;

        bool disks[VM_CONTROLLERS][VM_LUNS], disks_going[VM_CONTROLLERS][VM_LUNS];
        struct machine_slot *slots; /* those of the adapters from the start first, vsock's behind all others */
        size_t n_slots;             /* without that one */
        size_t n_pmem;              /* now */
        struct machine_nic *nics;
        size_t n_nics;
        unsigned n_modules; /* of memory, of MACHINE_MODULE_MB each */
        unsigned memory_slots;
        unsigned memory_wanted_mb;
        unsigned processors; /* now; options.processors is what it began with */
        uint64_t started_ns;

        int saved_fd; /* what it goes on from, behind its head; -1 */
        bool migrated, migration_failed;
        bool vsock_out; /* pulled, so that the machine can be saved */
};

#define MACHINE_QMP_TIMEOUT (30ull * 1000000000ull)
#define MACHINE_MODULE_MB   128u
#define MACHINE_VSOCK       "vsock" /* its device's id */

/* options.c: checks and copies. */
HRESULT machine_copy_options(struct vm *vm, const struct vm_options *o, struct hcs_error **err);
void machine_free_options(struct vm *vm);
bool machine_is_name(const char *s);
/* n of them, empty, and one for vsock if it needs one. */
void machine_make_slots(struct vm *vm, size_t n);
static inline bool machine_has_vsock_slot(const struct vm *vm) {
        return vm->options.vsock == VM_VSOCK_OURS;
}

/* Where v.sock is. */
static inline const char *machine_vsock_folder(const struct vm *vm) {
        return vm->options.vsock_folder ? vm->options.vsock_folder : hcs_work_folder_path(vm->folder);
}

/* command_line.c: QEMU's arguments, NULL terminated, each to be freed with the array. */
HRESULT machine_command_line(struct vm *vm, char ***ret, struct hcs_error **err);
char **machine_free_command_line(char **argv);
/* Descriptions that the command line and QMP share; the caller's. */
struct hcs_json *machine_disk_block(const struct vm_disk *d, struct hcs_error **err);
struct hcs_json *machine_disk_device(const struct vm_disk *d);
HRESULT machine_pmem_memory(const struct vm_pmem *p, struct hcs_json **ret, struct hcs_error **err);
struct hcs_json *machine_pmem_device(const struct vm_pmem *p, const char *bus);
/* fd: QEMU's end of the cable, a number or the name it was given by; NULL without a cable. */
struct hcs_json *machine_nic_network(const struct vm_nic *n, const char *fd);
struct hcs_json *machine_nic_device(const struct vm_nic *n, const char *bus);

struct hcs_json *machine_vsock_device(const struct vm *vm);
struct hcs_json *machine_module_memory(unsigned number);
struct hcs_json *machine_module_device(const struct vm *vm, unsigned number);
/* A processor that was added. */
struct hcs_json *machine_processor_device(const struct vm *vm, unsigned number);

/* saved.c: the head of a saved machine's file. */
HRESULT machine_write_head(struct vm *vm, int fd, struct hcs_error **err);
/* Opens options.saved, compares, and makes this machine as that one was. */
HRESULT machine_open_saved(struct vm *vm, struct hcs_error **err);

/* save.c. With the lock. */
void machine_migration_changed(struct vm *vm, const char *status);
/* Goes on from saved_fd. */
HRESULT machine_restore(struct vm *vm, uint64_t deadline_ns, struct hcs_error **err);
/* Gives the guest its vsock device back if it was pulled. */
HRESULT machine_plug_vsock(struct vm *vm, struct hcs_error **err);

/* keeper.c: the thread. */
void machine_keep(void *vm);

/* devices.c: the guest has let go of a device; with the lock. */
void machine_device_deleted(struct vm *vm, const char *id);
/* Commands; arguments are taken over. */
HRESULT machine_execute(struct vm *vm, const char *command, struct hcs_json *arguments, struct hcs_error **err);
struct hcs_json *machine_named(const char *member, const char *value);
/* Says that it was `what which` that failed. */
HRESULT machine_in_context(struct vm *vm, HRESULT hr, struct hcs_error **err, const char *what, const char *which);
/* The bus of a free slot, which is the device's from now on; back to be free. */
HRESULT machine_take_slot(struct vm *vm, const char *id, char bus[static 16], struct hcs_error **err);
void machine_give_slot(struct vm *vm, const char *id);
/* Asks the guest to let go of what is in a slot, and waits. HCS_WIN32(ERROR_NOT_FOUND) when nothing of the name is. */
HRESULT machine_empty_slot(struct vm *vm, const char *id, uint64_t deadline_ns, struct hcs_error **err);

/* nics.c: the cables of the adapters from the start; what QEMU was given is closed, or all of it is freed. */
HRESULT machine_make_nics(struct vm *vm, const struct vm_nic *nics, struct hcs_error **err);
void machine_nics_given(struct vm *vm);
void machine_free_nics(struct vm *vm);
/* Cables that are in no network: the guest is told. */
HRESULT machine_unlink_nics(struct vm *vm, struct hcs_error **err);

/* vm.c: moves the artefacts to where they stay; with the lock. */
void machine_keep_artefacts(struct vm *vm);

#endif
