/* SPDX-License-Identifier: MIT */

/* Redaction in one pass: it leaves what base/scrub.c leaves, and every byte that is no secret. */

#include "mockhcs/record/redact.h"

#include <string.h>

#include "base/mem.h"
#include "base/scrub.h"
#include "testing/hcs_test.h"

static void secrets_go_and_nothing_else_changes(void **state) {
        static const struct {
                const char *text, *want; /* NULL: nothing is secret */
        } cases[] = {
                {"", NULL},
                {"{}", NULL},
                {"{\"Envelope\":\"open\",\"Tokens\":[1,2]}", NULL},
                {"{\"Environment\":{}}", NULL},
                {"{\"Environment\":{\"A\":\"\"}}", NULL},
                {"{\"Environment\":{\"A\":\"<redacted>\"}}", NULL},
                {"{\"Environment\":\"a text\"}", NULL},
                {"{\"Env\":[\"PATH\",\"A=<redacted>\",1,null]}", NULL},
                {" { \"Environment\" : { \"A\" : \"1\" , \"B\":2,\"C\":{\"D\":[]},\"E\":null } ,\"n\": 1.50 }\n",
                 " { \"Environment\" : { \"A\" : \"<redacted>\" , "
                 "\"B\":\"<redacted>\",\"C\":\"<redacted>\",\"E\":\"<redacted>\" } ,\"n\": 1.50 }\n"},
                {"{\"env\":[\"A=1\",\"B=\",\"C=d=e\"],\"x\":[{\"ENVIRONMENT\":{\"k\":\"v\"}}]}",
                 "{\"env\":[\"A=<redacted>\",\"B=<redacted>\",\"C=<redacted>\"],\"x\":[{\"ENVIRONMENT\":{\"k\":"
                 "\"<redacted>\"}}]}"},
                {"[{\"userPassword\":\"a\\\"b\",\"Token\":1,\"Sas\":\"\"}]",
                 "[{\"userPassword\":\"<redacted>\",\"Token\":1,\"Sas\":\"\"}]"},
                {"{\"Secret\":{\"a\":\"b\",\"Token\":\"c\"}}", "{\"Secret\":{\"a\":\"b\",\"Token\":\"<redacted>\"}}"},
                /* what is left to the other one */
                {"{\"Settings\":\"{\\\"Environment\\\":{\\\"A\\\":\\\"1\\\"}}\"}",
                 "{\"Settings\":\"{\\\"Environment\\\":{\\\"A\\\":\\\"<redacted>\\\"}}\"}"},
                {"{\"Pa\\u0073sword\":\"x\"}", "{\"Password\":\"<redacted>\"}"},
                {"{\"Env\":[\"A\\u003d1\"]}", "{\"Env\":[\"A=<redacted>\"]}"},
                {"login password=hunter2 rest", "login password=<redacted> rest"},
                {"{\"Environment\":{\"A\":\"1\"", NULL}, /* no document, and no mark of a plain text */
        };

        for (size_t i = 0; i < HCS_ARRAY_SIZE(cases); i++) {
                _cleanup_free_ char *text = record_redact(cases[i].text, strlen(cases[i].text));

                if (cases[i].want)
                        assert_non_null(text);
                else
                        assert_null(text);
                if (text)
                        assert_string_equal(text, cases[i].want);
        }
}

/* A text that ends anywhere is taken as one that is no document, and nothing is read behind it. */
static void a_text_that_is_cut_off_is_left_to_the_rules_of_plain_texts(void **state) {
        static const char whole[] = "{\"Environment\":{\"A\":\"1\"},\"Token\":\"t\",\"list\":[{\"Env\":[\"K=v\"]}]}";

        for (size_t n = 1; n < sizeof(whole) - 1; n++) {
                _cleanup_free_ char *cut = hcs_strndup(whole, n), *want = hcs_scrub_text(cut, NULL);
                _cleanup_free_ char *text = record_redact(cut, n);

                assert_string_equal(text ? text : cut, want);
        }
}

static void any_depth_is_redacted(void **state) {
        for (unsigned depth = 1; depth <= 40; depth++) {
                _cleanup_free_ char *text = NULL;
                char document[1024] = "";

                for (unsigned i = 0; i < depth; i++)
                        strcat(document, "{\"inner\":");
                strcat(document, "{\"Token\":\"t\"}");
                for (unsigned i = 0; i < depth; i++)
                        strcat(document, "}");
                text = record_redact(document, strlen(document));
                assert_non_null(text);
                assert_non_null(strstr(text, "{\"Token\":\"<redacted>\"}"));
        }
}

HCS_TESTS(cmocka_unit_test(secrets_go_and_nothing_else_changes),
          cmocka_unit_test(a_text_that_is_cut_off_is_left_to_the_rules_of_plain_texts),
          cmocka_unit_test(any_depth_is_redacted))
