/* SPDX-License-Identifier: MIT */

/* Disks as mounts. See disk_mount.h. */

#include "oci/disk_mount.h"

#include "base/str.h"

HRESULT oci_disk_mount_add(struct uvm_devices *uvm, const struct hcs_schema_oci_mount *m,
                           const struct uvm_disk_mount *how, struct oci_uses *uses, const char **ret_path,
                           struct hcs_error **err) {
        bool is_evd = hcs_streq(m->type, "extensible-virtual-disk");
        bool is_physical = hcs_streq(m->type, "physical-disk");
        _cleanup_free_ char *evd_type = NULL, *evd_path = NULL;
        struct uvm_disk disk = {.type = is_physical ? "PassThru" : "VirtualDisk",
                                .path = m->source,
                                .read_only = oci_mount_is_read_only(m),
                                .grant = !is_evd};
        uvm_ticket ticket;
        HRESULT hr = is_evd ? oci_mount_evd(m->source, &evd_type, &evd_path, err) : S_OK;

        if (is_evd && SUCCEEDED(hr)) {
                disk.type = "ExtensibleVirtualDisk";
                disk.path = evd_path;
                disk.evd_type = evd_type;
        }
        if (SUCCEEDED(hr))
                hr = uvm_devices_add_disk(uvm, &disk, how, &ticket, ret_path, err);
        if (FAILED(hr))
                return oci_mount_wrap(err, hr,
                                      is_evd        ? "adding SCSI EVD mount"
                                      : is_physical ? "adding SCSI physical disk mount"
                                                    : "adding SCSI virtual disk mount",
                                      m);
        oci_uses_add(uses, ticket);
        return S_OK;
}
