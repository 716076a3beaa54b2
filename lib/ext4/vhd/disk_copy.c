/* SPDX-License-Identifier: MIT */

#include "ext4/vhd/disk_copy.h"

#include <string.h>

#include "ext4/vhd/image_private.h"

#define PIECE ((size_t)512 << 10)

/* Does some disk of the chain hold something of those bytes? */
static HRESULT is_there(struct disk_image *i, uint64_t offset, uint64_t n, bool *ret, struct hcs_error **err) {
        HRESULT hr = S_OK;

        *ret = false;
        for (; i && SUCCEEDED(hr) && !*ret; i = i->facts.type == VHD_DIFFERENCING ? i->parent : NULL)
                for (uint64_t block = offset / i->block_size;
                     SUCCEEDED(hr) && !*ret && block < i->blocks && block * i->block_size < offset + n; block++) {
                        uint64_t at = 0;

                        hr = disk_image_block(i, block, &at, err);
                        *ret = at != 0 || !i->facts.block_size; /* a fixed VHD's first block is at 0 */
                }
        return hr;
}

static HRESULT copy_piece(struct disk_image *from, struct disk_image *to, uint64_t offset, uint8_t *buf, size_t n,
                          bool with_zeros, struct hcs_error **err) {
        size_t whole = (n + DISK_SECTOR - 1) / DISK_SECTOR * DISK_SECTOR;
        HRESULT hr = disk_image_read(from, offset, buf, n, err);

        if (FAILED(hr) || (!with_zeros && disk_is_zeros(buf, n)))
                return hr;
        /* hcsshim makes disks that do not end with a sector. */
        memset(buf + n, 0, whole - n);
        return disk_image_write(to, offset, buf, whole, err);
}

static HRESULT check_sizes(const struct disk_image *from, const struct disk_image *to, struct hcs_error **err) {
        if (from->facts.size <= to->facts.size)
                return S_OK;
        return hcs_error_make(err, VHD_E_SIZE, "what a disk of %llu bytes holds does not go into one of %llu",
                              (unsigned long long)from->facts.size, (unsigned long long)to->facts.size);
}

HRESULT disk_copy(struct disk_image *from, struct disk_image *to, struct hcs_error **err) {
        _cleanup_free_ uint8_t *buf = hcs_malloc(PIECE);
        uint64_t size = from->facts.size;
        HRESULT hr = check_sizes(from, to, err);

        for (uint64_t offset = 0; SUCCEEDED(hr) && offset < size; offset += PIECE) {
                size_t n = size - offset < PIECE ? (size_t)(size - offset) : PIECE;
                bool there;

                hr = is_there(from, offset, n, &there, err);
                if (SUCCEEDED(hr) && there)
                        hr = copy_piece(from, to, offset, buf, n, false, err);
        }
        return hr;
}

HRESULT disk_copy_own(struct disk_image *from, struct disk_image *to, struct hcs_error **err) {
        _cleanup_free_ uint8_t *buf = hcs_malloc(PIECE);
        struct disk_range range = {0};
        HRESULT hr = check_sizes(from, to, err);

        while (SUCCEEDED(hr) && (hr = disk_image_next(from, range.offset + range.n, &range, err)) == S_OK)
                for (uint64_t done = 0; SUCCEEDED(hr) && done < range.n; done += PIECE) {
                        size_t n = range.n - done < PIECE ? (size_t)(range.n - done) : PIECE;

                        hr = copy_piece(from, to, range.offset + done, buf, n, true, err);
                }
        return FAILED(hr) ? hr : S_OK;
}
