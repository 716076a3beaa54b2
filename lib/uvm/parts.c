/* SPDX-License-Identifier: MIT */

#include "uvm/parts.h"

#include "base/json.h"
#include "base/str.h"

const char *const uvm_scsi_controllers[UVM_MAX_SCSI_CONTROLLERS] = {
        "df6d0690-79e5-55b6-a5ec-c1e2f77f580a", "0110f83b-de10-5172-a266-78bca56bf50a",
        "b5d2d8d4-3a75-51bf-945b-3444dc6b8579", "305891a9-b251-5dfe-91a2-c25d9212275b"};

static const struct hcs_schema_type *document_type(void) {
        return hcs_schema_type_at(HCS_SCHEMA_COMPUTE_SYSTEM);
}

void uvm_plan_deinit(struct uvm_plan *p) {
        hcs_schema_free(document_type(), p->document);
        for (size_t i = 0; i < p->n_steps; i++) {
                free(p->steps[i].path);
                free(p->steps[i].target);
        }
        free(p->steps);
        *p = (struct uvm_plan){0};
}

char *uvm_plan_text(const struct uvm_plan *p) {
        return hcs_schema_print(document_type(), p->document);
}

void uvm_plan_step(struct uvm_plan *plan, enum uvm_step_kind kind, const char *path, const char *target) {
        struct uvm_step *s = uvm_list_add((void **)&plan->steps, &plan->n_steps, sizeof(*plan->steps));

        *s = (struct uvm_step){kind, hcs_strdup(path), hcs_strdup(target)};
}

struct hcs_schema_virtual_machine *uvm_put_machine(struct uvm_plan *plan, const char *owner, int minor) {
        struct hcs_schema_compute_system *doc = UVM_NEW(plan->document);
        struct hcs_schema_virtual_machine *vm = UVM_NEW(doc->VirtualMachine);

        uvm_set_text(&doc->Owner, owner);
        UVM_NEW(doc->SchemaVersion)->Major = 2;
        doc->SchemaVersion->Minor = minor;
        doc->ShouldTerminateOnLastHandleClosed = true;
        vm->StopOnReset = true;
        UVM_NEW(vm->Chipset);
        UVM_NEW(vm->ComputeTopology);
        UVM_NEW(vm->ComputeTopology->Memory);
        UVM_NEW(vm->ComputeTopology->Processor);
        UVM_NEW(vm->Devices);
        UVM_NEW(vm->Devices->HvSocket);
        UVM_NEW(vm->Devices->HvSocket->HvSocketConfig);
        uvm_set_text(&vm->Devices->HvSocket->HvSocketConfig->DefaultBindSecurityDescriptor, UVM_SDDL_SYSTEM_ADMINS);
        return vm;
}

static void warn_of_change(struct oci_warnings *w, const char *msg, const char *id, uint64_t requested,
                           uint64_t assigned) {
        struct hcs_json *entry = oci_warn(w, msg);

        hcs_json_set_string(entry, "uvm-id", id);
        hcs_json_set_u64(entry, "requested", requested);
        hcs_json_set_u64(entry, "assigned", assigned);
}

uint64_t uvm_even_memory(uint64_t mb, const char *id, struct oci_warnings *w) {
        uint64_t even = (mb + 1) & ~UINT64_C(1);

        if (even != mb)
                warn_of_change(w, "Changing user requested MemorySizeInMB to align to 2MB", id, mb, even);
        return even;
}

uint32_t uvm_possible_processors(int32_t count, const struct uvm_host *host, const char *id, struct oci_warnings *w) {
        if (count <= (int32_t)host->processors)
                return (uint32_t)count;
        warn_of_change(w, "Changing user requested CPUCount to current number of processors", id, (uint64_t)count,
                       host->processors);
        return host->processors;
}

void uvm_put_memory(struct hcs_schema_virtual_machine *vm, const struct hcs_schema_uvm_options *o, uint64_t mb) {
        struct hcs_schema_virtual_machine_memory *m = vm->ComputeTopology->Memory;

        m->SizeInMB = mb;
        m->AllowOvercommit = o->AllowOvercommit;
        m->EnableDeferredCommit = o->EnableDeferredCommit;
        m->LowMmioGapInMB = o->LowMMIOGapInMB;
        m->HighMmioBaseInMB = o->HighMMIOBaseInMB;
        m->HighMmioGapInMB = o->HighMMIOGapInMB;
}

/* Limits are sign extended, as in the original. */
void uvm_put_processor(struct hcs_schema_virtual_machine *vm, const struct hcs_schema_uvm_options *o, uint32_t count) {
        struct hcs_schema_virtual_machine_processor *p = vm->ComputeTopology->Processor;

        p->Count = count;
        p->Limit = (uint64_t)(int64_t)o->ProcessorLimit;
        p->Weight = (uint64_t)(int64_t)o->ProcessorWeight;
        if (uvm_is_set(o->CPUGroupID))
                uvm_set_text(&UVM_NEW(p->CpuGroup)->Id, o->CPUGroupID);
}

HRESULT uvm_check_cpu_group(const struct hcs_schema_uvm_options *o, const struct uvm_host *host,
                            struct hcs_error **err) {
        if (uvm_is_set(o->CPUGroupID) && host->build < UVM_BUILD_21H1)
                return hcs_error_make(err, HCS_WIN32(50),
                                      "cpu group assignment on create requires a build of 19043 or higher");
        return S_OK;
}

