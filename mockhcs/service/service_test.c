/* SPDX-License-Identifier: MIT */

/* A service from the wire: clients that know the rules, and clients that do not. */

#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/json.h"
#include "base/str.h"
#include "mockhcs/remote/wire.h"
#include "mockhcs/service.h"
#include "platform/clock.h"
#include "platform/file.h"
#include "testing/hcs_test.h"

#define CREATE                                                                                                   \
        "{\"call\":\"HcsCreateComputeSystem\",\"dll\":\"computecore\",\"n\":%d,\"t\":0,\"args\":{\"id\":\"%s\"," \
        "\"configuration\":{\"SchemaVersion\":{\"Major\":2,\"Minor\":1},\"Container\":{}%s},\"operation\":"      \
        "\"operation/1\","                                                                                       \
        "\"creates\":\"system/%d\"}}\n"
#define HELLO "{\"hello\":\"mockhcs\",\"versions\":[1],\"program\":\"test\"}"

static char *path;

struct client {
        struct mock_wire_reader reader;
};

static struct mockhcs_service *start(struct mockhcs_service_options o) {
        struct mockhcs_service *s = NULL;
        struct hcs_error *err = NULL;

        o.socket = path;
        assert_ok(mockhcs_service_open(&o, &s, &err), err);
        return s;
}

static void stop(struct mockhcs_service *s) {
        struct hcs_error *err = NULL;

        assert_ok(mockhcs_service_close(s, &err), err);
}

static struct client connect_raw(void) {
        struct client c = {0};
        struct hcs_error *err = NULL;

        assert_ok(hcs_stream_connect_private(path, NULL, &c.reader.stream, &err), err);
        return c;
}

static void disconnect(struct client *c) {
        mock_wire_reader_deinit(&c->reader);
        c->reader.stream = hcs_stream_close(c->reader.stream);
}

static void send_bytes(struct client *c, const void *data, size_t n) {
        struct hcs_error *err = NULL;

        assert_ok(hcs_stream_write(c->reader.stream, data, n, NULL, &err), err);
}

static void send_text(struct client *c, const char *text) {
        struct hcs_buf frame = {0};
        size_t begin = mock_wire_begin(&frame);

        hcs_buf_puts(&frame, text);
        mock_wire_end(&frame, begin);
        send_bytes(c, frame.data, frame.len);
        hcs_buf_deinit(&frame);
}

/* The next frame as text; NULL at the end of the stream. */
static char *receive(struct client *c) {
        struct hcs_error *err = NULL;
        struct mock_slice frame;
        HRESULT hr = mock_wire_read(&c->reader, NULL, &frame, &err);

        hcs_error_free(err);
        return hr == S_OK ? hcs_strndup(frame.p, frame.n) : NULL;
}

/* The next frame holds the text. */
static void expect(struct client *c, const char *text) {
        char *got = receive(c);

        if (!got || !strstr(got, text))
                fail_msg("expected \"%s\", got \"%s\"", text, got ? got : "the end");
        free(got);
}

static void expect_end(struct client *c) {
        char *got = receive(c);

        if (got)
                fail_msg("expected the end, got \"%s\"", got);
}

static struct client connect_client(void) {
        struct client c = connect_raw();

        send_text(&c, HELLO);
        expect(&c, "\"version\":1");
        return c;
}

static void create(struct client *c, int n, const char *id, const char *more, const char *result) {
        char *text = hcs_asprintf(CREATE, n, id, more, n);

        send_text(c, text);
        expect(c, result);
        free(text);
}

static char *control(struct client *c, const char *request) {
        send_text(c, request);
        return receive(c);
}

