/* SPDX-License-Identifier: MIT */

/* Where this user's caches are, the same rule on every system. */

#include "platform/env.h"
#include "platform/work_folder.h"

char *hcs_cache_folder(void) {
        _cleanup_free_ char *cache = hcs_env_get("XDG_CACHE_HOME"), *home = hcs_env_get("HOME"), *base = NULL;

        if (cache)
                return hcs_asprintf("%s/hcsshim", cache);
        if (home)
                return hcs_asprintf("%s/.cache/hcsshim", home);
        base = hcs_work_folder_default_base();
        return hcs_asprintf("%s/cache", base);
}
