/* SPDX-License-Identifier: MIT */
#ifndef MOCKHCS_VM_VSOCK_MESSAGE_H
#define MOCKHCS_VM_VSOCK_MESSAGE_H

/*
 * Messages of the vhost-user protocol (QEMU docs/interop/vhost-user): a header of request, flags and size, a body of
 * little-endian numbers, and descriptors that travel along. A reader takes them from the front end's socket as they
 * come, in any pieces; every number is copied out, nothing is read through a cast. Embedded by the front-end object;
 * the device's thread only.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "hcsshim/error.h"

enum vhost_request {
        VHOST_GET_FEATURES = 1,
        VHOST_SET_FEATURES = 2,
        VHOST_SET_OWNER = 3,
        VHOST_RESET_OWNER = 4,
        VHOST_SET_MEM_TABLE = 5,
        VHOST_SET_VRING_NUM = 8,
        VHOST_SET_VRING_ADDR = 9,
        VHOST_SET_VRING_BASE = 10,
        VHOST_GET_VRING_BASE = 11,
        VHOST_SET_VRING_KICK = 12,
        VHOST_SET_VRING_CALL = 13,
        VHOST_SET_VRING_ERR = 14,
        VHOST_GET_PROTOCOL_FEATURES = 15,
        VHOST_SET_PROTOCOL_FEATURES = 16,
        VHOST_GET_QUEUE_NUM = 17,
        VHOST_SET_VRING_ENABLE = 18,
        VHOST_GET_CONFIG = 24,
        VHOST_SET_CONFIG = 25,
        VHOST_GET_MAX_MEM_SLOTS = 36,
        VHOST_ADD_MEM_REG = 37,
        VHOST_REM_MEM_REG = 38,
};

#define VHOST_HEADER       12u
#define VHOST_BODY_MAX     4096u
#define VHOST_FDS_MAX      8
#define VHOST_VERSION      0x1u
#define VHOST_VERSION_MASK 0x3u
#define VHOST_REPLY        0x4u
#define VHOST_NEED_REPLY   0x8u

#define VHOST_PROTOCOL_MQ                  (1ull << 0)
#define VHOST_PROTOCOL_REPLY_ACK           (1ull << 3)
#define VHOST_PROTOCOL_CONFIG              (1ull << 9)
#define VHOST_PROTOCOL_CONFIGURE_MEM_SLOTS (1ull << 15)
/* The bit that turns protocol features on. */
#define VHOST_F_PROTOCOL_FEATURES (1ull << 30)

struct vhost_message {
        uint32_t request, flags, size;
        uint8_t body[VHOST_BODY_MAX];
        int fds[VHOST_FDS_MAX]; /* owned by the message; what is taken over is -1 */
        unsigned n_fds;
};

struct vhost_reader {
        struct vhost_message message; /* the one that is being read */
        uint8_t header[VHOST_HEADER];
        size_t have; /* bytes of header and body so far */
};

/* The name in the protocol's words, or "request N" in buf. */
const char *vhost_request_name(uint32_t request, char buf[static 24]);

/*
 * Reads on. S_OK: r->message is whole, call vhost_reader_next() when done with it. S_FALSE: no more for now.
 * HCS_E_CONNECTION_CLOSED: the front end is gone. HCS_E_PROTOCOL_ERROR: a wrong version, a body that is too long.
 */
HRESULT vhost_reader_read(struct vhost_reader *r, int socket, struct hcs_error **err);
/* Closes the descriptors that nobody took and makes room for the next message. */
void vhost_reader_next(struct vhost_reader *r);

/* Numbers of the body; 0 beyond its end. */
uint32_t vhost_get32(const struct vhost_message *m, size_t at);
uint64_t vhost_get64(const struct vhost_message *m, size_t at);
/* Takes descriptor i over, -1 when there is none. */
int vhost_take_fd(struct vhost_message *m, unsigned i);

/* Answers a message with size bytes (at most VHOST_BODY_MAX). */
HRESULT vhost_reply(int socket, uint32_t request, const void *body, uint32_t size, struct hcs_error **err);
HRESULT vhost_reply_u64(int socket, uint32_t request, uint64_t value, struct hcs_error **err);

#endif
