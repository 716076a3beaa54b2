/* SPDX-License-Identifier: MIT */

/* A specification's annotations as options of a Linux VM. Later readings change what earlier ones said, in an order
 * that counts: boot files, root file system, kernel direct, physically backed, security policy, overrides of its files.
 */

#include "base/json.h"
#include "base/str.h"
#include "uvm/build.h"
#include "uvm/common_options.h"

static void read_boot(struct hcs_schema_uvm_lcow_options *o, const struct uvm_host *host,
                      const struct hcs_schema_oci_spec *spec, struct oci_warnings *w) {
        const char *type = oci_spec_annotation(spec, OCI_A_PREFERRED_ROOT_FS_TYPE);

        uvm_lcow_options_set_boot_files(o, host,
                                        oci_annotation_string(spec, OCI_A_BOOT_FILES_ROOT_PATH, o->BootFilesPath), w);
        uvm_read_text(spec, OCI_A_KERNEL_BOOT_OPTIONS, &o->KernelBootOptions);
        if (hcs_streq(type, "initrd")) {
                o->PreferredRootFSType = UVM_ROOT_INITRD;
        } else if (hcs_streq(type, "vhd")) {
                o->PreferredRootFSType = UVM_ROOT_VHD;
        } else if (type) {
                struct hcs_json *entry = oci_warn(w, "annotation value must be 'initrd' or 'vhd'");

                hcs_json_set_string(entry, "annotation", OCI_A_PREFERRED_ROOT_FS_TYPE);
                hcs_json_set_string(entry, "value", type);
        }
        uvm_set_text(&o->RootFSFile, o->PreferredRootFSType == UVM_ROOT_VHD ? "rootfs.vhd" : "initrd.img");
        o->KernelDirect = oci_annotation_bool(spec, OCI_A_KERNEL_DIRECT_BOOT, o->KernelDirect, w);
        if (!o->KernelDirect)
                uvm_set_text(&o->KernelFile, "kernel");
}

static void read_guest(struct hcs_schema_uvm_lcow_options *o, const struct hcs_schema_oci_spec *spec,
                       struct oci_warnings *w) {
        const char *args = oci_annotation_string(spec, OCI_A_EXTRA_LCOW_EXEC_ARGS, "");
        struct oci_uint32s ports;

        o->DisableTimeSyncService =
                oci_annotation_bool(spec, OCI_A_DISABLE_LCOW_TIME_SYNC_SERVICE, o->DisableTimeSyncService, w);
        o->WritableOverlayDirs = oci_annotation_bool(spec, OCI_A_WRITABLE_OVERLAY_DIRS, o->WritableOverlayDirs, w);
        o->PolicyBasedRouting =
                oci_annotation_bool(spec, OCI_A_NETWORKING_POLICY_BASED_ROUTING, o->PolicyBasedRouting, w);
        if (*args)
                uvm_take_text(&o->ExecCommandLine, hcs_asprintf("%s %s", o->ExecCommandLine, args));
        if (oci_annotation_uint32s(spec, OCI_A_EXTRA_VSOCK_PORTS, &ports)) {
                o->ExtraVSockPorts.items = ports.items;
                o->ExtraVSockPorts.n = ports.n;
        }
}

static void read_devices(struct hcs_schema_uvm_lcow_options *o, const struct hcs_schema_oci_spec *spec,
                         struct oci_warnings *w) {
        o->EnableColdDiscardHint =
                oci_annotation_bool(spec, OCI_A_ENABLE_COLD_DISCARD_HINT, o->EnableColdDiscardHint, w);
        o->VPMemDeviceCount = oci_annotation_uint32(spec, OCI_A_VPMEM_COUNT, o->VPMemDeviceCount, w);
        o->VPMemSizeBytes = oci_annotation_uint64(spec, OCI_A_VPMEM_SIZE, o->VPMemSizeBytes, w);
        o->VPMemNoMultiMapping = oci_annotation_bool(spec, OCI_A_VPMEM_NO_MULTI_MAPPING, o->VPMemNoMultiMapping, w);
        o->VPCIEnabled = oci_annotation_bool(spec, OCI_A_VPCI_ENABLED, o->VPCIEnabled, w);
}

/* A policy on hardware that keeps it boots from a guest state file with all that boot options would say inside. */
static void boot_from_guest_state(struct hcs_schema_uvm_lcow_options *o) {
        o->VPMemDeviceCount = 0;
        uvm_set_text(&o->GuestStateFilePath, "kernel.vmgs");
        uvm_set_text(&o->KernelBootOptions, "");
        o->AllowOvercommit = false;
        o->PreferredRootFSType = UVM_ROOT_NEITHER;
        uvm_set_text(&o->RootFSFile, "");
        uvm_set_text(&o->DmVerityRootFsVhd, "rootfs.vhd");
        o->DmVerityMode = true;
}

