/* SPDX-License-Identifier: MIT */

/* Overlay mounts. What is too long for one page of mount data, or has characters that the data's grammar needs, goes by
 * links with short names in a folder that a thread of its own makes its current one. Stateless. */

#include "guest/storage/overlay.h"

#include <errno.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/str.h"
#include "guest/base/path.h"
#include "guest/storage/mount.h"
#include "hcsshim/log.h"
#include "platform/thread.h"

static bool is_set(const char *s) {
        return s && *s;
}

static bool has_special(const char *path) {
        return strpbrk(path, ":,\\\"") != NULL;
}

/* lowerdir=A:B,upperdir=U,workdir=W */
static void add_data(const struct guest_overlay *o, struct hcs_buf *out) {
        hcs_buf_puts(out, "lowerdir=");
        for (size_t i = 0; i < o->n_layers; i++)
                hcs_buf_printf(out, "%s%s", i ? ":" : "", o->layers[i]);
        if (is_set(o->upper))
                hcs_buf_printf(out, ",upperdir=%s", o->upper);
        if (is_set(o->work))
                hcs_buf_printf(out, ",workdir=%s", o->work);
}

static bool fits(const struct guest_overlay *o, const struct hcs_buf *data) {
        bool special = (is_set(o->upper) && has_special(o->upper)) || (is_set(o->work) && has_special(o->work));

        for (size_t i = 0; i < o->n_layers; i++)
                special = special || has_special(o->layers[i]);
        return !special && data->len < (size_t)sysconf(_SC_PAGESIZE);
}

struct short_mount {
        const char *folder, *target, *data;
        unsigned long flags;
        int errnum;
};

static void mount_in_folder(void *arg) {
        struct short_mount *m = arg;

        /* The current folder becomes this thread's own. */
        if (unshare(CLONE_FS) < 0 || chdir(m->folder) < 0 ||
            mount("overlay", m->target, "overlay", m->flags, m->data) < 0)
                m->errnum = errno;
}

static HRESULT add_link(const char *folder, const char *name, const char *path, struct hcs_error **err) {
        _cleanup_free_ char *link = hcs_asprintf("%s/%s", folder, name);

        return symlink(path, link) == 0 ? S_OK : hcs_error_errno(err, errno, "link %s to %s", link, path);
}

static HRESULT mount_by_links(const struct guest_overlay *o, const char *folder, unsigned long flags,
                              struct hcs_error **err) {
        _cleanup_buf_ struct hcs_buf data = {0};
        struct short_mount m = {.folder = folder, .target = o->target, .flags = flags};
        struct hcs_thread thread;
        HRESULT hr = S_OK;

        hcs_buf_puts(&data, "lowerdir=");
        for (size_t i = 0; i < o->n_layers && SUCCEEDED(hr); i++) {
                char name[24];

                snprintf(name, sizeof(name), "%zu", i);
                hcs_buf_printf(&data, "%s%s", i ? ":" : "", name);
                hr = add_link(folder, name, o->layers[i], err);
        }
        if (SUCCEEDED(hr) && is_set(o->upper)) {
                hr = add_link(folder, "u", o->upper, err);
                hcs_buf_puts(&data, ",upperdir=u");
        }
        if (SUCCEEDED(hr) && is_set(o->work)) {
                hr = add_link(folder, "w", o->work, err);
                hcs_buf_puts(&data, ",workdir=w");
        }
        if (FAILED(hr))
                return hr;
        if (data.len >= (size_t)sysconf(_SC_PAGESIZE))
                return hcs_error_make(err, E_INVALIDARG, "%zu layers are too many for an overlay", o->n_layers);
        m.data = data.data;
        hr = hcs_thread_start(&thread, mount_in_folder, &m, err);
        if (FAILED(hr))
                return hr;
        hcs_thread_join(&thread);
        return m.errnum ? hcs_error_errno(err, m.errnum, "mount an overlay of %zu layers at %s", o->n_layers, o->target)
                        : S_OK;
}

static HRESULT mount_overlay(const struct guest_roots *roots, const struct guest_overlay *o, struct hcs_error **err) {
        _cleanup_buf_ struct hcs_buf data = {0};
        _cleanup_free_ char *folder = hcs_asprintf("%s/overlay-XXXXXX", roots->run);
        unsigned long flags = o->read_only ? MS_RDONLY : 0;
        HRESULT hr;

        add_data(o, &data);
        if (fits(o, &data))
                return guest_mount("overlay", o->target, "overlay", flags, data.data, err);
        if (!mkdtemp(folder))
                return hcs_error_errno(err, errno, "make %s", folder);
        hr = mount_by_links(o, folder, flags, err);
        guest_path_remove(folder, NULL);
        return hr;
}

