/* SPDX-License-Identifier: MIT */

/* Objects of a trace with all that they made. */

#include "mockhcs/workbench/selection.h"

#include "platform/file.h"
#include "testing/hcs_test.h"

#define CALL(n, system)                                                                                             \
        "{\"call\":\"HcsModifyComputeSystem\",\"dll\":\"computecore\",\"n\":" #n ",\"t\":1,\"thread\":1,\"args\":{" \
        "\"system\":\"" system "\"}}\n"
#define RETURN(n, system) "{\"return\":" #n ",\"t\":1,\"hr\":\"0x00000000\",\"out\":{\"system\":\"" system "\"}}\n"

/* How many records go with that one. */
static uint64_t dropped_with(uint32_t item, const char *lines) {
        _cleanup_free_ char *dir = hcs_test_tmpdir(), *path = hcs_asprintf("%s/trace", dir),
                            *text = hcs_asprintf("{\"trace\":\"hcs\",\"version\":1,\"recorder\":\"test\"}\n%s", lines);
        _cleanup_(catalog_freep) struct catalog *c = NULL;
        struct hcs_error *err = NULL;
        struct selection s;
        uint64_t n;

        assert_ok(hcs_file_write(path, text, strlen(text), &err), err);
        assert_ok(catalog_open(path, NULL, &c, &err), err);
        selection_init(&s, c, true);
        selection_begin_drop(&s);
        selection_drop(&s, item);
        selection_drop(&s, item);
        n = c->n - selection_count(&s);
        selection_deinit(&s);
        return n;
}

static void an_object_goes_with_what_it_made_and_what_that_made(void **state) {
        static const char lines[] = CALL(1, "system/1") RETURN(1, "system/2") CALL(2, "system/2") RETURN(2, "system/3")
                CALL(3, "system/3") CALL(4, "system/4");

        assert_int_equal(dropped_with(0, lines), 5);
        assert_int_equal(dropped_with(2, lines), 3);
        assert_int_equal(dropped_with(4, lines), 1);
}

static void objects_that_made_each_other_are_taken_once(void **state) {
        static const char lines[] =
                CALL(1, "system/1") RETURN(1, "system/2") CALL(2, "system/2") RETURN(2, "system/1") CALL(3, "system/3");

        assert_int_equal(dropped_with(0, lines), 4);
        assert_int_equal(dropped_with(2, lines), 4);
}

HCS_TESTS(cmocka_unit_test(an_object_goes_with_what_it_made_and_what_that_made),
          cmocka_unit_test(objects_that_made_each_other_are_taken_once))
