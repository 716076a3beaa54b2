/* SPDX-License-Identifier: MIT */

/* Shares by messages as a guest would write them, the hostile ones too; the peer of fs/9p is in integration/vm. */

#include "mockhcs/vm/plan9/session.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/str.h"
#include "testing/hcs_test.h"

#define ROOT   1u
#define NO_FID UINT32_MAX

static char *folder, *inside, *outside;
static struct plan9_session session;
static struct plan9_export *export;
static uint8_t request_data[8192], answer_data[PLAN9_MESSAGE_MAX];
static struct plan9_out request;
static struct plan9_in answer;

static struct plan9_export *find(void *ctx, const char *name) {
        return hcs_streq(name, "share") ? plan9_export_ref(export) : NULL;
}

static void begin(enum plan9_type type) {
        request = (struct plan9_out){.data = request_data, .size = sizeof(request_data)};
        plan9_put32(&request, 0);
        plan9_put8(&request, (uint8_t)type);
        plan9_put16(&request, 7);
}

static void text(const char *s) {
        plan9_put_text(&request, s, strlen(s));
}

static bool deliver(void) {
        struct plan9_out out = {.data = answer_data, .size = sizeof(answer_data)};

        plan9_put32(&(struct plan9_out){.data = request_data, .size = 4}, (uint32_t)request.len);
        if (!plan9_session_handle(&session, request_data, request.len, &out))
                return false;
        answer = (struct plan9_in){answer_data, out.len};
        return true;
}

/* The errno of the answer; 0: it is the one that was asked for, and `answer` is at its body. */
static int ask(void) {
        uint32_t size;
        uint8_t type;

        assert_true(deliver());
        size = plan9_get32(&answer);
        assert_int_equal(size, answer.left + sizeof(size));
        type = plan9_get8(&answer);
        assert_int_equal(plan9_get16(&answer), 7);
        if (type == PLAN9_RLERROR)
                return (int)plan9_get32(&answer);
        assert_int_equal(type, request_data[4] + 1);
        return 0;
}

static int walk(uint32_t from, uint32_t to, const char *name) {
        begin(PLAN9_TWALK);
        plan9_put32(&request, from);
        plan9_put32(&request, to);
        plan9_put16(&request, name ? 1 : 0);
        if (name)
                text(name);
        return ask();
}

static int open_fid(uint32_t fid, uint32_t flags) {
        begin(PLAN9_TLOPEN);
        plan9_put32(&request, fid);
        plan9_put32(&request, flags);
        return ask();
}

static int clunk(uint32_t fid) {
        begin(PLAN9_TCLUNK);
        plan9_put32(&request, fid);
        return ask();
}

static int create(uint32_t fid, const char *name, uint32_t flags, uint32_t mode) {
        begin(PLAN9_TLCREATE);
        plan9_put32(&request, fid);
        text(name);
        plan9_put32(&request, flags);
        plan9_put32(&request, mode);
        plan9_put32(&request, 0);
        return ask();
}

static int make_link(uint32_t fid, const char *name, const char *target) {
        begin(PLAN9_TSYMLINK);
        plan9_put32(&request, fid);
        text(name);
        text(target);
        plan9_put32(&request, 0);
        return ask();
}

static int make_folder(uint32_t fid, const char *name) {
        begin(PLAN9_TMKDIR);
        plan9_put32(&request, fid);
        text(name);
        plan9_put32(&request, 0755);
        plan9_put32(&request, 0);
        return ask();
}

static int write_to(uint32_t fid, uint64_t offset, const char *data) {
        begin(PLAN9_TWRITE);
        plan9_put32(&request, fid);
        plan9_put64(&request, offset);
        plan9_put32(&request, (uint32_t)strlen(data));
        memcpy(request_data + request.len, data, strlen(data));
        request.len += strlen(data);
        return ask();
}

