/* SPDX-License-Identifier: MIT */
#ifndef HCS_PLATFORM_UNPACK_H
#define HCS_PLATFORM_UNPACK_H

/*
 * A tree of files made below a directory, as an archive or image tells of it: one directory at a time is the current
 * one, names are single ones in it, and no symbolic link is followed on the way, so that nothing outside is touched.
 * What has a name already is replaced, but a directory stays and is filled further. Any depth, two descriptors. Nobody
 * else is expected to change the tree meanwhile. One thread at a time.
 */

#include <stdint.h>

#include "hcsshim/error.h"
#include "platform/data_file.h"

struct hcs_unpack;

struct hcs_unpack_look {
        uint32_t mode;        /* with the type */
        int64_t atime, mtime; /* seconds of the epoch, and nanoseconds below 10^9 */
        uint32_t atime_ns, mtime_ns;
};

/* The directory is made when it is not there. */
HRESULT hcs_unpack_open(const char *directory, struct hcs_unpack **ret, struct hcs_error **err);
struct hcs_unpack *hcs_unpack_close(struct hcs_unpack *u);
HCS_DEFINE_CLEANUP(struct hcs_unpack *, hcs_unpack_close)

/* Goes into a directory, which is made for its maker alone until _leave. */
HRESULT hcs_unpack_enter(struct hcs_unpack *u, const char *name, struct hcs_error **err);
/* Goes back up. */
HRESULT hcs_unpack_leave(struct hcs_unpack *u, struct hcs_error **err);

HRESULT hcs_unpack_file(struct hcs_unpack *u, const char *name, struct hcs_data_file **ret, struct hcs_error **err);
HRESULT hcs_unpack_symlink(struct hcs_unpack *u, const char *name, const char *target, struct hcs_error **err);
/* A device, fifo or socket, by the type in mode. */
HRESULT hcs_unpack_node(struct hcs_unpack *u, const char *name, uint32_t mode, uint32_t major, uint32_t minor,
                        struct hcs_error **err);
/* One more name for what was made; `existing` is its path from the directory that was opened. */
HRESULT hcs_unpack_link(struct hcs_unpack *u, const char *existing, const char *name, struct hcs_error **err);

/*
 * In this order, because giving away takes attributes and permissions can forbid setting them; "." is the current
 * directory. _give does nothing when the process may not give files away.
 */
HRESULT hcs_unpack_give(struct hcs_unpack *u, const char *name, uint32_t uid, uint32_t gid, struct hcs_error **err);
HRESULT hcs_unpack_attribute(struct hcs_unpack *u, const char *name, const char *attribute, const void *value,
                             size_t len, struct hcs_error **err);
/* Permissions and times. */
HRESULT hcs_unpack_finish(struct hcs_unpack *u, const char *name, const struct hcs_unpack_look *look,
                          struct hcs_error **err);

#endif
