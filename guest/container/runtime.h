/* SPDX-License-Identifier: MIT */
#ifndef GUEST_CONTAINER_RUNTIME_H
#define GUEST_CONTAINER_RUNTIME_H

/*
 * The OCI runtime, an installed program: crun or runc, which take the same commands. Every call starts it, waits for
 * its end under a time limit, and reports what it wrote to its log. All calls block and are for the threads of the
 * pool; a runtime object is constant after it was made.
 */

#include <sys/types.h>

#include "base/json.h"
#include "guest/base/children.h"
#include "guest/container/relay.h"

struct guest_runtime;

struct guest_runtime_config {
        struct guest_children *children;
        const char *program; /* "crun", "runc" or a path; what it is called decides nothing else */
        uint64_t timeout_ns; /* for one call */
};

HRESULT guest_runtime_new(const struct guest_runtime_config *config, struct guest_runtime **ret,
                          struct hcs_error **err);
struct guest_runtime *guest_runtime_free(struct guest_runtime *r);

/* Where a process's streams come from: the process's ends of pipes, borrowed (-1 is /dev/null), or a terminal. */
struct guest_stdio {
        struct guest_streams pipes;
        bool terminal;
        int master; /* out, for a terminal: the caller's to close */
};

/* Makes the container out of bundle/config.json; its first process waits for guest_runtime_start(). */
HRESULT guest_runtime_create(struct guest_runtime *r, const char *id, const char *bundle, struct guest_stdio *stdio,
                             pid_t *ret_pid, struct hcs_error **err);
HRESULT guest_runtime_start(struct guest_runtime *r, const char *id, struct hcs_error **err);
/* process: as in an OCI spec. */
HRESULT guest_runtime_exec(struct guest_runtime *r, const char *id, const struct hcs_json *process,
                           struct guest_stdio *stdio, pid_t *ret_pid, struct hcs_error **err);
/* resources: linux.resources of an OCI spec. */
HRESULT guest_runtime_update(struct guest_runtime *r, const char *id, const struct hcs_json *resources,
                             struct hcs_error **err);
/* force kills what still runs. */
HRESULT guest_runtime_delete(struct guest_runtime *r, const char *id, bool force, struct hcs_error **err);

#endif