static int read_from(uint32_t fid, uint64_t offset, uint32_t count) {
        begin(PLAN9_TREAD);
        plan9_put32(&request, fid);
        plan9_put64(&request, offset);
        plan9_put32(&request, count);
        return ask();
}

static int rename_to(uint32_t from, const char *old, uint32_t to, const char *new) {
        begin(PLAN9_TRENAMEAT);
        plan9_put32(&request, from);
        text(old);
        plan9_put32(&request, to);
        text(new);
        return ask();
}

static int unlink_name(uint32_t fid, const char *name) {
        begin(PLAN9_TUNLINKAT);
        plan9_put32(&request, fid);
        text(name);
        plan9_put32(&request, 0);
        return ask();
}

static int set_size(uint32_t fid, uint64_t size) {
        begin(PLAN9_TSETATTR);
        plan9_put32(&request, fid);
        plan9_put32(&request, 8);
        for (int i = 0; i < 3; i++)
                plan9_put32(&request, 0);
        plan9_put64(&request, size);
        for (int i = 0; i < 4; i++)
                plan9_put64(&request, 0);
        return ask();
}

static void say_version(void) {
        begin(PLAN9_TVERSION);
        plan9_put32(&request, 8192);
        text("9P2000.L");
        assert_int_equal(ask(), 0);
        assert_int_equal(plan9_get32(&answer), 8192);
}

static int attach(const char *name) {
        begin(PLAN9_TATTACH);
        plan9_put32(&request, ROOT);
        plan9_put32(&request, NO_FID);
        text("root");
        text(name);
        plan9_put32(&request, 0);
        return ask();
}

static void put_file(const char *where, const char *name, const char *content) {
        _cleanup_free_ char *path = hcs_asprintf("%s/%s", where, name);
        FILE *f = fopen(path, "w");

        assert_non_null(f);
        fputs(content, f);
        fclose(f);
}

static void start(bool read_only, const char *const *files, size_t n_files) {
        const struct plan9_share share = {"share", inside, read_only, files, n_files};
        struct hcs_error *err = NULL;

        session = (struct plan9_session){.find = find};
        assert_ok(plan9_export_new(&share, &export, &err), err);
        say_version();
        assert_int_equal(attach("share"), 0);
}

static int setup(void **state) {
        folder = hcs_test_tmpdir();
        inside = hcs_asprintf("%s/inside", folder);
        outside = hcs_asprintf("%s/outside", folder);
        assert_int_equal(mkdir(inside, 0755), 0);
        assert_int_equal(mkdir(outside, 0755), 0);
        put_file(outside, "secret", "of the host");
        put_file(inside, "file", "content");
        start(false, NULL, 0);
        return 0;
}

static int teardown(void **state) {
        plan9_session_deinit(&session);
        plan9_export_unref(export);
        free(inside);
        free(outside);
        free(folder);
        return 0;
}

static void files_are_read_written_and_made(void **state) {
        assert_int_equal(walk(ROOT, 2, "file"), 0);
        assert_int_equal(open_fid(2, O_RDWR), 0);
        assert_int_equal(read_from(2, 3, 100), 0);
        assert_int_equal(plan9_get32(&answer), 4);
        assert_memory_equal(answer.at, "tent", 4);
        assert_int_equal(write_to(2, 7, "s"), 0);
        assert_int_equal(set_size(2, 2), 0);
        assert_int_equal(read_from(2, 0, 100), 0);
        assert_int_equal(plan9_get32(&answer), 2);
        assert_int_equal(open_fid(2, O_RDONLY), EINVAL);
        assert_int_equal(walk(2, 3, "x"), EINVAL);
        assert_int_equal(clunk(2), 0);
        assert_int_equal(clunk(2), EBADF);
        assert_int_equal(walk(ROOT, 2, NULL), 0);
        assert_int_equal(create(2, "new", O_RDWR, 0604 | S_ISUID), 0);
        assert_int_equal(write_to(2, 0, "new"), 0);
        assert_int_equal(walk(ROOT, 3, "new"), 0);
        begin(PLAN9_TGETATTR);
        plan9_put32(&request, 3);
        plan9_put64(&request, 0x7ff);
        assert_int_equal(ask(), 0);
        assert_int_equal(plan9_get64(&answer), 0x7ff);
        answer.at += PLAN9_QID_SIZE;
        answer.left -= PLAN9_QID_SIZE;
        assert_int_equal(plan9_get32(&answer), S_IFREG | 0604);
        assert_int_equal(plan9_get32(&answer), 0); /* whoever we are, we are root there */
        assert_int_equal(rename_to(ROOT, "new", ROOT, "old"), 0);
        assert_int_equal(walk(ROOT, 4, "new"), ENOENT);
        assert_int_equal(unlink_name(ROOT, "old"), 0);
        assert_int_equal(read_from(2, 0, 9), 0); /* it is open still */
        assert_int_equal(plan9_get32(&answer), 3);
}

