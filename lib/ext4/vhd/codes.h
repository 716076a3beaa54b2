/* SPDX-License-Identifier: MIT */
#ifndef HCS_EXT4_VHD_CODES_H
#define HCS_EXT4_VHD_CODES_H

/* What Windows says of virtual disks that are not what they should be (winerror.h, FACILITY_VIRTUAL_HARD_DISK). */

#include "hcsshim/hresult.h"

#define VHD_E_FOOTER_MISSING   ((HRESULT)0xC03A0001)
#define VHD_E_FOOTER_CHECKSUM  ((HRESULT)0xC03A0002)
#define VHD_E_FOOTER_CORRUPT   ((HRESULT)0xC03A0003)
#define VHD_E_SPARSE_CHECKSUM  ((HRESULT)0xC03A0006)
#define VHD_E_SPARSE_VERSION   ((HRESULT)0xC03A0007)
#define VHD_E_SPARSE_CORRUPT   ((HRESULT)0xC03A0008)
#define VHD_E_TABLE_CORRUPT    ((HRESULT)0xC03A000A) /* of blocks */
#define VHD_E_BLOCK_SIZE       ((HRESULT)0xC03A000B)
#define VHD_E_PARENT_NOT_FOUND ((HRESULT)0xC03A000D)
#define VHD_E_PARENT_ID        ((HRESULT)0xC03A000E)
#define VHD_E_PARENT_TIME      ((HRESULT)0xC03A000F)
#define VHD_E_SIZE             ((HRESULT)0xC03A0012)
#define VHD_E_FILE_SIZE        ((HRESULT)0xC03A0013)
#define VHD_E_NO_PROVIDER      ((HRESULT)0xC03A0014) /* no kind of disk that is known, or asked for */
#define VHD_E_PARENT_SIZE      ((HRESULT)0xC03A0017)
#define VHD_E_CYCLE            ((HRESULT)0xC03A0018)
#define VHD_E_ERROR_IN_PARENT  ((HRESULT)0xC03A0019)
#define VHD_E_INVALID_TYPE     ((HRESULT)0xC03A001B) /* not for this type of disk */
#define VHD_E_WOULD_TRUNCATE   ((HRESULT)0xC03A0025)
#define VHD_E_NO_SMALLEST_SIZE ((HRESULT)0xC03A0026)
#define VHD_E_ALREADY_SMALLEST ((HRESULT)0xC03A0027)

#endif
