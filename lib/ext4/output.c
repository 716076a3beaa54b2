/* SPDX-License-Identifier: MIT */

#include "ext4/output.h"

#include <string.h>

#define BUFFER   ((size_t)512 << 10)
#define HOLE_MIN ((uint64_t)64 << 10) /* shorter runs of zeros cost less in the buffer than as a hole */

void ext4_output_init(struct ext4_output *o, struct hcs_data_file *file, uint64_t limit) {
        *o = (struct ext4_output){.file = file, .limit = limit, .buffer = hcs_malloc(BUFFER)};
}

void ext4_output_deinit(struct ext4_output *o) {
        o->behind = ext4_behind_free(o->behind);
        free(steal_pointer(&o->buffer));
}

/* What is in the buffer goes out: by the thread as soon as it is worth one. */
static HRESULT put_out(struct ext4_output *o, struct hcs_error **err) {
        HRESULT hr;

        if (!o->behind && o->used == BUFFER && !o->full_before) {
                o->full_before = true;
                o->behind = ext4_behind_new(o->file, BUFFER);
        }
        if (o->used == 0)
                return S_OK;
        hr = o->behind ? ext4_behind_write(o->behind, o->flushed, &o->buffer, o->used, err)
                       : hcs_data_file_write_at(o->file, o->flushed, o->buffer, o->used, err);
        if (FAILED(hr))
                return hr;
        o->flushed += o->used;
        o->used = 0;
        return S_OK;
}

HRESULT ext4_output_flush(struct ext4_output *o, struct hcs_error **err) {
        HRESULT hr = put_out(o, err);

        return SUCCEEDED(hr) && o->behind ? ext4_behind_wait(o->behind, err) : hr;
}

static HRESULT check_room(const struct ext4_output *o, uint64_t n, struct hcs_error **err) {
        if (n > o->limit - o->position)
                return hcs_error_make(err, EXT4_E_DISK_FULL, "disk exceeded maximum size of %llu bytes",
                                      (unsigned long long)o->limit);
        return S_OK;
}

HRESULT ext4_output_write(struct ext4_output *o, const void *data, size_t n, struct hcs_error **err) {
        HRESULT hr = check_room(o, n, err);

        while (SUCCEEDED(hr) && n > 0) {
                size_t part = BUFFER - o->used < n ? BUFFER - o->used : n;

                memcpy(o->buffer + o->used, data, part);
                o->used += part;
                o->position += part;
                data = (const uint8_t *)data + part;
                n -= part;
                if (o->used == BUFFER)
                        hr = put_out(o, err);
        }
        return hr;
}

HRESULT ext4_output_zero(struct ext4_output *o, uint64_t n, struct hcs_error **err) {
        HRESULT hr = check_room(o, n, err);

        if (SUCCEEDED(hr) && n >= HOLE_MIN && hcs_data_file_is_fresh(o->file)) {
                hr = put_out(o, err);
                if (FAILED(hr))
                        return hr;
                o->position += n;
                o->flushed = o->position;
                return S_OK;
        }
        while (SUCCEEDED(hr) && n > 0) {
                size_t part = BUFFER - o->used < n ? BUFFER - o->used : (size_t)n;

                memset(o->buffer + o->used, 0, part);
                o->used += part;
                o->position += part;
                n -= part;
                if (o->used == BUFFER)
                        hr = put_out(o, err);
        }
        return hr;
}

HRESULT ext4_output_align(struct ext4_output *o, struct hcs_error **err) {
        return ext4_output_zero(o, -o->position % EXT4_BLOCK, err);
}

HRESULT ext4_output_copy(struct ext4_output *o, struct hcs_data_file *from, uint64_t offset, uint64_t n,
                         uint64_t *ret_n, struct hcs_error **err) {
        HRESULT hr = check_room(o, 1, err);

        /* There may be less to copy than was said: what does not fit is only refused once its turn comes. */
        if (n > o->limit - o->position)
                n = o->limit - o->position;
        if (SUCCEEDED(hr))
                hr = ext4_output_flush(o, err);
        if (SUCCEEDED(hr))
                hr = hcs_data_file_copy(from, offset, o->file, o->position, n, ret_n, err);
        if (FAILED(hr))
                return hr;
        o->position += *ret_n;
        o->flushed = o->position;
        return S_OK;
}

HRESULT ext4_output_patch(struct ext4_output *o, uint64_t offset, const void *data, size_t n, struct hcs_error **err) {
        HRESULT hr = ext4_output_flush(o, err);

        return FAILED(hr) ? hr : hcs_data_file_write_at(o->file, offset, data, n, err);
}

HRESULT ext4_output_read(struct ext4_output *o, uint64_t offset, void *data, size_t n, struct hcs_error **err) {
        HRESULT hr = ext4_output_flush(o, err);
        size_t got;

        if (SUCCEEDED(hr))
                hr = hcs_data_file_read_at(o->file, offset, data, n, &got, err);
        if (SUCCEEDED(hr) && got < n)
                hr = hcs_error_make(err, E_UNEXPECTED, "`%s` lost what was written at %llu",
                                    hcs_data_file_name(o->file), (unsigned long long)offset);
        return hr;
}

HRESULT ext4_output_seek(struct ext4_output *o, uint64_t offset, struct hcs_error **err) {
        HRESULT hr = put_out(o, err);

        if (FAILED(hr))
                return hr;
        o->position = offset;
        o->flushed = offset;
        return S_OK;
}
