/* SPDX-License-Identifier: MIT */
#ifndef HCS_EXT4_VHD_BYTES_H
#define HCS_EXT4_VHD_BYTES_H

/* The big-endian numbers of VHDs and their checksum. */

#include <stddef.h>
#include <stdint.h>

static inline void vhd_put(uint8_t *p, uint64_t v, size_t n) {
        for (size_t i = 0; i < n; i++)
                p[i] = (uint8_t)(v >> (8 * (n - 1 - i)));
}

static inline uint64_t vhd_get(const uint8_t *p, size_t n) {
        uint64_t v = 0;

        for (size_t i = 0; i < n; i++)
                v = v << 8 | p[i];
        return v;
}

/* Of n bytes without the four at `at`, where it is kept. */
static inline uint32_t vhd_checksum(const uint8_t *bytes, size_t n, size_t at) {
        uint32_t sum = 0;

        for (size_t i = 0; i < n; i++)
                if (i < at || i >= at + 4)
                        sum += bytes[i];
        return ~sum;
}

#endif