static void clients_share_systems(void **state) {
        struct mockhcs_service *s = start((struct mockhcs_service_options){0});
        struct client a = connect_client(), b = connect_client();

        create(&a, 1, "shared", "", "\"hr\":\"0x00000000\"");
        create(&b, 1, "shared", "", "\"hr\":\"0x8037010F\"");
        send_text(&b, "{\"call\":\"HcsOpenComputeSystem\",\"dll\":\"computecore\",\"n\":2,\"args\":{\"id\":\"shared\","
                      "\"access\":1,\"creates\":\"system/2\"}}");
        expect(&b, "{\"return\":2,\"t\":0,\"hr\":\"0x00000000\"");
        send_text(&b, "{\"call\":\"HcsTerminateComputeSystem\",\"dll\":\"computecore\",\"n\":3,\"args\":{"
                      "\"system\":\"system/2\",\"options\":\"\"}}");
        expect(&b, "{\"event\":\"SystemExited\",\"on\":\"system/2\"");
        expect(&b, "{\"return\":3");
        expect(&a, "{\"event\":\"SystemExited\",\"on\":\"system/1\"");
        disconnect(&a);
        disconnect(&b);
        stop(s);
}

/* Asks until the client that left is no longer there. */
static void wait_until_alone(struct client *c) {
        bool alone = false;

        while (!alone) {
                char *text = control(c, "{\"control\":\"status\",\"n\":1}");
                struct hcs_json *answer = NULL;

                assert_ok(hcs_json_parse_cstr(text, &answer, NULL), NULL);
                alone = hcs_json_count(hcs_json_lookup(answer, "result.Clients")) == 1;
                hcs_json_free(answer);
                free(text);
        }
}

static void expect_systems(struct client *c, uint64_t expected) {
        char *text = control(c, "{\"control\":\"status\",\"n\":2}");
        struct hcs_json *answer = NULL;
        uint64_t n = 99;

        assert_ok(hcs_json_parse_cstr(text, &answer, NULL), NULL);
        assert_true(hcs_json_u64(hcs_json_lookup(answer, "result.World.Systems"), &n));
        assert_int_equal(n, expected);
        hcs_json_free(answer);
        free(text);
}

static void the_handles_of_a_client_that_dies_are_closed(void **state) {
        struct mockhcs_service *s = start((struct mockhcs_service_options){0});
        struct client a = connect_client(), b = connect_client();

        create(&a, 1, "stays", "", "\"hr\":\"0x00000000\"");
        create(&a, 2, "goes", ",\"ShouldTerminateOnLastHandleClosed\":true", "\"hr\":\"0x00000000\"");
        expect_systems(&b, 2);
        disconnect(&a);
        wait_until_alone(&b);
        expect_systems(&b, 1);
        disconnect(&b);
        stop(s);
}

static void a_system_stays_while_another_client_holds_it(void **state) {
        struct mockhcs_service *s = start((struct mockhcs_service_options){0});
        struct client a = connect_client(), b = connect_client();

        create(&a, 1, "held", ",\"ShouldTerminateOnLastHandleClosed\":true", "\"hr\":\"0x00000000\"");
        send_text(&b, "{\"call\":\"HcsOpenComputeSystem\",\"dll\":\"computecore\",\"n\":1,\"args\":{\"id\":\"held\","
                      "\"access\":1,\"creates\":\"system/1\"}}");
        expect(&b, "{\"return\":1,\"t\":0,\"hr\":\"0x00000000\"");
        disconnect(&a);
        wait_until_alone(&b);
        expect_systems(&b, 1);
        disconnect(&b);
        stop(s);
}

static void what_is_no_hello_is_refused(void **state) {
        static const struct {
                const char *said, *answer;
        } cases[] = {
                {"{\"hello\":\"mockhcs\",\"versions\":[2,3]}", "\"hr\":\"0x8007051A\",\"versions\":[1]"},
                {"{\"hello\":\"mockhcs\"}", "none of your versions is ours"},
                {"{\"hello\":1}", "the first frame must say"},
                {"[]", "the first frame must say"},
                {"\xff\xfe", "\"hr\":\"0x8037010D\""},
                {"{", "\"hr\":\"0x8037010D\""},
                {"GET / HTTP/1.1", "\"hr\":\"0x8037010D\""},
        };
        struct mockhcs_service *s = start((struct mockhcs_service_options){0});

        for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
                struct client c = connect_raw();

                send_text(&c, cases[i].said);
                expect(&c, cases[i].answer);
                expect_end(&c);
                disconnect(&c);
        }
        stop(s);
}

