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
 * Windows has AF_HYPERV itself: there is no such folder there.
 */

#include "hcsshim/guid.h"
#include "platform/work_folder.h"

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

#endif
