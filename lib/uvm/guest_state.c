/* SPDX-License-Identifier: MIT */

/* What confidential Linux VMs have in the place of a kernel: a guest state file and a root disk with verity, copied for
 * each VM, and sockets that only certain ports pass. */

#include "base/str.h"
#include "uvm/parts.h"

static HRESULT find(const struct uvm_host *host, const char *folder, const char *name, const char *what,
                    struct hcs_error **err) {
        _cleanup_free_ char *path = uvm_path_join(host, folder, name);

        if (!uvm_host_has(host, path))
                return hcs_error_make(err, HCS_WIN32(2), "the %s file '%s' was not found", what, path);
        return S_OK;
}

HRESULT uvm_find_guest_state(const struct uvm_guest_state *g, const struct uvm_host *host, struct hcs_error **err) {
        HRESULT hr = find(host, g->boot_files, g->state_file, "GuestState vmgs", err);

        return FAILED(hr) ? hr : find(host, g->boot_files, g->root_vhd, "DM Verity VHD", err);
}

void uvm_put_guest_state(struct uvm_plan *plan, const struct uvm_guest_state *g, const struct uvm_host *host) {
        struct hcs_schema_virtual_machine *vm = plan->document->VirtualMachine;
        _cleanup_free_ char *state = uvm_path_join(host, g->bundle, g->state_file);
        _cleanup_free_ char *root = uvm_path_join(host, g->bundle, "rootfs.vhd");
        _cleanup_free_ char *state_template = uvm_path_join(host, g->boot_files, g->state_file);
        _cleanup_free_ char *root_template = uvm_path_join(host, g->boot_files, g->root_vhd);

        uvm_plan_step(plan, UVM_STEP_COPY, state_template, state);
        uvm_plan_step(plan, UVM_STEP_COPY, root_template, root);
        uvm_plan_step(plan, UVM_STEP_GRANT_GROUP, state, NULL);
        uvm_plan_step(plan, UVM_STEP_GRANT_GROUP, root, NULL);
        UVM_NEW(vm->Chipset->Uefi);
        uvm_set_text(&vm->Chipset->Uefi->ApplySecureBootTemplate, "Apply");
        uvm_set_text(&vm->Chipset->Uefi->SecureBootTemplateId, UVM_SECURE_BOOT_WINDOWS);
        UVM_NEW(vm->GuestState);
        uvm_set_text(&vm->GuestState->GuestStateFilePath, state);
        uvm_set_text(&vm->GuestState->GuestStateFileType, "FileMode");
        vm->GuestState->ForceTransientState = true; /* only where the images come from, no state to go on with */
}

void uvm_put_verity_root(struct uvm_plan *plan, const struct uvm_guest_state *g, const struct uvm_host *host) {
        _cleanup_free_ char *root = uvm_path_join(host, g->bundle, "rootfs.vhd");

        uvm_put_disk(plan, root, true);
}

void uvm_put_guest_ports(struct hcs_schema_hv_socket_system_config *c, const uint32_t *extra, size_t n) {
        /* entropy, log, bridge, and one beside it */
        static const uint32_t ports[] = {1, 109, 0x40000000, 0x40000001};

        uvm_set_text(&c->DefaultBindSecurityDescriptor, UVM_SDDL_EVERYONE);
        uvm_set_text(&c->DefaultConnectSecurityDescriptor, UVM_SDDL_SYSTEM_ADMINS);
        for (size_t i = 0; i < HCS_ARRAY_SIZE(ports) + n; i++) {
                char id[HCS_GUID_TEXT_SIZE];
                GUID service;

                hcs_guid_from_vsock_port(i < HCS_ARRAY_SIZE(ports) ? ports[i] : extra[i - HCS_ARRAY_SIZE(ports)],
                                         &service);
                uvm_put_service(c, hcs_guid_format(&service, id), UVM_SDDL_EVERYONE, UVM_SDDL_SYSTEM_ADMINS);
        }
}
