/* SPDX-License-Identifier: MIT */
#ifndef GUEST_STORAGE_DM_H
#define GUEST_STORAGE_DM_H

/*
 * Device-mapper devices by the kernel's ioctls. Stateless: a device is its name. Any thread, blocking.
 * Source of tables and names: hcsshim internal/guest/storage/devicemapper; the kernel's admin-guide/device-mapper.
 */

#include <stdbool.h>
#include <stddef.h>

#include "guest/base/roots.h"
#include "hcsshim/schema.h"

#define GUEST_SECTOR 512u

/* One row of a table; sectors of 512 bytes. */
struct guest_dm_target {
        uint64_t start, length;
        char type[16];
        char *params;
};
void guest_dm_target_deinit(struct guest_dm_target *t);

/* "DEVICE OFFSET": bytes must be whole sectors, E_INVALIDARG otherwise. */
HRESULT guest_dm_linear(const char *device, uint64_t offset_bytes, uint64_t size_bytes, struct guest_dm_target *ret,
                        struct hcs_error **err);
/* "VERSION DEVICE DEVICE BLOCK BLOCK BLOCKS HASHSTART ALGORITHM ROOT SALT"; an impossible geometry, a digest that is
 * not hexadecimal, or a word with a blank in it is E_INVALIDARG naming the member. */
HRESULT guest_dm_verity(const char *device, const struct hcs_schema_guest_device_verity_info *info,
                        struct guest_dm_target *ret, struct hcs_error **err);

/*
 * Makes the device and its node DEV/mapper/NAME, ret; caller frees. A device that the table names and that is not ready
 * (ENOENT, ENXIO, ENODEV) is tried again until the deadline. Nothing is left behind on failure. A kernel without
 * device-mapper: ERROR_NOT_SUPPORTED; a name that is in use: ERROR_BUSY.
 */
HRESULT guest_dm_create(const struct guest_roots *roots, const char *name, bool read_only,
                        const struct guest_dm_target *targets, size_t n, uint64_t deadline_ns, char **ret,
                        struct hcs_error **err);
/* A device that is still busy is tried ten times, 10 ms apart. An absent one is ERROR_NOT_FOUND. */
HRESULT guest_dm_remove(const struct guest_roots *roots, const char *name, struct hcs_error **err);
/* What the target says of itself (STATUSTYPE_INFO), of a device with one target. Caller frees. */
HRESULT guest_dm_status(const struct guest_roots *roots, const char *name, char **ret, struct hcs_error **err);

#endif
