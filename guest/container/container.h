/* SPDX-License-Identifier: MIT */
#ifndef GUEST_CONTAINER_CONTAINER_H
#define GUEST_CONTAINER_CONTAINER_H

/*
 * A container: made by a Create request, started by its first ExecuteProcess, forgotten by DeleteContainerState. All on
 * the loop's thread; what blocks runs as a job, during which the container is pinned. Every operation with a done
 * function calls it once, later, with NULL or an error that it owns.
 *
 * Source of what is done in which order: hcsshim internal/guest/runtime/hcsv2.
 */

#include "base/json.h"
#include "guest/container/ports.h"
#include "guest/container/process.h"

enum guest_container_state { GUEST_CONTAINER_CREATING, GUEST_CONTAINER_CREATED, GUEST_CONTAINER_RUNNING };
enum guest_exit_type { GUEST_EXIT_UNEXPECTED, GUEST_EXIT_GRACEFUL, GUEST_EXIT_FORCED };

struct guest_container {
        struct guest_host *host;
        char *id, *activity_id;
        enum guest_container_state state;
        enum guest_exit_type exit_type;
        bool notified;

        /* Set while it is created, constant afterwards. */
        struct hcs_json *spec;
        char *bundle, *scratch, *sandbox_id, *sandbox_root, *cgroup, *log_path, *network_namespace;
        bool is_sandbox, is_cri, is_virtual_pod_sandbox, owns_pid_namespace, terminal, allow_streams;

        struct guest_streams pipes; /* our ends, until the start */
        int master;                 /* the terminal's, until the start */
        struct guest_process *init, *others;
        unsigned pins;
        bool is_connected; /* its network namespace is that of its first process */
        bool is_forgotten, is_clean;
        struct guest_container *next;
};

/* What a Create request says; strings and spec are taken over. */
struct guest_container_settings {
        char *bundle, *scratch;
        struct hcs_json *spec;
};

typedef void (*guest_done_fn)(void *ctx, struct hcs_error *err);

void guest_container_create(struct guest_host *h, const char *id, const char *activity_id,
                            struct guest_container_settings *settings, guest_done_fn done, void *ctx);
/* Starts its first process; the pid is c->init->pid. */
void guest_container_start(struct guest_container *c, const struct guest_ports *ports, guest_done_fn done, void *ctx);
/* process: of an OCI spec, taken over. */
void guest_container_exec(struct guest_container *c, struct hcs_json *process, const struct guest_ports *ports,
                          void (*done)(void *ctx, uint32_t pid, struct hcs_error *err), void *ctx);
/* resources: linux.resources of an OCI spec, taken over. */
void guest_container_update(struct guest_container *c, struct hcs_json *resources, guest_done_fn done, void *ctx);
/* Forgets it whatever comes of the deletion; a container that still runs goes when its processes have ended. */
void guest_container_delete(struct guest_container *c, guest_done_fn done, void *ctx);

/* A signal to its first process. */
HRESULT guest_container_signal(struct guest_container *c, int sig, struct hcs_error **err);
/* SIGTERM and SIGKILL decide what the exit will be called. */
void guest_container_set_exit_type(struct guest_container *c, int sig);
/* GUEST_E_NOT_FOUND. */
HRESULT guest_container_find_process(struct guest_container *c, uint32_t pid, struct guest_process **ret,
                                     struct hcs_error **err);

/* For process.c. */
void guest_container_init_ended(struct guest_container *c);
void guest_container_process_over(struct guest_container *c, struct guest_process *p, bool first_told);

/* For the files of the room. */
void guest_container_pin(struct guest_container *c);
void guest_container_unpin(struct guest_container *c);
struct guest_container *guest_container_free(struct guest_container *c);
/* Out of the tables: it lives on until its processes and jobs have ended, and what is left of it is swept up then
 * unless it is clean. */
void guest_container_forget(struct guest_container *c, bool is_clean);
void guest_container_unlink(struct guest_container *c);

#endif
