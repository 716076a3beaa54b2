/* SPDX-License-Identifier: MIT */

/* Companions: programs that serve us, and folders that go with us. */

#include "platform/companion.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "platform/env.h"
#include "platform/file.h"
#include "platform/pipe.h"
#include "platform/thread.h"
#include "platform/work_folder.h"
#include "testing/hcs_test.h"

static struct hcs_companion *start(const char *script, const int *keep, size_t n_keep, const char *output) {
        char *argv[] = {(char *)(uintptr_t) "sh", (char *)(uintptr_t) "-c", (char *)(uintptr_t)script, NULL};
        struct hcs_companion *c = NULL;
        struct hcs_error *err = NULL;

        assert_ok(hcs_companion_start(&(struct hcs_companion_options){argv, keep, n_keep, output}, &c, &err), err);
        return c;
}

static void wait_readable(HANDLE h) {
        struct hcs_poll_entry e = {.h = h, .want_read = true};
        struct hcs_poller *p = NULL;

        assert_ok(hcs_poller_new(&p, NULL), NULL);
        while (!e.readable)
                hcs_poller_wait(p, &e, 1, HCS_FOREVER);
        hcs_poller_free(p);
}

static void a_companion_has_what_it_was_given_and_nothing_else(void **state) {
        _cleanup_free_ char *folder = hcs_test_tmpdir(), *output = hcs_asprintf("%s/out", folder), *script = NULL;
        _cleanup_buf_ struct hcs_buf said = {0};
        struct hcs_companion *c;
        HANDLE ours = 0, other = 0;
        int theirs, other_theirs;
        char data[8];
        size_t n;

        assert_ok(hcs_companion_socket(&ours, &theirs, NULL), NULL);
        assert_ok(hcs_companion_socket(&other, &other_theirs, NULL), NULL);
        script = hcs_asprintf("printf hello >&%d; ls -l /proc/$$/fd/%d; cat; echo done", theirs, other_theirs);
        c = start(script, &theirs, 1, output);
        close(theirs);
        wait_readable(ours);
        assert_hresult(hcs_pipe_read(ours, data, sizeof(data), &n, NULL), S_OK);
        assert_int_equal(n, 5);
        wait_readable(hcs_companion_handle(c));
        assert_int_equal(hcs_companion_wait(c), 0);
        assert_hresult(hcs_pipe_read(ours, data, sizeof(data), &n, NULL), S_FALSE);
        assert_ok(hcs_file_read(output, 4096, &said, NULL), NULL);
        assert_non_null(strstr(said.data, "No such file"));
        assert_non_null(strstr(said.data, "\ndone\n"));
        hcs_companion_free(c);
        hcs_pipe_close(ours);
        hcs_pipe_close(other);
        close(other_theirs);
}

static void exit_codes_and_signals_are_told(void **state) {
        struct hcs_companion *c = start("exit 7", NULL, 0, "/dev/null");

        assert_int_equal(hcs_companion_wait(c), 7);
        hcs_companion_kill(c); /* nobody else's process */
        hcs_companion_free(c);
        c = start("exec sleep 1000", NULL, 0, "/dev/null");
        hcs_companion_kill(c);
        assert_int_equal(hcs_companion_wait(c), 128 + SIGKILL);
        hcs_companion_free(c);
}

static void a_program_that_is_not_there_is_named(void **state) {
        char *argv[] = {(char *)(uintptr_t) "/nonexistent/program", NULL};
        struct hcs_companion *c = NULL;
        struct hcs_error *err = NULL;

        assert_hresult(hcs_companion_start(&(struct hcs_companion_options){argv, NULL, 0, "/dev/null"}, &c, &err),
                       HCS_WIN32(2));
        assert_non_null(strstr(hcs_error_message(err), "/nonexistent/program"));
        hcs_error_free(err);
        assert_null(c);
}

static void keep_one(void *arg) {
        *(struct hcs_companion **)arg = start("exec sleep 1000", NULL, 0, "/dev/null");
}

static void a_companion_ends_with_the_thread_that_started_it(void **state) {
        struct hcs_companion *c = NULL;
        struct hcs_thread t;

        assert_ok(hcs_thread_start(&t, keep_one, &c, NULL), NULL);
        hcs_thread_join(&t);
        assert_int_equal(hcs_companion_wait(c), 128 + SIGKILL);
        hcs_companion_free(c);
}

