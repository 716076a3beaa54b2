/* SPDX-License-Identifier: MIT */
#ifndef MOCKHCS_TRACE_DIFF_H
#define MOCKHCS_TRACE_DIFF_H

/*
 * The difference of two documents, path by path:
 *   $.VirtualMachine.ComputeTopology.Memory.SizeInMB: expected 1024, got 2048
 *   $.Chipset.Uefi: expected nothing, got {"BootThis":{}}
 * Members may stand in any order, their names count exactly; numbers are equal by value; a string that holds a
 * document is compared as that document; "<redacted>" on the expected side equals anything. Pure function.
 */

#include "base/buf.h"
#include "base/json.h"

struct mock_diff_options {
        unsigned limit;   /* stop after so many differences; 0: all */
        const char *root; /* how paths begin; NULL: "$" */
        /* Called for two scalars that differ: true makes them equal (variables). key: the member's name or NULL. */
        bool (*same)(void *ctx, const char *key, const struct hcs_json *expected, const struct hcs_json *got);
        /* Called for the name of a member that the other side lacks: is `got` what `expected` stands for? */
        bool (*same_key)(void *ctx, const char *expected, const char *got);
        /* How an expected string is shown in a line; false: as it is. */
        bool (*describe)(void *ctx, const char *expected, struct hcs_buf *out);
        /* Called for each difference: true when it does not count. */
        bool (*ignored)(void *ctx, const char *path);
        /* Told of each difference besides its line; a missing side is NULL. */
        void (*found)(void *ctx, const char *path, const struct hcs_json *expected, const struct hcs_json *got);
        void *ctx;
};

/* Appends a line for each difference (lines may be NULL) and returns their number. options may be NULL. */
unsigned mock_diff(const struct hcs_json *expected, const struct hcs_json *got, const struct mock_diff_options *options,
                   struct hcs_buf *lines);
/* The same for texts: JSON or, when either is not, plain bytes. */
unsigned mock_diff_text(const char *expected, const char *got, const struct mock_diff_options *options,
                        struct hcs_buf *lines);

/* Does text equal the pattern, in which every "<redacted>" stands for any text? */
bool mock_diff_redacted(const char *pattern, const char *text);

#endif
