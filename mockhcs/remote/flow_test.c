/* SPDX-License-Identifier: MIT */

/* A client whose streams are held: the test is its service, and says what was taken. */

#include <stdio.h>

#include "base/str.h"
#include "mockhcs/mockhcs.h"
#include "mockhcs/test/core.h"
#include "mockhcs/test/service_client.h"
#include "platform/pipe.h"
#include "platform/thread.h"
#include "testing/hcs_test.h"

#define HELLO      "{\"hello\":\"mockhcs\",\"version\":2,\"backend\":\"test\",\"build\":1,\"notes\":false}"
#define PARAMETERS u"{\"CommandLine\":\"x\",\"CreateStdInPipe\":true,\"CreateStdOutPipe\":true}"
#define PIECE      ((size_t)16 << 10)
#define OUTPUT     ((size_t)256 << 10)
#define LITTLE     ((size_t)64 << 10)
#define PIPE       ((size_t)64 << 10) /* as much as one holds */
#define INPUT      ((size_t)1 << 20)
#define INPUT_HELD ((size_t)64 << 10)

/* ---- the client, in a thread of its own, which asserts nothing ---- */

static struct user {
        struct hcs_thread thread;
        struct mockhcs *mock;
        HCS_PROCESS process;
        HCS_PROCESS_INFORMATION info;
        size_t moved;
        HRESULT hr, waited;
        void (*then)(struct user *u);
} user;

static void start_process(HCS_SYSTEM system, struct user *u) {
        HCS_OPERATION op = HcsCreateOperation(NULL, NULL);

        u->hr = (HRESULT)HcsCreateProcess(system, (PCWSTR)PARAMETERS, op, NULL, &u->process);
        if (SUCCEEDED(u->hr))
                u->hr = (HRESULT)HcsWaitForOperationResultAndProcessInfo(op, INFINITE, &u->info, NULL);
        HcsCloseOperation(op);
}

static void use(void *arg) {
        struct user *u = arg;
        _cleanup_free_ char *spec = hcs_asprintf("remote=%s", service_path());
        HCS_SYSTEM system = NULL;

        u->hr = mockhcs_open(spec, &u->mock, NULL);
        if (SUCCEEDED(u->hr))
                u->hr = core_create("a", "{\"Container\":{}}", &system, NULL);
        if (SUCCEEDED(u->hr))
                start_process(system, u);
        if (SUCCEEDED(u->hr))
                u->then(u);
        if (u->process)
                HcsCloseProcess(u->process);
        if (system)
                HcsCloseComputeSystem(system);
        mockhcs_close(u->mock);
}

/* All that its engine had to do is done before the call is made. */
static void ask(void *arg) {
        struct user *u = arg;

        mockhcs_drain(u->mock);
        core_enumerate("", NULL);
}

static void wait(struct user *u) {
        u->waited = (HRESULT)HcsWaitForProcessExit(u->process, INFINITE, NULL);
}

/* ---- the service ---- */

static struct hcs_listener *listener;
static struct client at; /* the stream to the client */
static char process[32]; /* the client's name for it */

static int setup(void **state) {
        assert_ok(hcs_listener_private(service_path(), &listener, NULL), NULL);
        return 0;
}

static int teardown(void **state) {
        listener = hcs_listener_close(listener);
        return 0;
}

static uint64_t number_after(const char *text, const char *name) {
        const char *place = strstr(text, name);
        _cleanup_free_ char *digits = NULL;
        uint64_t n = 0;

        assert_non_null(place);
        place += strlen(name);
        digits = hcs_strndup(place, strspn(place, "0123456789"));
        assert_true(hcs_str_to_u64(digits, &n));
        return n;
}

/* more: of the return. */
static void answer(const char *call, const char *more) {
        _cleanup_free_ char *text = hcs_asprintf("{\"return\":%llu,\"hr\":\"0x00000000\",\"out\":{}%s}",
                                                 (unsigned long long)number_after(call, "\"n\":"), more);

        client_send(&at, text);
}

