/* SPDX-License-Identifier: MIT */
#ifndef INTEGRATION_MACHINE_GUEST_RIG_H
#define INTEGRATION_MACHINE_GUEST_RIG_H

/*
 * A virtual machine through the platform's ABI, as a client has it: created from a document, its sockets found by its
 * RuntimeId, its guest's calls taken, and what became of it. Belongs to the test; one thread.
 */

#include "base/json.h"
#include "hcsshim/gcs.h"
#include "hcsshim/hcs.h"
#include "mockhcs/mockhcs.h"
#include "platform/thread.h"

#define RIG_TIMEOUT_MS 240000

struct guest_rig {
        struct mockhcs *mock;
        struct hcs_client *client;
        struct hcs_system *system;
        char *folder;
        struct hcs_gcs_transport *transport;
        struct hcs_gcs_listener *entropy, *log_listener, *bridge;
        struct hcs_gcs_log *log;
        struct hcs_gcs_connection *guest;
        /* With the lock. */
        struct hcs_mutex lock;
        char events[1024]; /* names and documents of what was told, one a line */
};

/* Exit code 77, with the reason, when there is no QEMU or no image. */
void rig_skip_unless_possible(void);
/* A document of hcsshim's kind for the image of the tests; the caller's, to change. agent: its guest is the agent. */
struct hcs_json *rig_document(bool agent);
/* Opens the composition, creates the system and listens for its guest. */
void rig_create(struct guest_rig *r, const char *composition, const struct hcs_json *document);
/* Starts it and takes what its agent dials, up to the negotiated bridge. */
void rig_boot(struct guest_rig *r);
/* Runs a shell's line in the VM: its exit code, and what it said in out. */
int rig_run(struct guest_rig *r, const char *line, char *out, size_t size);
/* Waits until the system has exited, and all is told. */
void rig_wait_exit(struct guest_rig *r);
/* Does one of the events begin so? "SystemExited {\"Status\":0" */
bool rig_was_told(struct guest_rig *r, const char *beginning);
/* A query's answer; the caller's. */
struct hcs_json *rig_query(struct guest_rig *r, const char *query);
/* What the emulator says of the machine. */
struct hcs_json *rig_describe(struct guest_rig *r);
HRESULT rig_modify(struct guest_rig *r, const char *request, struct hcs_error **err);
/* Closes all of it; fails when the mock was left with open handles. */
void rig_close(struct guest_rig *r);

#endif