static void no_name_leads_out_of_a_share(void **state) {
        static const char *const names[] = {"..", "../outside", "a/b", "/etc", ".", ""};
        _cleanup_free_ char *secret = hcs_asprintf("%s/secret", outside), *link = hcs_asprintf("%s/way", inside);
        struct stat root, got;

        /* ".." of the share is the share. */
        assert_int_equal(walk(ROOT, 2, ".."), 0);
        assert_int_equal(stat(inside, &root), 0);
        assert_int_equal(fstat(session.fids->fd, &got), 0);
        assert_int_equal(got.st_ino, root.st_ino);
        for (size_t i = 0; i < HCS_ARRAY_SIZE(names); i++) {
                if (i > 0)
                        assert_int_equal(walk(ROOT, 3, names[i]), EINVAL);
                assert_int_equal(create(2, names[i], O_RDWR, 0600), EINVAL);
                assert_int_equal(make_folder(2, names[i]), EINVAL);
                assert_int_equal(make_link(2, names[i], "x"), EINVAL);
                assert_int_equal(unlink_name(2, names[i]), EINVAL);
                assert_int_equal(rename_to(2, "file", 2, names[i]), EINVAL);
                assert_int_equal(rename_to(2, names[i], 2, "x"), EINVAL);
        }
        /* A link is a link: it is not followed, not opened, not written through. */
        assert_int_equal(make_link(ROOT, "way", secret), 0);
        assert_int_equal(make_link(ROOT, "up", outside), 0);
        assert_int_equal(walk(ROOT, 5, "way"), 0);
        assert_int_equal(open_fid(5, O_RDONLY), EACCES);
        assert_int_equal(set_size(5, 0), EINVAL);
        assert_int_equal(create(2, "way", O_RDWR | O_TRUNC, 0600), ELOOP);
        begin(PLAN9_TREADLINK);
        plan9_put32(&request, 5);
        assert_int_equal(ask(), 0);
        assert_int_equal(plan9_get16(&answer), strlen(secret));
        assert_int_equal(walk(ROOT, 6, "up"), 0);
        assert_int_equal(walk(6, 7, "secret"), ENOTDIR);
        assert_int_equal(stat(secret, &got), 0);
        assert_int_equal(got.st_size, 11);
        assert_int_equal(unlink_name(ROOT, "way"), 0);
        assert_int_equal(lstat(link, &got), -1);
}

static void a_folder_below_leads_back_and_no_further(void **state) {
        assert_int_equal(make_folder(ROOT, "below"), 0);
        begin(PLAN9_TWALK);
        plan9_put32(&request, ROOT);
        plan9_put32(&request, 2);
        plan9_put16(&request, 5);
        text("below");
        text("..");
        text("..");
        text("..");
        text("file");
        assert_int_equal(ask(), 0);
        assert_int_equal(plan9_get16(&answer), 5);
        assert_int_equal(open_fid(2, O_RDONLY), 0);
        /* As far as it goes: how far is said, and the fid is not there. */
        begin(PLAN9_TWALK);
        plan9_put32(&request, ROOT);
        plan9_put32(&request, 3);
        plan9_put16(&request, 2);
        text("below");
        text("nothing");
        assert_int_equal(ask(), 0);
        assert_int_equal(plan9_get16(&answer), 1);
        assert_int_equal(clunk(3), EBADF);
}

