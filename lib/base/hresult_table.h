/* SPDX-License-Identifier: MIT */
#ifndef HCS_BASE_HRESULT_TABLE_H
#define HCS_BASE_HRESULT_TABLE_H

/* The table behind hcs_hresult_lookup(), sorted by code. */

#include <stddef.h>

#include "hcsshim/hresult.h"

extern const struct hcs_hresult_info hcs_hresult_table[];
extern const size_t hcs_hresult_table_size;

#endif
