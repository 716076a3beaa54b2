/* SPDX-License-Identifier: MIT */

/* What each vhost-user message does to the state of mockhcs/vm/vsock/front_end.h. */

#include "mockhcs/vm/vsock/front_end.h"

#include <endian.h>
#include <linux/virtio_config.h>
#include <string.h>
#include <unistd.h>

#include "base/mem.h"
#include "hcsshim/log.h"

/* VHOST_F_LOG_ALL and the packed ring are not among them: this device does not migrate. */
#define FEATURES                                                                                                    \
        ((1ull << VIRTIO_F_VERSION_1) | (1ull << VIRTIO_RING_F_INDIRECT_DESC) | (1ull << VIRTIO_RING_F_EVENT_IDX) | \
         VHOST_F_PROTOCOL_FEATURES)
#define PROTOCOL_FEATURES \
        (VHOST_PROTOCOL_MQ | VHOST_PROTOCOL_REPLY_ACK | VHOST_PROTOCOL_CONFIG | VHOST_PROTOCOL_CONFIGURE_MEM_SLOTS)
#define REGION_SIZE   32u
#define CONFIG_HEADER 12u
#define VRING_INDEX   0xffu
#define VRING_NO_FD   0x100u

void vsock_front_end_init(struct vsock_front_end *f, int socket, uint64_t guest_cid) {
        *f = (struct vsock_front_end){.socket = socket, .guest_cid = guest_cid};
        for (unsigned i = 0; i < VSOCK_QUEUES; i++)
                vsock_queue_init(&f->queues[i]);
}

void vsock_front_end_deinit(struct vsock_front_end *f) {
        vhost_reader_next(&f->reader);
        for (unsigned i = 0; i < VSOCK_QUEUES; i++)
                vsock_queue_deinit(&f->queues[i]);
        vsock_memory_clear(&f->memory);
        if (f->socket >= 0)
                close(f->socket);
        f->socket = -1;
}

static HRESULT expect_size(const struct vhost_message *m, uint32_t size, struct hcs_error **err) {
        if (m->size >= size)
                return S_OK;
        return hcs_error_make(err, HCS_E_PROTOCOL_ERROR, "a body of %u bytes, %u expected", m->size, size);
}

static HRESULT queue_of(struct vsock_front_end *f, uint32_t index, struct vsock_queue **ret, struct hcs_error **err) {
        if (index >= VSOCK_QUEUES)
                return hcs_error_make(err, E_INVALIDARG, "queue %u of %d", index, VSOCK_QUEUES);
        *ret = &f->queues[index];
        return S_OK;
}

/* Rings that had their place in the old memory look for it in the new. */
static void resolve_again(struct vsock_front_end *f) {
        for (unsigned i = 0; i < VSOCK_QUEUES; i++) {
                struct vsock_queue *q = &f->queues[i];

                if (q->desc || q->desc_user || q->avail_user || q->used_user)
                        vsock_queue_resolve(q, &f->memory, NULL);
        }
}

static HRESULT add_region(struct vsock_front_end *f, size_t at, unsigned fd, struct hcs_error **err) {
        struct vhost_message *m = &f->reader.message;

        if (fd >= m->n_fds)
                return hcs_error_make(err, E_INVALIDARG, "a memory region without its descriptor");
        return vsock_memory_add(&f->memory, vhost_get64(m, at), vhost_get64(m, at + 8), vhost_get64(m, at + 16),
                                vhost_get64(m, at + 24), m->fds[fd], err);
}

static HRESULT set_mem_table(struct vsock_front_end *f, struct hcs_error **err) {
        const struct vhost_message *m = &f->reader.message;
        uint32_t n = vhost_get32(m, 0);
        HRESULT hr = S_OK;

        if (n > VHOST_FDS_MAX || m->size < 8 + n * REGION_SIZE)
                return hcs_error_make(err, HCS_E_PROTOCOL_ERROR, "%u memory regions in %u bytes", n, m->size);
        vsock_memory_clear(&f->memory);
        for (uint32_t i = 0; i < n && SUCCEEDED(hr); i++)
                hr = add_region(f, 8 + (size_t)i * REGION_SIZE, i, err);
        resolve_again(f);
        return hr;
}

