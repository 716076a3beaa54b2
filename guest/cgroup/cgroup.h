/* SPDX-License-Identifier: MIT */
#ifndef GUEST_CGROUP_CGROUP_H
#define GUEST_CGROUP_CGROUP_H

/*
 * Control groups of either version behind one face. A group is its path below the hierarchy ("/pods/ID"); nothing is
 * kept of it, so any thread may ask, and the runtime's groups are as good as the agent's. Version 2 is used when
 * ROOT/cgroup.controllers is there, as the original decides (hybrid trees count as version 1: their version 2 has no
 * controllers). Source: hcsshim internal/guest/cgroup, containerd/cgroups.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/json.h"
#include "hcsshim/error.h"

/* Where the hierarchies are. Constant after start. */
struct guest_cgroups {
        const char *root; /* "/sys/fs/cgroup" */
        const char *proc; /* "/proc", for names of block devices */
        int version;      /* 1 or 2 */
};

/* Finds the version. HCS_WIN32(ERROR_NOT_FOUND) when nothing is mounted there. */
HRESULT guest_cgroups_init(struct guest_cgroups *c, const char *root, const char *proc, struct hcs_error **err);
/* Version 1: children are counted in their parents' memory; must come before any group is made. */
HRESULT guest_cgroups_use_hierarchy(const struct guest_cgroups *c, struct hcs_error **err);

/* Makes the group in every hierarchy (that it exists is fine) and sets its limits: linux.resources of an OCI spec, may
 * be NULL. Version 2 enables the controllers on the way down. */
HRESULT guest_cgroup_create(const struct guest_cgroups *c, const char *path, const struct hcs_json *resources,
                            struct hcs_error **err);
/* Sets what resources has and leaves the rest. E_INVALIDARG names the member that cannot be. */
HRESULT guest_cgroup_update(const struct guest_cgroups *c, const char *path, const struct hcs_json *resources,
                            struct hcs_error **err);
/* With all groups below it. One that is not there is fine; processes in it: ERROR_BUSY. */
HRESULT guest_cgroup_delete(const struct guest_cgroups *c, const char *path, struct hcs_error **err);

HRESULT guest_cgroup_add(const struct guest_cgroups *c, const char *path, pid_t pid, struct hcs_error **err);
/* Of the group and all below it. Caller frees. */
HRESULT guest_cgroup_pids(const struct guest_cgroups *c, const char *path, pid_t **ret, size_t *ret_n,
                          struct hcs_error **err);
/* SIGKILL to all of them, at once where the kernel can (cgroup.kill), else until none is left. No group, no error. */
HRESULT guest_cgroup_kill(const struct guest_cgroups *c, const char *path, struct hcs_error **err);

/* io.containerd.cgroups.v1.Metrics as Go prints it, which is what a host reads as LCOWMetrics, whatever the version.
 * A group that is not there is HCS_WIN32(ERROR_NOT_FOUND). Caller frees. */
HRESULT guest_cgroup_stats(const struct guest_cgroups *c, const char *path, struct hcs_json **ret,
                           struct hcs_error **err);

#endif
