/* SPDX-License-Identifier: MIT */
#ifndef GUEST_CGROUP_CGROUP_PRIVATE_H
#define GUEST_CGROUP_CGROUP_PRIVATE_H

/* Files of a group, for the sources of this room. */

#include "base/buf.h"
#include "guest/cgroup/cgroup.h"

/* The controllers that version 1 has hierarchies for, NULL terminated. */
extern const char *const guest_cgroup_controllers[];

/* ROOT/CONTROLLER/PATH in version 1, ROOT/PATH in version 2. Caller frees. */
char *guest_cgroup_folder(const struct guest_cgroups *c, const char *controller, const char *path);
/* Does the hierarchy of that controller exist? */
bool guest_cgroup_has(const struct guest_cgroups *c, const char *controller);

/* S_FALSE and out as it was when there is no such file. */
HRESULT guest_cgroup_read(const char *folder, const char *file, struct hcs_buf *out, struct hcs_error **err);
HRESULT guest_cgroup_write(const char *folder, const char *file, const char *text, struct hcs_error **err);
/* 0 for an absent file; "max" is `max`. */
HRESULT guest_cgroup_read_u64(const char *folder, const char *file, uint64_t max, uint64_t *ret,
                              struct hcs_error **err);
/* The value behind a key at the start of a line, 0 when there is none. */
uint64_t guest_cgroup_value(const char *text, const char *key);

/* "MAJOR:MINOR" at *text, which goes behind it; false when it is something else. */
bool guest_cgroup_device(const char **text, uint64_t *ret_major, uint64_t *ret_minor);

/* What limits.c does with an existing group. */
HRESULT guest_cgroup_set_limits(const struct guest_cgroups *c, const char *path, const struct hcs_json *resources,
                                struct hcs_error **err);
HRESULT guest_cgroup_set_limits_v1(const struct guest_cgroups *c, const char *path, const struct hcs_json *resources,
                                   struct hcs_error **err);
HRESULT guest_cgroup_set_limits_v2(const struct guest_cgroups *c, const char *path, const struct hcs_json *resources,
                                   struct hcs_error **err);

/* An integer at a path in resources. S_FALSE when absent or null; E_INVALIDARG names it when it is something else. */
HRESULT guest_cgroup_integer(const struct hcs_json *resources, const char *path, int64_t *ret, struct hcs_error **err);

HRESULT guest_cgroup_stats_v1(const struct guest_cgroups *c, const char *path, struct hcs_json *metrics,
                              struct hcs_error **err);
HRESULT guest_cgroup_stats_v2(const struct guest_cgroups *c, const char *path, struct hcs_json *metrics,
                              struct hcs_error **err);
/* Members as Go's omitempty leaves them: nothing for 0 and "". */
void guest_metric(struct hcs_json *object, const char *name, uint64_t value);
/* Members from lines "KEY VALUE" of a text. */
struct guest_stats_key {
        const char *member, *key;
};
void guest_stats_keys(struct hcs_json *object, const char *text, const struct guest_stats_key *keys, size_t n);
/* A number in a file of its own, an error only when it is no number; nothing is read after a failure so far. */
HRESULT guest_stats_read(const char *folder, const char *file, uint64_t *ret, HRESULT so_far, struct hcs_error **err);
/* How the files of huge pages end, behind the size of the pages. failures: NULL in version 2, which tells less. */
struct guest_stats_hugetlb {
        const char *usage, *max, *failures;
};
HRESULT guest_stats_hugetlb(const char *folder, const struct guest_stats_hugetlb *files, struct hcs_json *metrics,
                            struct hcs_error **err);
HRESULT guest_stats_pids(const char *folder, uint64_t no_limit, struct hcs_json *metrics, struct hcs_error **err);

#endif
