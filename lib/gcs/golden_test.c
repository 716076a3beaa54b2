/* SPDX-License-Identifier: MIT */

/*
 * The golden cases of the bridge against a guest that follows their script: every frame the host sends must be the
 * recorded one byte for byte, the guest answers as recorded, and what comes of it must be what the original made of it.
 */

#include <stdlib.h>

#include "base/str.h"
#include "gcs/test/guest.h"
#include "testing/hcs_test.h"

#define CONTAINER "0123456789abcdef-container"

/* The script of a case, run on the guest's thread. A difference is kept for the test's thread to tell. */
struct script {
        const struct hcs_json *event; /* the next one */
        const struct hcs_json *answers;
        struct hcs_buf difference;
};

static bool is_from_host(const struct hcs_json *event) {
        return hcs_streq(hcs_json_get_string(event, "dir"), "host->guest");
}

static const struct hcs_json *skip_foreign(const struct hcs_json *event) {
        while (event && hcs_streq(hcs_json_get_string(event, "dir"), "host->hcs"))
                event = hcs_json_next(event);
        return event;
}

static void compare(struct script *s, const struct hcs_gcs_frame *f) {
        _cleanup_free_ char *body = test_golden_body(s->event);
        _cleanup_buf_ struct hcs_buf got = {0}, want = {0};
        uint8_t header[HCS_GCS_HEADER_SIZE];

        test_unhex(hcs_json_get_string(s->event, "header_hex"), header, sizeof(header));
        hcs_gcs_frame_append(&got, f->type, f->id, f->body, f->len, NULL);
        hcs_buf_append(&want, header, sizeof(header));
        hcs_buf_puts(&want, body);
        if (got.len != want.len || memcmp(got.data, want.data, got.len) != 0)
                hcs_buf_printf(&s->difference, "sent 0x%x #%llu\n%.*sinstead of\n%s", (unsigned)f->type,
                               (unsigned long long)f->id, (int)f->len, f->body, body);
}

/* Sends what the guest said next; nothing to say means that it hung up. */
static void say(struct guest *g, struct script *s) {
        const char *raw = hcs_json_get_string(s->event, "raw_hex"), *body = hcs_json_get_string(s->event, "body_text");
        uint8_t bytes[4096];
        size_t n = test_unhex(raw ? raw : hcs_json_get_string(s->event, "header_hex"), bytes, sizeof(bytes));

        if (raw && !*raw) {
                guest_hang_up(g);
                return;
        }
        guest_send_bytes(g, bytes, n);
        if (!raw)
                guest_send_bytes(g, body, strlen(body));
}

/* Frames in front of the script, and those it does not show, get the case's answer or the usual one. */
static bool answer_unlisted(struct guest *g, struct script *s, const struct hcs_gcs_frame *f) {
        const struct hcs_json *list = hcs_json_get(s->answers, hcs_gcs_message_find(f->type)->name);
        const char *text = hcs_json_string(hcs_json_first(list));

        if (!text)
                return false;
        if (*text)
                guest_answer(g, f, text);
        return true;
}

static bool follow(struct guest *g, const struct hcs_gcs_frame *f) {
        struct script *s = g->ctx;
        uint64_t id = UINT64_MAX;

        if (is_from_host(s->event))
                hcs_json_u64(hcs_json_get(s->event, "id"), &id);
        if (id != f->id)
                return answer_unlisted(g, s, f);
        compare(s, f);
        for (s->event = skip_foreign(hcs_json_next(s->event)); s->event && !is_from_host(s->event);
             s->event = skip_foreign(hcs_json_next(s->event)))
                say(g, s);
        return true;
}

/* What a call gave, in the form in which the cases tell it. */
struct outcome {
        struct hcs_error *err;
        struct hcs_json *returned; /* NULL: nothing to compare */
};

static HRESULT create_one(struct hcs_gcs_connection *gc, const char *configuration, struct hcs_gcs_container **ret,
                          struct outcome *o) {
        return hcs_gcs_container_create(gc, CONTAINER, configuration, NULL, ret, &o->err);
}

