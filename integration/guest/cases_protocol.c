/* SPDX-License-Identifier: MIT */

/* The bridge itself: frames in any shape, order of answers, negotiation, hosts that vanish. */

#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

#include "base/str.h"
#include "integration/guest/cases.h"
#include "platform/clock.h"

#define BASE "{\"ContainerId\":\"x\",\"ActivityId\":\"" UVM "\"}"

/* A new connection that has not negotiated. */
static void fresh(struct host *h) {
        host_hang_up(h);
        host_accept(h);
}

static void an_answer_has_the_id_and_activity_of_its_request(struct host *h) {
        _cleanup_json_ struct hcs_json *answer = NULL;
        const char body[] = "{\"ContainerId\":\"x\",\"ActivityId\":\"12345678-1234-1234-1234-123456789abc\"}";

        host_send_frame(h, HCS_GCS_REQUEST | HCS_GCS_START, 0x1122334455667788u, body, strlen(body));
        answer = host_wait(h, 0x1122334455667788u);
        check(host_result(answer) == S_OK, "start");
        check(hcs_streq(hcs_json_get_string(answer, "ActivityId"), "12345678-1234-1234-1234-123456789abc"), "activity");
}

static void capabilities_are_those_of_a_linux_guest(struct host *h) {
        _cleanup_json_ struct hcs_json *answer = NULL;
        static const char *const names[] = {"NamespaceAddRequestSupported", "SignalProcessSupported",
                                            "DumpStacksSupported", "DeleteContainerStateSupported"};
        const struct hcs_json *guest;

        fresh(h);
        answer = host_call(h, HCS_GCS_NEGOTIATE_PROTOCOL, "{\"MinimumVersion\":4,\"MaximumVersion\":4}");
        check(hcs_streq(hcs_json_string(hcs_json_lookup(answer, "Capabilities.RuntimeOsType")), "Linux"), "OS");
        guest = hcs_json_lookup(answer, "Capabilities.GuestDefinedCapabilities");
        for (size_t i = 0; i < HCS_ARRAY_SIZE(names); i++)
                check(hcs_json_bool(hcs_json_get(guest, names[i])), "%s", names[i]);
}

static void a_range_of_versions_gives_the_one_it_has(struct host *h) {
        _cleanup_json_ struct hcs_json *answer = NULL;
        uint64_t version = 0;

        fresh(h);
        answer = host_call(h, HCS_GCS_NEGOTIATE_PROTOCOL, "{\"MinimumVersion\":1,\"MaximumVersion\":9}");
        hcs_json_u64(hcs_json_get(answer, "Version"), &version);
        check(host_result(answer) == S_OK && version == 4, "version %llu", (unsigned long long)version);
}

static void refuse_version(struct host *h, unsigned least, unsigned most) {
        fresh(h);
        free(host_call_failing(h, HCS_GCS_NEGOTIATE_PROTOCOL, (HRESULT)0xC037010C,
                               "{\"MinimumVersion\":%u,\"MaximumVersion\":%u}", least, most));
        host_negotiate(h);
}

static void versions_that_are_too_old_are_refused(struct host *h) {
        refuse_version(h, 1, 3);
}

static void versions_that_are_too_new_are_refused(struct host *h) {
        refuse_version(h, 5, 6);
}

static void nothing_works_before_negotiation(struct host *h) {
        static const uint32_t rpcs[] = {HCS_GCS_CREATE, HCS_GCS_START, HCS_GCS_EXECUTE_PROCESS, HCS_GCS_DUMP_STACKS};

        fresh(h);
        for (size_t i = 0; i < HCS_ARRAY_SIZE(rpcs); i++)
                free(host_call_failing(h, rpcs[i], E_NOTIMPL, BASE));
        host_negotiate(h);
}

static void negotiation_works_once(struct host *h) {
        free(host_call_failing(h, HCS_GCS_NEGOTIATE_PROTOCOL, E_NOTIMPL,
                               "{\"MinimumVersion\":4,\"MaximumVersion\":4}"));
}

static void a_frame_may_come_byte_by_byte(struct host *h) {
        _cleanup_buf_ struct hcs_buf frame = {0};
        _cleanup_json_ struct hcs_json *answer = NULL;
        uint64_t id = h->next_id++;

        hcs_gcs_frame_append(&frame, HCS_GCS_REQUEST | HCS_GCS_START, id, BASE, strlen(BASE), NULL);
        for (size_t i = 0; i < frame.len; i++)
                host_send_bytes(h, frame.data + i, 1);
        answer = host_wait(h, id);
        check(host_result(answer) == S_OK, "start");
}

