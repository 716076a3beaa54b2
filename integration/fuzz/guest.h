/* SPDX-License-Identifier: MIT */
#ifndef INTEGRATION_FUZZ_GUEST_H
#define INTEGRATION_FUZZ_GUEST_H

/* Bytes that a host sends to a guest's agent. */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* 'G': a bridge's bytes; 'M': one ModifySettings request; 'W': a command line. False: another's. */
bool fuzz_guest(uint8_t which, const uint8_t *data, size_t size);

#endif