static void run_create(struct hcs_gcs_connection *gc, const struct hcs_json *input, struct outcome *o) {
        const struct hcs_json *spec = hcs_json_get(input, "spec"), *config = hcs_json_get(input, "config");
        _cleanup_(hcs_gcs_container_unrefp) struct hcs_gcs_container *c = NULL, *twice = NULL;
        _cleanup_free_ char *text = NULL;

        if (spec) {
                _cleanup_free_ char *inner = hcs_json_text(spec, HCS_JSON_GO);

                text = hcs_asprintf("{\"OciBundlePath\":\"/run/gcs/c/" CONTAINER
                                    "\",\"OciSpecification\":%s,\"SchemaVersion\":{\"Major\":2,\"Minor\":1},"
                                    "\"ScratchDirPath\":\"/run/gcs/c/x/scratch\"}",
                                    inner);
        } else if (config) {
                text = hcs_json_text(config, HCS_JSON_COMPACT);
        }
        if (SUCCEEDED(create_one(gc, text, &c, o)) &&
            hcs_streq(hcs_json_get_string(input, "call"), "CreateContainer x2"))
                create_one(gc, text, &twice, o);
}

/* {"SchemaVersion":..} is printed through its type by who has structs: settings of the cases name theirs. */
static char *settings_text(const struct hcs_json *input) {
        const char *go_type = hcs_json_get_string(input, "settings_go_type"),
                   *dot = go_type ? strchr(go_type, '.') : NULL;
        _cleanup_free_ char *text = hcs_json_text(hcs_json_get(input, "settings"), HCS_JSON_COMPACT), *name = NULL;
        const struct hcs_schema_type *type;
        struct hcs_error *err = NULL;
        void *doc = NULL;
        char *printed;

        if (!dot)
                return NULL;
        name = hcs_asprintf("%s.%s", hcs_str_starts(go_type, "guestresource") ? "guest" : "", dot + 1);
        type = hcs_schema_type_find(name);
        if (!type)
                type = hcs_schema_type_find(dot + 1);
        if (!type)
                fail_msg("no type %s", go_type);
        assert_ok(hcs_schema_parse(type, text, strlen(text), &doc, &err), err);
        printed = hcs_schema_print(type, doc);
        hcs_schema_free(type, doc);
        return printed;
}

static void run_modify(struct hcs_gcs_connection *gc, const struct hcs_json *input, struct outcome *o) {
        _cleanup_free_ char *settings = settings_text(input);
        const char *request = hcs_json_get_string(input, "request_type");

        hcs_gcs_modify_resource(gc, request ? request : "Add", hcs_json_get_string(input, "resource_type"), settings,
                                NULL, &o->err);
}

static void run_service(struct hcs_gcs_connection *gc, const struct hcs_json *input, struct outcome *o) {
        const struct hcs_json *settings = hcs_json_get(input, "settings");
        _cleanup_free_ char *text = settings ? hcs_json_text(settings, HCS_JSON_COMPACT) : NULL;

        hcs_gcs_modify_service(gc, "LogForwardService", text, NULL, &o->err);
}

static void run_stacks(struct hcs_gcs_connection *gc, const struct hcs_json *input, struct outcome *o) {
        _cleanup_free_ char *stacks = NULL;

        if (SUCCEEDED(hcs_gcs_dump_stacks(gc, NULL, &stacks, &o->err)))
                o->returned = hcs_json_new_string(stacks);
}

static void run_three_stacks(struct hcs_gcs_connection *gc, const struct hcs_json *input, struct outcome *o) {
        for (int i = 0; i < 3; i++) {
                _cleanup_free_ char *stacks = NULL;

                assert_ok(hcs_gcs_dump_stacks(gc, NULL, &stacks, &o->err), o->err);
        }
        o->returned = hcs_json_new_u64(hcs_gcs_next_id(gc));
}

static void run_in_span(struct hcs_gcs_connection *gc, const struct hcs_json *input, struct outcome *o) {
        hcs_gcs_set_trace(gc, TEST_SPAN, NULL);
        run_stacks(gc, input, o);
        o->returned = hcs_json_free(o->returned);
}

static void run_delete(struct hcs_gcs_connection *gc, const struct hcs_json *input, struct outcome *o) {
        hcs_gcs_delete_container_state(gc, CONTAINER, NULL, &o->err);
}

/* ---- calls on a container, which the script does not show the making of ---- */

static void run_start(struct hcs_gcs_container *c, struct outcome *o) {
        hcs_gcs_container_start(c, NULL, &o->err);
}

static void run_terminate(struct hcs_gcs_container *c, struct outcome *o) {
        hcs_gcs_container_terminate(c, NULL, &o->err);
}

