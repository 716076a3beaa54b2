/* SPDX-License-Identifier: MIT */
#ifndef INTEGRATION_VM_GUEST_NET_H
#define INTEGRATION_VM_GUEST_NET_H

/* What the test guest does with its adapters. Each gives NULL, or what is wrong. */

#include <stdint.h>

/* Gives the adapter its address and, unless it is NULL, the default route; brings it up. */
const char *net_configure(const char *adapter, const char *address, unsigned prefix, const char *gateway);
/* One ICMP echo that is answered within ten seconds. */
const char *net_ping(const char *address);
/* Connects, says "question", and hears "answer" and the end. */
const char *net_knock(const char *address, unsigned port);
/* Sends so many bytes to a server that takes them and closes. */
const char *net_send(const char *address, unsigned port, uint64_t bytes);
/* Listens, in a process of its own: answers one "question" a connection, and takes whatever else comes to its end. */
const char *net_serve(unsigned port);

#endif
