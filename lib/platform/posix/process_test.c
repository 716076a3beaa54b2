/* SPDX-License-Identifier: MIT */

/* How programs are started. */

#include "platform/process.h"

#include <sys/personality.h>

#include "testing/hcs_test.h"

static int exit_code(struct hcs_child *child) {
        struct hcs_error *err = NULL;
        int code = -1;

        assert_ok(hcs_child_wait(child, &code, &err), err);
        return code;
}

static void only_a_settled_program_has_no_random_addresses(void **state) {
        static const char *const words[] = {"sh", "-c", "test $((0x$(cat /proc/self/personality) & 0x40000)) -ne 0",
                                            NULL};
        char *const *argv = (char *const *)(uintptr_t)words;
        struct hcs_child *child = NULL;
        struct hcs_error *err = NULL;
        int before = personality(0xffffffff);

        if (before < 0 || (before & ADDR_NO_RANDOMIZE) || personality((unsigned long)before | ADDR_NO_RANDOMIZE) < 0)
                skip(); /* not ours to choose */
        personality((unsigned long)before);
        assert_ok(hcs_child_spawn_settled(argv, NULL, HCS_CHILD_SHARES, &child, &err), err);
        assert_int_equal(exit_code(child), 0);
        assert_ok(hcs_child_spawn(argv, NULL, HCS_CHILD_SHARES, &child, &err), err);
        assert_int_equal(exit_code(child), 1);
        assert_int_equal(personality(0xffffffff), before);
}

HCS_TESTS(cmocka_unit_test(only_a_settled_program_has_no_random_addresses))
