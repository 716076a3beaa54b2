/* SPDX-License-Identifier: MIT */

/* Streams are dialed in their order, all or none, and with room for a batch of the relay. */

#include <fcntl.h>
#include <linux/vm_sockets.h>
#include <stdio.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "guest/container/ports.h"
#include "guest/testing/fixture.h"

struct rig {
        struct guest_fixture f;
        struct guest_transport *t;
};

static void set_up(struct rig *r) {
        _cleanup_free_ char *text = NULL;

        guest_fixture_init(&r->f);
        text = hcs_asprintf("unix:%s/v", r->f.dir);
        assert_ok(guest_transport_new(text, &r->t, NULL), NULL);
}

static void tear_down(struct rig *r) {
        guest_transport_free(r->t);
        guest_fixture_deinit(&r->f);
}

static int listen_at(const struct rig *r, unsigned port) {
        int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
        struct sockaddr_un a = {.sun_family = AF_UNIX};

        snprintf(a.sun_path, sizeof(a.sun_path), "%s/v_%u", r->f.dir, port);
        assert_int_equal(bind(fd, (struct sockaddr *)&a, sizeof(a)), 0);
        assert_int_equal(listen(fd, 4), 0);
        return fd;
}

static void every_wanted_stream_is_dialed_at_its_port(void **state) {
        struct guest_ports p = {.has_in = true, .in = 7, .has_err = true, .err = 9, .out = 8};
        struct guest_streams s = GUEST_STREAMS_NONE;
        struct rig r;
        int in, err, conn;
        char byte = 0;

        set_up(&r);
        in = listen_at(&r, 7);
        err = listen_at(&r, 9);
        assert_ok(guest_ports_dial(&p, r.t, &s, NULL), NULL);
        assert_int_equal(s.out, -1);
        conn = accept(err, NULL, NULL);
        assert_int_equal(write(s.err, "e", 1), 1);
        assert_int_equal(read(conn, &byte, 1), 1);
        assert_int_equal(byte, 'e');
        close(conn);
        guest_streams_close(&s);
        close(in);
        close(err);
        tear_down(&r);
}

static void assert_comes_to_next(int listener, int sender, char letter) {
        int conn = accept(listener, NULL, NULL);
        char byte = 0;

        assert_int_equal(write(sender, &letter, 1), 1);
        assert_int_equal(recv(conn, &byte, 1, MSG_DONTWAIT), 1);
        assert_int_equal(byte, letter);
        close(conn);
}

static void streams_are_dialed_in_their_order(void **state) {
        struct guest_ports p = {.has_in = true, .in = 7, .has_out = true, .out = 7, .has_err = true, .err = 7};
        struct guest_streams s = GUEST_STREAMS_NONE;
        struct rig r;
        int all;

        set_up(&r);
        all = listen_at(&r, 7);
        assert_ok(guest_ports_dial(&p, r.t, &s, NULL), NULL);
        fcntl(all, F_SETFL, O_NONBLOCK); /* who is missing fails the test */
        assert_comes_to_next(all, s.in, 'i');
        assert_comes_to_next(all, s.out, 'o');
        assert_comes_to_next(all, s.err, 'e');
        guest_streams_close(&s);
        close(all);
        tear_down(&r);
}

static void a_port_nobody_listens_on_closes_those_before_it(void **state) {
        struct guest_ports p = {.has_in = true, .in = 7, .has_out = true, .out = 8, .has_err = true, .err = 9};
        struct guest_streams s = GUEST_STREAMS_NONE;
        struct hcs_error *why = NULL;
        struct rig r;
        int in, out, conn;
        char byte;

        set_up(&r);
        in = listen_at(&r, 7);
        out = listen_at(&r, 8);
        assert_true(FAILED(guest_ports_dial(&p, r.t, &s, &why)));
        assert_non_null(strstr(hcs_error_message(why), "failed creating stderr Connection"));
        why = hcs_error_free(why);
        assert_int_equal(s.in, -1);
        assert_int_equal(s.out, -1);
        conn = accept(in, NULL, NULL);
        assert_int_equal(read(conn, &byte, 1), 0);
        close(conn);
        conn = accept(out, NULL, NULL);
        assert_int_equal(read(conn, &byte, 1), 0);
        close(conn);
        close(in);
        close(out);
        tear_down(&r);
}

/* A kernel that gives less is fine, but then it gives us no more than it gives the test. */
static void a_pipe_takes_a_mebibyte(void **state) {
        struct guest_streams ours = GUEST_STREAMS_NONE, theirs = GUEST_STREAMS_NONE;
        int probe[2], most;

        assert_int_equal(pipe2(probe, O_CLOEXEC), 0);
        fcntl(probe[0], F_SETPIPE_SZ, 1024 * 1024);
        most = fcntl(probe[0], F_GETPIPE_SZ);
        assert_ok(guest_ports_pipes(true, true, false, &ours, &theirs, NULL), NULL);
        assert_int_equal(fcntl(ours.out, F_GETPIPE_SZ), most);
        assert_int_equal(fcntl(theirs.in, F_GETPIPE_SZ), most);
        assert_int_equal(ours.err, -1);
        assert_int_equal(theirs.err, -1);
        assert_true(fcntl(theirs.in, F_GETFD) & FD_CLOEXEC);
        guest_streams_close(&ours);
        guest_streams_close(&theirs);
        close(probe[0]);
        close(probe[1]);
}

static void a_connection_by_vsock_takes_a_mebibyte(void **state) {
        int fd = socket(AF_VSOCK, SOCK_STREAM | SOCK_CLOEXEC, 0);
        socklen_t size = sizeof(uint64_t);
        uint64_t window = 0;

        if (fd < 0) {
                print_message("this kernel has no vsock\n");
                skip();
        }
        guest_ports_widen(fd);
        assert_int_equal(getsockopt(fd, AF_VSOCK, SO_VM_SOCKETS_BUFFER_SIZE, &window, &size), 0);
        assert_int_equal(window, 1024 * 1024);
        close(fd);
}

HCS_TESTS(cmocka_unit_test(every_wanted_stream_is_dialed_at_its_port),
          cmocka_unit_test(streams_are_dialed_in_their_order),
          cmocka_unit_test(a_port_nobody_listens_on_closes_those_before_it), cmocka_unit_test(a_pipe_takes_a_mebibyte),
          cmocka_unit_test(a_connection_by_vsock_takes_a_mebibyte))
