/* SPDX-License-Identifier: MIT */
#ifndef HCS_PLATFORM_PATTERN_H
#define HCS_PLATFORM_PATTERN_H

/* Patterns of users: those of the shell, and POSIX extended regular expressions. Bytes are compared. */

#include <stdbool.h>

#include "base/mem.h"

/* Is the whole text what the shell pattern (* ? [a-z] [!a-z] \c) describes? */
bool hcs_glob_matches(const char *pattern, const char *text);

struct hcs_regex;
/* NULL when it is no regular expression. */
struct hcs_regex *hcs_regex_new(const char *pattern);
/* Is there a part of the text that matches? */
bool hcs_regex_matches(const struct hcs_regex *r, const char *text);
/* NULL is fine, returns NULL. */
struct hcs_regex *hcs_regex_free(struct hcs_regex *r);
HCS_DEFINE_CLEANUP(struct hcs_regex *, hcs_regex_free)

#endif
