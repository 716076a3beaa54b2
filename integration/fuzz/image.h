/* SPDX-License-Identifier: MIT */
#ifndef INTEGRATION_FUZZ_IMAGE_H
#define INTEGRATION_FUZZ_IMAGE_H

/* What is in VHDs and VHDXs: their tables of blocks, and what is read and written through them. */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* False: the byte does not choose it. */
bool fuzz_image(uint8_t which, const uint8_t *data, size_t size);

#endif
