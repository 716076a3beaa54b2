/* SPDX-License-Identifier: MIT */

/* Folders that are found by a machine's id. */

#include "platform/hvsocket.h"

#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/str.h"
#include "platform/file.h"
#include "testing/hcs_test.h"

static const GUID a_machine = {1, 2, 3, {4}}, another = {1, 2, 3, {5}};

static int setup(void **state) {
        _cleanup_free_ char *runtime = hcs_test_tmpdir();

        return setenv("XDG_RUNTIME_DIR", runtime, 1);
}

static void a_folder_is_found_by_the_id_of_its_machine(void **state) {
        _cleanup_free_ char *path = hcs_hvsocket_folder(&a_machine),
                            *wanted = hcs_asprintf("%s/hcsshim/hvsocket/00000001-0002-0003-0400-000000000000",
                                                   getenv("XDG_RUNTIME_DIR"));
        struct hcs_work_folder *f = NULL, *second = NULL, *other = NULL;
        struct hcs_error *err = NULL;

        assert_string_equal(path, wanted);
        assert_false(hcs_file_exists(path));
        assert_hresult(hcs_hvsocket_folder_new(&a_machine, &f, &err), S_OK);
        assert_string_equal(hcs_work_folder_path(f), path);
        assert_true(hcs_file_is_directory(path));
        assert_hresult(hcs_hvsocket_folder_new(&a_machine, &second, &err), S_FALSE);
        assert_null(second);
        assert_hresult(hcs_hvsocket_folder_new(&another, &other, &err), S_OK);
        hcs_hvsocket_folder_free(f);
        assert_false(hcs_file_is_directory(path));
        hcs_hvsocket_folder_free(other);
}

/* What somebody that is killed leaves behind. */
static void leave(const GUID *id, const char *file) {
        pid_t pid = fork();

        if (pid == 0) {
                struct hcs_work_folder *f = NULL;
                _cleanup_free_ char *path = NULL;

                if (hcs_hvsocket_folder_new(id, &f, NULL) != S_OK)
                        _exit(1);
                path = hcs_asprintf("%s/%s", hcs_work_folder_path(f), file);
                hcs_file_write(path, "x", 1, NULL);
                raise(SIGKILL);
        }
        assert_int_equal(waitpid(pid, NULL, 0), pid);
}

static void what_the_dead_left_is_replaced(void **state) {
        _cleanup_free_ char *path = hcs_hvsocket_folder(&a_machine), *left = hcs_asprintf("%s/v.sock", path);
        struct hcs_work_folder *f = NULL;
        struct hcs_error *err = NULL;

        leave(&a_machine, "v.sock");
        assert_true(hcs_file_exists(left));
        assert_hresult(hcs_hvsocket_folder_new(&a_machine, &f, &err), S_OK);
        assert_false(hcs_file_exists(left));
        hcs_hvsocket_folder_free(f);
}

/* Machines and hvsocket folders share a base: the one's sweep spares the other's. */
static void work_folders_spare_it(void **state) {
        _cleanup_free_ char *path = hcs_hvsocket_folder(&a_machine);
        struct hcs_work_folder *f = NULL, *work = NULL;
        struct hcs_error *err = NULL;

        assert_hresult(hcs_hvsocket_folder_new(&a_machine, &f, &err), S_OK);
        assert_ok(hcs_work_folder_new(NULL, "vm", &work, &err), err);
        assert_true(hcs_file_is_directory(path));
        hcs_work_folder_free(work);
        hcs_hvsocket_folder_free(f);
}

static void a_long_runtime_folder_is_not_used(void **state) {
        _cleanup_free_ char *before = hcs_strdup(getenv("XDG_RUNTIME_DIR")), *path = NULL;

        setenv("XDG_RUNTIME_DIR", "/tmp/../tmp/../tmp/../tmp/../tmp/../tmp", 1);
        path = hcs_hvsocket_folder(&a_machine);
        assert_true(hcs_str_starts(path, "/tmp/hcsshim-"));
        setenv("XDG_RUNTIME_DIR", before, 1);
}

#define TEST(f) cmocka_unit_test_setup(f, setup)
HCS_TESTS(TEST(a_folder_is_found_by_the_id_of_its_machine), TEST(what_the_dead_left_is_replaced),
          TEST(work_folders_spare_it), TEST(a_long_runtime_folder_is_not_used))
