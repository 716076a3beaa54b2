/* SPDX-License-Identifier: MIT */
#ifndef HCS_EXT4_PAX_XATTRS_H
#define HCS_EXT4_PAX_XATTRS_H

/*
 * The extended attributes that PAX records give an entry: SCHILY.xattr.NAME with the value as it is, and what
 * libarchive writes beside or instead of it, LIBARCHIVE.xattr.NAME with escapes (%20) in the name and the value in
 * base64.
 */

#include "ext4/codes.h"
#include "ext4/tar/pax.h"
#include "ext4/xattr.h"
#include "hcsshim/error.h"

/*
 * Adds them to a set; of both kinds under one name the former counts. Without libarchive only SCHILY's are looked at,
 * and nothing fails. Errors: EXT4_E_XATTR, and the record, when a name or value of libarchive's is not as it writes
 * them.
 */
HRESULT ext4_pax_xattrs(const struct tar_pax *pax, bool libarchive, struct ext4_xattr_set *out, struct hcs_error **err);

#endif
