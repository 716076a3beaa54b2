/* SPDX-License-Identifier: MIT */

/* A client of a service that goes away, comes back, or is none. */

#include <stdatomic.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/str.h"
#include "mockhcs/mockhcs.h"
#include "mockhcs/remote/wire.h"
#include "mockhcs/service.h"
#include "mockhcs/test/core.h"
#include "platform/pipe.h"
#include "platform/thread.h"
#include "testing/hcs_test.h"

#define VM    "{\"VirtualMachine\":{}}"
#define HELLO "{\"hello\":\"mockhcs\",\"version\":2,\"backend\":\"fake\",\"build\":1,\"notes\":false}"

static char *path, *spec;
static struct mockhcs *mock;

static int setup(void **state) {
        char *folder = hcs_test_tmpdir();

        path = hcs_asprintf("%s/s", folder);
        spec = hcs_asprintf("remote=%s", path);
        free(folder);
        return 0;
}

static int teardown(void **state) {
        mock = mockhcs_close(mock);
        free(path);
        free(spec);
        return 0;
}

static struct mockhcs_service *start(const char *backend) {
        struct mockhcs_service *s = NULL;
        struct hcs_error *err = NULL;

        assert_ok(mockhcs_service_open(&(struct mockhcs_service_options){.socket = path, .backend = backend}, &s, &err),
                  err);
        return s;
}

static void stop(struct mockhcs_service *s) {
        struct hcs_error *err = NULL;

        assert_ok(mockhcs_service_close(s, &err), err);
}

static void open_client(void) {
        struct hcs_error *err = NULL;

        assert_ok(mockhcs_open(spec, &mock, &err), err);
}

static HCS_SYSTEM running(const char *id) {
        HCS_SYSTEM s = NULL;

        assert_hresult(core_create(id, VM, &s, NULL), S_OK);
        assert_hresult(core_start(s), S_OK);
        return s;
}

static void without_a_service_calls_say_so_until_there_is_one(void **state) {
        _cleanup_free_ char *why = NULL;
        struct mockhcs_service *s;
        HCS_SYSTEM system = NULL;

        open_client();
        assert_hresult(core_enumerate("", NULL), HCS_E_SERVICE_NOT_AVAILABLE);
        assert_hresult(core_create("a", VM, &system, &why), HCS_E_SERVICE_NOT_AVAILABLE);
        assert_null(system);
        assert_non_null(strstr(why, path));
        s = start("emulate");
        assert_hresult(core_enumerate("", NULL), S_OK);
        stop(s);
        assert_hresult(core_enumerate("", NULL), HCS_E_SERVICE_NOT_AVAILABLE);
}

struct heard {
        atomic_uint system, process;
};

static void HCS_ABI_CALL hear(HCS_EVENT *event, void *context) {
        if (event->Type == HcsEventServiceDisconnect)
                atomic_fetch_add((atomic_uint *)context, 1);
}

static void everybody_hears_when_the_service_goes(void **state) {
        struct mockhcs_service *s = start("emulate");
        HCS_OPERATION op;
        HCS_PROCESS_INFORMATION info = {0};
        HCS_PROCESS p = NULL;
        HCS_SYSTEM system;
        struct heard heard = {0};
        char byte;
        size_t n = 0;

        open_client();
        system = running("a");
        op = HcsCreateOperation(NULL, NULL);
        assert_hresult(HcsCreateProcess(system, u"{\"CommandLine\":\"cat\",\"CreateStdOutPipe\":true}", op, NULL, &p),
                       S_OK);
        assert_hresult(HcsWaitForOperationResultAndProcessInfo(op, INFINITE, &info, NULL), S_OK);
        HcsCloseOperation(op);
        assert_hresult(HcsSetComputeSystemCallback(system, 0, &heard.system, hear), S_OK);
        assert_hresult(HcsSetProcessCallback(p, 0, &heard.process, hear), S_OK);
        stop(s);
        assert_hresult(hcs_pipe_read(info.StdOutput, &byte, 1, &n, NULL), S_FALSE);
        hcs_pipe_close(info.StdOutput);
        assert_hresult(HcsWaitForComputeSystemExit(system, INFINITE, NULL), HCS_E_SERVICE_DISCONNECT);
        assert_hresult(HcsWaitForProcessExit(p, INFINITE, NULL), HCS_E_SERVICE_DISCONNECT);
        mockhcs_drain(mock);
        assert_int_equal(atomic_load(&heard.system), 1);
        assert_int_equal(atomic_load(&heard.process), 1);
        assert_hresult(core_terminate(system), HCS_E_SERVICE_DISCONNECT);
        HcsCloseProcess(p);
        HcsCloseComputeSystem(system);
        assert_int_equal(mockhcs_leaks(mock, NULL), 0);
}

