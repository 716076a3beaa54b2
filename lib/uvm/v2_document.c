/* SPDX-License-Identifier: MIT */

/*
 * The second Linux shim's document (containerd-shim-lcow-v2), straight from annotations. It knows no VPMem, takes no
 * resources of the specification, and says where it failed in other words; most of what it builds is the first one's.
 */

#include "base/buf.h"
#include "base/json.h"
#include "base/str.h"
#include "uvm/common_options.h"
#include "uvm/parts.h"

/* What is read on the way, in the first shim's options: a carrier for the parts that both build. */
struct builder {
        struct hcs_schema_oci_spec *spec;
        const struct hcs_schema_uvm_shim_options *shim;
        const struct uvm_host *host;
        struct oci_warnings *w;
        struct uvm_plan *plan;
        struct hcs_schema_uvm_lcow_options *o;
        struct hcs_schema_uvm_sandbox_options *sandbox;
        struct uvm_numa numa;
        bool is_confidential, has_numa;
        uint64_t mb;
};

static struct hcs_schema_uvm_options *common(struct builder *b) {
        return (struct hcs_schema_uvm_options *)b->o;
}

static HRESULT process_annotations(struct builder *b, struct hcs_error **err) {
        static const char *const refused[] = {OCI_A_NETWORK_CONFIG_PROXY, OCI_A_VPMEM_NO_MULTI_MAPPING,
                                              OCI_A_VIRTUAL_MACHINE_KERNEL_DRIVERS};
        HRESULT hr;

        for (size_t i = 0; i < b->shim->default_container_annotations.n; i++) {
                const char *key = b->shim->default_container_annotations.keys[i];
                const char *value = b->shim->default_container_annotations.values[i];

                if (!oci_spec_annotation(b->spec, key))
                        oci_spec_annotate(b->spec, key, value ? value : "");
        }
        hr = oci_annotations_process(b->spec, b->w, err);
        if (FAILED(hr)) {
                hcs_error_wrap(err, "failed to process OCI annotations");
                return hr;
        }
        for (size_t i = 0; i < HCS_ARRAY_SIZE(refused); i++)
                if (*oci_annotation_string(b->spec, refused[i], ""))
                        return hcs_error_make(err, HCS_WIN32(50), "%s annotation is not supported", refused[i]);
        return S_OK;
}

static HRESULT check_platform(struct builder *b, struct hcs_error **err) {
        const char *platform = b->shim->sandbox_platform ? b->shim->sandbox_platform : "";

        if (!hcs_strcaseeq(platform, "linux/amd64") && !hcs_strcaseeq(platform, "linux/arm64"))
                return hcs_error_make(err, E_INVALIDARG, "unsupported sandbox platform: %s", platform);
        uvm_set_text(&b->sandbox->Architecture, hcs_strcaseeq(platform, "linux/amd64") ? "amd64" : "arm64");
        return S_OK;
}

static HRESULT read_sandbox(struct builder *b, struct hcs_error **err) {
        struct hcs_schema_uvm_sandbox_options *s = b->sandbox;
        const char *policy = oci_annotation_string(b->spec, OCI_A_LCOW_SECURITY_POLICY, "");
        bool no_hardware;

        (void)err; /* nothing here is refused; the stages are called alike */
        s->FullyPhysicallyBacked = oci_annotation_bool(b->spec, OCI_A_FULLY_PHYSICALLY_BACKED, false, b->w);
        s->PolicyBasedRouting = oci_annotation_bool(b->spec, OCI_A_NETWORKING_POLICY_BASED_ROUTING, false, b->w);
        s->NoWritableFileShares = oci_annotation_bool(b->spec, OCI_A_DISABLE_WRITABLE_FILE_SHARES, false, b->w);
        no_hardware = oci_annotation_bool(b->spec, OCI_A_NO_SECURITY_HARDWARE, false, b->w);
        b->is_confidential = *policy && !no_hardware;
        if (*policy) {
                struct hcs_schema_uvm_confidential_config *c = UVM_NEW(s->ConfidentialConfig);

                uvm_set_text(&c->SecurityPolicy, policy);
                uvm_set_text(&c->SecurityPolicyEnforcer,
                             oci_annotation_string(b->spec, OCI_A_LCOW_SECURITY_POLICY_ENFORCER, "rego"));
                uvm_set_text(&c->UvmReferenceInfoFile,
                             oci_annotation_string(b->spec, OCI_A_LCOW_REFERENCE_INFO_FILE, "reference_info.cose"));
                uvm_set_text(&c->UvmHashEnvelopeReferenceInfoFile,
                             oci_annotation_string(b->spec, OCI_A_UVM_HASH_ENVELOPE_REFERENCE_INFO_FILE,
                                                   "reference_info_hash_envelope.cose"));
        }
        s->EnableScratchEncryption =
                oci_annotation_bool(b->spec, OCI_A_LCOW_ENCRYPTED_SCRATCH_DISK, *policy != '\0', b->w);
        return S_OK;
}