static void many_frames_may_come_at_once(struct host *h) {
        _cleanup_buf_ struct hcs_buf frames = {0};
        uint64_t first = h->next_id;

        h->next_id += 500;
        for (unsigned i = 0; i < 500; i++)
                hcs_gcs_frame_append(&frames, HCS_GCS_REQUEST | HCS_GCS_START, first + i, BASE, strlen(BASE), NULL);
        host_send_bytes(h, frames.data, frames.len);
        for (unsigned i = 0; i < 500; i++) {
                _cleanup_json_ struct hcs_json *answer = host_wait(h, first + i);

                check(host_result(answer) == S_OK, "start %u", i);
        }
}

static void a_line_feed_after_the_document_is_fine(struct host *h) {
        host_call_ok(h, HCS_GCS_START, BASE "\n");
}

static void a_large_message_is_read(struct host *h) {
        _cleanup_free_ char *blanks = hcs_malloc(300001);

        memset(blanks, ' ', 300000);
        blanks[300000] = '\0';
        host_call_ok(h, HCS_GCS_START, "%s" BASE, blanks);
}

/* The message quotes what could not be read; what a host gets must be UTF-8 all the same. */
static void what_is_not_utf8_is_answered_in_utf8(struct host *h) {
        _cleanup_free_ char *message =
                host_call_failing(h, HCS_GCS_START, (HRESULT)0xC037010D, "{\"ContainerId\":\"a\xD0z\"");

        check(strstr(message, "a\xEF\xBF\xBDz"), "%s", message);
}

static void a_slow_request_does_not_hold_up_others(struct host *h) {
        struct process p = host_exec(h, UVM, STREAM_IN,
                                     "{\"CommandArgs\":[\"cat\"],\"Environment\":{\"PATH\":\"/bin:/usr/bin\"}}");
        _cleanup_free_ char *body =
                hcs_asprintf("{\"ContainerId\":\"" UVM "\",\"ProcessId\":%u,\"TimeoutInMs\":4294967295}", p.pid);
        uint64_t wait = host_send(h, HCS_GCS_REQUEST | HCS_GCS_WAIT_FOR_PROCESS, body);
        _cleanup_json_ struct hcs_json *answer = NULL;

        host_call_ok(h, HCS_GCS_START, BASE);
        check(!host_has_answer(h, wait, 0), "the wait was answered early");
        host_close(&p.in);
        answer = host_wait(h, wait);
        check(host_result(answer) == S_OK, "wait");
}

static void unknown(struct host *h, uint32_t type, const char *name) {
        _cleanup_json_ struct hcs_json *answer = host_wait(h, host_send(h, type, BASE));
        _cleanup_free_ char *expected =
                hcs_asprintf("HRESULT 0x80004001: bridge: function not supported, header type: %s", name);

        check(host_result(answer) == E_NOTIMPL, "0x%08x", (unsigned)host_result(answer));
        check(hcs_streq(hcs_json_get_string(answer, "ErrorMessage"), expected), "%s",
              hcs_json_get_string(answer, "ErrorMessage"));
}

static void an_unknown_request_is_not_implemented(struct host *h) {
        unknown(h, 0x10101001, "269488129");
}

static void an_unknown_category_is_not_implemented(struct host *h) {
        unknown(h, 0x10200101, "270532865");
}

static void a_response_instead_of_a_request_is_not_implemented(struct host *h) {
        unknown(h, 0x20100101, "ComputeSystemResponseCreateV1");
}

static void requests_for_windows_guests_are_not_implemented(struct host *h) {
        unknown(h, HCS_GCS_REQUEST | HCS_GCS_UPDATE_CONTAINER, "269487617");
        unknown(h, HCS_GCS_REQUEST | HCS_GCS_LIFECYCLE_NOTIFICATION, "269487873");
}

/* A frame whose size cannot be: the stream is lost, the agent is not. */
static void break_stream(struct host *h, uint32_t size) {
        uint8_t header[HCS_GCS_HEADER_SIZE];

        hcs_gcs_header_encode(&(struct hcs_gcs_header){.type = HCS_GCS_REQUEST | HCS_GCS_START, .size = size, .id = 7},
                              header);
        host_send_bytes(h, header, sizeof(header));
        host_wait_closed(h);
        host_accept(h);
        host_negotiate(h);
}

