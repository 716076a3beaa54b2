/* SPDX-License-Identifier: MIT */
#ifndef CMD_HCSTRACE_PAGE_PARTS_H
#define CMD_HCSTRACE_PAGE_PARTS_H

/* The page without its data, made from the files beside this one by embed.py. */

#include <stddef.h>

extern const unsigned char page_before[];
extern const size_t page_before_len;
extern const unsigned char page_after[];
extern const size_t page_after_len;

#endif