static void run_exit(struct hcs_gcs_container *c, struct outcome *o) {
        assert_ok(hcs_gcs_container_terminate(c, NULL, &o->err), o->err);
        assert_ok(hcs_gcs_container_wait(c, NULL, &o->err), o->err);
        o->returned = hcs_json_new_string("exited");
}

static void run_wait_after_death(struct hcs_gcs_container *c, struct outcome *o) {
        assert_true(FAILED(hcs_gcs_container_start(c, NULL, &o->err)));
        assert_ok(hcs_gcs_container_wait(c, NULL, NULL), NULL);
        o->returned = hcs_json_new_string("wait returned");
}

static void run_properties(struct hcs_gcs_container *c, const char *const *types, bool v2, struct outcome *o) {
        const struct hcs_schema_type *type = hcs_schema_type_at(HCS_SCHEMA_V1_CONTAINER_PROPERTIES);
        _cleanup_free_ char *text = NULL, *printed = NULL;
        void *doc = NULL;
        HRESULT hr = v2 ? hcs_gcs_container_properties_v2(c, types, NULL, &text, &o->err)
                        : hcs_gcs_container_properties(c, types, NULL, &text, &o->err);

        if (FAILED(hr) || v2)
                return;
        assert_ok(hcs_schema_parse(type, text, strlen(text), &doc, NULL), NULL);
        printed = hcs_schema_print(type, doc);
        hcs_schema_free(type, doc);
        assert_ok(hcs_json_parse_cstr(printed, &o->returned, NULL), NULL);
}

static void run_properties_v1(struct hcs_gcs_container *c, struct outcome *o) {
        run_properties(c, (const char *const[]){"ProcessList", "Statistics", NULL}, false, o);
}

static void run_properties_none(struct hcs_gcs_container *c, struct outcome *o) {
        run_properties(c, NULL, false, o);
}

static void run_properties_v2(struct hcs_gcs_container *c, struct outcome *o) {
        run_properties(c, (const char *const[]){"ProcessList", NULL}, true, o);
}

static void run_bad_notification(struct hcs_gcs_container *c, struct outcome *o) {
        hcs_gcs_container_terminate(c, NULL, NULL);
        hcs_gcs_container_wait(c, NULL, NULL);
        hcs_gcs_container_start(c, NULL, &o->err);
}

static const struct {
        const char *call;
        void (*run)(struct hcs_gcs_container *c, struct outcome *o);
} container_calls[] = {
        {"container-start", run_start},
        {"malformed-", run_start},
        {"container-terminate-missing", run_terminate},
        {"container-exit-notification", run_exit},
        {"container-notification-bad-type", run_bad_notification},
        {"bridge-closed-by-guest-waits", run_wait_after_death},
        {"container-properties-v1-none", run_properties_none},
        {"container-properties-v1", run_properties_v1},
        {"container-properties-v2", run_properties_v2},
};

static bool run_on_container(struct hcs_gcs_connection *gc, const char *call, struct outcome *o) {
        _cleanup_(hcs_gcs_container_unrefp) struct hcs_gcs_container *c = NULL;

        for (size_t i = 0; i < HCS_ARRAY_SIZE(container_calls); i++) {
                if (!hcs_str_starts(call, container_calls[i].call))
                        continue;
                assert_ok(create_one(gc, NULL, &c, o), o->err);
                container_calls[i].run(c, o);
                return true;
        }
        return false;
}

/* ---- processes: what the case is about is in its name ---- */

static void wait_for_code(struct hcs_gcs_process *p, struct outcome *o) {
        uint32_t code;

        if (SUCCEEDED(hcs_gcs_process_wait(p, NULL, &code, &o->err)))
                o->returned = hcs_json_new_u64(code);
}

static void signal_it(struct hcs_gcs_process *p, const char *options, struct outcome *o) {
        bool delivered = false;

        hcs_gcs_process_signal(p, options, NULL, &delivered, &o->err);
        o->returned = hcs_json_new_bool(delivered);
}

static void use_process(const char *name, struct hcs_gcs_process *p, struct outcome *o) {
        uint32_t code;

        if (hcs_streq(name, "process-exit-code") || hcs_streq(name, "process-wait-not-found") ||
            hcs_str_starts(name, "process-wait"))
                wait_for_code(p, o);
        else if (hcs_streq(name, "process-exitcode-running"))
                hcs_gcs_process_exit_code(p, &code, &o->err);
        else if (hcs_streq(name, "process-resize"))
                hcs_gcs_process_resize_console(p, 120, 40, NULL, &o->err);
        else if (hcs_streq(name, "process-signal-lcow-0"))
                signal_it(p, "{}", o);
        else if (hcs_str_starts(name, "process-signal-lcow"))
                signal_it(p, "{\"Signal\":15}", o);
        else if (hcs_streq(name, "process-kill") || hcs_str_starts(name, "process-signal"))
                signal_it(p, NULL, o);
        else {
                o->returned = hcs_json_new_object();
                hcs_json_set_u64(o->returned, "pid", hcs_gcs_process_pid(p));
        }
}

