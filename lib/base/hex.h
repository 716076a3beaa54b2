/* SPDX-License-Identifier: MIT */
#ifndef HCS_BASE_HEX_H
#define HCS_BASE_HEX_H

/* Bytes as pairs of hexadecimal digits. */

#include <stdbool.h>
#include <stddef.h>

/* Lower case, into 2 * n + 1 bytes of text; returns text. */
char *hcs_hex_format(const void *bytes, size_t n, char *text);
/* text is 2 * n digits of either case and no more, else false. */
bool hcs_hex_parse(const char *text, void *ret_bytes, size_t n);

#endif
