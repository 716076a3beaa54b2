/* SPDX-License-Identifier: MIT */
#ifndef CMD_LCOW_MACHINE_H
#define CMD_LCOW_MACHINE_H

/* The VM of a run, the container in it and its network, for what is done there. One thread, but for what is told while
 * the VM is. */

#include "cmd/lcow/lcow.h"
#include "hcsshim/gcs.h"
#include "uvm/container.h"
#include "uvm/network.h"

struct lcow_machine {
        struct lcow_run *run;
        struct mockhcs *mock;
        struct hcs_cancel *cancel;
        char *id; /* of the VM */
        uint64_t deadline_ns;
        struct uvm_host host;
        struct oci_host files;
        struct hcs_client *client;
        struct hcs_system *system; /* from its start on, before vm is there */
        struct uvm *vm;
        uint32_t vpmem_count;
        uint64_t vpmem_size;
        struct uvm_sink sink;
        struct uvm_devices *devices;
        struct lcow_network *network;
        struct uvm_container *container;
};

#define LCOW_SHUTDOWN_MS 10000

/* For what has to be done before the VM is up and its container runs. */
struct hcs_call lcow_machine_call(const struct lcow_machine *m);

/* container.c: a new disk to write to is formatted; there may be none that is. */
HRESULT lcow_scratch_make(struct lcow_machine *m, struct hcs_error **err);

/* network.c: an endpoint in the run's network and a namespace for it, made and taken away again. */
struct lcow_network;
HRESULT lcow_network_new(struct lcow_machine *m, struct lcow_network **ret, struct hcs_error **err);
/* The namespace, for the specification; valid as long as the network. */
const char *lcow_network_namespace(const struct lcow_network *n);
/* In the VM that runs. */
HRESULT lcow_network_attach(struct lcow_network *n, struct lcow_machine *m, struct hcs_error **err);
/* Removes what it made; NULL is fine. */
struct lcow_network *lcow_network_free(struct lcow_network *n);

#endif
