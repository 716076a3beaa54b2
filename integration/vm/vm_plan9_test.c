/* SPDX-License-Identifier: MIT */

/* Shares of mockhcs/vm/plan9 with their real peer: fs/9p of Linux, mounted by the agent. One machine for all tests. */

#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "integration/vm/agent.h"
#include "integration/vm/rig.h"
#include "mockhcs/vm/plan9/plan9.h"
#include "platform/file.h"
#include "testing/hcs_test.h"

#define PORT 564
#define BIG  (1u << 20)

static const struct hcs_call patience = {.timeout_ms = 120000};
static char *folder;
static struct agent a;
static struct plan9_server *server;

static char *path_of(const char *name) {
        return hcs_asprintf("%s/%s", folder, name);
}

static void share(const char *name, const char *subfolder, bool read_only, const char *const *files, size_t n_files) {
        _cleanup_free_ char *path = path_of(subfolder);
        struct hcs_error *err = NULL;

        mkdir(path, 0755);
        assert_ok(plan9_server_add(server, &(struct plan9_share){name, path, read_only, files, n_files}, &err), err);
}

static HRESULT change(const char *what, const char *name, const char *place, bool read_only, struct hcs_error **err) {
        _cleanup_free_ char *settings =
                hcs_asprintf("{\"MountPath\":\"%s\",\"Port\":%d,\"ShareName\":\"%s\",\"ReadOnly\":%s}", place, PORT,
                             name, read_only ? "true" : "false");

        return hcs_gcs_modify_resource(a.gc, what, "MappedDirectory", settings, &patience, err);
}

static void mount_share(const char *name, const char *place, bool read_only) {
        struct hcs_error *err = NULL;

        assert_ok(change("Add", name, place, read_only, &err), err);
}

static int boot(void **state) {
        _cleanup_free_ char *socket = NULL;
        struct vm_options o = agent_options();
        struct hcs_error *err = NULL;

        agent_start(&a, &o);
        agent_connect(&a);
        socket = hcs_asprintf("%s/v.sock_%d", vm_folder(a.vm), PORT);
        assert_ok(plan9_server_new(socket, &server, &err), err);
        return 0;
}

static int stop(void **state) {
        agent_stop(&a);
        plan9_server_free(server);
        return 0;
}

static void run(const char *command) {
        unsigned code = agent_run(&a, command);

        if (code != 0)
                fail_msg("%u from %s", code, command);
}

static void expect_host(const char *name, const char *content) {
        _cleanup_free_ char *path = path_of(name);
        _cleanup_buf_ struct hcs_buf text = {0};
        struct hcs_error *err = NULL;

        assert_ok(hcs_file_read(path, 1 << 20, &text, &err), err);
        assert_string_equal(hcs_buf_cstr(&text), content);
}

static void what_the_guest_does_is_done_on_the_host(void **state) {
        _cleanup_free_ char *script = path_of("rw/run"), *link = path_of("rw/link");
        struct stat st;
        char target[64];

        share("0", "rw", false, NULL, 0);
        mount_share("0", "/mnt/rw", false);
        run("echo hello > /mnt/rw/file");
        expect_host("rw/file", "hello\n");
        run("cd /mnt/rw && echo more >> file && mkdir -p a/b && cp file a/b/copy && mv a/b/copy a/moved && rmdir a/b");
        expect_host("rw/a/moved", "hello\nmore\n");
        run("cd /mnt/rw && ln file hard && [ $(stat -c %h file) = 2 ] && rm file && [ $(stat -c %h hard) = 1 ]");
        run("cd /mnt/rw && ln -s /etc/passwd link && readlink link | grep -x /etc/passwd");
        assert_int_equal(readlink(link, target, sizeof(target)), 11);
        run("cd /mnt/rw && printf '#!/bin/sh\\nexit 3\\n' > run && chmod 750 run && ./run; [ $? = 3 ]");
        assert_int_equal(stat(script, &st), 0);
        assert_int_equal(st.st_mode & 07777, 0750);
        assert_int_equal(st.st_uid, geteuid());
        run("cd /mnt/rw && truncate -s 5 hard && [ \"$(cat hard)\" = hello ] && touch -d '2001-02-03 04:05:06' hard");
        run("[ \"$(stat -c '%u %g' /mnt/rw/hard)\" = '0 0' ] && [ $(stat -c %Y /mnt/rw/hard) = 981173106 ]");
        run("cd /mnt/rw && (umask 0; mkdir all && touch all/file) && [ $(stat -c %a all/file) = 666 ]");
        run("df /mnt/rw | grep -q /mnt/rw");
}