static void a_size_below_the_header_ends_only_the_connection(struct host *h) {
        break_stream(h, 15);
        break_stream(h, 0);
}

static void a_size_beyond_reason_ends_only_the_connection(struct host *h) {
        break_stream(h, 0xffffffffu);
}

static void a_host_that_vanishes_is_dialed_again(struct host *h) {
        unsigned before = h->connections;

        host_hang_up(h);
        host_accept(h);
        host_negotiate(h);
        check(h->connections == before + 1, "connections");
}

static void a_host_that_vanishes_in_a_frame_is_dialed_again(struct host *h) {
        host_send_bytes(h, "\x01\x02\x10\x10\xff\x00\x00\x00", 8);
        host_hang_up(h);
        host_accept(h);
        host_negotiate(h);
        host_call_ok(h, HCS_GCS_START, BASE);
}

static void a_process_outlives_the_connection_it_came_by(struct host *h) {
        struct process p = host_exec(h, UVM, STREAM_IN | STREAM_OUT,
                                     "{\"CommandArgs\":[\"cat\"],\"Environment\":{\"PATH\":\"/bin:/usr/bin\"}}");
        _cleanup_free_ char *body =
                hcs_asprintf("{\"ContainerId\":\"" UVM "\",\"ProcessId\":%u,\"TimeoutInMs\":4294967295}", p.pid);
        _cleanup_free_ char *out = NULL;

        /* A wait of the lost connection is nobody's: its answer must not come by the new one. */
        host_send(h, HCS_GCS_REQUEST | HCS_GCS_WAIT_FOR_PROCESS, body);
        host_hang_up(h);
        host_accept(h);
        host_negotiate(h);
        host_write(h, p.in, "still here");
        host_close(&p.in);
        out = host_read_all(h, p.out);
        host_close(&p.out);
        check(hcs_streq(out, "still here"), "%s", out);
        check(host_wait_process(h, &p) == 0, "exit code");
        check(hcs_json_count(h->answers) == 0, "an answer to nobody's request");
}

static const struct test_case cases[] = {
        {"an answer has the id and activity of its request", 0, an_answer_has_the_id_and_activity_of_its_request},
        {"a frame may come byte by byte", 0, a_frame_may_come_byte_by_byte},
        {"many frames may come at once", 0, many_frames_may_come_at_once},
        {"a line feed after the document is fine", 0, a_line_feed_after_the_document_is_fine},
        {"a large message is read", 0, a_large_message_is_read},
        {"what is not UTF-8 is answered in UTF-8", 0, what_is_not_utf8_is_answered_in_utf8},
        {"a slow request does not hold up others", 0, a_slow_request_does_not_hold_up_others},
        {"negotiation works once", 0, negotiation_works_once},
        {"an unknown request is not implemented", 0, an_unknown_request_is_not_implemented},
        {"an unknown category is not implemented", 0, an_unknown_category_is_not_implemented},
        {"a response instead of a request is not implemented", 0, a_response_instead_of_a_request_is_not_implemented},
        {"requests for Windows guests are not implemented", 0, requests_for_windows_guests_are_not_implemented},
        {"capabilities are those of a Linux guest", NEEDS_RECONNECT, capabilities_are_those_of_a_linux_guest},
        {"a range of versions gives the one it has", NEEDS_RECONNECT, a_range_of_versions_gives_the_one_it_has},
        {"versions that are too old are refused", NEEDS_RECONNECT, versions_that_are_too_old_are_refused},
        {"versions that are too new are refused", NEEDS_RECONNECT, versions_that_are_too_new_are_refused},
        {"nothing works before negotiation", NEEDS_RECONNECT, nothing_works_before_negotiation},
        {"a size below the header ends only the connection", NEEDS_RECONNECT,
         a_size_below_the_header_ends_only_the_connection},
        {"a size beyond reason ends only the connection", NEEDS_RECONNECT,
         a_size_beyond_reason_ends_only_the_connection},
        {"a host that vanishes is dialed again", NEEDS_RECONNECT, a_host_that_vanishes_is_dialed_again},
        {"a host that vanishes in a frame is dialed again", NEEDS_RECONNECT,
         a_host_that_vanishes_in_a_frame_is_dialed_again},
        {"a process outlives the connection it came by", NEEDS_RECONNECT, a_process_outlives_the_connection_it_came_by},
};
const struct case_table protocol_cases = {.cases = cases, .n = HCS_ARRAY_SIZE(cases)};
