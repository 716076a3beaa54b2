/* SPDX-License-Identifier: MIT */
#ifndef MOCKHCS_WINEHV_WINEHV_H
#define MOCKHCS_WINEHV_WINEHV_H

/*
 * winehv.dll: what Wine lacks for clients of HCS, in a program that knows nothing of it. Functions of the system's DLLs
 * are redirected (platform/windows/intercept.h) to those here, a file a group: sockets of AF_HYPERV, which stand before
 * a mockhcs service (mockhcs/remote/hyperv_wire.h), flags of named pipes, virtual disks, and the version that a
 * manifest would unlock.
 *
 *   WINEHV_SERVICE   file of the service's door; unset: AF_HYPERV stays what it is
 *   WINEHV_MANIFEST  1: GetVersion() and its like tell the build of the registry, as to a program with a manifest
 */

#include <stdbool.h>
#include <stdint.h>

#include <winsock2.h>

#include <hvsocket.h>
#include <mswsock.h>

#ifndef AF_HYPERV
#define AF_HYPERV 34
#endif

/* A function that is redirected: gets the arguments and the real one. */
typedef uint64_t (*winehv_fn)(const uint64_t *args, void *real);
struct winehv_redirection {
        const char *module, *function;
        unsigned n_args;
        winehv_fn fn;
};
struct winehv_group {
        const struct winehv_redirection *list;
        size_t n;
};
extern const struct winehv_group winehv_sockets, winehv_transfers, winehv_extensions, winehv_pipes, winehv_version,
        winehv_disks;

/*
 * The real functions of Winsock, which do not come back here: what this DLL calls for a socket that is in the table.
 * Set when they are redirected.
 */
struct winehv_real {
        int(WINAPI *bind)(SOCKET, const struct sockaddr *, int);
        int(WINAPI *getsockname)(SOCKET, struct sockaddr *, int *);
        int(WINAPI *getpeername)(SOCKET, struct sockaddr *, int *);
        SOCKET(WINAPI *accept)(SOCKET, struct sockaddr *, int *);
};
extern struct winehv_real winehv_real;

/* ---- table.c: sockets that stand for AF_HYPERV ---- */

#define HV_OPTIONS 9 /* of the level HV_PROTOCOL_RAW, by their number */

/* Values: copied out, changed, and put back by whoever changes them. */
struct hyperv_client;
struct hv_socket {
        SOCKET s;
        SOCKADDR_HV local, remote;
        uint16_t port, far_port; /* of TCP: ours, and the service's of a connection */
        bool bound, listening, connected;
        const struct hyperv_client *told; /* listening: the connection to a service that knows of it; to compare only */
        bool unchecked;                   /* taken by AcceptEx: whose connection it is was not asked yet */
        const void *buffer;               /* of that AcceptEx */
        uint32_t options[HV_OPTIONS];
};
bool hv_socket_get(SOCKET s, struct hv_socket *ret);
void hv_socket_put(const struct hv_socket *h);
/* False: there was none. */
bool hv_socket_take(SOCKET s, struct hv_socket *ret);
/* The one whose AcceptEx got that buffer. */
bool hv_socket_of_buffer(const void *buffer, struct hv_socket *ret);
/* The listener that the service of `told` does not know of, if there is one. */
bool hv_socket_untold(const struct hyperv_client *told, const SOCKET *passed, size_t n_passed, struct hv_socket *ret);
/* The buffer is used anew. */
void hv_socket_forget_buffer(const void *buffer);

/* ---- relisten.c ---- */

/* Held while this socket is made known as a listener, which is for one thread at a time. Others go on meanwhile, as
 * the service may be long in answering. */
void hv_listener_hold(SOCKET s);
void hv_listener_release(SOCKET s);
/* While it is held: it is known now. False: it was closed meanwhile, and whoever made it known takes that back. */
bool hv_listener_known(const struct hv_socket *h);
/* Out of the table, whoever holds it: never waits. False: there is nothing to tell the service. */
bool hv_socket_close(SOCKET s, struct hv_socket *ret);
/* There is one: from now on a service that is started again is told of all. */
void hv_listeners_follow(void);

/* ---- sockets.c ---- */

/* The service, asked for again when it has gone; NULL and the code of Winsock in *ret_error. */
struct hyperv_client *hv_client(uint32_t *ret_error);
/* Sets WSAGetLastError(); returns SOCKET_ERROR. */
int hv_fail(uint32_t error);
/* Is what AcceptEx took a connection of the service? Asked once; false: it was a stranger's, and is of no use now. */
bool hv_check(struct hv_socket *h);
/* A connection that has come: the address of who it is. False: a stranger. */
bool hv_identify(SOCKET s, struct hv_socket *h);
/* The port of 127.0.0.1 of a TCP socket: its own, or at the other end. 0: none, or of another address. */
uint16_t hv_port_of(SOCKET s, bool far_end);
/* What a connect begins with; *ret is where the real one goes to. A code of Winsock. */
uint32_t hv_prepare_connect(struct hv_socket *h, const struct sockaddr *name, int size, struct sockaddr_in *ret);
/* Copies an address out as Winsock does. */
int hv_tell_address(const SOCKADDR_HV *from, struct sockaddr *to, int *size);

#endif
