/* SPDX-License-Identifier: MIT */
#ifndef GUEST_STORAGE_PLAN9_H
#define GUEST_STORAGE_PLAN9_H

/* A folder of the host over 9p: the caller dials the host's Port, the kernel speaks over that socket. Stateless, any
 * thread, blocking. Source: hcsshim internal/guest/storage/plan9. Taken back by guest_unmount(MountPath, true). */

#include "hcsshim/error.h"
#include "hcsshim/schema.h"

/* fd: a connected stream socket, borrowed; the kernel keeps its own reference. Makes MountPath; on failure it goes. */
HRESULT guest_plan9_mount(int fd, const struct hcs_schema_guest_lcow_mapped_directory *directory,
                          struct hcs_error **err);

#endif
