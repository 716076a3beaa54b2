/* SPDX-License-Identifier: MIT */
#ifndef CMD_VERITY_VERITY_H
#define CMD_VERITY_VERITY_H

/* What the subcommands of verity share: what an input is, how layers are told. */

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

/* A number from 1 on. */
bool parse_threads(const char *text, unsigned *ret);

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
        const char *output, *hashes; /* files; NULL: none */
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

/* What was done already, so that a layer of several manifests is done once; zeroed to begin. */
struct known {
        struct known_layer *item;
        size_t n;
};

/* NULL: not yet, or not of a layout. */
const struct layer *known_find(const struct known *k, const struct place *p);
void known_add(struct known *k, const struct place *p, const struct layer *layer);
void known_deinit(struct known *k);

/* What has been told; zeroed to begin. */
struct report {
        struct hcs_json *json; /* an array; NULL: text for people, at once */
        const struct oci_manifest *manifest;
};

void report_layer(struct report *r, const struct place *p, const struct outcome *o);
/* A layer that is no file system. */
void report_skipped(struct report *r, const struct place *p);
/* Prints the JSON. */
void report_end(struct report *r);

#endif
