/* SPDX-License-Identifier: MIT */

/* Hyper-V sockets through the door of a service: as a program without AF_HYPERV has them, with a machine on paper. */

#include "mockhcs/remote/hyperv_client.h"

#include <stdio.h>

#include "base/str.h"
#include "mockhcs/remote/hyperv_wire.h"
#include "mockhcs/service.h"
#include "platform/env.h"
#include "platform/file.h"
#include "platform/hvsocket.h"
#include "platform/loopback.h"
#include "platform/thread.h"
#include "testing/hcs_test.h"

static const GUID wildcard = {0},
                  loopback = {0xe0e16197, 0xdd56, 0x4a10, {0x91, 0x95, 0x5e, 0xe7, 0xa1, 0x55, 0xa8, 0x38}},
                  a_machine = {1, 2, 3, {4}}, nobody = {9, 9, 9, {9}};

struct world {
        char *socket, *door;
        struct mockhcs_service *service;
        struct hyperv_client *client;
};

static int setup_with(void **state, size_t clients) {
        _cleanup_free_ char *folder = hcs_test_tmpdir();
        struct world *w = hcs_calloc(1, sizeof(*w));
        struct hcs_error *err = NULL;

        hcs_env_set("XDG_RUNTIME_DIR", folder);
        w->socket = hcs_asprintf("%s/s", folder);
        w->door = hcs_asprintf("%s/door", folder);
        assert_ok(mockhcs_service_open(&(struct mockhcs_service_options){.socket = w->socket,
                                                                         .loopback = w->door,
                                                                         .limits.clients = clients},
                                       &w->service, &err),
                  err);
        assert_int_equal(hyperv_client_new(w->door, &w->client), 0);
        *state = w;
        return 0;
}

static int setup(void **state) {
        return setup_with(state, 0);
}

static int setup_small(void **state) {
        return setup_with(state, 2);
}

static int teardown(void **state) {
        struct world *w = *state;

        hyperv_client_free(w->client);
        mockhcs_service_close(w->service, NULL);
        free(w->socket);
        free(w->door);
        free(w);
        return 0;
}

static GUID service_of(uint32_t port) {
        GUID g;

        hcs_guid_from_vsock_port(port, &g);
        return g;
}

static struct hcs_stream *accept_one(struct hcs_listener *l) {
        struct hcs_stream *s = NULL;

        assert_ok(hcs_listener_accept(l, NULL, &s, NULL), NULL);
        return s;
}

static void expect_text(struct hcs_stream *s, const char *text) {
        char buf[64] = "";
        size_t all = 0, n = 0;

        while (all < strlen(text) && hcs_stream_read(s, buf + all, sizeof(buf) - all - 1, NULL, &n, NULL) == S_OK)
                all += n;
        assert_string_equal(buf, text);
}

static void expect_end(struct hcs_stream *s) {
        char byte;
        size_t n;

        assert_int_not_equal(hcs_stream_read(s, &byte, 1, NULL, &n, NULL), S_OK);
}

static void say(struct hcs_stream *s, const char *text) {
        assert_ok(hcs_stream_write(s, text, strlen(text), NULL, NULL), NULL);
}

/* A TCP socket of the program, connected to a Hyper-V address. */
static struct hcs_stream *dial(struct world *w, const GUID *vm, uint32_t port, uint32_t code, uint16_t *ret_far) {
        GUID service = service_of(port);
        struct hcs_stream *s = NULL;
        uint16_t mine = 0;

        assert_ok(hcs_stream_tcp_new(&mine, &s, NULL), NULL);
        assert_int_equal(hyperv_client_connect(w->client, vm, &service, mine, ret_far), code);
        if (code == 0)
                assert_ok(hcs_stream_tcp_connect(s, *ret_far, NULL, NULL), NULL);
        else
                s = hcs_stream_close(s);
        return s;
}

