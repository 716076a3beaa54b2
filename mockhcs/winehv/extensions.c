/* SPDX-License-Identifier: MIT */

/*
 * AcceptEx, ConnectEx and GetAcceptExSockaddrs, by WSAIoctl() or as exports of mswsock.dll. Programs ask for their
 * addresses with any socket and use them for all, so everybody gets ours. See winehv.h. Any thread.
 */

#include "mockhcs/winehv/winehv.h"

#include "base/mem.h"

#define ADDRESS_ROOM (sizeof(SOCKADDR_HV) + 16) /* as AcceptEx wants it */

static const GUID accept_id = WSAID_ACCEPTEX, connect_id = WSAID_CONNECTEX, addresses_id = WSAID_GETACCEPTEXSOCKADDRS;

/* The real ones, as they were when somebody asked for them: nobody has ours before. */
static LPFN_ACCEPTEX _Atomic real_accept;
static LPFN_CONNECTEX _Atomic real_connect;
static LPFN_GETACCEPTEXSOCKADDRS _Atomic real_addresses;

static BOOL accept_by(LPFN_ACCEPTEX fn, SOCKET listener, SOCKET s, void *buffer, DWORD data, DWORD local, DWORD remote,
                      DWORD *n, OVERLAPPED *o) {
        struct hv_socket l, h;

        if (hv_socket_get(listener, &l)) {
                /* Data may come before it is known whose it is; the addresses are written when it is. */
                if (!hv_socket_get(s, &h) || h.bound || data > 0 || local < ADDRESS_ROOM || remote < ADDRESS_ROOM) {
                        WSASetLastError(WSAEINVAL);
                        return FALSE;
                }
                h.unchecked = true;
                h.local = l.local;
                h.buffer = buffer;
                hv_socket_forget_buffer(buffer);
                hv_socket_put(&h);
        }
        return fn(listener, s, buffer, data, local, remote, n, o);
}

static BOOL WINAPI accept_ex(SOCKET listener, SOCKET s, void *buffer, DWORD data, DWORD local, DWORD remote, DWORD *n,
                             OVERLAPPED *o) {
        return accept_by(real_accept, listener, s, buffer, data, local, remote, n, o);
}

static BOOL WINAPI connect_ex(SOCKET s, const struct sockaddr *name, int size, void *data, DWORD length, DWORD *n,
                              OVERLAPPED *o) {
        LPFN_CONNECTEX fn = real_connect;
        struct sockaddr_in to;
        struct hv_socket h;
        uint32_t error;

        if (!hv_socket_get(s, &h))
                return fn(s, name, size, data, length, n, o);
        error = h.bound ? hv_prepare_connect(&h, name, size, &to) : WSAEINVAL;
        if (error) {
                WSASetLastError((int)error);
                return FALSE;
        }
        hv_socket_put(&h);
        return fn(s, (struct sockaddr *)&to, sizeof(to), data, length, n, o);
}

static void addresses_by(LPFN_GETACCEPTEXSOCKADDRS fn, void *buffer, DWORD data, DWORD local, DWORD remote,
                         struct sockaddr **ret_local, int *ret_local_size, struct sockaddr **ret_remote,
                         int *ret_remote_size) {
        struct hv_socket h;

        if (hv_socket_of_buffer(buffer, &h) && hv_check(&h)) {
                memcpy((char *)buffer + data, &h.local, sizeof(h.local));
                memcpy((char *)buffer + data + local, &h.remote, sizeof(h.remote));
                *ret_local = (struct sockaddr *)((char *)buffer + data);
                *ret_remote = (struct sockaddr *)((char *)buffer + data + local);
                *ret_local_size = *ret_remote_size = sizeof(h.local);
                return;
        }
        fn(buffer, data, local, remote, ret_local, ret_local_size, ret_remote, ret_remote_size);
}

static void WINAPI accept_addresses(void *buffer, DWORD data, DWORD local, DWORD remote, struct sockaddr **ret_local,
                                    int *ret_local_size, struct sockaddr **ret_remote, int *ret_remote_size) {
        addresses_by(real_addresses, buffer, data, local, remote, ret_local, ret_local_size, ret_remote,
                     ret_remote_size);
}

/* What to give out for it. */
static void *replace(const GUID *id, void *real) {
        if (memcmp(id, &accept_id, sizeof(*id)) == 0) {
                real_accept = (LPFN_ACCEPTEX)(uintptr_t)real;
                return (void *)(uintptr_t)accept_ex;
        }
        if (memcmp(id, &connect_id, sizeof(*id)) == 0) {
                real_connect = (LPFN_CONNECTEX)(uintptr_t)real;
                return (void *)(uintptr_t)connect_ex;
        }
        if (memcmp(id, &addresses_id, sizeof(*id)) == 0) {
                real_addresses = (LPFN_GETACCEPTEXSOCKADDRS)(uintptr_t)real;
                return (void *)(uintptr_t)accept_addresses;
        }
        return real;
}

static uint64_t on_wsaioctl(const uint64_t *args, void *real) {
        int(WINAPI * fn)(SOCKET, DWORD, void *, DWORD, void *, DWORD, DWORD *, OVERLAPPED *,
                         LPWSAOVERLAPPED_COMPLETION_ROUTINE) = real;
        int r = fn((SOCKET)args[0], (DWORD)args[1], (void *)args[2], (DWORD)args[3], (void *)args[4], (DWORD)args[5],
                   (DWORD *)args[6], (OVERLAPPED *)args[7], (LPWSAOVERLAPPED_COMPLETION_ROUTINE)(uintptr_t)args[8]);
        void **given = (void **)args[4];

        if (r == 0 && (DWORD)args[1] == SIO_GET_EXTENSION_FUNCTION_POINTER && args[2])
                *given = replace((const GUID *)args[2], *given);
        return (uint64_t)r;
}

static uint64_t on_acceptex(const uint64_t *args, void *real) {
        return (uint64_t)accept_by((LPFN_ACCEPTEX)(uintptr_t)real, (SOCKET)args[0], (SOCKET)args[1], (void *)args[2],
                                   (DWORD)args[3], (DWORD)args[4], (DWORD)args[5], (DWORD *)args[6],
                                   (OVERLAPPED *)args[7]);
}

static uint64_t on_addresses(const uint64_t *args, void *real) {
        addresses_by((LPFN_GETACCEPTEXSOCKADDRS)(uintptr_t)real, (void *)args[0], (DWORD)args[1], (DWORD)args[2],
                     (DWORD)args[3], (struct sockaddr **)args[4], (int *)args[5], (struct sockaddr **)args[6],
                     (int *)args[7]);
        return 0;
}

static const struct winehv_redirection list[] = {
        {"ws2_32", "WSAIoctl", 9, on_wsaioctl},
        {"mswsock", "AcceptEx", 8, on_acceptex},
        {"mswsock", "GetAcceptExSockaddrs", 8, on_addresses},
};
const struct winehv_group winehv_extensions = {list, HCS_ARRAY_SIZE(list)};
