/* SPDX-License-Identifier: MIT */

/* The guest's memory of mockhcs/vm/vsock/memory.h over mmap(). */

#include "mockhcs/vm/vsock/memory.h"

#include <errno.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>

static bool overlap(uint64_t a, uint64_t a_size, uint64_t b, uint64_t b_size) {
        return a < b + b_size && b < a + a_size;
}

static HRESULT check(const struct vsock_memory *m, const struct vsock_region *r, int fd, struct hcs_error **err) {
        struct stat st;
        uint64_t end;

        if (r->size == 0 || r->guest + r->size < r->guest || r->user + r->size < r->user ||
            r->offset + r->size < r->offset || r->offset + r->size > SIZE_MAX)
                return hcs_error_make(err, E_INVALIDARG, "a region of %llu bytes at 0x%llx is no region",
                                      (unsigned long long)r->size, (unsigned long long)r->guest);
        for (size_t i = 0; i < m->n; i++)
                if (overlap(r->guest, r->size, m->regions[i].guest, m->regions[i].size))
                        return hcs_error_make(err, E_INVALIDARG, "the region at 0x%llx overlaps the one at 0x%llx",
                                              (unsigned long long)r->guest, (unsigned long long)m->regions[i].guest);
        if (m->n == VSOCK_MEMORY_SLOTS)
                return hcs_error_make(err, E_INVALIDARG, "more than %d memory regions", VSOCK_MEMORY_SLOTS);
        if (fstat(fd, &st) < 0)
                return hcs_error_errno(err, errno, "the descriptor of the region at 0x%llx",
                                       (unsigned long long)r->guest);
        /* Touching a mapping beyond its file's end would be a signal. */
        end = r->offset + r->size;
        if (S_ISREG(st.st_mode) && (uint64_t)st.st_size < end)
                return hcs_error_make(err, E_INVALIDARG, "the file of the region at 0x%llx has %lld bytes, %llu needed",
                                      (unsigned long long)r->guest, (long long)st.st_size, (unsigned long long)end);
        return S_OK;
}

HRESULT vsock_memory_add(struct vsock_memory *m, uint64_t guest, uint64_t size, uint64_t user, uint64_t offset, int fd,
                         struct hcs_error **err) {
        struct vsock_region r = {.guest = guest, .size = size, .user = user, .offset = offset};
        HRESULT hr = check(m, &r, fd, err);

        if (FAILED(hr))
                return hr;
        /* From the file's start: huge pages need no alignment of ours then. */
        r.map_size = (size_t)(offset + size);
        r.map = mmap(NULL, r.map_size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_NORESERVE, fd, 0);
        if (r.map == MAP_FAILED && errno == EACCES) {
                r.read_only = true;
                r.map = mmap(NULL, r.map_size, PROT_READ, MAP_SHARED | MAP_NORESERVE, fd, 0);
        }
        if (r.map == MAP_FAILED)
                return hcs_error_errno(err, errno, "map the region at 0x%llx", (unsigned long long)guest);
        madvise(r.map, r.map_size, MADV_DONTDUMP);
        m->regions[m->n++] = r;
        return S_OK;
}

HRESULT vsock_memory_remove(struct vsock_memory *m, uint64_t guest, uint64_t size, uint64_t user,
                            struct hcs_error **err) {
        for (size_t i = 0; i < m->n; i++) {
                struct vsock_region *r = &m->regions[i];

                if (r->guest != guest || r->size != size || r->user != user)
                        continue;
                munmap(r->map, r->map_size);
                *r = m->regions[--m->n];
                return S_OK;
        }
        return hcs_error_make(err, E_INVALIDARG, "no region of %llu bytes at 0x%llx", (unsigned long long)size,
                              (unsigned long long)guest);
}

void vsock_memory_clear(struct vsock_memory *m) {
        for (size_t i = 0; i < m->n; i++)
                munmap(m->regions[i].map, m->regions[i].map_size);
        m->n = 0;
}

static void *place(const struct vsock_region *r, uint64_t into) {
        return (char *)r->map + r->offset + into;
}

void *vsock_memory_at(const struct vsock_memory *m, uint64_t addr, uint64_t len, bool write, uint64_t *ret_len) {
        for (size_t i = 0; i < m->n; i++) {
                const struct vsock_region *r = &m->regions[i];
                uint64_t left;

                if (addr < r->guest || addr - r->guest >= r->size)
                        continue;
                if (write && r->read_only)
                        return NULL;
                left = r->size - (addr - r->guest);
                *ret_len = len < left ? len : left;
                return place(r, addr - r->guest);
        }
        return NULL;
}

void *vsock_memory_at_user(const struct vsock_memory *m, uint64_t user, uint64_t len) {
        for (size_t i = 0; i < m->n; i++) {
                const struct vsock_region *r = &m->regions[i];

                if (user >= r->user && user - r->user < r->size && len <= r->size - (user - r->user) && !r->read_only)
                        return place(r, user - r->user);
        }
        return NULL;
}
