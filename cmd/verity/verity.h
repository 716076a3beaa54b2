/* SPDX-License-Identifier: MIT */
#ifndef CMD_VERITY_VERITY_H
#define CMD_VERITY_VERITY_H

/* What the subcommands of verity share: what an input is, what is done with its layers and how that is told, options.
 */

#include <getopt.h>
#include <stdbool.h>

#include "base/json.h"
#include "cmd/commands/commands.h"
#include "cmd/progress/progress.h"
#include "ext4/layer.h"
#include "oci/layout.h"

enum {
        EXIT_MISMATCH = EXIT_FIRST_OWN, /* verify: the data, the tree or the root hash are not what they should be */
};

/* Each gets its own name as argv[0]; returns the exit code. */
int cmd_create(int argc, char **argv);
int cmd_info(int argc, char **argv);
int cmd_roothash(int argc, char **argv);
int cmd_verify(int argc, char **argv);

enum input_kind { INPUT_GUESS, INPUT_TAR, INPUT_IMAGE, INPUT_LAYOUT };

/* An argument, open. */
struct input {
        const char *path;
        enum input_kind kind;
        struct hcs_data_file *file; /* not of a layout */
        struct oci_layout *layout;
        /* Of an image: */
        bool ext4, vhd;
        uint64_t data_size; /* what a tree is over: the file system, or without one everything but a footer */
        uint64_t whole;     /* everything but a footer */
};

/* "tar", "image", "layout"; INPUT_GUESS for anything else. */
enum input_kind input_kind_parse(const char *text);
const char *input_kind_name(enum input_kind kind);
HRESULT input_open(const char *path, enum input_kind kind, struct input *ret, struct hcs_error **err);
void input_close(struct input *i);

/* One layer of an input; for a tar or image there is one, with nothing of a layout. */
struct place {
        const struct input *input;
        const struct oci_manifest *manifest; /* NULL: not in a layout */
        const struct oci_layer *layer;
        size_t index;
};

/* What became of it. */
struct outcome {
        struct layer layer;
        char *output, *hashes;     /* files; NULL: none */
        struct hcs_error *problem; /* it is not what it should be; NULL: it is */
};

/*
 * Calls each for every layer; file is the layer's tar, or the image. A layer that is in several manifests comes each
 * time. A failure ends it.
 */
HRESULT input_each(struct input *i,
                   HRESULT (*each)(void *ctx, const struct place *p, struct hcs_data_file *file,
                                   struct hcs_error **err),
                   void *ctx, struct hcs_error **err);
/* "layer 2 of v1 (sha256:...)" or the path. Caller frees. */
char *place_name(const struct place *p);

/* What has been told; zeroed to begin. */
struct report {
        struct hcs_json *json; /* an array; NULL: text for people, at once */
        const struct oci_manifest *manifest;
        const char *verdicts; /* of this subcommand: whether there are problems is told, and not the root hash */
};

/* Takes the problem. */
void report_layer(struct report *r, const struct place *p, struct outcome *o);
/* A layer that is no file system. */
void report_skipped(struct report *r, const struct place *p);
/* A layer as its descriptor has it, and nothing done with it. */
void report_blob(struct report *r, const struct place *p);
/* Prints the JSON. */
void report_end(struct report *r);

/*
 * What is done with the layers of inputs, told one after the other; a layer that is in several manifests is done once.
 * Zeroed to begin, but for the functions.
 */
struct work {
        /* Sets the names of the files that there will be; NULL: there are none. */
        void (*name)(const struct work *w, const struct place *p, struct outcome *ret);
        /* Does it; ret has the names already. */
        HRESULT(*make)
        (struct work *w, const struct place *p, struct hcs_data_file *file, struct outcome *ret,
         struct hcs_error **err);
        /* Finds problems; NULL: there are none. */
        void (*judge)(struct work *w, const struct place *p, struct outcome *o);
        void *ctx; /* the functions' own */
        struct layer_options options;
        struct progress progress;
        struct report report;
        struct known_layer *known;
        size_t n_known;
};

/* Sets what layer_options_init() does, and the progress. */
void work_init(struct work *w);
HRESULT work_on(struct work *w, struct input *i, struct hcs_error **err);
/* Prints what is left of the report. */
void work_end(struct work *w);

/* Options that several subcommands have, for their tables: take_option() knows them. */
#define OPTION_AS \
        { "as", required_argument, NULL, 'a' }
#define OPTION_THREADS \
        { "threads", required_argument, NULL, 't' }
#define OPTION_JSON \
        { "json", no_argument, NULL, 'j' }
#define OPTION_OFFSET \
        { "hash-offset", required_argument, NULL, 'O' }
#define OPTION_HELP \
        { "help", no_argument, NULL, 'h' }

/* What they say; zeroed to begin, but for the first two. */
struct options {
        const char *command;
        void (*usage)(void);
        enum input_kind kind;
        unsigned threads;
        bool json, has_offset;
        uint64_t offset;
};

/* For one that next_option() returned. False: that was the end, with the exit code in *ret_status. */
bool take_option(struct options *o, int option, const char *value, int *ret_status);

/*
 * For info. The entries of a tar, as a member of out; false: it is none. What it breaks off with is left in *err.
 */
bool info_tar(struct hcs_data_file *f, struct hcs_json *out, struct hcs_error **err);
/* The layers of a layout, told. S_FALSE: it is none. */
HRESULT info_layout(const char *path, struct report *r, struct hcs_error **err);

#endif
