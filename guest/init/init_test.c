/* SPDX-License-Identifier: MIT */

/* What of /init and vsockexec can be tested without being the first process of a machine. */

#include "guest/init/init.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "guest/base/path.h"
#include "guest/testing/fixture.h"
#include "platform/file.h"

/* Steps of init call these; a test that gets here without expecting it has failed. */
_Noreturn void init_die(const char *what, const char *thing) {
        _exit(42);
}

void init_warn(const char *what, const char *thing) {
}

void init_log(int level, const char *text) {
}

static void words_of_the_kernels_command_line_are_whole_words(void **state) {
        assert_true(init_kernel_has("quiet cgroup_no_v2=all\n", "cgroup_no_v2=all"));
        assert_true(init_kernel_has("cgroup_no_v2=all", "cgroup_no_v2=all"));
        assert_false(init_kernel_has("xcgroup_no_v2=all cgroup_no_v2=all,x", "cgroup_no_v2=all"));
        assert_false(init_kernel_has("", "cgroup_no_v2=all"));
}

static void controllers_are_enabled_by_one_line(void **state) {
        char buf[32];

        assert_string_equal(init_subtree_control("cpuset cpu io\n", buf, sizeof(buf)), "+cpuset +cpu +io");
        assert_string_equal(init_subtree_control("\n", buf, sizeof(buf)), "");
        assert_null(init_subtree_control("controllers that are too many for that buffer", buf, sizeof(buf)));
}

static void rows_are_carried_out_in_order(void **state) {
        struct guest_fixture f;
        _cleanup_free_ char *folder = NULL, *inner = NULL, *link = NULL;
        char target[64] = "";

        guest_skip_unless(guest_fixture_private_mounts());
        guest_fixture_init(&f);
        folder = guest_fixture_path(&f, "a");
        inner = guest_fixture_path(&f, "a/b");
        link = guest_fixture_path(&f, "a/l");
        {
                const struct init_row rows[] = {
                        {INIT_FOLDER, folder, NULL, NULL, 0, NULL},
                        {INIT_FOLDER, folder, NULL, NULL, 0, NULL}, /* there already */
                        {INIT_MOUNT, folder, "tmpfs", "tmpfs", MS_NODEV, "mode=0755"},
                        {INIT_FOLDER, inner, NULL, NULL, 0, NULL},
                        {INIT_LINK, link, "b", NULL, 0, NULL},
                };
                init_carry_out(rows, HCS_ARRAY_SIZE(rows));
        }
        assert_true(hcs_file_is_directory(inner));
        assert_true(readlink(link, target, sizeof(target) - 1) > 0);
        assert_string_equal(target, "b");
        assert_int_equal(umount(folder), 0);
        assert_false(hcs_file_exists(inner));
        guest_fixture_deinit(&f);
}

static void a_row_that_fails_ends_it(void **state) {
        const struct init_row row = {INIT_MOUNT, "/nonexistent/x", "tmpfs", "tmpfs", 0, NULL};
        int status;
        pid_t pid = fork();

        if (pid == 0) {
                init_carry_out(&row, 1);
                _exit(0);
        }
        assert_int_equal(waitpid(pid, &status, 0), pid);
        assert_int_equal(WEXITSTATUS(status), 42);
}

/* Exit code of a program with one or two arguments, and what it said. */
static int run(const char *variable, const char *a, const char *b, const char *c, char *said, size_t size) {
        const char *program = getenv(variable);
        int ends[2], status;
        ssize_t n;
        pid_t pid;

        assert_non_null(program);
        assert_int_equal(pipe(ends), 0);
        pid = fork();
        if (pid == 0) {
                dup2(ends[1], STDERR_FILENO);
                execl(program, program, a, b, c, NULL);
                _exit(99);
        }
        close(ends[1]);
        n = read(ends[0], said, size - 1);
        said[n > 0 ? n : 0] = '\0';
        close(ends[0]);
        assert_int_equal(waitpid(pid, &status, 0), pid);
        return WEXITSTATUS(status);
}

static void wrong_arguments_are_refused_before_anything_is_done(void **state) {
        char said[512];

        assert_int_equal(run("INIT", "-e", "many", "/bin/true", said, sizeof(said)), 1);
        assert_non_null(strstr(said, "`many' is no port"));
        assert_int_equal(run("INIT", "-e", "0", "/bin/true", said, sizeof(said)), 1);
        assert_int_equal(run("INIT", "-x", NULL, NULL, said, sizeof(said)), 1);
        assert_int_equal(run("INIT", "-w", NULL, NULL, said, sizeof(said)), 1);
        assert_non_null(strstr(said, "no program"));
        assert_int_equal(run("VSOCKEXEC", "-e", "0", "true", said, sizeof(said)), 1);
        assert_non_null(strstr(said, "no port"));
        assert_int_equal(run("VSOCKEXEC", "-e", "109", NULL, said, sizeof(said)), 1);
        assert_non_null(strstr(said, "missing program argument"));
        assert_int_equal(run("VSOCKEXEC", "-r", "true", NULL, said, sizeof(said)), 1);
        assert_non_null(strstr(said, "-r requires -o or -e"));
}

static void without_ports_a_program_is_just_run(void **state) {
        char said[512];

        assert_int_equal(run("VSOCKEXEC", "sh", "-c", "exit 7", said, sizeof(said)), 7);
        assert_int_equal(run("VSOCKEXEC", "no-such-program", NULL, NULL, said, sizeof(said)), 1);
        assert_non_null(strstr(said, "no-such-program"));
}

static unsigned done;
static int processors;

/* Nothing may fail here: who fails leaves the others held. */
static void do_alone(const char *what) {
        cpu_set_t mine;

        processors = sched_getaffinity(0, sizeof(mine), &mine) == 0 ? CPU_COUNT(&mine) : -1;
        done += strcmp(what, "this") == 0;
}

static void what_is_done_alone_is_done_once_and_leaves_nobody(void **state) {
        cpu_set_t before, after;

        assert_int_equal(sched_getaffinity(0, sizeof(before), &before), 0);
        init_alone(do_alone, "this");
        assert_int_equal(done, 1);
        assert_int_equal(processors, CPU_COUNT(&before) > 16 ? CPU_COUNT(&before) : 1);
        assert_int_equal(sched_getaffinity(0, sizeof(after), &after), 0);
        assert_true(CPU_EQUAL(&before, &after));
        assert_int_equal(wait(NULL), -1);
        assert_int_equal(errno, ECHILD);
}

HCS_TESTS(cmocka_unit_test(words_of_the_kernels_command_line_are_whole_words),
          cmocka_unit_test(controllers_are_enabled_by_one_line), cmocka_unit_test(rows_are_carried_out_in_order),
          cmocka_unit_test(a_row_that_fails_ends_it),
          cmocka_unit_test(what_is_done_alone_is_done_once_and_leaves_nobody),
          cmocka_unit_test(wrong_arguments_are_refused_before_anything_is_done),
          cmocka_unit_test(without_ports_a_program_is_just_run))
