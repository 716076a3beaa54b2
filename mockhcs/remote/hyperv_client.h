/* SPDX-License-Identifier: MIT */
#ifndef MOCKHCS_REMOTE_HYPERV_CLIENT_H
#define MOCKHCS_REMOTE_HYPERV_CLIENT_H

/*
 * The program's side of hyperv_wire.h: what a service is asked for in the name of TCP sockets that stand for those of
 * AF_HYPERV. One object a process, made when the first such socket needs it; any thread. There is no thread of its own:
 * what the service said of connections is read when somebody asks for it.
 *
 * Failures are codes of Winsock, 0 is success; the text of the failure goes to the log.
 */

#include <stdbool.h>
#include <stdint.h>

#include "hcsshim/guid.h"

#define HYPERV_NO_SERVICE 10050u /* WSAENETDOWN: no service, or it has gone */
#define HYPERV_NO_ROOM    10055u /* WSAENOBUFS: the service takes no more programs, connections or listeners */

struct hyperv_client;

/* file: of the service's door. */
uint32_t hyperv_client_new(const char *file, struct hyperv_client **ret);
/* The service went away since. */
bool hyperv_client_ended(struct hyperv_client *c);
/* NULL is fine, returns NULL. */
struct hyperv_client *hyperv_client_free(struct hyperv_client *c);

/* port: where the program listens already. Connections come there until _unlisten. Waits until the service has
 * answered; of the rest only _connect waits for anything. */
uint32_t hyperv_client_listen(struct hyperv_client *c, const GUID *vm, const GUID *service, uint16_t port);
void hyperv_client_unlisten(struct hyperv_client *c, uint16_t port);
/* A connection from `port` was accepted at `listener`, the port of a _listen: who is it? False: a stranger. Each is
 * told once; what was announced to a listener of that port before the _listen is forgotten. */
bool hyperv_client_from(struct hyperv_client *c, uint16_t listener, uint16_t port, GUID *ret_vm, GUID *ret_service);
/* *ret_port: where to connect to, from `port`, within ten seconds. Waits until the machine has answered. */
uint32_t hyperv_client_connect(struct hyperv_client *c, const GUID *vm, const GUID *service, uint16_t port,
                               uint16_t *ret_port);
/* The program closed its end of the connection; port: the service's. */
void hyperv_client_close(struct hyperv_client *c, uint16_t port);

#endif
