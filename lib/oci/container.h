/* SPDX-License-Identifier: MIT */
#ifndef HCS_OCI_CONTAINER_H
#define HCS_OCI_CONTAINER_H

/*
 * From the specification of a container to the document that HCS, or the guest of a utility VM, creates it with; on the
 * way the VM gets the disks, shares and devices it needs. Byte for byte, and with the errors, of hcsshim's
 * internal/hcsoci, where golden data shows it.
 */

#include "oci/host.h"
#include "oci/spec.h"
#include "oci/uses.h"
#include "oci/warning.h"
#include "uvm/devices/devices.h"

/* What Windows containers run on: folders that were made ready before. */
struct oci_wcow_layer {
        const char *id, *path;
};
struct oci_wcow {
        const char *id, *owner;
        struct hcs_schema_oci_spec *spec; /* annotations are expanded in it */
        const struct oci_host *host;
        struct uvm_devices *uvm; /* NULL: a container of the host, isolated by processes */
        bool schema_v1, confidential, scale_cpu_limits;
        const char *network_namespace; /* of the host's networks; NULL: none */
        const struct oci_wcow_layer *layers;
        size_t n_layers;
        struct hcs_schema_container_credential_guard_state *credential_guard; /* NULL: none was set up */
};
/*
 * ret: for HCS a ComputeSystem (or v1.ContainerConfig), for a guest a HostedSystem (or guest.CWCOWHostedSystem); caller
 * frees. What the VM was given stays given on success, and is taken back on failure. E_INVALIDARG for a specification
 * that cannot be, HCS_WIN32(2) for missing files.
 */
HRESULT oci_wcow_document(const struct oci_wcow *c, char **ret, struct oci_warnings *w, struct hcs_error **err);

/* Layers of a Linux container: disks with a file system each, the lowest last, and a disk to write to. */
struct oci_lcow_layer {
        const char *path;
        uint64_t partition; /* 0: the whole disk */
        const char *verity; /* guest.DeviceVerityInfo; NULL: none. On SCSI; a layer on VPMem goes without */
};
struct oci_lcow {
        const char *id;
        struct hcs_schema_oci_spec *spec; /* becomes what the guest gets: copy it if it is needed once more */
        const struct oci_host *host;
        struct uvm_devices *uvm;
        const struct oci_lcow_layer *layers;
        size_t n_layers;
        const char *scratch; /* NULL: no layers, root.path is a folder of the host */
        /* What was given for it, to be given back when it is gone (oci_uses_release); NULL: nobody does. */
        struct oci_uses *uses;
};
/* ret: the gcs.LinuxHostedSystem for the guest; caller frees. Otherwise as above. */
HRESULT oci_lcow_document(const struct oci_lcow *c, char **ret, struct oci_warnings *w, struct hcs_error **err);

#endif