static void start_process(struct hcs_gcs_connection *gc, const char *name, bool in_host, const char *parameters,
                          struct outcome *o) {
        _cleanup_(hcs_gcs_container_unrefp) struct hcs_gcs_container *c = NULL;
        _cleanup_(hcs_gcs_process_unrefp) struct hcs_gcs_process *p = NULL;
        HRESULT hr;

        if (!in_host)
                assert_ok(hcs_gcs_container_attach(gc, CONTAINER, &c, &o->err), o->err);
        hr = in_host ? hcs_gcs_exec(gc, parameters, NULL, &p, &o->err)
                     : hcs_gcs_container_exec(c, parameters, NULL, &p, &o->err);
        if (SUCCEEDED(hr))
                use_process(name, p, o);
}

static void run_process(const char *name, struct hcs_gcs_connection *gc, const struct hcs_json *input,
                        struct outcome *o) {
        _cleanup_free_ char *parameters = hcs_json_text(hcs_json_get(input, "params"), HCS_JSON_COMPACT);

        start_process(gc, name, hcs_json_bool(hcs_json_get(input, "in_host")), parameters, o);
}

/* process.jsonl: a command, from the process of a spec to the request. */
static void run_command(const char *name, struct hcs_gcs_connection *gc, const struct hcs_json *input,
                        struct outcome *o) {
        const char *host = hcs_json_get_string(input, "host");
        bool in_vm = strstr(host, "-uvm") != NULL;
        const struct hcs_json *process = hcs_json_get(input, "process");
        _cleanup_free_ char *parameters = NULL, *text = hcs_json_is(process, HCS_JSON_OBJECT)
                                                                ? hcs_json_text(process, HCS_JSON_COMPACT)
                                                                : NULL;
        struct hcs_gcs_command command = {
                .host = hcs_str_starts(host, "windows") ? HCS_GCS_WINDOWS
                        : in_vm                         ? HCS_GCS_LINUX_VM
                                                        : HCS_GCS_LINUX_CONTAINER,
                .process = text,
                .in = hcs_json_bool(hcs_json_get(input, "stdin")),
                .out = hcs_json_bool(hcs_json_get(input, "stdout")),
                .err = hcs_json_bool(hcs_json_get(input, "stderr")),
        };

        if (SUCCEEDED(hcs_gcs_command_parameters(&command, &parameters, &o->err)))
                start_process(gc, name, in_vm, parameters, o);
}

/* The same for a process that HCS starts: it asks for pipes in another way. */
static void check_command_of_hcs(const struct hcs_json *c) {
        const struct hcs_json *event = hcs_json_first(hcs_json_lookup(c, "output.events"));
        _cleanup_free_ char *process = hcs_json_text(hcs_json_lookup(c, "input.process"), HCS_JSON_COMPACT),
                            *made = NULL;
        struct hcs_gcs_command command = {.host = HCS_GCS_WINDOWS, .process = process};

        if (!hcs_streq(hcs_json_string(hcs_json_lookup(c, "input.call")), "cmd.Cmd.Start"))
                return;
        assert_ok(hcs_gcs_command_parameters(&command, &made, NULL), NULL);
        assert_string_equal(made, hcs_json_get_string(event, "processParameters"));
}

static const struct {
        const char *call;
        void (*run)(struct hcs_gcs_connection *gc, const struct hcs_json *input, struct outcome *o);
} connection_calls[] = {
        {"CreateContainer", run_create},
        {"CreateContainer x2", run_create},
        {"GuestConnection.Modify", run_modify},
        {"ModifyServiceSettings", run_service},
        {"DumpStacks", run_stacks},
        {"three DumpStacks", run_three_stacks},
        {"DeleteContainerState", run_delete},
        {"DumpStacks inside an OpenTelemetry span", run_in_span},
};

