/* SPDX-License-Identifier: MIT */

/* A service from the wire: clients that know the rules, and clients that do not. */

#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/json.h"
#include "base/str.h"
#include "mockhcs/test/service_client.h"
#include "platform/clock.h"
#include "platform/file.h"
#include "testing/hcs_test.h"

static void clients_share_systems(void **state) {
        struct mockhcs_service *s = service_start((struct mockhcs_service_options){0});
        struct client a = client_connect(), b = client_connect();

        client_create(&a, 1, "shared", "", "\"hr\":\"0x00000000\"");
        client_create(&b, 1, "shared", "", "\"hr\":\"0x8037010F\"");
        client_send(&b,
                    "{\"call\":\"HcsOpenComputeSystem\",\"dll\":\"computecore\",\"n\":2,\"args\":{\"id\":\"shared\","
                    "\"access\":1,\"creates\":\"system/2\"}}");
        client_expect(&b, "{\"return\":2,\"t\":0,\"hr\":\"0x00000000\"");
        client_send(&b, "{\"call\":\"HcsTerminateComputeSystem\",\"dll\":\"computecore\",\"n\":3,\"args\":{"
                        "\"system\":\"system/2\",\"options\":\"\"}}");
        client_expect(&b, "{\"event\":\"SystemExited\",\"on\":\"system/2\"");
        client_expect(&b, "{\"return\":3");
        client_expect(&a, "{\"event\":\"SystemExited\",\"on\":\"system/1\"");
        client_disconnect(&a);
        client_disconnect(&b);
        service_stop(s);
}

static void expect_systems(struct client *c, uint64_t expected) {
        char *text = client_control(c, "{\"control\":\"status\",\"n\":2}");
        struct hcs_json *answer = NULL;
        uint64_t n = 99;

        assert_ok(hcs_json_parse_cstr(text, &answer, NULL), NULL);
        assert_true(hcs_json_u64(hcs_json_lookup(answer, "result.World.Systems"), &n));
        assert_int_equal(n, expected);
        hcs_json_free(answer);
        free(text);
}

static void the_handles_of_a_client_that_dies_are_closed(void **state) {
        struct mockhcs_service *s = service_start((struct mockhcs_service_options){0});
        struct client a = client_connect(), b = client_connect();

        client_create(&a, 1, "stays", "", "\"hr\":\"0x00000000\"");
        client_create(&a, 2, "goes", ",\"ShouldTerminateOnLastHandleClosed\":true", "\"hr\":\"0x00000000\"");
        expect_systems(&b, 2);
        client_disconnect(&a);
        client_wait_until_alone(&b);
        expect_systems(&b, 1);
        client_disconnect(&b);
        service_stop(s);
}

static void a_system_stays_while_another_client_holds_it(void **state) {
        struct mockhcs_service *s = service_start((struct mockhcs_service_options){0});
        struct client a = client_connect(), b = client_connect();

        client_create(&a, 1, "held", ",\"ShouldTerminateOnLastHandleClosed\":true", "\"hr\":\"0x00000000\"");
        client_send(&b, "{\"call\":\"HcsOpenComputeSystem\",\"dll\":\"computecore\",\"n\":1,\"args\":{\"id\":\"held\","
                        "\"access\":1,\"creates\":\"system/1\"}}");
        client_expect(&b, "{\"return\":1,\"t\":0,\"hr\":\"0x00000000\"");
        client_disconnect(&a);
        client_wait_until_alone(&b);
        expect_systems(&b, 1);
        client_disconnect(&b);
        service_stop(s);
}

static void what_is_no_hello_is_refused(void **state) {
        static const struct {
                const char *said, *answer;
        } cases[] = {
                {"{\"hello\":\"mockhcs\",\"versions\":[1,3]}", "\"hr\":\"0x8007051A\",\"versions\":[2]"},
                {"{\"hello\":\"mockhcs\",\"versions\":[1,3]}", "none of your versions (1, 3) is ours, which is 2"},
                {"{\"hello\":\"mockhcs\",\"versions\":[\"2\",7]}", "none of your versions (7) is ours, which is 2"},
                {"{\"hello\":\"mockhcs\"}", "none of your versions (you name none) is ours, which is 2"},
                {"{\"hello\":1}", "the first frame must say"},
                {"[]", "the first frame must say"},
                {"\xff\xfe", "\"hr\":\"0x8037010D\""},
                {"{", "\"hr\":\"0x8037010D\""},
                {"GET / HTTP/1.1", "\"hr\":\"0x8037010D\""},
        };
        struct mockhcs_service *s = service_start((struct mockhcs_service_options){0});

        for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
                struct client c = client_connect_raw();

                client_send(&c, cases[i].said);
                client_expect(&c, cases[i].answer);
                client_expect_end(&c);
                client_disconnect(&c);
        }
        service_stop(s);
}

