/* SPDX-License-Identifier: MIT */

#include "mockhcs/machine/com_port.h"

#include "base/buf.h"
#include "base/str.h"
#include "platform/file.h"
#include "platform/stream.h"
#include "platform/thread.h"
#include "testing/hcs_test.h"

struct typed {
        struct hcs_mutex lock;
        struct hcs_cond changed;
        struct hcs_buf text;
};

static void type(void *ctx, const char *data, size_t n) {
        struct typed *t = ctx;
        hcs_guard(&t->lock);

        hcs_buf_append(&t->text, data, n);
        hcs_cond_broadcast(&t->changed);
}

static void wait_typed(struct typed *t, const char *expected) {
        hcs_guard(&t->lock);

        while (!hcs_streq(hcs_buf_cstr(&t->text), expected))
                hcs_cond_wait(&t->changed, &t->lock);
}

static struct hcs_stream *connect_to(const char *path) {
        struct hcs_stream *s = NULL;
        struct hcs_error *err = NULL;

        assert_ok(hcs_stream_connect_unix(path, NULL, &s, &err), err);
        return s;
}

static void assert_reads(struct hcs_stream *s, const char *expected) {
        char text[64] = "";
        size_t used = 0, n;

        while (used < strlen(expected)) {
                assert_hresult(hcs_stream_read(s, text + used, sizeof(text) - used - 1, NULL, &n, NULL), S_OK);
                used += n;
        }
        assert_string_equal(text, expected);
}

static void clients_come_one_after_the_other(void **state) {
        _cleanup_free_ char *folder = hcs_test_tmpdir(), *path = hcs_asprintf("%s/com", folder);
        struct com_port *c = NULL;
        struct typed typed = {0};
        struct hcs_error *err = NULL;
        struct hcs_stream *s;

        hcs_mutex_init(&typed.lock);
        hcs_cond_init(&typed.changed);
        assert_ok(com_port_new(path, type, &typed, &c, &err), err);
        com_port_say(c, "before", 6);
        s = connect_to(path);
        assert_reads(s, "before");
        com_port_say(c, "now", 3);
        assert_reads(s, "now");
        assert_ok(hcs_stream_write(s, "typed", 5, NULL, &err), err);
        wait_typed(&typed, "typed");
        hcs_stream_close(s);
        s = connect_to(path);
        com_port_say(c, "again", 5);
        assert_reads(s, "again");
        com_port_say(c, "last words", 10);
        c = com_port_free(c);
        assert_reads(s, "last words");
        hcs_stream_close(s);
        assert_false(hcs_file_exists(path));
        hcs_buf_deinit(&typed.text);
        hcs_cond_deinit(&typed.changed);
        hcs_mutex_deinit(&typed.lock);
}

static void nobody_holds_up_the_guest(void **state) {
        _cleanup_free_ char *folder = hcs_test_tmpdir(), *path = hcs_asprintf("%s/com", folder),
                            *much = hcs_malloc(1 << 20);
        struct com_port *c = NULL;
        struct hcs_error *err = NULL;
        struct hcs_stream *idle;

        memset(much, 'x', 1 << 20);
        assert_ok(com_port_new(path, type, NULL, &c, &err), err);
        idle = connect_to(path);
        for (int i = 0; i < 8; i++)
                com_port_say(c, much, 1 << 20);
        com_port_free(c);
        hcs_stream_close(idle);
}

static void a_taken_name_is_told(void **state) {
        struct com_port *c = NULL;

        assert_true(FAILED(com_port_new("/absent/folder/com", type, NULL, &c, NULL)));
        assert_null(c);
}

HCS_TESTS(cmocka_unit_test(clients_come_one_after_the_other), cmocka_unit_test(nobody_holds_up_the_guest),
          cmocka_unit_test(a_taken_name_is_told))
