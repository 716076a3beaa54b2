/* SPDX-License-Identifier: MIT */
#ifndef HCS_OCI_UVM_PRIVATE_H
#define HCS_OCI_UVM_PRIVATE_H

/* What the kinds of devices share: tickets, and one way to send requests. */

#include "oci/annotation.h"
#include "oci/uvm.h"

#define UVM_LUNS 64u

/* What a ticket stands for: a kind's release function and its object. */
struct uvm_use {
        HRESULT (*release)(struct oci_uvm *u, void *object, struct hcs_error **err); /* NULL: released */
        void (*drop)(void *object); /* frees what was never released; NULL: the object is in a list below */
        void *object;
};

struct uvm_attachment;
struct uvm_mount;
struct uvm_vpmem;
struct uvm_share;
struct uvm_device;

struct oci_uvm {
        struct oci_uvm_settings s;
        const struct oci_host *host;
        const struct oci_sink *sink;
        struct uvm_use *uses;
        size_t n_uses;
        /* Slots: NULL is free. */
        struct uvm_attachment **attachments; /* controller by controller */
        size_t n_attachments;
        struct uvm_mount **mounts;
        size_t n_mounts;
        struct uvm_vpmem *vpmem; /* s.vpmem_count devices */
        struct uvm_share **shares;
        size_t n_shares;
        struct uvm_device **devices;
        size_t n_devices;
        unsigned plan9_counter, vsmb_counter;
};

oci_ticket uvm_ticket(struct oci_uvm *u, HRESULT (*release)(struct oci_uvm *, void *, struct hcs_error **),
                      void (*drop)(void *), void *object);
/* {"ResourcePath", "RequestType", "Settings"}; settings: printed, NULL for none. */
HRESULT uvm_modify(struct oci_uvm *u, const char *resource, const char *type, const char *settings,
                   struct hcs_error **err);
/* {"RequestType", "ResourceType", "Settings"} */
HRESULT uvm_request(struct oci_uvm *u, const char *type, const char *resource_type, const char *settings,
                    struct hcs_error **err);
/* Puts an object into the first free slot of a list; returns its index. */
size_t uvm_slot(void ***list, size_t *n, void *object);

void uvm_free_disks(struct oci_uvm *u);
void uvm_free_vpmem(struct oci_uvm *u);
void uvm_free_shares(struct oci_uvm *u);

#endif
