/* SPDX-License-Identifier: MIT */

/* What both formats have in common: blocks, some of which are there, and a parent below them. */

#include "ext4/vhd/image.h"

#include <string.h>

#include "ext4/vhd/image_private.h"

struct disk_image *disk_image_close(struct disk_image *i) {
        if (!i)
                return NULL;
        vhd_info_deinit(&i->vhd);
        vhdx_info_deinit(&i->vhdx);
        free(i);
        return NULL;
}

const struct disk_facts *disk_image_facts(const struct disk_image *i) {
        return &i->facts;
}

void disk_image_set_parent(struct disk_image *i, struct disk_image *parent) {
        i->parent = parent;
}

HRESULT disk_image_entry(struct disk_image *i, uint64_t offset, size_t n, const uint8_t **ret, struct hcs_error **err) {
        HRESULT hr;

        if (!i->window_n || offset < i->window_at || offset + n > i->window_at + i->window_n) {
                i->window_n = 0;
                i->window_at = offset / DISK_WINDOW * DISK_WINDOW;
                hr = hcs_data_file_read_at(i->file, i->window_at, i->window, DISK_WINDOW, &i->window_n, err);
                if (FAILED(hr))
                        return hr;
        }
        if (offset + n > i->window_at + i->window_n)
                return hcs_error_make(err, VHD_E_FILE_SIZE, "`%s` became shorter while it was read",
                                      hcs_data_file_name(i->file));
        *ret = i->window + (offset - i->window_at);
        return S_OK;
}

HRESULT disk_image_set_entry(struct disk_image *i, uint64_t offset, const uint8_t *entry, size_t n,
                             struct hcs_error **err) {
        i->window_n = 0;
        return hcs_data_file_write_at(i->file, offset, entry, n, err);
}

bool disk_is_zeros(const uint8_t *p, size_t n) {
        return n == 0 || (p[0] == 0 && memcmp(p, p + 1, n - 1) == 0);
}

/* Every block is inside of the file. */
static HRESULT check_blocks(struct disk_image *i, struct hcs_error **err) {
        struct disk_place place;
        HRESULT hr = S_OK;

        for (uint64_t block = 0; SUCCEEDED(hr) && block < i->blocks && i->facts.block_size; block++)
                hr = i->code->find(i, block, &place, err);
        if (FAILED(hr))
                hcs_error_wrap(err, "disk `%s`", hcs_data_file_name(i->file));
        return hr;
}

HRESULT disk_image_open(struct hcs_data_file *f, struct disk_image *parent, struct disk_image **ret,
                        struct hcs_error **err) {
        _cleanup_(disk_image_closep) struct disk_image *i = hcs_calloc(1, sizeof(*i));
        HRESULT hr;

        i->file = f;
        i->parent = parent;
        hr = vhdx_is(f) ? disk_image_open_vhdx(i, err) : disk_image_open_vhd(i, err);
        if (hr != S_OK)
                return hr;
        i->blocks = (i->facts.size + i->block_size - 1) / i->block_size;
        hr = check_blocks(i, err);
        if (SUCCEEDED(hr))
                *ret = steal_pointer(&i);
        return hr;
}

/* ---- reading ---- */

/* n bytes of the file, which are there. */
static HRESULT read_file(struct disk_image *i, uint64_t at, uint8_t *data, size_t n, struct hcs_error **err) {
        size_t got;
        HRESULT hr = hcs_data_file_read_at(i->file, at, data, n, &got, err);

        if (FAILED(hr) || got == n)
                return hr;
        return hcs_error_make(err, VHD_E_FILE_SIZE, "`%s` became shorter while it was read",
                              hcs_data_file_name(i->file));
}

/* As the parent has it, which may be smaller. */
static HRESULT read_below(struct disk_image *i, uint64_t offset, uint8_t *data, size_t n, struct hcs_error **err) {
        uint64_t size = i->parent && i->facts.type == VHD_DIFFERENCING ? i->parent->facts.size : 0;
        size_t there = offset >= size ? 0 : n < size - offset ? n : (size_t)(size - offset);

        memset(data + there, 0, n - there);
        return there ? disk_image_read(i->parent, offset, data, there, err) : S_OK;
}

static bool has_bit(const struct disk_image *i, const uint8_t *bits, uint64_t sector) {
        return bits[sector / 8] >> (i->code->first_bit_is_highest ? 7 - sector % 8 : sector % 8) & 1;
}

/*
 * How the bytes at `from` of a block that is there in part begin: in the disk or not, and for how many of n bytes it
 * stays so.
 */
