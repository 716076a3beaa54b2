/* SPDX-License-Identifier: MIT */

/* Rows of device-mapper tables. Pure. */

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/buf.h"
#include "base/str.h"
#include "guest/storage/dm.h"

#define MAX_BLOCK (1 << 16)

void guest_dm_target_deinit(struct guest_dm_target *t) {
        if (t->params)
                explicit_bzero(t->params, strlen(t->params)); /* it may hold a key */
        free(t->params);
        *t = (struct guest_dm_target){0};
}

HRESULT guest_dm_linear(const char *device, uint64_t offset_bytes, uint64_t size_bytes, struct guest_dm_target *ret,
                        struct hcs_error **err) {
        if (size_bytes == 0 || size_bytes % GUEST_SECTOR)
                return hcs_error_make(err, E_INVALIDARG,
                                      "DeviceSizeInBytes: %" PRIu64 " is no number of sectors of %u bytes", size_bytes,
                                      GUEST_SECTOR);
        if (offset_bytes % GUEST_SECTOR)
                return hcs_error_make(err, E_INVALIDARG,
                                      "DeviceOffsetInBytes: %" PRIu64 " is no number of sectors of %u bytes",
                                      offset_bytes, GUEST_SECTOR);
        *ret = (struct guest_dm_target){.length = size_bytes / GUEST_SECTOR, .type = "linear"};
        ret->params = hcs_asprintf("%s %" PRIu64, device, offset_bytes / GUEST_SECTOR);
        return S_OK;
}

static HRESULT check_word(const char *member, const char *value, const char *allowed, struct hcs_error **err) {
        if (value && *value && strspn(value, allowed) == strlen(value))
                return S_OK;
        return hcs_error_make(err, E_INVALIDARG, "VerityInfo.%s: `%s' cannot be in a verity table", member,
                              value ? value : "");
}

HRESULT guest_dm_verity(const char *device, const struct hcs_schema_guest_device_verity_info *info,
                        struct guest_dm_target *ret, struct hcs_error **err) {
        static const char hex[] = "0123456789abcdefABCDEF";
        static const char name[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_.()";
        const char *salt = info->Salt && *info->Salt ? info->Salt : "-";
        int64_t blocks;
        HRESULT hr;

        if (info->BlockSize < (int)GUEST_SECTOR || info->BlockSize > MAX_BLOCK ||
            (info->BlockSize & (info->BlockSize - 1)))
                return hcs_error_make(err, E_INVALIDARG, "VerityInfo.BlockSize: %d is no size of a block",
                                      info->BlockSize);
        if (info->Ext4SizeInBytes <= 0 || info->Ext4SizeInBytes % info->BlockSize)
                return hcs_error_make(err, E_INVALIDARG,
                                      "VerityInfo.Ext4SizeInBytes: %" PRId64 " is no number of blocks of %d bytes",
                                      info->Ext4SizeInBytes, info->BlockSize);
        hr = check_word("Algorithm", info->Algorithm, name, err);
        if (SUCCEEDED(hr))
                hr = check_word("RootDigest", info->RootDigest, hex, err);
        if (SUCCEEDED(hr) && !hcs_streq(salt, "-"))
                hr = check_word("Salt", salt, hex, err);
        if (FAILED(hr))
                return hr;
        blocks = info->Ext4SizeInBytes / info->BlockSize;
        *ret = (struct guest_dm_target){.length = (uint64_t)info->Ext4SizeInBytes / GUEST_SECTOR, .type = "verity"};
        ret->params = hcs_asprintf("%d %s %s %d %d %" PRId64 " %" PRId64 " %s %s %s", info->Version, device, device,
                                   info->BlockSize, info->BlockSize, blocks, blocks + info->SuperBlock, info->Algorithm,
                                   info->RootDigest, salt);
        return S_OK;
}