static void run_call(const char *name, struct hcs_gcs_connection *gc, const struct hcs_json *input, struct outcome *o) {
        const char *call = hcs_json_get_string(input, "call");

        for (size_t i = 0; i < HCS_ARRAY_SIZE(connection_calls); i++)
                if (hcs_streq(connection_calls[i].call, call)) {
                        connection_calls[i].run(gc, input, o);
                        return;
                }
        if (hcs_streq(call, "CreateProcess"))
                run_process(name, gc, input, o);
        else if (hcs_streq(call, "cmd.Cmd.Start"))
                run_command(name, gc, input, o);
        else if (!run_on_container(gc, call, o))
                fail_msg("%s: no test for call %s", name, call);
}

/* What connecting gave, as the cases show it. */
static struct hcs_json *describe_connection(struct hcs_gcs_connection *gc) {
        struct hcs_json *j = hcs_json_new_object(), *capabilities = NULL;

        assert_ok(hcs_json_parse_cstr(hcs_gcs_capabilities(gc), &capabilities, NULL), NULL);
        hcs_json_remove(capabilities, "Unknown"); /* ours keeps what it does not know */
        hcs_json_set(j, "capabilities", capabilities);
        hcs_json_set_u64(j, "next_id", hcs_gcs_next_id(gc));
        hcs_json_set_u64(j, "next_port", hcs_gcs_next_port(gc));
        hcs_json_set_string(j, "os", hcs_gcs_os(gc));
        hcs_json_set_u64(j, "protocol", hcs_gcs_protocol(gc));
        return j;
}

/* Errors begin as those of the original; ours may add the cause. Its words for Windows codes are those of Wine. */
static void assert_error(const char *name, const char *want, const struct hcs_error *err) {
        const char *message = err ? hcs_error_message(err) : NULL;

        if (hcs_str_starts(name, "create-container-fails-no-message"))
                want = "guest RPC failure: ";
        if (!want && err)
                fail_msg("%s: fails: %s", name, message);
        if (want && (!message || !hcs_str_starts(message, want)))
                fail_msg("%s: \"%s\" is expected, not \"%s\"", name, want, message ? message : "success");
}

static void assert_returned(const char *name, const struct hcs_json *want, const struct hcs_json *got) {
        _cleanup_free_ char *a = hcs_json_text(want, HCS_JSON_COMPACT), *b = hcs_json_text(got, HCS_JSON_COMPACT);

        if (got && hcs_json_kind(want) != HCS_JSON_NULL && !hcs_json_equal(want, got))
                fail_msg("%s: returned\n%s\ninstead of\n%s", name, b, a);
}

static void run_case(const struct hcs_json *c, void *ctx) {
        const struct hcs_json *input = hcs_json_get(c, "input"), *zone = hcs_json_get(input, "timezone"),
                              *cold = hcs_json_get(input, "cold_start");
        const char *name = hcs_json_get_string(c, "name");
        _cleanup_free_ char *time_zone = zone ? hcs_json_text(zone, HCS_JSON_COMPACT) : NULL;
        struct script s = {.event = skip_foreign(hcs_json_first(hcs_json_lookup(c, "output.events"))),
                           .answers = hcs_json_get(input, "guest_answers")};
        bool connect = hcs_streq(hcs_json_get_string(input, "call"), "Connect");
        struct hcs_gcs_connection *gc = NULL;
        struct outcome o = {0};
        struct guest g;
        HRESULT hr;

        if (hcs_str_starts(name, "hcs-process") || hcs_str_starts(name, "cmd-hcs")) {
                check_command_of_hcs(c); /* no bridge there */
                ++*(unsigned *)ctx;
                return;
        }
        guest_init(&g);
        g.windows = hcs_streq(hcs_json_get_string(input, "guest_os"), "windows");
        g.on_frame = follow;
        g.ctx = &s;
        guest_start(&g);
        hr = hcs_gcs_connect(g.host, g.transport,
                             &(struct hcs_gcs_options){.warm = cold && !hcs_json_bool(cold), .time_zone = time_zone},
                             NULL, &gc, &o.err);
        if (SUCCEEDED(hr) && connect)
                o.returned = describe_connection(gc);
        else if (SUCCEEDED(hr))
                run_call(name, gc, input, &o);
        hcs_gcs_connection_unref(gc);
        guest_deinit(&g);
        if (s.difference.len)
                fail_msg("%s: %s", name, s.difference.data);
        if (s.event)
                fail_msg("%s: the script has a frame that was not sent", name);
        assert_error(name, hcs_json_get_string(c, "error"), o.err);
        if (!o.err)
                assert_returned(name, hcs_json_lookup(c, "output.returned"), o.returned);
        hcs_buf_deinit(&s.difference);
        hcs_json_free(o.returned);
        hcs_error_free(o.err);
        ++*(unsigned *)ctx;
}