static HRESULT next_run(struct disk_image *i, const struct disk_place *place, uint32_t from, uint32_t n,
                        bool *ret_there, uint32_t *ret_n, struct hcs_error **err) {
        uint32_t sector = i->facts.sector, first = from / sector, last = (from + n - 1) / sector, at = first;
        _cleanup_free_ uint8_t *bits = hcs_malloc(last / 8 - first / 8 + 1);
        HRESULT hr = read_file(i, place->bitmap + first / 8, bits, last / 8 - first / 8 + 1, err);
        uint32_t base = first / 8 * 8, end;

        if (FAILED(hr))
                return hr;
        *ret_there = has_bit(i, bits, first - base);
        while (at <= last && has_bit(i, bits, at - base) == *ret_there)
                at++;
        end = at * sector;
        *ret_n = end > from + n ? n : end - from;
        return S_OK;
}

static HRESULT read_partly(struct disk_image *i, const struct disk_place *place, uint64_t offset, uint32_t from,
                           uint8_t *data, uint32_t n, struct hcs_error **err) {
        HRESULT hr = S_OK;

        for (uint32_t done = 0, run; SUCCEEDED(hr) && done < n; done += run) {
                bool there = false;

                run = n - done;
                hr = next_run(i, place, from + done, n - done, &there, &run, err);
                if (SUCCEEDED(hr))
                        hr = there ? read_file(i, place->data + from + done, data + done, run, err)
                                   : read_below(i, offset + done, data + done, run, err);
        }
        return hr;
}

static HRESULT read_in_block(struct disk_image *i, uint64_t offset, uint8_t *data, uint32_t n, struct hcs_error **err) {
        uint32_t from = (uint32_t)(offset % i->block_size);
        struct disk_place place;
        HRESULT hr = i->code->find(i, offset / i->block_size, &place, err);

        if (FAILED(hr))
                return hr;
        switch (place.state) {
        case DISK_WHOLE:
                return read_file(i, place.data + from, data, n, err);
        case DISK_PARTLY:
                return read_partly(i, &place, offset, from, data, n, err);
        case DISK_ABSENT:
                return read_below(i, offset, data, n, err);
        default:
                memset(data, 0, n);
                return S_OK;
        }
}

static HRESULT check_range(const struct disk_image *i, uint64_t offset, size_t n, struct hcs_error **err) {
        if (offset <= i->facts.size && n <= i->facts.size - offset)
                return S_OK;
        return hcs_error_make(err, E_INVALIDARG, "%zu bytes at %llu are not inside of a disk of %llu", n,
                              (unsigned long long)offset, (unsigned long long)i->facts.size);
}

/* The part of n bytes that is in one block. */
static uint32_t part_of(const struct disk_image *i, uint64_t offset, size_t n) {
        uint32_t left = i->block_size - (uint32_t)(offset % i->block_size);

        return n < left ? (uint32_t)n : left;
}

HRESULT disk_image_read(struct disk_image *i, uint64_t offset, void *data, size_t n, struct hcs_error **err) {
        HRESULT hr = check_range(i, offset, n, err);

        for (size_t done = 0; SUCCEEDED(hr) && done < n;) {
                uint32_t part = part_of(i, offset + done, n - done);

                hr = read_in_block(i, offset + done, (uint8_t *)data + done, part, err);
                done += part;
        }
        return hr;
}

/* ---- writing ---- */

static HRESULT set_bits(struct disk_image *i, const struct disk_place *place, uint32_t from, uint32_t n,
                        struct hcs_error **err) {
        uint32_t first = from / DISK_SECTOR, last = (from + n - 1) / DISK_SECTOR, count = last / 8 - first / 8 + 1;
        _cleanup_free_ uint8_t *bits = hcs_malloc(count);
        HRESULT hr = read_file(i, place->bitmap + first / 8, bits, count, err);

        for (uint32_t sector = first; SUCCEEDED(hr) && sector <= last; sector++)
                bits[sector / 8 - first / 8] |= (uint8_t)(0x80u >> sector % 8);
        return SUCCEEDED(hr) ? hcs_data_file_write_at(i->file, place->bitmap + first / 8, bits, count, err) : hr;
}

/* All of a block that was not there as a whole, with what stands below it. */
static HRESULT write_whole(struct disk_image *i, uint64_t offset, const uint8_t *data, uint32_t n,
                           struct disk_place *place, struct hcs_error **err) {
        uint64_t block = offset / i->block_size, start = block * i->block_size, left = i->facts.size - start;
        _cleanup_free_ uint8_t *all = hcs_calloc(1, i->block_size);
        HRESULT hr = disk_image_read(i, start, all, left < i->block_size ? (size_t)left : i->block_size, err);

        if (SUCCEEDED(hr) && !place->data)
                hr = i->code->make_room(i, place, err);
        memcpy(all + (offset - start), data, n);
        if (SUCCEEDED(hr))
                hr = hcs_data_file_write_at(i->file, place->data, all, i->block_size, err);
        return SUCCEEDED(hr) ? i->code->publish(i, block, place, err) : hr;
}

