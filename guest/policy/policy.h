/* SPDX-License-Identifier: MIT */
#ifndef GUEST_POLICY_POLICY_H
#define GUEST_POLICY_POLICY_H

/*
 * The security policy's enforcement points: whatever a host asks for is put before the enforcer first, at the place and
 * with the facts that the original puts it (hcsshim pkg/securitypolicy, SecurityPolicyEnforcer). Here are the points
 * and two enforcers that need no policy language: "open door" allows everything, "closed door" denies everything but
 * reading the policy. An engine plugs in by filling the table; no call site changes.
 *
 * An enforcer may be called by any thread and locks itself. A denial is an error whose text the host is shown.
 */

#include <stdbool.h>
#include <stddef.h>

#include "base/json.h"

struct guest_policy;

/* What a policy decides beyond yes and no. Owned by the caller; NULL keeps what was asked for. */
struct guest_policy_verdict {
        struct hcs_json *env;          /* array of NAME=value to be kept */
        struct hcs_json *capabilities; /* of an OCI process */
        bool allow_streams;
};
void guest_policy_verdict_deinit(struct guest_policy_verdict *v);

struct guest_policy_container {
        const char *id, *sandbox_id;
        const struct hcs_json *spec;    /* after the agent's edits */
        const struct hcs_json *devices; /* linux.devices as the host sent them */
        bool privileged, no_new_privileges, is_sandbox;
};

struct guest_policy_exec {
        const char *container_id;       /* NULL for a process of the VM */
        const struct hcs_json *process; /* of an OCI spec; a process of the VM has args, env, cwd */
};

struct guest_enforcer {
        const char *name;
        HRESULT (*mount_device)(void *ctx, const char *target, const char *root_hash, struct hcs_error **err);
        HRESULT(*mount_rw_device)
        (void *ctx, const char *target, bool encrypted, bool ensure_filesystem, const char *filesystem,
         struct hcs_error **err);
        HRESULT (*mount_block_device)(void *ctx, const char *target, struct hcs_error **err);
        HRESULT (*unmount_device)(void *ctx, const char *target, struct hcs_error **err);
        HRESULT (*unmount_rw_device)(void *ctx, const char *target, struct hcs_error **err);
        HRESULT (*unmount_block_device)(void *ctx, const char *target, struct hcs_error **err);
        HRESULT(*mount_overlay)
        (void *ctx, const char *container_id, const char *const *layers, size_t n_layers, const char *target,
         struct hcs_error **err);
        HRESULT (*unmount_overlay)(void *ctx, const char *target, struct hcs_error **err);
        HRESULT (*mount_scratch)(void *ctx, const char *path, bool encrypted, struct hcs_error **err);
        HRESULT (*mount_plan9)(void *ctx, const char *target, struct hcs_error **err);
        HRESULT (*unmount_plan9)(void *ctx, const char *target, struct hcs_error **err);
        HRESULT(*create_container)
        (void *ctx, const struct guest_policy_container *c, struct guest_policy_verdict *ret, struct hcs_error **err);
        HRESULT(*exec)
        (void *ctx, const struct guest_policy_exec *e, struct guest_policy_verdict *ret, struct hcs_error **err);
        HRESULT (*shutdown_container)(void *ctx, const char *container_id, struct hcs_error **err);
        HRESULT(*signal_process)
        (void *ctx, const char *container_id, int sig, bool is_init, const struct hcs_json *args,
         struct hcs_error **err);
        HRESULT (*get_properties)(void *ctx, struct hcs_error **err);
        HRESULT (*dump_stacks)(void *ctx, struct hcs_error **err);
        HRESULT (*extend_default_mounts)(void *ctx, const struct hcs_json *mounts, struct hcs_error **err);
        HRESULT (*load_fragment)(void *ctx, const char *fragment, const char *media_type, struct hcs_error **err);
};

/* stance: "allow" or "deny", what holds until a host sets a policy. E_INVALIDARG for another. */
HRESULT guest_policy_new(const char *stance, struct guest_policy **ret, struct hcs_error **err);
struct guest_policy *guest_policy_free(struct guest_policy *p);

/* The enforcer in force: p->enforcer->point(p->ctx, ...). */
const struct guest_enforcer *guest_policy_enforcer(struct guest_policy *p, void **ret_ctx);
#define guest_policy_ask(p, point, ...)                                                    \
        __extension__({                                                                    \
                void *policy_ctx;                                                          \
                const struct guest_enforcer *e_ = guest_policy_enforcer((p), &policy_ctx); \
                e_->point(policy_ctx, ##__VA_ARGS__);                                      \
        })

/* "SecurityPolicy" and "SecurityPolicyFragment" requests. A policy can be set once. Only an open-door policy (allow_all
 * without containers), or none at all, can be enforced so far; another is E_NOTIMPL and changes nothing. */
HRESULT guest_policy_set(struct guest_policy *p, const char *enforcer, const char *policy_base64,
                         const char *uvm_reference, const char *uvm_hash_envelope, struct hcs_error **err);
HRESULT guest_policy_add_fragment(struct guest_policy *p, const char *fragment, const char *media_type,
                                  struct hcs_error **err);
/* "" when none was set. */
const char *guest_policy_encoded(struct guest_policy *p);

/* Puts the policy and the reference info into a folder of the container's root, and its name into the environment
 * (UVM_SECURITY_CONTEXT_DIR). Nothing to do without a policy. */
HRESULT guest_policy_write_context(struct guest_policy *p, struct hcs_json *spec, struct hcs_error **err);

#endif