static HRESULT read_processors(struct builder *b, struct hcs_error **err) {
        struct hcs_schema_uvm_options *o = common(b);

        o->ProcessorCount = oci_annotation_int32(b->spec, OCI_A_PROCESSOR_COUNT, b->shim->vm_processor_count, b->w);
        if (o->ProcessorCount <= 0)
                o->ProcessorCount = b->host->own_processors == 1 ? 1 : 2;
        b->plan->processors = uvm_possible_processors(o->ProcessorCount, b->host, "", b->w);
        o->ProcessorLimit = oci_annotation_int32(b->spec, OCI_A_PROCESSOR_LIMIT, 0, b->w);
        o->ProcessorWeight = oci_annotation_int32(b->spec, OCI_A_PROCESSOR_WEIGHT, 0, b->w);
        uvm_read_text(b->spec, OCI_A_CPU_GROUP_ID, &o->CPUGroupID);
        return uvm_check_cpu_group(o, b->host, err);
}

static HRESULT read_partition(struct builder *b, struct hcs_error **err) {
        const char *id = oci_annotation_string(b->spec, OCI_A_RESOURCE_PARTITION_ID, "");
        char text[HCS_GUID_TEXT_SIZE];
        GUID guid;

        if (!*id)
                return S_OK;
        if (*id == '{' || FAILED(hcs_guid_parse(id, &guid, NULL))) {
                _cleanup_free_ char *quoted = hcs_str_go_quoted(id);

                return hcs_error_make(err, E_INVALIDARG,
                                      "failed to parse resource_partition_id %s to GUID: invalid GUID %s", quoted,
                                      quoted);
        }
        if (uvm_is_set(common(b)->CPUGroupID))
                return hcs_error_make(err, E_INVALIDARG,
                                      "cpu_group_id and resource_partition_id cannot be set at the same time");
        uvm_set_text(&common(b)->ResourcePartitionID, hcs_guid_format(&guid, text));
        return S_OK;
}

static HRESULT read_memory(struct builder *b, struct hcs_error **err) {
        struct hcs_schema_uvm_options *o = common(b);
        uint64_t mb = oci_annotation_uint64(b->spec, OCI_A_MEMORY_SIZE_IN_MB,
                                            (uint64_t)(int64_t)b->shim->vm_memory_size_in_mb, b->w);

        b->mb = uvm_even_memory(mb ? mb : 1024, "", b->w);
        o->LowMMIOGapInMB = oci_annotation_uint64(b->spec, OCI_A_MEMORY_LOW_MMIO_GAP_IN_MB, 0, b->w);
        o->HighMMIOBaseInMB = oci_annotation_uint64(b->spec, OCI_A_MEMORY_HIGH_MMIO_BASE_IN_MB, 0, b->w);
        o->HighMMIOGapInMB = oci_annotation_uint64(b->spec, OCI_A_MEMORY_HIGH_MMIO_GAP_IN_MB, 0, b->w);
        o->AllowOvercommit = oci_annotation_bool(b->spec, OCI_A_ALLOW_OVERCOMMIT, true, b->w);
        o->EnableDeferredCommit = oci_annotation_bool(b->spec, OCI_A_ENABLE_DEFERRED_COMMIT, false, b->w);
        if (b->sandbox->FullyPhysicallyBacked)
                o->AllowOvercommit = false;
        b->o->EnableColdDiscardHint = oci_annotation_bool(b->spec, OCI_A_ENABLE_COLD_DISCARD_HINT, false, b->w);
        if (b->o->EnableColdDiscardHint && b->host->build < UVM_BUILD_COLD_DISCARD)
                return hcs_error_make(err, HCS_WIN32(50),
                                      "EnableColdDiscardHint is not supported on builds older than 18967");
        if (o->EnableDeferredCommit && !o->AllowOvercommit)
                return hcs_error_make(err, E_INVALIDARG,
                                      "enable_deferred_commit is not supported on physically backed vms");
        return S_OK;
}

