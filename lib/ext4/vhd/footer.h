/* SPDX-License-Identifier: MIT */
#ifndef HCS_EXT4_VHD_FOOTER_H
#define HCS_EXT4_VHD_FOOTER_H

/*
 * The footer of a VHD: 512 bytes, big-endian, behind the data of a fixed one (Virtual Hard Disk Image Format
 * Specification 1.0). A plain value; the caller owns it.
 */

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"
#include "hcsshim/error.h"
#include "hcsshim/guid.h"

#define VHD_FOOTER    512u
#define VHD_NO_OFFSET UINT64_MAX

enum vhd_type { VHD_FIXED = 2, VHD_DYNAMIC = 3, VHD_DIFFERENCING = 4 };

struct vhd_footer {
        uint32_t features, version;
        uint64_t data_offset; /* of what follows in a dynamic disk; VHD_NO_OFFSET for a fixed one */
        uint32_t timestamp;   /* seconds since 2000-01-01 UTC; 0: not said */
        char creator[5];      /* four characters of whoever made it, "" for hcsshim */
        uint32_t creator_version;
        char creator_os[5]; /* "Wi2k", "Mac ", ... */
        uint64_t original_size, current_size;
        uint16_t cylinders;
        uint8_t heads, sectors;
        uint32_t type; /* enum vhd_type, or what else is there */
        uint32_t checksum;
        GUID id;
        uint8_t saved_state;
};

/* What can be wrong with a footer. */
enum vhd_damage {
        VHD_BAD_COOKIE = 1 << 0,   /* no footer */
        VHD_BAD_CHECKSUM = 1 << 1, /* some byte of it was changed */
        VHD_BAD_VERSION = 1 << 2,
        VHD_BAD_FEATURES = 1 << 3,
        VHD_BAD_TYPE = 1 << 4,
        VHD_BAD_OFFSET = 1 << 5,   /* of the type, there should be one, or none */
        VHD_BAD_SIZE = 1 << 6,     /* the data is not as long as it says */
        VHD_BAD_GEOMETRY = 1 << 7, /* more sectors than there are bytes */
        VHD_BAD_STATE = 1 << 8,
        VHD_BAD_RESERVED = 1 << 9, /* data where there must be none */
        VHD_UNALIGNED = 1 << 10,   /* the data does not end with a sector */
};

/* As hcsshim makes it: fixed, no creator, no time, no geometry, a version of 10.0. No id. */
void vhd_footer_init(struct vhd_footer *f, uint64_t size);
/* With the checksum that it should have. */
void vhd_footer_print(const struct vhd_footer *f, uint8_t bytes[static VHD_FOOTER]);
/* False without the cookie. Checks nothing else. */
bool vhd_footer_parse(const uint8_t bytes[static VHD_FOOTER], struct vhd_footer *ret);
/*
 * A set of enum vhd_damage for a file of that size (footer included), and for each a line of text (texts may be NULL).
 */
unsigned vhd_footer_check(const uint8_t bytes[static VHD_FOOTER], uint64_t file_size, struct hcs_buf *texts);
const char *vhd_type_name(uint32_t type); /* never NULL */

#endif
