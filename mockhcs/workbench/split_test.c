/* SPDX-License-Identifier: MIT */

/* The names of parts: files that every system tells apart. */

#include "mockhcs/workbench/split.h"

#include "base/str.h"
#include "platform/file.h"
#include "platform/place.h"
#include "testing/hcs_test.h"

#define FRAME(id, container)                                                                          \
        "{\"frame\":\"Request(Start)\",\"on\":\"bridge/1\",\"from\":\"host\",\"id\":" #id ",\"t\":1," \
        "\"document\":{\"ContainerId\":\"" container "\"}}\n"

static void add_name(void *ctx, const char *name, uint64_t records) {
        hcs_buf_printf(ctx, "%s %u\n", name, (unsigned)records);
}

static void containers_with_names_that_are_alike_have_files_of_their_own(void **state) {
        static const char trace[] = "{\"trace\":\"hcs\",\"version\":1}\n" FRAME(1, "web") FRAME(2, "WEB")
                FRAME(3, "web-2") FRAME(4, "w.b") FRAME(5, "w-b") FRAME(6, "WEB") FRAME(7, "Web");
        _cleanup_free_ char *dir = hcs_test_tmpdir(), *path = hcs_asprintf("%s/trace", dir),
                            *parts = hcs_asprintf("%s/parts", dir);
        _cleanup_buf_ struct hcs_buf told = {0};
        struct hcs_names names = {0};
        struct hcs_error *err = NULL;

        assert_ok(hcs_file_write(path, trace, strlen(trace), &err), err);
        assert_ok(trace_split(path, parts, SPLIT_BY_CONTAINER, add_name, &told, &err), err);
        assert_string_equal(hcs_buf_cstr(&told), "bridge-1-web 1\nbridge-1-WEB-2 2\nbridge-1-web-2-2 1\n"
                                                 "bridge-1-w-b 1\nbridge-1-w-b-2 1\nbridge-1-Web-3 1\n");
        assert_ok(hcs_folder_list(parts, &names, &err), err);
        assert_int_equal(names.n, 6);
        hcs_names_deinit(&names);
}

HCS_TESTS(cmocka_unit_test(containers_with_names_that_are_alike_have_files_of_their_own))
