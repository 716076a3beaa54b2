/* SPDX-License-Identifier: MIT */
#ifndef MOCKHCS_WINEHV_DISK_CODE_H
#define MOCKHCS_WINEHV_DISK_CODE_H

/* What virtdisk.dll returns: codes of Windows, or those of virtual disks as they are. */

#include "ext4/vhd/codes.h"
#include "hcsshim/hresult.h"

static inline DWORD disk_code(HRESULT hr) {
        if (SUCCEEDED(hr))
                return ERROR_SUCCESS;
        if (hr == E_INVALIDARG)
                return ERROR_INVALID_PARAMETER;
        return HRESULT_FACILITY(hr) == FACILITY_WIN32 ? (DWORD)HRESULT_CODE(hr) : (DWORD)hr;
}

#endif
