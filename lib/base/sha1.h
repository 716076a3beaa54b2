/* SPDX-License-Identifier: MIT */
#ifndef HCS_BASE_SHA1_H
#define HCS_BASE_SHA1_H

/*
 * SHA-1 of one buffer, for name-based GUIDs, and inside HMAC (RFC 2104), which does not need what SHA-1 has lost; not
 * for anything else that must resist an attacker.
 */

#include <stddef.h>
#include <stdint.h>

void hcs_sha1(const void *data, size_t len, uint8_t digest[static 20]);

#endif
