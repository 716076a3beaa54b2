/* SPDX-License-Identifier: MIT */
#ifndef GUEST_CONTAINER_HOST_H
#define GUEST_CONTAINER_HOST_H

/*
 * The VM as its host sees it: containers, pods and processes of the VM. What it needs to work (loop, threads, runtime,
 * transport, policy) is made by main and outlives it. All on the loop's thread.
 */

#include "guest/base/children.h"
#include "guest/base/roots.h"
#include "guest/base/transport.h"
#include "guest/base/workers.h"
#include "guest/container/container.h"
#include "guest/container/runtime.h"
#include "guest/policy/policy.h"

struct guest_cgroups;
struct guest_namespaces;

struct guest_host {
        struct guest_loop *loop;
        struct guest_workers *workers;
        struct guest_children *children;
        struct guest_runtime *runtime;
        const struct guest_transport *transport, *no_streams;
        struct guest_policy *policy;
        const struct guest_roots *roots;
        const struct guest_cgroups *cgroups; /* NULL when none are mounted */
        bool makes_pod_cgroups;
        struct guest_namespaces *namespaces;
        uint64_t close_timeout_ns;  /* how long a host may take to close its end of a stream */
        uint64_t device_timeout_ns; /* how long a device may take to appear */
        uint64_t memory_reserve;    /* bytes that pods may not use */
        /* The exit of a container; called when somebody has been told its first process's exit code. */
        void (*notify_exit)(void *ctx, const struct guest_container *c);
        void *ctx;

        struct guest_container *containers; /* known to the host */
        struct guest_container *forgotten;  /* state deleted while processes still ran */
        struct guest_process *externals;
};

/* Takes what the caller set; the lists must be empty. */
void guest_host_deinit(struct guest_host *h);

/* GUEST_E_SYSTEM_NOT_FOUND; GUEST_E_INVALID_STATE while it is being created. */
HRESULT guest_host_find_container(struct guest_host *h, const char *id, struct guest_container **ret,
                                  struct hcs_error **err);
/* GUEST_E_NOT_FOUND. */
HRESULT guest_host_find_external(struct guest_host *h, uint32_t pid, struct guest_process **ret,
                                 struct hcs_error **err);
void guest_host_drop_external(struct guest_host *h, struct guest_process *p);

/* What a process of the VM is started with. */
struct guest_external_params {
        char **argv; /* NULL terminated */
        char **envp; /* NULL terminated; the whole environment */
        char *cwd;   /* "" is the agent's own */
        bool terminal;
};
void guest_external_params_deinit(struct guest_external_params *p);

/* Starts it; done gets its pid or the error. Takes over what params holds. */
void guest_host_exec(struct guest_host *h, struct guest_external_params *params, const struct guest_ports *ports,
                     void (*done)(void *ctx, uint32_t pid, struct hcs_error *err), void *ctx);

/* Containers, processes and their states, a line each: for a dump of the agent's state. */
void guest_host_describe(const struct guest_host *h, struct hcs_buf *out);

#endif
