/* SPDX-License-Identifier: MIT */

/* Names that are found in either case. */

#include <stdlib.h>
#include <string.h>

#include "base/str.h"
#include "platform/file.h"
#include "platform/place.h"
#include "testing/hcs_test.h"

static char *folder;

static void make(const char *name, bool is_folder) {
        _cleanup_free_ char *path = hcs_asprintf("%s/%s", folder, name);

        if (is_folder)
                assert_ok(hcs_directory_create(path, NULL), NULL);
        else
                assert_ok(hcs_file_write(path, "x", 1, NULL), NULL);
}

static int setup(void **state) {
        folder = hcs_test_tmpdir();
        make("Boot", true);
        make("Boot/Kernel", false);
        make("Boot/Größe Äpfel", false);
        make("Boot/ЯЩИК", false);
        make("twice", false);
        make("Twice", false);
        return 0;
}

static int teardown(void **state) {
        folder = hcs_free(folder);
        return 0;
}

static void expect(const char *given, const char *found) {
        _cleanup_free_ char *path = hcs_asprintf("%s/%s", folder, given),
                            *wanted = hcs_asprintf("%s/%s", folder, found);

        hcs_path_find_spelling(path, strlen(folder));
        assert_string_equal(path, wanted);
}

static void what_is_there_keeps_its_spelling(void **state) {
        expect("Boot/Kernel", "Boot/Kernel");
        expect("twice", "twice");
        expect("Twice", "Twice");
        expect("boot/kernel", "Boot/Kernel");
        expect("BOOT/KERNEL", "Boot/Kernel");
        expect("boot//kernel", "Boot//Kernel");
        expect("TWICE", "Twice"); /* the first of them */
}

static void what_is_not_there_keeps_the_client_s(void **state) {
        expect("boot/New.State", "Boot/New.State");
        expect("Gone/kernel", "Gone/kernel");
        expect("boot/kernel/below", "Boot/Kernel/below");
        expect("boot/", "Boot/");
}

static void letters_of_other_alphabets_have_cases_too(void **state) {
        expect("boot/gRÖßE äPFEL", "Boot/Größe Äpfel");
        expect("boot/ящик", "Boot/ЯЩИК");
        expect("boot/ящиг", "Boot/ящиг");
        expect("boot/\xff\xfe", "Boot/\xff\xfe");
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
HCS_TESTS(TEST(what_is_there_keeps_its_spelling), TEST(what_is_not_there_keeps_the_client_s),
          TEST(letters_of_other_alphabets_have_cases_too))
