/* SPDX-License-Identifier: MIT */
#ifndef INTEGRATION_FUZZ_VSOCK_H
#define INTEGRATION_FUZZ_VSOCK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* What a front end sends ('s') and what a guest writes into its rings ('q'). False: the byte chooses neither. */
bool fuzz_vsock(uint8_t which, const uint8_t *data, size_t size);

#endif
