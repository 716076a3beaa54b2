/* SPDX-License-Identifier: MIT */
#ifndef GUEST_CONTAINER_SPEC_H
#define GUEST_CONTAINER_SPEC_H

/*
 * Edits of an OCI spec before it is given to the runtime: a JSON tree, changed in place, whatever else is in it kept.
 * Which edits in which order for which kind of container is in kinds.h. Source: hcsshim internal/guest/spec,
 * internal/guestpath. Blocking (files, devices), for the threads of the pool.
 */

#include <stdbool.h>

#include "base/json.h"

#define GUEST_ANNOTATION_CONTAINER_TYPE   "io.kubernetes.cri.container-type"
#define GUEST_ANNOTATION_SANDBOX_ID       "io.kubernetes.cri.sandbox-id"
#define GUEST_ANNOTATION_VIRTUAL_POD_ID   "io.microsoft.cri.virtual-pod-id"
#define GUEST_ANNOTATION_SKIP_NETWORKING  "io.microsoft.cri.skip-pod-networking"
#define GUEST_ANNOTATION_RLIMIT_CORE      "io.microsoft.lcow.rlimitcore"
#define GUEST_ANNOTATION_SHM_SIZE_KB      "io.microsoft.lcow.shm.size-kb"
#define GUEST_ANNOTATION_PRIVILEGED       "io.microsoft.virtualmachine.lcow.privileged"
#define GUEST_ANNOTATION_HOST_NETWORK     "io.microsoft.virtualmachine.lcow.hostnetwork"
#define GUEST_ANNOTATION_TEE_LOG_PATH     "io.microsoft.container.lcow.tee-log-path"
#define GUEST_ANNOTATION_TEE_LOG_MOUNT    "io.microsoft.container.lcow.tee-log-dir-mount"
#define GUEST_ANNOTATION_POLICY_ENV       "io.microsoft.virtualmachine.lcow.securitypolicy.env"
#define GUEST_ANNOTATION_GPU_CAPABILITIES "io.microsoft.container.gpu.capabilities"

/* NULL when absent. */
const char *guest_spec_annotation(const struct hcs_json *spec, const char *name);
/* As Go's ParseBool reads it; fallback for an absent annotation and, with a warning, for another text. */
bool guest_spec_annotation_bool(const struct hcs_json *spec, const char *name, bool fallback);

/* windows.network.networkNamespace in lower case, "" when absent. Caller frees. */
char *guest_spec_network_namespace(const struct hcs_json *spec);
bool guest_spec_is_root_readonly(const struct hcs_json *spec);
/* root.path, "" when absent. */
const char *guest_spec_root_path(const struct hcs_json *spec);
/* Does the container have a pid namespace of its own? */
bool guest_spec_owns_pid_namespace(const struct hcs_json *spec);

/* The member of that name, made when absent or of another kind. */
struct hcs_json *guest_spec_object(struct hcs_json *parent, const char *name);
struct hcs_json *guest_spec_array(struct hcs_json *parent, const char *name);

bool guest_spec_has_mount(const struct hcs_json *spec, const char *destination);
void guest_spec_remove_mounts(struct hcs_json *spec, const char *destination);
/* A bind mount, read-only when the container's root is and follow_root is set. */
void guest_spec_add_bind(struct hcs_json *spec, const char *source, const char *destination, bool follow_root);

/* "SOFT;HARD", two decimal numbers. */
HRESULT guest_spec_set_core_rlimit(struct hcs_json *spec, const char *value, struct hcs_error **err);
/*
 * Sets process.user.uid and .gid from "user", "uid", "user:group", "uid:gid" ... Names are looked up in the root's
 * /etc/passwd and /etc/group, of which there must be exactly one entry; an unknown uid keeps gid 0.
 */
HRESULT guest_spec_set_user(struct hcs_json *process, const char *root, const char *user, struct hcs_error **err);

/* /dev/shm, privileged, and devices looked up. */
HRESULT guest_spec_apply_annotations(struct hcs_json *spec, struct hcs_error **err);
/* A device node at path, with its cgroup rule. Not a device: E_FAIL. */
HRESULT guest_spec_add_device(struct hcs_json *spec, const char *path, const char *access, bool with_cgroup,
                              struct hcs_error **err);

/* Rewrites the mounts whose source or destination has a prefix of the agent's own, making what they name:
 * sandbox://, sandbox-tmp:// and hugepages:// below the pod's root, blockdev:// and uvm:// in the VM. */
HRESULT guest_spec_rewrite_sandbox_mounts(struct hcs_json *spec, const char *sandbox_root, struct hcs_error **err);
HRESULT guest_spec_rewrite_hugepage_mounts(struct hcs_json *spec, const char *sandbox_root, struct hcs_error **err);
HRESULT guest_spec_rewrite_block_mounts(struct hcs_json *spec, struct hcs_error **err);
HRESULT guest_spec_rewrite_uvm_mounts(struct hcs_json *spec, struct hcs_error **err);

/* Names of what a pod keeps below its root. */
#define GUEST_SANDBOX_MOUNTS       "sandboxMounts"
#define GUEST_SANDBOX_TMPFS_MOUNTS "sandboxTmpfsMounts"
#define GUEST_SANDBOX_HUGEPAGES    "hugepages"
#define GUEST_SANDBOX_LOGS         "logs"

#endif
