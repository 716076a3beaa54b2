/* SPDX-License-Identifier: MIT */

/*
 * A parent that changes is another one to its child, which remembers the parent's state (VHDX) or the time of its file
 * (VHD). The state is told before the data is written, so that the end of the process within a merge leaves a chain;
 * the time can only be told afterwards.
 */

#include "ext4/vhd/disk_merge.h"

#include "ext4/vhd/disk_copy.h"
#include "ext4/vhd/image_private.h"

static HRESULT check(struct disk_chain *c, size_t depth, struct hcs_error **err) {
        uint64_t size;

        if (depth == 0 || !disk_chain_image(c, depth))
                return hcs_error_make(err, E_INVALIDARG, "`%s` does not stand on %zu disks", disk_chain_path(c, 0),
                                      depth);
        size = disk_image_facts(disk_chain_image(c, depth))->size;
        for (size_t k = 0; k < depth; k++) {
                uint64_t own = disk_image_facts(disk_chain_image(c, k))->size;

                if (own > size)
                        return hcs_error_make(err, VHD_E_SIZE, "`%s` holds %llu bytes, and `%s` only %llu",
                                              disk_chain_path(c, k), (unsigned long long)own, disk_chain_path(c, depth),
                                              (unsigned long long)size);
        }
        return S_OK;
}

/* S_FALSE: the disks hold nothing themselves. */
static HRESULT find_any(struct disk_chain *c, size_t depth, struct hcs_error **err) {
        struct disk_range range;
        HRESULT hr = S_FALSE;

        for (size_t k = 0; hr == S_FALSE && k < depth; k++)
                hr = disk_image_next(disk_chain_image(c, k), 0, &range, err);
        return hr;
}

/* From the parent up: what one remembers is a change of its own file. */
static HRESULT relink(struct disk_chain *c, size_t depth, struct hcs_error **err) {
        HRESULT hr = S_OK;

        for (size_t k = depth; k-- > 0 && SUCCEEDED(hr);) {
                struct disk_image *child = disk_chain_image(c, k);

                hr = child->code->relink(child, disk_chain_image(c, k + 1), err);
        }
        return hr;
}

static HRESULT copy_all(struct disk_chain *c, size_t depth, struct hcs_error **err) {
        HRESULT hr = S_OK;

        for (size_t k = depth; k-- > 0 && SUCCEEDED(hr);)
                hr = disk_copy_own(disk_chain_image(c, k), disk_chain_image(c, depth), err);
        return hr;
}

HRESULT disk_chain_merge(struct disk_chain *c, size_t depth, struct hcs_error **err) {
        HRESULT hr = check(c, depth, err), relinked;

        if (SUCCEEDED(hr))
                hr = find_any(c, depth, err);
        if (hr != S_OK)
                return FAILED(hr) ? hr : S_OK;
        hr = disk_image_begin(disk_chain_image(c, depth), err);
        if (SUCCEEDED(hr))
                hr = relink(c, depth, err);
        if (SUCCEEDED(hr))
                hr = copy_all(c, depth, err);
        relinked = relink(c, depth, FAILED(hr) ? NULL : err);
        return FAILED(hr) ? hr : relinked;
}
