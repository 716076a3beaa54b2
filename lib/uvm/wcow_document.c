/* SPDX-License-Identifier: MIT */

/* Documents of Windows VMs: booting from the files of a layer over VMBus, or confidential, from disks. */

#include <string.h>

#include "oci/registry.h"
#include "uvm/parts.h"

#define LOG_SERVICE "172dad59-976d-45f2-8b6c-6d1b13f2ac4d"

static const struct hcs_schema_uvm_options *common(const struct hcs_schema_uvm_wcow_options *o) {
        return (const struct hcs_schema_uvm_options *)o;
}

static void put_copy(struct hcs_schema_registry_changes *c, const struct hcs_schema_registry_value *v) {
        struct hcs_schema_registry_value *added = oci_registry_add(c, v->Key->Hive, v->Key->Name, v->Name, v->Type);

        added->Key->Volatile = v->Key->Volatile;
        added->StringValue = hcs_strdup(v->StringValue);
        added->BinaryValue = hcs_strdup(v->BinaryValue);
        added->DWordValue = v->DWordValue;
        added->QWordValue = v->QWordValue;
        added->CustomType = v->CustomType;
}

static void put_registry(struct hcs_schema_virtual_machine *vm, const struct hcs_schema_uvm_wcow_options *o) {
        struct hcs_schema_registry_changes *c = UVM_NEW(vm->RegistryChanges);

        if (uvm_is_set(o->ProcessDumpLocation)) {
                /* Dumps are kept here, and not reported; the service must run before the first crash. */
                oci_registry_add(c, "System", "ControlSet001\\Services\\WerSvc", "Start", "DWord")->DWordValue = 2;
                oci_registry_add(c, "Software", "Microsoft\\Windows\\Windows Error Reporting", "Disabled", "DWord")
                        ->DWordValue = 1;
        }
        if (!o->DisableCompartmentNamespace)
                oci_registry_add(c, "System", "CurrentControlSet\\Services\\gns", "EnableCompartmentNamespace", "DWord")
                        ->DWordValue = 1;
        for (size_t i = 0; i < o->AdditionalRegistryKeys.n; i++)
                put_copy(c, &o->AdditionalRegistryKeys.items[i]);
}

static HRESULT put_dumps(struct uvm_plan *plan, const struct hcs_schema_uvm_wcow_options *o,
                         const struct uvm_host *host, struct hcs_error **err) {
        struct hcs_schema_virtual_machine *vm = plan->document->VirtualMachine;
        _cleanup_free_ char *state = NULL, *no_dump = NULL, *crash = NULL;
        struct hcs_schema_windows_crash_reporting *r;
        enum uvm_path_kind kind;

        if (!uvm_is_set(o->DumpDirectoryPath))
                return S_OK;
        kind = host->look(o->DumpDirectoryPath, host->ctx);
        if (kind == UVM_PATH_ABSENT)
                return hcs_error_make(
                        err, HCS_WIN32(2),
                        "failed to stat dump directory %s: GetFileAttributesEx %s: The system cannot find the "
                        "file specified.",
                        o->DumpDirectoryPath, o->DumpDirectoryPath);
        if (kind != UVM_PATH_DIRECTORY)
                return hcs_error_make(err, HCS_WIN32(267), "dump directory path %s isn't a directory",
                                      o->DumpDirectoryPath);
        uvm_plan_step(plan, UVM_STEP_GRANT_GROUP, o->DumpDirectoryPath, NULL);
        state = hcs_asprintf("%s-savedstate.vmrs", o->ID);
        no_dump = hcs_asprintf("%s-savedstate_nocrashdump.vmrs", o->ID);
        crash = hcs_asprintf("%s-windows-crash", o->ID);
        UVM_NEW(vm->DebugOptions);
        uvm_take_text(&vm->DebugOptions->BugcheckSavedStateFileName, uvm_path_join(host, o->DumpDirectoryPath, state));
        uvm_take_text(&vm->DebugOptions->BugcheckNoCrashdumpSavedStateFileName,
                      uvm_path_join(host, o->DumpDirectoryPath, no_dump));
        r = UVM_NEW(UVM_NEW(vm->Devices->GuestCrashReporting)->WindowsCrashSettings);
        uvm_take_text(&r->DumpFileName, uvm_path_join(host, o->DumpDirectoryPath, crash));
        uvm_set_text(&r->DumpType, "Full");
        return S_OK;
}