static void read_security(struct hcs_schema_uvm_lcow_options *o, const struct hcs_schema_oci_spec *spec,
                          struct oci_warnings *w) {
        int hcl;

        uvm_read_text(spec, OCI_A_LCOW_SECURITY_POLICY, &o->SecurityPolicy);
        uvm_read_text(spec, OCI_A_LCOW_SECURITY_POLICY_ENFORCER, &o->SecurityPolicyEnforcer);
        uvm_read_text(spec, OCI_A_LCOW_REFERENCE_INFO_FILE, &o->UVMReferenceInfoFile);
        uvm_read_text(spec, OCI_A_UVM_HASH_ENVELOPE_REFERENCE_INFO_FILE, &o->UVMHashEnvelopeReferenceInfoFile);
        o->EnableScratchEncryption = oci_annotation_bool(spec, OCI_A_LCOW_ENCRYPTED_SCRATCH_DISK, false, w);
        if (o->SecurityPolicy && *o->SecurityPolicy) {
                o->SecurityPolicyEnabled = true;
                if (!oci_annotation_bool(spec, OCI_A_NO_SECURITY_HARDWARE, false, w))
                        boot_from_guest_state(o);
                o->EnableScratchEncryption = oci_annotation_bool(spec, OCI_A_LCOW_ENCRYPTED_SCRATCH_DISK, true, w);
        } else {
                oci_annotation_bool(spec, OCI_A_NO_SECURITY_HARDWARE, false,
                                    w); /* a bad one is warned of all the same */
        }
        uvm_read_text(spec, OCI_A_LCOW_GUEST_STATE_FILE, &o->GuestStateFilePath);
        uvm_read_text(spec, OCI_A_DM_VERITY_ROOT_FS_VHD, &o->DmVerityRootFsVhd);
        o->DmVerityMode = oci_annotation_bool(spec, OCI_A_DM_VERITY_MODE, o->DmVerityMode, w);
        uvm_read_text(spec, OCI_A_DM_VERITY_CREATE_ARGS, &o->DmVerityCreateArgs);
        hcl = oci_annotation_nullable_bool(spec, OCI_A_LCOW_HCL_ENABLED, w);
        if (hcl >= 0)
                *UVM_NEW(o->HclEnabled) = hcl == 1;
}

static void read_assigned(struct hcs_schema_uvm_lcow_options *o, const struct uvm_host *host,
                          const struct hcs_schema_oci_spec *spec, struct oci_warnings *w) {
        for (size_t i = 0; spec->windows && i < spec->windows->devices.n; i++) {
                const struct hcs_schema_oci_windows_device *d = &spec->windows->devices.items[i];
                struct hcs_schema_uvm_assigned_device *added;

                if (!uvm_device_is_assignable(d, w))
                        continue;
                added = UVM_LIST_ADD(&o->AssignedDevices);
                added->VirtualFunctionIndex = uvm_split_device(host, d->id ? d->id : "", &added->DeviceInstanceID);
        }
}

HRESULT uvm_lcow_options_from_spec(const struct uvm_host *host, const struct hcs_schema_oci_spec *spec, const char *id,
                                   const char *owner, struct oci_warnings *w, struct hcs_schema_uvm_lcow_options **ret,
                                   struct hcs_error **err) {
        _cleanup_uvm_lcow_options_ struct hcs_schema_uvm_lcow_options *o = NULL;
        HRESULT hr;

        if (!oci_spec_is_lcow(spec))
                return hcs_error_make(err, E_INVALIDARG, "cannot create UVM opts spec is not LCOW or WCOW");
        o = uvm_lcow_options_new(host, id, owner);
        hr = uvm_read_common((struct hcs_schema_uvm_options *)o, spec, w, err);
        if (FAILED(hr))
                return hr;
        read_boot(o, host, spec, w);
        read_devices(o, spec, w);
        o->FullyPhysicallyBacked = oci_annotation_bool(spec, OCI_A_FULLY_PHYSICALLY_BACKED, false, w);
        if (o->FullyPhysicallyBacked) {
                o->AllowOvercommit = false;
                o->VPMemDeviceCount = 0;
        }
        read_guest(o, spec, w);
        read_security(o, spec, w);
        read_assigned(o, host, spec, w);
        *ret = steal_pointer(&o);
        return S_OK;
}
