/* SPDX-License-Identifier: MIT */
#ifndef HCS_UVM_PARTS_H
#define HCS_UVM_PARTS_H

/* Parts of create documents that several builders share. */

#include "uvm/build.h"
#include "uvm/document.h"

#define UVM_SDDL_SYSTEM_ADMINS  "D:P(A;;FA;;;SY)(A;;FA;;;BA)"
#define UVM_SDDL_EVERYONE       "D:P(A;;FA;;;WD)"
#define UVM_SECURE_BOOT_WINDOWS "1734c6e8-3154-4dda-ba5f-a874cc483422" /* the template "Microsoft Windows" */

/* A document of schema 2.`minor` with the parts that every VM has; it belongs to the plan. */
struct hcs_schema_virtual_machine *uvm_put_machine(struct uvm_plan *plan, const char *owner, int minor);

/* Even sizes only; id is the VM's in the warning. */
uint64_t uvm_even_memory(uint64_t mb, const char *id, struct oci_warnings *w);
/* No more than the host has. */
uint32_t uvm_possible_processors(int32_t count, const struct uvm_host *host, const char *id, struct oci_warnings *w);

void uvm_put_memory(struct hcs_schema_virtual_machine *vm, const struct hcs_schema_uvm_options *o, uint64_t mb);
void uvm_put_processor(struct hcs_schema_virtual_machine *vm, const struct hcs_schema_uvm_options *o, uint32_t count);
HRESULT uvm_check_cpu_group(const struct hcs_schema_uvm_options *o, const struct uvm_host *host,
                            struct hcs_error **err);
void uvm_put_storage_qos(struct hcs_schema_virtual_machine *vm, const struct hcs_schema_uvm_options *o);

/* Virtual NUMA: both outputs NULL when none is asked for. They belong to the caller until they are put. */
struct uvm_numa {
        struct hcs_schema_numa *numa;
        struct hcs_schema_numa_processors *processors;
};
HRESULT uvm_numa_prepare(const struct hcs_schema_uvm_options *o, const struct uvm_host *host, struct oci_warnings *w,
                         struct uvm_numa *ret, struct hcs_error **err);
HRESULT uvm_numa_validate(const struct uvm_numa *n, bool allow_overcommit, uint32_t processors, uint64_t mb,
                          struct hcs_error **err);
void uvm_numa_deinit(struct uvm_numa *n);
#define _cleanup_uvm_numa_ _cleanup_(uvm_numa_deinit)
void uvm_put_numa(struct hcs_schema_virtual_machine *vm, struct uvm_numa *n);

void uvm_put_controllers(struct uvm_plan *plan, uint32_t n);
/* The next free LUN of controller 0, from 0 on. */
void uvm_put_disk(struct uvm_plan *plan, const char *path, bool read_only);
void uvm_put_service(struct hcs_schema_hv_socket_system_config *c, const char *id, const char *bind,
                     const char *connect);
void uvm_put_services(struct hcs_schema_hv_socket_system_config *c, const struct hcs_schema_uvm_options *o);
void uvm_put_console(struct hcs_schema_devices *d, const char *pipe);
void uvm_put_graphics(struct hcs_schema_devices *d);
HRESULT uvm_put_assigned(struct hcs_schema_devices *d, const struct hcs_schema_uvm_lcow_options *o, bool with_affinity,
                         const struct uvm_host *host, struct hcs_error **err);

/* What boots a confidential Linux VM out of a guest state file. */
struct uvm_guest_state {
        const char *boot_files, *bundle;   /* folders */
        const char *state_file, *root_vhd; /* names in the first */
};
/* ERROR_FILE_NOT_FOUND when one of the templates is not there. */
HRESULT uvm_find_guest_state(const struct uvm_guest_state *g, const struct uvm_host *host, struct hcs_error **err);
/* Plans their copies, and puts them. */
void uvm_put_guest_state(struct uvm_plan *plan, const struct uvm_guest_state *g, const struct uvm_host *host);
void uvm_put_verity_root(struct uvm_plan *plan, const struct uvm_guest_state *g, const struct uvm_host *host);
/* Ports that a confidential guest may be reached by. */
void uvm_put_guest_ports(struct hcs_schema_hv_socket_system_config *c, const uint32_t *extra, size_t n);

void uvm_plan_step(struct uvm_plan *plan, enum uvm_step_kind kind, const char *path, const char *target);

/* Base64 as the documents have it. Caller frees. */
char *uvm_base64(const void *bytes, size_t n);

/* The kernel's command line. */
struct uvm_kernel_line {
        const char *root;    /* how it finds its root file system; may be "" */
        const char *options; /* of the user; may be NULL */
        const char *exec;    /* what init is to run */
        uint32_t processors;
        bool is_arm64, has_console, has_graphics, has_pci, writable_overlays;
        bool is_v2; /* spelled as the second shim does */
};
char *uvm_kernel_line(const struct uvm_kernel_line *k);
/* Boots the options' kernel and root file system: directly, or by UEFI. */
void uvm_put_kernel(struct hcs_schema_chipset *chipset, const struct hcs_schema_uvm_lcow_options *o,
                    const struct uvm_host *host, const char *line);
/* root=... of a VHD; E_INVALIDARG for verity without its table. */
HRESULT uvm_kernel_root(bool on_vpmem, bool verity, const char *verity_args, char **ret);
void uvm_warn_of_overlay(struct oci_warnings *w);

static inline bool uvm_is_set(const char *text) {
        return text && *text;
}

#endif
