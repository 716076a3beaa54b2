/* SPDX-License-Identifier: MIT */

/* Which files a VM boots, and what its kernel is told. */

#include <string.h>

#include "base/buf.h"
#include "base/str.h"
#include "cmd/uvmboot/uvmboot.h"
#include "hcsshim/gcs.h"
#include "platform/file.h"
#include "uvm/boot_files.h"

HRESULT uvmboot_find_files(const struct uvmboot_options *o, char **ret_kernel, char **ret_initrd,
                           struct hcs_error **err) {
        _cleanup_free_ char *folder = NULL, *kernel = NULL, *initrd = NULL;
        HRESULT hr = uvm_boot_folder(o->boot_files, &folder, err);

        if (FAILED(hr))
                return hr;
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
                return uvm_boot_file_missing(err, "kernel", kernel);
        if (!hcs_streq(o->root_fs, "none")) {
                initrd = hcs_asprintf("%s/initrd.img", folder);
                if (!hcs_file_exists(initrd))
                        return uvm_boot_file_missing(err, "boot file", initrd);
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
