/* SPDX-License-Identifier: MIT */
#ifndef CMD_LCOW_LCOW_H
#define CMD_LCOW_LCOW_H

/*
 * A utility VM and one command in it, through HCS, for the programs that run such: the plan of it, which is all that a
 * replay needs, what stands behind HCS, and its progress. A run belongs to who declared it and to one thread; a cancel
 * may be set by any.
 */

#include <stdbool.h>
#include <stdint.h>

#include "base/json.h"
#include "base/str.h"
#include "hcsshim/call.h"
#include "mockhcs/mockhcs.h"

/* steps.c: progress, as "[  0.00s] what happens" on standard error or as an object of JSON a line. */
struct lcow_steps {
        bool quiet, json;
        bool trace;       /* documents and requests are shown, too */
        bool measure;     /* and how long each step took */
        const char *name; /* whose they are, where there are several; or NULL */
        /* Of steps.c. */
        uint64_t start_ns, last_ns;
};

struct lcow_machine;

/* What is JSON, and each char *, belongs to the run. */
struct lcow_run {
        char *id;
        struct hcs_json *spec;  /* of the container, complete but for its layers */
        struct hcs_json *disks; /* [{"path","verity" (guest.DeviceVerityInfo or absent)}], the lowest first */
        char *scratch;          /* the disk that is written to */
        bool format_scratch;    /* there was none in the cache: the VM formats it */
        /* The virtual machine. */
        char *boot_folder, *kernel, *root;
        char *kernel_arguments; /* NULL: none */
        uint64_t cpus, memory_mb;
        char *network;            /* of HCN, by its name; NULL: none */
        struct hcs_json *options; /* of the VM, by their names in hcsshim (uvm.LcowOptions); NULL: none */
        char *vm;                 /* its id; NULL: ID@vm */
        char *init;               /* what init starts in place of the agent; NULL: the agent */
        bool tty;
        bool stats;
        const char *log_level; /* of the agent; NULL: info */
        struct hcs_json *more; /* what else the program has to know of it; NULL: nothing */
        /* Not of the plan. What is done when the VM is up; *ret_exit_code is the command's. */
        HRESULT (*work)(struct lcow_machine *m, int *ret_exit_code, struct hcs_error **err);
        /* HCS says that the VM runs, its guest is not there yet; its guest's kernel gave up (any thread); the agent's
         * log comes (any thread). NULL: nobody wants to know. */
        void (*started)(struct lcow_machine *m);
        void (*crashed)(struct lcow_machine *m);
        void (*log)(void *ctx, const void *data, size_t n);
        void (*bridge)(void *ctx, const struct hcs_gcs_tap_frame *frame); /* goes by (any thread); as above */
        void *ctx;
        char *transport;      /* to the guest (hcs_gcs_transport_open()); NULL: HCS knows */
        bool is_guest_others; /* the bridge is left to another program: only HCS is asked */
        bool no_input;        /* our standard input is not the command's */
        const char *program;  /* whose run it is: its recordings are played by no other */
        char *scratch_cache;  /* folder of formatted disks; NULL: none */
        uint64_t scratch_gb;
        uint64_t timeout_s; /* for the VM to come up */
        const char *record, *replay;
        struct lcow_steps *steps;
};
void lcow_run_deinit(struct lcow_run *r);

/* plan.c: of and from the record in a trace. The caller frees the text. */
char *lcow_run_text(const struct lcow_run *r);
HRESULT lcow_run_from_trace(struct lcow_run *r, const char *trace, struct hcs_error **err);
/* The level of the agent's log by its name; NULL: none of that name. */
const char *lcow_log_level(const char *name);
/* What the log tells on standard error: what the agent and this library say up to that level; of NULL nothing. */
void lcow_show_log(const char *level);

/* boot_files.c: the folder, in which there must be a kernel and a root file system, and which they are when the run
 * does not say; all absolute. */
HRESULT lcow_find_boot_files(struct lcow_run *r, struct hcs_error **err);
/* HCS knows nothing of our working folder. */
HRESULT lcow_make_absolute(char **path, struct hcs_error **err);

/*
 * behind.c: what stands behind HCS: a recording that is played, or what MOCKHCS says, recorded if wanted, with the
 * plan. Without a word from the environment a VM boots, or it is said why not; `options` are more of that emulator's,
 * each as
 * ",KEY=VALUE"; NULL: none.
 */
HRESULT lcow_open(const struct lcow_run *r, const char *options, struct mockhcs **ret, struct hcs_error **err);
/* A value of the composition's: commas and backslashes are its own. Caller frees. */
char *lcow_quoted(const char *value);
/* Where a replay was not as recorded; NULL: it was, or is none. Caller frees. */
char *lcow_differences(const struct lcow_run *r, struct mockhcs *mock, bool failed);

/* container.c: a layer above those that are there already; takes verity, NULL: it has none. */
void lcow_run_add_disk(struct lcow_run *r, const char *path, struct hcs_json *verity);
/* The disk to write to, of the run's size, from a formatted one in that folder of a cache. S_FALSE: there was none, and
 * the run formats it. Takes path. */
HRESULT lcow_scratch_plan(struct lcow_run *r, const char *cache, char *path, struct hcs_error **err);
/* The work that is a container over the disks, and the command of its specification. */
HRESULT lcow_container_run(struct lcow_machine *m, int *ret_exit_code, struct hcs_error **err);

/* machine.c: the run itself. */
HRESULT lcow_machine_run(struct lcow_run *r, struct mockhcs *mock, struct hcs_cancel *cancel, int *ret_exit_code,
                         struct hcs_error **err);

/* spec.c: what goes into the specification. */
HRESULT lcow_spec_read(struct lcow_run *r, const char *path, struct hcs_error **err);
/* What an image wants run, where nothing else is said. user_given: its user is. */
HRESULT lcow_spec_take_config(struct lcow_run *r, const struct hcs_json *config, bool user_given,
                              struct hcs_error **err);
void lcow_spec_set_arguments(struct lcow_run *r, char **arguments);
HRESULT lcow_spec_add_mount(struct lcow_run *r, const char *text, struct hcs_error **err);
void lcow_spec_add_environment(struct lcow_run *r, const char *entry);
HRESULT lcow_spec_set_user(struct lcow_run *r, const char *text, struct hcs_error **err);
HRESULT lcow_spec_set_memory(struct lcow_run *r, const char *text, struct hcs_error **err);
HRESULT lcow_spec_set_cpus(struct lcow_run *r, const char *text, struct hcs_error **err);
HRESULT lcow_spec_annotate(struct lcow_run *r, const char *text, struct hcs_error **err);
/* Before it is used: what cannot be missing. */
HRESULT lcow_spec_complete(struct lcow_run *r, struct hcs_error **err);

void lcow_step(const struct lcow_run *r, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
/* The whole of a container's statistics; only as JSON. */
void lcow_statistics(const struct lcow_run *r, const struct hcs_json *metrics);
void lcow_show(const struct lcow_run *r, const char *to, const char *what, const char *document);

#endif
