/* SPDX-License-Identifier: MIT */

/*
 * Bytes and options of sockets that stand for AF_HYPERV. Bytes are Wine's business, but not before it is known whose
 * connection AcceptEx took. See winehv.h. Any thread.
 */

#include "mockhcs/winehv/winehv.h"

#include "base/mem.h"

/* False, with the error set: a stranger's. */
static bool may(SOCKET s) {
        struct hv_socket h;

        if (!hv_socket_get(s, &h) || hv_check(&h))
                return true;
        WSASetLastError(WSAECONNABORTED);
        return false;
}

static uint64_t on_recv(const uint64_t *args, void *real) {
        int(WINAPI * fn)(SOCKET, char *, int, int) = real;

        if (!may((SOCKET)args[0]))
                return (uint64_t)SOCKET_ERROR;
        return (uint64_t)fn((SOCKET)args[0], (char *)args[1], (int)args[2], (int)args[3]);
}

static uint64_t on_send(const uint64_t *args, void *real) {
        int(WINAPI * fn)(SOCKET, const char *, int, int) = real;

        if (!may((SOCKET)args[0]))
                return (uint64_t)SOCKET_ERROR;
        return (uint64_t)fn((SOCKET)args[0], (const char *)args[1], (int)args[2], (int)args[3]);
}

static uint64_t on_wsarecv(const uint64_t *args, void *real) {
        int(WINAPI * fn)(SOCKET, WSABUF *, DWORD, DWORD *, DWORD *, OVERLAPPED *, LPWSAOVERLAPPED_COMPLETION_ROUTINE) =
                real;

        if (!may((SOCKET)args[0]))
                return (uint64_t)SOCKET_ERROR;
        return (uint64_t)fn((SOCKET)args[0], (WSABUF *)args[1], (DWORD)args[2], (DWORD *)args[3], (DWORD *)args[4],
                            (OVERLAPPED *)args[5], (LPWSAOVERLAPPED_COMPLETION_ROUTINE)(uintptr_t)args[6]);
}

static uint64_t on_wsasend(const uint64_t *args, void *real) {
        int(WINAPI * fn)(SOCKET, WSABUF *, DWORD, DWORD *, DWORD, OVERLAPPED *, LPWSAOVERLAPPED_COMPLETION_ROUTINE) =
                real;

        if (!may((SOCKET)args[0]))
                return (uint64_t)SOCKET_ERROR;
        return (uint64_t)fn((SOCKET)args[0], (WSABUF *)args[1], (DWORD)args[2], (DWORD *)args[3], (DWORD)args[4],
                            (OVERLAPPED *)args[5], (LPWSAOVERLAPPED_COMPLETION_ROUTINE)(uintptr_t)args[6]);
}

/* ---- options ---- */

static bool is_option(int level, int name) {
        return level == HV_PROTOCOL_RAW && name > 0 && name < HV_OPTIONS;
}

static uint64_t on_setsockopt(const uint64_t *args, void *real) {
        int(WINAPI * fn)(SOCKET, int, int, const char *, int) = real;
        int level = (int)args[1], name = (int)args[2], size = (int)args[4], r;
        const char *value = (const char *)args[3];
        struct hv_socket h;

        if (!hv_socket_get((SOCKET)args[0], &h))
                return (uint64_t)fn((SOCKET)args[0], level, name, value, size);
        if (is_option(level, name)) {
                if (!value || size < (int)sizeof(h.options[0]))
                        return (uint64_t)hv_fail(WSAEFAULT);
                memcpy(&h.options[name], value, sizeof(h.options[0]));
                hv_socket_put(&h);
                return 0;
        }
        r = fn(h.s, level, name, value, size);
        if (r == 0 && level == SOL_SOCKET && name == SO_UPDATE_ACCEPT_CONTEXT && !hv_check(&h))
                return (uint64_t)hv_fail(WSAECONNABORTED);
        return (uint64_t)r;
}

static uint64_t on_getsockopt(const uint64_t *args, void *real) {
        int(WINAPI * fn)(SOCKET, int, int, char *, int *) = real;
        int level = (int)args[1], name = (int)args[2], *size = (int *)args[4];
        char *value = (char *)args[3];
        struct hv_socket h;

        if (!is_option(level, name) || !hv_socket_get((SOCKET)args[0], &h))
                return (uint64_t)fn((SOCKET)args[0], level, name, value, size);
        if (!value || !size || *size < (int)sizeof(h.options[0]))
                return (uint64_t)hv_fail(WSAEFAULT);
        memcpy(value, &h.options[name], sizeof(h.options[0]));
        *size = sizeof(h.options[0]);
        return 0;
}

static const struct winehv_redirection list[] = {
        {"ws2_32", "recv", 4, on_recv},
        {"ws2_32", "send", 4, on_send},
        {"ws2_32", "WSARecv", 7, on_wsarecv},
        {"ws2_32", "WSASend", 7, on_wsasend},
        {"ws2_32", "setsockopt", 5, on_setsockopt},
        {"ws2_32", "getsockopt", 5, on_getsockopt},
};
const struct winehv_group winehv_transfers = {list, HCS_ARRAY_SIZE(list)};