static void every_case_of_the_host_goes_as_in_the_original(void **state) {
        unsigned n = 0;

        hcs_log_set_level(HCS_LOG_ERROR);
        hcs_test_each_case("golden/gcs/host.jsonl", run_case, &n);
        assert_true(n >= 70);
}

static void every_command_becomes_the_recorded_parameters(void **state) {
        unsigned n = 0;

        hcs_test_each_case("golden/gcs/process.jsonl", run_case, &n);
        assert_true(n >= 18);
}

/* ---- calls on a utility VM: of these the bridge's part, each frame asked for as the VM's code would ---- */

static HRESULT ask_as_recorded(struct hcs_gcs_connection *gc, const struct hcs_json *event, struct hcs_error **err) {
        const char *rpc = hcs_json_get_string(event, "rpc");
        const struct hcs_json *body = hcs_json_get(event, "body");
        _cleanup_(hcs_gcs_container_unrefp) struct hcs_gcs_container *c = NULL;
        _cleanup_free_ char *text = NULL;

        if (hcs_streq(rpc, "ModifySettings")) {
                text = hcs_json_text(hcs_json_get(body, "Request"), HCS_JSON_COMPACT);
                return hcs_gcs_modify(gc, text, NULL, err);
        }
        if (hcs_streq(rpc, "ModifyServiceSettings")) {
                text = hcs_json_text(hcs_json_get(body, "Settings"), HCS_JSON_COMPACT);
                return hcs_gcs_modify_service(gc, hcs_json_get_string(body, "PropertyType"), text, NULL, err);
        }
        if (!hcs_streq(rpc, "Create"))
                fail_msg("no test for %s", rpc);
        return hcs_gcs_container_create(gc, hcs_json_get_string(body, "ContainerId"),
                                        hcs_json_get_string(body, "ContainerConfig"), NULL, &c, err);
}

/* What the guest answers to this event; 0 when it says nothing about it. */
static int64_t recorded_result(const struct hcs_json *event) {
        const char *text = hcs_json_get_string(hcs_json_next(event), "body_text");
        _cleanup_json_ struct hcs_json *answer = NULL;
        int64_t result = 0;

        if (text && SUCCEEDED(hcs_json_parse_cstr(text, &answer, NULL)))
                hcs_json_i64(hcs_json_get(answer, "Result"), &result);
        return result;
}

static void run_vm_case(const struct hcs_json *c, void *ctx) {
        const struct hcs_json *first = skip_foreign(hcs_json_first(hcs_json_lookup(c, "output.events")));
        struct script s = {.event = first};
        const char *name = hcs_json_get_string(c, "name");
        struct hcs_gcs_connection *gc;
        struct guest g;

        if (!first)
                return; /* nothing goes over the bridge */
        guest_init(&g);
        g.windows = hcs_streq(hcs_json_string(hcs_json_lookup(c, "input.guest_os")), "windows");
        g.on_frame = follow;
        g.ctx = &s;
        gc = guest_connect(&g, NULL);
        for (const struct hcs_json *e = first; e; e = skip_foreign(hcs_json_next(e))) {
                struct hcs_error *err = NULL;

                if (!is_from_host(e))
                        continue;
                if (ask_as_recorded(gc, e, &err) != (HRESULT)recorded_result(e))
                        fail_msg("%s: %s", name, err ? hcs_error_message(err) : "succeeds");
                hcs_error_free(err);
        }
        hcs_gcs_connection_unref(gc);
        guest_deinit(&g);
        if (s.difference.len)
                fail_msg("%s: %s", name, s.difference.data);
        assert_null(s.event);
        ++*(unsigned *)ctx;
}

static void the_bridge_part_of_every_case_of_a_vm_goes_as_in_the_original(void **state) {
        unsigned n = 0;

        hcs_test_each_case("golden/gcs/uvm.jsonl", run_vm_case, &n);
        assert_true(n >= 32);
}

HCS_TESTS(cmocka_unit_test(every_case_of_the_host_goes_as_in_the_original),
          cmocka_unit_test(every_command_becomes_the_recorded_parameters),
          cmocka_unit_test(the_bridge_part_of_every_case_of_a_vm_goes_as_in_the_original))
