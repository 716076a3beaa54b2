/* SPDX-License-Identifier: MIT */

/* Listeners, of sockets or of a named pipe, with an event to wake who accepts. */

#include "platform/windows/last_error.h"
#include "platform/windows/pipe_name.h"
#include "platform/windows/socket.h"

/* A guest dials in bursts and takes a full queue for a refusal. */
#define BACKLOG 128

struct hcs_listener {
        SOCKET s;
        HANDLE woken, arrived;
        struct hcs_pipe_door *door; /* of a pipe; then there is no socket */
};

HRESULT hcs_listener_of_pipe(struct hcs_pipe_door *d, struct hcs_listener **ret, struct hcs_error **err) {
        struct hcs_listener *l = hcs_calloc(1, sizeof(*l));
        HRESULT hr;

        *l = (struct hcs_listener){.s = INVALID_SOCKET, .woken = CreateEventW(NULL, TRUE, FALSE, NULL), .door = d};
        if (!l->woken) {
                hr = hcs_windows_error(err, GetLastError(), "make an event");
                hcs_listener_close(l);
                return hr;
        }
        *ret = l;
        return S_OK;
}

HRESULT hcs_listener_of_socket(SOCKET s, const struct sockaddr *address, int size, const char *what,
                               struct hcs_listener **ret, struct hcs_error **err) {
        struct hcs_listener *l = hcs_calloc(1, sizeof(*l));
        HRESULT hr = S_OK;

        *l = (struct hcs_listener){.s = s,
                                   .woken = CreateEventW(NULL, TRUE, FALSE, NULL),
                                   .arrived = CreateEventW(NULL, FALSE, FALSE, NULL)};
        if (!l->woken || !l->arrived)
                hr = hcs_windows_error(err, GetLastError(), what);
        else if (bind(s, address, size) == SOCKET_ERROR || listen(s, BACKLOG) == SOCKET_ERROR ||
                 WSAEventSelect(s, l->arrived, FD_ACCEPT) == SOCKET_ERROR)
                hr = hcs_socket_error(err, what);
        if (FAILED(hr)) {
                hcs_listener_close(l);
                return hr;
        }
        *ret = l;
        return S_OK;
}

HRESULT hcs_listener_accept(struct hcs_listener *l, const struct hcs_bound *b, struct hcs_stream **ret,
                            struct hcs_error **err) {
        if (l->door)
                return hcs_pipe_door_accept(l->door, l->woken, b, ret, err);
        for (bool woken = false;;) {
                SOCKET s = accept(l->s, NULL, NULL);
                u_long off = 0;
                HRESULT hr;
                int which;

                if (s != INVALID_SOCKET) { /* it is as the listener is */
                        WSAEventSelect(s, NULL, 0);
                        ioctlsocket(s, FIONBIO, &off);
                        return hcs_stream_of_socket(s, ret, err);
                }
                if (WSAGetLastError() != WSAEWOULDBLOCK && WSAGetLastError() != WSAECONNRESET)
                        return hcs_socket_error(err, "accept a connection");
                hr = woken ? E_ABORT : hcs_event_wait(l->woken, l->arrived, b, &which);
                if (FAILED(hr))
                        return hcs_bound_fail(hr, err);
                woken = which == 0; /* who connected meanwhile comes first */
        }
}

void hcs_listener_wake(struct hcs_listener *l) {
        SetEvent(l->woken);
}

void hcs_listener_end(struct hcs_listener *l) {
        if (l->door) {
                hcs_pipe_door_end(l->door);
                return;
        }
        closesocket(l->s);
        l->s = INVALID_SOCKET;
}

struct hcs_listener *hcs_listener_close(struct hcs_listener *l) {
        if (!l)
                return NULL;
        if (l->s != INVALID_SOCKET)
                hcs_listener_end(l);
        hcs_pipe_door_free(l->door);
        if (l->woken)
                CloseHandle(l->woken);
        if (l->arrived)
                CloseHandle(l->arrived);
        free(l);
        return NULL;
}
