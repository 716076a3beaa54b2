/* SPDX-License-Identifier: MIT */
#ifndef HCS_PLATFORM_STREAM_H
#define HCS_PLATFORM_STREAM_H

/*
 * Where streams (hcsshim/stream.h) come from, and reading and writing them under a deadline that several calls share.
 * A listener belongs to its maker; one thread accepts, any may wake it. Unix sockets and vsock are of Linux, Hyper-V
 * sockets of Windows; each system refuses what is of the other with HCS_WIN32(10047) WSAEAFNOSUPPORT.
 */

#include <stdbool.h>
#include <stdint.h>

#include "base/mem.h"
#include "hcsshim/guid.h"
#include "hcsshim/stream.h"
#include "platform/bound.h"

/* Both ends of a stream inside this process. */
HRESULT hcs_stream_pair(struct hcs_stream **ret_a, struct hcs_stream **ret_b, struct hcs_error **err);
/* HCS_WIN32(2) and friends name the path. Waits while the listener's queue is full. */
HRESULT hcs_stream_connect_unix(const char *path, const struct hcs_bound *b, struct hcs_stream **ret,
                                struct hcs_error **err);
/* A port of the guest behind a Unix socket in the convention of Firecracker: "CONNECT PORT\n", "OK NUMBER\n".
 * HCS_WIN32(10061) WSAECONNREFUSED: the guest does not listen there, or is not there. */
HRESULT hcs_stream_connect_guest(const char *path, uint32_t port, const struct hcs_bound *b, struct hcs_stream **ret,
                                 struct hcs_error **err);
HRESULT hcs_stream_connect_vsock(uint32_t cid, uint32_t port, const struct hcs_bound *b, struct hcs_stream **ret,
                                 struct hcs_error **err);
/* vm: the machine's runtime id, or one of the well-known ids of hvsocket (parent, loopback). service: see
 * hcs_guid_from_vsock_port(). */
HRESULT hcs_stream_connect_hyperv(const GUID *vm, const GUID *service, const struct hcs_bound *b,
                                  struct hcs_stream **ret, struct hcs_error **err);

/*
 * TCP of the loopback interface, for programs that have nothing better in common, as those of Wine and of Linux. Anyone
 * on this machine can connect to a port: platform/loopback.h tells friends from strangers. A stream is made with a port
 * of its own, so that the other side can be told which one is meant, and connected afterwards.
 */
HRESULT hcs_stream_tcp_new(uint16_t *ret_port, struct hcs_stream **ret, struct hcs_error **err);
HRESULT hcs_stream_tcp_connect(struct hcs_stream *s, uint16_t port, const struct hcs_bound *b, struct hcs_error **err);
/* The port of 127.0.0.1 at the other end; 0: this is no TCP, or comes from another address. */
uint16_t hcs_stream_tcp_peer(const struct hcs_stream *s);

/* As hcs_stream_read() and hcs_stream_write(); b may be NULL. *ret_n counts what was written, also on failure. */
HRESULT hcs_stream_read_bound(struct hcs_stream *s, void *buf, size_t size, const struct hcs_bound *b, size_t *ret_n,
                              struct hcs_error **err);
HRESULT hcs_stream_write_bound(struct hcs_stream *s, const void *data, size_t n, const struct hcs_bound *b,
                               size_t *ret_n, struct hcs_error **err);

/*
 * A service of this user on this machine, by a name that only it can take: on Linux the path of a Unix socket, on
 * Windows a named pipe (\\.\pipe\NAME), anywhere the file of a loopback door (platform/loopback.h). Whoever answers
 * there is somebody we trust (see struct hcs_peer), else E_ACCESSDENIED. Errors as hcs_stream_connect_unix(); nobody
 * listens: see hcs_stream_is_absent().
 */
HRESULT hcs_stream_connect_private(const char *name, const struct hcs_bound *b, struct hcs_stream **ret,
                                   struct hcs_error **err);
/* Where such a service is when nobody says otherwise: BASE/WHAT.sock, with the base of platform/work_folder.h, which is
 * made; on Windows a pipe with the id of our user in its name. Caller frees. */
HRESULT hcs_private_default_name(const char *what, char **ret, struct hcs_error **err);
/* Does the failure of a connect say that nobody listens there? */
bool hcs_stream_is_absent(HRESULT hr);

/* Who is at the other end, as the system knows it. */
struct hcs_peer {
        int64_t pid;
        bool is_trusted; /* our own user, or one that rules the machine anyway (root) */
};
HRESULT hcs_stream_peer(struct hcs_stream *s, struct hcs_peer *ret, struct hcs_error **err);

struct hcs_listener;

/* A socket that was left behind under that name is replaced; a living one is HCS_WIN32(10048) WSAEADDRINUSE. The name
 * is removed when the listener is closed. */
HRESULT hcs_listener_unix(const char *path, struct hcs_listener **ret, struct hcs_error **err);
/* Takes connections of one guest only. */
HRESULT hcs_listener_vsock(uint32_t cid, uint32_t port, struct hcs_listener **ret, struct hcs_error **err);
/* A port that the system chooses, of the loopback interface. */
HRESULT hcs_listener_tcp(uint16_t *ret_port, struct hcs_listener **ret, struct hcs_error **err);
HRESULT hcs_listener_hyperv(const GUID *vm, const GUID *service, struct hcs_listener **ret, struct hcs_error **err);
/*
 * The listener of hcs_stream_connect_private(). The name is locked for as long as it lives, beside the socket: a second
 * one is HCS_WIN32(10048) WSAEADDRINUSE, also in the moment where the first does not answer yet. One that does not
 * answer any more is waited for, 10 s at most. The folder
 * must be ours or root's, and nobody else may write to it (E_ACCESSDENIED); only our user can connect (mode 0600).
 */
HRESULT hcs_listener_private(const char *name, struct hcs_listener **ret, struct hcs_error **err);
/* The listener that a service manager opened for this process and that it passed on (LISTEN_FDS); S_FALSE: none. Once.
 */
HRESULT hcs_listener_handed_over(struct hcs_listener **ret, struct hcs_error **err);
/* E_ABORT also after hcs_listener_wake(), when nobody is waiting to be taken. */
HRESULT hcs_listener_accept(struct hcs_listener *l, const struct hcs_bound *b, struct hcs_stream **ret,
                            struct hcs_error **err);
/* Ends the accept of another thread, and all later ones: connections that are there already are still given. */
void hcs_listener_wake(struct hcs_listener *l);
/* Whoever connects from now on is refused, and the socket's name is gone; a private one stays locked until the listener
 * is closed. Once, with nobody in an accept. */
void hcs_listener_end(struct hcs_listener *l);
/* NULL is fine, returns NULL. */
struct hcs_listener *hcs_listener_close(struct hcs_listener *l);
HCS_DEFINE_CLEANUP(struct hcs_listener *, hcs_listener_close)

#endif
