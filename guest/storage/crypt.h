/* SPDX-License-Identifier: MIT */
#ifndef GUEST_STORAGE_CRYPT_H
#define GUEST_STORAGE_CRYPT_H

/*
 * A scratch disk that the host cannot read: AES-XTS with an HMAC-SHA256 tag for each sector of 4096 bytes (dm-crypt
 * above dm-integrity, no journal), under a random key that is never written anywhere. What was on the disk is lost with
 * the key; so the device is for formatting at once. Stateless, any thread, blocking.
 *
 * The original puts a LUKS2 header in front, for which nothing ever asks: the same ciphers, without it.
 * Source: hcsshim internal/guest/storage/crypt.
 */

#include "guest/base/roots.h"

/* ret: DEV/mapper/NAME; caller frees. Its first block is written, for mkfs reads it. */
HRESULT guest_crypt_open(const struct guest_roots *roots, const char *device, const char *name, uint64_t deadline_ns,
                         char **ret, struct hcs_error **err);
HRESULT guest_crypt_close(const struct guest_roots *roots, const char *name, struct hcs_error **err);

#endif
