/* SPDX-License-Identifier: MIT */

/* The probe of mockhcs/vm/accelerator.h. */

#include "mockhcs/vm/accelerator.h"

#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/json.h"
#include "base/str.h"
#include "hcsshim/log.h"
#include "platform/clock.h"
#include "platform/file.h"
#include "platform/thread.h"
#include "platform/work_folder.h"

#define DEADLINE    (15ull * HCS_NS_PER_S)
#define FIRST_WORDS (5ull * HCS_NS_PER_S)

static char *cache_path(const struct vm_probe_options *o) {
        _cleanup_free_ char *folder = NULL;

        if (o->cache)
                return *o->cache ? hcs_strdup(o->cache) : NULL;
        folder = hcs_cache_folder();
        return hcs_asprintf("%s/accelerator", folder);
}

/* What an answer holds for: this boot, this QEMU, this kernel as it is now. */
static char *make_key(const struct vm_probe_options *o) {
        _cleanup_buf_ struct hcs_buf boot = {0};
        struct stat st = {0};

        hcs_file_read("/proc/sys/kernel/random/boot_id", 256, &boot, NULL);
        if (boot.len > 0 && boot.data[boot.len - 1] == '\n')
                boot.data[--boot.len] = '\0';
        if (stat(o->kernel, &st) < 0)
                st.st_size = 0;
        return hcs_asprintf("%s %s %lld %lld", hcs_buf_cstr(&boot), o->qemu ? o->qemu : "qemu-system-x86_64",
                            (long long)st.st_size, (long long)st.st_mtime);
}

/* The cache is an object: key to the sentence why KVM does not do, or "" when it does. */
static struct hcs_json *read_cache(const char *path) {
        _cleanup_buf_ struct hcs_buf text = {0};
        struct hcs_json *cache = NULL;

        if (path && SUCCEEDED(hcs_file_read(path, 1 << 20, &text, NULL)))
                hcs_json_parse(hcs_buf_cstr(&text), text.len, NULL, &cache, NULL);
        if (!hcs_json_is(cache, HCS_JSON_OBJECT)) {
                hcs_json_free(cache);
                cache = hcs_json_new_object();
        }
        return cache;
}

/* Answers of other boots go. A cache that cannot be written (false) costs the next run a probe. */
static bool write_cache(const char *path, const char *key, const char *why) {
        _cleanup_json_ struct hcs_json *old = read_cache(path), *cache = hcs_json_new_object();
        _cleanup_free_ char *folder = hcs_strdup(path), *text = NULL;
        size_t boot = strcspn(key, " ") + 1;
        char *slash = folder ? strrchr(folder, '/') : NULL;

        if (!path)
                return false;

        for (struct hcs_json *j = hcs_json_first(old); j; j = hcs_json_next(j))
                if (strncmp(hcs_json_key(j), key, boot) == 0 && hcs_json_string(j))
                        hcs_json_set_string(cache, hcs_json_key(j), hcs_json_string(j));
        hcs_json_set_string(cache, key, why);
        if (slash) {
                *slash = '\0';
                hcs_directory_create(folder, NULL);
        }
        text = hcs_json_text(cache, HCS_JSON_PRETTY);
        return SUCCEEDED(hcs_file_write(path, text, strlen(text), NULL));
}

/* Has its kernel said anything? The firmware's words, and those of the kernel's loader, have no time in front. */
static bool has_spoken(struct vm *vm) {
        _cleanup_free_ char *words = vm_console_tail(vm);

        return strstr(words, "[    ") != NULL;
}

/* Until the machine's end. S_FALSE: it is mute. */
static HRESULT watch(struct vm *vm, uint64_t deadline, struct vm_end *ret, struct hcs_error **err) {
        uint64_t words = hcs_clock_ns() + FIRST_WORDS;
        HRESULT hr = vm_wait(vm, words < deadline ? words : deadline, ret, NULL);

        if (FAILED(hr) && !has_spoken(vm))
                return S_FALSE;
        return FAILED(hr) ? vm_wait(vm, deadline, ret, err) : hr;
}