static void nothing_is_written_to_a_share_for_reading(void **state) {
        plan9_session_deinit(&session);
        plan9_export_unref(export);
        start(true, NULL, 0);
        assert_int_equal(walk(ROOT, 2, "file"), 0);
        assert_int_equal(open_fid(2, O_WRONLY), EROFS);
        assert_int_equal(open_fid(2, O_RDONLY | O_TRUNC), EROFS);
        assert_int_equal(set_size(2, 0), EROFS);
        assert_int_equal(open_fid(2, O_RDONLY), 0);
        assert_int_equal(write_to(2, 0, "x"), EROFS);
        assert_int_equal(walk(ROOT, 3, NULL), 0);
        assert_int_equal(create(3, "new", O_RDWR, 0600), EROFS);
        assert_int_equal(make_folder(3, "new"), EROFS);
        assert_int_equal(make_link(3, "new", "x"), EROFS);
        assert_int_equal(unlink_name(3, "file"), EROFS);
        assert_int_equal(rename_to(3, "file", 3, "other"), EROFS);
}

/* The names of a folder, in turn, with answers of so many bytes. */
static char *list(uint32_t fid, uint32_t count) {
        _cleanup_buf_ struct hcs_buf all = {0};
        uint64_t offset = 0;
        uint32_t size;

        for (;;) {
                begin(PLAN9_TREADDIR);
                plan9_put32(&request, fid);
                plan9_put64(&request, offset);
                plan9_put32(&request, count);
                assert_int_equal(ask(), 0);
                size = plan9_get32(&answer);
                assert_int_equal(size, answer.left);
                if (answer.left == 0)
                        return hcs_buf_steal(&all);
                assert_true(answer.left <= count);
                while (answer.left > 0) {
                        char name[300];

                        answer.at += PLAN9_QID_SIZE;
                        answer.left -= PLAN9_QID_SIZE;
                        offset = plan9_get64(&answer);
                        plan9_get8(&answer);
                        plan9_get_text(&answer, name, sizeof(name));
                        hcs_buf_printf(&all, " %s", name);
                }
        }
}

static void a_folder_is_listed_in_pieces(void **state) {
        char name[32];

        for (int i = 0; i < 300; i++) {
                snprintf(name, sizeof(name), "name%d", i);
                put_file(inside, name, "");
        }
        assert_int_equal(walk(ROOT, 2, NULL), 0);
        assert_int_equal(open_fid(2, O_RDONLY | O_DIRECTORY), 0);
        for (uint32_t count = 40; count <= 8192; count = count * 5 / 2) {
                _cleanup_free_ char *names = list(2, count);
                size_t n = 0;

                for (const char *s = names; *s; s++)
                        n += *s == ' ';
                assert_int_equal(n, 303); /* with ".", ".." and the file */
                assert_non_null(strstr(names, " name299"));
        }
}

static void of_a_share_of_files_nothing_else_exists(void **state) {
        static const char *const files[] = {"file", "absent"};

        plan9_session_deinit(&session);
        plan9_export_unref(export);
        put_file(inside, "other", "not shared");
        start(false, files, 2);
        assert_int_equal(walk(ROOT, 2, "other"), ENOENT);
        assert_int_equal(walk(ROOT, 2, "file"), 0);
        assert_int_equal(walk(ROOT, 3, NULL), 0);
        assert_int_equal(rename_to(3, "file", 3, "else"), ENOENT);
        assert_int_equal(rename_to(3, "other", 3, "file"), ENOENT);
        assert_int_equal(unlink_name(3, "other"), ENOENT);
        assert_int_equal(make_folder(3, "else"), ENOENT);
        assert_int_equal(open_fid(3, O_RDONLY), 0);
        {
                _cleanup_free_ char *names = list(3, 4096);

                assert_non_null(strstr(names, " file"));
                assert_null(strstr(names, "other"));
        }
        assert_int_equal(walk(ROOT, 4, NULL), 0);
        assert_int_equal(create(4, "absent", O_RDWR, 0600), 0);
}

