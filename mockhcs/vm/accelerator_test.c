/* SPDX-License-Identifier: MIT */

/* The probe, with a script in QEMU's place that does with its console and QMP what a guest on a bad host does. */

#include <stdio.h>
#include <sys/stat.h>

#include "mockhcs/vm/accelerator.h"
#include "platform/file.h"
#include "testing/hcs_test.h"

/* Finds the descriptors that it was given, and is QEMU until its processors run. */
static const char fake_qemu[] =
        "#!/bin/bash\n"
        "for a; do case $a in socket,id=console,fd=*) console=${a##*=} ;; socket,id=qmp,fd=*) qmp=${a##*=} ;; esac; "
        "done\n"
        "echo '{\"QMP\":{}}' >&$qmp; read -r line <&$qmp; echo '{\"return\":{},\"id\":1}' >&$qmp\n"
        "say() { printf '%s\\n' \"$*\" >&$console; }\n";

struct bench {
        char *folder, *qemu, *kernel, *cache;
        int tried;
};

static void tried(void *ctx) {
        ((struct bench *)ctx)->tried++;
}

static int setup(void **state) {
        struct bench *b = hcs_calloc(1, sizeof(*b));

        b->folder = hcs_test_tmpdir();
        b->qemu = hcs_asprintf("%s/qemu", b->folder);
        b->kernel = hcs_asprintf("%s/kernel", b->folder);
        b->cache = hcs_asprintf("%s/cache/accelerator", b->folder);
        assert_ok(hcs_file_write(b->kernel, "k", 1, NULL), NULL);
        /* The probe's machine has its folder where those of this user are. */
        setenv("XDG_RUNTIME_DIR", b->folder, 1);
        *state = b;
        return 0;
}

static int teardown(void **state) {
        struct bench *b = *state;

        free(b->folder);
        free(b->qemu);
        free(b->kernel);
        free(b->cache);
        free(b);
        return 0;
}

/* What the probe says of a guest that does this; device: what is in the place of /dev/kvm. */
static char *probe(struct bench *b, const char *script, const char *device, uint64_t deadline_ns,
                   enum vm_accelerator expected) {
        _cleanup_free_ char *text = hcs_asprintf("%s%s", fake_qemu, script);
        char *why = NULL;

        assert_ok(hcs_file_write(b->qemu, text, strlen(text), NULL), NULL);
        assert_int_equal(chmod(b->qemu, 0700), 0);
        assert_int_equal(vm_accelerator_probe(&(struct vm_probe_options){.qemu = b->qemu,
                                                                         .kernel = b->kernel,
                                                                         .cache = b->cache,
                                                                         .device = device,
                                                                         .deadline_ns = deadline_ns,
                                                                         .trying = tried,
                                                                         .ctx = b},
                                              &why),
                         expected);
        return why;
}

#define CAME_UP                                    \
        "say '[    0.000000] Linux version 6.1'\n" \
        "say '[    0.9] Kernel panic - not syncing: VFS: Unable to mount root fs on unknown-block(0,0)'\n"

static void a_guest_that_comes_up_is_kvm_and_is_remembered(void **state) {
        struct bench *b = *state;
        _cleanup_free_ char *why = probe(b, CAME_UP, "/dev/null", 0, VM_ACCELERATOR_KVM), *again = NULL;

        assert_string_equal(why, "KVM: a guest boots with it");
        assert_int_equal(b->tried, 1);
        again = probe(b, "exit 1\n", "/dev/null", 0, VM_ACCELERATOR_KVM);
        assert_string_equal(again, "KVM: a guest boots with it (known from before)");
        assert_int_equal(b->tried, 1);
}

static void a_cache_that_cannot_be_written_is_this_process(void **state) {
        struct bench *b = *state;
        _cleanup_free_ char *why = NULL, *again = NULL;

        free(b->cache);
        b->cache = hcs_strdup("/proc/no/such/cache");
        why = probe(b, CAME_UP, "/dev/null", 0, VM_ACCELERATOR_KVM);
        again = probe(b, "exit 1\n", "/dev/null", 0, VM_ACCELERATOR_KVM);
        assert_int_equal(b->tried, 1);
}

static void a_guest_that_does_not_is_tcg(void **state) {
        static const struct {
                const char *script;
                uint64_t deadline_ns;
                const char *why;
        } cases[] = {
                {"say 'Probing EDD (edd=off to disable)... ok'\nread -r never <&$qmp\n", 300000000,
                 "TCG, not KVM: a guest says nothing with it"},
                {"say '[    0.000000] Linux version 6.1'\nread -r never <&$qmp\n", 300000000,
                 "TCG, not KVM: a guest did not come up with it in time"},
                {"say '[    0.1] Kernel panic - not syncing: Attempted to kill the idle task!'\n", 0,
                 "TCG, not KVM: a guest ended with it before its time: Kernel panic - not syncing: Attempted to kill "
                 "the idle task!"},
                {"echo 'KVM internal error. Suberror: 1' >&2\nexit 1\n", 0,
                 "TCG, not KVM: a guest ended with it before its time: KVM internal error. Suberror: 1"},
                {"exit 0\n", 0, "TCG, not KVM: a guest ended with it before its time: ?"},
        };
        struct bench *b = *state;

        b->cache = hcs_free(b->cache);
        b->cache = hcs_strdup("");
        for (size_t i = 0; i < HCS_ARRAY_SIZE(cases); i++) {
                _cleanup_free_ char *why =
                        probe(b, cases[i].script, "/dev/null", cases[i].deadline_ns, VM_ACCELERATOR_TCG);

                assert_string_equal(why, cases[i].why);
        }
}

static void a_device_that_is_not_there_is_not_tried(void **state) {
        struct bench *b = *state;
        _cleanup_free_ char *device = hcs_asprintf("%s/kvm", b->folder),
                            *expected = hcs_asprintf("TCG, not KVM: %s is not there", device),
                            *why = probe(b, CAME_UP, device, 0, VM_ACCELERATOR_TCG), *then = NULL;

        assert_string_equal(why, expected);
        assert_int_equal(b->tried, 0);
        /* That may change. */
        assert_ok(hcs_file_write(device, "", 0, NULL), NULL);
        then = probe(b, CAME_UP, device, 0, VM_ACCELERATOR_KVM);
        assert_string_equal(then, "KVM: a guest boots with it");
}

#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

HCS_TESTS(T(a_guest_that_comes_up_is_kvm_and_is_remembered), T(a_cache_that_cannot_be_written_is_this_process),
          T(a_guest_that_does_not_is_tcg), T(a_device_that_is_not_there_is_not_tried))
