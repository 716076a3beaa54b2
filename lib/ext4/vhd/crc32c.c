/* SPDX-License-Identifier: MIT */

#include "ext4/vhd/crc32c.h"

#define POLYNOMIAL 0x82f63b78u /* reflected */

uint32_t vhd_crc32c(uint32_t crc, const void *data, size_t n) {
        const uint8_t *p = data;

        crc = ~crc;
        while (n-- > 0) {
                crc ^= *p++;
                for (int i = 0; i < 8; i++)
                        crc = crc >> 1 ^ (POLYNOMIAL & -(crc & 1));
        }
        return ~crc;
}
