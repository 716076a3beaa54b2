/* SPDX-License-Identifier: MIT */

/* Where boot files are on a Linux host. See boot_files.h. */

#include "uvm/boot_files.h"

#include <string.h>

#include "base/buf.h"
#include "platform/env.h"
#include "platform/file.h"
#include "platform/process.h"

static char *beside_us(void) {
        char *path = hcs_process_path(), *slash = path ? strrchr(path, '/') : NULL;
        char *folder;

        if (!slash) {
                free(path);
                return NULL;
        }
        *slash = '\0';
        folder = hcs_asprintf("%s/LinuxBootFiles", path);
        free(path);
        return folder;
}

/* The first folder that is there; where it was looked for in *ret_tried. */
static char *find_folder(const char *given, struct hcs_buf *tried) {
        char *places[] = {hcs_env_get("HCSSHIM_BOOT_FILES"), beside_us(),
                          hcs_strdup("/usr/lib/hcsshim/LinuxBootFiles")};
        char *found = hcs_strdup(given);

        for (size_t i = 0; i < HCS_ARRAY_SIZE(places); i++) {
                if (!found && places[i]) {
                        hcs_buf_printf(tried, "%s`%s`", tried->len ? ", " : "", places[i]);
                        if (hcs_file_is_directory(places[i]))
                                found = steal_pointer(&places[i]);
                }
                free(places[i]);
        }
        return found;
}

HRESULT uvm_boot_file_missing(struct hcs_error **err, const char *what, const char *path) {
        hcs_error_make(err, HCS_WIN32(2), "%s: `%s` not found", what, path);
        hcs_error_set_hint(err,
                           "guest/image/build.py makes kernel and initrd.img; --boot-files-path names their folder");
        return HCS_WIN32(2);
}

HRESULT uvm_boot_folder(const char *given, char **ret, struct hcs_error **err) {
        _cleanup_buf_ struct hcs_buf tried = {0};
        char *folder = find_folder(given, &tried);

        if (!folder)
                return uvm_boot_file_missing(err, "boot files", hcs_buf_cstr(&tried));
        *ret = folder;
        return S_OK;
}
