/* SPDX-License-Identifier: MIT */

/* Split virtqueues of mockhcs/vm/vsock/queue.h. Rings are little endian (VIRTIO_F_VERSION_1). */

#include "mockhcs/vm/vsock/queue.h"

#include <endian.h>
#include <string.h>
#include <unistd.h>

/* Where the two event indexes are: behind the entries of the other side's ring. */
static uint16_t *used_event(struct vsock_queue *q) {
        return &q->avail->ring[q->size];
}

static uint16_t *avail_event(struct vsock_queue *q) {
        return (uint16_t *)(void *)&q->used->ring[q->size];
}

static uint16_t load16(const uint16_t *p) {
        return le16toh(__atomic_load_n(p, __ATOMIC_ACQUIRE));
}

static void store16(uint16_t *p, uint16_t v) {
        __atomic_store_n(p, htole16(v), __ATOMIC_RELEASE);
}

void vsock_queue_init(struct vsock_queue *q) {
        *q = (struct vsock_queue){.kick = -1, .call = -1, .error = -1};
}

void vsock_queue_deinit(struct vsock_queue *q) {
        int *fds[] = {&q->kick, &q->call, &q->error};

        for (size_t i = 0; i < 3; i++)
                if (*fds[i] >= 0)
                        close(*fds[i]);
        vsock_queue_init(q);
}

static void *find(const struct vsock_memory *m, const char *what, uint64_t user, size_t len, size_t align,
                  struct hcs_error **err) {
        void *p = vsock_memory_at_user(m, user, len);

        if (p && (uintptr_t)p % align == 0)
                return p;
        hcs_error_make(err, E_INVALIDARG, "the %s ring at 0x%llx (%zu bytes) is %s", what, (unsigned long long)user,
                       len, p ? "not aligned" : "outside of the guest's memory");
        return NULL;
}

HRESULT vsock_queue_resolve(struct vsock_queue *q, const struct vsock_memory *m, struct hcs_error **err) {
        size_t n = q->size;
        struct vring_desc *desc = NULL;
        struct vring_avail *avail = NULL;
        struct vring_used *used = NULL;

        q->desc = NULL;
        if (n == 0)
                return hcs_error_make(err, E_INVALIDARG, "the ring has no size yet");
        desc = find(m, "descriptor", q->desc_user, n * sizeof(*desc), VRING_DESC_ALIGN_SIZE, err);
        if (desc)
                avail = find(m, "available", q->avail_user, sizeof(*avail) + (n + 1) * sizeof(uint16_t),
                             VRING_AVAIL_ALIGN_SIZE, err);
        if (avail)
                used = find(m, "used", q->used_user, sizeof(*used) + n * sizeof(used->ring[0]) + sizeof(uint16_t),
                            VRING_USED_ALIGN_SIZE, err);
        if (!used)
                return E_INVALIDARG;
        q->desc = desc;
        q->avail = avail;
        q->used = used;
        return S_OK;
}

static HRESULT broken(struct vsock_queue *q, struct hcs_error **err, const char *what, uint64_t value) {
        uint64_t one = 1;

        q->broken = true;
        if (q->error >= 0)
                (void)!write(q->error, &one, sizeof(one));
        return hcs_error_make(err, E_INVALIDARG, "the guest broke its virtqueue: %s (%llu)", what,
                              (unsigned long long)value);
}

/* One descriptor's buffer into pieces; it may cross regions. Static text of what is wrong, or NULL. */
static const char *add_buffer(struct vsock_chain *c, const struct vsock_memory *m, uint64_t addr, uint32_t len,
                              bool write) {
        if (!write && c->n_write)
                return "a readable buffer behind a writable one";
        if (addr + len < addr)
                return "a buffer beyond the end of addresses";
        while (len > 0) {
                unsigned at = c->n_read + c->n_write;
                uint64_t piece;
                void *p = vsock_memory_at(m, addr, len, write, &piece);

                if (!p)
                        return write ? "a buffer outside of writable memory" : "a buffer outside of memory";
                if (at == VSOCK_CHAIN_IOVS)
                        return "too many buffers in a chain";
                c->iov[at] = (struct iovec){.iov_base = p, .iov_len = (size_t)piece};
                *(write ? &c->n_write : &c->n_read) += 1;
                *(write ? &c->write_len : &c->read_len) += (size_t)piece;
                addr += piece;
                len -= (uint32_t)piece;
        }
        return NULL;
}

/* An entry of an indirect table, which may cross regions. */
static bool copy_entry(const struct vsock_memory *m, uint64_t table, uint32_t at, struct vring_desc *ret) {
        uint64_t addr = table + (uint64_t)at * sizeof(*ret), piece;
        size_t done = 0;

        if (addr < table || addr + sizeof(*ret) < addr)
                return false;
        while (done < sizeof(*ret)) {
                const void *p = vsock_memory_at(m, addr + done, sizeof(*ret) - done, false, &piece);

                if (!p)
                        return false;
                memcpy((char *)ret + done, p, (size_t)piece);
                done += (size_t)piece;
        }
        return true;
}

