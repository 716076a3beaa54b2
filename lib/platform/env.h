/* SPDX-License-Identifier: MIT */
#ifndef HCS_PLATFORM_ENV_H
#define HCS_PLATFORM_ENV_H

/* The process's environment, in UTF-8. Reading copies, so a later change does not pull the text away. */

#include <stdbool.h>

/* NULL when unset or empty; caller frees. */
char *hcs_env_get(const char *name);
/* NULL unsets. False when the system refuses. Not safe while other threads read the environment. */
bool hcs_env_set(const char *name, const char *value);
/* Does the locale that it names, where that is installed, write texts in UTF-8? */
bool hcs_env_is_utf8(void);

#endif