static void many_files_and_long_ones_come_over_whole(void **state) {
        _cleanup_free_ char *path = path_of("rw/big");
        _cleanup_free_ char *data = hcs_malloc(BIG);
        struct hcs_error *err = NULL;

        for (size_t i = 0; i < BIG; i++)
                data[i] = (char)(i * 2654435761u >> 13);
        assert_ok(hcs_file_write(path, data, BIG, &err), err);
        run("cd /mnt/rw && cp big copy && cmp big copy && sync");
        run("cd /mnt/rw && mkdir many && cd many && i=0; while [ $i -lt 100 ]; do : > $i; i=$((i+1)); done");
        run("[ $(ls /mnt/rw/many | wc -l) = 100 ] && rm -r /mnt/rw/many");
}

static void a_share_for_reading_is_read(void **state) {
        share("1", "ro", true, NULL, 0);
        {
                _cleanup_free_ char *path = path_of("ro/file");
                assert_ok(hcs_file_write(path, "read me\n", 8, NULL), NULL);
        }
        mount_share("1", "/mnt/ro", true);
        run("grep 'read me' /mnt/ro/file && ! echo x 2>/dev/null > /mnt/ro/file");
        /* The host has the last word about it, whatever the guest mounts. */
        mount_share("1", "/mnt/ro2", false);
        run("! echo x > /mnt/ro2/file 2>/dev/null && ! touch /mnt/ro2/new 2>/dev/null && ! rm /mnt/ro2/file "
            "2>/dev/null");
        expect_host("ro/file", "read me\n");
}

static void of_a_share_of_files_the_others_are_not_there(void **state) {
        static const char *const files[] = {"one"};
        _cleanup_free_ char *one = path_of("some/one"), *two = path_of("some/two");

        share("2", "some", false, files, 1);
        assert_ok(hcs_file_write(one, "1\n", 2, NULL), NULL);
        assert_ok(hcs_file_write(two, "2\n", 2, NULL), NULL);
        mount_share("2", "/mnt/some", false);
        run("[ \"$(ls /mnt/some)\" = one ] && ! cat /mnt/some/two 2>/dev/null && echo 3 > /mnt/some/one");
        run("! touch /mnt/some/three 2>/dev/null && ! mv /mnt/some/one /mnt/some/four 2>/dev/null");
        expect_host("some/one", "3\n");
}

static void shares_go_and_are_not_there_any_more(void **state) {
        struct hcs_error *err = NULL;

        assert_hresult(change("Add", "nothing", "/mnt/nothing", false, &err), 0x80004005);
        hcs_error_free(err);
        err = NULL;
        assert_ok(change("Remove", "2", "/mnt/some", false, &err), err);
        run("[ ! -e /mnt/some/one ]");
        assert_ok(plan9_server_remove(server, "0", &err), err);
        run("! ls /mnt/rw/a 2>/dev/null");
        assert_int_equal(plan9_server_count(server), 2);
}

int main(int argc, char **argv) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test_setup(what_the_guest_does_is_done_on_the_host, boot),
                cmocka_unit_test(many_files_and_long_ones_come_over_whole),
                cmocka_unit_test(a_share_for_reading_is_read),
                cmocka_unit_test(of_a_share_of_files_the_others_are_not_there),
                cmocka_unit_test_teardown(shares_go_and_are_not_there_any_more, stop),
        };

        rig_skip_unless_possible();
        folder = hcs_test_tmpdir();
        setenv("VM_RUN_BASE", folder, 0);
        return hcs_test_main(argc, argv, tests, HCS_ARRAY_SIZE(tests));
}
