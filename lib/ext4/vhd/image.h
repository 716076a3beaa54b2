/* SPDX-License-Identifier: MIT */
#ifndef HCS_EXT4_VHD_IMAGE_H
#define HCS_EXT4_VHD_IMAGE_H

/*
 * What is in a disk: the bytes that a VHD or VHDX of any type holds, read through its parents and written in place.
 * Owns nothing but its own state: the file, and the image of the parent, are borrowed and must live longer. Belongs to
 * one thread at a time.
 *
 * A change of a VHDX is not logged: when the process ends within one, the disk may lack what was written last.
 */

#include "ext4/vhd/vhd_info.h"

struct disk_image;

enum disk_format { DISK_VHD, DISK_VHDX };

/* The same of both formats. */
struct disk_facts {
        enum disk_format format;
        enum vhd_type type;
        uint64_t size;
        uint32_t block_size; /* 0: a fixed VHD, which has none */
        uint32_t sector, physical_sector;
        GUID id;      /* of the disk */
        GUID linkage; /* which a disk that stands on it remembers: the id of a VHD, the data_write of a VHDX */
        /* Of a differencing one: its parent's linkage, of a VHD when that was last changed, and where it says it is. */
        GUID parent;
        uint32_t parent_time;
        char *parents[VHDX_PLACES]; /* of the image */
};

/* Some bytes of a disk. */
struct disk_range {
        uint64_t offset, n;
};

/*
 * Parent NULL: what the disk does not hold itself reads as zeros. S_FALSE: no disk. Else the codes of codes.h, or
 * VHDX_E_DAMAGED, VHDX_E_UNKNOWN (a log that has to be replayed) for what is wrong with it, blocks beyond its end
 * included.
 */
HRESULT disk_image_open(struct hcs_data_file *f, struct disk_image *parent, struct disk_image **ret,
                        struct hcs_error **err);
/* NULL is fine, returns NULL. */
struct disk_image *disk_image_close(struct disk_image *i);
HCS_DEFINE_CLEANUP(struct disk_image *, disk_image_close)

const struct disk_facts *disk_image_facts(const struct disk_image *i);
/* Which parent it reads through from now on; NULL: none. */
void disk_image_set_parent(struct disk_image *i, struct disk_image *parent);

/* E_INVALIDARG beyond the end of the disk. */
HRESULT disk_image_read(struct disk_image *i, uint64_t offset, void *data, size_t n, struct hcs_error **err);
/* In whole sectors of 512 bytes, or E_INVALIDARG. The file was opened for writing. */
HRESULT disk_image_write(struct disk_image *i, uint64_t offset, const void *data, size_t n, struct hcs_error **err);
/*
 * The next bytes at or behind `offset` that the disk holds itself, of one block at most; zeros that hide what the
 * parent has are some. S_FALSE: there are no more.
 */
HRESULT disk_image_next(struct disk_image *i, uint64_t offset, struct disk_range *ret, struct hcs_error **err);
/* Where in the file the n-th block is; 0: nowhere. S_FALSE: there are not as many. */
HRESULT disk_image_block(struct disk_image *i, uint64_t n, uint64_t *ret, struct hcs_error **err);

#endif
