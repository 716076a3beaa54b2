/* SPDX-License-Identifier: MIT */
#ifndef HCS_EXT4_VHD_IMAGE_PRIVATE_H
#define HCS_EXT4_VHD_IMAGE_PRIVATE_H

/* Images to the code of their formats. */

#include "ext4/vhd/image.h"

#define DISK_SECTOR 512u
#define DISK_WINDOW 4096u

/* What a disk has of a block. */
enum disk_block {
        DISK_ABSENT, /* nothing: as the parent has it */
        DISK_ZERO,
        DISK_WHOLE,
        DISK_PARTLY, /* the sectors that its bitmap has a bit for */
};

struct disk_place {
        enum disk_block state;
        uint64_t data, bitmap; /* bytes of the file; the bit of the block's first sector begins a byte */
};

struct disk_format_code {
        bool first_bit_is_highest; /* in each byte of a bitmap */
        bool sets_bits;            /* a block may be written in part; else it is written whole */
        HRESULT (*find)(struct disk_image *i, uint64_t block, struct disk_place *ret, struct hcs_error **err);
        /* Room for a block that is absent, zeros, at the end of the file. */
        HRESULT (*make_room)(struct disk_image *i, struct disk_place *ret, struct hcs_error **err);
        /* The block is at that place from now on. */
        HRESULT(*publish)
        (struct disk_image *i, uint64_t block, const struct disk_place *place, struct hcs_error **err);
        /* The block is nowhere from now on. */
        HRESULT (*withdraw)(struct disk_image *i, uint64_t block, struct hcs_error **err);
        /* The file ends there, but for a footer. */
        HRESULT (*set_end)(struct disk_image *i, uint64_t end, struct hcs_error **err);
        /* Before blocks go to other places, with what is in them. */
        HRESULT (*rearrange)(struct disk_image *i, struct hcs_error **err);
        /* Before the first change. */
        HRESULT (*begin)(struct disk_image *i, struct hcs_error **err);
        /* Of a differencing disk: it stands on the parent as that is now. */
        HRESULT (*relink)(struct disk_image *i, struct disk_image *parent, struct hcs_error **err);
};

struct disk_image {
        const struct disk_format_code *code;
        struct hcs_data_file *file;
        struct disk_image *parent;
        struct disk_facts facts;
        uint64_t blocks, end; /* end: of the file, without the footer of a VHD */
        uint32_t block_size;  /* of a fixed VHD too */
        uint64_t table;       /* of the blocks */
        uint64_t floor;       /* the end of what is no block */
        bool is_changed;
        /* A part of the table. */
        uint8_t window[DISK_WINDOW];
        uint64_t window_at;
        size_t window_n; /* 0: none */
        struct vhd_info vhd;
        struct vhdx_info vhdx;
};

/* The n bytes of an entry of the table, which are aligned to n. */
HRESULT disk_image_entry(struct disk_image *i, uint64_t offset, size_t n, const uint8_t **ret, struct hcs_error **err);
HRESULT disk_image_set_entry(struct disk_image *i, uint64_t offset, const uint8_t *entry, size_t n,
                             struct hcs_error **err);

/* What is written from now on is a change: once an image. */
HRESULT disk_image_begin(struct disk_image *i, struct hcs_error **err);
bool disk_is_zeros(const uint8_t *p, size_t n);

/* S_FALSE: none of that format. */
HRESULT disk_image_open_vhd(struct disk_image *i, struct hcs_error **err);
HRESULT disk_image_open_vhdx(struct disk_image *i, struct hcs_error **err);

#endif
