/* SPDX-License-Identifier: MIT */
#ifndef CMD_LCOWCTL_LCOWCTL_H
#define CMD_LCOWCTL_LCOWCTL_H

/* What the parts of lcowctl share: the plan of a run, which is all that a replay of it needs, and its steps. */

#include <stdbool.h>
#include <stdint.h>

#include "base/json.h"
#include "base/str.h"
#include "cmd/commands/commands.h"
#include "hcsshim/call.h"

enum {
        EXIT_FAILED = 125, /* run: the command did not come to run, or its end is not known */
};

int cmd_run(int argc, char **argv);
int cmd_images(int argc, char **argv);
int cmd_prune(int argc, char **argv);

/*
 * A run, as the command line says it and as a recording keeps it. What is JSON belongs to it; `images` and `layers` are
 * what the layers come from, `disks` what they became.
 */
struct run {
        char *id;
        struct hcs_json *spec;  /* of the container, complete but for its layers */
        struct hcs_json *disks; /* [{"path","verity" (guest.DeviceVerityInfo or absent)}], the lowest first */
        char *scratch;          /* the disk that is written to */
        bool format_scratch;    /* there was none in the cache: the VM formats it */
        /* The virtual machine. */
        char *boot_folder, *kernel, *root;
        char *kernel_arguments; /* NULL: none */
        uint64_t cpus, memory_mb;
        char *network; /* of HCN, by its name; NULL: none */
        bool tty;
        /* Only of this run. */
        struct hcs_strings layers; /* tars, the lowest first */
        char *image;               /* PATH[:TAG] */
        char *cache;
        uint64_t scratch_gb, timeout_s;
        const char *record, *replay;
        const char *log_level;
        bool trace, json, quiet, stats, user_given;
};
void run_deinit(struct run *r);

/* plan.c: of and from the record in a trace. */
char *run_to_json(const struct run *r);
HRESULT run_from_trace(struct run *r, const char *trace, struct hcs_error **err);

/* options.c: -1 to go on, or the exit code. arguments: of the command, NULL for none. */
int run_parse(int argc, char **argv, struct run *r);
/* The level of the agent's log by its name; NULL: none of that name. */
const char *run_log_level(const char *name);

/* image.c: where layers come from, to disks in the cache. config: the image's, to be freed, NULL: it has none. */
HRESULT run_make_disks(struct run *r, struct hcs_json **ret_config, struct hcs_error **err);

/* spec.c */
HRESULT spec_read(struct run *r, const char *path, struct hcs_error **err);
/* What an image wants run, where the command line says nothing. */
HRESULT spec_take_config(struct run *r, const struct hcs_json *config, struct hcs_error **err);
void spec_set_arguments(struct run *r, char **arguments);
HRESULT spec_add_mount(struct run *r, const char *text, struct hcs_error **err);
void spec_add_environment(struct run *r, const char *entry);
HRESULT spec_set_user(struct run *r, const char *text, struct hcs_error **err);
HRESULT spec_set_memory(struct run *r, const char *text, struct hcs_error **err);
HRESULT spec_set_cpus(struct run *r, const char *text, struct hcs_error **err);
HRESULT spec_annotate(struct run *r, const char *text, struct hcs_error **err);
/* Before it is used: what cannot be missing. */
HRESULT spec_complete(struct run *r, struct hcs_error **err);

/* cache.c: where images and scratch disks are kept. Caller frees. */
char *cache_layer(const struct run *r, const char *digest);

/* steps.c: "[  0.00s] what happens" on standard error, or an object of JSON a line; nothing with -q. */
void step(const struct run *r, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
void show_document(const struct run *r, const char *to, const char *what, const char *document);

#endif
