/* SPDX-License-Identifier: MIT */

/* HRESULT arithmetic: lookup, families, conversion from other code spaces, predicates. Pure functions. */

#include "hcsshim/hresult.h"

#include <errno.h>

#include "base/hresult_table.h"
#include "base/str.h"

static const struct hcs_hresult_info *find(uint32_t code) {
        size_t lo = 0, hi = hcs_hresult_table_size;

        while (lo < hi) {
                size_t mid = lo + (hi - lo) / 2;

                if (hcs_hresult_table[mid].code == code)
                        return &hcs_hresult_table[mid];
                if (hcs_hresult_table[mid].code < code)
                        lo = mid + 1;
                else
                        hi = mid;
        }
        return NULL;
}

const struct hcs_hresult_info *hcs_hresult_lookup(HRESULT hr) {
        uint32_t code = (uint32_t)hr;

        if (code > 0 && code < 0x10000)
                return find(0x80070000u | code);
        return find(code);
}

const char *hcs_hresult_name(HRESULT hr) {
        const struct hcs_hresult_info *info = hcs_hresult_lookup(hr);

        if (hr == S_OK)
                return "S_OK";
        return info ? info->name : NULL;
}

bool hcs_hresult_parse(const char *text, HRESULT *ret) {
        int64_t number;

        if (hcs_str_to_i64(text, &number)) {
                if (number < INT32_MIN || number > (int64_t)UINT32_MAX)
                        return false;
                *ret = (HRESULT)(uint32_t)number;
                return true;
        }
        if (hcs_strcaseeq(text, "S_OK")) {
                *ret = S_OK;
                return true;
        }
        for (size_t i = 0; i < hcs_hresult_table_size; i++) {
                if (!hcs_strcaseeq(text, hcs_hresult_table[i].name))
                        continue;
                *ret = (HRESULT)hcs_hresult_table[i].code;
                return true;
        }
        return false;
}

uint32_t hcs_hresult_code(HRESULT hr) {
        if (hr >= 0)
                return 0;
        if (((uint32_t)hr & 0x1fff0000u) == 0x00070000u)
                return (uint32_t)hr & 0xffffu;
        return (uint32_t)hr;
}

HRESULT hcs_hresult_to_vmcompute(HRESULT hr) {
        uint32_t code = (uint32_t)hr;

        if ((HRESULT)code == HCS_E_OPERATION_PENDING)
                return VMCOMPUTE_E_OPERATION_PENDING;
        if ((HRESULT)code == HCS_E_OPERATION_SYSTEM_CALLBACK_ALREADY_SET)
                return VMCOMPUTE_E_TOO_MANY_NOTIFICATIONS;
        return code >= 0x80370100u && code <= 0x80370113u ? (HRESULT)(code | 0x40000000u) : hr;
}

HRESULT hcs_hresult_to_computecore(HRESULT hr) {
        uint32_t code = (uint32_t)hr;

        if (hr == VMCOMPUTE_E_OPERATION_PENDING)
                return HCS_E_OPERATION_PENDING;
        if (hr == VMCOMPUTE_E_TOO_MANY_NOTIFICATIONS)
                return HCS_E_OPERATION_SYSTEM_CALLBACK_ALREADY_SET;
        return code >= 0xC0370100u && code <= 0xC0370113u ? (HRESULT)(code & ~0x40000000u) : hr;
}

HRESULT hcs_hresult_from_win32(uint32_t code) {
        return code == 0 ? S_OK : (int32_t)code < 0 ? (HRESULT)code : HCS_WIN32(code);
}

HRESULT hcs_hresult_from_ntstatus(uint32_t status) {
        return status == 0 ? S_OK : (HRESULT)(status | 0x10000000u);
}

HRESULT hcs_hresult_from_errno(int errnum) {
        static const struct {
                int errnum;
                uint32_t win32;
        } map[] = {
                {ENOENT, 2},         {ESRCH, 1168},        {EIO, 1117},         {EBADF, 6},
                {ENOMEM, 14},        {EACCES, 5},          {EPERM, 5},          {EROFS, 19},
                {EBUSY, 170},        {EEXIST, 183},        {EXDEV, 17},         {ENOTDIR, 267},
                {EISDIR, 5},         {EINVAL, 87},         {EMFILE, 4},         {ENFILE, 4},
                {EFBIG, 223},        {ENOSPC, 112},
#ifdef EDQUOT
                {EDQUOT, 112},
#endif
                {EPIPE, 109},        {ENOSYS, 120},        {ENOTEMPTY, 145},    {ENAMETOOLONG, 206},
                {ENOTSUP, 50},       {ENOTCONN, 1167},     {ETIMEDOUT, 1460},   {EAGAIN, 170},
                {ECANCELED, 1223},   {ECONNREFUSED, 1225}, {ECONNRESET, 10054}, {ECONNABORTED, 10053},
                {EADDRINUSE, 10048}, {ENETUNREACH, 1231},  {ELOOP, 123},        {EILSEQ, 1113},
                {EOVERFLOW, 87},
        };

        for (size_t i = 0; i < sizeof(map) / sizeof(map[0]); i++)
                if (map[i].errnum == errnum)
                        return HCS_WIN32(map[i].win32);
        return errnum == 0 ? S_OK : E_FAIL;
}

bool hcs_is_not_exist(HRESULT hr) {
        return hcs_hresult_to_computecore(hr) == HCS_E_SYSTEM_NOT_FOUND || hr == HCS_WIN32(0x490);
}

bool hcs_is_already_stopped(HRESULT hr) {
        return hcs_hresult_to_computecore(hr) == HCS_E_SYSTEM_ALREADY_STOPPED || hr == HCS_E_PROCESS_ALREADY_STOPPED ||
               hr == HCS_WIN32(0x490);
}

bool hcs_is_pending(HRESULT hr) {
        return hcs_hresult_to_computecore(hr) == HCS_E_OPERATION_PENDING;
}

bool hcs_is_not_supported(HRESULT hr) {
        HRESULT core = hcs_hresult_to_computecore(hr);

        return core == HCS_E_INVALID_JSON || core == HCS_E_UNKNOWN_MESSAGE || hr == HCS_WIN32(0xD) ||
               hr == HCS_WIN32(0x32) || hr == E_NOTIMPL;
}

bool hcs_is_invalid_state(HRESULT hr) {
        return hcs_hresult_to_computecore(hr) == HCS_E_INVALID_STATE;
}

bool hcs_is_access_denied(HRESULT hr) {
        return hr == E_ACCESSDENIED || hr == HCS_E_ACCESS_DENIED;
}

bool hcs_is_timeout(HRESULT hr) {
        return hr == HCS_E_OPERATION_TIMEOUT || hcs_hresult_to_computecore(hr) == HCS_E_CONNECTION_TIMEOUT ||
               hr == HCS_WIN32(1460) || hr == HCS_WIN32(258);
}

bool hcs_is_invalid_handle(HRESULT hr) {
        return hr == E_HANDLE;
}
