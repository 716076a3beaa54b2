/* SPDX-License-Identifier: MIT */

/* Device-mapper devices by ioctl. Every call opens the control device for itself. */

#include "guest/storage/dm.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/dm-ioctl.h>
#include <poll.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/buf.h"
#include "guest/base/path.h"
#include "platform/clock.h"

#define STATUS_ROOM    4096
#define CREATE_TICK_MS 100 /* as the original */
#define REMOVE_TRIES   10
#define REMOVE_TICK_MS 10

struct control {
        int fd;
};

static void control_close(struct control *c) {
        if (c->fd >= 0)
                close(c->fd);
}

static HRESULT control_open(const struct guest_roots *roots, struct control *c, struct hcs_error **err) {
        _cleanup_free_ char *path = hcs_asprintf("%s/mapper/control", roots->dev);

        c->fd = open(path, O_RDWR | O_CLOEXEC);
        if (c->fd >= 0)
                return S_OK;
        if (errno == ENOENT || errno == ENXIO || errno == ENODEV)
                return hcs_error_make(err, HCS_WIN32(50), "%s: this kernel has no device-mapper (%s)", path,
                                      strerror(errno));
        return hcs_error_errno(err, errno, "open %s", path);
}

static void init(struct dm_ioctl *d, size_t size, const char *name) {
        memset(d, 0, sizeof(*d));
        d->version[0] = 4;
        d->data_size = (uint32_t)size;
        d->data_start = sizeof(*d);
        memcpy(d->name, name, strlen(name));
}

/* Returns 0 or an errno, which decides whether to try again. */
static int call(const struct control *c, unsigned long op, struct dm_ioctl *d) {
        int r;

        do
                r = ioctl(c->fd, op, d);
        while (r < 0 && errno == EINTR);
        return r < 0 ? errno : 0;
}

static HRESULT check_name(const char *name, struct hcs_error **err) {
        if (*name && strlen(name) < DM_NAME_LEN && !strchr(name, '/') && name[0] != '.')
                return S_OK;
        return hcs_error_make(err, E_INVALIDARG, "device-mapper: `%s' cannot be the name of a device", name);
}

static void append_target(struct hcs_buf *b, const struct guest_dm_target *t) {
        struct dm_target_spec spec = {.sector_start = t->start, .length = t->length};
        size_t n = sizeof(spec) + strlen(t->params) + 1, padding = -n % 8;

        spec.next = (uint32_t)(n + padding);
        memcpy(spec.target_type, t->type, strnlen(t->type, sizeof(spec.target_type) - 1));
        hcs_buf_append(b, &spec, sizeof(spec));
        hcs_buf_append(b, t->params, strlen(t->params) + 1);
        hcs_buf_append(b, "\0\0\0\0\0\0\0", padding);
}

static int load(const struct control *c, const char *name, bool read_only, const struct guest_dm_target *targets,
                size_t n) {
        struct hcs_buf b = {0};
        struct dm_ioctl head;
        size_t size = sizeof(head);
        int r;

        /* All at once: a buffer that grows would leave copies of a key behind. */
        for (size_t i = 0; i < n; i++)
                size += sizeof(struct dm_target_spec) + strlen(targets[i].params) + 1 + 8;
        hcs_buf_reserve(&b, size);
        init(&head, size, name);
        head.target_count = (uint32_t)n;
        head.flags = DM_SECURE_DATA_FLAG | (read_only ? DM_READONLY_FLAG : 0);
        hcs_buf_append(&b, &head, sizeof(head));
        for (size_t i = 0; i < n; i++)
                append_target(&b, &targets[i]);
        r = call(c, DM_TABLE_LOAD, (struct dm_ioctl *)(void *)b.data);
        explicit_bzero(b.data, b.len);
        hcs_buf_deinit(&b);
        return r;
}

static void remove_quietly(const struct control *c, const char *name) {
        struct dm_ioctl d;

        init(&d, sizeof(d), name);
        call(c, DM_DEV_REMOVE, &d);
}

