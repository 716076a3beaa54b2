/* SPDX-License-Identifier: MIT */
#ifndef INTEGRATION_FUZZ_EMULATE_H
#define INTEGRATION_FUZZ_EMULATE_H

/* The networks of the emulator, given settings, requests and queries by a hostile client. */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* N: what to do with the document behind the next byte. False: it is another byte. */
bool fuzz_emulate(uint8_t which, const uint8_t *data, size_t size);

#endif
