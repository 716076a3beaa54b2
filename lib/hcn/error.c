/* SPDX-License-Identifier: MIT */

/* Errors of host networking: what kind of failure a code is, and hcsshim's text of it. */

#include <ctype.h>
#include <string.h>

#include "base/str.h"
#include "hcn/internal.h"

bool hcn_is_element_not_found(HRESULT hr) {
        return hr == HCS_WIN32(0x490);
}

bool hcn_is_not_found(HRESULT hr) {
        return hr == HCN_E_NO_SUCH_OBJECT || hcn_is_element_not_found(hr);
}

bool hcn_is_port_already_exists(HRESULT hr) {
        return hr == (HRESULT)0x803B0013;
}

bool hcn_is_not_implemented(HRESULT hr) {
        return hr == E_NOTIMPL;
}

bool hcn_is_missing(HRESULT hr) {
        return hcn_is_not_found(hr) || ((uint32_t)hr >= 0x803B0001u && (uint32_t)hr <= 0x803B0008u);
}

bool hcn_is_already_exists(HRESULT hr) {
        return ((uint32_t)hr >= 0x803B0010u && (uint32_t)hr <= 0x803B0014u) || hr == (HRESULT)0x803B002B;
}

/* The platform's part of a message ends it; what stands before is context. */
static size_t context_length(const char *message, const char *description) {
        size_t n = strlen(message), m = strlen(description);

        return n >= m && strcmp(message + n - m, description) == 0 ? n - m : 0;
}

static void put_code(struct hcs_buf *b, HRESULT hr, const char *description) {
        if (description)
                hcs_buf_printf(b, "failed in Win32: %s. (0x%x)", description, (unsigned)hcs_hresult_code(hr));
        else
                hcs_buf_printf(b, "failed in Win32: winapi error #%u (0x%x)", (unsigned)hcs_hresult_code(hr),
                               (unsigned)hcs_hresult_code(hr));
}

/* hcsshim names its functions after the exports, but for those of routes. */
static void put_title(struct hcs_buf *b, const char *operation) {
        const char *sdn = strstr(operation, "SdnRoute");

        hcs_buf_putc(b, (char)tolower((unsigned char)*operation));
        if (sdn)
                hcs_buf_append(b, operation + 1, (size_t)(sdn - operation - 1));
        hcs_buf_puts(b, sdn ? sdn + 3 : operation + 1);
}

char *hcn_error_format_go(const struct hcs_error *e) {
        const char *operation = hcs_error_operation(e), *record = hcs_error_document(e), *hint = hcs_error_hint(e);
        HRESULT hr = hcs_error_hresult(e);
        const struct hcs_hresult_info *info = hcs_hresult_lookup(hr);
        _cleanup_buf_ struct hcs_buf b = {0};

        if (!e || !operation) {
                const char *message = hcs_error_message(e), *ours = strstr(message, ": the service is version ");

                /* What we say of an unsupported feature beyond its name is ours. */
                return ours && hr == HCS_WIN32(50) ? hcs_strndup(message, (size_t)(ours - message))
                                                   : hcs_strdup(message);
        }
        if (hcs_streq(operation, "HNSCall")) {
                const char *message = hcs_error_message(e);

                hcs_buf_append(&b, message, info ? context_length(message, info->description) : 0);
                hcs_buf_puts(&b, "hnsCall");
                record = NULL;
        } else {
                put_title(&b, operation);
        }
        hcs_buf_putc(&b, ' ');
        if (record && hr == HCS_WIN32(31) && hint && hcs_str_starts(hint, "the call succeeded"))
                hcs_buf_puts(&b, "failed in Win32: %!s(<nil>) (0x1f)");
        else
                put_code(&b, hr, info ? info->description : NULL);
        if (record)
                hcs_buf_printf(&b, "%s%s", *record == ' ' ? "" : " ", record);
        return hcs_buf_steal(&b);
}
