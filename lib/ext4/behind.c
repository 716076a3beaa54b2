/* SPDX-License-Identifier: MIT */

#include "ext4/behind.h"

#include "platform/thread.h"

struct ext4_behind {
        struct hcs_data_file *file;
        struct hcs_thread thread;
        struct hcs_mutex lock;
        struct hcs_cond changed;
        uint8_t *spare; /* the buffer that nobody fills; being written while n > 0 */
        size_t n;
        uint64_t offset;
        bool end;
        HRESULT hr; /* of the write that failed */
        struct hcs_error *error;
};

static void run(void *arg) {
        struct ext4_behind *b = arg;

        hcs_mutex_lock(&b->lock);
        for (;;) {
                struct hcs_error *error = NULL;
                HRESULT hr;

                while (b->n == 0 && !b->end)
                        hcs_cond_wait(&b->changed, &b->lock);
                if (b->n == 0)
                        break;
                hcs_mutex_unlock(&b->lock);
                hr = hcs_data_file_write_at(b->file, b->offset, b->spare, b->n, &error);
                hcs_mutex_lock(&b->lock);
                b->n = 0;
                if (FAILED(hr)) {
                        b->hr = hr;
                        b->error = error;
                }
                hcs_cond_broadcast(&b->changed);
        }
        hcs_mutex_unlock(&b->lock);
}

struct ext4_behind *ext4_behind_new(struct hcs_data_file *file, size_t size) {
        struct ext4_behind *b;

        if (hcs_thread_processors() < 2)
                return NULL;
        b = hcs_calloc(1, sizeof(*b));
        b->file = file;
        b->spare = hcs_malloc(size);
        hcs_mutex_init(&b->lock);
        hcs_cond_init(&b->changed);
        if (SUCCEEDED(hcs_thread_start(&b->thread, run, b, NULL)))
                return b;
        hcs_cond_deinit(&b->changed);
        hcs_mutex_deinit(&b->lock);
        free(b->spare);
        free(b);
        return NULL;
}

struct ext4_behind *ext4_behind_free(struct ext4_behind *b) {
        if (!b)
                return NULL;
        hcs_mutex_lock(&b->lock);
        b->end = true;
        hcs_cond_broadcast(&b->changed);
        hcs_mutex_unlock(&b->lock);
        hcs_thread_join(&b->thread);
        hcs_cond_deinit(&b->changed);
        hcs_mutex_deinit(&b->lock);
        hcs_error_free(b->error);
        free(b->spare);
        free(b);
        return NULL;
}

/* With the lock: until the spare buffer is nobody's. The error is handed out once, its code ever again. */
static HRESULT settle(struct ext4_behind *b, struct hcs_error **err) {
        while (b->n > 0)
                hcs_cond_wait(&b->changed, &b->lock);
        if (SUCCEEDED(b->hr))
                return S_OK;
        if (b->error)
                return hcs_error_move(err, &b->error);
        return hcs_error_make(err, b->hr, "write `%s`: failed before", hcs_data_file_name(b->file));
}

HRESULT ext4_behind_write(struct ext4_behind *b, uint64_t offset, uint8_t **buffer, size_t n, struct hcs_error **err) {
        uint8_t *full = *buffer;
        HRESULT hr;

        hcs_guard(&b->lock);
        hr = settle(b, err);
        if (FAILED(hr))
                return hr;
        *buffer = b->spare;
        b->spare = full;
        b->n = n;
        b->offset = offset;
        hcs_cond_broadcast(&b->changed);
        return S_OK;
}

HRESULT ext4_behind_wait(struct ext4_behind *b, struct hcs_error **err) {
        hcs_guard(&b->lock);
        return settle(b, err);
}
