/* SPDX-License-Identifier: MIT */
#ifndef HCS_PLATFORM_HVSOCKET_H
#define HCS_PLATFORM_HVSOCKET_H

/*
 * Where the Hyper-V sockets of an emulated virtual machine are, on a system that has none: a folder that is found by
 * the machine's RuntimeId, which every client can ask for. It is there from the creation of the compute system until
 * the system is gone, and holds Unix sockets in the convention of Firecracker: `v.sock` leads to the guest ("CONNECT
 * PORT\n"), `v.sock_PORT` is where a client listens for it.
 *
 *   $XDG_RUNTIME_DIR/hcsshim/hvsocket/<RuntimeId>, or /tmp/hcsshim-UID/hvsocket/<RuntimeId>
 *
 * The well-known ids of hvsocket have a folder of that kind, too, which stays: where a guest finds no listener in its
 * own folder it looks in that of the wildcard (the null GUID), and host programs meet in that of the loopback.
 *
 * Windows has AF_HYPERV itself: there is no such folder there.
 */

#include "hcsshim/guid.h"
#include "platform/stream.h"
#include "platform/work_folder.h"

#define HCS_HVSOCKET_ROOM "hvsocket"

/* Whether it exists or not; NULL on Windows. Caller frees. */
char *hcs_hvsocket_folder(const GUID *runtime_id);
/*
 * For who plays the machine: makes it; it goes with hcs_hvsocket_folder_free(). S_FALSE, and NULL, when a machine that
 * lives has this id already. What the dead left behind is removed by the first that a process makes. On Windows S_OK
 * and NULL. Errors: as hcs_work_folder_new().
 */
HRESULT hcs_hvsocket_folder_new(const GUID *runtime_id, struct hcs_work_folder **ret, struct hcs_error **err);
/* NULL is fine, returns NULL. */
struct hcs_work_folder *hcs_hvsocket_folder_free(struct hcs_work_folder *f);

/*
 * The host's side of a machine's sockets, for who stands between them and a program that has AF_HYPERV (Windows under
 * Wine): addresses are those of hvsocket, ports are services (hcs_guid_from_vsock_port()), a service that is no port
 * has the socket `v.sock_g` and its four words, folded by exclusive or, in hexadecimal digits. Linux only:
 * HCS_WIN32(10047) WSAEAFNOSUPPORT.
 */
#define HCS_HVSOCKET_LISTENERS 2
/* One listener, or two for the wildcard, which takes guests of all machines and host programs. Errors: HCS_WIN32(10049)
 * WSAEADDRNOTAVAIL no such machine, HCS_WIN32(10048) WSAEADDRINUSE. */
HRESULT hcs_hvsocket_listen(const GUID *vm, const GUID *service,
                            struct hcs_listener *ret[static HCS_HVSOCKET_LISTENERS], size_t *ret_n,
                            struct hcs_error **err);
/* Errors: HCS_WIN32(10051) WSAENETUNREACH no such machine, HCS_WIN32(10061) WSAECONNREFUSED nobody listens. */
HRESULT hcs_hvsocket_connect(const GUID *vm, const GUID *service, const struct hcs_bound *b, struct hcs_stream **ret,
                             struct hcs_error **err);
/* Who is at the other end of an accepted stream: a guest's device says so in the name of its socket. What it does not
 * say is left as it is. */
void hcs_hvsocket_peer(const struct hcs_stream *s, GUID *vm, GUID *service);
/* The name that a device binds before it connects for its guest, abstract and with its NUL in front, so that
 * hcs_hvsocket_peer() finds it: of the machine in that folder, of the guest's port, and of a number that makes it new.
 * False: the folder is none of a machine's. */
bool hcs_hvsocket_peer_name(const char *folder, uint32_t port, uint32_t number, char ret[static 108], size_t *ret_n);
/* Where else a guest's device looks: FOLDER of the wildcard, beside that folder. Caller frees. */
char *hcs_hvsocket_wildcard_beside(const char *folder);

#endif
