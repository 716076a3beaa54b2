/* SPDX-License-Identifier: MIT */

/* The content of the file that was created last: counted, and put in the inode or behind each other on the disk. */

#include <string.h>

#include "ext4/writer_private.h"

void ext4_writer_begin(struct ext4_writer *w, uint32_t ino, uint64_t size) {
        w->current = ino;
        w->written = 0;
        w->expected = size;
}

HRESULT ext4_writer_end(struct ext4_writer *w, struct hcs_error **err) {
        struct ext4_node *node = ext4_tree_node(&w->tree, w->current);
        uint32_t blocks, leaves = 0;
        HRESULT hr;

        if (!node)
                return S_OK;
        if (w->written != w->expected)
                return hcs_error_make(err, EXT4_E_WRONG_AMOUNT, "did not write the right amount: %llu != %llu",
                                      (unsigned long long)w->written, (unsigned long long)w->expected);
        w->current = 0;
        if (w->written == 0 || node->flags & EXT4_FLAG_INLINE)
                return S_OK;
        node->start = (uint32_t)((w->out.position - w->written) / EXT4_BLOCK);
        blocks = ext4_blocks_of(w->written);
        hr = ext4_output_align(&w->out, err);
        if (SUCCEEDED(hr))
                hr = ext4_extents_write(&w->out, node->start, blocks, &leaves, err);
        if (FAILED(hr))
                return hr;
        node->flags |= EXT4_FLAG_EXTENTS;
        node->block_count += blocks + leaves;
        return S_OK;
}

static HRESULT check_amount(const struct ext4_writer *w, uint64_t n, struct hcs_error **err) {
        unsigned long long written = w->written + n;

        if (n > w->expected - w->written)
                return hcs_error_make(err, EXT4_E_WRONG_AMOUNT, "wrote too much: %llu > %llu", written,
                                      (unsigned long long)w->expected);
        return S_OK;
}

/* Where inline content goes, NULL when it goes out. */
static uint8_t *inline_place(const struct ext4_writer *w) {
        const struct ext4_node *node = ext4_tree_node(&w->tree, w->current);

        return node && node->flags & EXT4_FLAG_INLINE ? ext4_tree_stored(&w->tree, node->data) + w->written : NULL;
}

HRESULT ext4_writer_write(struct ext4_writer *w, const void *data, size_t n, struct hcs_error **err) {
        HRESULT hr = check_amount(w, n, err);
        uint8_t *place = inline_place(w);

        if (SUCCEEDED(hr) && place)
                memcpy(place, data, n);
        else if (SUCCEEDED(hr))
                hr = ext4_output_write(&w->out, data, n, err);
        if (SUCCEEDED(hr))
                w->written += n;
        return hr;
}

HRESULT ext4_writer_zero(struct ext4_writer *w, uint64_t n, struct hcs_error **err) {
        HRESULT hr = check_amount(w, n, err);

        if (SUCCEEDED(hr) && !inline_place(w)) /* inline content begins as zeros */
                hr = ext4_output_zero(&w->out, n, err);
        if (SUCCEEDED(hr))
                w->written += n;
        return hr;
}

HRESULT ext4_writer_copy(struct ext4_writer *w, struct hcs_data_file *from, uint64_t offset, uint64_t n,
                         uint64_t *ret_n, struct hcs_error **err) {
        HRESULT hr = check_amount(w, n, err);

        *ret_n = 0;
        if (SUCCEEDED(hr) && !inline_place(w))
                hr = ext4_output_copy(&w->out, from, offset, n, ret_n, err);
        if (SUCCEEDED(hr))
                w->written += *ret_n;
        return hr;
}
