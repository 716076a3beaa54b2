/* SPDX-License-Identifier: MIT */
#ifndef HCS_BASE_SHA1_H
#define HCS_BASE_SHA1_H

/* SHA-1 of one buffer, for name-based GUIDs only; not for anything that must resist an attacker. */

#include <stddef.h>
#include <stdint.h>

void hcs_sha1(const void *data, size_t len, uint8_t digest[static 20]);

#endif