static HRESULT change_region(struct vsock_front_end *f, bool add, struct hcs_error **err) {
        const struct vhost_message *m = &f->reader.message;
        HRESULT hr = expect_size(m, 8 + REGION_SIZE, err);

        if (FAILED(hr))
                return hr;
        hr = add ? add_region(f, 8, 0, err)
                 : vsock_memory_remove(&f->memory, vhost_get64(m, 8), vhost_get64(m, 16), vhost_get64(m, 24), err);
        resolve_again(f);
        return hr;
}

static HRESULT set_vring_num(struct vsock_front_end *f, struct vsock_queue *q, struct hcs_error **err) {
        uint32_t n = vhost_get32(&f->reader.message, 4);

        if (q->started)
                return hcs_error_make(err, HCS_E_INVALID_STATE, "the ring is running");
        if (n == 0 || n > VSOCK_QUEUE_MAX || (n & (n - 1)))
                return hcs_error_make(err, E_INVALIDARG, "a ring of %u entries, a power of two up to %d is expected", n,
                                      VSOCK_QUEUE_MAX);
        q->size = n;
        q->desc = NULL;
        return S_OK;
}

static HRESULT set_vring_addr(struct vsock_front_end *f, struct vsock_queue *q, struct hcs_error **err) {
        const struct vhost_message *m = &f->reader.message;

        if (FAILED(expect_size(m, 40, err)))
                return HCS_E_PROTOCOL_ERROR;
        q->desc_user = vhost_get64(m, 8);
        q->used_user = vhost_get64(m, 16);
        q->avail_user = vhost_get64(m, 24);
        return vsock_queue_resolve(q, &f->memory, err);
}

static void set_vring_base(struct vsock_front_end *f, unsigned index) {
        struct vsock_queue *q = &f->queues[index];
        uint16_t base = (uint16_t)vhost_get32(&f->reader.message, 4);

        /* A paused guest goes on where it stopped; one that was reset begins at 0. */
        if (base != f->stopped_at[index] && f->started_over)
                f->started_over(f->ctx);
        q->next_avail = base;
        q->next_used = q->signalled = base;
        q->signalled_valid = q->broken = false;
}

static HRESULT get_vring_base(struct vsock_front_end *f, unsigned index, struct hcs_error **err) {
        struct vsock_queue *q = &f->queues[index];
        const uint32_t body[2] = {htole32(index), htole32(q->next_avail)};

        vsock_queue_signal(q); /* of what it was not told for its own sake */
        q->started = false;
        f->stopped_at[index] = q->next_avail;
        return vhost_reply(f->socket, VHOST_GET_VRING_BASE, body, sizeof(body), err);
}

/* KICK, CALL and ERR carry an eventfd, or say that there is none. */
static HRESULT set_vring_fd(struct vsock_front_end *f, struct hcs_error **err) {
        struct vhost_message *m = &f->reader.message;
        uint64_t value = vhost_get64(m, 0);
        struct vsock_queue *q = NULL;
        HRESULT hr = queue_of(f, value & VRING_INDEX, &q, err);
        int fd = value & VRING_NO_FD ? -1 : vhost_take_fd(m, 0), *place, old;

        if (SUCCEEDED(hr) && fd < 0 && !(value & VRING_NO_FD))
                hr = hcs_error_make(err, E_INVALIDARG, "the descriptor is missing");
        if (SUCCEEDED(hr) && m->request == VHOST_SET_VRING_KICK && value & VRING_NO_FD)
                hr = hcs_error_make(err, E_NOTIMPL, "a queue that is to be polled");
        if (FAILED(hr)) {
                if (fd >= 0)
                        close(fd);
                return hr;
        }
        place = m->request == VHOST_SET_VRING_KICK   ? &q->kick
                : m->request == VHOST_SET_VRING_CALL ? &q->call
                                                     : &q->error;
        old = *place;
        *place = fd;
        if (m->request == VHOST_SET_VRING_KICK) {
                q->started = true;
                q->event_idx = f->features & (1ull << VIRTIO_RING_F_EVENT_IDX);
                if (!(f->features & VHOST_F_PROTOCOL_FEATURES))
                        q->enabled = true;
                if (f->kick_changed)
                        f->kick_changed(f->ctx, (unsigned)(value & VRING_INDEX), old);
        }
        if (old >= 0)
                close(old);
        return S_OK;
}

