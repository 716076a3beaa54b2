/* SPDX-License-Identifier: MIT */

/* What the processes of a recording leave, and what becomes of it. */

#include "cmd/hcstrace/parts.h"

#include <stdlib.h>
#include <string.h>

#include "base/str.h"
#include "platform/file.h"
#include "platform/place.h"
#include "testing/hcs_test.h"

#define HEADER "{\"trace\":\"hcs\",\"version\":1,\"started\":\"2026-11-23T21:00:00Z\",\"redacted\":true}\n"
#define CALL   "{\"call\":\"HcsCreateOperation\",\"dll\":\"computecore\",\"n\":1,\"t\":5,\"thread\":1,\"args\":{}}\n"

struct recording {
        char *trace, *folder;
};

static struct recording begin(void) {
        _cleanup_free_ char *dir = hcs_test_tmpdir();
        struct recording r = {.trace = hcs_asprintf("%s/run.trace", dir)};
        struct hcs_error *err = NULL;

        assert_ok(parts_begin(r.trace, &r.folder, &err), err);
        return r;
}

static void finish(struct recording *r) {
        free(r->trace);
        free(r->folder);
}

static void leave(const struct recording *r, const char *name, const char *data, size_t len) {
        _cleanup_free_ char *path = hcs_asprintf("%s/%s", r->folder, name);

        assert_ok(hcs_file_write(path, data, len, NULL), NULL);
}

#define LEAVE(r, name, text) leave(r, name, text, sizeof(text) - 1)

static void assert_collected(const struct recording *r, const char *expected) {
        _cleanup_buf_ struct hcs_buf text = {0};
        struct hcs_error *err = NULL;
        bool called = false;

        assert_ok(parts_collect(r->folder, r->trace, &called, &err), err);
        assert_true(called);
        assert_int_equal(hcs_place_at(r->folder), HCS_PLACE_NOTHING);
        assert_ok(hcs_file_read(r->trace, 1 << 20, &text, NULL), NULL);
        assert_int_equal(text.len, strlen(expected));
        assert_string_equal(hcs_buf_cstr(&text), expected);
}

static void one_process_is_the_trace(void **state) {
        struct recording r = begin();

        LEAVE(&r, "1.trace", HEADER CALL);
        assert_collected(&r, HEADER CALL);
        finish(&r);
}

static void a_process_that_was_ended_leaves_nothing_behind_its_last_line(void **state) {
        struct recording zeros = begin(), half = begin();

        LEAVE(&zeros, "1.trace", HEADER CALL "\0\0\0\0");
        assert_collected(&zeros, HEADER CALL);
        LEAVE(&half, "1.trace", HEADER CALL "{\"return\":1,\0\0\0\0");
        assert_collected(&half, HEADER CALL);
        finish(&zeros);
        finish(&half);
}

static void a_process_without_a_header_has_no_part(void **state) {
        struct recording r = begin();

        LEAVE(&r, "1.trace", "");
        LEAVE(&r, "2.trace", HEADER CALL);
        LEAVE(&r, "3.trace", "{\"trace\":\"hc");
        assert_collected(&r, HEADER CALL);
        finish(&r);
}

static void no_record_is_no_trace(void **state) {
        struct recording r = begin();
        struct hcs_error *err = NULL;
        bool called = true;

        assert_ok(parts_collect(r.folder, r.trace, &called, &err), err);
        assert_false(called);
        assert_int_equal(hcs_place_at(r.folder), HCS_PLACE_NOTHING);
        assert_int_equal(hcs_place_at(r.trace), HCS_PLACE_NOTHING);
        finish(&r);
}

static void what_cannot_be_put_together_stays_and_is_told(void **state) {
        struct recording r = begin();
        struct hcs_error *err = NULL;
        bool called;

        LEAVE(&r, "1.trace", HEADER "no record\n" CALL);
        LEAVE(&r, "2.trace", HEADER CALL);
        assert_true(FAILED(parts_collect(r.folder, r.trace, &called, &err)));
        assert_non_null(strstr(hcs_error_message(err), "what was recorded is in `"));
        assert_non_null(strstr(hcs_error_message(err), r.folder));
        assert_int_equal(hcs_place_at(r.folder), HCS_PLACE_FOLDER);
        assert_int_equal(hcs_place_at(r.trace), HCS_PLACE_NOTHING);
        hcs_error_free(err);
        finish(&r);
}

/* Whatever it is that cannot be read, it may be all that there is. */
static void a_part_that_cannot_be_read_stays_and_is_told(void **state) {
        struct recording r = begin();
        _cleanup_free_ char *part = hcs_asprintf("%s/1.trace", r.folder);
        struct hcs_error *err = NULL;
        bool called;

        assert_ok(hcs_directory_create(part, &err), err);
        assert_true(FAILED(parts_collect(r.folder, r.trace, &called, &err)));
        assert_non_null(strstr(hcs_error_message(err), r.folder));
        assert_int_equal(hcs_place_at(part), HCS_PLACE_FOLDER);
        parts_abandon(r.folder);
        assert_int_equal(hcs_place_at(part), HCS_PLACE_FOLDER);
        hcs_error_free(err);
        finish(&r);
}

static void what_is_given_up_stays_when_there_is_a_record(void **state) {
        struct recording without = begin(), with = begin();

        LEAVE(&without, "1.trace", "");
        parts_abandon(without.folder);
        assert_int_equal(hcs_place_at(without.folder), HCS_PLACE_NOTHING);
        LEAVE(&with, "1.trace", HEADER CALL);
        parts_abandon(with.folder);
        assert_int_equal(hcs_place_at(with.folder), HCS_PLACE_FOLDER);
        finish(&without);
        finish(&with);
}

HCS_TESTS(cmocka_unit_test(one_process_is_the_trace),
          cmocka_unit_test(a_process_that_was_ended_leaves_nothing_behind_its_last_line),
          cmocka_unit_test(a_process_without_a_header_has_no_part), cmocka_unit_test(no_record_is_no_trace),
          cmocka_unit_test(what_cannot_be_put_together_stays_and_is_told),
          cmocka_unit_test(a_part_that_cannot_be_read_stays_and_is_told),
          cmocka_unit_test(what_is_given_up_stays_when_there_is_a_record))
