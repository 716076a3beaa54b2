/* SPDX-License-Identifier: MIT */

/*
 * The recorded life of a system in the original, lived by our client: each call of computecore with the same document,
 * to the letter, in the same order. What the emulator answers does not matter here.
 */

#include "base/json.h"
#include "base/str.h"
#include "hcsshim/hcs.h"
#include "mockhcs/mockhcs.h"
#include "mockhcs/trace/reader.h"
#include "testing/hcs_test.h"

static void live(struct hcs_client *c, struct hcs_system *s, const char *query, const char *settings) {
        char *text = NULL;

        hcs_system_start(s, NULL, NULL, NULL);
        hcs_system_pause(s, NULL, NULL, NULL);
        hcs_system_resume(s, NULL, NULL, NULL);
        hcs_system_shutdown(s, NULL, NULL);
        hcs_system_properties_v2(s, (const char *const[]){"Statistics", "Memory", NULL}, NULL, &text, NULL);
        text = hcs_free(text);
        hcs_system_properties_v2(s, (const char *const[]){"GuestConnection", NULL}, NULL, &text, NULL);
        text = hcs_free(text);
        hcs_system_save(s, "{\"SaveType\":\"AsTemplate\"}", NULL, NULL);
        hcs_enumerate(c, query, NULL, &text, NULL);
        text = hcs_free(text);
        hcs_service_modify(c, settings, &text, NULL);
        hcs_free(text);
}

static void record(const char *trace, const char *query, const char *settings) {
        _cleanup_free_ char *spec = hcs_asprintf("record=%s,emulate", trace);
        struct hcs_client *c = NULL;
        struct hcs_system *s = NULL;
        struct mockhcs *mock = NULL;
        struct hcs_error *err = NULL;

        assert_ok(mockhcs_open(spec, &mock, &err), err);
        assert_ok(hcs_client_open(&(struct hcs_client_options){.api = HCS_API_COMPUTECORE}, &c, &err), err);
        assert_ok(hcs_system_create(c, "life", "{\"Owner\":\"t\",\"VirtualMachine\":{}}", NULL, &s, &err), err);
        live(c, s, query, settings);
        hcs_system_unref(s);
        hcs_client_unref(c);
        mockhcs_close(mock);
}

/* A document that the call was made with; NULL: none. */
static const char *argument(const struct mock_record *r, const char *name) {
        for (size_t i = 0; i < r->n_args; i++)
                if (hcs_streq(r->args[i].name, name))
                        return r->args[i].text;
        return NULL;
}

static void assert_same_documents(const struct mock_record *r, const struct hcs_json *event) {
        static const struct {
                const char *golden, *trace;
        } names[] = {{"options", "options"}, {"propertyQuery", "query"}, {"query", "query"}, {"settings", "settings"}};

        for (size_t i = 0; i < HCS_ARRAY_SIZE(names); i++) {
                const char *want = hcs_json_get_string(event, names[i].golden), *got = argument(r, names[i].trace);

                if (want)
                        assert_string_equal(got ? got : "", want);
        }
}

/* The next call of that function. What lies between the original makes as well, but nobody recorded it: operations and
 * callbacks. */
static void assert_next_call(struct mock_trace_reader *reader, const struct hcs_json *event) {
        const char *function = strchr(hcs_json_get_string(event, "proc"), '.') + 1;
        bool found = false;

        while (!found) {
                struct mock_record r;

                if (mock_trace_reader_next(reader, &r, NULL) != S_OK)
                        fail_msg("%s is not called", function);
                found = r.kind == MOCK_RECORD_CALL && hcs_streq(r.function, function);
                if (found)
                        assert_same_documents(&r, event);
                mock_record_deinit(&r);
        }
}

static void check(const struct hcs_json *c, void *ctx) {
        _cleanup_free_ char *dir = NULL, *trace = NULL;
        const struct hcs_json *events = hcs_json_lookup(c, "output.events"), *last = NULL, *before = NULL;
        struct mock_trace_reader *reader = NULL;

        if (!hcs_streq(hcs_json_get_string(c, "name"), "uvm-hcs-system-lifecycle"))
                return;
        for (const struct hcs_json *e = hcs_json_first(events); e; e = hcs_json_next(e)) {
                before = last;
                last = e;
        }
        dir = hcs_test_tmpdir();
        trace = hcs_asprintf("%s/life.trace", dir);
        record(trace, hcs_json_get_string(before, "query"), hcs_json_get_string(last, "settings"));
        assert_ok(mock_trace_reader_open(trace, &reader, NULL), NULL);
        for (const struct hcs_json *e = hcs_json_first(events); e; e = hcs_json_next(e))
                assert_next_call(reader, e);
        mock_trace_reader_free(reader);
        *(bool *)ctx = true;
}

static void a_life_is_the_calls_of_the_original(void **state) {
        bool lived = false;

        hcs_test_each_case("golden/gcs/uvm.jsonl", check, &lived);
        assert_true(lived);
}

HCS_TESTS(cmocka_unit_test(a_life_is_the_calls_of_the_original))
