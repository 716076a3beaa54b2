/* SPDX-License-Identifier: MIT */

/*
 * Both ends of a socket of AF_HYPERV in its loopback, as programs with winehv.dll have it. `listener serve' says when
 * it listens, and for each who connects what that one said, until one says "end"; `listener dial TEXT' says the text,
 * closes its half and prints what comes back; its exit code is 0, 1 or, where connect() failed, 2 with Winsock's code.
 * `listener errors' makes mistakes and says what came of each.
 */

#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include <winsock2.h>

#include <hvsocket.h>

#ifndef AF_HYPERV
#define AF_HYPERV 34
#endif

static const GUID loopback = {0xe0e16197, 0xdd56, 0x4a10, {0x91, 0x95, 0x5e, 0xe7, 0xa1, 0x55, 0xa8, 0x38}},
                  nobody = {9, 9, 9, {9}};

static SOCKADDR_HV address_of(const GUID *vm, unsigned port) {
        SOCKADDR_HV a = {.Family = AF_HYPERV, .VmId = *vm};

        a.ServiceId = (GUID){port, 0xfacb, 0x11e6, {0xbd, 0x58, 0x64, 0x00, 0x6a, 0x79, 0x86, 0xd3}};
        return a;
}

static SOCKET listen_at(unsigned port, int *ret_error) {
        SOCKADDR_HV a = address_of(&loopback, port);
        SOCKET s = socket(AF_HYPERV, SOCK_STREAM, HV_PROTOCOL_RAW);

        *ret_error = 0;
        if (bind(s, (struct sockaddr *)&a, sizeof(a)) == SOCKET_ERROR || listen(s, 4) == SOCKET_ERROR)
                *ret_error = WSAGetLastError();
        return s;
}

static SOCKET connect_to(const GUID *vm, unsigned port, int *ret_error) {
        SOCKADDR_HV a = address_of(vm, port);
        SOCKET s = socket(AF_HYPERV, SOCK_STREAM, HV_PROTOCOL_RAW);

        *ret_error = connect(s, (struct sockaddr *)&a, sizeof(a)) == SOCKET_ERROR ? WSAGetLastError() : 0;
        return s;
}

/* To its end. */
static bool read_text(SOCKET s, char *text, int room) {
        int n, all = 0;

        while ((n = recv(s, text + all, room - 1 - all, 0)) > 0)
                all += n;
        text[all] = '\0';
        return n == 0;
}

static void say(SOCKET s, char *text) {
        WSABUF part = {.len = (ULONG)strlen(text), .buf = text};
        DWORD n;

        WSASend(s, &part, 1, &n, 0, NULL, NULL);
}

static int serve(void) {
        int error;
        SOCKET l = listen_at(5001, &error);
        bool more = !error;

        printf(error ? "cannot listen: %d\n" : "listening\n", error);
        fflush(stdout);
        while (more) {
                SOCKADDR_HV who = {0};
                int size = sizeof(who);
                SOCKET s = accept(l, (struct sockaddr *)&who, &size);
                char text[256];

                if (s == INVALID_SOCKET || !read_text(s, text, sizeof(text)))
                        return 1;
                printf("heard: %s\n", text);
                fflush(stdout);
                say(s, text);
                closesocket(s);
                more = strcmp(text, "end") != 0;
        }
        closesocket(l);
        return error != 0;
}

static int dial(char *text) {
        char back[256];
        int error;
        SOCKET s = connect_to(&loopback, 5001, &error);

        if (error) {
                printf("connect: %d\n", error);
                return 2;
        }
        say(s, text);
        shutdown(s, SD_SEND);
        if (!read_text(s, back, sizeof(back)))
                return 1;
        printf("came back: %s\n", back);
        return 0;
}

static void expect(const char *what, int error, int expected) {
        printf("%s: %s: %d\n", error == expected ? "ok" : "FAILED", what, error);
}

static int make_errors(void) {
        SOCKADDR_HV a = address_of(&loopback, 5002), unknown = address_of(&nobody, 5002);
        SOCKET first, second, s = socket(AF_HYPERV, SOCK_STREAM, HV_PROTOCOL_RAW);
        int error, size = sizeof(a);

        connect_to(&loopback, 5002, &error);
        expect("nobody listens", error, WSAECONNREFUSED);
        connect_to(&nobody, 5002, &error);
        expect("no such machine", error, WSAENETUNREACH);
        first = listen_at(5002, &error);
        expect("one listens", error, 0);
        second = listen_at(5002, &error);
        expect("a second at the same address", error, WSAEADDRINUSE);
        closesocket(second);
        closesocket(first);
        first = listen_at(5002, &error);
        expect("when it is free again", error, 0);
        CloseHandle((HANDLE)first);
        listen_at(5002, &error);
        expect("when it was closed as a handle", error, 0);
        expect("listen before bind", listen(s, 1) ? WSAGetLastError() : 0, WSAEINVAL);
        expect("the name of what is not bound", getsockname(s, (struct sockaddr *)&a, &size) ? WSAGetLastError() : 0,
               WSAEINVAL);
        expect("the far end of what is not connected",
               getpeername(s, (struct sockaddr *)&a, &size) ? WSAGetLastError() : 0, WSAENOTCONN);
        expect("an address that is too short", bind(s, (struct sockaddr *)&a, 8) ? WSAGetLastError() : 0, WSAEFAULT);
        bind(s, (struct sockaddr *)&unknown, sizeof(unknown));
        expect("a second bind", bind(s, (struct sockaddr *)&a, sizeof(a)) ? WSAGetLastError() : 0, WSAEINVAL);
        expect("to listen for a machine that is not there", listen(s, 1) ? WSAGetLastError() : 0, WSAEADDRNOTAVAIL);
        expect("datagrams", socket(AF_HYPERV, SOCK_DGRAM, HV_PROTOCOL_RAW) == INVALID_SOCKET ? WSAGetLastError() : 0,
               WSAESOCKTNOSUPPORT);
        return 0;
}

int main(int argc, char **argv) {
        WSADATA data;

        WSAStartup(MAKEWORD(2, 2), &data);
        if (argc == 2 && !strcmp(argv[1], "serve"))
                return serve();
        if (argc == 3 && !strcmp(argv[1], "dial"))
                return dial(argv[2]);
        return argc == 2 && !strcmp(argv[1], "errors") ? make_errors() : 3;
}
