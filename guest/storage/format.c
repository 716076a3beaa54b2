/* SPDX-License-Identifier: MIT */

/* File systems on devices. Stateless. */

#include "guest/storage/format.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "base/mem.h"
#include "base/str.h"
#include "platform/clock.h"

#define EXT4_SUPER      1024
#define EXT4_MAGIC      0x38 /* in the superblock */
#define MKFS_TIMEOUT_NS (300ull * HCS_NS_PER_S)

HRESULT guest_format_detect(const char *device, const char **ret, struct hcs_error **err) {
        uint8_t head[EXT4_SUPER + EXT4_MAGIC + 2] = {0};
        int fd = open(device, O_RDONLY | O_CLOEXEC), errnum;
        ssize_t n;

        if (fd < 0)
                return hcs_error_errno(err, errno, "open %s", device);
        do
                n = pread(fd, head, sizeof(head), 0);
        while (n < 0 && errno == EINTR);
        errnum = errno;
        close(fd);
        if (n < 0)
                return hcs_error_errno(err, errnum, "read %s", device);
        if (head[EXT4_SUPER + EXT4_MAGIC] == 0x53 && head[EXT4_SUPER + EXT4_MAGIC + 1] == 0xEF)
                *ret = "ext4";
        else if (memcmp(head, "XFSB", 4) == 0)
                *ret = "xfs";
        else
                *ret = "";
        return S_OK;
}

HRESULT guest_format(const struct guest_roots *roots, const char *device, const char *type, struct hcs_error **err) {
        char *const ext4[] = {(char *)"mkfs.ext4", (char *)device, NULL};
        char *const xfs[] = {(char *)"mkfs.xfs", (char *)"-f", (char *)device, NULL};
        HRESULT hr;

        if (!hcs_streq(type, "ext4") && !hcs_streq(type, "xfs"))
                return hcs_error_make(err, E_INVALIDARG, "unsupported filesystem %s requested for device", type);
        hr = guest_tool(roots, hcs_streq(type, "xfs") ? xfs : ext4, MKFS_TIMEOUT_NS, err);
        if (FAILED(hr))
                hcs_error_wrap(err, "format %s as %s", device, type);
        return hr;
}
