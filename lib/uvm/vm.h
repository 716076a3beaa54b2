/* SPDX-License-Identifier: MIT */
#ifndef HCS_UVM_VM_H
#define HCS_UVM_VM_H

/*
 * A utility VM: a compute system made of a plan, the connections its guest dials while it boots, and the bridge to the
 * agent in it. Belongs to who created it. uvm_wait(), uvm_terminate() and the requests of its sink may be called by any
 * thread; create, start and close by one.
 *
 * The guest dials ports of the host in this order: 1 for entropy, 109 for its log, 0x40000000 for the bridge; a Windows
 * guest its services for log and bridge. Listeners are there before the VM starts; each waiting for the guest ends when
 * the VM does. A guest that goes on from a saved state (VirtualMachine.RestoreState) dials the bridge again, and has
 * its policy; what ran in it is found by hcs_gcs_container_attach().
 */

#include "hcsshim/gcs.h"
#include "hcsshim/hcs.h"
#include "uvm/devices/devices.h"
#include "uvm/document.h"

struct uvm;

struct uvm_create_options {
        struct hcs_client *client;
        const char *id;
        bool is_windows, is_confidential;
        /* How this VM's guest is reached; NULL: as has_guest says. */
        struct hcs_gcs_transport *transport;
        /* There is one, to be found by the VM's RuntimeId: at a Hyper-V socket, or in the folder of an emulated one
         * (platform/hvsocket.h). Without it, and without a transport, nothing is waited for and nobody can be asked. */
        bool has_guest;
        bool has_log; /* the guest sends its log, which goes into ours */
        /* The bridge is somebody else's, or the guest has none: nobody can be asked, and uvm_start() waits for nothing.
         * Entropy and log are there for the guest when it wants them, as long as the VM is. */
        bool no_bridge;
        /* Of the bridge, as hcs_gcs_options; and of the log. */
        hcs_gcs_tap_fn tap;
        hcs_gcs_tap_bytes_fn tap_bytes;
        void (*log)(void *ctx, const void *data, size_t n);
        void *tap_ctx; /* of all three */
        /* Given to the guest as soon as it is there; NULL: no policy. */
        const struct hcs_schema_guest_confidential_options *policy;
        /* Every document to HCS, before it is sent: what ("create", "modify") and its text. NULL: nobody looks. */
        void (*show)(void *ctx, const char *what, const char *document);
        /* Within uvm_start(): HCS says that it runs; its guest is not there yet. NULL: nobody wants to know. */
        void (*started)(void *ctx, struct hcs_system *system);
        /* Its guest's kernel gave up: what HCS tells of that. On a thread of HCS. */
        void (*crashed)(void *ctx, const char *report);
        void *show_ctx; /* of all three */
};

/* Takes the plan's steps and creates the system; on success the plan is the VM's, and empty. On failure nothing is left
 * behind. */
HRESULT uvm_create(const struct uvm_create_options *o, struct uvm_plan *plan, const struct hcs_call *call,
                   struct uvm **ret, struct hcs_error **err);
/*
 * Starts it and, where there is a transport, brings the bridge up. call bounds each waiting for the guest; default
 * 120 s. A VM that ends meanwhile is the error that is told (HCS_E_UNEXPECTED_EXIT). On failure the VM is terminated.
 */
HRESULT uvm_start(struct uvm *u, const struct hcs_call *call, struct hcs_error **err);
/* Why the guest's agent hangs, if it does: the stacks of its threads. Caller frees. */
HRESULT uvm_dump_stacks(struct uvm *u, const struct hcs_call *call, char **ret, struct hcs_error **err);
/* What HCS says that it uses; what it does not say is 0. */
struct uvm_statistics {
        uint64_t uptime_ns, processor_ns;   /* of all processors together */
        uint64_t read_bytes, written_bytes; /* of its storage */
        uint64_t assigned_bytes;            /* memory that the VM has */
        uint64_t available_bytes;           /* of that, not in use */
        uint64_t reserved_bytes;
        bool balancing; /* its memory grows and shrinks */
};
HRESULT uvm_statistics(struct uvm *u, const struct hcs_call *call, struct uvm_statistics *ret, struct hcs_error **err);
/* Asks the guest to end the VM, and waits for it; without a guest, or when it does not in time, E_ABORT and friends. */
HRESULT uvm_shutdown(struct uvm *u, const struct hcs_call *call, struct hcs_error **err);
HRESULT uvm_terminate(struct uvm *u, struct hcs_error **err);
/* Until the VM is gone, whatever ended it; any number of waiters. */
HRESULT uvm_wait(struct uvm *u, const struct hcs_call *call, struct hcs_error **err);
/* S_OK after an exit that was asked for, HCS_E_UNEXPECTED_EXIT after another, HCS_E_INVALID_STATE before. */
HRESULT uvm_exit_error(struct uvm *u, struct hcs_error **err);
/* Terminates what still runs, waits, and frees; copies of boot files are removed. NULL is fine, returns NULL. */
struct uvm *uvm_close(struct uvm *u);
HCS_DEFINE_CLEANUP(struct uvm *, uvm_close)
#define _cleanup_uvm_ _cleanup_(uvm_closep)

const char *uvm_id(const struct uvm *u);
uint32_t uvm_processors(const struct uvm *u);
struct hcs_system *uvm_system(struct uvm *u);        /* the VM's; valid as long as it */
struct hcs_gcs_connection *uvm_guest(struct uvm *u); /* NULL before the start, and without a transport */

/* Where requests for this VM go: to HCS, and over the bridge. Valid as long as the VM. Requests to a guest that is not
 * there are HCS_E_INVALID_STATE. */
struct uvm_sink uvm_sink(struct uvm *u);
/* What the devices of its containers (uvm/devices/devices.h) have to know: id, system, processors, controllers and
 * whether the first LUN is taken; the rest is the options'. */
struct uvm_devices_settings uvm_device_settings(const struct uvm *u, uint32_t build);

#endif