static void host_programs_meet_in_the_loopback(void **state) {
        struct world *w = *state;
        GUID service = service_of(5000), vm = {0}, who = {0};
        struct hcs_listener *l = NULL;
        struct hcs_stream *a, *b;
        uint16_t port = 0, far_port = 0;

        assert_ok(hcs_listener_tcp(&port, &l, NULL), NULL);
        assert_int_equal(hyperv_client_listen(w->client, &loopback, &service, port), 0);
        assert_int_equal(hyperv_client_listen(w->client, &loopback, &service, port), 10048);
        a = dial(w, &loopback, 5000, 0, &far_port);
        b = accept_one(l);
        assert_true(hyperv_client_from(w->client, port, hcs_stream_tcp_peer(b), &vm, &who));
        assert_true(hcs_guid_equal(&vm, &loopback));
        assert_false(hyperv_client_from(w->client, port, hcs_stream_tcp_peer(b), &vm, &who));
        say(a, "hello");
        hcs_stream_close_write(a);
        expect_text(b, "hello");
        expect_end(b);
        say(b, "after the half close");
        expect_text(a, "after the half close");
        hcs_stream_close(b);
        expect_end(a);
        hcs_stream_close(a);
        hyperv_client_unlisten(w->client, port);
        assert_int_equal(hyperv_client_listen(w->client, &loopback, &service, port), 0);
        hcs_listener_close(l);
}

/* Plays the device of a machine: takes one CONNECT. */
static void be_a_device(void *arg) {
        struct hcs_stream *s = accept_one(arg);

        expect_text(s, "CONNECT 77\n");
        say(s, "OK 1\nfrom the guest");
        expect_end(s);
        hcs_stream_close(s);
}

static void a_program_reaches_a_guest_and_its_close_is_heard(void **state) {
        struct world *w = *state;
        _cleanup_free_ char *folder = hcs_hvsocket_folder(&a_machine), *path = hcs_asprintf("%s/v.sock", folder);
        struct hcs_work_folder *machine = NULL;
        struct hcs_listener *l = NULL;
        struct hcs_thread thread;
        struct hcs_stream *s;
        uint16_t far_port = 0;

        assert_ok(hcs_hvsocket_folder_new(&a_machine, &machine, NULL), NULL);
        dial(w, &a_machine, 77, 10061, &far_port);
        assert_ok(hcs_listener_unix(path, &l, NULL), NULL);
        assert_ok(hcs_thread_start(&thread, be_a_device, l, NULL), NULL);
        s = dial(w, &a_machine, 77, 0, &far_port);
        expect_text(s, "from the guest");
        hyperv_client_close(w->client, far_port);
        hcs_stream_close(s);
        hcs_thread_join(&thread);
        hcs_listener_close(l);
        hcs_hvsocket_folder_free(machine);
}

static void a_guest_reaches_a_program_that_listens_for_it(void **state) {
        struct world *w = *state;
        _cleanup_free_ char *folder = hcs_hvsocket_folder(&a_machine), *path = hcs_asprintf("%s/v.sock_9", folder);
        struct hcs_work_folder *machine = NULL;
        struct hcs_listener *l = NULL;
        GUID service = service_of(9), vm = {0}, who = {0};
        struct hcs_stream *guest = NULL, *s;
        uint16_t port = 0;

        assert_ok(hcs_listener_tcp(&port, &l, NULL), NULL);
        assert_int_equal(hyperv_client_listen(w->client, &a_machine, &service, port), 10049);
        assert_ok(hcs_hvsocket_folder_new(&a_machine, &machine, NULL), NULL);
        assert_int_equal(hyperv_client_listen(w->client, &a_machine, &service, port), 0);
        assert_ok(hcs_stream_connect_unix(path, NULL, &guest, NULL), NULL);
        s = accept_one(l);
        assert_true(hyperv_client_from(w->client, port, hcs_stream_tcp_peer(s), &vm, &who));
        assert_true(hcs_guid_equal(&vm, &a_machine));
        say(guest, "x");
        expect_text(s, "x");
        /* The program goes: its connections and its name go with it. */
        w->client = hyperv_client_free(w->client);
        expect_end(guest);
        assert_int_equal(hyperv_client_new(w->door, &w->client), 0);
        while (hyperv_client_listen(w->client, &a_machine, &service, port) == 10048)
                continue;
        hcs_stream_close(s);
        hcs_stream_close(guest);
        hcs_listener_close(l);
        hcs_hvsocket_folder_free(machine);
}

