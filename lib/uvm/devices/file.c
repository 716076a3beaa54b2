/* SPDX-License-Identifier: MIT */

/* Names of the host's files. See file.h. */

#include "uvm/devices/file.h"

#include "base/mem.h"

char *uvm_no_such_file(const char *path) {
        return hcs_asprintf("GetFileAttributesEx %s: The system cannot find the file specified.", path);
}

const char *uvm_file_base(const char *path) {
        const char *base = path;

        for (const char *p = path; *p; p++)
                if (*p == '\\' || *p == '/')
                        base = p + 1;
        return base;
}

char *uvm_file_parent(const char *path) {
        return hcs_strndup(path, (size_t)(uvm_file_base(path) - path));
}
