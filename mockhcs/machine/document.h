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
        const char *pmem_files[VM_PMEM]; /* as the document names them */
        struct vm_nic nics[VM_NICS];
        struct hcs_json *shares;              /* Plan9Shares, an array; NULL: none */
        struct emu_adapter adapters[VM_NICS]; /* where they are plugged in; strings of the plan */
        char **texts;
        size_t n_texts;
};

/* LinuxKernelDirect, with a kernel that is there and is one. */
bool machine_document_boots(const struct emu_machine_settings *settings, const struct hcs_json *document);
/* As emu_machine_new(). */
HRESULT machine_plan_init(struct machine_plan *p, const struct emu_machine_settings *settings,
                          const struct emu_machine_request *request, struct hcs_error **err);
void machine_plan_deinit(struct machine_plan *p);
/* Takes the text over, for as long as the plan is there. */
char *machine_plan_keep(struct machine_plan *p, char *text);
/* Machines and their devices are called by letters, digits, - and _. Caller frees. */
char *machine_name(const char *id);

/*
 * The file that a path of a document means here: a path of Linux is itself, Z:\x is /x as with Wine, and C:\x is c/x
 * below the folder `drives`; the two in whatever case of letters the name is. Prefixes \\?\ are dropped. E_INVALIDARG
 * says what else it is, HCS_WIN32(2) that there is no such file; `where` is its place in the document. Caller frees.
 */
HRESULT machine_file(const struct emu_machine_settings *settings, const char *path, const char *where, char **ret,
                     struct hcs_error **err);
/* The same without looking whether it is there. */
HRESULT machine_path(const struct emu_machine_settings *settings, const char *path, const char *where, char **ret,
                     struct hcs_error **err);

/* The disk of an attachment; its place is filled in by the caller, its path is the caller's to free. */
HRESULT machine_attachment(const struct emu_machine_settings *settings, const struct hcs_json *attachment,
                           const char *where, struct vm_disk *ret, char **ret_path, struct hcs_error **err);
/* The file of persistent memory as the device needs it: fills in its path, which is the plan's (pmem.c). */
HRESULT machine_pmem_prepare(struct machine_plan *p, const char *path, const char *where, struct vm_pmem *device,
                             struct hcs_error **err);
/* By the controller's name in the document; false when it has none of that name. */
bool machine_controller(const struct machine_plan *p, const char *name, unsigned *ret);

#endif