/* What a full disk looks like, for the log. */
static void log_space(const char *path) {
        _cleanup_free_ char *parent = guest_path_join(path, "..");
        char available[32], inodes[32];
        struct statvfs st;

        if (statvfs(parent, &st) < 0)
                return;
        snprintf(available, sizeof(available), "%llu", (unsigned long long)st.f_bavail * st.f_frsize);
        snprintf(inodes, sizeof(inodes), "%llu", (unsigned long long)st.f_ffree);
        hcs_log(HCS_LOG_WARN, "no space left", "path", path, "available-bytes", available, "free-inodes", inodes, NULL);
}

/* *made: it was not there. */
static HRESULT make(const char *path, const char *what, bool *made, struct hcs_error **err) {
        struct stat st;
        bool absent = stat(path, &st) < 0 && errno == ENOENT;
        HRESULT hr = guest_path_make(path, 0755, err);

        if (hr == HCS_WIN32(112))
                log_space(path);
        if (FAILED(hr)) {
                hcs_error_wrap(err, "failed to create %s", what);
                return hr;
        }
        *made = absent;
        return S_OK;
}

HRESULT guest_overlay_mount(const struct guest_roots *roots, const struct guest_overlay *o, struct hcs_error **err) {
        bool upper = false, work = false, target = false;
        HRESULT hr = S_OK;

        if (!is_set(o->target))
                return hcs_error_make(err, E_INVALIDARG, "cannot have empty target");
        if (o->read_only && (is_set(o->upper) || is_set(o->work)))
                return hcs_error_make(err, E_INVALIDARG,
                                      "upper `%s' and work `%s' must be empty for a read-only overlay",
                                      o->upper ? o->upper : "", o->work ? o->work : "");
        if (o->n_layers == 0)
                return hcs_error_make(err, E_INVALIDARG, "an overlay at %s without layers", o->target);
        if (is_set(o->upper))
                hr = make(o->upper, "upper directory in scratch space", &upper, err);
        if (SUCCEEDED(hr) && is_set(o->work))
                hr = make(o->work, "workdir in scratch space", &work, err);
        if (SUCCEEDED(hr))
                hr = make(o->target, "directory for container root filesystem", &target, err);
        if (SUCCEEDED(hr)) {
                hr = mount_overlay(roots, o, err);
                if (FAILED(hr))
                        hcs_error_wrap(err, "failed to mount overlayfs at %s", o->target);
        }
        if (FAILED(hr)) {
                if (target)
                        guest_path_remove(o->target, NULL);
                if (work)
                        guest_path_remove(o->work, NULL);
                if (upper)
                        guest_path_remove(o->upper, NULL);
        }
        return hr;
}

HRESULT guest_layers_combine(const struct guest_roots *roots,
                             const struct hcs_schema_guest_lcow_combined_layers *layers, struct hcs_error **err) {
        _cleanup_free_ const char **paths = hcs_calloc(layers->Layers.n + 1, sizeof(*paths));
        _cleanup_free_ char *upper = NULL, *work = NULL;
        struct guest_overlay o = {.layers = paths, .n_layers = layers->Layers.n, .target = layers->ContainerRootPath};

        for (size_t i = 0; i < layers->Layers.n; i++) {
                if (!is_set(layers->Layers.items[i].Path))
                        return hcs_error_make(err, E_INVALIDARG, "Layers[%zu].Path: there is none", i);
                paths[i] = layers->Layers.items[i].Path;
        }
        o.read_only = !is_set(layers->ScratchPath);
        if (!o.read_only) {
                o.upper = upper = guest_path_join(layers->ScratchPath, "upper");
                o.work = work = guest_path_join(layers->ScratchPath, "work");
        }
        return guest_overlay_mount(roots, &o, err);
}

HRESULT guest_layers_remove(const struct hcs_schema_guest_lcow_combined_layers *layers, struct hcs_error **err) {
        return guest_unmount(is_set(layers->ContainerRootPath) ? layers->ContainerRootPath : "", true, err);
}
