/* SPDX-License-Identifier: MIT */

/*
 * The head of a saved machine's file: one line of JSON that says which machine it was, in front of QEMU's own stream.
 * QEMU would find out by itself that a machine is another one, but late and in words for its developers.
 */

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/str.h"
#include "mockhcs/vm/machine.h"
#include "platform/file.h"

#define HEAD_LIMIT 65536u
#define VERSION    1

static struct hcs_json *head_of(struct vm *vm) {
        const struct vm_options *o = &vm->options;
        struct hcs_json *head = hcs_json_new_object(), *list;
        char place[32];

        hcs_json_set_string(head, "saved", "machine");
        hcs_json_set_u64(head, "version", VERSION);
        hcs_json_set_bool(head, "kvm", vm->accelerator == VM_ACCELERATOR_KVM);
        hcs_json_set_u64(head, "processors", vm->processors);
        hcs_json_set_u64(head, "processors_at_first", o->processors);
        hcs_json_set_u64(head, "processor_limit", o->processor_limit);
        hcs_json_set_u64(head, "memory_mb", o->memory_mb);
        hcs_json_set_u64(head, "memory_limit_mb", o->memory_limit_mb);
        hcs_json_set_u64(head, "memory_slots", vm->memory_slots);
        hcs_json_set_u64(head, "modules", vm->n_modules);
        hcs_json_set_u64(head, "controllers", o->controllers);
        hcs_json_set_bool(head, "vsock", o->vsock != VM_VSOCK_NONE);
        list = hcs_json_set_new_array(head, "disks");
        for (unsigned i = 0; i < VM_CONTROLLERS * VM_LUNS; i++)
                if (vm->disks[i / VM_LUNS][i % VM_LUNS]) {
                        snprintf(place, sizeof(place), "%u:%u", i / VM_LUNS, i % VM_LUNS);
                        hcs_json_append(list, hcs_json_new_string(place));
                }
        list = hcs_json_set_new_array(head, "adapters");
        for (size_t i = 0; i < vm->n_nics; i++)
                hcs_json_append(list, hcs_json_new_string(vm->nics[i].id));
        list = hcs_json_set_new_array(head, "slots");
        for (size_t i = 0; i < vm->n_slots; i++)
                hcs_json_append(list, hcs_json_new_string(vm->slots[i].id ? vm->slots[i].id : ""));
        return head;
}

HRESULT machine_write_head(struct vm *vm, int fd, struct hcs_error **err) {
        _cleanup_buf_ struct hcs_buf line = {0};
        _cleanup_json_ struct hcs_json *head = NULL;
        hcs_guard(&vm->lock);

        head = head_of(vm);
        hcs_json_print(head, HCS_JSON_COMPACT, &line);
        hcs_buf_putc(&line, '\n');
        if (write(fd, line.data, line.len) != (ssize_t)line.len)
                return hcs_error_errno(err, errno, "write");
        return S_OK;
}

/* Leaves the descriptor behind the line. */
static HRESULT read_head(int fd, struct hcs_json **ret, struct hcs_error **err) {
        _cleanup_free_ char *text = hcs_malloc(HEAD_LIMIT);
        _cleanup_json_ struct hcs_json *head = NULL;
        ssize_t n = pread(fd, text, HEAD_LIMIT, 0);
        const char *end = n > 0 ? memchr(text, '\n', (size_t)n) : NULL;
        uint64_t version;

        if (n < 0)
                return hcs_error_errno(err, errno, "read");
        if (!end || FAILED(hcs_json_parse(text, (size_t)(end - text), NULL, &head, NULL)) ||
            !hcs_streq(hcs_json_get_string(head, "saved"), "machine"))
                return hcs_error_make(err, HCS_E_INVALID_JSON, "this is no saved machine");
        if (!hcs_json_u64(hcs_json_get(head, "version"), &version) || version != VERSION)
                return hcs_error_make(err, E_NOTIMPL, "saved in a version of the file that is not known");
        if (lseek(fd, end + 1 - text, SEEK_SET) < 0)
                return hcs_error_errno(err, errno, "seek");
        *ret = steal_pointer(&head);
        return S_OK;
}

static unsigned number(const struct hcs_json *head, const char *member) {
        uint64_t n = 0;

        return hcs_json_u64(hcs_json_get(head, member), &n) && n < UINT32_MAX ? (unsigned)n : 0;
}

static HRESULT check_number(const struct hcs_json *head, const char *member, unsigned is, struct hcs_error **err) {
        if (number(head, member) == is)
                return S_OK;
        return hcs_error_make(err, E_INVALIDARG, "%s is %u, it was saved with %u", member, is, number(head, member));
}

static bool has_string(const struct hcs_json *list, const char *text) {
        for (const struct hcs_json *e = hcs_json_first(list); e; e = hcs_json_next(e))
                if (hcs_streq(hcs_json_string(e), text))
                        return true;
        return false;
}

