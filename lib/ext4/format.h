/* SPDX-License-Identifier: MIT */
#ifndef HCS_EXT4_FORMAT_H
#define HCS_EXT4_FORMAT_H

/*
 * Sizes, numbers and offsets of an ext4 file system as this library writes and reads it (docs: the kernel's
 * Documentation/filesystems/ext4), and stores and loads of little-endian integers.
 */

#include <stdint.h>

#define EXT4_BLOCK            4096u
#define EXT4_INODE            256u
#define EXT4_INODE_USED       152u /* fields up to the creation time's extra bits; attributes follow */
#define EXT4_INODE_EXTRA      (EXT4_INODE - EXT4_INODE_USED)
#define EXT4_EXTRA_ISIZE      (EXT4_INODE_USED - 128u)
#define EXT4_INODE_DATA       60u /* i_block */
#define EXT4_BLOCKS_PER_GROUP (8 * EXT4_BLOCK)
#define EXT4_DESCRIPTOR       32u
#define EXT4_MAX_LINKS        65000u
#define EXT4_MAX_NAME         255u

#define EXT4_ROOT_INO       2u
#define EXT4_FIRST_INO      11u
#define EXT4_LOST_FOUND_INO 11u

#define EXT4_TYPE_MASK 0170000u
#define EXT4_FIFO      0010000u
#define EXT4_CHAR      0020000u
#define EXT4_DIR       0040000u
#define EXT4_BLOCK_DEV 0060000u
#define EXT4_REG       0100000u
#define EXT4_LNK       0120000u
#define EXT4_SOCK      0140000u

#define EXT4_FLAG_EXTENTS   0x00080000u
#define EXT4_FLAG_HUGE_FILE 0x00040000u
#define EXT4_FLAG_INLINE    0x10000000u

#define EXT4_SUPER_OFFSET  1024u
#define EXT4_SUPER_MAGIC   0xEF53u
#define EXT4_EXTENT_MAGIC  0xF30Au
#define EXT4_XATTR_MAGIC   0xEA020000u
#define EXT4_EXTENT_SIZE   12u /* header and entries alike */
#define EXT4_EXTENT_BLOCKS 0x8000u
#define EXT4_EXTENTS_INODE 4u
#define EXT4_EXTENTS_LEAF  (EXT4_BLOCK / EXT4_EXTENT_SIZE - 1)

#define EXT4_COMPAT_EXT_ATTR       0x0008u
#define EXT4_COMPAT_SPARSE_SUPER2  0x0200u
#define EXT4_INCOMPAT_FILETYPE     0x0002u
#define EXT4_INCOMPAT_RECOVER      0x0004u
#define EXT4_INCOMPAT_EXTENTS      0x0040u
#define EXT4_INCOMPAT_64BIT        0x0080u
#define EXT4_INCOMPAT_MMP          0x0100u
#define EXT4_INCOMPAT_FLEX_BG      0x0200u
#define EXT4_INCOMPAT_CSUM_SEED    0x2000u
#define EXT4_INCOMPAT_LARGEDIR     0x4000u
#define EXT4_INCOMPAT_INLINE_DATA  0x8000u
#define EXT4_INCOMPAT_CASEFOLD     0x20000u
#define EXT4_RO_COMPAT_LARGE_FILE  0x0002u
#define EXT4_RO_COMPAT_HUGE_FILE   0x0008u
#define EXT4_RO_COMPAT_EXTRA_ISIZE 0x0040u
#define EXT4_RO_COMPAT_READONLY    0x1000u

#define EXT4_XATTR_SYSTEM 7u /* the index of names that begin with "system." */

static inline void ext4_put16(uint8_t *p, uint32_t v) {
        p[0] = (uint8_t)v;
        p[1] = (uint8_t)(v >> 8);
}

static inline void ext4_put32(uint8_t *p, uint32_t v) {
        ext4_put16(p, v);
        ext4_put16(p + 2, v >> 16);
}

static inline void ext4_put64(uint8_t *p, uint64_t v) {
        ext4_put32(p, (uint32_t)v);
        ext4_put32(p + 4, (uint32_t)(v >> 32));
}

static inline uint16_t ext4_get16(const uint8_t *p) {
        return (uint16_t)(p[0] | p[1] << 8);
}

static inline uint32_t ext4_get32(const uint8_t *p) {
        return (uint32_t)ext4_get16(p) | (uint32_t)ext4_get16(p + 2) << 16;
}

static inline uint64_t ext4_get64(const uint8_t *p) {
        return (uint64_t)ext4_get32(p) | (uint64_t)ext4_get32(p + 4) << 32;
}

/* The file type of a directory entry. */
static inline uint8_t ext4_entry_type(uint32_t mode) {
        switch (mode & EXT4_TYPE_MASK) {
        case EXT4_REG:
                return 1;
        case EXT4_DIR:
                return 2;
        case EXT4_CHAR:
                return 3;
        case EXT4_BLOCK_DEV:
                return 4;
        case EXT4_FIFO:
                return 5;
        case EXT4_SOCK:
                return 6;
        case EXT4_LNK:
                return 7;
        default:
                return 0;
        }
}

#endif
