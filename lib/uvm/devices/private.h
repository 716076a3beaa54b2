/* SPDX-License-Identifier: MIT */
#ifndef HCS_UVM_DEVICES_PRIVATE_H
#define HCS_UVM_DEVICES_PRIVATE_H

/* What the kinds of devices share: tickets, and one way to send requests. */

#include "base/str.h"
#include "uvm/devices/devices.h"

#define UVM_LUNS 64u

/* What a ticket stands for: a kind's release function and its object. */
struct uvm_use {
        HRESULT (*release)(struct uvm_devices *u, void *object, struct hcs_error **err); /* NULL: released */
        void (*drop)(void *object); /* frees what was never released; NULL: the object is in a list below */
        void *object;
};

struct uvm_attachment;
struct uvm_mount;
struct uvm_vpmem;
struct uvm_share;
struct uvm_device;

struct uvm_devices {
        struct uvm_devices_settings s;
        const struct uvm_sink *sink;
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

uvm_ticket uvm_use_new(struct uvm_devices *u, HRESULT (*release)(struct uvm_devices *, void *, struct hcs_error **),
                       void (*drop)(void *), void *object);
/* {"ResourcePath", "RequestType", "Settings"}; settings: printed, NULL for none. */
HRESULT uvm_modify(struct uvm_devices *u, const char *resource, const char *type, const char *settings,
                   struct hcs_error **err);
/* {"RequestType", "ResourceType", "Settings"} */
HRESULT uvm_request(struct uvm_devices *u, const char *type, const char *resource_type, const char *settings,
                    struct hcs_error **err);
/* Puts an object into the first free slot of a list; returns its index. */
size_t uvm_slot(void ***list, size_t *n, void *object);

bool uvm_stat(const struct uvm_devices *u, const char *path, struct uvm_file *ret);

void uvm_free_disks(struct uvm_devices *u);
void uvm_free_vpmem(struct uvm_devices *u);
void uvm_free_shares(struct uvm_devices *u);

#endif
