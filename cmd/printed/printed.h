/* SPDX-License-Identifier: MIT */
#ifndef CMD_PRINTED_PRINTED_H
#define CMD_PRINTED_PRINTED_H

/* Objects of the platform for people: tables and trees on standard output. What would move the cursor shows as '?'. */

#include <stddef.h>

#include "base/json.h"

enum printed_colour { PRINTED_PLAIN, PRINTED_GOOD, PRINTED_CALM, PRINTED_BAD };

/* Replaces control characters; returns the width in characters. */
size_t printed_clean(char *text);
/* Rows of `columns` cells one after the other; a cell that is empty or NULL shows as "-". Cells are cleaned in place.
 */
void printed_table(const char *const *titles, size_t columns, char **cells, size_t rows);
/* The text in a colour, where the terminal has some (platform/terminal.h); caller frees. */
char *printed_coloured(const char *text, enum printed_colour colour);
/* Members one a line, those of objects and arrays indented below; anything else as it is. */
void printed_tree(const struct hcs_json *j);

#endif