static void a_listener_for_any_machine_is_in_the_folder_of_the_wildcard(void **state) {
        struct world *w = *state;
        _cleanup_free_ char *folder = hcs_hvsocket_folder(&a_machine), *any = hcs_hvsocket_wildcard_beside(folder),
                            *path = hcs_asprintf("%s/v.sock_9", any);
        GUID service = service_of(9), vm = {0}, who = {0};
        struct hcs_listener *l = NULL;
        struct hcs_stream *guest = NULL, *s;
        uint16_t port = 0, far_port = 0;

        assert_ok(hcs_listener_tcp(&port, &l, NULL), NULL);
        assert_int_equal(hyperv_client_listen(w->client, &wildcard, &service, port), 0);
        assert_ok(hcs_stream_connect_unix(path, NULL, &guest, NULL), NULL);
        s = accept_one(l);
        assert_true(hyperv_client_from(w->client, port, hcs_stream_tcp_peer(s), &vm, &who));
        hcs_stream_close(guest);
        hcs_stream_close(s);
        guest = dial(w, &loopback, 9, 0, &far_port);
        s = accept_one(l);
        assert_true(hyperv_client_from(w->client, port, hcs_stream_tcp_peer(s), &vm, &who));
        hcs_stream_close(guest);
        hcs_stream_close(s);
        hcs_listener_close(l);
}

static void a_stranger_at_the_port_is_known_as_one(void **state) {
        struct world *w = *state;
        GUID service = service_of(9), vm, who;
        struct hcs_stream *stranger = NULL, *s;
        struct hcs_listener *l = NULL;
        uint16_t port = 0, mine = 0;

        assert_ok(hcs_listener_tcp(&port, &l, NULL), NULL);
        assert_int_equal(hyperv_client_listen(w->client, &loopback, &service, port), 0);
        assert_ok(hcs_stream_tcp_new(&mine, &stranger, NULL), NULL);
        assert_ok(hcs_stream_tcp_connect(stranger, port, NULL, NULL), NULL);
        s = accept_one(l);
        assert_false(hyperv_client_from(w->client, port, hcs_stream_tcp_peer(s), &vm, &who));
        hcs_stream_close(s);
        hcs_stream_close(stranger);
        hcs_listener_close(l);
}

static uint16_t port_of_door(const char *door) {
        _cleanup_buf_ struct hcs_buf b = {0};
        unsigned port = 0;

        assert_ok(hcs_file_read(door, 1024, &b, NULL), NULL);
        assert_int_equal(sscanf(hcs_buf_cstr(&b), "hcsshim-loopback 1 %u ", &port), 1);
        return (uint16_t)port;
}

static void strangers_at_the_door_are_only_so_many(void **state) {
        struct world *w = *state;
        struct hcs_stream *strangers[256];
        struct hyperv_client *another = NULL;
        uint16_t door = port_of_door(w->door), mine = 0;
        size_t n = 0, got = 0;
        char byte;

        do {
                assert_true(n < HCS_ARRAY_SIZE(strangers));
                assert_ok(hcs_stream_tcp_new(&mine, &strangers[n], NULL), NULL);
                assert_ok(hcs_stream_tcp_connect(strangers[n], door, NULL, NULL), NULL);
        } while (hcs_stream_read(strangers[n++], &byte, 1, NULL, &got, NULL) == S_OK);
        assert_true(n > 1);
        while (n > 0)
                hcs_stream_close(strangers[--n]);
        while (hyperv_client_new(w->door, &another) != 0) /* until it has seen that they are gone */
                continue;
        hyperv_client_free(another);
}

