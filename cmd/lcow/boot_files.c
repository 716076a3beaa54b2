/* SPDX-License-Identifier: MIT */

/* The boot files of a run, found. */

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "cmd/lcow/lcow.h"
#include "platform/file.h"
#include "uvm/boot_files.h"

HRESULT lcow_make_absolute(char **path, struct hcs_error **err) {
        char *absolute = realpath(*path, NULL);

        if (!absolute)
                return hcs_error_errno(err, errno, "%s", *path);
        free(*path);
        *path = absolute;
        return S_OK;
}

/* Boot files are named in their folder: of a path, the way there. */
static HRESULT name_in_folder(char **path, const char *folder, struct hcs_error **err) {
        struct hcs_buf up = {0};
        HRESULT hr;

        if (!*path || !strchr(*path, '/'))
                return S_OK;
        hr = lcow_make_absolute(path, err);
        if (FAILED(hr))
                return hr;
        for (const char *slash = folder; (slash = strchr(slash, '/')); slash++)
                hcs_buf_puts(&up, "../");
        hcs_buf_puts(&up, *path + 1);
        free(*path);
        *path = hcs_buf_steal(&up);
        return S_OK;
}

HRESULT lcow_find_boot_files(struct lcow_run *r, struct hcs_error **err) {
        _cleanup_free_ char *given = hcs_strdup(r->boot_folder);
        HRESULT hr;

        free(steal_pointer(&r->boot_folder));
        hr = uvm_boot_folder(given, &r->boot_folder, err);
        if (SUCCEEDED(hr))
                hr = lcow_make_absolute(&r->boot_folder, err);
        if (SUCCEEDED(hr))
                hr = name_in_folder(&r->kernel, r->boot_folder, err);
        if (FAILED(hr))
                return hr;
        for (int i = 0; i < 2; i++) {
                const char *names[] = {i ? "initrd.img" : "vmlinux", i ? "rootfs.vhd" : "kernel"};
                char **slot = i ? &r->root : &r->kernel;

                for (size_t k = 0; k < HCS_ARRAY_SIZE(names) && !*slot; k++) {
                        _cleanup_free_ char *path = hcs_asprintf("%s/%s", r->boot_folder, names[k]);

                        if (hcs_file_exists(path))
                                *slot = hcs_strdup(names[k]);
                }
                if (!*slot) {
                        _cleanup_free_ char *path = hcs_asprintf("%s/%s", r->boot_folder, names[i ? 0 : 1]);

                        return uvm_boot_file_missing(err, i ? "root file system" : "kernel", path);
                }
        }
        return S_OK;
}
