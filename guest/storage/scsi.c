/* SPDX-License-Identifier: MIT */

/* Finding disks, and letting go of them. Stateless; mounting is in scsi_mount.c. */

#include "guest/storage/scsi.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/mem.h"
#include "base/str.h"
#include "guest/base/await.h"
#include "platform/file.h"

/* What HCS calls its controllers in every utility VM: version 5 GUIDs of "0" to "3". Source: hcsshim
 * internal/protocol/guestrequest. */
static const char *const controller_guids[] = {
        "df6d0690-79e5-55b6-a5ec-c1e2f77f580a",
        "0110f83b-de10-5172-a266-78bca56bf50a",
        "b5d2d8d4-3a75-51bf-945b-3444dc6b8579",
        "305891a9-b251-5dfe-91a2-c25d9212275b",
};

struct host_wait {
        const struct guest_roots *roots;
        uint8_t controller;
        unsigned host;
};

/* N of a folder named hostN. */
static bool parse_host(const char *name, unsigned *ret) {
        uint64_t n;

        if (!hcs_str_starts(name, "host") || name[4] < '0' || name[4] > '9' || !hcs_str_to_u64(name + 4, &n) ||
            n > UINT16_MAX)
                return false;
        *ret = (unsigned)n;
        return true;
}

static HRESULT check_vmbus(void *ctx, struct hcs_error **err) {
        struct host_wait *w = ctx;
        _cleanup_free_ char *path =
                hcs_asprintf("%s/bus/vmbus/devices/%s", w->roots->sys, controller_guids[w->controller]);
        DIR *d = opendir(path);
        struct dirent *e;
        HRESULT hr = S_FALSE;

        if (!d)
                return errno == ENOENT ? S_FALSE : hcs_error_errno(err, errno, "read %s", path);
        while (hr == S_FALSE && (e = readdir(d)))
                if (parse_host(e->d_name, &w->host))
                        hr = S_OK;
        closedir(d);
        return hr;
}

/* An adapter and where it sits; the address orders them. */
struct adapter {
        unsigned host;
        char *address;
};

static int compare_adapters(const void *a, const void *b) {
        return strcmp(((const struct adapter *)a)->address, ((const struct adapter *)b)->address);
}

static bool is_virtio(const char *folder) {
        _cleanup_free_ char *path = hcs_asprintf("%s/proc_name", folder);
        _cleanup_buf_ struct hcs_buf text = {0};

        return SUCCEEDED(hcs_file_read(path, 64, &text, NULL)) && hcs_streq(hcs_buf_cstr(&text), "virtio_scsi\n");
}

static HRESULT check_virtio(void *ctx, struct hcs_error **err) {
        struct host_wait *w = ctx;
        _cleanup_free_ char *path = hcs_asprintf("%s/class/scsi_host", w->roots->sys);
        struct adapter *adapters = NULL;
        DIR *d = opendir(path);
        struct dirent *e;
        unsigned host;
        size_t n = 0;
        HRESULT hr = S_FALSE;

        if (!d)
                return errno == ENOENT ? S_FALSE : hcs_error_errno(err, errno, "read %s", path);
        while ((e = readdir(d))) {
                _cleanup_free_ char *folder = hcs_asprintf("%s/%s", path, e->d_name);

                if (!parse_host(e->d_name, &host) || !is_virtio(folder))
                        continue;
                adapters = hcs_realloc(adapters, (n + 1) * sizeof(*adapters));
                adapters[n].host = host;
                adapters[n].address = realpath(folder, NULL);
                if (adapters[n].address)
                        n++;
        }
        closedir(d);
        if (n) /* of nothing there is no array to sort */
                qsort(adapters, n, sizeof(*adapters), compare_adapters);
        if (w->controller < n) {
                w->host = adapters[w->controller].host;
                hr = S_OK;
        }
        for (size_t i = 0; i < n; i++)
                free(adapters[i].address);
        free(adapters);
        return hr;
}

HRESULT guest_scsi_host(const struct guest_roots *roots, uint8_t controller, uint64_t deadline_ns, unsigned *ret,
                        struct hcs_error **err) {
        _cleanup_free_ char *vmbus = hcs_asprintf("%s/bus/vmbus/devices", roots->sys);
        _cleanup_free_ char *what = hcs_asprintf("SCSI controller %u", controller);
        bool has_vmbus = hcs_file_is_directory(vmbus);
        struct host_wait w = {.roots = roots, .controller = controller};
        HRESULT hr;

        if (has_vmbus && controller >= HCS_ARRAY_SIZE(controller_guids))
                return hcs_error_make(err, E_INVALIDARG, "SCSI controller %u: there are only %zu", controller,
                                      HCS_ARRAY_SIZE(controller_guids));
        hr = guest_await(has_vmbus ? check_vmbus : check_virtio, &w, deadline_ns, what, err);
        if (SUCCEEDED(hr))
                *ret = w.host;
        return hr;
}

