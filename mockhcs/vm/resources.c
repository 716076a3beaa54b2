/* SPDX-License-Identifier: MIT */

/* Memory and processors of a running machine. */

#include <stdio.h>

#include "base/str.h"
#include "mockhcs/vm/machine.h"
#include "platform/clock.h"

static HRESULT add_module(struct vm *vm, struct hcs_error **err) {
        HRESULT hr = machine_execute(vm, "object-add", machine_module_memory(vm->n_modules), err);

        if (FAILED(hr))
                return hr;
        hr = machine_execute(vm, "device_add", machine_module_device(vm, vm->n_modules), err);
        if (FAILED(hr)) {
                _cleanup_free_ char *object = hcs_asprintf("module-memory-%u", vm->n_modules);

                machine_execute(vm, "object-del", machine_named("id", object), NULL);
                return hr;
        }
        vm->n_modules++;
        return S_OK;
}

HRESULT vm_memory_set(struct vm *vm, unsigned mb, struct hcs_error **err) {
        struct hcs_json *balloon = hcs_json_new_object();
        char text[32];
        HRESULT hr = S_OK;

        snprintf(text, sizeof(text), "to %u MB", mb);
        if (mb > vm->options.memory_limit_mb)
                hr = hcs_error_make(err, E_INVALIDARG, "its limit is %u MB", vm->options.memory_limit_mb);
        while (SUCCEEDED(hr) && mb > vm->options.memory_mb + vm->n_modules * MACHINE_MODULE_MB)
                hr = add_module(vm, err);
        hcs_json_set_u64(balloon, "value", (uint64_t)mb << 20);
        if (SUCCEEDED(hr))
                hr = machine_execute(vm, "balloon", balloon, err);
        else
                hcs_json_free(balloon);
        if (SUCCEEDED(hr))
                vm->memory_wanted_mb = mb;
        return machine_in_context(vm, hr, err, "set the memory", text);
}

HRESULT vm_processors_set(struct vm *vm, unsigned n, struct hcs_error **err) {
        unsigned limit = vm->options.processor_limit ? vm->options.processor_limit : vm->processors;
        HRESULT hr = S_OK;
        char text[32];

        snprintf(text, sizeof(text), "to %u", n);
        if (n > limit)
                hr = hcs_error_make(err, E_INVALIDARG, "its limit is %u", limit);
        else if (n < vm->processors)
                hr = hcs_error_make(err, E_NOTIMPL, "it has %u, and QEMU takes none out", vm->processors);
        while (SUCCEEDED(hr) && n > vm->processors) {
                hr = machine_execute(vm, "device_add", machine_processor_device(vm, vm->processors), err);
                if (SUCCEEDED(hr))
                        vm->processors++;
        }
        return machine_in_context(vm, hr, err, "set the processors", text);
}
