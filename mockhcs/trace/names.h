/* SPDX-License-Identifier: MIT */
#ifndef MOCKHCS_TRACE_NAMES_H
#define MOCKHCS_TRACE_NAMES_H

/*
 * Names of arguments and outputs: the kind that each usually has, and one static copy of every name that was read, so
 * that values can point to it. The copies live as long as the process and are limited in number. Thread safe.
 */

#include "mockhcs/engine/value.h"
#include "mockhcs/trace/scan.h"

/* MOCK_ABSENT when the name says nothing. */
enum mock_value_kind mock_name_kind(struct mock_slice name);
/* NULL when there are too many different names, or the name is longer than 64 bytes. */
const char *mock_name_intern(struct mock_slice name);

#endif