static void what_was_announced_to_one_listener_is_no_name_at_another(void **state) {
        struct world *w = *state;
        GUID service = service_of(5000), other_service = service_of(5001), vm = {0}, who = {0};
        struct hcs_listener *l = NULL, *other = NULL;
        struct hcs_stream *a, *b;
        uint16_t port = 0, other_port = 0, far_port = 0;

        assert_ok(hcs_listener_tcp(&port, &l, NULL), NULL);
        assert_ok(hcs_listener_tcp(&other_port, &other, NULL), NULL);
        assert_int_equal(hyperv_client_listen(w->client, &loopback, &service, port), 0);
        assert_int_equal(hyperv_client_listen(w->client, &loopback, &other_service, other_port), 0);
        a = dial(w, &loopback, 5000, 0, &far_port);
        b = accept_one(l);
        assert_false(hyperv_client_from(w->client, other_port, hcs_stream_tcp_peer(b), &vm, &who));
        /* Whoever took it may ask when nobody listens any more, */
        hyperv_client_unlisten(w->client, port);
        assert_true(hyperv_client_from(w->client, port, hcs_stream_tcp_peer(b), &vm, &who));
        hcs_stream_close(b);
        hcs_stream_close(a);
        /* but not the next one who listens there. */
        a = dial(w, &loopback, 5001, 0, &far_port);
        b = accept_one(other);
        hyperv_client_unlisten(w->client, other_port);
        assert_int_equal(hyperv_client_listen(w->client, &loopback, &other_service, other_port), 0);
        assert_false(hyperv_client_from(w->client, other_port, hcs_stream_tcp_peer(b), &vm, &who));
        hcs_stream_close(b);
        hcs_stream_close(a);
        hcs_listener_close(l);
        hcs_listener_close(other);
}

static void machines_that_are_not_there_are_not_reached(void **state) {
        struct world *w = *state;
        uint16_t far_port = 0;

        dial(w, &nobody, 1, 10051, &far_port);
        dial(w, &loopback, 1, 10061, &far_port);
}

static void programs_are_only_so_many(void **state) {
        struct hyperv_client *clients[4] = {0}, *more = NULL;
        struct world *w = *state;
        uint32_t code;

        for (size_t i = 1; i < HCS_ARRAY_SIZE(clients); i++) /* the test's own is one */
                assert_int_equal(hyperv_client_new(w->door, &clients[i]), 0);
        assert_int_equal(hyperv_client_new(w->door, &more), HYPERV_NO_ROOM);
        assert_null(more);
        hyperv_client_free(clients[1]);
        do /* until the service has seen it go */
                code = hyperv_client_new(w->door, &more);
        while (code == HYPERV_NO_ROOM);
        assert_int_equal(code, 0);
        hyperv_client_free(more);
        for (size_t i = 2; i < HCS_ARRAY_SIZE(clients); i++)
                hyperv_client_free(clients[i]);
}

static void the_end_of_the_service_is_seen(void **state) {
        struct world *w = *state;
        struct hyperv_client *none = NULL;

        assert_false(hyperv_client_ended(w->client));
        assert_ok(mockhcs_service_close(w->service, NULL), NULL);
        w->service = NULL;
        assert_true(hyperv_client_ended(w->client));
        assert_int_equal(hyperv_client_new(w->door, &none), HYPERV_NO_SERVICE);
}

/* ---- a service that is long in answering ---- */

struct slow {
        char *file;
        struct hcs_loopback *door;
        struct hcs_mutex lock;
        struct hcs_cond changed;
        bool asked, may_answer;
        struct hyperv_client *client;
        uint32_t listened;
};