/* Lists that are absent are empty here, not nothing: it shows in a warning. */
static void no_lists(struct hcs_schema_uvm_options *o) {
        if (!o->PreferredPhysicalNumaNodes.items)
                o->PreferredPhysicalNumaNodes.items = hcs_malloc(1);
        if (!o->NumaMappedPhysicalNodes.items)
                o->NumaMappedPhysicalNodes.items = hcs_malloc(1);
        if (!o->NumaProcessorCounts.items)
                o->NumaProcessorCounts.items = hcs_malloc(1);
        if (!o->NumaMemoryBlocksCounts.items)
                o->NumaMemoryBlocksCounts.items = hcs_malloc(1);
}

static HRESULT read_numa(struct builder *b, struct hcs_error **err) {
        HRESULT hr;

        if (b->is_confidential)
                return S_OK;
        uvm_read_numa(common(b), b->spec, b->w);
        no_lists(common(b));
        hr = uvm_numa_prepare(common(b), b->host, b->w, &b->numa, err);
        if (FAILED(hr)) {
                hcs_error_wrap(err, "failed to prepare vNUMA topology");
                return hr;
        }
        b->has_numa = b->numa.numa && b->numa.processors;
        return uvm_numa_validate(&b->numa, common(b)->AllowOvercommit, b->plan->processors, b->mb, err);
}

static HRESULT resolve_boot_files(struct builder *b, struct hcs_error **err) {
        const char *shim_path = b->shim->boot_files_root_path ? b->shim->boot_files_root_path : "";
        const char *path = oci_annotation_string(b->spec, OCI_A_BOOT_FILES_ROOT_PATH, shim_path);
        _cleanup_free_ char *quoted = NULL;

        if (*path)
                uvm_lcow_options_set_boot_files(b->o, b->host, path, b->w);
        if (uvm_host_has(b->host, b->o->BootFilesPath))
                return S_OK;
        quoted = hcs_str_go_quoted(b->o->BootFilesPath);
        return hcs_error_make(
                err, HCS_WIN32(2),
                "boot_files_root_path %s not found: GetFileAttributesEx %s: The system cannot find the file "
                "specified.",
                quoted, b->o->BootFilesPath);
}

static bool has_boot_file(const struct builder *b, const char *name) {
        _cleanup_free_ char *path = uvm_path_join(b->host, b->o->BootFilesPath, name);

        return uvm_host_has(b->host, path);
}

static HRESULT choose_root(struct builder *b, struct hcs_error **err) {
        const char *type = oci_annotation_string(b->spec, OCI_A_PREFERRED_ROOT_FS_TYPE, "");

        b->o->PreferredRootFSType = has_boot_file(b, "rootfs.vhd") ? UVM_ROOT_VHD : UVM_ROOT_INITRD;
        if (hcs_streq(type, "initrd"))
                b->o->PreferredRootFSType = UVM_ROOT_INITRD;
        else if (hcs_streq(type, "vhd"))
                b->o->PreferredRootFSType = UVM_ROOT_VHD;
        else if (*type)
                return hcs_error_make(err, E_INVALIDARG, "invalid PreferredRootFSType: %s", type);
        uvm_set_text(&b->o->RootFSFile, b->o->PreferredRootFSType == UVM_ROOT_VHD ? "rootfs.vhd" : "initrd.img");
        if (*type && !has_boot_file(b, b->o->RootFSFile))
                return hcs_error_make(err, HCS_WIN32(2), "\"%s\" not found in boot files path", b->o->RootFSFile);
        return S_OK;
}

static HRESULT read_boot(struct builder *b, struct hcs_error **err) {
        bool supported = b->host->build >= UVM_BUILD_KERNEL_DIRECT;
        HRESULT hr;

        if (b->is_confidential)
                return S_OK;
        hr = resolve_boot_files(b, err);
        if (FAILED(hr))
                return hr;
        b->o->KernelDirect =
                oci_annotation_bool(b->spec, OCI_A_KERNEL_DIRECT_BOOT, supported && !b->host->is_arm64, b->w);
        if (b->o->KernelDirect && !supported)
                return hcs_error_make(err, HCS_WIN32(50),
                                      "KernelDirectBoot is not supported on builds older than 18286");
        uvm_set_text(&b->o->KernelFile, b->o->KernelDirect && has_boot_file(b, "vmlinux") ? "vmlinux" : "kernel");
        if (!has_boot_file(b, b->o->KernelFile))
                return hcs_error_make(
                        err, HCS_WIN32(2), "%s",
                        b->o->KernelDirect
                                ? "kernel file not found in boot files path for kernel direct boot"
                                : "kernel file \"kernel\" not found in boot files path: file does not exist");
        return choose_root(b, err);
}

