/* SPDX-License-Identifier: MIT */
#ifndef GUEST_STORAGE_MOUNT_H
#define GUEST_STORAGE_MOUNT_H

/*
 * Mounts in general: options as words, propagation, unmounting and the list of what is mounted. Stateless, any thread,
 * blocking. Source of options and order: hcsshim internal/guest/storage/mount.go.
 */

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "base/mem.h"
#include "guest/base/roots.h"

#define GUEST_MAX_PROPAGATIONS 8

struct guest_mount_options {
        unsigned long flags;                               /* MS_* of mount(2) */
        unsigned long propagation[GUEST_MAX_PROPAGATIONS]; /* MS_SHARED and its like, in the order given */
        size_t n_propagation;
        char *data; /* what is left, joined by commas; "" for nothing */
};

/* Words that are no flag are data. More than GUEST_MAX_PROPAGATIONS: E_INVALIDARG. */
HRESULT guest_mount_parse_options(const char *const *options, size_t n, struct guest_mount_options *ret,
                                  struct hcs_error **err);
void guest_mount_options_deinit(struct guest_mount_options *o);

/* mount(2) that says what it was asked; `what` names the thing in the error. */
HRESULT guest_mount(const char *source, const char *target, const char *type, unsigned long flags, const char *data,
                    struct hcs_error **err);
/* The same at a folder that is made, with all above it, if need be; when it fails a folder that was not there is gone.
 */
HRESULT guest_mount_making(const char *source, const char *target, mode_t mode, const char *type, unsigned long flags,
                           const char *data, struct hcs_error **err);
/* Mounts path on itself, shared with all below it. */
HRESULT guest_mount_rshared(const char *path, struct hcs_error **err);

/*
 * An absent target and one that nothing is mounted on are fine. remove: the tree at target goes too, but never what is
 * in another file system. A busy one is ERROR_BUSY.
 */
HRESULT guest_unmount(const char *target, bool remove, struct hcs_error **err);
/* All mounts at and below path, the newest first. */
HRESULT guest_unmount_below(const struct guest_roots *roots, const char *path, bool remove, struct hcs_error **err);

/* Targets of PROC/self/mounts at and below path, oldest first, unescaped. Caller frees by guest_mounts_free(). */
HRESULT guest_mounts_below(const struct guest_roots *roots, const char *path, char ***ret, size_t *ret_n,
                           struct hcs_error **err);
void guest_mounts_free(char **mounts, size_t n);

#endif
