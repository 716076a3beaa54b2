/* SPDX-License-Identifier: MIT */
#ifndef HCS_EXT4_VHD_CRC32C_H
#define HCS_EXT4_VHD_CRC32C_H

/* CRC-32C (Castagnoli), which zlib does not have; VHDX protects its headers with it. Stateless. */

#include <stddef.h>
#include <stdint.h>

/* crc: 0 to begin, or what the bytes before made. */
uint32_t vhd_crc32c(uint32_t crc, const void *data, size_t n);

#endif
