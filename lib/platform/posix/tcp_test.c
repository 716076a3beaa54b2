/* SPDX-License-Identifier: MIT */

/* TCP of the loopback interface: who is known by a port, and whose door is followed. */

#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/mem.h"
#include "base/str.h"
#include "platform/loopback.h"
#include "testing/hcs_test.h"

static struct sockaddr_in address_of(uint32_t host, uint16_t port) {
        return (struct sockaddr_in){.sin_family = AF_INET, .sin_port = htons(port), .sin_addr.s_addr = htonl(host)};
}

static void a_peer_is_known_by_its_port_of_one_address_only(void **state) {
        struct sockaddr_in from = address_of(INADDR_LOOPBACK + 1, 0), to;
        int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
        struct hcs_stream *mine = NULL, *taken = NULL;
        struct hcs_listener *l = NULL;
        uint16_t port = 0, my_port = 0;

        assert_ok(hcs_listener_tcp(&port, &l, NULL), NULL);
        assert_ok(hcs_stream_tcp_new(&my_port, &mine, NULL), NULL);
        assert_ok(hcs_stream_tcp_connect(mine, port, NULL, NULL), NULL);
        assert_ok(hcs_listener_accept(l, NULL, &taken, NULL), NULL);
        assert_int_equal(hcs_stream_tcp_peer(taken), my_port);
        hcs_stream_close(taken);
        /* Anybody can have the same port there. */
        from.sin_port = htons(my_port);
        to = address_of(INADDR_LOOPBACK, port);
        assert_int_equal(bind(fd, (struct sockaddr *)&from, sizeof(from)), 0);
        assert_int_equal(connect(fd, (struct sockaddr *)&to, sizeof(to)), 0);
        assert_ok(hcs_listener_accept(l, NULL, &taken, NULL), NULL);
        assert_int_equal(hcs_stream_tcp_peer(taken), 0);
        hcs_stream_close(taken);
        close(fd);
        hcs_stream_close(mine);
        hcs_listener_close(l);
}

static void a_stream_of_another_kind_has_no_port(void **state) {
        struct hcs_stream *a = NULL, *b = NULL;

        assert_ok(hcs_stream_pair(&a, &b, NULL), NULL);
        assert_int_equal(hcs_stream_tcp_peer(a), 0);
        hcs_stream_close(a);
        hcs_stream_close(b);
}

static void a_door_of_another_user_is_not_followed(void **state) {
        static const uid_t another = 65534;
        _cleanup_free_ char *folder = hcs_test_tmpdir(), *file = hcs_asprintf("%s/door", folder);
        struct hcs_loopback *door = NULL;
        struct hcs_stream *s = NULL;
        struct hcs_error *err = NULL;
        bool changed;

        assert_ok(hcs_loopback_new(file, &door, &err), err);
        changed = chown(file, another, (gid_t)-1) == 0;
        if (changed) {
                assert_hresult(hcs_stream_connect_private(file, NULL, &s, &err), E_ACCESSDENIED);
                assert_non_null(strstr(hcs_error_message(err), "belongs to another user"));
                hcs_error_free(err);
        }
        hcs_loopback_free(door);
        if (!changed) /* we are not root */
                skip();
}

HCS_TESTS(cmocka_unit_test(a_peer_is_known_by_its_port_of_one_address_only),
          cmocka_unit_test(a_stream_of_another_kind_has_no_port),
          cmocka_unit_test(a_door_of_another_user_is_not_followed))