static void a_frame_that_is_too_long_or_empty_ends_the_connection(void **state) {
        struct mockhcs_service *s = start((struct mockhcs_service_options){.limits = {.frame_bytes = 1000}});
        struct client c = connect_client();

        send_bytes(&c, "\xff\xff\xff\xff", 4);
        expect(&c, "a frame of 4294967295 bytes, 1000 at most are taken");
        expect_end(&c);
        disconnect(&c);
        c = connect_client();
        send_bytes(&c, "\0\0\0\0", 4);
        expect(&c, "a frame without content");
        expect_end(&c);
        disconnect(&c);
        stop(s);
}

static void half_a_request_harms_nobody(void **state) {
        struct mockhcs_service *s = start((struct mockhcs_service_options){0});
        struct client half = connect_client(), c = connect_client();

        send_bytes(&half, "\x40\0\0\0{\"call\":\"HcsCrea", 20);
        create(&c, 1, "x", "", "\"hr\":\"0x00000000\"");
        disconnect(&half);
        wait_until_alone(&c);
        disconnect(&c);
        stop(s);
}

static void calls_that_are_not_as_they_should_be_are_refused(void **state) {
        static const struct {
                const char *said, *answer;
        } cases[] = {
                {"{\"call\":\"HcsStartComputeSystem\",\"dll\":\"computecore\",\"n\":9,\"args\":{}}",
                 "argument \\\"system\\\""},
                {"{\"call\":\"HcsStartComputeSystem\",\"dll\":\"computecore\",\"n\":9,\"args\":{\"system\":\"system/"
                 "7\"}}",
                 "\"hr\":\"0x80070006\""},
                {"{\"call\":\"HcsCloseComputeSystem\",\"dll\":\"computecore\",\"n\":9,\"args\":{\"system\":\"process/"
                 "1\"}}",
                 "this client has no system \\\"process/1\\\""},
                {"{\"call\":\"HcsCreateComputeSystem\",\"dll\":\"computecore\",\"n\":9,\"args\":{\"id\":\"a\","
                 "\"configuration\":{}}}",
                 "does not say what the system"},
                {"{\"call\":\"HcsCreateComputeSystem\",\"dll\":\"computecore\",\"n\":9,\"args\":{\"id\":\"a\","
                 "\"configuration\":{},\"creates\":\"process/1\"}}",
                 "cannot be made by"},
                {"{\"call\":\"HcsOpenProcess\",\"dll\":\"computecore\",\"n\":9,\"args\":{\"system\":\"system/1\","
                 "\"processId\":\"x\",\"creates\":\"process/1\"}}",
                 "argument \\\"processId\\\""},
                {"{\"call\":\"HcsCreateOperation\",\"dll\":\"computecore\",\"n\":9,\"args\":{}}",
                 "is no call for a service"},
                {"{\"call\":\"HcsFormatDisk\",\"dll\":\"computecore\",\"n\":9,\"args\":{}}", "\"hr\":\"0x80004001\""},
                {"{\"call\":\"HcnCreateNetwork\",\"dll\":\"computenetwork\",\"n\":9,\"args\":{\"id\":5,\"settings\":{},"
                 "\"creates\":\"network/1\"}}",
                 "{\"Success\":false,\"Error\":\"the argument \\\"id\\\""},
                {"{\"call\":\"HcsEnumerateComputeSystems\",\"dll\":\"computecore\",\"n\":9,\"args\":{\"query\":{},"
                 "\"a\":1,\"b\":1,"
                 "\"c\":1,\"d\":1,\"e\":1,\"f\":1,\"g\":1,\"h\":1}}",
                 "more than 8 arguments"},
                {"{\"control\":5,\"n\":9}", "control: a string is expected"},
                {"{\"control\":\"dance\",\"n\":9}", "\"hr\":\"0x80004001\""},
        };
        struct mockhcs_service *s = start((struct mockhcs_service_options){0});
        struct client c = connect_client();

        create(&c, 1, "x", "", "\"hr\":\"0x00000000\"");
        for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
                send_text(&c, cases[i].said);
                expect(&c, cases[i].answer);
        }
        disconnect(&c);
        stop(s);
}

