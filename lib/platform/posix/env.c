/* SPDX-License-Identifier: MIT */

/* The environment of platform/env.h over getenv(). */

#include "platform/env.h"

#include <langinfo.h>
#include <locale.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

char *hcs_env_get(const char *name) {
        const char *value = getenv(name);

        return value && *value ? hcs_strdup(value) : NULL;
}

bool hcs_env_set(const char *name, const char *value) {
        return (value ? setenv(name, value, 1) : unsetenv(name)) == 0;
}

bool hcs_env_is_utf8(void) {
        locale_t l = newlocale(LC_CTYPE_MASK, "", (locale_t)0);
        bool is = l && strcmp(nl_langinfo_l(CODESET, l), "UTF-8") == 0;

        if (l)
                freelocale(l);
        return is;
}
