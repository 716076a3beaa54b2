/* SPDX-License-Identifier: MIT */
#ifndef HCS_UVM_DEVICES_H
#define HCS_UVM_DEVICES_H

/*
 * A utility VM as its containers use it: which disks, VPMem devices, shares and PCI devices it has, where they are in
 * the guest, who still uses them, and the requests to HCS and to the guest that bring that about, in hcsshim's order:
 * to HCS first and then to the guest, and the other way round to take something away; when the guest refuses, HCS is
 * asked to take back. Where the requests go is the sink's: oci_steps only writes them down.
 *
 * Equal disks are attached once and equal mounts mounted once, with a count of users; so are VPMem devices, shares of
 * Windows and PCI devices. Plan 9 shares are not counted. Every uvm_devices_add_... that succeeds gives a ticket, with
 * which uvm_devices_release() gives the use back. One thread at a time.
 */

#include <stddef.h>
#include <stdint.h>

#include "base/mem.h"
#include "hcsshim/error.h"
#include "hcsshim/guid.h"
#include "hcsshim/schema.h"
#include "uvm/devices/file.h"

struct uvm_sink {
        void *ctx;
        /* The VM may open the file. */
        HRESULT (*grant)(void *ctx, const char *path, struct hcs_error **err);
        /* A ModifySettingRequest to HCS. */
        HRESULT (*modify)(void *ctx, const char *document, struct hcs_error **err);
        /* A guest.ModificationRequest over the bridge, as printed without escapes for HTML. */
        HRESULT (*request)(void *ctx, const char *request, struct hcs_error **err);
};

struct uvm_devices_settings {
        const char *id; /* "pod@vm"; must outlive the VM */
        bool is_windows;
        uint32_t build;            /* of the host */
        int32_t processors;        /* of the VM */
        unsigned scsi_controllers; /* up to 4 */
        unsigned reserved_luns;    /* of controller 0, from 0 on: what the VM boots from and writes to */
        uint32_t vpmem_count;
        uint32_t reserved_vpmem; /* devices, from 0 on: the VM's root */
        uint64_t vpmem_size;     /* bytes */
        bool vpmem_multi_mapping;
        bool physically_backed, no_writable_shares, no_direct_map, encrypt_scratch;
        const char *process_dump_location;         /* NULL: none */
        HRESULT (*new_guid)(void *ctx, GUID *ret); /* of devices; NULL: random ones */
        void *new_guid_ctx;
        /* Files of the host, for shares and VPMem; false: there is none. NULL: no file is there. */
        bool (*stat)(void *ctx, const char *path, struct uvm_file *ret);
        void *stat_ctx;
};

struct uvm_devices;
/* sink must outlive it. */
struct uvm_devices *uvm_devices_new(const struct uvm_devices_settings *settings, const struct uvm_sink *sink);
struct uvm_devices *uvm_devices_free(struct uvm_devices *u); /* sends nothing; returns NULL */
HCS_DEFINE_CLEANUP(struct uvm_devices *, uvm_devices_free)
#define _cleanup_uvm_devices_ _cleanup_(uvm_devices_freep)
const struct uvm_devices_settings *uvm_devices_settings(const struct uvm_devices *u);

typedef unsigned uvm_ticket;

struct uvm_disk {
        const char *type; /* "VirtualDisk", "PassThru", "ExtensibleVirtualDisk" */
        const char *path;
        const char *evd_type; /* NULL but for extensible disks */
        bool read_only;
        bool grant; /* the VM gets access to the file first */
};
/* How the guest mounts it; the members but guest_path are for Linux guests. */
struct uvm_disk_mount {
        const char *guest_path; /* NULL: the VM chooses */
        uint64_t partition;     /* 0: the whole disk */
        bool encrypted, ensure_filesystem, block_device;
        const char *filesystem; /* NULL: the guest finds out */
        const char *verity;     /* guest.DeviceVerityInfo: the guest reads through dm-verity; NULL: as it is */
        char *const *options;
        size_t n_options;
};
struct uvm_location {
        unsigned controller, lun;
};
/* Only attaches it, in the first free place, for whoever does something else with it than mounting. "no available
 * location" when all LUNs are taken. */
HRESULT uvm_devices_attach_disk(struct uvm_devices *u, const struct uvm_disk *disk, uvm_ticket *ret,
                                struct uvm_location *ret_location, struct hcs_error **err);
/* The same, and mounts it. ret_path: where it is in the guest, valid until the mount is released. */
HRESULT uvm_devices_add_disk(struct uvm_devices *u, const struct uvm_disk *disk, const struct uvm_disk_mount *mount,
                             uvm_ticket *ret, const char **ret_path, struct hcs_error **err);
/* A read-only layer on a VPMem device, or on a part of one. UVM_E_NO_VPMEM when it does not fit there: SCSI may do. */
#define UVM_E_NO_VPMEM HCS_WIN32(112) /* ERROR_DISK_FULL */
HRESULT uvm_devices_add_vpmem(struct uvm_devices *u, const char *path, uvm_ticket *ret, const char **ret_path,
                              struct hcs_error **err);
/* Linux guests. file: the one name in the folder that may be used, NULL: all. */
HRESULT uvm_devices_add_plan9(struct uvm_devices *u, const char *folder, const char *guest_path, bool read_only,
                              const char *file, uvm_ticket *ret, struct hcs_error **err);
/* Windows guests: a folder, or a file by a share of its folder that allows it. */
HRESULT uvm_devices_add_vsmb(struct uvm_devices *u, const char *path, bool read_only, uvm_ticket *ret,
                             struct hcs_error **err);
/* Where the guest sees such a path; caller frees, NULL: it is not shared. */
char *uvm_devices_vsmb_path(const struct uvm_devices *u, const char *path, bool read_only);
HRESULT uvm_devices_add_pipe(struct uvm_devices *u, const char *path, uvm_ticket *ret, struct hcs_error **err);
/* ret_guid: of the device on the VM's bus, valid until it is released. */
HRESULT uvm_devices_add_device(struct uvm_devices *u, const char *instance_path, uint16_t function, uvm_ticket *ret,
                               const char **ret_guid, struct hcs_error **err);
/* An overlay over layers of a Linux guest. */
HRESULT uvm_devices_add_layers(struct uvm_devices *u, const char *container_id, const char *root, const char *scratch,
                               const char *const *layers, size_t n, uvm_ticket *ret, struct hcs_error **err);
HRESULT uvm_devices_release(struct uvm_devices *u, uvm_ticket ticket, struct hcs_error **err);

#endif