/* The device's configuration is the guest's CID, 8 bytes, little endian. */
static HRESULT get_config(struct vsock_front_end *f, struct hcs_error **err) {
        const struct vhost_message *m = &f->reader.message;
        uint32_t offset = vhost_get32(m, 0), size = vhost_get32(m, 4);
        uint64_t cid = htole64(f->guest_cid);
        uint8_t body[CONFIG_HEADER + sizeof(cid)];

        if (FAILED(expect_size(m, CONFIG_HEADER, err)))
                return HCS_E_PROTOCOL_ERROR;
        if (offset > sizeof(cid) || size > sizeof(cid) - offset)
                return hcs_error_make(err, E_INVALIDARG, "%u bytes of configuration at %u, it has 8", size, offset);
        memcpy(body, m->body, CONFIG_HEADER);
        memcpy(body + CONFIG_HEADER, (const uint8_t *)&cid + offset, size);
        return vhost_reply(f->socket, m->request, body, CONFIG_HEADER + size, err);
}

static HRESULT handle_vring(struct vsock_front_end *f, struct hcs_error **err) {
        const struct vhost_message *m = &f->reader.message;
        uint32_t index = vhost_get32(m, 0);
        struct vsock_queue *q = NULL;
        HRESULT hr = expect_size(m, 8, err);

        if (SUCCEEDED(hr))
                hr = queue_of(f, index, &q, err);
        if (FAILED(hr))
                return hr;
        switch (m->request) {
        case VHOST_SET_VRING_NUM:
                return set_vring_num(f, q, err);
        case VHOST_SET_VRING_ADDR:
                return set_vring_addr(f, q, err);
        case VHOST_SET_VRING_BASE:
                set_vring_base(f, index);
                return S_OK;
        case VHOST_GET_VRING_BASE:
                return get_vring_base(f, index, err);
        default: /* SET_VRING_ENABLE */
                q->enabled = vhost_get32(m, 4) != 0;
                return S_OK;
        }
}

static HRESULT set_features(uint64_t *place, uint64_t wanted, uint64_t offered, struct hcs_error **err) {
        if (wanted & ~offered)
                return hcs_error_make(err, E_INVALIDARG, "features 0x%llx were not offered",
                                      (unsigned long long)(wanted & ~offered));
        *place = wanted;
        return S_OK;
}

/* A device of QEMU's that was taken out leaves its memory and rings behind; another one begins with nothing. */
static void begin(struct vsock_front_end *f) {
        if (f->memory.n == 0)
                return;
        if (f->started_over)
                f->started_over(f->ctx);
        for (unsigned i = 0; i < VSOCK_QUEUES; i++) {
                struct vsock_queue *q = &f->queues[i];
                int old = q->kick;

                q->kick = -1;
                if (f->kick_changed)
                        f->kick_changed(f->ctx, i, old);
                if (old >= 0)
                        close(old);
                vsock_queue_deinit(q);
                f->stopped_at[i] = 0;
        }
        vsock_memory_clear(&f->memory);
}