static void a_frame_that_is_too_long_or_empty_ends_the_connection(void **state) {
        struct mockhcs_service *s = service_start((struct mockhcs_service_options){.limits = {.frame_bytes = 1000}});
        struct client c = client_connect();

        client_send_bytes(&c, "\xff\xff\xff\xff", 4);
        client_expect(&c, "a frame of 4294967295 bytes, 1000 at most are taken");
        client_expect_end(&c);
        client_disconnect(&c);
        c = client_connect();
        client_send_bytes(&c, "\0\0\0\0", 4);
        client_expect(&c, "a frame without content");
        client_expect_end(&c);
        client_disconnect(&c);
        service_stop(s);
}

static void half_a_request_harms_nobody(void **state) {
        struct mockhcs_service *s = service_start((struct mockhcs_service_options){0});
        struct client half = client_connect(), c = client_connect();

        client_send_bytes(&half, "\x40\0\0\0{\"call\":\"HcsCrea", 20);
        client_create(&c, 1, "x", "", "\"hr\":\"0x00000000\"");
        client_disconnect(&half);
        client_wait_until_alone(&c);
        client_disconnect(&c);
        service_stop(s);
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
        struct mockhcs_service *s = service_start((struct mockhcs_service_options){0});
        struct client c = client_connect();

        client_create(&c, 1, "x", "", "\"hr\":\"0x00000000\"");
        for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
                client_send(&c, cases[i].said);
                client_expect(&c, cases[i].answer);
        }
        client_disconnect(&c);
        service_stop(s);
}

static void what_is_no_call_ends_the_connection(void **state) {
        static const char *const cases[] = {"{\"event\":\"SystemExited\",\"on\":\"system/1\"}",
                                            "{\"call\":\"HcsCreateOperation\",\"n\":1}\n{\"event\":\"X\",\"on\":\"a\"}",
                                            "{\"call\":\"HcsStartComputeSystem\"}", "nonsense", "\n"};
        struct mockhcs_service *s = service_start((struct mockhcs_service_options){0});

        for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
                struct client c = client_connect();

                client_send(&c, cases[i]);
                client_expect(&c, "\"refused\":");
                client_expect_end(&c);
                client_disconnect(&c);
        }
        service_stop(s);
}

static void a_client_has_its_limits(void **state) {
        struct mockhcs_service *s = service_start((struct mockhcs_service_options){
                .backend = "emulate,delay=3600000", .limits = {.clients = 2, .handles = 3, .pending = 2}});
        struct client c = client_connect(), d = client_connect(), e = client_connect_raw();

        client_send(&e, CLIENT_HELLO);
        client_expect(&e, "the service has 2 clients, which is all it may have");
        client_expect_end(&e);
        client_create(&c, 1, "a", "", "\"pending\":true");
        client_create(&c, 2, "b", "", "\"pending\":true");
        client_create(&c, 3, "c", "", "2 calls under way, which is all it may have");
        client_create(&d, 1, "d", "", "\"pending\":true");
        for (int i = 2; i <= 4; i++) {
                char *text =
                        hcs_asprintf("{\"call\":\"HcsOpenComputeSystem\",\"dll\":\"computecore\",\"n\":%d,\"args\":"
                                     "{\"id\":\"a\",\"access\":1,\"creates\":\"system/%d\"}}",
                                     i, i);

                client_send(&d, text);
                client_expect(&d, i < 4 ? "\"hr\":\"0x00000000\"" : "3 handles, which is all it may have");
                free(text);
        }
        client_disconnect(&c);
        client_disconnect(&d);
        client_disconnect(&e);
        service_stop(s);
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
        struct mockhcs_service *s = service_start((struct mockhcs_service_options){0});
        struct sockaddr_un a = {.sun_family = AF_UNIX};
        int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
        union {
                char bytes[CMSG_SPACE(sizeof(int))];
                struct cmsghdr align;
        } control_bytes = {0};
        char frame[4 + sizeof(CLIENT_HELLO) - 1], answer[512];
        struct iovec iov = {frame, sizeof(frame)};
        struct msghdr msg = {.msg_iov = &iov,
                             .msg_iovlen = 1,
                             .msg_control = control_bytes.bytes,
                             .msg_controllen = sizeof(control_bytes.bytes)};
        struct cmsghdr *c = CMSG_FIRSTHDR(&msg);
        unsigned before;

        memcpy(frame, (const char[4]){sizeof(CLIENT_HELLO) - 1}, 4);
        memcpy(frame + 4, CLIENT_HELLO, sizeof(CLIENT_HELLO) - 1);
        strncpy(a.sun_path, service_path(), sizeof(a.sun_path) - 1);
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
        service_stop(s);
}

