/* SPDX-License-Identifier: MIT */

/* Mounts over 9p. Stateless. */

#include "guest/storage/plan9.h"

#include <errno.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/socket.h>

#include "base/mem.h"
#include "guest/storage/mount.h"

#define MESSAGE_SIZE 65536 /* as the original */

HRESULT guest_plan9_mount(int fd, const struct hcs_schema_guest_lcow_mapped_directory *directory,
                          struct hcs_error **err) {
        const char *share = directory->ShareName ? directory->ShareName : "";
        const char *target = directory->MountPath ? directory->MountPath : "";
        _cleanup_free_ char *data = NULL;
        int size = MESSAGE_SIZE;

        /* It would end the option. */
        if (strchr(share, ','))
                return hcs_error_make(err, E_INVALIDARG, "ShareName: `%s' has a comma in it", share);
        if (setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &size, sizeof(size)) < 0 ||
            setsockopt(fd, SOL_SOCKET, SO_SNDBUF, &size, sizeof(size)) < 0)
                return hcs_error_errno(err, errno, "buffers of the 9p connection for %s", target);
        data = hcs_asprintf("trans=fd,rfdno=%d,wfdno=%d,msize=%d%s%s", fd, fd, MESSAGE_SIZE, *share ? ",aname=" : "",
                            share);
        return guest_mount_making(target, target, 0700, "9p", directory->ReadOnly ? MS_RDONLY : 0, data, err);
}
