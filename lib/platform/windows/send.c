/* SPDX-License-Identifier: MIT */

/*
 * Writes that may run out of their time. An overlapped send that is taken back does not say for sure how much of it
 * went out, so these never wait in one: what the socket takes at once is sent, and its room is waited for between.
 */

#include "platform/clock.h"
#include "platform/windows/socket.h"

#define PIECE         65536u
#define LOOK_AGAIN_NS (20ull * 1000 * 1000)

struct room {
        SOCKET s;
        HANDLE event, ended;
        bool half_closed; /* the other end sends no more */
};

/* Nothing tells of a reset after a half close: it is looked for. */
static struct hcs_bound next_look(const struct room *r, const struct hcs_bound *b) {
        struct hcs_bound next = *b;
        uint64_t soon = hcs_clock_ns() + LOOK_AGAIN_NS;

        if (r->half_closed && soon < next.deadline_ns)
                next.deadline_ns = soon;
        return next;
}

/* S_OK: it may be tried again. E_HANDLE: the stream was shut down. Else why the bound ended, or the code of Winsock. */
static HRESULT wait_for_room(struct room *r, const struct hcs_bound *b) {
        struct hcs_bound next = next_look(r, b);
        WSANETWORKEVENTS seen = {0};
        int which = 0;
        HRESULT hr;

        /* The event is set at once if there is room already. */
        if (WSAEventSelect(r->s, r->event, FD_WRITE | (r->half_closed ? 0 : FD_CLOSE)) == SOCKET_ERROR)
                return HCS_WIN32(WSAGetLastError());
        hr = hcs_event_wait(r->event, r->ended, &next, &which);
        if (WSAEnumNetworkEvents(r->s, r->event, &seen) != SOCKET_ERROR && (seen.lNetworkEvents & FD_CLOSE))
                r->half_closed = true;
        WSAEventSelect(r->s, NULL, 0);
        if (SUCCEEDED(hr))
                return which ? E_HANDLE : S_OK;
        return hr == HCS_E_OPERATION_TIMEOUT ? hcs_bound_check(b) : hr;
}

HRESULT hcs_socket_send(SOCKET s, HANDLE ended, const void *data, size_t n, const struct hcs_bound *b, size_t *ret_n) {
        struct room r = {.s = s, .ended = ended};
        HRESULT hr = S_OK;
        u_long on = 1;

        *ret_n = 0;
        if (ioctlsocket(s, FIONBIO, &on) == SOCKET_ERROR) /* which reads and writes that overlap do not mind */
                return HCS_WIN32(WSAGetLastError());
        while (*ret_n < n && SUCCEEDED(hr)) {
                size_t left = n - *ret_n;
                WSABUF piece = {.len = left < PIECE ? (ULONG)left : PIECE, .buf = (char *)(uintptr_t)data + *ret_n};
                DWORD sent = 0;

                if (WSASend(s, &piece, 1, &sent, 0, NULL, NULL) != SOCKET_ERROR)
                        *ret_n += sent;
                else if (WSAGetLastError() != WSAEWOULDBLOCK)
                        hr = HCS_WIN32(WSAGetLastError());
                else if (!r.event && !(r.event = CreateEventW(NULL, TRUE, FALSE, NULL)))
                        hr = HCS_WIN32(GetLastError());
                else
                        hr = wait_for_room(&r, b);
        }
        if (r.event)
                CloseHandle(r.event);
        return hr;
}
