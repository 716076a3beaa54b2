/* SPDX-License-Identifier: MIT */

/*
 * Clients and services that are killed at random moments: whoever is left says the right thing and goes on, and every
 * record that was complete can be read. The seed is printed; SERVICE_CRASH_SEED=N repeats a run as far as the system
 * lets it.
 */

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/json.h"
#include "base/str.h"
#include "mockhcs/remote/wire.h"
#include "mockhcs/trace/reader.h"
#include "platform/clock.h"
#include "platform/env.h"
#include "platform/process.h"
#include "platform/random.h"
#include "testing/hcs_test.h"

#define POINTS    100
#define WITHIN_MS 60 /* of a client's life, from its start to its end by force */

static char *folder, *socket_path;
static uint64_t seed;

static uint64_t draw(uint64_t below) { /* splitmix64 */
        uint64_t z = seed += 0x9E3779B97F4A7C15u;

        z = (z ^ z >> 30) * 0xBF58476D1CE4E5B9u;
        z = (z ^ z >> 27) * 0x94D049BB133111EBu;
        return (z ^ z >> 31) % below;
}

static char *file(const char *name) {
        return hcs_asprintf("%s/%s", folder, name);
}

static struct hcs_child *spawn(const char *const *argv, const char *spec) {
        _cleanup_free_ char *mock = hcs_asprintf("MOCKHCS=%s", spec);
        const char *all[] = {mock, "HCSSHIM_LOG=error", NULL};
        struct hcs_child *child = NULL;
        struct hcs_error *err = NULL;

        assert_ok(hcs_child_spawn((char *const *)(uintptr_t)argv, all, HCS_CHILD_SHARES, &child, &err), err);
        return child;
}

static HRESULT ask(const char *what, struct hcs_json **ret) {
        _cleanup_json_ struct hcs_json *request = hcs_json_new_object();

        hcs_json_set_string(request, "control", what);
        return mock_wire_ask(socket_path, request, ret, NULL);
}

/* A service in the foreground, which answers from then on. */
static struct hcs_child *start_service(const char *trace) {
        _cleanup_free_ char *path = file(trace), *backend = hcs_asprintf("record=%s,emulate", path);
        const char *argv[] = {getenv("MOCKHCS_PROGRAM"),
                              "service",
                              "--foreground",
                              "--socket",
                              socket_path,
                              "--backend",
                              backend,
                              NULL};
        struct hcs_child *service = spawn(argv, "");
        struct hcs_json *status = NULL;

        while (FAILED(ask("status", &status)))
                assert_false(hcs_child_ended(service, hcs_clock_ns() + HCS_NS_PER_MS));
        hcs_json_free(status);
        return service;
}

static struct hcs_child *start_client(const char *trace) {
        _cleanup_free_ char *path = file(trace), *spec = hcs_asprintf("record=%s,remote=%s", path, socket_path);
        const char *argv[] = {getenv("SERVICE_CLIENT"), "loop", NULL};

        return spawn(argv, spec);
}

static int end_of(struct hcs_child *child) {
        int code = -1;
        struct hcs_error *err = NULL;

        assert_ok(hcs_child_wait(child, &code, &err), err);
        return code;
}

/* Lives for a random time; it must not end before by itself. */
static void live_a_while(struct hcs_child *child) {
        uint64_t moment = hcs_clock_ns() + draw(WITHIN_MS * 1000) * 1000;

        assert_false(hcs_child_ended(child, moment));
}

/* Every record but a last one that was cut off. */
static size_t read_trace(const char *name) {
        _cleanup_free_ char *path = file(name);
        struct mock_trace_reader *r = NULL;
        struct hcs_error *err = NULL;
        struct mock_record record = {0};
        size_t n = 0;
        HRESULT hr;

        if (access(path, F_OK) != 0)
                return 0; /* killed before it had begun */
        hr = mock_trace_reader_open(path, &r, &err);
        if (FAILED(hr)) { /* killed while it wrote the header */
                hcs_error_free(err);
                return 0;
        }
        while ((hr = mock_trace_reader_next(r, &record, &err)) == S_OK) {
                n++;
                mock_record_deinit(&record);
        }
        assert_ok(hr, err);
        mock_trace_reader_free(r);
        return n;
}

/* Until the service has done what the end of its clients asks for. */
static void wait_until_deserted(void) {
        for (;;) {
                _cleanup_json_ struct hcs_json *status = NULL;
                uint64_t systems = 99;

                assert_hresult(ask("status", &status), S_OK);
                hcs_json_u64(hcs_json_lookup(status, "World.Systems"), &systems);
                if (systems == 0 && hcs_json_count(hcs_json_get(status, "Clients")) == 1)
                        return;
        }
}

static void clients_that_are_killed_leave_nothing_behind(void **state) {
        struct hcs_child *service = start_service("service.trace");
        size_t records = 0;

        for (int i = 0; i < POINTS; i++) {
                struct hcs_child *client = start_client("client.trace");

                live_a_while(client);
                hcs_child_kill(client);
                end_of(client);
                wait_until_deserted();
                records += read_trace("client.trace");
        }
        hcs_child_kill(service);
        end_of(service);
        assert_true(records > POINTS);
        assert_true(read_trace("service.trace") > records / 2);
}

static void clients_of_a_service_that_is_killed_say_so(void **state) {
        size_t records = 0;

        for (int i = 0; i < POINTS; i++) {
                struct hcs_child *service = start_service("service.trace"), *clients[2];

                clients[0] = start_client("one.trace");
                clients[1] = start_client("two.trace");
                live_a_while(clients[0]);
                hcs_child_kill(service);
                end_of(service);
                for (int c = 0; c < 2; c++)
                        assert_int_equal(end_of(clients[c]), 0);
                records += read_trace("service.trace") + read_trace("one.trace") + read_trace("two.trace");
        }
        assert_true(records > POINTS);
}

static void prepare(void) {
        char *given = hcs_env_get("SERVICE_CRASH_SEED");

        if (!given || !hcs_str_to_u64(given, &seed))
                hcs_random(&seed, sizeof(seed), NULL);
        free(given);
        printf("SERVICE_CRASH_SEED=%llu\n", (unsigned long long)seed);
        folder = hcs_test_tmpdir();
        socket_path = file("s");
}

int main(int argc, char **argv) {
        const struct CMUnitTest tests[] = {cmocka_unit_test(clients_that_are_killed_leave_nothing_behind),
                                           cmocka_unit_test(clients_of_a_service_that_is_killed_say_so)};
        int failed;

        prepare();
        failed = hcs_test_main(argc, argv, tests, sizeof(tests) / sizeof(tests[0]));
        free(socket_path);
        free(folder);
        return failed;
}
