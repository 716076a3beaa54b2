/* SPDX-License-Identifier: MIT */
#ifndef HCS_EXT4_VHD_VHDX_H
#define HCS_EXT4_VHD_VHDX_H

/*
 * What the headers of a VHDX say (MS-VHDX): read only, nothing of the data is looked at, and a log that was not
 * replayed is told but left alone. A value that owns its strings.
 */

#include "base/mem.h"
#include "hcsshim/guid.h"
#include "platform/data_file.h"

#define VHDX_E_DAMAGED HCS_WIN32(1392) /* a structure, or both copies of it, cannot be used; it says why */
#define VHDX_E_UNKNOWN HCS_WIN32(50)   /* something that must be understood and is not known */

enum vhdx_type { VHDX_FIXED, VHDX_DYNAMIC, VHDX_DIFFERENCING };

/* Where a differencing disk says that its parent is, in the order in which MS-VHDX has them tried. */
enum vhdx_parent_place { VHDX_RELATIVE, VHDX_VOLUME, VHDX_ABSOLUTE, VHDX_PLACES };

/* One of the two headers. */
struct vhdx_header {
        char *damage; /* NULL: it is good */
        uint64_t sequence;
        GUID file_write, data_write, log; /* log: not null when there is one to replay */
        uint16_t version, log_version;
        uint32_t log_length;
        uint64_t log_offset;
};

struct vhdx_info {
        char *creator; /* who made the file; may be empty */
        struct vhdx_header header[2];
        unsigned current;       /* of the two, the one that counts */
        char *region_damage[2]; /* of the two region tables; NULL: good */
        uint64_t bat_offset, metadata_offset;
        uint32_t bat_length, metadata_length;
        enum vhdx_type type;
        uint64_t virtual_size;
        uint32_t block_size, logical_sector, physical_sector;
        GUID disk_id;
        char *parents[VHDX_PLACES]; /* differencing: where it says its parent is; NULL: it does not say so */
        char *parent_linkage;       /* the parent's data_write, as text */
        uint64_t linkage_at;        /* where in the file that stands */
        uint16_t linkage_length;    /* in bytes */
};

/* Is it a VHDX, from the first bytes? */
bool vhdx_is(struct hcs_data_file *f);
/* S_FALSE: no VHDX. */
HRESULT vhdx_read(struct hcs_data_file *f, struct vhdx_info *ret, struct hcs_error **err);
void vhdx_info_deinit(struct vhdx_info *i);
const char *vhdx_type_name(enum vhdx_type type);
/* The first of the places where its parent may be; NULL: it names none. Of *i. */
const char *vhdx_parent(const struct vhdx_info *i);

#endif