static int lock(uint32_t fid, uint8_t type) {
        begin(PLAN9_TLOCK);
        plan9_put32(&request, fid);
        plan9_put8(&request, type);
        plan9_put32(&request, 1);
        plan9_put64(&request, 0);
        plan9_put64(&request, 0);
        plan9_put32(&request, 1);
        text("client");
        assert_int_equal(ask(), 0);
        return plan9_get8(&answer);
}

static void locks_are_those_of_the_host(void **state) {
        assert_int_equal(walk(ROOT, 2, "file"), 0);
        assert_int_equal(walk(ROOT, 3, "file"), 0);
        assert_int_equal(open_fid(2, O_RDWR), 0);
        assert_int_equal(open_fid(3, O_RDWR), 0);
        assert_int_equal(lock(2, 1), 0);
        assert_int_equal(lock(3, 0), 1);
        assert_int_equal(lock(2, 2), 0);
        assert_int_equal(lock(3, 0), 0);
        assert_int_equal(lock(3, 9), 2);
        begin(PLAN9_TGETLOCK);
        plan9_put32(&request, 2);
        plan9_put8(&request, 1);
        plan9_put64(&request, 0);
        plan9_put64(&request, 0);
        plan9_put32(&request, 1);
        text("client");
        assert_int_equal(ask(), 0);
        assert_int_equal(plan9_get8(&answer), 0);
}

static void what_is_taken_back_is_no_device_any_more(void **state) {
        assert_int_equal(walk(ROOT, 2, "file"), 0);
        assert_int_equal(open_fid(2, O_RDONLY), 0);
        atomic_store(&export->gone, true);
        assert_int_equal(read_from(2, 0, 1), ENODEV);
        assert_int_equal(walk(ROOT, 3, NULL), ENODEV);
        assert_int_equal(clunk(2), 0);
}

static void a_guest_has_so_many_fids_and_no_more(void **state) {
        int error = 0;
        uint32_t n = 1;

        while (!error)
                error = walk(ROOT, ++n, NULL);
        assert_int_equal(error, EMFILE);
        assert_int_equal(n, PLAN9_FIDS + 1);
        assert_int_equal(walk(ROOT, 2, NULL), EMFILE);
        assert_int_equal(clunk(2), 0);
        assert_int_equal(walk(ROOT, 2, NULL), 0);
        say_version(); /* and begins with none */
        assert_int_equal(session.n_fids, 0);
}

static void special_files_are_not_the_guests(void **state) {
        _cleanup_free_ char *pipe_path = hcs_asprintf("%s/pipe", inside);

        assert_int_equal(mkfifo(pipe_path, 0600), 0);
        assert_int_equal(walk(ROOT, 2, "pipe"), 0);
        assert_int_equal(open_fid(2, O_RDONLY), EACCES);
        assert_int_equal(walk(ROOT, 3, NULL), 0);
        assert_int_equal(create(3, "pipe", O_RDWR, 0600), EACCES);
        begin(PLAN9_TMKNOD);
        plan9_put32(&request, ROOT);
        text("null");
        plan9_put32(&request, S_IFCHR | 0666);
        plan9_put32(&request, 1);
        plan9_put32(&request, 3);
        plan9_put32(&request, 0);
        assert_int_equal(ask(), EPERM);
}

