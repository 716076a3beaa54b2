/* SPDX-License-Identifier: MIT */

/* The command line of a Linux guest's kernel. The order of its words counts: it is part of the document. */

#include "base/buf.h"
#include "base/str.h"
#include "uvm/parts.h"

HRESULT uvm_kernel_root(bool on_vpmem, bool verity, const char *verity_args, char **ret) {
        _cleanup_free_ char *quoted = NULL;

        if (on_vpmem || !verity) {
                *ret = hcs_asprintf("root=/dev/%s ro rootwait init=/init", on_vpmem ? "pmem0" : "sda");
                return S_OK;
        }
        if (!uvm_is_set(verity_args))
                return E_INVALIDARG;
        quoted = hcs_str_go_quoted(verity_args);
        *ret = hcs_asprintf("root=/dev/dm-0 dm-mod.create=%s init=/init", quoted);
        return S_OK;
}

static void put_console(struct hcs_buf *b, const struct uvm_kernel_line *k) {
        if (k->has_console && k->is_arm64)
                hcs_buf_puts(b, " console=ttyAMA0,115200");
        else if (k->has_console)
                hcs_buf_puts(b, " 8250_core.nr_uarts=1 8250_core.skip_txen_test=1 console=ttyS0,115200");
        else if (!k->is_arm64)
                hcs_buf_puts(b, " 8250_core.nr_uarts=0");
        if (k->has_graphics)
                hcs_buf_puts(b, " console=tty");
        if (!k->has_console && !k->has_graphics)
                hcs_buf_puts(b, " panic=-1 quiet");
}

char *uvm_kernel_line(const struct uvm_kernel_line *k) {
        _cleanup_buf_ struct hcs_buf b = {0};

        /* virtio's vsock would be in the way of hvsocket. Without a root the first shim's line begins with a blank. */
        hcs_buf_printf(&b, "%s%sinitcall_blacklist=virtio_vsock_init", k->root, *k->root || !k->is_v2 ? " " : "");
        put_console(&b, k);
        if (uvm_is_set(k->options))
                hcs_buf_printf(&b, " %s", k->options);
        if (!k->has_pci)
                hcs_buf_puts(&b, " pci=off");
        hcs_buf_printf(&b, " nr_cpus=%d brd.rd_nr=0 pmtmr=0 -- -e 1%s ", (int)k->processors,
                       k->writable_overlays ? " -w" : "");
        if (!k->has_console && !k->has_graphics)
                hcs_buf_puts(&b, k->exec);
        else
                hcs_buf_printf(&b, k->is_v2 ? "sh -c\"%s& exec sh\"" : "sh -c \"%s & exec sh\"", k->exec);
        return hcs_buf_steal(&b);
}

void uvm_put_kernel(struct hcs_schema_chipset *chipset, const struct hcs_schema_uvm_lcow_options *o,
                    const struct uvm_host *host, const char *line) {
        struct hcs_schema_linux_kernel_direct *direct;
        struct hcs_schema_uefi_boot_entry *boot;

        if (o->KernelDirect) {
                direct = UVM_NEW(chipset->LinuxKernelDirect);
                uvm_take_text(&direct->KernelFilePath, uvm_path_join(host, o->BootFilesPath, o->KernelFile));
                uvm_set_text(&direct->KernelCmdLine, line);
                if (o->PreferredRootFSType == UVM_ROOT_INITRD)
                        uvm_take_text(&direct->InitRdPath, uvm_path_join(host, o->BootFilesPath, o->RootFSFile));
                return;
        }
        boot = UVM_NEW(UVM_NEW(chipset->Uefi)->BootThis);
        uvm_take_text(&boot->DevicePath, hcs_asprintf("\\%s", o->KernelFile));
        uvm_set_text(&boot->DeviceType, "VmbFs");
        uvm_set_text(&boot->VmbFsRootPath, o->BootFilesPath);
        uvm_set_text(&boot->OptionalData, line);
}

void uvm_warn_of_overlay(struct oci_warnings *w) {
        oci_warn(w, "ignoring `WritableOverlayDirs` option since rootfs is already writable");
}
