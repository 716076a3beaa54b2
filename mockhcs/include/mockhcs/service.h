/* SPDX-License-Identifier: MIT */
#ifndef MOCKHCS_SERVICE_H
#define MOCKHCS_SERVICE_H

/*
 * The process behind `MOCKHCS=remote=SOCKET`: one world that several clients share, as they share the platform's
 * services. `mockhcs service` is a thin program over this; a test can have a service on threads of its own:
 *
 *   struct mockhcs_service *s = NULL;
 *   assert_ok(mockhcs_service_open(&(struct mockhcs_service_options){.socket = path, .backend = "emulate"}, &s, &err),
 * err); assert_ok(mockhcs_open("remote=...", &m, &err), err);
 *   ...
 *   mockhcs_service_close(s);
 *
 * A client has handles of its own; when its connection ends they are closed, in the reverse of the order in which they
 * were made. Only processes of our user (and root) are served.
 */

#include "mockhcs/mockhcs.h"

struct mockhcs_service;

/* What one client may have at once; 0 takes the default. Beyond it a call is refused with HCS_WIN32(1816)
 * ERROR_NOT_ENOUGH_QUOTA and a document that names the limit; a frame that is too long, or a client that does not read
 * what it asked for, ends its connection. */
struct mockhcs_service_limits {
        /* 256: further ones are refused when they say hello; as many again may have connected and said nothing yet */
        size_t clients;
        size_t handles;      /* 65536 */
        size_t pending;      /* 4096: calls that have not completed */
        size_t frame_bytes;  /* 256 MiB: one request */
        size_t unread_bytes; /* 64 MiB: answers, events and output that wait for the client */
        size_t hello_ms;     /* 10 s: the time for its hello */
};

struct mockhcs_service_options {
        const char *socket;  /* NULL: mockhcs_service_default_socket(), or what a service manager handed over */
        const char *backend; /* what answers, as in mockhcs_open(); NULL: "emulate" */
        const char *state;   /* file that the world is restored from, and saved to at the end; NULL: none */
        /* NULL: none. A file for programs that have no Unix sockets, as those of Windows under Wine: the service
         * listens on a port of the loopback interface as well, and the file, which only our user can read, says on
         * which, with a secret that a client must know (`remote=FILE`). Replaced when it is there, removed at the end.
         */
        const char *loopback;
        unsigned idle_exit; /* seconds without a client, and without a world that would be lost; 0: never ends */
        struct mockhcs_service_limits limits;
};

/* $XDG_RUNTIME_DIR/hcsshim/service.sock, else /tmp/hcsshim-UID/service.sock; the folder is made. Caller frees. */
MOCKHCS_EXPORT HRESULT mockhcs_service_default_socket(char **ret, struct hcs_error **err);
/*
 * Listens from then on. Errors: HCS_WIN32(10048) WSAEADDRINUSE when a service has that socket already, E_ACCESSDENIED
 * when its folder is somebody else's or open to others, what the composition and the state file say.
 */
MOCKHCS_EXPORT HRESULT mockhcs_service_open(const struct mockhcs_service_options *options, struct mockhcs_service **ret,
                                            struct hcs_error **err);
MOCKHCS_EXPORT const char *mockhcs_service_socket(const struct mockhcs_service *s);
/* Waits until it was told to stop: by _stop, by a client's control call, or by having been idle. */
MOCKHCS_EXPORT void mockhcs_service_wait(struct mockhcs_service *s);
/* Any thread. */
MOCKHCS_EXPORT void mockhcs_service_stop(struct mockhcs_service *s);
/* Ends all connections, saves the state and frees. The failure is that of saving. NULL is fine. */
MOCKHCS_EXPORT HRESULT mockhcs_service_close(struct mockhcs_service *s, struct hcs_error **err);

#endif