/* Requests without number, whose answers nobody reads: the service waits with further ones, and answers others. */
static void a_flood_is_held_back(void **state) {
        struct mockhcs_service *s = service_start((struct mockhcs_service_options){0});
        struct client flood = client_connect(), c = client_connect();
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
        client_create(&c, 1, "x", "", "\"hr\":\"0x00000000\"");
        hcs_buf_deinit(&frames);
        client_disconnect(&flood);
        client_wait_until_alone(&c);
        client_disconnect(&c);
        service_stop(s);
}

/* On the same connection, and at the end of the service. */
static void a_call_that_hangs_holds_up_nobody(void **state) {
        static const char faults[] = "[{\"fault\":\"hang\",\"call\":\"HcnEnumerateNetworks\",\"ms\":1500}]";
        _cleanup_free_ char *file = hcs_asprintf("%s.faults", service_path()),
                            *backend = hcs_asprintf("emulate,net-faults=%s", file);
        struct mockhcs_service *s;
        struct client c;

        assert_ok(hcs_file_write(file, faults, strlen(faults), NULL), NULL);
        s = service_start((struct mockhcs_service_options){.backend = backend});
        c = client_connect();
        client_send(&c,
                    "{\"call\":\"HcnEnumerateNetworks\",\"dll\":\"computenetwork\",\"n\":1,\"args\":{\"query\":\"\"}}");
        client_create(&c, 2, "x", "", "{\"return\":2,");
        client_send(
                &c,
                "{\"call\":\"HcnEnumerateNamespaces\",\"dll\":\"computenetwork\",\"n\":3,\"args\":{\"query\":\"\"}}");
        client_expect(&c, "{\"return\":3,");
        client_disconnect(&c);
        service_stop(s);
}

static void what_is_made_when_its_client_has_gone_is_closed_after_it_was_made(void **state) {
        static const char faults[] = "[{\"fault\":\"hang\",\"call\":\"HcnCreateNetwork\",\"ms\":500}]";
        _cleanup_free_ char *file = hcs_asprintf("%s.faults", service_path()),
                            *trace = hcs_asprintf("%s.trace", service_path()),
                            *backend = hcs_asprintf("record=%s,emulate,net-faults=%s", trace, file);
        struct hcs_buf recorded = {0};
        struct mockhcs_service *s;
        struct client a, b;
        const char *made;

        assert_ok(hcs_file_write(file, faults, strlen(faults), NULL), NULL);
        s = service_start((struct mockhcs_service_options){.backend = backend});
        a = client_connect();
        b = client_connect();
        client_send(&a, "{\"call\":\"HcnCreateNetwork\",\"dll\":\"computenetwork\",\"n\":1,\"args\":{\"id\":"
                        "\"5a3f0c11-2b4d-4e6f-8a90-0123456789ab\",\"settings\":{\"Name\":\"n\",\"Type\":\"NAT\"},"
                        "\"creates\":\"network/1\"}}");
        client_send(&a, "{\"call\":\"HcnQueryNetworkProperties\",\"dll\":\"computenetwork\",\"n\":2,\"args\":{"
                        "\"network\":\"network/1\",\"query\":\"\"}}");
        client_expect(&a, "this client has no network \\\"network/1\\\"");
        client_disconnect(&a);
        client_wait_for_calls(&b, 3);
        client_disconnect(&b);
        service_stop(s);
        assert_ok(hcs_file_read(trace, 1 << 20, &recorded, NULL), NULL);
        made = strstr(hcs_buf_cstr(&recorded), "{\"return\":1,");
        assert_non_null(made);
        assert_non_null(strstr(made, "HcnCloseNetwork"));
        hcs_buf_deinit(&recorded);
}

static void one_service_has_the_socket(void **state) {
        struct mockhcs_service *s = service_start((struct mockhcs_service_options){0}), *second = NULL;
        struct stat st;

        assert_hresult(mockhcs_service_open(&(struct mockhcs_service_options){.socket = service_path()}, &second, NULL),
                       HCS_WIN32(10048));
        assert_int_equal(stat(service_path(), &st), 0);
        assert_int_equal(st.st_mode & 0777, 0600);
        service_stop(s);
        assert_int_equal(access(service_path(), F_OK), -1);
        service_stop(service_start((struct mockhcs_service_options){0}));
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
        struct mockhcs_service *s = service_start((struct mockhcs_service_options){0});
        struct client c = client_connect();

        client_send(&c, "{\"control\":\"stop\",\"n\":1}");
        client_expect(&c, "{\"answer\":1,\"result\":{}}");
        mockhcs_service_wait(s);
        client_disconnect(&c);
        service_stop(s);
}

static void it_ends_when_nobody_needs_it(void **state) {
        struct mockhcs_service *s = service_start((struct mockhcs_service_options){.idle_exit = 1});

        mockhcs_service_wait(s);
        service_stop(s);
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

        return hcs_test_main(argc, argv, tests, sizeof(tests) / sizeof(tests[0]));
}
