/* SPDX-License-Identifier: MIT */
#ifndef INTEGRATION_FUZZ_BRIDGE_H
#define INTEGRATION_FUZZ_BRIDGE_H

/* The part of the fuzz target that plays a hostile guest to the host's side of the bridge. */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* b: frames and their documents; c: a whole connection. False for a byte that is neither. */
bool fuzz_bridge(uint8_t which, const uint8_t *data, size_t size);

#endif