/* In a block that is there, or gets its room now. */
static HRESULT write_part(struct disk_image *i, uint64_t offset, const uint8_t *data, uint32_t n,
                          struct disk_place *place, struct hcs_error **err) {
        uint32_t from = (uint32_t)(offset % i->block_size);
        bool is_new = !place->data;
        HRESULT hr = is_new ? i->code->make_room(i, place, err) : S_OK;

        if (SUCCEEDED(hr))
                hr = hcs_data_file_write_at(i->file, place->data + from, data, n, err);
        if (SUCCEEDED(hr) && place->state == DISK_PARTLY)
                hr = set_bits(i, place, from, n, err);
        return SUCCEEDED(hr) && is_new ? i->code->publish(i, offset / i->block_size, place, err) : hr;
}

static HRESULT write_in_block(struct disk_image *i, uint64_t offset, const uint8_t *data, uint32_t n,
                              struct hcs_error **err) {
        struct disk_place place;
        HRESULT hr = i->code->find(i, offset / i->block_size, &place, err);
        bool whole;

        if (FAILED(hr))
                return hr;
        if (place.state == DISK_WHOLE)
                return hcs_data_file_write_at(i->file, place.data + offset % i->block_size, data, n, err);
        whole = !i->code->sets_bits && i->facts.type == VHD_DIFFERENCING;
        return whole ? write_whole(i, offset, data, n, &place, err) : write_part(i, offset, data, n, &place, err);
}

HRESULT disk_image_begin(struct disk_image *i, struct hcs_error **err) {
        HRESULT hr = i->is_changed ? S_OK : i->code->begin(i, err);

        if (SUCCEEDED(hr))
                i->is_changed = true;
        return hr;
}

HRESULT disk_image_write(struct disk_image *i, uint64_t offset, const void *data, size_t n, struct hcs_error **err) {
        HRESULT hr = check_range(i, offset, n, err);

        if (SUCCEEDED(hr) && (offset % DISK_SECTOR || n % DISK_SECTOR))
                hr = hcs_error_make(err, E_INVALIDARG, "%zu bytes at %llu are no whole sectors", n,
                                    (unsigned long long)offset);
        if (SUCCEEDED(hr))
                hr = disk_image_begin(i, err);
        for (size_t done = 0; SUCCEEDED(hr) && done < n;) {
                uint32_t part = part_of(i, offset + done, n - done);

                hr = write_in_block(i, offset + done, (const uint8_t *)data + done, part, err);
                done += part;
        }
        return hr;
}

/* ---- what is there ---- */

/* Of a block from `offset` on; n 0: nothing of it. */
static HRESULT next_in_block(struct disk_image *i, uint64_t offset, uint64_t n, struct disk_range *ret,
                             struct hcs_error **err) {
        struct disk_place place;
        HRESULT hr = i->code->find(i, offset / i->block_size, &place, err);

        *ret = (struct disk_range){offset, 0};
        if (FAILED(hr) || place.state == DISK_ABSENT || (place.state == DISK_ZERO && i->facts.type != VHD_DIFFERENCING))
                return hr;
        if (place.state != DISK_PARTLY) {
                ret->n = n;
                return S_OK;
        }
        for (uint64_t done = 0; SUCCEEDED(hr) && done < n;) {
                bool there = false;
                uint32_t run = 0;

                hr = next_run(i, &place, (uint32_t)((offset + done) % i->block_size), (uint32_t)(n - done), &there,
                              &run, err);
                if (SUCCEEDED(hr) && there) {
                        *ret = (struct disk_range){offset + done, run};
                        return S_OK;
                }
                done += run;
        }
        return hr;
}

HRESULT disk_image_next(struct disk_image *i, uint64_t offset, struct disk_range *ret, struct hcs_error **err) {
        while (offset < i->facts.size) {
                uint64_t left = i->facts.size - offset;
                uint32_t n = part_of(i, offset, left < i->block_size ? (size_t)left : i->block_size);
                struct disk_range range;
                HRESULT hr = next_in_block(i, offset, n, &range, err);

                if (FAILED(hr))
                        return hr;
                if (range.n) {
                        *ret = range;
                        return S_OK;
                }
                offset += n;
        }
        return S_FALSE;
}

HRESULT disk_image_block(struct disk_image *i, uint64_t n, uint64_t *ret, struct hcs_error **err) {
        struct disk_place place;
        HRESULT hr;

        if (n >= i->blocks)
                return S_FALSE;
        hr = i->code->find(i, n, &place, err);
        if (SUCCEEDED(hr))
                *ret = place.state >= DISK_WHOLE ? place.data : 0;
        return hr;
}
