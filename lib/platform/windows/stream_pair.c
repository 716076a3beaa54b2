/* SPDX-License-Identifier: MIT */

/* A pair of streams: Windows has none, so two ends of a connection of the loopback interface. */

#include "platform/windows/socket.h"

#define WHAT "make a pair of streams"

/* As much as a pair of other systems holds: a loopback connection would grow to megabytes. */
static const int one = 1, room = 65536;

static bool is_same(const struct sockaddr_in *a, const struct sockaddr_in *b) {
        return a->sin_port == b->sin_port && a->sin_addr.s_addr == b->sin_addr.s_addr;
}

/* A stranger may connect first; he is sent away. */
static SOCKET accept_from(SOCKET listener, const struct sockaddr_in *peer) {
        for (;;) {
                struct sockaddr_in who = {0};
                int size = sizeof(who);
                SOCKET s = accept(listener, (struct sockaddr *)&who, &size);

                if (s == INVALID_SOCKET || is_same(&who, peer))
                        return s;
                closesocket(s);
        }
}

static HRESULT meet(SOCKET listener, SOCKET near_end, SOCKET *ret_far, struct hcs_error **err) {
        struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)}, peer;
        int size = sizeof(address);

        if (bind(listener, (struct sockaddr *)&address, size) == SOCKET_ERROR || listen(listener, 1) == SOCKET_ERROR ||
            getsockname(listener, (struct sockaddr *)&address, &size) == SOCKET_ERROR ||
            connect(near_end, (struct sockaddr *)&address, size) == SOCKET_ERROR ||
            getsockname(near_end, (struct sockaddr *)&peer, &size) == SOCKET_ERROR)
                return hcs_socket_error(err, WHAT);
        *ret_far = accept_from(listener, &peer);
        return *ret_far == INVALID_SOCKET ? hcs_socket_error(err, WHAT) : S_OK;
}

HRESULT hcs_stream_pair(struct hcs_stream **ret_a, struct hcs_stream **ret_b, struct hcs_error **err) {
        SOCKET listener = INVALID_SOCKET, ends[2] = {INVALID_SOCKET, INVALID_SOCKET};
        struct hcs_stream *streams[2] = {0};
        HRESULT hr = hcs_socket_new(AF_INET, IPPROTO_TCP, &listener, err);

        if (FAILED(hr))
                return hr;
        hr = hcs_socket_new(AF_INET, IPPROTO_TCP, &ends[0], err);
        for (int i = 0; i < 2; i++) {
                SOCKET s = i ? ends[0] : listener;

                setsockopt(s, SOL_SOCKET, SO_SNDBUF, (const char *)&room, sizeof(room));
                setsockopt(s, SOL_SOCKET, SO_RCVBUF, (const char *)&room, sizeof(room));
        }
        if (SUCCEEDED(hr))
                hr = meet(listener, ends[0], &ends[1], err);
        for (int i = 0; i < 2; i++) {
                if (ends[i] == INVALID_SOCKET)
                        continue;
                setsockopt(ends[i], IPPROTO_TCP, TCP_NODELAY, (const char *)&one, sizeof(one));
                if (SUCCEEDED(hr))
                        hr = hcs_stream_of_socket(ends[i], &streams[i], err);
                else
                        closesocket(ends[i]);
        }
        closesocket(listener);
        if (FAILED(hr)) {
                hcs_stream_close(streams[0]);
                return hr;
        }
        *ret_a = streams[0];
        *ret_b = streams[1];
        return S_OK;
}