static void a_folder_goes_with_its_owner_and_the_next_one_sweeps(void **state) {
        _cleanup_free_ char *base = hcs_test_tmpdir(), *kept = NULL, *path = NULL, *inside = NULL;
        struct hcs_work_folder *f = NULL, *dead = NULL;
        struct hcs_error *err = NULL;
        int status;
        pid_t owner;

        owner = fork();
        if (owner == 0) {
                hcs_work_folder_new(base, "dead", &dead, NULL);
                path = hcs_asprintf("%s/deep/er", hcs_work_folder_path(dead));
                hcs_directory_create(path, NULL);
                kill(getpid(), SIGKILL);
        }
        assert_int_equal(waitpid(owner, &status, 0), owner);
        assert_ok(hcs_work_folder_new(base, "alive", &f, &err), err);
        inside = hcs_asprintf("%s/log", hcs_work_folder_path(f));
        path = hcs_strdup(hcs_work_folder_path(f));
        assert_ok(hcs_directory_create(inside, &err), err);
        assert_ok(hcs_work_folder_new(base, "second", &dead, &err), err); /* sweeps only the dead one */
        assert_true(hcs_file_is_directory(path));
        hcs_work_folder_free(dead);
        assert_ok(hcs_work_folder_keep(f, "log", &kept, &err), err);
        hcs_work_folder_free(f);
        assert_false(hcs_file_exists(path));
        assert_true(hcs_file_is_directory(kept));
}

static void of_what_is_kept_the_last_stays(void **state) {
        _cleanup_free_ char *base = hcs_test_tmpdir(), *first = NULL;

        for (int i = 0; i < 25; i++) {
                _cleanup_free_ char *kept = NULL, *inside = NULL;
                struct hcs_work_folder *f = NULL;

                assert_ok(hcs_work_folder_new(base, "x", &f, NULL), NULL);
                inside = hcs_asprintf("%s/log/deep", hcs_work_folder_path(f));
                assert_ok(hcs_directory_create(inside, NULL), NULL);
                assert_ok(hcs_work_folder_keep(f, "log", &kept, NULL), NULL);
                hcs_work_folder_free(f);
                assert_true(hcs_file_is_directory(kept));
                if (!first)
                        first = steal_pointer(&kept);
                assert_int_equal(hcs_file_is_directory(first), i < 20);
        }
}

static void a_base_that_is_somebody_elses_is_refused(void **state) {
        _cleanup_free_ char *folder = hcs_test_tmpdir(), *link = hcs_asprintf("%s/link", folder);
        struct hcs_work_folder *f = NULL;

        assert_int_equal(symlink("/tmp", link), 0);
        assert_hresult(hcs_work_folder_new(link, "x", &f, NULL), E_ACCESSDENIED);
        assert_hresult(hcs_work_folder_new(folder, "a/b", &f, NULL), E_INVALIDARG);
        assert_hresult(hcs_work_folder_new(folder, "..", &f, NULL), E_INVALIDARG);
}

static void assert_cache_is(const char *want) {
        _cleanup_free_ char *folder = hcs_cache_folder();

        assert_string_equal(folder, want);
}

static void a_link_leads_to_a_place_that_is_there(void **state) {
        _cleanup_free_ char *base = hcs_test_tmpdir(), *place = hcs_asprintf("%s/place", base), *through = NULL,
                            *none = hcs_asprintf("%s/none", base);
        struct hcs_work_folder *f = NULL;
        struct hcs_error *err = NULL;

        assert_ok(hcs_file_write(place, "there", 5, &err), err);
        assert_ok(hcs_work_folder_new(base, "linked", &f, &err), err);
        assert_ok(hcs_work_folder_link(f, "link", place, &err), err);
        through = hcs_asprintf("%s/link", hcs_work_folder_path(f));
        assert_true(hcs_file_exists(through));
        assert_true(FAILED(hcs_work_folder_link(f, "link", place, NULL))); /* there is one already */
        assert_hresult(hcs_work_folder_link(f, "other", none, &err), HCS_WIN32(2));
        assert_non_null(strstr(hcs_error_message(err), none));
        hcs_error_free(err);
        hcs_work_folder_free(f);
        assert_true(hcs_file_exists(place)); /* the link went, and not what it led to */
}

static void caches_are_where_the_environment_says(void **state) {
        _cleanup_free_ char *home = hcs_env_get("HOME"), *cache = hcs_env_get("XDG_CACHE_HOME"),
                            *base = hcs_work_folder_default_base(), *last = hcs_asprintf("%s/cache", base);

        hcs_env_set("XDG_CACHE_HOME", "/x/cache");
        hcs_env_set("HOME", "/x/home");
        assert_cache_is("/x/cache/hcsshim");
        hcs_env_set("XDG_CACHE_HOME", NULL);
        assert_cache_is("/x/home/.cache/hcsshim");
        hcs_env_set("HOME", NULL);
        assert_cache_is(last);
        hcs_env_set("HOME", home);
        hcs_env_set("XDG_CACHE_HOME", cache);
}

HCS_TESTS(cmocka_unit_test(a_companion_has_what_it_was_given_and_nothing_else),
          cmocka_unit_test(exit_codes_and_signals_are_told), cmocka_unit_test(a_program_that_is_not_there_is_named),
          cmocka_unit_test(a_companion_ends_with_the_thread_that_started_it),
          cmocka_unit_test(a_folder_goes_with_its_owner_and_the_next_one_sweeps),
          cmocka_unit_test(of_what_is_kept_the_last_stays), cmocka_unit_test(a_link_leads_to_a_place_that_is_there),
          cmocka_unit_test(caches_are_where_the_environment_says),
          cmocka_unit_test(a_base_that_is_somebody_elses_is_refused))
