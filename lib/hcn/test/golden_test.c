/* SPDX-License-Identifier: MIT */

/*
 * What the original does, case by case: the same calls in the same order with the same texts, the same result and the
 * same error. A case that is not listed here by its call fails.
 *   golden_test DIR    the cases of another folder, with a line for each that differs
 */

#include <dirent.h>
#include <stdio.h>

#include "base/str.h"
#include "golden.h"
#include "platform/file.h"
#include "testing/hcs_test.h"

const char *golden_string(const struct golden_run *r, const char *member) {
        const char *s = hcs_json_get_string(r->input, member);

        return s ? s : "";
}

const char *golden_member(const struct golden_run *r, const char *const *members) {
        size_t i = 0;

        while (members[i + 1] && !hcs_json_get(r->input, members[i]))
                i++;
        return members[i];
}

uint64_t golden_number(const struct golden_run *r, const char *member) {
        uint64_t u = 0;

        hcs_json_u64(hcs_json_get(r->input, member), &u);
        return u;
}

char *golden_document(const struct golden_run *r, const char *member) {
        const struct hcs_json *j = hcs_json_get(r->input, member);

        return j && !hcs_json_is(j, HCS_JSON_NULL) ? hcs_json_text(j, HCS_JSON_GO) : NULL;
}

const char **golden_strings(const struct golden_run *r, const char *member, size_t *ret_n) {
        const struct hcs_json *array = hcs_json_get(r->input, member);
        const char **list = hcs_calloc(hcs_json_count(array) + 1, sizeof(*list));
        size_t n = 0;

        for (const struct hcs_json *e = hcs_json_first(array); e; e = hcs_json_next(e))
                list[n++] = hcs_json_is(e, HCS_JSON_OBJECT) ? hcs_json_string(hcs_json_get_nocase(e, "Id"))
                                                            : hcs_json_string(e);
        *ret_n = n;
        return list;
}

static const struct golden_row *find_row(const char *call) {
        for (const struct golden_row *row = golden_hcn_rows; row->call; row++)
                if (hcs_streq(row->call, call))
                        return row;
        for (const struct golden_row *row = golden_hns_rows; row->call; row++)
                if (hcs_streq(row->call, call))
                        return row;
        return NULL;
}

/* What the call returned, as the case writes it: a list without elements is null or [] there. */
static char *returned_text(const struct golden_run *r) {
        _cleanup_buf_ struct hcs_buf b = {0};

        if (!r->is_list)
                return hcs_strdup(r->text ? r->text : "null");
        hcs_buf_putc(&b, '[');
        for (size_t i = 0; i < r->list.n; i++)
                hcs_buf_printf(&b, "%s%s", i ? "," : "", r->list.items[i]);
        hcs_buf_putc(&b, ']');
        return hcs_buf_steal(&b);
}

static char *differs(const char *what, const char *expected, const char *got) {
        return hcs_asprintf("%s:\n  expected %s\n  got      %s", what, expected, got);
}

static char *compare_returned(const struct golden_run *r, const struct hcs_json *expected) {
        _cleanup_free_ char *wanted = hcs_json_text(expected, HCS_JSON_GO), *got = returned_text(r);

        if (!expected || strcmp(wanted, got) == 0)
                return NULL;
        if (r->is_list && !r->list.n && hcs_json_is(expected, HCS_JSON_NULL))
                return NULL;
        return differs("returned", wanted, got);
}

/* The words of the operating system come from Wine and are not compared. */
static char *compare_error(const struct golden_run *r, const char *expected) {
        _cleanup_free_ char *got = hcn_error_format_go(r->err);
        const char *win32 = strstr(expected, "failed in Win32: "), *code, *got_code;
        size_t n = win32 ? (size_t)(win32 - expected) + 17 : 0;

        if (!win32)
                return strcmp(expected, got) == 0 ? NULL : differs("error", expected, got);
        code = strstr(win32, "(0x");
        got_code = strstr(got, "(0x");
        if (strncmp(expected, got, n) == 0 && got_code && strcmp(code, got_code) == 0)
                return NULL;
        return differs("error", expected, got);
}

static char *compare_predicates(HRESULT hr, const struct hcs_json *output) {
        const struct {
                const char *name;
                bool got;
        } predicates[] = {
                {"is_element_not_found", hcn_is_element_not_found(hr)},
                {"is_not_found", hcn_is_not_found(hr)},
                {"is_notimpl", hcn_is_not_implemented(hr)},
                {"is_port_exists", hcn_is_port_already_exists(hr)},
        };

        for (size_t i = 0; i < HCS_ARRAY_SIZE(predicates); i++)
                if (hcs_json_bool(hcs_json_get(output, predicates[i].name)) != predicates[i].got)
                        return hcs_asprintf("%s is %s for 0x%08X", predicates[i].name,
                                            predicates[i].got ? "true" : "false", (unsigned)hr);
        return NULL;
}

