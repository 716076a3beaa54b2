/* SPDX-License-Identifier: MIT */
#ifndef MOCKHCS_MACHINE_KERNEL_LINE_H
#define MOCKHCS_MACHINE_KERNEL_LINE_H

/*
 * The kernel's command line of a document, for a machine that is not Hyper-V's. What only suits Hyper-V is taken out or
 * replaced; everything else, order and blanks in quotes included, stays. Stateless.
 */

#include "base/json.h"

/*
 * The line for QEMU; caller frees. Each change is appended to `changes`, an array: {"From", "To" (absent when the word
 * was taken out), "Why"}.
 */
char *kernel_line_translate(const char *line, struct hcs_json *changes);

#endif
