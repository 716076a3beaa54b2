/* SPDX-License-Identifier: MIT */
#ifndef MOCKHCS_VM_QMP_H
#define MOCKHCS_VM_QMP_H

/*
 * QEMU's machine protocol: one JSON object a line in both directions, commands with ids and their answers, and events.
 * One thread reads (qmp_feed()), any thread may ask. Embedded by the machine.
 */

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/json.h"
#include "hcsshim/abi/types.h"
#include "hcsshim/error.h"
#include "platform/thread.h"

struct qmp_question;

struct qmp {
        HANDLE socket; /* owned, nonblocking */
        struct hcs_mutex lock;
        struct hcs_cond changed;
        struct hcs_buf in;
        struct qmp_question *questions; /* asked and not answered */
        uint64_t next_id;
        bool greeted, closed;
        void (*event)(void *ctx, const char *name, const struct hcs_json *data); /* on the reading thread */
        void *ctx;
};

/* Takes the socket over. */
void qmp_init(struct qmp *q, HANDLE socket, void (*event)(void *, const char *, const struct hcs_json *), void *ctx);
void qmp_deinit(struct qmp *q);
/* Reads what is there. False at the end of the stream or when it is not QMP: then every question has failed. */
bool qmp_feed(struct qmp *q);
/* Fails every question, now and later. */
void qmp_close(struct qmp *q);

/* Waits for QEMU's greeting and enters command mode. Errors as qmp_execute(). */
HRESULT qmp_negotiate(struct qmp *q, uint64_t deadline_ns, struct hcs_error **err);
/*
 * Asks and waits. arguments (may be NULL) are taken over; *ret (may be NULL) is the "return" member, the caller's.
 * HCS_E_CONNECTION_CLOSED, HCS_E_CONNECTION_TIMEOUT; what QEMU refuses is HCS_WIN32(ERROR_NOT_FOUND) for a device that
 * is not there and E_FAIL else, in QEMU's words.
 */
HRESULT qmp_execute(struct qmp *q, const char *command, struct hcs_json *arguments, uint64_t deadline_ns,
                    struct hcs_json **ret, struct hcs_error **err);
/* Gives QEMU a copy of a descriptor of ours; until a command uses it up it is called `name` there. */
HRESULT qmp_give(struct qmp *q, int fd, const char *name, uint64_t deadline_ns, struct hcs_error **err);

#endif
