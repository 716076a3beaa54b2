/* SPDX-License-Identifier: MIT */

/*
 * The work is cut into tasks of a few blocks of the level, handed out in ascending order under a lock. When a task
 * fails no later one is begun; those before it run to their end, so the lowest failure wins.
 */

#include "ext4/verity/pass.h"

#include <string.h>

#include "base/mem.h"
#include "ext4/verity/digest.h"
#include "platform/thread.h"

#define MAX_THREADS  256u
#define READ_AT_ONCE ((size_t)128 << 10) /* stays in the cache between the read and the hash */
#define TASK_BYTES   ((uint64_t)1 << 20)

struct crew {
        const struct verity_pass *pass;
        uint32_t below_size; /* of a block below */
        uint64_t below_blocks, blocks;
        uint64_t per_task; /* blocks of the level */
        struct hcs_mutex lock;
        uint64_t next;   /* block of the level that was not handed out */
        uint64_t failed; /* first block of the failed task */
        uint64_t done;   /* blocks below */
        HRESULT hr;
        struct hcs_error *err;
};

struct worker {
        struct crew *crew;
        struct hcs_thread thread;
        bool caller;
        struct verity_digest *digest;
        uint8_t *below, *own;
        size_t below_room; /* in blocks */
};

static HRESULT read_whole(struct hcs_data_file *f, uint64_t offset, void *data, size_t n, const char *what,
                          struct hcs_error **err) {
        size_t got;
        HRESULT hr = hcs_data_file_read_at(f, offset, data, n, &got, err);

        if (FAILED(hr) || got == n)
                return hr;
        offset += got;
        return hcs_error_make(err, VERITY_E_EOF, "%s end at byte %llu of `%s`", what, (unsigned long long)offset,
                              hcs_data_file_name(f));
}

static HRESULT name_mismatch(const struct crew *c, uint64_t block, struct hcs_error **err) {
        const struct verity_pass *p = c->pass;
        unsigned long long offset = p->below_offset + block * c->below_size;

        if (p->level == 0)
                return hcs_error_make(err, VERITY_E_MISMATCH,
                                      "data block %llu (at byte %llu) is not what the tree says",
                                      (unsigned long long)block, offset);
        return hcs_error_make(err, VERITY_E_MISMATCH,
                              "hash block %llu of level %u (at byte %llu) is not what the level above says",
                              (unsigned long long)block, p->level - 1, offset);
}

static bool all_zero(const uint8_t *p, size_t n) {
        for (size_t i = 0; i < n; i++)
                if (p[i])
                        return false;
        return true;
}

/* The digests of n blocks below, from the buffer, at their places in the blocks of the level that begin with `first`.
 */
static HRESULT take_digests(struct worker *w, uint64_t first, uint64_t below, size_t n, struct hcs_error **err) {
        const struct verity_layout *l = w->crew->pass->layout;
        uint32_t hash_block = w->crew->pass->sb->hash_block_size;

        for (size_t i = 0; i < n; i++) {
                uint64_t at = below + i - first * l->fan_out;
                uint8_t *place = w->own + at / l->fan_out * hash_block + at % l->fan_out * l->stride;
                uint8_t digest[VERITY_MAX_DIGEST];
                HRESULT hr = verity_digest_of(w->digest, w->below + i * w->crew->below_size, w->crew->below_size,
                                              digest, err);

                if (FAILED(hr))
                        return hr;
                if (!w->crew->pass->compare)
                        memcpy(place, digest, verity_digest_size(w->digest));
                else if (memcmp(place, digest, verity_digest_size(w->digest)) != 0)
                        return name_mismatch(w->crew, below + i, err);
        }
        return S_OK;
}

/* What no digest is in must be zero: cryptsetup refuses it otherwise. */
static HRESULT check_padding(const struct worker *w, uint64_t block, const uint8_t *bytes, struct hcs_error **err) {
        const struct verity_layout *l = w->crew->pass->layout;
        size_t size = verity_digest_size(w->digest), left = w->crew->pass->sb->hash_block_size;
        uint64_t first = block * l->fan_out, n = w->crew->below_blocks - first;
        bool ok = true;

        if (n > l->fan_out)
                n = l->fan_out;
        for (uint64_t i = 0; i < n; i++, bytes += l->stride, left -= l->stride)
                ok &= all_zero(bytes + size, l->stride - size);
        if (ok && all_zero(bytes, left))
                return S_OK;
        return hcs_error_make(err, VERITY_E_MISMATCH, "hash block %llu of level %u has data where there is no digest",
                              (unsigned long long)block, w->crew->pass->level);
}

