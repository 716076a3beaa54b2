/* SPDX-License-Identifier: MIT */
#ifndef HCS_TESTING_HCS_TEST_H
#define HCS_TESTING_HCS_TEST_H

/*
 * What every unit-test program shares: cmocka included once, and one small main.
 *   PROGRAM          run all tests
 *   PROGRAM -l       list them
 *   PROGRAM -t NAME  run one
 * A program ends with `HCS_TESTS(cmocka_unit_test(a_sentence), ...)`. Test names are sentences.
 */

/* cmocka.h needs these before it. */
/* clang-format off */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>
/* clang-format on */

#include "hcsshim/error.h"

int hcs_test_main(int argc, char **argv, const struct CMUnitTest *tests, size_t n);

#define HCS_TESTS(...)                                                                     \
        int main(int argc, char **argv) {                                                  \
                const struct CMUnitTest tests[] = {__VA_ARGS__};                           \
                return hcs_test_main(argc, argv, tests, sizeof(tests) / sizeof(tests[0])); \
        }

/* Fails with the formatted error when expr is a failure. */
#define assert_ok(expr, err)                                                        \
        do {                                                                        \
                HRESULT _hr = (expr);                                               \
                if (_hr < 0)                                                        \
                        hcs_test_fail_error(#expr, _hr, (err), __FILE__, __LINE__); \
        } while (0)
#define assert_hresult(expr, expected) assert_int_equal((uint32_t)(expr), (uint32_t)(expected))

void hcs_test_fail_error(const char *expr, HRESULT hr, const struct hcs_error *err, const char *file, int line);

/* Reads a file below the source folder's fixtures/ (MESON_SOURCE_ROOT of the test environment). Caller frees. */
char *hcs_test_fixture(const char *relative, size_t *ret_len);
/* Calls fn for the JSON document of each line of such a file. */
struct hcs_json;
void hcs_test_each_case(const char *relative, void (*fn)(const struct hcs_json *c, void *ctx), void *ctx);
/* Path of it; caller frees. */
char *hcs_test_fixture_path(const char *relative);
/* A fresh empty directory, removed with its content at the end of the program. Caller frees the string. */
char *hcs_test_tmpdir(void);

#endif