static void what_was_accepted_ends_with_the_service(void **state) {
        struct mockhcs_service *s = start("emulate,delay=3600000");
        HCS_OPERATION op = NULL;
        HCS_SYSTEM system = NULL;

        open_client();
        op = HcsCreateOperation(NULL, NULL);
        assert_hresult(HcsCreateComputeSystem(u"a", u"{\"VirtualMachine\":{}}", op, NULL, &system), S_OK);
        assert_hresult(HcsGetOperationResult(op, NULL), HCS_E_OPERATION_PENDING);
        stop(s);
        assert_hresult(HcsWaitForOperationResult(op, INFINITE, NULL), HCS_E_SERVICE_DISCONNECT);
        HcsCloseOperation(op);
        HcsCloseComputeSystem(system);
}

static void after_the_service_returns_new_handles_work_and_old_ones_do_not(void **state) {
        struct mockhcs_service *s = start("emulate");
        HCS_SYSTEM old, fresh;

        open_client();
        old = running("a");
        stop(s);
        s = start("emulate");
        assert_hresult(core_terminate(old), HCS_E_SERVICE_DISCONNECT);
        fresh = running("a"); /* it is another world */
        assert_hresult(core_terminate(old), HCS_E_SERVICE_DISCONNECT);
        assert_hresult(core_terminate(fresh), S_OK);
        HcsCloseComputeSystem(old);
        HcsCloseComputeSystem(fresh);
        assert_int_equal(mockhcs_leaks(mock, NULL), 0);
        mock = mockhcs_close(mock);
        stop(s);
}

static void the_world_outlives_the_service_in_its_state_file(void **state) {
        _cleanup_free_ char *file = hcs_asprintf("%s.state", path);
        struct mockhcs_service_options o = {.socket = path, .state = file};
        struct mockhcs_service *s = NULL;
        struct hcs_error *err = NULL;
        HCS_SYSTEM system;

        assert_ok(mockhcs_service_open(&o, &s, &err), err);
        open_client();
        HcsCloseComputeSystem(running("kept"));
        stop(s);
        assert_ok(mockhcs_service_open(&o, &s, &err), err);
        assert_hresult(HcsOpenComputeSystem(u"kept", GENERIC_ALL, &system), S_OK);
        assert_hresult(core_terminate(system), S_OK);
        HcsCloseComputeSystem(system);
        mock = mockhcs_close(mock);
        stop(s);
        assert_ok(mockhcs_service_open(&o, &s, &err), err);
        open_client();
        assert_hresult(HcsOpenComputeSystem(u"kept", GENERIC_ALL, &system), HCS_E_SYSTEM_NOT_FOUND);
        mock = mockhcs_close(mock);
        stop(s);
}

/* ---- who is no service ---- */

struct fake {
        struct hcs_listener *listener;
        struct hcs_thread thread;
        const char *hello, *answer; /* texts of frames; NULL: none */
        size_t cut;                 /* of the answer's frame, that many bytes only */
        HRESULT large;              /* how the call ended that had much to say */
};

static void put_frame(struct hcs_buf *b, const char *text) {
        size_t begin = mock_wire_begin(b);

        hcs_buf_puts(b, text);
        mock_wire_end(b, begin);
}

static void play(void *arg) {
        struct fake *f = arg;
        struct mock_wire_reader r = {0};
        struct hcs_buf out = {0};
        struct mock_slice frame;

        if (FAILED(hcs_listener_accept(f->listener, NULL, &r.stream, NULL)))
                return;
        if (mock_wire_read(&r, NULL, &frame, NULL) == S_OK && f->hello) {
                put_frame(&out, f->hello);
                hcs_stream_write(r.stream, out.data, out.len, NULL, NULL);
        }
        hcs_buf_clear(&out);
        if (f->answer && mock_wire_read(&r, NULL, &frame, NULL) == S_OK) {
                put_frame(&out, f->answer);
                hcs_stream_write(r.stream, out.data, f->cut ? f->cut : out.len, NULL, NULL);
        }
        if (f->answer && !f->cut) /* until the client has had enough */
                while (mock_wire_read(&r, NULL, &frame, NULL) == S_OK)
                        continue;
        hcs_buf_deinit(&out);
        mock_wire_reader_deinit(&r);
        hcs_stream_close(r.stream);
}

