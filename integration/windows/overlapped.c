/* SPDX-License-Identifier: MIT */

/*
 * Sockets of AF_HYPERV in their loopback as go-winio has them: at a completion port that hears of nothing that was done
 * at once, made and taken by ConnectEx and AcceptEx, cancelled by CancelIoEx and closed as handles. Says what came of
 * each step; exit code 1 when one went wrong.
 */

#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include <winsock2.h>

#include <hvsocket.h>
#include <mswsock.h>

#ifndef AF_HYPERV
#define AF_HYPERV 34
#endif

#define ROOM  ((DWORD)(sizeof(SOCKADDR_HV) + 16))
#define QUIET (FILE_SKIP_COMPLETION_PORT_ON_SUCCESS | FILE_SKIP_SET_EVENT_ON_HANDLE)

static const GUID loopback = {0xe0e16197, 0xdd56, 0x4a10, {0x91, 0x95, 0x5e, 0xe7, 0xa1, 0x55, 0xa8, 0x38}};
static HANDLE port;
static bool failed;

static void expect(const char *what, DWORD got, DWORD expected) {
        printf("%s: %s: %lu\n", got == expected ? "ok" : "FAILED", what, (unsigned long)got);
        failed |= got != expected;
}

static SOCKADDR_HV address_of(unsigned number) {
        SOCKADDR_HV a = {.Family = AF_HYPERV, .VmId = loopback};

        a.ServiceId = (GUID){number, 0xfacb, 0x11e6, {0xbd, 0x58, 0x64, 0x00, 0x6a, 0x79, 0x86, 0xd3}};
        return a;
}

static SOCKET make(void) {
        SOCKET s = socket(AF_HYPERV, SOCK_STREAM, HV_PROTOCOL_RAW);

        CreateIoCompletionPort((HANDLE)s, port, 0, 0);
        expect("what is done at once is not told", SetFileCompletionNotificationModes((HANDLE)s, QUIET), TRUE);
        return s;
}

static void *extension(SOCKET s, GUID id) {
        void *fn = NULL;
        DWORD n;

        WSAIoctl(s, SIO_GET_EXTENSION_FUNCTION_POINTER, &id, sizeof(id), &fn, sizeof(fn), &n, NULL, NULL);
        return fn;
}

/* How an operation ends: at once, or when the port says so. */
static DWORD finish(BOOL at_once, OVERLAPPED *o, DWORD *n) {
        OVERLAPPED *done = NULL;
        ULONG_PTR key;

        if (at_once)
                return 0;
        if (WSAGetLastError() != WSA_IO_PENDING)
                return (DWORD)WSAGetLastError();
        if (GetQueuedCompletionStatus(port, n, &key, &done, INFINITE))
                return done == o ? 0 : ERROR_INVALID_DATA;
        return GetLastError();
}

static BOOL receive(SOCKET s, char *to, ULONG size, DWORD *n, OVERLAPPED *o) {
        WSABUF b = {.len = size, .buf = to};
        DWORD flags = 0;

        *o = (OVERLAPPED){0};
        return WSARecv(s, &b, 1, n, &flags, o, NULL) == 0;
}

static LPFN_ACCEPTEX accept_ex;
static LPFN_CONNECTEX connect_ex;
static char addresses[2 * ROOM];

static SOCKET begin(const SOCKADDR_HV *here) {
        SOCKET l = make();

        *(void **)&accept_ex = extension(l, (GUID)WSAID_ACCEPTEX);
        *(void **)&connect_ex = extension(l, (GUID)WSAID_CONNECTEX);
        bind(l, (const struct sockaddr *)here, sizeof(*here));
        expect("it listens", (DWORD)listen(l, 16), 0);
        return l;
}

/* What is under way and was told to stop. */
static DWORD cancel(SOCKET s, OVERLAPPED *o) {
        DWORD n = 0;

        CancelIoEx((HANDLE)s, o);
        WSASetLastError(WSA_IO_PENDING);
        return finish(FALSE, o, &n);
}

