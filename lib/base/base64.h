/* SPDX-License-Identifier: MIT */
#ifndef HCS_BASE_BASE64_H
#define HCS_BASE_BASE64_H

/* Bytes as base64, in the standard alphabet (RFC 4648, section 4). */

#include <stdbool.h>
#include <stddef.h>

#include "base/buf.h"

/* Appends the text, padded, without line breaks. */
void hcs_base64_encode(const void *data, size_t n, struct hcs_buf *out);
/* Appends the bytes. False, and nothing is appended: it is not base64 with all of its padding. */
bool hcs_base64_decode(const char *text, size_t len, struct hcs_buf *out);
/* The same where the padding may be left out. */
bool hcs_base64_decode_unpadded(const char *text, size_t len, struct hcs_buf *out);

#endif
