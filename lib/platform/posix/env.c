/* SPDX-License-Identifier: MIT */

/* The environment of platform/env.h over getenv(). */

#include "platform/env.h"

#include <stdlib.h>

#include "base/mem.h"

char *hcs_env_get(const char *name) {
        const char *value = getenv(name);

        return value && *value ? hcs_strdup(value) : NULL;
}

bool hcs_env_set(const char *name, const char *value) {
        return (value ? setenv(name, value, 1) : unsetenv(name)) == 0;
}