static void start_fake(struct fake *f) {
        struct hcs_error *err = NULL;

        assert_ok(hcs_listener_private(path, &f->listener, &err), err);
        assert_ok(hcs_thread_start(&f->thread, play, f, &err), err);
}

static void stop_fake(struct fake *f) {
        hcs_thread_join(&f->thread);
        hcs_listener_close(f->listener);
}

static void who_is_no_service_is_refused_when_opening(void **state) {
        static const struct {
                const char *hello;
                HRESULT hr;
        } cases[] = {
                {"{\"hello\":\"mockhcs\",\"version\":7}", HCS_WIN32(1306)},
                {"{\"hello\":\"world\",\"version\":1}", E_INVALIDARG},
                {"{\"refused\":\"no\",\"hr\":\"0x80070005\"}", E_ACCESSDENIED},
                {"220 mail ready", HCS_E_INVALID_JSON},
                {"null", E_INVALIDARG},
                {NULL, HCS_WIN32(109)},
        };

        for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
                struct fake f = {.hello = cases[i].hello};

                start_fake(&f);
                assert_hresult(mockhcs_open(spec, &mock, NULL), cases[i].hr);
                stop_fake(&f);
        }
}

static void a_service_that_makes_no_sense_is_one_that_went_away(void **state) {
        static const struct {
                const char *answer;
                size_t cut;
        } cases[] = {
                {"{\"return\":77,\"hr\":\"0x00000000\"}", 0},
                {"rubbish", 0},
                {"{\"return\":1,\"hr\":\"0x00000000\"", 0},
                {"{\"return\":\"x\",\"hr\":1}", 0},
                {"{\"answer\":9}", 0},
                {"{\"refused\":\"enough\"}", 0},
                {"{\"return\":2,\"hr\":\"0x00000000\",\"out\":{}}", 20},
                {"{\"return\":2,\"hr\":\"0x00000000\",\"out\":{}}", 3},
                {"\xff\xff\xff\xff", 0},
        };

        for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
                struct fake f = {.hello = HELLO, .answer = cases[i].answer, .cut = cases[i].cut};
                HRESULT hr;

                start_fake(&f);
                open_client();
                hr = core_enumerate("", NULL);
                if (hr != HCS_E_SERVICE_DISCONNECT)
                        fail_msg("%s: 0x%08X", cases[i].answer, (unsigned)hr);
                mock = mockhcs_close(mock);
                stop_fake(&f);
        }
}

/* ---- a service that wants to be read before it reads on ---- */

#define MUCH ((size_t)4 << 20) /* more than a socket holds */

static void say(struct mock_wire_reader *r, const char *text) {
        struct hcs_buf out = {0};

        put_frame(&out, text);
        hcs_stream_write(r->stream, out.data, out.len, NULL, NULL);
        hcs_buf_deinit(&out);
}

/* Answers a call with success; the text is its frame, or the beginning of it. */
static void say_return(struct mock_wire_reader *r, const char *call) {
        const char *n = strstr(call, "\"n\":") + 4;
        char *text =
                hcs_asprintf("{\"return\":%.*s,\"hr\":\"0x00000000\",\"out\":{}}", (int)strspn(n, "0123456789"), n);

        say(r, text);
        free(text);
}

static void call_with_much(void *arg) {
        struct hcs_buf query = {0};

        hcs_buf_puts(&query, "{\"Owners\":[\"");
        for (size_t i = 0; i < MUCH; i++)
                hcs_buf_putc(&query, 'x');
        hcs_buf_puts(&query, "\"]}");
        *(HRESULT *)arg = core_enumerate(hcs_buf_cstr(&query), NULL);
        hcs_buf_deinit(&query);
}