/* Every type with a body of every length: refused or done, no harm. */
static void short_messages_end_the_connection_or_do_nothing(void **state) {
        for (unsigned fill = 0; fill < 256; fill += 85)
                for (unsigned type = 0; type < 256; type++)
                        for (size_t n = 0; n < 80; n++) {
                                begin((enum plan9_type)type);
                                memset(request_data + request.len, (int)fill, n);
                                request.len += n;
                                if (!deliver() || !session.message_size) {
                                        plan9_session_deinit(&session);
                                        say_version();
                                }
                        }
        begin(PLAN9_TCLUNK);
        request.len += 4;
        plan9_put32(&(struct plan9_out){.data = request_data, .size = 4}, 5);
        assert_false(plan9_session_handle(&session, request_data, request.len,
                                          &(struct plan9_out){.data = answer_data, .size = sizeof(answer_data)}));
}

static void a_version_comes_first(void **state) {
        session.message_size = 0;
        begin(PLAN9_TCLUNK);
        plan9_put32(&request, ROOT);
        assert_false(deliver());
        begin(PLAN9_TVERSION);
        plan9_put32(&request, 8192);
        text("9P2000.u");
        assert_int_equal(ask(), 0);
        plan9_get32(&answer);
        assert_int_equal(plan9_get16(&answer), 7);
        assert_memory_equal(answer.at, "unknown", 7);
        say_version();
        assert_int_equal(attach("nothing"), ENOENT);
}

static void a_server_has_shares_by_name(void **state) {
        _cleanup_free_ char *path = hcs_asprintf("%s/v.sock_564", folder);
        struct sockaddr_un a = {.sun_family = AF_UNIX};
        struct plan9_share share = {.name = "0", .path = inside};
        struct plan9_server *server;
        struct hcs_error *err = NULL;
        int fd = socket(AF_UNIX, SOCK_STREAM, 0);
        uint8_t data[64];

        assert_ok(plan9_server_new(path, &server, &err), err);
        assert_ok(plan9_server_add(server, &share, &err), err);
        assert_hresult(plan9_server_add(server, &share, NULL), HCS_WIN32(183));
        share.name = "1";
        share.path = "/nonexistent";
        assert_hresult(plan9_server_add(server, &share, &err), HCS_WIN32(2));
        assert_non_null(strstr(hcs_error_message(err), "share 1: open the folder `/nonexistent'"));
        hcs_error_free(err);
        assert_hresult(plan9_server_remove(server, "1", NULL), HCS_WIN32(1168));
        assert_int_equal(plan9_server_count(server), 1);

        strcpy(a.sun_path, path);
        assert_int_equal(connect(fd, (struct sockaddr *)&a, sizeof(a)), 0);
        begin(PLAN9_TVERSION);
        plan9_put32(&request, 8192);
        text("9P2000.L");
        plan9_put32(&(struct plan9_out){.data = request_data, .size = 4}, (uint32_t)request.len);
        assert_int_equal(send(fd, request_data, request.len, 0), request.len);
        assert_int_equal(recv(fd, data, request.len, MSG_WAITALL), request.len);
        assert_int_equal(data[4], PLAN9_TVERSION + 1);
        assert_ok(plan9_server_remove(server, "0", NULL), NULL);
        plan9_server_free(server);
        assert_int_equal(recv(fd, data, 1, 0), 0);
        assert_int_equal(access(path, F_OK), -1);
        close(fd);
}

#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

HCS_TESTS(T(files_are_read_written_and_made), T(no_name_leads_out_of_a_share),
          T(a_folder_below_leads_back_and_no_further), T(nothing_is_written_to_a_share_for_reading),
          T(a_folder_is_listed_in_pieces), T(of_a_share_of_files_nothing_else_exists), T(locks_are_those_of_the_host),
          T(what_is_taken_back_is_no_device_any_more), T(a_guest_has_so_many_fids_and_no_more),
          T(special_files_are_not_the_guests), T(short_messages_end_the_connection_or_do_nothing),
          T(a_version_comes_first), T(a_server_has_shares_by_name))
