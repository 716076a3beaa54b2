/* SPDX-License-Identifier: MIT */
#ifndef INTEGRATION_LCOW_RIG_H
#define INTEGRATION_LCOW_RIG_H

/*
 * A world for scenarios of Linux containers: what stands behind HCS (QEMU and a recorder, or a recording), and utility
 * VMs with containers in it, all by the libraries that a shim would use. Files have the paths of a Windows host,
 * C:\boot and C:\layers, which the emulator looks for below the world's folder: so a recording says nothing of the
 * machine it was made on. A failure ends the scenario: functions return false once it has failed.
 */

#include "base/buf.h"
#include "hcsshim/gcs.h"
#include "mockhcs/mockhcs.h"
#include "uvm/container.h"
#include "uvm/network.h"

/* For whatever must come, and may take its time in a machine that is emulated. */
extern const struct hcs_call patient;

struct world {
        const char *name; /* of the scenario */
        const char *folder, *record, *replay;
        struct mockhcs *mock;
        struct hcs_client *client;
        struct uvm_host host;
        struct oci_host files;
        char *failure; /* NULL: all is well */
};

/* Each belongs to the scenario, which closes it. */
struct machine {
        struct world *w;
        char *id;
        struct uvm *vm;
        struct uvm_sink sink;
        struct uvm_devices *devices;
};

/* folder and record: the world is real and is recorded; replay: it is that recording. */
bool world_open(struct world *w);
/* True when nothing failed and, of a replay, everything was as recorded. What was not is printed. */
bool world_close(struct world *w);
bool world_failed(struct world *w, struct hcs_error *err, const char *fmt, ...) __attribute__((format(printf, 3, 4)));

/* A VM that runs, with its guest. */
bool machine_boot(struct world *w, const char *id, unsigned memory_mb, struct machine *ret);
/* The same from a saved state: more (JSON) is merged into its document. */
bool machine_go_on(struct world *w, const char *id, unsigned memory_mb, const char *more, struct machine *ret);
/* Asks its guest to end it. */
bool machine_stop(struct machine *m);
void machine_deinit(struct machine *m);

/* What a container is made of beside the default specification. */
struct box {
        const char *id;
        const char *command;       /* for sh -c */
        const char *merge;         /* JSON: members of the specification; objects are merged, the rest is replaced */
        const char *const *layers; /* names below C:\layers, the lowest first, NULL terminated; NULL: busybox */
        bool fixed_scratch;        /* a fixed VHD: QEMU cannot save a machine that has a VHDX */
};
bool box_create(struct machine *m, const struct box *b, struct uvm_container **ret);
bool box_start(struct machine *m, struct uvm_container *c);
bool box_delete(struct machine *m, struct uvm_container **c);
/* A process without a terminal: the first one (process NULL), or another one ("process" of a specification). in: what
 * it is given, NULL: no input; out: what it wrote to its output. */
bool box_run(struct machine *m, struct uvm_container *c, const char *process, const char *in, struct hcs_buf *out,
             uint32_t *ret_code);
/* Adds output of a process until that text is there, or (NULL) to its end. That it ends before is a failure. */
bool box_hear(struct machine *m, struct hcs_gcs_process *p, const char *until, struct hcs_buf *out);
/* A container that was created with the command "cat": starts it, and it runs until it is let go. */
bool box_hold(struct machine *m, struct uvm_container *c, struct hcs_gcs_process **ret);
bool box_let_go(struct machine *m, struct hcs_gcs_process *held);
/* create, start, run, delete: its output and its code must be these. */
bool box_says(struct machine *m, const struct box *b, const char *in, const char *out, uint32_t code);
/* "process" of a specification: sh -c command. The caller's. */
struct hcs_json *box_process(const char *command);
/* A shell in a container that runs. */
bool box_shell(struct machine *m, struct uvm_container *c, const char *command, struct hcs_buf *out);
/* Statistics of a container: a number by its path in LCOWMetrics. */
bool box_metric(struct machine *m, struct uvm_container *c, const char *path, uint64_t *ret);

#endif