/* Answers the small call when the large one has begun to come, and says much before it takes the rest of that. */
static void play_before_reading(void *arg) {
        struct fake *f = arg;
        struct mock_wire_reader r = {0};
        struct hcs_buf event = {0};
        struct mock_slice frame;
        struct hcs_thread large;
        HRESULT hr = E_FAIL;
        char *small;
        size_t n = 0;

        if (FAILED(hcs_listener_accept(f->listener, NULL, &r.stream, NULL)) ||
            mock_wire_read(&r, NULL, &frame, NULL) != S_OK)
                return;
        say(&r, HELLO);
        mock_wire_read(&r, NULL, &frame, NULL);
        small = hcs_strndup(frame.p, frame.n);
        hcs_thread_start(&large, call_with_much, &hr, NULL);
        while (r.in.len - r.taken < 256) {
                hcs_buf_reserve(&r.in, 256);
                if (hcs_stream_read_bound(r.stream, r.in.data + r.in.len, 256, NULL, &n, NULL) != S_OK)
                        break;
                r.in.len += n;
        }
        say_return(&r, small);
        hcs_buf_puts(&event, "{\"event\":\"SystemExited\",\"on\":\"system/99\",\"data\":\"");
        for (size_t i = 0; i < MUCH; i++)
                hcs_buf_putc(&event, 'x');
        hcs_buf_puts(&event, "\"}");
        say(&r, hcs_buf_cstr(&event));
        if (mock_wire_read(&r, NULL, &frame, NULL) == S_OK) {
                char *call = hcs_strndup(frame.p, 256);

                say_return(&r, call);
                free(call);
        }
        hcs_thread_join(&large);
        f->large = hr;
        free(small);
        hcs_buf_deinit(&event);
        mock_wire_reader_deinit(&r);
        hcs_stream_close(r.stream);
}

static void the_connection_is_read_while_a_call_is_still_sent(void **state) {
        struct fake f = {.large = E_FAIL};
        struct hcs_error *err = NULL;

        assert_ok(hcs_listener_private(path, &f.listener, &err), err);
        assert_ok(hcs_thread_start(&f.thread, play_before_reading, &f, &err), err);
        open_client();
        assert_hresult(core_enumerate("", NULL), S_OK);
        stop_fake(&f);
        assert_hresult(f.large, S_OK);
}

/* ---- a service that tells of a disconnect ---- */

/* On the system of that call. */
static void say_event(struct mock_wire_reader *r, const char *name, const char *call) {
        const char *on = strstr(call, "\"system\":") + strlen("\"system\":");
        char *event =
                hcs_asprintf("{\"event\":\"%s\",\"on\":%.*s,\"hr\":\"0x8037011E\"}", name, (int)strcspn(on, ",}"), on);

        say(r, event);
        free(event);
}

/* While it answers the first start. */
static void play_disconnect(void *arg) {
        struct fake *f = arg;
        struct mock_wire_reader r = {0};
        struct mock_slice frame;
        bool told = false;

        if (FAILED(hcs_listener_accept(f->listener, NULL, &r.stream, NULL)) ||
            mock_wire_read(&r, NULL, &frame, NULL) != S_OK)
                return;
        say(&r, HELLO);
        while (mock_wire_read(&r, NULL, &frame, NULL) == S_OK) {
                char *call = hcs_strndup(frame.p, frame.n);

                if (!told && strstr(call, "HcsStartComputeSystem")) {
                        say_event(&r, "ServiceDisconnect", call);
                        told = true;
                }
                say_return(&r, call);
                free(call);
        }
        mock_wire_reader_deinit(&r);
        hcs_stream_close(r.stream);
}

static void a_call_does_not_undo_a_disconnect_that_came_meanwhile(void **state) {
        struct fake f = {0};
        struct hcs_error *err = NULL;
        HCS_SYSTEM system;

        assert_ok(hcs_listener_private(path, &f.listener, &err), err);
        assert_ok(hcs_thread_start(&f.thread, play_disconnect, &f, &err), err);
        open_client();
        system = running("a");
        assert_hresult(HcsWaitForComputeSystemExit(system, 0, NULL), HCS_E_SERVICE_DISCONNECT);
        assert_hresult(core_start(system), S_OK);
        assert_hresult(HcsWaitForComputeSystemExit(system, 0, NULL), HCS_E_OPERATION_TIMEOUT);
        HcsCloseComputeSystem(system);
        mock = mockhcs_close(mock);
        stop_fake(&f);
}

