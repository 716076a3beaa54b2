/* SPDX-License-Identifier: MIT */

/* Sockets of Windows: making them, connecting them, waiting for their events. */

#include "platform/windows/socket.h"

#include "platform/thread.h"
#include "platform/windows/last_error.h"

#define TAKE_BACK_AGAIN_MS 5

static struct hcs_once started = HCS_ONCE_INIT;

/* Never ended: streams may live as long as the process. */
static void start_winsock(void) {
        WSADATA data;

        WSAStartup(MAKEWORD(2, 2), &data);
}

HRESULT hcs_socket_error(struct hcs_error **err, const char *what) {
        return hcs_windows_error(err, (DWORD)WSAGetLastError(), what);
}

HRESULT hcs_socket_new(int family, int protocol, SOCKET *ret, struct hcs_error **err) {
        SOCKET s;

        hcs_once(&started, start_winsock);
        s = WSASocketW(family, SOCK_STREAM, protocol, NULL, 0, WSA_FLAG_OVERLAPPED | WSA_FLAG_NO_HANDLE_INHERIT);
        if (s == INVALID_SOCKET)
                return hcs_socket_error(err, "make a socket");
        *ret = s;
        return S_OK;
}

HRESULT hcs_event_wait(HANDLE first, HANDLE second, const struct hcs_bound *b, int *ret_which) {
        HANDLE events[] = {first, second};

        for (;;) {
                HRESULT hr = hcs_bound_check(b);
                DWORD r = FAILED(hr) ? WAIT_TIMEOUT
                                     : WaitForMultipleObjects(second ? 2 : 1, events, FALSE,
                                                              hcs_windows_ms_until(hcs_bound_next(b)));

                if (r == WAIT_OBJECT_0 || r == WAIT_OBJECT_0 + 1) {
                        *ret_which = (int)(r - WAIT_OBJECT_0);
                        return S_OK;
                }
                if (FAILED(hr))
                        return hr;
        }
}

/* Wine forgets what is taken back in the moment in which it has the operation's thread move another part of it. */
void hcs_take_back(HANDLE h, OVERLAPPED *o) {
        do
                CancelIoEx(h, o);
        while (WaitForSingleObject(o->hEvent, TAKE_BACK_AGAIN_MS) == WAIT_TIMEOUT);
}

HRESULT hcs_socket_connect(SOCKET s, const struct sockaddr *address, int size, const struct hcs_bound *b,
                           const char *what, struct hcs_error **err) {
        HANDLE event = CreateEventW(NULL, FALSE, FALSE, NULL);
        WSANETWORKEVENTS events = {0};
        HRESULT hr = S_OK;
        u_long off = 0;
        int which;

        if (!event)
                return hcs_windows_error(err, GetLastError(), what);
        if (WSAEventSelect(s, event, FD_CONNECT) == SOCKET_ERROR) {
                hr = hcs_socket_error(err, what);
        } else if (connect(s, address, size) == SOCKET_ERROR) {
                if (WSAGetLastError() != WSAEWOULDBLOCK) {
                        hr = hcs_socket_error(err, what);
                } else if (FAILED(hr = hcs_event_wait(event, NULL, b, &which))) {
                        hcs_bound_fail(hr, err);
                } else if (WSAEnumNetworkEvents(s, event, &events) == SOCKET_ERROR) {
                        hr = hcs_socket_error(err, what);
                } else if (events.iErrorCode[FD_CONNECT_BIT]) {
                        hr = hcs_windows_error(err, (DWORD)events.iErrorCode[FD_CONNECT_BIT], what);
                }
        }
        WSAEventSelect(s, NULL, 0);
        ioctlsocket(s, FIONBIO, &off);
        CloseHandle(event);
        return hr;
}
