/* SPDX-License-Identifier: MIT */

/* Disks at their mount paths: the device, what device-mapper puts above it, the file system. Stateless. */

#include <errno.h>
#include <inttypes.h>
#include <sys/mount.h>
#include <unistd.h>

#include "base/str.h"
#include "guest/base/path.h"
#include "guest/storage/crypt.h"
#include "guest/storage/dm.h"
#include "guest/storage/format.h"
#include "guest/storage/mount.h"
#include "guest/storage/scsi.h"
#include "hcsshim/log.h"

typedef struct hcs_schema_guest_lcow_mapped_virtual_disk disk_t;

static char *verity_name(const disk_t *d, unsigned host) {
        return hcs_asprintf("dm-verity-scsi-contr%u-lun%u-p%" PRIu64 "-%s", host, d->Lun, d->Partition,
                            d->VerityInfo->RootDigest ? d->VerityInfo->RootDigest : "");
}

static char *crypt_name(const disk_t *d, unsigned host) {
        return hcs_asprintf("dm-crypt-scsi-contr%u-lun%u-p%" PRIu64, host, d->Lun, d->Partition);
}

/* A device-mapper device that will not go after its mount has gone does no harm. */
static void drop_quietly(const struct guest_roots *roots, const char *name) {
        struct hcs_error *err = NULL;

        if (FAILED(guest_dm_remove(roots, name, &err)))
                hcs_log(HCS_LOG_DEBUG, "failed to remove device-mapper device", "name", name, "error",
                        hcs_error_message(err), NULL);
        hcs_error_free(err);
}

static HRESULT link_device(const char *source, const char *target, struct hcs_error **err) {
        _cleanup_free_ char *parent = guest_path_join(target, "..");
        HRESULT hr = guest_path_make(parent, 0700, err);

        if (SUCCEEDED(hr) && symlink(source, target) < 0)
                hr = hcs_error_errno(err, errno, "link %s to %s", target, source);
        return hr;
}

/* Which file system to mount `source` as; makes it where that is asked for. */
static HRESULT settle_filesystem(const struct guest_roots *roots, const disk_t *d, const char *source, bool is_new,
                                 const char **ret, struct hcs_error **err) {
        const char *wanted = d->Filesystem ? d->Filesystem : "", *there = "";
        HRESULT hr = is_new ? S_OK : guest_format_detect(source, &there, err);

        if (FAILED(hr)) {
                hcs_error_wrap(err, "getting device's filesystem");
                return hr;
        }
        if (!*wanted && !hcs_streq(there, "ext4"))
                return hcs_error_make(
                        err, E_FAIL, "getting device's filesystem: %s has no ext4, and no Filesystem is named", source);
        if (d->EnsureFilesystem && !hcs_streq(there, wanted)) {
                hr = guest_format(roots, source, wanted, err);
                if (FAILED(hr))
                        return hr;
        }
        *ret = *wanted ? wanted : there;
        return S_OK;
}

static HRESULT mount_filesystem(const disk_t *d, const char *source, const char *type, struct hcs_error **err) {
        struct guest_mount_options options;
        const char *data = "";
        HRESULT hr = guest_mount_parse_options((const char *const *)d->Options.items, d->Options.n, &options, err);

        if (FAILED(hr))
                return hr;
        /* A read-only device cannot have its journal replayed. */
        if (d->ReadOnly)
                data = hcs_streq(type, "ext4") ? "noload" : hcs_streq(type, "xfs") ? "norecovery" : "";
        hr = guest_mount_making(source, d->MountPath, 0700, type, d->ReadOnly ? MS_RDONLY : 0, data, err);
        /* Of the options only propagation counts. */
        for (size_t i = 0; i < options.n_propagation && SUCCEEDED(hr); i++) {
                hr = guest_mount(d->MountPath, d->MountPath, "", options.propagation[i], "", err);
                if (FAILED(hr))
                        guest_unmount(d->MountPath, true, NULL);
        }
        guest_mount_options_deinit(&options);
        return hr;
}

static HRESULT mount_device(const struct guest_roots *roots, const disk_t *d, const char *device, unsigned host,
                            uint64_t deadline_ns, struct hcs_error **err) {
        _cleanup_free_ char *crypt = NULL, *node = NULL;
        const char *type = "";
        HRESULT hr;

        if (d->BlockDev)
                return link_device(device, d->MountPath, err);
        if (d->Encrypted) {
                crypt = crypt_name(d, host);
                hr = guest_crypt_open(roots, device, crypt, deadline_ns, &node, err);
                if (FAILED(hr)) {
                        hcs_error_wrap(err, "failed to mount encrypted device %s", device);
                        return hr;
                }
        }
        hr = settle_filesystem(roots, d, node ? node : device, d->Encrypted, &type, err);
        if (SUCCEEDED(hr))
                hr = mount_filesystem(d, node ? node : device, type, err);
        if (FAILED(hr) && crypt)
                guest_crypt_close(roots, crypt, NULL);
        return hr;
}

HRESULT guest_scsi_mount(const struct guest_roots *roots, const disk_t *disk, uint64_t deadline_ns,
                         struct hcs_error **err) {
        _cleanup_(guest_dm_target_deinit) struct guest_dm_target t = {0};
        _cleanup_free_ char *device = NULL, *verity = NULL, *node = NULL;
        unsigned host;
        HRESULT hr = guest_scsi_device(roots, disk->Controller, disk->Lun, disk->Partition, deadline_ns, &device, err);

        if (SUCCEEDED(hr))
                hr = guest_scsi_host(roots, disk->Controller, deadline_ns, &host, err);
        if (FAILED(hr) || !disk->MountPath || !*disk->MountPath)
                return hr;
        if (disk->ReadOnly && disk->VerityInfo) {
                verity = verity_name(disk, host);
                hr = guest_dm_verity(device, disk->VerityInfo, &t, err);
                if (SUCCEEDED(hr))
                        hr = guest_dm_create(roots, verity, true, &t, 1, deadline_ns, &node, err);
                if (FAILED(hr))
                        return hr;
        }
        hr = mount_device(roots, disk, node ? node : device, host, deadline_ns, err);
        if (FAILED(hr) && verity)
                drop_quietly(roots, verity);
        return hr;
}

HRESULT guest_scsi_unmount(const struct guest_roots *roots, const disk_t *disk, uint64_t deadline_ns,
                           struct hcs_error **err) {
        HRESULT hr;
        unsigned host;

        if (!disk->MountPath || !*disk->MountPath)
                return S_OK;
        if (disk->BlockDev)
                hr = unlink(disk->MountPath) < 0 && errno != ENOENT
                             ? hcs_error_errno(err, errno, "remove %s", disk->MountPath)
                             : S_OK;
        else
                hr = guest_unmount(disk->MountPath, true, err);
        if (FAILED(hr) || (!disk->Encrypted && !disk->VerityInfo))
                return hr;
        hr = guest_scsi_host(roots, disk->Controller, deadline_ns, &host, err);
        if (SUCCEEDED(hr) && disk->VerityInfo) {
                _cleanup_free_ char *name = verity_name(disk, host);

                drop_quietly(roots, name);
        }
        if (SUCCEEDED(hr) && disk->Encrypted) {
                _cleanup_free_ char *name = crypt_name(disk, host);

                hr = guest_crypt_close(roots, name, err);
        }
        return hr;
}