static HRESULT handle(struct vsock_front_end *f, struct hcs_error **err) {
        struct vhost_message *m = &f->reader.message;

        switch (m->request) {
        case VHOST_GET_FEATURES:
                return vhost_reply_u64(f->socket, m->request, FEATURES, err);
        case VHOST_SET_FEATURES:
                return set_features(&f->features, vhost_get64(m, 0), FEATURES, err);
        case VHOST_GET_PROTOCOL_FEATURES:
                return vhost_reply_u64(f->socket, m->request, PROTOCOL_FEATURES, err);
        case VHOST_SET_PROTOCOL_FEATURES:
                return set_features(&f->protocol_features, vhost_get64(m, 0), PROTOCOL_FEATURES, err);
        case VHOST_GET_QUEUE_NUM:
                return vhost_reply_u64(f->socket, m->request, VSOCK_QUEUES, err);
        case VHOST_GET_MAX_MEM_SLOTS:
                return vhost_reply_u64(f->socket, m->request, VSOCK_MEMORY_SLOTS, err);
        case VHOST_SET_OWNER:
                begin(f);
                return S_OK;
        case VHOST_RESET_OWNER: /* of no effect, says the protocol */
                return S_OK;
        case VHOST_SET_MEM_TABLE:
                return set_mem_table(f, err);
        case VHOST_ADD_MEM_REG:
        case VHOST_REM_MEM_REG:
                return change_region(f, m->request == VHOST_ADD_MEM_REG, err);
        case VHOST_SET_VRING_NUM:
        case VHOST_SET_VRING_ADDR:
        case VHOST_SET_VRING_BASE:
        case VHOST_GET_VRING_BASE:
        case VHOST_SET_VRING_ENABLE:
                return handle_vring(f, err);
        case VHOST_SET_VRING_KICK:
        case VHOST_SET_VRING_CALL:
        case VHOST_SET_VRING_ERR:
                return set_vring_fd(f, err);
        case VHOST_GET_CONFIG:
                return get_config(f, err);
        case VHOST_SET_CONFIG:
                return hcs_error_make(err, E_ACCESSDENIED, "the configuration cannot be written");
        default:
                return hcs_error_make(err, E_NOTIMPL, "this request is not known");
        }
}

/* Requests that have an answer of their own need no acknowledgement. */
static bool answers(uint32_t request) {
        switch (request) {
        case VHOST_GET_FEATURES:
        case VHOST_GET_PROTOCOL_FEATURES:
        case VHOST_GET_QUEUE_NUM:
        case VHOST_GET_VRING_BASE:
        case VHOST_GET_CONFIG:
        case VHOST_GET_MAX_MEM_SLOTS:
                return true;
        default:
                return false;
        }
}

static HRESULT handle_one(struct vsock_front_end *f, struct hcs_error **err) {
        const struct vhost_message *m = &f->reader.message;
        struct hcs_error *why = NULL;
        HRESULT hr = handle(f, &why);
        char buf[24];

        if (FAILED(hr))
                hcs_error_wrap(&why, "%s", vhost_request_name(m->request, buf));
        if (answers(m->request) || !(m->flags & VHOST_NEED_REPLY))
                return FAILED(hr) ? hcs_error_move(err, &why) : S_OK;
        if (FAILED(hr)) {
                _cleanup_free_ char *text = hcs_error_format(why);

                hcs_log(HCS_LOG_WARN, "vsock device refuses a request", "error", text, NULL);
                hcs_error_free(why);
        }
        return vhost_reply_u64(f->socket, m->request, FAILED(hr), err);
}

HRESULT vsock_front_end_handle(struct vsock_front_end *f, struct hcs_error **err) {
        for (;;) {
                HRESULT hr = vhost_reader_read(&f->reader, f->socket, err);

                if (hr != S_OK)
                        return hr == S_FALSE ? S_OK : hr;
                hr = handle_one(f, err);
                vhost_reader_next(&f->reader);
                if (FAILED(hr))
                        return hr;
        }
}
