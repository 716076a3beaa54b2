/* SPDX-License-Identifier: MIT */
#ifndef MOCKHCS_REMOTE_HYPERV_WIRE_H
#define MOCKHCS_REMOTE_HYPERV_WIRE_H

/*
 * AF_HYPERV for programs that have no such sockets, through the door of a service (platform/loopback.h) with the
 * purpose "hyperv". What such a program has in their place are TCP sockets of the loopback interface; the service
 * stands between them and the sockets of machines (platform/hvsocket.h). A TCP connection is known by its ports, which
 * were announced over a stream that is trusted: neither side takes one from a port that was not.
 *
 * Messages are of one size, in the order of bytes of the machine: both sides are on it.
 *
 *   A program has one stream for as long as it lives. The service begins with HELLO (id, or the error why it takes no
 *   more programs, and the end). Then
 *     UNLISTEN (port)                                           nothing; nobody connects there any more
 *     CLOSE (port: the service's of a connection)               nothing; both directions are closed, not just one
 *   and from the service, at any time, before it connects to a port of LISTEN:
 *     FROM (port: whence it comes, far_port: that of LISTEN, vm and service: who it is)
 *   The end of the stream ends all that came of it.
 *
 *   A stream of its own for each, as its answer may be long in coming and nobody else is to wait for it,
 *     LISTEN (id: that of HELLO, vm, service, port: where the program listens, after: how many messages the program
 *     sent on the other stream before: its address may be one that those set free)
 *                                                               ANSWER (error)
 *     CONNECT (id: that of HELLO, vm, service, port: whence the program will come)
 *                                                               ANSWER (error, port: where the service waits for it)
 */

#include <stdint.h>

#include "hcsshim/guid.h"

#define HYPERV_PURPOSE "hyperv-2"

enum hyperv_op {
        HYPERV_HELLO = 1,
        HYPERV_LISTEN,
        HYPERV_UNLISTEN,
        HYPERV_CLOSE,
        HYPERV_CONNECT,
        HYPERV_ANSWER,
        HYPERV_FROM,
};

struct hyperv_message {
        uint32_t op;
        uint32_t error; /* of Winsock, 0: none */
        uint64_t id;
        uint16_t port, far_port;
        uint32_t after;
        GUID vm, service;
};
_Static_assert(sizeof(struct hyperv_message) == 56, "the same on both sides");

#endif
