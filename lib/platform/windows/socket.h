/* SPDX-License-Identifier: MIT */
#ifndef HCS_PLATFORM_WINDOWS_SOCKET_H
#define HCS_PLATFORM_WINDOWS_SOCKET_H

/*
 * What streams and listeners share below their headers. A stream's socket is overlapped; it is not blocking while it is
 * made to listen or to connect, nor once it was written to under a bound.
 */

#include <winsock2.h>

#include <windows.h>

#include "platform/stream.h"

/* Not inherited. Starts Winsock. */
HRESULT hcs_socket_new(int family, int protocol, SOCKET *ret, struct hcs_error **err);
/* An error of WSAGetLastError(). */
HRESULT hcs_socket_error(struct hcs_error **err, const char *what);
/* Takes the socket over, also on failure. */
HRESULT hcs_stream_of_socket(SOCKET s, struct hcs_stream **ret, struct hcs_error **err);
SOCKET hcs_stream_socket(const struct hcs_stream *s);
/* Connects under a bound; the socket stays the caller's. */
HRESULT hcs_socket_connect(SOCKET s, const struct sockaddr *address, int size, const struct hcs_bound *b,
                           const char *what, struct hcs_error **err);
/* Binds and listens; takes the socket over, also on failure. */
HRESULT hcs_listener_of_socket(SOCKET s, const struct sockaddr *address, int size, const char *what,
                               struct hcs_listener **ret, struct hcs_error **err);

/*
 * Sleeps until one of two events, the earlier one first, or the end of the bound: 0 or 1 in *ret_which, else why.
 */
HRESULT hcs_event_wait(HANDLE first, HANDLE second, const struct hcs_bound *b, int *ret_which);
/* Takes an operation back that was begun, and waits until it is over, in one way or the other: its result says in
 * which. It has an event. */
void hcs_take_back(HANDLE h, OVERLAPPED *o);

/* Sends under a bound, which has an end. E_HANDLE: ended was set. *ret_n: how much went out, also on failure. */
HRESULT hcs_socket_send(SOCKET s, HANDLE ended, const void *data, size_t n, const struct hcs_bound *b, size_t *ret_n);

#endif
