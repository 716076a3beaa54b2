/* SPDX-License-Identifier: MIT */
#ifndef MOCKHCS_ABI_LAYER_ARGUMENT_H
#define MOCKHCS_ABI_LAYER_ARGUMENT_H

/* What layer functions of vmcompute are given, as it stands in call documents. Pure. */

#include "hcsshim/abi/vmcompute.h"

/* The layer's id below the home of the driver; NULL when the driver has none, or there is no id. Caller frees. */
uint16_t *mock_layer_whole_id(const HCS_DRIVER_INFO *info, PCWSTR id);
/* The parent layers as one document: [{"Id":"<guid>","Path":"..."}]. Caller frees. */
char *mock_layer_list(const HCS_LAYER_DESCRIPTOR *layers, DWORD count);

#endif
