/* SPDX-License-Identifier: MIT */

/* Streams over TCP of the loopback interface; what is said at once is not held back for more. */

#include "platform/windows/last_error.h"
#include "platform/windows/socket.h"

#define WHAT "bind a port of the loopback interface"

static struct sockaddr_in loopback(uint16_t port) {
        return (struct sockaddr_in){
                .sin_family = AF_INET, .sin_port = htons(port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
}

static HRESULT new_socket(SOCKET *ret, struct hcs_error **err) {
        static const int on = 1;
        HRESULT hr = hcs_socket_new(AF_INET, IPPROTO_TCP, ret, err);

        if (SUCCEEDED(hr))
                setsockopt(*ret, IPPROTO_TCP, TCP_NODELAY, (const char *)&on, sizeof(on));
        return hr;
}

static HRESULT port_of(SOCKET s, uint16_t *ret, struct hcs_error **err) {
        struct sockaddr_in address;
        int size = sizeof(address);

        if (getsockname(s, (struct sockaddr *)&address, &size) == SOCKET_ERROR)
                return hcs_socket_error(err, WHAT);
        *ret = ntohs(address.sin_port);
        return S_OK;
}

HRESULT hcs_stream_tcp_new(uint16_t *ret_port, struct hcs_stream **ret, struct hcs_error **err) {
        struct sockaddr_in address = loopback(0);
        SOCKET s = INVALID_SOCKET;
        HRESULT hr = new_socket(&s, err);

        if (FAILED(hr))
                return hr;
        if (bind(s, (struct sockaddr *)&address, sizeof(address)) == SOCKET_ERROR)
                hr = hcs_socket_error(err, WHAT);
        if (SUCCEEDED(hr))
                hr = port_of(s, ret_port, err);
        if (SUCCEEDED(hr))
                return hcs_stream_of_socket(s, ret, err);
        closesocket(s);
        return hr;
}

HRESULT hcs_stream_tcp_connect(struct hcs_stream *s, uint16_t port, const struct hcs_bound *b, struct hcs_error **err) {
        struct sockaddr_in address = loopback(port);

        return hcs_socket_connect(hcs_stream_socket(s), (struct sockaddr *)&address, sizeof(address), b,
                                  "connect to a port of the loopback interface", err);
}

uint16_t hcs_stream_tcp_peer(const struct hcs_stream *s) {
        struct sockaddr_in address = {0};
        int size = sizeof(address);

        if (getpeername(hcs_stream_socket(s), (struct sockaddr *)&address, &size) == SOCKET_ERROR ||
            address.sin_family != AF_INET ||
            address.sin_addr.s_addr != htonl(INADDR_LOOPBACK)) /* 127.0.0.2 has the same ports once more */
                return 0;
        return ntohs(address.sin_port);
}

HRESULT hcs_listener_tcp(uint16_t *ret_port, struct hcs_listener **ret, struct hcs_error **err) {
        struct sockaddr_in address = loopback(0);
        struct hcs_listener *l = NULL;
        SOCKET s = INVALID_SOCKET;
        HRESULT hr = new_socket(&s, err);

        if (SUCCEEDED(hr))
                hr = hcs_listener_of_socket(s, (struct sockaddr *)&address, sizeof(address), WHAT, &l, err);
        if (SUCCEEDED(hr))
                hr = port_of(s, ret_port, err);
        if (FAILED(hr)) {
                hcs_listener_close(l);
                return hr;
        }
        *ret = l;
        return S_OK;
}