/* What both kinds have. */
static HRESULT build_common(const struct hcs_schema_uvm_wcow_options *o, const struct uvm_host *host,
                            struct uvm_plan *plan, int minor, struct oci_warnings *w, struct hcs_error **err) {
        _cleanup_uvm_numa_ struct uvm_numa numa = {0};
        struct hcs_schema_virtual_machine *vm;
        uint64_t mb;
        HRESULT hr;

        plan->processors = uvm_possible_processors(o->ProcessorCount, host, o->ID, w);
        mb = uvm_even_memory(o->MemorySizeInMB, o->ID, w);
        hr = uvm_numa_prepare(common(o), host, w, &numa, err);
        if (SUCCEEDED(hr))
                hr = uvm_numa_validate(&numa, o->AllowOvercommit, plan->processors, mb, err);
        if (SUCCEEDED(hr))
                hr = uvm_check_cpu_group(common(o), host, err);
        if (FAILED(hr))
                return hr;
        vm = uvm_put_machine(plan, o->Owner, minor);
        put_registry(vm, o);
        uvm_put_memory(vm, common(o), mb);
        vm->ComputeTopology->Memory->EnableHotHint = o->AllowOvercommit;
        uvm_put_processor(vm, common(o), plan->processors);
        uvm_put_numa(vm, &numa);
        uvm_set_text(&vm->ResourcePartitionId, o->ResourcePartitionID);
        uvm_put_services(vm->Devices->HvSocket->HvSocketConfig, common(o));
        if (o->LogForwardingEnabled)
                uvm_put_service(vm->Devices->HvSocket->HvSocketConfig, LOG_SERVICE, UVM_SDDL_SYSTEM_ADMINS,
                                UVM_SDDL_SYSTEM_ADMINS);
        uvm_put_storage_qos(vm, common(o));
        if (uvm_is_set(o->ConsolePipe))
                uvm_put_console(vm->Devices, o->ConsolePipe);
        if (o->EnableGraphicsConsole)
                uvm_put_graphics(vm->Devices);
        UVM_NEW(vm->Devices->VirtualSmb)->DirectFileMappingInMB = 1024;
        uvm_put_controllers(plan, o->SCSIControllerCount);
        return put_dumps(plan, o, host, err);
}

static struct hcs_schema_virtual_smb_share_options *put_share(struct hcs_schema_virtual_machine *vm, const char *name,
                                                              const char *path) {
        struct hcs_schema_virtual_smb_share *s = UVM_LIST_ADD(&vm->Devices->VirtualSmb->Shares);

        uvm_set_text(&s->Name, name);
        uvm_set_text(&s->Path, path);
        UVM_NEW(s->Options);
        s->Options->ReadOnly = s->Options->ShareRead = true;
        return s->Options;
}

static HRESULT build(const struct hcs_schema_uvm_wcow_options *o, const struct uvm_host *host, struct uvm_plan *plan,
                     struct oci_warnings *w, struct hcs_error **err) {
        const struct hcs_schema_uvm_vmb_fs_files *files = o->BootFiles->VmbFSFiles;
        struct hcs_schema_virtual_smb_share_options *share;
        struct hcs_schema_uefi_boot_entry *boot;
        struct hcs_schema_virtual_machine *vm;
        HRESULT hr;

        if (o->BootFiles->BootType != UVM_BOOT_VMBFS)
                return hcs_error_make(err, E_INVALIDARG, "expected VmbFS boot type, found: %u", o->BootFiles->BootType);
        hr = build_common(o, host, plan, 1, w, err);
        if (FAILED(hr))
                return hr;
        vm = plan->document->VirtualMachine;
        share = put_share(vm, "os", files->OSFilesPath);
        share->CacheIo = share->PseudoOplocks = share->TakeBackupPrivilege = true;
        share->NoDirectmap = o->FullyPhysicallyBacked || o->NoDirectMap;
        boot = UVM_NEW(UVM_NEW(vm->Chipset->Uefi)->BootThis);
        uvm_take_text(&boot->DevicePath, uvm_path_join(host, files->OSRelativeBootDirPath, "bootmgfw.efi"));
        uvm_set_text(&boot->DeviceType, "VmbFs");
        uvm_plan_step(plan, UVM_STEP_GRANT_VM, files->ScratchVHDPath, NULL);
        uvm_put_disk(plan, files->ScratchVHDPath, false);
        return S_OK;
}

