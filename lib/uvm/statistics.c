/* SPDX-License-Identifier: MIT */

/* What a VM uses, as HCS tells it. */

#include "base/json.h"
#include "uvm/vm.h"

#define PAGE 4096u

static uint64_t number(const struct hcs_json *properties, const char *path) {
        uint64_t n = 0;

        hcs_json_u64(hcs_json_lookup(properties, path), &n);
        return n;
}

HRESULT uvm_statistics(struct uvm *u, const struct hcs_call *call, struct uvm_statistics *ret, struct hcs_error **err) {
        static const char *const types[] = {"Statistics", "Memory", NULL};
        _cleanup_json_ struct hcs_json *p = NULL;
        _cleanup_free_ char *text = NULL;
        HRESULT hr = hcs_system_properties_v2(uvm_system(u), types, call, &text, err);

        if (SUCCEEDED(hr))
                hr = hcs_json_parse_cstr(text, &p, err);
        if (FAILED(hr))
                return hr;
        *ret = (struct uvm_statistics){
                .uptime_ns = number(p, "Statistics.Uptime100ns") * 100,
                .processor_ns = number(p, "Statistics.Processor.TotalRuntime100ns") * 100,
                .read_bytes = number(p, "Statistics.Storage.ReadSizeBytes"),
                .written_bytes = number(p, "Statistics.Storage.WriteSizeBytes"),
                .assigned_bytes = number(p, "Memory.VirtualMachineMemory.AssignedMemory") * PAGE,
                .available_bytes = number(p, "Memory.VirtualMachineMemory.AvailableMemory") * PAGE,
                .reserved_bytes = number(p, "Memory.VirtualMachineMemory.ReservedMemory") * PAGE,
                .balancing = hcs_json_bool(hcs_json_lookup(p, "Memory.VirtualMachineMemory.BalancingEnabled"))};
        return S_OK;
}