static void answer_control(const char *request) {
        _cleanup_free_ char *text =
                hcs_asprintf("{\"answer\":%llu,\"result\":{}}", (unsigned long long)number_after(request, "\"n\":"));

        client_send(&at, text);
}

static char *receive(void) {
        for (;;) {
                char *text = client_receive(&at);

                if (!text || !strstr(text, "\"control\":\"drain\""))
                        return text;
                answer_control(text);
                free(text);
        }
}

static void print(size_t n) {
        _cleanup_buf_ struct hcs_buf text = {0};

        hcs_buf_printf(&text, "{\"stdio\":\"%s\",\"stream\":\"stdout\",\"text\":\"", process);
        for (size_t i = 0; i < PIECE; i++)
                hcs_buf_putc(&text, 'x');
        hcs_buf_puts(&text, "\"}");
        for (size_t i = 0; i < n; i += PIECE)
                client_send(&at, hcs_buf_cstr(&text));
}

/* Its process has printed so much before it knows that there is one. */
static void begin(void (*then)(struct user *u), size_t printed) {
        _cleanup_free_ char *hello = NULL, *create = NULL, *start = NULL;
        const char *name;

        user = (struct user){.then = then};
        assert_ok(hcs_thread_start(&user.thread, use, &user, NULL), NULL);
        at = (struct client){0};
        assert_ok(hcs_listener_accept(listener, NULL, &at.reader.stream, NULL), NULL);
        hello = client_receive(&at);
        assert_non_null(strstr(hello, "\"versions\":[2]"));
        client_send(&at, HELLO);
        create = client_receive(&at);
        answer(create, "");
        start = client_receive(&at);
        name = strstr(start, "\"process/");
        assert_non_null(name);
        snprintf(process, sizeof(process), "%.*s", (int)strcspn(name + 1, "\""), name + 1);
        print(printed);
        answer(start, ",\"process\":{\"id\":7,\"stdin\":true,\"stdout\":true,\"stderr\":false}");
}

/* The rest is answered as it comes. */
static void end(void) {
        char *text;

        while ((text = receive())) {
                if (strstr(text, "\"call\":"))
                        answer(text, "");
                free(text);
        }
        client_disconnect(&at);
        hcs_thread_join(&user.thread);
        assert_hresult(user.hr, S_OK);
}

/* What the client says to have taken before its next call, which is answered. */
static uint64_t taken_until_asked(void) {
        uint64_t sum = 0;

        for (;;) {
                _cleanup_free_ char *text = receive();

                assert_non_null(text);
                if (strstr(text, "\"call\":")) {
                        answer(text, "");
                        return sum;
                }
                assert_non_null(strstr(text, "\"stream\":\"stdout\""));
                sum += number_after(text, "\"bytes\":");
        }
}

static void took(uint64_t n, const char *stream) {
        _cleanup_free_ char *text = hcs_asprintf("{\"took\":\"%s\",\"stream\":\"%s\",\"bytes\":%llu}", process, stream,
                                                 (unsigned long long)n);

        client_send(&at, text);
}

/* ---- output ---- */

static void read_between_questions(struct user *u) {
        static char data[PIECE];
        size_t n = 0;

        ask(u);
        while (u->moved < OUTPUT && hcs_pipe_read(u->info.StdOutput, data, sizeof(data), &n, NULL) == S_OK)
                u->moved += n;
        ask(u);
}

static void output_is_taken_when_it_is_read(void **state) {
        uint64_t sum;

        begin(read_between_questions, OUTPUT);
        sum = taken_until_asked();
        assert_in_range(sum, 0, PIPE);
        sum += taken_until_asked();
        assert_in_range(sum, OUTPUT - LITTLE, OUTPUT);
        end();
        assert_int_equal(user.moved, OUTPUT);
}

static void read_nothing(struct user *u) {
        hcs_pipe_close(u->info.StdOutput);
        ask(u); /* until that is answered the process stays open */
}