/* The same disks and adapters, in any order; `what` names the kind. */
static HRESULT check_names(const struct hcs_json *head, const char *member, const struct hcs_json *are,
                           struct hcs_error **err) {
        const struct hcs_json *were = hcs_json_get(head, member);

        for (const struct hcs_json *e = hcs_json_first(were); e; e = hcs_json_next(e))
                if (!has_string(are, hcs_json_string(e)))
                        return hcs_error_make(err, E_INVALIDARG, "%s: %s is missing", member, hcs_json_string(e));
        for (const struct hcs_json *e = hcs_json_first(are); e; e = hcs_json_next(e))
                if (!has_string(were, hcs_json_string(e)))
                        return hcs_error_make(err, E_INVALIDARG, "%s: %s was not there when it was saved", member,
                                              hcs_json_string(e));
        return S_OK;
}

static HRESULT check_devices(const struct vm_options *o, const struct hcs_json *head, struct hcs_error **err) {
        _cleanup_json_ struct hcs_json *disks = hcs_json_new_array(), *nics = hcs_json_new_array();
        char place[32];
        HRESULT hr;

        for (size_t i = 0; i < o->n_disks; i++) {
                snprintf(place, sizeof(place), "%u:%u", o->disks[i].controller, o->disks[i].lun);
                hcs_json_append(disks, hcs_json_new_string(place));
        }
        for (size_t i = 0; i < o->n_nics; i++)
                hcs_json_append(nics, hcs_json_new_string(o->nics[i].id));
        hr = check_names(head, "disks", disks, err);
        return SUCCEEDED(hr) ? check_names(head, "adapters", nics, err) : hr;
}

static HRESULT check(const struct vm_options *o, const struct hcs_json *head, struct hcs_error **err) {
        bool kvm = hcs_json_bool(hcs_json_get(head, "kvm"));
        HRESULT hr = check_number(head, "processors", o->processors, err);

        if (SUCCEEDED(hr))
                hr = check_number(head, "processor_limit", o->processor_limit, err);
        if (SUCCEEDED(hr))
                hr = check_number(head, "memory_mb", o->memory_mb, err);
        if (SUCCEEDED(hr))
                hr = check_number(head, "memory_limit_mb", o->memory_limit_mb, err);
        if (SUCCEEDED(hr))
                hr = check_number(head, "controllers", o->controllers, err);
        if (SUCCEEDED(hr))
                hr = check_devices(o, head, err);
        if (FAILED(hr))
                return hr;
        if (o->accelerator != VM_ACCELERATOR_AUTO && kvm != (o->accelerator == VM_ACCELERATOR_KVM))
                return hcs_error_make(err, E_INVALIDARG, "it was saved with %s", kvm ? "KVM" : "TCG");
        if (hcs_json_bool(hcs_json_get(head, "vsock")) != (o->vsock == VM_VSOCK_OURS))
                return hcs_error_make(err, E_INVALIDARG, "it was saved %s vsock",
                                      o->vsock == VM_VSOCK_OURS ? "without" : "with our own");
        return S_OK;
}

/* Everything is where it was: adapters in their slots, modules of memory in theirs. */
static HRESULT adopt(struct vm *vm, const struct hcs_json *head, struct hcs_error **err) {
        const struct hcs_json *slots = hcs_json_get(head, "slots");
        size_t n = hcs_json_count(slots);

        if (number(head, "processors_at_first") < 1 || number(head, "processors_at_first") > vm->processors ||
            n > VM_SLOTS || number(head, "modules") > number(head, "memory_slots") ||
            number(head, "memory_slots") > VM_MEMORY_SLOTS)
                return hcs_error_make(err, HCS_E_INVALID_JSON, "the head of the file is damaged");
        machine_make_slots(vm, n);
        for (size_t i = 0; i < n; i++) {
                const char *id = hcs_json_string(hcs_json_at(slots, i));

                vm->slots[i].id = id && *id ? hcs_strdup(id) : NULL;
        }
        vm->memory_slots = number(head, "memory_slots");
        vm->n_modules = number(head, "modules");
        vm->options.processors = number(head, "processors_at_first");
        vm->options.accelerator = hcs_json_bool(hcs_json_get(head, "kvm")) ? VM_ACCELERATOR_KVM : VM_ACCELERATOR_TCG;
        return S_OK;
}

HRESULT machine_open_saved(struct vm *vm, struct hcs_error **err) {
        _cleanup_json_ struct hcs_json *head = NULL;
        HRESULT hr;

        vm->saved_fd = open(vm->options.saved, O_RDONLY | O_CLOEXEC);
        if (vm->saved_fd < 0)
                return hcs_error_errno(err, errno, "open `%s`", vm->options.saved);
        hr = read_head(vm->saved_fd, &head, err);
        if (SUCCEEDED(hr))
                hr = check(&vm->options, head, err);
        if (SUCCEEDED(hr))
                hr = adopt(vm, head, err);
        if (FAILED(hr))
                hcs_error_wrap(err, "restore from `%s`", vm->options.saved);
        return hr;
}
