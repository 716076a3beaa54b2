/* SPDX-License-Identifier: MIT */

/* The doors of doors.h. What a point's arguments mean is in policy.h; a door looks at none of them. */

#include "guest/policy/doors.h"

#define DENY(what) hcs_error_make(err, E_FAIL, what " is denied by policy")

/* A pair of answers for one enforcement point. */
#define POINT(name, what, ...)                                                         \
        static HRESULT open_##name(void *ctx, __VA_ARGS__, struct hcs_error **err) {   \
                return S_OK;                                                           \
        }                                                                              \
        static HRESULT closed_##name(void *ctx, __VA_ARGS__, struct hcs_error **err) { \
                return DENY(what);                                                     \
        }

POINT(mount_device, "mounting", const char *target, const char *root_hash)
POINT(mount_rw_device, "Read-write device mounting", const char *target, bool encrypted, bool ensure_filesystem,
      const char *filesystem)
POINT(mount_block_device, "block device mounting", const char *target)
POINT(unmount_device, "unmounting", const char *target)
POINT(unmount_rw_device, "read-write device unmounting", const char *target)
POINT(unmount_block_device, "block device unmounting", const char *target)
POINT(mount_overlay, "creating an overlay fs", const char *container_id, const char *const *layers, size_t n_layers,
      const char *target)
POINT(unmount_overlay, "removing an overlay fs", const char *target)
POINT(mount_scratch, "mounting scratch", const char *path, bool encrypted)
POINT(mount_plan9, "mounting", const char *target)
POINT(unmount_plan9, "unmounting", const char *target)
POINT(shutdown_container, "shutting down a container", const char *container_id)
POINT(signal_process, "signalling a process", const char *container_id, int sig, bool is_init,
      const struct hcs_json *args)
POINT(extend_default_mounts, "extending the default mounts", const struct hcs_json *mounts)
POINT(load_fragment, "loading a fragment", const char *fragment, const char *media_type)

static HRESULT open_create_container(void *ctx, const struct guest_policy_container *c,
                                     struct guest_policy_verdict *ret, struct hcs_error **err) {
        *ret = (struct guest_policy_verdict){.allow_streams = true};
        return S_OK;
}

static HRESULT closed_create_container(void *ctx, const struct guest_policy_container *c,
                                       struct guest_policy_verdict *ret, struct hcs_error **err) {
        return DENY("running commands");
}

static HRESULT open_exec(void *ctx, const struct guest_policy_exec *e, struct guest_policy_verdict *ret,
                         struct hcs_error **err) {
        *ret = (struct guest_policy_verdict){.allow_streams = true};
        return S_OK;
}

static HRESULT closed_exec(void *ctx, const struct guest_policy_exec *e, struct guest_policy_verdict *ret,
                           struct hcs_error **err) {
        return DENY("starting additional processes");
}

static HRESULT open_plain(void *ctx, struct hcs_error **err) {
        return S_OK;
}

static HRESULT closed_get_properties(void *ctx, struct hcs_error **err) {
        return DENY("getting container properties");
}

static HRESULT closed_dump_stacks(void *ctx, struct hcs_error **err) {
        return DENY("getting stack dumps");
}

#define DOOR(door)                                                                                               \
        .mount_device = door##_mount_device, .mount_rw_device = door##_mount_rw_device,                          \
        .mount_block_device = door##_mount_block_device, .unmount_device = door##_unmount_device,                \
        .unmount_rw_device = door##_unmount_rw_device, .unmount_block_device = door##_unmount_block_device,      \
        .mount_overlay = door##_mount_overlay, .unmount_overlay = door##_unmount_overlay,                        \
        .mount_scratch = door##_mount_scratch, .mount_plan9 = door##_mount_plan9,                                \
        .unmount_plan9 = door##_unmount_plan9, .create_container = door##_create_container, .exec = door##_exec, \
        .shutdown_container = door##_shutdown_container, .signal_process = door##_signal_process,                \
        .extend_default_mounts = door##_extend_default_mounts, .load_fragment = door##_load_fragment

const struct guest_enforcer guest_open_door = {
        .name = "open_door",
        DOOR(open),
        .get_properties = open_plain,
        .dump_stacks = open_plain,
};

const struct guest_enforcer guest_closed_door = {
        .name = "closed_door",
        DOOR(closed),
        .get_properties = closed_get_properties,
        .dump_stacks = closed_dump_stacks,
};
