/* SPDX-License-Identifier: MIT */
#ifndef HCS_BASE_UTF_H
#define HCS_BASE_UTF_H

/*
 * UTF-16LE as the platform ABI wants it, UTF-8 as everything else here uses it. `uint16_t` is the unit on every OS.
 * Invalid input: the strict forms refuse it with HRESULT_FROM_WIN32(ERROR_NO_UNICODE_TRANSLATION) naming the
 * offset; the lossy forms put U+FFFD for each bad unit or byte, as Go and Windows do.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "hcsshim/error.h"

size_t hcs_utf16_len(const uint16_t *s); /* units before the NUL; NULL gives 0 */
bool hcs_utf8_valid(const char *s, size_t n, size_t *ret_bad_offset);

/* Caller frees; result is NUL terminated; ret_len (may be NULL) is in bytes or units without the NUL. */
HRESULT hcs_utf16_to_utf8(const uint16_t *s, size_t n, char **ret, size_t *ret_len, struct hcs_error **err);
HRESULT hcs_utf8_to_utf16(const char *s, size_t n, uint16_t **ret, size_t *ret_len, struct hcs_error **err);
char *hcs_utf16_to_utf8_lossy(const uint16_t *s, size_t n, size_t *ret_len);
uint16_t *hcs_utf8_to_utf16_lossy(const char *s, size_t n, size_t *ret_len);

/* Appends one code point as UTF-8 to p (room for 4); returns the number of bytes. */
size_t hcs_utf8_encode(uint32_t cp, char *p);
/* Decodes one code point of s[0..n); returns bytes used, 0 when s is not valid UTF-8 there. */
size_t hcs_utf8_decode(const char *s, size_t n, uint32_t *ret);
/* For a terminal: control characters, backslashes and what is not UTF-8 become \ooo. Caller frees. */
char *hcs_utf8_visible(const char *s);
/* The same for text that is read as it is: line feeds, tabs and backslashes stay. Caller frees. */
char *hcs_utf8_plain(const char *s);

#endif