void uvm_put_storage_qos(struct hcs_schema_virtual_machine *vm, const struct hcs_schema_uvm_options *o) {
        if (o->StorageQoSBandwidthMaximum <= 0 && o->StorageQoSIopsMaximum <= 0)
                return;
        UVM_NEW(vm->StorageQoS);
        vm->StorageQoS->IopsMaximum = o->StorageQoSIopsMaximum;
        vm->StorageQoS->BandwidthMaximum = o->StorageQoSBandwidthMaximum;
}

void uvm_put_controllers(struct uvm_plan *plan, uint32_t n) {
        for (uint32_t i = 0; i < n; i++)
                UVM_MAP_ENTRY(&plan->document->VirtualMachine->Devices->Scsi, uvm_scsi_controllers[i]);
        plan->scsi_controllers = n;
}

void uvm_put_disk(struct uvm_plan *plan, const char *path, bool read_only) {
        struct hcs_schema_scsi *c =
                UVM_MAP_ENTRY(&plan->document->VirtualMachine->Devices->Scsi, uvm_scsi_controllers[0]);
        _cleanup_free_ char *lun = hcs_asprintf("%u", plan->reserved_luns++);
        struct hcs_schema_attachment *a = UVM_MAP_ENTRY(&c->Attachments, lun);

        uvm_set_text(&a->Type, "VirtualDisk");
        uvm_set_text(&a->Path, path);
        a->ReadOnly = read_only;
}

void uvm_put_service(struct hcs_schema_hv_socket_system_config *c, const char *id, const char *bind,
                     const char *connect) {
        struct hcs_schema_hv_socket_service_config *s = UVM_MAP_ENTRY(&c->ServiceTable, id);

        uvm_set_text(&s->BindSecurityDescriptor, bind);
        uvm_set_text(&s->ConnectSecurityDescriptor, connect);
        s->AllowWildcardBinds = true;
        s->Disabled = false;
}

void uvm_put_services(struct hcs_schema_hv_socket_system_config *c, const struct hcs_schema_uvm_options *o) {
        for (size_t i = 0; i < o->AdditionalHyperVConfig.n; i++) {
                const struct hcs_schema_hv_socket_service_config *from = &o->AdditionalHyperVConfig.values[i];
                struct hcs_schema_hv_socket_service_config *s =
                        UVM_MAP_ENTRY(&c->ServiceTable, o->AdditionalHyperVConfig.keys[i]);

                uvm_set_text(&s->BindSecurityDescriptor, from->BindSecurityDescriptor);
                uvm_set_text(&s->ConnectSecurityDescriptor, from->ConnectSecurityDescriptor);
                s->AllowWildcardBinds = from->AllowWildcardBinds;
                s->Disabled = from->Disabled;
        }
}

void uvm_put_console(struct hcs_schema_devices *d, const char *pipe) {
        struct hcs_schema_com_port *com1 = UVM_MAP_ENTRY(&d->ComPorts, "0");

        uvm_set_text(&com1->NamedPipe, pipe);
}

void uvm_put_graphics(struct hcs_schema_devices *d) {
        UVM_NEW(d->Keyboard);
        UVM_NEW(d->EnhancedModeVideo);
        UVM_NEW(d->VideoMonitor);
}

static bool is_twice(const struct hcs_schema_uvm_lcow_options *o, size_t i) {
        const struct hcs_schema_uvm_assigned_device *d = &o->AssignedDevices.items[i];

        for (size_t k = 0; k < i; k++)
                if (hcs_streq(d->DeviceInstanceID, o->AssignedDevices.items[k].DeviceInstanceID) &&
                    d->VirtualFunctionIndex == o->AssignedDevices.items[k].VirtualFunctionIndex)
                        return true;
        return false;
}

HRESULT uvm_put_assigned(struct hcs_schema_devices *devices, const struct hcs_schema_uvm_lcow_options *o,
                         bool with_affinity, const struct uvm_host *host, struct hcs_error **err) {
        for (size_t i = 0; i < o->AssignedDevices.n; i++) {
                const struct hcs_schema_uvm_assigned_device *d = &o->AssignedDevices.items[i];
                struct hcs_schema_virtual_pci_function *f;
                struct hcs_schema_virtual_pci_device *added;
                char id[HCS_GUID_TEXT_SIZE];
                HRESULT hr;

                if (is_twice(o, i))
                        return hcs_error_make(err, E_INVALIDARG, "device %s with index %u is specified multiple times",
                                              d->DeviceInstanceID, d->VirtualFunctionIndex);
                hr = uvm_host_guid(host, id, err);
                if (FAILED(hr))
                        return hr;
                added = UVM_MAP_ENTRY(&devices->VirtualPci, id);
                f = UVM_LIST_ADD(&added->Functions);
                uvm_set_text(&f->DeviceInstancePath, d->DeviceInstanceID);
                f->VirtualFunction = d->VirtualFunctionIndex;
                if (with_affinity && host->build >= UVM_BUILD_25H1)
                        *UVM_NEW(added->PropagateNumaAffinity) = true;
        }
        return S_OK;
}