static void what_is_no_call_ends_the_connection(void **state) {
        static const char *const cases[] = {"{\"event\":\"SystemExited\",\"on\":\"system/1\"}",
                                            "{\"call\":\"HcsCreateOperation\",\"n\":1}\n{\"event\":\"X\",\"on\":\"a\"}",
                                            "{\"call\":\"HcsStartComputeSystem\"}", "nonsense", "\n"};
        struct mockhcs_service *s = start((struct mockhcs_service_options){0});

        for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
                struct client c = connect_client();

                send_text(&c, cases[i]);
                expect(&c, "\"refused\":");
                expect_end(&c);
                disconnect(&c);
        }
        stop(s);
}

static void a_client_has_its_limits(void **state) {
        struct mockhcs_service *s = start((struct mockhcs_service_options){
                .backend = "emulate,delay=3600000", .limits = {.clients = 2, .handles = 3, .pending = 2}});
        struct client c = connect_client(), d = connect_client(), e = connect_raw();

        send_text(&e, HELLO);
        expect(&e, "the service has 2 clients, which is all it may have");
        expect_end(&e);
        create(&c, 1, "a", "", "\"pending\":true");
        create(&c, 2, "b", "", "\"pending\":true");
        create(&c, 3, "c", "", "2 calls under way, which is all it may have");
        create(&d, 1, "d", "", "\"pending\":true");
        for (int i = 2; i <= 4; i++) {
                char *text =
                        hcs_asprintf("{\"call\":\"HcsOpenComputeSystem\",\"dll\":\"computecore\",\"n\":%d,\"args\":"
                                     "{\"id\":\"a\",\"access\":1,\"creates\":\"system/%d\"}}",
                                     i, i);

                send_text(&d, text);
                expect(&d, i < 4 ? "\"hr\":\"0x00000000\"" : "3 handles, which is all it may have");
                free(text);
        }
        disconnect(&c);
        disconnect(&d);
        disconnect(&e);
        stop(s);
}

/* The descriptors of this process, the service's among them. */
static unsigned count_descriptors(void) {
        unsigned n = 0;

        for (int fd = 0; fd < 1024; fd++) {
                struct stat st;

                n += fstat(fd, &st) == 0;
        }
        return n;
}

static void descriptors_that_come_along_are_not_kept(void **state) {
        struct mockhcs_service *s = start((struct mockhcs_service_options){0});
        struct sockaddr_un a = {.sun_family = AF_UNIX};
        int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
        union {
                char bytes[CMSG_SPACE(sizeof(int))];
                struct cmsghdr align;
        } control_bytes = {0};
        char frame[4 + sizeof(HELLO) - 1], answer[512];
        struct iovec iov = {frame, sizeof(frame)};
        struct msghdr msg = {.msg_iov = &iov,
                             .msg_iovlen = 1,
                             .msg_control = control_bytes.bytes,
                             .msg_controllen = sizeof(control_bytes.bytes)};
        struct cmsghdr *c = CMSG_FIRSTHDR(&msg);
        unsigned before;

        memcpy(frame, (const char[4]){sizeof(HELLO) - 1}, 4);
        memcpy(frame + 4, HELLO, sizeof(HELLO) - 1);
        strncpy(a.sun_path, path, sizeof(a.sun_path) - 1);
        assert_int_equal(connect(fd, (struct sockaddr *)&a, sizeof(a)), 0);
        c->cmsg_level = SOL_SOCKET;
        c->cmsg_type = SCM_RIGHTS;
        c->cmsg_len = CMSG_LEN(sizeof(int));
        memcpy(CMSG_DATA(c), &fd, sizeof(int));
        assert_int_equal(sendmsg(fd, &msg, 0), sizeof(frame));
        assert_true(recv(fd, answer, sizeof(answer), 0) > 0);
        before = count_descriptors();
        for (int i = 0; i < 20; i++) {
                static const char drain[] = "\x19\0\0\0{\"control\":\"drain\",\"n\":1}";

                iov = (struct iovec){(void *)(uintptr_t)drain, sizeof(drain) - 1};
                assert_true(sendmsg(fd, &msg, 0) > 0);
                assert_true(recv(fd, answer, sizeof(answer), 0) > 0);
        }
        assert_int_equal(count_descriptors(), before);
        close(fd);
        stop(s);
}