static const char *walk_indirect(const struct vsock_memory *m, uint64_t table, uint32_t len, struct vsock_chain *c) {
        uint32_t n = len / sizeof(struct vring_desc), at = 0;

        if (len == 0 || len % sizeof(struct vring_desc) || n > UINT16_MAX)
                return "an indirect table of a wrong length";
        for (uint32_t seen = 0;; seen++) {
                struct vring_desc d;
                uint16_t flags;
                const char *wrong;

                if (at >= n)
                        return "an entry outside of its indirect table";
                if (seen == n)
                        return "a loop in an indirect table";
                if (!copy_entry(m, table, at, &d))
                        return "an indirect table outside of memory";
                flags = le16toh(d.flags);
                if (flags & VRING_DESC_F_INDIRECT)
                        return "an indirect table in an indirect table";
                wrong = add_buffer(c, m, le64toh(d.addr), le32toh(d.len), flags & VRING_DESC_F_WRITE);
                if (wrong || !(flags & VRING_DESC_F_NEXT))
                        return wrong;
                at = le16toh(d.next);
        }
}

/* A loop, here and in an indirect table, shows as more entries than there are. */
static const char *walk(struct vsock_queue *q, const struct vsock_memory *m, uint16_t head, struct vsock_chain *c) {
        uint16_t at = head;

        for (unsigned seen = 0;; seen++) {
                struct vring_desc d;
                uint16_t flags;
                const char *wrong;

                if (at >= q->size)
                        return "an entry outside of the ring";
                if (seen == q->size)
                        return "a loop in a chain";
                memcpy(&d, (void *)&q->desc[at], sizeof(d)); /* once: the guest may write to it meanwhile */
                flags = le16toh(d.flags);
                if (flags & VRING_DESC_F_INDIRECT) {
                        if (flags & VRING_DESC_F_NEXT)
                                return "an indirect table in the middle of a chain";
                        return walk_indirect(m, le64toh(d.addr), le32toh(d.len), c);
                }
                wrong = add_buffer(c, m, le64toh(d.addr), le32toh(d.len), flags & VRING_DESC_F_WRITE);
                if (wrong || !(flags & VRING_DESC_F_NEXT))
                        return wrong;
                at = le16toh(d.next);
        }
}

HRESULT vsock_queue_pop(struct vsock_queue *q, const struct vsock_memory *m, struct vsock_chain *ret,
                        struct hcs_error **err) {
        uint16_t available, waiting;
        const char *wrong;

        if (!vsock_queue_ready(q))
                return hcs_error_make(err, E_INVALIDARG, "the virtqueue is %s", q->broken ? "broken" : "not running");
        available = load16(&q->avail->idx);
        waiting = (uint16_t)(available - q->next_avail);
        if (waiting == 0)
                return S_FALSE;
        if (waiting > q->size)
                return broken(q, err, "more chains available than it has entries", waiting);
        ret->head = load16(&q->avail->ring[q->next_avail & (q->size - 1)]);
        ret->n_read = ret->n_write = 0;
        ret->read_len = ret->write_len = 0;
        wrong = walk(q, m, ret->head, ret);
        if (wrong)
                return broken(q, err, wrong, ret->head);
        q->next_avail++;
        return S_OK;
}

void vsock_queue_unpop(struct vsock_queue *q) {
        q->next_avail--;
}

void vsock_queue_push(struct vsock_queue *q, uint16_t head, uint32_t written) {
        struct vring_used_elem *e = &q->used->ring[q->next_used & (q->size - 1)];

        e->id = htole32(head);
        e->len = htole32(written);
        q->next_used++;
        store16(&q->used->idx, q->next_used);
}

void vsock_queue_signal(struct vsock_queue *q) {
        uint16_t before = q->signalled, now = q->next_used;
        bool valid = q->signalled_valid, wanted;
        uint64_t one = 1;

        if (!vsock_queue_ready(q) || (valid && before == now))
                return;
        __atomic_thread_fence(__ATOMIC_SEQ_CST); /* what was pushed is out before the guest's wish is read */
        q->signalled = now;
        q->signalled_valid = true;
        if (q->event_idx)
                wanted = !valid || vring_need_event(load16(used_event(q)), now, before);
        else
                wanted = !(load16(&q->avail->flags) & VRING_AVAIL_F_NO_INTERRUPT);
        if (wanted && q->call >= 0)
                (void)!write(q->call, &one, sizeof(one));
}

bool vsock_queue_want_kicks(struct vsock_queue *q, bool on) {
        if (!vsock_queue_ready(q))
                return false;
        if (!q->event_idx)
                store16(&q->used->flags, on ? 0 : VRING_USED_F_NO_NOTIFY);
        else if (on)
                store16(avail_event(q), q->next_avail);
        if (!on)
                return false;
        __atomic_thread_fence(__ATOMIC_SEQ_CST); /* the wish is out before the ring is looked at again */
        return load16(&q->avail->idx) != q->next_avail;
}
