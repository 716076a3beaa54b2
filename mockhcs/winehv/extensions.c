/* SPDX-License-Identifier: MIT */

/*
 * AcceptEx, ConnectEx and GetAcceptExSockaddrs, by WSAIoctl() or as exports of mswsock.dll. Programs ask for their
 * addresses with any socket and use them for all, so everybody gets ours. See winehv.h. Any thread.
 */

#include "mockhcs/winehv/winehv.h"

#include "base/mem.h"

#define ADDRESS_ROOM (sizeof(SOCKADDR_HV) + 16) /* as AcceptEx wants it */

static const GUID accept_id = WSAID_ACCEPTEX, connect_id = WSAID_CONNECTEX, addresses_id = WSAID_GETACCEPTEXSOCKADDRS;

/* Wine's own, for any socket. */
static void *real_extension(SOCKET s, const GUID *id) {
        void *fn = NULL;
        DWORD n = 0;

        if (winehv_real.WSAIoctl(s, SIO_GET_EXTENSION_FUNCTION_POINTER, (void *)(uintptr_t)id, sizeof(*id), &fn,
                                 sizeof(fn), &n, NULL, NULL) == SOCKET_ERROR)
                return NULL;
        return fn;
}

static BOOL WINAPI accept_ex(SOCKET listener, SOCKET s, void *buffer, DWORD data, DWORD local, DWORD remote, DWORD *n,
                             OVERLAPPED *o) {
        LPFN_ACCEPTEX fn = (LPFN_ACCEPTEX)(uintptr_t)real_extension(listener, &accept_id);
        struct hv_socket l, h;

        if (!fn)
                return FALSE;
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

static BOOL WINAPI connect_ex(SOCKET s, const struct sockaddr *name, int size, void *data, DWORD length, DWORD *n,
                              OVERLAPPED *o) {
        LPFN_CONNECTEX fn = (LPFN_CONNECTEX)(uintptr_t)real_extension(s, &connect_id);
        struct sockaddr_in to;
        struct hv_socket h;
        uint32_t error;

        if (!fn)
                return FALSE;
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

static void WINAPI accept_addresses(void *buffer, DWORD data, DWORD local, DWORD remote, struct sockaddr **ret_local,
                                    int *ret_local_size, struct sockaddr **ret_remote, int *ret_remote_size) {
        LPFN_GETACCEPTEXSOCKADDRS fn;
        struct hv_socket h;
        SOCKET s;

        if (hv_socket_of_buffer(buffer, &h) && hv_check(&h)) {
                memcpy((char *)buffer + data, &h.local, sizeof(h.local));
                memcpy((char *)buffer + data + local, &h.remote, sizeof(h.remote));
                *ret_local = (struct sockaddr *)((char *)buffer + data);
                *ret_remote = (struct sockaddr *)((char *)buffer + data + local);
                *ret_local_size = *ret_remote_size = sizeof(h.local);
                return;
        }
        s = socket(AF_INET, SOCK_STREAM, IPPROTO_TCP);
        fn = (LPFN_GETACCEPTEXSOCKADDRS)(uintptr_t)real_extension(s, &addresses_id);
        closesocket(s);
        if (fn)
                fn(buffer, data, local, remote, ret_local, ret_local_size, ret_remote, ret_remote_size);
}

static void *ours(const GUID *id) {
        if (memcmp(id, &accept_id, sizeof(*id)) == 0)
                return (void *)(uintptr_t)accept_ex;
        if (memcmp(id, &connect_id, sizeof(*id)) == 0)
                return (void *)(uintptr_t)connect_ex;
        return memcmp(id, &addresses_id, sizeof(*id)) == 0 ? (void *)(uintptr_t)accept_addresses : NULL;
}

static uint64_t on_wsaioctl(const uint64_t *args, void *real) {
        int(WINAPI * fn)(SOCKET, DWORD, void *, DWORD, void *, DWORD, DWORD *, OVERLAPPED *,
                         LPWSAOVERLAPPED_COMPLETION_ROUTINE) = real;
        int r = fn((SOCKET)args[0], (DWORD)args[1], (void *)args[2], (DWORD)args[3], (void *)args[4], (DWORD)args[5],
                   (DWORD *)args[6], (OVERLAPPED *)args[7], (LPWSAOVERLAPPED_COMPLETION_ROUTINE)(uintptr_t)args[8]);
        void *replacement = r == 0 && (DWORD)args[1] == SIO_GET_EXTENSION_FUNCTION_POINTER && args[2]
                                    ? ours((const GUID *)args[2])
                                    : NULL;

        if (replacement)
                *(void **)args[4] = replacement;
        return (uint64_t)r;
}

static uint64_t on_acceptex(const uint64_t *args, void *real) {
        return (uint64_t)accept_ex((SOCKET)args[0], (SOCKET)args[1], (void *)args[2], (DWORD)args[3], (DWORD)args[4],
                                   (DWORD)args[5], (DWORD *)args[6], (OVERLAPPED *)args[7]);
}

static uint64_t on_addresses(const uint64_t *args, void *real) {
        accept_addresses((void *)args[0], (DWORD)args[1], (DWORD)args[2], (DWORD)args[3], (struct sockaddr **)args[4],
                         (int *)args[5], (struct sockaddr **)args[6], (int *)args[7]);
        return 0;
}

static const struct winehv_redirection list[] = {
        {"ws2_32", "WSAIoctl", 9, on_wsaioctl},
        {"mswsock", "AcceptEx", 8, on_acceptex},
        {"mswsock", "GetAcceptExSockaddrs", 8, on_addresses},
};
const struct winehv_group winehv_extensions = {list, HCS_ARRAY_SIZE(list)};