/* Blocks first to end of the level. */
static HRESULT do_task(struct worker *w, uint64_t first, uint64_t end, struct hcs_error **err) {
        const struct crew *c = w->crew;
        const struct verity_pass *p = c->pass;
        size_t own = (size_t)(end - first) * p->sb->hash_block_size;
        uint64_t at = p->tree_offset + p->layout->level[p->level].offset + first * p->sb->hash_block_size;
        uint64_t below = first * p->layout->fan_out, below_end = end * p->layout->fan_out;
        HRESULT hr = S_OK;

        if (below_end > c->below_blocks)
                below_end = c->below_blocks;
        if (p->compare)
                hr = read_whole(p->tree, at, w->own, own, "the hash blocks", err);
        else
                memset(w->own, 0, own);
        while (SUCCEEDED(hr) && below < below_end) {
                size_t n = below_end - below < w->below_room ? (size_t)(below_end - below) : w->below_room;

                hr = read_whole(p->below, p->below_offset + below * c->below_size, w->below, n * c->below_size,
                                p->level == 0 ? "the data" : "the hash blocks", err);
                if (SUCCEEDED(hr))
                        hr = take_digests(w, first, below, n, err);
                below += n;
        }
        for (uint64_t i = first; SUCCEEDED(hr) && p->compare && i < end; i++)
                hr = check_padding(w, i, w->own + (i - first) * p->sb->hash_block_size, err);
        if (SUCCEEDED(hr) && !p->compare)
                hr = hcs_data_file_write_at(p->tree, at, w->own, own, err);
        return hr;
}

/* False: nothing is left. */
static bool next_task(struct crew *c, uint64_t *ret_first, uint64_t *ret_end) {
        hcs_guard(&c->lock);

        if (FAILED(c->hr) || c->next >= c->blocks)
                return false;
        *ret_first = c->next;
        *ret_end = c->blocks - c->next < c->per_task ? c->blocks : c->next + c->per_task;
        c->next = *ret_end;
        return true;
}

static void end_task(struct crew *c, uint64_t first, uint64_t end, HRESULT hr, struct hcs_error *err) {
        hcs_guard(&c->lock);

        c->done += (end - first) * c->pass->layout->fan_out;
        if (SUCCEEDED(hr))
                return;
        if (FAILED(c->hr) && c->failed < first) {
                hcs_error_free(err);
                return;
        }
        hcs_error_free(c->err);
        c->hr = hr;
        c->err = err;
        c->failed = first;
}

static void report(struct crew *c) {
        uint64_t done;

        if (!c->pass->progress)
                return;
        hcs_mutex_lock(&c->lock);
        done = c->done < c->below_blocks ? c->done : c->below_blocks;
        hcs_mutex_unlock(&c->lock);
        c->pass->progress(c->pass->ctx, done * c->below_size, c->below_blocks * c->below_size);
}

static void work(void *arg) {
        struct worker *w = arg;
        uint64_t first, end;

        while (next_task(w->crew, &first, &end)) {
                struct hcs_error *err = NULL;
                HRESULT hr = do_task(w, first, end, &err);

                end_task(w->crew, first, end, hr, err);
                if (w->caller)
                        report(w->crew);
        }
}

static HRESULT worker_init(struct worker *w, struct crew *c, struct hcs_error **err) {
        w->crew = c;
        w->below_room = c->below_size < READ_AT_ONCE ? READ_AT_ONCE / c->below_size : 1;
        w->below = hcs_malloc(w->below_room * c->below_size);
        w->own = hcs_malloc((size_t)c->per_task * c->pass->sb->hash_block_size);
        return verity_digest_new(c->pass->sb, &w->digest, err);
}

static void worker_deinit(struct worker *w) {
        verity_digest_free(w->digest);
        free(w->below);
        free(w->own);
}

/* More than there are tasks for would only wait. */
static unsigned crew_size(const struct crew *c) {
        uint64_t tasks = (c->blocks + c->per_task - 1) / c->per_task;
        unsigned n = c->pass->threads ? c->pass->threads : hcs_thread_processors();

        if (n > MAX_THREADS)
                n = MAX_THREADS;
        return n < tasks ? n : (unsigned)tasks;
}

static HRESULT crew_run(struct crew *c, struct hcs_error **err) {
        unsigned n = crew_size(c), ready = 0, started = 1;
        struct worker *workers = hcs_calloc(n, sizeof(*workers));
        HRESULT hr = S_OK;

        while (SUCCEEDED(hr) && ready < n)
                hr = worker_init(&workers[ready++], c, err);
        if (SUCCEEDED(hr)) {
                /* Without more threads the caller does it alone. */
                while (started < ready &&
                       SUCCEEDED(hcs_thread_start(&workers[started].thread, work, &workers[started], NULL)))
                        started++;
                workers[0].caller = true;
                work(&workers[0]);
                while (started > 1)
                        hcs_thread_join(&workers[--started].thread);
                report(c);
                hr = FAILED(c->hr) ? hcs_error_move(err, &c->err) : S_OK;
        }
        while (ready > 0)
                worker_deinit(&workers[--ready]);
        free(workers);
        return hr;
}

HRESULT verity_pass_run(const struct verity_pass *pass, struct hcs_error **err) {
        const struct verity_layout *l = pass->layout;
        struct crew c = {.pass = pass, .blocks = l->level[pass->level].blocks};
        HRESULT hr;

        c.below_size = pass->level == 0 ? pass->sb->data_block_size : pass->sb->hash_block_size;
        c.below_blocks = pass->level == 0 ? pass->sb->data_blocks : l->level[pass->level - 1].blocks;
        c.per_task = TASK_BYTES / ((uint64_t)l->fan_out * c.below_size);
        c.per_task = c.per_task ? c.per_task : 1;
        hcs_mutex_init(&c.lock);
        hr = crew_run(&c, err);
        hcs_mutex_deinit(&c.lock);
        return hr;
}