static struct hcs_stream *let_in(struct slow *w, uint64_t id) {
        struct hyperv_message hello = {.op = HYPERV_HELLO, .id = id};
        char purpose[HCS_LOOPBACK_PURPOSE];
        struct hcs_stream *s = NULL;

        hcs_listener_accept(hcs_loopback_listener(w->door), NULL, &s, NULL);
        hcs_loopback_admit(w->door, s, NULL, purpose, NULL);
        hcs_stream_write(s, &hello, sizeof(hello), NULL, NULL);
        return s;
}

static void wait_for(struct slow *w, const bool *what) {
        hcs_guard(&w->lock);
        while (!*what)
                hcs_cond_wait(&w->changed, &w->lock);
}

static void set(struct slow *w, bool *what) {
        hcs_guard(&w->lock);
        *what = true;
        hcs_cond_broadcast(&w->changed);
}

static void answer_late(void *arg) {
        struct slow *w = arg;
        struct hcs_stream *program = let_in(w, 1), *question = let_in(w, 2);
        struct hyperv_message m = {0};
        size_t n = 0;

        hcs_stream_read(question, &m, sizeof(m), NULL, &n, NULL);
        set(w, &w->asked);
        wait_for(w, &w->may_answer);
        m = (struct hyperv_message){.op = HYPERV_ANSWER};
        hcs_stream_write(question, &m, sizeof(m), NULL, NULL);
        hcs_stream_close(question);
        hcs_stream_close(program);
}

static void listen_slowly(void *arg) {
        struct slow *w = arg;
        GUID service = service_of(5000);

        w->listened = hyperv_client_listen(w->client, &loopback, &service, 1);
}

static void a_listen_that_is_not_answered_holds_nobody_up(void **state) {
        _cleanup_free_ char *folder = hcs_test_tmpdir();
        struct slow w = {.file = hcs_asprintf("%s/door", folder)};
        struct hcs_thread service, listener;
        GUID vm, who;

        hcs_mutex_init(&w.lock);
        hcs_cond_init(&w.changed);
        assert_ok(hcs_loopback_new(w.file, &w.door, NULL), NULL);
        assert_ok(hcs_thread_start(&service, answer_late, &w, NULL), NULL);
        assert_int_equal(hyperv_client_new(w.file, &w.client), 0);
        assert_ok(hcs_thread_start(&listener, listen_slowly, &w, NULL), NULL);
        wait_for(&w, &w.asked);
        hyperv_client_close(w.client, 2);
        hyperv_client_unlisten(w.client, 3);
        assert_false(hyperv_client_from(w.client, 4, 5, &vm, &who));
        assert_false(hyperv_client_ended(w.client));
        set(&w, &w.may_answer); /* all that before the listen had an answer, which comes in time */
        hcs_thread_join(&listener);
        assert_int_equal(w.listened, 0);
        hcs_thread_join(&service);
        hyperv_client_free(w.client);
        hcs_loopback_close(w.door);
        hcs_loopback_free(w.door);
        hcs_cond_deinit(&w.changed);
        hcs_mutex_deinit(&w.lock);
        free(w.file);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
HCS_TESTS(TEST(host_programs_meet_in_the_loopback), TEST(a_program_reaches_a_guest_and_its_close_is_heard),
          TEST(a_guest_reaches_a_program_that_listens_for_it),
          TEST(a_listener_for_any_machine_is_in_the_folder_of_the_wildcard),
          TEST(strangers_at_the_door_are_only_so_many), TEST(a_stranger_at_the_port_is_known_as_one),
          TEST(what_was_announced_to_one_listener_is_no_name_at_another),
          TEST(machines_that_are_not_there_are_not_reached),
          cmocka_unit_test_setup_teardown(programs_are_only_so_many, setup_small, teardown),
          TEST(the_end_of_the_service_is_seen), cmocka_unit_test(a_listen_that_is_not_answered_holds_nobody_up))
