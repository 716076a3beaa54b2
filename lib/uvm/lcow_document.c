/* SPDX-License-Identifier: MIT */

/* Documents of Linux VMs: with a kernel of the host's, or, when there is a guest state file, confidential. */

#include "base/buf.h"
#include "base/str.h"
#include "uvm/parts.h"

static const struct hcs_schema_uvm_options *common(const struct hcs_schema_uvm_lcow_options *o) {
        return (const struct hcs_schema_uvm_options *)o;
}

/* Without VPMem all layers come over SCSI: as many controllers as there can be, where the build knows of them. */
static uint32_t controllers(const struct hcs_schema_uvm_lcow_options *o, const struct uvm_host *host) {
        return o->VPMemDeviceCount == 0 && host->build >= UVM_BUILD_RS5 ? UVM_MAX_SCSI_CONTROLLERS
                                                                        : o->SCSIControllerCount;
}

/* What init is to run: the agent, its output to the log's port. */
static char *exec_line(const struct hcs_schema_uvm_lcow_options *o) {
        _cleanup_buf_ struct hcs_buf b = {0};

        hcs_buf_printf(&b, "/bin/vsockexec%s%s %s%s", o->ForwardStdout ? " -o 109" : "",
                       o->ForwardStderr ? " -e 109" : "", o->ExecCommandLine ? o->ExecCommandLine : "",
                       o->DisableTimeSyncService ? " -disable-time-sync" : "");
        if (uvm_is_set(o->ProcessDumpLocation))
                hcs_buf_printf(&b, " -core-dump-location %s", o->ProcessDumpLocation);
        return hcs_buf_steal(&b);
}

static void put_vpmem(struct uvm_plan *plan, const struct hcs_schema_uvm_lcow_options *o, const char *root) {
        struct hcs_schema_virtual_p_mem_controller *c;

        if (o->VPMemDeviceCount == 0)
                return;
        c = UVM_NEW(plan->document->VirtualMachine->Devices->VirtualPMem);
        c->MaximumCount = o->VPMemDeviceCount;
        c->MaximumSizeBytes = o->VPMemSizeBytes;
        if (o->PreferredRootFSType == UVM_ROOT_VHD) {
                struct hcs_schema_virtual_p_mem_device *d = UVM_MAP_ENTRY(&c->Devices, "0");

                uvm_set_text(&d->HostPath, root);
                d->ReadOnly = true;
                uvm_set_text(&d->ImageFormat, "Vhd1"); /* of VHDX too, as in the original */
                plan->has_vpmem_root = true;
        }
}

static HRESULT root_words(const struct hcs_schema_uvm_lcow_options *o, char **ret, struct hcs_error **err) {
        if (o->PreferredRootFSType == UVM_ROOT_VHD) {
                if (FAILED(uvm_kernel_root(o->VPMemDeviceCount > 0, o->DmVerityMode, o->DmVerityCreateArgs, ret)))
                        return hcs_error_make(
                                err, E_INVALIDARG,
                                "DmVerityCreateArgs must be set when DmVerityMode is true and not booting from "
                                "a vmgs file.");
                return S_OK;
        }
        *ret = o->PreferredRootFSType == UVM_ROOT_INITRD && !o->KernelDirect ? hcs_asprintf("initrd=/%s", o->RootFSFile)
                                                                             : hcs_strdup("");
        return S_OK;
}

static HRESULT put_boot(struct uvm_plan *plan, const struct hcs_schema_uvm_lcow_options *o, const struct uvm_host *host,
                        const char *root, struct oci_warnings *w, struct hcs_error **err) {
        struct hcs_schema_virtual_machine *vm = plan->document->VirtualMachine;
        _cleanup_free_ char *words = NULL, *exec = exec_line(o), *line = NULL;
        HRESULT hr = root_words(o, &words, err);

        if (FAILED(hr))
                return hr;
        if (o->PreferredRootFSType == UVM_ROOT_VHD && o->VPMemDeviceCount == 0)
                uvm_put_disk(plan, root, true);
        if (uvm_is_set(o->ConsolePipe))
                uvm_put_console(vm->Devices, o->ConsolePipe);
        if (o->EnableGraphicsConsole)
                uvm_put_graphics(vm->Devices);
        if (o->WritableOverlayDirs && o->PreferredRootFSType == UVM_ROOT_INITRD)
                uvm_warn_of_overlay(w);
        line = uvm_kernel_line(&(struct uvm_kernel_line){
                .root = words,
                .options = o->KernelBootOptions,
                .exec = exec,
                .processors = (uint32_t)o->ProcessorCount, /* what was asked for, as in the original */
                .is_arm64 = host->is_arm64,
                .has_console = uvm_is_set(o->ConsolePipe),
                .has_graphics = o->EnableGraphicsConsole,
                .has_pci = o->VPCIEnabled,
                .writable_overlays = o->WritableOverlayDirs && o->PreferredRootFSType == UVM_ROOT_VHD,
        });
        uvm_put_kernel(vm->Chipset, o, host, line);
        return S_OK;
}

static HRESULT find_boot_files(const struct uvm_host *host, const char *kernel, const char *root,
                               struct hcs_error **err) {
        if (!uvm_host_has(host, kernel))
                return hcs_error_make(err, HCS_WIN32(2), "kernel: '%s' not found", kernel);
        if (!uvm_host_has(host, root))
                return hcs_error_make(err, HCS_WIN32(2), "boot file: '%s' not found", root);
        return S_OK;
}

