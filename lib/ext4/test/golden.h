/* SPDX-License-Identifier: MIT */
#ifndef HCS_EXT4_TEST_GOLDEN_H
#define HCS_EXT4_TEST_GOLDEN_H

/* Rows of fixtures/ext4/golden.tsv; ORIGIN.md beside it says what the columns are. */

#include <stdbool.h>

#include "ext4/convert.h"

enum golden_column {
        GOLDEN_TAR,
        GOLDEN_OPTIONS,
        GOLDEN_SIZE,
        GOLDEN_SHA256,
        GOLDEN_FOOTER_SHA256,
        GOLDEN_ROOT_HASH,
        GOLDEN_REFUSAL,
        GOLDEN_E2FSCK,
        GOLDEN_COLUMNS,
};

struct golden_row {
        char *column[GOLDEN_COLUMNS]; /* in the table's text */
};

/* The table's text, which the caller frees; *ret_rest is what golden_next begins with. */
char *golden_open(char **ret_rest);
/* False at the end. Takes the text apart. */
bool golden_next(char **rest, struct golden_row *ret);
/* Is the flag among the row's options? */
bool golden_has(const struct golden_row *row, const char *flag);
/* What of the options is about the file system. */
struct ext4_convert_options golden_options(const struct golden_row *row);
/* The path of the row's tar; caller frees. */
char *golden_tar(const struct golden_row *row);

#endif