/* Makes, loads and resumes; *ret_step says which of them failed. */
static int try_create(const struct control *c, const char *name, bool read_only, const struct guest_dm_target *targets,
                      size_t n, dev_t *ret_dev, const char **ret_step) {
        struct dm_ioctl d;
        dev_t dev;
        int r;

        *ret_step = "create the device";
        init(&d, sizeof(d), name);
        r = call(c, DM_DEV_CREATE, &d);
        if (r)
                return r;
        dev = (dev_t)d.dev;
        *ret_step = "load the table";
        r = load(c, name, read_only, targets, n);
        if (!r) {
                *ret_step = "resume";
                init(&d, sizeof(d), name);
                r = call(c, DM_DEV_SUSPEND, &d); /* without DM_SUSPEND_FLAG it resumes */
        }
        if (r)
                remove_quietly(c, name);
        else
                *ret_dev = dev;
        return r;
}

HRESULT guest_dm_create(const struct guest_roots *roots, const char *name, bool read_only,
                        const struct guest_dm_target *targets, size_t n, uint64_t deadline_ns, char **ret,
                        struct hcs_error **err) {
        _cleanup_(control_close) struct control c = {.fd = -1};
        _cleanup_free_ char *node = hcs_asprintf("%s/mapper/%s", roots->dev, name);
        const char *step = "";
        dev_t dev = 0;
        HRESULT hr = check_name(name, err);
        int r;

        if (SUCCEEDED(hr))
                hr = control_open(roots, &c, err);
        if (FAILED(hr))
                return hr;
        for (;;) {
                r = try_create(&c, name, read_only, targets, n, &dev, &step);
                if ((r != ENOENT && r != ENXIO && r != ENODEV) || hcs_clock_ns() >= deadline_ns)
                        break;
                poll(NULL, 0, CREATE_TICK_MS);
        }
        if (r)
                return hcs_error_errno(err, r, "device-mapper %s: %s (%s)", name, step, n ? targets[0].type : "empty");
        unlink(node);
        if (mknod(node, S_IFBLK | 0600, dev) < 0) {
                hr = hcs_error_errno(err, errno, "device-mapper %s: make %s", name, node);
                remove_quietly(&c, name);
                return hr;
        }
        *ret = steal_pointer(&node);
        return S_OK;
}

HRESULT guest_dm_remove(const struct guest_roots *roots, const char *name, struct hcs_error **err) {
        _cleanup_(control_close) struct control c = {.fd = -1};
        _cleanup_free_ char *node = hcs_asprintf("%s/mapper/%s", roots->dev, name);
        struct dm_ioctl d;
        HRESULT hr = check_name(name, err);
        int r = 0;

        if (SUCCEEDED(hr))
                hr = control_open(roots, &c, err);
        if (FAILED(hr))
                return hr;
        for (int i = 0; i < REMOVE_TRIES; i++) {
                if (i)
                        poll(NULL, 0, REMOVE_TICK_MS);
                init(&d, sizeof(d), name);
                r = call(&c, DM_DEV_REMOVE, &d);
                if (r != EBUSY)
                        break;
        }
        if (r == ENXIO)
                return hcs_error_make(err, HCS_WIN32(1168), "device-mapper %s: there is no such device", name);
        if (r)
                return hcs_error_errno(err, r, "device-mapper %s: remove the device", name);
        unlink(node);
        return S_OK;
}

HRESULT guest_dm_status(const struct guest_roots *roots, const char *name, char **ret, struct hcs_error **err) {
        _cleanup_(control_close) struct control c = {.fd = -1};
        _cleanup_free_ struct dm_ioctl *d = hcs_calloc(1, STATUS_ROOM);
        struct dm_target_spec spec;
        HRESULT hr = check_name(name, err);
        int r;

        if (SUCCEEDED(hr))
                hr = control_open(roots, &c, err);
        if (FAILED(hr))
                return hr;
        init(d, STATUS_ROOM, name);
        r = call(&c, DM_TABLE_STATUS, d);
        if (r == ENXIO)
                return hcs_error_make(err, HCS_WIN32(1168), "device-mapper %s: there is no such device", name);
        if (r)
                return hcs_error_errno(err, r, "device-mapper %s: ask for the status", name);
        if (d->target_count != 1 || (d->flags & DM_BUFFER_FULL_FLAG) || d->data_start > STATUS_ROOM - sizeof(spec) - 1)
                return hcs_error_make(err, E_UNEXPECTED, "device-mapper %s: a status of %u targets", name,
                                      d->target_count);
        *ret = hcs_strndup((char *)d + d->data_start + sizeof(spec), STATUS_ROOM - d->data_start - sizeof(spec));
        return S_OK;
}
