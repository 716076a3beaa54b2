/* SPDX-License-Identifier: MIT */

/* Which files a VM boots, and what its kernel is told. */

#include <string.h>

#include "base/buf.h"
#include "base/str.h"
#include "cmd/uvmboot/uvmboot.h"
#include "hcsshim/gcs.h"
#include "platform/env.h"
#include "platform/file.h"
#include "platform/process.h"

static char *beside_us(void) {
        char *path = hcs_process_path(), *slash = path ? strrchr(path, '/') : NULL;
        char *folder;

        if (!slash) {
                free(path);
                return NULL;
        }
        *slash = '\0';
        folder = hcs_asprintf("%s/LinuxBootFiles", path);
        free(path);
        return folder;
}

/* The first folder that is there; where it was looked for in *ret_tried. */
static char *find_folder(const struct uvmboot_options *o, struct hcs_buf *tried) {
        char *places[] = {hcs_env_get("HCSSHIM_BOOT_FILES"), beside_us(),
                          hcs_strdup("/usr/lib/hcsshim/LinuxBootFiles")};
        char *found = hcs_strdup(o->boot_files);

        for (size_t i = 0; i < HCS_ARRAY_SIZE(places); i++) {
                if (!found && places[i]) {
                        hcs_buf_printf(tried, "%s`%s`", tried->len ? ", " : "", places[i]);
                        if (hcs_file_is_directory(places[i]))
                                found = steal_pointer(&places[i]);
                }
                free(places[i]);
        }
        return found;
}

static HRESULT missing(struct hcs_error **err, const char *what, const char *path) {
        hcs_error_make(err, HCS_WIN32(2), "%s: `%s` not found", what, path);
        hcs_error_set_hint(err,
                           "guest/image/build.py makes kernel and initrd.img; --boot-files-path names their folder");
        return HCS_WIN32(2);
}

HRESULT uvmboot_find_files(const struct uvmboot_options *o, char **ret_kernel, char **ret_initrd,
                           struct hcs_error **err) {
        _cleanup_buf_ struct hcs_buf tried = {0};
        _cleanup_free_ char *folder = find_folder(o, &tried), *kernel = NULL, *initrd = NULL;

        if (!folder)
                return missing(err, "boot files", hcs_buf_cstr(&tried));
        if (o->kernel) {
                kernel = strchr(o->kernel, '/') ? hcs_strdup(o->kernel) : hcs_asprintf("%s/%s", folder, o->kernel);
        } else {
                kernel = hcs_asprintf("%s/vmlinux", folder);
                if (!hcs_file_exists(kernel)) {
                        free(kernel);
                        kernel = hcs_asprintf("%s/kernel", folder);
                }
        }
        if (!hcs_file_exists(kernel))
                return missing(err, "kernel", kernel);
        if (!hcs_streq(o->root_fs, "none")) {
                initrd = hcs_asprintf("%s/initrd.img", folder);
                if (!hcs_file_exists(initrd))
                        return missing(err, "boot file", initrd);
        }
        *ret_kernel = steal_pointer(&kernel);
        *ret_initrd = steal_pointer(&initrd);
        return S_OK;
}

/*
 * The order of the words is that of hcsshim (makeLCOWDoc); what it has against devices that Hyper-V emulates, and
 * against virtio's vsock, is left out.
 */
char *uvmboot_command_line(const struct uvmboot_options *o) {
        _cleanup_buf_ struct hcs_buf line = {0};

        hcs_buf_puts(&line, "8250_core.nr_uarts=1 8250_core.skip_txen_test=1 console=ttyS0,115200 panic=-1");
        if (o->gcs && !o->debug)
                hcs_buf_puts(&line, " quiet");
        if (o->kernel_arguments)
                hcs_buf_printf(&line, " %s", o->kernel_arguments);
        if (o->processors)
                hcs_buf_printf(&line, " nr_cpus=%u", o->processors);
        hcs_buf_puts(&line, " brd.rd_nr=0 -- ");
        if (o->entropy)
                hcs_buf_printf(&line, "-e %u ", HCS_GCS_ENTROPY);
        if (!o->gcs) {
                /* Words are cut at blanks by the kernel, but not in quotes. */
                if (o->exec)
                        hcs_buf_printf(&line, "sh -c \"%s\"", o->exec);
                else
                        hcs_buf_puts(&line, "sh");
                return hcs_buf_steal(&line);
        }
        hcs_buf_puts(&line, "/bin/vsockexec");
        if (o->fwd_stdout)
                hcs_buf_printf(&line, " -o %u", HCS_GCS_LOG);
        if (o->fwd_stderr)
                hcs_buf_printf(&line, " -e %u", HCS_GCS_LOG);
        hcs_buf_printf(&line, " /bin/gcs -v4 -log-format json -loglevel %s -disable-time-sync",
                       o->log_level ? o->log_level
                       : o->debug   ? "debug"
                                    : "info");
        return hcs_buf_steal(&line);
}
