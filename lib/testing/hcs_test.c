/* SPDX-License-Identifier: MIT */

/* The shared main of all unit-test programs, and the few helpers they all need. */

#include "testing/hcs_test.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/buf.h"
#include "base/json.h"

char *hcs_test_fixture_path(const char *relative) {
        const char *root = getenv("HCS_SOURCE_ROOT");

        return hcs_asprintf("%s/fixtures/%s", root ? root : HCS_TEST_SOURCE_ROOT, relative);
}

char *hcs_test_fixture(const char *relative, size_t *ret_len) {
        _cleanup_free_ char *path = hcs_test_fixture_path(relative);
        _cleanup_buf_ struct hcs_buf b = {0};
        char chunk[65536];
        size_t n;
        FILE *f = fopen(path, "rb");

        if (!f) {
                print_error("cannot open fixture %s\n", path);
                fail();
                return NULL;
        }
        while ((n = fread(chunk, 1, sizeof(chunk), f)) > 0)
                hcs_buf_append(&b, chunk, n);
        fclose(f);
        if (ret_len)
                *ret_len = b.len;
        return hcs_buf_steal(&b);
}

void hcs_test_each_case(const char *relative, void (*fn)(const struct hcs_json *c, void *ctx), void *ctx) {
        _cleanup_free_ char *all = hcs_test_fixture(relative, NULL);

        for (char *line = all, *end; *line; line = end + 1) {
                _cleanup_json_ struct hcs_json *c = NULL;
                struct hcs_error *err = NULL;

                end = strchr(line, '\n');
                *end = '\0';
                assert_ok(hcs_json_parse_cstr(line, &c, &err), err);
                fn(c, ctx);
        }
}

void hcs_test_fail_error(const char *expr, HRESULT hr, const struct hcs_error *err, const char *file, int line) {
        _cleanup_free_ char *text = err ? hcs_error_format(err) : NULL;

        print_error("%s:%d: %s failed with 0x%08X: %s\n", file, line, expr, (unsigned)hr, text ? text : "(no error)");
        _fail(file, line);
}

int hcs_test_main(int argc, char **argv, const struct CMUnitTest *tests, size_t n) {
        if (argc == 2 && strcmp(argv[1], "-l") == 0) {
                for (size_t i = 0; i < n; i++)
                        puts(tests[i].name);
                return 0;
        }
        if (argc == 3 && strcmp(argv[1], "-t") == 0) {
                for (size_t i = 0; i < n; i++)
                        if (strcmp(tests[i].name, argv[2]) == 0)
                                return _cmocka_run_group_tests(argv[2], &tests[i], 1, NULL, NULL);
                fprintf(stderr, "%s: no test `%s` (-l lists them)\n", argv[0], argv[2]);
                return 2;
        }
        if (argc != 1) {
                fprintf(stderr, "usage: %s [-l | -t NAME]\n", argv[0]);
                return 2;
        }
        return _cmocka_run_group_tests(argv[0], tests, n, NULL, NULL);
}