/* NULL when a guest came up, else why not. */
static char *boot_one(const struct vm_probe_options *o) {
        struct vm_options options = {
                .name = "probe",
                .qemu = o->qemu,
                .kernel = o->kernel,
                .command_line = "earlyprintk=ttyS0 console=ttyS0 printk.time=1 loglevel=6 panic=-1",
                .processors = 2,
                .memory_mb = 256,
                .accelerator = VM_ACCELERATOR_KVM,
                .vsock = VM_VSOCK_NONE,
                .expendable = true,
        };
        uint64_t deadline = hcs_clock_ns() + (o->deadline_ns ? o->deadline_ns : DEADLINE);
        _cleanup_(vm_freep) struct vm *vm = NULL;
        struct hcs_error *err = NULL;
        struct vm_end end = {0};
        char *why = NULL;
        HRESULT hr = vm_new(&options, &vm, &err);

        if (SUCCEEDED(hr))
                hr = vm_start(vm, deadline, &err);
        if (SUCCEEDED(hr))
                hr = watch(vm, deadline, &end, &err);
        if (hr == S_FALSE)
                why = hcs_strdup("a guest says nothing with it");
        else if (hr == HCS_E_OPERATION_TIMEOUT)
                why = hcs_strdup("a guest did not come up with it in time");
        else if (FAILED(hr))
                why = hcs_strdup(hcs_error_message(err));
        else if (end.kind != VM_END_PANIC || !strstr(end.detail, "Unable to mount root fs"))
                why = hcs_asprintf("a guest ended with it before its time: %s", end.detail ? end.detail : "?");
        hcs_error_free(err);
        return why;
}

/* NULL when the device can be opened. It may be another time, so this is not kept. */
static char *device_problem(const struct vm_probe_options *o) {
        const char *device = o->device ? o->device : "/dev/kvm";

        if (access(device, F_OK) < 0)
                return hcs_asprintf("%s is not there", device);
        if (access(device, R_OK | W_OK) < 0)
                return hcs_asprintf("%s may not be opened", device);
        return NULL;
}

static char *why_not(const struct vm_probe_options *o) {
        if (o->trying)
                o->trying(o->ctx);
        return boot_one(o);
}

/* Finds it out once, and all who ask meanwhile wait for that: a guest on a bad host takes its time. */
static char *ask(const struct vm_probe_options *o, bool *ret_known) {
        static struct hcs_mutex lock = HCS_MUTEX_INIT;
        static char *last_key, *last_why; /* for a process whose cache cannot be written */
        _cleanup_free_ char *path = cache_path(o), *key = make_key(o);
        _cleanup_json_ struct hcs_json *cache = NULL;
        const char *known;
        char *why;
        hcs_guard(&lock);

        cache = read_cache(path);
        known = hcs_json_get_string(cache, key);
        if (!known && hcs_streq(key, last_key))
                known = last_why;
        *ret_known = known;
        why = known ? hcs_strdup(known) : why_not(o);
        if (!why)
                why = hcs_strdup("");
        if (!known && !write_cache(path, key, why) && !(o->cache && !*o->cache)) {
                free(last_key);
                free(last_why);
                last_key = steal_pointer(&key);
                last_why = hcs_strdup(why);
        }
        return why;
}

enum vm_accelerator vm_accelerator_probe(const struct vm_probe_options *o, char **ret_why) {
        bool known = false, kvm;
        _cleanup_free_ char *why = device_problem(o);

        if (!why)
                why = ask(o, &known);
        kvm = !*why;
        if (ret_why)
                *ret_why = kvm ? hcs_asprintf("KVM: a guest boots with it%s", known ? " (known from before)" : "")
                               : hcs_asprintf("TCG, not KVM: %s%s", why, known ? " (known from before)" : "");
        return kvm ? VM_ACCELERATOR_KVM : VM_ACCELERATOR_TCG;
}