static void output_for_nobody_is_taken(void **state) {
        _cleanup_free_ char *question = NULL;
        uint64_t sum = 0;

        begin(read_nothing, OUTPUT);
        while (sum < OUTPUT || !question) {
                char *text = receive();

                assert_non_null(text);
                if (strstr(text, "\"call\":")) {
                        question = text;
                        continue;
                }
                sum += number_after(text, "\"bytes\":");
                free(text);
        }
        answer(question, "");
        end();
}

/* ---- input ---- */

static void write_much(struct user *u) {
        static char data[PIECE];
        size_t n = 0;

        while (u->moved < INPUT && hcs_pipe_write(u->info.StdInput, data, sizeof(data), &n, NULL) == S_OK)
                u->moved += n;
        hcs_pipe_close(u->info.StdInput);
        core_service("", NULL); /* until that is answered the process stays open */
}

struct input {
        size_t all, told;
        bool ended;
        char *last_call;
};

static void take_input(struct input *in, const char *text) {
        const char *data = strstr(text, "\"text\":\"");

        if (strstr(text, "\"HcsGetServiceProperties\"")) {
                in->last_call = hcs_strdup(text);
                return;
        }
        assert_non_null(strstr(text, "\"stream\":\"stdin\""));
        in->ended |= strstr(text, "\"end\":true") != NULL;
        if (data)
                in->all += strcspn(data + 8, "\"") / strlen("\\u0000");
}

/* Whatever the client does of itself it has done. */
static void let_it_work(struct input *in) {
        struct hcs_thread thread;

        assert_ok(hcs_thread_start(&thread, ask, &user, NULL), NULL);
        for (bool asked = false; !asked;) {
                _cleanup_free_ char *text = receive();

                asked = strstr(text, "\"HcsEnumerateComputeSystems\"") != NULL;
                if (asked)
                        answer(text, "");
                else
                        take_input(in, text);
        }
        hcs_thread_join(&thread);
}

static void take_until_held(struct input *in) {
        while (!in->ended && in->all - in->told < INPUT_HELD) {
                _cleanup_free_ char *text = receive();

                take_input(in, text);
        }
        if (in->ended)
                return;
        let_it_work(in);
        assert_in_range(in->all - in->told, INPUT_HELD, INPUT_HELD + PIECE);
}

static void input_waits_until_it_is_taken(void **state) {
        struct input in = {0};

        begin(write_much, 0);
        while (!in.ended) {
                take_until_held(&in);
                took(in.all - in.told, "stdin");
                in.told = in.all;
        }
        assert_int_equal(in.all, INPUT);
        if (in.last_call) /* else it is yet to come */
                answer(in.last_call, "");
        free(in.last_call);
        end();
        assert_int_equal(user.moved, INPUT);
}

static void a_service_that_goes_holds_nobody_up(void **state) {
        struct input in = {0};

        begin(write_much, 0);
        take_until_held(&in);
        listener = hcs_listener_close(listener); /* nor does it come back */
        client_disconnect(&at);
        hcs_thread_join(&user.thread);
        assert_int_equal(user.moved, INPUT);
        free(in.last_call);
}

static void more_than_was_sent_cannot_be_taken(void **state) {
        static const char *const streams[] = {"stdin", "stdout"};

        for (size_t i = 0; i < HCS_ARRAY_SIZE(streams); i++) {
                begin(wait, 0);
                took(1, streams[i]);
                client_expect_end(&at);
                client_disconnect(&at);
                hcs_thread_join(&user.thread);
                assert_hresult(user.waited, HCS_E_SERVICE_DISCONNECT);
        }
}

#define TEST(test) cmocka_unit_test_setup_teardown(test, setup, teardown)

HCS_TESTS(TEST(output_is_taken_when_it_is_read), TEST(output_for_nobody_is_taken), TEST(input_waits_until_it_is_taken),
          TEST(a_service_that_goes_holds_nobody_up), TEST(more_than_was_sent_cannot_be_taken))
