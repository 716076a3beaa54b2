/* SPDX-License-Identifier: MIT */
#ifndef HCS_STORAGE_INTERNAL_H
#define HCS_STORAGE_INTERNAL_H

/*
 * The inside of the client of layers: two tables of functions, constant after they were loaded, so that any thread may
 * use them.
 */

#include <stdatomic.h>
#include <stdlib.h>

#include "base/mem.h"
#include "hcsshim/storage.h"

struct hcs_storage {
        atomic_uint refs;
        struct hcs_vmcompute_api vmcompute;
        struct hcs_computestorage_api computestorage;
};

/* The driver that hcsshim names in every call. */
extern const HCS_DRIVER_INFO storage_driver;

/* A failure of that function, about that layer. Returns hr. */
HRESULT storage_outcome(HRESULT hr, const char *function, const char *subject, struct hcs_error **err);
/* HCS_WIN32(127) unless there is such a function. */
HRESULT storage_has(const void *function, const char *name, struct hcs_error **err);
/* A text for the platform; E_POINTER naming it when it is NULL. */
HRESULT storage_wide(const char *text, const char *name, uint16_t **ret, struct hcs_error **err);

#endif
