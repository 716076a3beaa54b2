/* SPDX-License-Identifier: MIT */

/* Layers in persistent memory. Stateless. */

#include "guest/storage/pmem.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <sys/mount.h>
#include <unistd.h>

#include "guest/base/await.h"
#include "guest/storage/dm.h"
#include "guest/storage/mount.h"
#include "hcsshim/log.h"

typedef struct hcs_schema_guest_lcow_mapped_vp_mem_device device_t;

static char *linear_name(const device_t *d) {
        return hcs_asprintf("dm-linear-pmem%u-%" PRIu64 "-%" PRIu64, d->DeviceNumber,
                            d->MappingInfo->DeviceOffsetInBytes, d->MappingInfo->DeviceSizeInBytes);
}

static char *verity_name(const device_t *d) {
        return hcs_asprintf("dm-verity-pmem%u-%s", d->DeviceNumber,
                            d->VerityInfo->RootDigest ? d->VerityInfo->RootDigest : "");
}

static HRESULT check_node(void *ctx, struct hcs_error **err) {
        const char *path = ctx;
        int fd = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC);

        if (fd < 0)
                return errno == ENOENT || errno == ENXIO || errno == ENODEV
                               ? S_FALSE
                               : hcs_error_errno(err, errno, "open %s", path);
        close(fd);
        return S_OK;
}

static void drop(const struct guest_roots *roots, const char *name) {
        struct hcs_error *err = NULL;

        if (name && FAILED(guest_dm_remove(roots, name, &err)))
                hcs_log(HCS_LOG_DEBUG, "failed to remove device-mapper device", "name", name, "error",
                        hcs_error_message(err), NULL);
        hcs_error_free(err);
}

/* Puts a device above *device, which becomes it. *name is set when there is one. */
static HRESULT stack(const struct guest_roots *roots, char *made_name, const struct guest_dm_target *t,
                     uint64_t deadline_ns, char **device, char **name, struct hcs_error **err) {
        _cleanup_free_ char *own = made_name;
        char *node;
        HRESULT hr = guest_dm_create(roots, own, true, t, 1, deadline_ns, &node, err);

        if (FAILED(hr))
                return hr;
        free(*device);
        *device = node;
        *name = steal_pointer(&own);
        return S_OK;
}

HRESULT guest_pmem_mount(const struct guest_roots *roots, const device_t *device, uint64_t deadline_ns,
                         struct hcs_error **err) {
        _cleanup_free_ char *source = hcs_asprintf("%s/pmem%u", roots->dev, device->DeviceNumber);
        _cleanup_free_ char *linear = NULL, *verity = NULL;
        HRESULT hr = guest_await(check_node, source, deadline_ns, source, err);

        if (SUCCEEDED(hr) && device->MappingInfo) {
                _cleanup_(guest_dm_target_deinit) struct guest_dm_target t = {0};

                hr = guest_dm_linear(source, device->MappingInfo->DeviceOffsetInBytes,
                                     device->MappingInfo->DeviceSizeInBytes, &t, err);
                if (SUCCEEDED(hr))
                        hr = stack(roots, linear_name(device), &t, deadline_ns, &source, &linear, err);
        }
        if (SUCCEEDED(hr) && device->VerityInfo) {
                _cleanup_(guest_dm_target_deinit) struct guest_dm_target t = {0};

                hr = guest_dm_verity(source, device->VerityInfo, &t, err);
                if (SUCCEEDED(hr))
                        hr = stack(roots, verity_name(device), &t, deadline_ns, &source, &verity, err);
        }
        if (SUCCEEDED(hr))
                hr = guest_mount_making(source, device->MountPath ? device->MountPath : "", 0700, "ext4", MS_RDONLY,
                                        "noload", err);
        if (FAILED(hr)) {
                drop(roots, verity);
                drop(roots, linear);
        }
        return hr;
}

HRESULT guest_pmem_unmount(const struct guest_roots *roots, const device_t *device, struct hcs_error **err) {
        HRESULT hr = guest_unmount(device->MountPath ? device->MountPath : "", true, err);

        if (FAILED(hr))
                return hr;
        if (device->VerityInfo) {
                _cleanup_free_ char *name = verity_name(device);

                drop(roots, name);
        }
        if (device->MappingInfo) {
                _cleanup_free_ char *name = linear_name(device);

                drop(roots, name);
        }
        return S_OK;
}