/* Processors first: what is warned of, and refused, comes in this order. */
static HRESULT count_processors(struct uvm_plan *plan, const struct hcs_schema_uvm_lcow_options *o,
                                const struct uvm_host *host, struct oci_warnings *w, struct hcs_error **err) {
        plan->processors = uvm_possible_processors(o->ProcessorCount, host, o->ID, w);
        return uvm_check_cpu_group(common(o), host, err);
}

static struct hcs_schema_virtual_machine *put_base(struct uvm_plan *plan, const struct hcs_schema_uvm_lcow_options *o,
                                                   const struct uvm_host *host, int minor, uint64_t mb) {
        struct hcs_schema_virtual_machine *vm = uvm_put_machine(plan, o->Owner, minor);

        uvm_put_memory(vm, common(o), mb);
        vm->ComputeTopology->Memory->EnableColdDiscardHint = o->EnableColdDiscardHint;
        uvm_put_processor(vm, common(o), plan->processors);
        uvm_put_storage_qos(vm, common(o));
        uvm_put_services(vm->Devices->HvSocket->HvSocketConfig, common(o));
        UVM_NEW(vm->Devices->Plan9);
        uvm_put_controllers(plan, controllers(o, host));
        return vm;
}

static HRESULT build(const struct hcs_schema_uvm_lcow_options *o, const struct uvm_host *host, struct uvm_plan *plan,
                     struct oci_warnings *w, struct hcs_error **err) {
        _cleanup_free_ char *kernel = uvm_path_join(host, o->BootFilesPath, o->KernelFile);
        _cleanup_free_ char *root = uvm_path_join(host, o->BootFilesPath, o->RootFSFile);
        _cleanup_uvm_numa_ struct uvm_numa numa = {0};
        struct hcs_schema_virtual_machine *vm;
        bool has_numa;
        uint64_t mb;
        HRESULT hr = find_boot_files(host, kernel, root, err);

        if (SUCCEEDED(hr))
                hr = count_processors(plan, o, host, w, err);
        if (SUCCEEDED(hr))
                hr = uvm_numa_prepare(common(o), host, w, &numa, err);
        if (FAILED(hr))
                return hr;
        mb = uvm_even_memory(o->MemorySizeInMB, o->ID, w);
        hr = uvm_numa_validate(&numa, o->AllowOvercommit, plan->processors, mb, err);
        if (FAILED(hr))
                return hr;
        has_numa = numa.numa || numa.processors;
        vm = put_base(plan, o, host, 1, mb);
        uvm_put_numa(vm, &numa);
        uvm_set_text(&vm->ResourcePartitionId, o->ResourcePartitionID);
        hr = uvm_put_assigned(vm->Devices, o, has_numa, host, err);
        if (FAILED(hr))
                return hr;
        put_vpmem(plan, o, root);
        return put_boot(plan, o, host, root, w, err);
}

static HRESULT build_confidential(const struct hcs_schema_uvm_lcow_options *o, const struct uvm_host *host,
                                  struct uvm_plan *plan, struct oci_warnings *w, struct hcs_error **err) {
        struct uvm_guest_state g = {o->BootFilesPath, o->BundleDirectory ? o->BundleDirectory : "",
                                    o->GuestStateFilePath, o->DmVerityRootFsVhd ? o->DmVerityRootFsVhd : ""};
        struct hcs_schema_virtual_machine *vm;
        struct hcs_schema_isolation_settings *isolation;
        char *digest = NULL;
        HRESULT hr;

        if (o->PreferredRootFSType != UVM_ROOT_NEITHER)
                return hcs_error_make(err, E_INVALIDARG,
                                      "specifying a PreferredRootFSType is incompatible with SNP mode");
        hr = uvm_find_guest_state(&g, host, err);
        if (SUCCEEDED(hr))
                hr = count_processors(plan, o, host, w, err);
        if (FAILED(hr))
                return hr;
        vm = put_base(plan, o, host, 5, uvm_even_memory(o->MemorySizeInMB, o->ID, w));
        uvm_put_guest_state(plan, &g, host);
        if (o->DmVerityMode && plan->scsi_controllers)
                uvm_put_verity_root(plan, &g, host);
        uvm_put_guest_ports(vm->Devices->HvSocket->HvSocketConfig, o->ExtraVSockPorts.items, o->ExtraVSockPorts.n);
        hr = uvm_policy_digest(o->SecurityPolicy ? o->SecurityPolicy : "", &digest, err);
        if (FAILED(hr))
                return hr;
        isolation = UVM_NEW(UVM_NEW(vm->SecuritySettings)->Isolation);
        uvm_set_text(&isolation->IsolationType, "SecureNestedPaging");
        uvm_take_text(&isolation->LaunchData, digest);
        if (o->HclEnabled)
                *UVM_NEW(isolation->HclEnabled) = *o->HclEnabled;
        return S_OK;
}

HRESULT uvm_lcow_document(const struct hcs_schema_uvm_lcow_options *o, const struct uvm_host *host,
                          struct uvm_plan *plan, struct oci_warnings *w, struct hcs_error **err) {
        HRESULT hr = uvm_lcow_options_verify(o, host, err);

        if (SUCCEEDED(hr))
                hr = uvm_lcow_options_is_confidential(o) ? build_confidential(o, host, plan, w, err)
                                                         : build(o, host, plan, w, err);
        if (FAILED(hr))
                plan->document = hcs_schema_free(hcs_schema_type_at(HCS_SCHEMA_COMPUTE_SYSTEM), plan->document);
        return hr;
}
