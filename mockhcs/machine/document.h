/* SPDX-License-Identifier: MIT */
#ifndef MOCKHCS_MACHINE_DOCUMENT_H
#define MOCKHCS_MACHINE_DOCUMENT_H

/*
 * The document of a virtual machine as options of a machine by QEMU (mockhcs/vm). A plan belongs to its machine, and to
 * one thread at a time; the strings of its options are its own.
 */

#include "base/json.h"
#include "mockhcs/machine/machine.h"
#include "mockhcs/vm/vm.h"

struct machine_plan {
        struct vm_options vm; /* of the first start */
        struct hcs_json *kernel_changes;
        char *kernel_line;                 /* as the document has it */
        char *console_pipe;                /* of COM port 0, or NULL */
        char *controllers[VM_CONTROLLERS]; /* their names in the document, by number; NULL: there is none */
        bool stop_on_reset;
        struct vm_disk disks[VM_CONTROLLERS * VM_LUNS];
        struct vm_pmem pmem[VM_PMEM];
        struct vm_nic nics[VM_NICS];
        char **texts;
        size_t n_texts;
};

/*
 * S_FALSE, and nothing in the plan, when the document is none that is booted here: another chipset than
 * LinuxKernelDirect, or, with EMU_MACHINES_AUTO, a kernel that is absent or no kernel of Linux.
 */
HRESULT machine_plan_init(struct machine_plan *p, const struct emu_machine_settings *settings,
                          const struct emu_machine_request *request, struct hcs_error **err);
void machine_plan_deinit(struct machine_plan *p);

/*
 * The file that a path of a document means here: a path of Linux is itself, Z:\x is /x as with Wine, and C:\x is c/x
 * below the folder `drives`. Prefixes \\?\ are dropped. E_INVALIDARG says what else it is, HCS_WIN32(2) that there is
 * no such file; `where` is its place in the document. Caller frees.
 */
HRESULT machine_file(const struct emu_machine_settings *settings, const char *path, const char *where, char **ret,
                     struct hcs_error **err);
/* The same without looking whether it is there. */
HRESULT machine_path(const struct emu_machine_settings *settings, const char *path, const char *where, char **ret,
                     struct hcs_error **err);

/* The disk of an attachment; its place is filled in by the caller, its path is the caller's to free. */
HRESULT machine_attachment(const struct emu_machine_settings *settings, const struct hcs_json *attachment,
                           const char *where, struct vm_disk *ret, char **ret_path, struct hcs_error **err);
/* By the controller's name in the document; false when it has none of that name. */
bool machine_controller(const struct machine_plan *p, const char *name, unsigned *ret);

#endif
