/* SPDX-License-Identifier: MIT */
#ifndef HCS_PLATFORM_ABI_TEXT_H
#define HCS_PLATFORM_ABI_TEXT_H

/* Texts that cross the platform ABI: UTF-8 here, UTF-16 there. */

#include "hcsshim/abi/types.h"
#include "hcsshim/error.h"

/* NULL gives "". HRESULT_FROM_WIN32(ERROR_NO_UNICODE_TRANSLATION) when it is not UTF-8. Caller frees with free(). */
HRESULT hcs_abi_text_wide(const char *utf8, uint16_t **ret, struct hcs_error **err);
/* A text of the platform, copied; NULL for NULL and "". What cannot be said in UTF-8 becomes U+FFFD. Caller frees. */
char *hcs_abi_text_copy(PCWSTR wide);
/* The same, and gives the platform's memory back. */
char *hcs_abi_text_take(PWSTR wide);
/* The other way: a text that the client frees as the platform's. What is not UTF-8 becomes U+FFFD. */
PWSTR hcs_abi_text_give(const char *utf8, size_t len);

#endif
