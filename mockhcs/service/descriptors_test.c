/* SPDX-License-Identifier: MIT */

/* A service that has no descriptors left: it waits for one, and can be ended all the same. */

#include <fcntl.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/mem.h"
#include "base/str.h"
#include "mockhcs/remote/hyperv_client.h"
#include "mockhcs/service.h"
#include "platform/env.h"
#include "platform/hvsocket.h"
#include "testing/hcs_test.h"

#define FEW 8 /* as many as one poll of the service needs */

/* ---- no descriptor is left, whatever others give back ---- */

struct shortage {
        struct rlimit before;
        int held[FEW];
        size_t n;
};

/* All below the limit are in use by what stays, or held; beyond it none is given out. */
static void begin_shortage(struct shortage *s) {
        struct rlimit few;
        int fd;

        assert_int_equal(getrlimit(RLIMIT_NOFILE, &s->before), 0);
        for (s->n = 0; (fd = open("/dev/null", O_RDONLY | O_CLOEXEC)) >= 0 && fd < FEW;)
                s->held[s->n++] = fd;
        close(fd);
        few = s->before;
        few.rlim_cur = FEW;
        assert_int_equal(setrlimit(RLIMIT_NOFILE, &few), 0);
}

static void end_shortage(struct shortage *s) {
        setrlimit(RLIMIT_NOFILE, &s->before);
        while (s->n > 0)
                close(s->held[--s->n]);
}

/* With a socket that was made before the shortage. */
static void connect_to(int fd, const char *path) {
        struct sockaddr_un address = {.sun_family = AF_UNIX};

        assert_true(strlen(path) < sizeof(address.sun_path));
        strcpy(address.sun_path, path);
        assert_int_equal(connect(fd, (struct sockaddr *)&address, sizeof(address)), 0);
}

/* ---- what the service's log says, which goes to stderr ---- */

struct ear {
        int stderr_before, from;
};

static void begin_listening(struct ear *e) {
        int ends[2];

        assert_int_equal(pipe2(ends, O_CLOEXEC), 0);
        e->from = ends[0];
        e->stderr_before = fcntl(STDERR_FILENO, F_DUPFD_CLOEXEC, 0);
        assert_int_equal(dup2(ends[1], STDERR_FILENO), STDERR_FILENO);
        close(ends[1]);
}

static void wait_for_text(struct ear *e, const char *text) {
        char heard[4096] = "";
        size_t n = 0;
        ssize_t r;

        while (!strstr(heard, text) && n < sizeof(heard) - 1 &&
               (r = read(e->from, heard + n, sizeof(heard) - 1 - n)) > 0)
                heard[n += (size_t)r] = '\0';
        assert_non_null(strstr(heard, text));
}

static void end_listening(struct ear *e) {
        dup2(e->stderr_before, STDERR_FILENO);
        close(e->stderr_before);
        close(e->from);
}

/* ---- the tests ---- */

static void it_ends_while_somebody_waits_whom_it_cannot_take(void **state) {
        _cleanup_free_ char *folder = hcs_test_tmpdir(), *path = hcs_asprintf("%s/s", folder);
        struct mockhcs_service *service = NULL;
        int client = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
        struct hcs_error *err = NULL;
        struct shortage shortage;
        struct ear ear;

        hcs_env_set("HCSSHIM_LOG", "warning");
        assert_ok(mockhcs_service_open(&(struct mockhcs_service_options){.socket = path}, &service, &err), err);
        begin_listening(&ear);
        begin_shortage(&shortage);
        connect_to(client, path);
        wait_for_text(&ear, "cannot take a client");
        assert_ok(mockhcs_service_close(service, &err), err);
        end_shortage(&shortage);
        end_listening(&ear);
        close(client);
}

static void a_listener_for_machines_takes_them_when_there_are_descriptors_again(void **state) {
        static const GUID wildcard = {0};
        _cleanup_free_ char *folder = hcs_test_tmpdir(), *path = hcs_asprintf("%s/s", folder),
                            *door = hcs_asprintf("%s/door", folder), *machine = NULL, *any = NULL, *at = NULL;
        GUID service_id, vm = {1, 2, 3, {4}};
        struct mockhcs_service *service = NULL;
        struct hyperv_client *program = NULL;
        int guest = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
        struct hcs_stream *taken = NULL;
        struct hcs_listener *l = NULL;
        struct hcs_error *err = NULL;
        struct shortage shortage;
        struct ear ear;
        uint16_t port = 0;

        hcs_env_set("HCSSHIM_LOG", "warning");
        hcs_env_set("XDG_RUNTIME_DIR", folder);
        machine = hcs_hvsocket_folder(&vm);
        any = hcs_hvsocket_wildcard_beside(machine);
        at = hcs_asprintf("%s/v.sock_9", any);
        hcs_guid_from_vsock_port(9, &service_id);
        assert_ok(mockhcs_service_open(&(struct mockhcs_service_options){.socket = path, .loopback = door}, &service,
                                       &err),
                  err);
        assert_int_equal(hyperv_client_new(door, &program), 0);
        assert_ok(hcs_listener_tcp(&port, &l, NULL), NULL);
        assert_int_equal(hyperv_client_listen(program, &wildcard, &service_id, port), 0);
        begin_listening(&ear);
        begin_shortage(&shortage);
        connect_to(guest, at);
        wait_for_text(&ear, "cannot take a connection of a machine");
        end_shortage(&shortage);
        end_listening(&ear);
        assert_ok(hcs_listener_accept(l, NULL, &taken, &err), err);
        assert_true(hyperv_client_from(program, port, hcs_stream_tcp_peer(taken), &vm, &service_id));
        hcs_stream_close(taken);
        close(guest);
        hyperv_client_free(program);
        hcs_listener_close(l);
        assert_ok(mockhcs_service_close(service, &err), err);
}

HCS_TESTS(cmocka_unit_test(it_ends_while_somebody_waits_whom_it_cannot_take),
          cmocka_unit_test(a_listener_for_machines_takes_them_when_there_are_descriptors_again))