/* Requests without number, whose answers nobody reads: the service waits with further ones, and answers others. */
static void a_flood_is_held_back(void **state) {
        struct mockhcs_service *s = start((struct mockhcs_service_options){0});
        struct client flood = connect_client(), c = connect_client();
        struct hcs_buf frames = {0};
        size_t sent = 0, n = 0;

        for (int i = 0; i < 4096; i++) {
                size_t begin = mock_wire_begin(&frames);

                hcs_buf_puts(&frames, "{\"control\":\"status\",\"n\":1}");
                mock_wire_end(&frames, begin);
        }
        /* In the end the stream takes no more: what lies in it is bounded by the system. */
        while (SUCCEEDED(hcs_stream_write_bound(
                flood.reader.stream, frames.data, frames.len,
                &(struct hcs_bound){.deadline_ns = hcs_clock_ns() + 200 * HCS_NS_PER_MS}, &n, NULL)))
                sent += n;
        assert_true(sent < (size_t)64 << 20);
        create(&c, 1, "x", "", "\"hr\":\"0x00000000\"");
        hcs_buf_deinit(&frames);
        disconnect(&flood);
        wait_until_alone(&c);
        disconnect(&c);
        stop(s);
}

/* On the same connection, and at the end of the service. */
static void a_call_that_hangs_holds_up_nobody(void **state) {
        static const char faults[] = "[{\"fault\":\"hang\",\"call\":\"HcnEnumerateNetworks\",\"ms\":1500}]";
        _cleanup_free_ char *file = hcs_asprintf("%s.faults", path),
                            *backend = hcs_asprintf("emulate,net-faults=%s", file);
        struct mockhcs_service *s;
        struct client c;

        assert_ok(hcs_file_write(file, faults, strlen(faults), NULL), NULL);
        s = start((struct mockhcs_service_options){.backend = backend});
        c = connect_client();
        send_text(&c,
                  "{\"call\":\"HcnEnumerateNetworks\",\"dll\":\"computenetwork\",\"n\":1,\"args\":{\"query\":\"\"}}");
        create(&c, 2, "x", "", "{\"return\":2,");
        send_text(&c,
                  "{\"call\":\"HcnEnumerateNamespaces\",\"dll\":\"computenetwork\",\"n\":3,\"args\":{\"query\":\"\"}}");
        expect(&c, "{\"return\":3,");
        disconnect(&c);
        stop(s);
}

/* Asks until so many calls have been made, the service's own among them. */
static void wait_for_calls(struct client *c, uint64_t expected) {
        uint64_t n = 0;

        while (n < expected) {
                char *text = control(c, "{\"control\":\"status\",\"n\":1}");
                struct hcs_json *answer = NULL;

                assert_ok(hcs_json_parse_cstr(text, &answer, NULL), NULL);
                assert_true(hcs_json_u64(hcs_json_lookup(answer, "result.Calls"), &n));
                hcs_json_free(answer);
                free(text);
        }
}

static void what_is_made_when_its_client_has_gone_is_closed_after_it_was_made(void **state) {
        static const char faults[] = "[{\"fault\":\"hang\",\"call\":\"HcnCreateNetwork\",\"ms\":500}]";
        _cleanup_free_ char *file = hcs_asprintf("%s.faults", path), *trace = hcs_asprintf("%s.trace", path),
                            *backend = hcs_asprintf("record=%s,emulate,net-faults=%s", trace, file);
        struct hcs_buf recorded = {0};
        struct mockhcs_service *s;
        struct client a, b;
        const char *made;

        assert_ok(hcs_file_write(file, faults, strlen(faults), NULL), NULL);
        s = start((struct mockhcs_service_options){.backend = backend});
        a = connect_client();
        b = connect_client();
        send_text(&a, "{\"call\":\"HcnCreateNetwork\",\"dll\":\"computenetwork\",\"n\":1,\"args\":{\"id\":"
                      "\"5a3f0c11-2b4d-4e6f-8a90-0123456789ab\",\"settings\":{\"Name\":\"n\",\"Type\":\"NAT\"},"
                      "\"creates\":\"network/1\"}}");
        send_text(&a, "{\"call\":\"HcnQueryNetworkProperties\",\"dll\":\"computenetwork\",\"n\":2,\"args\":{"
                      "\"network\":\"network/1\",\"query\":\"\"}}");
        expect(&a, "this client has no network \\\"network/1\\\"");
        disconnect(&a);
        wait_for_calls(&b, 3);
        disconnect(&b);
        stop(s);
        assert_ok(hcs_file_read(trace, 1 << 20, &recorded, NULL), NULL);
        made = strstr(hcs_buf_cstr(&recorded), "{\"return\":1,");
        assert_non_null(made);
        assert_non_null(strstr(made, "HcnCloseNetwork"));
        hcs_buf_deinit(&recorded);
}