static HRESULT read_devices(struct builder *b, struct hcs_error **err) {
        uint32_t vpmem = oci_annotation_uint32(b->spec, OCI_A_VPMEM_COUNT, 0, b->w);
        struct hcs_schema_devices *devices = b->plan->document->VirtualMachine->Devices;

        if (vpmem && !b->sandbox->FullyPhysicallyBacked && !b->is_confidential && !b->host->is_arm64)
                return hcs_error_make(err, HCS_WIN32(50), "v2 shims do not support vPMem devices");
        uvm_put_controllers(b->plan, b->host->build >= UVM_BUILD_RS5 ? UVM_MAX_SCSI_CONTROLLERS : 1);
        if (b->is_confidential)
                return S_OK;
        if (b->o->PreferredRootFSType == UVM_ROOT_VHD) {
                _cleanup_free_ char *root = uvm_path_join(b->host, b->o->BootFilesPath, b->o->RootFSFile);

                uvm_put_disk(b->plan, root, true);
        }
        for (size_t i = 0; b->spec->windows && i < b->spec->windows->devices.n; i++) {
                const struct hcs_schema_oci_windows_device *d = &b->spec->windows->devices.items[i];
                struct hcs_schema_uvm_assigned_device *added;

                if (!uvm_device_is_assignable(d, b->w))
                        continue;
                added = UVM_LIST_ADD(&b->o->AssignedDevices);
                added->VirtualFunctionIndex = uvm_split_device(b->host, d->id ? d->id : "", &added->DeviceInstanceID);
        }
        return uvm_put_assigned(devices, b->o, b->has_numa, b->host, err);
}

static HRESULT read_additional(struct builder *b, struct hcs_error **err) {
        struct hcs_schema_devices *devices = b->plan->document->VirtualMachine->Devices;

        UVM_READ_SERVICES(b->spec, b->w, &b->o->AdditionalHyperVConfig);
        uvm_put_services(devices->HvSocket->HvSocketConfig, common(b));
        uvm_read_text(b->spec, OCI_A_UVM_CONSOLE_PIPE, &b->o->ConsolePipe);
        if (b->is_confidential || !uvm_is_set(b->o->ConsolePipe))
                return S_OK;
        if (!hcs_str_starts(b->o->ConsolePipe, "\\\\.\\pipe\\"))
                return hcs_error_make(err, E_INVALIDARG, "listener for serial console is not a named pipe");
        uvm_put_console(devices, b->o->ConsolePipe);
        return S_OK;
}

static HRESULT put_confidential(struct builder *b, const char *bundle, struct hcs_error **err) {
        struct hcs_schema_virtual_machine *vm = b->plan->document->VirtualMachine;
        struct hcs_schema_isolation_settings *isolation;
        struct uvm_guest_state g = {.bundle = bundle};
        struct oci_uint32s ports = {0};
        char *digest = NULL;
        int hcl;
        HRESULT hr = resolve_boot_files(b, err);

        if (FAILED(hr)) {
                hcs_error_wrap(err, "failed to resolve boot files path for confidential VM");
                return hr;
        }
        g.boot_files = b->o->BootFilesPath;
        g.state_file = oci_annotation_string(b->spec, OCI_A_LCOW_GUEST_STATE_FILE, "");
        g.root_vhd = oci_annotation_string(b->spec, OCI_A_DM_VERITY_ROOT_FS_VHD, "");
        g.state_file = *g.state_file ? g.state_file : "kernel.vmgs";
        g.root_vhd = *g.root_vhd ? g.root_vhd : "rootfs.vhd";
        hr = uvm_find_guest_state(&g, b->host, err);
        if (FAILED(hr))
                return hr;
        hr = uvm_policy_digest(b->sandbox->ConfidentialConfig->SecurityPolicy, &digest, err);
        if (FAILED(hr)) {
                hcs_error_wrap(err, "failed to create security policy digest");
                return hr;
        }
        isolation = UVM_NEW(UVM_NEW(vm->SecuritySettings)->Isolation);
        uvm_set_text(&isolation->IsolationType, "SecureNestedPaging");
        uvm_take_text(&isolation->LaunchData, digest);
        hcl = oci_annotation_nullable_bool(b->spec, OCI_A_LCOW_HCL_ENABLED, b->w);
        if (hcl >= 0)
                *UVM_NEW(isolation->HclEnabled) = hcl == 1;
        oci_annotation_uint32s(b->spec, OCI_A_EXTRA_VSOCK_PORTS, &ports);
        uvm_put_guest_ports(vm->Devices->HvSocket->HvSocketConfig, ports.items, ports.n);
        free(ports.items);
        uvm_put_guest_state(b->plan, &g, b->host);
        uvm_put_verity_root(b->plan, &g, b->host);
        common(b)->AllowOvercommit = false;
        return S_OK;
}