static char *compare(const struct golden_run *r, HRESULT hr, const struct hcs_json *golden) {
        const struct hcs_json *output = hcs_json_get(golden, "output"), *calls = hcs_json_get(output, "calls");
        _cleanup_json_ struct hcs_json *none = hcs_json_new_array();
        const char *error = hcs_json_get_string(golden, "error");
        char *difference;

        if (!hcs_json_equal(hcs_json_is(calls, HCS_JSON_ARRAY) ? calls : none, fake_calls())) {
                _cleanup_free_ char *wanted = hcs_json_text(calls ? calls : none, HCS_JSON_PRETTY);
                _cleanup_free_ char *got = hcs_json_text(fake_calls(), HCS_JSON_PRETTY);

                return differs("calls", wanted, got);
        }
        if (FAILED(hr) != (error != NULL)) {
                _cleanup_free_ char *got = hcs_error_format(r->err);

                return differs("result", error ? error : "success", got);
        }
        if (SUCCEEDED(hr))
                return compare_returned(r, hcs_json_get(output, "returned"));
        difference = compare_error(r, error);
        return difference ? difference : compare_predicates(hr, output);
}

/* Runs one case; NULL when all is as the original does it. */
static char *play(const struct hcs_json *golden) {
        const struct hcs_json *input = hcs_json_get(golden, "input"), *a = hcs_json_get(input, "service_answers");
        const struct golden_row *row = find_row(hcs_json_get_string(input, "call"));
        struct golden_run r = {.input = input};
        struct fake_answers answers = {
                .enumerate = hcs_json_get_string(a, "enumerate"),
                .properties = hcs_json_get_string(a, "properties"),
                .hns = hcs_json_get_string(a, "hns"),
                .hresult = hcs_json_get(a, "hresult"),
                .record = hcs_json_get(a, "result"),
        };
        char *difference;
        HRESULT hr;

        if (!row)
                return hcs_asprintf("no call %s", hcs_json_get_string(input, "call"));
        fake_reset(&answers);
        r.hcn = fake_hcn_client();
        r.hns = fake_hns_client();
        r.kind = row->kind;
        hr = row->run(&r);
        difference = compare(&r, hr, golden);
        hcn_client_unref(r.hcn);
        hns_client_unref(r.hns);
        if (!difference && fake_open_handles())
                difference = hcs_asprintf("%d handles are left open", fake_open_handles());
        free(r.text);
        hcs_documents_deinit(&r.list);
        hcs_error_free(r.err);
        return difference;
}

static unsigned play_all(const char *folder, unsigned *ret_bad) {
        DIR *dir = opendir(folder);
        unsigned n = 0;

        *ret_bad = 0;
        if (!dir)
                return 0;
        for (struct dirent *e; (e = readdir(dir));) {
                _cleanup_free_ char *path = hcs_asprintf("%s/%s", folder, e->d_name), *difference = NULL;
                _cleanup_buf_ struct hcs_buf text = {0};
                _cleanup_json_ struct hcs_json *golden = NULL;
                struct hcs_error *err = NULL;

                if (!hcs_str_ends(e->d_name, ".json"))
                        continue;
                if (FAILED(hcs_file_read(path, (size_t)1 << 24, &text, &err)) ||
                    FAILED(hcs_json_parse(text.data, text.len, NULL, &golden, &err)))
                        difference = hcs_error_format(err);
                else
                        difference = play(golden);
                hcs_error_free(err);
                n++;
                if (difference) {
                        fprintf(stderr, "%s: %s\n", e->d_name, difference);
                        ++*ret_bad;
                }
        }
        closedir(dir);
        return n;
}

static void every_case_goes_as_in_the_original(void **state) {
        _cleanup_free_ char *folder = hcs_test_fixture_path("golden/hcn");
        unsigned bad, n = play_all(folder, &bad);

        assert_int_equal(bad, 0);
        assert_true(n >= 146);
}

int main(int argc, char **argv) {
        const struct CMUnitTest tests[] = {cmocka_unit_test(every_case_goes_as_in_the_original)};
        unsigned bad, n;

        if (argc != 2 || *argv[1] == '-')
                return hcs_test_main(argc, argv, tests, HCS_ARRAY_SIZE(tests));
        n = play_all(argv[1], &bad);
        printf("%u cases, %u differ\n", n, bad);
        return bad || !n;
}
