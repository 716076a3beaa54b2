/* SPDX-License-Identifier: MIT */
#ifndef INTEGRATION_FUZZ_LAYER_H
#define INTEGRATION_FUZZ_LAYER_H

/* Tars and what becomes of them, PAX records, and ext4 images that lie. */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* 't': a tar, packed or not; 'p': PAX records; 'e': changes of an ext4 image. False: it is another byte. */
bool fuzz_layer(uint8_t which, const uint8_t *data, size_t size);

#endif
