/* SPDX-License-Identifier: MIT */

/* Memory of a running machine. */

#include <stdio.h>

#include "base/str.h"
#include "mockhcs/vm/machine.h"

#define MODULE_MB 128u

/*
 * Linux wants its memory in aligned blocks of 128 MB. QEMU would put a module behind whatever else was plugged in; the
 * far end of the room it keeps for such things (as much as may be added, and 1 GB for each slot) is always free.
 * Source: pc_memory_init() of QEMU 7.2, and q35's split at 2.75 GB.
 */
static uint64_t module_address(const struct vm *vm) {
        const uint64_t gb = 1ull << 30;
        uint64_t memory = (uint64_t)vm->options.memory_mb << 20, limit = (uint64_t)vm->options.memory_limit_mb << 20;
        uint64_t above = memory >= 11 * gb / 4 ? memory - 2 * gb : 0;
        uint64_t start = (4 * gb + above + gb - 1) / gb * gb;

        return start + (limit - memory + gb - 1) / gb * gb + (vm->memory_added_mb << 20);
}

static HRESULT add_module(struct vm *vm, struct hcs_error **err) {
        _cleanup_free_ char *object = hcs_asprintf("module-memory-%u", vm->n_modules),
                            *id = hcs_asprintf("module-%u", vm->n_modules);
        struct hcs_json *memory = machine_named("qom-type", "memory-backend-memfd"),
                        *device = machine_named("driver", "pc-dimm");
        HRESULT hr;

        hcs_json_set_string(memory, "id", object);
        hcs_json_set_u64(memory, "size", (uint64_t)MODULE_MB << 20);
        hcs_json_set_bool(memory, "share", true);
        hcs_json_set_string(device, "id", id);
        hcs_json_set_string(device, "memdev", object);
        hcs_json_set_u64(device, "addr", module_address(vm));
        hr = machine_execute(vm, "object-add", memory, err);
        if (FAILED(hr)) {
                hcs_json_free(device);
                return hr;
        }
        hr = machine_execute(vm, "device_add", device, err);
        if (FAILED(hr)) {
                machine_execute(vm, "object-del", machine_named("id", object), NULL);
                return hr;
        }
        vm->n_modules++;
        vm->memory_added_mb += MODULE_MB;
        return S_OK;
}

HRESULT vm_memory_set(struct vm *vm, unsigned mb, struct hcs_error **err) {
        struct hcs_json *balloon = hcs_json_new_object();
        char text[32];
        HRESULT hr = S_OK;

        snprintf(text, sizeof(text), "to %u MB", mb);
        if (mb > vm->options.memory_limit_mb)
                hr = hcs_error_make(err, E_INVALIDARG, "its limit is %u MB", vm->options.memory_limit_mb);
        while (SUCCEEDED(hr) && mb > vm->options.memory_mb + vm->memory_added_mb)
                hr = add_module(vm, err);
        hcs_json_set_u64(balloon, "value", (uint64_t)mb << 20);
        if (SUCCEEDED(hr))
                hr = machine_execute(vm, "balloon", balloon, err);
        else
                hcs_json_free(balloon);
        return machine_in_context(vm, hr, err, "set the memory", text);
}