static void take_nobody(SOCKET l) {
        SOCKET s = make();
        OVERLAPPED o = {0};
        DWORD n = 0;
        BOOL r = accept_ex(l, s, addresses, 0, ROOM, ROOM, &n, &o);

        expect("nobody has come", r ? 0 : (DWORD)WSAGetLastError(), WSA_IO_PENDING);
        expect("who waits for somebody can be told to stop", cancel(l, &o), ERROR_OPERATION_ABORTED);
        CloseHandle((HANDLE)s);
}

static SOCKET dial(const SOCKADDR_HV *here, const SOCKADDR_HV *nowhere) {
        SOCKET s = make();
        SOCKADDR_HV who = {0};
        OVERLAPPED o = {0};
        int size = sizeof(who);
        DWORD n = 0;
        BOOL r;

        bind(s, (const struct sockaddr *)here, sizeof(*here));
        r = connect_ex(s, (const struct sockaddr *)nowhere, sizeof(*nowhere), NULL, 0, &n, &o);
        expect("nobody listens there", finish(r, &o, &n), WSAECONNREFUSED);
        r = connect_ex(s, (const struct sockaddr *)here, sizeof(*here), NULL, 0, &n, &o);
        expect("the same socket goes elsewhere", finish(r, &o, &n), 0);
        expect("and knows it", (DWORD)setsockopt(s, SOL_SOCKET, SO_UPDATE_CONNECT_CONTEXT, NULL, 0), 0);
        expect("its name", (DWORD)getsockname(s, (struct sockaddr *)&who, &size) + who.Family, AF_HYPERV);
        return s;
}

static SOCKET take(SOCKET l) {
        SOCKET s = make();
        OVERLAPPED o = {0};
        DWORD n = 0;
        BOOL r = accept_ex(l, s, addresses, 0, ROOM, ROOM, &n, &o);

        expect("who came is taken", finish(r, &o, &n), 0);
        expect("and known", (DWORD)setsockopt(s, SOL_SOCKET, SO_UPDATE_ACCEPT_CONTEXT, (char *)&l, sizeof(l)), 0);
        return s;
}

/* Ends both. */
static void talk(SOCKET mine, SOCKET theirs) {
        char text[16] = "", said[] = "bytes";
        WSABUF bytes = {.len = 5, .buf = said};
        OVERLAPPED o;
        DWORD n = 0;
        BOOL r = receive(mine, text, sizeof(text), &n, &o);

        expect("nothing is there to be read", r ? 0 : (DWORD)WSAGetLastError(), WSA_IO_PENDING);
        expect("who waits for it can be told to stop", cancel(mine, &o), ERROR_OPERATION_ABORTED);
        o = (OVERLAPPED){0};
        r = WSASend(theirs, &bytes, 1, &n, 0, &o, NULL) == 0;
        expect("bytes go", finish(r, &o, &n) + n, 5);
        r = receive(mine, text, sizeof(text), &n, &o);
        expect("and come", finish(r, &o, &n) + n, 5);
        expect("the same", (DWORD)memcmp(text, said, 5), 0);
        CloseHandle((HANDLE)theirs);
        r = receive(mine, text, sizeof(text), &n, &o);
        expect("until the other is closed as a handle", finish(r, &o, &n) + n, 0);
        CloseHandle((HANDLE)mine);
}

int main(void) {
        WSADATA data;
        SOCKADDR_HV here = address_of(5003), nowhere = address_of(5004);
        OVERLAPPED *none = NULL;
        SOCKET l, mine;
        ULONG_PTR key;
        DWORD n;

        WSAStartup(MAKEWORD(2, 2), &data);
        port = CreateIoCompletionPort(INVALID_HANDLE_VALUE, NULL, 0, 0);
        l = begin(&here);
        take_nobody(l);
        mine = dial(&here, &nowhere);
        talk(mine, take(l));
        expect("nothing is left at the port", GetQueuedCompletionStatus(port, &n, &key, &none, 0) ? 0 : GetLastError(),
               WAIT_TIMEOUT);
        CloseHandle((HANDLE)l);
        return failed;
}
