/* SPDX-License-Identifier: MIT */

#include "ext4/copy.h"

#define BUFFER ((size_t)256 << 10)
#define STEP   ((uint64_t)64 << 20) /* between two reports while the system copies */

struct copy {
        struct hcs_data_file *from, *to;
        uint64_t from_offset, to_offset, n, done;
        void (*progress)(void *ctx, uint64_t done);
        void *ctx;
};

static void advance(struct copy *c, uint64_t n) {
        c->done += n;
        if (c->progress)
                c->progress(c->ctx, c->done);
}

/* As far as the system goes; where it stops at once it cannot, or there is no more. */
static HRESULT move(struct copy *c, struct hcs_error **err) {
        while (c->done < c->n) {
                uint64_t step = c->n - c->done < STEP ? c->n - c->done : STEP, moved;
                HRESULT hr = hcs_data_file_copy(c->from, c->from_offset + c->done, c->to, c->to_offset + c->done, step,
                                                &moved, err);

                if (FAILED(hr) || moved == 0)
                        return hr;
                advance(c, moved);
        }
        return S_OK;
}

static HRESULT read_and_write(struct copy *c, bool by_place, struct hcs_error **err) {
        _cleanup_free_ uint8_t *buffer = hcs_malloc(BUFFER);
        HRESULT hr = S_OK;

        while (SUCCEEDED(hr) && c->done < c->n) {
                size_t want = c->n - c->done < BUFFER ? (size_t)(c->n - c->done) : BUFFER, got;

                hr = by_place ? hcs_data_file_read_at(c->from, c->from_offset + c->done, buffer, want, &got, err)
                              : hcs_data_file_read(c->from, buffer, want, &got, err);
                if (FAILED(hr) || got == 0)
                        return hr;
                hr = hcs_data_file_write_at(c->to, c->to_offset + c->done, buffer, got, err);
                advance(c, got);
        }
        return hr;
}

HRESULT ext4_copy(struct hcs_data_file *from, uint64_t from_offset, struct hcs_data_file *to, uint64_t to_offset,
                  uint64_t n, void (*progress)(void *ctx, uint64_t done), void *ctx, uint64_t *ret_n,
                  struct hcs_error **err) {
        struct copy c = {.from = from,
                         .to = to,
                         .from_offset = from_offset,
                         .to_offset = to_offset,
                         .n = n,
                         .progress = progress,
                         .ctx = ctx};
        bool by_place = hcs_data_file_is_regular(from);
        HRESULT hr = by_place ? move(&c, err) : S_OK;

        if (SUCCEEDED(hr))
                hr = read_and_write(&c, by_place, err);
        if (SUCCEEDED(hr))
                *ret_n = c.done;
        return hr;
}