/* The agent's arguments come in another order than the first shim's. */
static char *exec_line(const struct builder *b) {
        _cleanup_buf_ struct hcs_buf e = {0};
        const char *dumps = oci_annotation_string(b->spec, OCI_A_CONTAINER_PROCESS_DUMP_LOCATION, "");
        const char *extra = oci_annotation_string(b->spec, OCI_A_EXTRA_LCOW_EXEC_ARGS, "");

        hcs_buf_printf(&e, "/bin/vsockexec -e 109 /bin/gcs -v4 -log-format json -loglevel %s%s",
                       uvm_is_set(b->shim->log_level) ? b->shim->log_level : "info",
                       b->o->DisableTimeSyncService ? " -disable-time-sync" : "");
        if (b->shim->scrub_logs)
                hcs_buf_printf(&e, " -scrub-logs=%s", *b->shim->scrub_logs ? "true" : "false");
        if (*dumps)
                hcs_buf_printf(&e, " -core-dump-location %s", dumps);
        if (*extra)
                hcs_buf_printf(&e, " %s", extra);
        return hcs_buf_steal(&e);
}

static HRESULT root_words(struct builder *b, char **ret, struct hcs_error **err) {
        if (b->o->PreferredRootFSType == UVM_ROOT_VHD) {
                bool verity = oci_annotation_bool(b->spec, OCI_A_DM_VERITY_MODE, false, b->w);

                if (FAILED(uvm_kernel_root(false, verity,
                                           oci_annotation_string(b->spec, OCI_A_DM_VERITY_CREATE_ARGS, ""), ret)))
                        return hcs_error_make(
                                err, E_INVALIDARG,
                                "DmVerityCreateArgs should be set when DmVerityMode is true and not booting from "
                                "a vmgs file");
                return S_OK;
        }
        *ret = hcs_strdup(b->o->KernelDirect ? "" : "initrd=/initrd.img");
        return S_OK;
}

static HRESULT put_kernel_line(struct builder *b, struct hcs_error **err) {
        _cleanup_free_ char *words = NULL, *exec = NULL, *line = NULL;
        bool has_pci = oci_annotation_bool(b->spec, OCI_A_VPCI_ENABLED, false, b->w), overlays;
        HRESULT hr;

        b->o->DisableTimeSyncService = oci_annotation_bool(b->spec, OCI_A_DISABLE_LCOW_TIME_SYNC_SERVICE, false, b->w);
        overlays = oci_annotation_bool(b->spec, OCI_A_WRITABLE_OVERLAY_DIRS, false, b->w);
        hr = root_words(b, &words, err);
        if (FAILED(hr))
                return hr;
        if (overlays && b->o->PreferredRootFSType == UVM_ROOT_INITRD)
                uvm_warn_of_overlay(b->w);
        exec = exec_line(b);
        line = uvm_kernel_line(&(struct uvm_kernel_line){
                .root = words,
                .options = oci_annotation_string(b->spec, OCI_A_KERNEL_BOOT_OPTIONS, ""),
                .exec = exec,
                .processors = b->plan->processors,
                .is_arm64 = b->host->is_arm64,
                .has_console = uvm_is_set(b->o->ConsolePipe),
                .has_pci = has_pci,
                .writable_overlays = overlays && b->o->PreferredRootFSType == UVM_ROOT_VHD,
                .is_v2 = true,
        });
        uvm_put_kernel(b->plan->document->VirtualMachine->Chipset, b->o, b->host, line);
        return S_OK;
}

