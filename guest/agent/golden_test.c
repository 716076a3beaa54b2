/* SPDX-License-Identifier: MIT */

/* What the original's parser made of every ModifySettings request of the golden set, and how it names messages. */

#include "base/str.h"
#include "guest/agent/bridge.h"
#include "guest/agent/modify.h"
#include "testing/hcs_test.h"

/* The error that names the case in a failure. */
static void check(const char *name, const struct hcs_json *c) {
        const struct hcs_json *expected = hcs_json_lookup(c, "output.request");
        const char *body = hcs_json_string(hcs_json_lookup(c, "input.body_text"));
        const char *error = hcs_json_get_string(c, "error");
        _cleanup_json_ struct hcs_json *message = NULL, *printed = NULL;
        _cleanup_free_ char *text = NULL;
        struct guest_modification m = {0};
        struct hcs_error *err = NULL;
        HRESULT hr;

        assert_ok(hcs_json_parse_cstr(body, &message, &err), err);
        hr = guest_modification_parse(hcs_json_get(message, "Request"), &m, &err);
        if (error) {
                assert_true(FAILED(hr));
                if (!hcs_streq(hcs_error_message(err), error))
                        fail_msg("%s: %s instead of %s", name, hcs_error_message(err), error);
                hcs_error_free(err);
                return;
        }
        if (FAILED(hr))
                fail_msg("%s: %s", name, hcs_error_message(err));
        text = guest_modification_print(&m);
        assert_ok(hcs_json_parse_cstr(text, &printed, &err), err);
        /* Go drops what it does not know; we keep it for printing. */
        for (const struct hcs_json *e = hcs_json_first(expected); e; e = hcs_json_next(e))
                if (!hcs_json_equal(e, hcs_json_get(printed, hcs_json_key(e))) &&
                    !hcs_streq(hcs_json_key(e), "Settings"))
                        fail_msg("%s: %s", name, text);
        for (const struct hcs_json *e = hcs_json_first(hcs_json_get(expected, "Settings")); e; e = hcs_json_next(e))
                if (!hcs_json_equal(e, hcs_json_get(hcs_json_get(printed, "Settings"), hcs_json_key(e))))
                        fail_msg("%s: %s: %s", name, hcs_json_key(e), text);
        guest_modification_deinit(&m);
}

static void every_modification_of_the_golden_set_is_read_as_the_original_reads_it(void **state) {
        _cleanup_free_ char *lines = hcs_test_fixture("golden/gcs/guest.jsonl", NULL);
        size_t n = 0;
        char *save = NULL;

        for (char *line = strtok_r(lines, "\n", &save); line; line = strtok_r(NULL, "\n", &save)) {
                _cleanup_json_ struct hcs_json *c = NULL;
                struct hcs_error *err = NULL;
                const char *name;

                assert_ok(hcs_json_parse_cstr(line, &c, &err), err);
                name = hcs_json_get_string(c, "name");
                if (!hcs_str_starts(name, "parse-modify-"))
                        continue;
                check(name, c);
                n++;
        }
        assert_int_equal(n, 45);
}

static void messages_have_the_names_of_the_original(void **state) {
        static const struct {
                uint32_t type;
                const char *name;
        } cases[] = {
                {0x10100101, "ComputeSystemCreateV1"},
                {0x20100101, "ComputeSystemResponseCreateV1"},
                {0x10100d01, "ComputeSystemDeleteContainerStateV1"},
                {0x20100d01, "537922817"},
                {0x30100101, "ComputeSystemNotificationV1"},
                {0x10100e01, "269487617"},
                {0, "None"},
        };
        char name[64];

        for (size_t i = 0; i < HCS_ARRAY_SIZE(cases); i++)
                assert_string_equal(guest_message_name(cases[i].type, name), cases[i].name);
}

HCS_TESTS(cmocka_unit_test(every_modification_of_the_golden_set_is_read_as_the_original_reads_it),
          cmocka_unit_test(messages_have_the_names_of_the_original))
