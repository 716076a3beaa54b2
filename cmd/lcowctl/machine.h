/* SPDX-License-Identifier: MIT */
#ifndef CMD_LCOWCTL_MACHINE_H
#define CMD_LCOWCTL_MACHINE_H

/* The VM of a run, the container in it and its network. One thread. */

#include "cmd/lcowctl/lcowctl.h"
#include "hcsshim/gcs.h"
#include "mockhcs/mockhcs.h"
#include "uvm/container.h"
#include "uvm/network.h"

struct machine {
        struct run *run;
        struct mockhcs *mock;
        struct hcs_cancel *cancel;
        char *id; /* of the VM */
        uint64_t deadline_ns;
        struct uvm_host host;
        struct oci_host files;
        struct hcs_client *client;
        struct uvm *vm;
        struct uvm_sink sink;
        struct uvm_devices *devices;
        struct network *network;
        struct uvm_container *container;
};

/* *ret_exit_code is the command's. */
HRESULT machine_run(struct run *r, struct mockhcs *mock, struct hcs_cancel *cancel, int *ret_exit_code,
                    struct hcs_error **err);
/* For what has to be done before the VM is up and its container runs. */
struct hcs_call machine_call(const struct machine *m);

/* network.c: an endpoint in the run's network and a namespace for it, made and taken away again. */
struct network;
HRESULT network_new(struct machine *m, struct network **ret, struct hcs_error **err);
/* The namespace, for the specification; valid as long as the network. */
const char *network_namespace(const struct network *n);
/* In the VM that runs. */
HRESULT network_attach(struct network *n, struct machine *m, struct hcs_error **err);
/* Removes what it made; NULL is fine. */
struct network *network_free(struct network *n);

#endif