static void one_service_has_the_socket(void **state) {
        struct mockhcs_service *s = start((struct mockhcs_service_options){0}), *second = NULL;
        struct stat st;

        assert_hresult(mockhcs_service_open(&(struct mockhcs_service_options){.socket = path}, &second, NULL),
                       HCS_WIN32(10048));
        assert_int_equal(stat(path, &st), 0);
        assert_int_equal(st.st_mode & 0777, 0600);
        stop(s);
        assert_int_equal(access(path, F_OK), -1);
        stop(start((struct mockhcs_service_options){0}));
}

static void a_folder_that_others_write_to_is_refused(void **state) {
        struct mockhcs_service *s = NULL;
        char *folder = hcs_test_tmpdir(), *socket_path = hcs_asprintf("%s/s", folder);
        struct hcs_error *err = NULL;

        chmod(folder, 0777);
        assert_hresult(mockhcs_service_open(&(struct mockhcs_service_options){.socket = socket_path}, &s, &err),
                       E_ACCESSDENIED);
        assert_non_null(strstr(hcs_error_message(err), "others may write to the folder"));
        hcs_error_free(err);
        chmod(folder, 0700);
        free(socket_path);
        free(folder);
}

static void a_client_can_ask_it_to_stop(void **state) {
        struct mockhcs_service *s = start((struct mockhcs_service_options){0});
        struct client c = connect_client();

        send_text(&c, "{\"control\":\"stop\",\"n\":1}");
        expect(&c, "{\"answer\":1,\"result\":{}}");
        mockhcs_service_wait(s);
        disconnect(&c);
        stop(s);
}

static void it_ends_when_nobody_needs_it(void **state) {
        struct mockhcs_service *s = start((struct mockhcs_service_options){.idle_exit = 1});

        mockhcs_service_wait(s);
        stop(s);
}

static void make_path(void) {
        char *folder = hcs_test_tmpdir();

        path = hcs_asprintf("%s/s", folder);
        free(folder);
}

int main(int argc, char **argv) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(clients_share_systems),
                cmocka_unit_test(the_handles_of_a_client_that_dies_are_closed),
                cmocka_unit_test(a_system_stays_while_another_client_holds_it),
                cmocka_unit_test(what_is_no_hello_is_refused),
                cmocka_unit_test(a_frame_that_is_too_long_or_empty_ends_the_connection),
                cmocka_unit_test(half_a_request_harms_nobody),
                cmocka_unit_test(calls_that_are_not_as_they_should_be_are_refused),
                cmocka_unit_test(what_is_no_call_ends_the_connection),
                cmocka_unit_test(a_client_has_its_limits),
                cmocka_unit_test(descriptors_that_come_along_are_not_kept),
                cmocka_unit_test(a_flood_is_held_back),
                cmocka_unit_test(a_call_that_hangs_holds_up_nobody),
                cmocka_unit_test(what_is_made_when_its_client_has_gone_is_closed_after_it_was_made),
                cmocka_unit_test(one_service_has_the_socket),
                cmocka_unit_test(a_folder_that_others_write_to_is_refused),
                cmocka_unit_test(a_client_can_ask_it_to_stop),
                cmocka_unit_test(it_ends_when_nobody_needs_it),
        };
        int failed;

        make_path();
        failed = hcs_test_main(argc, argv, tests, sizeof(tests) / sizeof(tests[0]));
        free(path);
        return failed;
}
