/* SPDX-License-Identifier: MIT */

/* A trace that is recorded again. */

#include "mockhcs/workbench/merge.h"
#include "platform/file.h"
#include "testing/hcs_test.h"

#define HEADER "{\"trace\":\"hcs\",\"version\":1,\"recorder\":\"test\"}\n"
#define CREATE                                                                                                        \
        "{\"call\":\"HcsCreateComputeSystem\",\"dll\":\"computecore\",\"n\":1,\"t\":1,\"thread\":1,\"args\":{\"id\":" \
        "\"web\"}}\n"
#define RETURN(system) "{\"return\":1,\"t\":2,\"hr\":\"0x00000000\",\"out\":{\"system\":\"" system "\"}}\n"
#define COMPLETE       "{\"complete\":\"operation/1\",\"of\":1,\"t\":2,\"hr\":\"0x00000000\"}\n"
#define START(system)                                                                                         \
        "{\"call\":\"HcsStartComputeSystem\",\"dll\":\"computecore\",\"n\":2,\"t\":3,\"thread\":1,\"args\":{" \
        "\"system\":\"" system "\"}}\n"

/* What the older trace alone has, on the object of the newer one. */
#define STARTED "\"args\":{\"system\":\"system/1\"}}\n"

static void assert_updated(const char *older, const char *newer) {
        _cleanup_free_ char *dir = hcs_test_tmpdir(), *a = hcs_asprintf("%s/a", dir), *b = hcs_asprintf("%s/b", dir);
        _cleanup_buf_ struct hcs_buf text = {0};
        struct hcs_error *err = NULL;
        uint64_t kept;

        assert_ok(hcs_file_write(a, older, strlen(older), &err), err);
        assert_ok(hcs_file_write(b, newer, strlen(newer), &err), err);
        assert_ok(trace_update(a, b, a, &kept, &err), err);
        assert_int_equal(kept, 1);
        assert_ok(hcs_file_read(a, 1 << 20, &text, &err), err);
        assert_non_null(strstr(hcs_buf_cstr(&text), STARTED));
}

static void what_only_the_older_trace_has_is_done_with_the_object_of_the_newer(void **state) {
        assert_updated(HEADER CREATE RETURN("system/7") START("system/7"), HEADER CREATE RETURN("system/3"));
}

/* A call that completes before it returns. */
static void a_completion_before_the_return_gives_no_handle(void **state) {
        assert_updated(HEADER CREATE COMPLETE RETURN("system/7") START("system/7"),
                       HEADER CREATE RETURN("system/3") COMPLETE);
        assert_updated(HEADER CREATE RETURN("system/7") COMPLETE START("system/7"),
                       HEADER CREATE COMPLETE RETURN("system/3"));
}

HCS_TESTS(cmocka_unit_test(what_only_the_older_trace_has_is_done_with_the_object_of_the_newer),
          cmocka_unit_test(a_completion_before_the_return_gives_no_handle))
