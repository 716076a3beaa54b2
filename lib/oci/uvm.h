/* SPDX-License-Identifier: MIT */
#ifndef HCS_OCI_UVM_H
#define HCS_OCI_UVM_H

/*
 * A utility VM as its containers use it: which disks, VPMem devices, shares and PCI devices it has, where they are in
 * the guest, who still uses them, and the requests to HCS and to the guest that bring that about, in hcsshim's order:
 * to HCS first and then to the guest, and the other way round to take something away; when the guest refuses, HCS is
 * asked to take back. Where the requests go is the sink's: oci_steps only writes them down.
 *
 * Equal disks are attached once and equal mounts mounted once, with a count of users; so are VPMem devices, shares of
 * Windows and PCI devices. Plan 9 shares are not counted. Every oci_uvm_add_... that succeeds gives a ticket, with
 * which oci_uvm_release() gives the use back. One thread at a time.
 */

#include <stddef.h>
#include <stdint.h>

#include "hcsshim/guid.h"
#include "oci/host.h"
#include "oci/spec.h"

struct oci_sink {
        void *ctx;
        /* The VM may open the file. */
        HRESULT (*grant)(void *ctx, const char *path, struct hcs_error **err);
        /* A ModifySettingRequest to HCS. */
        HRESULT (*modify)(void *ctx, const char *document, struct hcs_error **err);
        /* A guest.ModificationRequest over the bridge, as printed without escapes for HTML. */
        HRESULT (*request)(void *ctx, const char *request, struct hcs_error **err);
};

struct oci_uvm_settings {
        const char *id; /* "pod@vm"; must outlive the VM */
        bool is_windows;
        uint32_t build;            /* of the host */
        int32_t processors;        /* of the VM */
        unsigned scsi_controllers; /* up to 4 */
        bool first_lun_taken;      /* Windows VMs have their scratch there */
        uint32_t vpmem_count;
        uint64_t vpmem_size; /* bytes */
        bool vpmem_multi_mapping;
        bool physically_backed, no_writable_shares, no_direct_map, encrypt_scratch;
        const char *process_dump_location;         /* NULL: none */
        HRESULT (*new_guid)(void *ctx, GUID *ret); /* of devices; NULL: random ones */
        void *new_guid_ctx;
};

struct oci_uvm;
/* host and sink must outlive it. */
struct oci_uvm *oci_uvm_new(const struct oci_uvm_settings *settings, const struct oci_host *host,
                            const struct oci_sink *sink);
struct oci_uvm *oci_uvm_free(struct oci_uvm *u); /* sends nothing; returns NULL */
HCS_DEFINE_CLEANUP(struct oci_uvm *, oci_uvm_free)
#define _cleanup_oci_uvm_ _cleanup_(oci_uvm_freep)
const struct oci_uvm_settings *oci_uvm_settings(const struct oci_uvm *u);

typedef unsigned oci_ticket;

struct oci_disk {
        const char *type; /* "VirtualDisk", "PassThru", "ExtensibleVirtualDisk" */
        const char *path;
        const char *evd_type; /* NULL but for extensible disks */
        bool read_only;
        bool grant; /* the VM gets access to the file first */
};
/* How the guest mounts it; the members but guest_path are for Linux guests. */
struct oci_disk_mount {
        const char *guest_path; /* NULL: the VM chooses */
        uint64_t partition;     /* 0: the whole disk */
        bool encrypted, ensure_filesystem, block_device;
        const char *filesystem; /* NULL: the guest finds out */
        char *const *options;
        size_t n_options;
};
/* ret_path: where it is in the guest, valid until the mount is released. "no available location" when all LUNs are
 * taken. */
HRESULT oci_uvm_add_disk(struct oci_uvm *u, const struct oci_disk *disk, const struct oci_disk_mount *mount,
                         oci_ticket *ret, const char **ret_path, struct hcs_error **err);
/* A read-only layer on a VPMem device, or on a part of one. OCI_E_NO_VPMEM when it does not fit there: SCSI may do. */
#define OCI_E_NO_VPMEM HCS_WIN32(112) /* ERROR_DISK_FULL */
HRESULT oci_uvm_add_vpmem(struct oci_uvm *u, const char *path, oci_ticket *ret, const char **ret_path,
                          struct hcs_error **err);
/* Linux guests. file: the one name in the folder that may be used, NULL: all. */
HRESULT oci_uvm_add_plan9(struct oci_uvm *u, const char *folder, const char *guest_path, bool read_only,
                          const char *file, oci_ticket *ret, struct hcs_error **err);
/* Windows guests: a folder, or a file by a share of its folder that allows it. */
HRESULT oci_uvm_add_vsmb(struct oci_uvm *u, const char *path, bool read_only, oci_ticket *ret, struct hcs_error **err);
/* Where the guest sees such a path; caller frees, NULL: it is not shared. */
char *oci_uvm_vsmb_path(const struct oci_uvm *u, const char *path, bool read_only);
HRESULT oci_uvm_add_pipe(struct oci_uvm *u, const char *path, oci_ticket *ret, struct hcs_error **err);
/* ret_guid: of the device on the VM's bus, valid until it is released. */
HRESULT oci_uvm_add_device(struct oci_uvm *u, const char *instance_path, uint16_t function, oci_ticket *ret,
                           const char **ret_guid, struct hcs_error **err);
/* An overlay over layers of a Linux guest. */
HRESULT oci_uvm_add_layers(struct oci_uvm *u, const char *container_id, const char *root, const char *scratch,
                           const char *const *layers, size_t n, oci_ticket *ret, struct hcs_error **err);
HRESULT oci_uvm_release(struct oci_uvm *u, oci_ticket ticket, struct hcs_error **err);

#endif