struct device_wait {
        const struct guest_roots *roots;
        const char *folder; /* .../block of the disk */
        uint64_t partition;
        char *path;
};

/* The one name in a folder: S_FALSE without one. */
static HRESULT only_name(const char *folder, char **ret, struct hcs_error **err) {
        DIR *d = opendir(folder);
        struct dirent *e;
        char *name = NULL;

        if (!d)
                return errno == ENOENT ? S_FALSE : hcs_error_errno(err, errno, "read %s", folder);
        while ((e = readdir(d))) {
                if (e->d_name[0] == '.')
                        continue;
                if (name) {
                        free(name);
                        closedir(d);
                        return hcs_error_make(err, E_FAIL, "more than one block device in %s", folder);
                }
                name = hcs_strdup(e->d_name);
        }
        closedir(d);
        *ret = name;
        return name ? S_OK : S_FALSE;
}

static HRESULT check_device(void *ctx, struct hcs_error **err) {
        struct device_wait *w = ctx;
        _cleanup_free_ char *name = NULL, *part = NULL, *path = NULL;
        HRESULT hr = only_name(w->folder, &name, err);
        int fd;

        if (hr != S_OK)
                return hr;
        if (w->partition) {
                _cleanup_free_ char *folder = NULL;

                part = hcs_asprintf("%s%" PRIu64, name, w->partition);
                folder = hcs_asprintf("%s/%s/%s", w->folder, name, part);
                if (!hcs_file_exists(folder))
                        return S_FALSE;
        }
        path = hcs_asprintf("%s/%s", w->roots->dev, part ? part : name);
        fd = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
        if (fd < 0)
                return errno == ENOENT || errno == ENXIO || errno == ENODEV
                               ? S_FALSE
                               : hcs_error_errno(err, errno, "open %s", path);
        close(fd);
        w->path = steal_pointer(&path);
        return S_OK;
}

HRESULT guest_scsi_device(const struct guest_roots *roots, uint8_t controller, uint8_t lun, uint64_t partition,
                          uint64_t deadline_ns, char **ret, struct hcs_error **err) {
        _cleanup_free_ char *folder = NULL, *what = NULL;
        struct device_wait w = {.roots = roots, .partition = partition};
        unsigned host;
        HRESULT hr = guest_scsi_host(roots, controller, deadline_ns, &host, err);

        if (FAILED(hr))
                return hr;
        w.folder = folder = hcs_asprintf("%s/bus/scsi/devices/%u:0:0:%u/block", roots->sys, host, lun);
        what = partition ? hcs_asprintf("partition %" PRIu64 " of SCSI disk %u:0:0:%u (controller %u)", partition, host,
                                        lun, controller)
                         : hcs_asprintf("SCSI disk %u:0:0:%u (controller %u)", host, lun, controller);
        hr = guest_await(check_device, &w, deadline_ns, what, err);
        if (SUCCEEDED(hr))
                *ret = w.path;
        return hr;
}

HRESULT guest_scsi_unplug(const struct guest_roots *roots, const struct hcs_schema_guest_scsi_device *device,
                          struct hcs_error **err) {
        _cleanup_free_ char *path = NULL;
        struct hcs_error *why = NULL;
        unsigned host;
        HRESULT hr = guest_scsi_host(roots, device->Controller, 0, &host, &why);
        int fd, errnum = 0;

        if (hr == HCS_WIN32(1460)) { /* no such controller, no such disk */
                hcs_error_free(why);
                return S_OK;
        }
        if (FAILED(hr))
                return hcs_error_move(err, &why);
        path = hcs_asprintf("%s/bus/scsi/devices/%u:0:0:%u/delete", roots->sys, host, device->Lun);
        fd = open(path, O_WRONLY | O_CLOEXEC);
        if (fd < 0)
                return errno == ENOENT ? S_OK : hcs_error_errno(err, errno, "open %s", path);
        /* ENODEV: somebody else was first. */
        if (write(fd, "1\n", 2) != 2 && errno != ENODEV)
                errnum = errno;
        close(fd);
        return errnum ? hcs_error_errno(err, errnum, "unplug by %s", path) : S_OK;
}
