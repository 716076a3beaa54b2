/* SPDX-License-Identifier: MIT */
#ifndef INTEGRATION_FUZZ_DISK_H
#define INTEGRATION_FUZZ_DISK_H

/* The parsers of what is around a file system: dm-verity, VHD, VHDX, and the documents of OCI layouts. */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* False: the byte chooses none of them. */
bool fuzz_disk(uint8_t which, const uint8_t *data, size_t size);

#endif