static HRESULT put_isolation(struct hcs_schema_virtual_machine *vm, const struct hcs_schema_uvm_wcow_options *o,
                             struct hcs_error **err) {
        struct hcs_schema_isolation_settings *isolation;
        char *digest = NULL;
        HRESULT hr = uvm_policy_digest(o->SecurityPolicy ? o->SecurityPolicy : "", &digest, err);

        if (FAILED(hr))
                return hr;
        UVM_NEW(vm->Chipset->Uefi);
        uvm_set_text(&vm->Chipset->Uefi->ApplySecureBootTemplate, o->DisableSecureBoot ? "Skip" : "Apply");
        if (!o->DisableSecureBoot)
                uvm_set_text(&vm->Chipset->Uefi->SecureBootTemplateId, UVM_SECURE_BOOT_WINDOWS);
        if (uvm_is_set(o->FirmwareParameters))
                uvm_take_text(&UVM_NEW(vm->Chipset->FirmwareFile)->Parameters,
                              uvm_base64(o->FirmwareParameters, strlen(o->FirmwareParameters)));
        isolation = UVM_NEW(UVM_NEW(vm->SecuritySettings)->Isolation);
        uvm_set_text(&isolation->IsolationType, uvm_is_set(o->IsolationType) ? o->IsolationType : "SecureNestedPaging");
        *UVM_NEW(isolation->HclEnabled) = true;
        uvm_take_text(&isolation->LaunchData, digest);
        UVM_NEW(vm->GuestState);
        uvm_set_text(&vm->GuestState->GuestStateFilePath, o->GuestStateFilePath);
        uvm_set_text(&vm->GuestState->GuestStateFileType, "BlockStorage");
        UVM_NEW(vm->Version)->Major = 12; /* the first with what confidential VMs need */
        return S_OK;
}

static HRESULT build_confidential(const struct hcs_schema_uvm_wcow_options *o, const struct uvm_host *host,
                                  struct uvm_plan *plan, struct oci_warnings *w, struct hcs_error **err) {
        const struct hcs_schema_uvm_block_cim_files *files = o->BootFiles->BlockCIMFiles;
        _cleanup_free_ char *share = NULL;
        HRESULT hr;

        if (o->BootFiles->BootType != UVM_BOOT_BLOCK_CIM)
                return hcs_error_make(err, E_INVALIDARG, "expected BlockCIM boot type, found: %u",
                                      o->BootFiles->BootType);
        hr = build_common(o, host, plan, 5, w, err);
        if (SUCCEEDED(hr))
                hr = put_isolation(plan->document->VirtualMachine, o, err);
        if (FAILED(hr))
                return hr;
        /* The guest boots with its scratch at LUN 0, always. */
        uvm_put_disk(plan, files->ScratchVHDPath, false);
        uvm_put_disk(plan, files->EFIVHDPath, !o->WritableEFI);
        uvm_put_disk(plan, files->BootCIMVHDPath, true);
        share = uvm_path_join(host, o->BundleDirectory ? o->BundleDirectory : "", "EmptyDoNotModify");
        put_share(plan->document->VirtualMachine, "defaultEmptyShare", share)->NoOplocks = true;
        uvm_plan_step(plan, UVM_STEP_GRANT_VM, o->GuestStateFilePath, NULL);
        uvm_plan_step(plan, UVM_STEP_GRANT_VM, files->EFIVHDPath, NULL);
        uvm_plan_step(plan, UVM_STEP_GRANT_VM, files->BootCIMVHDPath, NULL);
        uvm_plan_step(plan, UVM_STEP_GRANT_VM, o->GuestStateFilePath, NULL); /* twice, as in the original */
        uvm_plan_step(plan, UVM_STEP_GRANT_VM, files->ScratchVHDPath, NULL);
        uvm_plan_step(plan, UVM_STEP_SET_DISK_ID, files->ScratchVHDPath, UVM_UNFORMATTED_SCRATCH);
        uvm_plan_step(plan, UVM_STEP_MAKE_DIRECTORY, share, NULL);
        uvm_plan_step(plan, UVM_STEP_GRANT_VM, share, NULL);
        return S_OK;
}

HRESULT uvm_wcow_document(const struct hcs_schema_uvm_wcow_options *o, const struct uvm_host *host,
                          struct uvm_plan *plan, struct oci_warnings *w, struct hcs_error **err) {
        struct hcs_error *cause = NULL;
        HRESULT hr = uvm_wcow_options_verify(o, host, err);

        if (FAILED(hr))
                return hr;
        hr = o->SecurityPolicyEnabled ? build_confidential(o, host, plan, w, &cause) : build(o, host, plan, w, &cause);
        if (SUCCEEDED(hr))
                return hr;
        plan->document = hcs_schema_free(hcs_schema_type_at(HCS_SCHEMA_COMPUTE_SYSTEM), plan->document);
        hcs_error_wrap(&cause, "error in preparing config doc");
        return hcs_error_move(err, &cause);
}