static HRESULT read_storage(struct builder *b, struct hcs_error **err) {
        (void)err; /* nothing here is refused; the stages are called alike */
        common(b)->StorageQoSIopsMaximum = oci_annotation_int32(b->spec, OCI_A_STORAGE_QOS_IOPS_MAXIMUM, 0, b->w);
        common(b)->StorageQoSBandwidthMaximum =
                oci_annotation_int32(b->spec, OCI_A_STORAGE_QOS_BANDWIDTH_MAXIMUM, 0, b->w);
        return S_OK;
}

static void put_topology(struct builder *b) {
        struct hcs_schema_virtual_machine *vm = b->plan->document->VirtualMachine;
        struct hcs_schema_virtual_machine_processor *p = vm->ComputeTopology->Processor;

        uvm_put_memory(vm, common(b), b->mb);
        vm->ComputeTopology->Memory->EnableColdDiscardHint = b->o->EnableColdDiscardHint;
        uvm_put_processor(vm, common(b), b->plan->processors);
        p->Limit = (uint32_t)p->Limit; /* not sign extended here */
        p->Weight = (uint32_t)p->Weight;
        uvm_put_numa(vm, &b->numa);
        uvm_put_storage_qos(vm, common(b));
        uvm_set_text(&vm->ResourcePartitionId, common(b)->ResourcePartitionID);
        UVM_NEW(vm->Devices->Plan9);
        b->sandbox->FullyPhysicallyBacked = !common(b)->AllowOvercommit;
        b->plan->document->SchemaVersion->Minor = b->is_confidential ? 5 : 1;
}

static HRESULT run_stages(struct builder *b, const char *bundle, struct hcs_error **err) {
        static const struct {
                HRESULT (*run)(struct builder *b, struct hcs_error **err);
                const char *failure; /* NULL: the error says it all */
        } stages[] = {{process_annotations, "failed to process annotations"},
                      {check_platform, NULL},
                      {read_sandbox, NULL},
                      {read_processors, "failed to parse CPU parameters"},
                      {read_partition, "failed to parse resource partition parameters"},
                      {read_memory, "failed to parse memory parameters"},
                      {read_numa, "failed to parse NUMA parameters"},
                      {read_storage, NULL},
                      {read_boot, "failed to parse boot options"},
                      {read_devices, "failed to parse device options"},
                      {read_additional, "failed to parse additional parameters"}};
        HRESULT hr;

        for (size_t i = 0; i < HCS_ARRAY_SIZE(stages); i++) {
                hr = stages[i].run(b, err);
                if (FAILED(hr)) {
                        if (stages[i].failure)
                                hcs_error_wrap(err, "%s", stages[i].failure);
                        return hr;
                }
        }
        hr = b->is_confidential ? put_confidential(b, bundle, err) : put_kernel_line(b, err);
        if (FAILED(hr))
                hcs_error_wrap(err, b->is_confidential ? "failed to parse confidential options"
                                                       : "failed to build kernel args");
        else
                put_topology(b);
        return hr;
}

HRESULT uvm_lcow_v2_document(struct hcs_schema_oci_spec *spec, const struct hcs_schema_uvm_shim_options *shim,
                             const char *owner, const char *bundle, const struct uvm_host *host, struct uvm_plan *plan,
                             struct hcs_schema_uvm_sandbox_options **ret_options, struct oci_warnings *w,
                             struct hcs_error **err) {
        static const struct hcs_schema_uvm_shim_options none;
        struct builder b = {.spec = spec, .shim = shim ? shim : &none, .host = host, .w = w, .plan = plan};
        struct hcs_error *cause = NULL;
        HRESULT hr;

        b.o = uvm_lcow_options_new(host, "", owner);
        b.sandbox = hcs_calloc(1, sizeof(*b.sandbox));
        uvm_put_machine(plan, owner, 1);
        hr = run_stages(&b, bundle, &cause);
        if (SUCCEEDED(hr))
                *ret_options = steal_pointer(&b.sandbox);
        else
                plan->document = hcs_schema_free(hcs_schema_type_at(HCS_SCHEMA_COMPUTE_SYSTEM), plan->document);
        hcs_schema_free(hcs_schema_type_at(HCS_SCHEMA_UVM_SANDBOX_OPTIONS), b.sandbox);
        uvm_numa_deinit(&b.numa);
        uvm_lcow_options_free(b.o);
        return FAILED(hr) ? hcs_error_move(err, &cause) : hr;
}