/* ---- a service that goes and is back at once ---- */

#define MANY 4000

/* Answers calls, the first time until one enumerates; an end of a system follows its pause. */
static void answer_calls(struct mock_wire_reader *r, bool first) {
        struct mock_slice frame;
        bool ends = false;

        while (!ends && mock_wire_read(r, NULL, &frame, NULL) == S_OK) {
                char *call = hcs_strndup(frame.p, frame.n);

                ends = first && strstr(call, "HcsEnumerateComputeSystems");
                if (!ends)
                        say_return(r, call);
                if (strstr(call, "HcsPauseComputeSystem"))
                        say_event(r, "SystemExited", call);
                free(call);
        }
}

static void play_twice(void *arg) {
        struct fake *f = arg;

        for (int i = 0; i < 2; i++) {
                struct mock_wire_reader r = {0};
                struct mock_slice frame;

                if (FAILED(hcs_listener_accept(f->listener, NULL, &r.stream, NULL)))
                        return;
                if (mock_wire_read(&r, NULL, &frame, NULL) == S_OK) {
                        say(&r, HELLO);
                        answer_calls(&r, i == 0);
                }
                mock_wire_reader_deinit(&r);
                hcs_stream_close(r.stream);
        }
}

/* By the second call there is a new connection, while the reader of the old one still tells its handles. */
static void all_hear_that_the_service_went_when_it_is_back_at_once(void **state) {
        static HCS_SYSTEM systems[MANY];
        struct heard heard = {0};
        struct hcs_error *err = NULL;
        struct fake f = {0};

        assert_ok(hcs_listener_private(path, &f.listener, &err), err);
        assert_ok(hcs_thread_start(&f.thread, play_twice, &f, &err), err);
        open_client();
        for (size_t i = 0; i < MANY; i++) {
                assert_hresult(core_create("a", VM, &systems[i], NULL), S_OK);
                assert_hresult(HcsSetComputeSystemCallback(systems[i], 0, &heard.system, hear), S_OK);
        }
        /* What follows a call is read by the connection's own thread, which then reads on. */
        assert_hresult(core_pause(systems[0]), S_OK);
        assert_hresult(HcsWaitForComputeSystemExit(systems[0], INFINITE, NULL), S_OK);
        assert_hresult(core_enumerate("", NULL), HCS_E_SERVICE_DISCONNECT);
        assert_hresult(core_enumerate("", NULL), S_OK);
        mockhcs_drain(mock);
        assert_int_equal(atomic_load(&heard.system), MANY);
        for (size_t i = 0; i < MANY; i++)
                HcsCloseComputeSystem(systems[i]);
        mock = mockhcs_close(mock);
        stop_fake(&f);
}

static void options_are_checked(void **state) {
        struct hcs_error *err = NULL;

        assert_hresult(mockhcs_open("remote=/x,start=maybe", &mock, &err), E_INVALIDARG);
        err = hcs_error_free(err);
        assert_hresult(mockhcs_open("remote", &mock, &err), E_INVALIDARG);
        err = hcs_error_free(err);
        assert_hresult(mockhcs_open("remote=/x,emulate", &mock, &err), E_INVALIDARG);
        err = hcs_error_free(err);
        assert_hresult(mockhcs_open("remote=/x,start=yes,program=/no/such/program", &mock, &err), HCS_WIN32(2));
        hcs_error_free(err);
}

#define TEST(test) cmocka_unit_test_setup_teardown(test, setup, teardown)

HCS_TESTS(TEST(without_a_service_calls_say_so_until_there_is_one), TEST(everybody_hears_when_the_service_goes),
          TEST(what_was_accepted_ends_with_the_service),
          TEST(after_the_service_returns_new_handles_work_and_old_ones_do_not),
          TEST(the_world_outlives_the_service_in_its_state_file), TEST(who_is_no_service_is_refused_when_opening),
          TEST(a_service_that_makes_no_sense_is_one_that_went_away),
          TEST(the_connection_is_read_while_a_call_is_still_sent),
          TEST(a_call_does_not_undo_a_disconnect_that_came_meanwhile),
          TEST(all_hear_that_the_service_went_when_it_is_back_at_once), TEST(options_are_checked))
