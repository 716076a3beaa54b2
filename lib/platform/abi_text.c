/* SPDX-License-Identifier: MIT */

/* Texts for the ABI and back; the same on every system. */

#include <string.h>

#include "base/utf.h"
#include "platform/abi_memory.h"
#include "platform/abi_text.h"

HRESULT hcs_abi_text_wide(const char *utf8, uint16_t **ret, struct hcs_error **err) {
        return hcs_utf8_to_utf16(utf8 ? utf8 : "", utf8 ? strlen(utf8) : 0, ret, NULL, err);
}

char *hcs_abi_text_copy(PCWSTR wide) {
        return wide && *wide
                       ? hcs_utf16_to_utf8_lossy((const uint16_t *)wide, hcs_utf16_len((const uint16_t *)wide), NULL)
                       : NULL;
}

char *hcs_abi_text_take(PWSTR wide) {
        char *text = hcs_abi_text_copy(wide);

        hcs_abi_free(wide);
        return text;
}

PWSTR hcs_abi_text_give(const char *utf8, size_t len) {
        size_t n;
        uint16_t *wide = hcs_utf8_to_utf16_lossy(utf8, len, &n);

        return hcs_abi_adopt(wide, (n + 1) * sizeof(*wide));
}
